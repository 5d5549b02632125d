/*
 * What only earlier observations can tell. Each rule rests on answers that said so: a look-up that failed, now or then,
 * proves nothing. [RFC 8461 sections 3.1, 3.3, 8.1 and 8.3; findings of the layer "time"]
 */
#include "base/clock.h"
#include "check/held.h"
#include "check/observe.h"
#include "check/phrase.h"
#include "check/rules.h"
#include "check/verdict.h"
#include "check/view.h"

#include <stdlib.h>
#include <time.h>

#define DAY 86400
#define TESTING_TOO_LONG (180 * DAY)

/* A weakened mode is news for as long as somebody may still act on the old one, and at least for a week. */
#define WEAKENED_NEWS (7 * DAY)

/* How old the answer of a resolver that does not tell may be, seconds. */
#define CACHE_AGE_MIN 3600

/* ---- now ------------------------------------------------------------------------------------------------------- */

/* The id as histories hold it, or NULL. */
static const char *id_now(const struct sts_facts *f, struct sts_arena *arena)
{
	return sts_record_usable(f) ? sts_observe_text(arena, f->record_set.chosen->id) : NULL;
}

/* The policy that senders get now, or NULL. */
static const struct sts_policy *policy_now(const struct sts_facts *f)
{
	return f->policy != NULL && f->policy->usable && f->policy_served ? f->policy : NULL;
}

bool sts_time_comparable(const struct sts_facts *f)
{
	return sts_record_usable(f) && policy_now(f) != NULL;
}

bool sts_time_first_visit(const struct sts_facts *f)
{
	/* A look at which nothing could be told is none. */
	return f->past->pair_count == 0 && f->past->mode == NULL;
}

static const char *moment(struct sts_arena *arena, int64_t at)
{
	char text[21];

	sts_format_time(at, text);
	return sts_strdup(arena, text);
}

/* ---- id and policy --------------------------------------------------------------------------------------------- */

enum servers_say { SERVERS_SILENT, SERVERS_SAME, SERVERS_OTHER };

/* What the authoritative servers give right now: the resolver's answer may be older than the change. */
static enum servers_say ask_servers(const struct sts_facts *f, struct sts_arena *arena, const char *id)
{
	enum servers_say say = SERVERS_SILENT;

	for (size_t i = 0; i < f->nameserver_count; i++) {
		const struct sts_nameserver *n = &f->nameservers[i];
		struct sts_record_set set;

		if (n->not_tested || n->state != STS_DNS_OK || n->record_count == 0)
			continue;
		sts_record_set_parse(n->records, n->record_count, arena, &set);
		if (set.chosen == NULL || !set.chosen->usable)
			continue;
		if (strcmp(sts_observe_text(arena, set.chosen->id), id) != 0)
			return SERVERS_OTHER;
		say = SERVERS_SAME;
	}
	return say;
}

/* The last pair with this id whose policy says something else. */
static const struct sts_past_pair *other_policy(const struct sts_past *past, const char *id, const struct sts_policy *p)
{
	for (size_t i = 0; i < past->pair_count; i++)
		if (strcmp(past->pairs[i].id, id) == 0 && !sts_policy_same(&past->pairs[i].policy->policy, p))
			return &past->pairs[i];
	return NULL;
}

/* When the policy was first seen under the id; now, where this is the first time. */
static int64_t together_since(const struct sts_facts *f, const char *id, const struct sts_policy *p)
{
	int64_t since = f->judged_at;

	for (size_t i = 0; i < f->past->pair_count; i++) {
		const struct sts_past_pair *pair = &f->past->pairs[i];

		if (strcmp(pair->id, id) == 0 && sts_policy_same(&pair->policy->policy, p) && pair->first_at < since)
			since = pair->first_at;
	}
	return since;
}

static bool id_left_since(const struct sts_past *past, const char *id, int64_t at)
{
	for (size_t i = 0; i < past->id_count; i++)
		if (past->ids[i].last_at > at && strcmp(past->ids[i].name, id) != 0)
			return true;
	return false;
}

static void not_bumped(const struct sts_facts *f, struct sts_report *r, const char *id, const struct sts_policy *p,
	const struct sts_past_pair *old, bool confirmed)
{
	struct sts_note note = {
		.id = STS_F_TIME_ID_NOT_BUMPED,
		.has_severity = true,
		.severity = confirmed ? STS_WARNING : STS_NOTICE,
		.fix_type = STS_FIX_DNS,
		.snippet = sts_record_line(r),
	};

	note.detail = sts_sprintf(r->arena,
		"The id is %s, as it was when another policy was served (last seen %s). The present policy was first "
		"seen %s. Senders that hold "
		"the old one take the id as a sign that nothing has changed: they keep it until they refresh, or until "
		"%s at the latest.%s",
		id, moment(r->arena, old->last_at), moment(r->arena, together_since(f, id, p)),
		moment(r->arena, sts_past_until(old->policy)),
		confirmed ? "" : " The resolver's answer may be older than the change; look again to be sure.");
	sts_report_add(r, &note);
}

