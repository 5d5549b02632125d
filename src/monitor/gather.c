/* From events to messages: what belongs to one cause is told at once, to each route what it asks for. */
#include "base/jsonr.h"
#include "monitor/alerts_inside.h"
#include "monitor/cause.h"
#include "monitor/incident.h"
#include "monitor/outbox.h"

#include <stdlib.h>

#define DIGEST_MAX ((size_t)4 * 1024 * 1024)
/* What is taken into memory at once; the rest follows in the next round. */
#define EVENTS_AT_ONCE "4000"
#define ROUNDS_MAX 100
/* An alert waits for domains of its cause that were not looked at yet, at most so many gathering times in all. */
#define PATIENCE 3
/* What nobody was told of is kept so long, for a daemon that knows routes. */
#define UNTOLD_S 604800
/* Between asking whether they were, seconds. */
#define ASK_AGAIN_S 60
/* A domain that was looked at so lately need not be called again, seconds. */
#define FRESH_S 60

struct gathering {
	struct sts_alerts *a;
	struct sts_arena *arena;
	int64_t now;
};

/* One row of event. */
struct row {
	int64_t id;
	const char *cause;
	struct sts_alert_part part;
};

struct rows {
	struct sts_arena *arena;
	struct row *items;
	size_t count;
};

static enum sts_err run(struct gathering *g, const char *sql, const struct sts_value *values, size_t count)
{
	return sts_store_run(g->a->store, sql, values, count, NULL, NULL);
}

static bool is_sqlite(const struct gathering *g)
{
	return g->a->store->ops->dialect == STS_DIALECT_SQLITE;
}

/* Daemons that share a store gather one after the other. */
static enum sts_err begin(struct gathering *g)
{
	enum sts_err err = sts_store_begin(g->a->store, STS_BEGIN_WRITE);

	return err == STS_OK ? alerts_lock(g->a) : err;
}

/* ---- calling the others ---------------------------------------------------------------------------------------- */

static const char sqlite_call[] =
	"UPDATE watch SET due_at = ?1 WHERE due_at > ?1 AND checked_at < ?2 AND id IN"
	" (SELECT spot.watch_id FROM spot JOIN event ON event.cause = spot.key WHERE event.called = 2)";

/* What somebody holds at this moment is being looked at: to wait for it could be to wait for each other. */
static const char pg_call[] =
	"WITH others AS MATERIALIZED (SELECT id AS other_id FROM watch WHERE due_at > ?1 AND checked_at < ?2 AND id IN"
	" (SELECT spot.watch_id FROM spot JOIN event ON event.cause = spot.key WHERE event.called = 2)"
	" FOR UPDATE SKIP LOCKED)"
	" UPDATE watch SET due_at = ?1 FROM others WHERE id = others.other_id";

/* What shares a cause that just came or went is looked at now, so that it is told of together. Events that another
 * daemon adds meanwhile are for the next time: 2 marks those of this one. */
static enum sts_err call_others(struct gathering *g)
{
	enum sts_err err = run(g, "UPDATE event SET called = 2 WHERE called = 0", STS_NO_VALUES);

	if (err == STS_OK)
		err = run(g, is_sqlite(g) ? sqlite_call : pg_call,
			STS_VALUES(sts_v_int(g->now), sts_v_int(g->now - FRESH_S)));
	return err != STS_OK ? err : run(g, "UPDATE event SET called = 1 WHERE called = 2", STS_NO_VALUES);
}

static enum sts_err wait_for_others(struct gathering *g)
{
	return run(g,
		"UPDATE event SET gather_at = ?2 WHERE gather_at <= ?1 AND at > ?3 AND EXISTS"
		" (SELECT 1 FROM spot JOIN watch ON watch.id = spot.watch_id WHERE spot.key = event.cause"
		" AND watch.checked_at < event.at AND watch.due_at <= ?1)",
		STS_VALUES(sts_v_int(g->now), sts_v_int(g->now + ASK_AGAIN_S),
			sts_v_int(g->now - PATIENCE * (int64_t)g->a->config.gather_s)));
}

/* ---- causes ---------------------------------------------------------------------------------------------------- */

struct thread_of {
	struct sts_arena *arena;
	const char *name;
};

static enum sts_err thread_row(const struct sts_value *v, size_t count, void *arg)
{
	struct thread_of *t = arg;

