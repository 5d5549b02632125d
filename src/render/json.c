/* A report as JSON, schema mtasts.check/1: judgement here, what was seen in json_seen.c. doc/schema/check.schema.json describes it. */
#include "check/past.h"
#include "mtasts/check.h"
#include "render/render.h"
#include "render/words.h"

/* The word itself, so that it can be compared; its reason beside it. */
static void write_question(struct sts_jsonw *w, const char *key, const char *reason_key, const struct sts_question *q)
{
	sts_jw_cstr(w, key, sts_answer_word_name(q->answer));
	sts_jw_cstr(w, reason_key, q->reason != NULL ? q->reason : "");
}

static void write_head(struct sts_jsonw *w, const struct sts_report *r)
{
	const struct sts_facts *f = r->facts;

	sts_jw_cstr(w, "schema", "mtasts.check/1");
	sts_jw_cstr(w, "domain", f->domain);
	sts_jw_cstr(w, "domain_unicode", f->domain_unicode);
	sts_jw_array(w, "notes");
	for (size_t i = 0; i < f->note_count; i++)
		sts_jw_cstr(w, NULL, f->notes[i]);
	sts_jw_end_array(w);
	sts_jw_time(w, "checked_at", f->checked_at);
	sts_jw_time(w, "judged_at", f->judged_at);
	sts_jw_int(w, "duration_ms", f->duration_ms);
	sts_jw_cstr(w, "verdict", sts_verdict_name(r->verdict));
	sts_jw_cstr(w, "status", sts_status_name(r->status));
	sts_jw_cstr(w, "summary", r->summary != NULL ? r->summary : "");
	sts_jw_bool(w, "has_mta_sts", r->has_mta_sts);
	sts_jw_cstr(w, "mode", f->policy == NULL ? NULL : sts_mode_name(f->policy->mode));
	sts_jw_object(w, "answers");
	write_question(w, "protected", "protected_reason", &r->protected_);
	write_question(w, "enforcing", "enforcing_reason", &r->enforcing);
	write_question(w, "would_know", "would_know_reason", &r->would_know);
	sts_jw_end_object(w);
}

static void write_state(
	struct sts_jsonw *w, const char *name, enum sts_decision best, enum sts_decision worst, const char *text)
{
	sts_jw_object(w, name);
	sts_jw_cstr(w, "best", sts_decision_name(best));
	sts_jw_cstr(w, "worst", sts_decision_name(worst));
	sts_jw_cstr(w, "text", text);
	sts_jw_end_object(w);
}

static void write_outlook(struct sts_jsonw *w, const struct sts_report *r)
{
	const struct sts_outlook *o = &r->outlook;

	sts_jw_object(w, "outlook");
	for (size_t i = 0; i < STS_STATE_COUNT; i++)
		write_state(w, sts_sender_state_name((enum sts_sender_state)i), o->best[i], o->worst[i], o->text[i]);
	for (size_t i = 0; i < r->held_count; i++)
		write_state(w, r->held[i].name, r->held[i].best, r->held[i].worst, r->held[i].text);
	sts_jw_end_object(w);
}

static void write_shares(struct sts_jsonw *w, const struct sts_shares *s)
{
	if (s->text == NULL) {
		sts_jw_null(w, "sender_shares");
		return;
	}
	sts_jw_object(w, "sender_shares");
	sts_jw_int(w, "measured", s->measured);
	sts_jw_int(w, "through", s->through);
	sts_jw_int(w, "held_back", s->held_back);
	sts_jw_int(w, "unknown", s->unknown);
	sts_jw_cstr(w, "text", s->text);
	sts_jw_cstr(w, "source", s->source);
	sts_jw_end_object(w);
}

static void write_held(struct sts_jsonw *w, const struct sts_held *held)
{
	const struct sts_policy *p = &held->policy->policy;

	sts_jw_object(w, NULL);
	sts_jw_cstr(w, "state", held->name);
	sts_jw_cstr(w, "sha256", held->policy->sha256);
	sts_jw_cstr(w, "mode", sts_mode_name(p->mode));
	sts_jw_int(w, "max_age", p->max_age_s);
	sts_jw_array(w, "mx");
	for (size_t i = 0; i < p->mx_count; i++)
		if (p->mx[i].valid)
			sts_jw_str(w, NULL, sts_str(p->mx[i].text, p->mx[i].len));
	sts_jw_end_array(w);
	sts_jw_time(w, "first_seen", held->policy->first_at);
	sts_jw_time(w, "last_seen", held->policy->last_at);
	sts_jw_time(w, "until", held->until_at);
	sts_jw_end_object(w);
}

/* Policies that some sender may hold from an earlier visit. */
static void write_held_policies(struct sts_jsonw *w, const struct sts_report *r)
{
	sts_jw_array(w, "held_policies");
	for (size_t i = 0; i < r->held_count; i++)
		write_held(w, &r->held[i]);
	sts_jw_end_array(w);
}

