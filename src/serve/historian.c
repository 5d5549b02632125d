#include "serve/historian.h"

#include "base/clock.h"
#include "render/html.h"
#include "serve/worker.h"
#include "store/telling.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define JOBS_MAX 2000
#define QUESTIONS_MAX 100
#define ANSWER_MAX ((size_t)32 * 1024 * 1024)

/* A result to keep, or a question. Made and freed in the server's thread; in between the other one has it. */
struct sts_history_query {
	struct sts_errand errand; /* first: letters name the job by it */
	struct sts_history_query *next;
	struct sts_historian *historian;
	struct sts_outcome *keep; /* NULL: a question */
	struct sts_history_question q;
	char *domain, *diff_from, *diff_to;
	sts_history_task_fn *task; /* in place of q */
	void *task_arg;
	sts_history_answer_fn *fn; /* NULL: not wanted any more */
	void *arg;
	enum sts_err err;
	struct sts_buf json;
	char why[512];
};

struct sts_historian {
	struct sts_history *history; /* the thread's own once it runs */
	struct sts_mailbox *answers;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct sts_history_query *first;
	struct sts_history_query **end;
	bool stop;
	bool failing; /* the last job failed: at the end nobody waits for the others to fail as well */
	size_t jobs;  /* with the thread */
	size_t questions;
	struct sts_historian_stats stats;
};

static char message[512];

/* ---- in the thread: reading
 * -------------------------------------------------------------------------------------------------- */

static enum sts_err tell_timeline(
	struct sts_history *h, const struct sts_history_question *q, struct sts_arena *arena, struct sts_buf *out)
{
	struct sts_stretch stretch = {q->domain, q->from_at, q->until_at, q->limit};
	struct sts_timeline t;
	struct sts_jsonw w = sts_jsonw(out, false);
	enum sts_err err = sts_history_timeline(h, &stretch, arena, &t);

	if (err == STS_OK && q->html)
		sts_html_timeline(out, &t, "/explain/");
	else if (err == STS_OK)
		sts_timeline_json(&w, NULL, &t);
	return err;
}

static enum sts_err tell_difference(
	struct sts_history *h, const struct sts_history_question *q, struct sts_arena *arena, struct sts_buf *out)
{
	struct sts_kept from, to;
	struct sts_difference d;
	struct sts_jsonw w = sts_jsonw(out, false);
	enum sts_err err = sts_history_moment(h, q->domain, q->diff_from, arena, &from);

	if (err == STS_OK)
		err = sts_history_moment(h, q->domain, q->diff_to, arena, &to);
	if (err != STS_OK)
		return err;
	d = sts_difference(&from.seen, &to.seen, arena);
	sts_difference_json(&w, NULL, &d);
	return STS_OK;
}

static void answer(struct sts_history *h, struct sts_history_query *job)
{
	struct sts_arena *arena = sts_arena_new();

	if (arena == NULL) {
		job->err = STS_ENOMEM;
		return;
	}
	job->err = job->q.diff_from != NULL ? tell_difference(h, &job->q, arena, &job->json)
					    : tell_timeline(h, &job->q, arena, &job->json);
	if (job->err == STS_OK && job->json.failed)
		job->err = STS_ENOMEM;
	sts_arena_free(arena);
}

static void work_on(struct sts_history *h, struct sts_history_query *job)
{
	if (job->keep != NULL)
		job->err = sts_history_add(h, job->keep->report, sts_now_s());
	else if (job->task != NULL)
		job->err = job->task(h, job->task_arg, &job->json);
	else
		answer(h, job);
	if (job->err != STS_OK && job->err != STS_ENOENT)
		snprintf(job->why, sizeof job->why, "%s",
			sts_history_why(h)[0] != '\0' ? sts_history_why(h) : sts_strerror(job->err));
}

static struct sts_history_query *next_job(struct sts_historian *h)
{
	struct sts_history_query *job;

	pthread_mutex_lock(&h->lock);
	while (h->first == NULL && !h->stop)
		pthread_cond_wait(&h->more, &h->lock);
	job = h->stop && h->failing ? NULL : h->first;
	if (job != NULL) {
		h->first = job->next;
		if (h->first == NULL)
			h->end = &h->first;
	}
	pthread_mutex_unlock(&h->lock);
	return job;
}

static void *run(void *arg)
{
	struct sts_historian *h = arg;
	struct sts_history_query *job;

	while ((job = next_job(h)) != NULL) {
		work_on(h->history, job);
		h->failing = job->err != STS_OK && job->err != STS_ENOENT;
		sts_mailbox_post(h->answers, (struct sts_letter){.word = STS_WORD_DONE, .errand = &job->errand});
	}
	return NULL;
}

/* ---- in the server's thread
 * ----------------------------------------------------------------------------------------------------- */

static void job_free(struct sts_history_query *job)
{
	sts_outcome_drop(job->keep);
	sts_buf_clear(&job->json);
	free(job->domain);
	free(job->diff_from);
	free(job->diff_to);
	free(job->task_arg);
	free(job);
}

