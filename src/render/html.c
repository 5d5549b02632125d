/* A report as one page of HTML: evidence to keep or to hand on. Nothing is loaded from anywhere, and nothing runs. */
#include "render/html.h"

#include "base/clock.h"
#include "mtasts/check.h"
#include "render/render.h"
#include "render/words.h"

#include <stdio.h>

#define NET_SHOWN 2000

/* ---- pieces ------------------------------------------------------------------------------------------------------ */

void sts_html_net(struct sts_buf *b, struct sts_str s)
{
	sts_escape_xml(b, s, NET_SHOWN);
}

void sts_html_element(struct sts_buf *b, const char *tag, const char *class_or_null, const char *text)
{
	if (class_or_null != NULL)
		sts_buf_printf(b, "<%s class=\"%s\">", tag, class_or_null);
	else
		sts_buf_printf(b, "<%s>", tag);
	sts_xml(b, text);
	sts_buf_printf(b, "</%s>", tag);
}

void sts_html_icon(struct sts_buf *b, enum sts_icon icon)
{
	static const char *const paths[] = {
		[STS_ICON_OK] = "<circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"m8 12.4 2.8 2.8L16.2 9.6\"/>",
		[STS_ICON_WARN] = "<path d=\"M12 3.6 2.6 20h18.8z\"/><path d=\"M12 10v4.6M12 17.2v.2\"/>",
		[STS_ICON_FAIL] =
			"<path d=\"M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3z\"/><path d=\"m9 9 6 6m0-6-6 6\"/>",
		[STS_ICON_UNKNOWN] = ("<circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"M9.4 9.7a2.6 2.6 0 1 1 3.9 "
				      "2.2c-.9.5-1.3 1-1.3 "
				      "1.9M12 16.8v.2\"/>"),
		[STS_ICON_NONE] = "<circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"M8 12h8\"/>",
		[STS_ICON_INFO] = "<circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"M12 11.2v5.2M12 7.6v.2\"/>",
	};

	sts_buf_printf(b, "<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\" focusable=\"false\">%s</svg>",
		paths[icon]);
}

enum sts_icon sts_html_verdict_icon(enum sts_verdict v)
{
	switch (v) {
	case STS_VERDICT_ENFORCED:
		return STS_ICON_OK;
	case STS_VERDICT_TESTING:
	case STS_VERDICT_BROKEN:
		return STS_ICON_WARN;
	case STS_VERDICT_BLOCKING:
		return STS_ICON_FAIL;
	case STS_VERDICT_UNKNOWN:
		return STS_ICON_UNKNOWN;
	case STS_VERDICT_NONE:
	case STS_VERDICT_ABSENT:
		break;
	}
	return STS_ICON_NONE;
}

enum sts_icon sts_html_severity_icon(enum sts_severity s)
{
	return s == STS_ERROR ? STS_ICON_FAIL : s == STS_WARNING ? STS_ICON_WARN : STS_ICON_INFO;
}

void sts_html_time(struct sts_buf *b, int64_t at)
{
	char text[21];

	sts_format_time(at, text);
	sts_buf_printf(b, "<time datetime=\"%s\">%.10s %.5s UTC</time>", text, text, text + 11);
}

void sts_html_scroll(struct sts_buf *b, const char *label)
{
	sts_buf_puts(b, "<section class=\"scroll\" tabindex=\"0\" aria-label=\"");
	sts_xml(b, label);
	sts_buf_puts(b, "\">\n");
}

void sts_html_code(struct sts_buf *b, const char *code, const char *explain)
{
	if (explain != NULL)
		sts_buf_printf(b, "<a href=\"%s%s\">", explain, code);
	sts_html_element(b, "code", NULL, code);
	if (explain != NULL)
		sts_buf_puts(b, "</a>");
}

/* ---- the verdict ------------------------------------------------------------------------------------------------- */

static void note(struct sts_buf *b, const char *text)
{
	sts_html_element(b, "p", "note", text);
	sts_buf_addc(b, '\n');
}

