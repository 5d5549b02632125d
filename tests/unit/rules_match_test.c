/* src/check/rules_match.c and mxcause.c: facts in, codes and causes out. */
#include "check/mxcause.h"
#include "rows.h"

static void set(struct sts_facts *f, const char *hosts, const char *policy)
{
	facts_set_hosts(f, hosts);
	facts_set_policy(f, policy);
}

#define POLICY(mode, lines) "version: STSv1\nmode: " mode "\n" lines "max_age: 1209600\n"

static void one_uncovered(struct sts_facts *f)
{
	set(f, "mx1.example.test mx.elsewhere.test", POLICY("enforce", "mx: mx1.example.test\n"));
}

static void one_uncovered_testing(struct sts_facts *f)
{
	set(f, "mx1.example.test mx.elsewhere.test", POLICY("testing", "mx: mx1.example.test\n"));
}

static void one_uncovered_none(struct sts_facts *f)
{
	set(f, "mx1.example.test mx.elsewhere.test", POLICY("none", "mx: mx1.example.test\n"));
}

static void all_uncovered(struct sts_facts *f)
{
	set(f, "mx.elsewhere.test mx2.elsewhere.test", POLICY("enforce", "mx: mx1.example.test\n"));
}

static void all_uncovered_testing(struct sts_facts *f)
{
	set(f, "mx.elsewhere.test", POLICY("testing", "mx: mx1.example.test\n"));
}

static void all_uncovered_none(struct sts_facts *f)
{
	set(f, "mx.elsewhere.test", POLICY("none", "mx: mx1.example.test\n"));
}

static void none_without_patterns(struct sts_facts *f)
{
	set(f, "mx1.example.test", POLICY("none", ""));
}

static void slip(struct sts_facts *f)
{
	set(f, "mx1.example.test mail-relay.example.test",
		POLICY("enforce", "mx: mx1.example.test\nmx: mail-rellay.example.test\n"));
}

static void unused_pattern(struct sts_facts *f)
{
	set(f, "mx1.example.test", POLICY("enforce", "mx: mx1.example.test\nmx: spare.other.test\n"));
}

static void implicit(struct sts_facts *f)
{
	facts_set_hosts(f, "example.test");
	facts_set_state(&f->mx_answer, STS_DNS_NODATA);
	f->mx[0].implicit = true;
	f->mx[0].preference = 0;
}

static void implicit_uncovered(struct sts_facts *f)
{
	implicit(f);
	facts_set_policy(f, POLICY("enforce", "mx: *.example.test\n"));
}

static void implicit_covered(struct sts_facts *f)
{
	implicit(f);
	facts_set_policy(f, POLICY("enforce", "mx: example.test\n"));
}

static void final_dot(struct sts_facts *f)
{
	set(f, "mx1.example.test", POLICY("enforce", "mx: mx1.example.test.\n"));
}

static void list_on_one_line(struct sts_facts *f)
{
	set(f, "mx1.example.test mx2.example.test", POLICY("enforce", "mx: mx1.example.test, mx2.example.test\n"));
}

static void no_patterns(struct sts_facts *f)
{
	set(f, "mx1.example.test", POLICY("enforce", ""));
}

static void other_case(struct sts_facts *f)
{
	set(f, "mx1.example.test", POLICY("enforce", "mx: MX1.Example.TEST\n"));
}

static void twice_in_dns(struct sts_facts *f)
{
	set(f, "mx.elsewhere.test mx1.example.test mx.elsewhere.test", POLICY("enforce", "mx: mx1.example.test\n"));
}

static void twice_and_covered(struct sts_facts *f)
{
	set(f, "mx1.example.test mx1.example.test", POLICY("enforce", "mx: mx1.example.test\n"));
}

static const struct facts_row rows[] = {
	{"one uncovered, enforce", one_uncovered, "match.mx-uncovered:error", "blocking", "FAIL", NULL},
	{"one uncovered, testing", one_uncovered_testing, "match.mx-uncovered:warning mode.testing", "testing",
		"WARNING", NULL},
	{"one uncovered, none", one_uncovered_none, "match.mx-uncovered:info mode.none mode.none-long-max-age", "none",
		"WARNING", NULL},
	{"all uncovered, enforce", all_uncovered,
		"match.mx-uncovered:error match.mx-uncovered:error match.all-uncovered:error match.pattern-unused",
		"blocking", "FAIL", NULL},
	{"all uncovered, testing", all_uncovered_testing,
		"match.mx-uncovered:warning match.all-uncovered:warning mode.testing", "testing", "WARNING", NULL},
	{"all uncovered, none", all_uncovered_none, "match.mx-uncovered:info mode.none mode.none-long-max-age", "none",
		"WARNING", NULL},
	{"mode none without patterns", none_without_patterns, "mode.none mode.none-long-max-age", "none", "WARNING",
		NULL},
	{"a slip leaves a pattern unused", slip, "match.mx-uncovered=typo match.pattern-unused:info", "blocking",
		"FAIL", NULL},
	{"a pattern no host uses", unused_pattern, "match.pattern-unused:info", "enforced", "SUCCESS", NULL},
	{"implicit MX, a wildcard", implicit_uncovered,
		"mx.implicit:notice match.mx-uncovered=implicit-mx match.all-uncovered", "blocking", "FAIL", NULL},
	{"implicit MX, named", implicit_covered, "mx.implicit:notice", "enforced", "SUCCESS", NULL},
	{"a pattern with a final dot is the cause", final_dot,
		"policy.mx-invalid record.without-policy=policy.mx-invalid", "broken", "WARNING", NULL},
	{"a list on one line is the cause", list_on_one_line, "policy.mx-invalid record.without-policy", "broken",
		"WARNING", NULL},
	{"no pattern at all is the cause", no_patterns, "policy.mx-missing record.without-policy", "broken", "WARNING",
		NULL},
	{"letter case does not count", other_case, "", "enforced", "SUCCESS", NULL},
	{"one host, two MX records, uncovered", twice_in_dns, "match.mx-uncovered:error", "blocking", "FAIL", NULL},
	{"one host, two MX records", twice_and_covered, "", "enforced", "SUCCESS", NULL},
};

