#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MIN ((size_t)8192)
#define ALIGN (_Alignof(max_align_t))

struct chunk {
	struct chunk *next;
	size_t size;
	size_t used;
	_Alignas(max_align_t) unsigned char data[];
};

struct sts_arena {
	struct chunk *chunks;
	size_t total;
};

static _Noreturn void die(const char *why)
{
	fprintf(stderr, "mtasts: %s\n", why);
	abort();
}

struct sts_arena *sts_arena_new(void)
{
	return calloc(1, sizeof(struct sts_arena));
}

void sts_arena_free(struct sts_arena *arena)
{
	if (arena == NULL)
		return;
	for (struct chunk *c = arena->chunks, *next; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	free(arena);
}

void sts_arena_reset(struct sts_arena *arena)
{
	struct chunk *kept = arena->chunks;

	if (kept == NULL)
		return;
	for (struct chunk *c = kept->next, *next; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	kept->next = NULL;
	memset(kept->data, 0, kept->used);
	kept->used = 0;
	arena->total = 0;
}

static struct chunk *add_chunk(struct sts_arena *arena, size_t need)
{
	size_t size = need > CHUNK_MIN ? need : CHUNK_MIN;
	struct chunk *c = calloc(1, sizeof *c + size);

	if (c == NULL)
		die("out of memory");
	c->size = size;
	if (need > CHUNK_MIN && arena->chunks != NULL) {
		/* A big block must not hide the room that is left in the current chunk. */
		c->next = arena->chunks->next;
		arena->chunks->next = c;
	} else {
		c->next = arena->chunks;
		arena->chunks = c;
	}
	return c;
}

void *sts_alloc(struct sts_arena *arena, size_t size)
{
	size_t need = (size + ALIGN - 1) / ALIGN * ALIGN;
	struct chunk *c = arena->chunks;
	void *p;

	if (need < size || need > STS_ARENA_MAX || arena->total > STS_ARENA_MAX - need)
		die("one check needs more memory than its ceiling");
	if (c == NULL || c->size - c->used < need)
		c = add_chunk(arena, need);
	p = c->data + c->used;
	c->used += need;
	arena->total += need;
	return p;
}

void *sts_alloc_array(struct sts_arena *arena, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		die("array size overflows");
	return sts_alloc(arena, count * size);
}

char *sts_strndup(struct sts_arena *arena, const char *s, size_t len)
{
	char *p = sts_alloc(arena, len + 1);

	if (len > 0)
		memcpy(p, s, len);
	return p;
}

char *sts_strdup(struct sts_arena *arena, const char *s)
{
	return s == NULL ? NULL : sts_strndup(arena, s, strlen(s));
}

char *sts_sprintf(struct sts_arena *arena, const char *fmt, ...)
{
	char text[256]; /* most are short, and then printed once */
	va_list ap;
	va_list again;
	char *p;
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (len < 0)
		die("format failed");
	p = sts_alloc(arena, (size_t)len + 1);
	if ((size_t)len < sizeof text)
		memcpy(p, text, (size_t)len);
	else
		vsnprintf(p, (size_t)len + 1, fmt, again);
	va_end(again);
	return p;
}

size_t sts_arena_used(const struct sts_arena *arena)
{
	return arena->total;
}

void *sts_grow_array(struct sts_arena *arena, void *items, size_t count, size_t size)
{
	void *grown;

	/* Capacity is 4, 8, 16, ...: full exactly when count is one of these (or nothing is there yet). */
	if (count != 0 && (count < 4 || (count & (count - 1)) != 0))
		return items;
	grown = sts_alloc_array(arena, count == 0 ? 4 : count * 2, size);
	if (count != 0)
		memcpy(grown, items, count * size);
	return grown;
}
