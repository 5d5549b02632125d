#include "fixture.h"

#include <stdio.h>

#define NOW 1767225600 /* 2026-01-01T00:00:00Z */
#define DAY 86400

const char *const fixture_names[] = {"healthy", "broken", "absent", "unknown", "hostile", NULL};

/* Terminal commands, markup of every form, formulas, a bidirectional override, C1, a broken sequence. No NUL: most fields are C strings. */
#define EVIL                                                                                                           \
	"=cmd|'/C calc'!A0\x1b]0;owned\x07\x1b[31m<script>alert(1)</script>\"'&`|*_[x](javascript:1)\r\n\xC2\x9B" "2J\xE2\x80\xAE"  \
	"\xEF\xBB\xBF\x7F\xFF]]>--></td>\\"
const char fixture_evil[] = EVIL;
const size_t fixture_evil_len = sizeof EVIL - 1;

/* ---- pieces ---------------------------------------------------------------------------------------------------- */

static void answer_txt(struct sts_arena *a, struct sts_answer *out, const char *name, struct sts_str text)
{
	*out = (struct sts_answer){.name = name, .type = 16, .state = STS_DNS_OK, .dnssec = STS_DNSSEC_SECURE, .ttl_s = 3600};
	*STS_PUSH(a, out->rrs, out->rr_count) = (struct sts_rr){.ttl_s = 3600, .data = text, .string_count = 1};
}

static struct sts_answer answer_none(const char *name, enum sts_dns_state state)
{
	return (struct sts_answer){.name = name, .type = 16, .state = state, .ttl_s = 300};
}

static struct sts_address address(const char *text)
{
	struct sts_address out = {.family = strchr(text, ':') == NULL ? 4 : 6};

	snprintf(out.text, sizeof out.text, "%s", text);
	return out;
}

static struct sts_cert cert(struct sts_arena *a, const char *subject, const char *issuer, int64_t days)
{
	struct sts_cert c = {.subject = subject, .issuer = issuer, .common_name = subject, .not_before = NOW - 30 * DAY,
		.not_after = NOW + days * DAY, .key_type = "EC", .key_bits = 256, .signature = "ecdsa-with-SHA256"};

	*STS_PUSH(a, c.names, c.name_count) = subject;
	c.name_total = 1;
	for (size_t i = 0; i < 64; i++) {
		c.sha256[i] = "0123456789abcdef"[(i * 7 + strlen(subject)) % 16];
		c.spki_sha256[i] = "0123456789abcdef"[(i * 5 + strlen(subject)) % 16];
	}
	return c;
}

static struct sts_tls tls(struct sts_arena *a, const char *name, int64_t days)
{
	struct sts_tls t = {.state = STS_TLS_OK, .version = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384", .duration_ms = 21};

	*STS_PUSH(a, t.chain, t.chain_count) = cert(a, name, "C = US, O = Let's Encrypt, CN = R11", days);
	*STS_PUSH(a, t.chain, t.chain_count) = cert(a, "C = US, O = Let's Encrypt, CN = R11", "C = US, O = Internet Security Research Group, CN = ISRG Root X1", 900);
	t.chain_total = 2;
	return t;
}

static struct sts_fetch *add_fetch(struct sts_arena *a, struct sts_facts *f, const char *addr, struct sts_str body)
{
	struct sts_fetch *x = STS_PUSH(a, f->fetches, f->fetch_count);

