/* What the report says to a person: answers, summary, what to do next. */
#include "check/phrase.h"
#include "check/verdict.h"
#include "check/view.h"

/* Recommendations kept; more would not be read. */
#define ADVICE_MAX 12

static struct sts_question question(enum sts_answer_word answer, const char *reason)
{
	return (struct sts_question){answer, reason};
}

/* ---- would mail be protected? ------------------------------------------------------------------------------------ */

static size_t verified(const struct sts_report *r, enum sts_sender_state state)
{
	return sts_count_decision(r, state, STS_DELIVER_VERIFIED) + sts_count_decision(r, state, STS_DELIVER_DANE);
}

/* MX hosts that might take mail and could not be seen; one without any address is no such host. */
static size_t untested(const struct sts_report *r)
{
	const struct sts_facts *f = r->facts;
	size_t count = 0;

	for (size_t i = 0; i < f->mx_count; i++) {
		enum sts_decision d = r->mx[i].decisions[STS_STATE_CURRENT_POLICY];

		count += sts_mx_real(&f->mx[i]) && !sts_mx_repeated(f, i) && !sts_mx_no_address(&f->mx[i]) &&
			 (d == STS_DECIDE_UNKNOWN || d == STS_UNREACHABLE);
	}
	return count;
}

static struct sts_question protected_enforced(const struct sts_report *r)
{
	size_t hosts = sts_count_mx(r);
	size_t good = verified(r, STS_STATE_CURRENT_POLICY);

	if (sts_takes_no_mail(r->facts))
		return question(STS_ANSWER_YES, "The domain takes no mail.");
	if (good == 0)
		return question(
			STS_ANSWER_UNKNOWN, hosts == 0 ? "The MX hosts are not known." : "No MX host could be tested.");
	if (untested(r) > 0)
		return question(STS_ANSWER_PARTLY,
			sts_sprintf(r->arena, "%zu of %zu MX hosts verified over TLS, %zu could not be tested.", good,
				hosts, untested(r)));
	return question(STS_ANSWER_YES, "Senders that follow MTA-STS deliver to verified hosts only. The very first "
					"message of a sender may come before it has fetched the policy.");
}

/* Without MTA-STS there may still be DANE. */
static struct sts_question protected_otherwise(const struct sts_report *r, const char *why)
{
	size_t hosts = sts_count_mx(r);

	if (hosts > 0 && sts_count_decision(r, STS_STATE_DANE, STS_DELIVER_DANE) == hosts)
		return question(STS_ANSWER_PARTLY,
			sts_sprintf(r->arena, "%s Senders that honour DANE deliver to verified hosts only.", why));
	return question(STS_ANSWER_NO, why);
}

static struct sts_question is_protected(const struct sts_report *r)
{
	if (r->facts->record_only)
		return question(STS_ANSWER_UNKNOWN, "Only the record was looked at.");
	switch (r->verdict) {
	case STS_VERDICT_ENFORCED:
		return protected_enforced(r);
	case STS_VERDICT_BLOCKING:
		if (r->facts->policy->mode != STS_MODE_ENFORCE)
			return protected_otherwise(r, "The policy is not in mode enforce.");
		return question(STS_ANSWER_PARTLY,
			verified(r, STS_STATE_CURRENT_POLICY) > 0
				? "Mail that gets through goes to verified hosts, but senders refuse some hosts."
				: "Senders refuse to deliver to the hosts there are: nothing leaks, and nothing "
				  "arrives.");
	case STS_VERDICT_TESTING:
		return protected_otherwise(r, "In mode testing failures are reported, and mail goes out all the same.");
	case STS_VERDICT_NONE:
		return protected_otherwise(r, "Mode none tells senders to act as if there were no policy.");
	case STS_VERDICT_ABSENT:
		return protected_otherwise(r, "There is no MTA-STS record.");
	case STS_VERDICT_BROKEN:
		return protected_otherwise(
			r, "Senders that do not hold an earlier policy find none that they can use.");
	case STS_VERDICT_UNKNOWN:
		break;
	}
	return question(STS_ANSWER_UNKNOWN, "What decides it could not be tested.");
}

/* ---- is it enforced? --------------------------------------------------------------------------------------------- */

static struct sts_question enforcing(const struct sts_report *r)
{
	bool enforce = sts_policy_enforces(r->facts);

