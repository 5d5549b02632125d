/* What senders do: per MX host and sender state, then for the domain as a whole.  [RFC 8461 sections 2, 4 and 5; RFC
 * 7672] */
#include "check/phrase.h"
#include "check/verdict.h"
#include "check/view.h"

/* ---- one host ---------------------------------------------------------------------------------------------------- */

/* What its addresses show, taken together: a sender tries one after the other. */
struct host_view {
	bool verified;    /* TLS and certificate hold at some address */
	bool tls;         /* TLS at some address */
	bool smtp;        /* SMTP at some address */
	bool unreachable; /* no connection to some address */
	bool untested;    /* some address might show something else than what was seen */
};

static struct host_view look(const struct sts_facts *f, const struct sts_mx *mx)
{
	struct host_view v = {0};
	bool no_family = false;

	for (size_t i = 0; i < mx->smtp_count; i++) {
		enum sts_session s = sts_session(f, &mx->smtp[i]);

		v.verified = v.verified || s == STS_SESSION_VERIFIED;
		v.tls = v.tls || s == STS_SESSION_VERIFIED || s == STS_SESSION_UNVERIFIED;
		v.smtp = v.smtp || s >= STS_SESSION_PLAIN;
		v.unreachable = v.unreachable || s == STS_SESSION_UNREACHABLE;
		if (s == STS_SESSION_UNTESTED && mx->smtp[i].end == STS_SMTP_NO_FAMILY)
			no_family = true;
		else
			v.untested = v.untested || s == STS_SESSION_UNTESTED;
	}
	if (mx->smtp_count == 0 && sts_mx_real(mx) && !sts_mx_no_address(mx))
		v.untested = true;
	/* What one family shows holds for its senders; only where nothing was seen is the other one missing. */
	v.untested = v.untested || (no_family && !v.smtp);
	return v;
}

static enum sts_decision without_policy(const struct host_view *v)
{
	if (v->smtp)
		return STS_DELIVER_UNVERIFIED;
	return v->untested ? STS_DECIDE_UNKNOWN : STS_UNREACHABLE;
}

/* A sender that insists: where one address fails it goes on to the next. */
static enum sts_decision insisting(const struct host_view *v, bool good, enum sts_decision then)
{
	if (good)
		return then;
	if (v->untested)
		return STS_DECIDE_UNKNOWN;
	return v->smtp ? STS_REFUSE : STS_UNREACHABLE;
}

static enum sts_decision by_policy(const struct sts_policy *p, const struct sts_mx *mx, const struct host_view *v)
{
	/* No policy covers an address, not even one that writes it: it is no name, and no certificate fits it. */
	bool covered = !mx->ip_literal && sts_policy_covers(p, mx->name, NULL);

	if (p->mode == STS_MODE_ENFORCE && !covered)
		return STS_REFUSE;
	if (p->mode == STS_MODE_ENFORCE)
		return insisting(v, v->verified, STS_DELIVER_VERIFIED);
	/* Testing checks all the same and never refuses; none does not check. */
	if (p->mode == STS_MODE_TESTING && covered && v->verified)
		return STS_DELIVER_VERIFIED;
	return without_policy(v);
}

/* ---- sender states ----------------------------------------------------------------------------------------------- */

static enum sts_decision no_cache(const struct sts_facts *f, const struct sts_mx *mx, const struct host_view *v)
{
	enum sts_record_state record = sts_record_state(f);
	enum sts_policy_state policy = sts_policy_state(f);

	if (record == STS_RECORD_NONE || record == STS_RECORD_UNUSABLE || policy == STS_POLICY_FAILS)
		return without_policy(v);
	if (record == STS_RECORD_USABLE && policy == STS_POLICY_HAD && f->policy != NULL)
		return by_policy(f->policy, mx, v);
	return without_policy(v) == STS_UNREACHABLE ? STS_UNREACHABLE : STS_DECIDE_UNKNOWN;
}

static enum sts_decision current_policy(const struct sts_facts *f, const struct sts_mx *mx, const struct host_view *v)
{
	if (f->policy != NULL && f->policy->usable)
		return by_policy(f->policy, mx, v);
	/* There is none to hold, as far as this visit shows. */
	if (f->policy != NULL || sts_policy_state(f) == STS_POLICY_FAILS || sts_record_state(f) == STS_RECORD_NONE)
		return without_policy(v);
	return without_policy(v) == STS_UNREACHABLE ? STS_UNREACHABLE : STS_DECIDE_UNKNOWN;
}

