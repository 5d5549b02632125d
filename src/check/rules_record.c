/* The TXT record at _mta-sts.  [RFC 8461 section 3.1] */
#include "check/phrase.h"
#include "check/rules.h"
#include "check/rules_syntax.h"
#include "check/view.h"
#include "proto/domain.h"

#include <inttypes.h>

/* Longest TTL that passes without a word, seconds. */
#define TTL_MAX_S 86400
/* Texts and servers spelt out in one sentence. */
#define SHOWN 4

static const char *record_name(const struct sts_report *r)
{
	return sts_sprintf(r->arena, "_mta-sts.%s", r->facts->domain);
}

/* ---- the record -------------------------------------------------------------------------------------------------- */

static void absent(const struct sts_facts *f, struct sts_report *r)
{
	const char *seen = f->record.state == STS_DNS_NXDOMAIN ? "The name does not exist"
			   : f->record.state == STS_DNS_NODATA ? "The name has no TXT record"
			   : f->record.rr_count == 1
				   ? "The one TXT record there has nothing to do with MTA-STS"
				   : sts_sprintf(r->arena, "None of the %zu TXT records there has to do with MTA-STS",
					     f->record.rr_count);

	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_RECORD_ABSENT,
				  .subject = record_name(r),
				  .detail = sts_sprintf(r->arena,
					  "%s: senders that meet the domain for the first time see no policy. Senders "
					  "that still hold one from earlier keep applying it.",
					  seen),
				  .snippet = sts_record_line(r),
				  .fix_type = STS_FIX_DNS,
			  });
}

static void multiple(const struct sts_facts *f, struct sts_report *r)
{
	const struct sts_record_set *set = &f->record_set;
	const char **texts = sts_alloc_array(r->arena, set->count + 1, sizeof *texts);
	size_t count = 0;
	struct sts_str keep = {NULL, 0};

	for (size_t i = 0; i < set->count; i++) {
		if (!set->records[i].candidate)
			continue;
		if (keep.ptr == NULL && set->records[i].usable)
			keep = set->records[i].text;
		texts[count++] = sts_sprintf(r->arena, "\"%.*s\"", STS_FMT(set->records[i].text));
	}
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_RECORD_MULTIPLE,
				  .subject = record_name(r),
				  .detail = sts_sprintf(r->arena,
					  "%zu records stand there: %s. Senders that follow the standard act as if "
					  "there were none.",
					  set->candidates, sts_join(r->arena, texts, count, SHOWN)),
				  .snippet = keep.ptr != NULL ? sts_txt_line(r->arena, record_name(r), 0, keep)
							      : sts_record_line(r),
				  .fix_type = STS_FIX_DNS,
			  });
}

static void unrelated(const struct sts_facts *f, struct sts_report *r)
{
	const struct sts_record_set *set = &f->record_set;
	const char **texts = sts_alloc_array(r->arena, set->count + 1, sizeof *texts);
	size_t count = 0;

	for (size_t i = 0; i < set->count; i++)
		if (!set->records[i].candidate && (set->candidates > 0 || !set->records[i].almost) &&
			&set->records[i] != set->chosen)
			texts[count++] = sts_sprintf(r->arena, "\"%.*s\"", STS_FMT(set->records[i].text));
	if (count == 0)
		return;
	sts_report_add(
		r, &(struct sts_note){
			   .id = STS_F_RECORD_UNRELATED_TXT,
			   .subject = record_name(r),
			   .detail = sts_sprintf(r->arena,
				   "Beside the MTA-STS record stands %s. A few senders stumble over a second text.",
				   sts_join(r->arena, texts, count, SHOWN)),
			   .fix_type = STS_FIX_DNS,
		   });
}

void sts_rule_record(const struct sts_facts *f, struct sts_report *r)
{
	if (sts_answer_absent(&f->record)) {
		if (!sts_alias_broken(&f->record))
			absent(f, r);
		return;
	}
	if (f->record.state != STS_DNS_OK)
		return;
	if (!sts_has_record(f)) {
		absent(f, r);
		return;
	}
	/* Among several none counts, well written or not: the faults of each are no faults of the domain's record. */
	if (f->record_set.verdict == STS_RECORD_MULTIPLE)
		multiple(f, r);
	else
		sts_rules_record_faults(&f->record_set, r);
	unrelated(f, r);
}

