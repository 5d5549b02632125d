#include "base/rd.h"

size_t sts_rd_left(const struct sts_rd *r)
{
	return r->failed ? 0 : r->len - r->at;
}

void sts_rd_fail(struct sts_rd *r)
{
	r->failed = true;
}

struct sts_str sts_rd_bytes(struct sts_rd *r, size_t n)
{
	struct sts_str s;

	if (sts_rd_left(r) < n) {
		r->failed = true;
		return (struct sts_str){NULL, 0};
	}
	s = sts_str((const char *)r->data + r->at, n);
	r->at += n;
	return s;
}

void sts_rd_skip(struct sts_rd *r, size_t n)
{
	(void)sts_rd_bytes(r, n);
}

static uint32_t number(struct sts_rd *r, size_t n)
{
	struct sts_str s = sts_rd_bytes(r, n);
	uint32_t v = 0;

	for (size_t i = 0; i < s.len; i++)
		v = v << 8 | (uint8_t)s.ptr[i];
	return v;
}

uint8_t sts_rd_u8(struct sts_rd *r)
{
	return (uint8_t)number(r, 1);
}

uint16_t sts_rd_u16(struct sts_rd *r)
{
	return (uint16_t)number(r, 2);
}

uint32_t sts_rd_u32(struct sts_rd *r)
{
	return number(r, 4);
}
