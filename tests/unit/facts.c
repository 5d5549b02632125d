#include "facts.h"

#include "net/address.h"
#include "proto/dnsmsg.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct sts_arena *arena;

/* ---- answers ------------------------------------------------------------------------------------------------------
 */

static struct sts_answer answer(const char *name, uint16_t type)
{
	return (struct sts_answer){
		.name = name, .type = type, .state = STS_DNS_NODATA, .dnssec = STS_DNSSEC_SECURE, .ttl_s = 3600};
}

void facts_set_state(struct sts_answer *a, enum sts_dns_state state)
{
	a->state = state;
	a->rrs = NULL;
	a->rr_count = 0;
	if (!sts_answer_certain(a))
		a->dnssec = state == STS_DNS_BOGUS ? STS_DNSSEC_BOGUS : STS_DNSSEC_UNKNOWN;
}

void facts_set_cname(struct sts_answer *a, const char *target)
{
	*STS_PUSH(arena, a->cname, a->cname_count) = target;
}

static void put_text(struct sts_answer *a, const char *text)
{
	struct sts_rr *rr = STS_PUSH(arena, a->rrs, a->rr_count);

	a->state = STS_DNS_OK;
	rr->data = sts_str_of(text);
	rr->ttl_s = a->ttl_s;
	rr->string_count = 1;
}

static void put_address(struct sts_host *h, const char *text)
{
	struct sts_address *address = STS_PUSH(arena, h->addresses, h->address_count);
	struct sts_answer *a;

	if (!sts_address_parse(text, address))
		abort();
	a = address->family == 6 ? &h->aaaa : &h->a;
	a->state = STS_DNS_OK;
	STS_PUSH(arena, a->rrs, a->rr_count)->ttl_s = 3600;
	h->address_total = h->address_count;
}

static struct sts_host make_host(const char *name)
{
	return (struct sts_host){.name = name, .a = answer(name, STS_T_A), .aaaa = answer(name, STS_T_AAAA)};
}

/* ---- TLS ----------------------------------------------------------------------------------------------------------
 */

static struct sts_tls good_tls(const char *name)
{
	struct sts_cert *leaf = STS_NEW(arena, struct sts_cert);

	leaf->subject = "CN = test";
	leaf->issuer = "CN = test CA";
	leaf->not_before = FACTS_NOW - 30 * FACTS_DAY;
	leaf->not_after = FACTS_NOW + 60 * FACTS_DAY;
	memset(leaf->sha256, 'a', 64);
	memset(leaf->spki_sha256, 'b', 64);
	leaf->key_type = "EC";
	leaf->key_bits = 256;
	*STS_PUSH(arena, leaf->names, leaf->name_count) = name;
	leaf->name_total = 1;
	return (struct sts_tls){
		.state = STS_TLS_OK, .version = "TLSv1.3", .chain = leaf, .chain_count = 1, .chain_total = 1};
}

static void set_problems(struct sts_tls *tls, unsigned problems)
{
	tls->problems = problems;
	for (size_t i = 0; i < STS_CERT_PROBLEM_COUNT; i++)
		if ((problems & 1u << i) != 0)
			tls->problem_text[i] = sts_sprintf(arena, "the certificate has problem %zu", i);
}

void facts_set_problem(struct sts_fetch *fetch, unsigned problems)
{
	set_problems(&fetch->tls, problems);
}

/* ---- record, policy -----------------------------------------------------------------------------------------------
 */

void facts_set_records(struct sts_facts *f, const char *const *texts, size_t count)
{
	struct sts_str *slices = sts_alloc_array(arena, count + 1, sizeof *slices);

	facts_set_state(&f->record, STS_DNS_NODATA);
	f->record.dnssec = STS_DNSSEC_SECURE;
	for (size_t i = 0; i < count; i++) {
		put_text(&f->record, texts[i]);
		slices[i] = sts_str_of(texts[i]);
	}
	sts_record_set_parse(slices, count, arena, &f->record_set);
	f->nameservers = NULL;
	f->nameserver_count = 0;
	for (size_t n = 0; n < 2; n++) {
		struct sts_nameserver *ns = STS_PUSH(arena, f->nameservers, f->nameserver_count);

		*ns = (struct sts_nameserver){
			.name = n == 0 ? "ns1.example.test" : "ns2.example.test",
			.address = n == 0 ? "9.9.9.1" : "9.9.9.2",
			.state = f->record.state,
			.records = slices,
			.record_count = count,
		};
	}
}

