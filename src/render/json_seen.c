/* What was seen, as JSON: record, policy and its fetches, mail hosts, TLSRPT. */
#include "render/render.h"
#include "render/words.h"

/* A phrase built by one of words.h's functions, or null when it is empty. */
static void write_phrase(struct sts_jsonw *w, const char *key, struct sts_buf *phrase)
{
	if (phrase->len == 0)
		sts_jw_null(w, key);
	else
		sts_jw_str(w, key, sts_buf_str(phrase));
	sts_buf_clear(phrase);
}

static void write_names(struct sts_jsonw *w, const char *key, const char *const *names, size_t count)
{
	sts_jw_array(w, key);
	for (size_t i = 0; i < count; i++)
		sts_jw_cstr(w, NULL, names[i]);
	sts_jw_end_array(w);
}

static void write_texts(struct sts_jsonw *w, const char *key, const struct sts_str *texts, size_t count)
{
	sts_jw_array(w, key);
	for (size_t i = 0; i < count; i++)
		sts_jw_str(w, NULL, texts[i]);
	sts_jw_end_array(w);
}

/* TXT records of an answer; what fails validation is shown too (it must not be used, and the state says so). */
static void write_txt(struct sts_jsonw *w, const char *key, const struct sts_answer *a)
{
	sts_jw_array(w, key);
	for (size_t i = 0; i < a->rr_count; i++)
		sts_jw_str(w, NULL, a->rrs[i].data);
	sts_jw_end_array(w);
}

/* Null when the answer is certain, else why there is none. */
static void write_dns_error(struct sts_jsonw *w, const char *key, const struct sts_answer *a)
{
	if (sts_answer_certain(a))
		sts_jw_null(w, key);
	else
		sts_jw_cstr(w, key, a->why != NULL ? a->why : sts_dns_state_phrase(a->state));
}

/* ---- DNS record ------------------------------------------------------------------------------------------------ */

static void write_nameserver(struct sts_jsonw *w, const struct sts_nameserver *n)
{
	sts_jw_object(w, NULL);
	sts_jw_cstr(w, "name", n->name);
	sts_jw_cstr(w, "address", n->address != NULL && n->address[0] != '\0' ? n->address : NULL);
	write_texts(w, "records", n->records, n->record_count);
	sts_jw_cstr(w, "cname", n->cname);
	sts_jw_cstr(w, "state", n->not_tested ? "not_tested" : sts_dns_state_word(n->state));
	sts_jw_cstr(w, "error", n->error);
	sts_jw_end_object(w);
}

static void write_record(struct sts_jsonw *w, const struct sts_facts *f)
{
	const struct sts_answer *a = &f->record;
	const struct sts_record *chosen = f->record_set.chosen;

	sts_jw_object(w, "dns_record");
	sts_jw_cstr(w, "name", a->name);
	sts_jw_cstr(w, "state", sts_dns_state_word(a->state));
	write_dns_error(w, "error", a);
	write_txt(w, "records", a);
	sts_jw_cstr(w, "version", chosen != NULL && chosen->begins_with_version ? "STSv1" : NULL);
	if (chosen != NULL && chosen->id.len > 0)
		sts_jw_str(w, "id", chosen->id);
	else
		sts_jw_null(w, "id");
	if (a->rr_count > 0)
		sts_jw_int(w, "ttl", a->ttl_s);
	else
		sts_jw_null(w, "ttl");
	sts_jw_cstr(w, "dnssec", sts_dnssec_word(a->dnssec));
	sts_jw_bool(w, "wildcard", f->record_wildcard);
	write_names(w, "cname", a->cname, a->cname_count);
	sts_jw_cstr(w, "zone", f->record_zone);
	sts_jw_array(w, "nameservers");
	for (size_t i = 0; i < f->nameserver_count; i++)
		write_nameserver(w, &f->nameservers[i]);
	sts_jw_end_array(w);
	sts_jw_end_object(w);
}

/* ---- policy ---------------------------------------------------------------------------------------------------- */

