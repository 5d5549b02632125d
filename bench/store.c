/*
 * What the history answers, and how fast, at one size and at ten times that: the answers must not grow with what other
 * domains hold, nor the monitor's choice of what to look at next with the number of those that are watched.
 *
 *   store-bench DOMAINS OBSERVATIONS [FOLDER|URL]
 */
#include "seen.h"

#include "monitor/watch.h"
#include "store/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define T0 INT64_C(1767225600)
#define ROUNDS 300
#define BATCH 5000
#define LIMIT_MS 10.0

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

/* Hourly looks; the policy changes every tenth day, the id with it, and now and then a finding comes and goes. */
static struct sts_observation *make(struct sts_arena *arena, unsigned domain, unsigned step)
{
	unsigned era = step / 240 + domain % 3;

	return seen_make(arena,
		&(struct seen){
			.domain = sts_sprintf(arena, "d%u.example", domain),
			.at = T0 + (int64_t)step * 3600,
			.id = sts_sprintf(arena, "%u", era),
			.policy = seen_policy(era % 3 == 0 ? "testing" : "enforce", 604800 + (long)(era % 7) * 86400,
				"mx1.example mx2.example"),
			.hosts = era % 4 == 0 ? "mx1.example" : "mx1.example mx2.example",
			.cert = era % 2 == 0 ? "a" : "b",
			.findings = step % 50 < 3 ? "mx.cert.expired error mx1.example,rpt.absent notice x" : NULL,
		});
}

static void put(struct sts_history *h, unsigned domain, unsigned step)
{
	struct sts_arena *arena = sts_arena_new();

	if (sts_history_put(h, make(arena, domain, step), (struct sts_str){0}, NULL) != STS_OK)
		fail("put", sts_history_why(h));
	sts_arena_free(arena);
}

static void fill(struct sts_history *h, unsigned domains, unsigned observations)
{
	struct sts_store *s = sts_history_store(h);
	unsigned n = 0;

	for (unsigned d = 0; d < domains; d++) {
		for (unsigned step = 0; step < observations; step++) {
			if (n % BATCH == 0 && sts_store_begin(s, STS_BEGIN_WRITE) != STS_OK)
				fail("begin", s->why);
			put(h, d, step);
			if (++n % BATCH == 0 && sts_store_end(s, STS_OK) != STS_OK)
				fail("end", s->why);
		}
	}
	if (s->in_transaction && sts_store_end(s, STS_OK) != STS_OK)
		fail("end", s->why);
}

/* All are watched; some are due. */
static void watch_all(struct sts_store *s, unsigned domains)
{
	struct sts_arena *arena = sts_arena_new();
	enum sts_watch_change change;

	if (sts_store_begin(s, STS_BEGIN_WRITE) != STS_OK)
		fail("begin", s->why);
	for (unsigned d = 0; d < domains; d++)
		if (sts_watch_add(s, sts_sprintf(arena, "d%u.example", d), NULL, -1, T0 + (int64_t)(d * 7919 % domains),
			    &change) != STS_OK)
			fail("watch", s->why);
	if (sts_store_end(s, STS_OK) != STS_OK)
		fail("end", s->why);
	sts_arena_free(arena);
}

/* ---- questions ----------------------------------------------------------------------------------------------------
 */

typedef enum sts_err question(struct sts_history *h, const char *domain, unsigned step, struct sts_arena *arena);

static enum sts_err ask_last(struct sts_history *h, const char *domain, unsigned step, struct sts_arena *arena)
{
	struct sts_kept kept;

	(void)step;
	return sts_history_at(h, domain, INT64_MAX, arena, &kept);
}

static enum sts_err ask_past(struct sts_history *h, const char *domain, unsigned step, struct sts_arena *arena)
{
	struct sts_past *past;

	(void)step;
	return sts_history_past(h, domain, INT64_MAX, arena, &past);
}

static enum sts_err ask_changes(struct sts_history *h, const char *domain, unsigned step, struct sts_arena *arena)
{
	struct sts_changes changes;

	(void)step;
	return sts_history_changes(h, domain, 0, INT64_MAX, 200, arena, &changes);
}

/* What a check does to the history: judge by the past, keep the result; committed. */
static enum sts_err ask_put(struct sts_history *h, const char *domain, unsigned step, struct sts_arena *arena)
{
	return sts_history_put(h, make(arena, (unsigned)atoi(domain + 1), step), (struct sts_str){0}, NULL);
}

