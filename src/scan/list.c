#include "scan/list.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define COPY_OCTETS ((size_t)4 * 1024 * 1024)
#define COPY_MAX ((size_t)512 * 1024 * 1024)
#define PG_NOW "CAST(extract(epoch FROM clock_timestamp()) AS BIGINT)"
#define SQLITE_NOW "CAST(strftime('%s', 'now') AS INTEGER)"

static bool is_pg(const struct sts_list *l)
{
	return l->store->ops->dialect == STS_DIALECT_POSTGRESQL;
}

static enum sts_err failed(struct sts_list *l, enum sts_err err)
{
	if (err != STS_OK)
		snprintf(l->why, sizeof l->why, "%s", l->store != NULL && l->store->why[0] != '\0' ? l->store->why : sts_strerror(err));
	return err;
}

/* ---- rows in bulk --------------------------------------------------------------------------------------------------- */

/* Text format of COPY: backslash, tab and line ends are escaped. */
static void put_copy(struct sts_buf *b, struct sts_str s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c != '\\' && c != '\t' && c != '\n' && c != '\r')
			continue;
		sts_buf_add(b, s.ptr + from, i - from);
		sts_buf_puts(b, c == '\\' ? "\\\\" : c == '\t' ? "\\t" : c == '\n' ? "\\n" : "\\r");
		from = i + 1;
	}
	sts_buf_add(b, s.ptr + from, s.len - from);
}

/* ---- loading -------------------------------------------------------------------------------------------------------- */

struct load {
	struct sts_list *list;
	struct sts_buf names;  /* of the block at hand */
	size_t in_block;
	uint64_t first, seq;
	struct sts_buf rows;   /* PostgreSQL: for the next COPY */
};

static enum sts_err send_rows(struct load *l)
{
	enum sts_err err = STS_OK;

	if (l->rows.len > 0)
		err = l->list->store->ops->copy(
			l->list->store, "COPY scan_block (scan_id, first, names) FROM STDIN", sts_buf_str(&l->rows));
	sts_buf_reset(&l->rows);
	return err;
}

static enum sts_err end_block(struct load *l)
{
	struct sts_list *list = l->list;
	enum sts_err err = STS_OK;

	if (l->in_block == 0)
		return STS_OK;
	if (l->names.failed || l->rows.failed)
		return STS_ENOMEM;
	if (is_pg(list)) {
		sts_buf_printf(&l->rows, "%" PRId64 "\t%" PRIu64 "\t", list->id, l->first);
		put_copy(&l->rows, sts_buf_str(&l->names));
		sts_buf_addc(&l->rows, '\n');
		if (l->rows.len >= COPY_OCTETS)
			err = send_rows(l);
	} else {
		err = sts_store_run(list->store, "INSERT INTO scan_block (scan_id, first, names) VALUES (?1, ?2, ?3)",
			STS_VALUES(sts_v_int(list->id), sts_v_int((int64_t)l->first), sts_v_str(sts_buf_str(&l->names))), NULL, NULL);
	}
	l->in_block = 0;
	l->first = l->seq;
	sts_buf_reset(&l->names);
	return err;
}

static enum sts_err add_name(struct load *l, struct sts_str typed)
{
	if (l->in_block > 0)
		sts_buf_addc(&l->names, '\n');
	/* no text of a store holds what is no UTF-8, or a NUL */
	if (sts_utf8_valid(typed) && memchr(typed.ptr, '\0', typed.len) == NULL)
		sts_buf_add(&l->names, typed.ptr, typed.len);
	else
		sts_buf_escape(&l->names, typed, STS_INPUT_LINE_MAX);
	l->seq++;
	return ++l->in_block == STS_LIST_BLOCK ? end_block(l) : STS_OK;
}

static enum sts_err load_names(struct sts_list *list, struct sts_input *in)
{
	struct load l = {.list = list};
	struct sts_str typed;
	uint64_t line;
	enum sts_err err = STS_OK, ended = STS_OK;

	sts_buf_init(&l.names, STS_LIST_BLOCK * (size_t)(STS_INPUT_LINE_MAX * 9));
	sts_buf_init(&l.rows, COPY_MAX);
	while (err == STS_OK && (ended = sts_input_next(in, &typed, &line)) == STS_OK)
		err = add_name(&l, typed);
	if (err == STS_OK)
		err = end_block(&l);
	if (err == STS_OK)
		err = send_rows(&l);
	if (err == STS_OK && ended == STS_EIO)
		err = sts_store_fail(list->store, STS_EIO, "the list of names cannot be read to its end");
	sts_buf_clear(&l.names);
	sts_buf_clear(&l.rows);
	return err;
}

/* ---- opening -------------------------------------------------------------------------------------------------------- */

static enum sts_err find_list(struct sts_list *l, const char *name, const char *head)
{
	int64_t same = 0;
	enum sts_err err = sts_store_int(
		l->store, "SELECT id FROM scan WHERE name = ?1 AND loaded = 1", STS_VALUES(sts_v_text(name)), &l->id);

