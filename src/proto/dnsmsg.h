/* DNS messages: reader, and builder of queries.  [RFC 1035 section 4, RFC 6891, RFC 4034 section 3.1] */
#ifndef STS_PROTO_DNSMSG_H
#define STS_PROTO_DNSMSG_H

#include "proto/seen.h"

/* Types that are read; others are kept raw. */
#define STS_T_A 1
#define STS_T_NS 2
#define STS_T_CNAME 5
#define STS_T_SOA 6
#define STS_T_MX 15
#define STS_T_TXT 16
#define STS_T_AAAA 28
#define STS_T_DNAME 39
#define STS_T_OPT 41
#define STS_T_DS 43
#define STS_T_RRSIG 46
#define STS_T_DNSKEY 48
#define STS_T_TLSA 52

#define STS_C_IN 1

enum sts_rcode {
	STS_RCODE_NOERROR = 0,
	STS_RCODE_FORMERR = 1,
	STS_RCODE_SERVFAIL = 2,
	STS_RCODE_NXDOMAIN = 3,
	STS_RCODE_NOTIMP = 4,
	STS_RCODE_REFUSED = 5,
	STS_RCODE_NOTAUTH = 9,
};

enum sts_section { STS_SECTION_ANSWER, STS_SECTION_AUTHORITY, STS_SECTION_ADDITIONAL };

/** Octets of a name in text form, escapes and final NUL included. */
#define STS_DNS_NAME_MAX 1024
/** Records kept of one message; more is malformed. */
#define STS_DNS_RECORDS_MAX 4096
/** Room a query takes at most. */
#define STS_DNS_QUERY_MAX 300

/**
 * One record. Names are lower case, without final dot, "." for the root; octets that are neither letter, digit, hyphen,
 * underscore nor other plain printable ASCII are \DDD, a dot or backslash inside a label is \. or \\.  [RFC 1035
 * section 5.1]
 */
struct sts_dns_record {
	enum sts_section section;
	const char *owner;
	uint16_t type;
	uint16_t class_;      /* of OPT: the sender's UDP size */
	uint32_t ttl_s;       /* as sent; values over 2^31-1 count as 0.  [RFC 2181 section 8] */
	struct sts_str rdata; /* raw; copied to the arena */
	/* views of rdata by type; unset elsewhere */
	const char *host;    /* NS, CNAME, DNAME, MX exchange, SOA primary, RRSIG signer */
	uint16_t preference; /* MX */
	struct sts_str text; /* TXT: character-strings joined without spaces.  [RFC 8461 section 3.1] */
	size_t string_count; /* TXT */
	uint32_t minimum_s;  /* SOA: negative TTL */
	uint16_t covered;    /* RRSIG: type it signs */
	uint8_t labels;      /* RRSIG: labels of the owner, wildcard and root not counted */
};

struct sts_dnsmsg {
	uint16_t id;
	bool response;            /* QR */
	bool authoritative;       /* AA */
	bool truncated;           /* TC */
	bool recursion_available; /* RA */
	bool authentic;           /* AD */
	unsigned opcode;
	unsigned rcode;       /* extended by OPT when there is one; values of enum sts_rcode and others */
	const char *question; /* NULL when there is no question */
	uint16_t question_type;
	bool edns;
	struct sts_dns_record *records; /* of all sections, in order */
	size_t count;
};

/**
 * Read a whole message. Compression is followed backwards only, so loops cannot happen; names over 255 octets, records
 * past the end, rdata of the known types that does not fit its length, more than one question and more than
 * STS_DNS_RECORDS_MAX records are refused. Octets behind the last record are ignored. A truncated message (TC) is read
 * as far as it holds whole records.
 *
 * @param data   borrowed; nothing of it is needed after the call
 * @param arena  owns everything reachable from *out
 * @param why    when false is returned a static sentence on what is wrong, for answers' `why`; may be NULL
 * @return false: not a DNS message; *out is then undefined
 */
STS_MUST_CHECK bool sts_dnsmsg_parse(
	const void *data, size_t len, struct sts_arena *arena, struct sts_dnsmsg *out, const char **why);

/** The message answers this question: QR set, the id, and the question (name without case). A reply without question
 * section is accepted when it is an error (FORMERR, NOTIMP, REFUSED). */
bool sts_dnsmsg_answers(const struct sts_dnsmsg *m, uint16_t id, const char *name, uint16_t type);

/**
 * Take the answer to one question out of a response: follow CNAMEs (and DNAMEs, by the CNAME synthesised beside them)
 * inside the answer section.
 *
 * Sets name, type, state, ttl_s, cname, rrs, wildcard (RRSIG labels fewer than the owner's) and signer; leaves dnssec
 * UNKNOWN, why NULL, duration_ms 0. state is OK, NODATA, NXDOMAIN, SERVFAIL, REFUSED (REFUSED, NOTAUTH, NOTIMP),
 * MALFORMED (other rcodes too), TRUNCATED (TC set), CNAME_LOOP or CNAME_LONG. NOERROR with a CNAME chain that ends in
 * nothing is NODATA (the caller may ask again for the last target); NXDOMAIN behind a CNAME keeps the chain. Whether
 * the server is authoritative at all is up to the caller: see authoritative and sts_dnsmsg_referral().
 */
void sts_dnsmsg_answer(
	const struct sts_dnsmsg *m, const char *name, uint16_t type, struct sts_arena *arena, struct sts_answer *out);

/** NOERROR, not authoritative, no answer, and NS records of a zone in the authority section: go and ask there. The
 * zone's name, or NULL. */
const char *sts_dnsmsg_referral(const struct sts_dnsmsg *m);

struct sts_dns_query {
	uint16_t id;
	const char *name; /* any case, final dot or not, \DDD escapes understood */
	uint16_t type;
	bool recurse;        /* RD */
	bool check_disabled; /* CD */
	bool authentic;      /* AD: asks for the resolver's verdict.  [RFC 6840 section 5.7] */
	bool dnssec;         /* EDNS DO */
	uint16_t udp_size;   /* EDNS size, 1232 usual; 0: no EDNS */
};

/** Write a query. @return its length, 0 when the name does not fit the rules of DNS */
size_t sts_dns_query_build(const struct sts_dns_query *q, uint8_t out[static STS_DNS_QUERY_MAX]);

/** Name in wire form (uncompressed, as written) into out. @return length with the root octet, 0 when it breaks the
 * rules */
size_t sts_dns_name_wire(const char *name, uint8_t out[static 255]);

#endif
