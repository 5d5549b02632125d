/* src/check/rules_mx.c: facts in, codes out. */
#include "rows.h"

static void no_address_one(struct sts_facts *f)
{
	f->mx[1].host.address_count = 0;
	f->mx[1].smtp_count = 0;
	facts_set_state(&f->mx[1].host.a, STS_DNS_NODATA);
}

static void no_address_all(struct sts_facts *f)
{
	no_address_one(f);
	f->mx[0] = f->mx[1];
	f->mx[0].name = f->mx[0].host.name = "mx1.example.test";
}

static void domain_missing(struct sts_facts *f)
{
	facts_set_hosts(f, "");
	facts_set_state(&f->mx_answer, STS_DNS_NXDOMAIN);
}

static void mx_servfail(struct sts_facts *f)
{
	facts_set_hosts(f, "");
	facts_set_state(&f->mx_answer, STS_DNS_SERVFAIL);
}

static void mx_bogus(struct sts_facts *f)
{
	facts_set_hosts(f, "");
	facts_set_state(&f->mx_answer, STS_DNS_BOGUS);
}

static void host_bogus(struct sts_facts *f)
{
	no_address_one(f);
	facts_set_state(&f->mx[1].host.a, STS_DNS_BOGUS);
	facts_set_state(&f->mx[1].host.aaaa, STS_DNS_BOGUS);
}

static void host_servfail(struct sts_facts *f)
{
	no_address_one(f);
	facts_set_state(&f->mx[1].host.a, STS_DNS_SERVFAIL);
	facts_set_state(&f->mx[1].host.aaaa, STS_DNS_SERVFAIL);
}

static void null_mx(struct sts_facts *f)
{
	facts_set_hosts(f, ".");
}

static void null_mx_alone(struct sts_facts *f)
{
	null_mx(f);
	facts_set_record(f, NULL);
	facts_set_policy(f, "nothing");
	f->fetch_count = 0;
	facts_choose_policy(f);
	facts_set_rpt(f, NULL);
}

static void null_mx_and_another(struct sts_facts *f)
{
	facts_set_hosts(f, ". mx1.example.test");
}

static void ip_literal(struct sts_facts *f)
{
	facts_set_hosts(f, "mx1.example.test 192.0.2.1");
	f->mx[1].ip_literal = true;
	f->mx[1].smtp_count = 0;
	f->mx[1].host.address_count = 0;
}

static void ip_literal_testing(struct sts_facts *f)
{
	ip_literal(f);
	facts_set_policy(f, "version: STSv1\nmode: testing\nmx: mx1.example.test\nmax_age: 1209600\n");
}

static void alias(struct sts_facts *f)
{
	f->mx[0].is_cname = true;
	facts_set_cname(&f->mx[0].host.a, "real.example.test");
}

static void private_denied(struct sts_facts *f)
{
	f->mx[1].smtp[0].address.special = "private-use";
	facts_set_mx_end(f, 1, STS_SMTP_PRIVATE);
}

/* ---- sessions ---- */

#define END(name, end)                                                                                                 \
	static void name(struct sts_facts *f)                                                                          \
	{                                                                                                              \
		facts_set_mx_end(f, 0, end);                                                                           \
	}

END(greeting_4xx, STS_SMTP_GREETING_4XX)
END(greeting_5xx, STS_SMTP_GREETING_5XX)
END(greeting_late, STS_SMTP_GREETING_TIMEOUT)
END(greeting_broken, STS_SMTP_GREETING_BROKEN)
END(ehlo_refused, STS_SMTP_EHLO_REFUSED)
END(ehlo_broken, STS_SMTP_EHLO_BROKEN)
END(no_starttls, STS_SMTP_NO_STARTTLS)
END(starttls_refused, STS_SMTP_STARTTLS_REFUSED)
END(starttls_broken, STS_SMTP_STARTTLS_BROKEN)
END(injection, STS_SMTP_INJECTION)
END(tls_failed, STS_SMTP_TLS)
END(one_unreachable, STS_SMTP_TCP_REFUSED)
END(cancelled, STS_SMTP_CANCELLED)

static void ehlo_later(struct sts_facts *f)
{
	facts_set_mx_end(f, 0, STS_SMTP_EHLO_REFUSED);
	f->mx[0].smtp[0].code = 451;
}

static void tls_state(struct sts_facts *f, enum sts_tls_state state)
{
	facts_set_mx_end(f, 0, STS_SMTP_TLS);
	f->mx[0].smtp[0].tls.state = state;
}

static void tls_timeout(struct sts_facts *f)
{
	tls_state(f, STS_TLS_TIMEOUT);
}

static void tls_old(struct sts_facts *f)
{
	tls_state(f, STS_TLS_PROTOCOL_OLD);
}

static void tls_not_tls(struct sts_facts *f)
{
	tls_state(f, STS_TLS_NOT_TLS);
}

static void expired(struct sts_facts *f)
{
	facts_set_mx_problem(f, 0, STS_CERT_EXPIRED | STS_CERT_NAME_MISMATCH);
}

