#include "check/view.h"

/* ---- record ------------------------------------------------------------------------------------------------------ */

bool sts_alias_broken(const struct sts_answer *answer)
{
	if (answer->state == STS_DNS_CNAME_LOOP || answer->state == STS_DNS_CNAME_LONG)
		return true;
	return sts_answer_absent(answer) && answer->cname_count > 0;
}

/* A text that was meant to be a record is one that is broken, and so are several of them. */
static bool any_almost(const struct sts_record_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->records[i].almost)
			return true;
	return false;
}

bool sts_has_record(const struct sts_facts *f)
{
	const struct sts_record_set *set = &f->record_set;

	return f->record.state == STS_DNS_OK && (set->candidates > 0 || set->chosen != NULL || any_almost(set));
}

enum sts_record_state sts_record_state(const struct sts_facts *f)
{
	if (f->record.state == STS_DNS_BOGUS || sts_alias_broken(&f->record))
		return STS_RECORD_UNUSABLE;
	if (!sts_answer_certain(&f->record))
		return STS_RECORD_UNKNOWN;
	if (!sts_has_record(f))
		return STS_RECORD_NONE;
	return f->record_set.verdict != STS_RECORD_MULTIPLE && f->record_set.chosen != NULL &&
			       f->record_set.chosen->usable
		       ? STS_RECORD_USABLE
		       : STS_RECORD_UNUSABLE;
}

bool sts_takes_part(const struct sts_facts *f)
{
	enum sts_record_state state = sts_record_state(f);

	if (state == STS_RECORD_USABLE || state == STS_RECORD_UNUSABLE)
		return true;
	/* Behind a certificate for other names stands somebody else's policy: a wildcard in DNS leads there. */
	return f->policy != NULL && f->policy->mode != STS_MODE_UNKNOWN &&
	       (f->policy_fetch->tls.problems & STS_CERT_NAME_MISMATCH) == 0;
}

/* ---- policy ------------------------------------------------------------------------------------------------------ */

bool sts_fetch_waited(const struct sts_fetch *fetch)
{
	return fetch->end == STS_FETCH_TCP_TIMEOUT || fetch->end == STS_FETCH_HTTP_TIMEOUT ||
	       (fetch->end == STS_FETCH_TLS && fetch->tls.state == STS_TLS_TIMEOUT);
}

bool sts_waited(const struct sts_facts *f)
{
	bool waited = f->timed_out;

	for (size_t i = 0; i < f->fetch_count; i++)
		waited = waited || sts_fetch_waited(&f->fetches[i]) || f->fetches[i].end == STS_FETCH_NOT_TRIED;
	for (size_t i = 0; i < f->mx_count; i++)
		for (size_t k = 0; k < f->mx[i].smtp_count; k++)
			waited = waited || f->mx[i].smtp[k].waited;
	return waited;
}

bool sts_fetch_served(const struct sts_fetch *fetch)
{
	return fetch->end == STS_FETCH_OK && fetch->tls.state == STS_TLS_OK && fetch->tls.problems == 0 &&
	       fetch->http.status == 200 && fetch->http.media_type != NULL &&
	       strcmp(fetch->http.media_type, "text/plain") == 0;
}

bool sts_fetch_encoded(const struct sts_fetch *fetch)
{
	return fetch->http.content_encoding != NULL && !fetch->decoded;
}

enum sts_fetch_outcome sts_fetch_outcome(const struct sts_fetch *fetch)
{
	switch (fetch->end) {
	case STS_FETCH_NOT_TRIED:
	case STS_FETCH_NO_FAMILY:
	case STS_FETCH_CANCELLED:
		return STS_FETCH_UNTESTED;
	default:
		return sts_fetch_served(fetch) && fetch->has_policy && fetch->policy.usable ? STS_FETCH_ACCEPTED
											    : STS_FETCH_FAULTY;
	}
}

/* No address to try: is that for certain? */
static enum sts_policy_state state_without_address(const struct sts_host *h)
{
	bool a = sts_answer_absent(&h->a) || h->a.state == STS_DNS_BOGUS || sts_alias_broken(&h->a);
	bool aaaa = sts_answer_absent(&h->aaaa) || h->aaaa.state == STS_DNS_BOGUS || sts_alias_broken(&h->aaaa);

	return a && aaaa ? STS_POLICY_FAILS : STS_POLICY_UNKNOWN;
}

static bool look_up_failed(const struct sts_answer *a)
{
	return !sts_answer_certain(a) && a->state != STS_DNS_BOGUS && !sts_alias_broken(a);
}

enum sts_policy_state sts_policy_state(const struct sts_facts *f)
{
	size_t no_family = 0, untested = 0;
	bool answered = false;

