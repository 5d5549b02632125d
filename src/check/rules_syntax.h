/* Faults that the parsers met, as findings; the same for `lint` and for the rules of `check`. Pure. */
#ifndef STS_CHECK_RULES_SYNTAX_H
#define STS_CHECK_RULES_SYNTAX_H

#include "check/findings.h"

/**
 * Findings on the text of the TXT records at _mta-sts: every fault of every record that was meant to be one. How many there are
 * (record.multiple) and what stands beside them (record.unrelated-txt) is told elsewhere.
 */
void sts_rules_record_faults(const struct sts_record_set *set, struct sts_report *r);

/** Findings on the text of a policy, and on what its mode and max_age mean (mode.testing, policy.max-age-low …). */
void sts_rules_policy_faults(const struct sts_policy *policy, struct sts_report *r);

/** Findings on the text of the TLSRPT records, rpt.multiple among them; not rpt.absent. */
void sts_rules_tlsrpt_faults(const struct sts_tlsrpt *tlsrpt, struct sts_report *r);

#endif
