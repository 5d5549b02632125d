/*
 * From looks to messages: what is wrong with each watched domain (incident.h), whose fault it is (cause.h), whom to
 * tell (routes.h), and the messages on their way (outbox.h, deliver.h).
 *
 * A look is taken in with sts_alerts_take(); what it amounts to is formed into alerts by sts_alerts_gather() once the
 * gathering time is over, so that the domains of one cause come together; a deliverer sends them. All state is in the
 * store (incident, event, cause, outbox): a daemon that dies loses nothing, and several may share a store.
 */
#ifndef STS_MONITOR_ALERTS_H
#define STS_MONITOR_ALERTS_H

#include "check/findings.h"
#include "monitor/routes.h"
#include "store/store.h"

/** Told in one line, for a log; escaped. May come from the deliverer's thread. */
typedef void sts_say_fn(void *arg, const char *line);

struct sts_alerts_config {
	const struct sts_routes
		*routes;   /* borrowed for as long as whoever got it lives; with none of them nothing is formed or sent */
	unsigned gather_s; /* from an event's confirmation to its alert; 0: STS_GATHER_S */
	unsigned remind_s; /* from an alert to the first reminder, longer each time; 0: STS_REMIND_S */
	bool no_reminders;
	sts_say_fn *say; /* or NULL */
	void *say_arg;
};

#define STS_GATHER_S 300
#define STS_REMIND_S 86400

struct sts_alerts;

/** @param store  borrowed; everything below runs on it, in the caller's thread */
STS_MUST_CHECK enum sts_err sts_alerts_new(
	struct sts_store *store, const struct sts_alerts_config *config, struct sts_alerts **out);
void sts_alerts_free(struct sts_alerts *a);

struct sts_alerts_look {
	int64_t watch_id;
	const char *domain;
	const char *tags; /* as in the table watch: ",a,b," or "," */
	const struct sts_report *report;
	int64_t now;
};

/**
 * Take in a look. Runs inside the caller's write transaction on the same store.
 *
 * What could not be seen stays as it was. A fault counts when two looks in a row saw it, and is solved when two missed
 * it. Other watched domains of a cause that was just confirmed become due (watch.due_at), so that they are told of
 * together.
 *
 * @param unconfirmed  something was seen, or missed, for the first time: have another look within minutes
 * @return STS_OK, or an error of the store
 */
STS_MUST_CHECK enum sts_err sts_alerts_take(
	struct sts_alerts *a, const struct sts_alerts_look *look, bool *unconfirmed);

/**
 * Form alerts of what was gathered long enough, reminders that are due, and digests of what quiet hours held back, and
 * put a message for each route into the outbox. In transactions of its own. With no routes all of it is left to daemons
 * that have some.
 *
 * @param next_at  when this is worth calling again; INT64_MAX: not before another look was taken in
 */
STS_MUST_CHECK enum sts_err sts_alerts_gather(struct sts_alerts *a, int64_t now, int64_t *next_at);

/** For the metrics. */
struct sts_alerts_counts {
	int64_t open;    /* incidents that count */
	int64_t causes;  /* causes behind them */
	int64_t waiting; /* messages to be sent, those held back by quiet hours included */
	int64_t sent;    /* messages since the store was made, as far as they are kept */
	int64_t given_up;
};
STS_MUST_CHECK enum sts_err sts_alerts_count(struct sts_alerts *a, struct sts_alerts_counts *out);

/* ---- delivery -------------------------------------------------------------------------------------------------- */

struct sts_deliverer;

/**
 * Start a thread that sends what is in the outbox, with a handle of its own on the store.
 *
 * @param where  as sts_store_open()
 * @param why    on failure a sentence
 */
STS_MUST_CHECK enum sts_err sts_deliverer_start(
	const char *where, const struct sts_alerts_config *config, struct sts_deliverer **out, char why[static 512]);
/** There may be new messages. Any thread. */
void sts_deliverer_wake(struct sts_deliverer *d);
/** Let the message under way end (its timeouts are short), then the thread. NULL is fine. */
void sts_deliverer_stop(struct sts_deliverer *d);

struct sts_delivery_counts {
	size_t sent;
	size_t failed; /* to be tried again */
	size_t given_up;
};

/** Send once what is due, in this thread. counts may be NULL. */
STS_MUST_CHECK enum sts_err sts_deliverer_once(struct sts_store *store, const struct sts_alerts_config *config,
	int64_t now, struct sts_delivery_counts *counts);

/** Send a sample alert to every route, now and whatever the route asks for, in this thread; once, and not by the outbox:
 * what becomes of it is known at the end. Failures are said. */
STS_MUST_CHECK enum sts_err sts_alerts_test(
	const struct sts_alerts_config *config, int64_t now, struct sts_delivery_counts *counts);

#endif
