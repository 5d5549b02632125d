/* Reports in the Prometheus text exposition format, version 0.0.4: one family after the other, all domains in each. */
#include "check/view.h"
#include "mtasts/check.h"
#include "render/escape.h"
#include "render/render.h"
#include "render/words.h"

#include <inttypes.h>
#include <stdlib.h>

static void family(struct sts_buf *b, const char *name, const char *help)
{
	sts_buf_printf(b, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void label(struct sts_buf *b, char before, const char *name, const char *value)
{
	sts_buf_printf(b, "%c%s=\"", before, name);
	sts_escape_label(b, sts_str_of(value), 500);
	sts_buf_addc(b, '"');
}

static void sample(struct sts_buf *b, const char *name, const struct sts_report *r)
{
	sts_buf_puts(b, name);
	label(b, '{', "domain", r->facts->domain);
}

static void whole(struct sts_buf *b, int64_t value)
{
	sts_buf_printf(b, "} %" PRId64 "\n", value);
}

static void verdicts(struct sts_buf *b, struct sts_reports reports)
{
	family(b, "mtasts_verdict", "Verdict of the check: 1 for the one that holds.");
	for (size_t i = 0; i < reports.count; i++)
		for (int v = STS_VERDICT_UNKNOWN; v <= STS_VERDICT_ENFORCED; v++) {
			sample(b, "mtasts_verdict", reports.items[i]);
			label(b, ',', "verdict", sts_verdict_name((enum sts_verdict)v));
			whole(b, reports.items[i]->verdict == (enum sts_verdict)v);
		}
}

static void part_results(struct sts_buf *b, struct sts_reports reports)
{
	family(b, "mtasts_part_result", "Result of each part of the check: 1 for the one that holds.");
	for (size_t i = 0; i < reports.count; i++)
		for (size_t part = 0; part < STS_PART_COUNT; part++) {
			sample(b, "mtasts_part_result", reports.items[i]);
			label(b, ',', "part", sts_part_name((enum sts_part)part));
			label(b, ',', "result", sts_result_name(reports.items[i]->parts[part].result));
			whole(b, 1);
		}
}

static void finding_counts(struct sts_buf *b, struct sts_reports reports)
{
	family(b, "mtasts_findings", "Findings by severity.");
	for (size_t i = 0; i < reports.count; i++)
		for (int s = STS_INFO; s <= STS_ERROR; s++) {
			sample(b, "mtasts_findings", reports.items[i]);
			label(b, ',', "severity", sts_severity_name((enum sts_severity)s));
			whole(b, (int64_t)sts_count_findings(reports.items[i], (enum sts_severity)s));
		}
}

/* Codes are sorted by severity and catalogue order, so equal ones of one severity stand together. */
static void codes(struct sts_buf *b, struct sts_reports reports)
{
	family(b, "mtasts_finding", "How often a finding was made.");
	for (size_t i = 0; i < reports.count; i++) {
		const struct sts_report *r = reports.items[i];

		for (size_t j = 0, n; j < r->finding_count; j += n) {
			const struct sts_finding *f = &r->findings[j];

			for (n = 1; j + n < r->finding_count; n++)
				if (strcmp(f[n].code, f->code) != 0 || f[n].severity != f->severity)
					break;
			sample(b, "mtasts_finding", r);
			label(b, ',', "code", f->code);
			label(b, ',', "severity", sts_severity_name(f->severity));
			whole(b, (int64_t)n);
		}
	}
}

static void certificate(struct sts_buf *b, const struct sts_report *r, const char *host, const char *address, const struct sts_tls *tls)
{
	if (tls->chain_count == 0)
		return;
	sample(b, "mtasts_certificate_not_after_timestamp_seconds", r);
	label(b, ',', "host", host);
	label(b, ',', "address", address);
	whole(b, tls->chain[0].not_after);
}

static void certificates(struct sts_buf *b, struct sts_reports reports)
{
	family(b, "mtasts_certificate_not_after_timestamp_seconds", "When the certificate seen at a policy host or mail host ends.");
	for (size_t i = 0; i < reports.count; i++) {
		const struct sts_facts *f = reports.items[i]->facts;

		for (size_t j = 0; j < f->fetch_count; j++)
			certificate(b, reports.items[i], f->policy_host.name, f->fetches[j].address.text, &f->fetches[j].tls);
		for (size_t j = 0; j < f->mx_count; j++)
			for (size_t k = 0; k < f->mx[j].smtp_count && !sts_mx_repeated(f, j); k++)
				certificate(b, reports.items[i], f->mx[j].name, f->mx[j].smtp[k].address.text, &f->mx[j].smtp[k].tls);
	}
}

static void mx_covered(struct sts_buf *b, struct sts_reports reports)
{
	family(b, "mtasts_mx_covered", "Whether the policy covers a mail host.");
	for (size_t i = 0; i < reports.count; i++) {
		const struct sts_report *r = reports.items[i];

		for (size_t j = 0; j < r->facts->mx_count; j++) {
			if (!r->mx[j].judged || sts_mx_repeated(r->facts, j))
				continue;
			sample(b, "mtasts_mx_covered", r);
			label(b, ',', "host", r->facts->mx[j].name);
			whole(b, r->mx[j].covered);
		}
	}
}

static void simple(struct sts_buf *b, struct sts_reports reports)
{
	family(b, "mtasts_not_tested", "Things that could not be tested.");
	for (size_t i = 0; i < reports.count; i++) {
		sample(b, "mtasts_not_tested", reports.items[i]);
		whole(b, (int64_t)reports.items[i]->not_tested_count);
	}
	family(b, "mtasts_policy_max_age_seconds", "For how long senders keep the policy.");
	for (size_t i = 0; i < reports.count; i++)
		if (reports.items[i]->facts->policy != NULL && reports.items[i]->facts->policy->has_max_age) {
			sample(b, "mtasts_policy_max_age_seconds", reports.items[i]);
			whole(b, reports.items[i]->facts->policy->max_age_s);
		}
	family(b, "mtasts_check_timestamp_seconds", "When the check began.");
	for (size_t i = 0; i < reports.count; i++) {
		sample(b, "mtasts_check_timestamp_seconds", reports.items[i]);
		whole(b, reports.items[i]->facts->checked_at);
	}
	family(b, "mtasts_check_duration_seconds", "How long the check took.");
	for (size_t i = 0; i < reports.count; i++) {
		sample(b, "mtasts_check_duration_seconds", reports.items[i]);
		sts_buf_printf(b, "} %" PRId64 ".%03d\n", reports.items[i]->facts->duration_ms / 1000,
			(int)(reports.items[i]->facts->duration_ms % 1000));
	}
}

/* The reports without those of a domain that stands before: two samples of one series are an error of the format. */
static struct sts_reports once_each(struct sts_reports reports, const struct sts_report **room)
{
	size_t count = 0;

	for (size_t i = 0; i < reports.count; i++) {
		size_t j = 0;

		while (j < count && strcmp(room[j]->facts->domain, reports.items[i]->facts->domain) != 0)
			j++;
		if (j == count)
			room[count++] = reports.items[i];
	}
	return (struct sts_reports){room, count};
}

void sts_render_prometheus(struct sts_buf *out, struct sts_reports all)
{
	const struct sts_report **room = calloc(all.count == 0 ? 1 : all.count, sizeof *room);
	struct sts_reports reports;

	if (room == NULL) {
		out->failed = true;
		return;
	}
	reports = once_each(all, room);
	family(out, "mtasts_build_info", "Version of the checker.");
	sts_buf_puts(out, "mtasts_build_info");
	label(out, '{', "version", sts_version());
	whole(out, 1);
	verdicts(out, reports);
	part_results(out, reports);
	finding_counts(out, reports);
	codes(out, reports);
	mx_covered(out, reports);
	certificates(out, reports);
	simple(out, reports);
	free((void *)room);
}
