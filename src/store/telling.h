/* What the history tells of a domain, in the form that render/ takes. */
#ifndef STS_STORE_TELLING_H
#define STS_STORE_TELLING_H

#include "render/timeline.h"
#include "store/history.h"

/** A stretch of a domain's history; limit as in sts_history_changes(). */
struct sts_stretch {
	const char *domain;
	int64_t from_at, until_at;
	size_t limit;
};

/**
 * Load a time line. It borrows the handle: policy bodies are fetched when they are asked for, and one that is missing shows as empty.
 *
 * @return as sts_history_memory(), STS_ENOENT when the domain was never seen
 */
STS_MUST_CHECK enum sts_err sts_history_timeline(
	struct sts_history *h, const struct sts_stretch *stretch, struct sts_arena *arena, struct sts_timeline *out);

/** "first", "last", or a date or time. */
bool sts_is_moment(const char *text);

/**
 * The observation that a moment means: the first, the last, or the last one not after a time; a bare date means the end of that day.
 *
 * @return also STS_ENOENT: there is none
 */
STS_MUST_CHECK enum sts_err sts_history_moment(
	struct sts_history *h, const char *domain, const char *when, struct sts_arena *arena, struct sts_kept *out);

#endif