static void job_done(struct sts_history_query *job)
{
	struct sts_historian *h = job->historian;

	h->jobs--;
	if (job->keep != NULL && job->err == STS_OK) {
		h->stats.kept++;
	} else if (job->keep != NULL) {
		h->stats.failed++;
		fprintf(stderr, "mtasts: a result cannot be kept: %s\n", job->why);
	} else {
		h->questions--;
		if (job->fn != NULL)
			job->fn(job->err, sts_buf_str(&job->json), job->why, job->arg);
	}
	job_free(job);
}

static void receive(struct sts_letter *letter, void *arg)
{
	(void)arg;
	job_done((struct sts_history_query *)letter->errand);
	sts_letter_free(letter);
}

static void post(struct sts_historian *h, struct sts_history_query *job)
{
	h->jobs++;
	pthread_mutex_lock(&h->lock);
	job->next = NULL;
	*h->end = job;
	h->end = &job->next;
	pthread_cond_signal(&h->more);
	pthread_mutex_unlock(&h->lock);
}

void sts_historian_keep(struct sts_historian *h, struct sts_outcome *result)
{
	struct sts_history_query *job = h->jobs >= JOBS_MAX ? NULL : calloc(1, sizeof *job);

	if (job == NULL) {
		h->stats.failed++;
		return;
	}
	job->historian = h;
	job->keep = sts_outcome_keep(result);
	post(h, job);
}

static struct sts_history_query *new_question(struct sts_historian *h, sts_history_answer_fn *fn, void *arg)
{
	struct sts_history_query *job = h->questions >= QUESTIONS_MAX ? NULL : calloc(1, sizeof *job);

	if (job == NULL)
		return NULL;
	job->historian = h;
	job->fn = fn;
	job->arg = arg;
	sts_buf_init(&job->json, ANSWER_MAX);
	return job;
}

struct sts_history_query *sts_historian_do(
	struct sts_historian *h, sts_history_task_fn *task, void *task_arg, sts_history_answer_fn *fn, void *arg)
{
	struct sts_history_query *job = new_question(h, fn, arg);

	if (job == NULL) {
		free(task_arg);
		return NULL;
	}
	job->task = task;
	job->task_arg = task_arg;
	h->questions++;
	post(h, job);
	return job;
}

struct sts_history_query *sts_historian_ask(
	struct sts_historian *h, const struct sts_history_question *q, sts_history_answer_fn *fn, void *arg)
{
	struct sts_history_query *job = new_question(h, fn, arg);

	if (job == NULL)
		return NULL;
	job->domain = strdup(q->domain);
	job->diff_from = q->diff_from == NULL ? NULL : strdup(q->diff_from);
	job->diff_to = q->diff_to == NULL ? NULL : strdup(q->diff_to);
	if (job->domain == NULL || (q->diff_from != NULL && (job->diff_from == NULL || job->diff_to == NULL))) {
		job_free(job);
		return NULL;
	}
	job->q = (struct sts_history_question){
		job->domain, q->from_at, q->until_at, q->limit, job->diff_from, job->diff_to, q->html};
	h->questions++;
	post(h, job);
	return job;
}

void sts_history_query_cancel(struct sts_history_query *query)
{
	query->fn = NULL;
}

static bool start(struct sts_historian *h)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	h->running = pthread_create(&h->thread, NULL, run, h) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return h->running;
}

enum sts_err sts_historian_new(
	struct sts_loop *loop, const char *where, unsigned keep_days, struct sts_historian **out, const char **why)
{
	struct sts_historian *h = calloc(1, sizeof *h);
	enum sts_err err;

	*why = "out of memory";
	if (h == NULL)
		return STS_ENOMEM;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->more, NULL);
	h->end = &h->first;
	h->answers = sts_mailbox_new();
	err = h->answers == NULL ? STS_ENOMEM : sts_history_open(where, &h->history, message);
	if (err != STS_OK && h->answers != NULL)
		*why = message;
	if (err == STS_OK) {
		sts_history_keep(h->history, keep_days);
		sts_mailbox_open(h->answers, loop, receive, h);
		*why = "a thread cannot be started";
		err = start(h) ? STS_OK : STS_ESYSTEM;
	}
	if (err != STS_OK) {
		sts_historian_free(h);
		return err;
	}
	*out = h;
	return STS_OK;
}

/* Letters about jobs that ended, once nobody runs any more. */
static void forget(struct sts_letter *letter, void *arg)
{
	struct sts_history_query *job = (struct sts_history_query *)letter->errand;

	(void)arg;
	job->fn = NULL;
	job_done(job);
	sts_letter_free(letter);
}

void sts_historian_free(struct sts_historian *h)
{
	if (h == NULL)
		return;
	if (h->running) {
		pthread_mutex_lock(&h->lock);
		h->stop = true;
		pthread_cond_signal(&h->more);
		pthread_mutex_unlock(&h->lock);
		pthread_join(h->thread, NULL);
	}
	if (h->answers != NULL)
		sts_mailbox_drain(h->answers, forget, h);
	for (struct sts_history_query *job = h->first, *next; job != NULL; job = next) {
		next = job->next;
		job_free(job);
	}
	sts_mailbox_free(h->answers);
	sts_history_close(h->history);
	pthread_cond_destroy(&h->more);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

struct sts_historian_stats sts_historian_stats(const struct sts_historian *h)
{
	return h->stats;
}
