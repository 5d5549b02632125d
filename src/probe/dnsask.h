/* One question put to one server directly, past every resolver: UDP with EDNS, repeated once, TCP after truncation.  [RFC 1035, 6891, 7766] */
#ifndef STS_PROBE_DNSASK_H
#define STS_PROBE_DNSASK_H

#include "net/loop.h"
#include "proto/dnsmsg.h"

struct sts_dnsask;

struct sts_dnsask_question {
	struct sts_address server;
	const char *scope;     /* interface of a link-local IPv6 address, or NULL */
	uint16_t port;
	const char *name;      /* must live as long as the operation */
	uint16_t type;
	bool recurse;          /* RD */
	bool dnssec;           /* DO: with signatures */
};

struct sts_dnsask_reply {
	/**
	 * OK: message holds a reply to this question, whatever its rcode. Else TIMEOUT (nothing came, or the port is closed), MALFORMED (what came
	 * is no DNS message, or the name cannot be asked for), TRUNCATED (over UDP, and TCP gave nothing), NOT_ASKED (no way there from this machine).
	 */
	enum sts_dns_state state;
	const char *error;     /* short words when state is not OK, else NULL */
	struct sts_dnsmsg message;
};

typedef void sts_dnsask_fn(const struct sts_dnsask_reply *reply, void *arg);

/**
 * @param arena        owns the operation and what the reply points to
 * @param deadline_ms  monotonic
 * @param done         called exactly once, never before this returns, not after cancel
 */
struct sts_dnsask *sts_dnsask_start(struct sts_loop *loop, struct sts_arena *arena, const struct sts_dnsask_question *question,
	int64_t deadline_ms, sts_dnsask_fn *done, void *arg);
void sts_dnsask_cancel(struct sts_dnsask *ask);

#endif
