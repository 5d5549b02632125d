#include "store/exchange.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/map.h"
#include "net/cert.h"
#include "store/document.h"
#include "store/history_inside.h"

#include <stdio.h>
#include <stdlib.h>

#define SCHEMA "mtasts.history/1"

/* Lines between two commits of an import. */
#define BATCH 500

/* A clock may be a little ahead; an observation of next year is a mistake that would spoil what comes after it. */
#define FUTURE_S 86400

/* ---- export ---------------------------------------------------------------------------------------------------- */

struct exporting {
	sts_write_fn *write;
	void *arg;
	struct sts_map told; /* digests of bodies written already */
	int64_t count;
};

static bool is_text(struct sts_str s)
{
	return sts_utf8_valid(s) && memchr(s.ptr == NULL ? "" : s.ptr, '\0', s.len) == NULL;
}

static void write_policy(struct sts_buf *line, const struct sts_observed_policy *p)
{
	struct sts_jsonw w = sts_jsonw(line, false);
	struct sts_buf coded;

	sts_jw_object(&w, NULL);
	sts_jw_cstr(&w, "schema", SCHEMA);
	sts_jw_cstr(&w, "type", "policy");
	sts_jw_cstr(&w, "sha256", p->sha256);
	if (is_text(p->body)) {
		sts_jw_str(&w, "body", p->body);
	} else {
		sts_buf_init(&coded, 2 * STS_POLICY_MAX);
		sts_base64_put(&coded, p->body);
		sts_jw_str(&w, "body_base64", sts_buf_str(&coded));
		sts_buf_clear(&coded);
	}
	sts_jw_end_object(&w);
	sts_buf_addc(line, '\n');
}

static void write_observation(struct sts_buf *line, const struct sts_kept *kept)
{
	struct sts_jsonw w = sts_jsonw(line, false);

	sts_jw_object(&w, NULL);
	sts_jw_cstr(&w, "schema", SCHEMA);
	sts_jw_cstr(&w, "type", "observation");
	sts_jw_time(&w, "at", kept->seen.at);
	if (kept->seen.record.ttl_s >= 0)
		sts_jw_int(&w, "ttl", kept->seen.record.ttl_s);
	else
		sts_jw_null(&w, "ttl");
	sts_jw_int(&w, "duration_ms", kept->seen.duration_ms);
	sts_document_write(&w, "observation", &kept->seen);
	/* The result is JSON already, compact as it is kept. */
	sts_buf_puts(line, ",\"result\":");
	if (kept->result.ptr != NULL)
		sts_buf_add(line, kept->result.ptr, kept->result.len);
	else
		sts_buf_puts(line, "null");
	sts_jw_end_object(&w);
	sts_buf_addc(line, '\n');
}

static enum sts_err tell_policy(struct exporting *e, struct sts_buf *line, const struct sts_observed_policy *p)
{
	struct sts_str digest = sts_str_of(p->sha256);

	if (digest.len == 0 || sts_map_get(&e->told, digest) != NULL)
		return STS_OK;
	write_policy(line, p);
	return sts_map_put(&e->told, digest, e) ? STS_OK : STS_ENOMEM;
}

static enum sts_err export_one(const struct sts_kept *kept, void *arg)
{
	struct exporting *e = arg;
	struct sts_buf line;
	enum sts_err err;

	sts_buf_init(&line, 2 * STS_LINE_MAX);
	err = tell_policy(e, &line, &kept->seen.policy);
	if (err == STS_OK) {
		write_observation(&line, kept);
		err = line.failed ? STS_ENOMEM : e->write(sts_buf_str(&line), e->arg) ? STS_OK : STS_EINVAL;
	}
	sts_buf_clear(&line);
	e->count++;
	return err;
}

enum sts_err sts_history_export(
	struct sts_history *h, const char *domain_or_null, sts_write_fn *write, void *arg, int64_t *count)
{
	struct exporting e = {.write = write, .arg = arg};
	enum sts_err err = sts_history_each(h, domain_or_null, export_one, &e);

