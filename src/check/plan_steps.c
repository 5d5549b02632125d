/*
 * The order of steps. Three rules make it:
 * - the file before the id, so that nobody fetches the old file under the new id;  [RFC 8461 section 8.1]
 * - a mail host takes mail only when no policy that may still be held refuses it;  [section 3.3]
 * - what senders may hold stays answerable until it has run out.                   [section 8.3]
 */
#include "base/clock.h"
#include "check/observe.h"
#include "check/phrase.h"
#include "check/planning.h"
#include "check/view.h"

#include <inttypes.h>

/* Where no TTL was seen. */
#define TTL_DEFAULT 3600

#define INTERIM_HOSTS_MAX 200

const char *plan_moment(struct sts_arena *arena, int64_t at)
{
	char text[21];

	sts_format_time((at + 59) / 60 * 60, text);
	return sts_sprintf(arena, "%.10s %.5s UTC", text, text + 11);
}

static struct sts_plan_step *step(
	struct planning *p, enum sts_plan_action action, int64_t not_before, const char *text, const char *why)
{
	struct sts_plan_step *s = STS_PUSH(p->arena, p->plan->steps, p->plan->step_count);

	*s = (struct sts_plan_step){.action = action, .not_before = not_before, .text = text, .why = why};
	return s;
}

/* ---- what changes ----------------------------------------------------------------------------------------------- */

static bool any_host(const struct planning *p, bool before, bool after)
{
	for (size_t i = 0; i < p->plan->host_count; i++)
		if (p->plan->hosts[i].before == before && p->plan->hosts[i].after == after)
			return true;
	return false;
}

static const char *host_list(const struct planning *p, bool before, bool after)
{
	const char *names[INTERIM_HOSTS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < p->plan->host_count && count < INTERIM_HOSTS_MAX; i++)
		if (p->plan->hosts[i].before == before && p->plan->hosts[i].after == after)
			names[count++] = p->plan->hosts[i].name;
	return sts_join(p->arena, names, count, 5);
}

/* A host that goes is in DNS, and may be chosen, until the MX records have changed everywhere: until then no policy may
 * refuse it. */
static bool needs_interim(const struct planning *p)
{
	if (p->wanted->policy->mode != STS_MODE_ENFORCE)
		return false;
	for (size_t i = 0; i < p->plan->host_count; i++)
		if (p->plan->hosts[i].before && !p->plan->hosts[i].after && !p->plan->hosts[i].covered &&
			!plan_is_address(&p->plan->hosts[i]))
			return true;
	return false;
}

/* The latest time at which some sender may hold a policy that refuses a host that comes; 0 when none does. */
static int64_t refused_until(const struct planning *p)
{
	int64_t until = 0;

	for (size_t i = 0; i < p->old_count; i++)
		for (size_t k = 0; k < p->plan->host_count; k++)
			if (p->plan->hosts[k].after && !p->plan->hosts[k].before && p->olds[i].gone_at > until &&
				plan_decide(p, &p->plan->hosts[k], p->olds[i].policy) == STS_REFUSE)
				until = p->olds[i].gone_at;
	return until;
}

/* ---- texts to publish ------------------------------------------------------------------------------------------- */

static const char *file_text(struct planning *p, struct sts_str raw)
{
	return sts_strndup(p->arena, raw.ptr, raw.len);
}

/* The planned policy and every host that still takes mail. */
static const char *interim_file(struct planning *p)
{
	const struct sts_policy *policy = p->wanted->policy;
	const char *hosts[INTERIM_HOSTS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < policy->mx_count && count < INTERIM_HOSTS_MAX; i++)
		if (policy->mx[i].valid)
			hosts[count++] = sts_strndup(p->arena, policy->mx[i].text, policy->mx[i].len);
	for (size_t i = 0; i < p->plan->host_count && count < INTERIM_HOSTS_MAX; i++)
		if (p->plan->hosts[i].before && !p->plan->hosts[i].covered && !plan_is_address(&p->plan->hosts[i]))
			hosts[count++] = p->plan->hosts[i].name;
	return sts_policy_file(p->arena, policy->mode, hosts, count, policy->max_age_s);
}

static bool id_was_used(const struct planning *p, const char *id)
{
	const struct sts_past *past = p->facts->past;

	if (sts_record_usable(p->facts) && sts_str_is(p->facts->record_set.chosen->id, id))
		return true;
	for (size_t i = 0; past != NULL && i < past->id_count; i++)
		if (strcmp(past->ids[i].name, id) == 0)
			return true;
	return false;
}

/* An id that was never seen: senders compare for equality only.  [RFC 8461 section 3.1] */
static const char *fresh_id(struct planning *p, int64_t at)
{
	char t[21];
	const char *id;

	do {
		sts_format_time(at++, t);
		id = sts_sprintf(p->arena, "%.4s%.2s%.2s%.2s%.2s%.2s", t, t + 5, t + 8, t + 11, t + 14, t + 17);
	} while (id_was_used(p, id));
	return id;
}

