#include "proto/domain.h"

#include "base/buf.h"

#include <idn2.h>
#include <libpsl.h>
#include <stdlib.h>

/* "_smtp._tls." is the longest name that is put before the domain. */
#define DOMAIN_MAX_OCTETS (253 - (sizeof "_smtp._tls." - 1))
#define LABEL_MAX_OCTETS 63
/* Octets of input worth looking at. */
#define TYPED_MAX 2048

/* One typed name being read. */
struct reading {
	struct sts_arena *arena;
	struct sts_domain *out;
	const char *why;
};

static bool refuse(struct reading *r, const char *why)
{
	r->why = why;
	return false;
}

static void note(struct reading *r, const char *text)
{
	*STS_PUSH(r->arena, r->out->notes, r->out->note_count) = text;
}

/* A piece of the input made harmless for a sentence. */
static const char *show(struct reading *r, struct sts_str s)
{
	struct sts_buf b;
	const char *text;

	sts_buf_init(&b, 1024);
	sts_buf_escape(&b, s, 100);
	text = sts_strndup(r->arena, b.ptr == NULL ? "" : b.ptr, b.len);
	sts_buf_clear(&b);
	return text;
}

/* ---- what stands around a name ---- */

static bool is_space(char c)
{
	return sts_is_wsp(c) || c == '\r' || c == '\n';
}

static struct sts_str trim(struct sts_str s)
{
	while (s.len > 0 && is_space(s.ptr[0]))
		s = sts_str_from(s, 1);
	while (s.len > 0 && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

static struct sts_str strip_scheme(struct reading *r, struct sts_str s)
{
	size_t colon = sts_str_find(s, ':', 0);
	size_t n = 0;

	while (n < colon && (sts_is_alnum(s.ptr[n]) || s.ptr[n] == '+' || s.ptr[n] == '-' || s.ptr[n] == '.'))
		n++;
	if (n != colon || n == 0 || colon == s.len)
		return s;
	if (sts_str_starts(sts_str_from(s, colon), "://") || sts_str_startsi(s, "mailto:")) {
		s = sts_str_from(s, colon + (sts_str_startsi(s, "mailto:") ? 1 : 3));
		note(r, "The scheme of the URL was left out.");
	}
	return s;
}

static struct sts_str strip_path(struct reading *r, struct sts_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '/' || s.ptr[i] == '?' || s.ptr[i] == '#') {
			if (i + 1 < s.len || s.ptr[i] != '/')
				note(r, "The path behind the name was left out.");
			s.len = i;
		}
	}
	return s;
}

/* "Name <user@domain>", "user@domain", "@domain" */
static struct sts_str strip_user(struct reading *r, struct sts_str s)
{
	size_t open = sts_str_find(s, '<', 0);

	if (open < s.len && s.ptr[s.len - 1] == '>')
		s = sts_str(s.ptr + open + 1, s.len - open - 2);
	for (size_t i = s.len; i > 0; i--) {
		if (s.ptr[i - 1] == '@') {
			note(r, "Only the domain of the mail address is checked.");
			return sts_str_from(s, i);
		}
	}
	return s;
}

static struct sts_str strip_port(struct reading *r, struct sts_str s)
{
	size_t colon = sts_str_find(s, ':', 0);
	uint64_t port;

	if (colon == s.len || !sts_str_u64(sts_str_from(s, colon + 1), &port))
		return s;
	note(r, "The port behind the name was left out.");
	return sts_str(s.ptr, colon);
}

/* ---- addresses ---- */

static bool is_numeric(struct sts_str label)
{
	for (size_t i = 0; i < label.len; i++)
		if (!sts_is_digit(label.ptr[i]))
			return false;
	return label.len > 0;
}

/* No name ends in a label of digits: what does is an IPv4 address, whole or in part. */
static bool ends_in_number(struct sts_str s)
{
	size_t at = s.len;

	while (at > 0 && s.ptr[at - 1] != '.')
		at--;
	return is_numeric(sts_str_from(s, at));
}

static bool check_address(struct reading *r, struct sts_str s)
{
	if (s.ptr[0] == '[' || s.ptr[s.len - 1] == ']')
		return refuse(r, "This is an address literal. MTA-STS is for domain names: an address has no policy.");
	if (sts_str_find(s, ':', sts_str_find(s, ':', 0) + 1) < s.len)
		return refuse(
			r, "This looks like an IPv6 address. MTA-STS is for domain names: an address has no policy.");
	if (ends_in_number(s))
		return refuse(
			r, "This looks like an IPv4 address. MTA-STS is for domain names: an address has no policy.");
	return true;
}

/* ---- labels ---- */

