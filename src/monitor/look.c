#include "monitor/look.h"

#include "base/jsonr.h"
#include "base/jsonw.h"
#include "check/observe.h"
#include "check/past.h"

#include <inttypes.h>

/* ---- of a report ----------------------------------------------------------------------------------------------- */

static struct sts_look_cert *cert_of(struct sts_look *look, const char *host, bool policy_host)
{
	for (size_t i = 0; i < look->cert_count; i++)
		if (look->certs[i].policy_host == policy_host && strcmp(look->certs[i].host, host) == 0)
			return &look->certs[i];
	return NULL;
}

static void take_cert(struct sts_look *look, const struct sts_observed_cert *seen, struct sts_arena *arena)
{
	struct sts_look_cert *cert = cert_of(look, seen->host, seen->policy_host);

	if (seen->not_after <= 0)
		return;
	if (cert == NULL && look->cert_count < STS_LOOK_CERTS_MAX) {
		cert = STS_PUSH(arena, look->certs, look->cert_count);
		*cert = (struct sts_look_cert){seen->host, seen->policy_host, seen->not_after};
	} else if (cert != NULL && seen->not_after < cert->not_after) {
		cert->not_after = seen->not_after;
	}
	if (look->cert_expires_at == 0 || seen->not_after < look->cert_expires_at)
		look->cert_expires_at = seen->not_after;
}

static void add_event(struct sts_look *look, int64_t at, struct sts_arena *arena)
{
	if (at > look->checked_at)
		*STS_PUSH(arena, look->events, look->event_count) = at;
}

/* Policies that are served no longer, but that senders hold until then. */
static void take_past(struct sts_look *look, const struct sts_past *past, const char *served, struct sts_arena *arena)
{
	if (past == NULL)
		return;
	for (size_t i = 0; i < past->policy_count; i++)
		if (strcmp(past->policies[i].sha256, served) != 0)
			add_event(look, sts_past_until(&past->policies[i]), arena);
}

static void take_events(struct sts_look *look, const struct sts_report *report, const struct sts_observation *seen,
	const struct sts_look *before, struct sts_arena *arena)
{
	bool changed = before != NULL && before->id != NULL && look->id != NULL && strcmp(before->id, look->id) != 0;

	for (size_t i = 0; i < seen->cert_count; i++)
		add_event(look, seen->certs[i].not_after, arena);
	take_past(look, report->facts->past, seen->policy.sha256, arena);
	/* Until then caches of DNS may still tell the record of before. */
	if (changed && seen->record.ttl_s > 0)
		add_event(look, look->checked_at + seen->record.ttl_s, arena);
}

void sts_look_of(
	const struct sts_report *report, const struct sts_look *before, struct sts_arena *arena, struct sts_look *out)
{
	struct sts_observation seen;

	sts_observe(report, arena, &seen);
	*out = (struct sts_look){
		.verdict = sts_verdict_name(report->verdict),
		.status = sts_status_name(report->status),
		.summary = sts_strdup(arena, report->summary),
		.checked_at = seen.at,
		.duration_ms = seen.duration_ms,
		.id = sts_strdup(arena, seen.record.id),
		.max_age_s = seen.policy.max_age_s,
		.not_tested = report->not_tested_count,
	};
	for (size_t i = 0; i < report->finding_count; i++) {
		out->errors += report->findings[i].severity == STS_ERROR;
		out->warnings += report->findings[i].severity == STS_WARNING;
		out->notices += report->findings[i].severity == STS_NOTICE;
	}
	for (size_t i = 0; i < seen.cert_count; i++)
		take_cert(out, &seen.certs[i], arena);
	take_events(out, report, &seen, before, arena);
}

/* ---- as a document --------------------------------------------------------------------------------------------- */

void sts_look_write(const struct sts_look *look, struct sts_buf *out)
{
	struct sts_jsonw w = sts_jsonw(out, false);

	sts_jw_object(&w, NULL);
	sts_jw_cstr(&w, "schema", "mtasts.look/1");
	sts_jw_cstr(&w, "summary", look->summary);
	sts_jw_int(&w, "duration_ms", look->duration_ms);
	sts_jw_int(&w, "errors", look->errors);
	sts_jw_int(&w, "warnings", look->warnings);
	sts_jw_int(&w, "notices", look->notices);
	sts_jw_int(&w, "not_tested", (int64_t)look->not_tested);
	sts_jw_cstr(&w, "id", look->id);
	sts_jw_int(&w, "max_age", look->max_age_s);
	sts_jw_array(&w, "certificates");
	for (size_t i = 0; i < look->cert_count; i++) {
		sts_jw_object(&w, NULL);
		sts_jw_cstr(&w, "host", look->certs[i].host);
		sts_jw_bool(&w, "policy_host", look->certs[i].policy_host);
		sts_jw_int(&w, "not_after", look->certs[i].not_after);
		sts_jw_end_object(&w);
	}
	sts_jw_end_array(&w);
	sts_jw_end_object(&w);
}

static int64_t int_of(const struct sts_json *object, const char *name)
{
	const struct sts_json *v = sts_json_get(object, name);

	return sts_json_is(v, STS_JSON_INT) ? v->integer : 0;
}

bool sts_look_read(struct sts_str doc, struct sts_arena *arena, struct sts_look *out)
{
	const char *why;
	const struct sts_json *v = doc.ptr == NULL ? NULL : sts_json_read(doc, arena, &why);
	const struct sts_json *certs = sts_json_get(v, "certificates");

	if (!sts_str_is(sts_json_text(v, "schema"), "mtasts.look/1"))
		return false;
	*out = (struct sts_look){
		.summary = sts_json_text(v, "summary").ptr,
		.duration_ms = int_of(v, "duration_ms"),
		.errors = int_of(v, "errors"),
		.warnings = int_of(v, "warnings"),
		.notices = int_of(v, "notices"),
		.not_tested = (size_t)int_of(v, "not_tested"),
		.id = sts_json_text(v, "id").ptr,
		.max_age_s = int_of(v, "max_age"),
	};
	for (size_t i = 0; sts_json_is(certs, STS_JSON_ARRAY) && i < certs->count; i++)
		*STS_PUSH(arena, out->certs, out->cert_count) =
			(struct sts_look_cert){sts_json_text(&certs->items[i], "host").ptr,
				sts_json_is(sts_json_get(&certs->items[i], "policy_host"), STS_JSON_TRUE),
				int_of(&certs->items[i], "not_after")};
	return true;
}