	x->address = address(addr);
	x->reached = STS_AT_BODY;
	x->end = STS_FETCH_OK;
	x->tls = tls(a, f->policy_host.name, 61);
	x->tls.alpn = "http/1.1";
	x->http = (struct sts_http){.status = 200, .reason = "OK", .version = "HTTP/1.1", .content_type = "text/plain; charset=utf-8",
		.media_type = "text/plain", .charset = "utf-8", .declared_length = (int64_t)body.len};
	*STS_PUSH(a, x->http.headers, x->http.header_count) = (struct sts_header){"Content-Type", "text/plain; charset=utf-8"};
	*STS_PUSH(a, x->http.headers, x->http.header_count) = (struct sts_header){"Server", "nginx"};
	x->body = body;
	x->body_total = body.len;
	memset(x->sha256, 'b', 64);
	x->connect_ms = 12;
	x->duration_ms = 48;
	x->has_policy = true;
	sts_policy_parse(body, a, &x->policy);
	return x;
}

static void choose_policy(struct sts_facts *f, struct sts_fetch *x)
{
	f->policy_fetch = x;
	f->policy = &x->policy;
	f->policy_served = true;
}

static struct sts_mx *add_mx(struct sts_arena *a, struct sts_facts *f, const char *name, uint16_t preference)
{
	struct sts_mx *mx = STS_PUSH(a, f->mx, f->mx_count);

	mx->name = name;
	mx->preference = preference;
	mx->host.name = name;
	mx->host.a = (struct sts_answer){.name = name, .type = 1, .state = STS_DNS_OK, .dnssec = STS_DNSSEC_SECURE};
	mx->host.aaaa = (struct sts_answer){.name = name, .type = 28, .state = STS_DNS_NODATA, .dnssec = STS_DNSSEC_SECURE};
	mx->tlsa = answer_none(sts_sprintf(a, "_25._tcp.%s", name), STS_DNS_NODATA);
	f->mx_total = f->mx_count;
	return mx;
}

static struct sts_smtp *add_smtp(struct sts_arena *a, struct sts_mx *mx, const char *addr, enum sts_smtp_end end)
{
	struct sts_smtp *s = STS_PUSH(a, mx->smtp, mx->smtp_count);

	*STS_PUSH(a, mx->host.addresses, mx->host.address_count) = address(addr);
	mx->host.address_total = mx->host.address_count;
	s->address = address(addr);
	s->end = end;
	s->duration_ms = 130;
	s->attempts = 1;
	if (end == STS_SMTP_OK) {
		s->banner = sts_sprintf(a, "%s ESMTP Postfix", mx->name);
		s->starttls = true;
		*STS_PUSH(a, s->ehlo, s->ehlo_count) = "STARTTLS";
		s->tls = tls(a, mx->name, 61);
	}
	return s;
}

static void add_tlsa(struct sts_arena *a, struct sts_mx *mx)
{
	static const char rdata[] = "\3\1\1\xAB\xCD";
	struct sts_tlsa *t = STS_PUSH(a, mx->tlsa_rrs, mx->tlsa_count);

	mx->tlsa_name = mx->tlsa.name;
	mx->tlsa.state = STS_DNS_OK;
	mx->tlsa.dnssec = STS_DNSSEC_SECURE;
	*STS_PUSH(a, mx->tlsa.rrs, mx->tlsa.rr_count) = (struct sts_rr){.data = sts_str(rdata, 5)};
	*t = (struct sts_tlsa){.usage = 3, .selector = 1, .matching = 1, .data = sts_str(rdata + 3, 2), .usable = true};
}

static void add_rpt(struct sts_arena *a, struct sts_facts *f, struct sts_str text, const char *uri, const char *scheme, enum sts_rua_state state)
{
	answer_txt(a, &f->rpt, sts_sprintf(a, "_smtp._tls.%s", f->domain), text);
	f->tlsrpt.verdict = STS_TLSRPT_ACCEPT;
	*STS_PUSH(a, f->rua, f->rua_count) = (struct sts_rua_facts){.uri = uri, .scheme = scheme, .state = state};
}

static void add_nameserver(struct sts_arena *a, struct sts_facts *f, const char *name, const char *addr, struct sts_str text)
{
	struct sts_nameserver *n = STS_PUSH(a, f->nameservers, f->nameserver_count);

	*n = (struct sts_nameserver){.name = name, .address = addr, .state = STS_DNS_OK};
	if (text.len > 0)
		*STS_PUSH(a, n->records, n->record_count) = text;
}

static struct sts_facts *facts_new(struct sts_arena *a, const char *domain)
{
	struct sts_facts *f = STS_NEW(a, struct sts_facts);

