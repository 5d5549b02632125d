/* Numbers as senders read them that are laxer than the RFC's 1*10(DIGIT). */
#ifndef STS_PROTO_LOOSENUM_H
#define STS_PROTO_LOOSENUM_H

#include "base/str.h"

/** How a sender reads numbers; bits. */
enum sts_number {
	STS_NUMBER_DIGITS = 0,
	STS_NUMBER_PLUS = 1,       /* a sign in front */
	STS_NUMBER_UNDERSCORE = 2, /* 604_800 */
	STS_NUMBER_NEGATIVE = 4,   /* kept as it is */
	STS_NUMBER_SCRIPT = 8,     /* JavaScript: empty is 0, hexadecimal, fraction, exponent */
};

/**
 * Read a number the way `how` says.
 *
 * @param out       its amount; what is out of any range comes out as a very large number
 * @param negative  it had a minus sign
 * @return false: to such a sender this is no number
 */
bool sts_loose_number(struct sts_str s, unsigned how, uint64_t *out, bool *negative);

#endif
