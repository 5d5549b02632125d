/* The result of one check, and its faces. */
#ifndef MTASTS_REPORT_H
#define MTASTS_REPORT_H

#include "mtasts/finding.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The result of one check: facts and judgement. Opaque; immutable once handed out; belongs to who got it. */
struct sts_report;

/** Forms a report can be written in. */
enum sts_format {
	STS_FORMAT_TEXT,
	STS_FORMAT_JSON,
	STS_FORMAT_MARKDOWN,
	STS_FORMAT_HTML,
	STS_FORMAT_CSV,
	STS_FORMAT_JUNIT,
	STS_FORMAT_SARIF,
	STS_FORMAT_NAGIOS,
	STS_FORMAT_PROMETHEUS,
};

struct sts_render_options {
	bool color;      /* ANSI colours in STS_FORMAT_TEXT */
	unsigned width;  /* columns for STS_FORMAT_TEXT; 0 means 80 */
};

/** "enforced", "testing", "none", "absent", "broken", "blocking" or "unknown". Static. */
STS_API const char *sts_report_verdict(const struct sts_report *report);
/** "SUCCESS", "WARNING", "FAIL" or "ERROR". Static. */
STS_API const char *sts_report_status(const struct sts_report *report);
/** One sentence for a person. Owned by the report. */
STS_API const char *sts_report_summary(const struct sts_report *report);
/** The checked domain in A-label form. Owned by the report. */
STS_API const char *sts_report_domain(const struct sts_report *report);
/** The index-th finding, worst first; NULL past the end. Owned by the report. */
STS_API const struct sts_finding *sts_report_finding(const struct sts_report *report, size_t index);
/** How many things could not be tested. */
STS_API size_t sts_report_not_tested_count(const struct sts_report *report);
/** Release a report; NULL is fine. */
STS_API void sts_report_free(struct sts_report *report);

/**
 * Write reports in a form.
 *
 * @param reports  count of them, in the order they are to appear
 * @param out      a NUL-terminated string of *len octets; the caller frees it with free()
 * @return STS_OK; STS_EINVAL: this build does not know the form; STS_ENOMEM
 */
STS_API STS_MUST_CHECK enum sts_err sts_report_render(const struct sts_report *const *reports, size_t count, enum sts_format format,
	const struct sts_render_options *options, char **out, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
