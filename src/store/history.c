#include "store/history.h"

#include "mtasts/report.h"
#include "net/cert.h"
#include "store/document.h"
#include "store/history_inside.h"

#include <stdlib.h>

/* Attempts to put an observation in. */
#define TRIES 5

enum sts_err sts_history_open(const char *where, struct sts_history **out, char why[static 512])
{
	struct sts_history *h = calloc(1, sizeof *h);
	enum sts_err err;

	if (h == NULL)
		return STS_ENOMEM;
	h->keep_days = STS_KEEP_DAYS;
	err = sts_store_open(where, &h->store, why);
	if (err != STS_OK) {
		free(h);
		return err;
	}
	*out = h;
	return STS_OK;
}

void sts_history_close(struct sts_history *h)
{
	if (h == NULL)
		return;
	sts_store_close(h->store);
	free(h);
}

const char *sts_history_why(const struct sts_history *h)
{
	return h->store->why;
}

struct sts_store *sts_history_store(struct sts_history *h)
{
	return h->store;
}

void sts_history_keep(struct sts_history *h, unsigned days)
{
	h->keep_days = days > 0 ? days : 1;
}

/* ---- domains --------------------------------------------------------------------------------------------------- */

static enum sts_err take_domain(const struct sts_value *v, size_t count, void *arg)
{
	(void)count;
	*(struct domain_row *)arg =
		(struct domain_row){v[0].integer, v[1].integer, v[2].integer, v[3].integer, v[4].integer};
	return STS_OK;
}

enum sts_err domain_find(struct sts_history *h, const char *name, struct domain_row *out)
{
	struct domain_row d = {0};
	enum sts_err err =
		sts_store_run(h->store, "SELECT id, first_at, last_at, fold, pruned_at FROM domain WHERE name = ?1",
			STS_VALUES(sts_v_text(name)), take_domain, &d);

	if (err != STS_OK)
		return err;
	if (d.id == 0)
		return STS_ENOENT;
	*out = d;
	return STS_OK;
}

enum sts_err domain_lock(struct sts_history *h, const char *name, struct domain_row *out)
{
	return sts_store_run(h->store,
		"INSERT INTO domain (name, first_at, last_at, fold) VALUES (?1, 0, 0, ?2)"
		" ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id, first_at, last_at, fold, "
		"pruned_at",
		STS_VALUES(sts_v_text(name), sts_v_int(STS_FOLD_VERSION)), take_domain, out);
}

/* ---- putting --------------------------------------------------------------------------------------------------- */

static enum sts_err put_body(struct sts_history *h, const struct sts_observed_policy *p)
{
	if (p->sha256[0] == '\0')
		return STS_OK;
	if (p->body.ptr == NULL)
		return sts_store_fail(h->store, STS_EINVAL, "an observation names a policy whose text is not at hand");
	return sts_store_run(h->store,
		"INSERT INTO body (sha256, octets) VALUES (?1, ?2) ON CONFLICT (sha256) DO NOTHING",
		STS_VALUES(sts_v_text(p->sha256), sts_v_blob(p->body)), NULL, NULL);
}

/* The domain is locked, so nobody else adds a snapshot of it meanwhile. */
static enum sts_err put_snapshot(
	struct sts_history *h, int64_t domain_id, const struct sts_observation *o, struct sts_str doc, int64_t *id)
{
	char digest[65];
	enum sts_err err;

	sts_sha256_hex(doc.ptr, doc.len, digest);
	err = sts_store_int(h->store, "SELECT id FROM snapshot WHERE domain_id = ?1 AND digest = ?2",
		STS_VALUES(sts_v_int(domain_id), sts_v_text(digest)), id);
	if (err != STS_ENOENT)
		return err;
	return sts_store_int(h->store,
		"INSERT INTO snapshot (domain_id, digest, verdict, status, policy, doc) VALUES (?1, ?2, ?3, ?4, ?5, "
		"?6) RETURNING id",
		STS_VALUES(sts_v_int(domain_id), sts_v_text(digest), sts_v_text(o->verdict), sts_v_text(o->status),
			sts_v_text(o->policy.sha256[0] != '\0' ? o->policy.sha256 : NULL), sts_v_str(doc)),
		id);
}

static enum sts_err put_observation(
	struct sts_history *h, int64_t domain_id, int64_t snapshot_id, const struct sts_observation *o, int64_t *id)
{
	return sts_store_int(h->store,
		"INSERT INTO observation (domain_id, seen_at, snapshot_id, ttl_s, duration_ms) VALUES (?1, ?2, ?3, ?4, "
		"?5)"
		" ON CONFLICT (domain_id, seen_at, snapshot_id) DO NOTHING RETURNING id",
		STS_VALUES(sts_v_int(domain_id), sts_v_int(o->at), sts_v_int(snapshot_id),
			o->record.ttl_s >= 0 ? sts_v_int(o->record.ttl_s) : sts_v_null(), sts_v_int(o->duration_ms)),
		id);
}

/* Fold one more observation, or leave it to whoever reads next when it comes late. */
static enum sts_err derive(struct sts_history *h, struct domain_row *d, const struct sts_observation *o)
{
	struct sts_memory m = {0};
	enum sts_err err;

