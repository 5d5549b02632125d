#include "serve/worker.h"

#include "base/buf.h"
#include "check/engine.h"
#include "render/render.h"
#include "store/history.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- mail boxes -----------------------------------------------------------------------------------------------------
 */

struct sts_mailbox {
	pthread_mutex_t lock;
	struct sts_letter *first;
	struct sts_letter **end;
	int wake_fd;
	struct sts_loop *loop;
	struct sts_watch watch;
	void (*receive)(struct sts_letter *letter, void *arg);
	void *arg;
};

static _Noreturn void die(const char *why)
{
	fprintf(stderr, "mtasts: %s\n", why);
	abort();
}

struct sts_mailbox *sts_mailbox_new(void)
{
	struct sts_mailbox *box = calloc(1, sizeof *box);

	if (box == NULL)
		return NULL;
	pthread_mutex_init(&box->lock, NULL);
	box->end = &box->first;
	box->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (box->wake_fd < 0) {
		free(box);
		return NULL;
	}
	return box;
}

void sts_letter_free(struct sts_letter *letter)
{
	if (letter == NULL)
		return;
	sts_report_free(letter->report);
	free(letter->text);
	free(letter);
}

void sts_mailbox_free(struct sts_mailbox *box)
{
	if (box == NULL)
		return;
	sts_mailbox_close(box);
	for (struct sts_letter *l = box->first, *next; l != NULL; l = next) {
		next = l->next;
		sts_letter_free(l);
	}
	pthread_mutex_destroy(&box->lock);
	close(box->wake_fd);
	free(box);
}

void sts_mailbox_post(struct sts_mailbox *box, struct sts_letter letter)
{
	struct sts_letter *l = malloc(sizeof *l);
	bool was_empty;
	uint64_t one = 1;

	if (l == NULL)
		die("out of memory");
	*l = letter;
	l->next = NULL;
	pthread_mutex_lock(&box->lock);
	was_empty = box->first == NULL;
	*box->end = l;
	box->end = &l->next;
	pthread_mutex_unlock(&box->lock);
	/* the counter cannot be full: it is raised once for each time the box was empty */
	if (was_empty && write(box->wake_fd, &one, sizeof one) != (ssize_t)sizeof one)
		die("cannot wake a thread");
}

static struct sts_letter *take_all(struct sts_mailbox *box)
{
	struct sts_letter *letters;

	pthread_mutex_lock(&box->lock);
	letters = box->first;
	box->first = NULL;
	box->end = &box->first;
	pthread_mutex_unlock(&box->lock);
	return letters;
}

static void hand_out(struct sts_letter *letters, void (*receive)(struct sts_letter *letter, void *arg), void *arg)
{
	for (struct sts_letter *l = letters, *next; l != NULL; l = next) {
		next = l->next;
		receive(l, arg);
	}
}

static void box_ready(unsigned what, void *arg)
{
	struct sts_mailbox *box = arg;
	struct sts_letter *letters;
	uint64_t count;

	(void)what;
	if (read(box->wake_fd, &count, sizeof count) < 0)
		count = 0;
	letters = take_all(box);
	sts_watch_set(box->loop, &box->watch, box->wake_fd, STS_READABLE, -1, box_ready, box);
	hand_out(letters, box->receive, box->arg);
}

void sts_mailbox_drain(struct sts_mailbox *box, void (*receive)(struct sts_letter *letter, void *arg), void *arg)
{
	hand_out(take_all(box), receive, arg);
}

void sts_mailbox_open(struct sts_mailbox *box, struct sts_loop *loop,
	void (*receive)(struct sts_letter *letter, void *arg), void *arg)
{
	box->loop = loop;
	box->receive = receive;
	box->arg = arg;
	sts_watch_set(loop, &box->watch, box->wake_fd, STS_READABLE, -1, box_ready, box);
}

void sts_mailbox_close(struct sts_mailbox *box)
{
	sts_watch_clear(&box->watch);
}

/* ---- the engine's thread
 * --------------------------------------------------------------------------------------------- */

struct sts_worker {
	struct sts_engine *engine;
	struct sts_mailbox *box;
	struct sts_mailbox *answers;
	struct sts_history *history; /* to judge with; read only */
	bool history_fails;          /* told already */
	pthread_t thread;
	bool running;
};

static char *copy(const char *text)
{
	char *s = strdup(text);

	if (s == NULL)
		die("out of memory");
	return s;
}

static void on_step(const char *domain, const char *step, void *arg)
{
	struct sts_errand *errand = arg;

	(void)domain;
	sts_mailbox_post(errand->worker->answers,
		(struct sts_letter){.word = STS_WORD_STEP, .errand = errand, .text = copy(step)});
}

