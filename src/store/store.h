/*
 * Where memory is kept: SQL, spoken to SQLite or PostgreSQL. This file knows nothing of observations; history.h does.
 *
 * Statements are written once, in the dialect that both understand, with ?1, ?2 … for values. A statement's text must
 * be static: it is prepared once and known by its address.
 */
#ifndef STS_STORE_STORE_H
#define STS_STORE_STORE_H

#include "base/buf.h"
#include "base/str.h"

enum sts_value_type { STS_VALUE_NULL, STS_VALUE_INT, STS_VALUE_TEXT, STS_VALUE_BLOB };

struct sts_value {
	enum sts_value_type type;
	int64_t integer;
	struct sts_str text; /* of a text (UTF-8, NUL-terminated in rows) or blob */
};

static inline struct sts_value sts_v_int(int64_t v)
{
	return (struct sts_value){.type = STS_VALUE_INT, .integer = v};
}

static inline struct sts_value sts_v_null(void)
{
	return (struct sts_value){.type = STS_VALUE_NULL};
}

/** NULL gives NULL. */
static inline struct sts_value sts_v_text(const char *s)
{
	return s == NULL ? sts_v_null() : (struct sts_value){.type = STS_VALUE_TEXT, .text = sts_str_of(s)};
}

static inline struct sts_value sts_v_str(struct sts_str s)
{
	return (struct sts_value){.type = STS_VALUE_TEXT, .text = s};
}

static inline struct sts_value sts_v_blob(struct sts_str s)
{
	return (struct sts_value){.type = STS_VALUE_BLOB, .text = s};
}

/** Values of a statement as two arguments: STS_VALUES(sts_v_int(1), sts_v_text("a")). */
#define STS_VALUES(...)                                                                                                \
	(const struct sts_value[]){__VA_ARGS__},                                                                       \
		sizeof((const struct sts_value[]){__VA_ARGS__}) / sizeof(struct sts_value)
#define STS_NO_VALUES NULL, 0

/** Takes one row; columns are borrowed during the call. Anything but STS_OK ends the statement with this error. Must
 * not run statements. */
typedef enum sts_err sts_row_fn(const struct sts_value *columns, size_t count, void *arg);

enum sts_begin {
	STS_BEGIN_READ,  /* everything read until the end is of one moment */
	STS_BEGIN_WRITE, /* waits for other writers as far as the store needs it */
};

/** For the few statements that cannot be written once: clocks, locks. */
enum sts_dialect { STS_DIALECT_SQLITE, STS_DIALECT_POSTGRESQL };

struct sts_store;

/** What a kind of store can do. Errors: STS_ETIMEOUT another writer was busy for too long; STS_EIO; STS_ESYSTEM; s->why
 * tells. */
struct sts_store_ops {
	const char *name;
	enum sts_dialect dialect;
	const char *const *migrations; /* step N leads from schema N to N + 1; NULL-terminated */
	enum sts_err (*run)(struct sts_store *s, const char *sql, const struct sts_value *values, size_t count,
		sts_row_fn *row, void *arg);
	/** Several statements without values or rows, not prepared. */
	enum sts_err (*script)(struct sts_store *s, const char *sql);
	/** Rows in bulk: COPY statement and its text data (PostgreSQL). NULL where statements are as good. */
	enum sts_err (*copy)(struct sts_store *s, const char *sql, struct sts_str data);
	enum sts_err (*begin)(struct sts_store *s, enum sts_begin how);
	enum sts_err (*version)(struct sts_store *s, int64_t *version);
	enum sts_err (*set_version)(struct sts_store *s, int64_t version);
	void (*close)(struct sts_store *s);
};

struct sts_store {
	const struct sts_store_ops *ops;
	char why[512]; /* of the last failure, for a person; escaped */
	bool in_transaction;
	bool again; /* the last failure was a clash with another writer: the same transaction may work when begun anew
		     */
};

/** Longest wait for another writer, milliseconds. */
#define STS_STORE_BUSY_MS 15000

/**
 * Open a store, making it when it is not there yet, and bring its schema to the newest version.
 *
 * @param where  "postgresql://…" or "postgres://…", or the path of an SQLite database
 * @param why    on failure a sentence; at least 512 octets
 * @return STS_OK; STS_EIO, STS_ESYSTEM, STS_ETIMEOUT, STS_ENOMEM; STS_EINVAL: it is something else, or of a newer
 * program
 */
STS_MUST_CHECK enum sts_err sts_store_open(const char *where, struct sts_store **out, char why[static 512]);
/** As above, but the schema stays at a version (for tests of migrations); negative: the newest. */
STS_MUST_CHECK enum sts_err sts_store_open_at(
	const char *where, int64_t version, struct sts_store **out, char why[static 512]);
void sts_store_close(struct sts_store *s);

/** The place is a PostgreSQL URL. */
bool sts_store_is_url(const char *where);

/** Run a statement; row may be NULL. */
STS_MUST_CHECK enum sts_err sts_store_run(
	struct sts_store *s, const char *sql, const struct sts_value *values, size_t count, sts_row_fn *row, void *arg);

STS_MUST_CHECK enum sts_err sts_store_begin(struct sts_store *s, enum sts_begin how);
/** Commit when err is STS_OK, else roll back. @return err, or what went wrong with the commit */
STS_MUST_CHECK enum sts_err sts_store_end(struct sts_store *s, enum sts_err err);

/** A statement that gives one integer. @return STS_OK; STS_ENOENT: no row (*out untouched) */
STS_MUST_CHECK enum sts_err sts_store_int(
	struct sts_store *s, const char *sql, const struct sts_value *values, size_t count, int64_t *out);

/** Note a failure in s->why. @return err */
enum sts_err sts_store_fail(struct sts_store *s, enum sts_err err, const char *fmt, ...) STS_PRINTF(3, 4);

enum sts_err sts_sqlite_open(const char *path, struct sts_store **out, char why[static 512]);
enum sts_err sts_pg_open(const char *url, struct sts_store **out, char why[static 512]);
extern const char *const sts_sqlite_migrations[];
extern const char *const sts_pg_migrations[];

#endif
