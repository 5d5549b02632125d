/* What the fuzz targets share. */
#ifndef STS_TESTS_FUZZ_H
#define STS_TESTS_FUZZ_H

#include "base/arena.h"
#include "base/str.h"
#include "mtasts/fault.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** What must hold whatever the input is. */
static inline void must(bool holds)
{
	if (!holds)
		abort();
}

/** Take the text before the first octet `mark` off *rest (all of it when there is none). */
static inline struct sts_str fuzz_take(struct sts_str *rest, char mark)
{
	size_t end = sts_str_find(*rest, mark, 0);
	struct sts_str piece = sts_str(rest->ptr, end);

	*rest = sts_str_from(*rest, end + 1);
	return piece;
}

/** Faults point into the text, their notes are printable ASCII, and their number is bounded. */
static inline void fuzz_faults(const struct sts_faults *faults, size_t len, size_t kinds)
{
	must(faults->count <= kinds * STS_FAULTS_PER_KIND);
	for (size_t i = 0; i < faults->count; i++) {
		const struct sts_fault *f = &faults->items[i];

		must(f->offset <= len && f->text.len <= len - f->offset && f->text.len <= STS_FAULT_TEXT_MAX);
		must(f->line >= 1 && f->column >= 1 && f->kind >= 0 && (size_t)f->kind < kinds);
		for (const char *c = f->note; c != NULL && *c != '\0'; c++)
			must(*c >= 0x20 && *c < 0x7F);
	}
}

#endif
