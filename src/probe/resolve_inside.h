/* One question on its way: what the parts of the resolver share. */
#ifndef STS_PROBE_RESOLVE_INSIDE_H
#define STS_PROBE_RESOLVE_INSIDE_H

#include "base/map.h"
#include "probe/confirm.h"
#include "probe/dnsask.h"
#include "probe/path.h"
#include "probe/prefetch.h"
#include "probe/resolve.h"
#include "probe/stub.h"
#include "probe/unsigned.h"

struct errand;
struct lesson;

struct sts_query {
	struct sts_query *next, **link; /* in resolver->queries; NULL when it is over */
	struct sts_resolver *resolver;
	struct sts_arena *arena;
	const char *name;
	uint16_t type;
	int64_t started_ms;
	int64_t deadline_ms;
	sts_answer_fn *done;
	void *arg;
	struct sts_ask *ask;
	struct sts_dnsask *direct;
	struct sts_confirm *confirm;
	struct sts_timer deadline;
	struct sts_timer again;         /* judges later: never from within the path's events or sts_resolve */
	bool failed;                    /* the validator got nothing */
	bool held;
	bool repeated;                  /* with empty caches: bogus, or failed though the resolver answers */
	bool reprobed;                  /* the path was probed once more because of this answer */
	struct sts_answer answer;       /* what the validator said */
	const char **chain;             /* CNAMEs chased after a failure */
	size_t chain_count;
	enum sts_dnssec chain_dnssec;   /* the weakest link */
	size_t server;                  /* next resolver to ask directly */
	const char *said;               /* what a resolver that fails says itself */
	struct errand *errand;          /* the plain question that is out */
	struct lesson *lesson;          /* waited for */
	struct sts_query *next_waiting; /* for the same lesson */
	unsigned lessons;               /* waited for so far */
	bool replied;                   /* answer is that of a plain question */
};

struct sts_resolver {
	struct sts_loop *loop;
	struct sts_path *path;
	struct sts_confirmer *confirmer;
	struct sts_query *queries;
	struct sts_prefetched prefetched;
	bool thrifty;
	struct sts_stub *stub;          /* for plain questions, or NULL */
	struct sts_unsigned *unsigned_names; /* with stub */
	struct sts_map lessons;         /* struct lesson by domain */
	struct errand *errands;
	uint64_t plain_count;           /* answers that came so */
};

/* ---- resolve.c ---- */

/* Ask the validator, from the beginning. */
void query_ask(struct sts_query *q);
/* With q->answer. */
void query_finish(struct sts_query *q);
void query_finish_without(struct sts_query *q, enum sts_dns_state state, const char *why);
/* Once more, with empty caches. */
void query_confirm(struct sts_query *q);
void query_read(struct sts_query *q, const struct sts_ask_result *result, const char *name, uint16_t type, struct sts_answer *out);

/* ---- resolve_diagnose.c ---- */

/* The validator got nothing: find out why, and end the question. */
void query_diagnose(struct sts_query *q);
/* The resolver fails: is it the chain of aliases? */
void query_chase(struct sts_query *q);

/* ---- resolve_cheap.c ---- */

/* Ask without validation if that says as much here; otherwise as query_ask(). */
void cheap_ask(struct sts_query *q);
/* Forget whatever of that is under way for it. */
void cheap_stop(struct sts_query *q);
/* Forget what is known, after every question was stopped. */
void cheap_forget(struct sts_resolver *r);
void cheap_free(struct sts_resolver *r);

#endif
