#include "check/findings.h"

#include "base/buf.h"

#include <stdlib.h>

struct sts_report *sts_report_new(struct sts_arena *arena, const struct sts_facts *facts)
{
	struct sts_report *r = STS_NEW(arena, struct sts_report);

	r->arena = arena;
	r->facts = facts;
	r->mx = sts_alloc_array(arena, facts->mx_count == 0 ? 1 : facts->mx_count, sizeof *r->mx);
	return r;
}

enum sts_severity sts_severity_by_mode(enum sts_mode mode)
{
	return mode == STS_MODE_ENFORCE ? STS_ERROR : mode == STS_MODE_TESTING ? STS_WARNING : STS_INFO;
}

static enum sts_severity severity_of(const struct sts_report *r, const struct sts_note *note)
{
	enum sts_severity s = note->has_severity ? note->severity : sts_catalogue(note->id)->severity;

	if (s != STS_BY_MODE)
		return s;
	return sts_severity_by_mode(r->facts->policy == NULL ? STS_MODE_UNKNOWN : r->facts->policy->mode);
}

void sts_report_add(struct sts_report *r, const struct sts_note *note)
{
	const struct sts_catalogue_entry *entry = sts_catalogue(note->id);
	struct sts_finding *f;
	size_t before = r->finding_count;

	if (before >= STS_FINDINGS_MAX)
		return;
	f = STS_PUSH(r->arena, r->findings, r->finding_count);
	*STS_PUSH(r->arena, r->ids, before) = note->id;
	f->code = entry->code;
	f->severity = severity_of(r, note);
	f->title = entry->title;
	f->detail = sts_strdup(r->arena, note->detail != NULL ? note->detail : entry->what);
	f->subject = sts_strdup(r->arena, note->subject != NULL ? note->subject : r->facts->domain);
	f->rfc = entry->source;
	f->result_type = sts_strdup(r->arena, note->result_type);
	f->cause = sts_strdup(r->arena, note->cause);
	f->fix_text = note->fix_text != NULL ? sts_strdup(r->arena, note->fix_text) : entry->fix;
	f->fix_snippet = sts_strdup(r->arena, note->snippet);
	f->fix_type = note->fix_type;
	f->line = note->line;
	f->column = note->column;
}

void sts_report_not_tested(struct sts_report *r, const char *reason, const char *what)
{
	struct sts_not_tested *n;

	for (size_t i = 0; i < r->not_tested_count; i++)
		if (strcmp(r->not_tested[i].reason, reason) == 0 && strcmp(r->not_tested[i].what, what) == 0)
			return;
	if (r->not_tested_count >= STS_FINDINGS_MAX)
		return;
	n = STS_PUSH(r->arena, r->not_tested, r->not_tested_count);
	n->reason = sts_strdup(r->arena, reason);
	n->what = sts_strdup(r->arena, what);
}

bool sts_report_has(const struct sts_report *r, enum sts_finding_id id, const char *subject)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->ids[i] == id && (subject == NULL || strcmp(r->findings[i].subject, subject) == 0))
			return true;
	return false;
}

struct sort_item {
	struct sts_finding finding;
	enum sts_finding_id id;
	size_t order; /* as added: keeps the sort stable */
};

static int compare(const void *a, const void *b)
{
	const struct sort_item *x = a;
	const struct sort_item *y = b;

	if (x->finding.severity != y->finding.severity)
		return x->finding.severity > y->finding.severity ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

void sts_report_sort(struct sts_report *r)
{
	struct sort_item *items;

	if (r->finding_count < 2)
		return;
	items = sts_alloc_array(r->arena, r->finding_count, sizeof *items);
	for (size_t i = 0; i < r->finding_count; i++)
		items[i] = (struct sort_item){r->findings[i], r->ids[i], i};
	qsort(items, r->finding_count, sizeof *items, compare);
	for (size_t i = 0; i < r->finding_count; i++) {
		r->findings[i] = items[i].finding;
		r->ids[i] = items[i].id;
	}
}

const char *sts_show(struct sts_arena *arena, struct sts_str raw)
{
	struct sts_buf b;
	char *out;

	sts_buf_init(&b, 4096);
	sts_buf_escape(&b, raw, 200);
	out = sts_strndup(arena, b.ptr == NULL ? "" : b.ptr, b.len);
	sts_buf_clear(&b);
	return out;
}

const char *sts_verdict_name(enum sts_verdict v)
{
	static const char *const names[] = {"unknown", "absent", "broken", "blocking", "none", "testing", "enforced"};

	return names[v];
}

const char *sts_status_name(enum sts_status s)
{
	static const char *const names[] = {"SUCCESS", "WARNING", "FAIL", "ERROR"};

	return names[s];
}

const char *sts_part_name(enum sts_part p)
{
	static const char *const names[] = {
		"dns_record", "policy_host", "policy_syntax", "synchronisation", "mx_match", "mx_tls", "dane", "tls_rpt"};

	return names[p];
}

const char *sts_result_name(enum sts_result r)
{
	static const char *const names[] = {"pass", "warn", "fail", "not_tested", "not_applicable"};

	return names[r];
}

const char *sts_decision_name(enum sts_decision d)
{
	static const char *const names[] = {
		"unknown", "deliver-verified", "deliver-unverified", "deliver-dane", "refuse", "unreachable"};

	return names[d];
}

const char *sts_answer_word_name(enum sts_answer_word a)
{
	static const char *const names[] = {"unknown", "yes", "partly", "no"};

	return names[a];
}

const char *sts_sender_state_name(enum sts_sender_state state)
{
	static const char *const names[] = {"no_cache", "current_policy", "dane", "neither"};

	return names[state];
}
