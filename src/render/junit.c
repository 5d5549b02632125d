/*
 * Reports as JUnit XML: a suite for a domain, a case for each part of the check. An error fails its case; warnings and notices stand in
 * the case's output; what could not be tested, or does not apply, is skipped.
 */
#include "base/clock.h"
#include "render/escape.h"
#include "render/render.h"
#include "render/words.h"

#include <inttypes.h>

struct tally {
	size_t failures;
	size_t errors;
	size_t skipped;
};

static bool fails(const struct sts_report *r, enum sts_part part)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].severity == STS_ERROR && sts_part_of(r->findings[i].code) == part)
			return true;
	return r->parts[part].result == STS_RESULT_FAIL;
}

static bool is_skipped(const struct sts_report *r, enum sts_part part)
{
	return r->parts[part].result == STS_RESULT_NOT_TESTED || r->parts[part].result == STS_RESULT_NOT_APPLICABLE;
}

static struct tally count(struct sts_reports reports)
{
	struct tally t = {0};

	for (size_t i = 0; i < reports.count; i++) {
		const struct sts_report *r = reports.items[i];

		t.errors += r->verdict == STS_VERDICT_UNKNOWN;
		for (size_t part = 0; part < STS_PART_COUNT; part++) {
			if (fails(r, (enum sts_part)part))
				t.failures++;
			else if (is_skipped(r, (enum sts_part)part))
				t.skipped++;
		}
	}
	return t;
}

static void attribute(struct sts_buf *b, const char *name, const char *value)
{
	sts_buf_printf(b, " %s=\"", name);
	sts_xml(b, value);
	sts_buf_addc(b, '"');
}

static void totals(struct sts_buf *b, size_t cases, struct tally t)
{
	sts_buf_printf(b, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", cases, t.failures, t.errors, t.skipped);
}

static void finding_lines(struct sts_buf *b, const struct sts_finding *f)
{
	sts_buf_printf(b, "%s %s: ", sts_severity_name(f->severity), f->code);
	sts_xml(b, f->title);
	sts_buf_puts(b, " (");
	sts_xml(b, f->subject);
	sts_buf_puts(b, ")\n");
	sts_xml(b, f->detail);
	sts_buf_addc(b, '\n');
	if (f->fix_text != NULL) {
		sts_buf_puts(b, "Mend: ");
		sts_xml(b, f->fix_text);
		sts_buf_addc(b, '\n');
	}
	if (f->fix_snippet != NULL) {
		sts_xml(b, f->fix_snippet);
		sts_buf_addc(b, '\n');
	}
}

static void part_findings(struct sts_buf *b, const struct sts_report *r, enum sts_part part, bool errors)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (sts_part_of(r->findings[i].code) == part && (r->findings[i].severity == STS_ERROR) == errors)
			finding_lines(b, &r->findings[i]);
}

static bool has_other_findings(const struct sts_report *r, enum sts_part part)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (sts_part_of(r->findings[i].code) == part && r->findings[i].severity != STS_ERROR)
			return true;
	return false;
}

static void test_case(struct sts_buf *b, const struct sts_report *r, enum sts_part part)
{
	sts_buf_puts(b, "    <testcase");
	attribute(b, "classname", r->facts->domain);
	attribute(b, "name", sts_part_name(part));
	sts_buf_puts(b, " time=\"0\">\n");
	if (fails(r, part)) {
		sts_buf_puts(b, "      <failure type=\"error\"");
		attribute(b, "message", r->parts[part].summary);
		sts_buf_addc(b, '>');
		part_findings(b, r, part, true);
		sts_buf_puts(b, "</failure>\n");
	} else if (is_skipped(r, part)) {
		sts_buf_puts(b, "      <skipped");
		attribute(b, "message", r->parts[part].summary);
		sts_buf_puts(b, "/>\n");
	}
	if (has_other_findings(r, part)) {
		sts_buf_puts(b, "      <system-out>");
		part_findings(b, r, part, false);
		sts_buf_puts(b, "</system-out>\n");
	}
	sts_buf_puts(b, "    </testcase>\n");
}

/* The verdict is a case of its own: unknown is an error of the check, no fault of the domain. */
static void verdict_case(struct sts_buf *b, const struct sts_report *r)
{
	sts_buf_puts(b, "    <testcase");
	attribute(b, "classname", r->facts->domain);
	sts_buf_printf(b, " name=\"verdict\" time=\"%" PRId64 ".%03d\">\n", r->facts->duration_ms / 1000,
		(int)(r->facts->duration_ms % 1000));
	if (r->verdict == STS_VERDICT_UNKNOWN) {
		sts_buf_puts(b, "      <error type=\"unknown\"");
		attribute(b, "message", r->summary);
		sts_buf_puts(b, "/>\n");
	}
	sts_buf_printf(b, "      <system-out>%s: ", sts_verdict_name(r->verdict));
	sts_xml(b, r->summary);
	for (size_t i = 0; i < r->not_tested_count; i++) {
		sts_buf_puts(b, "\nnot tested: ");
		sts_xml(b, r->not_tested[i].what);
		sts_buf_printf(b, " (%s)", r->not_tested[i].reason);
	}
	sts_buf_puts(b, "</system-out>\n    </testcase>\n");
}

static void suite(struct sts_buf *b, const struct sts_report *r)
{
	const struct sts_report *one[1] = {r};
	char when[21];

	sts_format_time(r->facts->checked_at, when);
	when[19] = '\0'; /* the schema takes no zone; it is UTC */
	sts_buf_puts(b, "  <testsuite");
	attribute(b, "name", r->facts->domain);
	totals(b, STS_PART_COUNT + 1, count((struct sts_reports){one, 1}));
	sts_buf_printf(b, " time=\"%" PRId64 ".%03d\"", r->facts->duration_ms / 1000, (int)(r->facts->duration_ms % 1000));
	attribute(b, "timestamp", when);
	sts_buf_puts(b, ">\n");
	verdict_case(b, r);
	for (size_t i = 0; i < STS_PART_COUNT; i++)
		test_case(b, r, (enum sts_part)i);
	sts_buf_puts(b, "  </testsuite>\n");
}

void sts_render_junit(struct sts_buf *out, struct sts_reports reports)
{
	sts_buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mtasts\"");
	totals(out, reports.count * (STS_PART_COUNT + 1), count(reports));
	sts_buf_puts(out, ">\n");
	for (size_t i = 0; i < reports.count; i++)
		suite(out, reports.items[i]);
	sts_buf_puts(out, "</testsuites>\n");
}
