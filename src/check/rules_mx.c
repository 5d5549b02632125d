/* The mail hosts: MX records, addresses, and the SMTP session with each address up to the certificate.  [RFC 8461
 * section 4] */
#include "check/phrase.h"
#include "check/rules.h"
#include "check/rules_tls.h"
#include "check/view.h"

static const char no_starttls[] = "starttls-not-supported";

/* ---- the MX records ---------------------------------------------------------------------------------------------- */

static void null_mx(const struct sts_facts *f, struct sts_report *r)
{
	bool in_force = f->policy != NULL && f->policy->usable && f->policy->mode != STS_MODE_NONE;

	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_MX_NULL,
				  .severity = in_force ? STS_NOTICE : STS_INFO,
				  .has_severity = true,
				  .subject = f->domain,
				  .detail = in_force ? "The null MX says that this domain takes no mail, and yet there "
						       "is a policy for mail to it."
						     : "The null MX says that this domain takes no mail.",
			  });
}

static void implicit(const struct sts_facts *f, struct sts_report *r)
{
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_MX_IMPLICIT,
				  .subject = f->domain,
				  .detail = sts_sprintf(r->arena,
					  "There is no MX record, so %s itself is the mail host. A policy has to name "
					  "it; a wildcard does not cover it.",
					  f->domain),
				  .snippet = sts_sprintf(r->arena, "%s. IN MX 10 %s.", f->domain, f->domain),
				  .fix_type = STS_FIX_DNS,
			  });
}

void sts_rule_mx_answer(const struct sts_facts *f, struct sts_report *r)
{
	size_t nulls = 0;

	if (f->mx_answer.state == STS_DNS_NXDOMAIN)
		sts_report_add(r, &(struct sts_note){
					  .id = STS_F_MX_DNS_DOMAIN_MISSING,
					  .subject = f->domain,
					  .detail = "The domain does not exist in DNS; no mail can be delivered to it.",
					  .fix_type = STS_FIX_DNS,
				  });
	if (f->mx_answer.state == STS_DNS_BOGUS)
		sts_report_add(r, &(struct sts_note){
					  .id = STS_F_MX_DNS_DNSSEC_BOGUS,
					  .subject = f->domain,
					  .detail = sts_sprintf(r->arena, "The MX records: %s.",
						  sts_lookup_words(r->arena, &f->mx_answer)),
					  .result_type = "dnssec-invalid",
					  .fix_type = STS_FIX_DNS,
				  });
	for (size_t i = 0; i < f->mx_count; i++)
		nulls += f->mx[i].null_mx;
	if (sts_takes_no_mail(f))
		null_mx(f, r);
	else if (nulls > 0)
		sts_report_add(r, &(struct sts_note){
					  .id = STS_F_MX_NULL_NOT_ALONE,
					  .subject = f->domain,
					  .detail = "One MX record says that the domain takes no mail, others name "
						    "mail hosts. Senders differ in what they make of it.",
					  .fix_type = STS_FIX_DNS,
				  });
	if (f->mx_count > 0 && f->mx[0].implicit)
		implicit(f, r);
	if (f->mx_total > f->mx_count)
		sts_report_not_tested(r, "timeout",
			sts_sprintf(r->arena, "%zu of %zu MX records: more than are looked at",
				f->mx_total - f->mx_count, f->mx_total));
}

/* ---- one host's names and addresses ------------------------------------------------------------------------------ */

static void no_address(const struct sts_facts *f, struct sts_report *r, const struct sts_mx *mx)
{
	bool every = true;

	for (size_t i = 0; i < f->mx_count; i++)
		every = every && (!sts_mx_real(&f->mx[i]) || sts_mx_no_address(&f->mx[i]));
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_MX_DNS_NO_ADDRESS,
				  .severity = every ? STS_BY_MODE : STS_WARNING,
				  .has_severity = true,
				  .subject = sts_name(r->arena, mx->name),
				  .detail = every ? "The host has neither an A nor an AAAA record, and so has every "
						    "other MX host: mail cannot be delivered."
						  : "The host has neither an A nor an AAAA record. Senders pass on to "
						    "the next MX host.",
				  .fix_type = STS_FIX_DNS,
			  });
}

static void look_up_failed(struct sts_report *r, const struct sts_mx *mx, const struct sts_answer *a, const char *type)
{
	if (sts_answer_certain(a) || a->state == STS_DNS_BOGUS || sts_alias_broken(a))
		return;
	sts_report_not_tested(r, sts_lookup_reason(a),
		sts_sprintf(r->arena, "%s record of MX host %s: %s", type, sts_name(r->arena, mx->name),
			sts_lookup_words(r->arena, a)));
}

