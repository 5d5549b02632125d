#include "scan/inside.h"

#include "base/clock.h"
#include "net/stream.h"
#include "probe/servers.h"
#include "scan/input.h"
#include "scan/progress.h"
#include "scan/sink.h"
#include "scan/worker.h"
#include "scan/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define RESOLV_CONF "/etc/resolv.conf"
#define CONCURRENCY 2000
#define THREADS_MAX 64
#define ENGINE_DESCRIPTORS 512
#define PER_HOST 8
#define PER_NETWORK 64
#define SHARED_OCTETS ((size_t)64 * 1024 * 1024)
/* Turns of names that were put off, and the time before each, in which a resolver may come to itself. */
#define TURNS 3
static const int turn_wait_ms[TURNS + 1] = {0, 2000, 5000, 15000};

struct whole {
	struct sts_run run;
	struct sts_scan_progress progress;
	struct sts_input *input;
	struct sts_writer *writer;
	struct sts_scan_worker *workers[THREADS_MAX];
	pthread_t worker_threads[THREADS_MAX], reader_thread, writer_thread;
	unsigned threads;
	unsigned running; /* worker threads that were started */
	bool reading, writing;
	_Atomic unsigned ended; /* workers that came to their end */
	_Atomic bool read_all;  /* every name was handed out, those put off too */
	uint64_t done_before;
	struct sts_seqset before; /* names done by an earlier part of the run */
};

void sts_run_fail(struct sts_run *run, const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&run->lock);
	if (!run->failed) {
		va_start(ap, fmt);
		vsnprintf(run->why, sizeof run->why, fmt, ap);
		va_end(ap);
		run->failed = true;
	}
	pthread_mutex_unlock(&run->lock);
	atomic_store(&run->counts.stop, true);
	sts_pipe_break(&run->names);
}

/* ---- the reader's thread -------------------------------------------------------------------------------------------- */

static void nap(int ms)
{
	struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&ts, NULL);
}

static bool stopped(struct sts_run *run)
{
	return atomic_load_explicit(&run->counts.stop, memory_order_relaxed);
}

static bool send_batch(struct sts_run *run, struct sts_batch **batch)
{
	struct sts_batch *b = *batch;

	*batch = NULL;
	if (b == NULL)
		return true;
	atomic_fetch_add(&run->counts.issued, b->count);
	if (sts_pipe_push(&run->names, b))
		return true;
	free(b);
	return false;
}

static bool add_name(struct sts_run *run, struct sts_batch **batch, uint64_t seq, uint64_t line, struct sts_str typed, unsigned round)
{
	struct sts_batch *b = *batch;

	/* escaped in a store it may be longer than any line of a list; whatever its end, it is no name */
	if (typed.len > STS_INPUT_LINE_MAX)
		typed.len = STS_INPUT_LINE_MAX;
	if (b != NULL && (b->count == STS_BATCH_NAMES || b->used + typed.len > STS_BATCH_OCTETS) && !send_batch(run, batch))
		return false;
	b = *batch;
	if (b == NULL) {
		b = *batch = malloc(sizeof *b);
		if (b == NULL) {
			sts_run_fail(run, "out of memory");
			return false;
		}
		b->count = b->at = b->used = 0;
		b->round = round;
		b->last = round == TURNS;
	}
	b->names[b->count].seq = seq;
	b->names[b->count].line = line;
	b->names[b->count].from = (uint32_t)b->used;
	b->names[b->count++].len = (uint32_t)typed.len;
	memcpy(b->text + b->used, typed.ptr, typed.len);
	b->used += typed.len;
	return true;
}

/* Results of names ahead of the next one wait in memory: not too many. */
static void wait_for_window(struct sts_run *run, struct sts_batch **batch, uint64_t seq)
{
	if (!run->scan->ordered || seq < atomic_load(&run->ordered_next) + STS_ORDER_WINDOW - 1)
		return;
	(void)send_batch(run, batch);
	while (!stopped(run) && seq >= atomic_load(&run->ordered_next) + STS_ORDER_WINDOW - 1)
		nap(2);
}

static void read_input(struct whole *all)
{
	struct sts_run *run = &all->run;
	struct sts_batch *batch = NULL;
	enum sts_err err = STS_OK;
	struct sts_str typed;
	uint64_t line;

	for (uint64_t seq = 0; !stopped(run); seq++) {
		while (!sts_input_ready(all->input, batch != NULL ? 0 : 200) && !stopped(run))
			(void)send_batch(run, &batch);
		if (stopped(run))
			break;
		err = sts_input_next(all->input, &typed, &line);
		if (err != STS_OK)
			break;
		if ((seq & 1023) == 0)
			all->progress.input_offset = sts_input_offset(all->input);
		if (sts_seqset_has(&all->before, seq))
			continue;
		wait_for_window(run, &batch, seq);
		if (!add_name(run, &batch, seq, line, typed, 0))
			break;
	}
	(void)send_batch(run, &batch);
	if (err == STS_EIO)
		sts_run_fail(run, "%s cannot be read to its end", run->scan->input);
}

