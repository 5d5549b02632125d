/* src/check/plan.c: the order of steps, by table; what senders do, state by state. */
#include "facts.h"
#include "seen.h"
#include "test.h"

#include "check/plan.h"

#include <inttypes.h>

#define A                                                                                                               \
	"version: STSv1\nmode: enforce\nmx: mx1.example.test\nmx: *.backup.test\nmax_age: 1209600\n" /* as              \
													facts_healthy() \
													has it */
#define A_LONG "version: STSv1\nmode: enforce\nmx: mx1.example.test\nmx: *.backup.test\nmax_age: 2419200\n"
#define A_TESTING "version: STSv1\nmode: testing\nmx: mx1.example.test\nmx: *.backup.test\nmax_age: 1209600\n"
#define NONE "version: STSv1\nmode: none\nmax_age: 86400\n"
#define NONE_LONG "version: STSv1\nmode: none\nmax_age: 2419200\n"
#define NEW "version: STSv1\nmode: enforce\nmx: *.provider.test\nmax_age: 1209600\n"
#define BOTH                                                                                                           \
	"version: STSv1\nmode: enforce\nmx: *.provider.test\nmx: mx1.example.test\nmx: *.backup.test\nmax_age: "       \
	"1209600\n"
#define MORE                                                                                                           \
	"version: STSv1\nmode: enforce\nmx: mx1.example.test\nmx: *.backup.test\nmx: mx3.example.test\nmax_age: "      \
	"1209600\n"
#define LESS "version: STSv1\nmode: enforce\nmx: mx1.example.test\nmax_age: 1209600\n"
#define HOSTS "mx1.example.test mx2.backup.test"

struct look {
	int days_ago; /* 0 ends the list */
	const char *policy;
};

struct row {
	const char *name;
	const char *planned;
	const char *mx; /* planned hosts, parted by blanks; NULL: as now */
	void (*edit)(struct sts_facts *f);
	struct look looks[4];
	const char *verdict;
	const char *steps;   /* "action@days" (or "action+seconds" after whole days), parted by blanks */
	const char *warning; /* part of one that must be there; NULL: not looked at */
};

/* ---- the past and the words of a row ----------------------------------------------------------------------------- */

struct bodies {
	struct sts_arena *arena;
	const struct look *looks;
};

static struct sts_str body_of(const char *sha256, void *arg)
{
	const struct bodies *b = arg;

	for (const struct look *l = b->looks; l->days_ago != 0; l++) {
		const struct sts_observation *o = seen_make(b->arena, &(struct seen){.policy = l->policy});

		if (strcmp(o->policy.sha256, sha256) == 0)
			return o->policy.body;
	}
	return (struct sts_str){0};
}

static const struct sts_past *make_past(struct sts_arena *arena, const struct look *looks)
{
	struct sts_memory m = {.arena = arena};
	struct bodies b = {arena, looks};
	unsigned id = 0;

	for (const struct look *l = looks; l->days_ago != 0; l++)
		sts_memory_fold(&m, seen_make(arena, &(struct seen){.at = FACTS_NOW - l->days_ago * FACTS_DAY,
							     .id = sts_sprintf(arena, "%u", id++),
							     .policy = l->policy,
							     .hosts = HOSTS}));
	return sts_past_build(&m, body_of, &b, arena);
}

static const char *steps_of(struct sts_arena *arena, const struct sts_plan *plan)
{
	const char *out = "";

	for (size_t i = 0; i < plan->step_count; i++) {
		int64_t after = plan->steps[i].not_before - plan->at;

		out = sts_sprintf(arena, "%s%s%s@%" PRId64, out, i > 0 ? " " : "",
			sts_plan_action_name(plan->steps[i].action), after / FACTS_DAY);
		if (after % FACTS_DAY != 0)
			out = sts_sprintf(arena, "%s+%" PRId64, out, after % FACTS_DAY);
	}
	return out;
}

static struct sts_plan make_plan(struct sts_arena *arena, struct sts_facts *f, const char *planned, const char *mx)
{
	struct sts_change_wanted *w = STS_NEW(arena, struct sts_change_wanted);
	struct sts_policy *policy = STS_NEW(arena, struct sts_policy);
	struct sts_plan plan;
	const char **hosts = sts_alloc_array(arena, 10, sizeof *hosts);
	char *copy = sts_strdup(arena, mx == NULL ? "" : mx);

