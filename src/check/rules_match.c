/* MX hosts against the policy's patterns, and why a host is not covered.  [RFC 8461 section 4.1] */
#include "check/mxcause.h"
#include "check/phrase.h"
#include "check/rules.h"
#include "check/view.h"

/* MX hosts written into a corrected policy. */
#define HOSTS_MAX 20

/* ---- judging ----------------------------------------------------------------------------------------------------- */

static void judge(const struct sts_facts *f, struct sts_report *r)
{
	for (size_t i = 0; i < f->mx_count; i++) {
		const struct sts_mx_pattern *pattern = NULL;
		struct sts_mx_judgement *j = &r->mx[i];

		/* No policy covers an address, not even one that writes it. */
		j->judged = !f->mx[i].null_mx;
		j->covered = sts_mx_real(&f->mx[i]) && sts_policy_covers(f->policy, f->mx[i].name, &pattern);
		if (pattern != NULL)
			j->matched_by = sts_show(r->arena, sts_str(pattern->text, pattern->len));
		if (sts_mx_real(&f->mx[i]) && !j->covered)
			j->cause = sts_mx_cause_name(sts_mx_cause(f, &f->mx[i], NULL));
	}
}

static size_t valid_patterns(const struct sts_policy *p)
{
	size_t count = 0;

	for (size_t i = 0; i < p->mx_count; i++)
		count += p->mx[i].valid;
	return count;
}

/* An address has a finding of its own. Or the host stands in a line that is no pattern (a list, a final dot, a port): that line is the cause,
 * and is reported. */
static bool told_elsewhere(const struct sts_policy *p, const struct sts_mx *mx)
{
	for (size_t i = 0; i < p->mx_count; i++) {
		struct sts_str text = sts_str(p->mx[i].text, p->mx[i].len);

		if (!p->mx[i].valid && sts_str_findi(text, mx->name) < text.len)
			return true;
	}
	return mx->ip_literal;
}

/* ---- findings ---------------------------------------------------------------------------------------------------- */

static const char *effect(enum sts_mode mode)
{
	if (mode == STS_MODE_ENFORCE)
		return "Senders that hold the policy refuse to deliver to it.";
	if (mode == STS_MODE_TESTING)
		return "Senders report this and deliver all the same; in mode enforce they would refuse.";
	return "In mode none this has no effect.";
}

static void uncovered(const struct sts_facts *f, struct sts_report *r, const struct sts_mx *mx)
{
	const struct sts_mx_pattern *meant = NULL;
	enum sts_mx_cause cause = sts_mx_cause(f, mx, &meant);
	const char *host = sts_name(r->arena, mx->name);
	const char *pattern = meant == NULL ? NULL : sts_show(r->arena, sts_str(meant->text, meant->len));

	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_MATCH_MX_UNCOVERED,
				  .subject = host,
				  .cause = sts_mx_cause_name(cause),
				  .detail = sts_sprintf(r->arena,
					  "MX %u %s is covered by no mx line of the policy: %s. %s", mx->preference,
					  host, sts_mx_cause_words(r->arena, cause, pattern), effect(f->policy->mode)),
				  .result_type = "validation-failure",
				  .fix_text = sts_mx_cause_mend(r->arena, cause, pattern),
				  .snippet = sts_sprintf(r->arena, "mx: %s", host),
				  .fix_type = STS_FIX_POLICY,
				  .line = meant == NULL ? 0 : meant->line,
			  });
}

/* The policy as it should read: the mode and max_age as they are, a line for every MX host. */
static const char *corrected_policy(const struct sts_facts *f, struct sts_report *r)
{
	const char *hosts[HOSTS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < f->mx_count && count < HOSTS_MAX; i++)
		if (sts_mx_real(&f->mx[i]))
			hosts[count++] = f->mx[i].name;
	return sts_policy_file(
		r->arena, f->policy->mode, hosts, count, f->policy->has_max_age ? f->policy->max_age_s : 604800);
}

static void all_uncovered(const struct sts_facts *f, struct sts_report *r)
{
	bool enforce = f->policy->mode == STS_MODE_ENFORCE;

	sts_report_add(r,
		&(struct sts_note){
			.id = STS_F_MATCH_ALL_UNCOVERED,
			.subject = f->domain,
			.detail = enforce ? "The policy covers no MX host at all: senders that hold it deliver nothing "
					    "to this domain. Mail waits in their queues and bounces in the end."
					  : "The policy covers no MX host at all. In mode testing mail still flows; in "
					    "mode enforce nothing would be delivered.",
			.result_type = "validation-failure",
			.snippet =
				f->mx_total == f->mx_count && f->mx_count <= HOSTS_MAX ? corrected_policy(f, r) : NULL,
			.fix_type = STS_FIX_POLICY,
		});
}

static bool used(const struct sts_facts *f, const struct sts_mx_pattern *p)
{
	for (size_t i = 0; i < f->mx_count; i++)
		if (sts_mx_real(&f->mx[i]) && sts_mx_match(sts_str(p->text, p->len), sts_str_of(f->mx[i].name)))
			return true;
	return false;
}

/* The same pattern stands before it. */
static bool told(const struct sts_policy *policy, const struct sts_mx_pattern *p)
{
	for (const struct sts_mx_pattern *q = policy->mx; q < p; q++)
		if (q->valid && sts_str_eqi(sts_str(q->text, q->len), sts_str(p->text, p->len)))
			return true;
	return false;
}

static void unused(const struct sts_facts *f, struct sts_report *r)
{
	if (f->mx_total > f->mx_count || sts_takes_no_mail(f))
		return;
	for (size_t i = 0; i < f->policy->mx_count; i++) {
		const struct sts_mx_pattern *p = &f->policy->mx[i];
		const char *text = sts_show(r->arena, sts_str(p->text, p->len));

		if (!p->valid || used(f, p) || told(f->policy, p))
			continue;
		sts_report_add(r, &(struct sts_note){
					  .id = STS_F_MATCH_PATTERN_UNUSED,
					  .subject = text,
					  .detail = sts_sprintf(r->arena,
						  "No present MX record fits mx: %s. That is legal, and useful before "
						  "a move or for a spare host.",
						  text),
					  .fix_type = STS_FIX_POLICY,
					  .line = p->line,
				  });
	}
}

void sts_rule_match(const struct sts_facts *f, struct sts_report *r)
{
	size_t judged = 0, covered = 0, told = 0;

	judge(f, r);
	/* A policy without a single pattern has a finding of its own. */
	if (valid_patterns(f->policy) == 0)
		return;
	for (size_t i = 0; i < f->mx_count; i++) {
		const struct sts_mx_judgement *j = &r->mx[i];

		judged += j->judged;
		covered += j->covered;
		if (!j->judged || j->covered)
			continue;
		if (told_elsewhere(f->policy, &f->mx[i]))
			told++;
		else if (!sts_mx_repeated(f, i))
			uncovered(f, r, &f->mx[i]);
	}
	if (judged > 0 && covered == 0 && told < judged &&
		(f->policy->mode == STS_MODE_ENFORCE || f->policy->mode == STS_MODE_TESTING))
		all_uncovered(f, r);
	unused(f, r);
}
