/* Checks in a thread of their own, so that a store that keeps its caller waiting does not spoil them. */
#ifndef STS_MONITOR_LOOKER_H
#define STS_MONITOR_LOOKER_H

#include "mtasts/check.h"

struct sts_looker;

/** A check that ended. */
struct sts_looked {
	struct sts_looked *next;
	int64_t ticket;
	struct sts_report *report; /* NULL: it could not be made */
	bool blind; /* the history could not be read: it was judged as if there were none, which is no look worth
		       keeping */
	int64_t took_ms;
};

/**
 * @param where    of the history that checks are judged with
 * @param why      on failure a sentence, good until the next call
 * @return as sts_engine_new() and sts_history_open(); STS_ESYSTEM: no thread
 */
STS_MUST_CHECK enum sts_err sts_looker_new(const struct sts_options *options, const char *where, size_t at_once,
	struct sts_looker **out, const char **why);
/** Drop what is under way. */
void sts_looker_free(struct sts_looker *l);

/** Check a domain; what comes of it carries the ticket. */
void sts_looker_start(struct sts_looker *l, const char *domain, int64_t ticket);
/** Readable when something ended. */
int sts_looker_fd(const struct sts_looker *l);
/** What ended since the last call, in order; the caller's. NULL: nothing did. */
struct sts_looked *sts_looker_take(struct sts_looker *l);
void sts_looked_free(struct sts_looked *looked);

#endif
