/* Findings as HTML: what is wrong, where, and the lines to paste that mend it. */
#include "render/html.h"

#include "render/words.h"

#include <stdio.h>

#define LINE_SHOWN 300
#define LINES_SHOWN 400

/* ---- the line at fault ------------------------------------------------------------------------------------------- */

static bool is_about(const struct sts_finding *f, struct sts_html_source source)
{
	return f->line > 0 && source.text.ptr != NULL &&
	       (source.layer == NULL || strncmp(f->code, source.layer, strlen(source.layer)) == 0);
}

/* The line with this number, without its end. False: there is none. */
static bool find_line(struct sts_str text, unsigned number, struct sts_str *out)
{
	size_t next = 0;
	size_t end = 0;

	for (unsigned line = 1; line <= number; line++) {
		text = sts_str_from(text, next);
		end = sts_line_end(text, &next);
		if (text.len == 0 && line > 1)
			return false;
	}
	*out = sts_str(text.ptr, end);
	return true;
}

/* Not inside a character. */
static size_t whole(struct sts_str line, size_t at)
{
	while (at > 0 && at < line.len && ((unsigned char)line.ptr[at] & 0xC0) == 0x80)
		at--;
	return at;
}

/* From the column on it is marked; a fault behind the end of the line is a mark of its own. */
static void marked_line(struct sts_buf *b, struct sts_str line, unsigned column)
{
	size_t at = column == 0 ? 0 : whole(line, column - 1 < line.len ? column - 1 : line.len);
	size_t from = at > LINE_SHOWN / 2 ? whole(line, at - LINE_SHOWN / 2) : 0;

	if (from > 0)
		sts_buf_puts(b, "…");
	sts_escape_xml(b, sts_str(line.ptr + from, at - from), LINE_SHOWN);
	sts_buf_puts(b, "<mark>");
	if (at < line.len)
		sts_escape_xml(b, sts_str_from(line, at), LINE_SHOWN);
	else
		sts_buf_puts(b, "⏎");
	sts_buf_puts(b, "</mark>");
}

static void source_line(struct sts_buf *b, const struct sts_finding *f, struct sts_html_source source)
{
	struct sts_str line;

	if (!is_about(f, source) || !find_line(source.text, f->line, &line))
		return;
	sts_buf_printf(
		b, "<p class=\"at-line\"><span class=\"where\">line %u, column %u</span> <code>", f->line, f->column);
	marked_line(b, line, f->column);
	sts_buf_puts(b, "</code></p>\n");
}

static const struct sts_finding *of_line(
	const struct sts_finding *findings, size_t count, struct sts_html_source source, unsigned line)
{
	for (size_t i = 0; i < count; i++)
		if (is_about(&findings[i], source) && findings[i].line == line)
			return &findings[i];
	return NULL;
}

void sts_html_lines(struct sts_buf *b, struct sts_html_source source, const struct sts_finding *findings, size_t count)
{
	struct sts_str rest = source.text;
	size_t next = 0;
	unsigned line = 1;

	sts_buf_puts(b, "<ol class=\"lines\">\n");
	for (; rest.len > 0 && line <= LINES_SHOWN; rest = sts_str_from(rest, next), line++) {
		size_t end = sts_line_end(rest, &next);
		const struct sts_finding *f = of_line(findings, count, source, line);

		sts_buf_printf(b, f == NULL ? "<li><code>" : "<li class=\"%s\"><code>",
			f == NULL ? "" : sts_severity_name(f->severity));
		if (f != NULL)
			marked_line(b, sts_str(rest.ptr, end), f->column);
		else
			sts_escape_xml(b, sts_str(rest.ptr, end), LINE_SHOWN);
		sts_buf_puts(b, "</code></li>\n");
	}
	sts_buf_puts(b, "</ol>\n");
	if (rest.len > 0)
		sts_buf_printf(b, "<p class=\"more\">… and %zu octets more</p>\n", rest.len);
}

/* ---- one finding ------------------------------------------------------------------------------------------------- */

static void where(struct sts_buf *b, const struct sts_finding *f, const char *explain)
{
	sts_buf_puts(b, "<p class=\"where\">");
	sts_html_code(b, f->code, explain);
	sts_buf_puts(b, " at <span class=\"subject\">");
	sts_xml(b, f->subject);
	sts_buf_puts(b, "</span>");
	if (f->cause != NULL) {
		sts_buf_puts(b, ", cause ");
		sts_html_element(b, "code", NULL, f->cause);
	}
	if (strncmp(f->rfc, "RFC", 3) == 0) {
		sts_buf_puts(b, " · ");
		sts_xml(b, f->rfc);
	}
	if (f->result_type != NULL) {
		sts_buf_puts(b, " · senders report it as ");
		sts_html_element(b, "code", NULL, f->result_type);
	}
	sts_buf_puts(b, "</p>\n");
}