	(void)count;
	t->name = sts_strdup(t->arena, v[0].text.ptr);
	return STS_OK;
}

static int64_t next_reminder(const struct gathering *g, int64_t count)
{
	return g->a->config.no_reminders ? 0 : g->now + sts_reminder_s(g->a->config.remind_s, count);
}

/* The cause is told of: its thread begins, or goes on. */
static enum sts_err open_cause(struct gathering *g, struct sts_alert *alert)
{
	char name[40];
	struct thread_of t = {g->arena, NULL};
	enum sts_err err;

	sts_outbox_name("alert_", name);
	alert->next_at = next_reminder(g, 0);
	err = sts_store_run(g->a->store,
		"INSERT INTO cause (key, name, opened_at, told_at, remind_at, reminders) VALUES (?1, ?2, ?3, ?3, ?4, 0)"
		" ON CONFLICT (key) DO UPDATE SET told_at = excluded.told_at, remind_at = excluded.remind_at, "
		"reminders = 0"
		" RETURNING name",
		STS_VALUES(sts_v_text(alert->cause), sts_v_text(name), sts_v_int(g->now), sts_v_int(alert->next_at)),
		thread_row, &t);
	alert->thread = t.name;
	return err;
}

static enum sts_err close_cause(struct gathering *g, struct sts_alert *alert)
{
	char name[40];
	struct thread_of t = {g->arena, NULL};
	enum sts_err err = sts_store_run(g->a->store, "SELECT name FROM cause WHERE key = ?1",
		STS_VALUES(sts_v_text(alert->cause)), thread_row, &t);

	sts_outbox_name("alert_", name);
	alert->thread = t.name != NULL ? t.name : sts_strdup(g->arena, name);
	return err;
}

/* Causes that nothing is left of: solved and told, or watched no longer. */
static enum sts_err drop_causes(struct gathering *g)
{
	return run(g,
		"DELETE FROM cause WHERE NOT EXISTS (SELECT 1 FROM incident WHERE incident.cause = cause.key AND "
		"incident.state IN (2, "
		"3))"
		" AND NOT EXISTS (SELECT 1 FROM event WHERE event.cause = cause.key)",
		STS_NO_VALUES);
}

static enum sts_err count_remaining(struct gathering *g, struct sts_alert *alert)
{
	return sts_store_int(g->a->store,
		"SELECT count(DISTINCT watch_id) FROM incident WHERE cause = ?1 AND state IN (2, 3)",
		STS_VALUES(sts_v_text(alert->cause)), &alert->remaining);
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

static bool read_event(struct sts_arena *arena, struct sts_str doc, struct sts_alert_part *part)
{
	const char *why;
	const struct sts_json *event = sts_json_read(doc, arena, &why);
	const struct sts_json *since = sts_json_get(event, "since");

	part->look = sts_json_get(event, "look");
	part->since = sts_json_is(since, STS_JSON_INT) ? since->integer : part->at;
	return sts_json_is(part->look, STS_JSON_OBJECT);
}

static enum sts_err event_row(const struct sts_value *v, size_t count, void *arg)
{
	struct rows *l = arg;
	struct row row = {
		.id = v[0].integer,
		.cause = sts_strdup(l->arena, v[3].text.ptr),
		.part =
			{
				.domain = sts_strdup(l->arena, v[1].text.ptr),
				.tags = sts_strdup(l->arena, v[2].text.ptr),
				.kind = (enum sts_event_kind)v[4].integer,
				.severity = (enum sts_severity)v[5].integer,
				.at = v[6].integer,
			},
	};

