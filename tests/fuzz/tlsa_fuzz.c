/* TLSA rdata. */
#include "fuzz.h"

#include "proto/tlsa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_tlsa t;

	sts_tlsa_parse(sts_str((const char *)data, size), arena, &t);
	must(t.usable == (t.why == NULL));
	must(!t.usable || ((t.usage == 2 || t.usage == 3) && t.selector <= 1 && t.matching <= 2 && t.data.len > 0));
	must(!t.usable || t.matching != 1 || t.data.len == 32);
	must(!t.usable || t.matching != 2 || t.data.len == 64);
	must(strlen(sts_tlsa_text(&t, arena)) >= 6 + 2 * t.data.len);
	sts_arena_free(arena);
	return 0;
}