/* The id was renewed and nothing else: under the id before there was never a policy that says something else than the
 * present one. */
static void bumped_idle(const struct sts_facts *f, struct sts_report *r, const char *id, const struct sts_policy *p)
{
	const struct sts_past_name *before = NULL;
	bool stood_with_it = false;

	for (size_t i = 0; i < f->past->id_count && before == NULL; i++)
		if (strcmp(f->past->ids[i].name, id) != 0)
			before = &f->past->ids[i];
	if (before == NULL || other_policy(f->past, before->name, p) != NULL)
		return;
	for (size_t i = 0; i < f->past->pair_count; i++)
		stood_with_it = stood_with_it || strcmp(f->past->pairs[i].id, before->name) == 0;
	if (!stood_with_it)
		return;
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_TIME_ID_BUMPED_IDLE,
				  .detail = sts_sprintf(r->arena,
					  "The id was %s until %s and is %s now; the policy says the same under both. "
					  "Senders fetch it anew for nothing. If a "
					  "new policy was meant to go with it, it is not there.",
					  before->name, moment(r->arena, before->last_at), id),
			  });
}

static void compare_id(const struct sts_facts *f, struct sts_report *r)
{
	const char *id = id_now(f, r->arena);
	const struct sts_policy *p = policy_now(f);
	const struct sts_past_pair *old;
	enum servers_say say;
	int64_t age;

	if (id == NULL || p == NULL)
		return;
	old = other_policy(f->past, id, p);
	/* An id used again long after harms nobody once the old policy has run out everywhere. */
	if (old != NULL && id_left_since(f->past, id, old->last_at) && sts_past_until(old->policy) <= f->judged_at)
		return;
	if (old == NULL) {
		bumped_idle(f, r, id, p);
		return;
	}
	say = ask_servers(f, r->arena, id);
	if (say == SERVERS_OTHER)
		return;
	age = f->record.ttl_s > CACHE_AGE_MIN ? (int64_t)f->record.ttl_s : CACHE_AGE_MIN;
	not_bumped(f, r, id, p, old, say == SERVERS_SAME || f->judged_at - together_since(f, id, p) >= age);
}

/* ---- first visit ----------------------------------------------------------------------------------------------- */

static bool digits(const char *s, size_t count, int *out)
{
	*out = 0;
	for (size_t i = 0; i < count; i++) {
		if (!sts_is_digit(s[i]))
			return false;
		*out = *out * 10 + (s[i] - '0');
	}
	return true;
}

/* "20260131", or that with a time "T123456Z" or "123456" behind: the end of what it names, so that no time zone makes
 * it too early. */
static bool id_as_time(const char *id, int64_t *end_at)
{
	int y, mo, d, h, mi, s;
	const char *rest = id + 8;

	if (strlen(id) < 8 || !digits(id, 4, &y) || !digits(id + 4, 2, &mo) || !digits(id + 6, 2, &d) || y < 1990 ||
		y > 2200 || mo < 1 || mo > 12 || d < 1 || d > 31)
		return false;
	*end_at = sts_civil_seconds(y, mo, d, 0, 0, 0) + DAY;
	if (*rest == 'T' || *rest == 't')
		rest++;
	if (strlen(rest) >= 6 && digits(rest, 2, &h) && digits(rest + 2, 2, &mi) && digits(rest + 4, 2, &s) && h < 24 &&
		mi < 60 && s < 61)
		*end_at = sts_civil_seconds(y, mo, d, h, mi, s);
	return true;
}

/* "Tue, 15 Nov 1994 08:12:31 GMT"  [RFC 9110 section 5.6.7] */
static bool http_date(const char *text, int64_t *at)
{
	struct tm tm = {0};
	const char *end = text == NULL ? NULL : strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);

	if (end == NULL || *end != '\0' || tm.tm_year < 90)
		return false;
	*at = sts_civil_seconds(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return true;
}

static void file_newer(const struct sts_facts *f, struct sts_report *r)
{
	const char *id = id_now(f, r->arena);
	int64_t id_at = 0;
	int64_t file_at = 0;

	if (!id_as_time(id, &id_at) || !http_date(f->policy_fetch->http.last_modified, &file_at))
		return;
	if (file_at - id_at < DAY || file_at > f->judged_at)
		return;
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_TIME_FILE_NEWER_THAN_ID,
				  .detail = sts_sprintf(r->arena,
					  "The id %s reads as a date, and the web server says that the file was "
					  "changed %s. That is a hint and no proof: "
					  "copying the file changes its date, too.",
					  id, moment(r->arena, file_at)),
				  .fix_type = STS_FIX_DNS,
			  });
}

