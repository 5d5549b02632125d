#include "monitor/metrics.h"

#include "monitor/look.h"
#include "monitor/watch.h"
#include "mtasts/check.h"
#include "render/escape.h"

#include <inttypes.h>

static const double bounds[STS_DURATION_BUCKETS] = {0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 45, 60, 120};

void sts_monitor_stats_duration(struct sts_monitor_stats *stats, int64_t took_ms)
{
	double s = (double)took_ms / 1000;
	size_t i = 0;

	while (i < STS_DURATION_BUCKETS && s > bounds[i])
		i++;
	stats->durations[i]++;
	stats->duration_sum_s += s;
	stats->duration_count++;
}

/* ---- parts of the format --------------------------------------------------------------------------------------- */

static void family(struct sts_buf *b, const char *name, const char *type, const char *help)
{
	sts_buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(struct sts_buf *b, const char *name, const char *type, const char *help, int64_t value)
{
	family(b, name, type, help);
	sts_buf_printf(b, "%s %" PRId64 "\n", name, value);
}

static void label(struct sts_buf *b, char before, const char *name, const char *value)
{
	sts_buf_printf(b, "%c%s=\"", before, name);
	sts_escape_label(b, sts_str_of(value == NULL ? "" : value), 500);
	sts_buf_addc(b, '"');
}

/* ---- domains --------------------------------------------------------------------------------------------------- */

/* One domain as the families need it. */
struct domain {
	struct sts_watched w;
	struct sts_look look;
	bool seen; /* look is filled */
};

struct domains {
	struct sts_arena *arena;
	struct domain *items;
	size_t count;
};

static enum sts_err take_domain(const struct sts_watched *w, void *arg)
{
	struct domains *all = arg;
	struct domain *d = STS_PUSH(all->arena, all->items, all->count);

	d->w = *w;
	d->w.name = sts_strdup(all->arena, w->name);
	d->w.tags = sts_strdup(all->arena, w->tags);
	d->w.verdict = sts_strdup(all->arena, w->verdict);
	d->w.status = sts_strdup(all->arena, w->status);
	d->seen = sts_look_read(w->doc, all->arena, &d->look);
	return STS_OK;
}

static void sample(struct sts_buf *b, const char *name, const struct domain *d)
{
	sts_buf_puts(b, name);
	label(b, '{', "domain", d->w.name);
}

static void whole(struct sts_buf *b, int64_t value)
{
	sts_buf_printf(b, "} %" PRId64 "\n", value);
}

/* A number of the table, for every domain that was looked at. */
static void numbers(struct sts_buf *b, const struct domains *all, const char *name, const char *help, size_t offset)
{
	family(b, name, "gauge", help);
	for (size_t i = 0; i < all->count; i++) {
		if (all->items[i].w.checked_at == 0)
			continue;
		sample(b, name, &all->items[i]);
		whole(b, *(const int64_t *)((const char *)&all->items[i] + offset));
	}
}

static void verdicts(struct sts_buf *b, const struct domains *all)
{
	family(b, "mtasts_verdict", "gauge", "Verdict of the last look at a domain: 1 for the one that holds.");
	for (size_t i = 0; i < all->count; i++)
		for (int v = STS_VERDICT_UNKNOWN; v <= STS_VERDICT_ENFORCED; v++) {
			const char *name = sts_verdict_name((enum sts_verdict)v);

			if (all->items[i].w.verdict == NULL)
				continue;
			sample(b, "mtasts_verdict", &all->items[i]);
			label(b, ',', "verdict", name);
			whole(b, strcmp(all->items[i].w.verdict, name) == 0);
		}
	family(b, "mtasts_status", "gauge", "Status of the last look at a domain: 1 for the one that holds.");
	for (size_t i = 0; i < all->count; i++)
		for (int s = STS_STATUS_SUCCESS; s <= STS_STATUS_ERROR; s++) {
			const char *name = sts_status_name((enum sts_status)s);

			if (all->items[i].w.status == NULL)
				continue;
			sample(b, "mtasts_status", &all->items[i]);
			label(b, ',', "status", name);
			whole(b, strcmp(all->items[i].w.status, name) == 0);
		}
}

static void findings(struct sts_buf *b, const struct domains *all)
{
	static const char *const severities[] = {"error", "warning", "notice"};

	family(b, "mtasts_findings", "gauge", "Findings of the last look, by severity.");
	for (size_t i = 0; i < all->count; i++) {
		const struct sts_look *look = &all->items[i].look;
		const int64_t counts[] = {look->errors, look->warnings, look->notices};

		for (size_t k = 0; all->items[i].seen && k < 3; k++) {
			sample(b, "mtasts_findings", &all->items[i]);
			label(b, ',', "severity", severities[k]);
			whole(b, counts[k]);
		}
	}
}

/* How long a certificate holds: as a time for whoever has a clock, and as seconds left for whoever has none. */
static void certificates(struct sts_buf *b, const struct domains *all, int64_t now)
{
	static const char *const names[] = {
		"mtasts_certificate_not_after_timestamp_seconds", "mtasts_certificate_remaining_seconds"};
	static const char *const helps[] = {"When the certificate of a policy host or mail host ends, as last seen.",
		"Time that certificate is still good for; divided by 86400 the days left."};

	for (size_t n = 0; n < 2; n++) {
		family(b, names[n], "gauge", helps[n]);
		for (size_t i = 0; i < all->count; i++)
			for (size_t k = 0; all->items[i].seen && k < all->items[i].look.cert_count; k++) {
				const struct sts_look_cert *cert = &all->items[i].look.certs[k];

				sample(b, names[n], &all->items[i]);
				label(b, ',', "host", cert->host);
				label(b, ',', "role", cert->policy_host ? "policy" : "mx");
				whole(b, n == 0 ? cert->not_after : cert->not_after - now);
			}
	}
}

static void tags(struct sts_buf *b, const struct domains *all)
{
	family(b, "mtasts_monitor_tag_info", "gauge", "Tags of a watched domain, to join with.");
	for (size_t i = 0; i < all->count; i++) {
		struct sts_str rest = sts_str_from(sts_str_of(all->items[i].w.tags), 1);

		while (rest.len > 0) {
			size_t n = sts_str_find(rest, ',', 0);

			sample(b, "mtasts_monitor_tag_info", &all->items[i]);
			label(b, ',', "tag", sts_strndup(all->arena, rest.ptr, n));
			whole(b, 1);
			rest = sts_str_from(rest, n + 1);
		}
	}
}

static void write_domains(struct sts_buf *b, const struct domains *all, int64_t now)
{
	verdicts(b, all);
	findings(b, all);
	certificates(b, all, now);
	tags(b, all);
	numbers(b, all, "mtasts_check_timestamp_seconds", "When the last look at a domain began.",
		offsetof(struct domain, w.checked_at));
	numbers(b, all, "mtasts_monitor_due_timestamp_seconds", "When the next look at a domain is due.",
		offsetof(struct domain, w.due_at));
}

/* ---- the daemon ------------------------------------------------------------------------------------------------ */

static void write_stats(struct sts_buf *b, const struct sts_monitor_stats *s)
{
	uint64_t below = 0;

	family(b, "mtasts_build_info", "gauge", "Version of the checker.");
	sts_buf_printf(b, "mtasts_build_info{version=\"%s\"} 1\n", sts_version());
	single(b, "process_start_time_seconds", "gauge", "Start of the process, seconds since 1970.", s->started_at);
	single(b, "mtasts_monitor_turn_timestamp_seconds", "gauge", "When this daemon last went through its work.",
		s->turned_at);
	single(b, "mtasts_monitor_store_up", "gauge", "The store could be used when it was last needed.", s->store_up);
	single(b, "mtasts_monitor_store_failures_total", "counter", "Times that the store could not be used.",
		(int64_t)s->store_failures);
	single(b, "mtasts_monitor_in_flight", "gauge", "Looks of this daemon that are under way or not kept yet.",
		(int64_t)s->in_flight);
	single(b, "mtasts_monitor_looks_lost_total", "counter", "Looks of this daemon that were not kept.",
		(int64_t)s->lost);
	family(b, "mtasts_checks_total", "counter", "Looks of this daemon that were kept, by verdict.");
	for (int v = STS_VERDICT_UNKNOWN; v <= STS_VERDICT_ENFORCED; v++)
		sts_buf_printf(b, "mtasts_checks_total{verdict=\"%s\"} %" PRIu64 "\n",
			sts_verdict_name((enum sts_verdict)v), s->verdicts[v]);
	family(b, "mtasts_check_duration_seconds", "histogram", "Duration of this daemon's looks.");
	for (size_t i = 0; i < STS_DURATION_BUCKETS; i++) {
		below += s->durations[i];
		sts_buf_printf(b, "mtasts_check_duration_seconds_bucket{le=\"%g\"} %" PRIu64 "\n", bounds[i], below);
	}
	sts_buf_printf(b, "mtasts_check_duration_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", s->duration_count);
	sts_buf_printf(b, "mtasts_check_duration_seconds_sum %.3f\n", s->duration_sum_s);
	sts_buf_printf(b, "mtasts_check_duration_seconds_count %" PRIu64 "\n", s->duration_count);
}

static void write_queue(struct sts_buf *b, const struct sts_watch_queue *q, int64_t now)
{
	single(b, "mtasts_monitor_domains", "gauge", "Domains watched.", q->watched);
	single(b, "mtasts_monitor_queue_length", "gauge", "Domains that are due and that nobody looks at yet.", q->due);
	single(b, "mtasts_monitor_leased", "gauge", "Domains that some daemon looks at now.", q->leased);
	single(b, "mtasts_monitor_lag_seconds", "gauge", "For how long the first of the queue has been due.",
		q->oldest_at == 0 || q->oldest_at > now ? 0 : now - q->oldest_at);
}

static void write_alerts(struct sts_buf *b, const struct sts_alerts_counts *c)
{
	single(b, "mtasts_incidents_open", "gauge", "Faults that count and are not solved.", c->open);
	single(b, "mtasts_causes_open", "gauge", "Causes behind them.", c->causes);
	single(b, "mtasts_alerts_waiting", "gauge", "Messages to be sent, those held back by quiet hours included.",
		c->waiting);
	single(b, "mtasts_alerts_sent", "gauge", "Messages sent, as far as they are kept.", c->sent);
	single(b, "mtasts_alerts_failed", "gauge", "Messages given up, as far as they are kept.", c->given_up);
}

static enum sts_err write_store(
	struct sts_buf *b, struct sts_store *store, struct sts_alerts *alerts, int64_t now, struct sts_arena *arena)
{
	struct domains all = {.arena = arena};
	struct sts_alerts_counts counts = {0};
	struct sts_watch_queue q = {0};
	enum sts_err err = sts_watch_queue(store, now, &q);

	if (err == STS_OK)
		err = sts_watch_each(store, NULL, take_domain, &all);
	if (err == STS_OK && alerts != NULL)
		err = sts_alerts_count(alerts, &counts);
	if (err != STS_OK)
		return err;
	write_queue(b, &q, now);
	if (alerts != NULL)
		write_alerts(b, &counts);
	write_domains(b, &all, now);
	return b->failed ? STS_ENOMEM : STS_OK;
}

enum sts_err sts_monitor_metrics_write(const struct sts_monitor_stats *stats, struct sts_store *store,
	struct sts_alerts *alerts, int64_t now, struct sts_buf *out)
{
	struct sts_arena *arena = sts_arena_new();
	enum sts_err err = STS_OK;

	if (arena == NULL)
		return STS_ENOMEM;
	write_stats(out, stats);
	if (store != NULL)
		err = write_store(out, store, alerts, now, arena);
	sts_arena_free(arena);
	return err != STS_OK ? err : out->failed ? STS_ENOMEM : STS_OK;
}
