/* Results of the eight parts of a check: checks[] of the JSON. */
#include "check/past.h"
#include "check/phrase.h"
#include "check/rules.h"
#include "check/verdict.h"
#include "check/view.h"

/* ---- which part a finding belongs to ----------------------------------------------------------------------------- */

static enum sts_part part_of_layer(const char *layer)
{
	static const struct {
		const char *layer;
		enum sts_part part;
	} parts[] = {
		{"record", STS_PART_DNS_RECORD},
		{"host", STS_PART_POLICY_HOST},
		{"deleg", STS_PART_POLICY_HOST},
		{"policy", STS_PART_POLICY_SYNTAX},
		{"mode", STS_PART_POLICY_SYNTAX},
		{"match", STS_PART_MX_MATCH},
		{"mx", STS_PART_MX_TLS},
		{"dane", STS_PART_DANE},
		{"rpt", STS_PART_TLS_RPT},
	};

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strcmp(parts[i].layer, layer) == 0)
			return parts[i].part;
	return STS_PART_SYNCHRONISATION;
}

static enum sts_part part_of(const struct sts_report *r, size_t index)
{
	const struct sts_finding *f = &r->findings[index];

	switch (r->ids[index]) {
	case STS_F_RECORD_WITHOUT_POLICY:
		return f->cause != NULL && strncmp(f->cause, "policy.", 7) == 0 ? STS_PART_POLICY_SYNTAX
										: STS_PART_POLICY_HOST;
	case STS_F_MODE_TESTING_WITHOUT_REPORTS:
		return STS_PART_TLS_RPT;
	default:
		return part_of_layer(sts_catalogue(r->ids[index])->layer);
	}
}

/* Information that would be an error in mode enforce is no pass, and neither is a missing TLSRPT record. */
static enum sts_result result_of(const struct sts_report *r, size_t index)
{
	const struct sts_finding *f = &r->findings[index];

	if (f->severity == STS_ERROR)
		return STS_RESULT_FAIL;
	if (f->severity == STS_WARNING || r->ids[index] == STS_F_RPT_ABSENT)
		return STS_RESULT_WARN;
	return sts_catalogue(r->ids[index])->severity == STS_BY_MODE ? STS_RESULT_WARN : STS_RESULT_PASS;
}

/* ---- what was looked at ------------------------------------------------------------------------------------------ */

/** A part before findings are counted: pass where it was looked at whole, else not_tested or not_applicable, and one
 * sentence. */
typedef struct sts_part_result part_rule(struct sts_report *r);

static struct sts_part_result result(enum sts_result what, const char *summary)
{
	return (struct sts_part_result){what, summary};
}

static struct sts_part_result dns_record(struct sts_report *r)
{
	const struct sts_facts *f = r->facts;

	switch (sts_record_state(f)) {
	case STS_RECORD_UNKNOWN:
		return result(STS_RESULT_NOT_TESTED, sts_sprintf(r->arena, "The record could not be looked up: %s.",
							     sts_lookup_words(r->arena, &f->record)));
	case STS_RECORD_NONE:
		return result(STS_RESULT_NOT_APPLICABLE, "There is no MTA-STS record.");
	case STS_RECORD_UNUSABLE:
		return result(STS_RESULT_FAIL, "Senders cannot use what stands at the record's name.");
	case STS_RECORD_USABLE:
		break;
	}
	return result(STS_RESULT_PASS,
		sts_sprintf(r->arena, "One usable record, id %s.", sts_show(r->arena, f->record_set.chosen->id)));
}

static struct sts_part_result policy_host(struct sts_report *r)
{
	const struct sts_facts *f = r->facts;
	size_t good = 0, untested = 0;

	if (!sts_takes_part(f))
		return sts_record_state(f) == STS_RECORD_UNKNOWN
			       ? result(STS_RESULT_NOT_TESTED, "Whether there is to be a policy is not known.")
			       : result(STS_RESULT_NOT_APPLICABLE, "No record points to a policy.");
	for (size_t i = 0; i < f->fetch_count; i++) {
		good += sts_fetch_served(&f->fetches[i]);
		untested += sts_fetch_outcome(&f->fetches[i]) == STS_FETCH_UNTESTED;
	}
	if (good == 0 && sts_policy_state(f) == STS_POLICY_UNKNOWN)
		return result(STS_RESULT_NOT_TESTED, "The policy host could not be tested.");
	if (good == 0)
		return result(STS_RESULT_FAIL, "The policy host gives no policy.");
	return result(STS_RESULT_PASS,
		untested == 0
			? sts_sprintf(r->arena, "%zu of %zu addresses serve a file as senders want it.", good,
				  f->fetch_count)
			: sts_sprintf(r->arena,
				  "%zu of %zu addresses serve a file as senders want it; %zu could not be tested.",
				  good, f->fetch_count, untested));
}

static struct sts_part_result policy_syntax(struct sts_report *r)
{
	const struct sts_facts *f = r->facts;

