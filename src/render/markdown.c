/* A report as Markdown, for a ticket or a wiki: CommonMark with GitHub's tables. */
#include "base/clock.h"
#include "mtasts/check.h"
#include "render/escape.h"
#include "render/render.h"
#include "render/words.h"

#include <inttypes.h>

#define RECORD_SHOWN 1000

static void code(struct sts_buf *b, const char *s)
{
	sts_escape_markdown_code(b, sts_str_of(s), RECORD_SHOWN);
}

static void cell(struct sts_buf *b, const char *s)
{
	sts_escape_markdown_cell(b, sts_str_of(s), RECORD_SHOWN);
}

static void head(struct sts_buf *b, const struct sts_report *r)
{
	sts_buf_puts(b, "# MTA-STS of ");
	code(b, r->facts->domain);
	if (r->facts->domain_unicode != NULL) {
		sts_buf_puts(b, " (");
		sts_markdown(b, r->facts->domain_unicode);
		sts_buf_puts(b, ")");
	}
	sts_buf_printf(b, ": %s\n\n", sts_verdict_name(r->verdict));
	sts_markdown(b, r->summary);
	sts_buf_puts(b, "\n\n");
	for (size_t i = 0; i < r->facts->note_count; i++) {
		sts_buf_puts(b, "Note: ");
		sts_markdown(b, r->facts->notes[i]);
		sts_buf_puts(b, "\n\n");
	}
}

static void question(struct sts_buf *b, const char *text, const struct sts_question *q)
{
	sts_buf_printf(b, "| %s | **%s** | ", text, sts_answer_word_name(q->answer));
	sts_markdown(b, q->reason);
	sts_buf_puts(b, " |\n");
}

static void answers(struct sts_buf *b, const struct sts_report *r)
{
	sts_buf_puts(b, "| Question | Answer | Why |\n| --- | --- | --- |\n");
	question(b, "Protected?", &r->protected_);
	question(b, "Enforcing?", &r->enforcing);
	question(b, "Would you know?", &r->would_know);
	sts_buf_puts(b, "\n| Part | Result | |\n| --- | --- | --- |\n");
	for (size_t i = 0; i < STS_PART_COUNT; i++) {
		sts_buf_printf(b, "| %s | %s | ", sts_part_title((enum sts_part)i), sts_result_phrase(r->parts[i].result));
		sts_markdown(b, r->parts[i].summary);
		sts_buf_puts(b, " |\n");
	}
}

/* A block of lines as they are; the fence is longer than any in it. */
static void block(struct sts_buf *b, struct sts_str text)
{
	size_t fence = 3;
	size_t run = 0;

	for (size_t i = 0; i < text.len; i++) {
		run = text.ptr[i] == '`' ? run + 1 : 0;
		fence = run >= fence ? run + 1 : fence;
	}
	for (int end = 0; end < 2; end++) {
		for (size_t i = 0; i < fence; i++)
			sts_buf_addc(b, '`');
		sts_buf_addc(b, '\n');
		if (end == 0) {
			sts_escape_lines(b, text, 65536);
			if (text.len > 0 && b->ptr[b->len - 1] != '\n')
				sts_buf_addc(b, '\n');
		}
	}
}

static void finding(struct sts_buf *b, const struct sts_finding *f)
{
	sts_buf_printf(b, "\n### %s: ", sts_severity_name(f->severity));
	sts_markdown(b, f->title);
	sts_buf_puts(b, "\n\n");
	code(b, f->code);
	sts_buf_puts(b, " at ");
	code(b, f->subject);
	if (f->line > 0)
		sts_buf_printf(b, ", line %u, column %u", f->line, f->column);
	if (f->cause != NULL) {
		sts_buf_puts(b, ", cause ");
		code(b, f->cause);
	}
	sts_buf_puts(b, " (");
	sts_markdown(b, f->rfc);
	sts_buf_puts(b, ")\n\n");
	sts_markdown(b, f->detail);
	sts_buf_puts(b, "\n\n");
	if (f->result_type != NULL) {
		sts_buf_puts(b, "Senders report it as ");
		code(b, f->result_type);
		sts_buf_puts(b, ".\n\n");
	}
	if (f->fix_text != NULL) {
		sts_buf_puts(b, "**Mend:** ");
		sts_markdown(b, f->fix_text);
		sts_buf_puts(b, "\n\n");
	}
	if (f->fix_snippet != NULL)
		block(b, sts_str_of(f->fix_snippet));
}

