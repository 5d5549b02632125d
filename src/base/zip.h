/* Packing octets.  [RFC 1950, RFC 1952]  zlib lives here. */
#ifndef STS_BASE_ZIP_H
#define STS_BASE_ZIP_H

#include "base/buf.h"

/**
 * Pack data, appended to out. A dictionary (at most its last 32 KiB count) makes data that resembles it much smaller;
 * unpacking then needs the same one.
 *
 * @return STS_OK; STS_ENOMEM: out of memory, or out's ceiling was reached
 */
STS_MUST_CHECK enum sts_err sts_zip(struct sts_str data, struct sts_str dictionary, struct sts_buf *out);

/**
 * Unpack what sts_zip() made, or a gzip file (dictionary empty), appended to out, whose ceiling bounds the work.
 *
 * @return STS_OK; STS_EINVAL: not packed so, damaged, or another dictionary; STS_ENOMEM: out's ceiling was reached, or
 * out of memory
 */
STS_MUST_CHECK enum sts_err sts_unzip(struct sts_str packed, struct sts_str dictionary, struct sts_buf *out);

#endif
