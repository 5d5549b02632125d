/*
 * A hash table from texts to pointers. Strangers choose the keys (domains, addresses, header values), so the hash is
 * keyed with a secret of this process: nobody can make keys collide on purpose.  [SipHash-2-4]
 */
#ifndef STS_BASE_MAP_H
#define STS_BASE_MAP_H

#include "base/str.h"

struct sts_map_slot;

/** Zeroed memory is an empty map. Values are borrowed; keys are copied. */
struct sts_map {
	struct sts_map_slot *slots;
	size_t size; /* slots, a power of two */
	size_t count;
};

/** Forget all entries and release the table; the values are the caller's. */
void sts_map_clear(struct sts_map *map);
/** The value of a key, or NULL. */
void *sts_map_get(const struct sts_map *map, struct sts_str key);
/** Set a key's value (not NULL), replacing an earlier one. @return false: out of memory, nothing changed */
STS_MUST_CHECK bool sts_map_put(struct sts_map *map, struct sts_str key, void *value);
/** Remove a key. @return its value, or NULL when it was not there */
void *sts_map_remove(struct sts_map *map, struct sts_str key);
/**
 * Walk over all entries in no particular order; *at begins as 0. The map must not change meanwhile.
 *
 * @param key  the entry's key, borrowed, or NULL
 * @return the next value; NULL at the end
 */
void *sts_map_next(const struct sts_map *map, size_t *at, struct sts_str *key);

/** SipHash-2-4 of a text under this process's secret. */
uint64_t sts_hash(struct sts_str text);

#endif
