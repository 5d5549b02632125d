#include "monitor/daemon.h"

#include "base/clock.h"
#include "monitor/look.h"
#include "monitor/looker.h"
#include "monitor/metrics.h"
#include "monitor/schedule.h"
#include "monitor/watch.h"
#include "net/listen.h"
#include "store/history.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
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

/* Attempts of a transaction that stands in the way of another. */
#define TRIES 5

/* Where a look came to nothing through no fault of the domain. */
#define LATER_S 60

/* A domain leased, until its look is kept. */
struct slot {
	struct slot *next;
	struct sts_arena *arena;
	struct sts_watched w;
	int64_t ticket;
	struct sts_looked *looked; /* NULL: under way */
	bool lost;                 /* the lease is another's */
	bool hopeless;             /* what was seen cannot be kept: only the next appointment is */
};

struct sts_monitor {
	const struct sts_monitor_options *options;
	struct sts_history *history;
	struct sts_store *store; /* of the history */
	struct sts_alerts *alerts;
	struct sts_deliverer *deliverer;
	struct sts_looker *looker;
	struct sts_worker_name name;
	struct slot *slots;
	size_t slot_count;
	int64_t ticket;
	int signal_fd;
	int64_t renew_ms;
	int64_t retry_ms; /* the store is left alone until then */
	int64_t backoff_ms;
	int64_t gather_at;
	int64_t drain_ms; /* draining until then; 0: not */
	bool idle;        /* nothing was due when the store was last asked */
	char failure[600];
	pthread_mutex_t lock; /* of stats */
	struct sts_monitor_stats stats;
	/* of the thread of metrics */
	struct sts_store *metrics_store;
	struct sts_alerts *metrics_alerts;
};

static void say(const struct sts_monitor *m, const char *fmt, ...) STS_PRINTF(2, 3);

static void say(const struct sts_monitor *m, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (m->options->say != NULL)
		m->options->say(m->options->say_arg, line);
}

/* ---- the clock ------------------------------------------------------------------------------------------------------ */

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

/* ---- slots ---------------------------------------------------------------------------------------------------------- */

static void slot_free(struct sts_monitor *m, struct slot *slot)
{
	struct slot **link = &m->slots;

	while (*link != slot)
		link = &(*link)->next;
	*link = slot->next;
	m->slot_count--;
	sts_looked_free(slot->looked);
	sts_arena_free(slot->arena);
	free(slot);
}

static void count_loss(struct sts_monitor *m)
{
	pthread_mutex_lock(&m->lock);
	m->stats.lost++;
	pthread_mutex_unlock(&m->lock);
}

/* What ended, to its slot. */
static void collect(struct sts_monitor *m)
{
	for (struct sts_looked *l = sts_looker_take(m->looker), *next; l != NULL; l = next) {
		struct slot *slot = m->slots;

		next = l->next;
		l->next = NULL;
		while (slot != NULL && slot->ticket != l->ticket)
			slot = slot->next;
		if (slot == NULL)
			sts_looked_free(l);
		else
			slot->looked = l;
	}
}

/* ---- keeping a look -------------------------------------------------------------------------------------------------- */

static int64_t interval_of(const struct sts_monitor *m, const struct slot *slot)
{
	return slot->w.interval_s > 0 ? slot->w.interval_s : m->options->interval_s;
}

/* The next appointment and what the row says of the look, into a copy of the row. */
static void fill_row(const struct sts_monitor *m, const struct slot *slot, bool unconfirmed, struct sts_arena *arena,
	struct sts_buf *doc, struct sts_watched *row)
{
	struct sts_look before, look;
	bool has_before = sts_look_read(slot->w.doc, arena, &before);
	struct sts_appointment next;

