/* From findings and facts to judgement: decisions, verdict, answers, advice. Called by sts_judge() in this order. */
#ifndef STS_CHECK_VERDICT_H
#define STS_CHECK_VERDICT_H

#include "check/findings.h"

/** What a compliant sender in each state does with each MX host, and with the domain. Fills r->mx[].decisions and
 * r->outlook. */
void sts_decide(struct sts_report *r);
/** Fill shares from the outlook. */
void sts_count_senders(struct sts_report *r);

/** Verdict and status, by the order of doc/findings.md. Needs decisions. */
void sts_find_verdict(struct sts_report *r);

/** Answers, results of the parts, summary sentence, recommendations. Needs the verdict; findings are sorted by then. */
void sts_advise(struct sts_report *r);

/** Results of the eight parts; part of sts_advise(). */
void sts_find_parts(struct sts_report *r);

/** Senders that read these bytes otherwise than the RFC or one another; none are listed where all agree. */
void sts_find_profiles(struct sts_report *r);

/** MX hosts that take part in delivery: no null MX, no address in place of a name, each once. */
size_t sts_count_mx(const struct sts_report *r);

/** MX hosts that a compliant sender in this state refuses. */
size_t sts_count_decision(const struct sts_report *r, enum sts_sender_state state, enum sts_decision decision);

/** What a sender does that knows DANE and not MTA-STS: without usable TLSA records it looks at no certificate. */
enum sts_decision sts_decide_dane_only(const struct sts_facts *facts, const struct sts_mx *mx);

/**
 * What a sender that knows MTA-STS and no DANE, and holds this policy, does with the host.
 *
 * @param mode  taken in place of the policy's own
 */
enum sts_decision sts_decide_with(
	const struct sts_facts *f, const struct sts_mx *mx, const struct sts_policy *policy, enum sts_mode mode);

/** The domain by decisions on its hosts. */
struct sts_domain_decision {
	enum sts_decision best;  /* what finally happens */
	enum sts_decision worst;
	size_t refused;          /* hosts, each once */
};

/** @param decisions  f->mx_count of them */
void sts_decide_domain(
	const struct sts_facts *f, const enum sts_decision *decisions, struct sts_domain_decision *out);

/** One sentence of the outlook. @param who  "Senders that …" */
const char *sts_outlook_words(const struct sts_report *r, const char *who, const struct sts_domain_decision *d);

#endif