	if (err != STS_OK)
		return err;
	err = sts_store_int(l->store, "SELECT count(*) FROM scan WHERE id = ?1 AND head = ?2",
		STS_VALUES(sts_v_int(l->id), sts_v_text(head)), &same);
	if (err == STS_OK && same == 0) {
		snprintf(l->why, sizeof l->why, "the list '%.100s' is being scanned with other options", name);
		return STS_EINVAL;
	}
	return err;
}

/* The row is there for others only when the whole list is; until then they wait for it. @return STS_ENOENT: somebody else made it */
static enum sts_err make_within(struct sts_list *l, const char *name, const char *head, struct sts_input *in)
{
	enum sts_err err = sts_store_int(l->store,
		"INSERT INTO scan (name, head, made_at, loaded) VALUES (?1, ?2, ?3, 1) ON CONFLICT (name) DO NOTHING RETURNING id",
		STS_VALUES(sts_v_text(name), sts_v_text(head), sts_v_int(sts_now_s())), &l->id);

	return err == STS_OK ? load_names(l, in) : err;
}

static enum sts_err make_list(struct sts_list *l, const char *name, const char *head, const char *path, unsigned column)
{
	struct sts_input *in = NULL;
	enum sts_err err = sts_input_open(path, column, &in);

	if (err != STS_OK)
		return sts_store_fail(l->store, err, "%s cannot be read: %s", path, strerror(errno));
	err = sts_store_begin(l->store, STS_BEGIN_WRITE);
	if (err == STS_OK)
		err = sts_store_end(l->store, make_within(l, name, head, in));
	sts_input_close(in);
	return err;
}

static void name_process(struct sts_list *l)
{
	char host[48] = "";
	uint64_t random = 0;

	if (gethostname(host, sizeof host - 1) != 0)
		host[0] = '\0';
	if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
		random = (uint64_t)sts_now_ms();
	snprintf(l->who, sizeof l->who, "%s %ld %016" PRIx64, host, (long)getpid(), random);
}

enum sts_err sts_list_open(struct sts_list *l, const char *place, const char *name, const char *head, const char *path,
	unsigned column, const _Atomic bool *stop)
{
	enum sts_err err;

	*l = (struct sts_list){0};
	name_process(l);
	err = sts_store_open(place, &l->store, l->why);
	if (err != STS_OK)
		return err;
	do {
		err = find_list(l, name, head);
		if (err == STS_ENOENT)
			err = make_list(l, name, head, path, column);
		/* another process loads it: longer than a lock is waited for */
	} while ((err == STS_ENOENT || err == STS_ETIMEOUT) && !*stop);
	return l->why[0] != '\0' && err == STS_EINVAL ? err : failed(l, err);
}

enum sts_err sts_list_join(struct sts_list *l, const struct sts_list *other, const char *place)
{
	*l = (struct sts_list){.id = other->id};
	memcpy(l->who, other->who, sizeof l->who);
	return sts_store_open(place, &l->store, l->why);
}

void sts_list_close(struct sts_list *l)
{
	if (l->store != NULL)
		sts_store_close(l->store);
	l->store = NULL;
}

/* ---- leases --------------------------------------------------------------------------------------------------------- */

struct collect {
	struct sts_list_block *out;
	size_t max, count;
};

static enum sts_err collect_block(const struct sts_value *columns, size_t count, void *arg)
{
	struct collect *c = arg;
	struct sts_list_block *b;

	(void)count;
	if (c->count == c->max)
		return STS_ESYSTEM;
	b = &c->out[c->count];
	b->first = (uint64_t)columns[0].integer;
	b->names = strndup(columns[1].text.ptr, columns[1].text.len);
	if (b->names == NULL)
		return STS_ENOMEM;
	c->count++;
	return STS_OK;
}

/* What ran out while this process was at it, it is still at. */
static const char sqlite_lease[] =
	"UPDATE scan_block SET leased_by = ?1, leased_until = " SQLITE_NOW " + ?2 WHERE scan_id = ?3 AND first IN"
	" (SELECT first FROM scan_block WHERE scan_id = ?3 AND state = 0 AND leased_until < " SQLITE_NOW
	" AND (leased_by IS NULL OR leased_by <> ?1) ORDER BY leased_until LIMIT ?4) RETURNING first, names";

/* What another process takes at this moment is passed over, not waited for. */
static const char pg_lease[] =
	"WITH due AS MATERIALIZED (SELECT first AS due_first FROM scan_block WHERE scan_id = ?3 AND state = 0 AND leased_until < " PG_NOW
	" AND (leased_by IS NULL OR leased_by <> ?1) ORDER BY leased_until LIMIT ?4 FOR UPDATE SKIP LOCKED)"
	" UPDATE scan_block SET leased_by = ?1, leased_until = " PG_NOW " + ?2 FROM due WHERE scan_id = ?3 AND first = due.due_first"
	" RETURNING first, names";

enum sts_err sts_list_lease(struct sts_list *l, size_t max, struct sts_list_block *out, size_t *count)
{
	struct collect c = {out, max, 0};
	enum sts_err err = sts_store_run(l->store, is_pg(l) ? pg_lease : sqlite_lease,
		STS_VALUES(sts_v_text(l->who), sts_v_int(STS_LIST_LEASE_S), sts_v_int(l->id), sts_v_int((int64_t)max)),
		collect_block, &c);