	sts_look_of(slot->looked->report, has_before ? &before : NULL, arena, &look);
	sts_look_write(&look, doc);
	next = sts_schedule_next(&(struct sts_schedule){
		.domain = slot->w.name,
		.interval_s = interval_of(m, slot),
		.looked_at = look.checked_at,
		.now = sts_now_s(),
		.due_at = slot->w.due_at,
		.unconfirmed = unconfirmed,
		.second_looks = slot->w.second_looks,
		.events = look.events,
		.event_count = look.event_count,
	});
	row->due_at = next.due_at;
	row->second_looks = next.second_looks;
	row->checked_at = look.checked_at;
	row->verdict = look.verdict;
	row->status = look.status;
	row->cert_expires_at = look.cert_expires_at;
	row->doc = doc->failed ? (struct sts_str){0} : sts_buf_str(doc);
}

/* Nothing was seen: everything stays, and another look comes soon. */
static void fill_row_later(const struct sts_monitor *m, const struct slot *slot, struct sts_watched *row)
{
	int64_t soon_s = slot->looked->report == NULL ? interval_of(m, slot) : LATER_S;

	row->due_at = sts_now_s() + soon_s;
}

static bool is_good(const struct slot *slot)
{
	return slot->looked->report != NULL && !slot->looked->blind;
}

static enum sts_err keep_report(struct sts_monitor *m, const struct slot *slot, bool *unconfirmed)
{
	const struct sts_alerts_look look = {
		.watch_id = slot->w.id,
		.domain = slot->w.name,
		.tags = slot->w.tags,
		.report = slot->looked->report,
		.now = sts_now_s(),
	};
	enum sts_err err = sts_history_add_within(m->history, slot->looked->report);

	if (err == STS_OK && m->alerts != NULL)
		err = sts_alerts_take(m->alerts, &look, unconfirmed);
	return err;
}

static enum sts_err keep_within(
	struct sts_monitor *m, const struct slot *slot, struct sts_arena *arena, struct sts_buf *doc, struct sts_watched *row)
{
	bool unconfirmed = false;
	enum sts_err err = sts_watch_claim(m->store, m->name.text, &slot->w);

	*row = slot->w;
	if (err == STS_OK && is_good(slot) && !slot->hopeless)
		err = keep_report(m, slot, &unconfirmed);
	if (err != STS_OK)
		return err;
	if (is_good(slot))
		fill_row(m, slot, unconfirmed, arena, doc, row);
	else
		fill_row_later(m, slot, row);
	return sts_watch_settle(m->store, row);
}

/* One look, one transaction; begun anew where it stood in another's way. @return STS_ENOENT: the lease is lost */
static enum sts_err keep(struct sts_monitor *m, const struct slot *slot, struct sts_arena *arena, struct sts_watched *row)
{
	enum sts_err err = STS_OK;
	struct sts_buf doc;

	sts_buf_init(&doc, 65536);
	for (int tries = 0; tries < TRIES; tries++) {
		sts_buf_reset(&doc);
		m->store->again = false;
		err = sts_store_begin(m->store, STS_BEGIN_WRITE);
		if (err == STS_OK)
			err = sts_store_end(m->store, keep_within(m, slot, arena, &doc, row));
		if (err == STS_OK || !m->store->again)
			break;
	}
	row->doc = (struct sts_str){0};
	sts_buf_clear(&doc);
	return err;
}

static void tell_kept(const struct sts_monitor *m, const struct slot *slot, const struct sts_watched *row)
{
	char at[21];

	if (!m->options->verbose)
		return;
	sts_format_time(row->due_at, at);
	if (is_good(slot))
		say(m, "%s: %s, took %" PRId64 " ms, next look at %s%s", slot->w.name, row->verdict,
			slot->looked->took_ms, at, row->second_looks > 0 ? " (to make sure)" : "");
	else
		say(m, "%s: not looked at, next look at %s", slot->w.name, at);
}

static void count_kept(struct sts_monitor *m, const struct slot *slot)
{
	pthread_mutex_lock(&m->lock);
	if (is_good(slot)) {
		m->stats.verdicts[slot->looked->report->verdict]++;
		sts_monitor_stats_duration(&m->stats, slot->looked->took_ms);
	} else {
		m->stats.lost++;
	}
	pthread_mutex_unlock(&m->lock);
}

