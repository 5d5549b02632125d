/* TLSA records of the MX hosts, looked at as a sender does that honours DANE.  [RFC 7672] */
#include "check/phrase.h"
#include "check/rules.h"
#include "check/view.h"

/* The record for the key that the host shows now; the first choice of RFC 7672 section 3.1. */
static const char *present_record(const struct sts_report *r, const struct sts_mx *mx, const struct sts_tls *tls)
{
	if (tls->chain_count == 0 || tls->chain[0].spki_sha256[0] == '\0')
		return NULL;
	return sts_sprintf(r->arena, "_25._tcp.%s. IN TLSA 3 1 1 %s",
		sts_name(r->arena, mx->tlsa_name == NULL ? mx->name : mx->tlsa_name), tls->chain[0].spki_sha256);
}

static void lookup_failed(struct sts_report *r, const struct sts_mx *mx)
{
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_DANE_LOOKUP_FAILED,
				  .subject = sts_name(r->arena, mx->name),
				  .detail = sts_sprintf(r->arena,
					  "TLSA at %s: %s. Senders that honour DANE must not deliver to this host.",
					  sts_name(r->arena, mx->tlsa.name), sts_lookup_words(r->arena, &mx->tlsa)),
				  .result_type = "dnssec-invalid",
				  .fix_type = STS_FIX_DNS,
			  });
}

static void insecure(struct sts_report *r, const struct sts_mx *mx)
{
	sts_report_add(r,
		&(struct sts_note){
			.id = STS_F_DANE_INSECURE,
			.subject = sts_name(r->arena, mx->name),
			.detail =
				mx->tlsa.dnssec == STS_DNSSEC_SECURE
					? "TLSA records are signed, but the host's address is not: senders ignore them."
					: "TLSA records stand in a zone without DNSSEC: senders ignore them.",
			.fix_type = STS_FIX_DNS,
		});
}

static void unusable(struct sts_report *r, const struct sts_mx *mx)
{
	const char *why = NULL;

	for (size_t i = 0; i < mx->tlsa_count; i++) {
		if (mx->tlsa_rrs[i].usable)
			return;
		if (why == NULL)
			why = mx->tlsa_rrs[i].why;
	}
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_DANE_UNUSABLE,
				  .subject = sts_name(r->arena, mx->name),
				  .detail = sts_sprintf(r->arena,
					  "None of the %zu signed TLSA records can be used for mail%s%s. Senders that "
					  "honour DANE insist on TLS and verify nothing.",
					  mx->tlsa_count, why == NULL ? "" : ": ", why == NULL ? "" : why),
				  .result_type = "tlsa-invalid",
				  .snippet = mx->smtp_count > 0 ? present_record(r, mx, &mx->smtp[0].tls) : NULL,
				  .fix_type = STS_FIX_DNS,
			  });
}

/* A mismatch at every address seen is an error; at some only, senders get through at the others. */
static void mismatch(struct sts_report *r, const struct sts_mx *mx)
{
	const struct sts_smtp *bad = NULL;
	size_t passed = 0;

	for (size_t i = 0; i < mx->smtp_count; i++) {
		passed += mx->smtp[i].tls.dane == STS_DANE_PASS;
		if (bad == NULL && mx->smtp[i].tls.dane == STS_DANE_MISMATCH)
			bad = &mx->smtp[i];
	}
	if (bad == NULL)
		return;
	sts_report_add(r, &(struct sts_note){
				  .id = STS_F_DANE_MISMATCH,
				  .severity = passed > 0 ? STS_WARNING : STS_ERROR,
				  .has_severity = true,
				  .subject = sts_name(r->arena, mx->name),
				  .detail = sts_sprintf(r->arena,
					  "The TLSA records at %s do not fit the certificate shown at %s: %s. Senders "
					  "that honour DANE refuse to deliver there, whatever MTA-STS says.",
					  sts_name(r->arena, mx->tlsa.name), bad->address.text,
					  bad->tls.dane_error != NULL ? bad->tls.dane_error : "no record matches"),
				  .result_type = bad->tls.dane_type != NULL ? bad->tls.dane_type : "tlsa-invalid",
				  .snippet = present_record(r, mx, &bad->tls),
				  .fix_type = STS_FIX_DNS,
			  });
}

static void host(const struct sts_facts *f, struct sts_report *r, const struct sts_mx *mx)
{
	const struct sts_answer *a = &mx->tlsa;
	const char *what = sts_sprintf(r->arena, "DANE of MX host %s", sts_name(r->arena, mx->name));

	if (a->state == STS_DNS_NOT_ASKED || sts_answer_absent(a))
		return;
	if (a->state == STS_DNS_OK && sts_dane_applies(mx)) {
		unusable(r, mx);
		mismatch(r, mx);
	} else if (a->state == STS_DNS_OK &&
		   (a->dnssec == STS_DNSSEC_UNKNOWN || f->vantage.path == STS_PATH_UNVALIDATED)) {
		sts_report_not_tested(r, "resolver-failed",
			sts_sprintf(r->arena, "%s: the resolvers in use do not pass DNSSEC through", what));
	} else if (a->state == STS_DNS_OK) {
		insecure(r, mx);
	} else if (sts_tlsa_failed(mx)) {
		lookup_failed(r, mx);
	} else if (sts_mx_signed(mx)) {
		/* Our own clock ran out: whether the records can be had is not known. */
		sts_report_not_tested(r, sts_lookup_reason(a), what);
	}
}

void sts_rule_dane(const struct sts_facts *f, struct sts_report *r)
{
	for (size_t i = 0; i < f->mx_count; i++)
		if (sts_mx_real(&f->mx[i]) && !sts_mx_repeated(f, i))
			host(f, r, &f->mx[i]);
}