static bool check_label(struct reading *r, struct sts_str label)
{
	if (label.len == 0)
		return refuse(r, "The name has an empty label: two full stops in a row, or one in front.");
	if (label.len > LABEL_MAX_OCTETS)
		return refuse(r, "The name has a label of more than 63 characters.");
	if (label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
		return refuse(
			r, sts_sprintf(r->arena, "The label \"%s\" begins or ends with a hyphen.", show(r, label)));
	for (size_t i = 0; i < label.len; i++) {
		if (label.ptr[i] == '*')
			return refuse(r, "An asterisk cannot stand in the name: give one domain.");
		if (label.ptr[i] == '_')
			return refuse(r, sts_sprintf(r->arena,
						 "The label \"%s\" has an underscore, which no mail domain has. Give "
						 "the domain itself, as behind the @ of an address.",
						 show(r, label)));
		if (!sts_is_alnum(label.ptr[i]) && label.ptr[i] != '-')
			return refuse(r, sts_sprintf(r->arena, "The name holds a character that no domain has: \"%s\".",
						 show(r, label)));
	}
	return true;
}

static bool check_labels(struct reading *r, struct sts_str name)
{
	struct sts_str rest = name;

	while (true) {
		size_t dot = sts_str_find(rest, '.', 0);

		if (!check_label(r, sts_str(rest.ptr, dot)))
			return false;
		if (dot == rest.len)
			break;
		rest = sts_str_from(rest, dot + 1);
	}
	if (name.len > DOMAIN_MAX_OCTETS)
		return refuse(r, "The name is too long: with _smtp._tls. before it, it would pass the 253 characters "
				 "that DNS allows.");
	return true;
}

/* ---- international names ---- */

static bool is_ascii(struct sts_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0x80)
			return false;
	return true;
}

static bool has_a_label(const char *name)
{
	for (; name != NULL; name = sts_domain_parent(name))
		if (strncmp(name, "xn--", 4) == 0)
			return true;
	return false;
}

/* A-labels that are typed as such: what cannot be decoded is refused, what IDNA2008 forbids (emoji, say) exists all the
 * same. */
static bool check_a_labels(struct reading *r, const char *name)
{
	char *text = NULL;
	int rc = idn2_to_ascii_8z(name, &text, IDN2_NONTRANSITIONAL);

	idn2_free(text);
	if (rc == IDN2_OK)
		return true;
	text = NULL;
	rc = idn2_to_unicode_8z8z(name, &text, 0);
	idn2_free(text);
	if (rc != IDN2_OK)
		return refuse(
			r, sts_sprintf(r->arena, "The name has a label in xn-- form that decodes to nothing (%s).",
				   idn2_strerror(rc)));
	note(r, "The name is no valid international name by IDNA2008; it is checked as written.");
	return true;
}

/* A copy in A-label form, lower case; NULL when refused. */
static char *to_ascii(struct reading *r, struct sts_str s)
{
	char *copy = sts_strndup(r->arena, s.ptr, s.len);
	char *ascii = NULL;
	int rc;

	if (strlen(copy) != s.len) {
		refuse(r, "The name holds a zero octet.");
		return NULL;
	}
	if (is_ascii(s)) {
		sts_lower_in_place(copy);
		return !has_a_label(copy) || check_a_labels(r, copy) ? copy : NULL;
	}
	rc = idn2_to_ascii_8z(copy, &ascii, IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK) {
		refuse(r,
			sts_sprintf(r->arena, "The name cannot be written in DNS (IDNA2008): %s.", idn2_strerror(rc)));
		return NULL;
	}
	copy = sts_strdup(r->arena, ascii);
	idn2_free(ascii);
	sts_lower_in_place(copy);
	return copy;
}

/* ---- public suffixes ---- */

static bool check_suffix(struct reading *r, const char *name)
{
	if (strchr(name, '.') == NULL)
		return refuse(
			r, sts_sprintf(r->arena, "\"%s\" is a single label. Give a whole domain, such as example.%s.",
				   name, name));
	/* the private section (github.io …) holds ordinary domains that may well take mail */
	if (psl_is_public_suffix2(psl_builtin(), name, PSL_TYPE_ICANN))
		return refuse(r, sts_sprintf(r->arena,
					 "\"%s\" is a public suffix, under which domains are registered. Give a domain "
					 "such as example.%s.",
					 name, name));
	return true;
}

/* ---- the whole ---- */

static struct sts_str strip(struct reading *r, struct sts_str s)
{
	s = trim(s);
	s = strip_scheme(r, s);
	s = strip_path(r, s);
	if (s.len > 0)
		s = strip_user(r, s);
	if (s.len > 0 && s.ptr[0] != '[')
		s = strip_port(r, s);
	s = trim(s);
	if (s.len > 1 && s.ptr[s.len - 1] == '.')
		s.len--;
	return s;
}