static bool tlsa_unknown(const struct sts_facts *f, const struct sts_mx *mx)
{
	if (mx->tlsa.state == STS_DNS_OK)
		return mx->tlsa.dnssec == STS_DNSSEC_UNKNOWN || f->vantage.path == STS_PATH_UNVALIDATED;
	return !sts_answer_absent(&mx->tlsa) && sts_mx_signed(mx);
}

/* Usable TLSA records stand: does the host fit them at some address? */
static enum sts_decision by_tlsa(const struct sts_mx *mx, const struct host_view *v)
{
	bool pass = false, unknown = false;

	for (size_t i = 0; i < mx->smtp_count; i++) {
		pass = pass || mx->smtp[i].tls.dane == STS_DANE_PASS;
		unknown = unknown || (mx->smtp[i].end == STS_SMTP_OK && mx->smtp[i].tls.dane == STS_DANE_UNKNOWN);
	}
	return unknown && !pass ? STS_DECIDE_UNKNOWN : insisting(v, pass, STS_DELIVER_DANE);
}

static bool some_usable(const struct sts_mx *mx)
{
	for (size_t i = 0; i < mx->tlsa_count; i++)
		if (mx->tlsa_rrs[i].usable)
			return true;
	return false;
}

/* What DANE says, or otherwise where there are no TLSA records that authenticate. */
static enum sts_decision dane_or(
	const struct sts_facts *f, const struct sts_mx *mx, const struct host_view *v, enum sts_decision otherwise)
{
	if (sts_tlsa_failed(mx))
		return STS_REFUSE;
	if (sts_dane_applies(mx) && some_usable(mx))
		return by_tlsa(mx, v);
	if (sts_dane_applies(mx) && !v->tls)
		return insisting(v, false, STS_DELIVER_DANE);
	return tlsa_unknown(f, mx) ? STS_DECIDE_UNKNOWN : otherwise;
}

static void decide_host(const struct sts_facts *f, const struct sts_mx *mx, struct sts_mx_judgement *j)
{
	struct host_view v = look(f, mx);

	/* One that lacks an address, or is one, goes on: its name is compared with the policy before it is looked up. */
	if (mx->null_mx) {
		for (size_t s = 0; s < STS_STATE_COUNT; s++)
			j->decisions[s] = STS_UNREACHABLE;
		return;
	}
	j->decisions[STS_STATE_NO_CACHE] = no_cache(f, mx, &v);
	j->decisions[STS_STATE_CURRENT_POLICY] = current_policy(f, mx, &v);
	/* DANE first, then MTA-STS.  [RFC 8461 section 2] */
	j->decisions[STS_STATE_DANE] = dane_or(f, mx, &v, j->decisions[STS_STATE_NO_CACHE]);
	j->decisions[STS_STATE_NEITHER] = without_policy(&v);
}

enum sts_decision sts_decide_dane_only(const struct sts_facts *f, const struct sts_mx *mx)
{
	struct host_view v = look(f, mx);

	return sts_mx_real(mx) ? dane_or(f, mx, &v, without_policy(&v)) : STS_UNREACHABLE;
}

enum sts_decision sts_decide_with(
	const struct sts_facts *f, const struct sts_mx *mx, const struct sts_policy *policy, enum sts_mode mode)
{
	struct host_view v = look(f, mx);
	struct sts_policy as = *policy;

	as.mode = mode;
	return mx->null_mx ? STS_UNREACHABLE : by_policy(&as, mx, &v);
}

/* ---- the domain -------------------------------------------------------------------------------------------------- */

size_t sts_count_mx(const struct sts_report *r)
{
	size_t count = 0;

	for (size_t i = 0; i < r->facts->mx_count; i++)
		count += !r->facts->mx[i].null_mx && !sts_mx_repeated(r->facts, i);
	return count;
}

size_t sts_count_decision(const struct sts_report *r, enum sts_sender_state state, enum sts_decision decision)
{
	size_t count = 0;

	for (size_t i = 0; i < r->facts->mx_count; i++)
		count += !r->facts->mx[i].null_mx && !sts_mx_repeated(r->facts, i) &&
			 r->mx[i].decisions[state] == decision;
	return count;
}

