#include "render/text_finding.h"

#include "base/utf8.h"
#include "render/words.h"

#define LABEL 9 /* column where a finding's text begins, behind its severity */

static void finding_title(struct sts_paper *p, const struct sts_finding *f)
{
	sts_paper_begin(p, 0, LABEL);
	sts_paper_put(p, sts_severity_style(f->severity), sts_severity_name(f->severity));
	sts_paper_tab(p, LABEL);
	sts_paper_put(p, STS_BOLD, f->title);
	sts_paper_printf(p, STS_DIM, "  [%s]", f->code);
	sts_paper_end(p);
}

static void finding_where(struct sts_paper *p, const struct sts_finding *f)
{
	sts_paper_begin(p, LABEL, LABEL);
	sts_paper_put(p, STS_DIM, "at ");
	sts_paper_put(p, STS_PLAIN, f->subject);
	if (f->line > 0 && strncmp(f->detail, "Line ", 5) != 0)
		sts_paper_printf(p, STS_PLAIN, ", line %u, column %u", f->line, f->column);
	if (f->cause != NULL)
		sts_paper_printf(p, STS_DIM, " (cause: %s)", f->cause);
	sts_paper_end(p);
}

/* Octets in front of the column, at most enough of them to leave room for the fault itself. */
static size_t shown_from(struct sts_str line, unsigned column, unsigned room)
{
	size_t at = column - 1 < line.len ? column - 1 : line.len;
	size_t from = line.len > room && at > room / 2 ? at - room / 2 : 0;

	while (from > 0 && from < line.len && ((unsigned char)line.ptr[from] & 0xC0) == 0x80)
		from++; /* not inside a character */
	return from;
}

/* The line as it is in the source, and a mark below the column. */
static void source_line(struct sts_paper *p, struct sts_str line, unsigned number, unsigned column)
{
	unsigned room = p->width - LABEL - 10;
	size_t from = shown_from(line, column, room);
	size_t at = column - 1 < line.len ? column - 1 : line.len;
	struct sts_buf before;
	struct sts_buf rest;

	sts_buf_init(&before, 4096);
	sts_buf_init(&rest, 4096);
	sts_buf_printf(&before, "%s%u | %s", number < 10 ? " " : "", number, from > 0 ? "..." : "");
	sts_buf_escape(&before, sts_str(line.ptr + from, at - from), room);
	sts_buf_escape(&rest, sts_str_from(line, at), from > 0 ? room / 2 : room);
	sts_paper_begin(p, LABEL, LABEL);
	sts_paper_exact(p, STS_PLAIN, sts_buf_str(&before));
	sts_paper_exact(p, STS_PLAIN, sts_buf_str(&rest));
	sts_paper_end(p);
	sts_paper_begin(p, LABEL + sts_text_width(sts_buf_str(&before)), LABEL);
	sts_paper_put(p, STS_GREEN, "^");
	sts_paper_end(p);
	sts_buf_clear(&before);
	sts_buf_clear(&rest);
}

static void finding_source_line(struct sts_paper *p, const struct sts_finding *f, struct sts_str source)
{
	size_t next = 0;
	size_t end = 0;

	if (f->line == 0 || f->column == 0 || source.ptr == NULL)
		return;
	for (unsigned line = 1; line <= f->line; line++) {
		source = sts_str_from(source, next);
		end = sts_line_end(source, &next);
		if (source.len == 0 && line > 1)
			return;
	}
	source_line(p, sts_str(source.ptr, end), f->line, f->column);
}

static void finding_source(struct sts_paper *p, const struct sts_finding *f)
{
	bool has_rfc = strncmp(f->rfc, "RFC", 3) == 0;

	if (!has_rfc && f->result_type == NULL)
		return;
	sts_paper_begin(p, LABEL, LABEL);
	sts_paper_put(p, STS_DIM, has_rfc ? f->rfc : "");
	if (f->result_type != NULL)
		sts_paper_printf(p, STS_DIM, "%senders report it as %s", has_rfc ? "; s" : "S", f->result_type);
	sts_paper_end(p);
}

/* The lines to paste; a whole corrected file that several findings give is written once. */
static void snippet(struct sts_paper *p, const struct sts_finding *findings, size_t index)
{
	const char *text = findings[index].fix_snippet;

	if (text == NULL)
		return;
	for (size_t i = 0; i < index; i++)
		if (findings[i].severity != STS_INFO && findings[i].fix_snippet != NULL && strcmp(findings[i].fix_snippet, text) == 0) {
			sts_paper_begin(p, LABEL, LABEL);
			sts_paper_put(p, STS_DIM, "(the lines to paste stand above)");
			sts_paper_end(p);
			return;
		}
	sts_paper_lines(p, LABEL + 2, STS_BOLD, text);
}

static void finding(struct sts_paper *p, const struct sts_finding *findings, size_t index, struct sts_str source)
{
	const struct sts_finding *f = &findings[index];

	sts_paper_gap(p);
	finding_title(p, f);
	finding_where(p, f);
	finding_source_line(p, f, source);
	sts_paper_text(p, LABEL, LABEL, f->detail);
	finding_source(p, f);
	if (f->fix_text != NULL) {
		sts_paper_begin(p, LABEL, LABEL);
		sts_paper_put(p, STS_GREEN, "Mend: ");
		sts_paper_put(p, STS_PLAIN, f->fix_text);
		sts_paper_end(p);
	}
	snippet(p, findings, index);
}

/* An info asks for nothing: what it is, and what was seen. */
static void info(struct sts_paper *p, const struct sts_finding *f)
{
	sts_paper_begin(p, 0, LABEL);
	sts_paper_put(p, STS_DIM, sts_severity_name(f->severity));
	sts_paper_tab(p, LABEL);
	sts_paper_put(p, STS_PLAIN, f->title);
	sts_paper_printf(p, STS_DIM, "  [%s] at ", f->code);
	sts_paper_put(p, STS_DIM, f->subject);
	sts_paper_end(p);
}

static void count_words(struct sts_paper *p, const struct sts_finding *findings, size_t count)
{
	size_t counts[STS_ERROR + 1] = {0};
	const char *sep = "";

	for (size_t i = 0; i < count; i++)
		counts[findings[i].severity]++;
	for (int s = STS_ERROR; s >= STS_INFO; s--) {
		if (counts[s] == 0)
			continue;
		sts_paper_printf(p, STS_BOLD, "%s%zu %s%s", sep, counts[s], sts_severity_name((enum sts_severity)s),
			counts[s] == 1 || s == STS_INFO ? "" : "s");
		sep = ", ";
	}
	if (count == 0)
		sts_paper_put(p, STS_BOLD, "none");
}

void sts_text_findings(struct sts_paper *p, const struct sts_finding *findings, size_t count, struct sts_str source)
{
	size_t i = 0;

	sts_paper_begin(p, 0, 0);
	sts_paper_put(p, STS_BOLD, "Findings: ");
	count_words(p, findings, count);
	sts_paper_end(p);
	for (; i < count && findings[i].severity != STS_INFO; i++)
		finding(p, findings, i, source);
	if (i < count)
		sts_paper_gap(p);
	for (; i < count; i++)
		info(p, &findings[i]);
}
