/* One libunbound context on a loop: questions in, raw answers with the validator's verdict out. libunbound lives here. */
#ifndef STS_PROBE_VALIDATOR_H
#define STS_PROBE_VALIDATOR_H

#include "net/loop.h"

struct sts_validator;
struct sts_ask;

struct sts_validator_options {
	const char *const *forwarders; /* "IP@PORT"; none: recursion from the root */
	size_t forwarder_count;
	bool validate;                 /* false: nothing is validated, every verdict is STS_ASK_UNSIGNED */
	const char *trust_anchor;      /* file with DS or DNSKEY records, or NULL for the root's */
	const char *root_hints;        /* file, or NULL for the system's or the library's */
	bool ipv6;                     /* ask servers over IPv6 too */
	bool small;                    /* caches of 2 MB instead of 17: for who asks about each name once */
	bool deny_private;             /* recursion asks no server at a special-purpose address */
};

enum sts_ask_verdict { STS_ASK_UNSIGNED, STS_ASK_BOGUS, STS_ASK_SECURE };

/** What came back. */
struct sts_ask_result {
	bool failed;                   /* no answer at all (the library's or a server's SERVFAIL …); packet and verdict say nothing */
	enum sts_ask_verdict verdict;
	const uint8_t *packet;         /* whole DNS message; good during the callback */
	size_t packet_len;
	const char *why;               /* reason of a bogus verdict, or NULL; good during the callback */
};

typedef void sts_ask_fn(const struct sts_ask_result *result, void *arg);

/**
 * Make a context. No packet leaves. Safe in several threads, each with its own loop.
 *
 * @param why  on failure a static sentence
 * @return STS_OK; STS_EINVAL: an address, the trust anchor or the root hints cannot be used; STS_ENOMEM; STS_ESYSTEM
 */
STS_MUST_CHECK enum sts_err sts_validator_new(struct sts_loop *loop, const struct sts_validator_options *options,
	struct sts_validator **out, const char **why);
/** Drops every question that is out; their callbacks do not come. NULL is fine. */
void sts_validator_free(struct sts_validator *validator);

/**
 * Ask. The callback comes exactly once, from the loop, never before this returns, never from inside libunbound.
 *
 * @param done  NULL: the answer only fills the cache
 * @return NULL when the library does not take the question (not a name, or out of memory), or when done is NULL; then no callback comes
 */
struct sts_ask *sts_ask(struct sts_validator *validator, const char *name, uint16_t type, sts_ask_fn *done, void *arg);
/** Forget a question whose callback has not come. */
void sts_ask_cancel(struct sts_ask *ask);

#endif
