/* Questions to the history: observations, changes, bodies; and what need not be kept any longer. */
#include "store/document.h"
#include "store/history_inside.h"

#include <stdio.h>

#define DAY 86400

/* ---- observations ---------------------------------------------------------------------------------------------- */

/* Rows of: id, time, TTL, duration, document, body, packed result, packed base. */
#define KEPT                                                                                                           \
	"SELECT o.id, o.seen_at, o.ttl_s, o.duration_ms, s.doc, b.octets, r.octets, k.octets FROM observation o"       \
	" JOIN snapshot s ON s.id = o.snapshot_id LEFT JOIN body b ON b.sha256 = s.policy"                             \
	" LEFT JOIN result r ON r.observation_id = o.id LEFT JOIN result k ON k.observation_id = r.base_id"

struct kept_query {
	struct sts_history *h;
	sts_kept_fn *fn;
	void *arg;
	bool found;
};

static enum sts_err unpack_row(struct sts_history *h, const struct sts_value *v, struct sts_arena *arena,
	struct sts_buf *json, struct sts_kept *out)
{
	enum sts_err err = read_doc(h, v[4].text, arena, &out->seen);

	if (err != STS_OK)
		return err;
	out->id = v[0].integer;
	out->seen.at = v[1].integer;
	out->seen.record.ttl_s = v[2].type == STS_VALUE_INT ? v[2].integer : -1;
	out->seen.duration_ms = v[3].integer;
	if (v[5].type == STS_VALUE_BLOB)
		out->seen.policy.body = v[5].text;
	if (v[6].type != STS_VALUE_BLOB)
		return STS_OK;
	err = result_unpack(h, v[6].text, v[7].type == STS_VALUE_BLOB ? v[7].text : (struct sts_str){0}, json);
	out->result = sts_buf_str(json);
	return err;
}

static enum sts_err take_kept(const struct sts_value *v, size_t count, void *arg)
{
	struct kept_query *q = arg;
	struct sts_arena *arena = sts_arena_new();
	struct sts_kept kept = {0};
	struct sts_buf json;
	enum sts_err err;

	(void)count;
	if (arena == NULL)
		return STS_ENOMEM;
	q->found = true;
	sts_buf_init(&json, STS_RESULT_MAX);
	err = unpack_row(q->h, v, arena, &json, &kept);
	if (err == STS_OK)
		err = q->fn(&kept, q->arg);
	sts_buf_clear(&json);
	sts_arena_free(arena);
	return err;
}

/* ---- one observation ------------------------------------------------------------------------------------------- */

struct copy {
	struct sts_arena *arena;
	struct sts_kept *out;
};

/* Into the asker's arena: the document is written and read once more, which is the one copy that cannot forget a
 * member. */
static enum sts_err copy_kept(const struct sts_kept *kept, void *arg)
{
	struct copy *c = arg;
	struct sts_observation copied;
	struct sts_buf doc;
	struct sts_jsonw w;
	const char *why = NULL;
	const struct sts_json *json;

	sts_buf_init(&doc, STS_DOCUMENT_MAX);
	w = sts_jsonw(&doc, false);
	sts_document_write(&w, NULL, &kept->seen);
	json = sts_json_read(sts_buf_str(&doc), c->arena, &why);
	sts_buf_clear(&doc);
	if (json == NULL || sts_document_read(json, c->arena, &copied, &why) != STS_OK)
		return STS_ENOMEM;
	copied.at = kept->seen.at;
	copied.duration_ms = kept->seen.duration_ms;
	copied.record.ttl_s = kept->seen.record.ttl_s;
	if (kept->seen.policy.body.ptr != NULL)
		copied.policy.body =
			sts_str(sts_strndup(c->arena, kept->seen.policy.body.ptr, kept->seen.policy.body.len),
				kept->seen.policy.body.len);
	*c->out = (struct sts_kept){.id = kept->id, .seen = copied};
	if (kept->result.ptr != NULL)
		c->out->result = sts_str(sts_strndup(c->arena, kept->result.ptr, kept->result.len), kept->result.len);
	return STS_OK;
}

static enum sts_err one(struct sts_history *h, const char *sql, const struct sts_value *values, size_t count,
	struct sts_arena *arena, struct sts_kept *out)
{
	struct copy c = {arena, out};
	struct kept_query q = {.h = h, .fn = copy_kept, .arg = &c};
	enum sts_err err = sts_store_run(h->store, sql, values, count, take_kept, &q);

	return err == STS_OK && !q.found ? STS_ENOENT : err;
}

enum sts_err sts_history_at(
	struct sts_history *h, const char *domain, int64_t at, struct sts_arena *arena, struct sts_kept *out)
{
	struct domain_row d;
	enum sts_err err = domain_find(h, domain, &d);

	if (err != STS_OK)
		return err;
	return one(h, KEPT " WHERE o.domain_id = ?1 AND o.seen_at <= ?2 ORDER BY o.seen_at DESC, o.id DESC LIMIT 1",
		STS_VALUES(sts_v_int(d.id), sts_v_int(at)), arena, out);
}

