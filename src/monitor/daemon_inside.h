/* Inside of the daemon. Not for other directories. */
#ifndef STS_MONITOR_DAEMON_INSIDE_H
#define STS_MONITOR_DAEMON_INSIDE_H

#include "monitor/daemon.h"
#include "monitor/looker.h"
#include "monitor/metrics.h"
#include "monitor/watch.h"
#include "store/history.h"

#include <pthread.h>

/* A domain leased, until its look is kept. */
struct slot {
	struct slot *next;
	struct sts_arena *arena;
	struct sts_watched w;
	int64_t ticket;
	struct sts_looker *looker; /* that makes the look */
	struct sts_looked *looked; /* NULL: under way */
	bool lost;                 /* the lease is another's */
	bool hopeless;             /* what was seen cannot be kept: only the next appointment is */
};

struct sts_monitor {
	const struct sts_monitor_options *options;
	struct sts_history *history;
	struct sts_store *store; /* of the history */
	struct sts_alerts *alerts;
	struct sts_deliverer *deliverer;
	struct sts_looker *looker;
	struct sts_looker *retiring; /* ends the looks it has, and gets no more; NULL: there is none */
	int64_t fresh_at;            /* when the first look of looker began; 0: it has made none */
	struct sts_worker_name name;
	struct slot *slots;
	size_t slot_count;
	int64_t ticket;
	int signal_fd;
	int64_t renew_ms;
	int64_t retry_ms; /* the store is left alone until then */
	int64_t backoff_ms;
	int64_t gather_at;
	int64_t drain_ms; /* draining until then; 0: not */
	bool idle;        /* nothing was due when the store was last asked */
	char failure[600];
	pthread_mutex_t lock; /* of stats */
	struct sts_monitor_stats stats;
	/* of the thread of metrics */
	struct sts_store *metrics_store;
	struct sts_alerts *metrics_alerts;
};

/* daemon.c */

/** Tell, in one line. */
void monitor_say(const struct sts_monitor *m, const char *fmt, ...) STS_PRINTF(2, 3);

/* daemon_keep.c */

/** A slot ends, with all that is in it. */
void slot_free(struct sts_monitor *m, struct slot *slot);
/** What the looks that ended say, to their slots. */
void slots_collect(struct sts_monitor *m);
/** Keep every look that ended. @return an error of the store: it is to be left alone for a while */
enum sts_err slots_keep(struct sts_monitor *m);

#endif
