/*
 * The history: every observation of every domain, and what is derived from them. One handle, one thread; several
 * processes may use one store.
 */
#ifndef STS_STORE_HISTORY_H
#define STS_STORE_HISTORY_H

#include "check/past.h"
#include "store/store.h"

/** Days that full results are kept when nobody says otherwise. */
#define STS_KEEP_DAYS 400

struct sts_history;

/**
 * Open the history.
 *
 * @param where  path or postgresql:// URL; made when it is not there
 * @param why    on failure a sentence; at least 512 octets
 * @return STS_OK; STS_EIO, STS_ESYSTEM, STS_ETIMEOUT, STS_ENOMEM, STS_EINVAL as sts_store_open()
 */
STS_MUST_CHECK enum sts_err sts_history_open(const char *where, struct sts_history **out, char why[static 512]);
void sts_history_close(struct sts_history *h);

/** What went wrong last, for a person; escaped; the handle's. */
const char *sts_history_why(const struct sts_history *h);

/** The store below, for what is kept beside the history (watched domains …). */
struct sts_store *sts_history_store(struct sts_history *h);

/** Days that full results are kept from now on; at least 1. */
void sts_history_keep(struct sts_history *h, unsigned days);

/* Everything below: STS_OK, or STS_EIO, STS_ESYSTEM, STS_ETIMEOUT, STS_ENOMEM of the store, unless said otherwise. */

/**
 * Keep a check: committed when this returns STS_OK. The same observation again is kept once.
 *
 * @param now  wall clock: results are thinned out by it
 */
STS_MUST_CHECK enum sts_err sts_history_add(struct sts_history *h, const struct sts_report *report, int64_t now);
/** The same, as a part of the transaction that is open; sts_history_tidy() is the caller's, behind its end. */
STS_MUST_CHECK enum sts_err sts_history_add_within(struct sts_history *h, const struct sts_report *report);
/** Thin out the domain where that was not done for a day, and one other: those that nobody checks any more have their turn
 * as well. What cannot be done today is done another day. */
void sts_history_tidy(struct sts_history *h, const char *domain, int64_t now);

/** One observation with what belongs to it. */
struct sts_kept {
	int64_t id;                  /* of the observation in this store */
	struct sts_observation seen; /* at, ttl and duration filled; the policy body where wanted */
	struct sts_str result;       /* whole result of the check as JSON, or ptr NULL */
};

/**
 * Keep an observation and, where there is one, the whole result. Within a transaction of the store it is part of that.
 *
 * @param added  it was not there before; may be NULL
 */
STS_MUST_CHECK enum sts_err sts_history_put(
	struct sts_history *h, const struct sts_observation *seen, struct sts_str result, bool *added);

/** The past of a domain, from observations before a time. Signature as sts_past_fn but for the error. */
STS_MUST_CHECK enum sts_err sts_history_past(
	struct sts_history *h, const char *domain, int64_t before_at, struct sts_arena *arena, struct sts_past **out);

/** What is known of a domain now. @return also STS_ENOENT: the domain was never seen */
STS_MUST_CHECK enum sts_err sts_history_memory(
	struct sts_history *h, const char *domain, struct sts_arena *arena, struct sts_memory *out);

/** Changes in a stretch of time, newest first. */
struct sts_changes {
	struct sts_change *items;
	size_t count;
	bool more; /* older ones were left out */
};

/** @param limit  at most so many, the newest; 0: STS_CHANGES_MAX. Fewer, and more is true, where their values are long. */
STS_MUST_CHECK enum sts_err sts_history_changes(struct sts_history *h, const char *domain, int64_t from_at,
	int64_t until_at, size_t limit, struct sts_arena *arena, struct sts_changes *out);
#define STS_CHANGES_MAX 10000
#define STS_CHANGES_OCTETS_MAX ((size_t)4 * 1024 * 1024)

/** How many observations of a domain are kept. @return also STS_ENOENT */
STS_MUST_CHECK enum sts_err sts_history_count(struct sts_history *h, const char *domain, int64_t *count);

/** The last observation not after a time, with body and result. @return also STS_ENOENT: there is none */
STS_MUST_CHECK enum sts_err sts_history_at(
	struct sts_history *h, const char *domain, int64_t at, struct sts_arena *arena, struct sts_kept *out);
/** The first observation. @return also STS_ENOENT */
STS_MUST_CHECK enum sts_err sts_history_first(
	struct sts_history *h, const char *domain, struct sts_arena *arena, struct sts_kept *out);

/** A policy body by its digest, copied into the arena. @return also STS_ENOENT */
STS_MUST_CHECK enum sts_err sts_history_body(
	struct sts_history *h, const char *sha256, struct sts_arena *arena, struct sts_str *out);

/** Called for each observation; what it gets is gone when it returns. */
typedef enum sts_err sts_kept_fn(const struct sts_kept *kept, void *arg);

/** Every observation of every domain (or of one), by domain and time, with body and result, as of one moment. */
STS_MUST_CHECK enum sts_err sts_history_each(
	struct sts_history *h, const char *domain_or_null, sts_kept_fn *fn, void *arg);

/**
 * Drop what need not be kept of one domain: results older than the days kept, and observations older than that which
 * say the same as both their neighbours. What is derived stays exactly as it is.
 */
STS_MUST_CHECK enum sts_err sts_history_prune(struct sts_history *h, const char *domain, int64_t now);

/** Prune the domain that was pruned longest ago, where that was more than a day. */
STS_MUST_CHECK enum sts_err sts_history_prune_oldest(struct sts_history *h, int64_t now);

/**
 * Fold the observations of a domain anew and compare with what is derived in the store. For tests: of a domain with more than
 * STS_CHANGES_MAX changes or STS_CHANGES_OCTETS_MAX of them, or more items than are kept at hand (2,000: some thousand ids), they need not agree.
 *
 * @param same  they agree
 */
STS_MUST_CHECK enum sts_err sts_history_verify(struct sts_history *h, const char *domain, bool *same);

#endif
