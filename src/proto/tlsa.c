#include "proto/tlsa.h"

#include "base/rd.h"

#include <stdio.h>

/* Octets of data that a matching type asks for; 0: any.  [RFC 6698 section 2.1.3] */
static size_t digest_length(uint8_t matching)
{
	return matching == 1 ? 32 : matching == 2 ? 64 : 0;
}

/* The reason why mail cannot use the record, or NULL.  [RFC 7672 section 3.1] */
static const char *unusable(const struct sts_tlsa *t)
{
	if (t->usage == 0 || t->usage == 1)
		return "certificate usages 0 and 1 are not for mail";
	if (t->usage > 3)
		return "unknown certificate usage";
	if (t->selector > 1)
		return "unknown selector";
	if (t->matching > 2)
		return "unknown matching type";
	if (digest_length(t->matching) != 0 && t->data.len != digest_length(t->matching))
		return "the data is not as long as the digest it should be";
	return NULL;
}

void sts_tlsa_parse(struct sts_str rdata, struct sts_arena *arena, struct sts_tlsa *out)
{
	struct sts_rd r = sts_rd(rdata.ptr, rdata.len);

	*out = (struct sts_tlsa){0};
	out->usage = sts_rd_u8(&r);
	out->selector = sts_rd_u8(&r);
	out->matching = sts_rd_u8(&r);
	if (sts_rd_left(&r) == 0) {
		out->why = "the record is too short";
		return;
	}
	out->data.len = sts_rd_left(&r);
	out->data.ptr = sts_strndup(arena, sts_rd_bytes(&r, out->data.len).ptr, out->data.len);
	out->why = unusable(out);
	out->usable = out->why == NULL;
}

const char *sts_tlsa_text(const struct sts_tlsa *tlsa, struct sts_arena *arena)
{
	static const char hex[] = "0123456789abcdef";
	char *text = sts_alloc(arena, sizeof "255 255 255 " + 2 * tlsa->data.len);
	char *at =
		text + snprintf(text, sizeof "255 255 255 ", "%u %u %u ", tlsa->usage, tlsa->selector, tlsa->matching);

	for (size_t i = 0; i < tlsa->data.len; i++) {
		unsigned char c = (unsigned char)tlsa->data.ptr[i];

		*at++ = hex[c >> 4];
		*at++ = hex[c & 15];
	}
	*at = '\0';
	return text;
}
