#include "proto/dnsname.h"

#include "proto/dnsmsg.h"

#include <stdio.h>

#define LABEL_MAX_OCTETS 63

/* ---- wire to text ---- */

/* Text of one octet of a label: itself, \. or \\, or \DDD. */
static size_t put_octet(char *out, unsigned char c)
{
	char text[5];

	if (c == '.' || c == '\\') {
		out[0] = '\\';
		out[1] = (char)c;
		return 2;
	}
	if (c > 0x20 && c < 0x7F && c != '"' && c != '(' && c != ')' && c != ';' && c != '@' && c != '$') {
		out[0] = sts_lower((char)c);
		return 1;
	}
	snprintf(text, sizeof text, "\\%03u", c);
	memcpy(out, text, 4);
	return 4;
}

struct name_text {
	char text[STS_DNS_NAME_MAX];
	size_t len;
	size_t wire; /* octets the name takes uncompressed */
};

static bool add_label(struct name_text *n, const uint8_t *label, size_t len)
{
	n->wire += len + 1;
	if (n->wire + 1 > STS_DNS_WIRE_MAX)
		return false;
	if (n->len > 0)
		n->text[n->len++] = '.';
	for (size_t i = 0; i < len; i++)
		n->len += put_octet(n->text + n->len, label[i]);
	return true;
}

/*
 * Labels from at on. A pointer must lead before the place where this run of labels began, so every jump goes further
 * back and the walk ends.  *end: octets behind the name in the place where it stands.
 */
static bool walk(const struct sts_rd *r, struct name_text *n, size_t *end)
{
	size_t at = r->at;
	size_t limit = r->at;
	bool jumped = false;

	while (at < r->len) {
		uint8_t len = r->data[at];

		if (len == 0) {
			if (!jumped)
				*end = at + 1;
			return true;
		}
		if (len >= 0xC0) {
			size_t target;

			if (at + 1 >= r->len)
				return false;
			target = (size_t)(len & 0x3F) << 8 | r->data[at + 1];
			if (!jumped)
				*end = at + 2;
			if (target >= limit)
				return false;
			jumped = true;
			limit = target;
			at = target;
			continue;
		}
		if (len > LABEL_MAX_OCTETS || r->len - at - 1 < len || !add_label(n, r->data + at + 1, len))
			return false;
		at += (size_t)len + 1;
	}
	return false;
}

const char *sts_rd_dns_name(struct sts_rd *r, struct sts_arena *arena)
{
	struct name_text n = {.len = 0, .wire = 0};
	size_t end = 0;

	if (r->failed || !walk(r, &n, &end)) {
		sts_rd_fail(r);
		return NULL;
	}
	r->at = end;
	return n.len == 0 ? "." : sts_strndup(arena, n.text, n.len);
}

/* ---- text to wire ---- */

/* The octet that the text at *s stands for, *s moved behind it; -1 for a broken escape. */
static int take_octet(const char **s)
{
	const char *p = *s;
	int value;

	if (*p != '\\') {
		*s = p + 1;
		return (unsigned char)*p;
	}
	if (!sts_is_digit(p[1])) {
		*s = p + 2;
		return p[1] == '\0' ? -1 : (unsigned char)p[1];
	}
	if (!sts_is_digit(p[2]) || !sts_is_digit(p[3]))
		return -1;
	value = (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
	*s = p + 4;
	return value > 255 ? -1 : value;
}

/* One label into out (length octet and octets); its size, or 0 when it breaks the rules. */
static size_t wire_label(const char **s, uint8_t *out, size_t room)
{
	size_t len = 0;

	while (**s != '\0' && **s != '.') {
		int c = take_octet(s);

		if (c < 0 || len >= LABEL_MAX_OCTETS || len + 1 >= room)
			return 0;
		out[++len] = (uint8_t)c;
	}
	out[0] = (uint8_t)len;
	return len == 0 ? 0 : len + 1;
}

size_t sts_dns_name_wire(const char *name, uint8_t out[static 255])
{
	size_t at = 0;

	if (strcmp(name, ".") == 0)
		name++;
	else if (*name == '\0')
		return 0;
	while (*name != '\0') {
		size_t n = at + 1 < STS_DNS_WIRE_MAX ? wire_label(&name, out + at, STS_DNS_WIRE_MAX - 1 - at) : 0;

		if (n == 0)
			return 0;
		at += n;
		if (*name == '.')
			name++;
	}
	out[at++] = 0;
	return at;
}

/* ---- comparing ---- */

static size_t without_final_dot(const char *name)
{
	size_t len = strlen(name);

	return len > 1 && name[len - 1] == '.' && name[len - 2] != '\\' ? len - 1 : len;
}

bool sts_dns_name_same(const char *a, const char *b)
{
	return sts_str_eqi(sts_str(a, without_final_dot(a)), sts_str(b, without_final_dot(b)));
}

const char *sts_dns_name_plain(const char *name, struct sts_arena *arena)
{
	char *copy = sts_strndup(arena, name, without_final_dot(name));

	sts_lower_in_place(copy);
	return copy;
}

unsigned sts_dns_name_labels(const char *name)
{
	unsigned labels = 1;

	if (strcmp(name, ".") == 0 || *name == '\0')
		return 0;
	while (*name != '\0') {
		if (*name == '.' && name[1] != '\0')
			labels++;
		if (take_octet(&name) < 0)
			break;
	}
	return labels;
}
