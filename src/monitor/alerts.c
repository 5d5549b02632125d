#include "monitor/alerts.h"

#include "monitor/alerts_inside.h"
#include "monitor/cause.h"
#include "monitor/sighting.h"

#include <inttypes.h>
#include <stdlib.h>

/* Another domain's incident vouches for the same fault of the same cause when it was seen so lately, seconds. */
#define VOUCH_S 3600

enum sts_err sts_alerts_new(struct sts_store *store, const struct sts_alerts_config *config, struct sts_alerts **out)
{
	struct sts_alerts *a = calloc(1, sizeof *a);

	if (a == NULL)
		return STS_ENOMEM;
	a->store = store;
	a->config = *config;
	if (a->config.gather_s == 0)
		a->config.gather_s = STS_GATHER_S;
	if (a->config.remind_s == 0)
		a->config.remind_s = STS_REMIND_S;
	*out = a;
	return STS_OK;
}

void sts_alerts_free(struct sts_alerts *a)
{
	free(a);
}

enum sts_err alerts_lock(struct sts_alerts *a)
{
	if (a->store->ops->dialect == STS_DIALECT_SQLITE)
		return STS_OK; /* there is one writer */
	return a->store->ops->script(a->store, "LOCK TABLE cause IN SHARE ROW EXCLUSIVE MODE");
}

