#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* A block by its leading octets; what is not written is zero. */
struct block {
	uint8_t prefix[16];
	unsigned bits;
	const char *name;
};

/* IANA IPv4 Special-Purpose Address Registry [RFC 6890], multicast [RFC 5771]; the more specific block first. */
static const struct block blocks4[] = {
	{{0, 0, 0, 0}, 32, "unspecified"},
	{{0}, 8, "this-network"},
	{{10}, 8, "private-use"},
	{{100, 64}, 10, "shared-address-space"},
	{{127}, 8, "loopback"},
	{{169, 254}, 16, "link-local"},
	{{172, 16}, 12, "private-use"},
	{{192, 0, 0, 0}, 29, "ipv4-service-continuity"},
	{{192, 0, 0, 8}, 32, "ipv4-dummy-address"},
	{{192, 0, 0, 9}, 32, "port-control-protocol-anycast"},
	{{192, 0, 0, 10}, 32, "turn-anycast"},
	{{192, 0, 0, 170}, 31, "nat64-dns64-discovery"},
	{{192, 0, 0}, 24, "ietf-protocol-assignments"},
	{{192, 0, 2}, 24, "documentation"},
	{{192, 31, 196}, 24, "as112"},
	{{192, 52, 193}, 24, "amt"},
	{{192, 88, 99}, 24, "6to4-relay-anycast"},
	{{192, 168}, 16, "private-use"},
	{{192, 175, 48}, 24, "as112"},
	{{198, 18}, 15, "benchmarking"},
	{{198, 51, 100}, 24, "documentation"},
	{{203, 0, 113}, 24, "documentation"},
	{{224}, 4, "multicast"},
	{{255, 255, 255, 255}, 32, "limited-broadcast"},
	{{240}, 4, "reserved"},
};

/* IANA IPv6 Special-Purpose Address Registry [RFC 6890], multicast and site-local [RFC 4291]; the more specific block first. */
static const struct block blocks6[] = {
	{{0}, 128, "unspecified"},
	{{[15] = 1}, 128, "loopback"},
	{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, "local-use-translation"},
	{{0x01, 0x00, [7] = 0x01}, 64, "dummy-prefix"},
	{{0x01, 0x00}, 64, "discard-only"},
	{{0x20, 0x01, 0x00, 0x01, [15] = 1}, 128, "port-control-protocol-anycast"},
	{{0x20, 0x01, 0x00, 0x01, [15] = 2}, 128, "turn-anycast"},
	{{0x20, 0x01, 0x00, 0x01, [15] = 3}, 128, "dns-sd-anycast"},
	{{0x20, 0x01, 0x00, 0x00}, 32, "teredo"},
	{{0x20, 0x01, 0x00, 0x02, 0x00, 0x00}, 48, "benchmarking"},
	{{0x20, 0x01, 0x00, 0x03}, 32, "amt"},
	{{0x20, 0x01, 0x00, 0x04, 0x01, 0x12}, 48, "as112"},
	{{0x20, 0x01, 0x00, 0x10}, 28, "orchid"},
	{{0x20, 0x01, 0x00, 0x20}, 28, "orchid"},
	{{0x20, 0x01, 0x00, 0x30}, 28, "drone-remote-id"},
	{{0x20, 0x01, 0x00}, 23, "ietf-protocol-assignments"},
	{{0x20, 0x01, 0x0d, 0xb8}, 32, "documentation"},
	{{0x26, 0x20, 0x00, 0x4f, 0x80, 0x00}, 48, "as112"},
	{{0x3f, 0xff}, 20, "documentation"},
	{{0x5f, 0x00}, 16, "segment-routing"},
	{{0xfc}, 7, "unique-local"},
	{{0xfe, 0x80}, 10, "link-local"},
	{{0xfe, 0xc0}, 10, "site-local"},
	{{0xff}, 8, "multicast"},
};

