/* The hash table against a plain array: put, replace, remove, walk. */
#include "test.h"

#include "base/map.h"

#define KEYS 997

static int values[KEYS];
static bool present[KEYS];

static struct sts_str key_of(unsigned i, char room[static 32])
{
	return sts_str(room, (size_t)snprintf(room, 32, "key-%u%s", i, i % 3 == 0 ? "-long-enough-to-hash" : ""));
}

static void agrees(const struct sts_map *map)
{
	char room[32];
	size_t count = 0;
	size_t at = 0;
	size_t seen = 0;
	struct sts_str key;
	int *value;

	for (unsigned i = 0; i < KEYS; i++) {
		EXPECT(sts_map_get(map, key_of(i, room)) == (present[i] ? &values[i] : NULL));
		count += present[i];
	}
	while ((value = sts_map_next(map, &at, &key)) != NULL) {
		EXPECT(sts_str_eq(key, key_of((unsigned)(value - values), room)));
		seen++;
	}
	EXPECT_INT(map->count, count);
	EXPECT_INT(seen, count);
}

int main(void)
{
	struct sts_map map = {0};
	char room[32];
	unsigned dice = 12345;

	CASE("an empty map has nothing");
	EXPECT(sts_map_get(&map, STS_STR("a")) == NULL);
	EXPECT(sts_map_remove(&map, STS_STR("a")) == NULL);
	CASE("the empty text is a key like any other");
	EXPECT(sts_map_put(&map, sts_str(NULL, 0), &values[0]));
	EXPECT(sts_map_get(&map, STS_STR("")) == &values[0]);
	EXPECT(sts_map_remove(&map, STS_STR("")) == &values[0]);
	CASE("20,000 random changes leave it as the plain array says");
	for (unsigned n = 0; n < 20000; n++) {
		unsigned i;

		dice = dice * 1103515245 + 12345;
		i = dice / 65536 % KEYS;
		if (dice & 0x8000) {
			EXPECT(sts_map_put(&map, key_of(i, room), &values[i]));
			present[i] = true;
		} else {
			EXPECT(sts_map_remove(&map, key_of(i, room)) == (present[i] ? &values[i] : NULL));
			present[i] = false;
		}
		if (n % 2500 == 0)
			agrees(&map);
	}
	agrees(&map);
	sts_map_clear(&map);
	EXPECT_INT(map.count, 0);
	return test_done();
}
