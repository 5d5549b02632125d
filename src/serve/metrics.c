#include "serve/metrics.h"

#include "check/findings.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static const unsigned statuses[] = {200, 201, 202, 204, 303, 304, 400, 401, 403, 404, 405, 406, 408, 409, 413, 414, 415,
	417, 421, 422, 429, 431, 499, 500, 501, 503, 505};
#define STATUS_COUNT (sizeof statuses / sizeof *statuses)
_Static_assert(STATUS_COUNT <= STS_STATUSES_MAX, "a column for each status");

static const double request_bounds[STS_HISTOGRAM_BUCKETS] = {
	0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 15, 60};
static const double check_bounds[STS_HISTOGRAM_BUCKETS] = {0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 45, 60};

static void observe(struct sts_histogram *h, const double *bounds, int64_t took_ms)
{
	double s = (double)took_ms / 1000;
	size_t i = 0;

	while (i < STS_HISTOGRAM_BUCKETS && s > bounds[i])
		i++;
	h->counts[i]++;
	h->sum_s += s;
	h->count++;
}

static size_t status_column(unsigned status)
{
	for (size_t i = 0; i < STATUS_COUNT; i++)
		if (statuses[i] == status)
			return i;
	return status_column(500);
}

void sts_metrics_request(struct sts_metrics *m, size_t route, unsigned status, int64_t took_ms)
{
	if (route >= STS_ROUTES_MAX)
		return;
	m->requests[route][status_column(status)]++;
	observe(&m->durations[route], request_bounds, took_ms);
}

void sts_metrics_check(struct sts_metrics *m, const struct sts_outcome *result)
{
	const struct sts_report *r = result->report;

	m->verdicts[r->verdict]++;
	observe(&m->check_durations, check_bounds, result->took_ms);
	for (size_t i = 0; i < r->not_tested_count; i++)
		if (strcmp(r->not_tested[i].reason, "private-denied") == 0)
			m->refused_targets[STS_TARGET_PRIVATE]++;
}

/* ---- writing
 * ---------------------------------------------------------------------------------------------------------- */

static void family(struct sts_buf *out, const char *name, const char *type, const char *help)
{
	sts_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(struct sts_buf *out, const char *name, const char *type, const char *help, uint64_t value)
{
	family(out, name, type, help);
	sts_buf_printf(out, "%s %" PRIu64 "\n", name, value);
}

/* label: a pair, or "" */
static void histogram(
	struct sts_buf *out, const char *name, const char *label, const struct sts_histogram *h, const double *bounds)
{
	const char *comma = label[0] != '\0' ? "," : "";
	uint64_t below = 0;

	for (size_t i = 0; i < STS_HISTOGRAM_BUCKETS; i++) {
		below += h->counts[i];
		sts_buf_printf(out, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, label, comma, bounds[i], below);
	}
	sts_buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, label, comma, h->count);
	sts_buf_printf(out, "%s_sum{%s} %.3f\n", name, label, h->sum_s);
	sts_buf_printf(out, "%s_count{%s} %" PRIu64 "\n", name, label, h->count);
}

static void write_requests(const struct sts_metrics *m, const struct sts_metrics_now *now, struct sts_buf *out)
{
	char label[128];

	family(out, "mtasts_http_requests_total", "counter",
		"Requests answered, by route and status; 499: the client was gone before.");
	for (size_t i = 0; i < now->route_count; i++)
		for (size_t k = 0; k < STATUS_COUNT; k++)
			if (m->requests[i][k] > 0)
				sts_buf_printf(out,
					"mtasts_http_requests_total{route=\"%s\",code=\"%u\"} %" PRIu64 "\n",
					now->routes[i], statuses[k], m->requests[i][k]);
	family(out, "mtasts_http_request_duration_seconds", "histogram",
		"Time from the whole request to its answer; streams: to the start of the answer.");
	for (size_t i = 0; i < now->route_count; i++) {
		if (m->durations[i].count == 0)
			continue;
		snprintf(label, sizeof label, "route=\"%s\"", now->routes[i]);
		histogram(out, "mtasts_http_request_duration_seconds", label, &m->durations[i], request_bounds);
	}
	single(out, "mtasts_http_connections", "gauge", "Connections open.", now->connections);
	single(out, "mtasts_http_connections_refused_total", "counter",
		"Connections closed at once because of the limits.", now->refused_connections);
}

