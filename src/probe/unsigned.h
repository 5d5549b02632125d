/*
 * Which names are known to be unsigned. No chain of trust leads into a zone below an unsigned one, so everything at and below such a name is
 * unsigned as well: validation can prove nothing there.  [RFC 4033 section 5, "Insecure"]
 */
#ifndef STS_PROBE_UNSIGNED_H
#define STS_PROBE_UNSIGNED_H

#include "base/str.h"

enum sts_signing {
	STS_SIGNING_UNKNOWN,
	STS_SIGNING_NONE,  /* unsigned, and so is everything below */
	STS_SIGNING_MAYBE, /* signed, or not to be found out: everything there is to be validated */
};

/** Octets of a name that is remembered, with NUL; of longer ones nothing is. */
#define STS_UNSIGNED_NAME_MAX 96

struct sts_unsigned;

/** A bounded memory: what is noted later may displace what was noted before. @return NULL when out of memory */
struct sts_unsigned *sts_unsigned_new(void);
void sts_unsigned_free(struct sts_unsigned *u);

/** Note what was found out of a name, in lower case without final dot, good until a moment of the monotonic clock. */
void sts_unsigned_note(struct sts_unsigned *u, const char *name, enum sts_signing signing, int64_t until_ms);
enum sts_signing sts_unsigned_get(const struct sts_unsigned *u, const char *name, int64_t now_ms);
/** Note that a question was asked. @return it was asked before, as far as is remembered: an answer worth keeping */
bool sts_unsigned_asked(struct sts_unsigned *u, const char *name, uint16_t type);
void sts_unsigned_forget(struct sts_unsigned *u);

#endif
