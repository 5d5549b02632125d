/* Base64 with padding, nothing else between the letters.  [RFC 4648 section 4] */
#ifndef STS_BASE_BASE64_H
#define STS_BASE_BASE64_H

#include "base/buf.h"

/** Append data as base64. */
void sts_base64_put(struct sts_buf *out, struct sts_str data);

/** Append what the text stands for. @return false: it is not base64, bits beyond the end are set, or out's ceiling was
 * reached */
STS_MUST_CHECK bool sts_base64_take(struct sts_buf *out, struct sts_str text);

#endif
