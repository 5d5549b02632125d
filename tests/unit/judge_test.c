/* src/check/judge.c, verdict.c, parts.c, advise.c: the whole judgement. */
#include "check/verdict.h"
#include "rows.h"

static void testing(struct sts_facts *f)
{
	facts_set_policy(
		f, "version: STSv1\nmode: testing\nmx: mx1.example.test\nmx: *.backup.test\nmax_age: 1209600\n");
}

static void none(struct sts_facts *f)
{
	facts_set_policy(f, "version: STSv1\nmode: none\nmax_age: 86400\n");
}

static void absent(struct sts_facts *f)
{
	facts_set_record(f, NULL);
	f->fetch_count = f->policy_host.address_count = 0;
	facts_set_state(&f->policy_host.a, STS_DNS_NXDOMAIN);
	facts_set_state(&f->policy_host.aaaa, STS_DNS_NXDOMAIN);
	facts_choose_policy(f);
	facts_set_rpt(f, NULL);
}

static void absent_with_dane(struct sts_facts *f)
{
	absent(f);
	facts_set_tlsa(f, 0, true, STS_DANE_PASS);
	facts_set_tlsa(f, 1, true, STS_DANE_PASS);
}

static void broken(struct sts_facts *f)
{
	facts_set_problem(&f->fetches[0], STS_CERT_EXPIRED);
	facts_set_problem(&f->fetches[1], STS_CERT_EXPIRED);
	facts_choose_policy(f);
}

static void blocking(struct sts_facts *f)
{
	facts_set_mx_problem(f, 0, STS_CERT_EXPIRED);
}

static void unknown(struct sts_facts *f)
{
	facts_set_state(&f->record, STS_DNS_TIMEOUT);
}

static void no_smtp(struct sts_facts *f)
{
	f->no_smtp = true;
	facts_set_mx_end(f, 0, STS_SMTP_NOT_TRIED);
	facts_set_mx_end(f, 1, STS_SMTP_NOT_TRIED);
	f->vantage.smtp = STS_YN_UNKNOWN;
}

static void one_untested(struct sts_facts *f)
{
	facts_set_mx_end(f, 1, STS_SMTP_GREETING_4XX);
}

static void one_down(struct sts_facts *f)
{
	facts_set_mx_end(f, 1, STS_SMTP_TCP_REFUSED);
}

static void one_without_address(struct sts_facts *f)
{
	f->mx[1].host.address_count = f->mx[1].smtp_count = 0;
	facts_set_state(&f->mx[1].host.a, STS_DNS_NODATA);
}

static void record_gone(struct sts_facts *f)
{
	facts_set_record(f, NULL);
}

static void mismatch_in_testing(struct sts_facts *f)
{
	testing(f);
	facts_set_tlsa(f, 0, true, STS_DANE_MISMATCH);
}

static const struct {
	const char *name;
	void (*edit)(struct sts_facts *f);
	const char *verdict, *protected_, *enforcing;
	const char *parts; /* one letter a part: p w f n(ot tested) - */
	size_t gaps;
	bool has_mta_sts;
} cases[] = {
	{"enforced", NULL, "enforced", "yes", "yes", "pppnpp-p", 0, true},
	{"testing", testing, "testing", "no", "no", "pppnpp-p", 0, true},
	{"none", none, "none", "no", "no", "pppn-p-p", 0, true},
	{"absent", absent, "absent", "no", "no", "-----p-w", 0, false},
	{"absent, DANE everywhere", absent_with_dane, "absent", "partly", "no", "-----ppw", 0, false},
	{"broken, enforce", broken, "broken", "no", "partly", "pfpnpp-p", 0, true},
	{"blocking", blocking, "blocking", "partly", "yes", "pppnpf-p", 0, true},
	{"blocking by DANE in testing", mismatch_in_testing, "blocking", "no", "no", "pppnppfp", 0, true},
	{"unknown", unknown, "unknown", "unknown", "unknown", "nppnpp-p", 1, false},
	{"no SMTP", no_smtp, "enforced", "unknown", "yes", "pppnpn-p", 0, true},
	{"one MX host not tested", one_untested, "enforced", "partly", "yes", "pppnpw-p", 1, true},
	{"one MX host does not answer", one_down, "enforced", "partly", "yes", "pppnpn-p", 1, true},
	{"one MX host without address", one_without_address, "enforced", "yes", "yes", "pppnpw-p", 0, true},
	{"record gone, enforce still served", record_gone, "absent", "no", "partly", "wppnpp-p", 0, false},
};

/* Entries that stand for something that should have been tested. */
static size_t gaps(const struct sts_report *r)
{
	static const char *const harmless[] = {"switched-off", "needs-history", "not-applicable"};
	size_t count = 0;

	for (size_t i = 0; i < r->not_tested_count; i++) {
		bool counts = true;

		for (size_t k = 0; k < COUNT_OF(harmless); k++)
			counts = counts && strcmp(r->not_tested[i].reason, harmless[k]) != 0;
		count += counts;
	}
	return count;
}

static char letter(enum sts_result r)
{
	static const char letters[] = {
		[STS_RESULT_PASS] = 'p',
		[STS_RESULT_WARN] = 'w',
		[STS_RESULT_FAIL] = 'f',
		[STS_RESULT_NOT_TESTED] = 'n',
		[STS_RESULT_NOT_APPLICABLE] = '-',
	};

	return letters[r];
}

