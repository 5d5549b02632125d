/* TLSRPT: would anybody be told?  [RFC 8460 section 3] */
#include "check/phrase.h"
#include "check/rules.h"
#include "check/rules_syntax.h"
#include "check/view.h"

static bool in_testing(const struct sts_facts *f)
{
	return f->policy != NULL && f->policy->mode == STS_MODE_TESTING && sts_takes_part(f);
}

static void absent(const struct sts_facts *f, struct sts_report *r)
{
	if (sts_takes_no_mail(f))
		return;
	sts_report_add(r,
		&(struct sts_note){
			.id = STS_F_RPT_ABSENT,
			.severity = in_testing(f) ? STS_WARNING : STS_NOTICE,
			.has_severity = true,
			.subject = f->rpt.name,
			.detail =
				"There is no TLSRPT record: senders have nowhere to report failed TLS connections to.",
			.fix_text = "Publish a TXT record with an address for reports; the mailbox has to exist.",
			.snippet = sts_tlsrpt_line(r),
			.fix_type = STS_FIX_DNS,
		});
}

void sts_rule_rpt(const struct sts_facts *f, struct sts_report *r)
{
	if (f->rpt.state == STS_DNS_BOGUS) {
		sts_report_add(r, &(struct sts_note){
					  .id = STS_F_RPT_DNSSEC_BOGUS,
					  .subject = f->rpt.name,
					  .detail = sts_sprintf(r->arena, "%s.",
						  sts_capital(r->arena, sts_lookup_words(r->arena, &f->rpt))),
					  .fix_type = STS_FIX_DNS,
				  });
		return;
	}
	if (sts_tlsrpt_absent(f))
		absent(f, r);
	else
		sts_rules_tlsrpt_faults(&f->tlsrpt, r);
}

void sts_rule_rua(const struct sts_facts *f, struct sts_report *r)
{
	for (size_t i = 0; i < f->rua_count; i++) {
		const struct sts_rua_facts *rua = &f->rua[i];
		const char *uri = sts_name(r->arena, rua->uri);
		const char *why = rua->error == NULL ? "it cannot be reached" : sts_name(r->arena, rua->error);

		if (rua->state == STS_RUA_NO_MAIL)
			sts_report_add(
				r, &(struct sts_note){
					   .id = STS_F_RPT_RUA_NO_MAIL,
					   .subject = uri,
					   .detail = sts_sprintf(r->arena, "Reports to %s are lost: %s.", uri, why),
					   .fix_type = STS_FIX_DNS,
				   });
		else if (rua->state == STS_RUA_UNREACHABLE)
			sts_report_add(r, &(struct sts_note){
						  .id = STS_F_RPT_RUA_UNREACHABLE,
						  .subject = uri,
						  .detail = sts_sprintf(r->arena,
							  "Reports to %s are likely to be lost: %s.", uri, why),
						  .fix_type = STS_FIX_SERVER,
					  });
		else if (rua->state == STS_RUA_NOT_TESTED)
			sts_report_not_tested(r,
				rua->reason != NULL ? rua->reason
				: f->timed_out      ? "timeout"
						    : "resolver-failed",
				sts_sprintf(r->arena, "report destination %s: %s", uri, why));
	}
}

/* What keeps reports from coming, or NULL when they may come. */
static const char *silenced_by(const struct sts_facts *f)
{
	if (sts_tlsrpt_absent(f))
		return "rpt.absent";
	switch (f->tlsrpt.verdict) {
	case STS_TLSRPT_MULTIPLE:
		return "rpt.multiple";
	case STS_TLSRPT_ABSENT:
	case STS_TLSRPT_INVALID:
		return "rpt.malformed";
	case STS_TLSRPT_UNUSABLE:
		return sts_faults_find(&f->tlsrpt.faults, STS_TLSRPT_RUA_SCHEME) != NULL ? "rpt.rua-scheme"
											 : "rpt.rua-invalid";
	default:
		return NULL;
	}
}

void sts_rule_reports_needed(const struct sts_facts *f, struct sts_report *r)
{
	const char *cause = silenced_by(f);

	if (!in_testing(f) || cause == NULL || f->rpt.state == STS_DNS_BOGUS || sts_takes_no_mail(f))
		return;
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_MODE_TESTING_WITHOUT_REPORTS,
				  .subject = f->domain,
				  .cause = cause,
				  .detail = "The policy is in mode testing, and no sender can report what it sees: the "
					    "mode has no effect.",
				  .fix_text = "Publish a TLSRPT record that senders can use, or change to mode enforce "
					      "once the hosts are checked.",
				  .snippet = sts_tlsrpt_line(r),
				  .fix_type = STS_FIX_DNS,
			  });
}