static void bogus(struct sts_report *r, const struct sts_mx *mx, const struct sts_answer *a)
{
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_MX_DNS_DNSSEC_BOGUS,
				  .severity = mx->host.address_count > 0 ? STS_WARNING : STS_ERROR,
				  .has_severity = true,
				  .subject = sts_name(r->arena, mx->name),
				  .detail = sts_sprintf(r->arena, "Its address: %s.", sts_lookup_words(r->arena, a)),
				  .result_type = "dnssec-invalid",
				  .fix_type = STS_FIX_DNS,
			  });
}

static void alias(const struct sts_facts *f, struct sts_report *r, const struct sts_mx *mx)
{
	const struct sts_answer *a = mx->host.a.cname_count > 0 ? &mx->host.a : &mx->host.aaaa;
	const char *target = a->cname_count == 0 ? NULL : sts_name(r->arena, a->cname[a->cname_count - 1]);

	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_MX_CNAME,
				  .subject = sts_name(r->arena, mx->name),
				  .detail = sts_sprintf(r->arena,
					  "The name is an alias: %s. Policy and certificate have to fit the name in "
					  "the MX record.",
					  sts_chain_words(r->arena, a)),
				  .snippet = target == NULL ? NULL
							    : sts_sprintf(r->arena, "%s. IN MX %u %s.", f->domain,
								      mx->preference, target),
				  .fix_type = STS_FIX_DNS,
			  });
}

static void private_address(struct sts_report *r, const struct sts_mx *mx)
{
	for (size_t i = 0; i < mx->smtp_count; i++) {
		const struct sts_address *a = &mx->smtp[i].address;

		if (mx->smtp[i].end != STS_SMTP_PRIVATE)
			continue;
		sts_report_add(r, &(struct sts_note){
					  .id = STS_F_MX_DNS_PRIVATE_ADDRESS,
					  .subject = sts_name(r->arena, mx->name),
					  .detail = sts_sprintf(r->arena,
						  "The address %s is in a special-purpose block (%s), which senders "
						  "elsewhere cannot reach.",
						  a->text, a->special == NULL ? "not public" : a->special),
					  .fix_type = STS_FIX_DNS,
				  });
		return;
	}
}

static void host(const struct sts_facts *f, struct sts_report *r, const struct sts_mx *mx)
{
	const struct sts_host *h = &mx->host;

	if (h->a.state == STS_DNS_BOGUS || h->aaaa.state == STS_DNS_BOGUS)
		bogus(r, mx, h->a.state == STS_DNS_BOGUS ? &h->a : &h->aaaa);
	if (sts_mx_no_address(mx))
		no_address(f, r, mx);
	else if (mx->is_cname && !mx->implicit)
		alias(f, r, mx);
	look_up_failed(r, mx, &h->a, "A");
	look_up_failed(r, mx, &h->aaaa, "AAAA");
	private_address(r, mx);
}

void sts_rule_mx_hosts(const struct sts_facts *f, struct sts_report *r)
{
	for (size_t i = 0; i < f->mx_count; i++) {
		const struct sts_mx *mx = &f->mx[i];

		if (sts_mx_repeated(f, i))
			continue;
		if (mx->ip_literal)
			sts_report_add(r, &(struct sts_note){
						  .id = STS_F_MX_IP_LITERAL,
						  .subject = sts_name(r->arena, mx->name),
						  .detail = sts_sprintf(r->arena,
							  "The MX record says %s. An MX record has to name a host; no "
							  "policy can cover an address.",
							  sts_name(r->arena, mx->name)),
						  .fix_type = STS_FIX_DNS,
					  });
		else if (!mx->null_mx)
			host(f, r, mx);
	}
}

/* ---- not tested -------------------------------------------------------------------------------------------------- */

/* Every session there was ended without a connection, by silence: port 25 is most likely closed on the way out.  [D12]
 */
static bool port_blocked(const struct sts_facts *f)
{
	bool refused = false, silent = false;

	if (f->vantage.smtp != STS_NO)
		return false;
	for (size_t i = 0; i < f->mx_count; i++) {
		for (size_t k = 0; k < f->mx[i].smtp_count; k++) {
			refused = refused || f->mx[i].smtp[k].end == STS_SMTP_TCP_REFUSED;
			silent = silent || f->mx[i].smtp[k].end == STS_SMTP_TCP_TIMEOUT ||
				 f->mx[i].smtp[k].end == STS_SMTP_TCP_UNREACHABLE;
		}
	}
	return silent && !refused;
}