/* What the lines to paste are for. */
static const char *paste_label(enum sts_fix_type type)
{
	switch (type) {
	case STS_FIX_DNS:
		return "DNS record";
	case STS_FIX_POLICY:
		return "Policy file";
	case STS_FIX_SERVER:
		return "Server";
	case STS_FIX_NONE:
		break;
	}
	return "To paste";
}

/* A whole corrected file that several findings give is written once. */
static bool pasted_before(const struct sts_finding *findings, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (findings[i].severity != STS_INFO && findings[i].fix_snippet != NULL &&
			strcmp(findings[i].fix_snippet, findings[index].fix_snippet) == 0)
			return true;
	return false;
}

static void fix(struct sts_buf *b, const struct sts_finding *findings, size_t index)
{
	const struct sts_finding *f = &findings[index];

	if (f->fix_text != NULL) {
		sts_buf_puts(b, "<p class=\"fix\"><strong>Mend:</strong> ");
		sts_xml(b, f->fix_text);
		sts_buf_puts(b, "</p>\n");
	}
	if (f->fix_snippet == NULL)
		return;
	if (pasted_before(findings, index)) {
		sts_buf_puts(b, "<p class=\"more\">The lines to paste stand above.</p>\n");
		return;
	}
	sts_buf_printf(b, "<div class=\"paste\"><p class=\"label\">%s</p><pre>", paste_label(f->fix_type));
	sts_xml(b, f->fix_snippet);
	sts_buf_puts(b, "</pre></div>\n");
}

static void finding(struct sts_buf *b, const struct sts_finding *findings, size_t index, struct sts_html_source source,
	const char *explain)
{
	const struct sts_finding *f = &findings[index];
	const char *word = sts_severity_name(f->severity);

	sts_buf_printf(b, "<section class=\"finding %s\">\n<h3><span class=\"severity\">", word);
	sts_html_icon(b, sts_html_severity_icon(f->severity));
	sts_buf_printf(b, "%s:</span> ", word);
	sts_xml(b, f->title);
	sts_buf_puts(b, "</h3>\n");
	where(b, f, explain);
	sts_html_element(b, "p", NULL, f->detail);
	sts_buf_addc(b, '\n');
	source_line(b, f, source);
	fix(b, findings, index);
	sts_buf_puts(b, "</section>\n");
}

/* An info asks for nothing: what it is, and what was seen. */
static void info(struct sts_buf *b, const struct sts_finding *f, const char *explain)
{
	sts_buf_puts(b, "<li><strong>");
	sts_xml(b, f->title);
	sts_buf_puts(b, "</strong> ");
	sts_html_code(b, f->code, explain);
	sts_buf_puts(b, " at ");
	sts_xml(b, f->subject);
	sts_buf_puts(b, ": ");
	sts_html_element(b, "span", NULL, f->detail);
	sts_buf_puts(b, "</li>\n");
}

static void counts(struct sts_buf *b, const struct sts_finding *findings, size_t count)
{
	size_t of[STS_ERROR + 1] = {0};
	const char *sep = "";

	for (size_t i = 0; i < count; i++)
		of[findings[i].severity]++;
	for (int s = STS_ERROR; s >= STS_NOTICE; s--) {
		if (of[s] == 0)
			continue;
		sts_buf_printf(
			b, "%s%zu %s%s", sep, of[s], sts_severity_name((enum sts_severity)s), of[s] == 1 ? "" : "s");
		sep = ", ";
	}
	if (sep[0] == '\0')
		sts_buf_puts(b, "nothing to mend");
}

void sts_html_findings(struct sts_buf *b, const struct sts_finding *findings, size_t count,
	struct sts_html_source source, const struct sts_html_options *o)
{
	size_t i = 0;

	sts_buf_puts(b, "<h2>Findings <span class=\"count\">");
	counts(b, findings, count);
	sts_buf_puts(b, "</span></h2>\n");
	for (; i < count && findings[i].severity != STS_INFO; i++)
		finding(b, findings, i, source, o->explain);
	if (i == count)
		return;
	sts_buf_printf(b, "<details class=\"facts\"%s>\n<summary>%zu %sfact%s to know</summary>\n<ul>\n",
		i == 0 ? " open" : "", count - i, i == 0 ? "" : "more ", count - i == 1 ? "" : "s");
	for (; i < count; i++)
		info(b, &findings[i], o->explain);
	sts_buf_puts(b, "</ul>\n</details>\n");
}
