/* src/check/rules_rpt.c: facts in, codes out. */
#include "rows.h"

static void absent(struct sts_facts *f)
{
	facts_set_rpt(f, NULL);
}

static void testing(struct sts_facts *f)
{
	facts_set_policy(
		f, "version: STSv1\nmode: testing\nmx: mx1.example.test\nmx: *.backup.test\nmax_age: 1209600\n");
}

static void absent_testing(struct sts_facts *f)
{
	testing(f);
	absent(f);
}

static void absent_none(struct sts_facts *f)
{
	facts_set_policy(f, "version: STSv1\nmode: none\nmax_age: 86400\n");
	absent(f);
}

static void unrelated(struct sts_facts *f)
{
	facts_set_rpt(f, "v=spf1 -all");
}

static void version_second(struct sts_facts *f)
{
	facts_set_rpt(f, "rua=mailto:reports@example.test; v=TLSRPTv1");
}

static void malformed(struct sts_facts *f)
{
	facts_set_rpt(f, "v=TLSRPTv1; foo=bar");
}

static void malformed_testing(struct sts_facts *f)
{
	testing(f);
	malformed(f);
}

static void ftp_testing(struct sts_facts *f)
{
	testing(f);
	facts_set_rpt(f, "v=TLSRPTv1; rua=ftp://reports.example.test/");
}

static void no_mail(struct sts_facts *f)
{
	f->rua[0].state = STS_RUA_NO_MAIL;
	f->rua[0].error = "its domain takes no mail";
}

static void unreachable(struct sts_facts *f)
{
	facts_set_rpt(f, "v=TLSRPTv1; rua=https://reports.example.test/in");
	f->rua[0].state = STS_RUA_UNREACHABLE;
}

static void untested(struct sts_facts *f)
{
	f->rua[0].state = STS_RUA_NOT_TESTED;
	f->rua[0].error = "its domain could not be looked up";
}

/* That private addresses are denied, or that time ran out elsewhere, is not why this destination was not tested. */
static void untested_elsewhere(struct sts_facts *f)
{
	untested(f);
	f->rua[0].reason = "resolver-failed";
	f->deny_private = true;
	f->timed_out = true;
}

static void untested_private(struct sts_facts *f)
{
	untested(f);
	f->rua[0].reason = "private-denied";
}

static void servfail(struct sts_facts *f)
{
	facts_set_rpt(f, NULL);
	facts_set_state(&f->rpt, STS_DNS_SERVFAIL);
}

static void servfail_testing(struct sts_facts *f)
{
	testing(f);
	servfail(f);
}

static void bogus(struct sts_facts *f)
{
	facts_set_rpt(f, NULL);
	facts_set_state(&f->rpt, STS_DNS_BOGUS);
}

static const struct facts_row rows[] = {
	{"there", NULL, "", "enforced", "SUCCESS", NULL},
	{"absent", absent, "rpt.absent:notice", "enforced", "SUCCESS", NULL},
	{"absent in testing", absent_testing, "rpt.absent:warning mode.testing-without-reports=rpt.absent mode.testing",
		"testing", "WARNING", NULL},
	{"absent in mode none", absent_none, "rpt.absent:notice mode.none", "none", "WARNING", NULL},
	{"other text only", unrelated, "rpt.absent:notice", "enforced", "SUCCESS", NULL},
	{"the version is not first", version_second, "rpt.malformed:error", "enforced", "WARNING", NULL},
	{"malformed", malformed, "rpt.malformed:error", "enforced", "WARNING", NULL},
	{"malformed in testing", malformed_testing, "rpt.malformed:error mode.testing-without-reports=rpt.malformed",
		"testing", "WARNING", NULL},
	{"an odd scheme in testing", ftp_testing, "rpt.rua-scheme:error mode.testing-without-reports=rpt.rua-scheme",
		"testing", "WARNING", NULL},
	{"a mailbox that takes no mail", no_mail, "rpt.rua-no-mail:warning", "enforced", "WARNING", NULL},
	{"an endpoint out of reach", unreachable, "rpt.rua-unreachable:warning", "enforced", "WARNING", NULL},
	{"a destination not tested", untested, "", "enforced", "SUCCESS", "resolver-failed"},
	{"a destination whose look-up fails, private addresses denied", untested_elsewhere, "", "enforced", "SUCCESS",
		"resolver-failed"},
	{"a destination with private addresses only", untested_private, "", "enforced", "SUCCESS", "private-denied"},
	{"the look-up fails", servfail, "", "enforced", "SUCCESS", "resolver-failed"},
	{"the look-up fails in testing", servfail_testing, "mode.testing", "testing", "WARNING", "resolver-failed"},
	{"bogus", bogus, "rpt.dnssec-bogus:error", "enforced", "WARNING", NULL},
};

static const struct {
	void (*edit)(struct sts_facts *f);
	const char *know;
} answers[] = {
	{NULL, "yes"},
	{absent, "no"},
	{malformed, "no"},
	{ftp_testing, "no"},
	{no_mail, "no"},
	{untested, "unknown"},
	{servfail, "unknown"},
	{bogus, "no"},
};

static void run_answers(void)
{
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_facts *f = facts_healthy(arena);

		CASE("would know, %zu", i);
		if (answers[i].edit != NULL)
			answers[i].edit(f);
		EXPECT_CSTR(sts_answer_word_name(sts_judge(f, arena)->would_know.answer), answers[i].know);
		sts_arena_free(arena);
	}
}

int main(void)
{
	facts_run(rows, COUNT_OF(rows));
	run_answers();
	return test_done();
}