	sts_map_clear(&e.told);
	*count = e.count;
	return err;
}

/* ---- import ---------------------------------------------------------------------------------------------------- */

struct sts_import {
	struct sts_history *h;
	struct sts_import_totals totals;
	struct sts_arena *arena; /* of the line at hand */
	char why[512];
};

struct sts_import *sts_import_new(struct sts_history *h)
{
	struct sts_import *import = calloc(1, sizeof *import);

	if (import != NULL)
		import->h = h;
	return import;
}

struct sts_import_totals sts_import_totals(const struct sts_import *import)
{
	return import->totals;
}

void sts_import_free(struct sts_import *import)
{
	if (import == NULL)
		return;
	sts_arena_free(import->arena);
	free(import);
}

static enum sts_err refuse(struct sts_import *import, const char *why)
{
	struct sts_buf b;

	sts_buf_init(&b, 4096);
	sts_buf_escape(&b, sts_str_of(why), 400);
	snprintf(import->why, sizeof import->why, "%s", b.ptr == NULL ? "" : b.ptr);
	sts_buf_clear(&b);
	return STS_EINVAL;
}

static enum sts_err body_of_line(struct sts_import *import, const struct sts_json *line, struct sts_buf *body)
{
	const struct sts_json *text = sts_json_get(line, "body");
	const struct sts_json *coded = sts_json_get(line, "body_base64");

	if (sts_json_is(text, STS_JSON_STRING) && coded == NULL)
		sts_buf_add(body, text->text.ptr, text->text.len);
	else if (!sts_json_is(coded, STS_JSON_STRING) || text != NULL || !sts_base64_take(body, coded->text))
		return refuse(import, "a policy has either \"body\" or \"body_base64\"");
	return body->failed ? refuse(import, "the policy is larger than any that is read") : STS_OK;
}

static enum sts_err take_policy(struct sts_import *import, const struct sts_json *line)
{
	struct sts_str claimed = sts_json_text(line, "sha256");
	struct sts_buf body;
	char digest[65];
	enum sts_err err;

	sts_buf_init(&body, STS_POLICY_MAX);
	err = body_of_line(import, line, &body);
	if (err == STS_OK) {
		sts_sha256_hex(body.ptr == NULL ? "" : body.ptr, body.len, digest);
		if (!sts_str_is(claimed, digest))
			err = refuse(import, "the policy does not have the digest it comes with");
	}
	if (err == STS_OK)
		err = sts_store_run(import->h->store,
			"INSERT INTO body (sha256, octets) VALUES (?1, ?2) ON CONFLICT (sha256) DO NOTHING",
			STS_VALUES(sts_v_text(digest), sts_v_blob(sts_buf_str(&body))), NULL, NULL);
	sts_buf_clear(&body);
	return err;
}

static enum sts_err read_times(struct sts_import *import, const struct sts_json *line, struct sts_observation *o)
{
	const struct sts_json *at = sts_json_get(line, "at");
	const struct sts_json *ttl = sts_json_get(line, "ttl");
	const struct sts_json *duration = sts_json_get(line, "duration_ms");

	if (!sts_json_is(at, STS_JSON_STRING) || at->text.len < 20 || !sts_parse_time(at->text.ptr, &o->at) ||
		o->at < 1)
		return refuse(import, "\"at\" is not a date and time of RFC 3339");
	if (o->at > sts_now_s() + FUTURE_S)
		return refuse(import, "\"at\" lies in the future");
	if (!sts_json_is(ttl, STS_JSON_NULL) &&
		!(sts_json_is(ttl, STS_JSON_INT) && ttl->integer >= 0 && ttl->integer <= UINT32_MAX))
		return refuse(import, "\"ttl\" is neither a number of seconds nor null");
	if (!sts_json_is(duration, STS_JSON_INT) || duration->integer < 0 || duration->integer > INT32_MAX)
		return refuse(import, "\"duration_ms\" is not a number of milliseconds");
	o->record.ttl_s = ttl->type == STS_JSON_INT ? ttl->integer : -1;
	o->duration_ms = duration->integer;
	return STS_OK;
}

