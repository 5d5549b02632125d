#include "base/map.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

struct sts_map_slot {
	uint64_t hash;
	char *key; /* NULL: empty */
	size_t key_len;
	void *value;
};

/* ---- SipHash-2-4 ------------------------------------------------------------------------------------------------ */

static uint64_t secret[2];
static pthread_once_t secret_once = PTHREAD_ONCE_INIT;

static void draw_secret(void)
{
	/* the pool is ready on every system that has started up; a request of 16 octets is never cut short */
	if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret)
		abort();
}

static inline uint64_t rotl(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void sip_round(uint64_t v[static 4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static inline void sip_word(uint64_t v[static 4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

uint64_t sts_hash(struct sts_str text)
{
	uint64_t v[4];
	uint64_t word;
	size_t at = 0;

	pthread_once(&secret_once, draw_secret);
	v[0] = secret[0] ^ UINT64_C(0x736f6d6570736575);
	v[1] = secret[1] ^ UINT64_C(0x646f72616e646f6d);
	v[2] = secret[0] ^ UINT64_C(0x6c7967656e657261);
	v[3] = secret[1] ^ UINT64_C(0x7465646279746573);
	for (; text.len - at >= 8; at += 8) {
		memcpy(&word, text.ptr + at, 8);
		sip_word(v, word);
	}
	word = (uint64_t)text.len << 56;
	for (size_t i = 0; at + i < text.len; i++)
		word |= (uint64_t)(unsigned char)text.ptr[at + i] << (8 * i);
	sip_word(v, word);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* ---- open addressing, linear probing ------------------------------------------------------------------------------
 */

void sts_map_clear(struct sts_map *map)
{
	for (size_t i = 0; i < map->size; i++)
		free(map->slots[i].key);
	free(map->slots);
	*map = (struct sts_map){0};
}

/* The slot of the key, or the empty one where it belongs. The table is never full. */
static struct sts_map_slot *find(const struct sts_map *map, uint64_t hash, struct sts_str key)
{
	size_t mask = map->size - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct sts_map_slot *slot = &map->slots[i];

		if (slot->key == NULL || (slot->hash == hash && sts_str_eq(sts_str(slot->key, slot->key_len), key)))
			return slot;
	}
}

void *sts_map_get(const struct sts_map *map, struct sts_str key)
{
	struct sts_map_slot *slot;

	if (map->count == 0)
		return NULL;
	slot = find(map, sts_hash(key), key);
	return slot->key == NULL ? NULL : slot->value;
}

/* At most three slots of four are ever taken. */
static bool make_room(struct sts_map *map)
{
	struct sts_map bigger = {.size = map->size == 0 ? 16 : map->size * 2, .count = map->count};

	if ((map->count + 1) * 4 <= map->size * 3)
		return true;
	bigger.slots = calloc(bigger.size, sizeof *bigger.slots);
	if (bigger.slots == NULL)
		return false;
	for (size_t i = 0; i < map->size; i++) {
		const struct sts_map_slot *slot = &map->slots[i];

		if (slot->key != NULL)
			*find(&bigger, slot->hash, sts_str(slot->key, slot->key_len)) = *slot;
	}
	free(map->slots);
	*map = bigger;
	return true;
}

bool sts_map_put(struct sts_map *map, struct sts_str key, void *value)
{
	uint64_t hash = sts_hash(key);
	struct sts_map_slot *slot;

	if (!make_room(map))
		return false;
	slot = find(map, hash, key);
	if (slot->key == NULL) {
		slot->key = malloc(key.len + 1);
		if (slot->key == NULL)
			return false;
		if (key.len > 0)
			memcpy(slot->key, key.ptr, key.len);
		slot->key[key.len] = '\0';
		slot->key_len = key.len;
		slot->hash = hash;
		map->count++;
	}
	slot->value = value;
	return true;
}

/* Entries behind a hole move up unless that would put them before the slot they belong to. */
static void close_gap(struct sts_map *map, size_t hole)
{
	size_t mask = map->size - 1;

	for (size_t i = (hole + 1) & mask; map->slots[i].key != NULL; i = (i + 1) & mask) {
		size_t home = map->slots[i].hash & mask;

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		map->slots[hole] = map->slots[i];
		map->slots[i] = (struct sts_map_slot){0};
		hole = i;
	}
}

void *sts_map_remove(struct sts_map *map, struct sts_str key)
{
	struct sts_map_slot *slot;
	void *value;

	if (map->count == 0)
		return NULL;
	slot = find(map, sts_hash(key), key);
	if (slot->key == NULL)
		return NULL;
	value = slot->value;
	free(slot->key);
	*slot = (struct sts_map_slot){0};
	map->count--;
	close_gap(map, (size_t)(slot - map->slots));
	return value;
}

void *sts_map_next(const struct sts_map *map, size_t *at, struct sts_str *key)
{
	while (*at < map->size) {
		const struct sts_map_slot *slot = &map->slots[(*at)++];

		if (slot->key == NULL)
			continue;
		if (key != NULL)
			*key = sts_str(slot->key, slot->key_len);
		return slot->value;
	}
	return NULL;
}