	f->domain = domain;
	f->checked_at = f->judged_at = NOW;
	f->duration_ms = 1234;
	f->record = answer_none(sts_sprintf(a, "_mta-sts.%s", domain), STS_DNS_NXDOMAIN);
	f->record_zone = domain;
	f->policy_host.name = sts_sprintf(a, "mta-sts.%s", domain);
	f->policy_host.a = answer_none(f->policy_host.name, STS_DNS_NXDOMAIN);
	f->policy_host.aaaa = f->policy_host.a;
	f->mx_answer = (struct sts_answer){.name = domain, .type = 15, .state = STS_DNS_OK, .dnssec = STS_DNSSEC_SECURE};
	f->rpt = answer_none(sts_sprintf(a, "_smtp._tls.%s", domain), STS_DNS_NXDOMAIN);
	f->vantage = (struct sts_vantage){.resolver = "192.0.2.53", .path = STS_PATH_VALIDATED, .trust_store = "/etc/ssl/certs",
		.ipv4 = STS_YES, .ipv6 = STS_NO, .smtp = STS_YES};
	return f;
}

static void set_record(struct sts_arena *a, struct sts_facts *f, struct sts_str text)
{
	answer_txt(a, &f->record, f->record.name, text);
	sts_record_set_parse(&text, 1, a, &f->record_set);
}

static void set_host(struct sts_arena *a, struct sts_facts *f, const char *const *addresses, size_t count)
{
	f->policy_host.a.state = STS_DNS_OK;
	f->policy_host.aaaa.state = STS_DNS_OK;
	for (size_t i = 0; i < count; i++)
		*STS_PUSH(a, f->policy_host.addresses, f->policy_host.address_count) = address(addresses[i]);
}

static void part(struct sts_report *r, enum sts_part which, enum sts_result result, const char *summary)
{
	r->parts[which] = (struct sts_part_result){result, summary};
}

static void all_parts(struct sts_report *r, enum sts_result result, const char *summary)
{
	for (size_t i = 0; i < STS_PART_COUNT; i++)
		part(r, (enum sts_part)i, result, summary);
}

static void answers(struct sts_report *r, enum sts_answer_word word, const char *reason)
{
	r->protected_ = r->enforcing = r->would_know = (struct sts_question){word, reason};
}

static void decide(struct sts_report *r, enum sts_decision decision, const char *text)
{
	for (size_t s = 0; s < STS_STATE_COUNT; s++) {
		for (size_t i = 0; i < r->facts->mx_count; i++)
			r->mx[i].decisions[s] = decision;
		r->outlook.best[s] = r->outlook.worst[s] = decision;
		r->outlook.text[s] = text;
	}
}

/* ---- the fixtures ---------------------------------------------------------------------------------------------- */

static struct sts_report *healthy(struct sts_arena *a)
{
	static const char *const addresses[] = {"192.0.2.10", "2001:db8::10"};
	struct sts_facts *f = facts_new(a, "example.com");
	struct sts_str policy = STS_STR("version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 604800\n");
	struct sts_str record = STS_STR("v=STSv1; id=20251101000000");
	struct sts_report *r;
	struct sts_mx *mx;