static const char *record_text(struct planning *p, int64_t at)
{
	return sts_txt_line(p->arena, sts_sprintf(p->arena, "_mta-sts.%s", p->plan->domain), 0,
		sts_str_of(sts_sprintf(p->arena, "v=STSv1; id=%s;", fresh_id(p, at))));
}

static const char *mx_text(struct planning *p)
{
	const char *out = "";

	for (size_t i = 0; i < p->wanted->mx_count; i++)
		out = sts_sprintf(p->arena, "%s%s. IN MX %zu %s.\n", out, p->plan->domain, 10 * (i + 1),
			sts_observe_text(p->arena, sts_str_of(p->wanted->mx[i])));
	return out;
}

/* ---- steps ------------------------------------------------------------------------------------------------------ */

static int64_t record_ttl(const struct planning *p)
{
	return p->facts->record.rr_count > 0 && p->facts->record.ttl_s > 0 ? (int64_t)p->facts->record.ttl_s
									   : TTL_DEFAULT;
}

static int64_t mx_ttl(const struct planning *p)
{
	return p->facts->mx_answer.rr_count > 0 && p->facts->mx_answer.ttl_s > 0 ? (int64_t)p->facts->mx_answer.ttl_s
										 : TTL_DEFAULT;
}

static void publish(struct planning *p, int64_t at, const char *file, const char *what)
{
	step(p, STS_DO_FILE, at, sts_sprintf(p->arena, "Put %s on the policy host, at every address it has.", what),
		"The file comes first: a sender that sees the new id fetches at once, and must not get the old file "
		"under it.")
		->snippet = file;
	step(p, STS_DO_RECORD, at, "When every address serves it, give the record a new id.",
		"Senders that hold an earlier policy fetch anew only when the id differs.")
		->snippet = record_text(p, at);
}

static void mend_first(struct planning *p)
{
	for (size_t i = 0; i < p->plan->host_count; i++) {
		const struct sts_plan_host *h = &p->plan->hosts[i];

		if (!h->after || plan_decide(p, h, p->wanted->policy) != STS_REFUSE)
			continue;
		if (h->covered)
			step(p, STS_DO_MEND, p->plan->at,
				sts_sprintf(p->arena,
					"Put the TLS of %s right: under the planned policy senders refuse it as it is.",
					h->name),
				NULL);
		else if (plan_is_address(h))
			step(p, STS_DO_MEND, p->plan->at,
				sts_sprintf(p->arena, "Put a name in place of %s into the MX record, and that name into the planned policy.",
					h->name),
				NULL);
		else
			step(p, STS_DO_MEND, p->plan->at,
				sts_sprintf(p->arena, "Add %s to the planned policy: it is to take mail.", h->name),
				NULL)
				->snippet = sts_sprintf(p->arena, "mx: %s", h->name);
	}
}

/* The MX records, when nobody refuses what comes; and what goes, when nobody can choose it any more. */
static int64_t change_mx(struct planning *p, int64_t published_at)
{
	int64_t refused = refused_until(p);
	int64_t at = published_at + record_ttl(p);
	bool must_wait = refused > at;

	if (must_wait) {
		step(p, STS_DO_WAIT, refused,
			sts_sprintf(p->arena, "Wait. Until then some sender may hold a policy by which it refuses %s.",
				host_list(p, false, true)),
			sts_sprintf(p->arena,
				"Most senders have the new policy soon after %s, when the record's TTL has passed; "
				"those that saw no "
				"reason to look keep the old one until it runs out.",
				plan_moment(p->arena, at)));
		at = refused;
	}
	step(p, STS_DO_MX, at, "Change the MX records.",
		"The policy covers the new hosts before any sender can choose them.")
		->snippet = mx_text(p);
	return at;
}

static void switch_off(struct planning *p, int64_t at)
{
	if (!any_host(p, true, false))
		return;
	step(p, STS_DO_SWITCH_OFF, at,
		sts_sprintf(p->arena, "The old mail hosts (%s) may be switched off: no resolver names them any more.",
			host_list(p, true, false)),
		"Senders go on using the old MX records until their TTL has passed.");
}

/* To leave: mode none stays answerable until nobody holds anything else.  [RFC 8461 section 8.3] */
static void leave(struct planning *p)
{
	int64_t at = p->plan->surely_gone_at > p->plan->at ? p->plan->surely_gone_at : p->plan->at;

	step(p, STS_DO_WAIT, at, "To leave MTA-STS altogether, serve mode none and the record until then.",
		"Until then some sender may hold an earlier policy, and it can learn that it is over only while record "
		"and file answer. "
		"It is the longest max_age of all policies seen, counted from when they were last served.");
	step(p, STS_DO_REMOVE_RECORD, at, sts_sprintf(p->arena, "Then remove the record _mta-sts.%s.", p->plan->domain),
		NULL);
	step(p, STS_DO_REMOVE_HOST, at + record_ttl(p),
		sts_sprintf(
			p->arena, "When its TTL has passed, remove the file and the name mta-sts.%s.", p->plan->domain),
		NULL);
}

