#include "scan/sink.h"

#include "base/clock.h"
#include "scan/list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

/* Blocks at hand at once: a block is held until the slowest of its names is done. */
#define WINDOW 256
#define LEASE_AT_ONCE 8
#define RENEW_MS 30000
#define LOOK_EVERY_MS 1000
#define TEXT_MAX ((size_t)1 << 30)

struct row {
	uint64_t seq;
	size_t from, len; /* in text */
	size_t keys_from, keys_len;
	uint8_t kind;
};

struct block {
	uint64_t first;
	size_t want, have;
	struct row *rows;
	struct sts_buf text, keys;
};

struct sts_sink {
	struct sts_run *run;
	struct sts_list reader, writer;
	pthread_mutex_t lock;
	struct block *blocks[WINDOW];
	size_t count;
	size_t last; /* where the last result belonged */
	int64_t renewed_ms;
};

const char *sts_kind_name(unsigned kind)
{
	return kind == STS_KIND_INVALID ? "invalid"
		: kind == STS_KIND_OPTED_OUT ? "opted-out"
					     : sts_verdict_name((enum sts_verdict)kind);
}

/* "TIME DOMAIN LF DOC" */
void sts_sink_row(struct sts_buf *out, struct sts_str domain, int64_t checked_at)
{
	sts_buf_printf(out, "%" PRId64 " ", checked_at);
	sts_buf_add(out, domain.ptr, domain.len);
	sts_buf_addc(out, '\n');
}

/* ---- blocks --------------------------------------------------------------------------------------------------------- */

static void block_free(struct block *b)
{
	if (b == NULL)
		return;
	free(b->rows);
	sts_buf_clear(&b->text);
	sts_buf_clear(&b->keys);
	free(b);
}

static size_t count_names(const char *names)
{
	size_t n = 1;

	for (; *names != '\0'; names++)
		n += *names == '\n';
	return n;
}

static bool add_block(struct sts_sink *sink, const struct sts_list_block *leased)
{
	struct block *b = calloc(1, sizeof *b);

	if (b == NULL)
		return false;
	b->first = leased->first;
	b->want = count_names(leased->names);
	b->rows = calloc(b->want, sizeof *b->rows);
	sts_buf_init(&b->text, TEXT_MAX);
	sts_buf_init(&b->keys, TEXT_MAX);
	if (b->rows == NULL) {
		block_free(b);
		return false;
	}
	pthread_mutex_lock(&sink->lock);
	sink->blocks[sink->count++] = b;
	pthread_mutex_unlock(&sink->lock);
	return true;
}

/* ---- the reader's part ---------------------------------------------------------------------------------------------- */

