#include "check/plan.h"

#include "check/held.h"
#include "check/observe.h"
#include "check/phrase.h"
#include "check/planning.h"
#include "check/verdict.h"
#include "check/view.h"

#define DAY 86400

const char *sts_plan_phase_name(enum sts_plan_phase phase)
{
	static const char *const names[] = {"before", "during", "after"};

	return names[phase];
}

const char *sts_plan_action_name(enum sts_plan_action action)
{
	static const char *const names[] = {
		"mend", "policy-file", "record", "wait", "mx", "switch-off", "remove-record", "remove-host"};

	return names[action];
}

const char *sts_plan_verdict_name(enum sts_plan_verdict verdict)
{
	static const char *const names[] = {"nothing-to-do", "safe", "unsafe", "unknown"};

	return names[verdict];
}

/* ---- hosts ------------------------------------------------------------------------------------------------------ */

static struct sts_plan_host *find_host(struct sts_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->host_count; i++)
		if (strcmp(plan->hosts[i].name, name) == 0)
			return &plan->hosts[i];
	return NULL;
}

bool plan_is_address(const struct sts_plan_host *host)
{
	return host->seen != NULL && host->seen->ip_literal;
}

static void collect_hosts(struct planning *p)
{
	const struct sts_facts *f = p->facts;
	const struct sts_change_wanted *w = p->wanted;

	for (size_t i = 0; i < f->mx_count; i++) {
		if (f->mx[i].null_mx || sts_mx_repeated(f, i))
			continue;
		*STS_PUSH(p->arena, p->plan->hosts, p->plan->host_count) =
			(struct sts_plan_host){.name = sts_observe_text(p->arena, sts_str_of(f->mx[i].name)),
				.before = true,
				.after = w->mx_count == 0,
				.seen = &f->mx[i]};
	}
	for (size_t i = 0; i < w->mx_count; i++) {
		const char *name = sts_observe_text(p->arena, sts_str_of(w->mx[i]));
		struct sts_plan_host *host = find_host(p->plan, name);

		if (host != NULL)
			host->after = true;
		else
			*STS_PUSH(p->arena, p->plan->hosts, p->plan->host_count) =
				(struct sts_plan_host){.name = name, .after = true};
	}
	for (size_t i = 0; i < p->plan->host_count; i++)
		p->plan->hosts[i].covered =
			!plan_is_address(&p->plan->hosts[i]) && sts_policy_covers(w->policy, p->plan->hosts[i].name, NULL);
}

bool plan_in_phase(const struct sts_plan_host *host, enum sts_plan_phase phase)
{
	return phase == STS_PLAN_BEFORE ? host->before : host->after;
}

/* ---- decisions -------------------------------------------------------------------------------------------------- */

enum sts_decision plan_decide(
	const struct planning *p, const struct sts_plan_host *host, const struct sts_policy *policy)
{
	if (host->seen != NULL)
		return sts_decide_with(p->facts, host->seen, policy, policy->mode);
	/* Not looked at: its name alone can be a reason to refuse it; all else is open. */
	if (policy->mode == STS_MODE_ENFORCE && !sts_policy_covers(policy, host->name, NULL))
		return STS_REFUSE;
	return STS_DECIDE_UNKNOWN;
}

static size_t mx_index(const struct planning *p, const struct sts_mx *mx)
{
	return (size_t)(mx - p->facts->mx);
}

static enum sts_decision decided_now(
	const struct planning *p, const struct sts_plan_host *host, enum sts_sender_state state)
{
	return host->seen == NULL ? STS_DECIDE_UNKNOWN : p->report->mx[mx_index(p, host->seen)].decisions[state];
}

static bool delivers(enum sts_decision d)
{
	return d == STS_DELIVER_DANE || d == STS_DELIVER_VERIFIED || d == STS_DELIVER_UNVERIFIED;
}

/* A sender goes on until a host takes the mail; one that is not known may or may not. */
static enum sts_decision finally(
	const struct planning *p, const enum sts_decision *decisions, enum sts_plan_phase phase)
{
	enum sts_decision end = STS_UNREACHABLE;

	for (size_t i = 0; i < p->plan->host_count; i++) {
		if (!plan_in_phase(&p->plan->hosts[i], phase))
			continue;
		if (delivers(decisions[i]))
			return decisions[i];
		if (decisions[i] == STS_DECIDE_UNKNOWN || (decisions[i] == STS_REFUSE && end != STS_DECIDE_UNKNOWN))
			end = decisions[i];
	}
	return end;
}

