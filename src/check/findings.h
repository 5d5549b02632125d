/* The report while it is built: rules add to it; render reads it. */
#ifndef STS_CHECK_FINDINGS_H
#define STS_CHECK_FINDINGS_H

#include "check/catalogue.h"
#include "check/facts.h"

/** Results of the eight parts of a check. */
enum sts_result { STS_RESULT_PASS, STS_RESULT_WARN, STS_RESULT_FAIL, STS_RESULT_NOT_TESTED, STS_RESULT_NOT_APPLICABLE };

enum sts_part {
	STS_PART_DNS_RECORD,
	STS_PART_POLICY_HOST,
	STS_PART_POLICY_SYNTAX,
	STS_PART_SYNCHRONISATION,
	STS_PART_MX_MATCH,
	STS_PART_MX_TLS,
	STS_PART_DANE,
	STS_PART_TLS_RPT,
	STS_PART_COUNT
};

enum sts_verdict {
	STS_VERDICT_UNKNOWN,
	STS_VERDICT_ABSENT,
	STS_VERDICT_BROKEN,
	STS_VERDICT_BLOCKING,
	STS_VERDICT_NONE,
	STS_VERDICT_TESTING,
	STS_VERDICT_ENFORCED,
};

enum sts_status { STS_STATUS_SUCCESS, STS_STATUS_WARNING, STS_STATUS_FAIL, STS_STATUS_ERROR };

enum sts_answer_word { STS_ANSWER_UNKNOWN, STS_ANSWER_YES, STS_ANSWER_PARTLY, STS_ANSWER_NO };

struct sts_part_result {
	enum sts_result result;
	const char *summary; /* one sentence */
};

struct sts_question {
	enum sts_answer_word answer;
	const char *reason;
};

/** Why something was not tested: the words of findings.md ("port25-blocked", "switched-off" …). */
struct sts_not_tested {
	const char *what;   /* for a person: "MX host mx.example.net [2001:db8::1]" */
	const char *reason; /* one of the fixed words */
};

/** What a compliant sender in some state does with an MX. */
enum sts_decision {
	STS_DECIDE_UNKNOWN,
	STS_DELIVER_VERIFIED,
	STS_DELIVER_UNVERIFIED,
	STS_DELIVER_DANE,
	STS_REFUSE,
	STS_UNREACHABLE,
};

/** Sender states a decision is made for. */
enum sts_sender_state {
	STS_STATE_NO_CACHE,       /* knows MTA-STS (no DANE), meets the domain for the first time: fetches what is served now */
	STS_STATE_CURRENT_POLICY, /* holds the policy seen now (no DANE) */
	STS_STATE_DANE,           /* honours DANE, and MTA-STS where DANE does not apply */
	STS_STATE_NEITHER,        /* opportunistic TLS only */
	STS_STATE_COUNT
};

/** "no_cache", "current_policy", "dane", "neither". */
const char *sts_sender_state_name(enum sts_sender_state state);

/** Judgement on one MX host; same order as facts->mx. */
struct sts_mx_judgement {
	bool covered;           /* by a pattern of the policy; false when there is no policy */
	bool judged;            /* there is a policy to judge by */
	const char *matched_by; /* the pattern, or NULL */
	const char *cause;      /* cause word of match.mx-uncovered, or NULL */
	enum sts_decision decisions[STS_STATE_COUNT];
};

/** The domain as a whole, by sender state: how many MX hosts such a sender would use. */
struct sts_outlook {
	enum sts_decision worst[STS_STATE_COUNT];
	enum sts_decision best[STS_STATE_COUNT]; /* what finally happens: senders walk the MX list by preference until one takes the mail */
	const char *text[STS_STATE_COUNT];       /* one sentence each */
};

/** What becomes of the mail of the senders of a study, in sender domains; who knows MTA-STS is taken to hold the policy of now. */
struct sts_shares {
	unsigned measured; /* all of them; 0 where the domain takes no mail */
	unsigned through;
	unsigned held_back; /* queued, and bounced in the end */
	unsigned unknown;
	const char *text;   /* a sentence, or NULL */
	const char *source;
};

