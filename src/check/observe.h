/*
 * An observation: what one check saw, boiled down to what is kept for ever and compared over time. Pure; everything is
 * owned by an arena.
 *
 * Strings are ready to show: a stranger's octets are escaped and cut, so that an observation reads back from its
 * written form unchanged. Only the policy body is raw.
 */
#ifndef STS_CHECK_OBSERVE_H
#define STS_CHECK_OBSERVE_H

#include "check/findings.h"

/** Whether something is there, as far as an answer said so. A look-up that failed says nothing, so it leaves
 * STS_UNSEEN. */
enum sts_standing { STS_UNSEEN, STS_PRESENT, STS_GONE };

/** "unseen", "present", "gone". */
const char *sts_standing_name(enum sts_standing standing);

struct sts_observed_record {
	enum sts_standing standing; /* STS_PRESENT: something that is (meant to be) an MTA-STS record stands there */
	bool usable;                /* one record, and senders can read it */
	const char *id;             /* of the usable record, else NULL */
	const char **texts;         /* every TXT record at the name, in order of content */
	size_t text_count;
	int64_t ttl_s; /* as seen: what a cache left of it; -1 when there is none */
};

struct sts_observed_policy {
	enum sts_standing standing; /* STS_PRESENT: a body was read, whatever is in it */
	bool served;                /* given in a way senders accept */
	bool usable;
	char sha256[65];     /* of the body; "" unless present */
	struct sts_str body; /* raw; ptr NULL when it is not at hand */
	enum sts_mode mode;
	int64_t max_age_s; /* -1 when there is none */
	const char **mx;   /* patterns that are valid, as written */
	size_t mx_count;
};

struct sts_observed_mx {
	const char *host; /* "." for null MX */
	uint16_t preference;
	bool implicit;
};

/** One certificate at one host. */
struct sts_observed_cert {
	bool policy_host; /* else an MX host */
	const char *host;
	const char **addresses; /* that showed it */
	size_t address_count;
	const char *sha256; /* of the DER */
	const char *spki_sha256;
	const char *subject;
	const char *issuer;
	int64_t not_before;
	int64_t not_after;
	const char *problems; /* words of the catalogue, parted by blanks; "" when it is fine */
};

struct sts_observed_finding {
	const char *code;
	enum sts_severity severity;
	const char *subject;
	const char *cause; /* or NULL */
};

/** Findings of these codes, at this name, could not have been seen: their absence says nothing. */
struct sts_unseen {
	const char *codes; /* beginning of the codes: "mx.cert." */
	const char *name;  /* host or address that their subject holds; "" for all */
};

struct sts_observed_vantage {
	const char *resolver;
	bool validated; /* DNSSEC was validated here */
	enum sts_yes_no ipv4, ipv6, smtp;
	const char *version; /* of the program */
};

struct sts_observation {
	const char *domain;
	int64_t at; /* the time that the check was judged at: its start, or --at */
	int64_t duration_ms;
	const char *verdict; /* "enforced" … */
	const char *status;  /* "SUCCESS" … */
	struct sts_observed_record record;
	struct sts_observed_policy policy;
	enum sts_standing mx_standing; /* STS_PRESENT: the list is certain (it may be empty: no such domain) */
	struct sts_observed_mx *mx;
	size_t mx_count;
	struct sts_observed_cert *certs;
	size_t cert_count;
	enum sts_standing rpt_standing;
	const char **rpt; /* TXT records at _smtp._tls, in order of content */
	size_t rpt_count;
	struct sts_observed_finding *findings;
	size_t finding_count;
	struct sts_not_tested *not_tested;
	size_t not_tested_count;
	struct sts_unseen *unseen;
	size_t unseen_count;
	struct sts_observed_vantage vantage;
};

/** Is the record there?  [RFC 8461 section 3.1] */
enum sts_standing sts_record_standing(const struct sts_facts *facts);

/** The record is one that senders can read. */
bool sts_record_usable(const struct sts_facts *facts);

/**
 * Is the policy there? Gone only where an answer says so: the host has no address, or every address that could be asked
 * answered 404 or 410 under a certificate that holds.
 */
enum sts_standing sts_policy_standing(const struct sts_facts *facts);

/** A stranger's text as an observation holds it: escaped, at most a kilobyte of it. */
const char *sts_observe_text(struct sts_arena *arena, struct sts_str raw);

/** Last second of the year 9999; times in an observation are from 1970 to then. */
#define STS_TIME_MAX INT64_C(253402300799)

/** Boil a report down. The observation borrows words and the policy body from the report; all else is the arena's. */
void sts_observe(const struct sts_report *report, struct sts_arena *arena, struct sts_observation *out);

#endif