	(void)count;
	if (read_event(l->arena, v[7].text, &row.part))
		*STS_PUSH(l->arena, l->items, l->count) = row;
	return STS_OK;
}

/* By cause, then by age. */
static int by_cause(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;
	int order = strcmp(x->cause, y->cause);

	return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

/* Parts of one cause, all solved or none. */
static enum sts_err tell(struct gathering *g, const char *cause, struct sts_alert_part *parts, size_t count)
{
	struct sts_alert alert = {.cause = cause, .at = g->now, .parts = parts, .count = count};
	enum sts_err err;

	if (count == 0)
		return STS_OK;
	err = parts[0].kind == STS_EVENT_SOLVED ? close_cause(g, &alert) : open_cause(g, &alert);
	if (err == STS_OK)
		err = count_remaining(g, &alert);
	return err == STS_OK ? alert_post_to_all(g->a, &alert, g->arena) : err;
}

/* Who heard of something worse, that this goes on from, hears of its end. */
static enum sts_err note_severity(struct gathering *g, const struct sts_alert_part *p)
{
	return run(g,
		"UPDATE incident SET told_severity = ?4 WHERE told_severity < ?4 AND code = ?2 AND place = ?3"
		" AND watch_id = (SELECT id FROM watch WHERE name = ?1)",
		STS_VALUES(sts_v_text(p->domain), sts_v_str(sts_json_text(p->look, "code")),
			sts_v_str(sts_json_text(p->look, "place")), sts_v_int(p->severity)));
}

static enum sts_err tell_cause(struct gathering *g, const struct row *rows, size_t count)
{
	struct sts_alert_part *parts = sts_alloc_array(g->arena, count, sizeof *parts);
	size_t troubles = 0;
	enum sts_err err = STS_OK;

	for (size_t i = 0; i < count; i++)
		parts[i] = rows[i].part;
	count = sts_alert_merge(parts, count, g->arena);
	for (; troubles < count && parts[troubles].kind != STS_EVENT_SOLVED && err == STS_OK; troubles++)
		if (parts[troubles].kind != STS_EVENT_NEW)
			err = note_severity(g, &parts[troubles]);
	if (err == STS_OK)
		err = tell(g, rows[0].cause, parts, troubles);
	return err == STS_OK ? tell(g, rows[0].cause, parts + troubles, count - troubles) : err;
}

/* An event that is due brings along all of its cause. What is due is found once: a planner whose statistics are behind a
 * flood would find it anew for every event. */
static enum sts_err tell_events(struct gathering *g)
{
	struct rows l = {.arena = g->arena};
	enum sts_err err = sts_store_run(g->a->store,
		"WITH due AS MATERIALIZED (SELECT id AS due_id FROM event WHERE cause IN"
		" (SELECT DISTINCT cause FROM event WHERE gather_at <= ?1) ORDER BY cause, id LIMIT " EVENTS_AT_ONCE ")"
		" DELETE FROM event WHERE id IN (SELECT due_id FROM due) RETURNING id, domain, tags, cause, kind, severity, at, doc",
		STS_VALUES(sts_v_int(g->now)), event_row, &l);

	if (l.count > 0)
		qsort(l.items, l.count, sizeof *l.items, by_cause);
	for (size_t i = 0, n; i < l.count && err == STS_OK; i += n) {
		for (n = 1; i + n < l.count && strcmp(l.items[i].cause, l.items[i + n].cause) == 0; n++)
			;
		err = tell_cause(g, &l.items[i], n);
	}
	return err;
}

/* ---- reminders ------------------------------------------------------------------------------------------------- */

struct reminder {
	const char *key;
	const char *name;
	int64_t reminders;
};

struct reminders {
	struct sts_arena *arena;
	struct reminder *items;
	size_t count;
};

static enum sts_err reminder_row(const struct sts_value *v, size_t count, void *arg)
{
	struct reminders *l = arg;

	(void)count;
	*STS_PUSH(l->arena, l->items, l->count) = (struct reminder){
		sts_strdup(l->arena, v[0].text.ptr), sts_strdup(l->arena, v[1].text.ptr), v[2].integer};
	return STS_OK;
}

struct standing {
	struct sts_arena *arena;
	struct sts_alert_part *items;
	size_t count;
};

static enum sts_err standing_row(const struct sts_value *v, size_t count, void *arg)
{
	struct standing *l = arg;
	const char *why;
	struct sts_alert_part part = {
		.domain = sts_strdup(l->arena, v[0].text.ptr),
		.tags = sts_strdup(l->arena, v[1].text.ptr),
		.kind = STS_EVENT_SUSTAINED,
		.severity = (enum sts_severity)v[2].integer,
		.at = v[3].integer,
		.since = v[4].integer,
		.look = sts_json_read(v[5].text, l->arena, &why),
	};

	(void)count;
	if (sts_json_is(part.look, STS_JSON_OBJECT))
		*STS_PUSH(l->arena, l->items, l->count) = part;
	return STS_OK;
}

static enum sts_err remind(struct gathering *g, const struct reminder *r)
{
	struct standing l = {.arena = g->arena};
	struct sts_alert alert = {.thread = r->name, .cause = r->key, .at = g->now, .reminder = r->reminders + 1};
	enum sts_err err = sts_store_run(g->a->store,
		"SELECT watch.name, watch.tags, incident.severity, counted_at, first_at, incident.doc FROM incident"
		" JOIN watch ON watch.id = incident.watch_id WHERE cause = ?1 AND incident.state IN (2, 3) ORDER BY "
		"incident.id LIMIT " EVENTS_AT_ONCE,
		STS_VALUES(sts_v_text(r->key)), standing_row, &l);

	alert.parts = l.items;
	alert.count = l.count;
	alert.next_at = next_reminder(g, alert.reminder);
	if (err == STS_OK)
		err = run(g, "UPDATE cause SET told_at = ?2, remind_at = ?3, reminders = reminders + 1 WHERE key = ?1",
			STS_VALUES(sts_v_text(r->key), sts_v_int(g->now), sts_v_int(alert.next_at)));
	if (err == STS_OK)
		err = count_remaining(g, &alert);
	return err == STS_OK && alert.count > 0 ? alert_post_to_all(g->a, &alert, g->arena) : err;
}

static enum sts_err tell_reminders(struct gathering *g)
{
	struct reminders l = {.arena = g->arena};
	enum sts_err err = STS_OK;

	if (!g->a->config.no_reminders)
		err = sts_store_run(g->a->store,
			"SELECT key, name, reminders FROM cause WHERE remind_at > 0 AND remind_at <= ?1 ORDER BY key",
			STS_VALUES(sts_v_int(g->now)), reminder_row, &l);
	for (size_t i = 0; i < l.count && err == STS_OK; i++)
		err = remind(g, &l.items[i]);
	return err;
}

/* ---- after the quiet hours ------------------------------------------------------------------------------------- */

struct held {
	struct sts_arena *arena;
	struct sts_message *items;
	size_t count;
};

static enum sts_err held_row(const struct sts_message *m, void *arg)
{
	struct held *l = arg;
	struct sts_message *copy = STS_PUSH(l->arena, l->items, l->count);

	*copy = *m;
	copy->name = sts_strdup(l->arena, m->name);
	copy->thread = sts_strdup(l->arena, m->thread);
	copy->route = sts_strdup(l->arena, m->route);
	copy->doc = sts_str(sts_strndup(l->arena, m->doc.ptr, m->doc.len), m->doc.len);
	return STS_OK;
}

static enum sts_err put_digest(struct gathering *g, const struct sts_message *m, size_t count, bool *fits)
{
	char name[40];
	struct sts_str *docs = sts_alloc_array(g->arena, count, sizeof *docs);
	struct sts_message digest = {.name = name,
		.thread = name,
		.route = m[0].route,
		.kind = m[0].kind,
		.made_at = g->now,
		.due_at = g->now};
	struct sts_buf doc;
	enum sts_err err = STS_OK;

	sts_outbox_name("msg_", name);
	for (size_t i = 0; i < count; i++) {
		docs[i] = m[i].doc;
		digest.severity = m[i].severity > digest.severity ? m[i].severity : digest.severity;
	}
	sts_buf_init(&doc, DIGEST_MAX);
	sts_digest_write(name, g->now, docs, count, g->arena, &doc);
	*fits = !doc.failed;
	digest.doc = sts_buf_str(&doc);
	if (*fits)
		err = sts_outbox_put(g->a->store, &digest, STS_OUTBOX_WAITING);
	sts_buf_clear(&doc);
	return err;
}

/* One goes out as it is; several become one message (or go out as they are, where that would be too long). */
static enum sts_err release(struct gathering *g, const struct sts_message *m, size_t count)
{
	bool merged = false;
	enum sts_err err = count > 1 ? put_digest(g, m, count, &merged) : STS_OK;

	for (size_t i = 0; i < count && err == STS_OK; i++)
		err = sts_outbox_move(g->a->store, m[i].id, merged ? STS_OUTBOX_MERGED : STS_OUTBOX_WAITING, g->now);
	return err;
}

static enum sts_err release_held(struct gathering *g)
{
	struct held l = {.arena = g->arena};
	enum sts_err err = sts_outbox_held(g->a->store, g->now, held_row, &l);

	for (size_t i = 0, n; i < l.count && err == STS_OK; i += n) {
		for (n = 1; i + n < l.count && strcmp(l.items[i].route, l.items[i + n].route) == 0; n++)
			;
		err = release(g, &l.items[i], n);
	}
	return err;
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

static enum sts_err sooner(enum sts_err err, const int64_t *at, int64_t *next_at)
{
	if (err == STS_OK && *at < *next_at)
		*next_at = *at;
	return err == STS_ENOENT ? STS_OK : err;
}

static enum sts_err find_next(struct gathering *g, int64_t *next_at)
{
	struct sts_store *s = g->a->store;
	int64_t at = INT64_MAX;
	enum sts_err err = sts_store_int(s, "SELECT min(gather_at) FROM event", STS_NO_VALUES, &at);

	*next_at = INT64_MAX;
	err = sooner(err, &at, next_at);
	if (err == STS_OK)
		err = sooner(sts_outbox_held_next(s, &at), &at, next_at);
	if (err == STS_OK && !g->a->config.no_reminders)
		err = sooner(
			sts_store_int(s, "SELECT min(remind_at) FROM cause WHERE remind_at > 0", STS_NO_VALUES, &at),
			&at, next_at);
	return err;
}

static enum sts_err gather(struct gathering *g, int64_t *next_at)
{
	static enum sts_err (*const steps[])(struct gathering *) = {
		call_others, wait_for_others, tell_events, tell_reminders, release_held, drop_causes};
	enum sts_err err = begin(g);

	for (size_t i = 0; i < sizeof steps / sizeof *steps && err == STS_OK; i++)
		err = steps[i](g);
	if (err == STS_OK)
		err = find_next(g, next_at);
	return sts_store_end(g->a->store, err);
}

/* Most calls find nothing to do: they take no lock. */
static enum sts_err is_idle(struct gathering *g, bool *idle, int64_t *next_at)
{
	int64_t calls = 0;
	enum sts_err err =
		sts_store_int(g->a->store, "SELECT count(*) FROM event WHERE called = 0", STS_NO_VALUES, &calls);

	if (err == STS_OK)
		err = find_next(g, next_at);
	*idle = err == STS_OK && calls == 0 && *next_at > g->now;
	return err;
}

static enum sts_err gather_round(struct sts_alerts *a, int64_t now, bool *idle, int64_t *next_at)
{
	struct gathering g = {a, sts_arena_new(), now};
	enum sts_err err;

	if (g.arena == NULL)
		return STS_ENOMEM;
	err = is_idle(&g, idle, next_at);
	if (err == STS_OK && !*idle)
		err = gather(&g, next_at);
	sts_arena_free(g.arena);
	return err;
}

/* With no routes: what is to be told is left to daemons that have some. Should none ever come, events of what is over
 * go at last; what goes on is still news then. */
#define OVER                                                                                                           \
	"gather_at < ?1 AND NOT EXISTS (SELECT 1 FROM incident WHERE incident.watch_id = event.watch_id"               \
	" AND incident.cause = event.cause AND incident.state IN (2, 3))"

static enum sts_err leave_to_others(struct sts_alerts *a, int64_t now)
{
	int64_t over = 0;
	enum sts_err err = sts_store_int(
		a->store, "SELECT count(*) FROM event WHERE " OVER, STS_VALUES(sts_v_int(now - UNTOLD_S)), &over);

	if (err != STS_OK || over == 0)
		return err;
	return sts_store_run(
		a->store, "DELETE FROM event WHERE " OVER, STS_VALUES(sts_v_int(now - UNTOLD_S)), NULL, NULL);
}

enum sts_err sts_alerts_gather(struct sts_alerts *a, int64_t now, int64_t *next_at)
{
	int64_t next = INT64_MAX;
	bool idle = false;
	enum sts_err err = STS_OK;

	if (a->config.routes == NULL || a->config.routes->count == 0) {
		err = leave_to_others(a, now);
		idle = true;
	}
	for (int i = 0; i < ROUNDS_MAX && err == STS_OK && !idle; i++) {
		err = gather_round(a, now, &idle, &next);
		idle = idle || next > now;
	}
	if (err == STS_OK)
		*next_at = next;
	return err;
}
