#include "monitor/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

/* ---- the two dialects ------------------------------------------------------------------------------------------ */

/* The clock of the store, in seconds, and how a lease passes over what another daemon is about to take. */
#define SQLITE_NOW "CAST(strftime('%s', 'now') AS INTEGER)"
#define PG_NOW "EXTRACT(EPOCH FROM clock_timestamp())::BIGINT"

static bool is_sqlite(const struct sts_store *s)
{
	return s->ops->dialect == STS_DIALECT_SQLITE;
}

#define COLUMNS                                                                                                        \
	" w.id, w.name, w.tags, w.interval_s, w.added_at, w.due_at, w.turn, w.look, w.leased_until, w.checked_at,"     \
	" w.verdict, w.status, w.cert_expires_at, w.doc,"
#define COLUMN_COUNT 15
/* of those, what counts: see incident.h */
#define INCIDENTS " (SELECT count(*) FROM incident i WHERE i.watch_id = w.id AND i.state >= 2) "

/* Texts of a row end with NUL. */
static const char *text_of(const struct sts_value *v)
{
	return v->type == STS_VALUE_TEXT ? v->text.ptr : NULL;
}

static void read_row(const struct sts_value *v, struct sts_watched *out)
{
	*out = (struct sts_watched){
		.id = v[0].integer,
		.name = text_of(&v[1]),
		.tags = text_of(&v[2]),
		.interval_s = v[3].integer,
		.added_at = v[4].integer,
		.due_at = v[5].integer,
		.turn = v[6].integer,
		.second_looks = (int)v[7].integer,
		.leased_until = v[8].integer,
		.checked_at = v[9].integer,
		.verdict = text_of(&v[10]),
		.status = text_of(&v[11]),
		.cert_expires_at = v[12].integer,
	};
	if (v[13].type == STS_VALUE_TEXT)
		out->doc = v[13].text;
	out->incidents = v[14].integer;
}

static const char *copy(struct sts_arena *arena, const char *text)
{
	return text == NULL ? NULL : sts_strdup(arena, text);
}

static void keep_row(struct sts_arena *arena, struct sts_watched *w)
{
	w->name = copy(arena, w->name);
	w->tags = copy(arena, w->tags);
	w->verdict = copy(arena, w->verdict);
	w->status = copy(arena, w->status);
	if (w->doc.ptr != NULL)
		w->doc.ptr = sts_strndup(arena, w->doc.ptr, w->doc.len);
}

/* ---- tags ------------------------------------------------------------------------------------------------------ */

