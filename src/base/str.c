#include "base/str.h"

#include "base/utf8.h"

bool sts_str_eq(struct sts_str a, struct sts_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool sts_str_eqi(struct sts_str a, struct sts_str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (sts_lower(a.ptr[i]) != sts_lower(b.ptr[i]))
			return false;
	return true;
}

bool sts_str_is(struct sts_str a, const char *cstr)
{
	return sts_str_eq(a, sts_str_of(cstr));
}

bool sts_str_starts(struct sts_str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.len >= n && sts_str_eq(sts_str(s.ptr, n), sts_str(prefix, n));
}

bool sts_str_startsi(struct sts_str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.len >= n && sts_str_eqi(sts_str(s.ptr, n), sts_str(prefix, n));
}

bool sts_str_endsi(struct sts_str s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.len >= n && (n == 0 || sts_str_eqi(sts_str(s.ptr + (s.len - n), n), sts_str(suffix, n)));
}

bool sts_cstr_eqi(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return sts_str_eqi(sts_str_of(a), sts_str_of(b));
}

struct sts_str sts_str_trim(struct sts_str s)
{
	while (s.len > 0 && sts_is_wsp(s.ptr[0]))
		s = sts_str_from(s, 1);
	while (s.len > 0 && sts_is_wsp(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

struct sts_str sts_str_from(struct sts_str s, size_t at)
{
	if (at >= s.len)
		return (struct sts_str){s.len == 0 ? s.ptr : s.ptr + s.len, 0};
	return (struct sts_str){s.ptr + at, s.len - at};
}

size_t sts_str_find(struct sts_str s, char c, size_t from)
{
	for (size_t i = from; i < s.len; i++)
		if (s.ptr[i] == c)
			return i;
	return s.len;
}

size_t sts_str_findi(struct sts_str s, const char *needle)
{
	for (size_t i = 0; i < s.len; i++)
		if (sts_str_startsi(sts_str_from(s, i), needle))
			return i;
	return s.len;
}

bool sts_str_u64(struct sts_str s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0 || s.len > 18)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!sts_is_digit(s.ptr[i]))
			return false;
		v = v * 10 + (uint64_t)(s.ptr[i] - '0');
	}
	*out = v;
	return true;
}

void sts_lower_in_place(char *s)
{
	for (; *s != '\0'; s++)
		*s = sts_lower(*s);
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

size_t sts_str_distance(struct sts_str a, struct sts_str b)
{
	size_t row[STS_DISTANCE_MAX + 1];

	if (a.len > STS_DISTANCE_MAX || b.len > STS_DISTANCE_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a.ptr[i - 1] != b.ptr[j - 1]));
			diagonal = above;
		}
	}
	return row[b.len];
}

bool sts_utf8_valid(struct sts_str s)
{
	uint32_t cp;
	size_t step;

	for (; s.len > 0; s = sts_str_from(s, step)) {
		step = sts_utf8_take(s, &cp);
		if (step == 0)
			return false;
	}
	return true;
}
