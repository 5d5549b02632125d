/* Results of a scan on their way to the writer. */
#include "base/clock.h"
#include "render/render.h"
#include "scan/keys.h"
#include "scan/sink.h"
#include "scan/worker_inside.h"

#include <stdlib.h>

void worker_flush(struct sts_scan_worker *w)
{
	struct sts_chunk *c = w->chunk;

	if (c == NULL || c->count == 0)
		return;
	w->chunk = NULL;
	if (c->text.failed || c->keys.failed) {
		sts_run_fail(w->run, "out of memory");
		sts_chunk_free(c);
		return;
	}
	atomic_fetch_add(&w->run->counts.backlog, (int64_t)c->text.len);
	if (!sts_pipe_push(&w->run->chunks, c))
		sts_chunk_free(c);
}

/* @return room for one more result, or NULL: out of memory, the run ends */
static struct sts_entry *entry(struct sts_scan_worker *w)
{
	struct sts_chunk *c = w->chunk != NULL ? w->chunk : (w->chunk = sts_chunk_new(w->run));

	if (c != NULL && c->count == c->room) {
		size_t room = c->room == 0 ? 64 : c->room * 2;
		struct sts_entry *grown = realloc(c->entries, room * sizeof *grown);

		if (grown == NULL) {
			sts_run_fail(w->run, "out of memory");
			return NULL;
		}
		c->entries = grown;
		c->room = room;
	}
	if (c == NULL) {
		sts_run_fail(w->run, "out of memory");
		return NULL;
	}
	return &c->entries[c->count++];
}

void slot_release(struct slot *s)
{
	struct sts_scan_worker *w = s->worker;

	sts_arena_free(s->arena);
	s->arena = NULL;
	if (s->typed != s->typed_usual)
		free(s->typed);
	s->typed = NULL;
	if (s->tries > 0)
		sts_timer_clear(&s->again);
	s->next = w->spare;
	w->spare = s;
	w->moves++;
	if (--w->busy == 0)
		worker_wake(w); /* it may have been the last */
	w->settled++;
}

void worker_tell_settled(struct sts_scan_worker *w)
{
	atomic_fetch_add_explicit(&w->run->counts.settled, w->settled, memory_order_relaxed);
	w->settled = 0;
}

/* What was appended to the chunk since these lengths is the result of the name. */
static void settle(struct slot *s, unsigned kind, size_t text_from, size_t keys_from)
{
	struct sts_scan_worker *w = s->worker;
	struct sts_entry *e = entry(w);

	if (e != NULL) {
		*e = (struct sts_entry){
			.seq = s->seq,
			.len = (uint32_t)(w->chunk->text.len - text_from),
			.keys_len = (uint32_t)(w->chunk->keys.len - keys_from),
			.kind = (uint8_t)kind,
		};
		if (w->chunk->text.len >= STS_CHUNK_OCTETS || w->chunk->count >= 4096)
			worker_flush(w);
	}
	slot_release(s);
}

static bool chunk_ready(struct sts_scan_worker *w)
{
	if (w->chunk == NULL && (w->chunk = sts_chunk_new(w->run)) == NULL)
		sts_run_fail(w->run, "out of memory");
	return w->chunk != NULL;
}

void settle_plain(struct slot *s)
{
	struct sts_scan_worker *w = s->worker;
	size_t from;

	if (!chunk_ready(w)) {
		slot_release(s);
		return;
	}
	from = w->chunk->text.len;
	if (w->run->sink != NULL)
		sts_sink_row(&w->chunk->text, sts_str(s->ascii, s->ascii_len), s->started_at);
	else if (!w->run->scan->omit_absent)
		sts_plain_write(w->plain, sts_str(s->ascii, s->ascii_len), s->found, s->started_at, s->ended_ms - s->started_ms, &w->chunk->text);
	settle(s, STS_VERDICT_ABSENT, from, w->chunk->keys.len);
}

void settle_report(struct slot *s, const struct sts_report *report, struct sts_arena *arena)
{
	struct sts_scan_worker *w = s->worker;
	size_t from, keys_from;

	if (!chunk_ready(w)) {
		slot_release(s);
		return;
	}
	from = w->chunk->text.len;
	keys_from = w->chunk->keys.len;
	if (w->run->sink != NULL)
		sts_sink_row(&w->chunk->text, sts_str(s->ascii, s->ascii_len), s->started_at);
	/* a store keeps of names without a record that there is none */
	if ((!w->run->scan->omit_absent && w->run->sink == NULL) || report->verdict != STS_VERDICT_ABSENT)
		sts_discovery_render(&w->run->discovery, report, &w->chunk->text);
	sts_report_keys(report, arena, &w->chunk->keys);
	settle(s, report->verdict, from, keys_from);
}

void settle_invalid(struct slot *s, const char *why)
{
	struct sts_scan_worker *w = s->worker;
	struct sts_str typed = sts_str(s->typed, s->typed_len);
	size_t from;

	if (!chunk_ready(w)) {
		slot_release(s);
		return;
	}
	from = w->chunk->text.len;
	if (w->run->sink != NULL) {
		struct sts_buf shown;

		sts_buf_init(&shown, 65536);
		sts_buf_escape(&shown, typed, 1000);
		sts_sink_row(&w->chunk->text, sts_buf_str(&shown), s->started_at);
		sts_buf_clear(&shown);
	}
	if (w->run->scan->format == STS_FORMAT_JSON) {
		struct sts_jsonw j = sts_jsonw(&w->chunk->text, false);

		sts_jw_object(&j, NULL);
		sts_jw_cstr(&j, "schema", "mtasts.scan-error/1");
		sts_jw_str(&j, "input", typed);
		sts_jw_int(&j, "line", (int64_t)s->line);
		sts_jw_cstr(&j, "error", why);
		sts_jw_end_object(&j);
		sts_buf_addc(&w->chunk->text, '\n');
	} else {
		sts_invalid_csv(&w->chunk->text, typed, why);
	}
	settle(s, STS_KIND_INVALID, from, w->chunk->keys.len);
}

void settle_opted_out(struct slot *s)
{
	struct sts_scan_worker *w = s->worker;
	size_t from;

	if (!chunk_ready(w)) {
		slot_release(s);
		return;
	}
	from = w->chunk->text.len;
	if (w->run->sink != NULL)
		sts_sink_row(&w->chunk->text, sts_str(s->ascii, s->ascii_len), s->started_at);
	settle(s, STS_KIND_OPTED_OUT, from, w->chunk->keys.len);
}