static bool is_tag(const char *tag)
{
	size_t len = strlen(tag);

	return len >= 1 && len <= STS_TAG_MAX && strspn(tag, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == len;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum sts_err sts_tags_join(
	const char *const *tags, size_t count, struct sts_arena *arena, const char **out, const char **why)
{
	const char *sorted[STS_TAGS_MAX];
	const char *text = ",";

	if (count > STS_TAGS_MAX) {
		*why = sts_sprintf(arena, "at most %d tags", STS_TAGS_MAX);
		return STS_EINVAL;
	}
	for (size_t i = 0; i < count; i++) {
		if (!is_tag(tags[i])) {
			*why = sts_sprintf(arena, "a tag is 1 to %d of a-z, 0-9, '-', '_' and '.'", STS_TAG_MAX);
			return STS_EINVAL;
		}
		sorted[i] = tags[i];
	}
	qsort(sorted, count, sizeof *sorted, by_text);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0)
			text = sts_sprintf(arena, "%s%s,", text, sorted[i]);
	*out = text;
	return STS_OK;
}

bool sts_tags_have(const char *tags, const char *tag)
{
	size_t len = strlen(tag);

	for (const char *p = tags; len > 0 && (p = strstr(p, tag)) != NULL; p++)
		if (p > tags && p[-1] == ',' && p[len] == ',')
			return true;
	return false;
}

/* ---- adding and removing --------------------------------------------------------------------------------------- */

/* A domain that stands there already and is given a shorter interval is not waited for as long as before. */
static enum sts_err change_row(struct sts_store *s, const struct sts_watched *old, const char *tags, int64_t interval_s,
	int64_t now, enum sts_watch_change *change)
{
	int64_t due_at = old->due_at;

	if (interval_s > 0 && due_at > now + interval_s)
		due_at = now + interval_s;
	*change = strcmp(tags, old->tags) == 0 && interval_s == old->interval_s ? STS_WATCH_SAME : STS_WATCH_CHANGED;
	if (*change == STS_WATCH_SAME)
		return STS_OK;
	return sts_store_run(s, "UPDATE watch SET tags = ?2, interval_s = ?3, due_at = ?4 WHERE id = ?1",
		STS_VALUES(sts_v_int(old->id), sts_v_text(tags), sts_v_int(interval_s), sts_v_int(due_at)), NULL, NULL);
}

static enum sts_err add_row(struct sts_store *s, const char *name, const char *tags, int64_t interval_s, int64_t now)
{
	return sts_store_run(s,
		"INSERT INTO watch (name, tags, interval_s, added_at, due_at) VALUES (?1, ?2, ?3, ?4, ?4)"
		" ON CONFLICT (name) DO NOTHING",
		STS_VALUES(sts_v_text(name), sts_v_text(tags == NULL ? "," : tags),
			sts_v_int(interval_s < 0 ? 0 : interval_s), sts_v_int(now)),
		NULL, NULL);
}

static enum sts_err add_locked(struct sts_store *s, const char *name, const char *tags, int64_t interval_s, int64_t now,
	struct sts_arena *arena, enum sts_watch_change *change)
{
	struct sts_watched old;
	enum sts_err err = sts_watch_find(s, name, arena, &old);

	if (err == STS_OK)
		return change_row(s, &old, tags == NULL ? old.tags : tags, interval_s < 0 ? old.interval_s : interval_s,
			now, change);
	if (err != STS_ENOENT)
		return err;
	*change = STS_WATCH_ADDED;
	return add_row(s, name, tags, interval_s, now);
}

enum sts_err sts_watch_add(struct sts_store *s, const char *name, const char *tags, int64_t interval_s, int64_t now,
	enum sts_watch_change *change)
{
	struct sts_arena *arena = sts_arena_new();
	bool within = s->in_transaction;
	enum sts_err err = STS_OK;

	if (arena == NULL)
		return STS_ENOMEM;
	if (!within)
		err = sts_store_begin(s, STS_BEGIN_WRITE);
	if (err == STS_OK) {
		err = add_locked(s, name, tags, interval_s, now, arena, change);
		if (!within)
			err = sts_store_end(s, err);
	}
	sts_arena_free(arena);
	return err;
}

enum sts_err sts_watch_remove(struct sts_store *s, const char *name)
{
	int64_t id = 0;

	return sts_store_int(s, "DELETE FROM watch WHERE name = ?1 RETURNING id", STS_VALUES(sts_v_text(name)), &id);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

struct each {
	const char *tag;
	sts_watched_fn *fn;
	void *arg;
};

static enum sts_err each_row(const struct sts_value *v, size_t count, void *arg)
{
	struct each *e = arg;
	struct sts_watched w;

	if (count < COLUMN_COUNT)
		return STS_ESYSTEM;
	read_row(v, &w);
	return e->tag != NULL && !sts_tags_have(w.tags, e->tag) ? STS_OK : e->fn(&w, e->arg);
}

enum sts_err sts_watch_each(struct sts_store *s, const char *tag_or_null, sts_watched_fn *fn, void *arg)
{
	struct each e = {tag_or_null, fn, arg};

	return sts_store_run(s, "SELECT" COLUMNS INCIDENTS "FROM watch w ORDER BY w.name", STS_NO_VALUES, each_row, &e);
}

struct collect {
	struct sts_arena *arena;
	struct sts_watched *out;
	size_t max;
	size_t count;
};

static enum sts_err collect_row(const struct sts_value *v, size_t count, void *arg)
{
	struct collect *c = arg;

	if (count < COLUMN_COUNT || c->count == c->max)
		return STS_ESYSTEM;
	read_row(v, &c->out[c->count]);
	keep_row(c->arena, &c->out[c->count++]);
	return STS_OK;
}

enum sts_err sts_watch_find(struct sts_store *s, const char *name, struct sts_arena *arena, struct sts_watched *out)
{
	struct collect c = {arena, out, 1, 0};
	enum sts_err err = sts_store_run(s, "SELECT" COLUMNS INCIDENTS "FROM watch w WHERE w.name = ?1",
		STS_VALUES(sts_v_text(name)), collect_row, &c);

	return err != STS_OK ? err : c.count == 0 ? STS_ENOENT : STS_OK;
}

static enum sts_err take_queue(const struct sts_value *v, size_t count, void *arg)
{
	(void)count;
	*(struct sts_watch_queue *)arg =
		(struct sts_watch_queue){v[0].integer, v[1].integer, v[2].integer, v[3].integer, v[4].integer};
	return STS_OK;
}

#define QUEUE(now)                                                                                                     \
	"SELECT count(*), count(CASE WHEN due_at <= ?1 AND leased_until < " now " THEN 1 END),"                        \
	" count(CASE WHEN leased_until >= " now " THEN 1 END),"                                                        \
	" coalesce(min(CASE WHEN due_at <= ?1 AND leased_until < " now " THEN due_at END), 0),"                        \
	" coalesce(min(CASE WHEN leased_until < " now " THEN due_at END), 0) FROM watch"

enum sts_err sts_watch_queue(struct sts_store *s, int64_t now, struct sts_watch_queue *out)
{
	return sts_store_run(
		s, is_sqlite(s) ? QUEUE(SQLITE_NOW) : QUEUE(PG_NOW), STS_VALUES(sts_v_int(now)), take_queue, out);
}

/* ---- leases ---------------------------------------------------------------------------------------------------- */

enum sts_err sts_worker_name_draw(struct sts_worker_name *out)
{
	unsigned char dice[8];
	char host[48] = "";
	uint64_t n = 0;

	if (getrandom(dice, sizeof dice, 0) != (ssize_t)sizeof dice)
		return STS_ESYSTEM;
	memcpy(&n, dice, sizeof n);
	if (gethostname(host, sizeof host - 1) != 0)
		host[0] = '\0';
	snprintf(out->text, sizeof out->text, "%s:%ld:%016" PRIx64, host, (long)getpid(), n);
	return STS_OK;
}

/* The rows are chosen once, before any of them is changed, and by the index on due_at: the choice does not grow with
 * the number of domains. */
static const char sqlite_lease[] =
	"UPDATE watch AS w SET leased_by = ?1, leased_until = " SQLITE_NOW " + ?3 WHERE w.id IN"
	" (SELECT id FROM watch WHERE due_at <= ?2 AND leased_until < " SQLITE_NOW " ORDER BY due_at LIMIT ?4)"
	" RETURNING id, name, tags, interval_s, added_at, due_at, turn, look, leased_until, checked_at, verdict, "
	"status,"
	" cert_expires_at, doc, 0";

/* What another daemon is taking at this moment is passed over rather than waited for. */
static const char pg_lease[] =
	"WITH due AS MATERIALIZED (SELECT id FROM watch WHERE due_at <= ?2 AND leased_until < " PG_NOW
	" ORDER BY due_at LIMIT ?4 FOR UPDATE SKIP LOCKED)"
	" UPDATE watch w SET leased_by = ?1, leased_until = " PG_NOW " + ?3 FROM due WHERE w.id = due.id"
	" RETURNING" COLUMNS " 0";

enum sts_err sts_watch_lease(struct sts_store *s, const char *who, int64_t now, int64_t lease_s, size_t max,
	struct sts_arena *arena, struct sts_watched *out, size_t *count)
{
	struct collect c = {arena, out, max, 0};
	enum sts_err err = sts_store_run(s, is_sqlite(s) ? sqlite_lease : pg_lease,
		STS_VALUES(sts_v_text(who), sts_v_int(now), sts_v_int(lease_s), sts_v_int((int64_t)max)), collect_row,
		&c);

	*count = err == STS_OK ? c.count : 0;
	return err;
}

#define RENEW(now)                                                                                                     \
	"UPDATE watch SET leased_until = " now " + ?4 WHERE id = ?1 AND leased_by = ?2 AND turn = ?3 RETURNING id"

enum sts_err sts_watch_renew(struct sts_store *s, const char *who, const struct sts_watched *w, int64_t lease_s)
{
	int64_t id = 0;

	return sts_store_int(s, is_sqlite(s) ? RENEW(SQLITE_NOW) : RENEW(PG_NOW),
		STS_VALUES(sts_v_int(w->id), sts_v_text(who), sts_v_int(w->turn), sts_v_int(lease_s)), &id);
}

enum sts_err sts_watch_release(struct sts_store *s, const char *who, const struct sts_watched *w)
{
	return sts_store_run(s,
		"UPDATE watch SET leased_until = 0, leased_by = NULL WHERE id = ?1 AND leased_by = ?2 AND turn = ?3",
		STS_VALUES(sts_v_int(w->id), sts_v_text(who), sts_v_int(w->turn)), NULL, NULL);
}

enum sts_err sts_watch_claim(struct sts_store *s, const char *who, const struct sts_watched *w)
{
	int64_t turn = 0;

	return sts_store_int(s,
		"UPDATE watch SET turn = turn + 1 WHERE id = ?1 AND leased_by = ?2 AND turn = ?3 RETURNING turn",
		STS_VALUES(sts_v_int(w->id), sts_v_text(who), sts_v_int(w->turn)), &turn);
}

enum sts_err sts_watch_settle(struct sts_store *s, const struct sts_watched *w)
{
	return sts_store_run(s,
		"UPDATE watch SET due_at = ?2, look = ?3, checked_at = ?4, verdict = ?5, status = ?6, cert_expires_at "
		"= ?7,"
		" doc = ?8, leased_until = 0, leased_by = NULL WHERE id = ?1",
		STS_VALUES(sts_v_int(w->id), sts_v_int(w->due_at), sts_v_int(w->second_looks), sts_v_int(w->checked_at),
			sts_v_text(w->verdict), sts_v_text(w->status), sts_v_int(w->cert_expires_at),
			w->doc.ptr == NULL ? sts_v_null() : sts_v_str(w->doc)),
		NULL, NULL);
}
