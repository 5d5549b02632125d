#include "proto/policyword.h"

#include "mtasts/policy.h"

static const char *const names[] = {"version", "mode", "max_age", "mx"};
#define NO_COMMENTS "the format has no comments"
#define NO_ADDRESS "an address cannot stand here: a pattern is a host name"
#define NAME_COUNT (sizeof names / sizeof *names)

static bool holds_any(struct sts_str s, const char *octets)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] != '\0' && strchr(octets, s.ptr[i]) != NULL)
			return true;
	return false;
}

static bool holds_foreign(struct sts_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] > 0x7E || (unsigned char)s.ptr[i] < 0x20)
			return true;
	return false;
}

/* ---- names ---- */

bool sts_is_policy_name(struct sts_str name)
{
	for (size_t i = 0; i < NAME_COUNT; i++)
		if (sts_str_is(name, names[i]))
			return true;
	return false;
}

/* At most one letter more, less or other. */
static bool one_off(struct sts_str a, struct sts_str b)
{
	size_t front = 0;
	size_t back = 0;
	size_t shorter = a.len < b.len ? a.len : b.len;

	if (a.len > b.len + 1 || b.len > a.len + 1)
		return false;
	while (front < shorter && sts_lower(a.ptr[front]) == sts_lower(b.ptr[front]))
		front++;
	while (back < shorter - front && sts_lower(a.ptr[a.len - 1 - back]) == sts_lower(b.ptr[b.len - 1 - back]))
		back++;
	return a.len - front - back <= 1 && b.len - front - back <= 1;
}

const char *sts_near_name(struct sts_str name)
{
	if (sts_is_policy_name(name))
		return NULL;
	for (size_t i = 0; i < NAME_COUNT; i++) {
		struct sts_str known = sts_str_of(names[i]);

		if (sts_str_eqi(name, known) || (known.len > 3 && one_off(name, known)))
			return names[i];
	}
	return sts_str_eqi(name, STS_STR("mxs")) ? "mx" : NULL;
}

/* ---- values ---- */

const char *sts_version_trouble(struct sts_str value)
{
	if (value.len == 0)
		return "the version is empty";
	if (sts_str_eqi(value, STS_STR("STSv1")))
		return "STSv1 is case-sensitive";
	if (holds_any(value, "\"'"))
		return "values stand without quotation marks";
	return "the only version is STSv1";
}

const char *sts_mode_trouble(struct sts_str value)
{
	if (value.len == 0)
		return "the mode is empty";
	if (sts_str_eqi(value, STS_STR("enforce")) || sts_str_eqi(value, STS_STR("testing")) ||
		sts_str_eqi(value, STS_STR("none")))
		return "modes are written in lower case";
	if (sts_str_eqi(value, STS_STR("report")))
		return "\"report\" is a word of old drafts: the mode is now called testing";
	if (sts_str_eqi(value, STS_STR("enforced")))
		return "the word is enforce";
	if (sts_str_eqi(value, STS_STR("test")))
		return "the word is testing";
	if (holds_any(value, "#"))
		return NO_COMMENTS;
	if (holds_any(value, "\"'[]|"))
		return "one of the three words enforce, testing, none, without quotation marks or brackets";
	return "the modes are enforce, testing and none";
}

const char *sts_max_age_trouble(struct sts_str value)
{
	bool digits = true;

	if (value.len == 0)
		return "max_age is empty";
	for (size_t i = 0; i < value.len; i++)
		digits = digits && sts_is_digit(value.ptr[i]);
	if (digits)
		return "max_age has at most ten digits, and at most 31557600 seconds";
	if (holds_any(value, "#"))
		return NO_COMMENTS;
	if (value.ptr[0] == '-' || value.ptr[0] == '+')
		return "a number of seconds without sign";
	if (sts_is_digit(value.ptr[0]) && holds_any(value, ",._' "))
		return "digits only: no fraction and no grouping";
	if (sts_is_digit(value.ptr[0]))
		return "seconds in digits, without unit or exponent";
	return "max_age is a number of seconds, digits only";
}

