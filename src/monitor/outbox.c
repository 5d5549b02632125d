#include "monitor/outbox.h"

#include <stdio.h>
#include <sys/random.h>

#define SQLITE_NOW "CAST(strftime('%s', 'now') AS INTEGER)"
#define PG_NOW "CAST(extract(epoch FROM clock_timestamp()) AS BIGINT)"
#define COLUMNS "id, name, thread, route, kind, severity, made_at, due_at, tries, doc"
#define KEEP_S 2592000
/* Longer than any sender that knows the route would try. */
#define ORPHAN_S (STS_GIVE_UP_S + 2 * 86400)

static bool is_sqlite(const struct sts_store *s)
{
	return s->ops->dialect == STS_DIALECT_SQLITE;
}

static uint64_t random_u64(void)
{
	uint64_t n = 0;

	/* Up to 256 octets are never cut short. */
	if (getrandom(&n, sizeof n, 0) != sizeof n)
		n = 0;
	return n;
}

void sts_outbox_name(const char *prefix, char out[static 40])
{
	snprintf(out, 40, "%.6s%016llx%016llx", prefix, (unsigned long long)random_u64(),
		(unsigned long long)random_u64());
}

enum sts_err sts_outbox_put(struct sts_store *s, const struct sts_message *m, enum sts_outbox_state state)
{
	return sts_store_run(s,
		"INSERT INTO outbox (name, thread, route, kind, severity, state, made_at, due_at, doc)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
		STS_VALUES(sts_v_text(m->name), sts_v_text(m->thread), sts_v_text(m->route), sts_v_int(m->kind),
			sts_v_int(m->severity), sts_v_int(state), sts_v_int(m->made_at), sts_v_int(m->due_at),
			sts_v_str(m->doc)),
		NULL, NULL);
}

/* ---- taking ---------------------------------------------------------------------------------------------------- */

static struct sts_message message_of(const struct sts_value *v)
{
	return (struct sts_message){
		.id = v[0].integer,
		.name = v[1].text.ptr,
		.thread = v[2].text.ptr,
		.route = v[3].text.ptr,
		.kind = (enum sts_event_kind)v[4].integer,
		.severity = (enum sts_severity)v[5].integer,
		.made_at = v[6].integer,
		.due_at = v[7].integer,
		.tries = v[8].integer,
		.doc = v[9].text,
	};
}

struct taking {
	struct sts_arena *arena;
	struct sts_message *out;
};

static enum sts_err take_row(const struct sts_value *v, size_t count, void *arg)
{
	struct taking *t = arg;
	struct sts_message m = message_of(v);

	(void)count;
	m.name = sts_strdup(t->arena, m.name);
	m.thread = sts_strdup(t->arena, m.thread);
	m.route = sts_strdup(t->arena, m.route);
	m.doc = sts_str(sts_strndup(t->arena, m.doc.ptr, m.doc.len), m.doc.len);
	*t->out = m;
	return STS_OK;
}

/* Letter for letter: to LIKE "_" is any character, and "A" is "a". */
#define SQLITE_KNOWS(routes) "instr(" routes ", ',' || route || ',') > 0"
#define PG_KNOWS(routes) "position(',' || route || ',' IN " routes ") > 0"

/* A thread is told in order: what is solved does not overtake what it solves. */
#define IS_FIRST                                                                                                       \
	"NOT EXISTS (SELECT 1 FROM outbox AS first WHERE first.route = outbox.route AND first.state = 0"               \
	" AND first.thread = outbox.thread AND first.id < outbox.id)"

static const char sqlite_take[] =
	"UPDATE outbox SET leased_by = ?1, leased_until = " SQLITE_NOW " + ?3 WHERE id ="
	" (SELECT id FROM outbox WHERE state = 0 AND due_at <= ?2 AND leased_until < " SQLITE_NOW
	" AND " SQLITE_KNOWS("?4") " AND " IS_FIRST " ORDER BY due_at, id LIMIT 1)"
	" RETURNING " COLUMNS;

/* What another sender takes at this moment is passed over rather than waited for. */
static const char pg_take[] =
	"WITH due AS MATERIALIZED (SELECT id AS due_id FROM outbox WHERE state = 0 AND due_at <= ?2 AND leased_until "
	"< " PG_NOW " AND " PG_KNOWS("?4") " AND " IS_FIRST " ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)"
	" UPDATE outbox SET leased_by = ?1, leased_until = " PG_NOW " + ?3 FROM due WHERE id = due.due_id"
	" RETURNING " COLUMNS;

enum sts_err sts_outbox_take(struct sts_store *s, const char *who, const char *routes, int64_t now,
	struct sts_arena *arena, struct sts_message *out)
{
	struct sts_message m = {0};
	struct taking t = {arena, &m};
	enum sts_err err = sts_store_run(s, is_sqlite(s) ? sqlite_take : pg_take,
		STS_VALUES(sts_v_text(who), sts_v_int(now), sts_v_int(STS_SEND_LEASE_S), sts_v_text(routes)), take_row,
		&t);

	if (err != STS_OK)
		return err;
	if (m.id == 0)
		return STS_ENOENT;
	*out = m;
	return STS_OK;
}

/* ---- ending ---------------------------------------------------------------------------------------------------- */

static enum sts_err end(
	struct sts_store *s, const struct sts_message *m, enum sts_outbox_state state, const char *why, int64_t now)
{
	return sts_store_run(s,
		"UPDATE outbox SET state = ?2, tries = ?3, ended_at = ?4, why = ?5, leased_until = 0, leased_by = NULL "
		"WHERE id = ?1",
		STS_VALUES(
			sts_v_int(m->id), sts_v_int(state), sts_v_int(m->tries + 1), sts_v_int(now), sts_v_text(why)),
		NULL, NULL);
}

