#include "scan/writer.h"

#include "base/clock.h"
#include "scan/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYNC_MS 5000
#define TEXT_MAX ((size_t)1 << 30)
/* A larger chunk is not kept. */
#define KEEP_OCTETS ((size_t)1024 * 1024)

/* A result whose turn has not come. */
struct held {
	char *text; /* text and keys behind it; heap; NULL with len 0 too */
	uint32_t len, keys_len;
	uint8_t kind;
	bool present;
};

struct sts_writer {
	struct sts_run *run;
	int fd;
	bool seekable;
	int64_t len; /* of the output */
	struct sts_state state;
	struct sts_tally tally;
	struct held *window; /* with ordered */
	uint64_t next;
	struct sts_buf out;  /* of one chunk, with ordered */
	uint64_t *seqs;
	size_t seqs_room, seq_count;
	uint64_t kinds[STS_KIND_COUNT];
	int64_t synced_ms;
	bool dead; /* the output failed: chunks are only thrown away */
};

void sts_chunk_free(struct sts_chunk *c)
{
	if (c == NULL)
		return;
	sts_buf_clear(&c->text);
	sts_buf_clear(&c->keys);
	free(c->entries);
	free(c);
}

struct sts_chunk *sts_chunk_new(struct sts_run *run)
{
	struct sts_chunk *c = NULL;

	pthread_mutex_lock(&run->lock);
	if (run->spare_count > 0)
		c = run->spare[--run->spare_count];
	pthread_mutex_unlock(&run->lock);
	if (c != NULL || (c = calloc(1, sizeof *c)) == NULL)
		return c;
	sts_buf_init(&c->text, TEXT_MAX);
	sts_buf_init(&c->keys, TEXT_MAX);
	/* growing step by step would leave holes that nothing else fits into */
	(void)sts_buf_reserve(&c->text, STS_CHUNK_OCTETS + 16384);
	return c;
}

void sts_chunk_release(struct sts_run *run, struct sts_chunk *c)
{
	sts_buf_reset(&c->text);
	sts_buf_reset(&c->keys);
	c->count = 0;
	pthread_mutex_lock(&run->lock);
	if (run->spare_count < STS_CHUNKS_KEPT && c->text.size <= KEEP_OCTETS) {
		run->spare[run->spare_count++] = c;
		c = NULL;
	}
	pthread_mutex_unlock(&run->lock);
	sts_chunk_free(c);
}

/* ---- writing -------------------------------------------------------------------------------------------------------- */

static bool put(struct sts_writer *w, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(w->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			sts_run_fail(w->run, "%s cannot be written: %s",
				w->run->scan->output != NULL ? w->run->scan->output : "standard output", strerror(errno));
			w->dead = true;
			return false;
		}
		p += n;
		len -= (size_t)n;
		w->len += n;
	}
	return true;
}

static void count(struct sts_writer *w, uint64_t seq, uint8_t kind, struct sts_str keys)
{
	w->kinds[kind]++;
	w->seqs[w->seq_count++] = seq;
	while (keys.len > 0) {
		size_t end = sts_str_find(keys, '\n', 0);

		sts_tally_add(&w->tally, sts_str(keys.ptr, end), 1);
		keys = sts_str_from(keys, end + 1);
	}
}

static bool make_room(struct sts_writer *w, size_t want)
{
	uint64_t *grown;

	if (want <= w->seqs_room)
		return true;
	grown = realloc(w->seqs, want * sizeof *grown);
	if (grown == NULL)
		return false;
	w->seqs = grown;
	w->seqs_room = want;
	return true;
}

static void add_kinds(struct sts_writer *w)
{
	static const char *const others[] = {"i:invalid", "i:opted-out"};

	for (size_t k = 0; k < STS_KIND_COUNT; k++) {
		char key[32];

		if (w->kinds[k] == 0)
			continue;
		snprintf(key, sizeof key, "%s%s", k < STS_KIND_INVALID ? "v:" : "",
			k < STS_KIND_INVALID ? sts_verdict_name((enum sts_verdict)k) : others[k - STS_KIND_INVALID]);
		sts_tally_add(&w->tally, sts_str_of(key), w->kinds[k]);
		/* what every name without a record counts for comes from no worker */
		if (k == STS_VERDICT_ABSENT)
			sts_tally_add(&w->tally, STS_STR("f:record.absent"), w->kinds[k]);
		atomic_fetch_add(&w->run->counts.written[k], w->kinds[k]);
		atomic_fetch_add(&w->run->counts.done, w->kinds[k]);
		w->kinds[k] = 0;
	}
}