static void on_done(struct sts_report *report, void *arg)
{
	struct sts_errand *errand = arg;
	struct sts_letter letter = {.word = STS_WORD_DONE, .errand = errand, .report = report};
	struct sts_buf b;
	struct sts_jsonw w;

	sts_buf_init(&b, STS_RENDER_MAX);
	w = sts_jsonw(&b, false);
	sts_json_report(&w, NULL, report);
	if (b.failed) {
		sts_report_free(report);
		sts_buf_clear(&b);
		letter.report = NULL;
	}
	letter.text = b.ptr;
	letter.len = b.len;
	sts_mailbox_post(errand->worker->answers, letter);
}

static void last_word(struct sts_errand *errand, enum sts_word word)
{
	sts_mailbox_post(errand->worker->answers, (struct sts_letter){.word = word, .errand = errand});
}

static void receive(struct sts_letter *letter, void *arg)
{
	struct sts_worker *worker = arg;
	const char *why;

	switch (letter->word) {
	case STS_WORD_CHECK:
		if (sts_check_start(worker->engine, letter->text, on_step, on_done, letter->errand, &why) != STS_OK)
			last_word(letter->errand, STS_WORD_DONE);
		break;
	case STS_WORD_CANCEL:
		/* otherwise it ended a moment ago, and the last word is under way */
		if (sts_check_cancel(worker->engine, letter->errand))
			last_word(letter->errand, STS_WORD_CANCELLED);
		break;
	default:
		sts_loop_stop(sts_engine_loop(worker->engine));
		break;
	}
	sts_letter_free(letter);
}

static void *run(void *arg)
{
	struct sts_worker *worker = arg;

	/* signals are for the server's thread */
	if (sts_loop_run(sts_engine_loop(worker->engine)) != STS_OK)
		die("an engine's event loop failed");
	return NULL;
}

/* Called in the engine's thread, right before a check is judged. */
static const struct sts_past *tell_past(const char *domain, int64_t before_at, struct sts_arena *arena, void *arg)
{
	struct sts_worker *worker = arg;
	struct sts_past *past = NULL;
	enum sts_err err = sts_history_past(worker->history, domain, before_at, arena, &past);

	if (err == STS_OK) {
		worker->history_fails = false;
		return past;
	}
	if (!worker->history_fails)
		fprintf(stderr, "mtasts: the history cannot be read: %s\n",
			sts_history_why(worker->history)[0] != '\0' ? sts_history_why(worker->history)
								    : sts_strerror(err));
	worker->history_fails = true;
	return NULL;
}

static enum sts_err open_history(struct sts_worker *worker, const char *where, const char **why)
{
	static char message[512];
	enum sts_err err;

	if (where == NULL)
		return STS_OK;
	err = sts_history_open(where, &worker->history, message);
	if (err == STS_OK)
		sts_engine_set_past(worker->engine, tell_past, worker);
	else
		*why = message;
	return err;
}

static bool start_thread(struct sts_worker *worker)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	worker->running = pthread_create(&worker->thread, NULL, run, worker) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return worker->running;
}

enum sts_err sts_worker_new(const struct sts_options *options, const char *history, size_t at_once,
	struct sts_mailbox *answers, struct sts_worker **out, const char **why)
{
	struct sts_worker *worker = calloc(1, sizeof *worker);
	enum sts_err err = STS_ENOMEM;

	*why = "out of memory";
	if (worker == NULL)
		return STS_ENOMEM;
	worker->answers = answers;
	worker->box = sts_mailbox_new();
	if (worker->box != NULL)
		err = sts_engine_new(options, &worker->engine, why);
	if (err == STS_OK)
		err = open_history(worker, history, why);
	if (err == STS_OK) {
		sts_engine_set_concurrency(worker->engine, at_once);
		sts_mailbox_open(worker->box, sts_engine_loop(worker->engine), receive, worker);
		if (!start_thread(worker)) {
			*why = "a thread cannot be started";
			err = STS_ESYSTEM;
		}
	}
	if (err != STS_OK) {
		sts_worker_free(worker);
		return err;
	}
	*out = worker;
	return STS_OK;
}

void sts_worker_free(struct sts_worker *worker)
{
	if (worker == NULL)
		return;
	if (worker->running) {
		sts_mailbox_post(worker->box, (struct sts_letter){.word = STS_WORD_STOP});
		pthread_join(worker->thread, NULL);
	}
	if (worker->box != NULL)
		sts_mailbox_close(worker->box);
	sts_engine_free(worker->engine);
	sts_history_close(worker->history);
	sts_mailbox_free(worker->box);
	free(worker);
}

struct sts_mailbox *sts_worker_box(struct sts_worker *worker)
{
	return worker->box;
}
