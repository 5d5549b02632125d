/*
 * RFC 8461 section 3.2 with RFC 5321 section 4.1.2:
 *
 *   sts-policy-mx-value = ["*."] Domain
 *   Domain              = sub-domain *("." sub-domain)
 *   sub-domain          = Let-dig [Ldh-str]
 *   Let-dig             = ALPHA / DIGIT
 *   Ldh-str             = *( ALPHA / DIGIT / "-" ) Let-dig
 */
#include "base/str.h"
#include "mtasts/policy.h"
#include "proto/domain.h"

#define NAME_MAX_OCTETS 253
#define LABEL_MAX_OCTETS 63

static bool is_wildcard(struct sts_str pattern)
{
	return sts_str_starts(pattern, "*.");
}

/* sub-domain, of the length that DNS allows */
static bool is_label(struct sts_str s)
{
	if (s.len == 0 || s.len > LABEL_MAX_OCTETS || !sts_is_alnum(s.ptr[0]) || !sts_is_alnum(s.ptr[s.len - 1]))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!sts_is_alnum(s.ptr[i]) && s.ptr[i] != '-')
			return false;
	return true;
}

static bool is_domain(struct sts_str s)
{
	size_t dot;

	do {
		dot = sts_str_find(s, '.', 0);
		if (!is_label(sts_str(s.ptr, dot)))
			return false;
		if (dot + 1 == s.len)
			return false; /* a final full stop is not in the rule */
		s = sts_str_from(s, dot + 1);
	} while (s.len > 0);
	return true;
}

bool sts_mx_pattern_valid(struct sts_str pattern)
{
	if (pattern.len > NAME_MAX_OCTETS)
		return false;
	return is_domain(is_wildcard(pattern) ? sts_str_from(pattern, 2) : pattern);
}

/*
 * A name that can stand in an MX record and be compared label by label. Underscores are met in real ones; an asterisk
 * is no letter, and a backslash begins an escape, behind which a full stop would part no labels.
 */
static bool is_host(struct sts_str s)
{
	char previous = '.';

	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c < 0x21 || c > 0x7E || c == '*' || c == '\\' || (c == '.' && previous == '.'))
			return false;
		previous = c;
	}
	return s.len > 0 && s.len <= NAME_MAX_OCTETS && previous != '.';
}

/* DNS never answers with other than ASCII; a host that somebody typed may have U-labels.  [RFC 9525 section 6.3] */
static bool has_u_label(struct sts_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0x80)
			return true;
	return false;
}

bool sts_mx_match(struct sts_str pattern, struct sts_str host)
{
	char ascii[254];

	if (has_u_label(host) && sts_domain_to_ascii(host, ascii))
		host = sts_str_of(ascii);
	if (host.len > 0 && host.ptr[host.len - 1] == '.')
		host.len--;
	if (!sts_mx_pattern_valid(pattern) || !is_host(host))
		return false;
	if (is_wildcard(pattern))
		return sts_str_eqi(sts_str_from(pattern, 1), sts_str_from(host, sts_str_find(host, '.', 0)));
	return sts_str_eqi(pattern, host);
}
