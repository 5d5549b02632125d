/* SQLite lives here. WAL, and every commit on the disk before it counts: a process killed at any instant loses nothing
 * it was told is kept. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STATEMENTS_MAX 192
#define COLUMNS_MAX 16

/* "MSTS" in the file's head: this database is ours. */
#define APPLICATION_ID 0x4d535453

struct prepared {
	const char *sql;
	sqlite3_stmt *stmt;
};

struct sqlite_store {
	struct sts_store base;
	sqlite3 *db;
	struct prepared prepared[STATEMENTS_MAX];
	size_t prepared_count;
};

static enum sts_err err_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
		return STS_OK;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return STS_ETIMEOUT;
	case SQLITE_NOMEM:
		return STS_ENOMEM;
	case SQLITE_NOTADB:
		return STS_EINVAL;
	case SQLITE_IOERR:
	case SQLITE_FULL:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_CORRUPT:
	case SQLITE_PERM:
		return STS_EIO;
	default:
		return STS_ESYSTEM;
	}
}

static enum sts_err fail(struct sqlite_store *s, int rc)
{
	return sts_store_fail(&s->base, err_of(rc), "%s", s->db == NULL ? sqlite3_errstr(rc) : sqlite3_errmsg(s->db));
}

/* ---- statements ------------------------------------------------------------------------------------------------ */

static enum sts_err prepare(struct sqlite_store *s, const char *sql, sqlite3_stmt **out)
{
	int rc;

	for (size_t i = 0; i < s->prepared_count; i++) {
		if (s->prepared[i].sql == sql) {
			*out = s->prepared[i].stmt;
			return STS_OK;
		}
	}
	if (s->prepared_count == STATEMENTS_MAX)
		return sts_store_fail(&s->base, STS_ESYSTEM, "more statements than foreseen");
	rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
	if (rc != SQLITE_OK)
		return fail(s, rc);
	s->prepared[s->prepared_count++] = (struct prepared){sql, *out};
	return STS_OK;
}

static int bind_one(sqlite3_stmt *stmt, int at, const struct sts_value *v)
{
	switch (v->type) {
	case STS_VALUE_INT:
		return sqlite3_bind_int64(stmt, at, v->integer);
	case STS_VALUE_TEXT:
		return sqlite3_bind_text64(
			stmt, at, v->text.ptr == NULL ? "" : v->text.ptr, v->text.len, SQLITE_STATIC, SQLITE_UTF8);
	case STS_VALUE_BLOB:
		return sqlite3_bind_blob64(
			stmt, at, v->text.ptr == NULL ? "" : v->text.ptr, v->text.len, SQLITE_STATIC);
	default:
		return sqlite3_bind_null(stmt, at);
	}
}

static struct sts_value column(sqlite3_stmt *stmt, int at)
{
	struct sts_value v = {0};

	switch (sqlite3_column_type(stmt, at)) {
	case SQLITE_INTEGER:
		return sts_v_int(sqlite3_column_int64(stmt, at));
	case SQLITE_TEXT:
		v.type = STS_VALUE_TEXT;
		v.text.ptr = (const char *)sqlite3_column_text(stmt, at);
		break;
	case SQLITE_BLOB:
		v.type = STS_VALUE_BLOB;
		v.text.ptr = sqlite3_column_blob(stmt, at);
		break;
	default:
		return sts_v_null();
	}
	v.text.len = (size_t)sqlite3_column_bytes(stmt, at);
	if (v.text.ptr == NULL)
		v.text.ptr = "";
	return v;
}

static enum sts_err hand_over(sqlite3_stmt *stmt, sts_row_fn *row, void *arg)
{
	struct sts_value columns[COLUMNS_MAX];
	int count = sqlite3_column_count(stmt);

	if (row == NULL)
		return STS_OK;
	for (int i = 0; i < count && i < COLUMNS_MAX; i++)
		columns[i] = column(stmt, i);
	return row(columns, (size_t)count, arg);
}

static enum sts_err step_all(struct sqlite_store *s, sqlite3_stmt *stmt, sts_row_fn *row, void *arg)
{
	enum sts_err err = STS_OK;
	int rc = SQLITE_ROW;

