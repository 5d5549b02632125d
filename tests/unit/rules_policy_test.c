/* src/check/rules_policy.c: the policy's text as check judges it. What each fault of the grammar gives is in
 * rules_syntax's test. */
#include "check/rules.h"
#include "rows.h"

#define MX "mx: mx1.example.test\nmx: *.backup.test\n"

static void mode_invalid(struct sts_facts *f)
{
	facts_set_policy(f, "version: STSv1\nmode: enforced\n" MX "max_age: 1209600\n");
}

static void blank_line(struct sts_facts *f)
{
	facts_set_policy(f, "version: STSv1\nmode: enforce\n" MX "max_age: 1209600\n\n");
}

static void empty(struct sts_facts *f)
{
	facts_set_policy(f, "");
}

static void empty_at_a_provider(struct sts_facts *f)
{
	empty(f);
	facts_set_cname(&f->policy_host.a, "policies.provider.test");
	facts_set_cname(&f->record, "records.provider.test");
}

static void page(struct sts_facts *f)
{
	facts_set_policy(f, "<!doctype html><title>Hello</title>");
}

static void max_age_too_large(struct sts_facts *f)
{
	facts_set_policy(f, "version: STSv1\nmode: enforce\n" MX "max_age: 31557601\n");
}

static void first_of_two_modes(struct sts_facts *f)
{
	facts_set_policy(f, "version: STSv1\nmode: testing\nmode: enforce\n" MX "max_age: 1209600\n");
}

static const struct facts_row rows[] = {
	{"a mode that is none", mode_invalid, "policy.mode-invalid:error record.without-policy=policy.mode-invalid",
		"broken", "WARNING", NULL},
	{"a blank line", blank_line, "policy.blank-line:warning", "enforced", "WARNING", NULL},
	{"an empty file", empty, "policy.empty:error record.without-policy=policy.empty", "broken", "WARNING", NULL},
	{"an empty file at a provider", empty_at_a_provider,
		"policy.empty:error deleg.orphan=policy.empty record.without-policy record.cname", "broken", "WARNING",
		NULL},
	{"a page in place of the policy", page, "policy.not-a-policy:error record.without-policy=policy.not-a-policy",
		"broken", "WARNING", NULL},
	{"max_age over a year", max_age_too_large, "policy.max-age-too-large:error record.without-policy", "broken",
		"WARNING", NULL},
	{"two modes: the first counts", first_of_two_modes, "policy.duplicate-field:warning mode.testing", "testing",
		"WARNING", NULL},
};

static void first_error(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);

	CASE("the first error of a policy");
	EXPECT_INT(sts_policy_error(f, f->policy, arena), STS_F_COUNT);
	blank_line(f);
	EXPECT_INT(sts_policy_error(f, f->policy, arena), STS_F_COUNT);
	mode_invalid(f);
	EXPECT_INT(sts_policy_error(f, f->policy, arena), STS_F_POLICY_MODE_INVALID);
	sts_arena_free(arena);
}

int main(void)
{
	facts_run(rows, COUNT_OF(rows));
	first_error();
	return test_done();
}