	switch (r->verdict) {
	case STS_VERDICT_ENFORCED:
		return question(STS_ANSWER_YES, "The policy is in mode enforce.");
	case STS_VERDICT_BLOCKING:
		return enforce ? question(STS_ANSWER_YES, "The policy is in mode enforce, and it turns mail away.")
			       : question(STS_ANSWER_NO,
					 "The policy is not in mode enforce; DANE alone makes senders refuse.");
	case STS_VERDICT_TESTING:
		return question(STS_ANSWER_NO, "The policy is in mode testing.");
	case STS_VERDICT_NONE:
		return question(STS_ANSWER_NO, "The policy is in mode none.");
	case STS_VERDICT_ABSENT:
		return enforce ? question(STS_ANSWER_PARTLY,
					 "Only senders that already hold the policy apply it: there is no record.")
			       : question(STS_ANSWER_NO, "There is no MTA-STS record.");
	case STS_VERDICT_BROKEN:
		return enforce ? question(STS_ANSWER_PARTLY, "Only senders that already hold the policy apply it.")
			       : question(STS_ANSWER_NO, "There is no policy that senders can use.");
	case STS_VERDICT_UNKNOWN:
		break;
	}
	if (r->facts->record_only)
		return question(STS_ANSWER_UNKNOWN, "Only the record was looked at.");
	return question(STS_ANSWER_UNKNOWN, "Record or policy could not be tested.");
}

/* ---- would the owner know? --------------------------------------------------------------------------------------- */

static struct sts_question would_know(const struct sts_report *r)
{
	const struct sts_facts *f = r->facts;
	size_t good = 0, untested = 0;

	if (f->record_only)
		return question(STS_ANSWER_UNKNOWN, "Only the MTA-STS record was looked at.");
	if (f->rpt.state == STS_DNS_BOGUS)
		return question(STS_ANSWER_NO, "The TLSRPT record fails DNSSEC validation.");
	if (!sts_answer_certain(&f->rpt))
		return question(STS_ANSWER_UNKNOWN, "The TLSRPT record could not be looked up.");
	if (sts_tlsrpt_absent(f))
		return question(STS_ANSWER_NO, "There is no TLSRPT record.");
	if (f->tlsrpt.verdict != STS_TLSRPT_ACCEPT)
		return question(STS_ANSWER_NO, "Senders cannot use the TLSRPT record.");
	for (size_t i = 0; i < f->rua_count; i++) {
		good += f->rua[i].state == STS_RUA_OK;
		untested += f->rua[i].state == STS_RUA_NOT_TESTED;
	}
	if (good == f->rua_count && good > 0)
		return question(STS_ANSWER_YES,
			"Senders that report have somewhere to report to. Few senders do, so silence proves little.");
	if (good > 0)
		return question(STS_ANSWER_PARTLY,
			sts_sprintf(r->arena, "%zu of %zu report destinations look able to take reports.", good,
				f->rua_count));
	if (untested > 0)
		return question(STS_ANSWER_UNKNOWN, "The report destinations could not be tested.");
	return question(STS_ANSWER_NO, "No report destination can take reports.");
}

/* ---- the sentence ------------------------------------------------------------------------------------------------ */

static const char *first_error(const struct sts_report *r)
{
	for (size_t i = 0; i < r->finding_count && r->findings[i].severity == STS_ERROR; i++)
		if (r->ids[i] != STS_F_RECORD_WITHOUT_POLICY)
			return r->findings[i].title;
	return "the policy cannot be had";
}

static const char *in_words(const struct sts_report *r, size_t n, size_t of)
{
	return n == of ? (of == 1 ? "its MX host" : sts_sprintf(r->arena, "all %zu MX hosts", of))
		       : sts_sprintf(r->arena, "%zu of its %zu MX hosts", n, of);
}

static const char *say_enforced(const struct sts_report *r)
{
	size_t hosts = sts_count_mx(r);
	size_t unknown = untested(r);

	if (sts_takes_no_mail(r->facts))
		return sts_sprintf(r->arena, "%s enforces MTA-STS, and takes no mail.", r->facts->domain);
	if (hosts == 0)
		return sts_sprintf(r->arena, "%s enforces MTA-STS, but no MX host is known.", r->facts->domain);
	if (unknown > 0)
		return sts_sprintf(r->arena, "%s enforces MTA-STS; %s could not be tested.", r->facts->domain,
			in_words(r, unknown, hosts));
	return sts_sprintf(r->arena,
		"%s enforces MTA-STS: senders that follow it deliver over TLS to verified hosts only.",
		r->facts->domain);
}

static const char *say_blocking(const struct sts_report *r)
{
	size_t hosts = sts_count_mx(r);
	size_t sts = sts_count_decision(r, STS_STATE_CURRENT_POLICY, STS_REFUSE);
	size_t dane = sts_count_decision(r, STS_STATE_DANE, STS_REFUSE);

	if (sts > 0)
		return sts_sprintf(r->arena, "%s turns mail away: senders that follow its policy refuse %s.",
			r->facts->domain, in_words(r, sts, hosts));
	return sts_sprintf(r->arena, "%s turns mail away: senders that honour DANE refuse %s.", r->facts->domain,
		in_words(r, dane, hosts));
}

