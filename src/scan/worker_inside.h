/* A thread of a scan and the names it has in hand: for worker.c and settle.c. */
#ifndef STS_SCAN_WORKER_INSIDE_H
#define STS_SCAN_WORKER_INSIDE_H

#include "check/engine.h"
#include "proto/domain.h"
#include "probe/stub.h"
#include "scan/input.h"
#include "scan/inside.h"
#include "scan/pace.h"
#include "scan/rate.h"
#include "scan/worker.h"

/* The label that is asked below, in front of every name. */
#define RECORD_LABEL "_mta-sts."
#define RECORD_LABEL_LEN (sizeof RECORD_LABEL - 1)
/* A longer line has memory of its own: thousands of slots are few pages then. */
#define TYPED_USUAL 127

struct slot {
	struct sts_scan_worker *worker;
	struct slot *next; /* of the spare ones, or of those that wait for a check or for the writer */
	uint64_t seq, line;
	int64_t started_ms, ended_ms;
	int64_t started_at;
	enum sts_dns_state found; /* nothing, in one of two ways */
	unsigned tries;
	bool last; /* it cannot be put off any more */
	bool fresh; /* the first try: timeouts are looked at again, when there is less going on */
	struct sts_arena *arena;  /* NULL while the name is all there is */
	char *ascii; /* in question */
	size_t ascii_len, typed_len;
	char *typed; /* NUL-terminated; typed_usual, or of the heap */
	char question[RECORD_LABEL_LEN + 254];
	char typed_usual[TYPED_USUAL + 1];
	struct sts_domain domain; /* of the arena where it is more than a name */
	struct sts_timer again;
};

struct sts_scan_worker {
	struct sts_run *run;
	struct sts_engine *engine;
	struct sts_loop *loop;
	struct sts_stub *stub;
	struct sts_plain *plain;
	struct sts_arena *scratch;
	struct slot *slots;
	size_t slot_count;
	struct slot *spare;
	struct slot *checks_first, **checks_end; /* wait for a check */
	size_t checks_running, checks_max;
	struct slot *unwritten; /* nothing was found, and the writer does not keep up */
	size_t asking;
	size_t busy; /* slots in use */
	uint64_t moves, moves_seen; /* names taken and settled, now and at the last tick */
	int64_t tick_ms;
	bool lone_resolver; /* with others, one that is silent is not a sign of too many questions: the next one answers */
	uint64_t settled; /* and not yet told to the others */
	int64_t now_ms, now_s; /* as of the last look */
	unsigned since_look;   /* names handled since */
	struct sts_pace pace;
	struct sts_rate rate;
	struct sts_batch *batch;
	struct sts_chunk *chunk;
	struct sts_timer tick;
	bool ended; /* no more names */
};

/* settle.c: the result of a name goes to the chunk at hand, and the slot is spare again. */

/** Look at the clock. */
void worker_look_at_clock(struct sts_scan_worker *w);
/** Look around in the loop's next turn. */
void worker_wake(struct sts_scan_worker *w);
/** Tell the others how many names are settled. */
void worker_tell_settled(struct sts_scan_worker *w);
/** Hand the chunk at hand to the writer. */
void worker_flush(struct sts_scan_worker *w);
/** The name is done with. */
void slot_release(struct slot *s);
/** Nothing stands at _mta-sts, as discovery alone said: s->found. */
void settle_plain(struct slot *s);
/** arena: for what is made on the way. */
void settle_report(struct slot *s, const struct sts_report *report, struct sts_arena *arena);
void settle_invalid(struct slot *s, const char *why);
void settle_opted_out(struct slot *s);

#endif
