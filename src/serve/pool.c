#include "serve/pool.h"

#include "base/clock.h"
#include "base/map.h"
#include "check/findings.h"
#include "net/cert.h"
#include "proto/domain.h"
#include "serve/worker.h"

#include <stdlib.h>

/* Steps of a check that are kept for those who join late. */
#define STEPS_MAX 500

struct sts_ticket {
	struct job *job;
	struct sts_ticket *next;
	struct sts_ticket **link;
	sts_pool_step_fn *on_step;
	sts_pool_done_fn *on_done;
	void *arg;
};

/* A check under way. Once cancelled it is in no map and only waits for the engine's last word. */
struct job {
	struct sts_errand errand;
	struct sts_pool *pool;
	char *domain;
	struct sts_ticket *tickets;
	char **steps;
	size_t step_count;
	int64_t started_ms;
	bool cancelled;
	struct job *next_all;
	struct job **link_all;
};

/* A result that is kept; in order of age. */
struct kept {
	struct sts_outcome *result;
	char *domain;
	struct kept *older;
	struct kept *newer;
};

struct sts_pool {
	struct sts_loop *loop;
	struct sts_pool_options options;
	struct sts_mailbox *answers;
	struct sts_worker **workers;
	unsigned worker_count;
	struct sts_map running; /* domain to job */
	struct job *all;
	struct sts_map kept; /* domain to kept */
	struct kept *newest, *oldest;
	void (*on_result)(struct sts_outcome *result, void *arg);
	void *on_result_arg;
	struct sts_pool_stats stats;
};

/* ---- results
 * --------------------------------------------------------------------------------------------------------- */

struct sts_outcome *sts_outcome_keep(struct sts_outcome *result)
{
	result->refs++;
	return result;
}

void sts_outcome_drop(struct sts_outcome *result)
{
	if (result == NULL || --result->refs > 0)
		return;
	sts_report_free((struct sts_report *)result->report);
	free(result->json);
	free(result);
}

static struct sts_outcome *result_new(struct sts_letter *letter, int64_t started_ms)
{
	struct sts_outcome *r = calloc(1, sizeof *r);
	char digest[65];

	if (r == NULL)
		return NULL;
	sts_sha256_hex(letter->text, letter->len, digest);
	r->refs = 1;
	r->report = letter->report;
	r->json = letter->text;
	r->json_len = letter->len;
	memcpy(r->etag, digest, sizeof r->etag - 1);
	r->made_ms = sts_now_ms();
	r->took_ms = r->made_ms - started_ms;
	r->size = sizeof *r + letter->len + sts_arena_used(letter->report->arena);
	letter->report = NULL;
	letter->text = NULL;
	return r;
}

/* ---- results that are kept
 * --------------------------------------------------------------------------------------------- */

static void forget(struct sts_pool *pool, struct kept *k)
{
	sts_map_remove(&pool->kept, sts_str_of(k->domain));
	*(k->newer != NULL ? &k->newer->older : &pool->newest) = k->older;
	*(k->older != NULL ? &k->older->newer : &pool->oldest) = k->newer;
	pool->stats.cached_bytes -= k->result->size;
	pool->stats.cached--;
	sts_outcome_drop(k->result);
	free(k->domain);
	free(k);
}

static bool is_stale(const struct sts_pool *pool, const struct kept *k)
{
	return sts_now_ms() - k->result->made_ms >= pool->options.cache_ms;
}

static void make_room(struct sts_pool *pool, size_t size)
{
	while (pool->oldest != NULL &&
		(is_stale(pool, pool->oldest) || pool->stats.cached_bytes + size > pool->options.cache_bytes))
		forget(pool, pool->oldest);
}

static void keep(struct sts_pool *pool, const char *domain, struct sts_outcome *result)
{
	struct kept *k = sts_map_get(&pool->kept, sts_str_of(domain));

	if (k != NULL)
		forget(pool, k);
	make_room(pool, result->size);
	if (pool->options.cache_ms == 0 || result->size > pool->options.cache_bytes)
		return;
	k = calloc(1, sizeof *k);
	if (k == NULL)
		return;
	k->domain = strdup(domain);
	if (k->domain == NULL || !sts_map_put(&pool->kept, sts_str_of(domain), k)) {
		free(k->domain);
		free(k);
		return;
	}
	k->result = sts_outcome_keep(result);
	k->older = pool->newest;
	*(k->older != NULL ? &k->older->newer : &pool->oldest) = k;
	pool->newest = k;
	pool->stats.cached_bytes += result->size;
	pool->stats.cached++;
}

