/* The record as every authoritative server of its zone tells it, asked directly.  [findings: record.servers-differ] */
#ifndef STS_PROBE_AUTHNS_H
#define STS_PROBE_AUTHNS_H

#include "net/loop.h"
#include "probe/resolve.h"
#include "proto/seen.h"

/** One authoritative server address of the record's zone, asked directly. */
struct sts_nameserver {
	const char *name;
	const char *address;      /* text; "" when the name has none */
	enum sts_dns_state state; /* of the TXT question there */
	const char *error;        /* short words when state is no answer, else NULL */
	struct sts_str *records;  /* TXT records, strings joined; in order of content */
	size_t record_count;
	uint32_t ttl_s;           /* of the records as the zone has it; 0 when there are none */
	const char *cname;        /* it answered with this alias instead of records, or NULL */
	bool not_tested;          /* could not be asked from here (no IPv6 here, private address denied …): error says why */
};
/** What was found: the zone and its servers. */
struct sts_authns {
	const char *zone;                   /* apex of the zone that holds the name, or NULL when it could not be found */
	struct sts_nameserver *nameservers; /* one per address of each server (one with address "" for a server without any) */
	size_t nameserver_count;
};

typedef void sts_authns_fn(const struct sts_authns *result, void *arg);

struct sts_authns_op;

/**
 * Find the zone that holds name, and ask each address of each of its servers for TXT name: UDP with EDNS, TCP after truncation, one
 * repetition. All at once. The CNAME case: the zone asked is the one that holds the name itself, not the alias's target.
 *
 * @param deadline_ms  monotonic; servers that did not answer by then are STS_DNS_TIMEOUT
 * @param done         called exactly once, never before this returns, not after cancel; the result is the arena's
 */
struct sts_authns_op *sts_authns_start(struct sts_loop *loop, struct sts_resolver *resolver, struct sts_arena *arena,
	const char *name, bool deny_private, int64_t deadline_ms, sts_authns_fn *done, void *arg);
void sts_authns_cancel(struct sts_authns_op *op);

#endif
