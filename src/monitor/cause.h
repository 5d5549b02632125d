/*
 * Whose fault it is: findings of one domain, or of many, that go away together. Pure.
 *
 * A key is a kind and a name: "certificate DIGEST" (of the leaf), "mx HOST", "policy-host NAME" (where the domain's
 * alias leads, or the address), and "domain NAME" for what only the domain's owner can mend.
 */
#ifndef STS_MONITOR_CAUSE_H
#define STS_MONITOR_CAUSE_H

#include "check/findings.h"

/** The key of the finding's cause; the arena's. A finding that another one explains has the key of that one. */
const char *sts_cause_of(const struct sts_report *report, size_t finding, struct sts_arena *arena);

/** Keys of everything a domain shares with others, faulty or not: each once. */
const char **sts_cause_spots(const struct sts_report *report, struct sts_arena *arena, size_t *count);

/** "certificate", "mx", "policy-host" or "domain": the kind of a key. Static. */
const char *sts_cause_kind(const char *key);
/** The name in a key. */
const char *sts_cause_name(const char *key);
/** The cause may be other domains' as well. */
bool sts_cause_is_shared(const char *key);

#endif
