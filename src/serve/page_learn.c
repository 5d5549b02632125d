/* Pages that explain: short texts with the catalogue's own words in them, and one page for each finding. */
#include "serve/page.h"

#include "check/catalogue.h"
#include "render/html.h"
#include "serve/embedded.h"

/* ---- texts ------------------------------------------------------------------------------------------------------- */

/*
 * A text is: a title, a description (one line each), then HTML in which {{what CODE}}, {{why CODE}} and {{fix CODE}}
 * stand for what `explain` says of a finding, and {{link CODE}} for a link to it.
 */
static const struct topic {
	const char *name;
	const char *title; /* in the list of topics */
	const struct sts_str *text;
} topics[] = {
	{"", "What is MTA-STS?", &sts_embedded_learn_index},
	{"modes", "Modes", &sts_embedded_learn_modes},
	{"set-up", "Set it up", &sts_embedded_learn_set_up},
	{"mistakes", "Common mistakes", &sts_embedded_learn_mistakes},
	{"limits", "Limits and risks", &sts_embedded_learn_limits},
	{"faq", "Questions", &sts_embedded_learn_faq},
	{"glossary", "Words", &sts_embedded_learn_glossary},
	{"programs", "For programs", &sts_embedded_learn_programs},
	{"about", "About", &sts_embedded_learn_about},
};
#define TOPICS (sizeof topics / sizeof *topics)

static const char *words_of(const struct sts_catalogue_entry *e, struct sts_str what)
{
	if (sts_str_is(what, "what"))
		return e->what;
	if (sts_str_is(what, "why"))
		return e->why;
	if (sts_str_is(what, "fix"))
		return e->fix;
	return e->title;
}

static void put_words(struct sts_buf *b, struct sts_arena *arena, struct sts_str expression)
{
	size_t blank = sts_str_find(expression, ' ', 0);
	struct sts_str what = sts_str(expression.ptr, blank);
	struct sts_str code = sts_str_from(expression, blank + 1);
	enum sts_finding_id id = sts_catalogue_find(sts_strndup(arena, code.ptr, code.len));

	if (id == STS_F_COUNT)
		return;
	if (sts_str_is(what, "link"))
		sts_buf_printf(b, "<a href=\"/explain/%s\">", sts_catalogue(id)->code);
	sts_xml(b, words_of(sts_catalogue(id), what));
	if (sts_str_is(what, "link"))
		sts_buf_puts(b, "</a>");
}

static void put_text(struct sts_buf *b, struct sts_arena *arena, struct sts_str text)
{
	while (text.len > 0) {
		size_t open = sts_str_findi(text, "{{");
		size_t close;

		sts_buf_add(b, text.ptr, open);
		text = sts_str_from(text, open + 2);
		close = sts_str_findi(text, "}}");
		if (text.len > 0)
			put_words(b, arena, sts_str(text.ptr, close));
		text = sts_str_from(text, close + 2);
	}
}

static const char *take_line(struct sts_str *text, struct sts_arena *arena)
{
	size_t end = sts_str_find(*text, '\n', 0);
	const char *line = sts_strndup(arena, text->ptr, end);

	*text = sts_str_from(*text, end + 1);
	return line;
}

static void put_topics(struct sts_buf *b, const struct topic *here)
{
	sts_buf_puts(b, "<nav class=\"topics\" aria-label=\"Topics\">\n<ul>\n");
	for (size_t i = 0; i < TOPICS; i++)
		sts_buf_printf(b, "<li><a href=\"/learn%s%s\"%s>%s</a></li>\n", topics[i].name[0] == '\0' ? "" : "/",
			topics[i].name, here == &topics[i] ? " aria-current=\"page\"" : "", topics[i].title);
	sts_buf_puts(b, "</ul>\n</nav>\n");
}

