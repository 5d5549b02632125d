/* A report as one page of HTML: evidence to keep or to hand on. Nothing is loaded from anywhere, and nothing runs. */
#include "base/clock.h"
#include "mtasts/check.h"
#include "render/escape.h"
#include "render/render.h"
#include "render/words.h"

#include <inttypes.h>

#define RECORD_SHOWN 2000

static const char style[] =
	"body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}"
	"h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2rem;border-bottom:1px solid #bbb}h3{font-size:1rem;margin-bottom:.2rem}"
	"table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border:1px solid #ccc}"
	"td{overflow-wrap:anywhere}pre{background:#f3f3f3;padding:.6rem;white-space:pre-wrap;overflow-wrap:anywhere}"
	"code{background:#f3f3f3;overflow-wrap:anywhere}.error,.FAIL,.blocking,.broken{color:#a40000;font-weight:bold}"
	".warning,.testing,.absent,.none{color:#7a4b00;font-weight:bold}.notice{color:#004f7a}.info{color:#555}.enforced{color:#0a5c00}"
	"@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}pre,code{background:#2a2a2a}th,td{border-color:#555}"
	".error,.FAIL,.blocking,.broken{color:#ff8a80}.warning,.testing,.absent,.none{color:#ffcc66}.notice{color:#80c8ff}"
	".info{color:#aaa}.enforced{color:#8fdc7a}}";

static void net(struct sts_buf *b, struct sts_str s)
{
	sts_escape_xml(b, s, RECORD_SHOWN);
}

/* <tag>text</tag> */
static void element(struct sts_buf *b, const char *tag, const char *text)
{
	sts_buf_printf(b, "<%s>", tag);
	sts_xml(b, text);
	sts_buf_printf(b, "</%s>", tag);
}

