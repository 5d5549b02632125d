/* Which findings a check could not have seen: a fault that is not reported is mended only if it would have been
 * reported. Pure. */
#ifndef STS_CHECK_UNSEEN_H
#define STS_CHECK_UNSEEN_H

#include "check/observe.h"

/** Fill out->unseen of an observation of these facts. At most STS_UNSEEN_MAX entries: beyond them a whole group of
 * codes is one entry. */
void sts_unseen_collect(const struct sts_facts *facts, struct sts_arena *arena, struct sts_observation *out);
#define STS_UNSEEN_MAX 400

/** A finding with this code and subject would have been seen in the observation, if it were there. */
bool sts_finding_visible(const struct sts_observation *o, const char *code, const char *subject);

#endif