/* The output is out: now, and not before, its names are done. */
static void note_done(struct sts_writer *w)
{
	int64_t now = sts_now_ms();

	add_kinds(w);
	if (w->state.fd >= 0 && w->seq_count > 0) {
		if (sts_state_add(&w->state, w->seqs, w->seq_count, w->len, &w->tally) != STS_OK) {
			sts_run_fail(w->run, "%s cannot be written: %s", w->state.path, strerror(errno));
			w->dead = true;
		}
		if (now - w->synced_ms >= SYNC_MS) {
			(void)!fdatasync(w->fd);
			sts_state_sync(&w->state);
			w->synced_ms = now;
		}
	}
	w->seq_count = 0;
}

/* ---- order ---------------------------------------------------------------------------------------------------------- */

static void hold(struct sts_writer *w, const struct sts_entry *e, const char *text, const char *keys)
{
	struct held *h = &w->window[e->seq % STS_ORDER_WINDOW];

	*h = (struct held){.len = e->len, .keys_len = e->keys_len, .kind = e->kind, .present = true};
	h->text = malloc((size_t)e->len + e->keys_len + 1);
	if (h->text == NULL) {
		sts_run_fail(w->run, "out of memory");
		w->dead = true;
		return;
	}
	memcpy(h->text, text, e->len);
	memcpy(h->text + e->len, keys, e->keys_len);
}

static void release(struct sts_writer *w)
{
	while (true) {
		struct held *h = &w->window[w->next % STS_ORDER_WINDOW];

		if (!h->present) {
			if (!sts_seqset_has(&w->state.done, w->next))
				break;
			w->next++; /* by an earlier part of the run */
			continue;
		}
		if (!make_room(w, w->seq_count + 1)) {
			sts_run_fail(w->run, "out of memory");
			w->dead = true;
			return;
		}
		sts_buf_add(&w->out, h->text, h->len);
		count(w, w->next, h->kind, sts_str(h->text + h->len, h->keys_len));
		free(h->text);
		*h = (struct held){0};
		w->next++;
	}
	atomic_store(&w->run->ordered_next, w->next);
}

static void write_ordered(struct sts_writer *w, const struct sts_chunk *c)
{
	const char *text = c->text.ptr == NULL ? "" : c->text.ptr;
	const char *keys = c->keys.ptr == NULL ? "" : c->keys.ptr;

	for (size_t i = 0; i < c->count && !w->dead; i++) {
		hold(w, &c->entries[i], text, keys);
		text += c->entries[i].len;
		keys += c->entries[i].keys_len;
	}
	sts_buf_reset(&w->out);
	if (!w->dead)
		release(w);
	if (w->out.failed) {
		sts_run_fail(w->run, "out of memory");
		w->dead = true;
	}
	if (!w->dead && put(w, w->out.ptr, w->out.len))
		note_done(w);
}

static void write_chunk(struct sts_writer *w, const struct sts_chunk *c)
{
	const char *keys = c->keys.ptr == NULL ? "" : c->keys.ptr;

	if (!make_room(w, c->count)) {
		sts_run_fail(w->run, "out of memory");
		w->dead = true;
		return;
	}
	if (!put(w, c->text.ptr, c->text.len))
		return;
	for (size_t i = 0; i < c->count; i++) {
		count(w, c->entries[i].seq, c->entries[i].kind, sts_str(keys, c->entries[i].keys_len));
		keys += c->entries[i].keys_len;
	}
	note_done(w);
}

void *sts_writer_main(void *arg)
{
	struct sts_writer *w = arg;
	struct sts_chunk *c;

	while ((c = sts_pipe_pop(&w->run->chunks)) != NULL) {
		if (w->run->sink != NULL)
			sts_sink_write(w->run->sink, c, &w->tally);
		else if (!w->dead && w->window != NULL)
			write_ordered(w, c);
		else if (!w->dead)
			write_chunk(w, c);
		atomic_fetch_sub(&w->run->counts.backlog, (int64_t)c->text.len);
		sts_chunk_release(w->run, c);
	}
	return NULL;
}

/* ---- opening -------------------------------------------------------------------------------------------------------- */

#define CSV_HEAD                                                                                                       \
	"domain,verdict,status,mode,checked_at,severity,code,title,subject,line,column,detail,cause,result_type,rfc,"  \
	"fix,snippet\n"

static enum sts_err fail(struct sts_run *run, enum sts_err err, const char *path, const char *what)
{
	sts_run_fail(run, "%s %s: %s", path, what, err == STS_EIO ? strerror(errno) : sts_strerror(err));
	return err;
}

static enum sts_err open_output(struct sts_writer *w)
{
	const struct sts_scan *scan = w->run->scan;
	struct stat st;