void page_learn(struct call *call)
{
	const char *name = call->param == NULL ? "" : call->param;

	for (size_t i = 0; i < TOPICS; i++) {
		struct sts_str text = *topics[i].text;
		const char *title, *description;
		struct page p;

		if (strcmp(topics[i].name, name) != 0)
			continue;
		title = take_line(&text, call->arena);
		description = take_line(&text, call->arena);
		page_begin(&p, call, PAGE_LEARN, sts_sprintf(call->arena, "%s · MTA-STS", title), description);
		sts_buf_puts(&p.b, "<div class=\"with-topics\">\n<article class=\"text\">\n");
		sts_html_element(&p.b, "h1", NULL, title);
		put_text(&p.b, call->arena, text);
		sts_buf_puts(&p.b, "</article>\n");
		put_topics(&p.b, &topics[i]);
		sts_buf_puts(&p.b, "</div>\n");
		page_send(&p, 200);
		return;
	}
	call_problem(call, 404, NULL, "There is no such page. /learn lists all of them.");
}

/* ---- findings ---------------------------------------------------------------------------------------------------- */

static const struct {
	const char *layer;
	const char *title;
} layers[] = {
	{"record", "The record"},
	{"host", "The policy host"},
	{"deleg", "Delegation"},
	{"policy", "The policy file"},
	{"mode", "The mode"},
	{"match", "Policy against MX"},
	{"mx", "The mail hosts"},
	{"dane", "DANE"},
	{"rpt", "TLS reports"},
	{"time", "What changed over time"},
};

static const char *layer_title(const char *layer)
{
	for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
		if (strcmp(layers[i].layer, layer) == 0)
			return layers[i].title;
	return layer;
}

static enum sts_icon icon_of(enum sts_severity s)
{
	return s == STS_BY_MODE ? STS_ICON_WARN : sts_html_severity_icon(s);
}

static const char *class_of(enum sts_severity s)
{
	return s == STS_BY_MODE ? "warning" : sts_severity_name(s);
}

static const char *severity_words(enum sts_severity s)
{
	return s == STS_BY_MODE ? "by mode" : sts_severity_name(s);
}

static void put_layer(struct sts_buf *b, const char *layer)
{
	sts_html_scroll(b, layer_title(layer));
	sts_buf_puts(b,
		"<table class=\"fit\">\n<thead><tr><th scope=\"col\">Finding</th><th scope=\"col\">Severity</th>"
		"</tr></thead>\n<tbody>\n");
	for (int i = 0; i < STS_F_COUNT; i++) {
		const struct sts_catalogue_entry *e = sts_catalogue((enum sts_finding_id)i);

		if (strcmp(e->layer, layer) != 0)
			continue;
		sts_buf_printf(b, "<tr><th scope=\"row\"><a href=\"/explain/%s\">", e->code);
		sts_xml(b, e->title);
		sts_buf_printf(b, "</a> <code class=\"under\">%s</code></th><td class=\"severity-cell %s\">", e->code,
			class_of(e->severity));
		sts_html_icon(b, icon_of(e->severity));
		sts_buf_printf(b, "%s</td></tr>\n", severity_words(e->severity));
	}
	sts_buf_puts(b, "</tbody>\n</table>\n</section>\n");
}

/* Why something was not tested: what follows the findings. */
static void put_reasons(struct sts_buf *b)
{
	struct sts_explanation e;

	sts_buf_puts(b, "<h2>Why something was not tested</h2>\n");
	sts_html_scroll(b, "Why something was not tested");
	sts_buf_puts(b, "<table class=\"fit\">\n<thead><tr><th scope=\"col\">Reason</th><th "
			"scope=\"col\">Word</th></tr></thead>\n<tbody>\n");
	for (size_t i = STS_F_COUNT; sts_explain_at(i, &e) == STS_OK; i++) {
		sts_buf_printf(b, "<tr><th scope=\"row\"><a href=\"/explain/%s\">", e.code);
		sts_xml(b, e.title);
		sts_buf_printf(b, "</a></th><td><code>%s</code></td></tr>\n", e.code);
	}
	sts_buf_puts(b, "</tbody>\n</table>\n</section>\n");
}