/* IPv6 forms that carry an IPv4 address: where it stands, and the name when that address itself is an ordinary one (NULL: ordinary too). */
static const struct carrier {
	struct block block;
	unsigned at;
	bool inverted; /* every bit flipped.  [RFC 4380 section 4] */
} carriers[] = {
	{{{[10] = 0xff, [11] = 0xff}, 96, "ipv4-mapped"}, 12, false},
	{{{[8] = 0xff, [9] = 0xff}, 96, "ipv4-translated"}, 12, false},
	{{{0}, 96, "ipv4-compatible"}, 12, false},
	{{{0x00, 0x64, 0xff, 0x9b}, 96, NULL}, 12, false},
	{{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, "local-use-translation"}, 12, false},
	{{{0x20, 0x02}, 16, NULL}, 2, false},
	{{{0x20, 0x01, 0x00, 0x00}, 32, "teredo"}, 4, false},
	{{{0x20, 0x01, 0x00, 0x00}, 32, "teredo"}, 12, true},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static bool in_block(const struct block *block, const uint8_t *bytes)
{
	unsigned whole = block->bits / 8, rest = block->bits % 8;
	uint8_t mask = (uint8_t)(0xff << (8 - rest));

	if (memcmp(block->prefix, bytes, whole) != 0)
		return false;
	return rest == 0 || ((block->prefix[whole] ^ bytes[whole]) & mask) == 0;
}

static const char *find(const struct block *table, size_t count, const uint8_t *bytes)
{
	for (size_t i = 0; i < count; i++)
		if (in_block(&table[i], bytes))
			return table[i].name;
	return NULL;
}

/* *name: the carried address's block, else the form's own. @return the address is of such a form */
static bool carried(const uint8_t *bytes, const char **name)
{
	bool is = false;

	for (size_t i = 0; i < COUNT(carriers); i++) {
		const struct carrier *c = &carriers[i];
		uint8_t inner[4];
		const char *found;

		if (!in_block(&c->block, bytes))
			continue;
		for (unsigned k = 0; k < 4; k++)
			inner[k] = c->inverted ? (uint8_t)~bytes[c->at + k] : bytes[c->at + k];
		found = find(blocks4, COUNT(blocks4), inner);
		if (found != NULL || !is)
			*name = found != NULL ? found : c->block.name;
		is = true;
		if (found != NULL)
			break;
	}
	return is;
}

static const char *special6(const uint8_t *bytes)
{
	static const struct block global = {{0x20}, 3, NULL};
	const char *name = NULL;
	bool exact = memcmp(bytes, blocks6[0].prefix, 15) == 0 && bytes[15] <= 1; /* :: and ::1 look like IPv4-compatible forms */

	if (!exact && carried(bytes, &name))
		return name;
	name = find(blocks6, COUNT(blocks6), bytes);
	/* No address is given out yet beyond 2000::/3.  [RFC 4291 section 2.4, IANA IPv6 address space] */
	return name != NULL || in_block(&global, bytes) ? name : "reserved";
}

const char *sts_address_special(int family, const uint8_t *bytes)
{
	return family == 4 ? find(blocks4, COUNT(blocks4), bytes) : special6(bytes);
}

void sts_address_from_bytes(int family, const uint8_t *bytes, struct sts_address *out)
{
	*out = (struct sts_address){.family = family};
	memcpy(out->bytes, bytes, family == 4 ? 4 : 16);
	/* glibc's form of IPv6 is that of RFC 5952. The room always suffices. */
	if (inet_ntop(family == 4 ? AF_INET : AF_INET6, out->bytes, out->text, sizeof out->text) == NULL)
		out->text[0] = '\0';
	out->special = sts_address_special(family, out->bytes);
}

bool sts_address_parse(const char *text, struct sts_address *out)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1)
		sts_address_from_bytes(4, bytes, out);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		sts_address_from_bytes(6, bytes, out);
	else
		return false;
	return true;
}

socklen_t sts_address_sockaddr(const struct sts_address *a, uint16_t port, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof *out);
	if (a->family == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, a->bytes, 4);
		return sizeof *in;
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, a->bytes, 16);
		return sizeof *in6;
	}
}

bool sts_address_from_sockaddr(const struct sockaddr_storage *sa, struct sts_address *out, uint16_t *port)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

	if (sa->ss_family == AF_INET)
		sts_address_from_bytes(4, (const uint8_t *)&in->sin_addr, out);
	else if (sa->ss_family == AF_INET6)
		sts_address_from_bytes(6, (const uint8_t *)&in6->sin6_addr, out);
	else
		return false;
	if (port != NULL)
		*port = ntohs(sa->ss_family == AF_INET ? in->sin_port : in6->sin6_port);
	return true;
}

bool sts_address_block(size_t index, char out[static 64])
{
	const struct block *block;
	char text[INET6_ADDRSTRLEN];
	int family = index < COUNT(blocks4) ? AF_INET : AF_INET6;

	if (index < COUNT(blocks4))
		block = &blocks4[index];
	else if ((index -= COUNT(blocks4)) < COUNT(blocks6))
		block = &blocks6[index];
	else if ((index -= COUNT(blocks6)) < COUNT(carriers))
		block = &carriers[index].block;
	else
		return false;
	if (inet_ntop(family, block->prefix, text, sizeof text) == NULL)
		return false;
	snprintf(out, 64, "%s/%u", text, block->bits);
	return true;
}
