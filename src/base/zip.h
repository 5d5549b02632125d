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

/** A file being read, unpacked where it is gzip (several members, too) and as it stands where it is not. */
struct sts_unzipping;

/** @param fd  taken over, closed with the rest. @return NULL: out of memory (fd is then still the caller's) */
struct sts_unzipping *sts_unzipping_new(int fd);
void sts_unzipping_free(struct sts_unzipping *u);
/** As much as is there now; waits only when there is nothing. @return octets, 0 at the end, negative: damaged or unreadable */
int sts_unzipping_read(struct sts_unzipping *u, void *to, unsigned size);
/** Something can be had without waiting, if only the end. @param wait_ms  how long to wait for it */
bool sts_unzipping_ready(struct sts_unzipping *u, int wait_ms);
/** Octets of the file itself (packed) that were used so far. */
int64_t sts_unzipping_offset(const struct sts_unzipping *u);

#endif