static void write_policy(struct sts_jsonw *w, const struct sts_facts *f)
{
	const struct sts_policy *p = f->policy;

	if (p == NULL) {
		sts_jw_null(w, "policy");
		return;
	}
	sts_jw_object(w, "policy");
	if (p->version.len > 0)
		sts_jw_str(w, "version", p->version);
	else
		sts_jw_null(w, "version");
	sts_jw_cstr(w, "mode", sts_mode_name(p->mode));
	sts_jw_array(w, "mx");
	for (size_t i = 0; i < p->mx_count; i++)
		sts_jw_str(w, NULL, sts_str(p->mx[i].text, p->mx[i].len));
	sts_jw_end_array(w);
	if (p->has_max_age)
		sts_jw_int(w, "max_age", p->max_age_s);
	else
		sts_jw_null(w, "max_age");
	sts_jw_bool(w, "usable", p->usable);
	sts_jw_bool(w, "strict", p->strict);
	sts_jw_bool(w, "served", f->policy_served);
	sts_jw_str(w, "raw", f->policy_fetch->body);
	sts_jw_cstr(w, "sha256", f->policy_fetch->sha256[0] != '\0' ? f->policy_fetch->sha256 : NULL);
	sts_jw_cstr(w, "line_endings", sts_line_endings_word(p));
	sts_jw_end_object(w);
}

/* ---- TLS ------------------------------------------------------------------------------------------------------- */

static void write_cert_head(struct sts_jsonw *w, const struct sts_facts *f, const struct sts_cert *c)
{
	sts_jw_cstr(w, "subject", c->subject);
	sts_jw_cstr(w, "issuer", c->issuer);
	write_names(w, "names", c->names, c->name_count);
	sts_jw_int(w, "names_total", (int64_t)c->name_total);
	sts_jw_time(w, "not_before", c->not_before);
	sts_jw_time(w, "not_after", c->not_after);
	sts_jw_int(w, "days_left", sts_days_left(f, c));
	sts_jw_cstr(w, "sha256", c->sha256);
	sts_jw_cstr(w, "spki_sha256", c->spki_sha256);
	sts_jw_object(w, "key");
	sts_jw_cstr(w, "type", c->key_type);
	sts_jw_int(w, "bits", c->key_bits);
	sts_jw_end_object(w);
	sts_jw_cstr(w, "signature", c->signature);
}

static void write_chain_link(struct sts_jsonw *w, const struct sts_facts *f, const struct sts_cert *c)
{
	sts_jw_object(w, NULL);
	sts_jw_cstr(w, "subject", c->subject);
	sts_jw_cstr(w, "issuer", c->issuer);
	sts_jw_time(w, "not_before", c->not_before);
	sts_jw_time(w, "not_after", c->not_after);
	sts_jw_int(w, "days_left", sts_days_left(f, c));
	sts_jw_cstr(w, "sha256", c->sha256);
	sts_jw_end_object(w);
}

static void write_certificate(struct sts_jsonw *w, const struct sts_facts *f, const struct sts_tls *tls)
{
	if (tls->chain_count == 0) {
		sts_jw_null(w, "certificate");
		return;
	}
	sts_jw_object(w, "certificate");
	write_cert_head(w, f, &tls->chain[0]);
	sts_jw_array(w, "chain");
	for (size_t i = 0; i < tls->chain_count; i++)
		write_chain_link(w, f, &tls->chain[i]);
	sts_jw_end_array(w);
	sts_jw_cstr(w, "problem", sts_cert_problem_name(tls->problems));
	sts_jw_array(w, "problems");
	for (unsigned i = 0; i < STS_CERT_PROBLEM_COUNT; i++)
		if ((tls->problems & 1u << i) != 0)
			sts_jw_cstr(w, NULL, sts_cert_problem_name(1u << i));
	sts_jw_end_array(w);
	sts_jw_end_object(w);
}

static void write_tls(struct sts_jsonw *w, const struct sts_facts *f, const struct sts_tls *tls)
{
	if (tls->state == STS_TLS_NOT_TRIED) {
		sts_jw_null(w, "tls");
		return;
	}
	sts_jw_object(w, "tls");
	sts_jw_cstr(w, "version", tls->version);
	sts_jw_cstr(w, "cipher", tls->cipher);
	sts_jw_cstr(w, "alpn", tls->alpn);
	sts_jw_cstr(w, "alert", tls->alert);
	sts_jw_cstr(w, "error", tls->error);
	write_certificate(w, f, tls);
	sts_jw_end_object(w);
}