/* The policy, then the MX records it has to cover, then the policy without what went. */
static void change_both(struct planning *p)
{
	bool interim = needs_interim(p);
	int64_t at = p->plan->at;
	const char *planned = file_text(p, p->wanted->policy_text);

	if (interim)
		publish(p, at, interim_file(p), "this file, which covers the mail hosts of before and after,");
	else if (!p->same_policy)
		publish(p, at, planned, "the planned policy");
	at = change_mx(p, at);
	at += mx_ttl(p);
	if (interim)
		publish(p, at, planned, "the planned policy, which no longer names the old mail hosts,");
	switch_off(p, at);
}

void plan_steps(struct planning *p)
{
	bool mx_changes = any_host(p, true, false) || any_host(p, false, true);

	if (p->plan->verdict == STS_PLAN_NOTHING)
		return;
	mend_first(p);
	if (mx_changes)
		change_both(p);
	else
		publish(p, p->plan->at, file_text(p, p->wanted->policy_text), "the planned policy");
	if (p->wanted->policy->mode == STS_MODE_NONE)
		leave(p);
}

/* ---- warnings --------------------------------------------------------------------------------------------------- */

static void warn(struct planning *p, const char *text)
{
	*STS_PUSH(p->arena, p->plan->warnings, p->plan->warning_count) = text;
}

static void warn_of_hosts(struct planning *p)
{
	for (size_t i = 0; i < p->plan->host_count; i++) {
		const struct sts_plan_host *h = &p->plan->hosts[i];

		if (h->after && h->seen == NULL)
			warn(p, sts_sprintf(p->arena,
					"%s is no MX host now and was not tested. Make sure of its certificate before "
					"it takes mail.",
					h->name));
		else if (h->after && plan_decide(p, h, p->wanted->policy) == STS_DECIDE_UNKNOWN)
			warn(p, sts_sprintf(p->arena, "%s could not be tested from here.", h->name));
	}
}

static void warn_of_past(struct planning *p)
{
	const struct sts_past *past = p->facts->past;

	if (past == NULL) {
		warn(p, "Without a history only the present policy is known. Senders may hold earlier ones, for a year "
			"at most.");
		return;
	}
	if (past->first_at == 0 || p->plan->at - past->first_at < STS_MAX_AGE_MAX)
		warn(p, sts_sprintf(p->arena,
				"The history begins %s. A policy served before that may be held for a year at most.",
				sts_date(p->arena, past->first_at == 0 ? p->plan->at : past->first_at)));
}

static void warn_of_mode(struct planning *p)
{
	const struct sts_policy *policy = p->wanted->policy;
	bool enforced = false;

	for (size_t i = 0; i < p->old_count; i++)
		enforced = enforced || p->olds[i].policy->mode == STS_MODE_ENFORCE;
	if (policy->mode == STS_MODE_ENFORCE && p->old_count == 0)
		warn(p, "This is the first policy, and it enforces at once. Mode testing with TLSRPT shows first "
			"whether every mail host stands up to it.");
	if (policy->mode != STS_MODE_ENFORCE && enforced)
		warn(p, sts_sprintf(p->arena,
				"Senders that hold a policy in mode enforce go on enforcing it until %s at the latest.",
				plan_moment(p->arena, p->plan->surely_gone_at)));
	if (policy->mode == STS_MODE_NONE && policy->has_max_age && policy->max_age_s > 604800)
		warn(p, "Mode none with a max_age of more than a week is held as long as any other: a day is enough.");
	if (policy->mode == STS_MODE_TESTING && sts_tlsrpt_absent(p->facts))
		warn(p, "In mode testing senders only report, and there is no TLSRPT record that tells them where to.");
}

static void warn_of_what_is_unseen(struct planning *p)
{
	if (sts_record_standing(p->facts) == STS_UNSEEN)
		warn(p, "The record could not be looked up.");
	if (sts_policy_standing(p->facts) == STS_UNSEEN)
		warn(p, "The policy served now could not be seen; senders may hold one that is not in this plan.");
	if (!sts_answer_certain(&p->facts->mx_answer))
		warn(p, "The MX records could not be looked up.");
}

void plan_warnings(struct planning *p)
{
	if (p->plan->verdict == STS_PLAN_NOTHING)
		return;
	warn_of_what_is_unseen(p);
	warn_of_hosts(p);
	warn_of_mode(p);
	warn_of_past(p);
}
