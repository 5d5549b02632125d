/* What the threads of a scan hand to one another. Not for other directories. */
#ifndef STS_SCAN_INSIDE_H
#define STS_SCAN_INSIDE_H

#include "check/findings.h"
#include "check/share.h"
#include "scan/later.h"
#include "scan/optout.h"
#include "scan/pipe.h"
#include "scan/plain.h"
#include "scan/scan.h"

#include <stdatomic.h>

/** Names of one batch: few enough to share evenly, enough that the queue's lock costs nothing. */
#define STS_BATCH_NAMES 128
#define STS_BATCH_OCTETS 8192

struct sts_batch {
	size_t count, at;
	unsigned round; /* 0: from the input; else the so manieth turn of names put off */
	bool last;      /* nothing is put off any more */
	size_t used;
	struct {
		uint64_t seq, line;
		uint32_t from, len;
	} names[STS_BATCH_NAMES];
	char text[STS_BATCH_OCTETS];
};

/** What became of a name: a verdict of enum sts_verdict, or one of these. */
enum { STS_KIND_INVALID = STS_VERDICT_ENFORCED + 1, STS_KIND_OPTED_OUT, STS_KIND_COUNT };

struct sts_entry {
	uint64_t seq;
	uint32_t len;      /* octets in text; 0: nothing is written */
	uint32_t keys_len; /* octets in keys */
	uint8_t kind;
};

/** Results on their way to the writer. */
struct sts_chunk {
	struct sts_buf text, keys;
	struct sts_entry *entries;
	size_t count, room;
};

/** A chunk goes to the writer when it has so much. */
#define STS_CHUNK_OCTETS ((size_t)256 * 1024)

void sts_chunk_free(struct sts_chunk *c);

/** Chunks kept for use again: fresh memory is cleared by the kernel, page by page. */
#define STS_CHUNKS_KEPT 48

/** Numbers that every thread may read. */
struct sts_counts {
	_Atomic uint64_t issued;   /* names handed to the workers, those put off once more each time */
	_Atomic uint64_t settled;  /* of these: written or put off */
	_Atomic uint64_t written[STS_KIND_COUNT];
	_Atomic uint64_t done;
	_Atomic uint64_t put_off;
	_Atomic uint64_t troubles; /* DNS questions that failed or timed out */
	_Atomic int64_t backlog;   /* octets that wait for the writer */
	_Atomic uint64_t checking; /* domains in the full check now */
	_Atomic uint64_t asking;   /* discovery questions out now */
	_Atomic bool stop;         /* end soon: take no more names, leave what is under way */
};

struct sts_sink;

/** One run. */
struct sts_run {
	const struct sts_scan *scan;
	struct sts_discovery discovery;
	struct sts_optout optout;
	struct sts_share *share;
	struct sts_sink *sink;  /* with a store */
	struct sts_later *later;
	struct sts_pipe names;  /* of struct sts_batch */
	struct sts_pipe chunks; /* of struct sts_chunk */
	struct sts_counts counts;
	_Atomic uint64_t ordered_next; /* with ordered: the next number to be written */
	_Atomic bool failed;
	char why[512]; /* of the first failure; set under lock */
	pthread_mutex_t lock;
	struct sts_chunk *spare[STS_CHUNKS_KEPT]; /* under lock */
	size_t spare_count;
};

/** An empty chunk. @return NULL: out of memory */
struct sts_chunk *sts_chunk_new(struct sts_run *run);
/** Done with it. */
void sts_chunk_release(struct sts_run *run, struct sts_chunk *c);

/** Note why the run cannot go on, and stop it. Any thread. */
void sts_run_fail(struct sts_run *run, const char *fmt, ...) STS_PRINTF(2, 3);

/** Names that may be ahead of the next one to be written, with ordered. */
#define STS_ORDER_WINDOW 16384

#endif
