#include "base/base64.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void sts_base64_put(struct sts_buf *out, struct sts_str data)
{
	for (size_t i = 0; i < data.len; i += 3) {
		size_t n = data.len - i < 3 ? data.len - i : 3;
		uint32_t v = 0;

		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (k < n ? (uint8_t)data.ptr[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			sts_buf_addc(out, k <= n ? letters[v >> (18 - 6 * k) & 63] : '=');
	}
}

/* Value of a letter; 64 for any other octet. */
static uint32_t value_of(char c)
{
	const char *at = c == '\0' ? NULL : strchr(letters, c);

	return at == NULL ? 64 : (uint32_t)(at - letters);
}

/* Four letters, the last ones of them padding where this is the end. */
static bool take_four(struct sts_buf *out, const char *s, bool last)
{
	size_t n = last && s[3] == '=' ? (s[2] == '=' ? 1 : 2) : 3;
	uint32_t v = 0;

	for (size_t k = 0; k < 4; k++) {
		uint32_t bits = k <= n ? value_of(s[k]) : 0;

		if (bits > 63)
			return false;
		v = v << 6 | bits;
	}
	if ((v & ((1u << (24 - 8 * n)) - 1)) != 0)
		return false;
	for (size_t k = 0; k < n; k++)
		sts_buf_addc(out, (char)(v >> (16 - 8 * k) & 0xff));
	return true;
}

bool sts_base64_take(struct sts_buf *out, struct sts_str text)
{
	if (text.len % 4 != 0)
		return false;
	for (size_t i = 0; i < text.len; i += 4)
		if (!take_four(out, text.ptr + i, i + 4 == text.len))
			return false;
	return !out->failed;
}
