/* The monitor in Prometheus' text format 0.0.4. */
#ifndef STS_MONITOR_METRICS_H
#define STS_MONITOR_METRICS_H

#include "base/buf.h"
#include "monitor/alerts.h"
#include "store/store.h"

/** Seconds up to which the buckets of durations reach; the last one is infinite. */
#define STS_DURATION_BUCKETS 12

/** What one daemon counts. */
struct sts_monitor_stats {
	int64_t started_at;
	int64_t turned_at;    /* when it last went through its work */
	uint64_t verdicts[7]; /* looks kept, as enum sts_verdict */
	uint64_t lost;        /* looks that came to nothing: their lease was another's, the history could not be read */
	uint64_t store_failures; /* turns that the store spoilt */
	bool store_up;
	size_t in_flight; /* looks under way, or not kept yet */
	uint64_t durations[STS_DURATION_BUCKETS + 1];
	double duration_sum_s;
	uint64_t duration_count;
};

/** A look took so long. */
void sts_monitor_stats_duration(struct sts_monitor_stats *stats, int64_t took_ms);

/**
 * Write everything.
 *
 * @param store   what is watched is read from there; NULL: it cannot be reached, and only the daemon's own numbers come
 * @param alerts  on that store, or NULL
 * @return STS_OK; else as the store, and *out is of no use
 */
STS_MUST_CHECK enum sts_err sts_monitor_metrics_write(const struct sts_monitor_stats *stats, struct sts_store *store,
	struct sts_alerts *alerts, int64_t now, struct sts_buf *out);

#endif