void facts_set_record(struct sts_facts *f, const char *text)
{
	facts_set_records(f, &text, text == NULL ? 0 : 1);
}

void facts_set_policy_at(struct sts_facts *f, size_t i, const char *body)
{
	struct sts_fetch *fetch = &f->fetches[i];
	uint64_t sum = 14695981039346656037u;

	fetch->body = sts_str_of(body);
	fetch->body_total = strlen(body);
	for (const char *c = body; *c != '\0'; c++)
		sum = (sum ^ (unsigned char)*c) * 1099511628211u;
	snprintf(fetch->sha256, sizeof fetch->sha256, "%064" PRIx64, sum);
	sts_policy_parse(fetch->body, arena, &fetch->policy);
	fetch->has_policy = true;
	fetch->reached = STS_AT_BODY;
	fetch->end = STS_FETCH_OK;
	facts_choose_policy(f);
}

void facts_set_policy(struct sts_facts *f, const char *body)
{
	for (size_t i = 0; i < f->fetch_count; i++)
		facts_set_policy_at(f, i, body);
}

static bool served(const struct sts_fetch *f)
{
	return f->end == STS_FETCH_OK && f->tls.problems == 0 && f->http.status == 200 && f->http.media_type != NULL &&
	       strcmp(f->http.media_type, "text/plain") == 0;
}

void facts_choose_policy(struct sts_facts *f)
{
	int best = -1;

	f->policy_fetch = NULL;
	f->policy = NULL;
	f->policy_served = false;
	for (size_t i = 0; i < f->fetch_count; i++) {
		const struct sts_fetch *t = &f->fetches[i];
		int quality = (int)t->reached + (t->has_policy && t->policy.usable ? 20 : 0) + (served(t) ? 40 : 0);

		if (quality > best) {
			best = quality;
			f->policy_fetch = t;
		}
	}
	if (f->policy_fetch == NULL || !f->policy_fetch->has_policy || f->policy_fetch->http.status != 200)
		return;
	f->policy = &f->policy_fetch->policy;
	f->policy_served = served(f->policy_fetch);
}

struct sts_misplaced *facts_push_misplaced(struct sts_facts *f)
{
	return STS_PUSH(arena, f->misplaced, f->misplaced_count);
}

static void make_policy_host(struct sts_facts *f)
{
	f->policy_host = make_host("mta-sts.example.test");
	put_address(&f->policy_host, "9.9.9.10");
	put_address(&f->policy_host, "2620:fe::10");
	for (size_t i = 0; i < 2; i++) {
		struct sts_fetch *fetch = STS_PUSH(arena, f->fetches, f->fetch_count);

		fetch->address = f->policy_host.addresses[i];
		fetch->tls = good_tls("mta-sts.example.test");
		fetch->http = (struct sts_http){
			.status = 200,
			.reason = "OK",
			.version = "HTTP/1.1",
			.content_type = "text/plain",
			.media_type = "text/plain",
			.declared_length = -1,
		};
		fetch->duration_ms = 50;
	}
}

/* ---- mail hosts ---------------------------------------------------------------------------------------------------
 */

void facts_add_mx_address(struct sts_facts *f, size_t mx, const char *address)
{
	struct sts_mx *m = &f->mx[mx];
	struct sts_smtp *s;

	put_address(&m->host, address);
	s = STS_PUSH(arena, m->smtp, m->smtp_count);
	*s = (struct sts_smtp){
		.address = m->host.addresses[m->host.address_count - 1],
		.end = STS_SMTP_OK,
		.starttls = true,
		.ehlo2_code = 250,
		.tls = good_tls(m->name),
	};
}