	w->report = sts_judge(f, arena);
	w->policy_text = sts_str_of(planned);
	sts_policy_parse(w->policy_text, arena, policy);
	w->policy = policy;
	for (char *p = strtok(copy, " "); p != NULL; p = strtok(NULL, " "))
		hosts[w->mx_count++] = p;
	w->mx = hosts;
	sts_plan_make(w, arena, &plan);
	return plan;
}

/* ---- edits ------------------------------------------------------------------------------------------------------- */

static void absent(struct sts_facts *f)
{
	facts_set_record(f, NULL);
	f->fetch_count = f->policy_host.address_count = 0;
	facts_set_state(&f->policy_host.a, STS_DNS_NXDOMAIN);
	facts_set_state(&f->policy_host.aaaa, STS_DNS_NXDOMAIN);
	facts_choose_policy(f);
}

static void testing(struct sts_facts *f)
{
	facts_set_policy(f, A_TESTING);
}

static void testing_bad_certificate(struct sts_facts *f)
{
	testing(f);
	facts_set_mx_problem(f, 0, STS_CERT_EXPIRED);
}

/* The second MX record holds an address. */
static void second_is_address(struct sts_facts *f)
{
	f->mx[1].name = "192.0.2.9";
	f->mx[1].ip_literal = true;
}

static void record_fails(struct sts_facts *f)
{
	facts_set_state(&f->record, STS_DNS_SERVFAIL);
	f->record_set = (struct sts_record_set){0};
}

static void no_smtp(struct sts_facts *f)
{
	f->no_smtp = true;
	facts_set_mx_end(f, 0, STS_SMTP_NOT_TRIED);
	facts_set_mx_end(f, 1, STS_SMTP_NOT_TRIED);
}

static void none(struct sts_facts *f)
{
	facts_set_policy(f, NONE);
}

/* ---- rows ----------------------------------------------------------------------------------------------------------
 */

/* TTLs in facts_healthy(): 3600 s, record and MX. */
static const struct row rows[] = {
	{"nothing to do", A, NULL, NULL, {{9, A}}, "nothing-to-do", "", NULL},
	{"the same hosts, named", A, HOSTS, NULL, {{9, A}}, "nothing-to-do", "", NULL},
	{"first policy", A, NULL, absent, {{0}}, "safe", "policy-file@0 record@0", "first policy"},
	{"another max_age", A_LONG, NULL, NULL, {{9, A}}, "safe", "policy-file@0 record@0", NULL},
	{"enforce to testing", A_TESTING, NULL, NULL, {{9, A}}, "safe", "policy-file@0 record@0", "go on enforcing"},
	{"testing to enforce", A, NULL, testing, {{9, A_TESTING}}, "safe", "policy-file@0 record@0", NULL},
	{"testing to enforce with a bad certificate", A, NULL, testing_bad_certificate, {{9, A_TESTING}}, "unsafe",
		"mend@0 policy-file@0 record@0", NULL},
	{"one more host", MORE, HOSTS " mx3.example.test", NULL, {{9, A}}, "safe",
		"policy-file@0 record@0 wait@14 mx@14", "mx3.example.test is no MX host now"},
	{"one more host, and an older policy with a long max_age", MORE, HOSTS " mx3.example.test", NULL,
		{{9, A_LONG}, {5, A}}, "safe", "policy-file@0 record@0 wait@23 mx@23", NULL},
	{"one more host that every policy covers", A, HOSTS " mx7.backup.test", NULL, {{9, A}}, "safe", "mx@0+3600",
		NULL},
	{"one host less", LESS, "mx1.example.test", NULL, {{9, A}}, "safe",
		"policy-file@0 record@0 mx@0+3600 policy-file@0+7200 record@0+7200 switch-off@0+7200", NULL},
	{"another provider", NEW, "a.provider.test b.provider.test", NULL, {{9, A}}, "safe",
		"policy-file@0 record@0 wait@14 mx@14 policy-file@14+3600 record@14+3600 switch-off@14+3600", NULL},
	{"another provider, the old policy in testing", NEW, "a.provider.test", testing, {{9, A_TESTING}}, "safe",
		"policy-file@0 record@0 mx@0+3600 policy-file@0+7200 record@0+7200 switch-off@0+7200", NULL},
	{"another provider, no policy before", NEW, "a.provider.test", absent, {{0}}, "safe",
		"policy-file@0 record@0 mx@0+3600 policy-file@0+7200 record@0+7200 switch-off@0+7200", NULL},
	{"another provider, enforce is gone but held", NEW, "a.provider.test", testing, {{10, A}, {5, A_TESTING}},
		"safe", "policy-file@0 record@0 wait@9 mx@9 policy-file@9+3600 record@9+3600 switch-off@9+3600", NULL},
	{"it may have been served until something else was seen", MORE, HOSTS " mx3.example.test", testing,
		{{16, LESS}, {10, A_TESTING}}, "safe", "policy-file@0 record@0 wait@4 mx@4", NULL},
	{"a policy that covers both", BOTH, "a.provider.test", NULL, {{9, A}}, "safe",
		"policy-file@0 record@0 wait@14 mx@14 switch-off@14+3600", NULL},
	{"a planned host that the planned policy does not cover", A, "a.provider.test", NULL, {{9, A}}, "unsafe",
		"mend@0 wait@14 mx@14 switch-off@14+3600", NULL},
	{"a policy that leaves out a host that stays", LESS, NULL, NULL, {{9, A}}, "unsafe",
		"mend@0 policy-file@0 record@0", NULL},
	{"an MX written as an address stays", A, NULL, second_is_address, {{9, A}}, "unsafe",
		"mend@0 policy-file@0 record@0", NULL},
	{"to leave", NONE, NULL, NULL, {{9, A}}, "safe",
		"policy-file@0 record@0 wait@14 remove-record@14 remove-host@14+3600", "go on enforcing"},
	{"to leave, none is served already", NONE, NULL, none, {{20, A}, {10, NONE}}, "nothing-to-do", "", NULL},
	{"to leave, an older policy is held longer", NONE, NULL, NULL, {{9, A_LONG}, {5, A}}, "safe",
		"policy-file@0 record@0 wait@23 remove-record@23 remove-host@23+3600", NULL},
	{"to leave with a long max_age", NONE_LONG, NULL, NULL, {{9, A}}, "safe",
		"policy-file@0 record@0 wait@14 remove-record@14 remove-host@14+3600", "a day is enough"},
	{"the record cannot be seen", A_LONG, NULL, record_fails, {{9, A}}, "unknown", "policy-file@0 record@0",
		"could not be looked up"},
	{"hosts that could not be tested", A_LONG, NULL, no_smtp, {{9, A}}, "safe", "policy-file@0 record@0",
		"could not be tested"},
	{"a young history", A_LONG, NULL, NULL, {{9, A}}, "safe", "policy-file@0 record@0",
		"history begins 2026-06-06"},
};

