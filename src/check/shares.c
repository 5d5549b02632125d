/* How many senders a domain's state concerns, by what a study saw senders do. */
#include "check/findings.h"
#include "check/phrase.h"
#include "check/verdict.h"
#include "check/view.h"

/* Sender domains by what they validate: 469 MTA-STS, 714 DANE, 203 of these both. */
#define MEASURED 2394
#define WITH_BOTH 203
#define WITH_MTA_STS_ONLY (469 - WITH_BOTH)
#define WITH_DANE_ONLY (714 - WITH_BOTH)
#define WITH_NEITHER (MEASURED - WITH_BOTH - WITH_MTA_STS_ONLY - WITH_DANE_ONLY)
static const char source[] = "Ashiq, Fiebig, Chung: Unraveling the Complexities of MTA-STS Deployment and Management in Securing "
			     "Email, IMC 2025, https://doi.org/10.1145/3730567.3732916";

static void count(struct sts_shares *s, enum sts_decision d, unsigned senders)
{
	switch (d) {
	case STS_DELIVER_VERIFIED:
	case STS_DELIVER_UNVERIFIED:
	case STS_DELIVER_DANE:
		s->through += senders;
		break;
	case STS_REFUSE:
	case STS_UNREACHABLE:
		s->held_back += senders;
		break;
	case STS_DECIDE_UNKNOWN:
		s->unknown += senders;
		break;
	}
}

static enum sts_decision dane_only(const struct sts_report *r)
{
	const struct sts_facts *f = r->facts;
	enum sts_decision decisions[STS_MX_MAX];
	struct sts_domain_decision d;

	for (size_t i = 0; i < f->mx_count; i++)
		decisions[i] = sts_decide_dane_only(f, &f->mx[i]);
	sts_decide_domain(f, decisions, &d);
	return d.best;
}

/* Per cent of the measured with one decimal, rounded to nearest. */
static const char *percent(struct sts_arena *arena, unsigned senders)
{
	unsigned tenths = (senders * 1000 + MEASURED / 2) / MEASURED;

	return sts_sprintf(arena, "%u.%u %%", tenths / 10, tenths % 10);
}

static const char *words(struct sts_report *r, const struct sts_shares *s)
{
	struct sts_arena *a = r->arena;
	const char *unknown =
		s->unknown == 0 ? "" : sts_sprintf(a, "; for %s it could not be told", percent(a, s->unknown));

	if (s->through == 0 && s->unknown == 0)
		return "None of the 2,394 sender domains of a study (IMC 2025) would get mail through.";
	return sts_sprintf(a,
		"Of the 2,394 sender domains of a study (IMC 2025), %s would get mail through and %s would queue it and bounce it%s.",
		percent(a, s->through), percent(a, s->held_back), unknown);
}

void sts_count_senders(struct sts_report *r)
{
	const struct sts_outlook *o = &r->outlook;
	struct sts_shares *s = &r->shares;
	enum sts_sender_state holds = r->facts->policy != NULL ? STS_STATE_CURRENT_POLICY : STS_STATE_NO_CACHE;

	*s = (struct sts_shares){.source = source};
	if (o->text[STS_STATE_NO_CACHE] == NULL || sts_takes_no_mail(r->facts) || r->facts->record_only)
		return;
	s->measured = MEASURED;
	count(s, o->best[holds], WITH_MTA_STS_ONLY);
	count(s, o->best[STS_STATE_DANE], WITH_BOTH);
	count(s, dane_only(r), WITH_DANE_ONLY);
	count(s, o->best[STS_STATE_NEITHER], WITH_NEITHER);
	s->text = words(r, s);
}
