/*
 * Many questions to recursive resolvers, cheaply and without validation: the discovery stage of a scan. c-ares lives here,
 * in stub_wire.c, and nowhere else. Trusts the resolvers and the way to them no further than its callers do.
 */
#ifndef STS_PROBE_STUB_H
#define STS_PROBE_STUB_H

#include "net/loop.h"
#include "probe/servers.h"

struct sts_stub;

/**
 * @param before  called whenever answers are about to be handed out: the place to look at the clock
 * @param after   called whenever answers were handed out: the place to ask more; never from within sts_stub_ask(). Questions are sent when it returns
 */
struct sts_stub_options {
	const struct sts_servers *servers; /* at least one; copied */
	unsigned timeout_ms;               /* of the first try; doubled for each that follows */
	unsigned tries;                    /* at each server */
	sts_loop_fn *before, *after;
	void *arg;
};

enum sts_stub_end {
	STS_STUB_REPLY,   /* a message that answers the question, whatever its rcode */
	STS_STUB_TIMEOUT, /* nothing came */
	STS_STUB_FAILED,  /* the servers cannot be reached, or out of memory */
};

/**
 * @param reply     borrowed during the call; NULL unless STS_STUB_REPLY
 * @param timeouts  how many tries ran into their time limit: the sign of congestion
 */
typedef void sts_stub_fn(enum sts_stub_end end, const uint8_t *reply, size_t len, unsigned timeouts, void *arg);

/** @return STS_OK; STS_ENOMEM; STS_EINVAL: a server's address cannot be used */
STS_MUST_CHECK enum sts_err sts_stub_new(
	struct sts_loop *loop, const struct sts_stub_options *options, struct sts_stub **out);
/** Questions still out get no callback. */
void sts_stub_free(struct sts_stub *stub);

/**
 * Ask: EDNS with DO and AD, so that the answer has room and the resolver's verdict shows. TCP after truncation.
 *
 * @param done  called exactly once, possibly before this returns (when the question cannot be sent)
 * @return false: not a name that DNS can carry; no callback
 */
STS_MUST_CHECK bool sts_stub_ask(struct sts_stub *stub, const char *name, uint16_t type, sts_stub_fn *done, void *arg);

#endif
