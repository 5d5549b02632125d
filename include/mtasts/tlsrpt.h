/* The TXT record at _smtp._tls.  [RFC 8460 section 3] */
#ifndef MTASTS_TLSRPT_H
#define MTASTS_TLSRPT_H

#include "mtasts/fault.h"

#ifdef __cplusplus
extern "C" {
#endif

enum sts_tlsrpt_fault {
	STS_TLSRPT_MALFORMED,     /* grammar; v not first; no rua */
	STS_TLSRPT_RUA_INVALID,   /* a URI that is malformed, or has no address or host */
	STS_TLSRPT_RUA_SCHEME,    /* neither mailto nor https */
	STS_TLSRPT_UNKNOWN_FIELD, /* legal */
	STS_TLSRPT_DUPLICATE_RUA, /* fits the grammar; all are used */
};

enum sts_tlsrpt_verdict {
	STS_TLSRPT_ACCEPT,
	STS_TLSRPT_ABSENT,
	STS_TLSRPT_INVALID,
	STS_TLSRPT_UNUSABLE, /* grammar holds, but no URI that a sender could use */
	STS_TLSRPT_MULTIPLE,
};

/** One destination. */
struct sts_rua {
	struct sts_str uri;   /* as written */
	struct sts_str scheme; /* lower case */
	const char *host;     /* lower case: the domain of the mailbox or the host of the URL; NULL when there is none */
	uint16_t port;        /* https only; 443 unless written */
	bool usable;          /* mailto or https with an address or host */
};

struct sts_tlsrpt {
	enum sts_tlsrpt_verdict verdict;
	struct sts_str *records; /* every TXT record at the name, as given */
	size_t record_count;
	size_t candidates;       /* records that begin with "v=TLSRPTv1;" (or, when sole, with blanks before the semicolon) */
	bool almost;             /* no candidate, but a text that was meant to be one: version not first, misspelt, no semicolon; it is a fault */
	struct sts_rua *rua;     /* of the chosen record */
	size_t rua_count;
	struct sts_faults faults;
};

/**
 * Read the TXT records found at _smtp._tls.DOMAIN.  [RFC 8460 section 3; decision D16]
 *
 * @param texts  each record's strings joined without spaces; borrowed
 * @param arena  owns everything reachable from *out
 * @param out    always written
 */
STS_API void sts_tlsrpt_parse(const struct sts_str *texts, size_t count, struct sts_arena *arena, struct sts_tlsrpt *out);

#ifdef __cplusplus
}
#endif
#endif