	if (!sts_takes_part(f) && sts_record_state(f) != STS_RECORD_UNKNOWN)
		return result(STS_RESULT_NOT_APPLICABLE, "There is no policy.");
	if (f->policy == NULL || !sts_takes_part(f))
		return result(STS_RESULT_NOT_TESTED, "No policy file could be seen.");
	if (!f->policy->usable)
		return result(STS_RESULT_FAIL, "Senders cannot use the file.");
	return result(STS_RESULT_PASS,
		sts_sprintf(r->arena, "Mode %s, %zu mx line%s, max_age %lld seconds.", sts_mode_name(f->policy->mode),
			f->policy->mx_count, f->policy->mx_count == 1 ? "" : "s", (long long)f->policy->max_age_s));
}

static struct sts_part_result compared(struct sts_report *r)
{
	const struct sts_facts *f = r->facts;

	if (sts_record_state(f) == STS_RECORD_UNKNOWN ||
		(f->policy == NULL && sts_policy_state(f) == STS_POLICY_UNKNOWN))
		return result(STS_RESULT_NOT_TESTED,
			"Record or policy could not be seen, so there is nothing to compare with earlier looks.");
	if (!sts_time_comparable(f))
		return result(STS_RESULT_NOT_APPLICABLE,
			"There is no usable record together with a policy that senders get.");
	if (sts_report_has(r, STS_F_TIME_ID_NOT_BUMPED, NULL))
		return result(STS_RESULT_PASS, "The policy changed and the id did not.");
	if (sts_report_has(r, STS_F_TIME_ID_BUMPED_IDLE, NULL))
		return result(STS_RESULT_PASS, "The id changed and the policy did not.");
	return result(STS_RESULT_PASS, sts_sprintf(r->arena, "Id and policy agree with every look since %s.",
					       sts_date(r->arena, f->past->first_at)));
}

static struct sts_part_result synchronisation(struct sts_report *r)
{
	if (!sts_takes_part(r->facts))
		return result(STS_RESULT_NOT_APPLICABLE, "There is neither a record nor a policy.");
	if (r->facts->past != NULL && !sts_time_first_visit(r->facts))
		return compared(r);
	return result(STS_RESULT_NOT_TESTED,
		"Whether id and policy change together cannot be told from one visit: the file holds no id.");
}

static struct sts_part_result mx_match(struct sts_report *r)
{
	const struct sts_facts *f = r->facts;
	size_t judged = 0, covered = 0;

	if (sts_takes_no_mail(f))
		return result(STS_RESULT_NOT_APPLICABLE, "The domain takes no mail.");
	if (f->policy == NULL || !sts_takes_part(f))
		return sts_record_state(f) == STS_RECORD_UNKNOWN ||
				       (sts_takes_part(f) && sts_policy_state(f) == STS_POLICY_UNKNOWN)
			       ? result(STS_RESULT_NOT_TESTED, "No policy could be seen to compare with.")
			       : result(STS_RESULT_NOT_APPLICABLE, "There is no policy to compare with.");
	for (size_t i = 0; i < f->mx_count; i++) {
		judged += r->mx[i].judged && !sts_mx_repeated(f, i);
		covered += r->mx[i].covered && !sts_mx_repeated(f, i);
	}
	if (judged == 0)
		return f->mx_count > 0 || f->mx_answer.state == STS_DNS_NXDOMAIN
			       ? result(STS_RESULT_NOT_APPLICABLE, "There is no MX host to compare.")
			       : result(STS_RESULT_NOT_TESTED, "The MX records could not be looked up.");
	if (f->policy->mode == STS_MODE_NONE && f->policy->mx_count == 0)
		return result(STS_RESULT_NOT_APPLICABLE, "Mode none needs no mx lines.");
	return result(covered == judged ? STS_RESULT_PASS : f->policy->mode == STS_MODE_ENFORCE ? STS_RESULT_FAIL : STS_RESULT_WARN,
		sts_sprintf(r->arena, "The policy covers %zu of %zu MX hosts.", covered, judged));
}

/* An MX host counts as tested where one of its addresses showed TLS or the lack of it. */
static bool tested(const struct sts_facts *f, const struct sts_mx *mx)
{
	for (size_t i = 0; i < mx->smtp_count; i++)
		if (sts_session(f, &mx->smtp[i]) >= STS_SESSION_PLAIN)
			return true;
	return false;
}

static struct sts_part_result mx_tls(struct sts_report *r)
{
	const struct sts_facts *f = r->facts;
	size_t hosts = sts_count_mx(r), seen = 0, verified = 0;

	if (sts_takes_no_mail(f) || f->mx_answer.state == STS_DNS_NXDOMAIN)
		return result(STS_RESULT_NOT_APPLICABLE, "The domain takes no mail.");
	if (f->no_smtp)
		return result(STS_RESULT_NOT_TESTED, "Connections to the MX hosts are switched off.");
	for (size_t i = 0; i < f->mx_count; i++) {
		bool good = false;

		if (!sts_mx_real(&f->mx[i]) || sts_mx_repeated(f, i))
			continue;
		seen += tested(f, &f->mx[i]);
		for (size_t k = 0; k < f->mx[i].smtp_count; k++)
			good = good || sts_session(f, &f->mx[i].smtp[k]) == STS_SESSION_VERIFIED;
		verified += good;
	}
	if (hosts == 0)
		return result(STS_RESULT_NOT_TESTED, "The MX hosts are not known.");
	if (seen < hosts)
		return result(STS_RESULT_NOT_TESTED,
			sts_sprintf(r->arena, "%zu of %zu MX hosts could be tested; %zu verified over TLS.", seen,
				hosts, verified));
	return result(verified == hosts ? STS_RESULT_PASS : STS_RESULT_WARN,
		sts_sprintf(r->arena, "%zu of %zu MX hosts verified over TLS.", verified, hosts));
}

