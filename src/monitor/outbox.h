/*
 * Messages on their way, in the store: they survive whoever was to send them. A message is leased to one sender at a
 * time; one whose sender died is sent again under the same name, so a receiver can tell it came twice.
 *
 * Everything returns STS_OK, or an error of the store, unless said otherwise.
 */
#ifndef STS_MONITOR_OUTBOX_H
#define STS_MONITOR_OUTBOX_H

#include "base/arena.h"
#include "monitor/routes.h"
#include "store/store.h"

/** Numbers are stored. */
enum sts_outbox_state {
	STS_OUTBOX_WAITING = 0,
	STS_OUTBOX_SENT = 1,
	STS_OUTBOX_GIVEN_UP = 2,
	STS_OUTBOX_HELD = 3,   /* until due_at, when the quiet hours of its route are over */
	STS_OUTBOX_MERGED = 4, /* told of in a digest */
};

struct sts_message {
	int64_t id;
	const char *name;   /* "msg_" and 32 hex digits: the same in every try */
	const char *thread; /* what the alert is about: the same from new to solved */
	const char *route;
	enum sts_event_kind kind;
	enum sts_severity severity;
	int64_t made_at;
	int64_t due_at;
	int64_t tries;      /* so far */
	struct sts_str doc; /* JSON, as alert.h writes it */
};

/** Tries are given up when a message is this old, seconds. */
#define STS_GIVE_UP_S 259200
/** First wait after a failure, and the longest, seconds; in between it doubles. */
#define STS_RETRY_FIRST_S 30
#define STS_RETRY_MAX_S 14400
/** A sender has so long, seconds, before another takes the message. */
#define STS_SEND_LEASE_S 300

/** A new name: prefix and 32 hex digits at random. out holds at least 40 octets; prefix at most 6. */
void sts_outbox_name(const char *prefix, char out[static 40]);

/** Put in a message; id and tries are ignored. Within a transaction it is part of that. */
STS_MUST_CHECK enum sts_err sts_outbox_put(
	struct sts_store *s, const struct sts_message *m, enum sts_outbox_state state);

/**
 * Take the message that is due first, for this sender alone. While an earlier one of its route and thread is not sent
 * it is not due.
 *
 * @param who     of the sender, for people
 * @param routes  that the sender knows: ",a,b,"; other senders may know others
 * @param arena  owns what is in *out
 * @return also STS_ENOENT: none is due
 */
STS_MUST_CHECK enum sts_err sts_outbox_take(struct sts_store *s, const char *who, const char *routes, int64_t now,
	struct sts_arena *arena, struct sts_message *out);

/** It is sent, and what waits for the same route is due now. */
STS_MUST_CHECK enum sts_err sts_outbox_sent(struct sts_store *s, const struct sts_message *m, int64_t now);

/**
 * It could not be sent. Everything that waits for the same route waits as long: a receiver that is down is not asked
 * once for each message.
 *
 * @param why       a sentence, escaped
 * @param given_up  it is too old to be tried again
 */
STS_MUST_CHECK enum sts_err sts_outbox_failed(
	struct sts_store *s, const struct sts_message *m, const char *why, int64_t now, bool *given_up);

/** Wait after the tries-th failure (1: the first), with jitter of a quarter to both sides. */
int64_t sts_retry_s(int64_t tries);

/** When the next message for one of these routes is due. @return also STS_ENOENT: none waits */
STS_MUST_CHECK enum sts_err sts_outbox_next(struct sts_store *s, const char *routes, int64_t *at);

/** Takes one; what it gets is gone when it returns. Must not run statements. */
typedef enum sts_err sts_message_fn(const struct sts_message *m, void *arg);

/** Held messages whose quiet hours are over, by route and age, at most 32 at once; they are this transaction's. */
STS_MUST_CHECK enum sts_err sts_outbox_held(struct sts_store *s, int64_t now, sts_message_fn *fn, void *arg);
STS_MUST_CHECK enum sts_err sts_outbox_move(struct sts_store *s, int64_t id, enum sts_outbox_state state, int64_t now);
/** When the first held one's quiet hours end. @return also STS_ENOENT */
STS_MUST_CHECK enum sts_err sts_outbox_held_next(struct sts_store *s, int64_t *at);

/** Give up what no sender knew the route of, and forget what ended long ago (30 days). */
STS_MUST_CHECK enum sts_err sts_outbox_prune(struct sts_store *s, int64_t now);

#endif