/* ---- states ----------------------------------------------------------------------------------------------------- */

/* How a kind of sender decides in a phase; policy is what it holds then. */
typedef enum sts_decision decider(const struct planning *p, const struct sts_plan_host *host,
	const struct sts_policy *policy, enum sts_plan_phase phase);

static enum sts_decision by_held(const struct planning *p, const struct sts_plan_host *host,
	const struct sts_policy *policy, enum sts_plan_phase phase)
{
	(void)phase;
	return plan_decide(p, host, policy);
}

/* Fetches what is published in the phase. */
static enum sts_decision by_published(const struct planning *p, const struct sts_plan_host *host,
	const struct sts_policy *policy, enum sts_plan_phase phase)
{
	return phase == STS_PLAN_BEFORE ? decided_now(p, host, STS_STATE_NO_CACHE) : plan_decide(p, host, policy);
}

static enum sts_decision by_dane(const struct planning *p, const struct sts_plan_host *host,
	const struct sts_policy *policy, enum sts_plan_phase phase)
{
	if (phase == STS_PLAN_BEFORE)
		return decided_now(p, host, STS_STATE_DANE);
	/* TLSA records of a host stay with it; those of a host not looked at are not known. */
	if (host->seen == NULL)
		return STS_DECIDE_UNKNOWN;
	if (sts_dane_applies(host->seen) || sts_tlsa_failed(host->seen))
		return decided_now(p, host, STS_STATE_DANE);
	return plan_decide(p, host, policy);
}

static enum sts_decision by_nothing(const struct planning *p, const struct sts_plan_host *host,
	const struct sts_policy *policy, enum sts_plan_phase phase)
{
	(void)policy;
	(void)phase;
	return decided_now(p, host, STS_STATE_NEITHER);
}

static struct sts_plan_state *add_state(
	struct planning *p, const char *name, const char *who, decider *decide, const struct sts_policy *policy)
{
	struct sts_plan_state *s = STS_PUSH(p->arena, p->plan->states, p->plan->state_count);

	s->name = name;
	s->who = who;
	for (int phase = 0; phase < STS_PLAN_PHASES; phase++) {
		s->exists[phase] = true;
		s->decisions[phase] = sts_alloc_array(p->arena, p->plan->host_count + 1, sizeof *s->decisions[phase]);
		for (size_t i = 0; i < p->plan->host_count; i++)
			s->decisions[phase][i] = decide(p, &p->plan->hosts[i], policy, (enum sts_plan_phase)phase);
		s->outcome[phase] = finally(p, s->decisions[phase], (enum sts_plan_phase)phase);
	}
	return s;
}

static void add_old_state(struct planning *p, const char *name, const char *who, const struct plan_old *old)
{
	struct sts_plan_state *s = add_state(p, name, who, by_held, old->policy);

	s->exists[STS_PLAN_AFTER] = false;
	s->gone_at = old->gone_at;
}

static void collect_states(struct planning *p)
{
	const struct sts_policy *planned = p->wanted->policy;

	add_state(p, "no_cache", "Senders that know MTA-STS and meet the domain for the first time", by_published,
		planned);
	for (size_t i = 0; i < p->old_count; i++)
		add_old_state(p, p->olds[i].name, p->olds[i].who, &p->olds[i]);
	if (!p->same_policy)
		add_state(p, "planned_policy", "Senders that have fetched the planned policy", by_held, planned)
			->exists[STS_PLAN_BEFORE] = false;
	add_state(p, "dane", "Senders that honour DANE, and MTA-STS where it does not apply", by_dane, planned);
	add_state(p, "neither", "Senders that know neither MTA-STS nor DANE", by_nothing, NULL);
}

/* ---- old policies ----------------------------------------------------------------------------------------------- */

static void add_old(
	struct planning *p, const char *name, const char *who, const struct sts_policy *policy, int64_t gone_at)
{
	*STS_PUSH(p->arena, p->olds, p->old_count) = (struct plan_old){name, who, policy, gone_at};
	if (policy->mode != STS_MODE_NONE && gone_at > p->plan->surely_gone_at)
		p->plan->surely_gone_at = gone_at;
}

