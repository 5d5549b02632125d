/* What stands in place of a policy: HTML, JSON, the TXT record's text …, so that one finding can say so. */
#ifndef STS_PROTO_SNIFF_H
#define STS_PROTO_SNIFF_H

#include "base/str.h"

/** One short sentence (static) that names what the body is, or NULL when it may be a policy, good or bad. */
const char *sts_policy_sniff(struct sts_str body);

/** The body is UTF-16 text, by its mark or by the zero octets that fill it. */
bool sts_sniff_utf16(struct sts_str body);

#endif