static void self_signed(struct sts_facts *f)
{
	facts_set_mx_problem(f, 0, STS_CERT_SELF_SIGNED);
}

static void weak(struct sts_facts *f)
{
	facts_set_mx_problem(f, 0, STS_CERT_WEAK);
}

static void expiring(struct sts_facts *f)
{
	f->mx[0].smtp[0].tls.chain[0].not_after = FACTS_NOW + 5 * FACTS_DAY;
}

static void in_testing(struct sts_facts *f)
{
	facts_set_policy(
		f, "version: STSv1\nmode: testing\nmx: mx1.example.test\nmx: *.backup.test\nmax_age: 1209600\n");
}

static void expired_testing(struct sts_facts *f)
{
	in_testing(f);
	expired(f);
}

static void no_starttls_testing(struct sts_facts *f)
{
	in_testing(f);
	no_starttls(f);
}

static void no_starttls_none(struct sts_facts *f)
{
	facts_set_policy(f, "version: STSv1\nmode: none\nmax_age: 86400\n");
	no_starttls(f);
}

/* ---- several addresses ---- */

static void one_address_bad(struct sts_facts *f)
{
	facts_add_mx_address(f, 0, "2620:fe::25");
	f->mx[0].smtp[1].tls.problems = STS_CERT_EXPIRED;
}

static void both_addresses_bad(struct sts_facts *f)
{
	facts_add_mx_address(f, 0, "2620:fe::25");
	facts_set_mx_problem(f, 0, STS_CERT_EXPIRED);
}

static void one_address_unreachable(struct sts_facts *f)
{
	facts_add_mx_address(f, 0, "2620:fe::25");
	f->mx[0].smtp[1] = (struct sts_smtp){.address = f->mx[0].smtp[1].address, .end = STS_SMTP_TCP_TIMEOUT};
}

static void no_ipv6_here(struct sts_facts *f)
{
	one_address_unreachable(f);
	f->mx[0].smtp[1].end = STS_SMTP_NO_FAMILY;
}

static void blocked(struct sts_facts *f)
{
	f->vantage.smtp = STS_NO;
	facts_set_mx_end(f, 0, STS_SMTP_TCP_TIMEOUT);
	facts_set_mx_end(f, 1, STS_SMTP_TCP_UNREACHABLE);
}

static void all_refuse(struct sts_facts *f)
{
	f->vantage.smtp = STS_NO;
	facts_set_mx_end(f, 0, STS_SMTP_TCP_REFUSED);
	facts_set_mx_end(f, 1, STS_SMTP_TCP_REFUSED);
}

static void switched_off(struct sts_facts *f)
{
	f->no_smtp = true;
	f->vantage.smtp = STS_YN_UNKNOWN;
	facts_set_mx_end(f, 0, STS_SMTP_NOT_TRIED);
	facts_set_mx_end(f, 1, STS_SMTP_NOT_TRIED);
}

static void too_many(struct sts_facts *f)
{
	f->mx_total = 150;
}

#define BLOCKING "blocking", "FAIL", NULL

