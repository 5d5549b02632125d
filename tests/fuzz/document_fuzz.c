/* Observations as imports bring them: refused, or read so that they write and read again as the same, and can be
 * folded. */
#include "fuzz.h"

#include "check/timeline.h"
#include "store/document.h"

static void write(struct sts_buf *out, const struct sts_observation *o)
{
	struct sts_jsonw w = sts_jsonw(out, false);

	sts_document_write(&w, NULL, o);
}

static void same_again(const struct sts_observation *o, struct sts_arena *arena)
{
	struct sts_buf first, second;
	struct sts_observation again;
	const struct sts_json *json;
	const char *why = NULL;

	sts_buf_init(&first, STS_DOCUMENT_MAX);
	sts_buf_init(&second, STS_DOCUMENT_MAX);
	write(&first, o);
	json = sts_json_read(sts_buf_str(&first), arena, &why);
	must(json != NULL && sts_document_read(json, arena, &again, &why) == STS_OK);
	write(&second, &again);
	must(first.len == second.len && memcmp(first.ptr, second.ptr, first.len) == 0);
	sts_buf_clear(&first);
	sts_buf_clear(&second);
}

static void fold_twice(const struct sts_observation *o, struct sts_arena *arena)
{
	struct sts_memory m = {.arena = arena};
	struct sts_observation later = *o;

	later.at = 1;
	sts_memory_fold(&m, &later);
	m.change_count = 0;
	m.changes = NULL;
	later.at = 2;
	sts_memory_fold(&m, &later);
	/* the same again is no change */
	must(m.change_count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_observation o;
	const char *why = NULL;
	const struct sts_json *json = sts_json_read(sts_str((const char *)data, size), arena, &why);

	if (json != NULL && sts_document_read(json, arena, &o, &why) == STS_OK) {
		same_again(&o, arena);
		fold_twice(&o, arena);
	} else {
		must(why != NULL);
	}
	sts_arena_free(arena);
	return 0;
}