enum sts_err sts_history_first(struct sts_history *h, const char *domain, struct sts_arena *arena, struct sts_kept *out)
{
	struct domain_row d;
	enum sts_err err = domain_find(h, domain, &d);

	if (err != STS_OK)
		return err;
	return one(h, KEPT " WHERE o.domain_id = ?1 ORDER BY o.seen_at, o.id LIMIT 1", STS_VALUES(sts_v_int(d.id)),
		arena, out);
}

enum sts_err sts_history_count(struct sts_history *h, const char *domain, int64_t *count)
{
	struct domain_row d;
	enum sts_err err = domain_find(h, domain, &d);

	if (err != STS_OK)
		return err;
	return sts_store_int(
		h->store, "SELECT count(*) FROM observation WHERE domain_id = ?1", STS_VALUES(sts_v_int(d.id)), count);
}

/* ---- all observations ------------------------------------------------------------------------------------------ */

#define PAGE 500

struct names {
	struct sts_arena *arena;
	const char **items;
	size_t count;
};

static enum sts_err take_name(const struct sts_value *v, size_t count, void *arg)
{
	struct names *n = arg;

	(void)count;
	*STS_PUSH(n->arena, n->items, n->count) = sts_strndup(n->arena, v[0].text.ptr, v[0].text.len);
	return STS_OK;
}

static enum sts_err each_of(struct sts_history *h, const char *domain, struct kept_query *q)
{
	struct domain_row d;
	enum sts_err err = domain_find(h, domain, &d);

	if (err != STS_OK)
		return err;
	return sts_store_run(h->store, KEPT " WHERE o.domain_id = ?1 ORDER BY o.seen_at, o.id",
		STS_VALUES(sts_v_int(d.id)), take_kept, q);
}

/* The names of one page at a time: there may be many domains. */
static enum sts_err each_domain(struct sts_history *h, struct kept_query *q)
{
	char last[256] = "";
	size_t got = PAGE;
	enum sts_err err = STS_OK;

	while (err == STS_OK && got == PAGE) {
		struct names n = {.arena = sts_arena_new()};

		if (n.arena == NULL)
			return STS_ENOMEM;
		err = sts_store_run(h->store, "SELECT name FROM domain WHERE name > ?1 ORDER BY name LIMIT ?2",
			STS_VALUES(sts_v_text(last), sts_v_int(PAGE)), take_name, &n);
		for (size_t i = 0; err == STS_OK && i < n.count; i++)
			err = each_of(h, n.items[i], q);
		got = n.count;
		if (got > 0)
			snprintf(last, sizeof last, "%s", n.items[got - 1]);
		sts_arena_free(n.arena);
	}
	return err;
}

enum sts_err sts_history_each(struct sts_history *h, const char *domain_or_null, sts_kept_fn *fn, void *arg)
{
	struct kept_query q = {.h = h, .fn = fn, .arg = arg};
	enum sts_err err = sts_store_begin(h->store, STS_BEGIN_READ);

	if (err != STS_OK)
		return err;
	return sts_store_end(h->store, domain_or_null != NULL ? each_of(h, domain_or_null, &q) : each_domain(h, &q));
}

/* ---- changes and bodies ---------------------------------------------------------------------------------------- */

struct change_query {
	struct sts_arena *arena;
	struct sts_changes *out;
	size_t limit;
	size_t octets; /* of the values so far */
};

static const char *text_or_null(struct sts_arena *arena, const struct sts_value *v)
{
	return v->type == STS_VALUE_TEXT ? sts_strndup(arena, v->text.ptr, v->text.len) : NULL;
}

static enum sts_err take_change(const struct sts_value *v, size_t count, void *arg)
{
	struct change_query *q = arg;
	size_t octets = v[3].text.len + v[4].text.len + v[5].text.len;

	(void)count;
	if (q->out->more || q->out->count == q->limit || octets > STS_CHANGES_OCTETS_MAX - q->octets) {
		q->out->more = true;
		return STS_OK;
	}
	q->octets += octets;
	*STS_PUSH(q->arena, q->out->items, q->out->count) = (struct sts_change){
		.at = v[0].integer,
		.before_at = v[1].integer,
		.kind = (enum sts_item_kind)v[2].integer,
		.key = text_or_null(q->arena, &v[3]),
		.old_value = text_or_null(q->arena, &v[4]),
		.new_value = text_or_null(q->arena, &v[5]),
	};
	return STS_OK;
}

enum sts_err sts_history_changes(struct sts_history *h, const char *domain, int64_t from_at, int64_t until_at,
	size_t limit, struct sts_arena *arena, struct sts_changes *out)
{
	struct change_query q = {.arena = arena, .out = out};
	struct domain_row d;
	enum sts_err err = memory_ensure(h, domain, &d);

	*out = (struct sts_changes){0};
	if (err != STS_OK)
		return err;
	if (limit == 0 || limit > STS_CHANGES_MAX)
		limit = STS_CHANGES_MAX;
	q.limit = limit;
	return sts_store_run(h->store,
		"SELECT seen_at, before_at, kind, key, old_value, new_value FROM change"
		" WHERE domain_id = ?1 AND seen_at BETWEEN ?2 AND ?3 ORDER BY seen_at DESC, id DESC LIMIT ?4",
		STS_VALUES(sts_v_int(d.id), sts_v_int(from_at), sts_v_int(until_at), sts_v_int((int64_t)limit + 1)),
		take_change, &q);
}

