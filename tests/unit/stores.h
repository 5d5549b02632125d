/* Fresh stores for tests that run on every kind: SQLite always, PostgreSQL where MTASTS_TEST_PG holds the URL of an empty database. */
#ifndef STS_TESTS_STORES_H
#define STS_TESTS_STORES_H

#include "store/store.h"

/** Where a new, empty store may be made: a file in the folder for "SQLite", else the database, wiped. Good until the next call. */
const char *stores_fresh(const char *kind, const char *folder);

/** Open it, or end the test program. */
struct sts_store *stores_open(const char *place);

#endif
