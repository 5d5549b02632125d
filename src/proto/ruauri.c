/*
 * RFC 3986:  URI = scheme ":" hier-part [ "?" query ] [ "#" fragment ]
 *            scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )
 */
#include "proto/ruauri.h"

#include "mtasts/policy.h"
#include "proto/fault.h"

/* unreserved, reserved and "%" of RFC 3986, without "," "!" and ";" that RFC 8460 wants encoded */
static bool is_uri_char(char c)
{
	return sts_is_alnum(c) || (c != '\0' && strchr("-._~:/?#[]@$&'()*+=%", c) != NULL);
}

/* Octets of the scheme, or 0. */
static size_t scheme_length(struct sts_str uri)
{
	size_t n = 0;

	if (uri.len == 0 || !sts_is_alpha(uri.ptr[0]))
		return 0;
	while (n < uri.len && (sts_is_alnum(uri.ptr[n]) || uri.ptr[n] == '+' || uri.ptr[n] == '-' || uri.ptr[n] == '.'))
		n++;
	return n < uri.len && uri.ptr[n] == ':' ? n : 0;
}

/* The part up to the first of the octets. */
static struct sts_str up_to(struct sts_str s, const char *octets)
{
	size_t n = 0;

	while (n < s.len && strchr(octets, s.ptr[n]) == NULL)
		n++;
	return sts_str(s.ptr, n);
}

/* Where the path begins, behind the authority if there is one. */
static size_t path_start(struct sts_str uri)
{
	size_t after = scheme_length(uri) + 1;
	struct sts_str rest = sts_str_from(uri, after);

	return sts_str_starts(rest, "//") ? after + 2 + up_to(sts_str_from(rest, 2), "/?#").len : after;
}

const char *sts_rua_syntax(struct sts_str uri)
{
	size_t hash = sts_str_find(uri, '#', 0);
	size_t path = path_start(uri);
	unsigned digit;

	if (scheme_length(uri) == 0)
		return sts_str_find(uri, '@', 0) < uri.len ? "a mail address needs mailto: before it"
							   : "a destination is a URI: mailto: or https:";
	for (size_t i = 0; i < uri.len; i++) {
		if (uri.ptr[i] == '!')
			return "\"!\" must be written %21; sizes as in DMARC do not exist here";
		if (sts_is_wsp(uri.ptr[i]))
			return "a blank in a URI; destinations are parted by commas";
		if ((unsigned char)uri.ptr[i] > 0x7E)
			return "only US-ASCII may stand in a URI: write a domain as A-labels (xn--)";
		if (!is_uri_char(uri.ptr[i]))
			return "a character that no URI may hold";
		if ((uri.ptr[i] == '[' || uri.ptr[i] == ']') && i >= path)
			return "brackets stand only around an IP address; elsewhere they must be written %5B and %5D";
		if (uri.ptr[i] == '%' && (uri.len - i < 3 || !sts_hex_value(uri.ptr[i + 1], &digit) || !sts_hex_value(uri.ptr[i + 2], &digit)))
			return "\"%\" must be followed by two hexadecimal digits";
	}
	if (hash < uri.len && sts_str_find(uri, '#', hash + 1) < uri.len)
		return "more than one \"#\"";
	return NULL;
}

static char *lower(struct sts_arena *arena, struct sts_str s)
{
	char *copy = sts_strndup(arena, s.len == 0 ? "" : s.ptr, s.len);

	sts_lower_in_place(copy);
	return copy;
}

static bool is_host(struct sts_str s)
{
	return sts_mx_pattern_valid(s) && s.ptr[0] != '*';
}

/* A host as URLs may name it: underscores and a final full stop are legal there.  [RFC 3986 section 3.2.2] */
static bool is_url_host(struct sts_str s)
{
	char plain[256];

	if (s.len == 0 || s.len >= sizeof plain)
		return false;
	for (size_t i = 0; i < s.len; i++)
		plain[i] = s.ptr[i] == '_' ? 'x' : s.ptr[i];
	return is_host(sts_str(plain, s.len));
}

/* One addr-spec; RFC 6068 allows a list, but its commas would have to be encoded, and no reporter is known to split
 * them. */
static const char *read_mailto(struct sts_str rest, struct sts_arena *arena, struct sts_rua *out)
{
	struct sts_str address = up_to(rest, "?#");
	size_t at = sts_str_find(address, '@', 0);
	struct sts_str domain = sts_str_from(address, at + 1);

	if (address.len == 0)
		return "no address stands behind mailto:";
	if (at == 0 || at == address.len)
		return "what stands behind mailto: is no mail address";
	if (memchr(address.ptr, '/', at) != NULL)
		return "\"/\" in a mail address must be written %2F; no slashes follow mailto:";
	if (!is_host(domain))
		return "the domain of the mail address is malformed";
	out->host = lower(arena, domain);
	return NULL;
}

/* host [ ":" port ]; *port stays 443 when none is written */
static const char *read_authority(struct sts_str authority, struct sts_arena *arena, struct sts_rua *out)
{
	size_t user = sts_str_find(authority, '@', 0);
	struct sts_str host = user < authority.len ? sts_str_from(authority, user + 1) : authority;
	size_t end = host.len > 0 && host.ptr[0] == '[' ? sts_str_find(host, ']', 0) + 1 : sts_str_find(host, ':', 0);
	struct sts_str port = sts_str_from(host, end + 1);
	uint64_t number = 443;

	if (end > host.len || (end < host.len && host.ptr[end] != ':'))
		return "the host of the URL is malformed";
	if (port.len > 0 && (!sts_str_u64(port, &number) || number == 0 || number > 65535))
		return "the port of the URL is malformed";
	host.len = end;
	if (host.len > 1 && host.ptr[host.len - 1] == '.')
		host.len--;
	if (host.len == 0)
		return "the URL names no host";
	if (host.ptr[0] != '[' && !is_url_host(host))
		return "the host of the URL is malformed";
	out->host = lower(arena, host);
	out->port = (uint16_t)number;
	return NULL;
}

static const char *read_https(struct sts_str rest, struct sts_arena *arena, struct sts_rua *out)
{
	if (!sts_str_starts(rest, "//"))
		return "the URL names no host";
	return read_authority(up_to(sts_str_from(rest, 2), "/?#"), arena, out);
}

const char *sts_rua_read(struct sts_str uri, struct sts_arena *arena, struct sts_rua *out)
{
	size_t n = scheme_length(uri);

	out->scheme = sts_str(lower(arena, sts_str(uri.ptr, n)), n);
	if (sts_str_is(out->scheme, "mailto"))
		return read_mailto(sts_str_from(uri, n + 1), arena, out);
	if (sts_str_is(out->scheme, "https"))
		return read_https(sts_str_from(uri, n + 1), arena, out);
	return sts_str_is(out->scheme, "http") ? "reports go to https, never to http"
					       : "only mailto and https are defined";
}
