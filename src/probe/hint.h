/*
 * What the resolver says at once, without proof. Only for starting early what the proven answer will most likely ask for: whatever was
 * started on a hint counts only once the proven answer names the same.
 */
#ifndef STS_PROBE_HINT_H
#define STS_PROBE_HINT_H

#include "probe/resolve.h"

struct sts_hint;

/** answer: with records, or NULL when there is nothing to start early. */
typedef void sts_hint_fn(const struct sts_answer *answer, void *arg);

/**
 * Ask the first resolver directly.
 *
 * @param arena  owns the operation and the answer
 * @param name   must live as long as the arena
 * @param done   called exactly once, never before this returns, not after cancel
 * @return NULL when there is no resolver to ask (recursion from the root), or a thrifty one: done is not called
 */
struct sts_hint *sts_hint_start(struct sts_loop *loop, struct sts_resolver *resolver, struct sts_arena *arena, const char *name,
	uint16_t type, int64_t deadline_ms, sts_hint_fn *done, void *arg);
/** Forget it; over or not. */
void sts_hint_cancel(struct sts_hint *hint);

#endif
