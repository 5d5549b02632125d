/*
 * Checks for many who ask: engines in threads of their own, one check for all who ask for the same domain at the same
 * time, results kept for a while. Called from the thread of the server's loop only; so are all callbacks.
 */
#ifndef STS_SERVE_POOL_H
#define STS_SERVE_POOL_H

#include "mtasts/check.h"
#include "net/loop.h"

struct sts_pool;
/** One who waits for a result. */
struct sts_ticket;

/** A finished check. Immutable; keep it with sts_outcome_keep(). */
struct sts_outcome {
	unsigned refs;
	const struct sts_report *report;
	char *json; /* schema mtasts.check/1 on one line, without the final LF */
	size_t json_len;
	char etag[24];   /* of the content, without quotes */
	int64_t made_ms; /* monotonic: when the check ended */
	int64_t took_ms;
	size_t size; /* octets it takes */
};

struct sts_pool_options {
	struct sts_options engine; /* borrowed strings stay good for the pool's life */
	const char *history;  /* where the history is that checks are judged with, or NULL; keeping is the caller's */
	unsigned threads;     /* engines; at least 1 */
	size_t at_once;       /* checks that run at once in one engine */
	size_t in_flight_max; /* checks running and waiting in all engines; more are refused */
	int64_t cache_ms;     /* how long a result is given out again; 0: never */
	size_t cache_bytes;   /* octets of results kept */
};

/** What the pool has done so far. */
struct sts_pool_stats {
	size_t in_flight;
	size_t cached;
	size_t cached_bytes;
	uint64_t started;
	uint64_t shared;    /* asked for while the same check was running */
	uint64_t hits;      /* given from the cache */
	uint64_t cancelled; /* nobody waited any more */
	uint64_t refused;   /* too many in flight */
};

/** A line about what goes on, escaped already; good during the call. */
typedef void sts_pool_step_fn(const char *step, void *arg);
/** The result, borrowed during the call; NULL: the check could not be made here. The ticket has ended. */
typedef void sts_pool_done_fn(struct sts_outcome *result, void *arg);

/**
 * Make the engines (one after another: libunbound's configuration parser is global) and start their threads.
 *
 * @param why  on failure a sentence, good until the next call
 * @return STS_OK; STS_EINVAL: an option makes no sense; STS_ENOMEM; STS_ESYSTEM
 */
STS_MUST_CHECK enum sts_err sts_pool_new(
	struct sts_loop *loop, const struct sts_pool_options *options, struct sts_pool **out, const char **why);
/** Stop the engines and forget everything; no callback follows. */
void sts_pool_free(struct sts_pool *pool);

/** Called from the loop for every check that ended, before those who asked are told: for metrics and history. May be
 * NULL. */
void sts_pool_on_result(struct sts_pool *pool, void (*fn)(struct sts_outcome *result, void *arg), void *arg);

/** The kept result of a domain (A-labels, lower case) that is not too old; NULL when there is none. Counts as a hit.
 * Borrowed: keep it. */
struct sts_outcome *sts_pool_cached(struct sts_pool *pool, const char *domain);
/** The same check is under way, so asking costs nothing. */
bool sts_pool_running(const struct sts_pool *pool, const char *domain);

/**
 * Wait for a check of a domain: one that is under way, or a new one. Kept results are not looked at.
 *
 * @param domain   A-labels, lower case, as sts_domain_parse() gives it
 * @param on_step  may be NULL. Steps that a running check has taken already are told before this returns
 * @param on_done  called exactly once, never before this returns, not after sts_ticket_cancel()
 * @return NULL: too many checks are in flight (or out of memory)
 */
struct sts_ticket *sts_pool_ask(
	struct sts_pool *pool, const char *domain, sts_pool_step_fn *on_step, sts_pool_done_fn *on_done, void *arg);
/** Wait no longer. When nobody else waits the check is cancelled. */
void sts_ticket_cancel(struct sts_ticket *ticket);

struct sts_pool_stats sts_pool_stats(const struct sts_pool *pool);

/** One more holder; the result itself. */
struct sts_outcome *sts_outcome_keep(struct sts_outcome *result);
void sts_outcome_drop(struct sts_outcome *result);

#endif