const char *sts_event_doc(struct sts_arena *arena, int64_t since, const char *look)
{
	return sts_sprintf(arena, "{\"since\":%" PRId64 ",\"look\":%s}", since, look);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

struct loading {
	struct sts_arena *arena;
	struct sts_incident *items;
	size_t count;
};

static enum sts_err load_row(const struct sts_value *v, size_t count, void *arg)
{
	struct loading *l = arg;

	(void)count;
	*STS_PUSH(l->arena, l->items, l->count) = (struct sts_incident){
		.id = v[0].integer,
		.code = sts_strdup(l->arena, v[1].text.ptr),
		.place = sts_strdup(l->arena, v[2].text.ptr),
		.state = (enum sts_incident_state)v[3].integer,
		.severity = (enum sts_severity)v[4].integer,
		.next_severity = (int)v[5].integer,
		.cause = sts_strdup(l->arena, v[6].text.ptr),
		.next_cause = sts_strdup(l->arena, v[7].text.ptr),
		.first_at = v[8].integer,
		.counted_at = v[9].integer,
		.seen_at = v[10].integer,
		.doc = sts_strdup(l->arena, v[11].text.ptr),
		.told_severity = (enum sts_severity)v[12].integer,
	};
	return STS_OK;
}

static enum sts_err load(struct sts_alerts *a, int64_t watch_id, struct loading *l)
{
	return sts_store_run(a->store,
		"SELECT id, code, place, state, severity, next_severity, cause, next_cause, first_at, counted_at, "
		"seen_at, doc, told_severity"
		" FROM incident WHERE watch_id = ?1 ORDER BY id",
		STS_VALUES(sts_v_int(watch_id)), load_row, l);
}

/* Two looks of one domain have to agree; but where they did, each other domain of the same cause needs only one, of a fault no worse or
 * milder. */
static enum sts_err vouch(struct sts_alerts *a, const struct sts_alerts_look *look, struct sts_sighting *s)
{
	int64_t id;
	enum sts_err err;

	if (!sts_cause_is_shared(s->cause))
		return STS_OK;
	err = sts_store_int(a->store,
		"SELECT id FROM incident WHERE cause = ?1 AND code = ?2 AND place = ?3 AND watch_id <> ?4 AND state = 2"
		" AND seen_at >= ?5 AND severity = ?6 LIMIT 1",
		STS_VALUES(sts_v_text(s->cause), sts_v_text(s->code), sts_v_text(s->place), sts_v_int(look->watch_id),
			sts_v_int(look->now - VOUCH_S), sts_v_int(s->severity)),
		&id);
	s->known = err == STS_OK;
	return err == STS_ENOENT ? STS_OK : err;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static enum sts_err insert(struct sts_alerts *a, int64_t watch_id, const struct sts_incident *i)
{
	return sts_store_run(a->store,
		"INSERT INTO incident (watch_id, code, place, state, severity, next_severity, cause, next_cause, "
		"first_at,"
		" counted_at, seen_at, doc, told_severity) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
		STS_VALUES(sts_v_int(watch_id), sts_v_text(i->code), sts_v_text(i->place), sts_v_int(i->state),
			sts_v_int(i->severity), sts_v_int(i->next_severity), sts_v_text(i->cause),
			sts_v_text(i->next_cause), sts_v_int(i->first_at), sts_v_int(i->counted_at),
			sts_v_int(i->seen_at), sts_v_text(i->doc), sts_v_int(i->told_severity)),
		NULL, NULL);
}

static enum sts_err update(struct sts_alerts *a, const struct sts_incident *i)
{
	return sts_store_run(a->store,
		"UPDATE incident SET state = ?2, severity = ?3, next_severity = ?4, cause = ?5, next_cause = ?6, "
		"counted_at = ?7,"
		" seen_at = ?8, doc = ?9, told_severity = ?10 WHERE id = ?1",
		STS_VALUES(sts_v_int(i->id), sts_v_int(i->state), sts_v_int(i->severity), sts_v_int(i->next_severity),
			sts_v_text(i->cause), sts_v_text(i->next_cause), sts_v_int(i->counted_at),
			sts_v_int(i->seen_at), sts_v_text(i->doc), sts_v_int(i->told_severity)),
		NULL, NULL);
}

static enum sts_err save_incident(struct sts_alerts *a, int64_t watch_id, const struct sts_incident *i)
{
	if (!i->dirty)
		return STS_OK;
	if (i->id == 0)
		return i->gone ? STS_OK : insert(a, watch_id, i);
	if (i->gone)
		return sts_store_run(
			a->store, "DELETE FROM incident WHERE id = ?1", STS_VALUES(sts_v_int(i->id)), NULL, NULL);
	return update(a, i);
}

static enum sts_err save_event(struct sts_alerts *a, const struct sts_alerts_look *look,
	const struct sts_incident_event *e, struct sts_arena *arena)
{
	return sts_store_run(a->store,
		"INSERT INTO event (watch_id, domain, tags, cause, kind, severity, at, gather_at, doc)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
		STS_VALUES(sts_v_int(look->watch_id), sts_v_text(look->domain), sts_v_text(look->tags),
			sts_v_text(e->incident->cause), sts_v_int(e->kind), sts_v_int(e->severity),
			sts_v_int(look->now), sts_v_int(look->now + a->config.gather_s),
			sts_v_text(sts_event_doc(arena, e->incident->first_at, e->incident->doc))),
		NULL, NULL);
}

/* A solved incident is told with how the domain fares now, not with how it fared then. */
static void refresh(struct sts_incident_step *step, const struct sts_report *report, struct sts_arena *arena)
{
	for (size_t i = 0; i < step->event_count; i++) {
		struct sts_incident *copy;

		if (step->events[i].kind != STS_EVENT_SOLVED)
			continue;
		copy = STS_NEW(arena, struct sts_incident);
		*copy = *step->events[i].incident;
		copy->doc = sts_look_renewed(copy->doc, report, arena);
		step->events[i].incident = copy;
	}
}

/* ---- causes that others follow --------------------------------------------------------------------------------- */

static bool has_moved(const struct sts_incident *before, const struct sts_incident *after)
{
	return strcmp(before->cause, after->cause) != 0;
}

static bool any_moved(const struct loading *before, const struct sts_incident_step *step)
{
	for (size_t i = 0; i < before->count; i++)
		if (has_moved(&before->items[i], &step->incidents[i]))
			return true;
	return false;
}

/* Nothing is of the old cause any more, a bad certificate was replaced by another one, say: the thread goes on under
 * the new key, with what was not told yet. Where the new cause has a thread already the old one just ends. */
static enum sts_err follow(struct sts_alerts *a, const char *from, const char *to)
{
	enum sts_err err = sts_store_run(a->store,
		"UPDATE cause SET key = ?2 WHERE key = ?1"
		" AND NOT EXISTS (SELECT 1 FROM incident WHERE incident.cause = ?1 AND incident.state IN (2, 3))"
		" AND NOT EXISTS (SELECT 1 FROM cause AS other WHERE other.key = ?2)",
		STS_VALUES(sts_v_text(from), sts_v_text(to)), NULL, NULL);

	return err != STS_OK
		       ? err
		       : sts_store_run(a->store,
				 "UPDATE event SET cause = ?2 WHERE cause = ?1"
				 " AND NOT EXISTS (SELECT 1 FROM incident WHERE incident.cause = ?1 AND incident.state IN (2, 3))"
				 " AND NOT EXISTS (SELECT 1 FROM cause WHERE cause.key = ?1)",
				 STS_VALUES(sts_v_text(from), sts_v_text(to)), NULL, NULL);
}

static enum sts_err follow_all(struct sts_alerts *a, const struct loading *before, const struct sts_incident_step *step)
{
	enum sts_err err = STS_OK;

	for (size_t i = 0; i < before->count && err == STS_OK; i++)
		if (step->incidents[i].state != STS_INCIDENT_SUSPECTED && has_moved(&before->items[i], &step->incidents[i]))
			err = follow(a, before->items[i].cause, step->incidents[i].cause);
	return err;
}

static enum sts_err save(struct sts_alerts *a, const struct sts_alerts_look *look, const struct loading *before,
	const struct sts_incident_step *step, struct sts_arena *arena)
{
	enum sts_err err = any_moved(before, step) ? alerts_lock(a) : STS_OK;

	for (size_t i = 0; i < step->count && err == STS_OK; i++)
		err = save_incident(a, look->watch_id, &step->incidents[i]);
	for (size_t i = 0; i < step->event_count && err == STS_OK; i++)
		err = save_event(a, look, &step->events[i], arena);
	return err == STS_OK ? follow_all(a, before, step) : err;
}

/* ---- what is shared -------------------------------------------------------------------------------------------- */

struct spot_list {
	struct sts_arena *arena;
	const char **items;
	size_t count;
};

static enum sts_err spot_row(const struct sts_value *v, size_t count, void *arg)
{
	struct spot_list *l = arg;

	(void)count;
	*STS_PUSH(l->arena, l->items, l->count) = sts_strdup(l->arena, v[0].text.ptr);
	return STS_OK;
}

static bool holds(const char *const *items, size_t count, const char *item)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(items[i], item) == 0)
			return true;
	return false;
}

