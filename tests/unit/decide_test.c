/* src/check/decide.c: what senders in each state do. */
#include "check/verdict.h"
#include "rows.h"

#define MX "mx: mx1.example.test\nmx: *.backup.test\n"

static void testing(struct sts_facts *f)
{
	facts_set_policy(f, "version: STSv1\nmode: testing\n" MX "max_age: 1209600\n");
}

static void none(struct sts_facts *f)
{
	facts_set_policy(f, "version: STSv1\nmode: none\n" MX "max_age: 86400\n");
}

static void expired_mx1(struct sts_facts *f)
{
	facts_set_mx_problem(f, 0, STS_CERT_EXPIRED);
}

static void plain_mx1(struct sts_facts *f)
{
	facts_set_mx_end(f, 0, STS_SMTP_NO_STARTTLS);
}

static void expired_testing(struct sts_facts *f)
{
	testing(f);
	expired_mx1(f);
}

static void expired_none(struct sts_facts *f)
{
	none(f);
	expired_mx1(f);
}

static void no_record(struct sts_facts *f)
{
	facts_set_record(f, NULL);
	expired_mx1(f);
}

/* Nobody new can fetch it; who holds it goes on enforcing. */
static void host_expired(struct sts_facts *f)
{
	facts_set_problem(&f->fetches[0], STS_CERT_EXPIRED);
	facts_set_problem(&f->fetches[1], STS_CERT_EXPIRED);
	facts_choose_policy(f);
	expired_mx1(f);
}

static void record_unknown(struct sts_facts *f)
{
	facts_set_state(&f->record, STS_DNS_SERVFAIL);
}

static void uncovered_mx1(struct sts_facts *f)
{
	facts_set_policy(f, "version: STSv1\nmode: enforce\nmx: *.backup.test\nmax_age: 1209600\n");
}

static void down_mx1(struct sts_facts *f)
{
	facts_set_mx_end(f, 0, STS_SMTP_TCP_TIMEOUT);
}

static void blocked(struct sts_facts *f)
{
	down_mx1(f);
	facts_set_mx_end(f, 1, STS_SMTP_TCP_TIMEOUT);
	f->vantage.smtp = STS_NO;
}

static void greylisted_mx1(struct sts_facts *f)
{
	facts_set_mx_end(f, 0, STS_SMTP_GREETING_4XX);
}

static void no_address_mx1(struct sts_facts *f)
{
	f->mx[0].host.address_count = f->mx[0].smtp_count = 0;
	facts_set_state(&f->mx[0].host.a, STS_DNS_NODATA);
}

static void literal_mx1(struct sts_facts *f)
{
	facts_set_hosts(f, "192.0.2.1 mx1.example.test");
	f->mx[0].ip_literal = true;
	f->mx[0].smtp_count = 0;
	f->mx[0].host.address_count = 0;
}

static void literal_in_policy(struct sts_facts *f)
{
	literal_mx1(f);
	facts_set_policy(f, "version: STSv1\nmode: enforce\nmx: 192.0.2.1\nmax_age: 1209600\n");
}

static void literal_testing(struct sts_facts *f)
{
	literal_mx1(f);
	testing(f);
}

static void no_address_uncovered_mx1(struct sts_facts *f)
{
	uncovered_mx1(f);
	no_address_mx1(f);
}

static void dane_mx1(struct sts_facts *f)
{
	facts_set_tlsa(f, 0, true, STS_DANE_PASS);
}

static void dane_and_expired(struct sts_facts *f)
{
	dane_mx1(f);
	expired_mx1(f);
}

static void dane_mismatch_none(struct sts_facts *f)
{
	none(f);
	facts_set_tlsa(f, 0, true, STS_DANE_MISMATCH);
}

static void dane_unusable_expired(struct sts_facts *f)
{
	facts_set_tlsa(f, 0, false, STS_DANE_UNUSABLE);
	expired_mx1(f);
}

static void dane_unusable_plain_none(struct sts_facts *f)
{
	none(f);
	facts_set_tlsa(f, 0, false, STS_DANE_UNUSABLE);
	plain_mx1(f);
}

static void tlsa_servfail(struct sts_facts *f)
{
	facts_set_state(&f->mx[0].tlsa, STS_DNS_SERVFAIL);
}

static void two_addresses(struct sts_facts *f)
{
	facts_add_mx_address(f, 0, "2620:fe::25");
	f->mx[0].smtp[0].tls.problems = STS_CERT_EXPIRED;
}

static void bad_and_greylisted(struct sts_facts *f)
{
	two_addresses(f);
	f->mx[0].smtp[1] =
		(struct sts_smtp){.address = f->mx[0].smtp[1].address, .end = STS_SMTP_GREETING_4XX, .code = 421};
}

