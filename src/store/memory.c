/* What is derived from observations: loading it, saving it, making it anew. */
#include "store/document.h"
#include "store/history_inside.h"

enum sts_err read_doc(struct sts_history *h, struct sts_str doc, struct sts_arena *arena, struct sts_observation *out)
{
	const char *why = "";
	const struct sts_json *json = sts_json_read(doc, arena, &why);

	if (json == NULL || sts_document_read(json, arena, out, &why) != STS_OK)
		return sts_store_fail(h->store, STS_EIO, "an observation in the store cannot be read: %s", why);
	return STS_OK;
}

/* ---- loading and saving ---------------------------------------------------------------------------------------- */

static enum sts_err take_item(const struct sts_value *v, size_t count, void *arg)
{
	struct sts_memory *m = arg;

	(void)count;
	*STS_PUSH(m->arena, m->items, m->item_count) = (struct sts_item){
		.kind = (enum sts_item_kind)v[0].integer,
		.key = sts_strndup(m->arena, v[1].text.ptr, v[1].text.len),
		.value = sts_strndup(m->arena, v[2].text.ptr, v[2].text.len),
		.since_at = v[3].integer,
		.last_at = v[4].integer,
	};
	return STS_OK;
}

enum sts_err memory_load(struct sts_history *h, const struct domain_row *d, struct sts_memory *m)
{
	m->first_at = d->first_at;
	m->last_at = d->last_at;
	return sts_store_run(h->store,
		"SELECT kind, key, value, since_at, last_at FROM item WHERE domain_id = ?1 ORDER BY last_at DESC, "
		"kind, key LIMIT ?2",
		STS_VALUES(sts_v_int(d->id), sts_v_int(STS_ITEMS_MAX)), take_item, m);
}

static enum sts_err save_item(struct sts_history *h, int64_t domain_id, const struct sts_item *item)
{
	return sts_store_run(h->store,
		"INSERT INTO item (domain_id, kind, key, value, since_at, last_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
		" ON CONFLICT (domain_id, kind, key) DO UPDATE SET value = excluded.value, since_at = "
		"excluded.since_at,"
		" last_at = excluded.last_at",
		STS_VALUES(sts_v_int(domain_id), sts_v_int(item->kind), sts_v_text(item->key), sts_v_text(item->value),
			sts_v_int(item->since_at), sts_v_int(item->last_at)),
		NULL, NULL);
}

static enum sts_err save_change(struct sts_history *h, int64_t domain_id, const struct sts_change *c)
{
	return sts_store_run(h->store,
		"INSERT INTO change (domain_id, seen_at, before_at, kind, key, old_value, new_value) VALUES (?1, ?2, "
		"?3, ?4, ?5, ?6, ?7)",
		STS_VALUES(sts_v_int(domain_id), sts_v_int(c->at), sts_v_int(c->before_at), sts_v_int(c->kind),
			sts_v_text(c->key), sts_v_text(c->old_value), sts_v_text(c->new_value)),
		NULL, NULL);
}

enum sts_err memory_save(struct sts_history *h, int64_t domain_id, const struct sts_memory *m)
{
	enum sts_err err = STS_OK;

	for (size_t i = 0; err == STS_OK && i < m->item_count; i++)
		if (m->items[i].dirty)
			err = save_item(h, domain_id, &m->items[i]);
	for (size_t i = 0; err == STS_OK && i < m->change_count; i++)
		err = save_change(h, domain_id, &m->changes[i]);
	return err;
}

/* ---- making anew ----------------------------------------------------------------------------------------------- */

struct replay {
	struct sts_history *h;
	struct sts_memory *memory;
	struct sts_arena *arena; /* of the snapshot at hand */
	int64_t snapshot_id;
	struct sts_observation seen;
};

static enum sts_err take_observation(const struct sts_value *v, size_t count, void *arg)
{
	struct replay *r = arg;
	enum sts_err err = STS_OK;

	(void)count;
	/* Mostly the same snapshot as before. */
	if (r->arena == NULL || v[1].integer != r->snapshot_id) {
		sts_arena_free(r->arena);
		r->arena = sts_arena_new();
		if (r->arena == NULL)
			return STS_ENOMEM;
		err = read_doc(r->h, v[2].text, r->arena, &r->seen);
		r->snapshot_id = v[1].integer;
	}
	if (err != STS_OK)
		return err;
	r->seen.at = v[0].integer;
	sts_memory_fold(r->memory, &r->seen);
	return STS_OK;
}

enum sts_err memory_replay(struct sts_history *h, int64_t domain_id, int64_t before_at, struct sts_memory *m)
{
	struct replay r = {.h = h, .memory = m};
	enum sts_err err = sts_store_run(h->store,
		"SELECT o.seen_at, o.snapshot_id, s.doc FROM observation o JOIN snapshot s ON s.id = o.snapshot_id"
		" WHERE o.domain_id = ?1 AND o.seen_at < ?2 ORDER BY o.seen_at, o.id",
		STS_VALUES(sts_v_int(domain_id), sts_v_int(before_at)), take_observation, &r);

	sts_arena_free(r.arena);
	return err;
}

static enum sts_err make_anew(struct sts_history *h, const char *name)
{
	struct domain_row d = {0};
	struct sts_memory m = {.arena = sts_arena_new()};
	enum sts_err err = m.arena == NULL ? STS_ENOMEM : domain_lock(h, name, &d);

