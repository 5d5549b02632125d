/* `lint`: a policy, TXT records or a TLSRPT record judged offline, by the parsers, readers and rules that `check` uses.
 * Pure. */
#ifndef STS_CHECK_LINT_H
#define STS_CHECK_LINT_H

#include "check/findings.h"
#include "proto/readers.h"

enum sts_lint_kind { STS_LINT_POLICY, STS_LINT_RECORD, STS_LINT_TLSRPT };

/** "policy", "record", "tlsrpt". Static. */
const char *sts_lint_kind_name(enum sts_lint_kind kind);

struct sts_lint_params {
	const char *
		domain; /* whose policy or record it is, A-labels; NULL: unknown, lines to paste then say example.com */
	int64_t judged_at;        /* seconds since 1970; a suggested id is made of it */
	const char *const *hosts; /* policy only: hosts to test against it, as typed */
	size_t host_count;
};

/** What one reviewed sender does with the bytes. */
struct sts_lint_sender {
	const char *name; /* static */
	struct sts_reading reading;
};

/** One host tested against the policy. */
struct sts_lint_mx {
	const char *host; /* lower case, without final dot; escaped */
	bool covered;
	const char *matched_by; /* the pattern, escaped, or NULL */
	const char *cause;      /* cause word of match.mx-uncovered, or NULL */
};

struct sts_lint {
	enum sts_lint_kind kind;
	bool usable;         /* by the strict reading of the RFC, decisions D1 to D16 */
	bool works;          /* no finding of error severity is about the text: the verdict of `check` rests on this */
	const char *verdict; /* accept, reject, absent, invalid, multiple, unusable. Static */

	/* practical: the reviewed senders, in fixed order; none for TLSRPT. Those of which nothing is known are in
	 * neither list. */
	struct sts_lint_sender senders[STS_SENDER_COUNT];
	size_t sender_count;
	const char *accepted_by[STS_SENDER_COUNT];
	size_t accepted_count;
	const char *refused_by[STS_SENDER_COUNT];
	size_t refused_count;

	/* value, by kind; network text in it is raw */
	struct sts_policy policy;
	struct sts_record_set records;
	struct sts_tlsrpt tlsrpt;
	struct sts_lint_mx *mx;
	size_t mx_count;

	struct sts_finding *issues; /* worst first */
	size_t issue_count;
};

/** Judge a policy file. body is borrowed; everything in *out is the arena's. A body over STS_POLICY_MAX octets is
 * reported as host.http.too-large and not usable. */
void sts_lint_policy(
	struct sts_str body, const struct sts_lint_params *params, struct sts_arena *arena, struct sts_lint *out);

/** Judge the TXT records of one name, each with its character-strings joined. */
void sts_lint_record(const struct sts_str *texts, size_t count, const struct sts_lint_params *params,
	struct sts_arena *arena, struct sts_lint *out);

/** Judge TLSRPT records of one name. */
void sts_lint_tlsrpt(const struct sts_str *texts, size_t count, const struct sts_lint_params *params,
	struct sts_arena *arena, struct sts_lint *out);

/** The worst severity among the issues; STS_INFO when there is none. */
enum sts_severity sts_lint_worst(const struct sts_lint *lint);

#endif
