/* An engine in a thread of its own, and the mail boxes between it and the server's thread. */
#ifndef STS_SERVE_WORKER_H
#define STS_SERVE_WORKER_H

#include "mtasts/check.h"
#include "net/loop.h"

enum sts_word {
	STS_WORD_CHECK,  /* to the engine: start the check */
	STS_WORD_CANCEL, /* to the engine: forget it */
	STS_WORD_STOP,   /* to the engine */
	STS_WORD_STEP,   /* from the engine: text */
	STS_WORD_DONE, /* from the engine: report and json, or both NULL: it could not be made. The last word about the
			  errand */
	STS_WORD_CANCELLED, /* from the engine: the last word about the errand */
};

struct sts_worker;

/** A check as both sides know it: embedded in its owner, who keeps it in place until the last word about it. */
struct sts_errand {
	struct sts_worker *worker;
};

/** One letter; the receiver frees it. */
struct sts_letter {
	struct sts_letter *next;
	enum sts_word word;
	struct sts_errand *errand;
	struct sts_report *report; /* DONE */
	char *text;                /* STEP: the line; DONE: JSON; CHECK: the domain. Heap */
	size_t len;
};

/** Letters in order, and a descriptor that wakes the receiver's loop. Any thread may post. */
struct sts_mailbox;

/** NULL when out of memory. */
struct sts_mailbox *sts_mailbox_new(void);
/** Letters that nobody took are freed. */
void sts_mailbox_free(struct sts_mailbox *box);
/** Call receive(letter, arg) from the loop for every letter, in order; the letter is the receiver's. */
void sts_mailbox_open(struct sts_mailbox *box, struct sts_loop *loop,
	void (*receive)(struct sts_letter *letter, void *arg), void *arg);
/** Give every letter that lies in the box to receive(letter, arg), without a loop. For the end, when nobody posts any
 * more. */
void sts_mailbox_drain(struct sts_mailbox *box, void (*receive)(struct sts_letter *letter, void *arg), void *arg);
/** No more calls. */
void sts_mailbox_close(struct sts_mailbox *box);
/** Hand a letter over. Running out of memory here ends the process, as in an arena. */
void sts_mailbox_post(struct sts_mailbox *box, struct sts_letter letter);

void sts_letter_free(struct sts_letter *letter);

/**
 * Make an engine and start its thread.
 *
 * @param history  where the history is that checks are judged with, or NULL; one that cannot be read is as good as
 * none, and that is told
 * @param answers  where steps and results go
 * @return as sts_engine_new()
 */
STS_MUST_CHECK enum sts_err sts_worker_new(const struct sts_options *options, const char *history, size_t at_once,
	struct sts_mailbox *answers, struct sts_worker **out, const char **why);
/** Stop the thread and free the engine; checks under way are dropped without a word. */
void sts_worker_free(struct sts_worker *worker);
/** Its mail box: STS_WORD_CHECK and STS_WORD_CANCEL. */
struct sts_mailbox *sts_worker_box(struct sts_worker *worker);

#endif
