/* The watched domains at a glance: by state, by cause, one by one; and as CSV. */
#include "serve/page.h"

#include "base/clock.h"
#include "check/findings.h"
#include "monitor/cause.h"
#include "monitor/fleet.h"
#include "monitor/look.h"
#include "monitor/watch.h"
#include "render/html.h"
#include "serve/historian.h"
#include "store/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ROWS_A_PAGE 200
#define DOMAINS_OF_A_CAUSE 25
/* A fleet that needs more is not shown: what comes behind the rows, and their last move to a larger place, have the rest. */
#define ROWS_OCTETS_MAX (STS_ARENA_MAX / 3)
#define NEVER "not looked at"

/* What is asked for; in the heap, as it may outlive the exchange. */
struct work {
	char tag[STS_TAG_MAX + 1]; /* "": all */
	char state[16];            /* a verdict, or "": all */
	size_t page;               /* from 1 on */
	bool csv;
};

/* In the call's arena. */
struct reader {
	struct call *call;
	struct sts_history_query *query;
	bool csv;
};

/* ---- in the historian's thread: gathering ---------------------------------------------------------------------- */

struct row {
	const char *name, *tags, *verdict, *status, *summary;
	int64_t checked_at, cert_expires_at, errors, warnings, notices, incidents;
};

struct count {
	const char *word;
	size_t count;
};

struct fleet {
	struct sts_arena *arena;
	const struct work *work;
	struct row *rows; /* of the tag */
	size_t row_count;
	struct count *tags; /* of all domains */
	size_t tag_count;
};

static void count_word(struct sts_arena *arena, struct count **counts, size_t *count, struct sts_str word)
{
	struct count *c;

	for (size_t i = 0; i < *count; i++) {
		if (sts_str_is(word, (*counts)[i].word)) {
			(*counts)[i].count++;
			return;
		}
	}
	c = STS_PUSH(arena, *counts, *count);
	*c = (struct count){sts_strndup(arena, word.ptr, word.len), 1};
}

/* Calls for each of ",a,b,". */
static void count_tags(struct fleet *f, const char *tags)
{
	struct sts_str rest = sts_str_from(sts_str_of(tags), 1);

	while (rest.len > 0) {
		size_t n = sts_str_find(rest, ',', 0);

		count_word(f->arena, &f->tags, &f->tag_count, sts_str(rest.ptr, n));
		rest = sts_str_from(rest, n + 1);
	}
}

/* A look as it is kept is some times as large as what is told of it. */
static void read_look(struct fleet *f, struct sts_str doc, struct row *row)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_look look;

	if (arena != NULL && doc.ptr != NULL && sts_look_read(doc, arena, &look)) {
		row->summary = f->work->csv ? sts_strdup(f->arena, look.summary) : NULL;
		row->errors = look.errors;
		row->warnings = look.warnings;
		row->notices = look.notices;
	}
	sts_arena_free(arena);
}

static enum sts_err take_domain(const struct sts_watched *w, void *arg)
{
	struct fleet *f = arg;
	struct row *row;

	if (sts_arena_used(f->arena) > ROWS_OCTETS_MAX)
		return STS_ENOMEM;
	count_tags(f, w->tags);
	if (f->work->tag[0] != '\0' && !sts_tags_have(w->tags, f->work->tag))
		return STS_OK;
	row = STS_PUSH(f->arena, f->rows, f->row_count);
	*row = (struct row){.name = sts_strdup(f->arena, w->name),
		.tags = sts_strdup(f->arena, w->tags),
		.verdict = w->checked_at == 0 || w->verdict == NULL ? NEVER : sts_strdup(f->arena, w->verdict),
		.status = w->status == NULL ? "" : sts_strdup(f->arena, w->status),
		.checked_at = w->checked_at,
		.cert_expires_at = w->cert_expires_at,
		.incidents = w->incidents};
	read_look(f, w->doc, row);
	return STS_OK;
}

static bool shown(const struct fleet *f, const struct row *row)
{
	return f->work->state[0] == '\0' || strcmp(f->work->state, row->verdict) == 0;
}

/* What needs somebody comes first. */
static int rank(const struct row *row)
{
	static const char *const order[] = {
		"blocking", "broken", "unknown", NEVER, "absent", "none", "testing", "enforced"};
	int i = 0;

	while (i < 7 && strcmp(order[i], row->verdict) != 0)
		i++;
	return i;
}

