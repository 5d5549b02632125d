/*
 * Which of several resolvers pass DNSSEC through. The validator asks any of them and cannot tell a forged answer from one that a bad
 * resolver spoilt, so the bad ones have to go.
 */
#ifndef STS_PROBE_SIFT_H
#define STS_PROBE_SIFT_H

#include "net/loop.h"
#include "probe/servers.h"

struct sts_sift;

enum sts_sift_verdict {
	STS_SIFT_UNKNOWN, /* no answer in time, or one that says nothing (SERVFAIL, REFUSED …) */
	STS_SIFT_PASSES,  /* gave the keys of the zone with their signatures */
	STS_SIFT_STRIPS,  /* gave them without, or denied that there are any */
};

/** @param verdicts  one per server; good during the callback */
typedef void sts_sift_fn(const enum sts_sift_verdict *verdicts, void *arg);

/**
 * Ask each for the keys of a signed zone, directly.
 *
 * @param servers  at least one; copied
 * @param zone     must live as long as the operation
 * @param done     called exactly once, within two seconds, never before this returns, not after cancel
 * @return NULL when out of memory; no callback comes then
 */
struct sts_sift *sts_sift_start(struct sts_loop *loop, const struct sts_servers *servers, const char *zone, sts_sift_fn *done, void *arg);
void sts_sift_cancel(struct sts_sift *sift);

#endif