static void write_checks(const struct sts_metrics *m, const struct sts_pool_stats *pool, struct sts_buf *out)
{
	family(out, "mtasts_checks_total", "counter", "Checks that ended, by verdict.");
	for (size_t i = 0; i < sizeof m->verdicts / sizeof *m->verdicts; i++)
		sts_buf_printf(out, "mtasts_checks_total{verdict=\"%s\"} %" PRIu64 "\n",
			sts_verdict_name((enum sts_verdict)i), m->verdicts[i]);
	family(out, "mtasts_check_duration_seconds", "histogram",
		"Duration of checks, waiting for their turn included.");
	histogram(out, "mtasts_check_duration_seconds", "", &m->check_durations, check_bounds);
	single(out, "mtasts_checks_in_flight", "gauge", "Checks running or waiting for their turn.", pool->in_flight);
	single(out, "mtasts_checks_started_total", "counter", "Checks started.", pool->started);
	single(out, "mtasts_checks_shared_total", "counter", "Times that somebody joined a check under way.",
		pool->shared);
	single(out, "mtasts_checks_cancelled_total", "counter",
		"Checks cancelled because nobody waited for them any more.", pool->cancelled);
	single(out, "mtasts_cache_hits_total", "counter", "Results given from the cache.", pool->hits);
	single(out, "mtasts_cache_entries", "gauge", "Results kept.", pool->cached);
	single(out, "mtasts_cache_bytes", "gauge", "Octets of results kept.", pool->cached_bytes);
}

static void write_refusals(const struct sts_metrics *m, struct sts_buf *out)
{
	static const char *const limit_words[STS_LIMIT_COUNT] = {"requests", "checks", "domain", "total"};
	static const char *const target_words[STS_TARGET_COUNT] = {
		"special-use-name", "do-not-check", "private-address"};

	family(out, "mtasts_limits_hit_total", "counter", "Requests refused because of a limit.");
	for (size_t i = 0; i < STS_LIMIT_COUNT; i++)
		sts_buf_printf(
			out, "mtasts_limits_hit_total{limit=\"%s\"} %" PRIu64 "\n", limit_words[i], m->limits[i]);
	family(out, "mtasts_refused_targets_total", "counter",
		"Names and addresses that were not contacted because they are off limits.");
	for (size_t i = 0; i < STS_TARGET_COUNT; i++)
		sts_buf_printf(out, "mtasts_refused_targets_total{reason=\"%s\"} %" PRIu64 "\n", target_words[i],
			m->refused_targets[i]);
}

static uint64_t resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%*s %lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void sts_metrics_write(const struct sts_metrics *m, const struct sts_metrics_now *now, struct sts_buf *out)
{
	write_requests(m, now, out);
	write_checks(m, &now->pool, out);
	write_refusals(m, out);
	single(out, "mtasts_history_kept_total", "counter", "Results kept in the history.", now->history.kept);
	single(out, "mtasts_history_failures_total", "counter", "Results that could not be kept.", now->history.failed);
	single(out, "mtasts_mcp_calls_total", "counter", "MCP tools called.", m->mcp_calls);
	family(out, "mtasts_build_info", "gauge", "The version, as a label.");
	sts_buf_printf(out, "mtasts_build_info{version=\"%s\"} 1\n", sts_version());
	single(out, "process_start_time_seconds", "gauge", "Start of the process, seconds since 1970.",
		(uint64_t)m->started_at);
	single(out, "process_resident_memory_bytes", "gauge", "Memory resident.", resident_bytes());
}
