/* Observations into a memory: what counts as a change, and what does not. */
#include "seen.h"
#include "test.h"

#include "check/past.h"
#include "check/timeline.h"

#define DAY 86400

/* Changes as text: "KIND KEY OLD>NEW" a line, digests cut to four letters. */
static const char *told(struct sts_arena *arena, const struct sts_memory *m)
{
	const char *out = "";

	for (size_t i = 0; i < m->change_count; i++) {
		const struct sts_change *c = &m->changes[i];
		bool digest = c->kind == STS_ITEM_POLICY;

		out = sts_sprintf(arena, "%s%s%s%s %.*s>%.*s\n", out, sts_item_kind_name(c->kind),
			c->key[0] != '\0' ? " " : "", c->key, digest ? 4 : 200,
			c->old_value == NULL ? "-" : c->old_value, digest ? 4 : 200, c->new_value);
	}
	return out;
}

static void fold(struct sts_memory *m, const struct seen *s)
{
	sts_memory_fold(m, seen_make(m->arena, s));
}

static void forget(struct sts_memory *m)
{
	m->changes = NULL;
	m->change_count = 0;
}

static const char policy_a[] = "version: STSv1\nmode: enforce\nmx: mx1.example.test\nmax_age: 604800\n";
static const char policy_b[] = "version: STSv1\nmode: testing\nmx: mx1.example.test\nmax_age: 86400\n";

static const struct seen first = {.at = 1000, .id = "1", .policy = policy_a, .hosts = "mx1.example.test"};

static struct sts_memory after_first(struct sts_arena *arena)
{
	struct sts_memory m = {.arena = arena};

	fold(&m, &first);
	forget(&m);
	return m;
}

static void test_second(const char *name, struct seen second, const char *want)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_memory m = after_first(arena);

	CASE("%s", name);
	second.at = 2000;
	fold(&m, &second);
	EXPECT_CSTR(told(arena, &m), want);
	EXPECT_INT(m.last_at, 2000);
	EXPECT_INT(m.first_at, 1000);
	sts_arena_free(arena);
}