/* Seldom anything changes: then nothing is written. A look that saw no host says nothing of what there was before. */
static enum sts_err save_spots(struct sts_alerts *a, const struct sts_alerts_look *look, struct sts_arena *arena)
{
	struct spot_list old = {.arena = arena};
	size_t count;
	const char **now = sts_cause_spots(look->report, arena, &count);
	enum sts_err err = sts_store_run(a->store, "SELECT key FROM spot WHERE watch_id = ?1",
		STS_VALUES(sts_v_int(look->watch_id)), spot_row, &old);

	for (size_t i = 0; i < old.count && count > 0 && err == STS_OK; i++)
		if (!holds(now, count, old.items[i]))
			err = sts_store_run(a->store, "DELETE FROM spot WHERE watch_id = ?1 AND key = ?2",
				STS_VALUES(sts_v_int(look->watch_id), sts_v_text(old.items[i])), NULL, NULL);
	for (size_t i = 0; i < count && err == STS_OK; i++)
		if (!holds(old.items, old.count, now[i]))
			err = sts_store_run(a->store, "INSERT INTO spot (watch_id, key) VALUES (?1, ?2)",
				STS_VALUES(sts_v_int(look->watch_id), sts_v_text(now[i])), NULL, NULL);
	return err;
}

/* ---- a look ---------------------------------------------------------------------------------------------------- */

static enum sts_err take(
	struct sts_alerts *a, const struct sts_alerts_look *look, struct sts_arena *arena, bool *unconfirmed)
{
	struct loading before = {.arena = arena};
	struct sts_observation seen;
	struct sts_incident_step step;
	size_t count;
	struct sts_sighting *sightings =
		sts_sightings_of(look->report, sts_routes_lowest(a->config.routes), arena, &count);
	enum sts_err err = load(a, look->watch_id, &before);

	for (size_t i = 0; i < count && err == STS_OK; i++)
		err = vouch(a, look, &sightings[i]);
	if (err != STS_OK)
		return err;
	sts_observe(look->report, arena, &seen);
	sts_incidents_step(before.items, before.count, sightings, count, &seen, look->now, arena, &step);
	refresh(&step, look->report, arena);
	err = save(a, look, &before, &step, arena);
	if (err == STS_OK)
		err = save_spots(a, look, arena);
	*unconfirmed = step.unconfirmed;
	return err;
}

enum sts_err sts_alerts_take(struct sts_alerts *a, const struct sts_alerts_look *look, bool *unconfirmed)
{
	struct sts_arena *arena = sts_arena_new();
	bool again = false;
	enum sts_err err;

	if (arena == NULL)
		return STS_ENOMEM;
	err = take(a, look, arena, &again);
	if (err == STS_OK)
		*unconfirmed = again;
	sts_arena_free(arena);
	return err;
}

enum sts_err sts_alerts_count(struct sts_alerts *a, struct sts_alerts_counts *out)
{
	static const char *const sql[] = {
		"SELECT count(*) FROM incident WHERE state IN (2, 3)",
		"SELECT count(DISTINCT cause) FROM incident WHERE state IN (2, 3)",
		"SELECT count(*) FROM outbox WHERE state IN (0, 3)",
		"SELECT count(*) FROM outbox WHERE state = 1",
		"SELECT count(*) FROM outbox WHERE state = 2",
	};
	struct sts_alerts_counts c = {0};
	int64_t *const to[] = {&c.open, &c.causes, &c.waiting, &c.sent, &c.given_up};
	enum sts_err err = STS_OK;

	for (size_t i = 0; i < sizeof sql / sizeof *sql && err == STS_OK; i++)
		err = sts_store_int(a->store, sql[i], STS_NO_VALUES, to[i]);
	if (err == STS_OK)
		*out = c;
	return err;
}
