/* Senders that read these bytes otherwise than the RFC or one another: a table that is shown only where they do. */
#include "check/phrase.h"
#include "check/verdict.h"
#include "check/view.h"
#include "proto/readers.h"

struct readings {
	struct sts_reading record[STS_SENDER_COUNT];
	struct sts_reading policy[STS_SENDER_COUNT];
	bool has_record, has_policy;
	bool rfc_record, rfc_policy; /* accepted by the strict reading */
	enum sts_mode rfc_mode;
	int64_t rfc_max_age_s;
};

static void read_record(const struct sts_report *r, struct readings *s)
{
	const struct sts_record_set *set = &r->facts->record_set;
	struct sts_str *texts;

	if (!sts_has_record(r->facts))
		return;
	texts = sts_alloc_array(r->arena, set->count, sizeof *texts);
	for (size_t i = 0; i < set->count; i++)
		texts[i] = set->records[i].text;
	sts_readers_record(texts, set->count, r->arena, s->record);
	s->has_record = true;
	s->rfc_record = set->verdict == STS_RECORD_ACCEPT;
}

/* Behind a bad certificate no sender reads anything, so none disagrees. */
static void read_policy(const struct sts_report *r, struct readings *s)
{
	const struct sts_fetch *f = r->facts->policy_fetch;
	struct sts_transport transport;

	if (r->facts->policy == NULL || f == NULL || f->tls.problems != 0 || f->body.ptr == NULL)
		return;
	transport = (struct sts_transport){
		.status = f->http.status,
		.content_type = f->http.content_type,
		.duration_ms = f->duration_ms,
		.body_len = f->body_total,
		.tls_version = f->tls.version,
	};
	sts_readers_policy(f->body, &transport, r->arena, s->policy);
	s->has_policy = true;
	s->rfc_policy = r->facts->policy->strict && sts_fetch_served(f);
	s->rfc_mode = r->facts->policy->mode;
	s->rfc_max_age_s = r->facts->policy->max_age_s;
}

static bool record_differs(const struct readings *s, size_t i)
{
	return s->has_record && s->record[i].known && s->record[i].accepts != s->rfc_record;
}

static bool policy_differs(const struct readings *s, size_t i)
{
	const struct sts_reading *p = &s->policy[i];

	if (!s->has_policy || !p->known)
		return false;
	if (p->accepts != s->rfc_policy)
		return true;
	return p->accepts && (p->mode != s->rfc_mode || p->max_age_s != s->rfc_max_age_s);
}

/* The first MX host that this sender takes to be covered while the RFC does not, or the other way round. */
static const char *match_differs(const struct sts_report *r, const struct readings *s, size_t sender)
{
	const struct sts_facts *f = r->facts;

	if (!s->has_policy || !s->policy[sender].known || !s->policy[sender].accepts)
		return NULL;
	for (size_t i = 0; i < f->mx_count; i++) {
		bool covered = false;

		if (!sts_mx_real(&f->mx[i]))
			continue;
		for (size_t k = 0; k < f->policy->mx_count && !covered; k++)
			covered = sts_reader_match((enum sts_sender)sender,
				sts_str(f->policy->mx[k].text, f->policy->mx[k].len), sts_str_of(f->mx[i].name));
		if (covered != r->mx[i].covered)
			return sts_sprintf(r->arena, "takes MX host %s to be %s", sts_name(r->arena, f->mx[i].name),
				covered ? "covered" : "not covered");
	}
	return NULL;
}

static const char *note(const struct sts_report *r, const struct readings *s, size_t i, const char *match)
{
	const char *record = record_differs(s, i) ? s->record[i].why : NULL;
	const char *policy = policy_differs(s, i) ? s->policy[i].why : NULL;

	if (record != NULL && policy != NULL)
		return sts_sprintf(r->arena, "%s; %s", record, policy);
	return record != NULL ? record : policy != NULL ? policy : match;
}

static void add(struct sts_report *r, const struct readings *s, size_t i, const char *match)
{
	struct sts_profile *p = STS_PUSH(r->arena, r->profiles, r->profile_count);

	p->sender = sts_sender_name((enum sts_sender)i);
	p->accepts_record = s->has_record && (s->record[i].known ? s->record[i].accepts : s->rfc_record);
	p->accepts_policy = s->has_policy && (s->policy[i].known ? s->policy[i].accepts : s->rfc_policy);
	p->mode = p->accepts_policy ? sts_mode_name(s->policy[i].known ? s->policy[i].mode : s->rfc_mode) : NULL;
	p->note = note(r, s, i, match);
}

void sts_find_profiles(struct sts_report *r)
{
	struct readings *s = STS_NEW(r->arena, struct readings);
	const char *match[STS_SENDER_COUNT];
	bool differ = false;

	read_record(r, s);
	read_policy(r, s);
	for (size_t i = 0; i < STS_SENDER_COUNT; i++) {
		match[i] = match_differs(r, s, i);
		differ = differ || record_differs(s, i) || policy_differs(s, i) || match[i] != NULL;
	}
	for (size_t i = 0; i < STS_SENDER_COUNT && differ; i++)
		if ((s->has_record && s->record[i].known) || (s->has_policy && s->policy[i].known))
			add(r, s, i, match[i]);
}
