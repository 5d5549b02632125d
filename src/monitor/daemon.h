/*
 * The daemon: leases domains that are due, looks at them, keeps what was seen, hands it to the alerts, and says when to
 * look next. One look is one transaction: observation, alerts and the next appointment are kept together or not at all,
 * and only while the lease holds.
 */
#ifndef STS_MONITOR_DAEMON_H
#define STS_MONITOR_DAEMON_H

#include "base/buf.h"
#include "monitor/alerts.h"
#include "mtasts/check.h"

struct sts_monitor_options {
	struct sts_options engine;
	const char *where; /* path or postgresql:// URL of the history */
	unsigned keep_days;
	unsigned concurrency;   /* looks at once */
	int64_t interval_s;     /* of domains without one of their own */
	unsigned lease_s;       /* a daemon that dies holds its domains for so long */
	unsigned drain_s;       /* for looks under way after SIGTERM */
	bool once;              /* do what is due now, then end */
	bool verbose;           /* tell of every look */
	const char *clock_file; /* the present time is read from there at every turn: for tests; or NULL */
	const struct sts_alerts_config *alerts; /* NULL: no alerts */
	sts_say_fn *say;
	void *say_arg;
};

#define STS_MONITOR_CONCURRENCY 16
#define STS_LEASE_S 120
#define STS_DRAIN_S 20

struct sts_monitor;

/**
 * Open everything. SIGTERM and SIGINT are blocked from here on: sts_monitor_run() takes them.
 *
 * @param options  borrowed
 * @param why      on failure a sentence, good until the next call
 * @return as sts_engine_new() and sts_history_open()
 */
STS_MUST_CHECK enum sts_err sts_monitor_new(
	const struct sts_monitor_options *options, struct sts_monitor **out, const char **why);
void sts_monitor_free(struct sts_monitor *m);

/**
 * Work until SIGTERM or SIGINT (or, once, until nothing is due). Looks under way then have their time to end; the
 * leases of the others are given back. A store that goes away meanwhile is waited for.
 *
 * @return STS_OK; once: also what went wrong with the store, and *why tells
 */
STS_MUST_CHECK enum sts_err sts_monitor_run(struct sts_monitor *m, const char **why);

/** Metrics; from one thread other than the daemon's, with a handle of its own on the store. */
void sts_monitor_metrics(struct sts_monitor *m, struct sts_buf *out);

#endif