	if (f->fetch_count == 0)
		return state_without_address(&f->policy_host);
	for (size_t i = 0; i < f->fetch_count; i++) {
		const struct sts_fetch *fetch = &f->fetches[i];

		switch (sts_fetch_outcome(fetch)) {
		case STS_FETCH_ACCEPTED:
			return STS_POLICY_HAD;
		case STS_FETCH_UNTESTED:
			untested++;
			no_family += fetch->end == STS_FETCH_NO_FAMILY;
			break;
		case STS_FETCH_FAULTY:
			answered = answered || fetch->reached >= STS_AT_TCP;
			break;
		}
	}
	untested += look_up_failed(&f->policy_host.a) || look_up_failed(&f->policy_host.aaaa);
	if (untested == 0)
		return STS_POLICY_FAILS;
	/* A server that answers and fails over one family is broken for senders of that family, whatever the other
	 * would show. */
	return answered && untested == no_family ? STS_POLICY_FAILS : STS_POLICY_UNKNOWN;
}

bool sts_policy_enforces(const struct sts_facts *f)
{
	return f->policy != NULL && f->policy->usable && f->policy->mode == STS_MODE_ENFORCE;
}

bool sts_policy_covers(const struct sts_policy *policy, const char *host, const struct sts_mx_pattern **pattern)
{
	for (size_t i = 0; i < policy->mx_count; i++) {
		const struct sts_mx_pattern *p = &policy->mx[i];

		if (!p->valid || !sts_mx_match(sts_str(p->text, p->len), sts_str_of(host)))
			continue;
		if (pattern != NULL)
			*pattern = p;
		return true;
	}
	return false;
}

/* ---- mail hosts -------------------------------------------------------------------------------------------------- */

bool sts_mx_real(const struct sts_mx *mx)
{
	return !mx->null_mx && !mx->ip_literal;
}

bool sts_mx_repeated(const struct sts_facts *f, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(f->mx[i].name, f->mx[index].name) == 0)
			return true;
	return false;
}

bool sts_takes_no_mail(const struct sts_facts *f)
{
	return f->mx_count == 1 && f->mx[0].null_mx;
}

bool sts_mx_no_address(const struct sts_mx *mx)
{
	bool a = sts_answer_absent(&mx->host.a) || sts_alias_broken(&mx->host.a);
	bool aaaa = sts_answer_absent(&mx->host.aaaa) || sts_alias_broken(&mx->host.aaaa);

	return sts_mx_real(mx) && a && aaaa;
}

static bool secure(const struct sts_answer *a)
{
	return a->state == STS_DNS_OK && a->dnssec == STS_DNSSEC_SECURE;
}

bool sts_mx_signed(const struct sts_mx *mx)
{
	return secure(&mx->host.a) || secure(&mx->host.aaaa);
}

bool sts_dane_applies(const struct sts_mx *mx)
{
	return sts_mx_signed(mx) && secure(&mx->tlsa) && mx->tlsa_count > 0;
}

bool sts_tlsa_failed(const struct sts_mx *mx)
{
	switch (mx->tlsa.state) {
	case STS_DNS_BOGUS:
		/* A bogus answer under an unsigned address means that DANE does not apply. */
	case STS_DNS_SERVFAIL:
	case STS_DNS_REFUSED:
	case STS_DNS_MALFORMED:
	case STS_DNS_TRUNCATED:
		return sts_mx_signed(mx);
	default:
		return false;
	}
}

enum sts_session sts_session(const struct sts_facts *facts, const struct sts_smtp *smtp)
{
	switch (smtp->end) {
	case STS_SMTP_OK:
		return (smtp->tls.problems & ~(unsigned)STS_CERT_WEAK) == 0 ? STS_SESSION_VERIFIED
									    : STS_SESSION_UNVERIFIED;
	case STS_SMTP_TCP_REFUSED:
	case STS_SMTP_TCP_TIMEOUT:
	case STS_SMTP_TCP_UNREACHABLE:
		return facts->vantage.smtp == STS_YES ? STS_SESSION_UNREACHABLE : STS_SESSION_UNTESTED;
	case STS_SMTP_EHLO_REFUSED:
		/* A temporary refusal says nothing about TLS. */
		return smtp->code >= 500 ? STS_SESSION_PLAIN : STS_SESSION_UNTESTED;
	case STS_SMTP_NO_STARTTLS:
	case STS_SMTP_STARTTLS_REFUSED:
	case STS_SMTP_STARTTLS_BROKEN:
	case STS_SMTP_TLS:
		return STS_SESSION_PLAIN;
	case STS_SMTP_NOT_TRIED:
	case STS_SMTP_PRIVATE:
	case STS_SMTP_NO_FAMILY:
	case STS_SMTP_GREETING_4XX:
	case STS_SMTP_GREETING_5XX:
	case STS_SMTP_GREETING_TIMEOUT:
	case STS_SMTP_GREETING_BROKEN:
	case STS_SMTP_EHLO_BROKEN:
	case STS_SMTP_INJECTION:
	case STS_SMTP_CANCELLED:
		break;
	}
	return STS_SESSION_UNTESTED;
}

bool sts_tlsrpt_absent(const struct sts_facts *f)
{
	return sts_answer_absent(&f->rpt) ||
	       (f->rpt.state == STS_DNS_OK && f->tlsrpt.verdict == STS_TLSRPT_ABSENT && !f->tlsrpt.almost);
}
