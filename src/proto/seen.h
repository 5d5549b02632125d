/*
 * Shapes of what probes see: answers, addresses, TLS sessions, fetches, SMTP sessions. Facts without opinion, no code that does I/O.
 * Everything is owned by the check's arena. A look-up or connection that failed is a fact like any other: its state says how.
 */
#ifndef STS_PROTO_SEEN_H
#define STS_PROTO_SEEN_H

#include "base/arena.h"
#include "base/str.h"
#include "mtasts/policy.h"

/* ---- DNS ------------------------------------------------------------------------------------------------------- */

enum sts_dns_state {
	STS_DNS_NOT_ASKED,
	STS_DNS_OK,            /* records of the type are there */
	STS_DNS_NODATA,        /* the name exists, the type does not */
	STS_DNS_NXDOMAIN,
	STS_DNS_SERVFAIL,      /* the resolver could not find out */
	STS_DNS_TIMEOUT,       /* no answer within our deadline */
	STS_DNS_BOGUS,         /* fails DNSSEC validation; records are kept for show and must not be used */
	STS_DNS_REFUSED,       /* REFUSED, NOTAUTH, or a server that is not authoritative (lame) */
	STS_DNS_MALFORMED,     /* not a DNS message, or one that contradicts itself */
	STS_DNS_TRUNCATED,     /* truncated over UDP and not to be had over TCP */
	STS_DNS_CNAME_LOOP,
	STS_DNS_CNAME_LONG,    /* more than STS_CNAME_MAX links */
};

#define STS_CNAME_MAX 16

enum sts_dnssec {
	STS_DNSSEC_UNKNOWN,  /* not validated */
	STS_DNSSEC_SECURE,
	STS_DNSSEC_INSECURE,
	STS_DNSSEC_BOGUS,
};

/** One record's data; presentation is up to the type: see the typed views below. */
struct sts_rr {
	uint32_t ttl_s;
	struct sts_str data;   /* TXT: the character-strings joined; MX, CNAME, NS: unused, see host; A, AAAA, TLSA: raw rdata */
	const char *host;      /* MX, NS, CNAME: the name, lower case, no final dot ("." for the root) */
	uint16_t preference;   /* MX */
	size_t string_count;   /* TXT: number of character-strings */
};

/** The answer to one question, CNAMEs followed. */
struct sts_answer {
	const char *name;      /* asked for; lower case, no final dot */
	uint16_t type;         /* STS_T_… of proto/dnsmsg.h */
	enum sts_dns_state state;
	enum sts_dnssec dnssec;
	uint32_t ttl_s;        /* smallest of the records (or of the negative answer) */
	const char **cname;    /* the chain: targets in order, the last is the owner of the records */
	size_t cname_count;
	struct sts_rr *rrs;
	size_t rr_count;
	bool wildcard;         /* synthesised from a wildcard, as its signature shows.  [RFC 4034 section 3.1.3] */
	const char *signer;    /* zone that signed the answer (RRSIG signer, or SOA owner of a negative answer), or NULL */
	const char *why;       /* the validator's or resolver's reason when state is a failure; raw text of ours or of the library, printable; or NULL */
	int64_t duration_ms;
};

/** The answer says something for certain: there (OK) or not there (NODATA, NXDOMAIN). */
static inline bool sts_answer_certain(const struct sts_answer *a)
{
	return a->state == STS_DNS_OK || a->state == STS_DNS_NODATA || a->state == STS_DNS_NXDOMAIN;
}

/** It says for certain that there are no such records. */
static inline bool sts_answer_absent(const struct sts_answer *a)
{
	return a->state == STS_DNS_NODATA || a->state == STS_DNS_NXDOMAIN;
}

/** How questions travel. */
enum sts_dns_path {
	STS_PATH_VALIDATED,   /* through resolvers that pass DNSSEC through, validated here */
	STS_PATH_RECURSION,   /* full recursion from the root, validated here */
	STS_PATH_UNVALIDATED, /* through resolvers that do not pass DNSSEC through: nothing validated */
};

/* ---- addresses ------------------------------------------------------------------------------------------------- */

struct sts_address {
	int family;           /* 4 or 6 */
	uint8_t bytes[16];
	char text[46];        /* RFC 5952 form for IPv6 */
	const char *special;  /* name of the special-purpose block it is in ("loopback", "private-use" …; IANA registries, with mapped and translated forms looked into), or NULL */
};

/** A host name and its addresses. */
struct sts_host {
	const char *name;
	struct sts_answer a;
	struct sts_answer aaaa;
	struct sts_address *addresses; /* IPv4 first, in order of the answers, at most STS_ADDRESS_MAX; bogus answers give none */
	size_t address_count;
	size_t address_total;          /* before the limit */
};

#define STS_ADDRESS_MAX 32

/* ---- TLS and certificates -------------------------------------------------------------------------------------- */

