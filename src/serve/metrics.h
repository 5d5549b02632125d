/* Counters and histograms in Prometheus' text format 0.0.4. Written in the server's thread only. */
#ifndef STS_SERVE_METRICS_H
#define STS_SERVE_METRICS_H

#include "base/buf.h"
#include "serve/historian.h"

#define STS_ROUTES_MAX 64
#define STS_STATUSES_MAX 32

/** Seconds up to which a histogram's buckets reach; the last one is infinite. */
#define STS_HISTOGRAM_BUCKETS 12

struct sts_histogram {
	uint64_t counts[STS_HISTOGRAM_BUCKETS + 1];
	double sum_s;
	uint64_t count;
};

enum sts_limit { STS_LIMIT_REQUESTS, STS_LIMIT_CHECKS, STS_LIMIT_DOMAIN, STS_LIMIT_TOTAL, STS_LIMIT_COUNT };
enum sts_target { STS_TARGET_SPECIAL, STS_TARGET_LISTED, STS_TARGET_PRIVATE, STS_TARGET_COUNT };

struct sts_metrics {
	uint64_t requests[STS_ROUTES_MAX][STS_STATUSES_MAX];
	struct sts_histogram durations[STS_ROUTES_MAX];
	uint64_t verdicts[7]; /* as enum sts_verdict */
	struct sts_histogram check_durations;
	uint64_t limits[STS_LIMIT_COUNT];
	uint64_t refused_targets[STS_TARGET_COUNT];
	uint64_t mcp_calls;
	int64_t started_at;
};

/** A request of a route (its index) was answered. Statuses beyond those known here count as 500. */
void sts_metrics_request(struct sts_metrics *m, size_t route, unsigned status, int64_t took_ms);
/** A check ended. */
void sts_metrics_check(struct sts_metrics *m, const struct sts_outcome *result);

/** What the server adds at the moment of asking. */
struct sts_metrics_now {
	const char *const *routes; /* their paths, by index */
	size_t route_count;
	struct sts_pool_stats pool;
	size_t connections;
	uint64_t refused_connections;
	struct sts_historian_stats history;
};

void sts_metrics_write(const struct sts_metrics *m, const struct sts_metrics_now *now, struct sts_buf *out);

#endif