/* ---- its answer -------------------------------------------------------------------------------------------------- */

static void alias(const struct sts_facts *f, struct sts_report *r)
{
	const struct sts_answer *a = &f->record;

	if (sts_alias_broken(a)) {
		sts_report_add(r, &(struct sts_note){
					  .id = STS_F_RECORD_CNAME_BROKEN,
					  .subject = record_name(r),
					  .detail = sts_sprintf(r->arena, "%s: %s. Senders find no record.",
						  sts_chain_words(r->arena, a), sts_lookup_words(r->arena, a)),
					  .snippet = sts_record_line(r),
					  .fix_type = STS_FIX_DNS,
				  });
	} else if (a->cname_count > 0 && a->state == STS_DNS_OK && sts_has_record(f)) {
		sts_report_add(r, &(struct sts_note){
					  .id = STS_F_RECORD_CNAME,
					  .subject = record_name(r),
					  .detail = sts_sprintf(r->arena, "The record is reached through an alias: %s.",
						  sts_chain_words(r->arena, a)),
				  });
	}
}

static void ttl_long(const struct sts_facts *f, struct sts_report *r)
{
	const struct sts_record *record = f->record_set.chosen;

	if (f->record.ttl_s <= TTL_MAX_S || !sts_has_record(f))
		return;
	sts_report_add(r,
		&(struct sts_note){
			.id = STS_F_RECORD_TTL_LONG,
			.subject = record_name(r),
			.detail = sts_sprintf(r->arena,
				"The TTL is %" PRIu32
				" seconds: senders may go on seeing the old id for that long after a change.",
				f->record.ttl_s),
			.snippet = record != NULL ? sts_txt_line(r->arena, record_name(r), 3600, record->text) : NULL,
			.fix_type = STS_FIX_DNS,
		});
}

void sts_rule_record_answer(const struct sts_facts *f, struct sts_report *r)
{
	alias(f, r);
	if (f->record.state == STS_DNS_BOGUS) {
		sts_report_add(r, &(struct sts_note){
					  .id = STS_F_RECORD_DNSSEC_BOGUS,
					  .subject = record_name(r),
					  .detail = sts_sprintf(r->arena,
						  "%s. Senders behind a validating resolver cannot look the record up.",
						  sts_capital(r->arena, sts_lookup_words(r->arena, &f->record))),
					  .result_type = "sts-policy-fetch-error",
					  .fix_type = STS_FIX_DNS,
				  });
	}
	if (f->record.state != STS_DNS_OK)
		return;
	ttl_long(f, r);
	if (f->record_wildcard)
		sts_report_add(r, &(struct sts_note){
					  .id = STS_F_RECORD_WILDCARD,
					  .subject = record_name(r),
					  .detail = "The zone's wildcard answers here; the same text would come for "
						    "any other name that does not exist.",
					  .snippet = sts_has_record(f) ? sts_record_line(r) : NULL,
					  .fix_type = STS_FIX_DNS,
				  });
}

/* ---- elsewhere --------------------------------------------------------------------------------------------------- */

static void misplaced(const struct sts_facts *f, struct sts_report *r)
{
	for (size_t i = 0; i < f->misplaced_count; i++) {
		const struct sts_misplaced *m = &f->misplaced[i];

		sts_report_add(
			r, &(struct sts_note){
				   .id = STS_F_RECORD_MISPLACED,
				   .subject = sts_name(r->arena, m->name),
				   .detail = sts_sprintf(r->arena,
					   "\"%s\" stands at %s. Senders look at %s only, where there is no record.",
					   sts_show(r->arena, m->text), sts_name(r->arena, m->name), record_name(r)),
				   .snippet = sts_txt_line(r->arena, record_name(r), 0, m->text),
				   .fix_type = STS_FIX_DNS,
			   });
	}
}

void sts_rule_record_place(const struct sts_facts *f, struct sts_report *r)
{
	if (sts_record_state(f) != STS_RECORD_NONE)
		return;
	misplaced(f, r);
	if (f->parent == NULL || !f->parent_has_record)
		return;
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_RECORD_PARENT_ONLY,
				  .subject = record_name(r),
				  .detail = sts_sprintf(r->arena,
					  "%s has an MTA-STS record, but policies are not inherited: it does not cover "
					  "mail for %s.",
					  sts_name(r->arena, f->parent), f->domain),
				  .snippet = sts_record_line(r),
				  .fix_type = STS_FIX_DNS,
			  });
}

