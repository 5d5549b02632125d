/* A report for a person at a terminal: the verdict first, then what was seen, then what to do about it. */
#include "base/clock.h"
#include "mtasts/check.h"
#include "render/paper.h"
#include "render/render.h"
#include "render/text_finding.h"
#include "render/text_seen.h"
#include "render/words.h"

static enum sts_style verdict_style(enum sts_verdict v)
{
	switch (v) {
	case STS_VERDICT_ENFORCED:
		return STS_GREEN;
	case STS_VERDICT_BROKEN:
	case STS_VERDICT_BLOCKING:
		return STS_ALARM;
	case STS_VERDICT_UNKNOWN:
		return STS_CYAN;
	default:
		return STS_YELLOW;
	}
}

static void upper_word(char out[static 16], const char *word)
{
	size_t i = 0;

	for (; word[i] != '\0' && i < 15; i++)
		out[i] = (char)(word[i] >= 'a' && word[i] <= 'z' ? word[i] - 'a' + 'A' : word[i]);
	out[i] = '\0';
}

static void verdict_line(struct sts_paper *p, const struct sts_report *r)
{
	char word[16];

	upper_word(word, sts_verdict_name(r->verdict));
	sts_paper_begin(p, 0, 0);
	sts_paper_put(p, STS_BOLD, r->facts->domain);
	if (r->facts->domain_unicode != NULL) {
		sts_paper_put(p, STS_PLAIN, " (");
		sts_paper_net(p, STS_BOLD, sts_str_of(r->facts->domain_unicode), 253);
		sts_paper_put(p, STS_PLAIN, ")");
	}
	sts_paper_put(p, STS_PLAIN, "  ");
	sts_paper_put(p, verdict_style(r->verdict), word);
	sts_paper_end(p);
	if (r->summary != NULL)
		sts_paper_text(p, 0, 0, r->summary);
	for (size_t i = 0; i < r->facts->note_count; i++) {
		sts_paper_begin(p, 0, 2);
		sts_paper_put(p, STS_DIM, "note: ");
		sts_paper_put(p, STS_DIM, r->facts->notes[i]);
		sts_paper_end(p);
	}
}

static void answer_line(struct sts_paper *p, const char *question, const struct sts_question *q)
{
	static const enum sts_style styles[] = {STS_CYAN, STS_GREEN, STS_YELLOW, STS_RED};

	sts_paper_begin(p, 0, 26);
	sts_paper_put(p, STS_BOLD, question);
	sts_paper_tab(p, 17);
	sts_paper_put(p, styles[q->answer], sts_answer_word_name(q->answer));
	sts_paper_tab(p, 26);
	sts_paper_put(p, STS_PLAIN, q->reason != NULL ? q->reason : "");
	sts_paper_end(p);
}

static void answers(struct sts_paper *p, const struct sts_report *r)
{
	sts_paper_gap(p);
	answer_line(p, "Protected?", &r->protected_);
	answer_line(p, "Enforcing?", &r->enforcing);
	answer_line(p, "Would you know?", &r->would_know);
}

/* ---- the rest -------------------------------------------------------------------------------------------------- */

static void heading(struct sts_paper *p, const char *title)
{
	sts_paper_gap(p);
	sts_paper_begin(p, 0, 0);
	sts_paper_put(p, STS_BOLD, title);
	sts_paper_end(p);
}

static void outlook(struct sts_paper *p, const struct sts_report *r)
{
	const struct sts_outlook *o = &r->outlook;

	if (o->text[STS_STATE_NO_CACHE] == NULL)
		return;
	heading(p, "What senders do with mail for this domain");
	for (size_t i = 0; i < STS_STATE_COUNT; i++) {
		if (o->text[i] == NULL || (i == STS_STATE_CURRENT_POLICY && r->facts->policy == NULL))
			continue;
		sts_paper_begin(p, 2, 4);
		sts_paper_put(p, STS_PLAIN, "- ");
		sts_paper_put(p, o->best[i] == STS_REFUSE ? STS_RED : STS_PLAIN, o->text[i]);
		sts_paper_end(p);
	}
	for (size_t i = 0; i < r->held_count; i++) {
		sts_paper_begin(p, 2, 4);
		sts_paper_put(p, STS_PLAIN, "- ");
		sts_paper_put(p, r->held[i].best == STS_REFUSE ? STS_RED : STS_PLAIN, r->held[i].text);
		sts_paper_end(p);
	}
	if (r->shares.text != NULL)
		sts_paper_text(p, 2, 2, r->shares.text);
}

