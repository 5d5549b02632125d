/* The catalogue of findings: one list, everything else derived from it. */
#ifndef STS_CHECK_CATALOGUE_H
#define STS_CHECK_CATALOGUE_H

#include "mtasts/finding.h"

#define FINDING(id, code, number, severity, layer, source, title) STS_F_##id,
enum sts_finding_id {
#include "check/catalogue.def"
	STS_F_COUNT
};
#undef FINDING

/** One entry. Strings are static. */
struct sts_catalogue_entry {
	const char *code;
	int number;                  /* stored in histories; never reused */
	enum sts_severity severity;  /* the usual one; STS_BY_MODE where the policy's mode decides */
	const char *layer;           /* record, host, deleg, policy, mode, match, mx, dane, rpt, time */
	const char *source;          /* "RFC 8461 section 3.1", or "practice" */
	const char *title;           /* a claim in few words, no full stop */
	const char *what;            /* explain: what it means, for someone who has never heard of MTA-STS */
	const char *why;             /* explain: why it matters to a sender and to the mail */
	const char *fix;             /* explain: how to mend it */
};

/** The entry of an id below STS_F_COUNT. */
const struct sts_catalogue_entry *sts_catalogue(enum sts_finding_id id);

/** The id of a code; STS_F_COUNT when no such code exists. */
enum sts_finding_id sts_catalogue_find(const char *code);

/** The code most like a misspelt one (edit distance at most 3), or NULL. */
const char *sts_catalogue_nearest(const char *code);

#endif
