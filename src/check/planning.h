/* Inside of a plan in the making. Not for other directories. */
#ifndef STS_CHECK_PLANNING_H
#define STS_CHECK_PLANNING_H

#include "check/plan.h"

/** A policy that senders may hold when the change begins. */
struct plan_old {
	const char *name;
	const char *who;
	const struct sts_policy *policy;
	int64_t gone_at; /* surely held by nobody from then on, if something else is served from now on */
};

struct planning {
	struct sts_arena *arena;
	const struct sts_change_wanted *wanted;
	const struct sts_report *report;
	const struct sts_facts *facts;
	struct sts_plan *plan;
	struct plan_old *olds;
	size_t old_count;
	bool same_policy; /* the planned policy says what the present one says */
};

bool plan_in_phase(const struct sts_plan_host *host, enum sts_plan_phase phase);

/** An MX record holds an address in place of this host's name: whatever the policy says, it covers none. */
bool plan_is_address(const struct sts_plan_host *host);

/** What a sender that holds the policy does with the host. */
enum sts_decision plan_decide(
	const struct planning *p, const struct sts_plan_host *host, const struct sts_policy *policy);

/** "2026-01-31 12:00 UTC", rounded up to the next minute: a date to wait for must not come too early. */
const char *plan_moment(struct sts_arena *arena, int64_t at);

void plan_steps(struct planning *p);
void plan_warnings(struct planning *p);

#endif
