/* Keys and DS records asked for before the validator misses them one after another. */
#ifndef STS_PROBE_PREFETCH_H
#define STS_PROBE_PREFETCH_H

#include "probe/validator.h"

#define STS_PREFETCHED 256 /* names remembered as asked for; the validator's cache catches the rest */

/** What was asked for already; zeroed memory is an empty one. */
struct sts_prefetched {
	uint64_t hashes[STS_PREFETCHED];
	size_t next;
};

/** Ask for DS and DNSKEY of name and its ancestors below the root, the ten nearest to it, unless remembered. Nobody hears the answers. */
void sts_prefetch(struct sts_prefetched *prefetched, struct sts_validator *validator, const char *name);

#endif
