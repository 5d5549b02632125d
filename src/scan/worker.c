#include "scan/worker_inside.h"

#include "base/clock.h"
#include "check/view.h"
#include "proto/dnsmsg.h"
#include "scan/quick.h"

#include <stdlib.h>
#include <unistd.h>

/*
 * take a name -> normalise -> ask for TXT at _mta-sts -> nothing there: the result at once
 *                                                     -> something there: check, judge, result
 *                                                     -> no answer: put off to the end of the run; at the end: the result
 */

#define TICK_MS 10
/* When nothing moves but hosts are waited for. */
#define IDLE_TICK_MS 80
/* When results wait for the writer, who does not call. */
#define BEHIND_TICK_MS 1
/* Octets that wait for the writer; with more, names without a record wait for their turn unwritten, in their slots. */
#define BACKLOG_MAX ((int64_t)1024 * 1024)
#define ASK_TIMEOUT_MS 2000
#define ASK_TRIES 2
/* Full checks at once in a thread: each may hold some connections. */
#define CHECKS_MAX 256
/* Waits between the tries of a name that cannot be put off, milliseconds. */
#define AGAIN_MS 2000

/* The clock is looked at once for so many names. */
#define LOOK_EVERY 64

static void ask(struct slot *s);

/* ---- time ----------------------------------------------------------------------------------------------------------- */

void worker_look_at_clock(struct sts_scan_worker *w)
{
	w->now_ms = sts_now_ms();
	w->now_s = sts_now_s();
	w->since_look = 0;
}

static void look_at_clock(void *arg)
{
	worker_look_at_clock(arg);
}

static void pass_time(struct sts_scan_worker *w)
{
	if (++w->since_look >= LOOK_EVERY)
		worker_look_at_clock(w);
}

/* ---- putting off ---------------------------------------------------------------------------------------------------- */

static void ask_again(void *arg)
{
	ask(arg);
}

/* @return false: this was its last chance */
static bool put_off(struct slot *s)
{
	struct sts_scan_worker *w = s->worker;

	atomic_fetch_add_explicit(&w->run->counts.troubles, 1, memory_order_relaxed);
	if (w->run->scan->ordered || w->run->sink != NULL) {
		/* the names behind it wait: it has to be tried again here */
		if (++s->tries > 3)
			return false;
		s->fresh = false;
		sts_timer_set(w->loop, &s->again, AGAIN_MS << s->tries, ask_again, s);
		return true;
	}
	if (s->last)
		return false;
	if (!sts_later_put(w->run->later, s->seq, s->line, sts_str(s->typed, s->typed_len)))
		return false;
	atomic_fetch_add(&w->run->counts.put_off, 1);
	slot_release(s);
	return true;
}

/* ---- the full check ------------------------------------------------------------------------------------------------- */

static void start_checks(struct sts_scan_worker *w);

static void checked(struct sts_report *report, void *arg)
{
	struct slot *s = arg;
	struct sts_scan_worker *w = s->worker;

	/* the record was there a moment ago: the resolver has had enough */
	bool again = sts_record_state(report->facts) == STS_RECORD_UNKNOWN || (s->fresh && sts_waited(report->facts));

	w->checks_running--;
	atomic_fetch_sub_explicit(&w->run->counts.checking, 1, memory_order_relaxed);
	if (!again || !put_off(s))
		settle_report(s, report, report->arena);
	sts_report_free(report);
	start_checks(w);
}

static void start_checks(struct sts_scan_worker *w)
{
	while (w->checks_first != NULL && w->checks_running < w->checks_max) {
		struct slot *s = w->checks_first;
		const char *why = NULL;

		w->checks_first = s->next;
		if (w->checks_first == NULL)
			w->checks_end = &w->checks_first;
		if (sts_check_start(w->engine, s->arena != NULL ? s->typed : s->ascii, NULL, checked, s, &why) != STS_OK) {
			settle_invalid(s, why);
			continue;
		}
		w->checks_running++;
		atomic_fetch_add_explicit(&w->run->counts.checking, 1, memory_order_relaxed);
	}
}

