/* Reaching the policy host, address by address, layer by layer.  [RFC 8461 section 3.3] */
#include "check/phrase.h"
#include "check/rules.h"
#include "check/rules_tls.h"
#include "check/view.h"

#include <inttypes.h>

/* Octets from which a policy is unusually large. */
#define LARGE_OCTETS 4096
/* Fetches over these times are worth a notice, a warning: senders stop at 2 s, at 4, 5, 15 … */
#define SLOW_NOTICE_MS 2000
#define SLOW_WARNING_MS 10000

static const char fetch_error[] = "sts-policy-fetch-error";

/* ---- DNS --------------------------------------------------------------------------------------------------------- */

static bool loops(const struct sts_answer *a)
{
	return a->state == STS_DNS_CNAME_LOOP || a->state == STS_DNS_CNAME_LONG;
}

static void no_address(const struct sts_facts *f, struct sts_report *r)
{
	const struct sts_host *h = &f->policy_host;
	const struct sts_answer *broken = sts_alias_broken(&h->a)      ? &h->a
					  : sts_alias_broken(&h->aaaa) ? &h->aaaa
								       : NULL;

	if (broken != NULL) {
		sts_report_add(
			r, &(struct sts_note){
				   .id = STS_F_HOST_DNS_CNAME_BROKEN,
				   .subject = h->name,
				   .detail = sts_sprintf(r->arena, "%s: %s. No sender can fetch the policy.",
					   sts_chain_words(r->arena, broken), sts_lookup_words(r->arena, broken)),
				   .result_type = fetch_error,
				   .fix_type = STS_FIX_DNS,
			   });
		return;
	}
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_HOST_DNS_NO_ADDRESS,
				  .subject = h->name,
				  .detail = h->a.state == STS_DNS_NXDOMAIN
						    ? "The name does not exist, so no sender can fetch the policy."
						    : "The name has neither an A nor an AAAA record, so no sender can "
						      "fetch the policy.",
				  .result_type = fetch_error,
				  .fix_type = STS_FIX_DNS,
			  });
}

/* One family bogus while the other gives addresses: most senders still get through. */
static void bogus(const struct sts_facts *f, struct sts_report *r, const struct sts_answer *a)
{
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_HOST_DNS_DNSSEC_BOGUS,
				  .severity = f->policy_host.address_count > 0 ? STS_WARNING : STS_ERROR,
				  .has_severity = true,
				  .subject = f->policy_host.name,
				  .detail = sts_sprintf(r->arena, "Its address: %s.", sts_lookup_words(r->arena, a)),
				  .result_type = fetch_error,
				  .fix_type = STS_FIX_DNS,
			  });
}

static void look_up_failed(
	const struct sts_facts *f, struct sts_report *r, const struct sts_answer *a, const char *type)
{
	if (sts_answer_certain(a) || a->state == STS_DNS_BOGUS || loops(a))
		return;
	sts_report_not_tested(r, sts_lookup_reason(a),
		sts_sprintf(r->arena, "%s record of the policy host %s: %s", type, f->policy_host.name,
			sts_lookup_words(r->arena, a)));
}

void sts_rule_host_dns(const struct sts_facts *f, struct sts_report *r)
{
	const struct sts_host *h = &f->policy_host;
	const struct sts_answer *bad = h->a.state == STS_DNS_BOGUS      ? &h->a
				       : h->aaaa.state == STS_DNS_BOGUS ? &h->aaaa
									: NULL;

	if (bad != NULL)
		bogus(f, r, bad);
	else if (h->address_count == 0 && sts_policy_state(f) == STS_POLICY_FAILS)
		no_address(f, r);
	look_up_failed(f, r, &h->a, "A");
	look_up_failed(f, r, &h->aaaa, "AAAA");
	if (h->a.state == STS_DNS_OK && sts_answer_absent(&h->aaaa))
		sts_report_add(
			r, &(struct sts_note){
				   .id = STS_F_HOST_NO_IPV6,
				   .subject = h->name,
				   .detail = "The policy host has no AAAA record. Nearly all senders can use IPv4.",
			   });
}

/* ---- one fetch --------------------------------------------------------------------------------------------------- */

