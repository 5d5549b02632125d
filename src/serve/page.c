#include "serve/page.h"

#include "mtasts/check.h"
#include "render/html.h"
#include "serve/embedded.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- the frame --------------------------------------------------------------------------------------------------- */

static const struct {
	const char *path;
	const char *title;
} places[] = {
	[PAGE_CHECK] = {"/", "Check"},
	[PAGE_LINT] = {"/lint", "Lint"},
	[PAGE_LEARN] = {"/learn", "Learn"},
	[PAGE_FINDINGS] = {"/explain", "Findings"},
	[PAGE_FLEET] = {"/fleet", "Fleet"},
};

static void head(struct sts_buf *b, const char *title, const char *description)
{
	sts_buf_puts(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
	sts_xml(b, title);
	sts_buf_puts(b, "</title>\n");
	if (description != NULL) {
		sts_buf_puts(b, "<meta name=\"description\" content=\"");
		sts_xml(b, description);
		sts_buf_puts(b, "\">\n");
	} else {
		sts_buf_puts(b, "<meta name=\"robots\" content=\"noindex, nofollow\">\n");
	}
	sts_buf_printf(b,
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<link rel=\"icon\" href=\"/assets/icon.svg?v=%s\" type=\"image/svg+xml\">\n"
		"<link rel=\"stylesheet\" href=\"/assets/style.css?v=%s\">\n"
		"<script src=\"/assets/app.js?v=%s\" defer></script>\n</head>\n",
		sts_embedded_icon_tag, sts_embedded_style_tag, sts_embedded_app_tag);
}

/* Where the client cannot go is not offered. */
static bool is_offered(const struct call *call, enum page_place place)
{
	return place != PAGE_FLEET || (call->server->historian != NULL && call_may_monitor(call));
}

static void navigation(struct sts_buf *b, const struct call *call, enum page_place here)
{
	sts_buf_puts(b, "<body>\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n<header "
			"class=\"site\">\n<div class=\"inner\">\n"
			"<a class=\"home\" href=\"/\"><svg class=\"logo\" viewBox=\"0 0 24 24\" aria-hidden=\"true\" "
			"focusable=\"false\"><path d=\"M12 2.5 4 5.6v6c0 4.8 3.3 8.4 8 9.9 4.7-1.5 8-5.1 "
			"8-9.9v-6z\"/><path d=\"M7.5 9.2 "
			"12 12.6l4.5-3.4v6h-9z\"/></svg>mtasts</a>\n<nav aria-label=\"Site\">\n<ul>\n");
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		if (!is_offered(call, (enum page_place)i))
			continue;
		sts_buf_printf(b, "<li><a href=\"%s\"%s>%s</a></li>\n", places[i].path,
			(enum page_place)i == here ? " aria-current=\"page\"" : "", places[i].title);
	}
	sts_buf_puts(b, "</ul>\n</nav>\n</div>\n</header>\n<main id=\"main\" tabindex=\"-1\">\n");
}

void page_begin(struct page *p, struct call *call, enum page_place place, const char *title, const char *description)
{
	*p = (struct page){.call = call, .found = description != NULL};
	sts_buf_init(&p->b, PAGE_MAX);
	call->is_page = true;
	head(&p->b, title, description);
	navigation(&p->b, call, place);
}

/* FNV-1a: tells contents apart, no more. */
static uint64_t digest(struct sts_str text)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)text.ptr[i]) * 0x100000001b3u;
	return h;
}

static bool client_has(const struct call *call, const char *tag)
{
	struct sts_str list = sts_req_field(call->request, "If-None-Match");

	return sts_str_findi(list, tag) < list.len;
}

void page_send(struct page *p, unsigned status)
{
	struct call *call = p->call;
	char tag[24];

	sts_buf_printf(&p->b,
		"</main>\n<footer class=\"site\">\n<div class=\"inner\">\n<p>mtasts %s checks MTA-STS (RFC 8461) the "
		"way senders do. "
		"<a href=\"/learn/about\">About, privacy, being left alone</a> · <a href=\"/learn/programs\">For "
		"programs</a></p>\n"
		"</div>\n</footer>\n</body>\n</html>\n",
		sts_version());
	if (p->b.failed) {
		sts_buf_clear(&p->b);
		call_problem(call, 503, NULL, "The page is too large.");
		return;
	}
	if (status == 200) {
		snprintf(tag, sizeof tag, "\"%016" PRIx64 "\"", digest(sts_buf_str(&p->b)));
		sts_exchange_header(call->x, "ETag", tag);
		call_cacheable(call, "private, no-cache");
	}
	if (status == 200 && client_has(call, tag))
		call_send(call, 304, NULL, STS_STR(""));
	else
		call_send(call, status, "text/html; charset=utf-8", sts_buf_str(&p->b));
	sts_buf_clear(&p->b);
}

/* ---- pieces ------------------------------------------------------------------------------------------------------ */

