/*
 * Text of any origin made harmless for a form with marks of its own. Each writes what a reader of that form shows as the text; control
 * octets, broken UTF-8 and characters that hide or reorder text come out as \xNN or \u{NNNN}.
 */
#ifndef STS_RENDER_ESCAPE_H
#define STS_RENDER_ESCAPE_H

#include "base/buf.h"

/** Element content and quoted attribute values of HTML and XML 1.0. LF stays; at most max octets of s are taken. */
void sts_escape_xml(struct sts_buf *b, struct sts_str s, size_t max);

/** Plain lines: LF stays, CR of CR LF goes. */
void sts_escape_lines(struct sts_buf *b, struct sts_str s, size_t max);

/** Running text of Markdown (CommonMark and GitHub's tables), all on one line. */
void sts_escape_markdown(struct sts_buf *b, struct sts_str s, size_t max);

/** A code span of Markdown, fence included; "" gives nothing. */
void sts_escape_markdown_code(struct sts_buf *b, struct sts_str s, size_t max);

/** The same inside a table, where a bare vertical bar would end the cell. */
void sts_escape_markdown_cell(struct sts_buf *b, struct sts_str s, size_t max);

/** One quoted field of CSV. A field that a spreadsheet would take for a formula begins with an apostrophe.  [RFC 4180; CWE-1236] */
void sts_escape_csv(struct sts_buf *b, struct sts_str s, size_t max);

/** A label value of the Prometheus text format, without its quotes. */
void sts_escape_label(struct sts_buf *b, struct sts_str s, size_t max);

/** Printable ASCII without a vertical bar, for a monitoring plugin's line; anything else is a question mark or a slash. */
void sts_escape_plugin(struct sts_buf *b, struct sts_str s, size_t max);

/** Text of ours, from a NUL-terminated string; NULL is nothing. */
static inline void sts_xml(struct sts_buf *b, const char *s)
{
	sts_escape_xml(b, sts_str_of(s), 65536);
}

static inline void sts_markdown(struct sts_buf *b, const char *s)
{
	sts_escape_markdown(b, sts_str_of(s), 65536);
}

#endif