static bool warns(const struct sts_plan *plan, const char *part)
{
	for (size_t i = 0; i < plan->warning_count; i++)
		if (strstr(plan->warnings[i], part) != NULL)
			return true;
	return false;
}

static void test_rows(void)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_facts *f = facts_healthy(arena);
		struct sts_plan plan;

		CASE("%s", rows[i].name);
		if (rows[i].edit != NULL)
			rows[i].edit(f);
		f->past = make_past(arena, rows[i].looks);
		plan = make_plan(arena, f, rows[i].planned, rows[i].mx);
		EXPECT_CSTR(sts_plan_verdict_name(plan.verdict), rows[i].verdict);
		EXPECT_CSTR(steps_of(arena, &plan), rows[i].steps);
		if (rows[i].warning != NULL)
			EXPECT(warns(&plan, rows[i].warning));
		sts_arena_free(arena);
	}
}

/* ---- states
 * ---------------------------------------------------------------------------------------------------------- */

static const struct sts_plan_state *state(const struct sts_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->state_count; i++)
		if (strcmp(plan->states[i].name, name) == 0)
			return &plan->states[i];
	return NULL;
}

static void expect_outcome(
	const struct sts_plan *plan, const char *name, const char *before, const char *during, const char *after)
{
	const char *want[] = {before, during, after};
	const struct sts_plan_state *s = state(plan, name);

	test_expect(s != NULL, TEST_HERE, "there is no state %s", name);
	for (int phase = 0; s != NULL && phase < STS_PLAN_PHASES; phase++) {
		const char *got = s->exists[phase] ? sts_decision_name(s->outcome[phase]) : NULL;

		test_expect(test_str_same(got, want[phase]), TEST_HERE, "%s, %s: %s, not %s", name,
			sts_plan_phase_name((enum sts_plan_phase)phase), got == NULL ? "(none)" : got,
			want[phase] == NULL ? "(none)" : want[phase]);
	}
}