static void verdict(struct sts_buf *b, const struct sts_report *r, const struct sts_html_options *o)
{
	const struct sts_facts *f = r->facts;
	const char *word = sts_verdict_name(r->verdict);

	sts_buf_printf(b, "<header class=\"verdict %s\">\n<h1><span class=\"domain\">", word);
	sts_xml(b, f->domain);
	sts_buf_puts(b, "</span>");
	if (f->domain_unicode != NULL) {
		sts_buf_puts(b, " <span class=\"unicode\">(");
		sts_xml(b, f->domain_unicode);
		sts_buf_puts(b, ")</span>");
	}
	sts_buf_puts(b, " <span class=\"badge\">");
	sts_html_icon(b, sts_html_verdict_icon(r->verdict));
	sts_buf_printf(b, "%s</span></h1>\n", word);
	sts_html_element(b, "p", "summary", r->summary);
	sts_buf_addc(b, '\n');
	for (size_t i = 0; i < f->note_count; i++)
		note(b, f->notes[i]);
	for (size_t i = 0; i < o->note_count; i++)
		note(b, o->notes[i]);
	sts_buf_puts(b, "<p class=\"seen\">Seen ");
	sts_html_time(b, f->checked_at);
	sts_buf_printf(b, " in %.1f s", (double)f->duration_ms / 1000.0);
	if (f->judged_at != f->checked_at) {
		sts_buf_puts(b, "; dates are judged as of ");
		sts_html_time(b, f->judged_at);
	}
	sts_buf_puts(b, "</p>\n");
	sts_buf_add(b, o->actions.ptr, o->actions.len);
	sts_buf_puts(b, "</header>\n");
}

/* ---- answers and parts ------------------------------------------------------------------------------------------- */

static void question(struct sts_buf *b, const char *text, const struct sts_question *q)
{
	static const enum sts_icon icons[] = {STS_ICON_UNKNOWN, STS_ICON_OK, STS_ICON_WARN, STS_ICON_FAIL};
	const char *word = sts_answer_word_name(q->answer);

	sts_buf_printf(b, "<div class=\"answer %s\"><dt>%s</dt><dd><strong>", word, text);
	sts_html_icon(b, icons[q->answer]);
	sts_buf_printf(b, "%s</strong> ", word);
	sts_html_element(b, "span", NULL, q->reason);
	sts_buf_puts(b, "</dd></div>\n");
}

static void answers(struct sts_buf *b, const struct sts_report *r)
{
	sts_buf_puts(b, "<dl class=\"answers\">\n");
	question(b, "Is mail protected?", &r->protected_);
	question(b, "Is the policy enforced?", &r->enforcing);
	question(b, "Would you know of trouble?", &r->would_know);
	sts_buf_puts(b, "</dl>\n");
}

static void part(struct sts_buf *b, const struct sts_report *r, enum sts_part p)
{
	static const enum sts_icon icons[] = {
		STS_ICON_OK, STS_ICON_WARN, STS_ICON_FAIL, STS_ICON_UNKNOWN, STS_ICON_NONE};
	enum sts_result result = r->parts[p].result;

	sts_buf_printf(b, "<li class=\"part %s\"><h3>%s</h3> <span class=\"result\">", sts_result_name(result),
		sts_part_title(p));
	sts_html_icon(b, icons[result]);
	sts_buf_printf(b, "%s</span>\n", result == STS_RESULT_FAIL ? "fail" : sts_result_phrase(result));
	sts_html_element(b, "p", NULL, r->parts[p].summary);
	sts_buf_puts(b, "</li>\n");
}

static void parts(struct sts_buf *b, const struct sts_report *r)
{
	sts_buf_puts(b, "<h2>Parts</h2>\n<ul class=\"parts\">\n");
	for (size_t i = 0; i < STS_PART_COUNT; i++)
		part(b, r, (enum sts_part)i);
	sts_buf_puts(b, "</ul>\n");
}

/* ---- lists ------------------------------------------------------------------------------------------------------- */

static void next_steps(struct sts_buf *b, const struct sts_report *r)
{
	if (r->recommendation_count == 0)
		return;
	sts_buf_puts(b, "<h2>What to do next</h2>\n<ol class=\"next\">\n");
	for (size_t i = 0; i < r->recommendation_count; i++) {
		sts_html_element(b, "li", NULL, r->recommendations[i]);
		sts_buf_addc(b, '\n');
	}
	sts_buf_puts(b, "</ol>\n");
}