static void want_check(struct slot *s)
{
	struct sts_scan_worker *w = s->worker;

	s->next = NULL;
	*w->checks_end = s;
	w->checks_end = &s->next;
	start_checks(w);
}

/* ---- discovery ------------------------------------------------------------------------------------------------------ */

static struct sts_domain domain_of(const struct slot *s)
{
	return s->arena != NULL ? s->domain : (struct sts_domain){.ascii = s->ascii};
}

static void settle_answer(struct slot *s, const struct sts_answer *answer)
{
	struct sts_scan_worker *w = s->worker;
	struct sts_domain domain = domain_of(s);
	struct sts_report *report = sts_discovery_judge(
		&w->run->discovery, &domain, answer, s->started_at, sts_now_ms() - s->started_ms, w->scratch);

	settle_report(s, report, w->scratch);
	sts_arena_reset(w->scratch);
}

static void read_reply(const uint8_t *reply, size_t len, const char *name, struct sts_arena *arena, struct sts_answer *out)
{
	struct sts_dnsmsg message;
	const char *why = NULL;

	*out = (struct sts_answer){.state = STS_DNS_MALFORMED};
	if (!sts_dnsmsg_parse(reply, len, arena, &message, &why)) {
		out->why = why;
		return;
	}
	sts_dnsmsg_answer(&message, name, STS_T_TXT, arena, out);
	if (out->state == STS_DNS_NODATA && sts_dnsmsg_referral(&message) != NULL) {
		out->state = STS_DNS_REFUSED;
		out->why = "the server does not recurse";
	}
}

/* TXT records, and not one of them meant for MTA-STS; an alias is a trace. */
static bool is_nothing(const struct sts_answer *a, struct sts_arena *arena)
{
	struct sts_facts f = {.record = *a};
	struct sts_str *texts;

	if (!sts_answer_certain(a) || a->cname_count > 0)
		return false;
	if (a->state != STS_DNS_OK)
		return true;
	texts = sts_alloc_array(arena, a->rr_count, sizeof *texts);
	for (size_t i = 0; i < a->rr_count; i++)
		texts[i] = a->rrs[i].data;
	sts_record_set_parse(texts, a->rr_count, arena, &f.record_set);
	return !sts_has_record(&f);
}

/* At this depth nothing but the record is wanted, and no policy calls for validation. */
static bool is_all(const struct slot *s, const struct sts_answer *a)
{
	return s->worker->run->scan->depth == STS_DEPTH_RECORD && a->state == STS_DNS_OK && a->cname_count == 0;
}

static bool is_trouble(const struct sts_answer *a)
{
	return a->state == STS_DNS_SERVFAIL || a->state == STS_DNS_TIMEOUT || a->state == STS_DNS_REFUSED ||
		a->state == STS_DNS_MALFORMED;
}

static void look_closer(struct slot *s, const struct sts_answer *answer)
{
	struct sts_scan_worker *w = s->worker;

	if (is_nothing(answer, w->scratch) || is_all(s, answer)) {
		settle_answer(s, answer);
	} else if (is_trouble(answer)) {
		/* what looks like trouble may be a fault of the domain: at last, the check tells them apart */
		if (put_off(s))
			; /* for now */
		else if (answer->state == STS_DNS_SERVFAIL)
			want_check(s);
		else
			settle_answer(s, answer);
	} else {
		want_check(s);
	}
	sts_arena_reset(w->scratch);
}

/* A writer that stands still must not fill the memory. */
static bool writer_keeps_up(const struct sts_scan_worker *w)
{
	return atomic_load_explicit(&w->run->counts.backlog, memory_order_relaxed) < BACKLOG_MAX;
}