struct sts_outcome *sts_pool_cached(struct sts_pool *pool, const char *domain)
{
	struct kept *k = sts_map_get(&pool->kept, sts_str_of(domain));

	if (k == NULL || is_stale(pool, k))
		return NULL;
	pool->stats.hits++;
	return k->result;
}

/* ---- jobs
 * --------------------------------------------------------------------------------------------------------------- */

static void job_free(struct job *job)
{
	*job->link_all = job->next_all;
	if (job->next_all != NULL)
		job->next_all->link_all = job->link_all;
	for (struct sts_ticket *t = job->tickets, *next; t != NULL; t = next) {
		next = t->next;
		free(t);
	}
	for (size_t i = 0; i < job->step_count; i++)
		free(job->steps[i]);
	free(job->steps);
	free(job->domain);
	free(job);
}

/* Names of one registrable domain go to one engine: it has their zone in its cache, and sees to it that their hosts are
 * not crowded. */
static struct sts_worker *worker_for(const struct sts_pool *pool, const char *domain)
{
	const char *base = sts_domain_registrable(domain);

	return pool->workers[sts_hash(sts_str_of(base != NULL ? base : domain)) % pool->worker_count];
}

static struct job *job_new(struct sts_pool *pool, const char *domain)
{
	struct job *job = calloc(1, sizeof *job);

	if (job == NULL)
		return NULL;
	job->domain = strdup(domain);
	job->steps = calloc(STEPS_MAX, sizeof *job->steps);
	if (job->domain == NULL || job->steps == NULL || !sts_map_put(&pool->running, sts_str_of(domain), job)) {
		free(job->steps);
		free(job->domain);
		free(job);
		return NULL;
	}
	job->pool = pool;
	job->errand.worker = worker_for(pool, domain);
	job->started_ms = sts_now_ms();
	job->link_all = &pool->all;
	job->next_all = pool->all;
	if (job->next_all != NULL)
		job->next_all->link_all = &job->next_all;
	pool->all = job;
	pool->stats.in_flight++;
	pool->stats.started++;
	return job;
}

static bool send_check(struct job *job)
{
	char *domain = strdup(job->domain);

	if (domain == NULL)
		return false;
	sts_mailbox_post(sts_worker_box(job->errand.worker),
		(struct sts_letter){.word = STS_WORD_CHECK, .errand = &job->errand, .text = domain});
	return true;
}

/* Out of the map: who asks from now on starts anew. */
static void job_ends(struct job *job)
{
	if (job->cancelled)
		return;
	sts_map_remove(&job->pool->running, sts_str_of(job->domain));
	job->pool->stats.in_flight--;
}

static void step_taken(struct job *job, struct sts_letter *letter)
{
	for (struct sts_ticket *t = job->tickets, *next; t != NULL; t = next) {
		next = t->next;
		if (t->on_step != NULL)
			t->on_step(letter->text, t->arg);
	}
	if (job->step_count == STEPS_MAX || job->cancelled)
		return;
	job->steps[job->step_count++] = letter->text;
	letter->text = NULL;
}

static void check_done(struct job *job, struct sts_letter *letter)
{
	struct sts_pool *pool = job->pool;
	struct sts_outcome *result = letter->report == NULL ? NULL : result_new(letter, job->started_ms);

	job_ends(job);
	if (result != NULL && pool->on_result != NULL)
		pool->on_result(result, pool->on_result_arg);
	if (result != NULL)
		keep(pool, job->domain, result);
	while (job->tickets != NULL) {
		struct sts_ticket *t = job->tickets;

		job->tickets = t->next;
		if (t->next != NULL)
			t->next->link = &job->tickets;
		t->on_done(result, t->arg);
		free(t);
	}
	sts_outcome_drop(result);
	job_free(job);
}

static void receive(struct sts_letter *letter, void *arg)
{
	struct job *job = (struct job *)letter->errand;

	(void)arg;
	switch (letter->word) {
	case STS_WORD_STEP:
		step_taken(job, letter);
		break;
	case STS_WORD_DONE:
		check_done(job, letter);
		break;
	default:
		job_free(job);
		break;
	}
	sts_letter_free(letter);
}

