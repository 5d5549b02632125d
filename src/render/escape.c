#include "render/escape.h"

#include "base/utf8.h"

/* How one safe character is written in a form. */
typedef void put_fn(struct sts_buf *b, struct sts_str c);

/* Unsafe characters and broken octets in the notation of sts_buf_escape; safe ones (and LF where it may stay) through put. */
static void each(struct sts_buf *b, struct sts_str s, size_t max, bool keep_lf, put_fn *put)
{
	bool cut = s.len > max;
	uint32_t cp = 0;
	size_t n;

	if (cut)
		s.len = max;
	for (; s.len > 0; s = sts_str_from(s, n == 0 ? 1 : n)) {
		n = sts_utf8_take(s, &cp);
		if (n == 0 && !(cut && s.len < 4))
			sts_buf_printf(b, "\\x%02X", (unsigned)(unsigned char)s.ptr[0]);
		else if (n == 0)
			continue;
		else if (sts_char_unsafe(cp) && !(keep_lf && cp == '\n'))
			sts_buf_printf(b, cp < 0x80 ? "\\x%02X" : "\\u{%X}", (unsigned)cp);
		else
			put(b, sts_str(s.ptr, n));
	}
	if (cut)
		sts_buf_puts(b, "\xE2\x80\xA6");
}

static void put_xml(struct sts_buf *b, struct sts_str c)
{
	switch (c.ptr[0]) {
	case '&':
		sts_buf_puts(b, "&amp;");
		break;
	case '<':
		sts_buf_puts(b, "&lt;");
		break;
	case '>':
		sts_buf_puts(b, "&gt;");
		break;
	case '"':
		sts_buf_puts(b, "&quot;");
		break;
	case '\'':
		sts_buf_puts(b, "&#39;");
		break;
	default:
		sts_buf_add(b, c.ptr, c.len);
	}
}

void sts_escape_xml(struct sts_buf *b, struct sts_str s, size_t max)
{
	each(b, s, max, true, put_xml);
}

static void put_plain(struct sts_buf *b, struct sts_str c)
{
	sts_buf_add(b, c.ptr, c.len);
}

void sts_escape_lines(struct sts_buf *b, struct sts_str s, size_t max)
{
	while (s.len > 0 && max > 0) {
		size_t n = sts_str_find(s, '\n', 0);
		struct sts_str line = sts_str(s.ptr, n);

		if (n < s.len && n > 0 && s.ptr[n - 1] == '\r')
			line.len--;
		each(b, line, max, false, put_plain);
		if (n < s.len)
			sts_buf_addc(b, '\n');
		max = max > n ? max - n : 0;
		s = sts_str_from(s, n + 1);
	}
}

static void put_markdown(struct sts_buf *b, struct sts_str c)
{
	if (c.ptr[0] == '<')
		sts_buf_puts(b, "&lt;");
	else if (c.ptr[0] == '&')
		sts_buf_puts(b, "&amp;");
	else if (c.len == 1 && strchr("\\`*_{}[]>#|~!", c.ptr[0]) != NULL)
		sts_buf_printf(b, "\\%c", c.ptr[0]);
	else
		sts_buf_add(b, c.ptr, c.len);
}

static void line_feeds_to_blanks(struct sts_buf *b, size_t from)
{
	for (size_t i = from; i < b->len; i++)
		if (b->ptr[i] == '\n')
			b->ptr[i] = ' ';
}

void sts_escape_markdown(struct sts_buf *b, struct sts_str s, size_t max)
{
	size_t from = b->len;

	each(b, s, max, true, put_markdown);
	line_feeds_to_blanks(b, from);
}

/* Inside a code span only the fence counts; a table cell ends at a bare vertical bar even there. */
static void put_cell(struct sts_buf *b, struct sts_str c)
{
	if (c.ptr[0] == '|')
		sts_buf_puts(b, "\\|");
	else
		sts_buf_add(b, c.ptr, c.len);
}

static size_t longest_run(struct sts_str s, char c)
{
	size_t longest = 0;
	size_t run = 0;

	for (size_t i = 0; i < s.len; i++) {
		run = s.ptr[i] == c ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

static void code_span(struct sts_buf *b, struct sts_str s, size_t max, put_fn *put)
{
	size_t fence = longest_run(s, '`') + 1;
	const char *pad;
	size_t from;

	if (s.len == 0)
		return;
	pad = s.ptr[0] == '`' || s.ptr[s.len - 1] == '`' ? " " : "";
	for (size_t i = 0; i < fence; i++)
		sts_buf_addc(b, '`');
	sts_buf_puts(b, pad);
	from = b->len;
	each(b, s, max, true, put);
	line_feeds_to_blanks(b, from);
	sts_buf_puts(b, pad);
	for (size_t i = 0; i < fence; i++)
		sts_buf_addc(b, '`');
}

void sts_escape_markdown_code(struct sts_buf *b, struct sts_str s, size_t max)
{
	code_span(b, s, max, put_plain);
}

void sts_escape_markdown_cell(struct sts_buf *b, struct sts_str s, size_t max)
{
	code_span(b, s, max, put_cell);
}

static void put_csv(struct sts_buf *b, struct sts_str c)
{
	if (c.ptr[0] == '"')
		sts_buf_addc(b, '"');
	sts_buf_add(b, c.ptr, c.len);
}

void sts_escape_csv(struct sts_buf *b, struct sts_str s, size_t max)
{
	size_t first = 0;

	while (first < s.len && (s.ptr[first] == ' ' || s.ptr[first] == '\n'))
		first++;
	sts_buf_addc(b, '"');
	if (first < s.len && strchr("=+-@|%", s.ptr[first]) != NULL && s.ptr[first] != '\0')
		sts_buf_addc(b, '\'');
	each(b, s, max, true, put_csv);
	sts_buf_addc(b, '"');
}

static void put_label(struct sts_buf *b, struct sts_str c)
{
	if (c.ptr[0] == '\\' || c.ptr[0] == '"')
		sts_buf_addc(b, '\\');
	sts_buf_add(b, c.ptr, c.len);
}

void sts_escape_label(struct sts_buf *b, struct sts_str s, size_t max)
{
	struct sts_buf plain;

	/* first the notation for unsafe characters, then its backslashes are escaped as the format wants it */
	sts_buf_init(&plain, 16 * max + 16);
	sts_buf_escape(&plain, s, max);
	for (size_t i = 0; i < plain.len; i++)
		put_label(b, sts_str(plain.ptr + i, 1));
	sts_buf_clear(&plain);
}

void sts_escape_plugin(struct sts_buf *b, struct sts_str s, size_t max)
{
	struct sts_buf plain;
	uint32_t cp = 0;

	sts_buf_init(&plain, 16 * max + 16);
	sts_buf_escape(&plain, s, max);
	for (struct sts_str rest = sts_buf_str(&plain); rest.len > 0; rest = sts_str_from(rest, sts_utf8_take(rest, &cp)))
		sts_buf_addc(b, (unsigned char)rest.ptr[0] >= 0x80 ? '?' : rest.ptr[0] == '|' ? '/' : rest.ptr[0]);
	sts_buf_clear(&plain);
}
