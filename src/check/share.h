/*
 * What the checks of many engines share in one run: sessions with MX hosts that were held already, addresses where nobody answers, and how many
 * connections a host or a network gets at once. Any thread.
 *
 * An SMTP session is the same for every domain that has the host as its MX: name, address and TLSA records make the key (and the mail
 * domain, where a record of usage 2 makes it a reference name). Policies are not shared, for their hosts are names of one domain each; what
 * is shared of an address is that no connection comes about there: that has nothing to do with names.
 */
#ifndef STS_CHECK_SHARE_H
#define STS_CHECK_SHARE_H

#include "probe/fetch.h"
#include "probe/smtp.h"

struct sts_share;

struct sts_share_options {
	unsigned https_per_host; /* connections to one address at once */
	unsigned smtp_per_host;
	unsigned per_network;  /* to one /24 or /48 */
	size_t octets_max;     /* of memory for sessions; those used longest ago are dropped */
};

/** @return NULL: out of memory */
struct sts_share *sts_share_new(const struct sts_share_options *options);
void sts_share_free(struct sts_share *share);

enum sts_claim {
	STS_CLAIM_GO,   /* connect, and tell the end to …_done() */
	STS_CLAIM_HAVE, /* *out is filled: it was seen a moment ago */
	STS_CLAIM_WAIT, /* somebody else is at it, or the host has enough connections: ask again soon */
};

/** @param out  filled with a copy, in the arena, when there is one */
enum sts_claim sts_share_smtp(
	struct sts_share *share, const struct sts_smtp_params *params, struct sts_arena *arena, struct sts_smtp *out);
/** A session that was claimed ended. @param result  NULL: it was given up, nothing was learnt */
void sts_share_smtp_done(struct sts_share *share, const struct sts_smtp_params *params, const struct sts_smtp *result);

/** The same for a policy fetch; *out gets only what can be told without a connection. */
enum sts_claim sts_share_fetch(
	struct sts_share *share, const struct sts_fetch_params *params, struct sts_arena *arena, struct sts_fetch *out);
void sts_share_fetch_done(struct sts_share *share, const struct sts_fetch_params *params, const struct sts_fetch *result);

/** For the closing words of a run. */
struct sts_share_numbers {
	uint64_t sessions, sessions_shared; /* SMTP: held, and spared */
	uint64_t fetches, fetches_spared;
	uint64_t stalls;                    /* fetches not tried because the address let others wait in vain */
};
struct sts_share_numbers sts_share_numbers(struct sts_share *share);

#endif