static void first_visit(const struct sts_facts *f, struct sts_report *r)
{
	sts_report_add(r, &(struct sts_note){.id = STS_F_TIME_FIRST_VISIT});
	file_newer(f, r);
}

/* ---- mode ------------------------------------------------------------------------------------------------------ */

static void testing_too_long(const struct sts_facts *f, struct sts_report *r)
{
	const struct sts_past *past = f->past;

	if (f->policy == NULL || !f->policy->usable || f->policy->mode != STS_MODE_TESTING || past->mode == NULL ||
		strcmp(past->mode, "testing") != 0 || f->judged_at - past->mode_since_at <= TESTING_TOO_LONG)
		return;
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_TIME_TESTING_TOO_LONG,
				  .detail = sts_sprintf(r->arena,
					  "Every look since %s, %lld days ago, saw mode testing. As long as it lasts "
					  "no mail is protected.",
					  sts_date(r->arena, past->mode_since_at),
					  (long long)((f->judged_at - past->mode_since_at) / DAY)),
				  .fix_type = STS_FIX_POLICY,
			  });
}

/* The policy of a mode that was seen last, or NULL. */
static const struct sts_past_policy *last_enforced(const struct sts_past *past)
{
	for (size_t i = 0; i < past->policy_count; i++)
		if (past->policies[i].policy.mode == STS_MODE_ENFORCE &&
			sts_past_discoverable(past, &past->policies[i]))
			return &past->policies[i];
	return NULL;
}

/* What stands in place of enforce, in words; NULL when nothing weaker does for certain. */
static const char *weaker_now(const struct sts_facts *f)
{
	if (sts_policy_standing(f) == STS_GONE)
		return "no policy is served";
	if (sts_record_standing(f) == STS_GONE)
		return "there is no record, so new senders do not look for a policy";
	if (f->policy == NULL || !f->policy->usable || !f->policy_served)
		return NULL;
	if (f->policy->mode == STS_MODE_TESTING)
		return "the mode is testing";
	return f->policy->mode == STS_MODE_NONE ? "the mode is none" : NULL;
}

static void mode_weakened(const struct sts_facts *f, struct sts_report *r)
{
	const struct sts_past_policy *old = last_enforced(f->past);
	const char *now = weaker_now(f);
	int64_t news_until;

	if (old == NULL || now == NULL)
		return;
	news_until = old->last_at + WEAKENED_NEWS;
	if (sts_past_until(old) > news_until)
		news_until = sts_past_until(old);
	if (f->judged_at >= news_until)
		return;
	sts_report_add(r,
		&(struct sts_note){
			.id = STS_F_TIME_MODE_WEAKENED,
			.detail = sts_sprintf(r->arena,
				"On %s the mode was enforce; now %s. Senders lose the protection as they learn of it.",
				moment(r->arena, old->last_at), now),
			.cause = sts_report_has(r, STS_F_TIME_WITHDRAWN_EARLY, NULL) ? "time.withdrawn-early" : NULL,
		});
}

/* ---- withdrawn ------------------------------------------------------------------------------------------------- */

static bool host_name_gone(const struct sts_facts *f)
{
	return sts_policy_standing(f) == STS_GONE && f->fetch_count == 0;
}

static const char *what_is_gone(const struct sts_facts *f, struct sts_arena *arena)
{
	bool record = sts_record_standing(f) == STS_GONE;
	const char *policy = sts_policy_standing(f) != STS_GONE ? NULL
			     : host_name_gone(f)                ? "the policy host's name"
								: "the policy file";

	if (record && policy != NULL)
		return sts_sprintf(arena, "the record and %s are gone", policy);
	if (record)
		return "the record is gone";
	return policy == NULL ? NULL : sts_sprintf(arena, "%s is gone", policy);
}

/* The policy that binds senders longest, enforce before testing; one in mode none binds nobody. */
static const struct sts_past_policy *longest_held(const struct sts_past *past, int64_t now, enum sts_mode mode)
{
	const struct sts_past_policy *longest = NULL;

	for (size_t i = 0; i < past->policy_count; i++) {
		const struct sts_past_policy *p = &past->policies[i];

		if (p->policy.mode == mode && sts_past_until(p) > now && sts_past_discoverable(past, p) &&
			(longest == NULL || sts_past_until(p) > sts_past_until(longest)))
			longest = p;
	}
	return longest;
}

