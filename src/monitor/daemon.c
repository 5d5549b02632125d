#include "monitor/daemon.h"

#include "base/clock.h"
#include "monitor/daemon_inside.h"
#include "net/listen.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* How often the store is asked what is due: others add domains, and take them away. */
#define TURN_MS 1000
#define TURN_CLOCK_MS 100

/* From one attempt on a store that fails to the next, doubled each time. */
#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 30000

/* An engine's caches are no older than this when a look begins. Below the time to a second look: what the first one was
 * told by a cache must not be confirmed by the same cache, and an id that was changed along with its policy must be
 * seen to be. */
#define FRESH_S 100

void monitor_say(const struct sts_monitor *m, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (m->options->say != NULL)
		m->options->say(m->options->say_arg, line);
}

/* ---- the clock ------------------------------------------------------------------------------------------------- */

/* A file that cannot be read now leaves the clock where it stands. */
static void read_clock(const char *path)
{
	char text[64] = "";
	int64_t at = 0;
	uint64_t seconds = 0;
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return;
	if (fgets(text, sizeof text, f) == NULL)
		text[0] = '\0';
	fclose(f);
	text[strcspn(text, "\r\n")] = '\0';
	if (sts_parse_time(text, &at))
		sts_clock_fix(at);
	else if (sts_str_u64(sts_str_of(text), &seconds) && seconds < INT64_MAX)
		sts_clock_fix((int64_t)seconds);
}

/* ---- leases ---------------------------------------------------------------------------------------------------- */

static enum sts_err renew_all(struct sts_monitor *m)
{
	enum sts_err err = STS_OK;

	if (sts_now_ms() < m->renew_ms)
		return STS_OK;
	for (struct slot *slot = m->slots; slot != NULL && err == STS_OK; slot = slot->next) {
		if (slot->lost)
			continue;
		err = sts_watch_renew(m->store, m->name.text, &slot->w, m->options->lease_s);
		if (err == STS_ENOENT) {
			slot->lost = true;
			err = STS_OK;
		}
	}
	if (err == STS_OK)
		m->renew_ms = sts_now_ms() + (int64_t)m->options->lease_s * 1000 / 4;
	return err;
}

/* The domain may be under way here still, under a lease that was lost: one look at a time. */
static bool is_under_way(const struct sts_monitor *m, int64_t id)
{
	for (const struct slot *slot = m->slots; slot != NULL; slot = slot->next)
		if (slot->w.id == id)
			return true;
	return false;
}

static enum sts_err start_look(struct sts_monitor *m, const struct sts_watched *w)
{
	struct slot *slot;

	if (is_under_way(m, w->id))
		return sts_watch_release(m->store, m->name.text, w);
	slot = calloc(1, sizeof *slot);
	if (slot == NULL || (slot->arena = sts_arena_new()) == NULL) {
		free(slot);
		return STS_ENOMEM;
	}
	slot->w = *w;
	slot->w.name = sts_strdup(slot->arena, w->name);
	slot->w.tags = sts_strdup(slot->arena, w->tags);
	slot->w.verdict = sts_strdup(slot->arena, w->verdict);
	slot->w.status = sts_strdup(slot->arena, w->status);
	if (w->doc.ptr != NULL)
		slot->w.doc.ptr = sts_strndup(slot->arena, w->doc.ptr, w->doc.len);
	slot->ticket = ++m->ticket;
	slot->looker = m->looker;
	slot->next = m->slots;
	m->slots = slot;
	m->slot_count++;
	sts_looker_start(m->looker, slot->w.name, slot->ticket);
	return STS_OK;
}

/* A new engine, with empty caches, while the old one ends what it has. One that cannot be had now is had another time.
 */
static void renew_looker(struct sts_monitor *m)
{
	const struct sts_monitor_options *o = m->options;
	int64_t age_s = sts_now_s() - m->fresh_at;
	struct sts_looker *looker = NULL;
	const char *why;

	if (m->fresh_at == 0) {
		m->fresh_at = sts_now_s();
		return;
	}
	if ((age_s >= 0 && age_s < FRESH_S) || m->retiring != NULL)
		return;
	if (sts_looker_new(&o->engine, o->where, o->concurrency, &looker, &why) != STS_OK) {
		monitor_say(m, "caches cannot be renewed: %s", why);
		return;
	}
	m->retiring = m->looker;
	m->looker = looker;
	m->fresh_at = sts_now_s();
}

static enum sts_err lease_more(struct sts_monitor *m)
{
	size_t free_slots = m->slot_count < m->options->concurrency ? m->options->concurrency - m->slot_count : 0;
	struct sts_arena *arena;
	struct sts_watched *due;
	size_t count = 0;
	enum sts_err err;