static void nap(int ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

static size_t open_count(struct sts_sink *sink)
{
	size_t n;

	pthread_mutex_lock(&sink->lock);
	n = sink->count;
	pthread_mutex_unlock(&sink->lock);
	return n;
}

static void renew(struct sts_sink *sink)
{
	if (sts_now_ms() - sink->renewed_ms < RENEW_MS)
		return;
	sink->renewed_ms = sts_now_ms();
	if (sts_list_renew(&sink->reader) != STS_OK)
		sts_run_fail(sink->run, "leases cannot be renewed: %s", sink->reader.why);
}

/* Names may wait long for their turn: not inside a push, for leases want to be renewed meanwhile. */
static void wait_for_room(struct sts_sink *sink)
{
	while (!sink->run->counts.stop && sts_pipe_full(&sink->run->names)) {
		renew(sink);
		nap(20);
	}
}

static bool hand_out(struct sts_sink *sink, const struct sts_list_block *b, sts_sink_name_fn *name, void *arg)
{
	struct sts_str rest = sts_str_of(b->names);

	for (uint64_t seq = b->first;; seq++) {
		size_t end = sts_str_find(rest, '\n', 0);

		wait_for_room(sink);
		if (!name(arg, seq, sts_str(rest.ptr, end)))
			return false;
		if (end == rest.len)
			return true;
		rest = sts_str_from(rest, end + 1);
	}
}

/* A block that was lost to another, who gave it up: it is leased again, and its names are still under way. */
static bool in_hand(struct sts_sink *sink, uint64_t first)
{
	bool found = false;

	pthread_mutex_lock(&sink->lock);
	for (size_t i = 0; i < sink->count; i++)
		found = found || sink->blocks[i]->first == first;
	pthread_mutex_unlock(&sink->lock);
	return found;
}

static bool take_block(struct sts_sink *sink, const struct sts_list_block *leased, sts_sink_name_fn *name, void *arg)
{
	if (in_hand(sink, leased->first))
		return true;
	if (add_block(sink, leased))
		return hand_out(sink, leased, name, arg);
	sts_run_fail(sink->run, "out of memory");
	return false;
}

/* @return blocks handed out; negative: the run ends */
static int take_blocks(struct sts_sink *sink, sts_sink_name_fn *name, void *arg)
{
	struct sts_list_block leased[LEASE_AT_ONCE];
	size_t count = 0;
	bool ok = open_count(sink) + LEASE_AT_ONCE > WINDOW ||
		sts_list_lease(&sink->reader, LEASE_AT_ONCE, leased, &count) == STS_OK;

	if (!ok)
		sts_run_fail(sink->run, "names cannot be leased: %s", sink->reader.why);
	for (size_t i = 0; i < count; i++) {
		ok = ok && take_block(sink, &leased[i], name, arg);
		free(leased[i].names);
	}
	return ok ? (int)count : -1;
}

static bool all_done(struct sts_sink *sink)
{
	int64_t open = 1;

	if (open_count(sink) > 0)
		return false;
	if (sts_list_open_blocks(&sink->reader, &open) != STS_OK)
		sts_run_fail(sink->run, "the list cannot be read: %s", sink->reader.why);
	return open == 0;
}

bool sts_sink_read(struct sts_sink *sink, sts_sink_name_fn *name, void (*sent)(void *arg), void *arg)
{
	int64_t looked_ms = sts_now_ms();

	while (!sink->run->counts.stop) {
		int n = take_blocks(sink, name, arg);

		if (n < 0)
			return false;
		renew(sink);
		if (n > 0)
			continue;
		wait_for_room(sink);
		sent(arg);
		/* others may still be at it, or may have died over it: then their blocks come back */
		if (sts_now_ms() - looked_ms >= LOOK_EVERY_MS || open_count(sink) == 0) {
			if (all_done(sink))
				return !sink->run->failed;
			looked_ms = sts_now_ms();
		}
		nap(open_count(sink) > 0 ? 20 : 500);
	}
	return false;
}

/* ---- the writer's part ---------------------------------------------------------------------------------------------- */

static struct block *block_of(struct sts_sink *sink, uint64_t seq)
{
	for (size_t n = 0; n < sink->count; n++) {
		size_t i = (sink->last + n) % sink->count;

		if (seq >= sink->blocks[i]->first && seq < sink->blocks[i]->first + sink->blocks[i]->want) {
			sink->last = i;
			return sink->blocks[i];
		}
	}
	return NULL;
}

static struct sts_list_row as_row(const struct block *b, const struct row *r)
{
	struct sts_str text = sts_str(b->text.ptr + r->from, r->len);
	size_t blank = sts_str_find(text, ' ', 0), end = sts_str_find(text, '\n', 0);
	uint64_t at = 0;
	struct sts_str doc = sts_str_from(text, end + 1);

	(void)!sts_str_u64(sts_str(text.ptr, blank), &at);
	if (doc.len > 0 && doc.ptr[doc.len - 1] == '\n')
		doc.len--;
	return (struct sts_list_row){
		.seq = r->seq,
		.verdict = sts_kind_name(r->kind),
		.domain = sts_str(text.ptr + blank + 1, end - blank - 1),
		.doc = doc.len > 0 ? doc : (struct sts_str){NULL, 0},
		.checked_at = (int64_t)at,
	};
}

static void count(struct sts_sink *sink, const struct block *b, struct sts_tally *tally)
{
	for (size_t i = 0; i < b->have; i++) {
		struct sts_str keys = sts_str(b->keys.ptr == NULL ? "" : b->keys.ptr + b->rows[i].keys_from, b->rows[i].keys_len);
		unsigned kind = b->rows[i].kind;
		struct sts_buf key;

		sts_buf_init(&key, 64);
		sts_buf_printf(&key, "%s:%s", kind < STS_KIND_INVALID ? "v" : "i", sts_kind_name(kind));
		sts_tally_add(tally, sts_buf_str(&key), 1);
		sts_buf_clear(&key);
		if (kind == STS_VERDICT_ABSENT)
			sts_tally_add(tally, STS_STR("f:record.absent"), 1);
		while (keys.len > 0) {
			size_t end = sts_str_find(keys, '\n', 0);

			sts_tally_add(tally, sts_str(keys.ptr, end), 1);
			keys = sts_str_from(keys, end + 1);
		}
		atomic_fetch_add(&sink->run->counts.written[kind], 1);
		atomic_fetch_add(&sink->run->counts.done, 1);
	}
}

static void commit(struct sts_sink *sink, const struct block *b, struct sts_tally *tally)
{
	struct sts_list_row *rows = calloc(b->have == 0 ? 1 : b->have, sizeof *rows);
	bool lost = false;

	if (rows == NULL || b->text.failed || b->keys.failed) {
		sts_run_fail(sink->run, "out of memory");
		free(rows);
		return;
	}
	for (size_t i = 0; i < b->have; i++)
		rows[i] = as_row(b, &b->rows[i]);
	if (sts_list_finish(&sink->writer, b->first, rows, b->have, &lost) != STS_OK)
		sts_run_fail(sink->run, "results cannot be stored: %s", sink->writer.why);
	else if (!lost)
		count(sink, b, tally);
	free(rows);
}

static void forget(struct sts_sink *sink, struct block *b)
{
	pthread_mutex_lock(&sink->lock);
	for (size_t i = 0; i < sink->count; i++)
		if (sink->blocks[i] == b)
			sink->blocks[i] = sink->blocks[--sink->count];
	sink->last = 0;
	pthread_mutex_unlock(&sink->lock);
	block_free(b);
}

void sts_sink_write(struct sts_sink *sink, const struct sts_chunk *chunk, struct sts_tally *tally)
{
	size_t text = 0, keys = 0;

	for (size_t i = 0; i < chunk->count; i++) {
		const struct sts_entry *e = &chunk->entries[i];
		struct block *b;

		pthread_mutex_lock(&sink->lock);
		b = block_of(sink, e->seq);
		pthread_mutex_unlock(&sink->lock);
		if (b != NULL && b->have < b->want) {
			b->rows[b->have++] = (struct row){e->seq, b->text.len, e->len, b->keys.len, e->keys_len, e->kind};
			sts_buf_add(&b->text, chunk->text.ptr + text, e->len);
			if (e->keys_len > 0)
				sts_buf_add(&b->keys, chunk->keys.ptr + keys, e->keys_len);
		}
		text += e->len;
		keys += e->keys_len;
		if (b != NULL && b->have == b->want) {
			if (!sink->run->failed)
				commit(sink, b, tally);
			forget(sink, b);
		}
	}
}

/* ---- opening -------------------------------------------------------------------------------------------------------- */

enum sts_err sts_sink_open(struct sts_run *run, const char *head, struct sts_sink **out)
{
	const struct sts_scan *scan = run->scan;
	struct sts_sink *sink = calloc(1, sizeof *sink);
	enum sts_err err;

	if (sink == NULL) {
		sts_run_fail(run, "out of memory");
		return STS_ENOMEM;
	}
	sink->run = run;
	sink->renewed_ms = sts_now_ms();
	pthread_mutex_init(&sink->lock, NULL);
	err = sts_list_open(&sink->reader, scan->store, scan->list, head, scan->input, scan->column, &run->counts.stop);
	if (err != STS_OK)
		sts_run_fail(run, "%s", sink->reader.why);
	if (err == STS_OK && (err = sts_list_join(&sink->writer, &sink->reader, scan->store)) != STS_OK)
		sts_run_fail(run, "%s", sink->writer.why);
	if (err != STS_OK) {
		sts_sink_close(sink);
		return err;
	}
	*out = sink;
	return STS_OK;
}

void sts_sink_close(struct sts_sink *sink)
{
	if (sink == NULL)
		return;
	if (sink->reader.id != 0)
		sts_list_release(&sink->reader);
	sts_list_close(&sink->reader);
	sts_list_close(&sink->writer);
	for (size_t i = 0; i < sink->count; i++)
		block_free(sink->blocks[i]);
	pthread_mutex_destroy(&sink->lock);
	free(sink);
}