/* ---- causes ---- */

static const struct {
	const char *host, *pattern, *cause, *meant;
} causes[] = {
	{"mail.example.test", "mial.example.test", "typo", "mial.example.test"},
	{"mx1.example.test", "mx1.exmaple.test", "typo", "mx1.exmaple.test"},
	{"mx.mail.example.net", "*.mial.example.net", "typo", "*.mial.example.net"},
	{"mail.example.test", "mta-sts.example.test", "policy-host-name", "mta-sts.example.test"},
	{"mx.provider.net", "MTA-STS.example.test", "policy-host-name", "MTA-STS.example.test"},
	{"example-test.a-v1.mx.microsoft", "*.mx.microsoft", "label-depth", "*.mx.microsoft"},
	{"mx.example.test", "*.mx.example.test", "label-depth", "*.mx.example.test"},
	{"mail.example.org", "mail.example.net", "other-tld", "mail.example.net"},
	{"mail.example.co.uk", "mail.example.com", "other-tld", "mail.example.com"},
	{"a.mail.example.org", "*.mail.example.net", "other-tld", "*.mail.example.net"},
	{"mx1.example.test", "mail.example.test", "same-domain", NULL},
	{"inbound.example.test", "smtp-relay.example.test", "same-domain", NULL},
	{"example.test", "mx.example.test", "same-domain", NULL},
	{"aspmx.l.google.com", "mx1.example.test", "other-provider", NULL},
	/* A pattern that another MX host uses was not meant for this one. */
	{"mx2.example.test", "mx1.example.test", "same-domain", NULL},
};

static void run_causes(void)
{
	for (size_t i = 0; i < COUNT_OF(causes); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_facts *f = facts_healthy(arena);
		const struct sts_mx_pattern *meant = NULL;
		const struct sts_report *r;
		const char *line;

		CASE("cause: %s against %s", causes[i].host, causes[i].pattern);
		set(f, sts_sprintf(arena, "%s mx1.example.test", causes[i].host),
			sts_sprintf(arena, POLICY("enforce", "mx: %s\n"), causes[i].pattern));
		if (i + 1 < COUNT_OF(causes))
			facts_set_hosts(f, causes[i].host);
		EXPECT_CSTR(sts_mx_cause_name(sts_mx_cause(f, &f->mx[0], &meant)), causes[i].cause);
		EXPECT((meant != NULL) == (causes[i].meant != NULL));
		if (meant != NULL && causes[i].meant != NULL)
			EXPECT_STR(sts_str(meant->text, meant->len), causes[i].meant);
		r = sts_judge(f, arena);
		line = sts_sprintf(arena, "mx: %s", causes[i].host);
		for (size_t k = 0; k < r->finding_count; k++) {
			if (r->ids[k] != STS_F_MATCH_MX_UNCOVERED)
				continue;
			EXPECT_CSTR(r->findings[k].fix_snippet, line);
			EXPECT_CSTR(r->findings[k].cause, causes[i].cause);
			EXPECT_CSTR(r->findings[k].result_type, "validation-failure");
		}
		EXPECT(sts_report_has(r, STS_F_MATCH_MX_UNCOVERED, causes[i].host));
		sts_arena_free(arena);
	}
}

/* The corrected policy is one that covers every host. */
static void corrected(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);
	const struct sts_report *r;
	struct sts_policy p = {0};

	CASE("the corrected policy");
	all_uncovered(f);
	r = sts_judge(f, arena);
	for (size_t k = 0; k < r->finding_count; k++)
		if (r->ids[k] == STS_F_MATCH_ALL_UNCOVERED)
			sts_policy_parse(sts_str_of(r->findings[k].fix_snippet), arena, &p);
	EXPECT(p.strict);
	EXPECT_INT(p.mode, STS_MODE_ENFORCE);
	EXPECT_INT(p.max_age_s, 1209600);
	EXPECT_INT(p.mx_count, 2);
	for (size_t i = 0; i < p.mx_count; i++)
		EXPECT(sts_mx_match(sts_str(p.mx[i].text, p.mx[i].len), sts_str_of(f->mx[i].name)));
	EXPECT(!r->mx[0].covered && r->mx[0].judged);
	EXPECT_CSTR(r->mx[0].cause, "other-provider");
	sts_arena_free(arena);
}

int main(void)
{
	facts_run(rows, COUNT_OF(rows));
	run_causes();
	corrected();
	return test_done();
}