/* Everything handed out is written or put off. */
static void settle_all(struct sts_run *run)
{
	int ms = 5;

	for (; !stopped(run) && atomic_load(&run->counts.settled) < atomic_load(&run->counts.issued); ms = ms < 20 ? ms * 2 : 20)
		nap(ms);
}

/* A few names that fail are names that fail; many are a resolver in trouble, and want patience. */
static int patience_ms(const struct sts_run *run, unsigned round, uint64_t put_off)
{
	uint64_t few = run->counts.done / 100 < 10 ? 10 : run->counts.done / 100;

	return put_off <= few ? turn_wait_ms[round] / 10 : turn_wait_ms[round];
}

static void read_later(struct whole *all)
{
	struct sts_run *run = &all->run;
	char typed[STS_INPUT_LINE_MAX];
	struct sts_batch *batch = NULL;

	for (unsigned round = 1; round <= TURNS && !stopped(run); round++) {
		uint64_t seq, line, put_off;
		size_t len;

		settle_all(run);
		put_off = sts_later_turn(run->later);
		if (put_off == 0)
			break;
		for (int i = patience_ms(run, round, put_off) / 100; i > 0 && !stopped(run); i--)
			nap(100);
		while (!stopped(run) && sts_later_take(run->later, &seq, &line, typed, &len))
			if (!add_name(run, &batch, seq, line, sts_str(typed, len), round))
				return;
		(void)send_batch(run, &batch);
		if (!stopped(run) && sts_later_left(run->later) > 0)
			sts_run_fail(run, "%" PRIu64 " names that were put off cannot be read back: %s", sts_later_left(run->later), strerror(errno));
	}
	settle_all(run);
}

/* Names of a store's blocks on their way into batches. */
struct from_store {
	struct sts_run *run;
	struct sts_batch *batch;
};

static bool take_stored(void *arg, uint64_t seq, struct sts_str typed)
{
	struct from_store *f = arg;

	return add_name(f->run, &f->batch, seq, seq + 1, typed, TURNS);
}

static void send_stored(void *arg)
{
	struct from_store *f = arg;

	(void)send_batch(f->run, &f->batch);
}

static void read_store(struct whole *all)
{
	struct from_store f = {&all->run, NULL};

	if (sts_sink_read(all->run.sink, take_stored, send_stored, &f))
		atomic_store(&all->read_all, true);
	free(f.batch);
}

static void *read_names(void *arg)
{
	struct whole *all = arg;

	if (all->run.sink != NULL) {
		read_store(all);
	} else {
		read_input(all);
		read_later(all);
		if (!stopped(&all->run))
			atomic_store(&all->read_all, true);
	}
	sts_pipe_close(&all->run.names);
	return NULL;
}

/* ---- signals -------------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t signals;

static void on_signal(int signal)
{
	(void)signal;
	if (++signals > 1)
		_exit(130);
}

static void catch_signals(bool catch, struct sigaction before[2])
{
	static const int which[2] = {SIGINT, SIGTERM};
	struct sigaction action = {.sa_handler = on_signal};

	for (size_t i = 0; i < 2; i++) {
		if (!catch)
			sigaction(which[i], &before[i], NULL);
		else
			sigaction(which[i], &action, &before[i]);
	}
}

/* ---- beginning ------------------------------------------------------------------------------------------------------ */

static enum sts_err find_servers(struct sts_run *run, struct sts_arena *arena, struct sts_servers *out)
{
	const struct sts_options *o = &run->scan->engine;

	sts_servers_read(RESOLV_CONF, arena, out);
	if (o->resolver_count > 0)
		out->count = 0;
	for (size_t i = 0; i < o->resolver_count && out->count < STS_SERVERS_MAX; i++) {
		if (!sts_server_parse(o->resolvers[i], arena, &out->list[out->count++])) {
			sts_run_fail(run, "'%s' is no resolver's address", o->resolvers[i]);
			return STS_EINVAL;
		}
	}
	if (out->count > 0)
		return STS_OK;
	sts_run_fail(run, "no resolver is known: name one with --resolver");
	return STS_EINVAL;
}

