/* PostgreSQL lives here. Everything of ours stands in the schema "mtasts" of the database that the URL names. */
#include "store/pq.h"
#include "store/store.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define STATEMENTS_MAX 192
#define VALUES_MAX 16
#define COLUMNS_MAX 16

/* Types by number, as in the server's catalogue. */
#define OID_BYTEA 17
#define OID_INT8 20
#define OID_INT2 21
#define OID_INT4 23
#define OID_TEXT 25

/* Serialises what changes the schema; any number nobody else uses. */
#define LOCK "SELECT pg_advisory_xact_lock(5568420318452)"

struct pg_store {
	struct sts_store base;
	const struct sts_pq *pq;
	PGconn *conn;
	const char *prepared[STATEMENTS_MAX]; /* statement N is called "sN" on the server */
	size_t prepared_count;
	bool broken; /* the last failure was libpq's own, not one that the server told of */
};

static enum sts_err err_of_state(const char *state)
{
	if (state == NULL || strncmp(state, "08", 2) == 0 || strncmp(state, "57P", 3) == 0)
		return STS_EIO;
	if (strncmp(state, "40", 2) == 0 || strncmp(state, "55P03", 5) == 0)
		return STS_ETIMEOUT;
	if (strncmp(state, "53", 2) == 0)
		return STS_EIO;
	return STS_ESYSTEM;
}

static enum sts_err fail_connection(struct pg_store *s)
{
	s->broken = true;
	return sts_store_fail(&s->base, STS_EIO, "%s", s->pq->PQerrorMessage(s->conn));
}

static enum sts_err fail_result(struct pg_store *s, const PGresult *r)
{
	const char *state = r == NULL ? NULL : s->pq->PQresultErrorField(r, PG_DIAG_SQLSTATE);

	if (r == NULL)
		return fail_connection(s);
	s->broken = state == NULL;
	/* class 40: deadlock, serialization failure */
	s->base.again = state != NULL && strncmp(state, "40", 2) == 0;
	return sts_store_fail(&s->base, err_of_state(state), "%s", s->pq->PQresultErrorMessage(r));
}

static bool is_good(const struct pg_store *s, const PGresult *r)
{
	ExecStatusType status = r == NULL ? PGRES_FATAL_ERROR : s->pq->PQresultStatus(r);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE ||
	       status == PGRES_EMPTY_QUERY;
}

static enum sts_err script(struct sts_store *base, const char *sql)
{
	struct pg_store *s = (struct pg_store *)base;
	PGresult *r = s->pq->PQexec(s->conn, sql);
	enum sts_err err = is_good(s, r) ? STS_OK : fail_result(s, r);

	s->pq->PQclear(r);
	return err;
}

/* No retry here: rows in bulk are part of a transaction. */
static enum sts_err copy(struct sts_store *base, const char *sql, struct sts_str data)
{
	struct pg_store *s = (struct pg_store *)base;
	PGresult *r = s->pq->PQexec(s->conn, sql);
	enum sts_err err = STS_OK;

	if (s->pq->PQresultStatus(r) != PGRES_COPY_IN)
		err = fail_result(s, r);
	s->pq->PQclear(r);
	if (err != STS_OK)
		return err;
	if (data.len > INT_MAX || (data.len > 0 && s->pq->PQputCopyData(s->conn, data.ptr, (int)data.len) != 1))
		err = fail_connection(s);
	if (s->pq->PQputCopyEnd(s->conn, err == STS_OK ? NULL : "given up") != 1 && err == STS_OK)
		err = fail_connection(s);
	while ((r = s->pq->PQgetResult(s->conn)) != NULL) {
		if (err == STS_OK && !is_good(s, r))
			err = fail_result(s, r);
		s->pq->PQclear(r);
	}
	return err;
}

/* ---- statements ------------------------------------------------------------------------------------------------ */

/* ?1 becomes $1; statements hold no other question mark. */
static char *to_dollar(const char *sql)
{
	char *copy = strdup(sql);

	for (char *p = copy; p != NULL && *p != '\0'; p++)
		*p = *p == '?' ? '$' : *p;
	return copy;
}

