/* src/check/rules_dane.c: facts in, codes out. */
#include "rows.h"

static void pass(struct sts_facts *f)
{
	facts_set_tlsa(f, 0, true, STS_DANE_PASS);
}

static void mismatch(struct sts_facts *f)
{
	facts_set_tlsa(f, 0, true, STS_DANE_MISMATCH);
}

static void set_mode(struct sts_facts *f, const char *mode)
{
	facts_set_policy(
		f, strcmp(mode, "none") == 0
			   ? "version: STSv1\nmode: none\nmx: mx1.example.test\nmx: mx2.backup.test\nmax_age: 86400\n"
			   : "version: STSv1\nmode: testing\nmx: mx1.example.test\nmx: mx2.backup.test\nmax_age: "
			     "1209600\n");
}

static void mismatch_testing(struct sts_facts *f)
{
	set_mode(f, "testing");
	mismatch(f);
}

static void mismatch_none(struct sts_facts *f)
{
	set_mode(f, "none");
	mismatch(f);
}

static void mismatch_absent(struct sts_facts *f)
{
	facts_set_record(f, NULL);
	mismatch(f);
}

static void mismatch_at_one_address(struct sts_facts *f)
{
	facts_add_mx_address(f, 0, "2620:fe::25");
	mismatch(f);
	f->mx[0].smtp[0].tls.dane = STS_DANE_PASS;
}

static void unusable(struct sts_facts *f)
{
	facts_set_tlsa(f, 0, false, STS_DANE_UNUSABLE);
}

static void unusable_without_tls(struct sts_facts *f)
{
	set_mode(f, "testing");
	unusable(f);
	facts_set_mx_end(f, 0, STS_SMTP_NO_STARTTLS);
}

static void no_starttls(struct sts_facts *f)
{
	set_mode(f, "testing");
	pass(f);
	facts_set_mx_end(f, 0, STS_SMTP_NO_STARTTLS);
	f->mx[0].smtp[0].tls.dane = STS_DANE_NO_TLS;
}

/* Usage 3 looks at the key alone; MTA-STS does not.  [RFC 7672 section 3.1.1] */
static void pass_and_expired(struct sts_facts *f)
{
	pass(f);
	facts_set_mx_problem(f, 0, STS_CERT_EXPIRED);
}

static void pass_and_expired_testing(struct sts_facts *f)
{
	set_mode(f, "testing");
	pass_and_expired(f);
}

static void servfail(struct sts_facts *f)
{
	facts_set_state(&f->mx[0].tlsa, STS_DNS_SERVFAIL);
}

static void bogus(struct sts_facts *f)
{
	facts_set_state(&f->mx[0].tlsa, STS_DNS_BOGUS);
}

static void late(struct sts_facts *f)
{
	facts_set_state(&f->mx[0].tlsa, STS_DNS_TIMEOUT);
}

static void servfail_unsigned(struct sts_facts *f)
{
	servfail(f);
	f->mx[0].host.a.dnssec = STS_DNSSEC_INSECURE;
}

static void insecure(struct sts_facts *f)
{
	facts_set_tlsa(f, 0, true, STS_DANE_NONE);
	f->mx[0].tlsa.dnssec = STS_DNSSEC_INSECURE;
	f->mx[0].host.a.dnssec = STS_DNSSEC_INSECURE;
}

static void insecure_address(struct sts_facts *f)
{
	facts_set_tlsa(f, 0, true, STS_DANE_NONE);
	f->mx[0].host.a.dnssec = STS_DNSSEC_INSECURE;
}

static void not_validated(struct sts_facts *f)
{
	facts_set_tlsa(f, 0, true, STS_DANE_NONE);
	f->vantage.path = STS_PATH_UNVALIDATED;
	f->mx[0].tlsa.dnssec = STS_DNSSEC_UNKNOWN;
	f->mx[0].host.a.dnssec = STS_DNSSEC_UNKNOWN;
}

static const struct facts_row rows[] = {
	{"passes", pass, "", "enforced", "SUCCESS", NULL},
	{"no record fits", mismatch, "dane.mismatch:error", "blocking", "FAIL", NULL},
	{"no record fits, testing", mismatch_testing, "dane.mismatch:error mode.testing", "blocking", "FAIL", NULL},
	{"no record fits, none", mismatch_none, "dane.mismatch:error mode.none", "blocking", "FAIL", NULL},
	{"no record fits, no MTA-STS", mismatch_absent, "dane.mismatch:error record.absent policy.without-record",
		"absent", "WARNING", NULL},
	{"no record fits at one address of two", mismatch_at_one_address, "dane.mismatch:warning", "enforced",
		"WARNING", NULL},
	{"none usable", unusable, "dane.unusable:warning", "enforced", "WARNING", NULL},
	{"none usable and no TLS", unusable_without_tls, "dane.unusable:warning mx.starttls.missing:error mode.testing",
		"blocking", "FAIL", NULL},
	{"TLSA and no STARTTLS, testing", no_starttls, "mx.starttls.missing:error mode.testing", "blocking", "FAIL",
		NULL},
	{"DANE passes, certificate expired", pass_and_expired, "mx.cert.expired:error", "blocking", "FAIL", NULL},
	{"DANE passes, certificate expired, testing", pass_and_expired_testing, "mx.cert.expired:warning mode.testing",
		"testing", "WARNING", NULL},
	{"the look-up fails in a signed zone", servfail, "dane.lookup-failed:error", "blocking", "FAIL", NULL},
	{"the answer is bogus", bogus, "dane.lookup-failed:error", "blocking", "FAIL", NULL},
	{"the answer comes too late", late, "", "enforced", "SUCCESS", "timeout"},
	{"the look-up fails in an unsigned zone", servfail_unsigned, "", "enforced", "SUCCESS", NULL},
	{"without DNSSEC", insecure, "dane.insecure:info", "enforced", "SUCCESS", NULL},
	{"signed, the address is not", insecure_address, "dane.insecure:info", "enforced", "SUCCESS", NULL},
	{"nothing is validated here", not_validated, "", "enforced", "SUCCESS", "resolver-failed"},
};

/* The line to paste names the key the host shows now. */
static void snippet(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);
	const struct sts_report *r;

	CASE("the record to publish");
	mismatch(f);
	r = sts_judge(f, arena);
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->ids[i] == STS_F_DANE_MISMATCH)
			EXPECT_CSTR(r->findings[i].fix_snippet,
				"_25._tcp.mx1.example.test. IN TLSA 3 1 1 "
				"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	EXPECT(sts_report_has(r, STS_F_DANE_MISMATCH, "mx1.example.test"));
	sts_arena_free(arena);
}

int main(void)
{
	facts_run(rows, COUNT_OF(rows));
	snippet();
	return test_done();
}