	set_record(a, f, record);
	add_nameserver(a, f, "ns1.example.com", "192.0.2.53", record);
	add_nameserver(a, f, "ns2.example.com", "198.51.100.53", record);
	set_host(a, f, addresses, 2);
	add_fetch(a, f, addresses[0], policy);
	choose_policy(f, add_fetch(a, f, addresses[1], policy));
	for (int i = 1; i <= 2; i++) {
		mx = add_mx(a, f, i == 1 ? "mx1.example.com" : "mx2.example.com", (uint16_t)(10 * i));
		add_smtp(a, mx, i == 1 ? "192.0.2.25" : "192.0.2.26", STS_SMTP_OK)->tls.dane = STS_DANE_PASS;
		add_smtp(a, mx, i == 1 ? "2001:db8::25" : "2001:db8::26", STS_SMTP_OK)->tls.dane = STS_DANE_PASS;
		add_tlsa(a, mx);
	}
	add_rpt(a, f, STS_STR("v=TLSRPTv1; rua=mailto:tlsrpt@example.com"), "mailto:tlsrpt@example.com", "mailto", STS_RUA_OK);
	r = sts_report_new(a, f);
	for (size_t i = 0; i < 2; i++)
		r->mx[i] = (struct sts_mx_judgement){.covered = true, .judged = true, .matched_by = "*.example.com"};
	decide(r, STS_DELIVER_VERIFIED, "Delivers over verified TLS to every mail host.");
	r->verdict = STS_VERDICT_ENFORCED;
	r->status = STS_STATUS_SUCCESS;
	r->has_mta_sts = true;
	r->summary = "Senders that honour MTA-STS deliver to example.com over verified TLS or not at all.";
	answers(r, STS_ANSWER_YES, "Every mail host is covered by the policy and shows a good certificate.");
	all_parts(r, STS_RESULT_PASS, "All is well.");
	part(r, STS_PART_SYNCHRONISATION, STS_RESULT_NOT_APPLICABLE, "One visit cannot tell whether record and policy change together.");
	sts_report_add(r, &(struct sts_note){.id = STS_F_TIME_FIRST_VISIT});
	return r;
}

static void broken_mx(struct sts_arena *a, struct sts_facts *f)
{
	struct sts_mx *mx = add_mx(a, f, "mx1.broken.example", 10);
	struct sts_smtp *s = add_smtp(a, mx, "192.0.2.25", STS_SMTP_OK);

	s->tls.problems = STS_CERT_EXPIRED | STS_CERT_NAME_MISMATCH;
	s->tls.problem_text[0] = "expired 3 days ago";
	s->tls.problem_text[5] = "names mail.other.example, not mx1.broken.example";
	s->tls.chain[0].not_after = NOW - 3 * DAY;
	s = add_smtp(a, mx, "192.0.2.26", STS_SMTP_NO_STARTTLS);
	s->banner = "mx1.broken.example ESMTP";
	s = add_smtp(a, mx, "192.0.2.27", STS_SMTP_GREETING_5XX);
	s->code = 554;
	s->reply = "5.7.1 go away";
	add_smtp(a, mx, "2001:db8::25", STS_SMTP_NO_FAMILY);
	mx = add_mx(a, f, "mail.elsewhere.example", 20);
	s = add_smtp(a, mx, "198.51.100.1", STS_SMTP_TLS);
	s->tls = (struct sts_tls){.state = STS_TLS_ALERT, .alert = "handshake_failure"};
	add_smtp(a, mx, "198.51.100.2", STS_SMTP_TCP_TIMEOUT);
	mx = add_mx(a, f, "gone.broken.example", 30);
	mx->host.a.state = mx->host.aaaa.state = STS_DNS_NXDOMAIN;
}

static void broken_fetches(struct sts_arena *a, struct sts_facts *f)
{
	static const char *const addresses[] = {"192.0.2.10", "192.0.2.11", "192.0.2.12", "192.0.2.13", "2001:db8::10"};
	struct sts_str policy = STS_STR("version: STSv1\r\nmode: enforce\r\nmx: mx1.brokn.example\r\n\r\nmx: *.broken.example\r\nmax_age: 300\r\n");
	struct sts_fetch *x;

	set_host(a, f, addresses, 5);
	choose_policy(f, add_fetch(a, f, addresses[0], policy));
	x = add_fetch(a, f, addresses[1], policy);
	x->http.status = 302;
	x->http.location = "https://www.broken.example/policy";
	x = add_fetch(a, f, addresses[2], policy);
	x->tls.problems = STS_CERT_SELF_SIGNED;
	x = STS_PUSH(a, f->fetches, f->fetch_count);
	*x = (struct sts_fetch){.address = address(addresses[3]), .end = STS_FETCH_TCP_REFUSED, .duration_ms = 3};
	x = STS_PUSH(a, f->fetches, f->fetch_count);
	*x = (struct sts_fetch){.address = address(addresses[4]), .end = STS_FETCH_NO_FAMILY};
	choose_policy(f, &f->fetches[0]);
}

static void broken_findings(struct sts_report *r)
{
	sts_report_add(r, &(struct sts_note){.id = STS_F_MATCH_MX_UNCOVERED, .subject = "mail.elsewhere.example", .cause = "other-provider",
		.detail = "The MX host mail.elsewhere.example matches none of the 2 mx patterns. Senders that hold the policy refuse it.",
		.fix_text = "Add the host to the policy, then change the id of the record.", .snippet = "mx: mail.elsewhere.example",
		.fix_type = STS_FIX_POLICY, .result_type = "validation-failure"});
	sts_report_add(r, &(struct sts_note){.id = STS_F_MX_CERT_EXPIRED, .subject = "mx1.broken.example [192.0.2.25]",
		.detail = "The certificate expired on 2025-12-29, 3 days ago. Senders that hold the policy refuse this host.",
		.fix_text = "Renew the certificate.", .fix_type = STS_FIX_SERVER, .result_type = "certificate-expired"});
	sts_report_add(r, &(struct sts_note){.id = STS_F_HOST_ADDRESS_FAILED, .subject = "mta-sts.broken.example [192.0.2.13]",
		.cause = "host.tcp.refused", .detail = "192.0.2.13 refuses the connection while 192.0.2.10 serves the policy."});
	sts_report_add(r, &(struct sts_note){.id = STS_F_POLICY_BLANK_LINE, .subject = "https://mta-sts.broken.example/.well-known/mta-sts.txt",
		.detail = "Line 4 is blank. mailauth, Halon and Stalwart drop the policy.", .line = 4, .column = 1,
		.fix_text = "Remove the blank line.",
		.snippet = "version: STSv1\nmode: enforce\nmx: mx1.broken.example\nmx: *.broken.example\nmax_age: 604800\n",
		.fix_type = STS_FIX_POLICY});
	sts_report_add(r, &(struct sts_note){.id = STS_F_RPT_ABSENT, .snippet = "_smtp._tls.broken.example. IN TXT \"v=TLSRPTv1; rua=mailto:tlsrpt@broken.example\"",
		.fix_type = STS_FIX_DNS});
	sts_report_add(r, &(struct sts_note){.id = STS_F_MATCH_PATTERN_UNUSED, .subject = "mx1.brokn.example"});
	sts_report_not_tested(r, "no-ipv6-here", "MX host mx1.broken.example [2001:db8::25]");
	sts_report_not_tested(r, "mx-unreachable", "MX host mail.elsewhere.example [198.51.100.2]");
	sts_report_sort(r);
}

static void broken_advice(struct sts_arena *a, struct sts_report *r)
{
	*STS_PUSH(a, r->recommendations, r->recommendation_count) = "Renew the certificate of mx1.broken.example: mail is being refused now.";
	*STS_PUSH(a, r->recommendations, r->recommendation_count) = "Add mail.elsewhere.example to the policy, wait, then change the id.";
	*STS_PUSH(a, r->profiles, r->profile_count) = (struct sts_profile){.sender = "mailauth", .accepts_record = true, .note = "blank line"};
	part(r, STS_PART_DNS_RECORD, STS_RESULT_PASS, "One usable record, the same at both servers.");
	part(r, STS_PART_POLICY_HOST, STS_RESULT_WARN, "One of five addresses serves the policy.");
	part(r, STS_PART_POLICY_SYNTAX, STS_RESULT_WARN, "Usable, but some senders drop it.");
	part(r, STS_PART_SYNCHRONISATION, STS_RESULT_NOT_TESTED, "One visit cannot tell.");
	part(r, STS_PART_MX_MATCH, STS_RESULT_FAIL, "1 of 3 mail hosts is not covered.");
	part(r, STS_PART_MX_TLS, STS_RESULT_FAIL, "mx1.broken.example shows an expired certificate.");
	part(r, STS_PART_DANE, STS_RESULT_NOT_APPLICABLE, "No TLSA records.");
	part(r, STS_PART_TLS_RPT, STS_RESULT_WARN, "No TLSRPT record.");
}

static struct sts_report *broken(struct sts_arena *a)
{
	struct sts_facts *f = facts_new(a, "broken.example");
	struct sts_str record = STS_STR("v=STSv1; id=1;");
	struct sts_report *r;

