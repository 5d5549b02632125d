/*
 * Counts by key, the source of the summary. Keys, the kind in front:
 *   v:VERDICT  i:invalid  i:opted-out  s:record  s:incomplete  s:error s:warning s:notice (worst finding)
 *   f:CODE     domains with this finding      l:LAYER  domains misconfigured there, in the layers of the field study
 *   c:CAUSE    domains with a warning or an error of this cause (monitor/cause.h)
 */
#ifndef STS_SCAN_TALLY_H
#define STS_SCAN_TALLY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"

struct sts_count {
	const char *key;
	uint64_t n;
	uint64_t added; /* since sts_tally_changes() */
	struct sts_count *next_changed;
};

/** Zeroed memory is an empty tally. */
struct sts_tally {
	struct sts_map map;
	struct sts_arena *arena;
	struct sts_count *changed;
	bool overflowed; /* causes were left out: there were too many */
};

/** Different causes kept; more are counted under none. */
#define STS_TALLY_CAUSES_MAX 100000

void sts_tally_clear(struct sts_tally *t);
void sts_tally_add(struct sts_tally *t, struct sts_str key, uint64_t n);
/** Append "\tKEY\tN" for everything added since the last call. */
void sts_tally_changes(struct sts_tally *t, struct sts_buf *out);
/** Append "\tKEY\tN" for everything. */
void sts_tally_write(struct sts_tally *t, struct sts_buf *out);
/** Add what these two wrote. @return false: it is something else */
STS_MUST_CHECK bool sts_tally_read(struct sts_tally *t, struct sts_str text);
uint64_t sts_tally_get(const struct sts_tally *t, const char *key);
/** Counts whose key begins with kind, most first; at most max; the arena's. */
const struct sts_count **sts_tally_top(
	const struct sts_tally *t, const char *kind, size_t max, struct sts_arena *arena, size_t *count);

#endif