static void profiles(struct sts_paper *p, const struct sts_report *r)
{
	if (r->profile_count == 0)
		return;
	heading(p, "Senders that read it differently");
	for (size_t i = 0; i < r->profile_count; i++) {
		const struct sts_profile *s = &r->profiles[i];

		sts_paper_begin(p, 2, 4);
		sts_paper_put(p, STS_PLAIN, s->sender);
		sts_paper_put(p, STS_PLAIN, ": ");
		sts_paper_put(p, STS_DIM, !s->accepts_record ? "drops the record" : !s->accepts_policy ? "drops the policy" : "accepts it");
		if (s->note != NULL)
			sts_paper_printf(p, STS_DIM, " (%s)", s->note);
		sts_paper_end(p);
	}
}

static void not_tested(struct sts_paper *p, const struct sts_report *r)
{
	if (r->not_tested_count == 0)
		return;
	heading(p, "Not tested");
	for (size_t i = 0; i < r->not_tested_count; i++) {
		sts_paper_begin(p, 2, 4);
		sts_paper_put(p, STS_PLAIN, r->not_tested[i].what);
		sts_paper_printf(p, STS_CYAN, " (%s)", r->not_tested[i].reason);
		sts_paper_end(p);
	}
}

static void recommendations(struct sts_paper *p, const struct sts_report *r)
{
	if (r->recommendation_count == 0)
		return;
	heading(p, "What to do next");
	for (size_t i = 0; i < r->recommendation_count; i++) {
		sts_paper_begin(p, 2, 5);
		sts_paper_printf(p, STS_PLAIN, "%zu.", i + 1);
		sts_paper_tab(p, 5);
		sts_paper_put(p, STS_PLAIN, r->recommendations[i]);
		sts_paper_end(p);
	}
}

static const char *yes_no(enum sts_yes_no v)
{
	return v == STS_YES ? "yes" : v == STS_NO ? "no" : "not tried";
}

static void vantage(struct sts_paper *p, const struct sts_report *r)
{
	const struct sts_vantage *v = &r->facts->vantage;
	char when[21];

	sts_format_time(r->facts->checked_at, when);
	sts_paper_gap(p);
	sts_paper_begin(p, 0, 2);
	sts_paper_printf(p, STS_DIM, "Seen %s in %.1f s: resolver %s, DNSSEC %s; trusted roots %s; IPv4 %s, IPv6 %s, port 25 %s; mtasts %s", when,
		(double)r->facts->duration_ms / 1000.0, v->resolver != NULL ? v->resolver : "unknown",
		v->path == STS_PATH_UNVALIDATED ? "not validated" : "validated here", v->trust_store != NULL ? v->trust_store : "unknown",
		yes_no(v->ipv4), yes_no(v->ipv6), yes_no(v->smtp), sts_version());
	sts_paper_end(p);
	if (r->facts->judged_at != r->facts->checked_at) {
		sts_format_time(r->facts->judged_at, when);
		sts_paper_begin(p, 0, 2);
		sts_paper_printf(p, STS_DIM, "Dates are judged as of %s", when);
		sts_paper_end(p);
	}
}

static void text_report(struct sts_paper *p, const struct sts_report *r)
{
	verdict_line(p, r);
	answers(p, r);
	sts_paper_gap(p);
	sts_text_parts(p, r);
	outlook(p, r);
	profiles(p, r);
	sts_paper_gap(p);
	sts_text_findings(p, r->findings, r->finding_count, (struct sts_str){NULL, 0});
	not_tested(p, r);
	recommendations(p, r);
	vantage(p, r);
}

void sts_render_text(struct sts_buf *out, struct sts_reports reports, const struct sts_render_options *options)
{
	struct sts_paper p = sts_paper(out, options);

	for (size_t i = 0; i < reports.count; i++) {
		if (i > 0)
			sts_buf_puts(out, "\n\n");
		text_report(&p, reports.items[i]);
	}
}