/* The receiver is back: what was put off with this message need not wait any longer. Those that failed themselves go
 * last. */
enum sts_err sts_outbox_sent(struct sts_store *s, const struct sts_message *m, int64_t now)
{
	enum sts_err err = end(s, m, STS_OUTBOX_SENT, NULL, now);

	if (err != STS_OK)
		return err;
	return sts_store_run(s,
		"UPDATE outbox SET due_at = CASE WHEN tries = 0 THEN ?2 - 1 ELSE ?2 END"
		" WHERE route = ?1 AND state = 0 AND due_at > ?2",
		STS_VALUES(sts_v_text(m->route), sts_v_int(now)), NULL, NULL);
}

int64_t sts_retry_s(int64_t tries)
{
	int64_t s = STS_RETRY_FIRST_S, quarter;

	for (int64_t i = 1; i < tries && s < STS_RETRY_MAX_S; i++)
		s *= 2;
	if (s > STS_RETRY_MAX_S)
		s = STS_RETRY_MAX_S;
	quarter = s / 4;
	return s - quarter + (int64_t)(random_u64() % (uint64_t)(2 * quarter + 1));
}

static enum sts_err put_off(struct sts_store *s, const struct sts_message *m, const char *why, int64_t due_at)
{
	enum sts_err err = sts_store_run(s,
		"UPDATE outbox SET tries = ?2, due_at = ?3, why = ?4, leased_until = 0, leased_by = NULL WHERE id = ?1",
		STS_VALUES(sts_v_int(m->id), sts_v_int(m->tries + 1), sts_v_int(due_at), sts_v_text(why)), NULL, NULL);

	if (err != STS_OK)
		return err;
	return sts_store_run(s, "UPDATE outbox SET due_at = ?2 WHERE route = ?1 AND state = 0 AND due_at < ?2",
		STS_VALUES(sts_v_text(m->route), sts_v_int(due_at)), NULL, NULL);
}

enum sts_err sts_outbox_failed(
	struct sts_store *s, const struct sts_message *m, const char *why, int64_t now, bool *given_up)
{
	enum sts_err err;

	*given_up = now - m->made_at >= STS_GIVE_UP_S;
	if (*given_up)
		return end(s, m, STS_OUTBOX_GIVEN_UP, why, now);
	err = sts_store_begin(s, STS_BEGIN_WRITE);
	return err != STS_OK ? err : sts_store_end(s, put_off(s, m, why, now + sts_retry_s(m->tries + 1)));
}

#define NEXT(knows) "SELECT min(due_at) FROM outbox WHERE state = 0 AND " knows " AND " IS_FIRST

/* A statement of min() gives one row that may hold NULL, which sts_store_int() tells as STS_ENOENT. */
enum sts_err sts_outbox_next(struct sts_store *s, const char *routes, int64_t *at)
{
	return sts_store_int(s, is_sqlite(s) ? NEXT(SQLITE_KNOWS("?1")) : NEXT(PG_KNOWS("?1")),
		STS_VALUES(sts_v_text(routes)), at);
}

/* ---- quiet hours ----------------------------------------------------------------------------------------------- */

struct handing {
	sts_message_fn *fn;
	void *arg;
};

static enum sts_err hand_row(const struct sts_value *v, size_t count, void *arg)
{
	struct handing *h = arg;
	struct sts_message m = message_of(v);

	(void)count;
	return h->fn(&m, h->arg);
}

static const char held[] =
	"SELECT " COLUMNS " FROM outbox WHERE state = 3 AND due_at <= ?1 ORDER BY route, made_at, id LIMIT 32";
static const char held_locked[] =
	"SELECT " COLUMNS
	" FROM outbox WHERE state = 3 AND due_at <= ?1 ORDER BY route, made_at, id LIMIT 32 FOR UPDATE";

enum sts_err sts_outbox_held(struct sts_store *s, int64_t now, sts_message_fn *fn, void *arg)
{
	struct handing h = {fn, arg};

	return sts_store_run(s, is_sqlite(s) ? held : held_locked, STS_VALUES(sts_v_int(now)), hand_row, &h);
}

enum sts_err sts_outbox_move(struct sts_store *s, int64_t id, enum sts_outbox_state state, int64_t now)
{
	return sts_store_run(s, "UPDATE outbox SET state = ?2, ended_at = ?3 WHERE id = ?1",
		STS_VALUES(sts_v_int(id), sts_v_int(state), sts_v_int(state == STS_OUTBOX_WAITING ? 0 : now)), NULL,
		NULL);
}

enum sts_err sts_outbox_held_next(struct sts_store *s, int64_t *at)
{
	return sts_store_int(s, "SELECT min(due_at) FROM outbox WHERE state = 3", STS_NO_VALUES, at);
}

enum sts_err sts_outbox_prune(struct sts_store *s, int64_t now)
{
	enum sts_err err = sts_store_run(s,
		"UPDATE outbox SET state = 2, ended_at = ?1, why = 'no sender knew its route' WHERE state = 0 AND "
		"made_at < ?2",
		STS_VALUES(sts_v_int(now), sts_v_int(now - ORPHAN_S)), NULL, NULL);

	if (err != STS_OK)
		return err;
	return sts_store_run(s, "DELETE FROM outbox WHERE state IN (1, 2, 4) AND ended_at < ?1",
		STS_VALUES(sts_v_int(now - KEEP_S)), NULL, NULL);
}