/* The next due domain is chosen and leased, then the lease is rolled back: what is measured is the choice, not the disk. */
static enum sts_err ask_due(struct sts_history *h, const char *domain, unsigned step, struct sts_arena *arena)
{
	struct sts_store *s = sts_history_store(h);
	struct sts_watched w;
	size_t count = 0;
	enum sts_err err = sts_store_begin(s, STS_BEGIN_WRITE);

	(void)domain;
	(void)step;
	if (err == STS_OK)
		err = sts_watch_lease(s, "bench", T0 + 50, 60, 1, arena, &w, &count);
	if (err == STS_OK && count != 1)
		fail("lease", "nothing is due");
	return err == STS_OK && sts_store_end(s, STS_ENOENT) == STS_ENOENT ? STS_OK : STS_EIO;
}

static const struct {
	const char *name;
	question *ask;
} questions[] = {
	{"last observation", ask_last},
	{"past (synchronisation)", ask_past},
	{"200 newest changes", ask_changes},
	{"one more observation", ask_put},
	{"next due domain", ask_due},
};
#define QUESTION_COUNT (sizeof questions / sizeof *questions)

/* ---- measuring ------------------------------------------------------------------------------------------------------
 */

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

struct figures {
	double median_ms;
	double p99_ms;
};

static struct figures measure(struct sts_history *h, question *ask, unsigned domains, unsigned observations)
{
	double times[ROUNDS];
	unsigned dice = 12345;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct sts_arena *arena = sts_arena_new();
		char domain[32];
		double began;

		dice = dice * 1103515245u + 12345u;
		snprintf(domain, sizeof domain, "d%u.example", (dice >> 8) % domains);
		began = now_ms();
		if (ask(h, domain, observations + i, arena) != STS_OK)
			fail(domain, sts_history_why(h));
		times[i] = now_ms() - began;
		sts_arena_free(arena);
	}
	qsort(times, ROUNDS, sizeof *times, by_size);
	return (struct figures){times[ROUNDS / 2], times[ROUNDS * 99 / 100]};
}

/* A place of its own for each size; what is there already is made away with. */
static const char *place_of(const char *where, unsigned size, char out[static 256])
{
	if (sts_store_is_url(where)) {
		struct sts_store *s = NULL;
		char why[512];

		if (sts_pg_open(where, &s, why) != STS_OK ||
			s->ops->script(s, "DROP SCHEMA IF EXISTS mtasts CASCADE") != STS_OK)
			fail(where, why);
		sts_store_close(s);
		return where;
	}
	snprintf(out, 256, "%s/store-bench-%u.db", where, size);
	unlink(out);
	return out;
}

static void run(const char *where, unsigned domains, unsigned observations, struct figures out[QUESTION_COUNT])
{
	struct sts_history *h = NULL;
	char path[256];
	char why[512];
	const char *place = place_of(where, domains, path);
	double began = now_ms();

	if (sts_history_open(place, &h, why) != STS_OK)
		fail(place, why);
	fill(h, domains, observations);
	watch_all(sts_history_store(h), domains);
	printf("%u domains x %u observations: filled in %.0f s, %.0f us each\n", domains, observations,
		(now_ms() - began) / 1e3, (now_ms() - began) * 1e3 / domains / observations);
	for (size_t q = 0; q < QUESTION_COUNT; q++)
		out[q] = measure(h, questions[q].ask, domains, observations);
	sts_history_close(h);
	if (!sts_store_is_url(where))
		unlink(place);
}

int main(int argc, char **argv)
{
	unsigned domains = argc > 1 ? (unsigned)atoi(argv[1]) : 1000;
	unsigned observations = argc > 2 ? (unsigned)atoi(argv[2]) : 1000;
	const char *where = argc > 3 ? argv[3] : "/tmp";
	struct figures small[QUESTION_COUNT], large[QUESTION_COUNT];
	bool fine = true;

	setvbuf(stdout, NULL, _IOLBF, 0);
	run(where, domains / 10 > 0 ? domains / 10 : 1, observations, small);
	run(where, domains, observations, large);
	printf("%-24s %14s %14s %10s %14s\n", "", "tenth, median", "whole, median", "ratio", "whole, 99 %");
	for (size_t q = 0; q < QUESTION_COUNT; q++) {
		bool good = large[q].median_ms < LIMIT_MS;

		printf("%-24s %11.3f ms %11.3f ms %10.2f %11.3f ms%s\n", questions[q].name, small[q].median_ms,
			large[q].median_ms, large[q].median_ms / small[q].median_ms, large[q].p99_ms,
			good ? "" : "  TOO SLOW");
		fine = fine && good;
	}
	return fine ? 0 : 1;
}
