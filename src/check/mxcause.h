/* Why a policy does not cover an MX host: the words of match.mx-uncovered's `cause`. */
#ifndef STS_CHECK_MXCAUSE_H
#define STS_CHECK_MXCAUSE_H

#include "check/facts.h"

enum sts_mx_cause {
	STS_MX_CAUSE_IMPLICIT,    /* no MX record: the domain itself is the host, and no pattern names it */
	STS_MX_CAUSE_FORMER_MX,   /* the pattern covers a host that was an MX host earlier, and is none now: needs the past */
	STS_MX_CAUSE_POLICY_HOST, /* the policy host stands where the mail host should */
	STS_MX_CAUSE_LABEL_DEPTH, /* a wildcard that stands for one label, and the host has more or fewer */
	STS_MX_CAUSE_OTHER_TLD,   /* the same name under another top-level domain or public suffix */
	STS_MX_CAUSE_TYPO,        /* a few letters off a pattern that no MX host uses */
	STS_MX_CAUSE_SAME_DOMAIN, /* another name of the same registered domain */
	STS_MX_CAUSE_OTHER_PROVIDER,
};

/**
 * Find the cause. Needs a policy.
 *
 * @param meant  the pattern that was probably meant, or NULL; may be NULL
 */
enum sts_mx_cause sts_mx_cause(const struct sts_facts *f, const struct sts_mx *mx, const struct sts_mx_pattern **meant);

/** "typo", "policy-host-name" … */
const char *sts_mx_cause_name(enum sts_mx_cause cause);

/** Half a sentence that explains it; pattern is the one meant, escaped, or NULL. */
const char *sts_mx_cause_words(struct sts_arena *arena, enum sts_mx_cause cause, const char *pattern);

/** What to do about it. */
const char *sts_mx_cause_mend(struct sts_arena *arena, enum sts_mx_cause cause, const char *pattern);

#endif