static Oid oid_of(enum sts_value_type type)
{
	static const Oid oids[] = {0, OID_INT8, OID_TEXT, OID_BYTEA};

	return oids[type];
}

static enum sts_err prepare_on_server(
	struct pg_store *s, const char *name, const char *sql, const struct sts_value *values, size_t count)
{
	char *dollar = to_dollar(sql);
	Oid types[VALUES_MAX];
	PGresult *r;
	enum sts_err err;

	if (dollar == NULL)
		return STS_ENOMEM;
	for (size_t i = 0; i < count; i++)
		types[i] = oid_of(values[i].type);
	r = s->pq->PQprepare(s->conn, name, dollar, (int)count, types);
	err = is_good(s, r) ? STS_OK : fail_result(s, r);
	s->pq->PQclear(r);
	free(dollar);
	return err;
}

static enum sts_err prepare(
	struct pg_store *s, const char *sql, const struct sts_value *values, size_t count, char name[static 16])
{
	enum sts_err err;
	size_t i = 0;

	while (i < s->prepared_count && s->prepared[i] != sql)
		i++;
	if (i == STATEMENTS_MAX || count > VALUES_MAX)
		return sts_store_fail(&s->base, STS_ESYSTEM, "more statements or values than foreseen");
	snprintf(name, 16, "s%zu", i);
	if (i < s->prepared_count)
		return STS_OK;
	err = prepare_on_server(s, name, sql, values, count);
	if (err == STS_OK)
		s->prepared[s->prepared_count++] = sql;
	return err;
}

/* Integers as text, texts and blobs as they are; all in one place so that their addresses last until they are sent. */
struct sent_values {
	char digits[VALUES_MAX][24];
	char *texts[VALUES_MAX]; /* copies with a NUL behind; freed afterwards */
	const char *values[VALUES_MAX];
	int lengths[VALUES_MAX];
	int formats[VALUES_MAX];
};

static enum sts_err fill(struct sent_values *out, const struct sts_value *values, size_t count)
{
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < count; i++) {
		const struct sts_value *v = &values[i];

		if (v->type == STS_VALUE_NULL)
			continue;
		if (v->type == STS_VALUE_INT) {
			snprintf(out->digits[i], sizeof out->digits[i], "%" PRId64, v->integer);
			out->values[i] = out->digits[i];
			continue;
		}
		out->texts[i] = malloc(v->text.len + 1);
		if (out->texts[i] == NULL)
			return STS_ENOMEM;
		if (v->text.len > 0)
			memcpy(out->texts[i], v->text.ptr, v->text.len);
		out->texts[i][v->text.len] = '\0';
		out->values[i] = out->texts[i];
		out->lengths[i] = (int)v->text.len;
		out->formats[i] = v->type == STS_VALUE_BLOB;
	}
	return STS_OK;
}