static void found_nothing(struct slot *s, enum sts_dns_state state)
{
	struct sts_scan_worker *w = s->worker;

	s->found = state;
	s->ended_ms = w->now_ms;
	if (w->unwritten == NULL && writer_keeps_up(w)) {
		settle_plain(s);
		return;
	}
	s->next = w->unwritten;
	w->unwritten = s;
}

static void write_waiting(struct sts_scan_worker *w)
{
	while (w->unwritten != NULL && writer_keeps_up(w)) {
		struct slot *s = w->unwritten;

		w->unwritten = s->next;
		settle_plain(s);
	}
}

static void discovered(enum sts_stub_end end, const uint8_t *reply, size_t len, unsigned timeouts, void *arg)
{
	struct slot *s = arg;
	struct sts_scan_worker *w = s->worker;
	enum sts_dns_state quick = end == STS_STUB_REPLY ? sts_quick_look(reply, len) : STS_DNS_NOT_ASKED;
	struct sts_answer answer = {.state = STS_DNS_TIMEOUT, .why = "no answer from the resolver"};

	w->asking--;
	pass_time(w);
	if (quick != STS_DNS_NOT_ASKED && s->arena == NULL) {
		sts_pace_note(&w->pace, timeouts > 0 && w->lone_resolver, w->now_ms);
		found_nothing(s, quick);
		return;
	}
	if (end == STS_STUB_REPLY)
		read_reply(reply, len, s->question, w->scratch, &answer);
	sts_pace_note(&w->pace, (timeouts > 0 && w->lone_resolver) || is_trouble(&answer), w->now_ms);
	look_closer(s, &answer);
}

static void ask(struct slot *s)
{
	s->worker->asking++;
	if (sts_stub_ask(s->worker->stub, s->question, STS_T_TXT, discovered, s))
		return;
	s->worker->asking--;
	settle_invalid(s, "not a name that DNS can carry");
}

/* ---- taking names --------------------------------------------------------------------------------------------------- */

/* Anything more than a plain name. @return false: it is settled */
static bool read_typed(struct slot *s)
{
	struct sts_scan_worker *w = s->worker;
	struct sts_arena *fresh;
	const char *why = NULL;
	struct sts_domain d;

	if (sts_domain_parse(sts_str(s->typed, s->typed_len), w->scratch, &d, &why) != STS_OK) {
		settle_invalid(s, why);
		sts_arena_reset(w->scratch);
		return false;
	}
	s->ascii_len = strlen(d.ascii);
	memcpy(s->ascii, d.ascii, s->ascii_len + 1);
	if (sts_plain_takes(&d)) {
		sts_arena_reset(w->scratch);
		return true;
	}
	fresh = sts_arena_new();
	if (fresh == NULL) {
		sts_run_fail(w->run, "out of memory");
		sts_arena_reset(w->scratch);
		slot_release(s); /* without a result: it is not done */
		return false;
	}
	/* its own memory, for the notes and the other form of the name live with it */
	s->arena = w->scratch;
	s->domain = d;
	w->scratch = fresh;
	return true;
}

static void begin(struct slot *s)
{
	struct sts_scan_worker *w = s->worker;

	if (sts_domain_plain(sts_str(s->typed, s->typed_len), STS_PLAIN_MAX, s->ascii))
		s->ascii_len = s->typed_len;
	else if (!read_typed(s))
		return;
	if (sts_optout_has(&w->run->optout, s->ascii)) {
		settle_opted_out(s);
		return;
	}
	ask(s);
}

static bool next_batch(struct sts_scan_worker *w)
{
	if (w->batch != NULL && w->batch->at < w->batch->count)
		return true;
	free(w->batch);
	w->batch = sts_pipe_try(&w->run->names, &w->ended);
	return w->batch != NULL;
}