	if (err == STS_OK)
		err = sts_store_run(
			h->store, "DELETE FROM item WHERE domain_id = ?1", STS_VALUES(sts_v_int(d.id)), NULL, NULL);
	if (err == STS_OK)
		err = sts_store_run(
			h->store, "DELETE FROM change WHERE domain_id = ?1", STS_VALUES(sts_v_int(d.id)), NULL, NULL);
	if (err == STS_OK)
		err = memory_replay(h, d.id, INT64_MAX, &m);
	if (err == STS_OK)
		err = memory_save(h, d.id, &m);
	if (err == STS_OK)
		err = sts_store_run(h->store, "UPDATE domain SET fold = ?2 WHERE id = ?1",
			STS_VALUES(sts_v_int(d.id), sts_v_int(STS_FOLD_VERSION)), NULL, NULL);
	sts_arena_free(m.arena);
	return err;
}

enum sts_err memory_ensure(struct sts_history *h, const char *name, struct domain_row *d)
{
	enum sts_err err = domain_find(h, name, d);

	if (err != STS_OK || d->fold == STS_FOLD_VERSION)
		return err;
	err = sts_store_begin(h->store, STS_BEGIN_WRITE);
	if (err == STS_OK)
		err = sts_store_end(h->store, make_anew(h, name));
	return err == STS_OK ? domain_find(h, name, d) : err;
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

static enum sts_err memory_of(struct sts_history *h, const char *domain, int64_t before_at, struct sts_memory *m)
{
	struct domain_row d = {0};
	enum sts_err err = domain_find(h, domain, &d);

	if (err != STS_OK)
		return err;
	/* Later observations must not be known: then only folding what was before will do. */
	if (d.last_at >= before_at || d.fold != STS_FOLD_VERSION)
		return memory_replay(h, d.id, before_at, m);
	return memory_load(h, &d, m);
}

/* Row and items must be of one moment. */
static enum sts_err memory_in_transaction(
	struct sts_history *h, const char *domain, int64_t before_at, struct sts_memory *m)
{
	struct domain_row d;
	enum sts_err err = memory_ensure(h, domain, &d);

	if (err == STS_OK)
		err = sts_store_begin(h->store, STS_BEGIN_READ);
	return err == STS_OK ? sts_store_end(h->store, memory_of(h, domain, before_at, m)) : err;
}

enum sts_err sts_history_memory(
	struct sts_history *h, const char *domain, struct sts_arena *arena, struct sts_memory *out)
{
	*out = (struct sts_memory){.arena = arena};
	return memory_in_transaction(h, domain, INT64_MAX, out);
}

struct bodies {
	struct sts_history *h;
	struct sts_arena *arena;
	enum sts_err err;
};

static struct sts_str find_body(const char *sha256, void *arg)
{
	struct bodies *b = arg;
	struct sts_str body = {0};
	enum sts_err err;

	if (b->err != STS_OK)
		return body;
	err = sts_history_body(b->h, sha256, b->arena, &body);
	if (err != STS_ENOENT)
		b->err = err;
	return body;
}

enum sts_err sts_history_past(
	struct sts_history *h, const char *domain, int64_t before_at, struct sts_arena *arena, struct sts_past **out)
{
	struct sts_arena *scratch = sts_arena_new();
	struct sts_memory m = {.arena = scratch};
	struct bodies bodies = {h, scratch, STS_OK};
	enum sts_err err = scratch == NULL ? STS_ENOMEM : memory_in_transaction(h, domain, before_at, &m);

	if (err == STS_ENOENT)
		err = STS_OK; /* never seen: an empty past */
	if (err == STS_OK) {
		*out = sts_past_build(&m, find_body, &bodies, arena);
		err = bodies.err;
	}
	sts_arena_free(scratch);
	return err;
}

/* ---- comparing ------------------------------------------------------------------------------------------------- */

static bool same_item(const struct sts_item *a, const struct sts_item *b)
{
	return b != NULL && strcmp(a->value, b->value) == 0 && a->since_at == b->since_at && a->last_at == b->last_at;
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_change(const struct sts_change *a, const struct sts_change *b)
{
	return a->at == b->at && a->before_at == b->before_at && a->kind == b->kind && strcmp(a->key, b->key) == 0 &&
	       same_text(a->old_value, b->old_value) && same_text(a->new_value, b->new_value);
}

static bool same_memory(const struct sts_memory *a, const struct sts_memory *b, const struct sts_changes *newest_first)
{
	if (a->item_count != b->item_count || a->change_count != newest_first->count)
		return false;
	for (size_t i = 0; i < a->item_count; i++)
		if (!same_item(&a->items[i], sts_memory_find(b, a->items[i].kind, a->items[i].key)))
			return false;
	for (size_t i = 0; i < a->change_count; i++)
		if (!same_change(&a->changes[i], &newest_first->items[a->change_count - 1 - i]))
			return false;
	return a->first_at == b->first_at && a->last_at == b->last_at;
}

enum sts_err sts_history_verify(struct sts_history *h, const char *domain, bool *same)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_memory kept = {.arena = arena};
	struct sts_memory anew = {.arena = arena};
	struct sts_changes changes = {0};
	struct domain_row d = {0};
	enum sts_err err = arena == NULL ? STS_ENOMEM : domain_find(h, domain, &d);

	*same = false;
	if (err == STS_OK)
		err = memory_load(h, &d, &kept);
	if (err == STS_OK)
		err = memory_replay(h, d.id, INT64_MAX, &anew);
	if (err == STS_OK)
		err = sts_history_changes(h, domain, 0, INT64_MAX, 0, arena, &changes);
	if (err == STS_OK)
		*same = d.fold != STS_FOLD_VERSION || same_memory(&anew, &kept, &changes);
	sts_arena_free(arena);
	return err;
}
