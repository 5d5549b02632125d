#include "check/mxrepair.h"

#include "mtasts/policy.h"
#include "proto/domain.h"

static bool parts_words(char c)
{
	return sts_is_wsp(c) || c == ',' || c == ';';
}

static bool wraps_word(char c)
{
	return c == '<' || c == '>' || c == '"' || c == '\'' || c == '(' || c == ')' || c == '[' || c == ']';
}

static struct sts_str unwrap(struct sts_str s)
{
	while (s.len > 0 && wraps_word(s.ptr[0]))
		s = sts_str_from(s, 1);
	while (s.len > 0 && (wraps_word(s.ptr[s.len - 1]) || s.ptr[s.len - 1] == '.'))
		s.len--;
	return s;
}

/* Without scheme, path and port. */
static struct sts_str bare(struct sts_str s)
{
	size_t scheme = sts_str_findi(s, "://");
	size_t end;

	s = unwrap(s);
	if (scheme < s.len)
		s = sts_str_from(s, scheme + 3);
	end = sts_str_find(s, '/', 0);
	if (sts_str_find(s, ':', 0) < end)
		end = sts_str_find(s, ':', 0);
	return unwrap(sts_str(s.ptr, end));
}

static const char *lower(struct sts_arena *arena, struct sts_str s)
{
	char *copy = sts_strndup(arena, s.ptr, s.len);

	sts_lower_in_place(copy);
	return copy;
}

/* A name that only its parent's wildcard can cover; the parent must be more than a top-level domain. */
static const char *wildcard_above(struct sts_str word, struct sts_arena *arena)
{
	struct sts_str parent = sts_str_from(word, sts_str_find(word, '.', 0));

	if (parent.len < 2 || sts_str_find(parent, '.', 1) == parent.len ||
		!sts_mx_pattern_valid(sts_str_from(parent, 1)))
		return NULL;
	return lower(arena, sts_str_of(sts_sprintf(arena, "*%.*s", STS_FMT(parent))));
}

static const char *from_unicode(struct sts_str word, struct sts_arena *arena)
{
	struct sts_domain domain;
	const char *why;

	return sts_domain_parse(word, arena, &domain, &why) == STS_OK ? domain.ascii : NULL;
}

static bool is_ascii(struct sts_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0x80)
			return false;
	return true;
}

/* The pattern one word stands for, or NULL: a word without a full stop is a preference or prose, an address no name. */
static const char *repair_word(struct sts_str word, struct sts_arena *arena)
{
	bool draft = word.len > 1 && word.ptr[0] == '.' && sts_mx_pattern_valid(sts_str_from(word, 1));

	if (draft)
		return lower(arena, sts_str_of(sts_sprintf(arena, "*%.*s", STS_FMT(word))));
	word = bare(word);
	if (sts_str_find(word, '.', 0) == word.len || sts_str_find(word, '@', 0) < word.len)
		return NULL;
	if (sts_is_digit(word.ptr[word.len - 1]))
		return NULL;
	if (sts_mx_pattern_valid(word))
		return lower(arena, word);
	if (!is_ascii(word))
		return from_unicode(word, arena);
	return sts_str_find(word, '_', 0) < word.len ? wildcard_above(word, arena) : NULL;
}

size_t sts_mx_repair(struct sts_str value, struct sts_arena *arena, const char *out[static STS_REPAIRED_MAX])
{
	size_t count = 0;
	size_t at = 0;

	value.len = sts_str_find(value, '#', 0);
	while (at < value.len && count < STS_REPAIRED_MAX) {
		size_t end = at;
		const char *pattern;

		while (end < value.len && !parts_words(value.ptr[end]))
			end++;
		pattern = end > at ? repair_word(sts_str(value.ptr + at, end - at), arena) : NULL;
		if (pattern != NULL)
			out[count++] = pattern;
		at = end + 1;
	}
	return count;
}
