/* Where questions are sent: resolvers as the user writes them, and the system's. */
#ifndef STS_PROBE_SERVERS_H
#define STS_PROBE_SERVERS_H

#include "base/arena.h"
#include "proto/seen.h"

#define STS_SERVERS_MAX 8

struct sts_server {
	struct sts_address address;
	uint16_t port;
	const char *scope;     /* interface of a link-local IPv6 address, or NULL */
};

struct sts_servers {
	struct sts_server list[STS_SERVERS_MAX];
	size_t count;
};

/** "IP", "IP:PORT", "[IP]" or "[IP]:PORT", IPv6 with "%interface" where it is link-local. @return false: neither; *out undefined */
STS_MUST_CHECK bool sts_server_parse(const char *text, struct sts_arena *arena, struct sts_server *out);

/** The nameserver lines of a resolv.conf, as many as fit; none when it cannot be read. Lines that make no sense are passed over. */
void sts_servers_read(const char *file, struct sts_arena *arena, struct sts_servers *out);

/** "192.0.2.53, [2001:db8::53]:5353": ports only where they are not 53. */
const char *sts_servers_text(const struct sts_servers *servers, struct sts_arena *arena);

#endif