/* @return false: out of memory */
static bool keep_typed(struct slot *s, const char *text, size_t len)
{
	s->typed = len <= TYPED_USUAL ? s->typed_usual : malloc(len + 1);
	if (s->typed == NULL)
		return false;
	memcpy(s->typed, text, len);
	s->typed[len] = '\0';
	s->typed_len = len;
	return true;
}

static void take_name(struct sts_scan_worker *w)
{
	struct sts_batch *b = w->batch;
	struct slot *s = w->spare;
	size_t i = b->at++;

	w->spare = s->next;
	w->busy++;
	w->moves++;
	s->seq = b->names[i].seq;
	s->line = b->names[i].line;
	s->tries = 0;
	s->last = b->last;
	s->fresh = b->round == 0 || w->run->sink != NULL;
	s->started_ms = w->now_ms;
	s->started_at = w->now_s;
	if (keep_typed(s, b->text + b->names[i].from, b->names[i].len)) {
		begin(s);
	} else {
		sts_run_fail(w->run, "out of memory");
		slot_release(s); /* without a result: it is not done */
	}
}

static void fill(void *arg)
{
	struct sts_scan_worker *w = arg;
	struct sts_counts *counts = &w->run->counts;

	worker_look_at_clock(w);
	write_waiting(w);
	while (!atomic_load_explicit(&counts->stop, memory_order_relaxed) && w->spare != NULL &&
		sts_pace_room(&w->pace, w->asking, w->now_ms) && writer_keeps_up(w) && next_batch(w) &&
		sts_rate_take(&w->rate, w->now_ms)) {
		take_name(w);
		pass_time(w);
	}
}

/* ---- the thread ----------------------------------------------------------------------------------------------------- */

/* A token bucket wants to be looked at often; so does the reader, who does not call. */
static int64_t until_next_tick(struct sts_scan_worker *w)
{
	bool moved = w->moves != w->moves_seen || w->busy == 0 || w->run->scan->rate > 0;

	w->moves_seen = w->moves;
	if (w->unwritten != NULL)
		return w->tick_ms = BEHIND_TICK_MS;
	w->tick_ms = moved ? TICK_MS : w->tick_ms * 2 > IDLE_TICK_MS ? IDLE_TICK_MS : w->tick_ms * 2;
	return w->tick_ms;
}

static void tick(void *arg)
{
	struct sts_scan_worker *w = arg;

	fill(w);
	/* a writer that has something to do will not miss a part of a chunk */
	if (atomic_load_explicit(&w->run->counts.backlog, memory_order_relaxed) == 0)
		worker_flush(w);
	worker_tell_settled(w);
	atomic_store_explicit(&w->run->counts.asking, w->asking, memory_order_relaxed);
	if (atomic_load(&w->run->counts.stop) || (w->ended && w->busy == 0))
		sts_loop_stop(w->loop);
	else
		sts_timer_set(w->loop, &w->tick, until_next_tick(w), tick, w);
}

void worker_wake(struct sts_scan_worker *w)
{
	sts_timer_set(w->loop, &w->tick, 0, tick, w);
}

void *sts_scan_worker_main(void *arg)
{
	struct sts_scan_worker *w = arg;

	sts_timer_set(w->loop, &w->tick, 0, tick, w);
	if (sts_loop_run(w->loop) != STS_OK)
		sts_run_fail(w->run, "an engine's event loop failed");
	worker_flush(w);
	worker_tell_settled(w);
	return NULL;
}

static enum sts_err make_slots(struct sts_scan_worker *w, size_t count)
{
	w->slots = calloc(count, sizeof *w->slots);
	if (w->slots == NULL)
		return STS_ENOMEM;
	w->slot_count = count;
	for (size_t i = count; i > 0; i--) {
		memcpy(w->slots[i - 1].question, RECORD_LABEL, RECORD_LABEL_LEN);
		w->slots[i - 1].ascii = w->slots[i - 1].question + RECORD_LABEL_LEN;
		w->slots[i - 1].worker = w;
		w->slots[i - 1].next = w->spare;
		w->spare = &w->slots[i - 1];
	}
	return STS_OK;
}

