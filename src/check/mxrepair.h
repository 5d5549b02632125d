/* What was probably meant by a malformed mx line: the line to paste in its place. Pure. */
#ifndef STS_CHECK_MXREPAIR_H
#define STS_CHECK_MXREPAIR_H

#include "base/arena.h"
#include "base/str.h"

/** Patterns that one line can hold at most. */
#define STS_REPAIRED_MAX 8

/**
 * Valid patterns in a value that is none: a list taken apart, preference, port, scheme, brackets, quotation marks,
 * final full stop and comment left out, U-labels converted, ".example.com" turned into "*.example.com", a host with an
 * underscore covered by its parent's wildcard.
 *
 * @param out  arena-owned, NUL-terminated, at most STS_REPAIRED_MAX
 * @return how many; 0 when nothing can be made of it
 */
size_t sts_mx_repair(struct sts_str value, struct sts_arena *arena, const char *out[static STS_REPAIRED_MAX]);

#endif