void page_explain_list(struct call *call)
{
	struct page p;

	page_begin(&p, call, PAGE_FINDINGS, "All findings · MTA-STS",
		"Every fault that a check of MTA-STS can find, with what it means and how to mend it.");
	sts_buf_printf(&p.b,
		"<h1>Findings</h1>\n<p class=\"summary\">Everything a check can find: %d of them. Each says what it "
		"means, why it "
		"matters, and how to mend it.</p>\n<p>Severity <em>by mode</em>: an error under an enforcing policy, a "
		"warning in "
		"testing, a fact in mode none.</p>\n",
		STS_F_COUNT);
	for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
		sts_buf_printf(&p.b, "<h2>%s</h2>\n", layers[i].title);
		put_layer(&p.b, layers[i].layer);
	}
	put_reasons(&p.b);
	page_send(&p, 200);
}

static void section(struct sts_buf *b, const char *title, const char *text)
{
	sts_buf_printf(b, "<h2>%s</h2>\n", title);
	sts_html_element(b, "p", NULL, text);
	sts_buf_addc(b, '\n');
}

/* The others of the same layer, near it in the catalogue. id may be STS_F_COUNT: a reason has no neighbours. */
static void put_neighbours(struct sts_buf *b, int id)
{
	sts_buf_puts(b, "<nav class=\"topics\" aria-label=\"Related findings\">\n<ul>\n<li><a href=\"/explain\">All "
			"findings</a></li>\n");
	for (int i = id - 4 < 0 ? 0 : id - 4; id < STS_F_COUNT && i < STS_F_COUNT && i <= id + 4; i++) {
		const struct sts_catalogue_entry *other = sts_catalogue((enum sts_finding_id)i);

		if (strcmp(other->layer, sts_catalogue((enum sts_finding_id)id)->layer) != 0)
			continue;
		sts_buf_printf(
			b, "<li><a href=\"/explain/%s\"%s>", other->code, i == id ? " aria-current=\"page\"" : "");
		sts_xml(b, other->title);
		sts_buf_puts(b, "</a></li>\n");
	}
	sts_buf_puts(b, "</ul>\n</nav>\n");
}

static void unknown_code(struct call *call)
{
	const char *near = sts_catalogue_nearest(call->param);

	call_problem(call, 404, "unknown-code",
		near == NULL ? "No finding has this code. /explain lists all of them."
			     : sts_sprintf(call->arena, "No finding has this code. Did you mean %s?", near));
}

static void put_explanation(struct sts_buf *b, const struct sts_explanation *e, enum sts_finding_id id)
{
	bool is_reason = id == STS_F_COUNT;
	enum sts_severity severity = is_reason ? STS_INFO : sts_catalogue(id)->severity;

	sts_buf_printf(b, "<article class=\"text finding-page %s\">\n<p class=\"crumb\">%s</p>\n", class_of(severity),
		is_reason ? "Not tested" : layer_title(sts_catalogue(id)->layer));
	sts_html_element(b, "h1", NULL, e->title);
	sts_buf_printf(b, "<p class=\"facts-line\"><span class=\"severity-cell %s\">", class_of(severity));
	sts_html_icon(b, is_reason ? STS_ICON_UNKNOWN : icon_of(severity));
	sts_buf_printf(b, "%s</span> · <code>%s</code> · ", e->severity, e->code);
	sts_xml(b, e->source);
	sts_buf_puts(b, "</p>\n");
	section(b, "What it means", e->what);
	section(b, "Why it matters", e->why);
	section(b, is_reason ? "What to do" : "How to mend it", e->fix);
	sts_buf_puts(b, "<section aria-labelledby=\"see\">\n<h2 id=\"see\">Does it concern your domain?</h2>\n");
	page_ask(b, NULL, NULL);
	sts_buf_puts(b, "</section>\n</article>\n");
}

void page_explain(struct call *call)
{
	enum sts_finding_id id = sts_catalogue_find(call->param);
	struct sts_explanation e;
	struct page p;

	if (sts_explain(call->param, &e) != STS_OK) {
		unknown_code(call);
		return;
	}
	page_begin(&p, call, PAGE_FINDINGS, sts_sprintf(call->arena, "%s · MTA-STS", e.title), e.what);
	sts_buf_puts(&p.b, "<div class=\"with-topics\">\n");
	put_explanation(&p.b, &e, id);
	put_neighbours(&p.b, (int)id);
	sts_buf_puts(&p.b, "</div>\n");
	page_send(&p, 200);
}
