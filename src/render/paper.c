#include "render/paper.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct sts_paper sts_paper(struct sts_buf *out, const struct sts_render_options *options)
{
	unsigned width = options->width == 0 ? 80 : options->width;

	width = width < STS_PAPER_MIN ? STS_PAPER_MIN : width > STS_PAPER_MAX ? STS_PAPER_MAX : width;
	return (struct sts_paper){.out = out, .width = width, .color = options->color};
}

static const char *ansi(enum sts_style style)
{
	static const char *const codes[] = {
		"", "\x1b[1m", "\x1b[2m", "\x1b[1;31m", "\x1b[33m", "\x1b[32m", "\x1b[36m", "\x1b[1;37;41m"};

	return codes[style];
}

/* The sequence is written when the first word is: no blank in front of it is coloured. */
static void turn_on(struct sts_paper *p)
{
	if (!p->color || p->styled || p->style == STS_PLAIN)
		return;
	sts_buf_puts(p->out, ansi(p->style));
	p->styled = true;
}

static void turn_off(struct sts_paper *p)
{
	if (p->styled)
		sts_buf_puts(p->out, "\x1b[0m");
	p->styled = false;
	p->style = STS_PLAIN;
}

/* Blanks wait for something that follows them: no line ends in one. */
static void blanks(struct sts_paper *p, unsigned n)
{
	p->blanks += n;
	p->col += n;
}

static void begin_text(struct sts_paper *p)
{
	for (; p->blanks > 0; p->blanks--)
		sts_buf_addc(p->out, ' ');
	turn_on(p);
}

static void break_line(struct sts_paper *p)
{
	sts_buf_addc(p->out, '\n');
	p->col = 0;
	p->blanks = 0;
	p->start = p->hang;
	p->word_col = 0;
	blanks(p, p->hang);
}

void sts_paper_begin(struct sts_paper *p, unsigned indent, unsigned hang)
{
	p->col = 0;
	p->blanks = 0;
	p->hang = hang;
	p->start = indent;
	p->word_col = 0;
	blanks(p, indent);
}

/* Cut anywhere, at the edge. */
static void put_cut(struct sts_paper *p, struct sts_str word)
{
	while (word.len > 0) {
		uint32_t cp = 'x';
		size_t n = sts_utf8_take(word, &cp);
		unsigned w = sts_char_width(cp);

		n = n == 0 ? 1 : n;
		if (p->col + w > p->width)
			break_line(p);
		begin_text(p);
		sts_buf_add(p->out, word.ptr, n);
		p->col += w;
		word = sts_str_from(word, n);
	}
}

/* A word that no line can hold (a URL, a key) is broken behind its punctuation; where that does not help, at the edge. */
static void put_long_word(struct sts_paper *p, struct sts_str word)
{
	while (word.len > 0) {
		size_t n = 0;
		unsigned w;

		while (n < word.len && strchr("/.,;=&?-", word.ptr[n]) == NULL)
			n++;
		n = n < word.len ? n + 1 : n;
		w = sts_text_width(sts_str(word.ptr, n));
		if (p->col + w > p->width && p->hang + w <= p->width)
			break_line(p);
		put_cut(p, sts_str(word.ptr, n));
		word = sts_str_from(word, n);
	}
}

/* Text follows the last word without a blank: both belong together, so both go to the next line. False when that does not help. */
static bool take_word_down(struct sts_paper *p, unsigned more)
{
	unsigned word = p->col - p->word_col;
	size_t rest = p->out->len - p->word_at - p->word_blanks;
	char *at;

	if (p->word_col <= p->start || p->hang + word + more > p->width)
		return false;
	for (unsigned i = p->word_blanks; i <= p->hang; i++)
		sts_buf_addc(p->out, ' '); /* room for the line end and the new blanks */
	if (p->out->failed)
		return false;
	at = p->out->ptr + p->word_at;
	memmove(at + 1 + p->hang, at + p->word_blanks, rest);
	at[0] = '\n';
	memset(at + 1, ' ', p->hang);
	p->out->len = p->word_at + 1 + p->hang + rest;
	p->out->ptr[p->out->len] = '\0';
	p->col = p->hang + word;
	p->start = p->word_col = p->hang;
	return true;
}

