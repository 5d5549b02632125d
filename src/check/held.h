/* Earlier policies that some sender may hold still. Pure. */
#ifndef STS_CHECK_HELD_H
#define STS_CHECK_HELD_H

#include "check/findings.h"
#include "check/past.h"

/**
 * Senders may have come to hold the policy: it was served while, or after, a usable record had been seen. A policy
 * without a record is fetched by nobody.  [RFC 8461 section 3]
 */
bool sts_past_discoverable(const struct sts_past *past, const struct sts_past_policy *policy);

/** Name of the state of senders that hold an earlier policy of this report's past; the report's. */
const char *sts_held_name(const struct sts_report *r, const struct sts_past_policy *policy);

/**
 * Fill r->held with the earlier policies that may be held at the time of judgement and say something else than the
 * present one, and with what their holders do. Without a past there are none.  [RFC 8461 section 3.3: a valid cached
 * policy applies]
 */
void sts_find_held(struct sts_report *r);

#endif