	*count = c.count;
	return failed(l, err);
}

enum sts_err sts_list_renew(struct sts_list *l)
{
	static const char sqlite[] = "UPDATE scan_block SET leased_until = " SQLITE_NOW
				     " + ?1 WHERE scan_id = ?2 AND leased_by = ?3 AND state = 0 AND leased_until > 0";
	static const char pg[] = "UPDATE scan_block SET leased_until = " PG_NOW
				 " + ?1 WHERE scan_id = ?2 AND leased_by = ?3 AND state = 0 AND leased_until > 0";

	return failed(l, sts_store_run(l->store, is_pg(l) ? pg : sqlite,
		STS_VALUES(sts_v_int(STS_LIST_LEASE_S), sts_v_int(l->id), sts_v_text(l->who)), NULL, NULL));
}

enum sts_err sts_list_open_blocks(struct sts_list *l, int64_t *count)
{
	return failed(l, sts_store_int(l->store, "SELECT count(*) FROM scan_block WHERE scan_id = ?1 AND state = 0",
		STS_VALUES(sts_v_int(l->id)), count));
}

void sts_list_release(struct sts_list *l)
{
	/* otherwise they run out by themselves */
	if (l->store != NULL)
		(void)!sts_store_run(l->store,
			"UPDATE scan_block SET leased_until = 0, leased_by = NULL WHERE scan_id = ?1 AND leased_by = ?2 AND state = 0",
			STS_VALUES(sts_v_int(l->id), sts_v_text(l->who)), NULL, NULL);
}

/* ---- results -------------------------------------------------------------------------------------------------------- */

static enum sts_err copy_rows(struct sts_list *l, const struct sts_list_row *rows, size_t count)
{
	struct sts_buf b;
	enum sts_err err;

	sts_buf_init(&b, COPY_MAX);
	for (size_t i = 0; i < count; i++) {
		sts_buf_printf(&b, "%" PRId64 "\t%" PRIu64 "\t", l->id, rows[i].seq);
		put_copy(&b, rows[i].domain);
		sts_buf_printf(&b, "\t%s\t%" PRId64 "\t", rows[i].verdict, rows[i].checked_at);
		if (rows[i].doc.ptr != NULL)
			put_copy(&b, rows[i].doc);
		else
			sts_buf_puts(&b, "\\N");
		sts_buf_addc(&b, '\n');
	}
	err = b.failed ? STS_ENOMEM
		       : l->store->ops->copy(l->store,
				 "COPY scan_result (scan_id, seq, domain, verdict, checked_at, doc) FROM STDIN", sts_buf_str(&b));
	sts_buf_clear(&b);
	return err;
}

static enum sts_err insert_rows(struct sts_list *l, const struct sts_list_row *rows, size_t count)
{
	enum sts_err err = STS_OK;

	for (size_t i = 0; i < count && err == STS_OK; i++)
		err = sts_store_run(l->store,
			"INSERT INTO scan_result (scan_id, seq, domain, verdict, checked_at, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
			STS_VALUES(sts_v_int(l->id), sts_v_int((int64_t)rows[i].seq), sts_v_str(rows[i].domain),
				sts_v_text(rows[i].verdict), sts_v_int(rows[i].checked_at),
				rows[i].doc.ptr == NULL ? sts_v_null() : sts_v_str(rows[i].doc)),
			NULL, NULL);
	return err;
}

/* @return STS_ENOENT: the block is not ours any more */
static enum sts_err finish_within(struct sts_list *l, uint64_t first, const struct sts_list_row *rows, size_t count)
{
	int64_t was = 0;
	enum sts_err err = sts_store_int(l->store,
		"UPDATE scan_block SET state = 1, leased_until = 0 WHERE scan_id = ?1 AND first = ?2 AND leased_by = ?3 AND state = 0"
		" RETURNING first",
		STS_VALUES(sts_v_int(l->id), sts_v_int((int64_t)first), sts_v_text(l->who)), &was);

	if (err != STS_OK)
		return err;
	return is_pg(l) ? copy_rows(l, rows, count) : insert_rows(l, rows, count);
}

/* A store that restarts, or two writers that clash: the same once more. */
#define TRIES 5

enum sts_err sts_list_finish(
	struct sts_list *l, uint64_t first, const struct sts_list_row *rows, size_t count, bool *lost)
{
	enum sts_err err = STS_OK;

	for (unsigned i = 0; i < TRIES; i++) {
		err = sts_store_begin(l->store, STS_BEGIN_WRITE);
		if (err == STS_OK)
			err = sts_store_end(l->store, finish_within(l, first, rows, count));
		if (err == STS_OK || err == STS_ENOENT || err == STS_EINVAL)
			break;
		nanosleep(&(struct timespec){.tv_sec = 1 << i}, NULL);
	}
	*lost = err == STS_ENOENT;
	return *lost ? STS_OK : failed(l, err);
}
