/* Cursor over octets that remembers its first failure and ignores the rest; the caller checks once, at the end. */
#ifndef STS_BASE_RD_H
#define STS_BASE_RD_H

#include "base/str.h"

struct sts_rd {
	const uint8_t *data;
	size_t len;
	size_t at;
	bool failed;
};

static inline struct sts_rd sts_rd(const void *data, size_t len)
{
	return (struct sts_rd){.data = data, .len = len};
}

/** Nothing failed so far. */
static inline bool sts_rd_ok(const struct sts_rd *r)
{
	return !r->failed;
}

/** Octets left; 0 after a failure. */
size_t sts_rd_left(const struct sts_rd *r);
/** Big-endian numbers; 0 after a failure. */
uint8_t sts_rd_u8(struct sts_rd *r);
uint16_t sts_rd_u16(struct sts_rd *r);
uint32_t sts_rd_u32(struct sts_rd *r);
/** The next n octets, borrowed; empty after a failure. */
struct sts_str sts_rd_bytes(struct sts_rd *r, size_t n);
void sts_rd_skip(struct sts_rd *r, size_t n);
void sts_rd_fail(struct sts_rd *r);

#endif