static void add(struct sts_spots *s, const struct sts_fetch *f, enum sts_finding_id id, const char *detail)
{
	sts_spot_add(s, f->address.text, true,
		&(struct sts_note){.id = id, .detail = detail, .result_type = fetch_error, .fix_type = STS_FIX_SERVER});
}

static void remark(struct sts_spots *s, const struct sts_fetch *f, enum sts_finding_id id, const char *detail)
{
	sts_spot_add(
		s, f->address.text, false, &(struct sts_note){.id = id, .detail = detail, .fix_type = STS_FIX_SERVER});
}

static void status(struct sts_spots *s, const struct sts_fetch *f)
{
	const char *location =
		f->http.location == NULL ? "" : sts_sprintf(s->arena, " to %s", sts_name(s->arena, f->http.location));

	if (f->http.status >= 300 && f->http.status <= 399)
		add(s, f, STS_F_HOST_HTTP_REDIRECT,
			sts_sprintf(s->arena,
				"Status %d redirects%s. Senders do not follow redirects, so to them there is no "
				"policy.",
				f->http.status, location));
	else
		add(s, f, STS_F_HOST_HTTP_STATUS,
			sts_sprintf(s->arena, "The answer has the status %d%s%s; only 200 gives a policy.",
				f->http.status, f->http.reason == NULL || f->http.reason[0] == '\0' ? "" : " ",
				f->http.reason == NULL ? "" : sts_name(s->arena, f->http.reason)));
}

static void media_type(struct sts_spots *s, const struct sts_fetch *f)
{
	if (f->http.media_type != NULL && strcmp(f->http.media_type, "text/plain") == 0)
		return;
	sts_spot_add(s, f->address.text, true,
		&(struct sts_note){
			.id = STS_F_HOST_HTTP_MEDIA_TYPE,
			.detail = f->http.content_type == NULL
					  ? "The answer has no Content-Type. More than half of the known senders drop "
					    "the policy; they want text/plain."
					  : sts_sprintf(s->arena,
						    "Content-Type is %s. More than half of the known senders drop the "
						    "policy; they want text/plain.",
						    sts_name(s->arena, f->http.content_type)),
			.snippet = "Content-Type: text/plain; charset=utf-8",
			.result_type = fetch_error,
			.fix_type = STS_FIX_SERVER,
		});
}

static void remarks(struct sts_spots *s, const struct sts_fetch *f)
{
	const char *charset = f->http.charset;

	if (charset != NULL && strcmp(charset, "utf-8") != 0 && strcmp(charset, "us-ascii") != 0)
		remark(s, f, STS_F_HOST_HTTP_CHARSET,
			sts_sprintf(s->arena, "The charset is %s; only utf-8 and us-ascii mean anything here.",
				sts_name(s->arena, charset)));
	if (f->body_total > LARGE_OCTETS)
		remark(s, f, STS_F_HOST_HTTP_LARGE, sts_sprintf(s->arena, "The policy has %zu octets.", f->body_total));
}

static void encoding_remark(struct sts_spots *s, const struct sts_fetch *f, bool unreadable)
{
	sts_spot_add(s, f->address.text, unreadable,
		&(struct sts_note){
			.id = STS_F_HOST_HTTP_ENCODING,
			.severity = unreadable ? STS_ERROR : STS_WARNING,
			.has_severity = true,
			.detail = sts_sprintf(s->arena,
				"Content-Encoding is %s although the request asked for none. Senders that do not "
				"unpack it see no policy.",
				sts_name(s->arena, f->http.content_encoding)),
			.result_type = unreadable ? fetch_error : NULL,
			.fix_type = STS_FIX_SERVER,
		});
}

/* Sent encoded although nobody asked. What gzip or deflate hides was unpacked; in another coding hardly a sender reads
 * it. */
static void encoding(struct sts_spots *s, const struct sts_fetch *f)
{
	if (f->http.content_encoding != NULL)
		encoding_remark(s, f, sts_fetch_encoded(f) && !(f->has_policy && f->policy.usable));
}

/* A certificate for other names mostly means that another site answers: what it says is not about this policy. */
static bool other_site(const struct sts_fetch *f)
{
	return (f->tls.problems & STS_CERT_NAME_MISMATCH) != 0 &&
	       !(f->has_policy && f->policy.mode != STS_MODE_UNKNOWN);
}