	f->domain_unicode = "bröken.example";
	*STS_PUSH(a, f->notes, f->note_count) = "The scheme https:// around the name was removed.";
	set_record(a, f, record);
	add_nameserver(a, f, "ns1.broken.example", "192.0.2.53", record);
	add_nameserver(a, f, "ns2.broken.example", "198.51.100.53", STS_STR("v=STSv1; id=0;"));
	broken_fetches(a, f);
	broken_mx(a, f);
	r = sts_report_new(a, f);
	r->mx[0] = (struct sts_mx_judgement){.covered = true, .judged = true, .matched_by = "*.broken.example"};
	r->mx[1] = (struct sts_mx_judgement){.judged = true, .cause = "other-provider"};
	r->mx[2] = (struct sts_mx_judgement){.covered = true, .judged = true, .matched_by = "*.broken.example"};
	decide(r, STS_REFUSE, "Refuses every mail host that answers: the mail waits, then bounces.");
	r->verdict = STS_VERDICT_BLOCKING;
	r->status = STS_STATUS_FAIL;
	r->has_mta_sts = true;
	r->summary = "Senders that honour MTA-STS refuse to deliver to 2 of the 3 mail hosts of broken.example.";
	answers(r, STS_ANSWER_PARTLY, "Two of three mail hosts fail what the policy demands.");
	broken_findings(r);
	broken_advice(a, r);
	return r;
}

static struct sts_report *absent(struct sts_arena *a)
{
	struct sts_facts *f = facts_new(a, "absent.example");
	struct sts_report *r;