static bool is_passing(enum sts_err err)
{
	return err == STS_EIO || err == STS_ETIMEOUT;
}

/* @return STS_OK: the slot is gone; else the store is to be left alone for a while */
static enum sts_err keep_slot(struct sts_monitor *m, struct slot *slot)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_watched row = {0};
	enum sts_err err = arena == NULL ? STS_ENOMEM : keep(m, slot, arena, &row);

	if (err == STS_OK) {
		count_kept(m, slot);
		tell_kept(m, slot, &row);
		if (is_good(slot))
			sts_history_tidy(m->history, slot->w.name, sts_now_s());
	} else if (err == STS_ENOENT) {
		count_loss(m);
		say(m, "%s: another daemon has taken it over, or it is not watched any more; this look is not kept",
			slot->w.name);
	} else if (!is_passing(err) && !slot->hopeless) {
		/* Trying the same for ever would keep all others waiting. */
		say(m, "%s: what was seen cannot be kept: %s", slot->w.name,
			m->store->why[0] != '\0' ? m->store->why : sts_strerror(err));
		slot->hopeless = true;
		sts_arena_free(arena);
		return keep_slot(m, slot);
	}
	sts_arena_free(arena);
	if (err == STS_OK || err == STS_ENOENT) {
		slot_free(m, slot);
		return STS_OK;
	}
	return err;
}

static enum sts_err keep_all(struct sts_monitor *m)
{
	enum sts_err err = STS_OK;

	for (struct slot *slot = m->slots, *next; slot != NULL && err == STS_OK; slot = next) {
		next = slot->next;
		if (slot->looked == NULL)
			continue;
		if (slot->lost) {
			count_loss(m);
			slot_free(m, slot);
			continue;
		}
		err = keep_slot(m, slot);
	}
	return err;
}

/* ---- leases ---------------------------------------------------------------------------------------------------------- */

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
	slot->next = m->slots;
	m->slots = slot;
	m->slot_count++;
	sts_looker_start(m->looker, slot->w.name, slot->ticket);
	return STS_OK;
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
	err = sts_watch_lease(
		m->store, m->name.text, sts_now_s(), m->options->lease_s, free_slots, arena, due, &count);
	m->idle = err == STS_OK && count == 0;
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
			say(m, "%s: its lease cannot be given back, it ends by itself: %s", slot->w.name, m->store->why);
		slot_free(m, slot);
	}
}

/* ---- a turn ----------------------------------------------------------------------------------------------------------- */

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
	enum sts_err err = keep_all(m);

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
		say(m, "the store cannot be used, trying again: %s", why);
	m->backoff_ms = m->backoff_ms == 0 ? RETRY_MIN_MS : m->backoff_ms * 2;
	if (m->backoff_ms > RETRY_MAX_MS)
		m->backoff_ms = RETRY_MAX_MS;
	m->retry_ms = sts_now_ms() + m->backoff_ms;
}

static void note_success(struct sts_monitor *m)
{
	if (m->backoff_ms > 0)
		say(m, "the store can be used again");
	m->backoff_ms = 0;
}

/* @return the store's error, also while it is left alone */
static enum sts_err turn(struct sts_monitor *m)
{
	enum sts_err err = STS_EIO;

	if (m->options->clock_file != NULL)
		read_clock(m->options->clock_file);
	collect(m);
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
		say(m, "ending, %zu look%s under way", m->slot_count, m->slot_count == 1 ? "" : "s");
}

static void wait_for_something(struct sts_monitor *m)
{
	struct pollfd fds[] = {{m->signal_fd, POLLIN, 0}, {sts_looker_fd(m->looker), POLLIN, 0}};
	bool left_alone = sts_now_ms() < m->retry_ms;

	/* While the store is left alone what ended can wait. */
	if (poll(fds, left_alone ? 1 : 2, m->options->clock_file != NULL || left_alone ? TURN_CLOCK_MS : TURN_MS) <= 0)
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

/* ---- life -------------------------------------------------------------------------------------------------------------- */

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

/* ---- metrics ------------------------------------------------------------------------------------------------------------ */

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