const char *sts_smtp_untested(const struct sts_facts *f, const struct sts_smtp *s)
{
	switch (s->end) {
	case STS_SMTP_NOT_TRIED:
		return f->no_smtp ? "switched-off" : "timeout";
	case STS_SMTP_PRIVATE:
		return "private-denied";
	case STS_SMTP_NO_FAMILY:
		return s->address.family == 6 ? "no-ipv6-here" : "no-ipv4-here";
	case STS_SMTP_TCP_REFUSED:
	case STS_SMTP_TCP_TIMEOUT:
	case STS_SMTP_TCP_UNREACHABLE:
		return port_blocked(f) ? "port25-blocked" : "mx-unreachable";
	case STS_SMTP_GREETING_4XX:
		return "greylisted";
	case STS_SMTP_EHLO_REFUSED:
		return s->code < 500 ? "greylisted" : NULL;
	case STS_SMTP_GREETING_TIMEOUT:
	case STS_SMTP_CANCELLED:
		return "timeout";
	case STS_SMTP_GREETING_5XX:
	case STS_SMTP_GREETING_BROKEN:
	case STS_SMTP_EHLO_BROKEN:
	case STS_SMTP_INJECTION:
		return "mx-unreachable";
	default:
		return NULL;
	}
}

static void untested(const struct sts_facts *f, struct sts_report *r, const struct sts_mx *mx)
{
	size_t left_out = 0;

	for (size_t i = 0; i < mx->smtp_count; i++) {
		const char *reason = sts_smtp_untested(f, &mx->smtp[i]);

		if (mx->smtp[i].end == STS_SMTP_NOT_TRIED && !f->no_smtp)
			left_out++;
		else if (reason != NULL)
			sts_report_not_tested(r, reason,
				sts_sprintf(r->arena, "TLS of MX host %s [%s]", sts_name(r->arena, mx->name),
					mx->smtp[i].address.text));
	}
	if (left_out > 0)
		sts_report_not_tested(r, "timeout",
			sts_sprintf(r->arena, "TLS of %zu of %zu addresses of MX host %s: more than are looked at",
				left_out, mx->smtp_count, sts_name(r->arena, mx->name)));
}

/* ---- one session ------------------------------------------------------------------------------------------------- */

static const char *reply(struct sts_spots *s, const struct sts_smtp *m)
{
	if (m->code == 0)
		return "";
	if (m->reply == NULL || m->reply[0] == '\0')
		return sts_sprintf(s->arena, " (%d)", m->code);
	return sts_sprintf(s->arena, " (%d %s)", m->code, sts_name(s->arena, m->reply));
}

static void add(struct sts_spots *s, const struct sts_smtp *m, const struct sts_note *note)
{
	struct sts_note copy = *note;

	copy.fix_type = STS_FIX_SERVER;
	sts_spot_add(s, m->address.text, true, &copy);
}

static void greeting(struct sts_spots *s, const struct sts_smtp *m, const char *what)
{
	add(s, m,
		&(struct sts_note){
			.id = STS_F_MX_SMTP_GREETING,
			.detail = sts_sprintf(
				s->arena, "%s%s. Whether it offers TLS could not be seen.", what, reply(s, m)),
		});
}

static void starttls(struct sts_spots *s, const struct sts_smtp *m, enum sts_finding_id id, const char *what)
{
	add(s, m,
		&(struct sts_note){
			.id = id,
			.detail = sts_sprintf(s->arena, "%s%s.", what, reply(s, m)),
			.result_type = m->end == STS_SMTP_STARTTLS_BROKEN ? "validation-failure" : no_starttls,
		});
}