	while (err == STS_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
		err = hand_over(stmt, row, arg);
	if (err == STS_OK && rc != SQLITE_DONE)
		err = fail(s, rc);
	return err;
}

static enum sts_err run(struct sts_store *base, const char *sql, const struct sts_value *values, size_t count,
	sts_row_fn *row, void *arg)
{
	struct sqlite_store *s = (struct sqlite_store *)base;
	sqlite3_stmt *stmt = NULL;
	enum sts_err err = prepare(s, sql, &stmt);
	int rc = SQLITE_OK;

	if (err != STS_OK)
		return err;
	for (size_t i = 0; i < count && rc == SQLITE_OK; i++)
		rc = bind_one(stmt, (int)i + 1, &values[i]);
	err = rc == SQLITE_OK ? step_all(s, stmt, row, arg) : fail(s, rc);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return err;
}

static enum sts_err script(struct sts_store *base, const char *sql)
{
	struct sqlite_store *s = (struct sqlite_store *)base;
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? STS_OK : fail(s, rc);
}

static enum sts_err begin(struct sts_store *base, enum sts_begin how)
{
	/* Deferred and then writing could fail half-way with no way to wait. */
	return script(base, how == STS_BEGIN_WRITE ? "BEGIN IMMEDIATE" : "BEGIN");
}

static enum sts_err version(struct sts_store *base, int64_t *out)
{
	return sts_store_int(base, "PRAGMA user_version", STS_NO_VALUES, out);
}

static enum sts_err set_version(struct sts_store *base, int64_t v)
{
	char sql[64];

	snprintf(sql, sizeof sql, "PRAGMA user_version = %" PRId64, v);
	return script(base, sql);
}

static void close_store(struct sts_store *base)
{
	struct sqlite_store *s = (struct sqlite_store *)base;

	for (size_t i = 0; i < s->prepared_count; i++)
		sqlite3_finalize(s->prepared[i].stmt);
	sqlite3_close(s->db);
	free(s);
}

static const struct sts_store_ops ops = {
	.name = "SQLite",
	.dialect = STS_DIALECT_SQLITE,
	.migrations = sts_sqlite_migrations,
	.run = run,
	.script = script,
	.begin = begin,
	.version = version,
	.set_version = set_version,
	.close = close_store,
};

/* ---- opening --------------------------------------------------------------------------------------------------- */

/* What is kept tells whom its user deals with: nobody else's business. */
static void create_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
}

/* Turning a new file to WAL needs it for oneself, and this wait is none that SQLite's own busy handler covers. */
static enum sts_err go_wal(struct sqlite_store *s)
{
	enum sts_err err;

	for (int waited_ms = 0; (err = script(&s->base, "PRAGMA journal_mode = WAL")) == STS_ETIMEOUT;
		waited_ms += 20) {
		if (waited_ms >= STS_STORE_BUSY_MS)
			break;
		usleep(20 * 1000);
	}
	return err;
}

/* Ours, or empty: never write into somebody else's database. */
static enum sts_err claim(struct sqlite_store *s)
{
	int64_t application = 0;
	int64_t tables = 0;
	enum sts_err err = sts_store_begin(&s->base, STS_BEGIN_WRITE);

	if (err == STS_OK)
		err = sts_store_int(&s->base, "PRAGMA application_id", STS_NO_VALUES, &application);
	if (err == STS_OK)
		err = sts_store_int(&s->base, "SELECT count(*) FROM sqlite_schema", STS_NO_VALUES, &tables);
	if (err == STS_OK && application != APPLICATION_ID && (application != 0 || tables > 0))
		err = sts_store_fail(&s->base, STS_EINVAL, "it is the database of another program");
	if (err == STS_OK && application == 0)
		err = script(&s->base, "PRAGMA application_id = 1297306707");
	return sts_store_end(&s->base, err);
}

static enum sts_err prepare_connection(struct sqlite_store *s)
{
	int64_t application = 0;
	enum sts_err err =
		script(&s->base, "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL;");

	if (err == STS_OK)
		err = sts_store_int(&s->base, "PRAGMA application_id", STS_NO_VALUES, &application);
	if (err == STS_OK && application != APPLICATION_ID)
		err = claim(s);
	return err == STS_OK ? go_wal(s) : err;
}

enum sts_err sts_sqlite_open(const char *path, struct sts_store **out, char why[static 512])
{
	struct sqlite_store *s = calloc(1, sizeof *s);
	enum sts_err err;
	int rc;

	_Static_assert(APPLICATION_ID == 1297306707, "the number in claim() is this one");
	if (s == NULL)
		return STS_ENOMEM;
	s->base.ops = &ops;
	create_private(path);
	rc = sqlite3_open_v2(path, &s->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(s->db, STS_STORE_BUSY_MS);
	err = rc == SQLITE_OK ? prepare_connection(s) : fail(s, rc);
	if (err != STS_OK) {
		snprintf(why, 512, "%.200s: %.300s", path, s->base.why);
		close_store(&s->base);
		return err;
	}
	*out = &s->base;
	return STS_OK;
}