static void write_profiles(struct sts_jsonw *w, const struct sts_report *r)
{
	sts_jw_array(w, "profiles");
	for (size_t i = 0; i < r->profile_count; i++) {
		const struct sts_profile *p = &r->profiles[i];

		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "sender", p->sender);
		sts_jw_bool(w, "accepts_record", p->accepts_record);
		sts_jw_bool(w, "accepts_policy", p->accepts_policy);
		sts_jw_cstr(w, "mode", p->mode);
		sts_jw_cstr(w, "note", p->note);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
}

static void write_checks(struct sts_jsonw *w, const struct sts_report *r)
{
	sts_jw_array(w, "checks");
	for (size_t i = 0; i < STS_PART_COUNT; i++) {
		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "id", sts_part_name((enum sts_part)i));
		sts_jw_cstr(w, "result", sts_result_name(r->parts[i].result));
		sts_jw_cstr(w, "summary", r->parts[i].summary != NULL ? r->parts[i].summary : "");
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
}

/* 0 stands for "means nothing here". */
static void write_position(struct sts_jsonw *w, const char *key, unsigned n)
{
	if (n == 0)
		sts_jw_null(w, key);
	else
		sts_jw_int(w, key, n);
}

void sts_json_finding(struct sts_jsonw *w, const char *key, const struct sts_finding *f)
{
	sts_jw_object(w, key);
	sts_jw_cstr(w, "code", f->code);
	sts_jw_cstr(w, "severity", sts_severity_name(f->severity));
	sts_jw_cstr(w, "title", f->title);
	sts_jw_cstr(w, "detail", f->detail);
	sts_jw_cstr(w, "subject", f->subject);
	write_position(w, "line", f->line);
	write_position(w, "column", f->column);
	sts_jw_cstr(w, "rfc", f->rfc);
	sts_jw_cstr(w, "result_type", f->result_type);
	sts_jw_cstr(w, "cause", f->cause);
	sts_jw_object(w, "fix");
	sts_jw_cstr(w, "text", f->fix_text);
	sts_jw_cstr(w, "snippet", f->fix_snippet);
	sts_jw_cstr(w, "type", sts_fix_type_name(f->fix_type));
	sts_jw_end_object(w);
	sts_jw_end_object(w);
}

static void write_advice(struct sts_jsonw *w, const struct sts_report *r)
{
	sts_jw_array(w, "issues");
	for (size_t i = 0; i < r->finding_count; i++)
		sts_json_finding(w, NULL, &r->findings[i]);
	sts_jw_end_array(w);
	sts_jw_array(w, "not_tested");
	for (size_t i = 0; i < r->not_tested_count; i++) {
		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "what", r->not_tested[i].what);
		sts_jw_cstr(w, "reason", r->not_tested[i].reason);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
	sts_jw_array(w, "recommendations");
	for (size_t i = 0; i < r->recommendation_count; i++)
		sts_jw_cstr(w, NULL, r->recommendations[i]);
	sts_jw_end_array(w);
}

static void write_yes_no(struct sts_jsonw *w, const char *key, enum sts_yes_no v)
{
	if (v == STS_YN_UNKNOWN)
		sts_jw_null(w, key);
	else
		sts_jw_bool(w, key, v == STS_YES);
}

static void write_vantage(struct sts_jsonw *w, const struct sts_vantage *v)
{
	sts_jw_object(w, "vantage");
	sts_jw_cstr(w, "resolver", v->resolver);
	sts_jw_bool(w, "dnssec_validation", v->path != STS_PATH_UNVALIDATED);
	sts_jw_cstr(w, "dnssec_note", v->path_why);
	sts_jw_cstr(w, "trust_store", v->trust_store);
	write_yes_no(w, "ipv4", v->ipv4);
	write_yes_no(w, "ipv6", v->ipv6);
	write_yes_no(w, "smtp", v->smtp);
	sts_jw_cstr(w, "version", sts_version());
	sts_jw_end_object(w);
}

void sts_json_report(struct sts_jsonw *w, const char *key, const struct sts_report *r)
{
	sts_jw_object(w, key);
	write_head(w, r);
	sts_json_seen(w, r);
	write_outlook(w, r);
	write_shares(w, &r->shares);
	write_held_policies(w, r);
	write_profiles(w, r);
	write_checks(w, r);
	write_advice(w, r);
	write_vantage(w, &r->facts->vantage);
	sts_jw_end_object(w);
}

/* One report: for people too, indented. Several: one object a line, as scan does, so that a reader can take them one by one. */
void sts_render_json(struct sts_buf *out, struct sts_reports reports)
{
	for (size_t i = 0; i < reports.count; i++) {
		struct sts_jsonw w = sts_jsonw(out, reports.count == 1);

		sts_json_report(&w, NULL, reports.items[i]);
		sts_buf_addc(out, '\n');
	}
}