struct body_query {
	struct sts_arena *arena;
	struct sts_str body;
};

static enum sts_err take_body(const struct sts_value *v, size_t count, void *arg)
{
	struct body_query *q = arg;

	(void)count;
	q->body = sts_str(sts_strndup(q->arena, v[0].text.ptr, v[0].text.len), v[0].text.len);
	return STS_OK;
}

enum sts_err sts_history_body(struct sts_history *h, const char *sha256, struct sts_arena *arena, struct sts_str *out)
{
	struct body_query q = {.arena = arena};
	enum sts_err err = sts_store_run(
		h->store, "SELECT octets FROM body WHERE sha256 = ?1", STS_VALUES(sts_v_text(sha256)), take_body, &q);

	if (err != STS_OK)
		return err;
	if (q.body.ptr == NULL)
		return STS_ENOENT;
	*out = q.body;
	return STS_OK;
}

/* ---- pruning --------------------------------------------------------------------------------------------------- */

/* A dictionary goes with the last result that needs it. */
static enum sts_err prune_results(struct sts_history *h, int64_t domain_id, int64_t before_at)
{
	enum sts_err err = sts_store_run(h->store,
		"DELETE FROM result WHERE base_id IS NOT NULL AND observation_id IN"
		" (SELECT id FROM observation WHERE domain_id = ?1 AND seen_at < ?2)",
		STS_VALUES(sts_v_int(domain_id), sts_v_int(before_at)), NULL, NULL);

	if (err != STS_OK)
		return err;
	return sts_store_run(h->store,
		"DELETE FROM result WHERE base_id IS NULL AND observation_id IN"
		" (SELECT id FROM observation WHERE domain_id = ?1 AND seen_at < ?2)"
		" AND NOT EXISTS (SELECT 1 FROM result d WHERE d.base_id = result.observation_id)",
		STS_VALUES(sts_v_int(domain_id), sts_v_int(before_at)), NULL, NULL);
}

/* Folding the first and the last of a run of equal observations comes to the same as folding all of them. */
static enum sts_err prune_observations(struct sts_history *h, int64_t domain_id, int64_t before_at)
{
	return sts_store_run(h->store,
		"DELETE FROM observation WHERE id IN (SELECT id FROM (SELECT id, seen_at, snapshot_id,"
		" lag(snapshot_id) OVER w AS p, lead(snapshot_id) OVER w AS n FROM observation WHERE domain_id = ?1"
		" WINDOW w AS (ORDER BY seen_at, id)) AS t WHERE p = snapshot_id AND n = snapshot_id AND seen_at < ?2)"
		" AND NOT EXISTS (SELECT 1 FROM result r WHERE r.observation_id = observation.id)",
		STS_VALUES(sts_v_int(domain_id), sts_v_int(before_at)), NULL, NULL);
}

static enum sts_err prune_locked(struct sts_history *h, const char *domain, int64_t now)
{
	int64_t before_at = now - (int64_t)h->keep_days * DAY;
	struct domain_row d = {0};
	enum sts_err err = domain_lock(h, domain, &d);

	if (err == STS_OK)
		err = prune_results(h, d.id, before_at);
	if (err == STS_OK)
		err = prune_observations(h, d.id, before_at);
	if (err == STS_OK)
		err = sts_store_run(h->store, "UPDATE domain SET pruned_at = ?2 WHERE id = ?1",
			STS_VALUES(sts_v_int(d.id), sts_v_int(now)), NULL, NULL);
	return err;
}

enum sts_err sts_history_prune(struct sts_history *h, const char *domain, int64_t now)
{
	struct domain_row d;
	enum sts_err err = domain_find(h, domain, &d);

	if (err == STS_OK)
		err = sts_store_begin(h->store, STS_BEGIN_WRITE);
	return err == STS_OK ? sts_store_end(h->store, prune_locked(h, domain, now)) : err;
}

enum sts_err sts_history_prune_oldest(struct sts_history *h, int64_t now)
{
	struct names n = {.arena = sts_arena_new()};
	enum sts_err err = n.arena == NULL
				   ? STS_ENOMEM
				   : sts_store_run(h->store,
					     "SELECT name FROM domain WHERE pruned_at < ?1 ORDER BY pruned_at LIMIT 1",
					     STS_VALUES(sts_v_int(now - STS_PRUNE_EVERY_S)), take_name, &n);

	if (err == STS_OK && n.count > 0)
		err = sts_history_prune(h, n.items[0], now);
	sts_arena_free(n.arena);
	return err;
}
