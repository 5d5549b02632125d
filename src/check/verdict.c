#include "check/verdict.h"

#include "check/view.h"

/* An error that keeps the policy from being used: under record, host, deleg or policy. */
static bool unusable(const struct sts_report *r)
{
	static const char *const layers[] = {"record", "host", "deleg", "policy"};

	for (size_t i = 0; i < r->finding_count; i++) {
		if (r->findings[i].severity != STS_ERROR)
			continue;
		for (size_t k = 0; k < sizeof layers / sizeof *layers; k++)
			if (strcmp(sts_catalogue(r->ids[i])->layer, layers[k]) == 0)
				return true;
	}
	return false;
}

/* Compliant senders refuse a host: by an enforce policy, or by DANE in any mode. */
static bool refuses(const struct sts_report *r)
{
	return sts_count_decision(r, STS_STATE_CURRENT_POLICY, STS_REFUSE) > 0 ||
	       sts_count_decision(r, STS_STATE_NO_CACHE, STS_REFUSE) > 0 ||
	       sts_count_decision(r, STS_STATE_DANE, STS_REFUSE) > 0;
}

static enum sts_verdict verdict(const struct sts_report *r)
{
	const struct sts_facts *f = r->facts;
	enum sts_record_state record = sts_record_state(f);

	if (record == STS_RECORD_UNKNOWN)
		return STS_VERDICT_UNKNOWN;
	if (record == STS_RECORD_NONE)
		return STS_VERDICT_ABSENT;
	if (unusable(r))
		return STS_VERDICT_BROKEN;
	if (record != STS_RECORD_USABLE || sts_policy_state(f) != STS_POLICY_HAD || f->policy == NULL)
		return STS_VERDICT_UNKNOWN;
	if (refuses(r))
		return STS_VERDICT_BLOCKING;
	switch (f->policy->mode) {
	case STS_MODE_ENFORCE:
		return STS_VERDICT_ENFORCED;
	case STS_MODE_TESTING:
		return STS_VERDICT_TESTING;
	case STS_MODE_NONE:
		return STS_VERDICT_NONE;
	case STS_MODE_UNKNOWN:
		break;
	}
	return STS_VERDICT_UNKNOWN;
}

static bool worth_a_warning(const struct sts_report *r)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].severity >= STS_WARNING)
			return true;
	return false;
}

static enum sts_status status(const struct sts_report *r)
{
	switch (r->verdict) {
	case STS_VERDICT_UNKNOWN:
		return STS_STATUS_ERROR;
	case STS_VERDICT_BLOCKING:
		return STS_STATUS_FAIL;
	case STS_VERDICT_ENFORCED:
		return worth_a_warning(r) ? STS_STATUS_WARNING : STS_STATUS_SUCCESS;
	default:
		return STS_STATUS_WARNING;
	}
}

void sts_find_verdict(struct sts_report *r)
{
	r->has_mta_sts = sts_has_record(r->facts);
	r->verdict = verdict(r);
	r->status = status(r);
}
