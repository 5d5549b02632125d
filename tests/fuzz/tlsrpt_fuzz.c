/* TLSRPT records parted by "|". */
#include "fuzz.h"

#include "mtasts/tlsrpt.h"

#define TEXTS_MAX 8

static void check(const struct sts_tlsrpt *rpt)
{
	size_t usable = 0;

	for (size_t i = 0; i < rpt->rua_count; i++) {
		const struct sts_rua *rua = &rpt->rua[i];

		must(!rua->usable ||
			(rua->host != NULL && (sts_str_is(rua->scheme, "mailto") || sts_str_is(rua->scheme, "https"))));
		must(!rua->usable || !sts_str_is(rua->scheme, "https") || rua->port != 0);
		usable += rua->usable;
	}
	must(rpt->verdict != STS_TLSRPT_ACCEPT || usable > 0);
	must(rpt->verdict != STS_TLSRPT_UNUSABLE || usable == 0);
	must(rpt->verdict == STS_TLSRPT_ACCEPT || rpt->candidates != 1 || rpt->faults.count > 0);
	must((rpt->verdict == STS_TLSRPT_MULTIPLE) == (rpt->candidates > 1));
	must((rpt->verdict == STS_TLSRPT_ABSENT) == (rpt->candidates == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_str rest = sts_str((const char *)data, size);
	struct sts_str texts[TEXTS_MAX];
	struct sts_tlsrpt rpt;
	size_t count = 0;

	do
		texts[count++] = fuzz_take(&rest, '|');
	while (rest.len > 0 && count < TEXTS_MAX);
	sts_tlsrpt_parse(texts, count, arena, &rpt);
	fuzz_faults(&rpt.faults, size, STS_TLSRPT_DUPLICATE_RUA + 1);
	check(&rpt);
	sts_arena_free(arena);
	return 0;
}