void facts_set_hosts(struct sts_facts *f, const char *names)
{
	struct sts_str rest = sts_str_of(names);

	f->mx = NULL;
	f->mx_count = 0;
	f->mx_answer = answer("example.test", STS_T_MX);
	f->mx_answer.state = rest.len == 0 ? STS_DNS_NODATA : STS_DNS_OK;
	while (rest.len > 0) {
		size_t end = sts_str_find(rest, ' ', 0);
		const char *name = sts_strndup(arena, rest.ptr, end);
		struct sts_mx *m = STS_PUSH(arena, f->mx, f->mx_count);

		m->name = name;
		m->preference = (uint16_t)(10 * f->mx_count);
		m->null_mx = strcmp(name, ".") == 0;
		m->host = make_host(name);
		m->tlsa = answer(sts_sprintf(arena, "_25._tcp.%s", name), STS_T_TLSA);
		m->tlsa_name = name;
		if (!m->null_mx)
			facts_add_mx_address(f, f->mx_count - 1, sts_sprintf(arena, "9.9.9.%zu", 20 + f->mx_count));
		rest = sts_str_from(rest, end + 1);
	}
	f->mx_total = f->mx_count;
}

void facts_set_mx_end(struct sts_facts *f, size_t mx, enum sts_smtp_end end)
{
	for (size_t i = 0; i < f->mx[mx].smtp_count; i++) {
		struct sts_smtp *s = &f->mx[mx].smtp[i];

		s->end = end;
		s->code = end == STS_SMTP_GREETING_4XX                                   ? 421
			  : end == STS_SMTP_GREETING_5XX || end == STS_SMTP_EHLO_REFUSED ? 554
											 : 0;
		s->tls = (struct sts_tls){.state = end == STS_SMTP_TLS ? STS_TLS_ALERT : STS_TLS_NOT_TRIED};
	}
}

void facts_set_mx_problem(struct sts_facts *f, size_t mx, unsigned problems)
{
	for (size_t i = 0; i < f->mx[mx].smtp_count; i++)
		set_problems(&f->mx[mx].smtp[i].tls, problems);
}

void facts_set_tlsa(struct sts_facts *f, size_t mx, bool usable, enum sts_dane_state state)
{
	struct sts_mx *m = &f->mx[mx];
	struct sts_tlsa *t = STS_PUSH(arena, m->tlsa_rrs, m->tlsa_count);

	*t = (struct sts_tlsa){.usage = usable ? 3 : 0,
		.selector = 1,
		.matching = 1,
		.usable = usable,
		.why = usable ? NULL : "usage 0 is not for mail"};
	put_text(&m->tlsa, "");
	for (size_t i = 0; i < m->smtp_count; i++)
		m->smtp[i].tls.dane = state;
}

/* ---- TLSRPT -------------------------------------------------------------------------------------------------------
 */

void facts_set_rpt(struct sts_facts *f, const char *text)
{
	struct sts_str slice = sts_str_of(text);

	f->rpt = answer("_smtp._tls.example.test", STS_T_TXT);
	f->rua_count = 0;
	f->rua = NULL;
	if (text != NULL)
		put_text(&f->rpt, text);
	sts_tlsrpt_parse(&slice, text == NULL ? 0 : 1, arena, &f->tlsrpt);
	for (size_t i = 0; i < f->tlsrpt.rua_count; i++) {
		struct sts_rua_facts *rua = STS_PUSH(arena, f->rua, f->rua_count);

		rua->uri = sts_strndup(arena, f->tlsrpt.rua[i].uri.ptr, f->tlsrpt.rua[i].uri.len);
		rua->state = f->tlsrpt.rua[i].usable ? STS_RUA_OK : STS_RUA_INVALID;
	}
}

/* ---- the whole ----------------------------------------------------------------------------------------------------
 */

struct sts_facts *facts_healthy(struct sts_arena *owner)
{
	struct sts_facts *f = STS_NEW(owner, struct sts_facts);

	arena = owner;
	f->domain = "example.test";
	f->checked_at = f->judged_at = FACTS_NOW;
	f->record = answer("_mta-sts.example.test", STS_T_TXT);
	f->record_zone = "example.test";
	facts_set_record(f, "v=STSv1; id=20260601;");
	make_policy_host(f);
	facts_set_policy(
		f, "version: STSv1\nmode: enforce\nmx: mx1.example.test\nmx: *.backup.test\nmax_age: 1209600\n");
	facts_set_hosts(f, "mx1.example.test mx2.backup.test");
	facts_set_rpt(f, "v=TLSRPTv1; rua=mailto:reports@example.test");
	f->vantage =
		(struct sts_vantage){"9.9.9.9", STS_PATH_VALIDATED, NULL, "/etc/ssl/certs", STS_YES, STS_YES, STS_YES};
	return f;
}