static bool read_domain(struct reading *r, struct sts_str typed)
{
	struct sts_str s;
	char *ascii;

	if (typed.len > TYPED_MAX)
		return refuse(r, "The name is too long.");
	s = strip(r, typed);
	if (s.len == 0)
		return refuse(r, "No domain was given.");
	if (!check_address(r, s))
		return false;
	ascii = to_ascii(r, s);
	if (ascii == NULL || !check_labels(r, sts_str_of(ascii)) || !check_address(r, sts_str_of(ascii)) ||
		!check_suffix(r, ascii))
		return false;
	r->out->ascii = ascii;
	r->out->unicode = sts_domain_unicode(ascii, r->arena);
	return true;
}

enum sts_err sts_domain_parse(struct sts_str typed, struct sts_arena *arena, struct sts_domain *out, const char **why)
{
	struct sts_domain domain = {0};
	struct reading r = {.arena = arena, .out = &domain};

	if (!read_domain(&r, typed)) {
		*why = r.why;
		return STS_EINVAL;
	}
	*out = domain;
	return STS_OK;
}

/* ---- the quick way ---- */

/* One label in lower case. @return its length; 0: it is not one, or the long way has to look at it */
static size_t copy_label(struct sts_str rest, char *out)
{
	size_t n = 0;

	for (; n < rest.len && rest.ptr[n] != '.'; n++) {
		char c = rest.ptr[n];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return 0;
		out[n] = c;
	}
	if (n == 0 || n > LABEL_MAX_OCTETS || out[0] == '-' || out[n - 1] == '-')
		return 0;
	return n >= 4 && memcmp(out, "xn--", 4) == 0 ? 0 : n;
}

bool sts_domain_plain(struct sts_str typed, size_t max, char out[static 254])
{
	size_t at = 0, n;

	if (typed.len > max || typed.len > DOMAIN_MAX_OCTETS)
		return false;
	while ((n = copy_label(sts_str_from(typed, at), out + at)) > 0 && at + n < typed.len) {
		at += n;
		out[at++] = '.';
	}
	if (n == 0 || at == 0 || is_numeric(sts_str(out + at, n)))
		return false;
	out[typed.len] = '\0';
	return psl_is_public_suffix2(psl_builtin(), out, PSL_TYPE_ICANN) == 0;
}

const char *sts_domain_unicode(const char *ascii, struct sts_arena *arena)
{
	char *text = NULL;
	char *back = NULL;
	const char *out = NULL;

	if (!has_a_label(ascii))
		return NULL;
	/* only what leads back to the same name is shown in its place */
	if (idn2_to_unicode_8z8z(ascii, &text, 0) == IDN2_OK &&
		idn2_to_ascii_8z(text, &back, IDN2_NONTRANSITIONAL) == IDN2_OK && sts_cstr_eqi(back, ascii) &&
		strcmp(text, ascii) != 0)
		out = sts_strdup(arena, text);
	idn2_free(text);
	idn2_free(back);
	return out;
}

bool sts_domain_to_ascii(struct sts_str host, char out[static 254])
{
	char copy[1024];
	char *ascii = NULL;
	bool ok;

	if (host.len >= sizeof copy || sts_str_find(host, '\0', 0) < host.len)
		return false;
	memcpy(copy, host.ptr, host.len);
	copy[host.len] = '\0';
	ok = idn2_to_ascii_8z(copy, &ascii, IDN2_NONTRANSITIONAL) == IDN2_OK && strlen(ascii) < 254;
	if (ok)
		memcpy(out, ascii, strlen(ascii) + 1);
	idn2_free(ascii);
	return ok;
}

bool sts_domain_decodes(struct sts_str name)
{
	char copy[254];
	char *text = NULL;
	bool ok;

	if (sts_str_starts(name, "*."))
		name = sts_str_from(name, 2);
	if (name.len >= sizeof copy)
		return false;
	memcpy(copy, name.ptr, name.len);
	copy[name.len] = '\0';
	sts_lower_in_place(copy);
	if (!has_a_label(copy))
		return true;
	ok = idn2_to_unicode_8z8z(copy, &text, 0) == IDN2_OK;
	idn2_free(text);
	return ok;
}

const char *sts_domain_registrable(const char *ascii)
{
	return psl_registrable_domain(psl_builtin(), ascii);
}

bool sts_domain_is_public_suffix(const char *ascii)
{
	return psl_is_public_suffix(psl_builtin(), ascii);
}

const char *sts_domain_parent(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot == NULL || dot[1] == '\0' ? NULL : dot + 1;
}
