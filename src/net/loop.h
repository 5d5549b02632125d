/* Readiness and timers; libevent lives here (libunbound shares its base). One thread. */
#ifndef STS_NET_LOOP_H
#define STS_NET_LOOP_H

#include "mtasts/base.h"

#include <event2/event_struct.h>

struct sts_loop;
struct event_base;

/** NULL when out of memory. */
struct sts_loop *sts_loop_new(void);
void sts_loop_free(struct sts_loop *loop);
/** Run until sts_loop_stop() or nothing is left to wait for. @return STS_OK; STS_ESYSTEM */
STS_MUST_CHECK enum sts_err sts_loop_run(struct sts_loop *loop);
/** Wait for at least one event and handle what is ready. @return STS_OK; STS_ESYSTEM */
STS_MUST_CHECK enum sts_err sts_loop_run_once(struct sts_loop *loop);
/** Make the running loop return after the callbacks at hand. */
void sts_loop_stop(struct sts_loop *loop);
/** For libunbound only. */
struct event_base *sts_loop_base(struct sts_loop *loop);

/** Called from the loop. */
typedef void sts_loop_fn(void *arg);

/** A timer, embedded in its owner; zeroed memory is an unset timer. */
struct sts_timer {
	struct event ev;
	sts_loop_fn *fn;
	void *arg;
	bool assigned;
};

/** Call fn(arg) once in after_ms (0: in the next turn of the loop). Setting a set timer moves it. */
void sts_timer_set(struct sts_loop *loop, struct sts_timer *timer, int64_t after_ms, sts_loop_fn *fn, void *arg);
/** Forget it; unset timers are fine. */
void sts_timer_clear(struct sts_timer *timer);

enum sts_ready { STS_READABLE = 1, STS_WRITABLE = 2, STS_TIMED_OUT = 4 };
typedef void sts_ready_fn(unsigned ready, void *arg);

/** A descriptor being watched, embedded in its owner; zeroed memory is an idle watch. */
struct sts_watch {
	struct event ev;
	sts_ready_fn *fn;
	void *arg;
	bool assigned;
};

/** Call fn once when fd is ready for what (of enum sts_ready), or with STS_TIMED_OUT at deadline_ms (monotonic; negative: never). */
void sts_watch_set(struct sts_loop *loop, struct sts_watch *watch, int fd, unsigned what, int64_t deadline_ms,
	sts_ready_fn *fn, void *arg);
/** Call fn every time fd is ready for what, until the watch is cleared. */
void sts_watch_keep(
	struct sts_loop *loop, struct sts_watch *watch, int fd, unsigned what, sts_ready_fn *fn, void *arg);
void sts_watch_clear(struct sts_watch *watch);

#endif
