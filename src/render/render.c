#include "render/render.h"

#include <stdlib.h>

const char *sts_report_verdict(const struct sts_report *report)
{
	return sts_verdict_name(report->verdict);
}

const char *sts_report_status(const struct sts_report *report)
{
	return sts_status_name(report->status);
}

const char *sts_report_summary(const struct sts_report *report)
{
	return report->summary;
}

const char *sts_report_domain(const struct sts_report *report)
{
	return report->facts->domain;
}

const struct sts_finding *sts_report_finding(const struct sts_report *report, size_t index)
{
	return index < report->finding_count ? &report->findings[index] : NULL;
}

size_t sts_report_not_tested_count(const struct sts_report *report)
{
	return report->not_tested_count;
}

void sts_report_free(struct sts_report *report)
{
	if (report != NULL)
		sts_arena_free(report->arena); /* the report itself lives in it */
}

/* False when this build does not know the form. */
static bool render(struct sts_buf *out, struct sts_reports reports, enum sts_format format, const struct sts_render_options *options)
{
	switch (format) {
	case STS_FORMAT_TEXT:
		sts_render_text(out, reports, options);
		return true;
	case STS_FORMAT_JSON:
		sts_render_json(out, reports);
		return true;
	case STS_FORMAT_MARKDOWN:
		sts_render_markdown(out, reports);
		return true;
	case STS_FORMAT_HTML:
		sts_render_html(out, reports);
		return true;
	case STS_FORMAT_CSV:
		sts_render_csv(out, reports);
		return true;
	case STS_FORMAT_JUNIT:
		sts_render_junit(out, reports);
		return true;
	case STS_FORMAT_SARIF:
		sts_render_sarif(out, reports);
		return true;
	case STS_FORMAT_NAGIOS:
		sts_render_nagios(out, reports);
		return true;
	case STS_FORMAT_PROMETHEUS:
		sts_render_prometheus(out, reports);
		return true;
	}
	return false;
}

enum sts_err sts_report_render(const struct sts_report *const *reports, size_t count, enum sts_format format,
	const struct sts_render_options *options, char **out, size_t *len)
{
	const struct sts_render_options defaults = {.width = 80};
	struct sts_buf b;

	sts_buf_init(&b, STS_RENDER_MAX);
	sts_buf_puts(&b, "");
	if (!render(&b, (struct sts_reports){reports, count}, format, options != NULL ? options : &defaults)) {
		sts_buf_clear(&b);
		return STS_EINVAL;
	}
	if (b.failed) {
		sts_buf_clear(&b);
		return STS_ENOMEM;
	}
	*out = b.ptr;
	*len = b.len;
	return STS_OK;
}