static void infos(struct sts_buf *b, const struct sts_report *r, size_t from)
{
	if (from == r->finding_count)
		return;
	sts_buf_puts(b, "\n### info\n\n");
	for (size_t i = from; i < r->finding_count; i++) {
		sts_buf_puts(b, "- ");
		sts_markdown(b, r->findings[i].title);
		sts_buf_puts(b, " (");
		code(b, r->findings[i].code);
		sts_buf_puts(b, " at ");
		code(b, r->findings[i].subject);
		sts_buf_puts(b, ")\n");
	}
}

static void findings(struct sts_buf *b, const struct sts_report *r)
{
	size_t i = 0;

	sts_buf_puts(b, "\n## Findings\n");
	if (r->finding_count == 0)
		sts_buf_puts(b, "\nNone.\n");
	for (; i < r->finding_count && r->findings[i].severity > STS_INFO; i++)
		finding(b, &r->findings[i]);
	infos(b, r, i);
}

static void txt(struct sts_buf *b, const char *title, const struct sts_answer *a)
{
	if (a->state == STS_DNS_NOT_ASKED)
		return;
	sts_buf_printf(b, "\n**%s** at ", title);
	code(b, a->name);
	sts_buf_printf(b, " (DNSSEC %s)", sts_dnssec_word(a->dnssec));
	if (a->rr_count == 0) {
		sts_buf_printf(b, ": %s\n", sts_dns_state_phrase(a->state));
		return;
	}
	sts_buf_puts(b, ":\n\n");
	for (size_t i = 0; i < a->rr_count; i++) {
		sts_buf_puts(b, "- ");
		sts_escape_markdown_code(b, a->rrs[i].data, RECORD_SHOWN);
		sts_buf_puts(b, "\n");
	}
}

static void fetches(struct sts_buf *b, const struct sts_facts *f)
{
	struct sts_buf phrase;

	if (f->fetch_count == 0)
		return;
	sts_buf_puts(b, "\n| Policy host address | HTTP | TLS | Time | |\n| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < f->fetch_count; i++) {
		const struct sts_fetch *x = &f->fetches[i];

		sts_buf_init(&phrase, 4096);
		sts_fetch_error(&phrase, x);
		sts_buf_printf(b, "| %s | ", x->address.text);
		if (x->http.status > 0)
			sts_buf_printf(b, "%d", x->http.status);
		sts_buf_printf(b, " | %s | %" PRId64 " ms | ", x->tls.version != NULL ? x->tls.version : "", x->duration_ms);
		sts_escape_markdown(b, sts_buf_str(&phrase), 4096);
		sts_buf_puts(b, " |\n");
		sts_buf_clear(&phrase);
	}
}

static void policy(struct sts_buf *b, const struct sts_facts *f)
{
	if (f->policy_fetch == NULL || f->policy == NULL)
		return;
	sts_buf_printf(b, "\n**Policy** (line ends: %s):\n\n", sts_line_endings_word(f->policy));
	block(b, f->policy_fetch->body);
}

static void mx_address(struct sts_buf *b, const struct sts_smtp *s)
{
	struct sts_buf phrase;

	sts_buf_init(&phrase, 4096);
	sts_smtp_error(&phrase, s);
	sts_buf_printf(b, "%s: ", s->address.text);
	if (phrase.len > 0)
		sts_escape_markdown(b, sts_buf_str(&phrase), 4096);
	else
		sts_buf_printf(b, "%s, certificate good", s->tls.version != NULL ? s->tls.version : "TLS");
	if (s->tls.dane != STS_DANE_NONE)
		sts_buf_printf(b, ", DANE %s", sts_dane_word(s->tls.dane));
	sts_buf_clear(&phrase);
}