static void release(struct sent_values *out)
{
	for (size_t i = 0; i < VALUES_MAX; i++)
		free(out->texts[i]);
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

static struct sts_value column(struct pg_store *s, const PGresult *r, int at, unsigned char **blob)
{
	struct sts_value v = {0};
	Oid type = s->pq->PQftype(r, at);
	size_t len = 0;

	*blob = NULL;
	if (s->pq->PQgetisnull(r, 0, at))
		return sts_v_null();
	if (type == OID_INT8 || type == OID_INT4 || type == OID_INT2)
		return sts_v_int(strtoll(s->pq->PQgetvalue(r, 0, at), NULL, 10));
	if (type == OID_BYTEA) {
		*blob = s->pq->PQunescapeBytea((const unsigned char *)s->pq->PQgetvalue(r, 0, at), &len);
		v.type = STS_VALUE_BLOB;
		v.text = *blob == NULL ? sts_str("", 0) : sts_str((const char *)*blob, len);
		return v;
	}
	v.type = STS_VALUE_TEXT;
	v.text = sts_str(s->pq->PQgetvalue(r, 0, at), (size_t)s->pq->PQgetlength(r, 0, at));
	return v;
}

static enum sts_err hand_over(struct pg_store *s, const PGresult *r, sts_row_fn *row, void *arg)
{
	struct sts_value columns[COLUMNS_MAX];
	unsigned char *blobs[COLUMNS_MAX] = {0};
	int count = s->pq->PQnfields(r);
	enum sts_err err;

	if (row == NULL || s->pq->PQntuples(r) == 0)
		return STS_OK;
	for (int i = 0; i < count && i < COLUMNS_MAX; i++)
		columns[i] = column(s, r, i, &blobs[i]);
	err = row(columns, (size_t)count, arg);
	for (int i = 0; i < COLUMNS_MAX; i++)
		if (blobs[i] != NULL)
			s->pq->PQfreemem(blobs[i]);
	return err;
}

/* Row by row: a long answer is never in memory as a whole. All results must be fetched, wanted or not. */
static enum sts_err fetch_rows(struct pg_store *s, sts_row_fn *row, void *arg)
{
	enum sts_err err = STS_OK;
	PGresult *r;

	while ((r = s->pq->PQgetResult(s->conn)) != NULL) {
		if (!is_good(s, r))
			err = err == STS_OK ? fail_result(s, r) : err;
		else if (err == STS_OK)
			err = hand_over(s, r, row, arg);
		s->pq->PQclear(r);
	}
	return err;
}

static enum sts_err run_once(struct sts_store *base, const char *sql, const struct sts_value *values, size_t count,
	sts_row_fn *row, void *arg)
{
	struct pg_store *s = (struct pg_store *)base;
	struct sent_values sent;
	char name[16];
	enum sts_err err = prepare(s, sql, values, count, name);

	if (err != STS_OK)
		return err;
	err = fill(&sent, values, count);
	if (err == STS_OK &&
		s->pq->PQsendQueryPrepared(s->conn, name, (int)count, sent.values, sent.lengths, sent.formats, 0) != 1)
		err = fail_connection(s);
	if (err == STS_OK) {
		s->pq->PQsetSingleRowMode(s->conn);
		err = fetch_rows(s, row, arg);
	}
	release(&sent);
	return err;
}

/* ---- connection ------------------------------------------------------------------------------------------------ */

static enum sts_err greet(struct pg_store *s)
{
	return script(&s->base, "SET client_encoding = 'UTF8'; SET search_path = mtasts; SET bytea_output = 'hex';"
				"SET lock_timeout = '15s'; SET statement_timeout = '120s'; SET synchronous_commit = on;"
				"SET idle_in_transaction_session_timeout = '120s'");
}

/* A server that was restarted meanwhile is no reason to give up. */
static enum sts_err reconnect(struct pg_store *s)
{
	s->prepared_count = 0;
	s->broken = false;
	s->pq->PQreset(s->conn);
	return s->pq->PQstatus(s->conn) == CONNECTION_OK ? greet(s) : fail_connection(s);
}

/* A server that was stopped at once leaves a last word behind: libpq then tells that it could not write, and still
 * takes the connection for good. */
static bool is_lost(const struct pg_store *s)
{
	return s->broken || s->pq->PQstatus(s->conn) != CONNECTION_OK;
}

/* Within a transaction a lost connection has lost the transaction: then only who began it can begin anew. */
static enum sts_err run(struct sts_store *base, const char *sql, const struct sts_value *values, size_t count,
	sts_row_fn *row, void *arg)
{
	struct pg_store *s = (struct pg_store *)base;
	enum sts_err err;

	s->broken = false;
	err = run_once(base, sql, values, count, row, arg);
	if (err == STS_OK || base->in_transaction || !is_lost(s))
		return err;
	err = reconnect(s);
	return err == STS_OK ? run_once(base, sql, values, count, row, arg) : err;
}

static enum sts_err begin(struct sts_store *base, enum sts_begin how)
{
	struct pg_store *s = (struct pg_store *)base;
	const char *sql = how == STS_BEGIN_WRITE ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
	enum sts_err err;

	s->broken = false;
	err = script(base, sql);
	if (err == STS_OK || !is_lost(s))
		return err;
	err = reconnect(s);
	return err == STS_OK ? script(base, sql) : err;
}

static enum sts_err version(struct sts_store *base, int64_t *out)
{
	int64_t there = 0;
	enum sts_err err =
		sts_store_int(base, "SELECT count(*) FROM pg_tables WHERE schemaname = 'mtasts' AND tablename = 'meta'",
			STS_NO_VALUES, &there);

	*out = 0;
	if (err != STS_OK || there == 0)
		return err;
	err = sts_store_int(base, "SELECT version FROM mtasts.meta", STS_NO_VALUES, out);
	return err == STS_ENOENT ? STS_OK : err;
}

static enum sts_err version_locked(struct sts_store *base, int64_t *out)
{
	/* Within a transaction the version is asked for in order to change it. */
	enum sts_err err = base->in_transaction ? script(base, LOCK) : STS_OK;

	return err == STS_OK ? version(base, out) : err;
}

static enum sts_err make_schema(struct sts_store *base)
{
	int64_t there = 0;
	enum sts_err err = sts_store_int(
		base, "SELECT count(*) FROM pg_namespace WHERE nspname = 'mtasts'", STS_NO_VALUES, &there);

	/* An administrator may have made the schema for a role that must not. */
	if (err == STS_OK && there == 0)
		err = script(base, "CREATE SCHEMA mtasts");
	return err == STS_OK ? script(base, "CREATE TABLE IF NOT EXISTS mtasts.meta (version BIGINT NOT NULL)") : err;
}

static enum sts_err set_version(struct sts_store *base, int64_t v)
{
	enum sts_err err = sts_store_run(base, "DELETE FROM mtasts.meta", STS_NO_VALUES, NULL, NULL);

	if (err != STS_OK)
		return err;
	return sts_store_run(
		base, "INSERT INTO mtasts.meta (version) VALUES (?1)", STS_VALUES(sts_v_int(v)), NULL, NULL);
}

static void close_store(struct sts_store *base)
{
	struct pg_store *s = (struct pg_store *)base;

	s->pq->PQfinish(s->conn);
	free(s);
}

static const struct sts_store_ops ops = {
	.name = "PostgreSQL",
	.dialect = STS_DIALECT_POSTGRESQL,
	.migrations = sts_pg_migrations,
	.run = run,
	.script = script,
	.copy = copy,
	.begin = begin,
	.version = version_locked,
	.set_version = set_version,
	.close = close_store,
};

static void ignore_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static enum sts_err connect_to(struct pg_store *s, const char *url)
{
	int64_t there = 0;
	enum sts_err err;

	s->conn = s->pq->PQconnectdb(url);
	if (s->conn == NULL)
		return STS_ENOMEM;
	if (s->pq->PQstatus(s->conn) != CONNECTION_OK)
		return fail_connection(s);
	s->pq->PQsetNoticeProcessor(s->conn, ignore_notice, NULL);
	err = greet(s);
	if (err == STS_OK)
		err = version(&s->base, &there);
	if (err != STS_OK || there > 0)
		return err;
	err = sts_store_begin(&s->base, STS_BEGIN_WRITE);
	if (err == STS_OK)
		err = script(&s->base, LOCK);
	if (err == STS_OK)
		err = make_schema(&s->base);
	return sts_store_end(&s->base, err);
}

enum sts_err sts_pg_open(const char *url, struct sts_store **out, char why[static 512])
{
	struct pg_store *s = calloc(1, sizeof *s);
	const char *load_why = NULL;
	enum sts_err err;

	if (s == NULL)
		return STS_ENOMEM;
	s->base.ops = &ops;
	s->pq = sts_pq(&load_why);
	if (s->pq == NULL) {
		snprintf(why, 512, "%s", load_why);
		free(s);
		return STS_ESYSTEM;
	}
	err = connect_to(s, url);
	if (err != STS_OK) {
		memcpy(why, s->base.why, sizeof s->base.why);
		close_store(&s->base);
		return err;
	}
	*out = &s->base;
	return STS_OK;
}