static enum sts_err make_engine(struct sts_scan_worker *w, const char **why)
{
	struct sts_options options = w->run->scan->engine;
	enum sts_err err;

	options.record_only = w->run->scan->depth == STS_DEPTH_RECORD;
	options.no_smtp = options.no_smtp || w->run->scan->depth != STS_DEPTH_FULL;
	err = sts_engine_new(&options, &w->engine, why);
	if (err != STS_OK)
		return err;
	sts_engine_set_concurrency(w->engine, CHECKS_MAX);
	sts_engine_set_share(w->engine, w->run->share);
	sts_engine_be_thrifty(w->engine);
	w->loop = sts_engine_loop(w->engine);
	return STS_OK;
}

/* Descriptors of one check, at its widest moment, and memory of one (engine.md section 6), octets. */
#define CHECK_DESCRIPTORS 24
#define CHECK_OCTETS ((uint64_t)512 * 1024)

/* Full checks at once: what names, descriptors and a quarter of the free memory allow. */
static size_t checks_at_once(const struct sts_scan *scan, size_t slots, unsigned workers)
{
	long pages = sysconf(_SC_AVPHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	uint64_t memory = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page / 4 / CHECK_OCTETS / workers : CHECKS_MAX;
	uint64_t descriptors = scan->descriptors > 200 ? (scan->descriptors - 200) / workers / CHECK_DESCRIPTORS : 1;
	uint64_t most = CHECKS_MAX;

	most = slots < most ? slots : most;
	most = memory < most ? memory : most;
	most = descriptors < most ? descriptors : most;
	return most < 4 ? 4 : (size_t)most;
}

enum sts_err sts_scan_worker_new(
	struct sts_run *run, const struct sts_servers *servers, unsigned workers, struct sts_scan_worker **out, const char **why)
{
	struct sts_scan_worker *w = calloc(1, sizeof *w);
	size_t slots = (run->scan->concurrency + workers - 1) / workers;
	struct sts_stub_options so = {servers, ASK_TIMEOUT_MS, ASK_TRIES, look_at_clock, fill, w};
	enum sts_err err = STS_ENOMEM;

	*why = "out of memory";
	if (w == NULL)
		return STS_ENOMEM;
	w->run = run;
	w->checks_end = &w->checks_first;
	w->checks_max = checks_at_once(run->scan, slots, workers);
	w->pace = sts_pace(slots);
	w->lone_resolver = servers->count == 1;
	w->rate = sts_rate((double)run->scan->rate / workers, sts_now_ms());
	w->scratch = sts_arena_new();
	w->plain = sts_plain_new(&run->discovery);
	if (w->scratch != NULL && w->plain != NULL)
		err = make_slots(w, slots);
	if (err == STS_OK)
		err = make_engine(w, why);
	if (err == STS_OK)
		err = sts_stub_new(w->loop, &so, &w->stub);
	if (err == STS_OK)
		err = sts_engine_set_stub(w->engine, w->stub);
	if (err != STS_OK)
		sts_scan_worker_free(w);
	else
		*out = w;
	return err;
}

void sts_scan_worker_free(struct sts_scan_worker *w)
{
	if (w == NULL)
		return;
	sts_timer_clear(&w->tick);
	sts_stub_free(w->stub);
	for (size_t i = 0; i < w->slot_count; i++) {
		sts_timer_clear(&w->slots[i].again);
		sts_arena_free(w->slots[i].arena);
		if (w->slots[i].typed != w->slots[i].typed_usual)
			free(w->slots[i].typed);
	}
	sts_engine_free(w->engine);
	sts_plain_free(w->plain);
	sts_arena_free(w->scratch);
	sts_chunk_free(w->chunk);
	free(w->batch);
	free(w->slots);
	free(w);
}