	if (free_slots == 0 || m->drain_ms != 0)
		return STS_OK;
	arena = sts_arena_new();
	if (arena == NULL)
		return STS_ENOMEM;
	due = sts_alloc_array(arena, free_slots, sizeof *due);
	err = sts_watch_lease(m->store, m->name.text, sts_now_s(), m->options->lease_s, free_slots, arena, due, &count);
	m->idle = err == STS_OK && count == 0;
	if (count > 0)
		renew_looker(m);
	for (size_t i = 0; i < count && err == STS_OK; i++)
		err = start_look(m, &due[i]);
	sts_arena_free(arena);
	return err;
}

/* What is still under way at the end belongs to the others again. */
static void release_all(struct sts_monitor *m)
{
	while (m->slots != NULL) {
		struct slot *slot = m->slots;

		if (!slot->lost && sts_watch_release(m->store, m->name.text, &slot->w) != STS_OK)
			monitor_say(m, "%s: its lease cannot be given back, it ends by itself: %s", slot->w.name,
				m->store->why);
		slot_free(m, slot);
	}
}

/* ---- a turn ---------------------------------------------------------------------------------------------------- */

static enum sts_err gather(struct sts_monitor *m)
{
	enum sts_err err;
	int64_t next_at = INT64_MAX;

	if (m->alerts == NULL)
		return STS_OK;
	err = sts_alerts_gather(m->alerts, sts_now_s(), &next_at);
	if (err == STS_OK && m->deliverer != NULL)
		sts_deliverer_wake(m->deliverer);
	return err;
}

static enum sts_err work(struct sts_monitor *m)
{
	enum sts_err err = slots_keep(m);

	if (err == STS_OK)
		err = renew_all(m);
	if (err == STS_OK)
		err = lease_more(m);
	if (err == STS_OK)
		err = gather(m);
	return err;
}

static void note_failure(struct sts_monitor *m, enum sts_err err)
{
	const char *why = m->store->why[0] != '\0' ? m->store->why : sts_strerror(err);

	snprintf(m->failure, sizeof m->failure, "%s", why);
	if (m->backoff_ms == 0)
		monitor_say(m, "the store cannot be used, trying again: %s", why);
	m->backoff_ms = m->backoff_ms == 0 ? RETRY_MIN_MS : m->backoff_ms * 2;
	if (m->backoff_ms > RETRY_MAX_MS)
		m->backoff_ms = RETRY_MAX_MS;
	m->retry_ms = sts_now_ms() + m->backoff_ms;
}

static void note_success(struct sts_monitor *m)
{
	if (m->backoff_ms > 0)
		monitor_say(m, "the store can be used again");
	m->backoff_ms = 0;
}

/* @return the store's error, also while it is left alone */
static enum sts_err turn(struct sts_monitor *m)
{
	enum sts_err err = STS_EIO;

	if (m->options->clock_file != NULL)
		read_clock(m->options->clock_file);
	slots_collect(m);
	if (sts_now_ms() < m->retry_ms)
		return err;
	m->store->why[0] = '\0';
	err = work(m);
	if (err == STS_OK)
		note_success(m);
	else
		note_failure(m, err);
	pthread_mutex_lock(&m->lock);
	m->stats.store_up = err == STS_OK;
	m->stats.store_failures += err != STS_OK;
	m->stats.in_flight = m->slot_count;
	if (err == STS_OK)
		m->stats.turned_at = sts_now_s();
	pthread_mutex_unlock(&m->lock);
	return err;
}

static void take_signal(struct sts_monitor *m)
{
	struct signalfd_siginfo info;

	if (read(m->signal_fd, &info, sizeof info) != (ssize_t)sizeof info)
		return;
	/* A second one means it. */
	m->drain_ms = m->drain_ms != 0 ? 1 : sts_now_ms() + (int64_t)m->options->drain_s * 1000;
	sts_notify("STOPPING=1");
	if (m->slot_count > 0)
		monitor_say(m, "ending, %zu look%s under way", m->slot_count, m->slot_count == 1 ? "" : "s");
}

static void wait_for_something(struct sts_monitor *m)
{
	bool left_alone = sts_now_ms() < m->retry_ms;
	struct pollfd fds[] = {
		{m->signal_fd, POLLIN, 0},
		{sts_looker_fd(m->looker), POLLIN, 0},
		{m->retiring == NULL ? -1 : sts_looker_fd(m->retiring), POLLIN, 0},
	};

	/* While the store is left alone what ended can wait. */
	if (poll(fds, left_alone ? 1 : 3, m->options->clock_file != NULL || left_alone ? TURN_CLOCK_MS : TURN_MS) <= 0)
		return;
	if (fds[0].revents != 0)
		take_signal(m);
}

static bool is_over(const struct sts_monitor *m)
{
	if (m->drain_ms != 0)
		return m->slot_count == 0 || sts_now_ms() >= m->drain_ms;
	return m->options->once && m->idle && m->slot_count == 0;
}

