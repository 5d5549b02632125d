/* The TXT record at _mta-sts.  [RFC 8461 section 3.1] */
#ifndef MTASTS_RECORD_H
#define MTASTS_RECORD_H

#include "mtasts/fault.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Faults of one record; each is one finding of the catalogue. */
enum sts_record_fault {
	STS_RECORD_VERSION_INVALID,        /* an id is there, the record does not begin with exactly v=STSv1 */
	STS_RECORD_ID_MISSING,
	STS_RECORD_ID_INVALID,             /* not 1 to 32 letters or digits */
	STS_RECORD_SYNTAX,                 /* any other fault that leaves no usable record */
	STS_RECORD_NON_ASCII,              /* octets outside printable ASCII and HTAB */
	STS_RECORD_DUPLICATE_FIELD,        /* usable: the first counts */
	STS_RECORD_SPACE_BEFORE_SEMICOLON, /* usable when it is the sole record: decision D1, erratum 6285 */
	STS_RECORD_TRAILING_SPACE,         /* outside the grammar; tolerated by most senders */
	STS_RECORD_EXTENSION_MALFORMED,    /* outside the grammar; tolerated by most senders */
	STS_RECORD_UNKNOWN_FIELD,          /* legal */
};

/** What the records at the name amount to; the words of lint's `verdict`. */
enum sts_record_verdict {
	STS_RECORD_ACCEPT,   /* one usable record by the strict reading */
	STS_RECORD_ABSENT,   /* none that a sender would take for an MTA-STS record */
	STS_RECORD_INVALID,  /* one, and it breaks the grammar */
	STS_RECORD_MULTIPLE, /* more than one candidate: counts as none */
};

/** One TXT record, its character-strings joined. */
struct sts_record {
	struct sts_str text;      /* owned by the arena; raw */
	bool begins_with_version; /* begins with exactly "v=STSv1" and no letter or digit follows */
	bool candidate;           /* begins with exactly "v=STSv1;": not discarded among several */
	bool almost;              /* no candidate, but meant to be one: another version, other case or order together with an id, "v=STSv1" alone … */
	bool strict;              /* obeys the whole grammar */
	bool usable;              /* no fault of error severity: most senders read it */
	struct sts_str id;        /* the first id field's value as written; len 0 when there is none */
	struct sts_field *fields; /* fields after the version, in order */
	size_t field_count;
	struct sts_faults faults;
};

/** All TXT records at the name. */
struct sts_record_set {
	enum sts_record_verdict verdict;
	struct sts_record *records; /* in the order given */
	size_t count;
	size_t candidates;          /* how many a sender has to choose from */
	const struct sts_record *chosen; /* the one that counts (usable or not), or NULL: none or several. A record with almost set is chosen
	                                    when it is the only one of its kind and there is no candidate, so that its faults can be shown */
};

/**
 * Read the TXT records found at _mta-sts.DOMAIN.  [RFC 8461 section 3.1; decisions D1 to D6]
 *
 * A sole record may have blanks before the first semicolon (D1); among several only those that begin with "v=STSv1;" count.
 * Every fault of every record is noted, not only the first.
 *
 * @param texts  each record's character-strings joined without spaces; borrowed
 * @param count  number of records; 0 gives STS_RECORD_ABSENT
 * @param arena  owns everything reachable from *out
 * @param out    always written
 */
STS_API void sts_record_set_parse(
	const struct sts_str *texts, size_t count, struct sts_arena *arena, struct sts_record_set *out);

#ifdef __cplusplus
}
#endif
#endif
