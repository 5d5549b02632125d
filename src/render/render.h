/* Report to bytes: one function a form, all pure. The public entry is sts_report_render(). */
#ifndef STS_RENDER_RENDER_H
#define STS_RENDER_RENDER_H

#include "base/jsonw.h"
#include "check/findings.h"
#include "mtasts/report.h"

/** What one rendering may take at most; more is STS_ENOMEM. */
#define STS_RENDER_MAX ((size_t)256 * 1024 * 1024)

/** Reports in the order they are to appear. */
struct sts_reports {
	const struct sts_report *const *items;
	size_t count;
};

void sts_render_text(struct sts_buf *out, struct sts_reports reports, const struct sts_render_options *options);
void sts_render_json(struct sts_buf *out, struct sts_reports reports);
void sts_render_markdown(struct sts_buf *out, struct sts_reports reports);
void sts_render_html(struct sts_buf *out, struct sts_reports reports);
void sts_render_csv(struct sts_buf *out, struct sts_reports reports);
void sts_render_junit(struct sts_buf *out, struct sts_reports reports);
void sts_render_sarif(struct sts_buf *out, struct sts_reports reports);
void sts_render_nagios(struct sts_buf *out, struct sts_reports reports);
void sts_render_prometheus(struct sts_buf *out, struct sts_reports reports);

/** One report as an object of schema mtasts.check/1. */
void sts_json_report(struct sts_jsonw *w, const char *key, const struct sts_report *r);
/** One finding as a member of `issues`. */
void sts_json_finding(struct sts_jsonw *w, const char *key, const struct sts_finding *f);
/** What was seen, as the members dns_record, policy, policy_fetch, mx and tls_rpt of the object that is open. */
void sts_json_seen(struct sts_jsonw *w, const struct sts_report *r);

/** 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN by the rules for monitoring plugins, worst of the reports. */
int sts_nagios_state(struct sts_reports reports);

#endif
