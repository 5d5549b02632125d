/* The page that checks: the form, a result at its permanent link, and the steps of a check as they happen. */
#include "serve/page.h"

#include "proto/domain.h"
#include "render/html.h"
#include "serve/historian.h"
#include "serve/inquiry.h"
#include "serve/sse.h"

#include "base/clock.h"

#define HISTORY_CHANGES 200

/* One reader who waits for one result. In the call's arena. */
struct reader {
	struct call *call;
	struct sts_inquiry ask;
	struct sts_sse sse;
	bool steps;  /* the answer is a stream: steps, then the result */
	bool begun;  /* the stream has begun */
	bool again;  /* a fresh check, asked for by POST */
	bool cached; /* the result was there before */
	unsigned step_count;
	struct sts_outcome *result; /* kept */
	struct sts_history_query *query;
};

/* ---- the start --------------------------------------------------------------------------------------------------- */

static const char start_text[] =
	"<section class=\"three\" aria-labelledby=\"looked-at\">\n<h2 id=\"looked-at\">What is looked at</h2>\n<ul "
	"class=\"cards\">\n"
	"<li><h3>Both halves</h3><p>The TXT record at every authoritative name server, and the policy file at every "
	"address of its host, "
	"with the certificate, HTTP and every line of the file.</p></li>\n"
	"<li><h3>The mail hosts</h3><p>Each MX against the policy, then STARTTLS and the certificate at each of its "
	"addresses. DANE, "
	"too.</p></li>\n"
	"<li><h3>What senders do</h3><p>Deliver or refuse: newcomers, those that hold the policy, and those that still "
	"hold an older "
	"one.</p></li>\n"
	"<li><h3>Would you know?</h3><p>The TLSRPT record, and whether its destinations can take reports.</p></li>\n"
	"<li><h3>How to mend it</h3><p>Each finding says what was seen and what it does to mail, with the line to "
	"paste.</p></li>\n"
	"<li><h3>What changed</h3><p>Every check is kept, so that the next one can tell an id that was not bumped from "
	"one that "
	"was.</p></li>\n"
	"</ul>\n</section>\n"
	"<section aria-labelledby=\"new\">\n<h2 id=\"new\">New to MTA-STS?</h2>\n"
	"<p><a href=\"/learn\">What it is, in two minutes</a>, <a href=\"/learn/set-up\">how to set it up</a>, "
	"<a href=\"/learn/modes\">what the modes mean</a>, <a href=\"/learn/limits\">what it does not do</a>, "
	"<a href=\"/learn/faq\">frequent questions</a>, <a href=\"/learn/glossary\">words</a>.</p>\n"
	"<p>Nothing is live yet? <a href=\"/lint\">Lint a policy or a record</a> before you publish "
	"it.</p>\n</section>\n";

static void start_page(struct call *call, const char *typed, const char *error)
{
	struct page p;

	page_begin(&p, call, PAGE_CHECK, error != NULL ? "Not a domain · MTA-STS check" : "MTA-STS check",
		"Checks a domain's MTA-STS and TLSRPT the way mail servers do: record, policy, mail hosts, "
		"certificates, and what to mend.");
	sts_buf_puts(&p.b, "<section class=\"hero\">\n<h1>Does mail to your domain arrive encrypted?</h1>\n<p "
			   "class=\"summary\">MTA-STS lets a "
			   "domain demand it: mail travels encrypted, to verified hosts, or not at all. Type a domain "
			   "and see what "
			   "senders do.</p>\n");
	page_ask(&p.b, typed, error);
	sts_buf_puts(&p.b, "</section>\n");
	sts_buf_puts(&p.b, start_text);
	page_send(&p, error != NULL ? 400 : 200);
}

void page_index(struct call *call)
{
	start_page(call, NULL, NULL);
}

/* The form's target without JavaScript: off to the permanent link, which says what was stripped from the name as typed.
 */
void page_domain_form(struct call *call)
{
	const char *typed = NULL;
	const char *why = NULL;
	const char *to;
	struct sts_domain d;

	if (call_query(call, "domain", &typed) != 1) {
		start_page(call, NULL, "Type one domain.");
		return;
	}
	if (sts_domain_parse(sts_str_of(typed), call->arena, &d, &why) != STS_OK) {
		start_page(call, typed, why);
		return;
	}
	to = sts_sprintf(call->arena, "/domain/%s", page_path(call->arena, d.ascii));
	if (d.note_count > 0)
		to = sts_sprintf(call->arena, "%s?typed=%s", to, page_path(call->arena, typed));
	page_redirect(call, to);
}

/* ---- a result ---------------------------------------------------------------------------------------------------- */

static void actions(struct sts_buf *b, const struct reader *r)
{
	const char *path = page_path(r->call->arena, r->ask.domain);
	int64_t age_s = (sts_now_ms() - r->result->made_ms) / 1000;

	sts_buf_printf(b,
		"<div class=\"actions\">\n<form class=\"again\" method=\"post\" action=\"/domain/%s\"><button "
		"type=\"submit\">Check "
		"again</button></form>\n<a class=\"share\" href=\"/domain/%s\">Permanent link</a>\n"
		"<a href=\"/v1/security/mta-sts?domain=%s\">JSON</a>\n",
		path, path, path);
	if (r->cached && age_s >= 60)
		sts_buf_printf(b, "<span class=\"age\">a kept result, %lld minute%s old</span>\n",
			(long long)(age_s / 60), age_s / 60 == 1 ? "" : "s");
	sts_buf_puts(b, "</div>\n");
}