static void response(struct sts_spots *s, const struct sts_fetch *f)
{
	if (other_site(f))
		return;
	if (f->http.status != 200) {
		status(s, f);
		return;
	}
	media_type(s, f);
	encoding(s, f);
	remarks(s, f);
}

static const char *special(struct sts_spots *s, const struct sts_fetch *f, const char *sentence)
{
	if (f->address.special == NULL)
		return sentence;
	return sts_sprintf(
		s->arena, "%s The address is in a special-purpose block (%s).", sentence, f->address.special);
}

static void tcp(struct sts_spots *s, const struct sts_fetch *f)
{
	switch (f->end) {
	case STS_FETCH_PRIVATE:
		add(s, f, STS_F_HOST_DNS_PRIVATE_ADDRESS,
			"The address is in a special-purpose block, which senders elsewhere cannot reach.");
		break;
	case STS_FETCH_TCP_REFUSED:
		add(s, f, STS_F_HOST_TCP_REFUSED, special(s, f, "The connection to the HTTPS port is refused."));
		break;
	case STS_FETCH_TCP_TIMEOUT:
		add(s, f, STS_F_HOST_TCP_TIMEOUT, special(s, f, "Nothing answers on the HTTPS port."));
		break;
	default:
		add(s, f, STS_F_HOST_TCP_UNREACHABLE,
			special(s, f, "The network reports that the address cannot be reached."));
		break;
	}
}

static void too_large(struct sts_spots *s, const struct sts_fetch *f)
{
	add(s, f, STS_F_HOST_HTTP_TOO_LARGE,
		f->http.content_encoding == NULL
			? "The answer is larger than 65536 octets; senders stop reading and take no policy."
			: "The answer, unpacked, is larger than 65536 octets; senders stop reading and take no "
			  "policy.");
	/* That it came packed is no second reason. */
	if (f->http.content_encoding != NULL)
		encoding_remark(s, f, false);
}

/* Everything that is wrong at one address, in the order in which a sender meets it. */
static void look_at(struct sts_spots *s, const struct sts_fetch *f, int64_t judged_at)
{
	const char *why = f->error == NULL ? f->http.broken : f->error;

	switch (f->end) {
	case STS_FETCH_NOT_TRIED:
	case STS_FETCH_NO_FAMILY:
	case STS_FETCH_CANCELLED:
		return;
	case STS_FETCH_PRIVATE:
	case STS_FETCH_TCP_REFUSED:
	case STS_FETCH_TCP_TIMEOUT:
	case STS_FETCH_TCP_UNREACHABLE:
		tcp(s, f);
		return;
	default:
		sts_tls_spots(s, f->address.text, &f->tls, STS_SIDE_POLICY_HOST, judged_at);
	}
	if (f->end == STS_FETCH_HTTP_TIMEOUT)
		add(s, f, STS_F_HOST_HTTP_TIMEOUT, "The policy did not arrive completely in the time allowed.");
	else if (f->end == STS_FETCH_HTTP_BROKEN)
		add(s, f, STS_F_HOST_HTTP_BROKEN,
			sts_sprintf(s->arena, "The answer breaks the rules of HTTP: %s.",
				why == NULL ? "it ends early" : sts_name(s->arena, why)));
	else if (f->end == STS_FETCH_HTTP_TOO_LARGE)
		too_large(s, f);
	else if (f->end == STS_FETCH_OK)
		response(s, f);
}

/* ---- all fetches ------------------------------------------------------------------------------------------------- */

static void untested(const struct sts_facts *f, struct sts_report *r, const struct sts_fetch *fetch)
{
	const char *special = fetch->end == STS_FETCH_PRIVATE && fetch->address.special != NULL
				      ? sts_sprintf(r->arena, ": %s", fetch->address.special)
				      : "";
	const char *what =
		sts_sprintf(r->arena, "policy host %s [%s]%s", f->policy_host.name, fetch->address.text, special);

	switch (fetch->end) {
	case STS_FETCH_NO_FAMILY:
		sts_report_not_tested(r, fetch->address.family == 6 ? "no-ipv6-here" : "no-ipv4-here", what);
		break;
	case STS_FETCH_PRIVATE:
		sts_report_not_tested(r, "private-denied", what);
		break;
	case STS_FETCH_NOT_TRIED:
	case STS_FETCH_CANCELLED:
		sts_report_not_tested(r, "timeout", what);
		break;
	default:
		break;
	}
}

