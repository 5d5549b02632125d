#include "check/held.h"

#include "check/phrase.h"
#include "check/verdict.h"
#include "check/view.h"

bool sts_past_discoverable(const struct sts_past *past, const struct sts_past_policy *policy)
{
	for (size_t i = 0; i < past->id_count; i++)
		if (past->ids[i].first_at <= policy->last_at)
			return true;
	return false;
}

static bool is_present(const struct sts_facts *f, const struct sts_past_policy *p)
{
	return f->policy != NULL && f->policy->usable && sts_policy_same(f->policy, &p->policy);
}

/* Two policies first seen on one day: the older one keeps the plain name. */
const char *sts_held_name(const struct sts_report *r, const struct sts_past_policy *p)
{
	const char *name = sts_sprintf(r->arena, "policy_of_%s", sts_date(r->arena, p->first_at));
	unsigned same = 1;

	for (size_t i = 0; i < r->facts->past->policy_count; i++) {
		const struct sts_past_policy *other = &r->facts->past->policies[i];

		if (other != p && strcmp(sts_date(r->arena, other->first_at), sts_date(r->arena, p->first_at)) == 0 &&
			(other->first_at < p->first_at ||
				(other->first_at == p->first_at && strcmp(other->sha256, p->sha256) < 0)))
			same++;
	}
	return same == 1 ? name : sts_sprintf(r->arena, "%s_%u", name, same);
}

static void add(struct sts_report *r, const struct sts_past_policy *p)
{
	const struct sts_facts *f = r->facts;
	struct sts_held *held = STS_PUSH(r->arena, r->held, r->held_count);
	struct sts_domain_decision domain;

	held->name = sts_held_name(r, p);
	held->policy = p;
	held->until_at = sts_past_until(p);
	held->decisions = sts_alloc_array(r->arena, f->mx_count + 1, sizeof *held->decisions);
	for (size_t i = 0; i < f->mx_count; i++)
		held->decisions[i] = sts_decide_with(f, &f->mx[i], &p->policy, p->policy.mode);
	sts_decide_domain(f, held->decisions, &domain);
	held->best = domain.best;
	held->worst = domain.worst;
	held->text = sts_outlook_words(r,
		sts_sprintf(r->arena,
			"Senders that hold the policy of %s (until %s at the latest, if they fetched it when it was "
			"last seen)",
			sts_date(r->arena, p->first_at), sts_date(r->arena, held->until_at)),
		&domain);
}

void sts_find_held(struct sts_report *r)
{
	const struct sts_past *past = r->facts->past;

	if (past == NULL)
		return;
	for (size_t i = 0; i < past->policy_count && r->held_count < STS_HELD_MAX; i++) {
		const struct sts_past_policy *p = &past->policies[i];

		if (sts_past_until(p) > r->facts->judged_at && !is_present(r->facts, p) &&
			sts_past_discoverable(past, p))
			add(r, p);
	}
}