/* ---- authoritative servers --------------------------------------------------------------------------------------- */

static bool answers(const struct sts_nameserver *n)
{
	return n->state == STS_DNS_OK || n->state == STS_DNS_NODATA || n->state == STS_DNS_NXDOMAIN || n->cname != NULL;
}

static bool same_answer(const struct sts_nameserver *a, const struct sts_nameserver *b)
{
	/* NODATA and NXDOMAIN differ for nobody who looks for a record. */
	if (!sts_cstr_eqi(a->cname, b->cname) || a->record_count != b->record_count)
		return false;
	for (size_t i = 0; i < a->record_count; i++)
		if (!sts_str_eq(a->records[i], b->records[i]))
			return false;
	return true;
}

static const char *server_words(const struct sts_report *r, const struct sts_nameserver *n)
{
	const char *name = sts_name(r->arena, n->name);
	const char *at = n->address[0] == '\0' ? "" : sts_sprintf(r->arena, " (%s)", n->address);

	if (n->cname != NULL)
		return sts_sprintf(
			r->arena, "%s%s answers with an alias for %s", name, at, sts_name(r->arena, n->cname));
	if (!answers(n))
		return sts_sprintf(r->arena, "%s%s does not answer: %s", name, at,
			n->error == NULL ? "no usable reply" : sts_name(r->arena, n->error));
	if (n->record_count == 0)
		return sts_sprintf(r->arena, "%s%s has no record", name, at);
	if (n->record_count > 1)
		return sts_sprintf(r->arena, "%s%s has %zu records", name, at, n->record_count);
	return sts_sprintf(r->arena, "%s%s has \"%s\"", name, at, sts_show(r->arena, n->records[0]));
}

/* One server of each different answer, and each that does not answer. */
static const char *tell_servers(const struct sts_facts *f, const struct sts_report *r)
{
	const char **words = sts_alloc_array(r->arena, f->nameserver_count, sizeof *words);
	const char *text;
	size_t count = 0;

	for (size_t i = 0; i < f->nameserver_count; i++) {
		const struct sts_nameserver *n = &f->nameservers[i];
		bool told = n->not_tested;

		for (size_t k = 0; k < i && !told; k++)
			told = answers(n) && answers(&f->nameservers[k]) && same_answer(n, &f->nameservers[k]);
		if (!told)
			words[count++] = server_words(r, n);
	}
	text = words[0];
	for (size_t i = 1; i < count && i < SHOWN; i++)
		text = sts_sprintf(r->arena, "%s; %s", text, words[i]);
	return count > SHOWN ? sts_sprintf(r->arena, "%s; and %zu more", text, count - SHOWN) : text;
}

/* Neither a domain that does not exist nor an alias that leads nowhere has servers to compare. */
static const char *no_servers_reason(const struct sts_facts *f)
{
	if (f->mx_answer.state == STS_DNS_NXDOMAIN || sts_alias_broken(&f->record))
		return "not-applicable";
	return f->timed_out ? "timeout" : "resolver-failed";
}

static const char *server_reason(const struct sts_facts *f, const struct sts_nameserver *n)
{
	if (strchr(n->address, ':') != NULL && f->vantage.ipv6 == STS_NO)
		return "no-ipv6-here";
	return f->deny_private && n->error != NULL && strstr(n->error, "special-purpose") != NULL ? "private-denied"
												  : "resolver-failed";
}

static void untested_servers(const struct sts_facts *f, struct sts_report *r, size_t answered)
{
	if (f->nameserver_count == 0 || answered == 0) {
		sts_report_not_tested(r, no_servers_reason(f),
			sts_sprintf(r->arena, "authoritative servers of %s, one by one", record_name(r)));
		return;
	}
	for (size_t i = 0; i < f->nameserver_count; i++) {
		const struct sts_nameserver *n = &f->nameservers[i];

		if (n->not_tested)
			sts_report_not_tested(r, server_reason(f, n),
				sts_sprintf(r->arena, "name server %s [%s]", sts_name(r->arena, n->name), n->address));
	}
}

