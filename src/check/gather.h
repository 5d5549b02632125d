/* Inside of a running check: who is being asked, and what to do with each answer. Not for other directories. */
#ifndef STS_CHECK_GATHER_H
#define STS_CHECK_GATHER_H

#include "check/facts.h"
#include "check/findings.h"
#include "check/past.h"
#include "check/pulse.h"
#include "check/share.h"
#include "mtasts/check.h"
#include "net/tls.h"
#include "probe/fetch.h"
#include "probe/hint.h"
#include "probe/resolve.h"
#include "probe/smtp.h"

struct check;

/** One outstanding operation of a check, in its list so that everything can be cancelled. */
struct op {
	struct check *check;
	struct op *next;
	struct op **link;
	void *handle;                 /* of the probe */
	void (*cancel)(void *handle);
};

/** A policy fetch under way; out is copied into the facts at the end. */
struct fetch_item {
	struct op op;
	struct sts_fetch out;
	struct sts_fetch_params params;
	struct sts_fetch_op *fetch;   /* while connected or connecting */
	bool running;                 /* wanted, and not over */
	bool waiting;                 /* in the engine's queue */
	struct sts_timer told;        /* the end is known without a connection */
	struct fetch_item *queued;    /* the engine's queue: the first of every line */
	struct fetch_item *behind;    /* the line: those that wait for the same address */
	struct fetch_item *last;      /* of the line, known to its first */
	struct fetch_item *next;
};

/** Fetches begun on an unproven answer; the proven one adopts those it names. */
struct early {
	struct op op;                 /* of the hint */
	bool asking;                  /* the hint runs */
	bool over;                    /* the proven answer is there, or there is no hint */
	struct fetch_item *fetches;
};

/** One SMTP session wanted, running or done. */
struct smtp_item {
	struct op op;
	struct mx_item *mx;
	struct sts_smtp out;
	struct sts_smtp_op *session;  /* while running */
	struct sts_smtp_params params;
	bool tried;                   /* it was found that it has to wait */
	struct sts_timer told;        /* the end is known without a connection */
	enum { SMTP_WAITING, SMTP_RUNNING, SMTP_ENDED } state;
	struct smtp_item *next;       /* of the same MX host, in order of addresses */
	struct smtp_item *queued;     /* the engine's queue */
};

/** One MX host being looked into. */
struct mx_item {
	struct check *check;
	struct sts_mx *mx;
	struct sts_answer tlsa_at_alias; /* RFC 7672 section 2.2.3: the expanded name is asked first */
	bool a_done, aaaa_done, tlsa_done;
	bool v4_started, v6_started;
	unsigned tlsa_pending;
	bool alias_known;
	size_t addresses;                /* of both families so far */
	struct smtp_item *smtp4, *smtp6;
};

/** One rua destination being looked into. */
struct rua_item {
	struct check *check;
	struct sts_rua_facts *facts;
	const struct sts_rua *rua;
	struct sts_answer mx, a, aaaa;
	unsigned pending;
	struct sts_fetch *fetches;
	size_t fetch_count;
};

struct check {
	struct sts_engine *engine;
	struct sts_arena *arena;
	struct sts_facts *facts;
	const char *record_name;      /* _mta-sts.DOMAIN */
	int64_t started_ms;
	int64_t deadline_ms;
	struct op *ops;
	size_t pending;
	struct sts_timer finish_timer; /* pending reached 0: finish in a turn of its own */
	struct sts_timer hard_timer;   /* long after the deadline: whatever still hangs is cancelled */
	struct fetch_item *fetches4, *fetches6;
	struct early early4, early6;
	struct op mx_hint;
	bool mx_hinting;              /* mx_hint runs */
	struct sts_answer sibling;     /* TXT at a random name beside the record: shows a wildcard in an unsigned zone */
	struct sts_answer *misplaced;
	size_t misplaced_count;
	struct sts_answer parent_record;
	struct mx_item *mx_items;
	size_t smtp_beyond;           /* sessions with addresses past STS_SMTP_PER_HOST of their host */
	sts_step_fn *on_step;
	sts_done_fn *on_done;
	void *arg;
	struct check *next, **link;   /* the engine's list of running or waiting checks, newest first */
	struct check *after;          /* the next that waits for its start */
	bool started;
	bool finished;
};