static void bad_and_no_ipv6(struct sts_facts *f)
{
	bad_and_greylisted(f);
	f->mx[0].smtp[1].end = STS_SMTP_NO_FAMILY;
}

static void weak_mx1(struct sts_facts *f)
{
	facts_set_mx_problem(f, 0, STS_CERT_WEAK);
}

static void null_mx(struct sts_facts *f)
{
	facts_set_hosts(f, ".");
}

/* Decisions on the first MX host by state, then what becomes of mail to the domain for a holder of the policy. */
static const struct {
	const char *name;
	void (*edit)(struct sts_facts *f);
	const char *no_cache, *current_policy, *dane, *neither;
	const char *finally;
} cases[] = {
	{"healthy", NULL, "deliver-verified", "deliver-verified", "deliver-verified", "deliver-unverified",
		"deliver-verified"},
	{"testing never refuses", expired_testing, "deliver-unverified", "deliver-unverified", "deliver-unverified",
		"deliver-unverified", "deliver-unverified"},
	{"testing, all is well", testing, "deliver-verified", "deliver-verified", "deliver-verified",
		"deliver-unverified", "deliver-verified"},
	{"none never refuses", expired_none, "deliver-unverified", "deliver-unverified", "deliver-unverified",
		"deliver-unverified", "deliver-unverified"},
	{"none checks nothing", none, "deliver-unverified", "deliver-unverified", "deliver-unverified",
		"deliver-unverified", "deliver-unverified"},
	{"enforce, expired: the next host takes the mail", expired_mx1, "refuse", "refuse", "refuse",
		"deliver-unverified", "deliver-verified"},
	{"enforce, no STARTTLS", plain_mx1, "refuse", "refuse", "refuse", "deliver-unverified", "deliver-verified"},
	{"enforce, not covered", uncovered_mx1, "refuse", "refuse", "refuse", "deliver-unverified", "deliver-verified"},
	{"no record: only who holds the policy refuses", no_record, "deliver-unverified", "refuse",
		"deliver-unverified", "deliver-unverified", "deliver-verified"},
	{"policy host broken: only who holds the policy refuses", host_expired, "deliver-unverified", "refuse",
		"deliver-unverified", "deliver-unverified", "deliver-verified"},
	{"the record could not be looked up", record_unknown, "unknown", "deliver-verified", "unknown",
		"deliver-unverified", "deliver-verified"},
	{"a host that is down is not refused", down_mx1, "unreachable", "unreachable", "unreachable", "unreachable",
		"deliver-verified"},
	{"a host without address is not refused", no_address_mx1, "unreachable", "unreachable", "unreachable",
		"unreachable", "deliver-verified"},
	{"neither covered nor with an address: the name is refused", no_address_uncovered_mx1, "refuse", "refuse",
		"refuse", "unreachable", "deliver-verified"},
	{"port 25 closed here: nothing is known", blocked, "unknown", "unknown", "unknown", "unknown", "unknown"},
	{"greylisted: not known", greylisted_mx1, "unknown", "unknown", "unknown", "unknown", "deliver-verified"},
	{"DANE passes", dane_mx1, "deliver-verified", "deliver-verified", "deliver-dane", "deliver-unverified",
		"deliver-verified"},
	{"DANE passes, certificate expired", dane_and_expired, "refuse", "refuse", "deliver-dane", "deliver-unverified",
		"deliver-verified"},
	{"DANE fails, mode none", dane_mismatch_none, "deliver-unverified", "deliver-unverified", "refuse",
		"deliver-unverified", "deliver-unverified"},
	{"no usable TLSA: MTA-STS decides", dane_unusable_expired, "refuse", "refuse", "refuse", "deliver-unverified",
		"deliver-verified"},
	{"no usable TLSA: TLS is a must all the same", dane_unusable_plain_none, "deliver-unverified",
		"deliver-unverified", "refuse", "deliver-unverified", "deliver-unverified"},
	{"TLSA look-up fails", tlsa_servfail, "deliver-verified", "deliver-verified", "refuse", "deliver-unverified",
		"deliver-verified"},
	{"one address of two verifies", two_addresses, "deliver-verified", "deliver-verified", "deliver-verified",
		"deliver-unverified", "deliver-verified"},
	{"one address fails, one is not known", bad_and_greylisted, "unknown", "unknown", "unknown",
		"deliver-unverified", "deliver-verified"},
	{"IPv4 fails, no IPv6 here", bad_and_no_ipv6, "refuse", "refuse", "refuse", "deliver-unverified",
		"deliver-verified"},
	{"weak is not refused", weak_mx1, "deliver-verified", "deliver-verified", "deliver-verified",
		"deliver-unverified", "deliver-verified"},
	{"an address as MX: no pattern covers it, and nothing is at such a name", literal_mx1, "refuse", "refuse", "refuse",
		"unreachable", "deliver-verified"},
	{"an address as MX, written in the policy as well", literal_in_policy, "refuse", "refuse", "refuse", "unreachable",
		"refuse"},
	{"an address as MX, testing", literal_testing, "unreachable", "unreachable", "unreachable", "unreachable",
		"deliver-verified"},
	{"null MX", null_mx, "unreachable", "unreachable", "unreachable", "unreachable", "unreachable"},
};