	w->fd = scan->output == NULL ? STDOUT_FILENO : open(scan->output, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (w->fd < 0 || fstat(w->fd, &st) != 0)
		return fail(w->run, STS_EIO, scan->output != NULL ? scan->output : "standard output", "cannot be written");
	w->seekable = scan->output != NULL && S_ISREG(st.st_mode);
	w->len = w->seekable ? (int64_t)st.st_size : 0;
	return STS_OK;
}

static enum sts_err open_state(struct sts_writer *w, const char *head)
{
	const struct sts_scan *scan = w->run->scan;
	enum sts_err err = STS_ENOENT;

	if (scan->state == NULL)
		return STS_OK;
	if (!scan->resume && !scan->overwrite && sts_state_unfinished(scan->state)) {
		sts_run_fail(w->run,
			"%s tells of a run that did not end: go on with --resume %s, or begin anew with --overwrite",
			scan->state, scan->state);
		return STS_EINVAL;
	}
	if (scan->resume)
		err = sts_state_read(&w->state, scan->state, head, w->len, &w->tally);
	if (err == STS_EINVAL) {
		sts_run_fail(w->run, "%s is not the state of this run: another list, depth or form, or damaged", scan->state);
		return err;
	}
	if (err != STS_OK && err != STS_ENOENT)
		return fail(w->run, err, scan->state, "cannot be read");
	if (scan->resume && err == STS_ENOENT && w->len > 0 && !scan->overwrite) {
		sts_run_fail(w->run, "%s is no state to go on from, and %s holds results: name its state, or begin anew with --overwrite",
			scan->state, scan->output);
		return STS_EINVAL;
	}
	w->len = w->state.output_len;
	return STS_OK;
}

/* Nothing is cut off before it is known that this is the run to go on with. */
static enum sts_err begin(struct sts_writer *w, const char *head)
{
	const struct sts_scan *scan = w->run->scan;

	if (scan->state == NULL)
		w->len = 0;
	if (w->seekable && (ftruncate(w->fd, w->len) != 0 || lseek(w->fd, w->len, SEEK_SET) < 0))
		return fail(w->run, STS_EIO, scan->output, "cannot be written");
	w->state.output_len = w->len;
	if (scan->state != NULL && sts_state_begin(&w->state, scan->state, head, &w->tally) != STS_OK)
		return fail(w->run, STS_EIO, scan->state, "cannot be written");
	/* behind the state: an output without one is nothing to go on with */
	if (w->len == 0 && scan->format == STS_FORMAT_CSV && !put(w, CSV_HEAD, strlen(CSV_HEAD)))
		return STS_EIO;
	if (scan->ordered) {
		sts_buf_init(&w->out, (size_t)1 << 30);
		w->window = calloc(STS_ORDER_WINDOW, sizeof *w->window);
		if (w->window == NULL)
			return fail(w->run, STS_ENOMEM, "the window of results", "cannot be made");
		release(w); /* past what an earlier part of the run wrote: the reader waits for the window to move */
	}
	return STS_OK;
}

static enum sts_err open_files(struct sts_writer *w, const char *head)
{
	enum sts_err err = open_output(w);

	if (err == STS_OK)
		err = open_state(w, head);
	return err == STS_OK ? begin(w, head) : err;
}

enum sts_err sts_writer_open(struct sts_run *run, const char *head, struct sts_writer **out)
{
	struct sts_writer *w = calloc(1, sizeof *w);
	enum sts_err err;

	if (w == NULL)
		return fail(run, STS_ENOMEM, "the output", "cannot be opened");
	w->run = run;
	w->state.fd = -1;
	w->fd = -1;
	w->synced_ms = sts_now_ms();
	err = run->sink != NULL ? STS_OK : open_files(w, head);
	if (err != STS_OK)
		sts_writer_close(w, false, NULL);
	else
		*out = w;
	return err;
}

const struct sts_seqset *sts_writer_done(const struct sts_writer *w)
{
	return &w->state.done;
}

void sts_writer_close(struct sts_writer *w, bool all, struct sts_tally *tally)
{
	if (w->fd >= 0 && w->state.fd >= 0)
		(void)!fdatasync(w->fd);
	if (all)
		sts_state_finish(&w->state);
	sts_state_clear(&w->state);
	if (w->fd >= 0 && w->fd != STDOUT_FILENO && close(w->fd) != 0 && all)
		sts_run_fail(w->run, "%s cannot be written: %s", w->run->scan->output, strerror(errno));
	for (size_t i = 0; w->window != NULL && i < STS_ORDER_WINDOW; i++)
		free(w->window[i].text);
	free(w->window);
	sts_buf_clear(&w->out);
	free(w->seqs);
	if (tally != NULL)
		*tally = w->tally;
	else
		sts_tally_clear(&w->tally);
	free(w);
}
