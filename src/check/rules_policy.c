/* The policy file: faults of its text, and what its mode and max_age mean.  [RFC 8461 section 3.2] */
#include "check/rules.h"
#include "check/rules_syntax.h"
#include "check/view.h"

/* Another site's page behind a certificate for other names says nothing about this domain's policy. */
static bool foreign_page(const struct sts_fetch *fetch)
{
	return (fetch->tls.problems & STS_CERT_NAME_MISMATCH) != 0 && fetch->policy.mode == STS_MODE_UNKNOWN;
}

/* Packed octets look like a broken policy; that they are packed is a finding of its own. */
static bool packed(const struct sts_fetch *fetch)
{
	return sts_fetch_encoded(fetch) && !fetch->policy.usable;
}

void sts_rule_policy(const struct sts_facts *f, struct sts_report *r)
{
	if (f->policy_fetch != NULL && (foreign_page(f->policy_fetch) || packed(f->policy_fetch)))
		return;
	sts_rules_policy_faults(f->policy, r);
}

enum sts_finding_id sts_policy_error(
	const struct sts_facts *f, const struct sts_policy *policy, struct sts_arena *arena)
{
	struct sts_report *scratch = sts_report_new(arena, f);

	sts_rules_policy_faults(policy, scratch);
	for (size_t i = 0; i < scratch->finding_count; i++)
		if (scratch->findings[i].severity == STS_ERROR)
			return scratch->ids[i];
	return STS_F_COUNT;
}