static void test_states(void)
{
	static const struct look looks[] = {{10, A_LONG}, {5, A}, {0}};
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);
	struct sts_plan plan;

	CASE("a move in one go: who refuses what, before, during and after");
	f->past = make_past(arena, looks);
	plan = make_plan(arena, f, NEW, "a.provider.test");
	EXPECT_INT(plan.host_count, 3);
	expect_outcome(&plan, "no_cache", "deliver-verified", "unknown", "unknown");
	expect_outcome(&plan, "current_policy", "deliver-verified", "refuse", NULL);
	expect_outcome(&plan, "policy_of_2026-06-05", "deliver-verified", "refuse", NULL);
	expect_outcome(&plan, "planned_policy", NULL, "unknown", "unknown");
	expect_outcome(&plan, "neither", "deliver-unverified", "unknown", "unknown");
	expect_outcome(&plan, "dane", "deliver-verified", "unknown", "unknown");
	EXPECT_INT(state(&plan, "current_policy")->gone_at, FACTS_NOW + 14 * FACTS_DAY);
	/* seen 10 days ago, something else 5 days ago: fetched then at the latest */
	EXPECT_INT(state(&plan, "policy_of_2026-06-05")->gone_at, FACTS_NOW + 23 * FACTS_DAY);
	EXPECT_INT(plan.surely_gone_at, FACTS_NOW + 23 * FACTS_DAY);
	sts_arena_free(arena);
}

static void test_dane(void)
{
	static const struct look looks[] = {{5, A}, {0}};
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);
	struct sts_plan plan;

	CASE("DANE stays with the host whatever the policy says");
	facts_set_tlsa(f, 0, true, STS_DANE_PASS);
	f->past = make_past(arena, looks);
	plan = make_plan(arena, f, NONE, NULL);
	expect_outcome(&plan, "dane", "deliver-dane", "deliver-dane", "deliver-dane");
	expect_outcome(&plan, "planned_policy", NULL, "deliver-unverified", "deliver-unverified");
	expect_outcome(&plan, "current_policy", "deliver-verified", "deliver-verified", NULL);
	sts_arena_free(arena);
}

/* ---- texts
 * ------------------------------------------------------------------------------------------------------------ */

static const char *snippet(const struct sts_plan *plan, size_t index)
{
	return index < plan->step_count && plan->steps[index].snippet != NULL ? plan->steps[index].snippet : "";
}

static void test_texts(void)
{
	static const struct look looks[] = {{9, A}, {0}};
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);
	struct sts_plan plan;
	struct sts_policy interim;

	CASE("the texts to publish are exact");
	f->past = make_past(arena, looks);
	plan = make_plan(arena, f, NEW, "a.provider.test b.provider.test");
	EXPECT_CSTR(snippet(&plan, 0), "version: STSv1\nmode: enforce\nmx: *.provider.test\nmx: mx1.example.test\nmx: "
				       "mx2.backup.test\nmax_age: 1209600\n");
	sts_policy_parse(sts_str_of(snippet(&plan, 0)), arena, &interim);
	EXPECT(interim.strict);
	EXPECT(strstr(snippet(&plan, 1), "_mta-sts.example.test.") != NULL &&
		strstr(snippet(&plan, 1), "id=20260615120000;") != NULL);
	EXPECT_CSTR(snippet(&plan, 3),
		"example.test. IN MX 10 a.provider.test.\nexample.test. IN MX 20 b.provider.test.\n");
	EXPECT_CSTR(snippet(&plan, 4), NEW);
	EXPECT(strstr(snippet(&plan, 5), "id=20260629130000;") != NULL);

	CASE("an id that was seen is not used again");
	facts_set_record(f, "v=STSv1; id=20260615120000;");
	plan = make_plan(arena, f, A_LONG, NULL);
	EXPECT(strstr(snippet(&plan, 1), "id=20260615120001;") != NULL);

	CASE("a file is given as it was planned, octet by octet");
	plan = make_plan(arena, f,
		"version: STSv1\r\nmode: testing\r\nmx: mx1.example.test\r\nmax_age: 86400\r\nx: y\r\n", NULL);
	EXPECT_CSTR(snippet(&plan, 0),
		"version: STSv1\r\nmode: testing\r\nmx: mx1.example.test\r\nmax_age: 86400\r\nx: y\r\n");
	sts_arena_free(arena);
}

static void test_without_history(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);
	struct sts_plan plan = make_plan(arena, f, A_LONG, NULL);

	CASE("without a history the plan says so");
	EXPECT(warns(&plan, "Without a history"));
	EXPECT_INT(plan.surely_gone_at, FACTS_NOW + 14 * FACTS_DAY);
	sts_arena_free(arena);
}

int main(void)
{
	test_rows();
	test_states();
	test_dane();
	test_texts();
	test_without_history();
	return test_done();
}
