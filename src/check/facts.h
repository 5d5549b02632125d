/* What one check saw, whole. Probes fill it, rules read it, renderers show it. Owned by the check's arena. */
#ifndef STS_CHECK_FACTS_H
#define STS_CHECK_FACTS_H

#include "mtasts/policy.h"
#include "mtasts/record.h"
#include "mtasts/tlsrpt.h"
#include "probe/authns.h"
#include "proto/seen.h"
#include "proto/tlsa.h"

/* ---- mail hosts ------------------------------------------------------------------------------------------------ */

struct sts_mx {
	const char *name;         /* as in the MX record, lower case, no final dot; "." for null MX */
	uint16_t preference;
	bool implicit;            /* no MX record: the domain itself.  [RFC 5321 section 5.1] */
	bool ip_literal;          /* written as an address */
	bool null_mx;             /* RFC 7505 */
	struct sts_host host;
	bool is_cname;            /* the host's address answer went through a CNAME */
	struct sts_answer tlsa;   /* at _25._tcp.HOST (or at the CNAME-expanded name first, RFC 7672 section 2.2.3) */
	const char *tlsa_name;    /* name the TLSA answer was found at */
	struct sts_tlsa *tlsa_rrs; /* parsed, when tlsa.state is OK */
	size_t tlsa_count;
	struct sts_smtp *smtp;    /* one per address of host, same order */
	size_t smtp_count;
};

#define STS_MX_MAX 100

/* ---- TLSRPT ---------------------------------------------------------------------------------------------------- */

enum sts_rua_state {
	STS_RUA_NOT_TESTED,
	STS_RUA_OK,
	STS_RUA_NO_MAIL,      /* mailto domain takes no mail: null MX, or neither MX nor address */
	STS_RUA_UNREACHABLE,  /* https endpoint does not resolve, connect or verify */
	STS_RUA_INVALID,      /* see the record's faults */
};

struct sts_rua_facts {
	const char *uri;          /* raw */
	const char *scheme;
	const char *host;         /* or NULL */
	enum sts_rua_state state;
	const char *error;        /* words of ours, or NULL */
	const char *reason;       /* STS_RUA_NOT_TESTED: a word of reason.def, or NULL when the check ended before */
};

/* ---- the whole ------------------------------------------------------------------------------------------------- */

/** TXT found at a place where nobody looks. */
struct sts_misplaced {
	const char *name;
	struct sts_str text;      /* raw */
};

enum sts_yes_no { STS_YN_UNKNOWN, STS_YES, STS_NO };

/** What this place can see, learnt from the checks themselves. */
struct sts_vantage {
	const char *resolver;      /* addresses, comma-separated, or "recursion" */
	enum sts_dns_path path;
	const char *path_why;      /* why it is not the first choice, or NULL */
	const char *trust_store;   /* file or directory */
	enum sts_yes_no ipv4;      /* a route exists / a connection was made */
	enum sts_yes_no ipv6;
	enum sts_yes_no smtp;      /* port 25 outbound: yes once one connection stood, no when none did, unknown when none was tried */
};

struct sts_past;

struct sts_facts {
	const char *domain;         /* A-labels */
	const char *domain_unicode; /* or NULL */
	const char **notes;         /* on the input */
	size_t note_count;
	int64_t checked_at;         /* wall clock, start of the check */
	int64_t judged_at;          /* time to judge dates at: checked_at or --at */
	int64_t duration_ms;
	bool timed_out;             /* --timeout passed before everything was seen */
	bool no_smtp;               /* switched off by the user */
	bool no_authoritative;
	bool record_only;           /* nothing but the record was asked for */
	bool deny_private;
	bool among_many;            /* seen by a scan, whose own load is in every time that was measured */

	/* record */
	struct sts_answer record;             /* TXT _mta-sts.DOMAIN */
	struct sts_record_set record_set;     /* parsed when record.state is OK */
	bool record_wildcard;                 /* synthesised from a wildcard: by its signature, or because a random sibling has the same answer */
	struct sts_nameserver *nameservers;   /* of the zone that holds the record */
	size_t nameserver_count;
	const char *record_zone;              /* apex of that zone, or NULL when not found */
	struct sts_misplaced *misplaced;      /* looked for only when no candidate record is at the right name */
	size_t misplaced_count;
	const char *parent;                   /* parent domain looked at (only when there is no record here), or NULL */
	bool parent_has_record;

	/* policy host */
	struct sts_host policy_host;          /* mta-sts.DOMAIN */
	struct sts_fetch *fetches;            /* one per address */
	size_t fetch_count;
	const struct sts_fetch *policy_fetch; /* the fetch whose policy is shown and judged: the first that gave a usable one by all layers, else the best; or NULL */
	const struct sts_policy *policy;      /* policy_fetch's policy, or NULL */
	bool policy_served;                   /* policy_fetch gave its policy in a way senders accept: good certificate, 200, text/plain, size, time */

	/* mail hosts */
	struct sts_answer mx_answer;          /* MX DOMAIN */
	struct sts_mx *mx;                    /* by preference, then name; at most STS_MX_MAX */
	size_t mx_count;
	size_t mx_total;

	/* TLSRPT */
	struct sts_answer rpt;                /* TXT _smtp._tls.DOMAIN */
	struct sts_tlsrpt tlsrpt;             /* parsed when rpt.state is OK */
	struct sts_rua_facts *rua;            /* one per tlsrpt.rua */
	size_t rua_count;

	struct sts_vantage vantage;

	const struct sts_past *past;          /* what earlier observations say (check/past.h); NULL: no history is kept */
};

#endif
