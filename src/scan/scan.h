/* Many domains, at the machine's limit: names in, one result a line out, bounded memory. */
#ifndef STS_SCAN_SCAN_H
#define STS_SCAN_SCAN_H

#include "check/share.h"
#include "mtasts/check.h"
#include "scan/tally.h"

enum sts_depth { STS_DEPTH_RECORD, STS_DEPTH_POLICY, STS_DEPTH_FULL };

enum sts_progress_form { STS_PROGRESS_AUTO, STS_PROGRESS_JSON, STS_PROGRESS_NEVER };

/** How to scan. Strings are borrowed for the call. */
struct sts_scan {
	struct sts_options engine;  /* of the checks; no_smtp and record_only follow depth */
	enum sts_depth depth;
	enum sts_format format;     /* STS_FORMAT_JSON or STS_FORMAT_CSV */
	const char *input;          /* "-" is standard input */
	unsigned column;            /* of CSV, from 1; 0: a name a line */
	const char *output;         /* file, or NULL: standard output */
	const char *store;          /* database that results go to, and names come from, in place of files; or NULL */
	const char *list;           /* name of the list there */
	const char *state;          /* file that an interrupted run is continued from, or NULL: none is kept */
	bool overwrite;             /* an output that an unfinished state belongs to may be lost */
	bool resume;                /* go on where state ends; where there is no such file, and no output either, begin */
	const char *optout;         /* file, or NULL */
	const char *summary;        /* file for the summary as JSON, or NULL */
	bool ordered;               /* results in the order of the names */
	bool omit_absent;           /* names without a record are counted, not written */
	unsigned concurrency;       /* names at once; 0: chosen */
	unsigned threads;           /* engines; 0: one a core */
	unsigned per_host;          /* HTTPS connections to one address at once; SMTP gets a quarter; 0: 8 */
	unsigned per_network;       /* connections to one /24 or /48; 0: 64 */
	unsigned rate;              /* names begun a second; 0: as many as go */
	enum sts_progress_form progress;
	uint64_t descriptors;       /* set by the run itself: how many it may have open */
};

/** What came of it. */
struct sts_scan_end {
	struct sts_tally tally;   /* of the whole list: an earlier part of a resumed run included */
	bool interrupted;         /* by a signal; the state tells where */
	uint64_t done;            /* names, in all */
	uint64_t done_before;     /* of these in an earlier part */
	uint64_t retried;         /* names put off to the end of the run */
	int64_t duration_ms;
	struct sts_share_numbers shared;
	char why[512];            /* of a failure */
};

/**
 * Scan. Signals INT and TERM end it early; a second one ends the process.
 *
 * @param end  always written; the caller clears end->tally
 * @return STS_OK; STS_EINVAL: an option or a file makes no sense, end->why tells; STS_EIO, STS_ENOMEM, STS_ESYSTEM, end->why tells
 */
STS_MUST_CHECK enum sts_err sts_scan_run(const struct sts_scan *scan, struct sts_scan_end *end);

#endif