static void write_result(struct sts_buf *b, const struct reader *r, struct sts_str history)
{
	struct sts_html_options o = {
		.explain = "/explain/", .notes = r->ask.notes, .note_count = r->ask.note_count, .history = history};
	struct sts_buf bar;

	sts_buf_init(&bar, 65536);
	actions(&bar, r);
	o.actions = sts_buf_str(&bar);
	sts_html_report(b, r->result->report, &o);
	sts_buf_clear(&bar);
	sts_buf_puts(b, "<section class=\"another\" aria-labelledby=\"another\">\n<h2 id=\"another\">Check another "
			"domain</h2>\n");
	page_ask(b, NULL, NULL);
	sts_buf_puts(b, "</section>\n");
}

static const char *title_of(const struct reader *r)
{
	return sts_sprintf(
		r->call->arena, "%s: %s · MTA-STS check", r->ask.domain, sts_report_verdict(r->result->report));
}

static void send_page(struct reader *r, struct sts_str history)
{
	struct page p;

	page_begin(&p, r->call, PAGE_CHECK, title_of(r), NULL);
	write_result(&p.b, r, history);
	sts_outcome_drop(r->result);
	r->result = NULL;
	page_send(&p, 200);
}

/* The same fragment as in the page, for the script to put in place. */
static void send_event(struct reader *r, struct sts_str history)
{
	struct sts_buf html, event;
	struct sts_jsonw w;

	sts_buf_init(&html, PAGE_MAX);
	sts_buf_init(&event, PAGE_MAX);
	write_result(&html, r, history);
	w = sts_jsonw(&event, false);
	sts_jw_object(&w, NULL);
	sts_jw_cstr(&w, "title", title_of(r));
	sts_jw_cstr(&w, "path", sts_sprintf(r->call->arena, "/domain/%s", page_path(r->call->arena, r->ask.domain)));
	sts_jw_cstr(&w, "html", html.ptr);
	sts_jw_end_object(&w);
	sts_outcome_drop(r->result);
	r->result = NULL;
	sts_sse_send(&r->sse, "result", sts_buf_str(&event));
	sts_buf_clear(&html);
	sts_buf_clear(&event);
	sts_sse_end(&r->sse);
}

static void finish(struct reader *r, struct sts_str history)
{
	if (r->steps)
		send_event(r, history);
	else if (r->again && r->call->server->options.pool.cache_ms > 0) {
		sts_outcome_drop(r->result);
		r->result = NULL;
		page_redirect(
			r->call, sts_sprintf(r->call->arena, "/domain/%s", page_path(r->call->arena, r->ask.domain)));
	} else
		send_page(r, history);
}

static void history_told(enum sts_err err, struct sts_str html, const char *why, void *arg)
{
	struct reader *r = arg;

	r->query = NULL;
	if (err == STS_ENOENT)
		html = STS_STR("<p>Nothing was seen of this domain before.</p>\n");
	else if (err != STS_OK) {
		sts_server_log(r->call->server, "mtasts: the history cannot be read: %s", why);
		html = STS_STR("<p>The history cannot be read at the moment.</p>\n");
	}
	finish(r, html);
}

/* The result is there; its history is asked for. */
static void have_result(struct reader *r, struct sts_outcome *result)
{
	struct sts_history_question q = {
		.domain = r->ask.domain, .until_at = INT64_MAX, .limit = HISTORY_CHANGES, .html = true};
	struct sts_historian *historian = r->call->server->historian;

	r->result = sts_outcome_keep(result);
	r->query = historian == NULL ? NULL : sts_historian_ask(historian, &q, history_told, r);
	if (r->query == NULL)
		finish(r, historian == NULL ? (struct sts_str){0}
					    : STS_STR("<p>The history is busy at the moment.</p>\n"));
}

static void check_ended(struct sts_outcome *result, void *arg)
{
	struct reader *r = arg;

	r->ask.ticket = NULL;
	if (result != NULL) {
		have_result(r, result);
	} else if (r->steps) {
		sts_sse_send(&r->sse, "failed", STS_STR("{}"));
		sts_sse_end(&r->sse);
	} else {
		call_problem(r->call, 503, "check-failed",
			"The check could not be made; it is this server's fault, not the domain's.");
	}
}

static void reader_gone(void *arg)
{
	struct reader *r = arg;

	sts_sse_clear(&r->sse);
	if (r->ask.ticket != NULL)
		sts_ticket_cancel(r->ask.ticket);
	if (r->query != NULL)
		sts_history_query_cancel(r->query);
	sts_outcome_drop(r->result);
	r->result = NULL;
}