	if (d->fold != STS_FOLD_VERSION || o->at < d->last_at) {
		d->fold = 0;
		return STS_OK;
	}
	m.arena = sts_arena_new();
	if (m.arena == NULL)
		return STS_ENOMEM;
	err = memory_load(h, d, &m);
	if (err == STS_OK) {
		sts_memory_fold(&m, o);
		err = memory_save(h, d->id, &m);
	}
	sts_arena_free(m.arena);
	return err;
}

static enum sts_err update_domain(struct sts_history *h, const struct domain_row *d, int64_t at)
{
	return sts_store_run(h->store, "UPDATE domain SET first_at = ?2, last_at = ?3, fold = ?4 WHERE id = ?1",
		STS_VALUES(sts_v_int(d->id), sts_v_int(d->first_at == 0 || at < d->first_at ? at : d->first_at),
			sts_v_int(at > d->last_at ? at : d->last_at), sts_v_int(d->fold)),
		NULL, NULL);
}

static enum sts_err put_locked(
	struct sts_history *h, const struct sts_observation *o, struct sts_str doc, struct sts_str result, bool *added)
{
	struct domain_row d = {0};
	int64_t snapshot_id = 0;
	int64_t id = 0;
	enum sts_err err = domain_lock(h, o->domain, &d);

	if (err == STS_OK)
		err = put_body(h, &o->policy);
	if (err == STS_OK)
		err = put_snapshot(h, d.id, o, doc, &snapshot_id);
	if (err == STS_OK)
		err = put_observation(h, d.id, snapshot_id, o, &id);
	if (err == STS_ENOENT)
		return STS_OK; /* it is there */
	if (err == STS_OK && result.ptr != NULL)
		err = result_save(h, d.id, id, result);
	if (err == STS_OK)
		err = derive(h, &d, o);
	if (err == STS_OK)
		err = update_domain(h, &d, o->at);
	*added = err == STS_OK;
	return err;
}

/* Two writers may stand in one another's way; the one that is sent back comes again. */
static enum sts_err put_alone(struct sts_history *h, const struct sts_observation *seen, struct sts_str doc,
	struct sts_str result, bool *added)
{
	enum sts_err err = STS_OK;

	for (int tries = 0; tries < TRIES; tries++) {
		h->store->again = false;
		err = sts_store_begin(h->store, STS_BEGIN_WRITE);
		if (err == STS_OK)
			err = sts_store_end(h->store, put_locked(h, seen, doc, result, added));
		if (err == STS_OK || !h->store->again)
			break;
	}
	return err;
}

enum sts_err sts_history_put(
	struct sts_history *h, const struct sts_observation *seen, struct sts_str result, bool *added)
{
	bool new_one = false;
	struct sts_buf doc;
	struct sts_jsonw w;
	enum sts_err err;

	sts_buf_init(&doc, STS_DOCUMENT_MAX);
	w = sts_jsonw(&doc, false);
	sts_document_write(&w, NULL, seen);
	if (doc.failed) {
		sts_buf_clear(&doc);
		return sts_store_fail(h->store, STS_ENOMEM, "the observation is too large to be kept");
	}
	err = h->store->in_transaction ? put_locked(h, seen, sts_buf_str(&doc), result, &new_one)
				       : put_alone(h, seen, sts_buf_str(&doc), result, &new_one);
	sts_buf_clear(&doc);
	if (added != NULL)
		*added = err == STS_OK && new_one;
	return err;
}

/* ---- adding a check -------------------------------------------------------------------------------------------- */

void sts_history_tidy(struct sts_history *h, const char *domain, int64_t now)
{
	struct domain_row d;
	enum sts_err err = domain_find(h, domain, &d);

	if (err == STS_OK && d.pruned_at + STS_PRUNE_EVERY_S < now)
		err = sts_history_prune(h, domain, now);
	/* What cannot be thinned out today is thinned out another day. */
	if (err != STS_OK || sts_history_prune_oldest(h, now) != STS_OK)
		h->store->why[0] = '\0';
}

static enum sts_err render(const struct sts_report *report, struct sts_buf *out)
{
	const struct sts_render_options options = {0};
	char *json = NULL;
	size_t len = 0;
	enum sts_err err = sts_report_render(&report, 1, STS_FORMAT_JSON, &options, &json, &len);

	if (err != STS_OK)
		return err;
	result_compact(sts_str(json, len), out);
	free(json);
	return out->failed ? STS_ENOMEM : STS_OK;
}

enum sts_err sts_history_add_within(struct sts_history *h, const struct sts_report *report)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_observation seen;
	struct sts_buf json;
	enum sts_err err;

	if (arena == NULL)
		return STS_ENOMEM;
	sts_observe(report, arena, &seen);
	sts_buf_init(&json, STS_RESULT_MAX);
	/* A result too large to be kept is no reason to forget what was seen. */
	err = sts_history_put(
		h, &seen, render(report, &json) == STS_OK ? sts_buf_str(&json) : (struct sts_str){0}, NULL);
	sts_buf_clear(&json);
	sts_arena_free(arena);
	return err;
}

enum sts_err sts_history_add(struct sts_history *h, const struct sts_report *report, int64_t now)
{
	enum sts_err err = sts_history_add_within(h, report);

	if (err == STS_OK)
		sts_history_tidy(h, sts_report_domain(report), now);
	return err;
}
