#include "stores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *stores_fresh(const char *kind, const char *folder)
{
	static unsigned n;
	static char path[128];
	const char *url = getenv("MTASTS_TEST_PG");
	struct sts_store *s = NULL;
	char why[512] = "";

	if (strcmp(kind, "SQLite") == 0) {
		snprintf(path, sizeof path, "%s/%u.db", folder, n++);
		return path;
	}
	if (sts_pg_open(url, &s, why) != STS_OK || s->ops->script(s, "DROP SCHEMA IF EXISTS mtasts CASCADE") != STS_OK)
		printf("  cannot wipe: %s\n", s == NULL ? why : s->why);
	sts_store_close(s);
	return url;
}

struct sts_store *stores_open(const char *place)
{
	struct sts_store *s = NULL;
	char why[512] = "";

	if (sts_store_open(place, &s, why) != STS_OK) {
		printf("  cannot open %s: %s\n", place, why);
		exit(1);
	}
	return s;
}
