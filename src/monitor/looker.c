#include "monitor/looker.h"

#include "base/clock.h"
#include "check/engine.h"
#include "store/history.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A check that is wanted or under way. */
struct errand {
	struct errand *next;
	struct sts_looker *looker;
	char *domain;
	int64_t ticket;
	int64_t began_ms;
	bool blind;
};

struct sts_looker {
	struct sts_engine *engine;
	struct sts_history *history; /* to judge with; the thread's */
	struct errand *under_way;    /* the thread's */
	pthread_t thread;
	bool running;
	struct sts_watch watch;
	int to_fd;            /* wakes the thread */
	int from_fd;          /* wakes the owner */
	pthread_mutex_t lock; /* for what follows */
	struct errand *wanted, **wanted_end;
	struct sts_looked *done, **done_end;
	bool stop;
};

static _Noreturn void die(const char *why)
{
	fprintf(stderr, "mtasts: %s\n", why);
	abort();
}

static void wake(int fd)
{
	const uint64_t one = 1;

	if (write(fd, &one, sizeof one) != (ssize_t)sizeof one)
		die("cannot wake a thread");
}

static void quiet(int fd)
{
	uint64_t count;

	/* nothing there is fine: somebody was quicker */
	if (read(fd, &count, sizeof count) < 0)
		return;
}

static void free_errands(struct errand *first)
{
	for (struct errand *e = first, *next; e != NULL; e = next) {
		next = e->next;
		free(e->domain);
		free(e);
	}
}

/* ---- in the thread --------------------------------------------------------------------------------------------- */

static void forget(struct errand *errand)
{
	struct errand **link = &errand->looker->under_way;

	while (*link != errand)
		link = &(*link)->next;
	*link = errand->next;
	errand->next = NULL;
	free_errands(errand);
}

static void hand_back(struct errand *errand, struct sts_report *report)
{
	struct sts_looker *l = errand->looker;
	struct sts_looked *looked = calloc(1, sizeof *looked);

	if (looked == NULL)
		die("out of memory");
	*looked = (struct sts_looked){NULL, errand->ticket, report, errand->blind, sts_now_ms() - errand->began_ms};
	forget(errand);
	pthread_mutex_lock(&l->lock);
	*l->done_end = looked;
	l->done_end = &looked->next;
	pthread_mutex_unlock(&l->lock);
	wake(l->from_fd);
}

static void on_done(struct sts_report *report, void *arg)
{
	hand_back(arg, report);
}

static void start(struct sts_looker *l, struct errand *errand)
{
	const char *why;

	errand->next = l->under_way;
	l->under_way = errand;
	errand->began_ms = sts_now_ms();
	if (sts_check_start(l->engine, errand->domain, NULL, on_done, errand, &why) != STS_OK)
		hand_back(errand, NULL);
}

/* Right before a check is judged. Domains under way are few and each only once. */
static const struct sts_past *tell_past(const char *domain, int64_t before_at, struct sts_arena *arena, void *arg)
{
	struct sts_looker *l = arg;
	struct sts_past *past = NULL;

	if (sts_history_past(l->history, domain, before_at, arena, &past) == STS_OK)
		return past;
	for (struct errand *e = l->under_way; e != NULL; e = e->next)
		e->blind = e->blind || strcmp(e->domain, domain) == 0;
	return NULL;
}

static void on_wake(unsigned ready, void *arg)
{
	struct sts_looker *l = arg;
	struct errand *wanted, *next;
	bool stop;

	(void)ready;
	quiet(l->to_fd);
	sts_watch_set(sts_engine_loop(l->engine), &l->watch, l->to_fd, STS_READABLE, -1, on_wake, l);
	pthread_mutex_lock(&l->lock);
	wanted = l->wanted;
	l->wanted = NULL;
	l->wanted_end = &l->wanted;
	stop = l->stop;
	pthread_mutex_unlock(&l->lock);
	for (; wanted != NULL; wanted = next) {
		next = wanted->next;
		start(l, wanted);
	}
	if (stop)
		sts_loop_stop(sts_engine_loop(l->engine));
}