static void test_pairs(void)
{
	static const struct {
		const char *name;
		struct seen second;
		const char *want;
	} cases[] = {
		{"the same again", {.id = "1", .policy = policy_a, .hosts = "mx1.example.test"}, ""},
		{"nothing could be seen", {.id = "?", .policy = "?", .hosts = "?"}, ""},
		{"another id", {.id = "2", .policy = policy_a, .hosts = "mx1.example.test"},
			"record v=STSv1; id=1;>v=STSv1; id=2;\n"},
		{"the record is gone", {.policy = policy_a, .hosts = "mx1.example.test"}, "record v=STSv1; id=1;>\n"},
		{"another policy", {.id = "1", .policy = policy_b, .hosts = "mx1.example.test"},
			"policy 1e14>aa88\nmode enforce>testing\n"},
		{"the policy is gone", {.id = "1", .hosts = "mx1.example.test"},
			"verdict enforced>absent\npolicy 1e14>\nmode enforce>\n"},
		{"another host", {.id = "1", .policy = policy_a, .hosts = "mx1.example.test mx2.example.test"},
			"mx 10 mx1.example.test>10 mx1.example.test\n20 mx2.example.test\n"},
		{"a finding",
			{.id = "1",
				.policy = policy_a,
				.hosts = "mx1.example.test",
				.findings = "mx.cert.expired error mx1.example.test"},
			"finding mx.cert.expired mx1.example.test ->error\n"},
		{"a finding at one address counts for the host, the worst of several",
			{.id = "1",
				.policy = policy_a,
				.hosts = "mx1.example.test",
				.findings = "mx.cert.weak warning mx1.example.test [192.0.2.1],mx.cert.weak error "
					    "mx1.example.test [192.0.2.2]"},
			"finding mx.cert.weak mx1.example.test ->error\n"},
		{"a first visit is no state",
			{.id = "1",
				.policy = policy_a,
				.hosts = "mx1.example.test",
				.findings = "time.first-visit info example.test"},
			""},
		{"a certificate", {.id = "1", .policy = policy_a, .hosts = "mx1.example.test", .cert = "a"},
			"certificate mx mx1.example.test "
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			" ->2027-01-01T00:00:00Z CN=mx1.example.test\n"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		test_second(cases[i].name, cases[i].second, cases[i].want);
}

/* A finding is mended only where it would have been seen. */
static void test_findings(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_memory m = {.arena = arena};
	struct seen s = first;

	CASE("a finding stays while it cannot be seen, and is mended once");
	s.findings = "mx.cert.expired error mx1.example.test";
	fold(&m, &s);
	forget(&m);
	s = first;
	s.at = 2000;
	s.unseen = "mx.cert.";
	fold(&m, &s);
	EXPECT_CSTR(told(arena, &m), "");
	s.at = 3000;
	s.unseen = NULL;
	fold(&m, &s);
	EXPECT_CSTR(told(arena, &m), "finding mx.cert.expired mx1.example.test error>\n");
	EXPECT_INT(m.changes[0].before_at, 1000);
	forget(&m);
	s.at = 4000;
	fold(&m, &s);
	EXPECT_CSTR(told(arena, &m), "");
	sts_arena_free(arena);
}

static void test_certificates(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_memory m = {.arena = arena};
	struct seen s = first;

	CASE("certificates that take turns are told once each");
	s.cert = "a";
	fold(&m, &s);
	forget(&m);
	for (int i = 1; i <= 6; i++) {
		s.at += DAY;
		s.cert = i % 2 == 0 ? "a" : "b";
		fold(&m, &s);
	}
	EXPECT_INT(m.change_count, 1);
	EXPECT_CSTR(m.changes[0].old_value, "2027-01-01T00:00:00Z CN=mx1.example.test");
	EXPECT_INT(m.changes[0].before_at, 1000);
	sts_arena_free(arena);
}

/* ---- the past -------------------------------------------------------------------------------------------------- */

static struct sts_str body_of(const char *sha256, void *arg)
{
	struct sts_memory *m = arg;
	const struct seen a = {.policy = policy_a, .hosts = "?", .id = "?"};

	if (strcmp(sha256, seen_make(m->arena, &a)->policy.sha256) == 0)
		return STS_STR(policy_a);
	return STS_STR(policy_b);
}

static void test_past(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_memory m = {.arena = arena};
	struct sts_past *past;
	struct seen s = first;

	CASE("the past tells policies, ids, pairs and hosts with their times");
	fold(&m, &s);
	s.at = 2000;
	fold(&m, &s);
	s.at = 3000;
	s.policy = "?";
	fold(&m, &s);
	s.at = 4000;
	s.policy = policy_b;
	s.hosts = "mx9.example.test";
	fold(&m, &s);
	s.at = 5000;
	s.id = "2";
	fold(&m, &s);
	past = sts_past_build(&m, body_of, &m, arena);
	EXPECT_INT(past->policy_count, 2);
	EXPECT_INT(past->policies[0].first_at, 4000);
	EXPECT_INT(past->policies[0].gone_at, 0);
	EXPECT_INT(past->policies[1].first_at, 1000);
	EXPECT_INT(past->policies[1].last_at, 2000);
	EXPECT_INT(past->policies[1].gone_at, 4000);
	EXPECT_INT(past->policies[1].policy.max_age_s, 604800);
	EXPECT_INT(sts_past_until(&past->policies[1]), 2000 + 604800);
	EXPECT_INT(sts_past_surely_gone(&past->policies[1], 9000), 4000 + 604800);
	EXPECT_INT(sts_past_surely_gone(&past->policies[0], 9000), 9000 + 86400);
	EXPECT_INT(past->pair_count, 3);
	EXPECT_CSTR(past->pairs[0].id, "2");
	EXPECT(past->pairs[0].policy == &past->policies[0]);
	EXPECT_CSTR(past->pairs[2].id, "1");
	EXPECT(past->pairs[2].policy == &past->policies[1]);
	EXPECT_INT(past->id_count, 2);
	EXPECT_INT(past->ids[1].gone_at, 5000);
	EXPECT_INT(past->mx_count, 2);
	EXPECT_CSTR(past->mx[1].name, "mx1.example.test");
	EXPECT_INT(past->mx[1].last_at, 3000);
	EXPECT_CSTR(past->mode, "testing");
	EXPECT_INT(past->mode_since_at, 4000);

	CASE("a policy that comes back is not gone");
	s.at = 6000;
	s.policy = policy_a;
	fold(&m, &s);
	past = sts_past_build(&m, body_of, &m, arena);
	EXPECT_INT(past->policies[0].first_at, 1000);
	EXPECT_INT(past->policies[0].last_at, 6000);
	EXPECT_INT(past->policies[0].gone_at, 0);
	EXPECT_INT(past->policies[1].gone_at, 6000);
	sts_arena_free(arena);
}

static void test_same(void)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{policy_a, policy_a, true},
		{policy_a, "version: STSv1\r\nmax_age: 604800\r\nmx: MX1.example.test\r\nmode: enforce\r\n", true},
		{policy_a, policy_b, false},
		{policy_a,
			"version: STSv1\nmode: enforce\nmx: mx1.example.test\nmx: mx2.example.test\nmax_age: 604800\n",
			false},
		{policy_a, "version: STSv1\nmode: enforce\nmx: mx2.example.test\nmax_age: 604800\n", false},
		{policy_a,
			"version: STSv1\nmode: enforce\nmx: mx1.example.test\nmx: mx1.example.test\nmax_age: 604800\n",
			true},
	};
	struct sts_arena *arena = sts_arena_new();

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sts_policy a, b;

		CASE("policies compared by what they say to senders, %zu", i);
		sts_policy_parse(sts_str_of(cases[i].a), arena, &a);
		sts_policy_parse(sts_str_of(cases[i].b), arena, &b);
		EXPECT_INT(sts_policy_same(&a, &b), cases[i].same);
		EXPECT_INT(sts_policy_same(&b, &a), cases[i].same);
	}
	sts_arena_free(arena);
}

int main(void)
{
	test_pairs();
	test_findings();
	test_certificates();
	test_past();
	test_same();
	return test_done();
}
