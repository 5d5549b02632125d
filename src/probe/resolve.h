/* Validating, asynchronous DNS in the process; libunbound lives here and nowhere else. */
#ifndef STS_PROBE_RESOLVE_H
#define STS_PROBE_RESOLVE_H

#include "net/loop.h"
#include "proto/seen.h"

struct sts_resolver;
struct sts_query;
struct sts_stub;

struct sts_resolver_options {
	const char *const *resolvers; /* "IP", "IP:PORT", "[IP]:PORT"; none: the system's, or recursion where these strip DNSSEC */
	size_t resolver_count;
	const char *trust_anchor;     /* file, or NULL for the root's built-in anchor */
	const char *root_hints;       /* file, or NULL */
	bool deny_private;            /* recursion asks no name server at a special-purpose address: strangers choose these */
};

/** What became of the choice of path, for vantage. */
struct sts_resolver_path {
	const char *resolver; /* "192.0.2.53, 2001:db8::53" or "recursion"; owned by the resolver */
	enum sts_dns_path path;
	const char *why;      /* why it is not validated through resolvers, or NULL; owned by the resolver */
};

/**
 * Make a resolver on a loop. No packet leaves yet.
 *
 * @param why  on failure a sentence, static or good until the next call
 * @return STS_OK; STS_EINVAL: a resolver's address or the trust anchor cannot be used; STS_ENOMEM; STS_ESYSTEM
 */
STS_MUST_CHECK enum sts_err sts_resolver_new(
	struct sts_loop *loop, const struct sts_resolver_options *options, struct sts_resolver **out, const char **why);
void sts_resolver_free(struct sts_resolver *resolver);

typedef void sts_answer_fn(const struct sts_answer *answer, void *arg);

/**
 * Ask one question, CNAMEs followed, validated where the path allows.
 *
 * The first question also finds out whether the path passes DNSSEC through; when it does not, the question moves to the next path by itself.
 *
 * @param arena        owns the answer
 * @param name         any case, final dot or not
 * @param deadline_ms  monotonic; STS_DNS_TIMEOUT then
 * @param done         called exactly once, never before this returns, not after cancel
 */
struct sts_query *sts_resolve(struct sts_resolver *resolver, struct sts_arena *arena, const char *name, uint16_t type,
	int64_t deadline_ms, sts_answer_fn *done, void *arg);
void sts_query_cancel(struct sts_query *query);

/** Ask for DS and DNSKEY of every ancestor of name now, so that the validator finds them in its cache. Results are not reported. */
void sts_resolver_prefetch(struct sts_resolver *resolver, const char *name);

/** Ask so that the answer is in the cache when it is needed. Its result is not reported. */
void sts_resolver_warm(struct sts_resolver *resolver, const char *name, uint16_t type);

/** From now on nothing is asked for the sake of speed alone: sts_resolver_prefetch() and sts_resolver_warm() do nothing, and no hint is to be had; caches are small. Answers
 * are the same. Before the first question. For many domains at once, where the number of questions counts and not how soon one answer comes. */
void sts_resolver_be_thrifty(struct sts_resolver *resolver);
bool sts_resolver_is_thrifty(const struct sts_resolver *resolver);

/**
 * Put questions to the stub where validation can prove nothing: at and below a registrable domain whose MX records the validator found to be unsigned
 * (RFC 4033 section 5: no chain of trust leads out of an unsigned zone). Answers are the same and cost less. Used only while the path is validated
 * through resolvers and has one trust anchor; what a plain question does not answer for certain is asked of the validator.
 *
 * @param stub  of the same loop, and of the resolvers that are asked here; borrowed; whoever frees it first asks nothing any more
 * @return STS_OK; STS_ENOMEM
 */
STS_MUST_CHECK enum sts_err sts_resolver_set_stub(struct sts_resolver *resolver, struct sts_stub *stub);
/** How many answers came from the stub. */
uint64_t sts_resolver_plain_count(const struct sts_resolver *resolver);

/** The first resolver that is asked now; false while recursing from the root. */
bool sts_resolver_first(const struct sts_resolver *resolver, struct sts_address *server, uint16_t *port);

/** The path in use (as far as known by now). */
struct sts_resolver_path sts_resolver_path(const struct sts_resolver *resolver);

#endif