struct sts_engine {
	struct sts_loop *loop;
	struct sts_resolver *resolver;
	struct sts_tls_ctx *tls;
	struct sts_options options;
	const char *helo;
	char hostname[256];
	struct check *checks;
	struct check *first, *last;   /* of those not started, oldest first */
	size_t running;
	size_t at_once;               /* checks that may run at once */
	struct smtp_item *queue;      /* SMTP sessions waiting for their turn or running */
	size_t smtp_running;
	struct sts_share *share;      /* with other engines of a run, or NULL */
	bool thrifty;                 /* one of a scan's: its checks are among many */
	struct sts_pulse pulse;       /* of a thrifty one */
	struct fetch_item *fetch_queue; /* fetches that wait for their turn */
	struct sts_timer turn;        /* looks at both queues again */
	struct sts_arena *scratch;    /* messages handed out by sts_check_start() */
	sts_past_fn *past;            /* asked before a check is judged; may be NULL */
	void *past_arg;
};

/** Checks that run at once in one engine; more wait. */
#define STS_CHECKS_AT_ONCE 24
/** SMTP sessions at once in one engine. */
#define STS_SMTP_AT_ONCE 128
/** Sessions of one check: so many addresses of every MX host, and more where few hosts have many. */
#define STS_SMTP_PER_HOST 4
#define STS_SMTP_BEYOND 112
/** Longest wait for one DNS answer, milliseconds. */
#define STS_DNS_WAIT_MS 15000
/** A TLSA answer that does not come must not hold up the SMTP session for ever, milliseconds. */
#define STS_TLSA_WAIT_MS 8000

typedef void answer_then(struct check *check, void *ctx);

/** Longest time for asking the authoritative servers one by one, milliseconds. */
#define STS_AUTHNS_WAIT_MS 20000

/** Ask a question; *out is filled and then(check, ctx) called; past the deadline *out becomes STS_DNS_TIMEOUT at once (then still runs, in a turn of its own). */
void check_ask(struct check *check, const char *name, uint16_t type, struct sts_answer *out, answer_then *then, void *ctx);
void check_ask_within(struct check *check, const char *name, uint16_t type, int64_t wait_ms, struct sts_answer *out,
	answer_then *then, void *ctx);

/** The check's deadline has passed. */
bool check_late(const struct check *check);

/** The loop was held up since the check began: that something took too long may be our doing. Never without a pulse. */
bool check_held_up(const struct check *check);

/** An operation began or ended. The last end finishes the check. */
void op_begin(struct op *op, struct check *check, void *handle, void (*cancel)(void *handle));
void op_end(struct op *op);

/** Tell the progress callback. */
void check_step(struct check *check, const char *fmt, ...) STS_PRINTF(2, 3);

/** Words for an answer in a step line: "3 records", "does not exist" … */
const char *answer_words(struct check *check, const struct sts_answer *a);

/** Append the answer's addresses to the host. */
void host_add(struct sts_arena *arena, struct sts_host *host, const struct sts_answer *answer);

/** A GET or handshake with the usual limits of this check. */
struct sts_fetch_params fetch_params(const struct check *check, const char *host, const struct sts_address *address);

/* The four strands; each begins with a _start and goes on by callbacks; the _collect copies into the facts at the end. */
void gather_record_start(struct check *check);
void gather_record_collect(struct check *check);
void gather_host_start(struct check *check);
void gather_host_collect(struct check *check);
void gather_mx_start(struct check *check);
void gather_mx_collect(struct check *check);
void gather_rpt_start(struct check *check);

/** Look at the queues again in a moment: somebody else's end is waited for. */
void engine_look_again(struct sts_engine *engine);
/** Start fetches that may go now. */
void fetch_queue_run(struct sts_engine *engine);
/** Try all waiting sessions once more, those found waiting too. */
void smtp_queue_again(struct sts_engine *engine);
/** Start SMTP sessions whose address is free. */
void smtp_queue_run(struct sts_engine *engine);
/** Take the sessions of a check out of the queue. */
void smtp_queue_forget(struct sts_engine *engine, const struct check *check);

#endif
