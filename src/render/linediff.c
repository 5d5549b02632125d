#include "render/linediff.h"

struct lines {
	struct sts_str *items;
	size_t count;
};

static struct lines split(struct sts_str text, struct sts_arena *arena)
{
	struct lines l = {0};

	for (size_t at = 0; at < text.len;) {
		size_t end = sts_str_find(text, '\n', at);
		struct sts_str line = sts_str(text.ptr + at, end - at);

		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		*STS_PUSH(arena, l.items, l.count) = line;
		at = end + 1;
	}
	return l;
}

struct diff {
	struct sts_arena *arena;
	struct sts_diff_line *lines;
	size_t count;
};

static void put(struct diff *d, char mark, struct sts_str text)
{
	*STS_PUSH(d->arena, d->lines, d->count) = (struct sts_diff_line){mark, text};
}

/* common[i][j]: length of the longest common subsequence of what begins at line i of the old text and line j of the new
 * one. */
static uint16_t *table(const struct lines *a, const struct lines *b, struct sts_arena *arena)
{
	size_t width = b->count + 1;
	uint16_t *common = sts_alloc_array(arena, (a->count + 1) * width, sizeof *common);

	for (size_t i = a->count; i-- > 0;) {
		for (size_t j = b->count; j-- > 0;) {
			uint16_t down = common[(i + 1) * width + j];
			uint16_t right = common[i * width + j + 1];

			if (sts_str_eq(a->items[i], b->items[j]))
				common[i * width + j] = (uint16_t)(common[(i + 1) * width + j + 1] + 1);
			else
				common[i * width + j] = down >= right ? down : right;
		}
	}
	return common;
}

static void walk(struct diff *d, const struct lines *a, const struct lines *b)
{
	const uint16_t *common = table(a, b, d->arena);
	size_t width = b->count + 1;
	size_t i = 0;
	size_t j = 0;

	while (i < a->count && j < b->count) {
		if (sts_str_eq(a->items[i], b->items[j])) {
			put(d, ' ', a->items[i++]);
			j++;
		} else if (common[(i + 1) * width + j] >= common[i * width + j + 1]) {
			put(d, '-', a->items[i++]);
		} else {
			put(d, '+', b->items[j++]);
		}
	}
	while (i < a->count)
		put(d, '-', a->items[i++]);
	while (j < b->count)
		put(d, '+', b->items[j++]);
}

struct sts_diff_line *sts_line_diff(
	struct sts_str old_text, struct sts_str new_text, struct sts_arena *arena, size_t *count)
{
	struct diff d = {.arena = arena};
	struct lines a = split(old_text, arena);
	struct lines b = split(new_text, arena);

	if (a.count > STS_DIFF_LINES_MAX || b.count > STS_DIFF_LINES_MAX) {
		put(&d, '-', sts_str_of(sts_sprintf(arena, "(%zu lines)", a.count)));
		put(&d, '+', sts_str_of(sts_sprintf(arena, "(%zu lines)", b.count)));
	} else {
		walk(&d, &a, &b);
	}
	*count = d.count;
	return d.lines;
}
