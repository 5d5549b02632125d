/* Facts to a report: every rule that has what it needs, then decisions, verdict, advice. Pure. */
#include "check/phrase.h"
#include "check/rules.h"
#include "check/verdict.h"
#include "check/view.h"

/* What a rule needs. One whose needs are unmet is not run and is noted as not tested. */
enum need {
	NEED_RECORD = 1 << 0,  /* the look-up of the record told something for certain */
	NEED_PART = 1 << 1,    /* the domain takes part in MTA-STS */
	NEED_POLICY = 1 << 2,  /* a policy file was seen */
	NEED_MX = 1 << 3,      /* the MX hosts are known */
	NEED_MAIL = 1 << 4,    /* the domain takes mail */
	NEED_SMTP = 1 << 5,    /* connections to the MX hosts are allowed */
	NEED_SERVERS = 1 << 6, /* authoritative servers may be asked */
	NEED_RPT = 1 << 7,     /* the look-up of the TLSRPT record told something for certain */
	NEED_ANSWER = 1 << 8,  /* the MX look-up told something for certain, if only that it is bogus */
};

static const struct {
	sts_rule *rule;
	unsigned needs;
} rules[] = {
	{sts_rule_record, NEED_RECORD},
	{sts_rule_record_answer, NEED_RECORD},
	{sts_rule_record_place, NEED_RECORD},
	{sts_rule_nameservers, NEED_SERVERS},
	{sts_rule_host_dns, NEED_PART},
	{sts_rule_host_fetches, NEED_PART},
	{sts_rule_host_differ, NEED_PART},
	{sts_rule_policy, NEED_PART | NEED_POLICY},
	/* These two tell the consequences of what stands above them. */
	{sts_rule_deleg, NEED_PART},
	{sts_rule_record_policy, NEED_RECORD},
	{sts_rule_mx_answer, NEED_ANSWER},
	{sts_rule_match, NEED_PART | NEED_POLICY | NEED_MX | NEED_MAIL},
	{sts_rule_mx_hosts, NEED_MX | NEED_MAIL},
	{sts_rule_mx_sessions, NEED_MX | NEED_MAIL | NEED_SMTP},
	{sts_rule_dane, NEED_MX | NEED_MAIL},
	{sts_rule_rpt, NEED_RPT},
	{sts_rule_rua, NEED_RPT},
	{sts_rule_reports_needed, NEED_RPT},
};

/* ---- needs ------------------------------------------------------------------------------------------------------- */

/* Each gives the reason word why the need is unmet, or NULL when it is met. */
static const char *lacks_record(const struct sts_facts *f)
{
	return sts_record_state(f) == STS_RECORD_UNKNOWN ? sts_lookup_reason(&f->record) : NULL;
}

static const char *lacks_part(const struct sts_facts *f)
{
	if (f->record_only)
		return "switched-off";
	if (sts_takes_part(f))
		return NULL;
	return lacks_record(f) != NULL ? lacks_record(f) : "not-applicable";
}

/* Why the policy host could not be tested is told address by address; here the first reason will do. */
static const char *lacks_policy(const struct sts_facts *f)
{
	const struct sts_host *h = &f->policy_host;

	if (f->policy != NULL)
		return NULL;
	if (sts_policy_state(f) == STS_POLICY_FAILS)
		return "not-applicable";
	for (size_t i = 0; i < f->fetch_count; i++) {
		if (f->fetches[i].end == STS_FETCH_NO_FAMILY)
			return f->fetches[i].address.family == 6 ? "no-ipv6-here" : "no-ipv4-here";
		if (f->fetches[i].end == STS_FETCH_CANCELLED || f->fetches[i].end == STS_FETCH_NOT_TRIED)
			return "timeout";
	}
	return sts_lookup_reason(sts_answer_certain(&h->a) ? &h->aaaa : &h->a);
}

static const char *lacks_answer(const struct sts_facts *f)
{
	if (f->record_only)
		return "switched-off";
	return sts_answer_certain(&f->mx_answer) || f->mx_answer.state == STS_DNS_BOGUS
		       ? NULL
		       : sts_lookup_reason(&f->mx_answer);
}

static const char *lacks_mx(const struct sts_facts *f)
{
	if (f->record_only)
		return "switched-off";
	if (f->mx_answer.state == STS_DNS_NXDOMAIN)
		return "not-applicable";
	return f->mx_count > 0 ? NULL : sts_lookup_reason(&f->mx_answer);
}

static const char *lacks_mail(const struct sts_facts *f)
{
	return sts_takes_no_mail(f) ? "not-applicable" : NULL;
}

static const char *lacks_smtp(const struct sts_facts *f)
{
	return f->no_smtp ? "switched-off" : NULL;
}

static const char *lacks_servers(const struct sts_facts *f)
{
	return f->no_authoritative ? "switched-off" : NULL;
}

static const char *lacks_rpt(const struct sts_facts *f)
{
	if (f->record_only)
		return "switched-off";
	return sts_answer_certain(&f->rpt) || f->rpt.state == STS_DNS_BOGUS ? NULL : sts_lookup_reason(&f->rpt);
}

/* In the order asked; the first that is unmet is noted, under the name of what is missing. */
static const struct {
	enum need need;
	const char *(*lacks)(const struct sts_facts *f);
	const char *what;
} needs[] = {
	{NEED_SERVERS, lacks_servers, "authoritative servers, one by one"},
	{NEED_RECORD, lacks_record, "MTA-STS record"},
	{NEED_PART, lacks_part, "MTA-STS policy"},
	{NEED_POLICY, lacks_policy, "policy file"},
	{NEED_ANSWER, lacks_answer, "MX hosts"},
	{NEED_MX, lacks_mx, "MX hosts"},
	{NEED_MAIL, lacks_mail, "MX hosts"},
	{NEED_SMTP, lacks_smtp, "TLS of the MX hosts"},
	{NEED_RPT, lacks_rpt, "TLSRPT record"},
};

static bool needs_met(const struct sts_facts *f, struct sts_report *r, unsigned wanted)
{
	for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
		const char *reason = (wanted & needs[i].need) == 0 ? NULL : needs[i].lacks(f);

		if (reason == NULL)
			continue;
		sts_report_not_tested(r, reason, needs[i].what);
		return false;
	}
	return true;
}

/* ---- the judgement ----------------------------------------------------------------------------------------------- */

static void run_rules(const struct sts_facts *f, struct sts_report *r)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (needs_met(f, r, rules[i].needs))
			rules[i].rule(f, r);
	if (f->past != NULL)
		sts_rule_time(f, r);
	/* The file holds no id: one visit cannot tell. */
	if (sts_takes_part(f) && (f->past == NULL || sts_time_first_visit(f)))
		sts_report_not_tested(r, "needs-history", "whether id and policy change together");
}

struct sts_report *sts_judge(const struct sts_facts *facts, struct sts_arena *arena)
{
	struct sts_report *r = sts_report_new(arena, facts);

	run_rules(facts, r);
	sts_report_sort(r);
	sts_decide(r);
	sts_count_senders(r);
	sts_find_verdict(r);
	sts_find_profiles(r);
	sts_advise(r);
	return r;
}
