/* The policy file and its mx patterns.  [RFC 8461 sections 3.2 and 4.1] */
#ifndef MTASTS_POLICY_H
#define MTASTS_POLICY_H

#include "mtasts/fault.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Octets of a policy that are read; a longer body is a fault of the transport, not of the grammar.  [RFC 8461 section 3.3] */
#define STS_POLICY_MAX 65536
/** Largest legal max_age, seconds.  [RFC 8461 section 3.2] */
#define STS_MAX_AGE_MAX 31557600

/** Faults of a policy file; each is one finding of the catalogue. */
enum sts_policy_fault {
	STS_POLICY_EMPTY,
	STS_POLICY_NOT_A_POLICY, /* HTML, JSON or the TXT record's text in its place; note says which */
	STS_POLICY_BOM,
	STS_POLICY_ENCODING,     /* not UTF-8, or a control octet */
	STS_POLICY_LINE_ENDINGS, /* bare CR, or CR CR LF */
	STS_POLICY_BLANK_LINE,   /* outside the grammar; tolerated by five of eight senders */
	STS_POLICY_FIELD_SYNTAX, /* no field; blanks before the name or the colon */
	STS_POLICY_VERSION_MISSING,
	STS_POLICY_VERSION_INVALID,
	STS_POLICY_MODE_MISSING,
	STS_POLICY_MODE_INVALID,
	STS_POLICY_MAX_AGE_MISSING,
	STS_POLICY_MAX_AGE_INVALID,
	STS_POLICY_MAX_AGE_TOO_LARGE,
	STS_POLICY_MX_MISSING,
	STS_POLICY_MX_INVALID,
	STS_POLICY_DUPLICATE_FIELD,     /* usable: the first counts; note names both values' lines */
	STS_POLICY_DUPLICATE_MX,        /* harmless */
	STS_POLICY_UNKNOWN_FIELD,       /* legal; `id` is called out in note */
	STS_POLICY_EXTENSION_MALFORMED, /* outside the grammar; tolerated by most senders */
};

enum sts_mode {
	STS_MODE_UNKNOWN, /* missing or no word of the RFC */
	STS_MODE_ENFORCE,
	STS_MODE_TESTING,
	STS_MODE_NONE,
};

/** One mx line. */
struct sts_mx_pattern {
	const char *text; /* as written, raw, owned by the arena */
	size_t len;
	bool valid;       /* fits ["*."] Domain */
	bool is_address;  /* an IPv4 address that fits the grammar and can match nothing */
	unsigned line;
};

struct sts_policy {
	bool strict; /* obeys the whole grammar and the ranges: the verdict "accept" */
	bool usable; /* no fault of error severity: the verdict of `check` rests on it */
	struct sts_str version;
	enum sts_mode mode; /* of the first mode line */
	struct sts_str mode_text;
	struct sts_mx_pattern *mx;
	size_t mx_count;
	bool has_max_age;   /* a legal max_age is there (too large counts: it is cut to the maximum, decision D7) */
	int64_t max_age_s;  /* as used: at most STS_MAX_AGE_MAX */
	uint64_t max_age_written; /* as written */
	size_t lf;          /* line ends of each sort */
	size_t crlf;
	size_t bare_cr;
	bool final_newline;
	struct sts_field *fields; /* every field as met */
	size_t field_count;
	struct sts_faults faults;
};

/**
 * Read an MTA-STS policy body.  [RFC 8461 section 3.2; decisions D2 to D10]
 *
 * A faulty policy is still a result: everything that can be read is, and every fault is noted with its line and column.
 *
 * @param body   as received, octets after STS_POLICY_MAX are not looked at; borrowed, may be released when the call returns
 * @param arena  owns everything reachable from *out
 * @param out    always written
 */
STS_API void sts_policy_parse(struct sts_str body, struct sts_arena *arena, struct sts_policy *out);

/** "enforce", "testing", "none", or NULL for STS_MODE_UNKNOWN. */
STS_API const char *sts_mode_name(enum sts_mode mode);

/** The pattern fits ["*."] Domain of RFC 5321 section 4.1.2 with the length limits of DNS.  [RFC 8461 section 3.2] */
STS_API bool sts_mx_pattern_valid(struct sts_str pattern);

/**
 * The pattern covers the MX host: labels compared as ASCII without case, a leading "*." standing for exactly one label; an invalid
 * pattern covers nothing. A final full stop of host (DNS form) is ignored, U-labels of host are
 * converted.  [RFC 8461 section 4.1, RFC 9525 section 6.3]
 */
STS_API bool sts_mx_match(struct sts_str pattern, struct sts_str host);

#ifdef __cplusplus
}
#endif
#endif