/* Otherwise, where it was seen before, it is one of those that may be held. */
static bool present_is_given(const struct planning *p)
{
	const struct sts_facts *f = p->facts;

	return f->policy != NULL && f->policy->usable && f->policy_served;
}

static void collect_olds(struct planning *p)
{
	const struct sts_facts *f = p->facts;

	if (present_is_given(p))
		add_old(p, "current_policy", "Senders that hold the policy served now", f->policy,
			p->plan->at + (f->policy->has_max_age ? f->policy->max_age_s : 0));
	for (size_t i = 0; f->past != NULL && i < f->past->policy_count; i++) {
		const struct sts_past_policy *old = &f->past->policies[i];
		int64_t gone_at = sts_past_surely_gone(old, p->plan->at);

		if (gone_at <= p->plan->at || !sts_past_discoverable(f->past, old) ||
			(present_is_given(p) && sts_policy_same(f->policy, &old->policy)))
			continue;
		add_old(p, sts_held_name(p->report, old),
			sts_sprintf(p->arena, "Senders that hold the policy of %s", sts_date(p->arena, old->first_at)),
			&old->policy, gone_at);
	}
}

/* ---- verdict ---------------------------------------------------------------------------------------------------- */

static bool nothing_changes(const struct planning *p)
{
	for (size_t i = 0; i < p->plan->host_count; i++)
		if (p->plan->hosts[i].before != p->plan->hosts[i].after)
			return false;
	return p->same_policy && sts_record_usable(p->facts);
}

/* A host that will take mail and that holders of the planned policy refuse. */
static const struct sts_plan_host *refused_after(const struct planning *p)
{
	for (size_t i = 0; i < p->plan->host_count; i++)
		if (p->plan->hosts[i].after && plan_decide(p, &p->plan->hosts[i], p->wanted->policy) == STS_REFUSE)
			return &p->plan->hosts[i];
	return NULL;
}

static bool facts_are_known(const struct planning *p)
{
	return sts_record_standing(p->facts) != STS_UNSEEN && sts_policy_standing(p->facts) != STS_UNSEEN &&
	       sts_answer_certain(&p->facts->mx_answer);
}

static void find_verdict(struct planning *p)
{
	struct sts_plan *plan = p->plan;
	const struct sts_plan_host *refused = refused_after(p);

	if (refused != NULL) {
		plan->verdict = STS_PLAN_UNSAFE;
		plan->summary = sts_sprintf(p->arena,
			"Not like this: senders that hold the planned policy refuse %s, which %s.", refused->name,
			refused->covered           ? "it covers but which does not stand up to a sender"
			: plan_is_address(refused) ? "is an address, and no policy can cover an address"
						   : "is to take mail and is not covered");
	} else if (!facts_are_known(p)) {
		plan->verdict = STS_PLAN_UNKNOWN;
		plan->summary = "What is published now could not be seen whole, so the plan may miss something.";
	} else if (nothing_changes(p)) {
		plan->verdict = STS_PLAN_NOTHING;
		plan->summary = "There is nothing to change: the planned policy says what the present one says.";
	} else {
		plan->verdict = STS_PLAN_SAFE;
		plan->summary = plan->surely_gone_at > plan->at
					? sts_sprintf(p->arena,
						  "In this order no mail is refused. Surely nobody holds an earlier "
						  "policy from %s on.",
						  plan_moment(p->arena, plan->surely_gone_at))
					: "In this order no mail is refused. Nobody holds an earlier policy.";
	}
}

void sts_plan_make(const struct sts_change_wanted *wanted, struct sts_arena *arena, struct sts_plan *out)
{
	struct planning p = {.arena = arena,
		.wanted = wanted,
		.report = wanted->report,
		.facts = wanted->report->facts,
		.plan = out};

	*out = (struct sts_plan){.domain = p.facts->domain, .at = p.facts->judged_at};
	p.same_policy = present_is_given(&p) && sts_policy_same(p.facts->policy, wanted->policy);
	collect_hosts(&p);
	collect_olds(&p);
	collect_states(&p);
	find_verdict(&p);
	plan_steps(&p);
	plan_warnings(&p);
}
