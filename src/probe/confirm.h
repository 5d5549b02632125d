/*
 * Is it bogus, or did something get lost on the way? A key that did not arrive makes the validator say bogus too, and remember it. Before
 * anybody is told, everything is asked once more with empty caches. The same helps after a failure that the resolver itself knows nothing of.
 */
#ifndef STS_PROBE_CONFIRM_H
#define STS_PROBE_CONFIRM_H

#include "base/arena.h"
#include "probe/path.h"

struct sts_confirmer;
struct sts_confirm;

enum sts_confirm_end {
	STS_CONFIRM_BOGUS,     /* bogus again, and everything that was needed to know did arrive; result is that answer */
	STS_CONFIRM_OTHERWISE, /* not bogus this time; result is that answer */
	STS_CONFIRM_UNKNOWN,   /* could not be found out; words say why */
	STS_CONFIRM_STRIPPED,  /* not even the trust anchor's zone validates now: the path is at fault; words: the validator's reason, or NULL */
};

/** @param result  good during the callback; NULL with the last two */
typedef void sts_confirm_fn(enum sts_confirm_end end, const struct sts_ask_result *result, const char *words, void *arg);

/** NULL when out of memory. */
struct sts_confirmer *sts_confirmer_new(struct sts_path *path);
/** Operations under way end without callback. */
void sts_confirmer_free(struct sts_confirmer *confirmer);

/**
 * @param name  must live as long as the operation
 * @param done  called exactly once from the loop, never before this returns, not after cancel
 * @return NULL when nothing can be asked; no callback comes then
 */
struct sts_confirm *sts_confirm_start(struct sts_confirmer *confirmer, struct sts_arena *arena, const char *name, uint16_t type,
	sts_confirm_fn *done, void *arg);
void sts_confirm_cancel(struct sts_confirm *confirm);

#endif