/* Descriptors: as many as the system grants. @return how many */
static uint64_t raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1024;
	if (limit.rlim_cur < limit.rlim_max) {
		struct rlimit more = {limit.rlim_max, limit.rlim_max};

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			limit = more;
	}
	return limit.rlim_cur == RLIM_INFINITY ? 1000000 : (uint64_t)limit.rlim_cur;
}

/* What the next part of a run must agree on with the one before. */
static void write_head(const struct whole *all, char *out, size_t size)
{
	static const char *const depths[] = {"record", "policy", "full"};
	const struct sts_scan *s = all->run.scan;

	snprintf(out, size, "mtasts-scan 1 depth=%s form=%s column=%u size=%" PRId64 "%s%s", depths[s->depth],
		s->format == STS_FORMAT_CSV ? "csv" : "json", s->column, all->input != NULL ? sts_input_size(all->input) : 0,
		s->ordered ? " ordered" : "", s->omit_absent ? " omit-absent" : "");
}

static enum sts_err open_all(struct whole *all)
{
	struct sts_run *run = &all->run;
	const struct sts_scan *scan = run->scan;
	enum sts_err err = scan->store != NULL ? STS_OK : sts_input_open(scan->input, scan->column, &all->input);
	char head[256];

	if (err != STS_OK) {
		sts_run_fail(run, "%s cannot be read: %s", scan->input, err == STS_EIO ? strerror(errno) : sts_strerror(err));
		return err;
	}
	if (scan->optout != NULL) {
		char why[512];

		err = sts_optout_read(&run->optout, scan->optout, why);
		if (err != STS_OK) {
			sts_run_fail(run, "%s", why);
			return err;
		}
	}
	run->share = sts_share_new(&(struct sts_share_options){
		.https_per_host = scan->per_host,
		.smtp_per_host = scan->per_host < 8 ? 1 : scan->per_host / 4,
		.per_network = scan->per_network,
		.octets_max = SHARED_OCTETS,
	});
	if (run->share == NULL) {
		sts_run_fail(run, "out of memory");
		return STS_ENOMEM;
	}
	run->later = sts_later_new();
	if (run->later == NULL) {
		sts_run_fail(run, "no temporary file: %s", strerror(errno));
		return STS_EIO;
	}
	write_head(all, head, sizeof head);
	if (scan->store != NULL) {
		err = sts_sink_open(run, head, &run->sink);
		if (err != STS_OK)
			return err;
	}
	err = sts_writer_open(run, head, &all->writer);
	if (err != STS_OK)
		return err;
	all->done_before = sts_writer_done(all->writer)->size;
	return sts_seqset_copy(&all->before, sts_writer_done(all->writer)) ? STS_OK : STS_ENOMEM;
}

static enum sts_err make_workers(struct whole *all, const struct sts_servers *servers)
{
	const char *why = NULL;

	for (unsigned i = 0; i < all->threads; i++) {
		enum sts_err err = sts_scan_worker_new(&all->run, servers, all->threads, &all->workers[i], &why);

		if (err != STS_OK) {
			sts_run_fail(&all->run, "%s", why != NULL ? why : sts_strerror(err));
			return err;
		}
	}
	return STS_OK;
}

/* ---- the run -------------------------------------------------------------------------------------------------------- */

struct start {
	struct whole *all;
	struct sts_scan_worker *worker;
};

static void *work(void *arg)
{
	struct start start = *(struct start *)arg;

	free(arg);
	sts_scan_worker_main(start.worker);
	atomic_fetch_add(&start.all->ended, 1);
	return NULL;
}

static bool start_worker(struct whole *all, unsigned i)
{
	struct start *start = malloc(sizeof *start);

	if (start == NULL)
		return false;
	*start = (struct start){all, all->workers[i]};
	if (pthread_create(&all->worker_threads[i], NULL, work, start) == 0)
		return true;
	free(start);
	return false;
}

static bool start_threads(struct whole *all)
{
	sigset_t blocked, before;
	bool ok;

	/* signals are for this thread */
	sigfillset(&blocked);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	ok = all->writing = pthread_create(&all->writer_thread, NULL, sts_writer_main, all->writer) == 0;
	for (unsigned i = 0; i < all->threads && ok; i++) {
		ok = start_worker(all, i);
		all->running += ok;
	}
	if (ok)
		ok = all->reading = pthread_create(&all->reader_thread, NULL, read_names, all) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!ok)
		sts_run_fail(&all->run, "a thread cannot be started");
	return ok;
}

static void watch(struct whole *all)
{
	while (atomic_load(&all->ended) < all->running) {
		if (signals > 0 && !stopped(&all->run)) {
			atomic_store(&all->run.counts.stop, true);
			sts_pipe_break(&all->run.names);
		}
		sts_scan_progress_show(&all->progress, &all->run.counts, sts_now_ms());
		nap(20);
	}
}