void sts_rule_nameservers(const struct sts_facts *f, struct sts_report *r)
{
	const struct sts_nameserver *first = NULL;
	size_t answered = 0;
	bool differ = false, silent = false;

	for (size_t i = 0; i < f->nameserver_count; i++) {
		const struct sts_nameserver *n = &f->nameservers[i];

		if (n->not_tested)
			continue;
		if (!answers(n)) {
			silent = true;
			continue;
		}
		answered++;
		if (first == NULL)
			first = n;
		differ = differ || !same_answer(first, n);
	}
	untested_servers(f, r, answered);
	/* Where none answers, the fault may well be on this side: it is not tested. */
	if (answered == 0 || (!differ && !(silent && sts_takes_part(f))))
		return;
	sts_report_add(r,
		&(struct sts_note){
			.id = STS_F_RECORD_SERVERS_DIFFER,
			.subject = record_name(r),
			.detail = sts_sprintf(r->arena,
				"%s. What a sender sees depends on the server its resolver asks.", tell_servers(f, r)),
			.fix_type = STS_FIX_DNS,
		});
}

/* ---- record and policy belong together --------------------------------------------------------------------------- */

/* The error that keeps the policy from being had; what was found first in the order a sender goes. */
static const char *cause_of_failure(const struct sts_report *r)
{
	enum sts_finding_id least = STS_F_COUNT;

	for (size_t i = 0; i < r->finding_count; i++) {
		const char *layer = sts_catalogue(r->ids[i])->layer;

		if (r->findings[i].severity == STS_ERROR && r->ids[i] < least &&
			(strcmp(layer, "host") == 0 || strcmp(layer, "policy") == 0))
			least = r->ids[i];
	}
	return least == STS_F_COUNT ? NULL : sts_catalogue(least)->code;
}

/* What a sender reports.  [RFC 8460 section 4.3.2] */
static const char *failure_type(const char *cause)
{
	if (cause != NULL && strncmp(cause, "policy.", 7) == 0)
		return "sts-policy-invalid";
	return cause != NULL && strncmp(cause, "host.cert.", 10) == 0 ? "sts-webpki-invalid" : "sts-policy-fetch-error";
}

static void without_policy(const struct sts_facts *f, struct sts_report *r)
{
	const char *cause = cause_of_failure(r);

	sts_report_add(
		r, &(struct sts_note){
			   .id = STS_F_RECORD_WITHOUT_POLICY,
			   .subject = f->domain,
			   .cause = cause,
			   .detail = sts_sprintf(r->arena,
				   "The record announces a policy, but none can be had%s%s. Senders that hold none "
				   "deliver as if MTA-STS did not exist; those that hold one keep applying it until "
				   "its max_age has run out.",
				   cause == NULL ? "" : ": ",
				   cause == NULL ? "" : sts_catalogue(sts_catalogue_find(cause))->title),
			   .result_type = failure_type(cause),
		   });
}

static void without_record(const struct sts_facts *f, struct sts_report *r)
{
	const char *broken =
		sts_record_state(f) == STS_RECORD_NONE ? "there is no record" : "the record cannot be used";

	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_POLICY_WITHOUT_RECORD,
				  .subject = f->domain,
				  .detail = sts_sprintf(r->arena,
					  "The policy host serves a valid policy in mode %s, but %s: new senders never "
					  "look at it. Senders that hold a policy keep it and may refresh it.",
					  sts_mode_name(f->policy->mode), broken),
				  .snippet = sts_record_line(r),
				  .fix_type = STS_FIX_DNS,
			  });
}

void sts_rule_record_policy(const struct sts_facts *f, struct sts_report *r)
{
	enum sts_record_state record = sts_record_state(f);
	enum sts_policy_state policy = sts_policy_state(f);

	if (record == STS_RECORD_USABLE && policy == STS_POLICY_FAILS)
		without_policy(f, r);
	/* A bogus record is there for senders that do not validate: that finding is enough. */
	if ((record == STS_RECORD_NONE || record == STS_RECORD_UNUSABLE) && policy == STS_POLICY_HAD &&
		f->record.state != STS_DNS_BOGUS)
		without_record(f, r);
}