/** An earlier policy that some sender may hold still, and what such a sender does. */
struct sts_held {
	const char *name;                     /* of the sender state: "policy_of_2026-01-31", after the day it was first seen */
	const struct sts_past_policy *policy;
	int64_t until_at;                     /* who fetched it when it was last seen holds it until then */
	enum sts_decision *decisions;         /* facts->mx_count of them */
	enum sts_decision worst, best;        /* as in sts_outlook */
	const char *text;
};

/** Where a sender disagrees with the RFC on these bytes. */
struct sts_profile {
	const char *sender;
	bool accepts_record;
	bool accepts_policy;
	const char *mode;    /* as it reads it, or NULL */
	const char *note;    /* what differs */
};

struct sts_report {
	struct sts_arena *arena;           /* owns all of it, facts included */
	const struct sts_facts *facts;
	struct sts_finding *findings;      /* worst first once sts_report_finish() ran */
	enum sts_finding_id *ids;          /* same order as findings */
	size_t finding_count;
	struct sts_not_tested *not_tested;
	size_t not_tested_count;
	struct sts_part_result parts[STS_PART_COUNT];
	struct sts_mx_judgement *mx;       /* facts->mx_count of them */
	struct sts_outlook outlook;
	struct sts_shares shares;
	struct sts_held *held;             /* earlier policies, last seen first; at most STS_HELD_MAX */
	size_t held_count;
	struct sts_profile *profiles;
	size_t profile_count;
	struct sts_question protected_, enforcing, would_know;
	const char **recommendations;
	size_t recommendation_count;
	enum sts_verdict verdict;
	enum sts_status status;
	const char *summary;
	bool has_mta_sts;
};

/** A finding as a rule states it. Only id is obligatory; strings may be temporary, they are copied. */
struct sts_note {
	enum sts_finding_id id;
	enum sts_severity severity; /* used when has_severity; else the catalogue's, STS_BY_MODE resolved with the report's mode */
	bool has_severity;
	const char *subject;
	const char *detail;         /* no network text that was not escaped with sts_show() */
	const char *cause;
	const char *result_type;
	const char *fix_text;       /* NULL: the catalogue's */
	const char *snippet;
	enum sts_fix_type fix_type;
	unsigned line, column;
};

/** An empty report on these facts (not copied) in the facts' arena. */
struct sts_report *sts_report_new(struct sts_arena *arena, const struct sts_facts *facts);

#define STS_HELD_MAX 10

/** Add one finding. At most STS_FINDINGS_MAX are kept. */
void sts_report_add(struct sts_report *r, const struct sts_note *note);
#define STS_FINDINGS_MAX 1000

/** Add a not-tested entry; the same one twice is kept once. */
void sts_report_not_tested(struct sts_report *r, const char *reason, const char *what);

/** A finding with this id is there already (and, where subject is not NULL, with this subject). */
bool sts_report_has(const struct sts_report *r, enum sts_finding_id id, const char *subject);

/** Severity that STS_BY_MODE means under this mode: error in enforce, warning in testing, info in none and when unknown. */
enum sts_severity sts_severity_by_mode(enum sts_mode mode);

/** Sort findings: worst first, then in catalogue order, then by subject. */
void sts_report_sort(struct sts_report *r);

/** Network text made harmless for a sentence: escaped, at most 200 octets of it; arena-owned. */
const char *sts_show(struct sts_arena *arena, struct sts_str raw);

/**
 * Judge: run every rule, then verdict, decisions, answers, parts, recommendations. Pure: same facts, same report.
 * The report lives in the arena.
 */
struct sts_report *sts_judge(const struct sts_facts *facts, struct sts_arena *arena);

const char *sts_verdict_name(enum sts_verdict v);   /* "enforced" … */
const char *sts_status_name(enum sts_status s);     /* "SUCCESS" … */
const char *sts_part_name(enum sts_part p);         /* "dns_record" … */
const char *sts_result_name(enum sts_result r);     /* "pass" … */
const char *sts_decision_name(enum sts_decision d); /* "deliver-verified" … */
const char *sts_answer_word_name(enum sts_answer_word a);

#endif