static struct sts_part_result dane(struct sts_report *r)
{
	const struct sts_facts *f = r->facts;
	size_t applies = 0, untested = 0, passed = 0;

	for (size_t i = 0; i < f->mx_count; i++) {
		const struct sts_mx *mx = &f->mx[i];
		bool pass = false;

		if (!sts_mx_real(mx) || sts_mx_repeated(f, i))
			continue;
		for (size_t k = 0; k < mx->smtp_count; k++)
			pass = pass || mx->smtp[k].tls.dane == STS_DANE_PASS;
		applies += sts_dane_applies(mx);
		passed += pass;
		untested += r->mx[i].decisions[STS_STATE_DANE] == STS_DECIDE_UNKNOWN &&
			    (sts_dane_applies(mx) || !sts_answer_absent(&mx->tlsa)) &&
			    mx->tlsa.state != STS_DNS_NOT_ASKED;
	}
	if (f->mx_count == 0 && f->mx_answer.state != STS_DNS_NXDOMAIN)
		return result(STS_RESULT_NOT_TESTED, "The MX hosts are not known.");
	if (untested > 0)
		return result(STS_RESULT_NOT_TESTED, sts_sprintf(r->arena, "DANE of %zu MX host%s could not be tested.",
							     untested, untested == 1 ? "" : "s"));
	if (applies == 0)
		return result(STS_RESULT_NOT_APPLICABLE, "No MX host uses DANE.");
	return result(STS_RESULT_PASS,
		sts_sprintf(r->arena, "DANE verifies %zu of %zu MX hosts that have TLSA records.", passed, applies));
}

static struct sts_part_result tls_rpt(struct sts_report *r)
{
	const struct sts_facts *f = r->facts;
	size_t good = 0;

	if (sts_takes_no_mail(f))
		return result(STS_RESULT_NOT_APPLICABLE, "The domain takes no mail.");
	if (f->rpt.state == STS_DNS_BOGUS)
		return result(STS_RESULT_FAIL, "The record fails DNSSEC validation.");
	if (!sts_answer_certain(&f->rpt))
		return result(STS_RESULT_NOT_TESTED, "The TLSRPT record could not be looked up.");
	if (sts_tlsrpt_absent(f))
		return result(STS_RESULT_WARN, "There is no TLSRPT record.");
	for (size_t i = 0; i < f->rua_count; i++)
		good += f->rua[i].state == STS_RUA_OK;
	if (f->tlsrpt.verdict != STS_TLSRPT_ACCEPT)
		return result(STS_RESULT_FAIL, "Senders cannot use the TLSRPT record.");
	return result(STS_RESULT_PASS,
		sts_sprintf(r->arena, "%zu of %zu report destinations look able to take reports.", good, f->rua_count));
}

/* ---- all ----------------------------------------------------------------------------------------------------------
 */

static bool worse(enum sts_result a, enum sts_result b)
{
	static const int ranks[] = {
		[STS_RESULT_NOT_APPLICABLE] = 0,
		[STS_RESULT_PASS] = 1,
		[STS_RESULT_NOT_TESTED] = 2,
		[STS_RESULT_WARN] = 3,
		[STS_RESULT_FAIL] = 4,
	};

	return ranks[a] > ranks[b];
}

void sts_find_parts(struct sts_report *r)
{
	static part_rule *const rules[STS_PART_COUNT] = {
		[STS_PART_DNS_RECORD] = dns_record,
		[STS_PART_POLICY_HOST] = policy_host,
		[STS_PART_POLICY_SYNTAX] = policy_syntax,
		[STS_PART_SYNCHRONISATION] = synchronisation,
		[STS_PART_MX_MATCH] = mx_match,
		[STS_PART_MX_TLS] = mx_tls,
		[STS_PART_DANE] = dane,
		[STS_PART_TLS_RPT] = tls_rpt,
	};

	for (size_t p = 0; p < STS_PART_COUNT; p++)
		r->parts[p] = r->facts->record_only && p != STS_PART_DNS_RECORD
			? result(STS_RESULT_NOT_TESTED, "Only the record was looked at.")
			: rules[p](r);
	for (size_t i = 0; i < r->finding_count; i++) {
		struct sts_part_result *part = &r->parts[part_of(r, i)];
		enum sts_result found = result_of(r, i);

		if (found >= STS_RESULT_NOT_TESTED || found == STS_RESULT_PASS || !worse(found, part->result))
			continue;
		part->result = found;
	}
}
