/*
 * Reports as comma-separated values: one row a finding, one row with empty finding columns for a domain without any. All fields are
 * quoted; rows end in LF.  [RFC 4180]
 */
#include "base/clock.h"
#include "render/escape.h"
#include "render/render.h"

#define FIELD_MAX 65536

static void field(struct sts_buf *b, const char *text, bool last)
{
	sts_escape_csv(b, sts_str_of(text), FIELD_MAX);
	sts_buf_addc(b, last ? '\n' : ',');
}

static void number(struct sts_buf *b, unsigned n)
{
	if (n > 0)
		sts_buf_printf(b, "%u", n);
	sts_buf_addc(b, ',');
}

static void row(struct sts_buf *b, const struct sts_report *r, const struct sts_finding *f)
{
	char when[21];

	sts_format_time(r->facts->checked_at, when);
	field(b, r->facts->domain, false);
	field(b, sts_verdict_name(r->verdict), false);
	field(b, sts_status_name(r->status), false);
	field(b, r->facts->policy != NULL ? sts_mode_name(r->facts->policy->mode) : NULL, false);
	field(b, when, false);
	field(b, f != NULL ? sts_severity_name(f->severity) : NULL, false);
	field(b, f != NULL ? f->code : NULL, false);
	field(b, f != NULL ? f->title : NULL, false);
	field(b, f != NULL ? f->subject : NULL, false);
	number(b, f != NULL ? f->line : 0);
	number(b, f != NULL ? f->column : 0);
	field(b, f != NULL ? f->detail : r->summary, false);
	field(b, f != NULL ? f->cause : NULL, false);
	field(b, f != NULL ? f->result_type : NULL, false);
	field(b, f != NULL ? f->rfc : NULL, false);
	field(b, f != NULL ? f->fix_text : NULL, false);
	field(b, f != NULL ? f->fix_snippet : NULL, true);
}

void sts_render_csv(struct sts_buf *out, struct sts_reports reports)
{
	sts_buf_puts(out, "domain,verdict,status,mode,checked_at,severity,code,title,subject,line,column,detail,cause,result_type,rfc,"
			  "fix,snippet\n");
	for (size_t i = 0; i < reports.count; i++) {
		const struct sts_report *r = reports.items[i];

		for (size_t j = 0; j < r->finding_count; j++)
			row(out, r, &r->findings[j]);
		if (r->finding_count == 0)
			row(out, r, NULL);
	}
}