static void refuse(struct reader *r, enum sts_inquiry_state state)
{
	if (state == STS_INQUIRY_INVALID && page_wanted(r->call))
		start_page(r->call, r->ask.typed, r->ask.why);
	else
		call_refuse(r->call, &r->ask, state);
}

static void look(struct reader *r)
{
	enum sts_inquiry_state state = sts_inquire(r->call, &r->ask);

	if (state != STS_INQUIRY_WAIT && state != STS_INQUIRY_CACHED) {
		refuse(r, state);
		return;
	}
	sts_exchange_on_gone(r->call->x, reader_gone, r);
	if (r->steps && !r->begun) {
		r->begun = true;
		sts_sse_begin(&r->sse, r->call);
	}
	r->cached = state == STS_INQUIRY_CACHED;
	if (r->cached)
		have_result(r, r->ask.result);
}

static struct reader *reader_new(struct call *call)
{
	struct reader *r = STS_NEW(call->arena, struct reader);

	r->call = call;
	r->ask = (struct sts_inquiry){.typed = call->param, .on_done = check_ended, .arg = r};
	return r;
}

/* "Check again". */
static void again(struct call *call)
{
	struct reader *r = reader_new(call);

	r->again = true;
	r->ask.fresh = true;
	look(r);
}

void page_domain(struct call *call)
{
	struct reader *r = reader_new(call);
	const char *typed = NULL;
	const char *why = NULL;
	struct sts_domain d, same;

	if (sts_str_is(call->request->method, "POST")) {
		again(call);
		return;
	}
	/* what was stripped is told from the name as typed, if that is this domain at all */
	if (call_query(call, "typed", &typed) == 1 &&
		sts_domain_parse(sts_str_of(typed), call->arena, &d, &why) == STS_OK &&
		sts_domain_parse(sts_str_of(call->param), call->arena, &same, &why) == STS_OK &&
		strcmp(d.ascii, same.ascii) == 0)
		r->ask.typed = typed;
	look(r);
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

/* Steps that come while sts_inquire() runs belong to a check that is joined: the stream has to be open by then. */
static void step(const char *text, void *arg)
{
	struct reader *r = arg;
	struct sts_buf b;
	struct sts_jsonw w;

	if (!r->begun) {
		r->begun = true;
		sts_sse_begin(&r->sse, r->call);
	}
	sts_buf_init(&b, 65536);
	w = sts_jsonw(&b, false);
	sts_jw_object(&w, NULL);
	sts_jw_int(&w, "n", ++r->step_count);
	sts_jw_cstr(&w, "text", text);
	sts_jw_end_object(&w);
	sts_sse_send(&r->sse, "step", sts_buf_str(&b));
	sts_buf_clear(&b);
}

void page_steps(struct call *call)
{
	struct reader *r = reader_new(call);
	const char *fresh = NULL;

	r->steps = true;
	r->ask.on_step = step;
	r->ask.fresh = call_query(call, "fresh", &fresh) == 1 && strcmp(fresh, "1") == 0;
	look(r);
}

/* ---- history alone ----------------------------------------------------------------------------------------------- */

static void history_page(enum sts_err err, struct sts_str html, const char *why, void *arg)
{
	struct reader *r = arg;
	struct call *call = r->call;
	const char *path = page_path(call->arena, r->ask.domain);
	struct page p;

	r->query = NULL;
	if (err == STS_ENOENT) {
		call_problem(call, 404, "never-seen", "There is no observation of this domain here.");
		return;
	}
	if (err != STS_OK) {
		sts_server_log(call->server, "mtasts: the history cannot be read: %s", why);
		call_problem(call, 503, "history-failed", "The history cannot be read at the moment.");
		return;
	}
	page_begin(&p, call, PAGE_CHECK, sts_sprintf(call->arena, "%s: history · MTA-STS check", r->ask.domain), NULL);
	sts_buf_puts(&p.b, "<h1>History of ");
	sts_xml(&p.b, r->ask.domain);
	sts_buf_printf(&p.b,
		"</h1>\n<p><a href=\"/domain/%s\">Check it now</a> · <a "
		"href=\"/v1/domains/%s/history\">JSON</a></p>\n<h2>What changed "
		"when</h2>\n",
		path, path);
	sts_buf_add(&p.b, html.ptr, html.len);
	page_send(&p, 200);
}

void page_history(struct call *call)
{
	struct reader *r = reader_new(call);
	struct sts_history_question q = {.until_at = INT64_MAX, .limit = HISTORY_CHANGES * 5, .html = true};
	const char *why = NULL;
	struct sts_domain d;

	if (sts_domain_parse(sts_str_of(call->param), call->arena, &d, &why) != STS_OK) {
		call_problem(call, 400, "invalid-domain", why);
		return;
	}
	if (call->server->historian == NULL) {
		call_problem(call, 404, "no-history", "This server keeps no history.");
		return;
	}
	r->ask.domain = q.domain = d.ascii;
	r->query = sts_historian_ask(call->server->historian, &q, history_page, r);
	if (r->query == NULL)
		call_problem(call, 503, "overloaded", "Too many questions to the history wait for an answer.");
	else
		sts_exchange_on_gone(call->x, reader_gone, r);
}