static void head(struct sts_buf *b, struct sts_reports reports)
{
	sts_buf_puts(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>MTA-STS of ");
	for (size_t i = 0; i < reports.count && i < 3; i++) {
		sts_buf_puts(b, i == 0 ? "" : ", ");
		sts_xml(b, reports.items[i]->facts->domain);
	}
	sts_buf_printf(b, "</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n", style);
}

static void title(struct sts_buf *b, const struct sts_report *r)
{
	sts_buf_puts(b, "<h1>");
	sts_xml(b, r->facts->domain);
	if (r->facts->domain_unicode != NULL) {
		sts_buf_puts(b, " (");
		sts_xml(b, r->facts->domain_unicode);
		sts_buf_puts(b, ")");
	}
	sts_buf_printf(b, ": <span class=\"%s\">%s</span></h1>\n", sts_verdict_name(r->verdict), sts_verdict_name(r->verdict));
	element(b, "p", r->summary);
	for (size_t i = 0; i < r->facts->note_count; i++)
		element(b, "p", r->facts->notes[i]);
	sts_buf_addc(b, '\n');
}

static void question(struct sts_buf *b, const char *text, const struct sts_question *q)
{
	sts_buf_printf(b, "<tr><th scope=\"row\">%s</th><td>%s</td>", text, sts_answer_word_name(q->answer));
	element(b, "td", q->reason);
	sts_buf_puts(b, "</tr>\n");
}

static void answers(struct sts_buf *b, const struct sts_report *r)
{
	sts_buf_puts(b, "<table>\n");
	question(b, "Protected?", &r->protected_);
	question(b, "Enforcing?", &r->enforcing);
	question(b, "Would you know?", &r->would_know);
	sts_buf_puts(b, "</table>\n<h2>Parts</h2>\n<table>\n");
	for (size_t i = 0; i < STS_PART_COUNT; i++) {
		sts_buf_printf(b, "<tr><th scope=\"row\">%s</th><td%s>%s</td>", sts_part_title((enum sts_part)i),
			r->parts[i].result == STS_RESULT_FAIL   ? " class=\"FAIL\""
			: r->parts[i].result == STS_RESULT_WARN ? " class=\"warning\""
								: "",
			sts_result_phrase(r->parts[i].result));
		element(b, "td", r->parts[i].summary);
		sts_buf_puts(b, "</tr>\n");
	}
	sts_buf_puts(b, "</table>\n");
}

static void finding(struct sts_buf *b, const struct sts_finding *f)
{
	sts_buf_printf(b, "<h3><span class=\"%s\">%s</span>: ", sts_severity_name(f->severity), sts_severity_name(f->severity));
	sts_xml(b, f->title);
	sts_buf_puts(b, "</h3>\n<p>");
	element(b, "code", f->code);
	sts_buf_puts(b, " at ");
	element(b, "code", f->subject);
	if (f->line > 0)
		sts_buf_printf(b, ", line %u, column %u", f->line, f->column);
	if (f->cause != NULL) {
		sts_buf_puts(b, ", cause ");
		element(b, "code", f->cause);
	}
	sts_buf_puts(b, " (");
	sts_xml(b, f->rfc);
	if (f->result_type != NULL) {
		sts_buf_puts(b, "; senders report it as ");
		sts_xml(b, f->result_type);
	}
	sts_buf_puts(b, ")</p>\n");
	element(b, "p", f->detail);
	if (f->fix_text != NULL) {
		sts_buf_puts(b, "\n<p><strong>Mend:</strong> ");
		sts_xml(b, f->fix_text);
		sts_buf_puts(b, "</p>");
	}
	if (f->fix_snippet != NULL) {
		sts_buf_addc(b, '\n');
		element(b, "pre", f->fix_snippet);
	}
	sts_buf_addc(b, '\n');
}

static void findings(struct sts_buf *b, const struct sts_report *r)
{
	sts_buf_puts(b, "<h2>Findings</h2>\n");
	if (r->finding_count == 0)
		sts_buf_puts(b, "<p>None.</p>\n");
	for (size_t i = 0; i < r->finding_count; i++)
		finding(b, &r->findings[i]);
}

static void txt(struct sts_buf *b, const char *what, const struct sts_answer *a)
{
	if (a->state == STS_DNS_NOT_ASKED)
		return;
	sts_buf_printf(b, "<h3>%s</h3>\n<p>", what);
	element(b, "code", a->name);
	sts_buf_printf(b, ", DNSSEC %s", sts_dnssec_word(a->dnssec));
	if (a->rr_count == 0)
		sts_buf_printf(b, ": %s", sts_dns_state_phrase(a->state));
	sts_buf_puts(b, "</p>\n");
	for (size_t i = 0; i < a->rr_count; i++) {
		sts_buf_puts(b, "<pre>");
		net(b, a->rrs[i].data);
		sts_buf_puts(b, "</pre>\n");
	}
}

static void certificate(struct sts_buf *b, const struct sts_facts *f, const struct sts_tls *tls)
{
	if (tls->chain_count == 0)
		return;
	sts_buf_puts(b, "<br>certificate ");
	net(b, sts_str_of(tls->chain[0].subject));
	sts_buf_puts(b, ", by ");
	net(b, sts_str_of(tls->chain[0].issuer));
	sts_buf_printf(b, ", %" PRId64 " days left, SHA-256 <code>%s</code>", sts_days_left(f, &tls->chain[0]), tls->chain[0].sha256);
}

static void fetches(struct sts_buf *b, const struct sts_facts *f)
{
	struct sts_buf phrase;

	if (f->fetch_count == 0)
		return;
	sts_buf_puts(b, "<h3>Policy host</h3>\n<table>\n<tr><th scope=\"col\">Address</th><th scope=\"col\">HTTP</th><th scope=\"col\">TLS</th>"
			"<th scope=\"col\">Seen</th></tr>\n");
	for (size_t i = 0; i < f->fetch_count; i++) {
		const struct sts_fetch *x = &f->fetches[i];

		sts_buf_init(&phrase, 4096);
		sts_fetch_error(&phrase, x);
		sts_buf_printf(b, "<tr><td>%s</td><td>", x->address.text);
		if (x->http.status > 0)
			sts_buf_printf(b, "%d", x->http.status);
		sts_buf_printf(b, "</td><td>%s</td><td>", x->tls.version != NULL ? x->tls.version : "");
		sts_xml(b, phrase.len > 0 ? phrase.ptr : "accepted");
		sts_buf_printf(b, ", %" PRId64 " ms", x->duration_ms);
		certificate(b, f, &x->tls);
		sts_buf_puts(b, "</td></tr>\n");
		sts_buf_clear(&phrase);
	}
	sts_buf_puts(b, "</table>\n");
}

static void policy(struct sts_buf *b, const struct sts_facts *f)
{
	if (f->policy == NULL || f->policy_fetch == NULL)
		return;
	sts_buf_printf(b, "<h3>Policy</h3>\n<p>SHA-256 <code>%s</code>, line ends: %s</p>\n<pre>", f->policy_fetch->sha256,
		sts_line_endings_word(f->policy));
	sts_escape_xml(b, f->policy_fetch->body, STS_POLICY_MAX);
	sts_buf_puts(b, "</pre>\n");
}

static void mx_address(struct sts_buf *b, const struct sts_facts *f, const struct sts_smtp *s)
{
	struct sts_buf phrase;

	sts_buf_init(&phrase, 4096);
	sts_smtp_error(&phrase, s);
	sts_buf_printf(b, "<p>%s: ", s->address.text);
	if (phrase.len > 0)
		sts_xml(b, phrase.ptr);
	else
		sts_buf_printf(b, "%s, certificate good", s->tls.version != NULL ? s->tls.version : "TLS");
	if (s->tls.dane != STS_DANE_NONE)
		sts_buf_printf(b, ", DANE %s", sts_dane_word(s->tls.dane));
	certificate(b, f, &s->tls);
	sts_buf_puts(b, "</p>");
	sts_buf_clear(&phrase);
}

static void mx_row(struct sts_buf *b, const struct sts_facts *f, const struct sts_mx *mx, const struct sts_mx_judgement *j)
{
	if (mx->implicit)
		sts_buf_puts(b, "<tr><td>none</td>");
	else
		sts_buf_printf(b, "<tr><td>%u</td>", mx->preference);
	element(b, "td", mx->name);
	sts_buf_puts(b, "<td>");
	if (j->judged && j->covered) {
		sts_buf_puts(b, "by ");
		sts_xml(b, j->matched_by);
	} else if (j->judged) {
		sts_buf_puts(b, "<span class=\"error\">no</span>");
	}
	sts_buf_puts(b, "</td><td>");
	for (size_t i = 0; i < mx->smtp_count; i++)
		mx_address(b, f, &mx->smtp[i]);
	sts_buf_printf(b, "</td><td>%s</td></tr>\n", sts_decision_name(j->decisions[STS_STATE_CURRENT_POLICY]));
}

static void mx_table(struct sts_buf *b, const struct sts_report *r)
{
	if (r->facts->mx_count == 0)
		return;
	sts_buf_puts(b, "<h3>Mail hosts</h3>\n<table>\n<tr><th scope=\"col\">Preference</th><th scope=\"col\">Host</th>"
			"<th scope=\"col\">Covered</th><th scope=\"col\">Addresses</th><th scope=\"col\">Senders with the policy</th></tr>\n");
	for (size_t i = 0; i < r->facts->mx_count; i++)
		mx_row(b, r->facts, &r->facts->mx[i], &r->mx[i]);
	sts_buf_puts(b, "</table>\n");
}

static void lists(struct sts_buf *b, const struct sts_report *r)
{
	if (r->not_tested_count > 0) {
		sts_buf_puts(b, "<h2>Not tested</h2>\n<ul>\n");
		for (size_t i = 0; i < r->not_tested_count; i++) {
			sts_buf_puts(b, "<li>");
			sts_xml(b, r->not_tested[i].what);
			sts_buf_printf(b, " (%s)</li>\n", r->not_tested[i].reason);
		}
		sts_buf_puts(b, "</ul>\n");
	}
	if (r->recommendation_count > 0) {
		sts_buf_puts(b, "<h2>What to do next</h2>\n<ol>\n");
		for (size_t i = 0; i < r->recommendation_count; i++)
			element(b, "li", r->recommendations[i]);
		sts_buf_puts(b, "\n</ol>\n");
	}
}

static void foot(struct sts_buf *b, const struct sts_report *r)
{
	const struct sts_vantage *v = &r->facts->vantage;
	char when[21];

	sts_format_time(r->facts->checked_at, when);
	sts_buf_printf(b, "<p class=\"info\">Seen %s by mtasts %s; resolver ", when, sts_version());
	sts_xml(b, v->resolver != NULL ? v->resolver : "unknown");
	sts_buf_printf(b, ", DNSSEC %s; trusted roots ", v->path == STS_PATH_UNVALIDATED ? "not validated" : "validated here");
	sts_xml(b, v->trust_store != NULL ? v->trust_store : "unknown");
	sts_buf_puts(b, "</p>\n");
}

void sts_render_html(struct sts_buf *out, struct sts_reports reports)
{
	head(out, reports);
	for (size_t i = 0; i < reports.count; i++) {
		const struct sts_report *r = reports.items[i];

		sts_buf_puts(out, "<article>\n");
		title(out, r);
		answers(out, r);
		findings(out, r);
		sts_buf_puts(out, "<h2>What was seen</h2>\n");
		txt(out, "Record", &r->facts->record);
		fetches(out, r->facts);
		policy(out, r->facts);
		mx_table(out, r);
		txt(out, "TLSRPT record", &r->facts->rpt);
		lists(out, r);
		foot(out, r);
		sts_buf_puts(out, "</article>\n");
	}
	sts_buf_puts(out, "</main>\n</body>\n</html>\n");
}