static void mx_row(struct sts_buf *b, const struct sts_mx *mx, const struct sts_mx_judgement *j)
{
	if (mx->implicit)
		sts_buf_puts(b, "| none | ");
	else
		sts_buf_printf(b, "| %u | ", mx->preference);
	cell(b, mx->name);
	sts_buf_puts(b, " | ");
	if (j->judged && j->covered) {
		sts_buf_puts(b, "by ");
		cell(b, j->matched_by);
	} else if (j->judged) {
		sts_buf_puts(b, "**no**");
	}
	sts_buf_puts(b, " | ");
	for (size_t i = 0; i < mx->smtp_count; i++) {
		sts_buf_puts(b, i == 0 ? "" : "<br>");
		mx_address(b, &mx->smtp[i]);
	}
	sts_buf_printf(b, " | %s |\n", sts_decision_name(j->decisions[STS_STATE_CURRENT_POLICY]));
}

static void mx_table(struct sts_buf *b, const struct sts_report *r)
{
	if (r->facts->mx_count == 0)
		return;
	sts_buf_puts(b, "\n| Preference | MX host | Covered | Addresses | Senders with the policy |\n| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < r->facts->mx_count; i++)
		mx_row(b, &r->facts->mx[i], &r->mx[i]);
}

static void outlook(struct sts_buf *b, const struct sts_report *r)
{
	static const char *const labels[STS_STATE_COUNT] = {"New here", "Has the policy", "Uses DANE", "Uses neither"};

	if (r->outlook.text[0] == NULL)
		return;
	sts_buf_puts(b, "\n## What senders do with the mail\n\n");
	for (size_t i = 0; i < STS_STATE_COUNT; i++) {
		sts_buf_printf(b, "- %s: ", labels[i]);
		sts_markdown(b, r->outlook.text[i]);
		sts_buf_puts(b, "\n");
	}
	for (size_t i = 0; i < r->held_count; i++) {
		sts_buf_puts(b, "- Has an earlier policy: ");
		sts_markdown(b, r->held[i].text);
		sts_buf_puts(b, "\n");
	}
	if (r->shares.text != NULL) {
		sts_buf_puts(b, "\n");
		sts_markdown(b, r->shares.text);
		sts_buf_puts(b, "\n");
	}
}

static void lists(struct sts_buf *b, const struct sts_report *r)
{
	if (r->not_tested_count > 0)
		sts_buf_puts(b, "\n## Not tested\n\n");
	for (size_t i = 0; i < r->not_tested_count; i++) {
		sts_buf_puts(b, "- ");
		sts_markdown(b, r->not_tested[i].what);
		sts_buf_printf(b, " (%s)\n", r->not_tested[i].reason);
	}
	if (r->recommendation_count > 0)
		sts_buf_puts(b, "\n## What to do next\n\n");
	for (size_t i = 0; i < r->recommendation_count; i++) {
		sts_buf_printf(b, "%zu. ", i + 1);
		sts_markdown(b, r->recommendations[i]);
		sts_buf_puts(b, "\n");
	}
}

static void foot(struct sts_buf *b, const struct sts_report *r)
{
	const struct sts_vantage *v = &r->facts->vantage;
	char when[21];

	sts_format_time(r->facts->checked_at, when);
	sts_buf_printf(b, "\n---\n\nSeen %s by mtasts %s; resolver ", when, sts_version());
	sts_markdown(b, v->resolver != NULL ? v->resolver : "unknown");
	sts_buf_printf(b, ", DNSSEC %s.\n", v->path == STS_PATH_UNVALIDATED ? "not validated" : "validated here");
}

void sts_render_markdown(struct sts_buf *out, struct sts_reports reports)
{
	for (size_t i = 0; i < reports.count; i++) {
		const struct sts_report *r = reports.items[i];

		if (i > 0)
			sts_buf_addc(out, '\n');
		head(out, r);
		answers(out, r);
		findings(out, r);
		sts_buf_puts(out, "\n## What was seen\n");
		txt(out, "Record", &r->facts->record);
		fetches(out, r->facts);
		policy(out, r->facts);
		mx_table(out, r);
		txt(out, "TLSRPT record", &r->facts->rpt);
		outlook(out, r);
		lists(out, r);
		foot(out, r);
	}
}
