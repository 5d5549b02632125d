/* What is wrong with a word of a policy, in a sentence that helps. Static, printable ASCII. */
#ifndef STS_PROTO_POLICYWORD_H
#define STS_PROTO_POLICYWORD_H

#include "base/str.h"

/** One of the four names, written exactly. */
bool sts_is_policy_name(struct sts_str name);

/** The one of the four names that this nearly is (case, hyphen for underscore, "maxage", one letter off), or NULL; also
 * NULL for the name itself. */
const char *sts_near_name(struct sts_str name);

/** Four numbers below 256, parted by full stops. */
bool sts_is_dotted_quad(struct sts_str s);

/** Why a value is no version, mode, max_age or mx pattern; never NULL. */
const char *sts_version_trouble(struct sts_str value);
const char *sts_mode_trouble(struct sts_str value);
const char *sts_max_age_trouble(struct sts_str value);
const char *sts_mx_trouble(struct sts_str value);

#endif