/* ---- asking
 * ---------------------------------------------------------------------------------------------------------------- */

bool sts_pool_running(const struct sts_pool *pool, const char *domain)
{
	return sts_map_get(&pool->running, sts_str_of(domain)) != NULL;
}

static struct job *find_or_start(struct sts_pool *pool, const char *domain)
{
	struct job *job = sts_map_get(&pool->running, sts_str_of(domain));

	if (job != NULL) {
		pool->stats.shared++;
		return job;
	}
	if (pool->stats.in_flight >= pool->options.in_flight_max) {
		pool->stats.refused++;
		return NULL;
	}
	job = job_new(pool, domain);
	if (job != NULL && !send_check(job)) {
		job_ends(job);
		job_free(job);
		return NULL;
	}
	return job;
}

struct sts_ticket *sts_pool_ask(
	struct sts_pool *pool, const char *domain, sts_pool_step_fn *on_step, sts_pool_done_fn *on_done, void *arg)
{
	struct sts_ticket *t = calloc(1, sizeof *t);
	struct job *job = t == NULL ? NULL : find_or_start(pool, domain);

	if (job == NULL) {
		free(t);
		return NULL;
	}
	*t = (struct sts_ticket){.job = job,
		.next = job->tickets,
		.link = &job->tickets,
		.on_step = on_step,
		.on_done = on_done,
		.arg = arg};
	if (t->next != NULL)
		t->next->link = &t->next;
	job->tickets = t;
	for (size_t i = 0; on_step != NULL && i < job->step_count; i++)
		on_step(job->steps[i], arg);
	return t;
}

void sts_ticket_cancel(struct sts_ticket *t)
{
	struct job *job = t->job;

	*t->link = t->next;
	if (t->next != NULL)
		t->next->link = t->link;
	free(t);
	if (job->tickets != NULL)
		return;
	job_ends(job);
	job->cancelled = true;
	job->pool->stats.cancelled++;
	sts_mailbox_post(sts_worker_box(job->errand.worker),
		(struct sts_letter){.word = STS_WORD_CANCEL, .errand = &job->errand});
}

/* ---- the pool
 * --------------------------------------------------------------------------------------------------------------- */

void sts_pool_on_result(struct sts_pool *pool, void (*fn)(struct sts_outcome *result, void *arg), void *arg)
{
	pool->on_result = fn;
	pool->on_result_arg = arg;
}

static enum sts_err start_workers(struct sts_pool *pool, const char **why)
{
	enum sts_err err = STS_OK;

	pool->workers = calloc(pool->options.threads, sizeof(struct sts_worker *));
	pool->answers = sts_mailbox_new();
	*why = "out of memory";
	if (pool->workers == NULL || pool->answers == NULL)
		return STS_ENOMEM;
	for (unsigned i = 0; i < pool->options.threads && err == STS_OK; i++) {
		err = sts_worker_new(&pool->options.engine, pool->options.history, pool->options.at_once, pool->answers,
			&pool->workers[i], why);
		if (err == STS_OK)
			pool->worker_count++;
	}
	return err;
}

enum sts_err sts_pool_new(
	struct sts_loop *loop, const struct sts_pool_options *options, struct sts_pool **out, const char **why)
{
	struct sts_pool *pool = calloc(1, sizeof *pool);
	enum sts_err err;

	*why = "out of memory";
	if (pool == NULL)
		return STS_ENOMEM;
	pool->loop = loop;
	pool->options = *options;
	err = start_workers(pool, why);
	if (err != STS_OK) {
		sts_pool_free(pool);
		return err;
	}
	sts_mailbox_open(pool->answers, loop, receive, pool);
	*out = pool;
	return STS_OK;
}

void sts_pool_free(struct sts_pool *pool)
{
	if (pool == NULL)
		return;
	for (unsigned i = 0; i < pool->worker_count; i++)
		sts_worker_free(pool->workers[i]);
	sts_mailbox_free(pool->answers);
	while (pool->all != NULL)
		job_free(pool->all);
	while (pool->oldest != NULL)
		forget(pool, pool->oldest);
	sts_map_clear(&pool->running);
	sts_map_clear(&pool->kept);
	free(pool->workers);
	free(pool);
}

struct sts_pool_stats sts_pool_stats(const struct sts_pool *pool)
{
	return pool->stats;
}