enum sts_tls_state {
	STS_TLS_NOT_TRIED,
	STS_TLS_OK,           /* handshake complete (the certificate may still be bad: see problems) */
	STS_TLS_NOT_TLS,      /* something other than TLS answered */
	STS_TLS_ALERT,        /* the other side refused; alert names it */
	STS_TLS_PROTOCOL_OLD, /* nothing newer than TLS 1.1 there: alert protocol_version or an old ServerHello, confirmed */
	STS_TLS_TIMEOUT,
	STS_TLS_CLOSED,       /* connection closed or reset during the handshake */
	STS_TLS_FAILED,       /* anything else; error tells */
};

/** Certificate problems; a chain may have several. In the order in which one is named first. */
enum sts_cert_problem {
	STS_CERT_EXPIRED = 1 << 0,
	STS_CERT_NOT_YET_VALID = 1 << 1,
	STS_CERT_SELF_SIGNED = 1 << 2,      /* the leaf signs itself and is no trusted root */
	STS_CERT_UNTRUSTED = 1 << 3,        /* complete chain (or self-signed top) to a root that is not trusted; also a constraint or usage broken */
	STS_CERT_CHAIN_INCOMPLETE = 1 << 4, /* an intermediate was not sent */
	STS_CERT_NAME_MISMATCH = 1 << 5,    /* no DNS-ID matches; the common name never counts.  [RFC 8461 section 3.3, RFC 9525] */
	STS_CERT_WEAK = 1 << 6,             /* RSA under 2048 bits, EC under 224, signature with SHA-1 or MD5 below the root */
};
#define STS_CERT_PROBLEM_COUNT 7

struct sts_cert {
	const char *subject;     /* one line; raw: escape before showing */
	const char *issuer;
	const char *common_name; /* raw or NULL */
	const char **names;      /* DNS-IDs, at most STS_CERT_NAMES_MAX, of issuers a few */
	size_t name_count;
	size_t name_total;       /* before the limit */
	int64_t not_before;      /* seconds since 1970 */
	int64_t not_after;
	char sha256[65];         /* of the DER, lower-case hex */
	char spki_sha256[65];
	const char *key_type;    /* "RSA", "EC", "Ed25519" … */
	int key_bits;
	const char *signature;   /* "sha256WithRSAEncryption" … */
	bool self_issued;        /* subject equals issuer */
};

#define STS_CERT_NAMES_MAX 100
#define STS_CERT_CHAIN_MAX 10

enum sts_dane_state {
	STS_DANE_NONE,      /* no secure TLSA records, or not looked for */
	STS_DANE_PASS,
	STS_DANE_MISMATCH,  /* secure, usable records and none matches */
	STS_DANE_UNUSABLE,  /* secure records, none usable: STARTTLS is a must, nothing is authenticated */
	STS_DANE_NO_TLS,    /* secure records, but no TLS could be had to check them against */
	STS_DANE_UNKNOWN,   /* could not be tested */
};

struct sts_tls {
	enum sts_tls_state state;
	const char *version;      /* "TLSv1.3" */
	const char *cipher;
	const char *alpn;         /* or NULL */
	const char *alert;        /* name of the alert received, e.g. "unrecognized_name", or NULL */
	const char *error;        /* words of ours, printable, or NULL */
	struct sts_cert *chain;   /* as sent, leaf first */
	size_t chain_count;
	size_t chain_total;       /* before the limit */
	unsigned problems;        /* of enum sts_cert_problem, judged at facts->judged_at */
	const char *problem_text[STS_CERT_PROBLEM_COUNT]; /* by bit number: words of ours for each problem set, or NULL */
	const char *verify_error; /* OpenSSL's own words for the first fault, or NULL */
	enum sts_dane_state dane; /* SMTP only */
	const char *dane_matched; /* "3 1 1 ab12…" of the record that matched, or NULL */
	const char *dane_error;   /* STS_DANE_MISMATCH: why no record matches, words of ours; else NULL */
	const char *dane_type;    /* STS_DANE_MISMATCH: result type of RFC 8460 for it; else NULL */
	int64_t duration_ms;      /* of the handshake */
};

/** The word of the catalogue for the first problem set ("expired", "name-mismatch" …), or NULL when none is. */
const char *sts_cert_problem_name(unsigned problems);

/* ---- policy host ----------------------------------------------------------------------------------------------- */

enum sts_reached { STS_AT_DNS, STS_AT_TCP, STS_AT_TLS, STS_AT_HTTP, STS_AT_BODY };

/** What ended a fetch. Certificate problems do not end it: they stand in tls.problems, and the body is read all the same, for show. */
enum sts_fetch_end {
	STS_FETCH_NOT_TRIED,
	STS_FETCH_OK,            /* a whole response was read, whatever its status */
	STS_FETCH_PRIVATE,       /* special-purpose address, refused by us */
	STS_FETCH_NO_FAMILY,     /* this machine has no route for the address family: not tested */
	STS_FETCH_TCP_REFUSED,
	STS_FETCH_TCP_TIMEOUT,
	STS_FETCH_TCP_UNREACHABLE,
	STS_FETCH_TLS,           /* see tls.state */
	STS_FETCH_HTTP_TIMEOUT,  /* not complete in time (60 s, or what --timeout left) */
	STS_FETCH_HTTP_BROKEN,   /* broken HTTP, early close, wrong length */
	STS_FETCH_HTTP_TOO_LARGE,
	STS_FETCH_CANCELLED,     /* the whole check's deadline came before this fetch was tried or got anywhere: not tested */
};

