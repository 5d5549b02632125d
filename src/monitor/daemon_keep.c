/* Looks that ended: kept with what follows from them, or thrown away. */
#include "base/clock.h"
#include "monitor/daemon_inside.h"
#include "monitor/look.h"
#include "monitor/schedule.h"

#include <inttypes.h>
#include <stdlib.h>

/* Attempts of a transaction that stands in the way of another. */
#define TRIES 5

/* Where a look came to nothing through no fault of the domain. */
#define LATER_S 60

/* ---- slots ----------------------------------------------------------------------------------------------------- */

void slot_free(struct sts_monitor *m, struct slot *slot)
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
static void collect(struct sts_monitor *m, struct sts_looker *looker)
{
	for (struct sts_looked *l = sts_looker_take(looker), *next; l != NULL; l = next) {
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

void slots_collect(struct sts_monitor *m)
{
	bool busy = false;

	collect(m, m->looker);
	if (m->retiring == NULL)
		return;
	collect(m, m->retiring);
	for (const struct slot *slot = m->slots; slot != NULL; slot = slot->next)
		busy = busy || (slot->looker == m->retiring && slot->looked == NULL);
	if (busy)
		return;
	sts_looker_free(m->retiring);
	m->retiring = NULL;
}

/* ---- keeping a look -------------------------------------------------------------------------------------------- */

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

static enum sts_err keep_within(struct sts_monitor *m, const struct slot *slot, struct sts_arena *arena,
	struct sts_buf *doc, struct sts_watched *row)
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
static enum sts_err keep(
	struct sts_monitor *m, const struct slot *slot, struct sts_arena *arena, struct sts_watched *row)
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
		monitor_say(m, "%s: %s, took %" PRId64 " ms, next look at %s%s", slot->w.name, row->verdict,
			slot->looked->took_ms, at, row->second_looks > 0 ? " (to make sure)" : "");
	else
		monitor_say(m, "%s: not looked at, next look at %s", slot->w.name, at);
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
		monitor_say(m,
			"%s: another daemon has taken it over, or it is not watched any more; this look is not kept",
			slot->w.name);
	} else if (!is_passing(err) && !slot->hopeless) {
		/* Trying the same for ever would keep all others waiting. */
		monitor_say(m, "%s: what was seen cannot be kept: %s", slot->w.name,
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

enum sts_err slots_keep(struct sts_monitor *m)
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