static void *run(void *arg)
{
	struct sts_looker *l = arg;

	if (sts_loop_run(sts_engine_loop(l->engine)) != STS_OK)
		die("an engine's event loop failed");
	return NULL;
}

/* ---- for the owner --------------------------------------------------------------------------------------------- */

/* Signals are for the owner's thread. */
static bool start_thread(struct sts_looker *l)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	l->running = pthread_create(&l->thread, NULL, run, l) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return l->running;
}

static enum sts_err open_all(
	struct sts_looker *l, const struct sts_options *options, const char *where, size_t at_once, const char **why)
{
	static char message[512];
	enum sts_err err = sts_engine_new(options, &l->engine, why);

	if (err != STS_OK)
		return err;
	*why = message;
	err = sts_history_open(where, &l->history, message);
	if (err != STS_OK)
		return err;
	*why = "a thread cannot be started";
	l->to_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	l->from_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->to_fd < 0 || l->from_fd < 0)
		return STS_ESYSTEM;
	sts_engine_set_concurrency(l->engine, at_once);
	sts_engine_set_past(l->engine, tell_past, l);
	sts_watch_set(sts_engine_loop(l->engine), &l->watch, l->to_fd, STS_READABLE, -1, on_wake, l);
	return start_thread(l) ? STS_OK : STS_ESYSTEM;
}

enum sts_err sts_looker_new(
	const struct sts_options *options, const char *where, size_t at_once, struct sts_looker **out, const char **why)
{
	struct sts_looker *l = calloc(1, sizeof *l);
	enum sts_err err;

	*why = "out of memory";
	if (l == NULL)
		return STS_ENOMEM;
	l->to_fd = l->from_fd = -1;
	l->wanted_end = &l->wanted;
	l->done_end = &l->done;
	pthread_mutex_init(&l->lock, NULL);
	err = open_all(l, options, where, at_once, why);
	if (err != STS_OK) {
		sts_looker_free(l);
		return err;
	}
	*out = l;
	return STS_OK;
}

void sts_looked_free(struct sts_looked *looked)
{
	if (looked == NULL)
		return;
	sts_report_free(looked->report);
	free(looked);
}

static void stop_thread(struct sts_looker *l)
{
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_mutex_unlock(&l->lock);
	wake(l->to_fd);
	pthread_join(l->thread, NULL);
}

void sts_looker_free(struct sts_looker *l)
{
	if (l == NULL)
		return;
	if (l->running)
		stop_thread(l);
	sts_watch_clear(&l->watch);
	sts_engine_free(l->engine);
	sts_history_close(l->history);
	free_errands(l->wanted);
	free_errands(l->under_way);
	for (struct sts_looked *d = l->done, *next; d != NULL; d = next) {
		next = d->next;
		sts_looked_free(d);
	}
	if (l->to_fd >= 0)
		close(l->to_fd);
	if (l->from_fd >= 0)
		close(l->from_fd);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

void sts_looker_start(struct sts_looker *l, const char *domain, int64_t ticket)
{
	struct errand *errand = calloc(1, sizeof *errand);

	if (errand == NULL || (errand->domain = strdup(domain)) == NULL)
		die("out of memory");
	errand->looker = l;
	errand->ticket = ticket;
	pthread_mutex_lock(&l->lock);
	*l->wanted_end = errand;
	l->wanted_end = &errand->next;
	pthread_mutex_unlock(&l->lock);
	wake(l->to_fd);
}

int sts_looker_fd(const struct sts_looker *l)
{
	return l->from_fd;
}

struct sts_looked *sts_looker_take(struct sts_looker *l)
{
	struct sts_looked *done;

	quiet(l->from_fd);
	pthread_mutex_lock(&l->lock);
	done = l->done;
	l->done = NULL;
	l->done_end = &l->done;
	pthread_mutex_unlock(&l->lock);
	return done;
}