static void run_cases(void)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_facts *f = facts_healthy(arena);
		const struct sts_report *r;
		char parts[STS_PART_COUNT + 1] = {0};

		CASE("%s", cases[i].name);
		if (cases[i].edit != NULL)
			cases[i].edit(f);
		r = sts_judge(f, arena);
		for (size_t p = 0; p < STS_PART_COUNT; p++)
			parts[p] = letter(r->parts[p].result);
		EXPECT_CSTR(sts_verdict_name(r->verdict), cases[i].verdict);
		EXPECT_CSTR(sts_answer_word_name(r->protected_.answer), cases[i].protected_);
		EXPECT_CSTR(sts_answer_word_name(r->enforcing.answer), cases[i].enforcing);
		EXPECT_CSTR(parts, cases[i].parts);
		EXPECT_INT(gaps(r), cases[i].gaps);
		EXPECT_INT(r->has_mta_sts, cases[i].has_mta_sts);
		EXPECT(strstr(r->summary, "example.test") != NULL);
		sts_arena_free(arena);
	}
}

/* Listed only where senders disagree with the RFC or one another. */
static void profiles(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);
	const struct sts_report *r;
	size_t refusing = 0;

	CASE("all senders agree");
	EXPECT_INT(sts_judge(f, arena)->profile_count, 0);
	CASE("a blank line: some drop the policy");
	facts_set_policy(
		f, "version: STSv1\nmode: enforce\nmx: mx1.example.test\nmx: *.backup.test\nmax_age: 1209600\n\n");
	r = sts_judge(f, arena);
	EXPECT(r->profile_count > 3);
	for (size_t i = 0; i < r->profile_count; i++) {
		refusing += !r->profiles[i].accepts_policy;
		if (strcmp(r->profiles[i].sender, "mox") == 0)
			EXPECT(!r->profiles[i].accepts_policy && r->profiles[i].accepts_record);
	}
	EXPECT(refusing > 0 && refusing < r->profile_count);
	CASE("two modes: senders read different ones");
	facts_set_policy(f, "version: STSv1\nmode: testing\nmode: enforce\nmx: mx1.example.test\nmx: *.backup.test\n"
			    "max_age: 1209600\n");
	r = sts_judge(f, arena);
	refusing = 0;
	for (size_t i = 0; i < r->profile_count; i++)
		refusing += r->profiles[i].mode != NULL && strcmp(r->profiles[i].mode, "enforce") == 0;
	EXPECT(refusing > 0 && refusing < r->profile_count);
	CASE("behind a bad certificate nobody reads anything");
	facts_set_problem(&f->fetches[0], STS_CERT_EXPIRED);
	facts_set_problem(&f->fetches[1], STS_CERT_EXPIRED);
	facts_choose_policy(f);
	EXPECT_INT(sts_judge(f, arena)->profile_count, 0);
	sts_arena_free(arena);
}

static const char *dump(const struct sts_report *r)
{
	const char *text =
		sts_sprintf(r->arena, "%s %s %s", sts_verdict_name(r->verdict), sts_status_name(r->status), r->summary);

	for (size_t i = 0; i < r->finding_count; i++)
		text = sts_sprintf(r->arena, "%s\n%s %s %s %s", text, r->findings[i].code,
			sts_severity_name(r->findings[i].severity), r->findings[i].subject, r->findings[i].detail);
	for (size_t i = 0; i < r->recommendation_count; i++)
		text = sts_sprintf(r->arena, "%s\n%s", text, r->recommendations[i]);
	return text;
}

/* Same facts, same report; worst first; each severity in catalogue order. */
static void pure_and_sorted(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);
	const struct sts_report *r;

	CASE("same facts, same report");
	testing(f);
	blocking(f);
	facts_set_rpt(f, NULL);
	f->record.ttl_s = 200000;
	r = sts_judge(f, arena);
	EXPECT_CSTR(dump(r), dump(sts_judge(f, arena)));
	CASE("worst first");
	EXPECT(r->finding_count >= 4);
	for (size_t i = 1; i < r->finding_count; i++) {
		EXPECT(r->findings[i - 1].severity >= r->findings[i].severity);
		if (r->findings[i - 1].severity == r->findings[i].severity)
			EXPECT(r->ids[i - 1] <= r->ids[i]);
	}
	CASE("advice follows the findings");
	EXPECT(r->recommendation_count > 0);
	EXPECT(strstr(r->recommendations[0], r->findings[0].subject) != NULL);
	sts_arena_free(arena);
}

/* Nothing was seen at all: nothing may be called absent, passed or faulty. */
static void blind(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = STS_NEW(arena, struct sts_facts);
	const struct sts_report *r;

	CASE("nothing was seen");
	f->domain = "example.test";
	f->timed_out = true;
	f->policy_host.name = "mta-sts.example.test";
	f->rpt.name = "_smtp._tls.example.test";
	r = sts_judge(f, arena);
	EXPECT_CSTR(sts_verdict_name(r->verdict), "unknown");
	EXPECT_CSTR(sts_status_name(r->status), "ERROR");
	EXPECT_INT(r->finding_count, 0);
	EXPECT(gaps(r) > 0);
	for (size_t p = 0; p < STS_PART_COUNT; p++)
		EXPECT(r->parts[p].result == STS_RESULT_NOT_TESTED || r->parts[p].result == STS_RESULT_NOT_APPLICABLE);
	EXPECT_INT(r->protected_.answer, STS_ANSWER_UNKNOWN);
	EXPECT_INT(r->enforcing.answer, STS_ANSWER_UNKNOWN);
	EXPECT_INT(r->would_know.answer, STS_ANSWER_UNKNOWN);
	sts_arena_free(arena);
}

int main(void)
{
	run_cases();
	profiles();
	pure_and_sorted();
	blind();
	return test_done();
}