/* This address fails while another works, or while the others could not be tried. */
static void address_failed(
	const struct sts_facts *f, struct sts_report *r, struct sts_spots *spots, const struct sts_fetch *fetch)
{
	const struct sts_spot *fatal = sts_spot_fatal(spots, fetch->address.text);
	/* Where the body came as it should, the text of the policy is at fault. */
	enum sts_finding_id cause = fatal != NULL ? fatal->note.id : sts_policy_error(f, &fetch->policy, r->arena);
	const struct sts_catalogue_entry *entry = cause == STS_F_COUNT ? NULL : sts_catalogue(cause);

	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_HOST_ADDRESS_FAILED,
				  .subject = fetch->address.text,
				  .cause = entry == NULL ? NULL : entry->code,
				  .detail = sts_sprintf(r->arena,
					  "%s at %s: %s Senders that use this address get no policy there.",
					  f->policy_host.name, fetch->address.text,
					  fatal != NULL && fatal->note.detail != NULL ? fatal->note.detail
					  : entry != NULL ? sts_sprintf(r->arena, "%s.", entry->title)
							  : "no usable policy."),
				  .result_type = fatal != NULL ? fatal->note.result_type : "sts-policy-invalid",
				  .fix_type = STS_FIX_SERVER,
			  });
	sts_spots_drop(spots, fetch->address.text);
}

/* Slowness is told once, of the slowest address that gives a policy. What is slow in a scan may be the scan. */
static void slow(const struct sts_facts *f, struct sts_report *r)
{
	const struct sts_fetch *slowest = NULL;

	if (f->among_many)
		return;
	for (size_t i = 0; i < f->fetch_count; i++) {
		const struct sts_fetch *fetch = &f->fetches[i];

		if (fetch->end == STS_FETCH_OK && (slowest == NULL || fetch->duration_ms > slowest->duration_ms))
			slowest = fetch;
	}
	if (slowest == NULL || slowest->duration_ms <= SLOW_NOTICE_MS)
		return;
	sts_report_add(r,
		&(struct sts_note){
			.id = STS_F_HOST_HTTP_SLOW,
			.severity = slowest->duration_ms > SLOW_WARNING_MS ? STS_WARNING : STS_NOTICE,
			.has_severity = true,
			.subject = f->policy_host.name,
			.detail = sts_sprintf(r->arena,
				"The fetch took %" PRId64 ".%" PRId64
				" seconds at %s. Some senders stop after 2, 4 or 5 seconds.",
				slowest->duration_ms / 1000, slowest->duration_ms % 1000 / 100, slowest->address.text),
			.fix_type = STS_FIX_SERVER,
		});
}

void sts_rule_host_fetches(const struct sts_facts *f, struct sts_report *r)
{
	struct sts_spots spots = {.arena = r->arena};
	bool fails = sts_policy_state(f) == STS_POLICY_FAILS;
	size_t tried = 0;

	for (size_t i = 0; i < f->fetch_count; i++) {
		untested(f, r, &f->fetches[i]);
		if (sts_fetch_outcome(&f->fetches[i]) != STS_FETCH_UNTESTED)
			tried++;
		look_at(&spots, &f->fetches[i], f->judged_at);
	}
	for (size_t i = 0; i < f->fetch_count && !fails; i++)
		if (sts_fetch_outcome(&f->fetches[i]) == STS_FETCH_FAULTY)
			address_failed(f, r, &spots, &f->fetches[i]);
	sts_spots_report(r, &spots, f->policy_host.name, tried);
	slow(f, r);
}

/* ---- the addresses compared -------------------------------------------------------------------------------------- */

static const char *leaf(const struct sts_fetch *f)
{
	return f->tls.chain_count == 0 ? "" : f->tls.chain[0].sha256;
}