static const struct facts_row rows[] = {
	{"one host without address", no_address_one, "mx.dns.no-address:warning", "enforced", "WARNING", NULL},
	{"no host with an address", no_address_all, "mx.dns.no-address:error mx.dns.no-address:error", "enforced",
		"WARNING", NULL},
	{"the domain does not exist", domain_missing, "mx.dns.domain-missing:error", "enforced", "WARNING", NULL},
	{"the MX look-up fails", mx_servfail, "", "enforced", "SUCCESS", "resolver-failed"},
	{"the MX records are bogus", mx_bogus, "mx.dns.dnssec-bogus:error", "enforced", "WARNING", "resolver-failed"},
	{"a host's address is bogus", host_bogus, "mx.dns.dnssec-bogus:error", "enforced", "WARNING", NULL},
	{"a host's address cannot be looked up", host_servfail, "", "enforced", "SUCCESS", "resolver-failed"},
	{"null MX and a policy", null_mx, "mx.null:notice", "enforced", "SUCCESS", NULL},
	{"null MX and nothing else", null_mx_alone, "mx.null:info record.absent", "absent", "WARNING", NULL},
	{"null MX and another", null_mx_and_another, "mx.null-not-alone:error", "enforced", "WARNING", NULL},
	{"an address as MX", ip_literal, "mx.ip-literal:error", BLOCKING},
	{"an address as MX, testing", ip_literal_testing, "mx.ip-literal:error mode.testing", "testing", "WARNING", NULL},
	{"an alias", alias, "mx.cname:warning", "enforced", "WARNING", NULL},
	{"a special-purpose address, denied", private_denied, "mx.dns.private-address:error", "enforced", "WARNING",
		"private-denied"},
	{"421", greeting_4xx, "mx.smtp.greeting:warning", "enforced", "WARNING", "greylisted"},
	{"554", greeting_5xx, "mx.smtp.greeting:warning", "enforced", "WARNING", "mx-unreachable"},
	{"no greeting", greeting_late, "mx.smtp.greeting:warning", "enforced", "WARNING", "timeout"},
	{"no SMTP", greeting_broken, "mx.smtp.greeting:warning", "enforced", "WARNING", "mx-unreachable"},
	{"EHLO refused", ehlo_refused, "mx.smtp.ehlo-refused:error", BLOCKING},
	{"EHLO refused for now", ehlo_later, "mx.smtp.ehlo-refused:warning", "enforced", "WARNING", "greylisted"},
	{"EHLO broken", ehlo_broken, "mx.smtp.greeting:warning", "enforced", "WARNING", "mx-unreachable"},
	{"no STARTTLS", no_starttls, "mx.starttls.missing:error", BLOCKING},
	{"no STARTTLS, testing", no_starttls_testing, "mx.starttls.missing:warning mode.testing", "testing", "WARNING",
		NULL},
	{"no STARTTLS, none", no_starttls_none, "mx.starttls.missing:info mode.none", "none", "WARNING", NULL},
	{"STARTTLS refused", starttls_refused, "mx.starttls.refused:error", BLOCKING},
	{"STARTTLS not answered", starttls_broken, "mx.starttls.refused:error", BLOCKING},
	{"octets behind the 220", injection, "mx.starttls.injection:warning", "enforced", "WARNING", "mx-unreachable"},
	{"handshake refused", tls_failed, "mx.tls.failed:error", BLOCKING},
	{"handshake stalls", tls_timeout, "mx.tls.timeout:error", BLOCKING},
	{"TLS 1.1", tls_old, "mx.tls.protocol-old:error", BLOCKING},
	{"garbage for TLS", tls_not_tls, "mx.tls.failed:error", BLOCKING},
	{"two certificate faults", expired, "mx.cert.expired:error mx.cert.name-mismatch:error", BLOCKING},
	{"two certificate faults, testing", expired_testing,
		"mx.cert.expired:warning mx.cert.name-mismatch:warning mode.testing", "testing", "WARNING", NULL},
	{"self-signed", self_signed, "mx.cert.self-signed:error", BLOCKING},
	{"weak", weak, "mx.cert.weak:warning", "enforced", "WARNING", NULL},
	{"five days left", expiring, "mx.cert.expiring:warning", "enforced", "WARNING", NULL},
	{"one address of two is bad", one_address_bad, "mx.addresses-differ=mx.cert.expired", "enforced", "WARNING",
		NULL},
	{"both addresses are bad", both_addresses_bad, "mx.cert.expired:error", BLOCKING},
	{"one address does not answer", one_address_unreachable, "", "enforced", "SUCCESS", "mx-unreachable"},
	{"one host does not answer", one_unreachable, "", "enforced", "SUCCESS", "mx-unreachable"},
	{"no IPv6 here", no_ipv6_here, "", "enforced", "SUCCESS", "no-ipv6-here"},
	{"port 25 is closed on the way out", blocked, "", "enforced", "SUCCESS", "port25-blocked"},
	{"every host refuses", all_refuse, "", "enforced", "SUCCESS", "mx-unreachable"},
	{"the check's time ran out", cancelled, "", "enforced", "SUCCESS", "timeout"},
	{"switched off", switched_off, "", "enforced", "SUCCESS", "switched-off"},
	{"more hosts than are looked at", too_many, "", "enforced", "SUCCESS", "timeout"},
};

/* Words of RFC 8460 section 4.3 that a sender would report. */
static const struct {
	void (*edit)(struct sts_facts *f);
	enum sts_finding_id id;
	const char *type;
} types[] = {
	{no_starttls, STS_F_MX_STARTTLS_MISSING, "starttls-not-supported"},
	{starttls_refused, STS_F_MX_STARTTLS_REFUSED, "starttls-not-supported"},
	{starttls_broken, STS_F_MX_STARTTLS_REFUSED, "validation-failure"},
	{tls_failed, STS_F_MX_TLS_FAILED, "validation-failure"},
	{expired, STS_F_MX_CERT_EXPIRED, "certificate-expired"},
	{expired, STS_F_MX_CERT_NAME_MISMATCH, "certificate-host-mismatch"},
	{self_signed, STS_F_MX_CERT_SELF_SIGNED, "certificate-not-trusted"},
};

static void run_types(void)
{
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_facts *f = facts_healthy(arena);
		const struct sts_report *r;
		bool found = false;

		CASE("result type of %s", sts_catalogue(types[i].id)->code);
		types[i].edit(f);
		r = sts_judge(f, arena);
		for (size_t k = 0; k < r->finding_count; k++) {
			if (r->ids[k] != types[i].id)
				continue;
			found = true;
			EXPECT_CSTR(r->findings[k].result_type, types[i].type);
			EXPECT_CSTR(r->findings[k].subject, "mx1.example.test");
		}
		EXPECT(found);
		sts_arena_free(arena);
	}
}

int main(void)
{
	facts_run(rows, COUNT_OF(rows));
	run_types();
	return test_done();
}
