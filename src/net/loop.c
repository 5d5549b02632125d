#include "net/loop.h"

#include "base/clock.h"

#include <event2/event.h>
#include <stdlib.h>

struct sts_loop {
	struct event_base *base;
};

struct sts_loop *sts_loop_new(void)
{
	struct sts_loop *loop = calloc(1, sizeof *loop);

	if (loop == NULL)
		return NULL;
	loop->base = event_base_new();
	if (loop->base == NULL) {
		free(loop);
		return NULL;
	}
	return loop;
}

void sts_loop_free(struct sts_loop *loop)
{
	if (loop == NULL)
		return;
	event_base_free(loop->base);
	free(loop);
}

enum sts_err sts_loop_run(struct sts_loop *loop)
{
	return event_base_dispatch(loop->base) < 0 ? STS_ESYSTEM : STS_OK;
}

enum sts_err sts_loop_run_once(struct sts_loop *loop)
{
	return event_base_loop(loop->base, EVLOOP_ONCE) < 0 ? STS_ESYSTEM : STS_OK;
}

void sts_loop_stop(struct sts_loop *loop)
{
	event_base_loopbreak(loop->base);
}

struct event_base *sts_loop_base(struct sts_loop *loop)
{
	return loop->base;
}

static struct timeval in_ms(int64_t ms)
{
	if (ms < 0)
		ms = 0;
	return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

static void timer_fired(evutil_socket_t fd, short what, void *arg)
{
	struct sts_timer *timer = arg;

	(void)fd;
	(void)what;
	timer->fn(timer->arg);
}

void sts_timer_set(struct sts_loop *loop, struct sts_timer *timer, int64_t after_ms, sts_loop_fn *fn, void *arg)
{
	struct timeval tv = in_ms(after_ms);

	sts_timer_clear(timer);
	timer->fn = fn;
	timer->arg = arg;
	event_assign(&timer->ev, loop->base, -1, 0, timer_fired, timer);
	timer->assigned = true;
	event_add(&timer->ev, &tv);
}

void sts_timer_clear(struct sts_timer *timer)
{
	if (!timer->assigned)
		return;
	event_del(&timer->ev);
	timer->assigned = false;
}

static void watch_fired(evutil_socket_t fd, short what, void *arg)
{
	struct sts_watch *watch = arg;
	unsigned ready = ((what & EV_READ) != 0 ? (unsigned)STS_READABLE : 0u) |
		((what & EV_WRITE) != 0 ? (unsigned)STS_WRITABLE : 0u) |
		((what & EV_TIMEOUT) != 0 ? (unsigned)STS_TIMED_OUT : 0u);

	(void)fd;
	watch->fn(ready, watch->arg);
}

void sts_watch_set(struct sts_loop *loop, struct sts_watch *watch, int fd, unsigned what, int64_t deadline_ms,
	sts_ready_fn *fn, void *arg)
{
	short events = (short)(((what & STS_READABLE) != 0 ? EV_READ : 0) | ((what & STS_WRITABLE) != 0 ? EV_WRITE : 0));
	struct timeval tv = in_ms(deadline_ms - sts_now_ms());

	sts_watch_clear(watch);
	watch->fn = fn;
	watch->arg = arg;
	event_assign(&watch->ev, loop->base, fd, events, watch_fired, watch);
	watch->assigned = true;
	event_add(&watch->ev, deadline_ms < 0 ? NULL : &tv);
}

void sts_watch_keep(
	struct sts_loop *loop, struct sts_watch *watch, int fd, unsigned what, sts_ready_fn *fn, void *arg)
{
	short events = (short)(((what & STS_READABLE) != 0 ? EV_READ : 0) | ((what & STS_WRITABLE) != 0 ? EV_WRITE : 0));

	sts_watch_clear(watch);
	watch->fn = fn;
	watch->arg = arg;
	event_assign(&watch->ev, loop->base, fd, (short)(events | EV_PERSIST), watch_fired, watch);
	watch->assigned = true;
	event_add(&watch->ev, NULL);
}

void sts_watch_clear(struct sts_watch *watch)
{
	if (!watch->assigned)
		return;
	event_del(&watch->ev);
	watch->assigned = false;
}
