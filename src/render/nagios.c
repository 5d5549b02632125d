/*
 * Reports for a monitoring system: state and summary on the first line, performance data behind the bar, details below.
 * [Monitoring Plugins Development Guidelines; draft-kaestle-monitoring-plugins-interface]
 */
#include "render/escape.h"
#include "render/render.h"
#include "render/words.h"

#include <inttypes.h>

enum { OK, WARNING, CRITICAL, UNKNOWN };

static int state_of(const struct sts_report *r)
{
	switch (r->status) {
	case STS_STATUS_FAIL:
		return CRITICAL;
	case STS_STATUS_ERROR:
		return UNKNOWN;
	case STS_STATUS_WARNING:
		return WARNING;
	case STS_STATUS_SUCCESS:
		break;
	}
	/* what could not be tested is no pass */
	return sts_report_incomplete(r) ? UNKNOWN : OK;
}

int sts_nagios_state(struct sts_reports reports)
{
	static const int weight[] = {[OK] = 0, [UNKNOWN] = 1, [WARNING] = 2, [CRITICAL] = 3};
	int worst = OK;

	for (size_t i = 0; i < reports.count; i++)
		if (weight[state_of(reports.items[i])] > weight[worst])
			worst = state_of(reports.items[i]);
	return worst;
}

static const char *state_word(int state)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

	return words[state];
}

static void text(struct sts_buf *b, const char *s)
{
	sts_escape_plugin(b, sts_str_of(s), 2000);
}

/* 'label'=value; several domains: each label begins with its domain. */
static void label(struct sts_buf *b, const struct sts_report *r, bool several, const char *name)
{
	if (several)
		sts_buf_printf(b, " '%s %s'=", r->facts->domain, name);
	else
		sts_buf_printf(b, " '%s'=", name);
}

static void performance(struct sts_buf *b, const struct sts_report *r, bool several)
{
	int64_t days = 0;

	label(b, r, several, "verdict");
	sts_buf_printf(b, "%d;;;0;6", sts_verdict_number(r->verdict));
	label(b, r, several, "errors");
	sts_buf_printf(b, "%zu;;;0", sts_count_findings(r, STS_ERROR));
	label(b, r, several, "warnings");
	sts_buf_printf(b, "%zu;;;0", sts_count_findings(r, STS_WARNING));
	label(b, r, several, "not_tested");
	sts_buf_printf(b, "%zu;;;0", r->not_tested_count);
	if (sts_policy_days_left(r, &days)) {
		label(b, r, several, "policy_cert_days");
		sts_buf_printf(b, "%" PRId64 ";14:;7:", days);
	}
	if (sts_mx_days_left(r, &days)) {
		label(b, r, several, "mx_cert_days");
		sts_buf_printf(b, "%" PRId64 ";14:;7:", days);
	}
	label(b, r, several, "duration");
	sts_buf_printf(b, "%" PRId64 ".%03ds;;;0", r->facts->duration_ms / 1000, (int)(r->facts->duration_ms % 1000));
}

static void first_line(struct sts_buf *b, struct sts_reports reports)
{
	int state = sts_nagios_state(reports);
	size_t as_bad = 0;

	sts_buf_printf(b, "MTA-STS %s - ", state_word(state));
	if (reports.count == 1) {
		text(b, reports.items[0]->facts->domain);
		sts_buf_printf(b, " %s: ", sts_verdict_name(reports.items[0]->verdict));
		text(b, reports.items[0]->summary);
	} else {
		for (size_t i = 0; i < reports.count; i++)
			as_bad += state_of(reports.items[i]) == state;
		sts_buf_printf(b, "%zu of %zu domains %s", as_bad, reports.count, state_word(state));
	}
	sts_buf_puts(b, " |");
	for (size_t i = 0; i < reports.count; i++)
		performance(b, reports.items[i], reports.count > 1);
	sts_buf_addc(b, '\n');
}

static void details(struct sts_buf *b, const struct sts_report *r, bool several)
{
	if (several) {
		sts_buf_printf(b, "%s: ", state_word(state_of(r)));
		text(b, r->facts->domain);
		sts_buf_printf(b, " %s: ", sts_verdict_name(r->verdict));
		text(b, r->summary);
		sts_buf_addc(b, '\n');
	}
	for (size_t i = 0; i < r->finding_count && r->findings[i].severity >= STS_WARNING; i++) {
		sts_buf_printf(b, "%s %s: ", sts_severity_name(r->findings[i].severity), r->findings[i].code);
		text(b, r->findings[i].title);
		sts_buf_puts(b, " (");
		text(b, r->findings[i].subject);
		sts_buf_puts(b, ")\n");
	}
	for (size_t i = 0; i < r->not_tested_count; i++) {
		sts_buf_puts(b, "not tested: ");
		text(b, r->not_tested[i].what);
		sts_buf_printf(b, " (%s)\n", r->not_tested[i].reason);
	}
}

void sts_render_nagios(struct sts_buf *out, struct sts_reports reports)
{
	first_line(out, reports);
	for (size_t i = 0; i < reports.count; i++)
		details(out, reports.items[i], reports.count > 1);
}
