#include "store/telling.h"

#include "base/clock.h"

struct bodies {
	struct sts_history *history;
	struct sts_arena *arena; /* the time line's */
	char *copy;              /* of the last body that was asked for */
	size_t size;
};

/* In one place for all of them: a time line may ask for thousands. */
static struct sts_str keep_copy(struct bodies *b, struct sts_str body)
{
	if (body.len > b->size) {
		b->size = body.len > STS_POLICY_MAX ? body.len : STS_POLICY_MAX;
		b->copy = sts_alloc(b->arena, b->size);
	}
	if (body.len > 0)
		memcpy(b->copy, body.ptr, body.len);
	return sts_str(body.len > 0 ? b->copy : "", body.len);
}

static struct sts_str find_body(const char *sha256, void *arg)
{
	struct bodies *b = arg;
	struct sts_arena *arena = sts_arena_new();
	struct sts_str body, out = {0};

	/* nothing else depends on it */
	if (arena != NULL && sts_history_body(b->history, sha256, arena, &body) == STS_OK)
		out = keep_copy(b, body);
	sts_arena_free(arena);
	return out;
}

enum sts_err sts_history_timeline(
	struct sts_history *h, const struct sts_stretch *stretch, struct sts_arena *arena, struct sts_timeline *out)
{
	struct bodies *bodies = STS_NEW(arena, struct bodies);
	struct sts_memory *memory = STS_NEW(arena, struct sts_memory);
	struct sts_changes changes = {0};
	struct sts_past *past = NULL;
	int64_t observations = 0;
	enum sts_err err = sts_history_memory(h, stretch->domain, arena, memory);

	if (err == STS_OK)
		err = sts_history_past(h, stretch->domain, INT64_MAX, arena, &past);
	if (err == STS_OK)
		err = sts_history_count(h, stretch->domain, &observations);
	if (err == STS_OK)
		err = sts_history_changes(
			h, stretch->domain, stretch->from_at, stretch->until_at, stretch->limit, arena, &changes);
	*bodies = (struct bodies){.history = h, .arena = arena};
	*out = (struct sts_timeline){
		.domain = stretch->domain,
		.observations = observations,
		.memory = memory,
		.past = past,
		.changes = changes.items,
		.change_count = changes.count,
		.more = changes.more,
		.body = find_body,
		.body_arg = bodies,
		.now = sts_now_s(),
	};
	return err;
}

bool sts_is_moment(const char *text)
{
	int64_t at;

	return strcmp(text, "first") == 0 || strcmp(text, "last") == 0 || sts_parse_time(text, &at);
}

enum sts_err sts_history_moment(
	struct sts_history *h, const char *domain, const char *when, struct sts_arena *arena, struct sts_kept *out)
{
	int64_t at = INT64_MAX;

	if (strcmp(when, "first") == 0)
		return sts_history_first(h, domain, arena, out);
	if (strcmp(when, "last") != 0 && sts_parse_time(when, &at) && strlen(when) == strlen("2026-01-31"))
		at += 86399;
	return sts_history_at(h, domain, at, arena, out);
}
