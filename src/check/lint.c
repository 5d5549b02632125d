#include "check/lint.h"

#include "check/rules.h"
#include "check/rules_syntax.h"

#define PLACEHOLDER "example.com"

const char *sts_lint_kind_name(enum sts_lint_kind kind)
{
	static const char *const names[] = {"policy", "record", "tlsrpt"};

	return names[kind];
}

enum sts_severity sts_lint_worst(const struct sts_lint *lint)
{
	enum sts_severity worst = STS_INFO;

	for (size_t i = 0; i < lint->issue_count; i++)
		if (lint->issues[i].severity > worst)
			worst = lint->issues[i].severity;
	return worst;
}

/* Facts of a check that saw nothing but the text. */
static struct sts_facts *blank_facts(const struct sts_lint_params *params, struct sts_arena *arena)
{
	struct sts_facts *f = STS_NEW(arena, struct sts_facts);

	f->domain = params->domain != NULL ? params->domain : PLACEHOLDER;
	f->checked_at = params->judged_at;
	f->judged_at = params->judged_at;
	return f;
}

/* ---- issues ------------------------------------------------------------------------------------------------------ */

/* Findings are made for a whole check: a list of hosts that the user typed is not the domain's MX set. */
static bool about_whole_set(enum sts_finding_id id)
{
	return id == STS_F_MATCH_ALL_UNCOVERED || id == STS_F_MATCH_PATTERN_UNUSED;
}

/* Where no domain is known the rules spoke of the placeholder's names. */
static const char *subject_of(const struct sts_lint *lint, const struct sts_finding *f)
{
	return strstr(f->subject, PLACEHOLDER) != NULL && f->cause == NULL ? sts_lint_kind_name(lint->kind)
									   : f->subject;
}

static void take_issues(struct sts_report *r, const struct sts_lint_params *params, struct sts_lint *out)
{
	sts_report_sort(r);
	out->issues = sts_alloc_array(r->arena, r->finding_count == 0 ? 1 : r->finding_count, sizeof *out->issues);
	for (size_t i = 0; i < r->finding_count; i++) {
		struct sts_finding *f = &out->issues[out->issue_count];

		if (about_whole_set(r->ids[i]))
			continue;
		*f = r->findings[i];
		if (params->domain == NULL)
			f->subject = subject_of(out, f);
		out->issue_count++;
	}
}

/* ---- senders ----------------------------------------------------------------------------------------------------- */

static void take_senders(const struct sts_reading readings[static STS_SENDER_COUNT], struct sts_lint *out)
{
	for (size_t i = 0; i < STS_SENDER_COUNT; i++) {
		const char *name = sts_sender_name((enum sts_sender)i);

		out->senders[out->sender_count++] = (struct sts_lint_sender){name, readings[i]};
		if (!readings[i].known)
			continue;
		if (readings[i].accepts)
			out->accepted_by[out->accepted_count++] = name;
		else
			out->refused_by[out->refused_count++] = name;
	}
}

/* ---- policy ------------------------------------------------------------------------------------------------------ */

/* The typed hosts in place of MX records, of which there may be more. */
static void add_hosts(const struct sts_lint_params *params, struct sts_arena *arena, struct sts_facts *f)
{
	f->mx = sts_alloc_array(arena, params->host_count == 0 ? 1 : params->host_count, sizeof *f->mx);
	f->mx_count = params->host_count < STS_MX_MAX ? params->host_count : STS_MX_MAX;
	f->mx_total = f->mx_count + 1;
	for (size_t i = 0; i < f->mx_count; i++) {
		struct sts_str host = sts_str_trim(sts_str_of(params->hosts[i]));
		char *name;

		if (host.len > 1 && host.ptr[host.len - 1] == '.')
			host.len--;
		name = sts_strndup(arena, host.len == 0 ? "" : host.ptr, host.len);
		sts_lower_in_place(name);
		f->mx[i].name = name;
	}
}