/* Once: what can be sent is sent before the end. */
static enum sts_err deliver(struct sts_monitor *m)
{
	enum sts_err err = gather(m);

	if (err == STS_OK && m->options->alerts != NULL)
		err = sts_deliverer_once(m->store, m->options->alerts, sts_now_s(), NULL);
	if (err != STS_OK)
		note_failure(m, err);
	return err;
}

#define ONCE_FAILURES 4

enum sts_err sts_monitor_run(struct sts_monitor *m, const char **why)
{
	enum sts_err err = STS_OK;

	sts_notify("READY=1");
	do {
		err = turn(m);
		if (is_over(m))
			break;
		if (m->options->once && m->stats.store_failures >= ONCE_FAILURES)
			break;
		wait_for_something(m);
	} while (true);
	release_all(m);
	if (m->options->once && err == STS_OK && m->drain_ms == 0)
		err = deliver(m);
	sts_deliverer_stop(m->deliverer);
	m->deliverer = NULL;
	*why = m->failure;
	return m->options->once ? err : STS_OK;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static enum sts_err open_all(struct sts_monitor *m, const char **why)
{
	static char message[512];
	const struct sts_monitor_options *o = m->options;
	enum sts_err err = sts_history_open(o->where, &m->history, message);

	*why = message;
	if (err != STS_OK)
		return err;
	sts_history_keep(m->history, o->keep_days);
	m->store = sts_history_store(m->history);
	*why = "there is no randomness";
	err = sts_worker_name_draw(&m->name);
	if (err == STS_OK)
		err = sts_looker_new(&o->engine, o->where, o->concurrency, &m->looker, why);
	if (err != STS_OK || o->alerts == NULL)
		return err;
	*why = sts_strerror(STS_ENOMEM);
	err = sts_alerts_new(m->store, o->alerts, &m->alerts);
	if (err == STS_OK && !o->once) {
		*why = message;
		err = sts_deliverer_start(o->where, o->alerts, &m->deliverer, message);
	}
	return err;
}

static bool take_signals(struct sts_monitor *m)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	m->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return m->signal_fd >= 0;
}

enum sts_err sts_monitor_new(const struct sts_monitor_options *options, struct sts_monitor **out, const char **why)
{
	struct sts_monitor *m = calloc(1, sizeof *m);
	enum sts_err err = STS_ESYSTEM;

	*why = sts_strerror(STS_ENOMEM);
	if (m == NULL)
		return STS_ENOMEM;
	m->options = options;
	pthread_mutex_init(&m->lock, NULL);
	if (options->clock_file != NULL)
		read_clock(options->clock_file);
	m->stats.started_at = sts_now_s();
	*why = "signals cannot be taken";
	if (take_signals(m))
		err = open_all(m, why);
	if (err != STS_OK) {
		sts_monitor_free(m);
		return err;
	}
	*out = m;
	return STS_OK;
}

void sts_monitor_free(struct sts_monitor *m)
{
	if (m == NULL)
		return;
	sts_deliverer_stop(m->deliverer);
	sts_looker_free(m->looker);
	sts_looker_free(m->retiring);
	while (m->slots != NULL)
		slot_free(m, m->slots);
	if (m->alerts != NULL)
		sts_alerts_free(m->alerts);
	if (m->metrics_alerts != NULL)
		sts_alerts_free(m->metrics_alerts);
	sts_store_close(m->metrics_store);
	sts_history_close(m->history);
	if (m->signal_fd >= 0)
		close(m->signal_fd);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

/* ---- metrics --------------------------------------------------------------------------------------------------- */

static bool open_metrics(struct sts_monitor *m)
{
	char why[512];

	if (m->metrics_store == NULL && sts_store_open(m->options->where, &m->metrics_store, why) != STS_OK)
		return false;
	return m->metrics_alerts != NULL || m->options->alerts == NULL ||
	       sts_alerts_new(m->metrics_store, m->options->alerts, &m->metrics_alerts) == STS_OK;
}

void sts_monitor_metrics(struct sts_monitor *m, struct sts_buf *out)
{
	struct sts_monitor_stats stats;
	bool open = open_metrics(m);

	pthread_mutex_lock(&m->lock);
	stats = m->stats;
	pthread_mutex_unlock(&m->lock);
	if (open && sts_monitor_metrics_write(&stats, m->metrics_store, m->metrics_alerts, sts_now_s(), out) == STS_OK)
		return;
	/* The daemon's own numbers tell what is wrong. */
	sts_buf_reset(out);
	stats.store_up = false;
	if (sts_monitor_metrics_write(&stats, NULL, NULL, sts_now_s(), out) != STS_OK)
		sts_buf_reset(out);
}
