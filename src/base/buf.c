#include "base/buf.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void sts_buf_init(struct sts_buf *b, size_t max)
{
	*b = (struct sts_buf){.max = max};
}

void sts_buf_clear(struct sts_buf *b)
{
	free(b->ptr);
	*b = (struct sts_buf){.max = b->max};
}

void sts_buf_reset(struct sts_buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->ptr != NULL)
		b->ptr[0] = '\0';
}

bool sts_buf_reserve(struct sts_buf *b, size_t more)
{
	size_t want;
	size_t size = b->size == 0 ? 256 : b->size;
	char *grown;

	if (b->failed || more > b->max || b->len > b->max - more) {
		b->failed = true;
		return false;
	}
	want = b->len + more + 1;
	if (want <= b->size)
		return true;
	while (size < want)
		size *= 2;
	grown = realloc(b->ptr, size);
	if (grown == NULL) {
		b->failed = true;
		return false;
	}
	b->ptr = grown;
	b->size = size;
	return true;
}

void sts_buf_add(struct sts_buf *b, const void *data, size_t len)
{
	if (!sts_buf_reserve(b, len))
		return;
	if (len > 0)
		memcpy(b->ptr + b->len, data, len);
	b->len += len;
	b->ptr[b->len] = '\0';
}

void sts_buf_addc(struct sts_buf *b, char c)
{
	sts_buf_add(b, &c, 1);
}

void sts_buf_puts(struct sts_buf *b, const char *cstr)
{
	sts_buf_add(b, cstr, strlen(cstr));
}

void sts_buf_printf(struct sts_buf *b, const char *fmt, ...)
{
	char text[256]; /* most are short, and then printed once */
	va_list ap;
	va_list again;
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (len >= 0 && (size_t)len < sizeof text) {
		sts_buf_add(b, text, (size_t)len);
	} else if (len >= 0 && sts_buf_reserve(b, (size_t)len)) {
		vsnprintf(b->ptr + b->len, (size_t)len + 1, fmt, again);
		b->len += (size_t)len;
	}
	va_end(again);
}

void sts_buf_consume(struct sts_buf *b, size_t n)
{
	if (n >= b->len) {
		sts_buf_reset(b);
		return;
	}
	memmove(b->ptr, b->ptr + n, b->len - n + 1);
	b->len -= n;
}

void sts_buf_escape(struct sts_buf *b, struct sts_str s, size_t max)
{
	bool cut = s.len > max;
	size_t n;

	if (cut)
		s.len = max;
	for (; s.len > 0; s = sts_str_from(s, n)) {
		uint32_t cp = 0;

		n = sts_utf8_take(s, &cp);
		if (n == 0) {
			n = 1;
			if (!cut || s.len >= 4)
				sts_buf_printf(b, "\\x%02X", (unsigned)(unsigned char)s.ptr[0]);
			continue;
		}
		if (cp == '\\')
			sts_buf_puts(b, "\\\\");
		else if (!sts_char_unsafe(cp))
			sts_buf_add(b, s.ptr, n);
		else
			sts_buf_printf(b, cp < 0x80 ? "\\x%02X" : "\\u{%X}", (unsigned)cp);
	}
	if (cut)
		sts_buf_puts(b, "\xE2\x80\xA6");
}