static void take_hosts(const struct sts_report *r, struct sts_lint *out)
{
	const struct sts_facts *f = r->facts;

	out->mx = sts_alloc_array(r->arena, f->mx_count == 0 ? 1 : f->mx_count, sizeof *out->mx);
	out->mx_count = f->mx_count;
	for (size_t i = 0; i < f->mx_count; i++)
		out->mx[i] = (struct sts_lint_mx){
			.host = sts_show(r->arena, sts_str_of(f->mx[i].name)),
			.covered = r->mx[i].covered,
			.matched_by = r->mx[i].matched_by,
			.cause = r->mx[i].cause,
		};
}

static void note_too_large(struct sts_report *r, size_t len)
{
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_HOST_HTTP_TOO_LARGE,
				  .subject = r->facts->domain,
				  .detail = sts_sprintf(r->arena,
					  "The file has %zu octets. Senders read 65536 at most, and most of them drop "
					  "a larger policy.",
					  len),
				  .result_type = "sts-policy-fetch-error",
				  .fix_type = STS_FIX_POLICY,
			  });
}

void sts_lint_policy(
	struct sts_str body, const struct sts_lint_params *params, struct sts_arena *arena, struct sts_lint *out)
{
	struct sts_facts *f = blank_facts(params, arena);
	struct sts_reading readings[STS_SENDER_COUNT];
	struct sts_transport transport = {.body_len = body.len};
	bool too_large = body.len > STS_POLICY_MAX;
	struct sts_report *r;

	*out = (struct sts_lint){.kind = STS_LINT_POLICY};
	sts_policy_parse(body, arena, &out->policy);
	f->policy = &out->policy;
	add_hosts(params, arena, f);
	r = sts_report_new(arena, f);
	if (too_large)
		note_too_large(r, body.len);
	sts_rules_policy_faults(&out->policy, r);
	sts_rule_match(f, r);
	out->usable = out->policy.strict && !too_large;
	out->works = out->policy.usable && !too_large;
	out->verdict = out->usable ? "accept" : "reject";
	sts_readers_policy(sts_str(body.ptr, too_large ? STS_POLICY_MAX : body.len), &transport, arena, readings);
	take_senders(readings, out);
	take_hosts(r, out);
	take_issues(r, params, out);
}

/* ---- records ----------------------------------------------------------------------------------------------------- */

void sts_lint_record(const struct sts_str *texts, size_t count, const struct sts_lint_params *params,
	struct sts_arena *arena, struct sts_lint *out)
{
	static const char *const words[] = {"accept", "absent", "invalid", "multiple"};
	struct sts_facts *f = blank_facts(params, arena);
	struct sts_reading readings[STS_SENDER_COUNT];
	struct sts_report *r;

	*out = (struct sts_lint){.kind = STS_LINT_RECORD};
	sts_record_set_parse(texts, count, arena, &out->records);
	f->record_set = out->records;
	f->record.state = count == 0 ? STS_DNS_NODATA : STS_DNS_OK;
	f->record.rr_count = count;
	f->record.name = sts_sprintf(arena, "_mta-sts.%s", f->domain);
	r = sts_report_new(arena, f);
	sts_rule_record(f, r);
	out->usable = out->records.verdict == STS_RECORD_ACCEPT;
	out->works = out->records.candidates == 1 && out->records.chosen->usable;
	out->verdict = words[out->records.verdict];
	sts_readers_record(texts, count, arena, readings);
	take_senders(readings, out);
	take_issues(r, params, out);
}

void sts_lint_tlsrpt(const struct sts_str *texts, size_t count, const struct sts_lint_params *params,
	struct sts_arena *arena, struct sts_lint *out)
{
	static const char *const words[] = {"accept", "absent", "invalid", "unusable", "multiple"};
	struct sts_facts *f = blank_facts(params, arena);
	struct sts_report *r;

	*out = (struct sts_lint){.kind = STS_LINT_TLSRPT};
	sts_tlsrpt_parse(texts, count, arena, &out->tlsrpt);
	f->tlsrpt = out->tlsrpt;
	f->rpt.state = count == 0 ? STS_DNS_NODATA : STS_DNS_OK;
	f->rpt.name = sts_sprintf(arena, "_smtp._tls.%s", f->domain);
	r = sts_report_new(arena, f);
	sts_rule_rpt(f, r);
	out->usable = out->tlsrpt.verdict == STS_TLSRPT_ACCEPT;
	out->works = out->usable;
	out->verdict = words[out->tlsrpt.verdict];
	take_issues(r, params, out);
}
