/*
 * The rules: facts to findings. Pure: no I/O, no clock, same facts same findings. Each is called from the table in
 * judge.c, which says what a rule needs; so a rule may take it that its needs are met, and nothing more.
 */
#ifndef STS_CHECK_RULES_H
#define STS_CHECK_RULES_H

#include "check/findings.h"

typedef void sts_rule(const struct sts_facts *f, struct sts_report *r);

/* rules_record.c */
sts_rule sts_rule_record;        /* the TXT record itself */
sts_rule sts_rule_record_answer; /* alias, TTL, wildcard, DNSSEC of its answer */
sts_rule sts_rule_record_place;  /* put somewhere else; only the parent has one */
sts_rule sts_rule_nameservers;   /* authoritative servers compared */
sts_rule sts_rule_record_policy; /* record without policy, policy without record */

/* rules_host.c */
sts_rule sts_rule_host_dns;
sts_rule sts_rule_host_fetches;
sts_rule sts_rule_host_differ;
sts_rule sts_rule_deleg;

/* rules_policy.c */
sts_rule sts_rule_policy;
/** The first error in a policy's text (any fetch's); STS_F_COUNT when there is none. */
enum sts_finding_id sts_policy_error(
	const struct sts_facts *f, const struct sts_policy *policy, struct sts_arena *arena);

/* rules_match.c: also fills r->mx[] */
sts_rule sts_rule_match;

/* rules_mx.c */
sts_rule sts_rule_mx_answer;
sts_rule sts_rule_mx_hosts;
sts_rule sts_rule_mx_sessions;
/** Reason word why the TLS of a session could not be tested; NULL when it was seen, or is at fault itself. */
const char *sts_smtp_untested(const struct sts_facts *f, const struct sts_smtp *s);

/* rules_dane.c */
sts_rule sts_rule_dane;

/* rules_rpt.c */
sts_rule sts_rule_rpt;
sts_rule sts_rule_rua;
sts_rule sts_rule_reports_needed; /* testing without reports */

/* rules_time.c: needs the past */
sts_rule sts_rule_time;

/** A usable record and a policy that senders get are there, so that it can be asked whether they change together. */
bool sts_time_comparable(const struct sts_facts *f);
/** No earlier look told anything to compare with. Needs the past. */
bool sts_time_first_visit(const struct sts_facts *f);

#endif