static void not_tested(struct sts_buf *b, const struct sts_report *r, const char *explain)
{
	if (r->not_tested_count == 0)
		return;
	sts_buf_puts(b, "<h2>Not tested</h2>\n<p>This was not seen; it counts neither for nor against the domain.</p>\n"
			"<ul class=\"not-tested\">\n");
	for (size_t i = 0; i < r->not_tested_count; i++) {
		sts_buf_puts(b, "<li>");
		sts_xml(b, r->not_tested[i].what);
		sts_buf_puts(b, " (");
		sts_html_code(b, r->not_tested[i].reason, explain);
		sts_buf_puts(b, ")</li>\n");
	}
	sts_buf_puts(b, "</ul>\n");
}

static const char *yes_no(enum sts_yes_no v)
{
	return v == STS_YES ? "yes" : v == STS_NO ? "no" : "not tried";
}

static void vantage(struct sts_buf *b, const struct sts_report *r)
{
	const struct sts_vantage *v = &r->facts->vantage;

	sts_buf_puts(b, "<h3>Where it was seen from</h3>\n<p class=\"vantage\">Resolver ");
	sts_xml(b, v->resolver != NULL ? v->resolver : "unknown");
	sts_buf_printf(
		b, ", DNSSEC %s; trusted roots ", v->path == STS_PATH_UNVALIDATED ? "not validated" : "validated here");
	sts_xml(b, v->trust_store != NULL ? v->trust_store : "unknown");
	sts_buf_printf(b, "; IPv4 %s, IPv6 %s, port 25 %s; mtasts %s</p>\n", yes_no(v->ipv4), yes_no(v->ipv6),
		yes_no(v->smtp), sts_version());
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static void panel(struct sts_buf *b, unsigned number, const char *id, const char *title)
{
	char suffix[16] = "";

	if (number > 0)
		snprintf(suffix, sizeof suffix, "-%u", number);
	sts_buf_printf(b,
		"<section class=\"panel\" id=\"%s%s\" aria-labelledby=\"%s%s-title\">\n"
		"<h2 class=\"panel-title\" id=\"%s%s-title\">%s</h2>\n",
		id, suffix, id, suffix, id, suffix, title);
}

static struct sts_html_source policy_source(const struct sts_facts *f)
{
	return (struct sts_html_source){
		f->policy != NULL && f->policy_fetch != NULL ? f->policy_fetch->body : (struct sts_str){0}, "policy."};
}

static void overview(struct sts_buf *b, const struct sts_report *r, const struct sts_html_options *o)
{
	answers(b, r);
	parts(b, r);
	sts_html_findings(b, r->findings, r->finding_count, policy_source(r->facts), o);
	next_steps(b, r);
	sts_html_senders(b, r);
	not_tested(b, r, o->explain);
}

void sts_html_report(struct sts_buf *b, const struct sts_report *r, const struct sts_html_options *o)
{
	sts_buf_puts(b, "<article class=\"report\">\n");
	verdict(b, r, o);
	overview(b, r, o);
	sts_buf_puts(b, "<div class=\"panels\">\n");
	panel(b, o->number, "evidence", "What was seen");
	sts_html_seen(b, r);
	vantage(b, r);
	sts_buf_puts(b, "</section>\n");
	panel(b, o->number, "tls-reports", "TLS reports");
	sts_html_rpt(b, r);
	sts_buf_puts(b, "</section>\n");
	if (o->history.ptr != NULL) {
		panel(b, o->number, "history", "History");
		sts_buf_add(b, o->history.ptr, o->history.len);
		sts_buf_puts(b, "</section>\n");
	}
	sts_buf_puts(b, "</div>\n</article>\n");
}

static void head(struct sts_buf *b, struct sts_reports reports)
{
	sts_buf_puts(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>MTA-STS of ");
	for (size_t i = 0; i < reports.count && i < 3; i++) {
		sts_buf_puts(b, i == 0 ? "" : ", ");
		sts_xml(b, reports.items[i]->facts->domain);
	}
	sts_buf_puts(b, "</title>\n<style>\n");
	sts_buf_add(b, sts_embedded_report_css.ptr, sts_embedded_report_css.len);
	sts_buf_puts(b, "</style>\n</head>\n<body>\n<main>\n");
}

void sts_render_html(struct sts_buf *out, struct sts_reports reports)
{
	struct sts_html_options o = {0};

	head(out, reports);
	for (size_t i = 0; i < reports.count; i++) {
		o.number = (unsigned)i;
		sts_html_report(out, reports.items[i], &o);
	}
	sts_buf_puts(out, "</main>\n</body>\n</html>\n");
}
