/* What `lint` found, as JSON. doc/schema/lint.schema.json describes it. */
#include "render/lint.h"
#include "render/render.h"
#include "render/words.h"

static void write_slice(struct sts_jsonw *w, const char *key, struct sts_str s)
{
	if (s.len == 0)
		sts_jw_null(w, key);
	else
		sts_jw_str(w, key, s);
}

static void write_fields(struct sts_jsonw *w, const struct sts_field *fields, size_t count)
{
	sts_jw_array(w, "fields");
	for (size_t i = 0; i < count; i++) {
		sts_jw_object(w, NULL);
		sts_jw_str(w, "name", fields[i].name);
		sts_jw_str(w, "value", fields[i].value);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
}

static void write_policy(struct sts_jsonw *w, const struct sts_policy *p)
{
	sts_jw_object(w, "value");
	write_slice(w, "version", p->version);
	sts_jw_cstr(w, "mode", sts_mode_name(p->mode));
	sts_jw_array(w, "mx");
	for (size_t i = 0; i < p->mx_count; i++)
		sts_jw_str(w, NULL, sts_str(p->mx[i].text, p->mx[i].len));
	sts_jw_end_array(w);
	if (p->has_max_age)
		sts_jw_int(w, "max_age", p->max_age_s);
	else
		sts_jw_null(w, "max_age");
	sts_jw_cstr(w, "line_endings", sts_line_endings_word(p));
	write_fields(w, p->fields, p->field_count);
	sts_jw_end_object(w);
}

static void write_record(struct sts_jsonw *w, const struct sts_record *record)
{
	if (record == NULL) {
		sts_jw_null(w, "value");
		return;
	}
	sts_jw_object(w, "value");
	sts_jw_cstr(w, "version", record->begins_with_version ? "STSv1" : NULL);
	write_slice(w, "id", record->id);
	write_fields(w, record->fields, record->field_count);
	sts_jw_end_object(w);
}

static void write_tlsrpt(struct sts_jsonw *w, const struct sts_tlsrpt *t)
{
	if (t->verdict == STS_TLSRPT_ABSENT || t->verdict == STS_TLSRPT_MULTIPLE) {
		sts_jw_null(w, "value");
		return;
	}
	sts_jw_object(w, "value");
	sts_jw_array(w, "rua");
	for (size_t i = 0; i < t->rua_count; i++) {
		sts_jw_object(w, NULL);
		sts_jw_str(w, "uri", t->rua[i].uri);
		write_slice(w, "scheme", t->rua[i].scheme);
		sts_jw_cstr(w, "host", t->rua[i].host);
		sts_jw_bool(w, "usable", t->rua[i].usable);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
	sts_jw_end_object(w);
}

static void write_value(struct sts_jsonw *w, const struct sts_lint *lint)
{
	switch (lint->kind) {
	case STS_LINT_POLICY:
		write_policy(w, &lint->policy);
		break;
	case STS_LINT_RECORD:
		write_record(w, lint->records.chosen);
		break;
	case STS_LINT_TLSRPT:
		write_tlsrpt(w, &lint->tlsrpt);
		break;
	}
}

static void write_names(struct sts_jsonw *w, const char *key, const char *const *names, size_t count)
{
	sts_jw_array(w, key);
	for (size_t i = 0; i < count; i++)
		sts_jw_cstr(w, NULL, names[i]);
	sts_jw_end_array(w);
}

static void write_senders(struct sts_jsonw *w, const struct sts_lint *lint)
{
	sts_jw_object(w, "practical");
	write_names(w, "accepted_by", lint->accepted_by, lint->accepted_count);
	write_names(w, "refused_by", lint->refused_by, lint->refused_count);
	sts_jw_end_object(w);
	sts_jw_array(w, "senders");
	for (size_t i = 0; i < lint->sender_count; i++) {
		const struct sts_reading *reading = &lint->senders[i].reading;

		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "sender", lint->senders[i].name);
		if (reading->known)
			sts_jw_bool(w, "accepts", reading->accepts);
		else
			sts_jw_null(w, "accepts");
		sts_jw_cstr(w, "why", reading->why);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
}

static void write_mx(struct sts_jsonw *w, const struct sts_lint *lint)
{
	sts_jw_array(w, "mx");
	for (size_t i = 0; i < lint->mx_count; i++) {
		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "host", lint->mx[i].host);
		sts_jw_bool(w, "covered", lint->mx[i].covered);
		sts_jw_cstr(w, "matched_by", lint->mx[i].matched_by);
		sts_jw_cstr(w, "cause", lint->mx[i].cause);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
}

void sts_json_lint(struct sts_jsonw *w, const char *key, const struct sts_lint *lint)
{
	sts_jw_object(w, key);
	sts_jw_cstr(w, "schema", "mtasts.lint/1");
	sts_jw_cstr(w, "kind", sts_lint_kind_name(lint->kind));
	sts_jw_bool(w, "usable", lint->usable);
	sts_jw_bool(w, "works", lint->works);
	write_senders(w, lint);
	sts_jw_cstr(w, "verdict", lint->verdict);
	write_value(w, lint);
	write_mx(w, lint);
	sts_jw_array(w, "issues");
	for (size_t i = 0; i < lint->issue_count; i++)
		sts_json_finding(w, NULL, &lint->issues[i]);
	sts_jw_end_array(w);
	sts_jw_end_object(w);
}
