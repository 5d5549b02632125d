#include "base/jsonw.h"

#include "base/clock.h"
#include "base/utf8.h"

static void new_line(struct sts_jsonw *w)
{
	if (!w->pretty)
		return;
	sts_buf_addc(w->out, '\n');
	for (unsigned i = 0; i < w->depth; i++)
		sts_buf_puts(w->out, "  ");
}

/* The comma, the line and the name that stand before a value. */
static void lead(struct sts_jsonw *w, const char *key)
{
	if (w->depth > 0) {
		if (w->has_items[w->depth - 1])
			sts_buf_addc(w->out, ',');
		w->has_items[w->depth - 1] = true;
		new_line(w);
	}
	if (key == NULL)
		return;
	sts_buf_addc(w->out, '"');
	sts_buf_puts(w->out, key);
	sts_buf_puts(w->out, w->pretty ? "\": " : "\":");
}

static void open_level(struct sts_jsonw *w, const char *key, char bracket)
{
	lead(w, key);
	if (w->depth == STS_JSON_DEPTH_MAX) {
		w->out->failed = true;
		return;
	}
	sts_buf_addc(w->out, bracket);
	w->has_items[w->depth++] = false;
}

static void close_level(struct sts_jsonw *w, char bracket)
{
	if (w->depth == 0) {
		w->out->failed = true;
		return;
	}
	w->depth--;
	if (w->has_items[w->depth])
		new_line(w);
	sts_buf_addc(w->out, bracket);
}

void sts_jw_object(struct sts_jsonw *w, const char *key)
{
	open_level(w, key, '{');
}

void sts_jw_array(struct sts_jsonw *w, const char *key)
{
	open_level(w, key, '[');
}

void sts_jw_end_object(struct sts_jsonw *w)
{
	close_level(w, '}');
}

void sts_jw_end_array(struct sts_jsonw *w)
{
	close_level(w, ']');
}

static void escape_char(struct sts_buf *b, uint32_t cp)
{
	if (cp == '\n')
		sts_buf_puts(b, "\\n");
	else if (cp == '\r')
		sts_buf_puts(b, "\\r");
	else if (cp == '\t')
		sts_buf_puts(b, "\\t");
	else if (cp < 0x10000)
		sts_buf_printf(b, "\\u%04X", (unsigned)cp);
	else /* a surrogate pair.  [RFC 8259 section 7] */
		sts_buf_printf(b, "\\u%04X\\u%04X", (unsigned)(0xD800 + ((cp - 0x10000) >> 10)),
			(unsigned)(0xDC00 + ((cp - 0x10000) & 0x3FF)));
}

/* Octets at the start that stand for themselves; nearly always all of them. */
static size_t plain(struct sts_str s)
{
	size_t n = 0;

	while (n < s.len && s.ptr[n] >= ' ' && s.ptr[n] < 0x7F && s.ptr[n] != '"' && s.ptr[n] != '\\')
		n++;
	return n;
}

void sts_jw_str(struct sts_jsonw *w, const char *key, struct sts_str s)
{
	struct sts_buf *b = w->out;
	uint32_t cp = 0;
	size_t n;

	lead(w, key);
	sts_buf_addc(b, '"');
	for (; s.len > 0; s = sts_str_from(s, n == 0 ? 1 : n)) {
		n = plain(s);
		if (n > 0) {
			sts_buf_add(b, s.ptr, n);
			continue;
		}
		n = sts_utf8_take(s, &cp);
		if (n == 0)
			sts_buf_puts(b, "\xEF\xBF\xBD");
		else if (cp == '"' || cp == '\\')
			sts_buf_printf(b, "\\%c", (char)cp);
		else if (sts_char_unsafe(cp))
			escape_char(b, cp);
		else
			sts_buf_add(b, s.ptr, n);
	}
	sts_buf_addc(b, '"');
}

void sts_jw_cstr(struct sts_jsonw *w, const char *key, const char *s)
{
	if (s == NULL)
		sts_jw_null(w, key);
	else
		sts_jw_str(w, key, sts_str_of(s));
}

void sts_jw_int(struct sts_jsonw *w, const char *key, int64_t v)
{
	uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	char digits[21];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (v < 0)
		digits[--at] = '-';
	lead(w, key);
	sts_buf_add(w->out, digits + at, sizeof digits - at);
}

void sts_jw_bool(struct sts_jsonw *w, const char *key, bool v)
{
	lead(w, key);
	sts_buf_puts(w->out, v ? "true" : "false");
}

void sts_jw_null(struct sts_jsonw *w, const char *key)
{
	lead(w, key);
	sts_buf_puts(w->out, "null");
}

void sts_jw_raw(struct sts_jsonw *w, const char *key, struct sts_str json)
{
	lead(w, key);
	sts_buf_add(w->out, json.ptr, json.len);
}

void sts_jw_time(struct sts_jsonw *w, const char *key, int64_t seconds)
{
	char text[21];

	sts_format_time(seconds, text);
	sts_jw_cstr(w, key, text);
}