static int by_rank(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int d = rank(x) - rank(y);

	if (d == 0 && x->errors != y->errors)
		d = x->errors > y->errors ? -1 : 1;
	return d != 0 ? d : strcmp(x->name, y->name);
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static void put_query(struct sts_buf *b, const char *path, const char *tag, const char *state, size_t page)
{
	const char *sep = "?";

	sts_buf_puts(b, path);
	if (tag[0] != '\0') {
		sts_buf_printf(b, "?tag=%s", tag);
		sep = "&amp;";
	}
	if (state[0] != '\0') {
		sts_buf_printf(b, "%sstate=%s", sep, strcmp(state, NEVER) == 0 ? "not%20looked%20at" : state);
		sep = "&amp;";
	}
	if (page > 1)
		sts_buf_printf(b, "%spage=%zu", sep, page);
}

static void put_verdict(struct sts_buf *b, const char *word)
{
	static const struct {
		const char *word;
		enum sts_icon icon;
	} icons[] = {{"enforced", STS_ICON_OK}, {"testing", STS_ICON_WARN}, {"broken", STS_ICON_WARN},
		{"blocking", STS_ICON_FAIL}, {"unknown", STS_ICON_UNKNOWN}};
	enum sts_icon icon = STS_ICON_NONE;

	for (size_t i = 0; i < sizeof icons / sizeof *icons; i++)
		if (strcmp(icons[i].word, word) == 0)
			icon = icons[i].icon;
	sts_buf_printf(b, "<span class=\"badge small %s\">", strcmp(word, NEVER) == 0 ? "never" : word);
	sts_html_icon(b, icon);
	sts_buf_printf(b, "%s</span>", word);
}

static void put_tiles(struct sts_buf *b, const struct fleet *f)
{
	struct count *states = NULL;
	size_t count = 0;

	for (size_t i = 0; i < f->row_count; i++)
		count_word(f->arena, &states, &count, sts_str_of(f->rows[i].verdict));
	sts_buf_puts(b, "<h2>By state</h2>\n<ul class=\"tiles\">\n");
	for (size_t i = 0; i < count; i++) {
		bool here = strcmp(f->work->state, states[i].word) == 0;

		sts_buf_puts(b, "<li><a href=\"");
		put_query(b, "/fleet", f->work->tag, states[i].word, 1);
		sts_buf_printf(b, "\"%s><strong>%zu</strong>", here ? " aria-current=\"true\"" : "", states[i].count);
		put_verdict(b, states[i].word);
		sts_buf_puts(b, "</a></li>\n");
	}
	sts_buf_puts(b, "</ul>\n");
}

static void put_filter(struct sts_buf *b, const struct fleet *f)
{
	if (f->work->state[0] != '\0' || f->work->tag[0] != '\0') {
		sts_buf_puts(b, "<p>Shown: ");
		sts_buf_printf(b, "%s%s%s%s", f->work->state,
			f->work->state[0] != '\0' && f->work->tag[0] != '\0' ? ", " : "",
			f->work->tag[0] != '\0' ? "tag " : "", f->work->tag);
		sts_buf_puts(b, ". <a href=\"/fleet\">Show all</a></p>\n");
	}
	if (f->tag_count == 0)
		return;
	sts_buf_puts(b, "<nav aria-label=\"Tags\">\n<ul class=\"tags\">\n");
	for (size_t i = 0; i < f->tag_count; i++) {
		sts_buf_puts(b, "<li><a class=\"tag\" href=\"");
		put_query(b, "/fleet", f->tags[i].word, "", 1);
		sts_buf_printf(b, "\"%s>%s (%zu)</a></li>\n",
			strcmp(f->tags[i].word, f->work->tag) == 0 ? " aria-current=\"true\"" : "", f->tags[i].word,
			f->tags[i].count);
	}
	sts_buf_puts(b, "</ul>\n</nav>\n");
}

static void put_cert(struct sts_buf *b, int64_t expires_at, int64_t now)
{
	int64_t days = (expires_at - now) / 86400;

	if (expires_at == 0)
		sts_buf_puts(b, "<td>none seen</td>");
	else if (expires_at < now)
		sts_buf_puts(b, "<td class=\"bad\">expired</td>");
	else
		sts_buf_printf(b, "<td%s>%" PRId64 " day%s</td>", days <= 14 ? " class=\"soft\"" : "", days,
			days == 1 ? "" : "s");
}

static void put_row(struct sts_buf *b, const struct row *row, int64_t now)
{
	struct sts_str rest = sts_str_from(sts_str_of(row->tags), 1);

	sts_buf_printf(b, "<tr><th scope=\"row\"><a href=\"/domain/%s/history\">%s</a></th><td>", row->name, row->name);
	put_verdict(b, row->verdict);
	sts_buf_printf(b, "</td><td>%" PRId64 "</td><td>%" PRId64 "</td><td>%" PRId64 "</td>", row->errors,
		row->warnings, row->incidents);
	put_cert(b, row->cert_expires_at, now);
	sts_buf_puts(b, "<td>");
	while (rest.len > 0) {
		size_t n = sts_str_find(rest, ',', 0);

		sts_buf_printf(b, "<span class=\"tag\">%.*s</span> ", (int)n, rest.ptr);
		rest = sts_str_from(rest, n + 1);
	}
	sts_buf_puts(b, "</td><td>");
	if (row->checked_at > 0)
		sts_html_time(b, row->checked_at);
	sts_buf_puts(b, "</td></tr>\n");
}

static void put_pages(struct sts_buf *b, const struct fleet *f, size_t count)
{
	size_t pages = (count + ROWS_A_PAGE - 1) / ROWS_A_PAGE;

	if (pages < 2)
		return;
	sts_buf_printf(b, "<nav aria-label=\"Pages\"><p>Page %zu of %zu", f->work->page, pages);
	if (f->work->page > 1) {
		sts_buf_puts(b, " · <a href=\"");
		put_query(b, "/fleet", f->work->tag, f->work->state, f->work->page - 1);
		sts_buf_puts(b, "\">before</a>");
	}
	if (f->work->page < pages) {
		sts_buf_puts(b, " · <a href=\"");
		put_query(b, "/fleet", f->work->tag, f->work->state, f->work->page + 1);
		sts_buf_puts(b, "\">next</a>");
	}
	sts_buf_puts(b, "</p></nav>\n");
}

static void put_domains(struct sts_buf *b, const struct fleet *f)
{
	int64_t now = sts_now_s();
	size_t count = 0;

	sts_buf_puts(b, "<h2>Domains</h2>\n");
	sts_html_scroll(b, "Watched domains");
	sts_buf_puts(b, "<table class=\"many\">\n<thead><tr><th scope=\"col\">Domain</th><th scope=\"col\">State</th><th "
			"scope=\"col\">Errors</th><th "
			"scope=\"col\">Warnings</th><th scope=\"col\">Confirmed</th><th "
			"scope=\"col\">Certificate</th><th "
			"scope=\"col\">Tags</th><th scope=\"col\">Last look</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < f->row_count; i++) {
		if (!shown(f, &f->rows[i]))
			continue;
		if (count / ROWS_A_PAGE + 1 == f->work->page)
			put_row(b, &f->rows[i], now);
		count++;
	}
	sts_buf_puts(b, "</tbody>\n</table>\n</section>\n");
	put_pages(b, f, count);
	sts_buf_puts(b, "<p><a href=\"");
	put_query(b, "/fleet.csv", f->work->tag, f->work->state, 1);
	sts_buf_printf(b, "\">These %zu as CSV</a></p>\n", count);
}

/* ---- causes ---------------------------------------------------------------------------------------------------- */

struct causes {
	struct sts_buf *b;
	struct sts_arena *arena; /* of one cause */
	const char *cause;       /* the one being written, or NULL */
	const char *code;
	size_t domains; /* of this code */
	size_t count;
};

static void end_code(struct causes *c)
{
	if (c->code == NULL)
		return;
	if (c->domains > DOMAINS_OF_A_CAUSE)
		sts_buf_printf(c->b, " and %zu more", c->domains - DOMAINS_OF_A_CAUSE);
	sts_buf_puts(c->b, "</li>\n");
	c->code = NULL;
}

static void end_cause(struct causes *c)
{
	end_code(c);
	if (c->cause != NULL)
		sts_buf_puts(c->b, "</ul>\n</section>\n");
	c->cause = NULL;
}

static const char *cause_title(const char *key)
{
	const char *kind = sts_cause_kind(key);

	return strcmp(kind, "certificate") == 0   ? "Certificate "
	       : strcmp(kind, "mx") == 0          ? "Mail host "
	       : strcmp(kind, "policy-host") == 0 ? "Policy host "
						  : "";
}

static void begin_cause(struct causes *c, const struct sts_fleet_fault *fault)
{
	sts_arena_reset(c->arena);
	c->cause = sts_strdup(c->arena, fault->cause);
	c->count++;
	sts_buf_printf(c->b, "<section class=\"finding %s\">\n<h3>%s", sts_severity_name(fault->severity),
		cause_title(fault->cause));
	/* a digest is known by its beginning */
	sts_escape_xml(c->b, sts_str_of(sts_cause_name(fault->cause)),
		strcmp(sts_cause_kind(fault->cause), "certificate") == 0 ? 16 : 300);
	sts_buf_puts(c->b, "</h3>\n<ul class=\"plain\">\n");
}

static void take_fault(const struct sts_fleet_fault *fault, void *arg)
{
	struct causes *c = arg;

	if (c->cause == NULL || strcmp(c->cause, fault->cause) != 0) {
		end_cause(c);
		begin_cause(c, fault);
	}
	if (c->code == NULL || strcmp(c->code, fault->code) != 0) {
		end_code(c);
		c->code = sts_strdup(c->arena, fault->code);
		c->domains = 0;
		sts_buf_puts(c->b, "<li>");
		sts_html_icon(c->b, sts_html_severity_icon(fault->severity));
		sts_html_code(c->b, fault->code, "/explain/");
		sts_buf_puts(c->b, " since ");
		sts_html_time(c->b, fault->since_at);
		sts_buf_puts(c->b, ":");
	}
	if (++c->domains <= DOMAINS_OF_A_CAUSE)
		sts_buf_printf(c->b, "%s<a href=\"/domain/%s\">%s</a>", c->domains == 1 ? " " : ", ", fault->domain,
			fault->domain);
}

static enum sts_err put_causes(struct sts_buf *b, const struct fleet *f, struct sts_store *store)
{
	struct causes c = {.b = b, .arena = sts_arena_new()};
	enum sts_err err;

	if (c.arena == NULL)
		return STS_ENOMEM;
	sts_buf_puts(b, "<h2>What is behind it</h2>\n<p>Faults that two looks in a row have seen, together where one "
			"repair mends them.</p>\n");
	err = sts_fleet_faults(store, f->work->tag[0] != '\0' ? f->work->tag : NULL, take_fault, &c);
	end_cause(&c);
	sts_arena_free(c.arena);
	if (c.count == 0)
		sts_buf_puts(b, "<p>None.</p>\n");
	return err;
}

/* ---- CSV ------------------------------------------------------------------------------------------------------- */

static void put_csv_text(struct sts_buf *b, const char *text)
{
	sts_escape_csv(b, sts_str_of(text == NULL ? "" : text), 4000);
	sts_buf_addc(b, ',');
}

static void put_csv_time(struct sts_buf *b, int64_t at)
{
	char text[21] = "";

	if (at > 0)
		sts_format_time(at, text);
	sts_buf_printf(b, "%s,", text);
}

static void put_csv(struct sts_buf *b, const struct fleet *f)
{
	sts_buf_puts(b, "domain,verdict,status,errors,warnings,notices,confirmed_faults,checked_at,cert_expires_at,"
			"tags,summary\r\n");
	for (size_t i = 0; i < f->row_count; i++) {
		const struct row *row = &f->rows[i];

		if (!shown(f, row))
			continue;
		put_csv_text(b, row->name);
		put_csv_text(b, row->checked_at > 0 ? row->verdict : "");
		put_csv_text(b, row->status);
		sts_buf_printf(b, "%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",", row->errors, row->warnings,
			row->notices, row->incidents);
		put_csv_time(b, row->checked_at);
		put_csv_time(b, row->cert_expires_at);
		if (strlen(row->tags) > 2)
			sts_escape_csv(b, sts_str(row->tags + 1, strlen(row->tags) - 2), 4000);
		sts_buf_addc(b, ',');
		sts_escape_csv(b, sts_str_of(row->summary == NULL ? "" : row->summary), 4000);
		sts_buf_puts(b, "\r\n");
	}
}

/* ---- the task -------------------------------------------------------------------------------------------------- */

static enum sts_err put_fleet(struct sts_buf *b, const struct fleet *f, struct sts_store *store)
{
	enum sts_err err;

	sts_buf_printf(b, "<p class=\"summary\">%zu watched domain%s%s%s.</p>\n", f->row_count,
		f->row_count == 1 ? "" : "s", f->work->tag[0] != '\0' ? " with the tag " : "", f->work->tag);
	if (f->row_count == 0 && f->tag_count == 0) {
		sts_buf_puts(b, "<p>Add some, then let the monitor look at them:</p>\n<pre>mtasts monitor add --tag "
				"mine example.com\nmtasts "
				"monitor run</pre>\n");
		return STS_OK;
	}
	put_filter(b, f);
	put_tiles(b, f);
	err = put_causes(b, f, store);
	put_domains(b, f);
	return err;
}

static enum sts_err tell(struct sts_history *h, void *arg, struct sts_buf *out)
{
	struct sts_store *store = sts_history_store(h);
	struct fleet f = {.arena = sts_arena_new(), .work = arg};
	enum sts_err err = f.arena == NULL ? STS_ENOMEM : sts_watch_each(store, NULL, take_domain, &f);

	if (err == STS_OK) {
		if (f.row_count > 1)
			qsort(f.rows, f.row_count, sizeof *f.rows, by_rank);
		if (f.work->csv)
			put_csv(out, &f);
		else
			err = put_fleet(out, &f, store);
	}
	sts_arena_free(f.arena);
	return err == STS_OK && out->failed ? STS_ENOMEM : err;
}

/* ---- in the server's thread ------------------------------------------------------------------------------------ */

static void told(enum sts_err err, struct sts_str text, const char *why, void *arg)
{
	struct reader *r = arg;
	struct page p;

	r->query = NULL;
	if (err != STS_OK) {
		sts_server_log(r->call->server, "mtasts: the watched domains cannot be read: %s", why);
		call_problem(r->call, 503, "history-failed", "The store cannot be read at the moment.");
		return;
	}
	if (r->csv) {
		sts_exchange_header(r->call->x, "Content-Disposition", "attachment; filename=\"fleet.csv\"");
		call_send(r->call, 200, "text/csv; charset=utf-8; header=present", text);
		return;
	}
	page_begin(&p, r->call, PAGE_FLEET, "Fleet · MTA-STS", NULL);
	sts_buf_puts(&p.b, "<h1>Fleet</h1>\n");
	sts_buf_add(&p.b, text.ptr, text.len);
	page_send(&p, 200);
}

static void reader_gone(void *arg)
{
	struct reader *r = arg;

	if (r->query != NULL)
		sts_history_query_cancel(r->query);
}

/* Tags and states are words of a few letters; anything else means nothing here. */
static bool take_word(struct call *call, const char *name, char *out, size_t size)
{
	const char *word = NULL;
	int found = call_query(call, name, &word);

	if (found == 0)
		return true;
	if (found > 1 || strlen(word) >= size)
		return false;
	for (const char *c = word; *c != '\0'; c++)
		if (!sts_is_alnum(*c) && strchr("-_. ", *c) == NULL)
			return false;
	snprintf(out, size, "%s", word);
	return true;
}

static bool take_page(struct call *call, size_t *out)
{
	const char *text = NULL;
	uint64_t n = 1;
	int found = call_query(call, "page", &text);

	if (found > 1 || (found == 1 && (!sts_str_u64(sts_str_of(text), &n) || n == 0 || n > 100000)))
		return false;
	*out = (size_t)n;
	return true;
}

static void ask(struct call *call, bool csv)
{
	struct reader *r = STS_NEW(call->arena, struct reader);
	struct work *work;

	r->call = call;
	r->csv = csv;
	if (call->server->historian == NULL) {
		call_problem(call, 503, "no-history", "This server keeps no history, and so no watched domains.");
		return;
	}
	work = calloc(1, sizeof *work);
	if (work != NULL &&
		(!take_word(call, "tag", work->tag, sizeof work->tag) ||
			!take_word(call, "state", work->state, sizeof work->state) || !take_page(call, &work->page))) {
		free(work);
		call_problem(call, 400, "invalid-parameter",
			"The parameters are tag, state (a verdict) and page, each once.");
		return;
	}
	if (work != NULL)
		work->csv = csv;
	r->query = work == NULL ? NULL : sts_historian_do(call->server->historian, tell, work, told, r);
	if (r->query == NULL)
		call_problem(call, 503, "overloaded", "Too many questions to the history wait for an answer.");
	else
		sts_exchange_on_gone(call->x, reader_gone, r);
}

void page_fleet(struct call *call)
{
	ask(call, false);
}

void page_fleet_csv(struct call *call)
{
	ask(call, true);
}