	f->vantage.smtp = STS_YN_UNKNOWN;
	f->no_smtp = true;
	add_mx(a, f, "absent.example", 0)->implicit = true;
	r = sts_report_new(a, f);
	decide(r, STS_DELIVER_UNVERIFIED, "Delivers with opportunistic TLS: nothing is checked.");
	r->verdict = STS_VERDICT_ABSENT;
	r->status = STS_STATUS_WARNING;
	r->summary = "absent.example has no MTA-STS: its mail is not protected against an attacker on the way.";
	answers(r, STS_ANSWER_NO, "There is no MTA-STS record.");
	all_parts(r, STS_RESULT_NOT_APPLICABLE, "Without a record there is nothing to judge.");
	part(r, STS_PART_DNS_RECORD, STS_RESULT_WARN, "No record at _mta-sts.absent.example.");
	sts_report_add(r, &(struct sts_note){.id = STS_F_RECORD_ABSENT});
	return r;
}

static struct sts_report *unknown(struct sts_arena *a)
{
	struct sts_facts *f = facts_new(a, "unknown.example");
	struct sts_report *r;

	f->record.state = STS_DNS_SERVFAIL;
	f->record.why = "SERVFAIL from 192.0.2.53";
	f->policy_host.a.state = f->policy_host.aaaa.state = f->rpt.state = f->mx_answer.state = STS_DNS_TIMEOUT;
	f->vantage = (struct sts_vantage){.path = STS_PATH_UNVALIDATED, .path_why = "the resolvers strip DNSSEC"};
	r = sts_report_new(a, f);
	r->status = STS_STATUS_ERROR;
	r->summary = "The record could not be looked up, so nothing can be said about unknown.example.";
	answers(r, STS_ANSWER_UNKNOWN, "The look-up of the record failed.");
	all_parts(r, STS_RESULT_NOT_TESTED, "The resolver failed.");
	sts_report_not_tested(r, "resolver-failed", "TXT _mta-sts.unknown.example");
	return r;
}

static struct sts_mx *hostile_mx(struct sts_arena *a, struct sts_facts *f)
{
	struct sts_mx *mx = add_mx(a, f, EVIL, 10);
	struct sts_smtp *s;

