#include "scan/progress.h"

#include "base/jsonw.h"
#include "render/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LIVE_MS 250
#define JSON_MS 1000
#define RATE_MS 2000
#define LINE_MAX_OCTETS 1000

void sts_scan_progress_begin(struct sts_scan_progress *p, enum sts_progress_form form, int64_t now_ms)
{
	const char *term = getenv("TERM");

	p->form = form;
	p->live = form == STS_PROGRESS_AUTO && isatty(STDERR_FILENO) && (term == NULL || strcmp(term, "dumb") != 0);
	p->started_ms = p->rated_ms = now_ms;
	p->input_size = -1;
}

static double mean_rate(const struct sts_scan_progress *p, uint64_t done, int64_t now_ms)
{
	return now_ms > p->started_ms ? (double)done * 1000 / (double)(now_ms - p->started_ms) : 0;
}

/* Seconds to the end, by the share of the file that was read; negative: cannot be told. */
static int64_t left_s(const struct sts_scan_progress *p, int64_t now_ms)
{
	double share = p->input_size > 0 ? (double)p->input_offset / (double)p->input_size : 0;

	if (share < 0.001 || now_ms - p->started_ms < 2000)
		return -1;
	return (int64_t)((double)(now_ms - p->started_ms) / 1000 * (1 - share) / share);
}

static void update_rate(struct sts_scan_progress *p, uint64_t done, int64_t now_ms)
{
	if (now_ms - p->rated_ms < RATE_MS)
		return;
	p->rate = (double)(done - p->rated_done) * 1000 / (double)(now_ms - p->rated_ms);
	p->rated_done = done;
	p->rated_ms = now_ms;
}

static void show_line(struct sts_scan_progress *p, const struct sts_counts *c, int64_t now_ms)
{
	uint64_t done = c->done;
	int64_t left = left_s(p, now_ms);
	struct sts_buf b;

	sts_buf_init(&b, LINE_MAX_OCTETS);
	sts_buf_printf(&b, "%" PRIu64 " done, %.0f/s now, %.0f/s mean", done, p->rate, mean_rate(p, done, now_ms));
	if (left >= 0) {
		sts_buf_puts(&b, ", ");
		sts_duration_words(&b, left);
		sts_buf_puts(&b, " left");
	}
	for (int v = STS_VERDICT_ENFORCED; v >= 0; v--)
		if (c->written[v] > 0)
			sts_buf_printf(&b, ", %" PRIu64 " %s", c->written[v], sts_verdict_name((enum sts_verdict)v));
	if (c->written[STS_KIND_INVALID] > 0)
		sts_buf_printf(&b, ", %" PRIu64 " no names", c->written[STS_KIND_INVALID]);
	if (c->put_off > 0)
		sts_buf_printf(&b, ", %" PRIu64 " put off", c->put_off);
	if (b.ptr != NULL)
		fprintf(stderr, "\r\033[K%s", b.ptr);
	fflush(stderr);
	p->on_screen = true;
	sts_buf_clear(&b);
}

static void show_json(struct sts_scan_progress *p, const struct sts_counts *c, int64_t now_ms, bool ended)
{
	struct sts_buf b;
	struct sts_jsonw w;
	int64_t left = left_s(p, now_ms);

	sts_buf_init(&b, 65536);
	w = sts_jsonw(&b, false);
	sts_jw_object(&w, NULL);
	sts_jw_cstr(&w, "schema", "mtasts.scan-progress/1");
	sts_jw_bool(&w, "ended", ended);
	sts_jw_int(&w, "elapsed_ms", now_ms - p->started_ms);
	sts_jw_int(&w, "done", (int64_t)c->done);
	sts_jw_int(&w, "rate_now", (int64_t)p->rate);
	sts_jw_int(&w, "rate_mean", (int64_t)mean_rate(p, c->done, now_ms));
	if (left >= 0)
		sts_jw_int(&w, "left_s", left);
	else
		sts_jw_null(&w, "left_s");
	sts_jw_object(&w, "verdicts");
	for (int v = 0; v <= STS_VERDICT_ENFORCED; v++)
		sts_jw_int(&w, sts_verdict_name((enum sts_verdict)v), (int64_t)c->written[v]);
	sts_jw_end_object(&w);
	sts_jw_int(&w, "invalid", (int64_t)c->written[STS_KIND_INVALID]);
	sts_jw_int(&w, "opted_out", (int64_t)c->written[STS_KIND_OPTED_OUT]);
	sts_jw_int(&w, "put_off", (int64_t)c->put_off);
	sts_jw_int(&w, "dns_troubles", (int64_t)c->troubles);
	sts_jw_int(&w, "asking", (int64_t)c->asking);
	sts_jw_int(&w, "checking", (int64_t)c->checking);
	sts_jw_end_object(&w);
	if (!b.failed && b.ptr != NULL)
		fprintf(stderr, "%s\n", b.ptr);
	sts_buf_clear(&b);
}

void sts_scan_progress_show(struct sts_scan_progress *p, const struct sts_counts *counts, int64_t now_ms)
{
	update_rate(p, counts->done, now_ms);
	if (p->live && now_ms - p->shown_ms >= LIVE_MS) {
		show_line(p, counts, now_ms);
		p->shown_ms = now_ms;
	} else if (p->form == STS_PROGRESS_JSON && now_ms - p->shown_ms >= JSON_MS) {
		show_json(p, counts, now_ms, false);
		p->shown_ms = now_ms;
	}
}

void sts_scan_progress_end(struct sts_scan_progress *p, const struct sts_counts *counts, int64_t now_ms)
{
	if (p->on_screen)
		fprintf(stderr, "\r\033[K");
	if (p->form == STS_PROGRESS_JSON)
		show_json(p, counts, now_ms, true);
	fflush(stderr);
}
