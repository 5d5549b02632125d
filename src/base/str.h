/* Borrowed slices: comparing, trimming, searching. ASCII only; locale never matters. */
#ifndef STS_BASE_STR_H
#define STS_BASE_STR_H

#include "mtasts/base.h"

#include <string.h>

#define STS_STR(literal) ((struct sts_str){(literal), sizeof(literal) - 1})
/** printf arguments for "%.*s". */
#define STS_FMT(s) (int)(s).len, (s).ptr == NULL ? "" : (s).ptr

static inline struct sts_str sts_str(const char *ptr, size_t len)
{
	return (struct sts_str){ptr, len};
}

static inline struct sts_str sts_str_of(const char *cstr)
{
	return cstr == NULL ? (struct sts_str){NULL, 0} : (struct sts_str){cstr, strlen(cstr)};
}

static inline bool sts_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool sts_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool sts_is_alnum(char c)
{
	return sts_is_digit(c) || sts_is_alpha(c);
}

/** SP or HTAB: WSP of RFC 5234. */
static inline bool sts_is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

static inline char sts_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/** The value of a hexadecimal digit. @return false: it is none */
static inline bool sts_hex_value(char c, unsigned *out)
{
	char lower = sts_lower(c);

	if (sts_is_digit(c))
		*out = (unsigned)(c - '0');
	else if (lower >= 'a' && lower <= 'f')
		*out = (unsigned)(lower - 'a') + 10;
	else
		return false;
	return true;
}

bool sts_str_eq(struct sts_str a, struct sts_str b);
bool sts_str_eqi(struct sts_str a, struct sts_str b);        /* ASCII case ignored */
bool sts_str_is(struct sts_str a, const char *cstr);         /* exact */
bool sts_str_starts(struct sts_str s, const char *prefix);   /* exact */
bool sts_str_startsi(struct sts_str s, const char *prefix);  /* ASCII case ignored */
bool sts_str_endsi(struct sts_str s, const char *suffix);    /* ASCII case ignored */
bool sts_cstr_eqi(const char *a, const char *b);             /* NULL equals only NULL */
/** Without WSP at both ends. */
struct sts_str sts_str_trim(struct sts_str s);
/** From octet at on (to the end when at is past it). */
struct sts_str sts_str_from(struct sts_str s, size_t at);
/** The first octet c at or after from; s.len when there is none. */
size_t sts_str_find(struct sts_str s, char c, size_t from);
/** Where needle begins, ASCII case ignored; s.len when nowhere. */
size_t sts_str_findi(struct sts_str s, const char *needle);
/** 1 to 18 digits and nothing else into *out; false otherwise, *out untouched. */
bool sts_str_u64(struct sts_str s, uint64_t *out);
/** Edits (insert, delete, replace an octet) that lead from a to b; SIZE_MAX when one is longer than STS_DISTANCE_MAX.  [Levenshtein] */
size_t sts_str_distance(struct sts_str a, struct sts_str b);
#define STS_DISTANCE_MAX 256
/** Lower-case copy of a NUL-terminated string in place. */
void sts_lower_in_place(char *s);
/** Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool sts_utf8_valid(struct sts_str s);

#endif