struct sts_header {
	const char *name;
	const char *value; /* raw: escape before showing */
};

struct sts_http {
	int status;               /* 0: no status line was read */
	const char *reason;       /* raw or "" */
	const char *version;      /* "HTTP/1.1" */
	const char *content_type; /* raw or NULL */
	const char *media_type;   /* "text/plain", lower case, or NULL when absent or unparsable */
	const char *charset;      /* lower case, or NULL */
	const char *content_encoding; /* raw or NULL; "identity" counts as NULL */
	const char *location;     /* raw or NULL */
	const char *last_modified; /* raw or NULL */
	struct sts_header *headers;
	size_t header_count;
	int64_t declared_length;  /* Content-Length, -1 when absent */
	bool chunked;
	const char *broken;       /* what is wrong with the HTTP, words of ours, or NULL */
};

/** One GET of the policy at one address. */
struct sts_fetch {
	struct sts_address address;
	enum sts_reached reached;  /* last layer that answered: STS_AT_TCP when the connection stood, STS_AT_BODY when a whole body was read */
	enum sts_fetch_end end;
	const char *error;         /* words of ours, or NULL */
	struct sts_tls tls;
	struct sts_http http;
	struct sts_str body;       /* as received, at most STS_POLICY_MAX; .ptr NULL when none */
	size_t body_total;         /* octets received before we stopped */
	char sha256[65];           /* of body when reached is STS_AT_BODY, else "" */
	bool decoded;              /* body, sha256 and policy are what was in a gzip or deflate body; body_total counts what came */
	int64_t connect_ms;
	int64_t duration_ms;
	struct sts_policy policy;  /* parsed from body when reached is STS_AT_BODY */
	bool has_policy;           /* policy was parsed */
};

/* ---- mail hosts ------------------------------------------------------------------------------------------------ */

/** How the SMTP session ended; the first thing that went wrong names it. */
enum sts_smtp_end {
	STS_SMTP_NOT_TRIED,       /* switched off, mode none …: see facts */
	STS_SMTP_OK,              /* STARTTLS handshake complete; the certificate may still be bad */
	STS_SMTP_PRIVATE,         /* special-purpose address, refused by us: not tested */
	STS_SMTP_NO_FAMILY,       /* no route for the address family from here: not tested */
	STS_SMTP_TCP_REFUSED,     /* the three TCP ends are not tested: unreachable from here */
	STS_SMTP_TCP_TIMEOUT,
	STS_SMTP_TCP_UNREACHABLE,
	STS_SMTP_GREETING_4XX,    /* 421, 450 …: greylisting or rate limit: not tested */
	STS_SMTP_GREETING_5XX,
	STS_SMTP_GREETING_TIMEOUT,
	STS_SMTP_GREETING_BROKEN, /* closed before or garbage instead of a greeting */
	STS_SMTP_EHLO_REFUSED,    /* 4xx or 5xx to EHLO (code says which) */
	STS_SMTP_EHLO_BROKEN,     /* timeout, close or garbage */
	STS_SMTP_NO_STARTTLS,
	STS_SMTP_STARTTLS_REFUSED, /* 4xx or 5xx to STARTTLS */
	STS_SMTP_STARTTLS_BROKEN,  /* timeout, close or garbage */
	STS_SMTP_INJECTION,       /* octets behind the 220 of STARTTLS: noticed, session dropped */
	STS_SMTP_TLS,             /* see tls.state */
	STS_SMTP_CANCELLED,       /* the check's deadline came first: not tested (timeout) */
};

/** One SMTP session with one address of an MX host, up to QUIT, never MAIL FROM. */
struct sts_smtp {
	struct sts_address address;
	enum sts_smtp_end end;
	int code;                 /* of the reply that ended it, 0 when none */
	const char *reply;        /* that reply's text, raw, or NULL */
	const char *banner;       /* greeting text, raw, lines joined by LF, or NULL */
	const char **ehlo;        /* keyword lines of the EHLO reply, raw */
	size_t ehlo_count;
	bool starttls;            /* offered */
	bool starttls_again;      /* offered again inside TLS.  [RFC 3207 section 4.2] */
	bool requiretls;          /* offered inside TLS.  [RFC 8689] */
	size_t injected;          /* plaintext octets behind the 220 */
	bool bare_lf;             /* a reply line ended in LF alone */
	int ehlo2_code;           /* reply to EHLO inside TLS, 0 when none came */
	struct sts_tls tls;
	const char *error;        /* words of ours, or NULL */
	bool waited;              /* it ended because the time for a reply, a connection or the handshake was over */
	unsigned attempts;
	int64_t greeting_ms;
	int64_t duration_ms;
};

#endif