static void run_cases(void)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_facts *f = facts_healthy(arena);
		const struct sts_report *r;
		const char *want[STS_STATE_COUNT] = {
			cases[i].no_cache, cases[i].current_policy, cases[i].dane, cases[i].neither};

		CASE("%s", cases[i].name);
		if (cases[i].edit != NULL)
			cases[i].edit(f);
		r = sts_judge(f, arena);
		for (size_t s = 0; s < STS_STATE_COUNT; s++)
			EXPECT_CSTR(sts_decision_name(r->mx[0].decisions[s]), want[s]);
		EXPECT_CSTR(sts_decision_name(r->outlook.best[STS_STATE_CURRENT_POLICY]), cases[i].finally);
		sts_arena_free(arena);
	}
}

/* 266 go by MTA-STS alone, 511 by DANE alone, 203 by both, 1,414 by neither. */
static void shares(void)
{
	static const struct {
		const char *name;
		void (*edit)(struct sts_facts *f);
		unsigned held_back;
	} rows[] = {
		{"DANE passes, certificate expired", dane_and_expired, 266},
		{"DANE fails, mode none", dane_mismatch_none, 511 + 203},
		{"no usable TLSA: DANE alone looks at nothing", dane_unusable_expired, 469},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_facts *f = facts_healthy(arena);

		CASE("%s", rows[i].name);
		f->mx_count = 1;
		rows[i].edit(f);
		EXPECT_INT(sts_judge(f, arena)->shares.held_back, rows[i].held_back);
		sts_arena_free(arena);
	}
}

/* Every host refused: mail bounces. One refused, one down: the same. */
static void whole_domain(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);
	const struct sts_report *r;

	CASE("every host is refused");
	facts_set_mx_problem(f, 0, STS_CERT_EXPIRED);
	facts_set_mx_problem(f, 1, STS_CERT_SELF_SIGNED);
	r = sts_judge(f, arena);
	EXPECT_INT(r->outlook.best[STS_STATE_CURRENT_POLICY], STS_REFUSE);
	EXPECT_INT(r->outlook.worst[STS_STATE_CURRENT_POLICY], STS_REFUSE);
	EXPECT_INT(r->outlook.best[STS_STATE_NEITHER], STS_DELIVER_UNVERIFIED);
	EXPECT_INT(sts_count_decision(r, STS_STATE_CURRENT_POLICY, STS_REFUSE), 2);
	EXPECT(strstr(r->summary, "all 2 MX hosts") != NULL);
	/* 469 of the study's senders go by MTA-STS */
	EXPECT_INT(r->shares.measured, 2394);
	EXPECT_INT(r->shares.held_back, 469);
	EXPECT_INT(r->shares.through, 2394 - 469);
	EXPECT(strstr(r->shares.text, "80.4 % would get mail through and 19.6 % would queue it") != NULL);

	CASE("one refused, one down");
	facts_set_mx_end(f, 1, STS_SMTP_TCP_REFUSED);
	r = sts_judge(f, arena);
	EXPECT_INT(r->outlook.best[STS_STATE_CURRENT_POLICY], STS_REFUSE);

	CASE("one refused, one not known");
	facts_set_mx_end(f, 1, STS_SMTP_GREETING_4XX);
	r = sts_judge(f, arena);
	EXPECT_INT(r->shares.unknown, 469);
	EXPECT_INT(r->shares.through, 2394 - 469);
	EXPECT_INT(r->outlook.best[STS_STATE_CURRENT_POLICY], STS_DECIDE_UNKNOWN);
	EXPECT_INT(r->outlook.worst[STS_STATE_CURRENT_POLICY], STS_REFUSE);
	EXPECT_CSTR(sts_verdict_name(r->verdict), "blocking");
	sts_arena_free(arena);
}

int main(void)
{
	run_cases();
	shares();
	whole_domain();
	return test_done();
}
