/* What changed when, for a person and for programs: the time line of a domain, and the differences of two of its
 * observations. */
#ifndef STS_RENDER_TIMELINE_H
#define STS_RENDER_TIMELINE_H

#include "base/jsonw.h"
#include "check/past.h"
#include "check/timeline.h"
#include "mtasts/report.h"

/** A time line. */
struct sts_timeline {
	const char *domain;
	int64_t observations;             /* that are kept */
	const struct sts_memory *memory;  /* what is known now */
	const struct sts_past *past;      /* policies, ids and hosts ever seen */
	const struct sts_change *changes; /* newest first */
	size_t change_count;
	bool more;         /* older changes were left out */
	sts_body_fn *body; /* policy bodies by digest */
	void *body_arg;
	int64_t now; /* until when policies may be held is told by it */
};

/** Differences of two observations of a domain: what changed from the one to the other. */
struct sts_difference {
	const char *domain;
	const struct sts_observation *from, *to; /* with policy bodies */
	const struct sts_change *changes;        /* in order */
	size_t change_count;
};

/** Compare: changes from one observation to another, whatever their times; what one of them could not see is no change.
 */
struct sts_difference sts_difference(
	const struct sts_observation *from, const struct sts_observation *to, struct sts_arena *arena);

void sts_timeline_text(struct sts_buf *out, const struct sts_timeline *t, const struct sts_render_options *options);
/** Schema mtasts.timeline/1. */
void sts_timeline_json(struct sts_jsonw *w, const char *key, const struct sts_timeline *t);

void sts_difference_text(struct sts_buf *out, const struct sts_difference *d, const struct sts_render_options *options);
/** Schema mtasts.diff/1. */
void sts_difference_json(struct sts_jsonw *w, const char *key, const struct sts_difference *d);

/** "first seen", "appeared", "gone" or "changed". */
const char *sts_change_words(const struct sts_change *c);

#endif