/* ---- fetches --------------------------------------------------------------------------------------------------- */

static void write_http(struct sts_jsonw *w, const struct sts_fetch *f)
{
	if (f->http.status == 0) {
		sts_jw_null(w, "http");
		return;
	}
	sts_jw_object(w, "http");
	sts_jw_int(w, "status", f->http.status);
	sts_jw_cstr(w, "content_type", f->http.content_type);
	sts_jw_int(w, "bytes", (int64_t)f->body_total);
	sts_jw_array(w, "headers");
	for (size_t i = 0; i < f->http.header_count; i++) {
		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "name", f->http.headers[i].name);
		sts_jw_cstr(w, "value", f->http.headers[i].value);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
	sts_jw_end_object(w);
}

static void write_fetch(struct sts_jsonw *w, const struct sts_facts *facts, const struct sts_fetch *f)
{
	struct sts_buf phrase;

	sts_jw_object(w, NULL);
	sts_jw_cstr(w, "address", f->address.text);
	sts_jw_cstr(w, "reached", sts_reached_word(f->reached));
	sts_buf_init(&phrase, 4096);
	sts_fetch_error(&phrase, f);
	write_phrase(w, "error", &phrase);
	sts_jw_cstr(w, "error_code", sts_fetch_code(f));
	write_tls(w, facts, &f->tls);
	write_http(w, f);
	sts_jw_cstr(w, "sha256", f->sha256[0] != '\0' ? f->sha256 : NULL);
	sts_jw_int(w, "duration_ms", f->duration_ms);
	sts_jw_end_object(w);
}

/* ---- mail hosts ------------------------------------------------------------------------------------------------ */

/* A TLSA record as it stands in a zone: "3 1 1 ab12…". */
static void write_tlsa_record(struct sts_jsonw *w, struct sts_str rdata)
{
	struct sts_buf b;

	sts_buf_init(&b, 4 * 65536);
	for (size_t i = 0; i < rdata.len; i++)
		sts_buf_printf(&b, i < 3 ? "%u " : "%02x", (unsigned)(unsigned char)rdata.ptr[i]);
	sts_jw_str(w, NULL, sts_buf_str(&b));
	sts_buf_clear(&b);
}

static void write_tlsa(struct sts_jsonw *w, const struct sts_mx *mx)
{
	if (mx->tlsa.state == STS_DNS_NOT_ASKED) {
		sts_jw_null(w, "tlsa");
		return;
	}
	sts_jw_object(w, "tlsa");
	sts_jw_cstr(w, "name", mx->tlsa.name);
	sts_jw_cstr(w, "dnssec", sts_dnssec_word(mx->tlsa.dnssec));
	sts_jw_array(w, "records");
	for (size_t i = 0; i < mx->tlsa.rr_count; i++)
		write_tlsa_record(w, mx->tlsa.rrs[i].data);
	sts_jw_end_array(w);
	write_dns_error(w, "error", &mx->tlsa);
	sts_jw_end_object(w);
}

static bool ehlo_was_answered(const struct sts_smtp *s)
{
	return s->ehlo_count > 0 || s->end == STS_SMTP_OK || s->end == STS_SMTP_NO_STARTTLS;
}

/* Not tested: the fixed word. Failed: what happened, in words. */
static void write_reason(struct sts_jsonw *w, const struct sts_facts *facts, const struct sts_smtp *s)
{
	struct sts_buf phrase;

	if (strcmp(sts_smtp_state(s), "not_tested") == 0) {
		sts_jw_cstr(w, "reason", sts_smtp_code(facts, s));
		return;
	}
	sts_buf_init(&phrase, 4096);
	sts_smtp_error(&phrase, s);
	write_phrase(w, "reason", &phrase);
}