static const char *say_unknown(const struct sts_report *r)
{
	const struct sts_facts *f = r->facts;

	if (sts_record_state(f) == STS_RECORD_UNKNOWN)
		return sts_sprintf(r->arena,
			"Whether %s uses MTA-STS could not be found out: the record could not be looked up.",
			f->domain);
	if (f->record_only)
		return sts_sprintf(r->arena, "%s has an MTA-STS record; its policy was not looked at.", f->domain);
	return sts_sprintf(r->arena, "%s has an MTA-STS record, but its policy host could not be tested.", f->domain);
}

static const char *summary(const struct sts_report *r)
{
	const char *d = r->facts->domain;

	switch (r->verdict) {
	case STS_VERDICT_ENFORCED:
		return say_enforced(r);
	case STS_VERDICT_TESTING:
		return sts_sprintf(
			r->arena, "%s has MTA-STS in testing: failures are reported, mail is not protected yet.", d);
	case STS_VERDICT_NONE:
		return sts_sprintf(
			r->arena, "%s has an MTA-STS policy in mode none: senders act as if there were none.", d);
	case STS_VERDICT_ABSENT:
		return sts_sprintf(r->arena, "%s does not use MTA-STS: there is no record.", d);
	case STS_VERDICT_BROKEN:
		return sts_sprintf(r->arena, "%s publishes MTA-STS, but senders cannot use it: %s.", d, first_error(r));
	case STS_VERDICT_BLOCKING:
		return say_blocking(r);
	case STS_VERDICT_UNKNOWN:
		break;
	}
	return say_unknown(r);
}

/* ---- what to do next --------------------------------------------------------------------------------------------- */

static void advise(struct sts_report *r, const char *text)
{
	for (size_t i = 0; i < r->recommendation_count; i++)
		if (strcmp(r->recommendations[i], text) == 0)
			return;
	if (r->recommendation_count < ADVICE_MAX)
		*STS_PUSH(r->arena, r->recommendations, r->recommendation_count) = text;
}

/* A finding that only tells the consequence of another sends the reader to that one. */
static bool follows(const struct sts_report *r, size_t index)
{
	return r->ids[index] == STS_F_RECORD_WITHOUT_POLICY || r->ids[index] == STS_F_MATCH_ALL_UNCOVERED ||
	       r->ids[index] == STS_F_RPT_ABSENT;
}

static void from_findings(struct sts_report *r)
{
	for (size_t i = 0; i < r->finding_count; i++) {
		const struct sts_finding *f = &r->findings[i];

		if (f->severity < STS_WARNING || f->fix_text == NULL || follows(r, i))
			continue;
		advise(r, sts_sprintf(r->arena, "%s (%s): %s", f->title, f->subject, f->fix_text));
	}
}

static void from_verdict(struct sts_report *r)
{
	const struct sts_facts *f = r->facts;

	switch (r->verdict) {
	case STS_VERDICT_ABSENT:
		if (f->record_only || sts_takes_no_mail(f) || f->mx_answer.state == STS_DNS_NXDOMAIN ||
			sts_policy_state(f) == STS_POLICY_HAD)
			break;
		advise(r, "To use MTA-STS, serve a policy file in mode testing at mta-sts.DOMAIN first, publish the "
			  "TXT record after it, and a TLSRPT record with both.");
		break;
	case STS_VERDICT_TESTING:
		advise(r, "When the reports are clean and every MX host verifies, change to mode: enforce and give the "
			  "record a new id, in this order.");
		break;
	case STS_VERDICT_NONE:
		advise(r, "To leave MTA-STS, keep record and file until every policy ever served has run out. To use "
			  "it, go to mode testing.");
		break;
	case STS_VERDICT_UNKNOWN:
		if (f->record_only && sts_record_state(f) != STS_RECORD_UNKNOWN)
			break;
		advise(r, "Check again; if the same cannot be tested once more, look at the reasons under \"not "
			  "tested\".");
		break;
	default:
		break;
	}
	if (sts_report_has(r, STS_F_RPT_ABSENT, NULL) && r->verdict != STS_VERDICT_ABSENT &&
		!sts_report_has(r, STS_F_MODE_TESTING_WITHOUT_REPORTS, NULL))
		advise(r, "Publish a TLSRPT record, so that senders can report failures.");
}

static void from_gaps(struct sts_report *r)
{
	for (size_t i = 0; i < r->not_tested_count; i++)
		if (strcmp(r->not_tested[i].reason, "port25-blocked") == 0)
			advise(r, "Run the check from a machine that may connect to port 25, so that the mail hosts' "
				  "TLS can be seen.");
}

void sts_advise(struct sts_report *r)
{
	sts_find_parts(r);
	r->protected_ = is_protected(r);
	r->enforcing = enforcing(r);
	r->would_know = would_know(r);
	r->summary = summary(r);
	from_findings(r);
	from_verdict(r);
	from_gaps(r);
}
