/* From a domain as typed to its result: name, refusals, cache, allowances, pool. What REST, streams, bulk and MCP have
 * in common. */
#ifndef STS_SERVE_INQUIRY_H
#define STS_SERVE_INQUIRY_H

#include "serve/call.h"

enum sts_inquiry_state {
	STS_INQUIRY_INVALID, /* not a domain: why */
	STS_INQUIRY_REFUSED, /* not checked here: why */
	STS_INQUIRY_LIMITED, /* too many: why, retry_after_s */
	STS_INQUIRY_BUSY,    /* too many in all: why, retry_after_s */
	STS_INQUIRY_CACHED,  /* result */
	STS_INQUIRY_WAIT,    /* ticket */
};

struct sts_inquiry {
	/* in */
	const char *typed;         /* as the client wrote it */
	bool fresh;                /* a kept result will not do */
	sts_pool_step_fn *on_step; /* may be NULL */
	sts_pool_done_fn *on_done;
	void *arg;
	/* out */
	const char *domain; /* A-labels; NULL when it is none */
	const char **notes; /* what was stripped from around the name */
	size_t note_count;
	const char *why;    /* a sentence for the client, in the call's arena or static */
	const char *policy; /* STS_INQUIRY_LIMITED: "checks" or "domain" */
	unsigned retry_after_s;
	struct sts_outcome *result; /* STS_INQUIRY_CACHED: borrowed, keep it */
	struct sts_ticket *ticket;  /* STS_INQUIRY_WAIT: on_done follows unless it is cancelled */
};

/** Ask on behalf of a call's client. Out members are in the call's arena. */
enum sts_inquiry_state sts_inquire(struct call *call, struct sts_inquiry *ask);

/** Status and problem type that tell of a state that is neither CACHED nor WAIT. */
unsigned sts_inquiry_status(enum sts_inquiry_state state, const char **type);
/** Members for the problem: violated-policies, retry_after_s, domain; with a comma in front. */
void sts_inquiry_members(const struct sts_inquiry *ask, enum sts_inquiry_state state, struct sts_buf *out);

/** Answer with the problem that tells of such a state. */
void call_refuse(struct call *call, const struct sts_inquiry *inquiry, enum sts_inquiry_state state);

/**
 * The body for a client, without LF: the report with the client's own notes, and the members cached and age_s.
 *
 * @param cached  it was there before the client asked
 */
void sts_outcome_write(const struct sts_outcome *result, bool cached, const char *const *notes, size_t note_count,
	struct sts_buf *out);

/** Octets that one result as JSON may take. */
#define STS_RESULT_MAX ((size_t)64 * 1024 * 1024)

#endif