static enum sts_err find_policy(struct sts_import *import, struct sts_observation *o)
{
	struct sts_str body;
	enum sts_err err;

	if (o->policy.standing != STS_PRESENT)
		return STS_OK;
	err = sts_history_body(import->h, o->policy.sha256, import->arena, &body);
	if (err == STS_ENOENT)
		return refuse(import, "the policy of the observation has not come before it");
	if (err == STS_OK)
		sts_document_reread_policy(o, body, import->arena);
	return err;
}

static enum sts_err result_of_line(
	struct sts_import *import, const struct sts_json *line, const char *domain, struct sts_buf *out)
{
	const struct sts_json *result = sts_json_get(line, "result");

	if (sts_json_is(result, STS_JSON_NULL))
		return STS_OK;
	if (!sts_json_is(result, STS_JSON_OBJECT) || !sts_str_is(sts_json_text(result, "domain"), domain))
		return refuse(import, "\"result\" is neither null nor a result of the same domain");
	sts_json_write(out, result);
	return out->failed ? refuse(import, "the result is larger than any that is kept") : STS_OK;
}

static enum sts_err take_observation(struct sts_import *import, const struct sts_json *line)
{
	struct sts_observation o;
	struct sts_buf result;
	const char *why = "";
	bool added = false;
	enum sts_err err = sts_document_read(sts_json_get(line, "observation"), import->arena, &o, &why);

	if (err != STS_OK)
		return refuse(import, why);
	err = read_times(import, line, &o);
	if (err == STS_OK)
		err = find_policy(import, &o);
	sts_buf_init(&result, STS_RESULT_MAX);
	if (err == STS_OK)
		err = result_of_line(import, line, o.domain, &result);
	if (err == STS_OK)
		err = sts_history_put(import->h, &o, sts_buf_str(&result), &added);
	sts_buf_clear(&result);
	import->totals.observations += err == STS_OK;
	import->totals.added += added;
	return err;
}

static enum sts_err take_line(struct sts_import *import, struct sts_str text)
{
	const char *why = "";
	const struct sts_json *line = sts_json_read(text, import->arena, &why);

	if (line == NULL)
		return refuse(import, why);
	if (!sts_str_is(sts_json_text(line, "schema"), SCHEMA))
		return refuse(import, "\"schema\" is not " SCHEMA);
	if (sts_str_is(sts_json_text(line, "type"), "policy"))
		return take_policy(import, line);
	if (sts_str_is(sts_json_text(line, "type"), "observation"))
		return take_observation(import, line);
	return refuse(import, "\"type\" is neither policy nor observation");
}

enum sts_err sts_import_line(struct sts_import *import, struct sts_str line, const char **why)
{
	struct sts_store *store = import->h->store;
	enum sts_err err = STS_OK;

	import->totals.lines++;
	if (sts_str_trim(line).len == 0)
		return STS_OK;
	sts_arena_free(import->arena);
	import->arena = sts_arena_new();
	if (import->arena == NULL)
		return STS_ENOMEM;
	if (!store->in_transaction)
		err = sts_store_begin(store, STS_BEGIN_WRITE);
	if (err == STS_OK)
		err = line.len > STS_LINE_MAX ? refuse(import, "the line is longer than any that is read")
					      : take_line(import, line);
	*why = import->why;
	/* A line that was refused wrote nothing; what came before it stays. After a failure of the store nothing more
	 * can be said. */
	if (err != STS_OK && err != STS_EINVAL)
		return sts_store_end(store, err);
	if (err == STS_EINVAL || import->totals.lines % BATCH == 0) {
		enum sts_err end = sts_import_finish(import);

		err = end != STS_OK ? end : err;
	}
	return err;
}

enum sts_err sts_import_finish(struct sts_import *import)
{
	return sts_store_end(import->h->store, STS_OK);
}