bool sts_is_dotted_quad(struct sts_str s)
{
	for (unsigned part = 0; part < 4; part++) {
		size_t dot = sts_str_find(s, '.', 0);
		uint64_t n = 0;

		if (dot > 3 || !sts_str_u64(sts_str(s.ptr, dot), &n) || n > 255 || (dot < s.len) != (part < 3))
			return false;
		s = sts_str_from(s, dot + 1);
	}
	return true;
}

/* Hexadecimal digits and colons, at least two of these. */
static bool is_ipv6(struct sts_str s)
{
	size_t colons = 0;

	for (size_t i = 0; i < s.len; i++) {
		bool hex = sts_is_digit(s.ptr[i]) || (sts_lower(s.ptr[i]) >= 'a' && sts_lower(s.ptr[i]) <= 'f');

		colons += s.ptr[i] == ':';
		if (!hex && s.ptr[i] != ':' && s.ptr[i] != '.')
			return false;
	}
	return colons >= 2;
}

/* [192.0.2.1], [IPv6:2001:db8::1] */
static bool is_literal(struct sts_str s)
{
	struct sts_str inside;

	if (s.len < 3 || s.ptr[0] != '[' || s.ptr[s.len - 1] != ']')
		return false;
	inside = sts_str(s.ptr + 1, s.len - 2);
	return sts_is_dotted_quad(inside) ||
	       is_ipv6(sts_str_startsi(inside, "IPv6:") ? sts_str_from(inside, 5) : inside);
}

static const char *wildcard_trouble(struct sts_str value)
{
	if (sts_str_is(value, "*") || sts_str_is(value, "*."))
		return "an asterisk needs a domain behind it, as in *.example.com";
	if (!sts_str_starts(value, "*."))
		return "an asterisk may only stand for the whole first label, as in *.example.com";
	if (sts_str_find(value, '*', 1) < value.len)
		return "only one asterisk, for the whole first label";
	return NULL;
}

static bool has_label_over(struct sts_str s, size_t max)
{
	size_t run = 0;

	for (size_t i = 0; i < s.len; i++) {
		run = s.ptr[i] == '.' ? 0 : run + 1;
		if (run > max)
			return true;
	}
	return false;
}

static bool has_empty_label(struct sts_str s)
{
	for (size_t i = 0; i + 1 < s.len; i++)
		if (s.ptr[i] == '.' && s.ptr[i + 1] == '.')
			return true;
	return false;
}

/* Faults of the characters, the most telling first. */
static const char *character_trouble(struct sts_str value)
{
	if (holds_any(value, "#"))
		return NO_COMMENTS;
	if (is_literal(value))
		return NO_ADDRESS;
	if (holds_any(value, "\"'<>[]"))
		return "a bare host name, without quotation marks or brackets";
	if (holds_any(value, "@"))
		return "a host name, not a mail address";
	if (sts_str_findi(value, "://") < value.len || holds_any(value, "/"))
		return "a host name, not a URL";
	if (holds_any(value, ",; \t"))
		return "one host name to a line, without preference, list or comment";
	if (holds_any(value, ":"))
		return is_ipv6(value) ? NO_ADDRESS : "a host name without port";
	if (holds_any(value, "_"))
		return "no underscore: an MX host named so can only be covered by *. and the domain above it";
	if (holds_foreign(value))
		return "international names are written as A-labels (xn--)";
	return NULL;
}

const char *sts_mx_trouble(struct sts_str value)
{
	const char *trouble = value.len == 0 ? "the value is empty" : character_trouble(value);

	if (trouble == NULL && sts_str_find(value, '*', 0) < value.len)
		trouble = wildcard_trouble(value);
	if (trouble != NULL)
		return trouble;
	if (sts_str_is(value, "."))
		return "a full stop alone names no host; mode none needs no mx line";
	if (value.ptr[0] == '.')
		return "a full stop in front is the form of old drafts: write *. and the domain";
	if (value.ptr[value.len - 1] == '.')
		return "no full stop at the end";
	if (has_empty_label(value))
		return "two full stops in a row";
	if (has_label_over(value, 63))
		return "a label has at most 63 characters";
	if (value.len > 253)
		return "a name has at most 253 characters";
	return "labels are letters, digits and inner hyphens";
}
