#include "scan/tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void sts_tally_clear(struct sts_tally *t)
{
	sts_map_clear(&t->map);
	sts_arena_free(t->arena);
	*t = (struct sts_tally){0};
}

static struct sts_count *find(struct sts_tally *t, struct sts_str key)
{
	struct sts_count *c = sts_map_get(&t->map, key);

	if (c != NULL)
		return c;
	if (t->map.count >= STS_TALLY_CAUSES_MAX && sts_str_starts(key, "c:")) {
		t->overflowed = true;
		return NULL;
	}
	if (t->arena == NULL && (t->arena = sts_arena_new()) == NULL)
		return NULL;
	c = STS_NEW(t->arena, struct sts_count);
	c->key = sts_strndup(t->arena, key.ptr, key.len);
	return sts_map_put(&t->map, key, c) ? c : NULL;
}

void sts_tally_add(struct sts_tally *t, struct sts_str key, uint64_t n)
{
	struct sts_count *c = n == 0 ? NULL : find(t, key);

	if (c == NULL)
		return;
	if (c->added == 0) {
		c->next_changed = t->changed;
		t->changed = c;
	}
	c->n += n;
	c->added += n;
}

void sts_tally_changes(struct sts_tally *t, struct sts_buf *out)
{
	for (struct sts_count *c = t->changed; c != NULL; c = c->next_changed) {
		sts_buf_printf(out, "\t%s\t%" PRIu64, c->key, c->added);
		c->added = 0;
	}
	t->changed = NULL;
}

void sts_tally_write(struct sts_tally *t, struct sts_buf *out)
{
	size_t at = 0;
	struct sts_count *c;

	while ((c = sts_map_next(&t->map, &at, NULL)) != NULL) {
		sts_buf_printf(out, "\t%s\t%" PRIu64, c->key, c->n);
		c->added = 0;
	}
	t->changed = NULL;
}

bool sts_tally_read(struct sts_tally *t, struct sts_str text)
{
	while (text.len > 0) {
		size_t key_end, end;
		uint64_t n;

		if (text.ptr[0] != '\t')
			return false;
		key_end = sts_str_find(text, '\t', 1);
		end = sts_str_find(text, '\t', key_end + 1 > text.len ? text.len : key_end + 1);
		if (key_end == text.len || !sts_str_u64(sts_str(text.ptr + key_end + 1, end - key_end - 1), &n))
			return false;
		sts_tally_add(t, sts_str(text.ptr + 1, key_end - 1), n);
		text = sts_str_from(text, end);
	}
	return true;
}

uint64_t sts_tally_get(const struct sts_tally *t, const char *key)
{
	const struct sts_count *c = sts_map_get(&t->map, sts_str_of(key));

	return c == NULL ? 0 : c->n;
}

static int most_first(const void *a, const void *b)
{
	const struct sts_count *x = *(const struct sts_count *const *)a, *y = *(const struct sts_count *const *)b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->key, y->key);
}

const struct sts_count **sts_tally_top(
	const struct sts_tally *t, const char *kind, size_t max, struct sts_arena *arena, size_t *count)
{
	const struct sts_count **list = NULL;
	struct sts_count *c;
	size_t at = 0;

	*count = 0;
	while ((c = sts_map_next(&t->map, &at, NULL)) != NULL)
		if (strncmp(c->key, kind, strlen(kind)) == 0)
			*STS_PUSH(arena, list, *count) = c;
	if (*count > 0)
		qsort(list, *count, sizeof *list, most_first);
	if (*count > max)
		*count = max;
	return list;
}
