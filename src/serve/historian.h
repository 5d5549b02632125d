/*
 * The history, for the server: a thread of its own keeps results and answers questions, so that no disk and no database
 * holds up anybody. Called from the thread of the server's loop only; so are all callbacks.
 */
#ifndef STS_SERVE_HISTORIAN_H
#define STS_SERVE_HISTORIAN_H

#include "base/buf.h"
#include "serve/pool.h"

struct sts_historian;
struct sts_history;
/** A question that is not answered yet. */
struct sts_history_query;

/** What is asked. */
struct sts_history_question {
	const char *domain; /* A-labels, lower case */
	int64_t from_at, until_at;
	size_t limit;          /* changes */
	const char *diff_from; /* not NULL: the differences of two observations: "first", "last", or a time as text */
	const char *diff_to;
	bool html; /* a time line for a page, not as JSON */
};

/**
 * @param err   STS_OK; STS_ENOENT: never seen, or no observation there; anything else: the history fails
 * @param json  STS_OK: schema mtasts.timeline/1 or mtasts.diff/1, on one line; HTML where that was asked for
 * @param why   otherwise a sentence; both are good during the call
 */
typedef void sts_history_answer_fn(enum sts_err err, struct sts_str json, const char *why, void *arg);

/**
 * Open the history.
 *
 * @param where  path or postgresql:// URL
 * @param why    on failure a sentence, good until the next call
 * @return as sts_history_open(); STS_ESYSTEM: no thread
 */
STS_MUST_CHECK enum sts_err sts_historian_new(
	struct sts_loop *loop, const char *where, unsigned keep_days, struct sts_historian **out, const char **why);
/** What is to be kept is kept, then the history is closed. Questions are forgotten. */
void sts_historian_free(struct sts_historian *h);

/** Keep a result, in a moment. */
void sts_historian_keep(struct sts_historian *h, struct sts_outcome *result);
/** Ask; the answer comes from the loop. NULL: too many questions wait (or out of memory). */
struct sts_history_query *sts_historian_ask(
	struct sts_historian *h, const struct sts_history_question *q, sts_history_answer_fn *fn, void *arg);

/** Work on the store in the historian's thread: writes the answer. @return as of the store; an error's why is the store's */
typedef enum sts_err sts_history_task_fn(struct sts_history *h, void *task_arg, struct sts_buf *out);

/**
 * Have something done; the answer is what it wrote.
 *
 * @param task_arg  one block of the heap, which becomes the historian's
 * @return as sts_historian_ask(); task_arg is freed then, too
 */
struct sts_history_query *sts_historian_do(
	struct sts_historian *h, sts_history_task_fn *task, void *task_arg, sts_history_answer_fn *fn, void *arg);

/** The answer is not wanted any more. */
void sts_history_query_cancel(struct sts_history_query *query);

struct sts_historian_stats {
	uint64_t kept;
	uint64_t failed; /* results that could not be kept */
};
struct sts_historian_stats sts_historian_stats(const struct sts_historian *h);

#endif
