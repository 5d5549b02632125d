#include "base/utf8.h"

struct range {
	uint32_t first;
	uint32_t last;
};

/* Combining marks of the scripts that mail administrators are likely to meet; a wrong column count is only an ugly line. */
static const struct range zero_width[] = {
	{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F}, {0x0900, 0x0902},
	{0x093C, 0x093C}, {0x0941, 0x0948}, {0x094D, 0x094D}, {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},
	{0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20F0}, {0x302A, 0x302D}, {0x3099, 0x309A}, {0xFE00, 0xFE0F},
	{0xFE20, 0xFE2F},
};

/* East Asian Wide and Fullwidth, and emoji.  [UAX 11] */
static const struct range double_width[] = {
	{0x1100, 0x115F}, {0x2E80, 0x303E}, {0x3041, 0x33FF}, {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xA000, 0xA4CF},
	{0xAC00, 0xD7A3}, {0xF900, 0xFAFF}, {0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F},
	{0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};

static bool within(const struct range *ranges, size_t count, uint32_t cp)
{
	for (size_t i = 0; i < count; i++)
		if (cp >= ranges[i].first && cp <= ranges[i].last)
			return true;
	return false;
}

/* Octets that a sequence with this first octet has; 0 for one that begins none.  [RFC 3629 section 4] */
static size_t needed(unsigned char c)
{
	return c < 0x80 ? 1 : c >= 0xC2 && c <= 0xDF ? 2 : c >= 0xE0 && c <= 0xEF ? 3 : c >= 0xF0 && c <= 0xF4 ? 4 : 0;
}

size_t sts_utf8_take(struct sts_str s, uint32_t *cp)
{
	const unsigned char *p = (const unsigned char *)s.ptr;
	size_t need = s.len == 0 ? 0 : needed(p[0]);
	uint32_t v;

	if (need == 0 || need > s.len)
		return 0;
	v = need == 1 ? p[0] : p[0] & (0xFFu >> (need + 1));
	for (size_t i = 1; i < need; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		v = v << 6 | (p[i] & 0x3Fu);
	}
	/* overlong forms, surrogates, past the last code point */
	if ((need == 3 && v < 0x800) || (v >= 0xD800 && v <= 0xDFFF) || (need == 4 && v < 0x10000) || v > 0x10FFFF)
		return 0;
	*cp = v;
	return need;
}

size_t sts_utf8_put(uint32_t cp, char out[static 4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

bool sts_char_unsafe(uint32_t cp)
{
	static const struct range unsafe[] = {
		{0x00, 0x1F}, {0x7F, 0x9F}, {0xAD, 0xAD}, {0x61C, 0x61C}, {0x115F, 0x1160}, {0x180B, 0x180F}, {0x200B, 0x200F},
		{0x2028, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164}, {0xFDD0, 0xFDEF}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0},
		{0xFFF0, 0xFFFB}, {0xE0000, 0xE0FFF},
	};

	return (cp & 0xFFFE) == 0xFFFE || within(unsafe, sizeof unsafe / sizeof *unsafe, cp);
}

unsigned sts_char_width(uint32_t cp)
{
	if (cp < 0x300)
		return 1;
	if (within(zero_width, sizeof zero_width / sizeof *zero_width, cp))
		return 0;
	return within(double_width, sizeof double_width / sizeof *double_width, cp) ? 2 : 1;
}

unsigned sts_text_width(struct sts_str s)
{
	unsigned width = 0;
	size_t n;

	for (; s.len > 0; s = sts_str_from(s, n)) {
		uint32_t cp = 'x';

		n = sts_utf8_take(s, &cp);
		n = n == 0 ? 1 : n;
		width += sts_char_width(cp);
	}
	return width;
}