static void withdrawn_early(const struct sts_facts *f, struct sts_report *r)
{
	const struct sts_past_policy *enforced = longest_held(f->past, f->judged_at, STS_MODE_ENFORCE);
	const struct sts_past_policy *p =
		enforced != NULL ? enforced : longest_held(f->past, f->judged_at, STS_MODE_TESTING);
	const char *gone = what_is_gone(f, r->arena);

	/* What was never seen was not taken away. */
	if (p == NULL || gone == NULL)
		return;
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_TIME_WITHDRAWN_EARLY,
				  .has_severity = true,
				  .severity = enforced != NULL ? STS_ERROR : STS_WARNING,
				  .detail = sts_sprintf(r->arena,
					  "Now %s, but the policy of %s (mode %s, last seen %s) may be held by senders "
					  "until %s. They go on applying it and "
					  "cannot learn that it is over.",
					  gone, sts_date(r->arena, p->first_at), sts_mode_name(p->policy.mode),
					  moment(r->arena, p->last_at), moment(r->arena, sts_past_until(p))),
				  .snippet = sts_policy_file(r->arena, STS_MODE_NONE, NULL, 0, DAY),
				  .fix_type = STS_FIX_POLICY,
			  });
}

/* ---- caches ---------------------------------------------------------------------------------------------------- */

/* A sender that enforces the policy would refuse the host. */
static bool refuses(const struct sts_facts *f, const struct sts_mx *mx, const struct sts_policy *p)
{
	return sts_decide_with(f, mx, p, STS_MODE_ENFORCE) == STS_REFUSE;
}

/* The present policy binds at least as much and refuses the host as well: then that is what is wrong, and it is told
 * already. */
static bool told_already(const struct sts_facts *f, const struct sts_mx *mx, const struct sts_policy *old)
{
	const struct sts_policy *p = f->policy;

	if (p == NULL || !p->usable || (p->mode != STS_MODE_ENFORCE && p->mode != STS_MODE_TESTING))
		return false;
	return (p->mode == STS_MODE_ENFORCE || old->mode == STS_MODE_TESTING) && refuses(f, mx, p);
}

static bool at_risk(const struct sts_facts *f, const struct sts_mx *mx, const struct sts_held *held)
{
	const struct sts_policy *old = &held->policy->policy;

	return (old->mode == STS_MODE_ENFORCE || old->mode == STS_MODE_TESTING) && refuses(f, mx, old) &&
	       !told_already(f, mx, old);
}

static const char *risk_words(struct sts_arena *arena, const struct sts_mx *mx, const struct sts_held *held)
{
	const struct sts_past_policy *p = held->policy;

	return sts_sprintf(arena,
		"the policy of %s (mode %s), which %s: held until %s by those that fetched it when it was last seen "
		"(%s)%s",
		sts_date(arena, p->first_at), sts_mode_name(p->policy.mode),
		!mx->ip_literal && sts_policy_covers(&p->policy, mx->name, NULL) ? "the host covers by name but fails by its TLS"
							      : "does not cover it",
		moment(arena, held->until_at), moment(arena, p->last_at),
		p->gone_at > 0
			? sts_sprintf(arena,
				  ", until %s by those that fetched it just before it was replaced (%s at the latest)",
				  moment(arena, sts_past_surely_gone(p, p->gone_at)), moment(arena, p->gone_at))
			: "");
}

static void host_at_risk(const struct sts_facts *f, struct sts_report *r, const struct sts_mx *mx)
{
	const char *words = NULL;
	bool enforced = false;

	for (size_t i = 0; i < r->held_count; i++) {
		const struct sts_held *held = &r->held[i];

		if (!at_risk(f, mx, held))
			continue;
		enforced = enforced || held->policy->policy.mode == STS_MODE_ENFORCE;
		words = words == NULL ? risk_words(r->arena, mx, held)
				      : sts_sprintf(r->arena, "%s; and %s", words, risk_words(r->arena, mx, held));
	}
	if (words == NULL)
		return;
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_TIME_CACHE_RISK,
				  .has_severity = true,
				  .severity = enforced ? STS_ERROR : STS_WARNING,
				  .subject = sts_name(r->arena, mx->name),
				  .detail = sts_sprintf(r->arena, "Senders may still hold %s. %s", words,
					  enforced ? "They refuse this host."
						   : "They report this host and deliver all the same."),
			  });
}

static void cache_risk(const struct sts_facts *f, struct sts_report *r)
{
	if (!sts_answer_certain(&f->mx_answer) || sts_takes_no_mail(f))
		return;
	for (size_t i = 0; i < f->mx_count; i++)
		if (!sts_mx_repeated(f, i))
			host_at_risk(f, r, &f->mx[i]);
}

/* ---- all ------------------------------------------------------------------------------------------------------- */

void sts_rule_time(const struct sts_facts *f, struct sts_report *r)
{
	sts_find_held(r);
	if (sts_time_comparable(f)) {
		if (sts_time_first_visit(f))
			first_visit(f, r);
		else
			compare_id(f, r);
	}
	testing_too_long(f, r);
	withdrawn_early(f, r);
	mode_weakened(f, r);
	cache_risk(f, r);
}