static void put_word(struct sts_paper *p, struct sts_str word)
{
	unsigned w = sts_text_width(word);
	bool glued = p->blanks == 0 && p->col > p->start;

	if (p->col + w > p->width && p->col > p->start && !(glued && take_word_down(p, w)) && p->hang + w <= p->width)
		break_line(p);
	if (p->col + w > p->width) {
		put_long_word(p, word);
		p->word_col = 0;
		return;
	}
	if (!glued || p->col == p->start) {
		p->word_at = p->out->len;
		p->word_blanks = p->blanks;
		p->word_col = p->col;
	}
	begin_text(p);
	sts_buf_add(p->out, word.ptr, word.len);
	p->col += w;
}

static void put_words(struct sts_paper *p, struct sts_str text)
{
	while (text.len > 0) {
		size_t n = sts_str_find(text, ' ', 0);

		if (n == 0) {
			if (p->col > p->start)
				blanks(p, 1);
			text = sts_str_from(text, 1);
			continue;
		}
		put_word(p, sts_str(text.ptr, n));
		text = sts_str_from(text, n);
	}
}

void sts_paper_put(struct sts_paper *p, enum sts_style style, const char *text)
{
	if (text[0] == '\0')
		return;
	p->style = style;
	put_words(p, sts_str_of(text));
	turn_off(p);
}

void sts_paper_printf(struct sts_paper *p, enum sts_style style, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		p->out->failed = true;
	else
		sts_paper_put(p, style, text);
	va_end(ap);
	free(text);
}

void sts_paper_net(struct sts_paper *p, enum sts_style style, struct sts_str text, size_t max)
{
	struct sts_buf b;

	sts_buf_init(&b, 16 * max + 16);
	sts_buf_escape(&b, text, max);
	sts_paper_put(p, style, b.ptr == NULL ? "" : b.ptr);
	sts_buf_clear(&b);
}

void sts_paper_exact(struct sts_paper *p, enum sts_style style, struct sts_str text)
{
	size_t len = text.len;

	while (len > 0 && text.ptr[len - 1] == ' ')
		len--;
	p->style = style;
	if (len > 0)
		begin_text(p);
	sts_buf_add(p->out, text.ptr, len);
	p->word_col = 0;
	p->col += sts_text_width(sts_str(text.ptr, len));
	turn_off(p);
	blanks(p, (unsigned)(text.len - len)); /* those at the end wait, as all do */
}

void sts_paper_tab(struct sts_paper *p, unsigned column)
{
	blanks(p, p->col < column ? column - p->col : 1);
}

void sts_paper_end(struct sts_paper *p)
{
	sts_buf_addc(p->out, '\n');
	p->col = 0;
	p->blanks = 0;
}

void sts_paper_text(struct sts_paper *p, unsigned indent, unsigned hang, const char *text)
{
	sts_paper_begin(p, indent, hang);
	sts_paper_put(p, STS_PLAIN, text);
	sts_paper_end(p);
}

/* Printable text passes as it is (no backslash is doubled: the line is to be pasted), anything else becomes a question mark. */
static void add_printable(struct sts_paper *p, struct sts_str line)
{
	uint32_t cp = 0;
	size_t n;

	for (; line.len > 0; line = sts_str_from(line, n == 0 ? 1 : n)) {
		n = sts_utf8_take(line, &cp);
		if (n == 0 || sts_char_unsafe(cp))
			sts_buf_addc(p->out, '?');
		else
			sts_buf_add(p->out, line.ptr, n);
	}
}

void sts_paper_lines(struct sts_paper *p, unsigned indent, enum sts_style style, const char *text)
{
	struct sts_str rest = sts_str_of(text);

	while (rest.len > 0) {
		size_t n = sts_str_find(rest, '\n', 0);

		p->style = n > 0 ? style : STS_PLAIN;
		blanks(p, n > 0 ? indent : 0);
		begin_text(p);
		add_printable(p, sts_str(rest.ptr, n));
		turn_off(p);
		sts_buf_addc(p->out, '\n');
		rest = sts_str_from(rest, n + 1);
	}
	p->col = 0;
}

void sts_paper_gap(struct sts_paper *p)
{
	sts_buf_addc(p->out, '\n');
	p->col = 0;
}

enum sts_style sts_severity_style(enum sts_severity severity)
{
	return severity == STS_ERROR     ? STS_RED
		: severity == STS_WARNING ? STS_YELLOW
		: severity == STS_NOTICE  ? STS_CYAN
					  : STS_DIM;
}
