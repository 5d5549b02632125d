/* Hand-made facts for tests of rules: a healthy domain, and edits that make it otherwise. No network. */
#ifndef STS_TESTS_FACTS_H
#define STS_TESTS_FACTS_H

#include "check/findings.h"

/** Time of judgement in all facts made here: 2026-06-15T12:00:00Z. */
#define FACTS_NOW INT64_C(1781524800)
#define FACTS_DAY INT64_C(86400)

/**
 * example.test: one record, a policy host of two addresses, enforce, two MX hosts of one address each, TLSRPT; all
 * signed, no TLSA. Nothing to find but the note that one visit cannot tell about the id.
 */
struct sts_facts *facts_healthy(struct sts_arena *arena);

/** The edits know the arena of the facts made last. */
void facts_set_record(struct sts_facts *f, const char *text); /* NULL: NODATA */
void facts_set_records(struct sts_facts *f, const char *const *texts, size_t count);
void facts_set_policy(struct sts_facts *f, const char *body); /* at every address */
void facts_set_policy_at(struct sts_facts *f, size_t fetch, const char *body);
void facts_choose_policy(struct sts_facts *f); /* policy, policy_fetch, policy_served anew, as gathering does */
void facts_set_hosts(struct sts_facts *f, const char *names); /* MX hosts, blank-separated, preference 10, 20 … */
void facts_set_mx_end(struct sts_facts *f, size_t mx, enum sts_smtp_end end);
void facts_set_mx_problem(struct sts_facts *f, size_t mx, unsigned problems);
void facts_add_mx_address(struct sts_facts *f, size_t mx, const char *address);
void facts_set_tlsa(struct sts_facts *f, size_t mx, bool usable, enum sts_dane_state state);
void facts_set_rpt(struct sts_facts *f, const char *text);            /* NULL: NODATA */
void facts_set_state(struct sts_answer *a, enum sts_dns_state state); /* any state without records */
void facts_set_cname(struct sts_answer *a, const char *target);
struct sts_misplaced *facts_push_misplaced(struct sts_facts *f);
void facts_set_problem(struct sts_fetch *fetch, unsigned problems);

#endif