static void write_smtp(struct sts_jsonw *w, const struct sts_facts *facts, const struct sts_smtp *s)
{
	sts_jw_object(w, NULL);
	sts_jw_cstr(w, "address", s->address.text);
	sts_jw_cstr(w, "state", sts_smtp_state(s));
	write_reason(w, facts, s);
	sts_jw_cstr(w, "error_code", sts_smtp_code(facts, s));
	sts_jw_cstr(w, "banner", s->banner);
	if (ehlo_was_answered(s))
		sts_jw_bool(w, "starttls", s->starttls);
	else
		sts_jw_null(w, "starttls");
	write_tls(w, facts, &s->tls);
	sts_jw_cstr(w, "pkix", sts_pkix_word(&s->tls));
	sts_jw_cstr(w, "dane", sts_dane_word(s->tls.dane));
	sts_jw_int(w, "duration_ms", s->duration_ms);
	sts_jw_end_object(w);
}

static void write_decisions(struct sts_jsonw *w, const struct sts_report *r, size_t index)
{
	sts_jw_object(w, "decisions");
	for (size_t i = 0; i < STS_STATE_COUNT; i++)
		sts_jw_cstr(w, sts_sender_state_name((enum sts_sender_state)i), sts_decision_name(r->mx[index].decisions[i]));
	for (size_t i = 0; i < r->held_count; i++)
		sts_jw_cstr(w, r->held[i].name, sts_decision_name(r->held[i].decisions[index]));
	sts_jw_end_object(w);
}

static void write_mx(struct sts_jsonw *w, const struct sts_report *r, size_t index)
{
	const struct sts_facts *facts = r->facts;
	const struct sts_mx *mx = &facts->mx[index];
	const struct sts_mx_judgement *j = &r->mx[index];

	sts_jw_object(w, NULL);
	sts_jw_cstr(w, "host", mx->name);
	if (mx->implicit)
		sts_jw_null(w, "preference");
	else
		sts_jw_int(w, "preference", mx->preference);
	sts_jw_bool(w, "implicit", mx->implicit);
	if (j->judged)
		sts_jw_bool(w, "covered", j->covered);
	else
		sts_jw_null(w, "covered");
	sts_jw_cstr(w, "matched_by", j->matched_by);
	sts_jw_cstr(w, "cause", j->cause);
	write_tlsa(w, mx);
	sts_jw_array(w, "addresses");
	for (size_t i = 0; i < mx->smtp_count; i++)
		write_smtp(w, facts, &mx->smtp[i]);
	sts_jw_end_array(w);
	write_decisions(w, r, index);
	sts_jw_end_object(w);
}

/* ---- TLSRPT ---------------------------------------------------------------------------------------------------- */

static void write_tls_rpt(struct sts_jsonw *w, const struct sts_facts *f)
{
	if (!sts_answer_certain(&f->rpt)) {
		sts_jw_null(w, "tls_rpt");
		return;
	}
	sts_jw_object(w, "tls_rpt");
	sts_jw_cstr(w, "name", f->rpt.name);
	sts_jw_bool(w, "found", f->rpt.state == STS_DNS_OK && f->tlsrpt.verdict != STS_TLSRPT_ABSENT);
	write_txt(w, "records", &f->rpt);
	sts_jw_array(w, "rua");
	for (size_t i = 0; i < f->rua_count; i++) {
		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "uri", f->rua[i].uri);
		sts_jw_cstr(w, "scheme", f->rua[i].scheme);
		sts_jw_cstr(w, "state", sts_rua_state_word(f->rua[i].state));
		sts_jw_cstr(w, "error", f->rua[i].error);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
	sts_jw_end_object(w);
}

void sts_json_seen(struct sts_jsonw *w, const struct sts_report *r)
{
	const struct sts_facts *f = r->facts;
	struct sts_buf url;

	write_record(w, f);
	sts_buf_init(&url, 1024);
	sts_policy_url(&url, f);
	write_phrase(w, "policy_url", &url);
	write_policy(w, f);
	sts_jw_array(w, "policy_fetch");
	for (size_t i = 0; i < f->fetch_count; i++)
		write_fetch(w, f, &f->fetches[i]);
	sts_jw_end_array(w);
	sts_jw_array(w, "mx");
	for (size_t i = 0; i < f->mx_count; i++)
		write_mx(w, r, i);
	sts_jw_end_array(w);
	sts_jw_int(w, "mx_total", (int64_t)f->mx_total);
	write_tls_rpt(w, f);
}
