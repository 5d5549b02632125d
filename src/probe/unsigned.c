#include "probe/unsigned.h"

#include "base/map.h"

#include <stdlib.h>
#include <string.h>

/* Shared hosts and the domains under way: a few thousand at most. */
#define ROOM 4096

struct note {
	char name[STS_UNSIGNED_NAME_MAX];
	enum sts_signing signing;
	int64_t until_ms;
};

struct sts_unsigned {
	struct note notes[ROOM];
	uint64_t asked[ROOM]; /* hashes of questions */
};

struct sts_unsigned *sts_unsigned_new(void)
{
	return calloc(1, sizeof(struct sts_unsigned));
}

void sts_unsigned_free(struct sts_unsigned *u)
{
	free(u);
}

static size_t place(const char *name)
{
	return (size_t)(sts_hash(sts_str_of(name)) % ROOM);
}

void sts_unsigned_note(struct sts_unsigned *u, const char *name, enum sts_signing signing, int64_t until_ms)
{
	struct note *n = &u->notes[place(name)];
	size_t len = strlen(name);

	if (len >= sizeof n->name)
		return;
	memcpy(n->name, name, len + 1);
	n->signing = signing;
	n->until_ms = until_ms;
}

enum sts_signing sts_unsigned_get(const struct sts_unsigned *u, const char *name, int64_t now_ms)
{
	const struct note *n = &u->notes[place(name)];

	return now_ms < n->until_ms && strcmp(n->name, name) == 0 ? n->signing : STS_SIGNING_UNKNOWN;
}

bool sts_unsigned_asked(struct sts_unsigned *u, const char *name, uint16_t type)
{
	uint64_t hash = sts_hash(sts_str_of(name)) + type;
	uint64_t *at = &u->asked[hash % ROOM];
	bool before = *at == hash;

	*at = hash;
	return before;
}

void sts_unsigned_forget(struct sts_unsigned *u)
{
	memset(u, 0, sizeof *u);
}
