#include "store/store.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

bool sts_store_is_url(const char *where)
{
	return strncmp(where, "postgresql://", 13) == 0 || strncmp(where, "postgres://", 11) == 0;
}

enum sts_err sts_store_fail(struct sts_store *s, enum sts_err err, const char *fmt, ...)
{
	char text[1024];
	struct sts_buf b;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	/* libpq ends its messages with a line end */
	text[strcspn(text, "\n")] = '\0';
	sts_buf_init(&b, 4096);
	sts_buf_escape(&b, sts_str_of(text), sizeof s->why - 8);
	snprintf(s->why, sizeof s->why, "%s", b.ptr == NULL ? "" : b.ptr);
	sts_buf_clear(&b);
	return err;
}

enum sts_err sts_store_run(
	struct sts_store *s, const char *sql, const struct sts_value *values, size_t count, sts_row_fn *row, void *arg)
{
	return s->ops->run(s, sql, values, count, row, arg);
}

enum sts_err sts_store_begin(struct sts_store *s, enum sts_begin how)
{
	enum sts_err err = s->ops->begin(s, how);

	s->in_transaction = err == STS_OK;
	return err;
}

enum sts_err sts_store_end(struct sts_store *s, enum sts_err err)
{
	char why[sizeof s->why];
	enum sts_err end;

	if (!s->in_transaction)
		return err;
	s->in_transaction = false;
	if (err == STS_OK) {
		err = s->ops->script(s, "COMMIT");
		if (err == STS_OK)
			return STS_OK;
	}
	/* What is worth telling is why, not what became of the way back. */
	memcpy(why, s->why, sizeof why);
	end = s->ops->script(s, "ROLLBACK");
	memcpy(s->why, why, sizeof why);
	return err != STS_OK ? err : end;
}

static enum sts_err take_int(const struct sts_value *columns, size_t count, void *arg)
{
	struct sts_value *out = arg;

	if (count > 0)
		*out = columns[0];
	return STS_OK;
}

enum sts_err sts_store_int(
	struct sts_store *s, const char *sql, const struct sts_value *values, size_t count, int64_t *out)
{
	struct sts_value v = sts_v_null();
	enum sts_err err = sts_store_run(s, sql, values, count, take_int, &v);

	if (err != STS_OK)
		return err;
	if (v.type != STS_VALUE_INT)
		return STS_ENOENT;
	*out = v.integer;
	return STS_OK;
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

static int64_t newest(const struct sts_store *s)
{
	int64_t n = 0;

	while (s->ops->migrations[n] != NULL)
		n++;
	return n;
}

/* In one transaction, under the writer's lock: two programs that start at once do it once. */
static enum sts_err migrate_locked(struct sts_store *s, int64_t target)
{
	int64_t version = 0;
	enum sts_err err = s->ops->version(s, &version);

	if (err == STS_OK && version > newest(s))
		return sts_store_fail(s, STS_EINVAL,
			"its schema %" PRId64 " is of a newer mtasts (this one knows %" PRId64 ")", version, newest(s));
	for (; err == STS_OK && version < target; version++) {
		err = s->ops->script(s, s->ops->migrations[version]);
		if (err == STS_OK)
			err = s->ops->set_version(s, version + 1);
	}
	return err;
}

static enum sts_err migrate(struct sts_store *s, int64_t target)
{
	int64_t version = 0;
	enum sts_err err = s->ops->version(s, &version);

	/* The usual case needs no lock. */
	if (err != STS_OK || (version == target && version <= newest(s)))
		return err;
	err = sts_store_begin(s, STS_BEGIN_WRITE);
	if (err == STS_OK)
		err = sts_store_end(s, migrate_locked(s, target));
	return err;
}

enum sts_err sts_store_open_at(const char *where, int64_t version, struct sts_store **out, char why[static 512])
{
	struct sts_store *s = NULL;
	enum sts_err err = sts_store_is_url(where) ? sts_pg_open(where, &s, why) : sts_sqlite_open(where, &s, why);

	if (err != STS_OK)
		return err;
	err = migrate(s, version < 0 ? newest(s) : version);
	if (err != STS_OK) {
		memcpy(why, s->why, sizeof s->why);
		sts_store_close(s);
		return err;
	}
	*out = s;
	return STS_OK;
}

enum sts_err sts_store_open(const char *where, struct sts_store **out, char why[static 512])
{
	return sts_store_open_at(where, -1, out, why);
}

void sts_store_close(struct sts_store *s)
{
	if (s != NULL)
		s->ops->close(s);
}