static void look_at(struct sts_spots *s, const struct sts_smtp *m, int64_t judged_at)
{
	switch (m->end) {
	case STS_SMTP_GREETING_4XX:
		greeting(s, m, "The host greets with a temporary refusal");
		break;
	case STS_SMTP_GREETING_5XX:
		greeting(s, m, "The host greets with a refusal");
		break;
	case STS_SMTP_GREETING_TIMEOUT:
		greeting(s, m, "The host takes the connection but does not greet in time");
		break;
	case STS_SMTP_GREETING_BROKEN:
		greeting(s, m, "The host closes the connection or sends something other than an SMTP greeting");
		break;
	case STS_SMTP_EHLO_BROKEN:
		greeting(s, m, "The host greets, then breaks off or answers EHLO with something other than SMTP");
		break;
	case STS_SMTP_EHLO_REFUSED:
		add(s, m,
			&(struct sts_note){
				.id = STS_F_MX_SMTP_EHLO_REFUSED,
				/* A temporary refusal is no proof that senders are refused. */
				.severity = m->code < 500 ? STS_WARNING : STS_BY_MODE,
				.has_severity = true,
				.detail = sts_sprintf(
					s->arena, "The host refuses EHLO%s, so it offers no STARTTLS.", reply(s, m)),
				.result_type = no_starttls,
			});
		break;
	case STS_SMTP_NO_STARTTLS:
		starttls(s, m, STS_F_MX_STARTTLS_MISSING, "The reply to EHLO does not offer STARTTLS");
		break;
	case STS_SMTP_STARTTLS_REFUSED:
		starttls(s, m, STS_F_MX_STARTTLS_REFUSED, "The host offers STARTTLS and then refuses the command");
		break;
	case STS_SMTP_STARTTLS_BROKEN:
		starttls(s, m, STS_F_MX_STARTTLS_REFUSED,
			"The host offers STARTTLS and then does not answer the command");
		break;
	case STS_SMTP_INJECTION:
		add(s, m,
			&(struct sts_note){
				.id = STS_F_MX_STARTTLS_INJECTION,
				.detail = sts_sprintf(s->arena,
					"%zu octets of plain text came behind the 220 of STARTTLS. The session was "
					"given up.",
					m->injected),
				.result_type = "validation-failure",
			});
		break;
	case STS_SMTP_OK:
	case STS_SMTP_TLS:
		sts_tls_spots(s, m->address.text, &m->tls, STS_SIDE_MX, judged_at);
		break;
	default:
		break;
	}
}

/* ---- all sessions of a host -------------------------------------------------------------------------------------- */

static bool is_starttls(enum sts_finding_id id)
{
	return id == STS_F_MX_STARTTLS_MISSING || id == STS_F_MX_STARTTLS_REFUSED || id == STS_F_MX_SMTP_EHLO_REFUSED ||
	       id == STS_F_MX_TLS_FAILED || id == STS_F_MX_TLS_TIMEOUT || id == STS_F_MX_TLS_PROTOCOL_OLD;
}

/* TLSA records make TLS a must in every mode.  [RFC 7672 section 2.2] */
static void raise_for_dane(struct sts_spots *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct sts_note *n = &s->items[i].note;

		if (!is_starttls(n->id) || (n->has_severity && n->severity == STS_WARNING))
			continue;
		n->severity = STS_ERROR;
		n->has_severity = true;
		n->detail = sts_sprintf(s->arena,
			"%s The host has TLSA records, so senders that honour DANE refuse it in any mode.", n->detail);
	}
}

static void differs(struct sts_report *r, struct sts_spots *s, const struct sts_mx *mx, const char *address)
{
	const struct sts_spot *fatal = sts_spot_fatal(s, address);
	const char *name = sts_name(r->arena, mx->name);

	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_MX_ADDRESSES_DIFFER,
				  .subject = name,
				  .cause = sts_catalogue(fatal->note.id)->code,
				  .detail = sts_sprintf(r->arena,
					  "At %s: %s At another address of the host all is well.", address,
					  fatal->note.detail == NULL
						  ? sts_sprintf(r->arena, "%s.", sts_catalogue(fatal->note.id)->title)
						  : fatal->note.detail),
				  .result_type = fatal->note.result_type,
				  .fix_type = STS_FIX_SERVER,
			  });
	sts_spots_drop(s, address);
}

static void sessions(const struct sts_facts *f, struct sts_report *r, const struct sts_mx *mx)
{
	struct sts_spots spots = {.arena = r->arena};
	size_t seen = 0;
	bool good = false;

	for (size_t i = 0; i < mx->smtp_count; i++) {
		size_t before = spots.count;

		look_at(&spots, &mx->smtp[i], f->judged_at);
		seen += spots.count > before || mx->smtp[i].end == STS_SMTP_OK;
		good = good ||
		       (mx->smtp[i].end == STS_SMTP_OK && sts_spot_fatal(&spots, mx->smtp[i].address.text) == NULL);
	}
	if (sts_dane_applies(mx))
		raise_for_dane(&spots);
	for (size_t i = 0; i < mx->smtp_count && good; i++)
		if (sts_spot_fatal(&spots, mx->smtp[i].address.text) != NULL)
			differs(r, &spots, mx, mx->smtp[i].address.text);
	sts_spots_report(r, &spots, sts_name(r->arena, mx->name), seen);
}

void sts_rule_mx_sessions(const struct sts_facts *f, struct sts_report *r)
{
	for (size_t i = 0; i < f->mx_count; i++) {
		if (sts_mx_repeated(f, i))
			continue;
		untested(f, r, &f->mx[i]);
		sessions(f, r, &f->mx[i]);
	}
}