static bool delivers(enum sts_decision d)
{
	return d == STS_DELIVER_DANE || d == STS_DELIVER_VERIFIED || d == STS_DELIVER_UNVERIFIED;
}

/* From what is best for the mail to what is worst. */
static int rank(enum sts_decision d)
{
	static const int ranks[] = {
		[STS_DELIVER_DANE] = 0,
		[STS_DELIVER_VERIFIED] = 1,
		[STS_DELIVER_UNVERIFIED] = 2,
		[STS_UNREACHABLE] = 3,
		[STS_DECIDE_UNKNOWN] = 4,
		[STS_REFUSE] = 5,
	};

	return ranks[d];
}

/* A sender walks the list by preference until a host takes the mail; a host it refuses is to it as one that is down. */
static enum sts_decision finally(const struct sts_facts *f, const enum sts_decision *decisions)
{
	enum sts_decision end = STS_UNREACHABLE;

	for (size_t i = 0; i < f->mx_count; i++) {
		enum sts_decision d = decisions[i];

		if (delivers(d))
			return d;
		if (d == STS_DECIDE_UNKNOWN || (d == STS_REFUSE && end != STS_DECIDE_UNKNOWN))
			end = d;
	}
	return end;
}

void sts_decide_domain(const struct sts_facts *f, const enum sts_decision *decisions, struct sts_domain_decision *out)
{
	bool known = f->mx_answer.state == STS_DNS_OK || f->mx_answer.state == STS_DNS_NXDOMAIN ||
		     f->mx_answer.state == STS_DNS_NODATA;

	out->best = known ? finally(f, decisions) : STS_DECIDE_UNKNOWN;
	out->worst = f->mx_count == 0 ? out->best : decisions[0];
	out->refused = 0;
	for (size_t i = 0; i < f->mx_count; i++) {
		if (rank(decisions[i]) > rank(out->worst))
			out->worst = decisions[i];
		out->refused += !f->mx[i].null_mx && !sts_mx_repeated(f, i) && decisions[i] == STS_REFUSE;
	}
}

const char *sts_outlook_words(const struct sts_report *r, const char *who, const struct sts_domain_decision *d)
{
	static const char *const does[] = {
		[STS_DELIVER_DANE] = "deliver over TLS to a host that DANE verifies",
		[STS_DELIVER_VERIFIED] = "deliver over TLS to a verified host",
		[STS_DELIVER_UNVERIFIED] = "deliver without making sure of the host",
		[STS_REFUSE] = "deliver nothing: mail waits in their queues and bounces in the end",
		[STS_UNREACHABLE] = "reach no host: mail waits in their queues and bounces in the end",
		[STS_DECIDE_UNKNOWN] = "may get through or not: what decides it could not be tested",
	};

	if (sts_takes_no_mail(r->facts))
		return "The domain takes no mail.";
	if (d->refused == 0 || !delivers(d->best))
		return sts_sprintf(r->arena, "%s %s.", who, does[d->best]);
	return sts_sprintf(
		r->arena, "%s %s, and refuse %zu of %zu MX hosts.", who, does[d->best], d->refused, sts_count_mx(r));
}

static void decide_domain(struct sts_report *r, enum sts_sender_state state)
{
	static const char *const who[] = {
		[STS_STATE_NO_CACHE] = "Senders that know MTA-STS and meet the domain for the first time",
		[STS_STATE_CURRENT_POLICY] = "Senders that hold the policy seen now",
		[STS_STATE_DANE] = "Senders that honour DANE, and MTA-STS where it does not apply,",
		[STS_STATE_NEITHER] = "Senders that know neither MTA-STS nor DANE",
	};
	enum sts_decision decisions[STS_MX_MAX];
	struct sts_domain_decision d;

	for (size_t i = 0; i < r->facts->mx_count; i++)
		decisions[i] = r->mx[i].decisions[state];
	sts_decide_domain(r->facts, decisions, &d);
	r->outlook.best[state] = d.best;
	r->outlook.worst[state] = d.worst;
	r->outlook.text[state] = sts_outlook_words(r, who[state], &d);
}

void sts_decide(struct sts_report *r)
{
	for (size_t i = 0; i < r->facts->mx_count; i++)
		decide_host(r->facts, &r->facts->mx[i], &r->mx[i]);
	for (int s = 0; s < STS_STATE_COUNT; s++)
		decide_domain(r, (enum sts_sender_state)s);
}