static void drop_batches(struct sts_run *run)
{
	bool ended;
	void *batch;

	while ((batch = sts_pipe_try(&run->names, &ended)) != NULL)
		free(batch);
}

static void join_threads(struct whole *all)
{
	for (unsigned i = 0; i < all->running; i++)
		pthread_join(all->worker_threads[i], NULL);
	if (all->reading)
		pthread_join(all->reader_thread, NULL);
	sts_pipe_close(&all->run.chunks);
	if (all->writing)
		pthread_join(all->writer_thread, NULL);
	drop_batches(&all->run);
}

static void run_all(struct whole *all)
{
	sts_scan_progress_begin(&all->progress, all->run.scan->progress, sts_now_ms());
	all->progress.input_size = all->input != NULL ? sts_input_size(all->input) : -1;
	start_threads(all);
	watch(all);
	join_threads(all);
	sts_scan_progress_end(&all->progress, &all->run.counts, sts_now_ms());
}

static void close_all(struct whole *all, struct sts_scan_end *end)
{
	bool complete = all->read_all && !all->run.failed;

	for (unsigned i = 0; i < all->threads; i++)
		sts_scan_worker_free(all->workers[i]);
	if (all->writer != NULL)
		sts_writer_close(all->writer, complete, &end->tally);
	sts_input_close(all->input);
	sts_sink_close(all->run.sink);
	if (all->run.share != NULL)
		end->shared = sts_share_numbers(all->run.share);
	sts_share_free(all->run.share);
	sts_later_free(all->run.later);
	sts_optout_clear(&all->run.optout);
	sts_seqset_clear(&all->before);
	sts_pipe_clear(&all->run.names);
	sts_pipe_clear(&all->run.chunks);
	end->interrupted = !complete && !all->run.failed;
	end->done_before = all->done_before;
	end->done = all->done_before + all->run.counts.done;
	end->retried = all->run.counts.put_off;
	memcpy(end->why, all->run.why, sizeof end->why);
	while (all->run.spare_count > 0)
		sts_chunk_free(all->run.spare[--all->run.spare_count]);
	pthread_mutex_destroy(&all->run.lock);
}

/* Every engine needs descriptors of its own. */
static unsigned count_threads(const struct sts_scan *scan)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = scan->threads > 0 ? scan->threads : cores > 0 ? (unsigned)cores : 1;
	uint64_t most = scan->descriptors < 100 + 2 * ENGINE_DESCRIPTORS ? 1 : (scan->descriptors - 100) / ENGINE_DESCRIPTORS;

	n = n > THREADS_MAX ? THREADS_MAX : n;
	return n > most ? (unsigned)most : n;
}

enum sts_err sts_scan_run(const struct sts_scan *wanted, struct sts_scan_end *end)
{
	struct sts_scan scan = *wanted;
	struct whole *all = calloc(1, sizeof *all);
	struct sts_arena *arena = sts_arena_new();
	struct sts_servers servers;
	struct sigaction before[2];
	int64_t started_ms = sts_now_ms();
	enum sts_err err;

	*end = (struct sts_scan_end){0};
	if (all == NULL || arena == NULL)
		abort();
	if (scan.concurrency == 0)
		scan.concurrency = CONCURRENCY;
	scan.per_host = scan.per_host == 0 ? PER_HOST : scan.per_host;
	scan.per_network = scan.per_network == 0 ? PER_NETWORK : scan.per_network;
	scan.descriptors = raise_descriptors();
	all->threads = count_threads(&scan);
	all->run.scan = &scan;
	pthread_mutex_init(&all->run.lock, NULL);
	sts_pipe_init(&all->run.names, 64);
	sts_pipe_init(&all->run.chunks, STS_PIPE_ROOM);
	err = find_servers(&all->run, arena, &servers);
	if (err == STS_OK) {
		all->run.discovery = (struct sts_discovery){
			.resolver = sts_servers_text(&servers, arena),
			.at = scan.engine.at,
			.format = scan.format,
			.ipv4 = sts_family_routable(4),
			.ipv6 = sts_family_routable(6),
		};
		err = open_all(all);
	}
	if (err == STS_OK)
		err = make_workers(all, &servers);
	if (err == STS_OK) {
		signals = 0;
		catch_signals(true, before);
		run_all(all);
		catch_signals(false, before);
		err = all->run.failed ? STS_EIO : STS_OK;
	}
	close_all(all, end);
	end->duration_ms = sts_now_ms() - started_ms;
	sts_arena_free(arena);
	free(all);
	return err;
}