void sts_rule_host_differ(const struct sts_facts *f, struct sts_report *r)
{
	const struct sts_fetch *first = NULL;
	const struct sts_fetch *body = NULL;
	const struct sts_fetch *cert = NULL;

	for (size_t i = 0; i < f->fetch_count; i++) {
		const struct sts_fetch *fetch = &f->fetches[i];

		if (sts_fetch_outcome(fetch) != STS_FETCH_ACCEPTED)
			continue;
		if (first == NULL)
			first = fetch;
		if (body == NULL && strcmp(first->sha256, fetch->sha256) != 0)
			body = fetch;
		if (cert == NULL && strcmp(leaf(first), leaf(fetch)) != 0)
			cert = fetch;
	}
	if (body == NULL && cert == NULL)
		return;
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_HOST_ADDRESSES_DIFFER,
				  .subject = f->policy_host.name,
				  .detail = sts_sprintf(r->arena, "%s and %s serve different %s.%s",
					  first->address.text, (body != NULL ? body : cert)->address.text,
					  body != NULL && cert != NULL ? "policies and certificates"
					  : body != NULL               ? "policies"
								       : "certificates",
					  body != NULL ? " Which policy a sender gets is a matter of luck." : ""),
				  .fix_type = STS_FIX_SERVER,
			  });
}

/* ---- delegation -------------------------------------------------------------------------------------------------- */

/* The host's finding that shows that nobody serves this domain at the other end of the alias, or STS_F_COUNT. */
static enum sts_finding_id orphaned_by(const struct sts_report *r)
{
	static const enum sts_finding_id signs[] = {
		STS_F_HOST_DNS_CNAME_BROKEN, STS_F_HOST_TLS_ALERT, STS_F_HOST_CERT_NAME_MISMATCH, STS_F_POLICY_EMPTY};

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (sts_report_has(r, signs[i], NULL))
			return signs[i];
	return STS_F_COUNT;
}

static void orphan(struct sts_report *r, const char *subject, const struct sts_answer *a, enum sts_finding_id cause)
{
	sts_report_add(
		r, &(struct sts_note){
			   .id = STS_F_DELEG_ORPHAN,
			   .subject = subject,
			   .cause = sts_catalogue(cause)->code,
			   .detail = sts_sprintf(r->arena,
				   "%s is an alias for %s, and nobody serves %s there (%s). Where such names can be "
				   "claimed by others, somebody else could publish a policy for this domain.",
				   subject, sts_name(r->arena, a->cname[a->cname_count - 1]), r->facts->domain,
				   sts_catalogue(cause)->title),
			   .fix_type = STS_FIX_DNS,
		   });
}

static const struct sts_answer *alias_out(const struct sts_facts *f)
{
	if (sts_leads_out(&f->policy_host.a, f->domain))
		return &f->policy_host.a;
	return sts_leads_out(&f->policy_host.aaaa, f->domain) ? &f->policy_host.aaaa : NULL;
}

static void half(const struct sts_facts *f, struct sts_report *r, bool record, bool host)
{
	if (record == host || f->policy_host.address_count == 0 || sts_record_state(f) != STS_RECORD_USABLE)
		return;
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_DELEG_HALF,
				  .subject = f->domain,
				  .detail = record ? sts_sprintf(r->arena,
							     "The record is kept elsewhere (%s), the policy host is "
							     "not. The id and the file then change in two places.",
							     sts_chain_words(r->arena, &f->record))
						   : sts_sprintf(r->arena,
							     "The policy host is kept elsewhere (%s), the record is "
							     "not. The id and the file then change in two places.",
							     sts_chain_words(r->arena, alias_out(f))),
				  .fix_type = STS_FIX_DNS,
			  });
}

void sts_rule_deleg(const struct sts_facts *f, struct sts_report *r)
{
	const struct sts_answer *host = alias_out(f);
	bool record = sts_leads_out(&f->record, f->domain);
	enum sts_finding_id cause = orphaned_by(r);
	bool orphans = false;

	if (record && sts_answer_absent(&f->record)) {
		orphan(r, f->record.name, &f->record, STS_F_RECORD_CNAME_BROKEN);
		orphans = true;
	}
	if (host != NULL && sts_policy_state(f) == STS_POLICY_FAILS && cause != STS_F_COUNT) {
		orphan(r, f->policy_host.name, host, cause);
		orphans = true;
	}
	if (!orphans)
		half(f, r, record, host != NULL);
}
