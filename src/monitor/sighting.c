#include "monitor/sighting.h"

#include "base/jsonr.h"
#include "base/jsonw.h"
#include "check/view.h"
#include "monitor/cause.h"

#define DOC_MAX ((size_t)64 * 1024)

static void write_fix(struct sts_jsonw *w, const struct sts_finding *f)
{
	sts_jw_object(w, "fix");
	sts_jw_cstr(w, "text", f->fix_text);
	sts_jw_cstr(w, "snippet", f->fix_snippet);
	sts_jw_cstr(w, "type", sts_fix_type_name(f->fix_type));
	sts_jw_end_object(w);
}

/* Who meets the domain anew, and who holds its policy: where both do the same, one sentence is enough. */
static const char *effect_of(const struct sts_report *r, struct sts_arena *arena)
{
	const struct sts_outlook *o = &r->outlook;
	const char *fresh = o->text[STS_STATE_NO_CACHE] == NULL ? "" : o->text[STS_STATE_NO_CACHE];
	const char *holding = o->text[STS_STATE_CURRENT_POLICY];

	if (r->facts->policy == NULL || holding == NULL || sts_takes_no_mail(r->facts))
		return fresh;
	return sts_sprintf(arena, "%s %s", fresh, holding);
}

static const char *doc_of(
	const struct sts_report *r, const struct sts_finding *f, const char *place, struct sts_arena *arena)
{
	struct sts_buf b;
	struct sts_jsonw w = sts_jsonw(&b, false);
	const char *doc;

	sts_buf_init(&b, DOC_MAX);
	sts_jw_object(&w, NULL);
	sts_jw_cstr(&w, "code", f->code);
	sts_jw_cstr(&w, "place", place);
	sts_jw_cstr(&w, "subject", f->subject);
	sts_jw_cstr(&w, "severity", sts_severity_name(f->severity));
	sts_jw_cstr(&w, "title", f->title);
	sts_jw_cstr(&w, "detail", f->detail);
	sts_jw_cstr(&w, "rfc", f->rfc);
	sts_jw_cstr(&w, "result_type", f->result_type);
	sts_jw_cstr(&w, "cause", f->cause);
	write_fix(&w, f);
	sts_jw_cstr(&w, "verdict", sts_verdict_name(r->verdict));
	sts_jw_cstr(&w, "effect", effect_of(r, arena));
	sts_jw_end_object(&w);
	doc = b.failed ? NULL : sts_strndup(arena, b.ptr, b.len);
	sts_buf_clear(&b);
	return doc;
}

/* A finding too long to be kept whole is kept without what makes it long. */
static const char *short_doc(
	const struct sts_report *r, const struct sts_finding *f, const char *place, struct sts_arena *arena)
{
	struct sts_finding cut = *f;

	cut.fix_snippet = NULL;
	cut.detail = sts_strndup(arena, f->detail, strnlen(f->detail, 4000));
	return doc_of(r, &cut, place, arena);
}

static struct sts_sighting *find(struct sts_sighting *s, size_t count, const char *code, const char *place)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(s[i].code, code) == 0 && strcmp(s[i].place, place) == 0)
			return &s[i];
	return NULL;
}

struct sts_sighting *sts_sightings_of(
	const struct sts_report *report, enum sts_severity lowest, struct sts_arena *arena, size_t *count)
{
	struct sts_sighting *out = sts_alloc_array(arena, report->finding_count + 1, sizeof *out);
	size_t n = 0;

	/* worst first */
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct sts_finding *f = &report->findings[i];
		const char *place = sts_incident_place(arena, f->subject);
		const char *doc;

		if (f->severity < lowest || find(out, n, f->code, place) != NULL)
			continue;
		doc = doc_of(report, f, place, arena);
		out[n++] = (struct sts_sighting){
			.code = f->code,
			.place = place,
			.severity = f->severity,
			.cause = sts_cause_of(report, i, arena),
			.doc = doc != NULL ? doc : short_doc(report, f, place, arena),
		};
	}
	*count = n;
	return out;
}

const char *sts_look_renewed(const char *doc, const struct sts_report *report, struct sts_arena *arena)
{
	const char *why;
	const struct sts_json *old = sts_json_read(sts_str_of(doc), arena, &why);
	const struct sts_json *fix = sts_json_get(old, "fix");
	struct sts_finding f = {
		.code = sts_json_text(old, "code").ptr,
		.subject = sts_json_text(old, "subject").ptr,
		.title = sts_json_text(old, "title").ptr,
		.detail = sts_json_text(old, "detail").ptr,
		.rfc = sts_json_text(old, "rfc").ptr,
		.result_type = sts_json_text(old, "result_type").ptr,
		.cause = sts_json_text(old, "cause").ptr,
		.fix_text = sts_json_text(fix, "text").ptr,
		.fix_snippet = sts_json_text(fix, "snippet").ptr,
	};
	const char *fresh;

	for (enum sts_severity s = STS_INFO; s <= STS_ERROR; s++)
		if (sts_str_is(sts_json_text(old, "severity"), sts_severity_name(s)))
			f.severity = s;
	for (enum sts_fix_type t = STS_FIX_NONE; t <= STS_FIX_SERVER; t++)
		if (sts_str_is(sts_json_text(fix, "type"), sts_fix_type_name(t)))
			f.fix_type = t;
	fresh = doc_of(report, &f, sts_json_text(old, "place").ptr, arena);
	return fresh != NULL ? fresh : doc;
}