void page_ask(struct sts_buf *b, const char *typed, const char *error)
{
	sts_buf_puts(b, "<form class=\"ask\" action=\"/domain\" method=\"get\" role=\"search\">\n<label "
			"for=\"domain\">Domain</label>\n"
			"<div class=\"row\">\n<input id=\"domain\" name=\"domain\" type=\"text\" inputmode=\"url\" "
			"autocapitalize=\"none\" autocomplete=\"off\" spellcheck=\"false\" required maxlength=\"300\" "
			"placeholder=\"example.com\"");
	if (typed != NULL) {
		sts_buf_puts(b, " value=\"");
		sts_xml(b, typed);
		sts_buf_puts(b, "\"");
	}
	sts_buf_printf(b, "%s>\n<button type=\"submit\">Check</button>\n</div>\n",
		error != NULL ? " aria-invalid=\"true\" aria-describedby=\"domain-error domain-help\""
			      : " aria-describedby=\"domain-help\"");
	if (error != NULL) {
		sts_buf_puts(b, "<p id=\"domain-error\" class=\"wrong\">");
		sts_html_icon(b, STS_ICON_FAIL);
		sts_xml(b, error);
		sts_buf_puts(b, "</p>\n");
	}
	sts_buf_puts(b, "<p id=\"domain-help\" class=\"help\">A domain; a web or mail address will do, its domain is "
			"what counts.</p>\n</form>\n");
}

const char *page_path(struct sts_arena *arena, const char *text)
{
	struct sts_buf b;
	const char *out;

	sts_buf_init(&b, 4096);
	for (const char *c = text; *c != '\0'; c++) {
		if (sts_is_alnum(*c) || strchr("-._~", *c) != NULL)
			sts_buf_addc(&b, *c);
		else
			sts_buf_printf(&b, "%%%02X", (unsigned)(unsigned char)*c);
	}
	out = sts_strndup(arena, b.ptr == NULL ? "" : b.ptr, b.len);
	sts_buf_clear(&b);
	return out;
}

const char *page_field(struct call *call, const char *name)
{
	struct sts_str rest = sts_exchange_body(call->x);

	while (rest.len > 0) {
		size_t end = sts_str_find(rest, '&', 0);
		struct sts_str pair = sts_str(rest.ptr, end);
		size_t equals = sts_str_find(pair, '=', 0);

		rest = sts_str_from(rest, end + 1);
		if (sts_str_is(sts_str(pair.ptr, equals), name))
			return sts_percent_decode(call->arena, sts_str_from(pair, equals + 1), true);
	}
	return NULL;
}

void page_redirect(struct call *call, const char *to)
{
	call->is_page = true;
	sts_exchange_header(call->x, "Location", to);
	call_send(call, 303, NULL, STS_STR(""));
}

/* ---- problems ---------------------------------------------------------------------------------------------------- */

static bool is_for_programs(struct sts_str path)
{
	static const char *const first[] = {
		"/v1/", "/mcp", "/metrics", "/healthz", "/readyz", "/openapi.json", "/.well-known/"};

	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		if (sts_str_starts(path, first[i]))
			return true;
	return false;
}

bool page_wanted(const struct call *call)
{
	struct sts_str accept = sts_req_field(call->request, "Accept");

	return sts_str_findi(accept, "text/html") < accept.len && !is_for_programs(call->request->path);
}

void page_problem(struct call *call, unsigned status, const char *title, const char *detail)
{
	struct page p;

	page_begin(&p, call, PAGE_NOWHERE, title, NULL);
	sts_buf_puts(&p.b, "<h1>");
	sts_xml(&p.b, title);
	sts_buf_puts(&p.b, "</h1>\n<p class=\"summary\">");
	sts_xml(&p.b, detail);
	sts_buf_printf(&p.b, "</p>\n<p class=\"help\">Status %u, request %s</p>\n", status, call->id);
	if (call->param != NULL && sts_str_starts(call->request->path, "/domain/"))
		page_ask(&p.b, call->param, status == 400 ? detail : NULL);
	else
		page_ask(&p.b, NULL, NULL);
	page_send(&p, status);
}

/* ---- assets ------------------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	const char *type;
	const struct sts_str *body;
	const char *tag;
} assets[] = {
	{"style.css", "text/css; charset=utf-8", &sts_embedded_style, sts_embedded_style_tag},
	{"app.js", "text/javascript; charset=utf-8", &sts_embedded_app, sts_embedded_app_tag},
	{"icon.svg", "image/svg+xml", &sts_embedded_icon, sts_embedded_icon_tag},
};

/* The address in pages changes with the content: under that one it may be kept for ever. */
void page_asset(struct call *call)
{
	const char *version = NULL;

	for (size_t i = 0; i < sizeof assets / sizeof *assets; i++) {
		if (strcmp(assets[i].name, call->param) != 0)
			continue;
		sts_exchange_header(call->x, "ETag", sts_sprintf(call->arena, "\"%s\"", assets[i].tag));
		call_cacheable(call, call_query(call, "v", &version) == 1 && strcmp(version, assets[i].tag) == 0
					     ? "public, max-age=31536000, immutable"
					     : "public, no-cache");
		if (client_has(call, assets[i].tag))
			call_send(call, 304, NULL, STS_STR(""));
		else
			call_send(call, 200, assets[i].type, *assets[i].body);
		return;
	}
	call_problem(call, 404, NULL, "There is no such file.");
}

/* Following links to results would set off checks. */
void page_robots(struct call *call)
{
	call_cacheable(call, "public, max-age=3600");
	call_send(call, 200, "text/plain; charset=utf-8",
		STS_STR("User-agent: *\nDisallow: /domain\nDisallow: /fleet\nDisallow: /v1/\n"));
}
