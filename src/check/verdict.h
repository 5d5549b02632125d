/* From findings and facts to judgement: decisions, verdict, answers, advice. Called by sts_judge() in this order. */
#ifndef STS_CHECK_VERDICT_H
#define STS_CHECK_VERDICT_H

#include "check/findings.h"

/** What a compliant sender in each state does with each MX host, and with the domain. Fills r->mx[].decisions and
 * r->outlook. */
void sts_decide(struct sts_report *r);

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

#endif
