#include "proto/loosenum.h"

/* Digits, and underscores between them where these are let through; false: no number. Huge ones come out as UINT64_MAX.
 */
static bool read_digits(struct sts_str s, bool underscores, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		bool gap = underscores && s.ptr[i] == '_' && i > 0 && i + 1 < s.len && s.ptr[i - 1] != '_';

		if (!gap && !sts_is_digit(s.ptr[i]))
			return false;
		if (gap)
			continue;
		v = v > UINT64_MAX / 10 - 10 ? UINT64_MAX / 10 - 10 : v * 10 + (uint64_t)(s.ptr[i] - '0');
	}
	*out = v;
	return true;
}

/* Digits at the start of s, taken off it; how many there were. */
static size_t take_decimal(struct sts_str *s, double *v)
{
	size_t n = 0;

	for (; n < s->len && sts_is_digit(s->ptr[n]); n++)
		*v = *v * 10 + (s->ptr[n] - '0');
	*s = sts_str_from(*s, n);
	return n;
}

static bool read_hexadecimal(struct sts_str s, double *v)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = sts_lower(s.ptr[i]);

		if (!sts_is_digit(c) && (c < 'a' || c > 'f'))
			return false;
		*v = *v * 16 + (sts_is_digit(c) ? c - '0' : c - 'a' + 10);
	}
	return s.len > 0;
}

/* ["e" [sign] digits] at the end of a decimal number; powers far out of range change nothing any more. */
static bool apply_exponent(struct sts_str s, double *v)
{
	bool down;
	double power = 0;

	if (s.len == 0)
		return true;
	if (sts_lower(s.ptr[0]) != 'e')
		return false;
	s = sts_str_from(s, 1);
	down = s.len > 0 && s.ptr[0] == '-';
	if (s.len > 0 && (s.ptr[0] == '+' || s.ptr[0] == '-'))
		s = sts_str_from(s, 1);
	if (take_decimal(&s, &power) == 0 || s.len > 0)
		return false;
	for (unsigned i = 0; i < 400 && i < power; i++)
		*v = down ? *v / 10 : *v * 10;
	return true;
}

/* Number(text) of JavaScript, for what is met: empty is 0, decimal with fraction and exponent, hexadecimal. */
static bool read_script_number(struct sts_str s, uint64_t *out)
{
	double v = 0;
	double fraction = 0;
	bool ok;

	if (s.len > 0 && s.ptr[0] == '+')
		s = sts_str_from(s, 1);
	if (sts_str_startsi(s, "0x")) {
		ok = read_hexadecimal(sts_str_from(s, 2), &v);
	} else if (s.len == 0) {
		ok = true;
	} else {
		size_t digits = take_decimal(&s, &v);

		if (s.len > 0 && s.ptr[0] == '.') {
			s = sts_str_from(s, 1);
			digits += take_decimal(&s, &fraction); /* a fraction of a second does not matter */
		}
		ok = digits > 0 && apply_exponent(s, &v);
	}
	*out = v > 1e18 ? UINT64_MAX : (uint64_t)v;
	return ok;
}

bool sts_loose_number(struct sts_str s, unsigned how, uint64_t *out, bool *negative)
{
	*negative = false;
	if (how & STS_NUMBER_SCRIPT)
		return read_script_number(s, out);
	if (how == STS_NUMBER_DIGITS && s.len > 10)
		return false;
	if (s.len > 0 && (s.ptr[0] == '+' || s.ptr[0] == '-')) {
		*negative = s.ptr[0] == '-';
		if (!(how & STS_NUMBER_PLUS) || (*negative && !(how & STS_NUMBER_NEGATIVE)))
			return false;
		s = sts_str_from(s, 1);
	}
	return read_digits(s, how & STS_NUMBER_UNDERSCORE, out);
}