	s = add_smtp(a, mx, "192.0.2.25", STS_SMTP_OK);
	s->banner = EVIL;
	s->tls.chain[0] = cert(a, EVIL, EVIL, 61);
	s->tls.problems = STS_CERT_UNTRUSTED;
	s->tls.problem_text[3] = EVIL;
	s = add_smtp(a, mx, "192.0.2.26", STS_SMTP_GREETING_5XX);
	s->code = 554;
	s->reply = EVIL;
	s->banner = EVIL;
	s = add_smtp(a, mx, "192.0.2.27", STS_SMTP_TLS);
	s->tls = (struct sts_tls){.state = STS_TLS_ALERT, .alert = EVIL, .error = EVIL};
	mx->tlsa.state = STS_DNS_BOGUS;
	mx->tlsa.why = EVIL;
	return mx;
}

static void hostile_fetches(struct sts_arena *a, struct sts_facts *f, struct sts_str evil)
{
	struct sts_fetch *x;

	choose_policy(f, add_fetch(a, f, "192.0.2.10", evil));
	x = &f->fetches[0];
	x->tls.chain[0] = cert(a, EVIL, EVIL, 61);
	x->http.content_type = x->http.media_type = EVIL;
	*STS_PUSH(a, x->http.headers, x->http.header_count) = (struct sts_header){EVIL, EVIL};
	x = add_fetch(a, f, "192.0.2.11", evil);
	x->http.status = 301;
	x->http.location = EVIL;
	x = add_fetch(a, f, "192.0.2.12", evil);
	x->end = STS_FETCH_HTTP_BROKEN;
	x->error = EVIL;
	choose_policy(f, &f->fetches[0]);
}

/* Findings and sentences hold network text too, but what makes them escapes it: so do these. */
static struct sts_report *hostile(struct sts_arena *a)
{
	struct sts_facts *f = facts_new(a, "hostile.example");
	struct sts_str evil = sts_str(fixture_evil, fixture_evil_len);
	const char *shown = sts_show(a, evil);
	struct sts_report *r;

	f->domain_unicode = EVIL;
	set_record(a, f, evil);
	*STS_PUSH(a, f->record.cname, f->record.cname_count) = EVIL;
	add_nameserver(a, f, EVIL, "192.0.2.53", evil);
	hostile_fetches(a, f, evil);
	hostile_mx(a, f);
	add_rpt(a, f, evil, EVIL, EVIL, STS_RUA_INVALID);
	r = sts_report_new(a, f);
	r->mx[0] = (struct sts_mx_judgement){.covered = true, .judged = true, .matched_by = EVIL};
	decide(r, STS_DECIDE_UNKNOWN, shown);
	r->verdict = STS_VERDICT_BROKEN;
	r->status = STS_STATUS_WARNING;
	r->has_mta_sts = true;
	r->summary = shown;
	answers(r, STS_ANSWER_UNKNOWN, shown);
	all_parts(r, STS_RESULT_FAIL, shown);
	sts_report_add(r, &(struct sts_note){.id = STS_F_POLICY_NOT_A_POLICY, .subject = shown, .detail = shown, .cause = shown,
		.result_type = shown, .fix_text = shown, .snippet = shown});
	sts_report_add(r, &(struct sts_note){.id = STS_F_POLICY_UNKNOWN_FIELD, .subject = shown, .detail = shown});
	sts_report_not_tested(r, "timeout", shown);
	*STS_PUSH(a, r->recommendations, r->recommendation_count) = shown;
	*STS_PUSH(a, r->profiles, r->profile_count) = (struct sts_profile){.sender = "mox", .note = shown};
	return r;
}

struct sts_report *fixture(const char *name)
{
	static const struct {
		const char *name;
		struct sts_report *(*make)(struct sts_arena *a);
	} makers[] = {{"healthy", healthy}, {"broken", broken}, {"absent", absent}, {"unknown", unknown}, {"hostile", hostile}};

	for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
		if (strcmp(makers[i].name, name) == 0)
			return makers[i].make(sts_arena_new());
	return NULL;
}
