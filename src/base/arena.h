/* Memory that lives and dies with one check: allocate, never release singly. */
#ifndef STS_BASE_ARENA_H
#define STS_BASE_ARENA_H

#include "mtasts/base.h"

/**
 * Allocation for a whole check must not fail half-way through a thousand places: running out of memory (or of the arena's
 * ceiling, STS_ARENA_MAX) aborts the process with a message. Input is bounded before it gets here.
 */
#define STS_ARENA_MAX ((size_t)256 * 1024 * 1024)

/** Zeroed memory of size octets, aligned for any type; owned by the arena; never NULL. */
void *sts_alloc(struct sts_arena *arena, size_t size) __attribute__((malloc, returns_nonnull));

/** Zeroed array of count elements; aborts on overflow. */
void *sts_alloc_array(struct sts_arena *arena, size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/** NUL-terminated copy of len octets (NUL octets inside stay). */
char *sts_strndup(struct sts_arena *arena, const char *s, size_t len) __attribute__((returns_nonnull));

/** NUL-terminated copy of s; NULL stays NULL. */
char *sts_strdup(struct sts_arena *arena, const char *s);

/** Formatted NUL-terminated string. */
char *sts_sprintf(struct sts_arena *arena, const char *fmt, ...) STS_PRINTF(2, 3) __attribute__((returns_nonnull));

/** Forget everything allocated; the first chunk is kept for what comes next. */
void sts_arena_reset(struct sts_arena *arena);

/** Octets handed out so far; for tests and limits. */
size_t sts_arena_used(const struct sts_arena *arena);

/** One new zeroed TYPE. */
#define STS_NEW(arena, type) ((type *)sts_alloc((arena), sizeof(type)))

/**
 * Append one zeroed element to an arena array {type *items; size_t count;} and give its address. Growth is by doubling at
 * powers of two, so only items and count are needed; older copies stay in the arena. The address is good until the next push.
 */
#define STS_PUSH(arena, items, count)                                                                                  \
	((items) = sts_grow_array((arena), (items), (count), sizeof *(items)), &(items)[(count)++])

/** Room for one more element; used by STS_PUSH. */
void *sts_grow_array(struct sts_arena *arena, void *items, size_t count, size_t size) __attribute__((returns_nonnull));

#endif
