/* src/check/rules_time.c, held.c: what earlier looks and the present one come to together. */
#include "facts.h"
#include "seen.h"
#include "test.h"

#include "check/held.h"
#include "check/past.h"

/* As facts_healthy() has it. */
#define A "version: STSv1\nmode: enforce\nmx: mx1.example.test\nmx: *.backup.test\nmax_age: 1209600\n"
#define A_CRLF "version: STSv1\r\nmax_age: 1209600\r\nmx: *.backup.test\r\nmx: mx1.example.test\r\nmode: enforce\r\n"
#define OLD "version: STSv1\nmode: enforce\nmx: old.example.test\nmax_age: 1209600\n"
#define OLD_TESTING "version: STSv1\nmode: testing\nmx: old.example.test\nmax_age: 1209600\n"
#define TESTING "version: STSv1\nmode: testing\nmx: mx1.example.test\nmx: *.backup.test\nmax_age: 1209600\n"
#define NONE "version: STSv1\nmode: none\nmax_age: 86400\n"
#define BROKEN "version: STSv1\nmode: enfroce\nmax_age: 86400\n"
#define HOSTS "mx1.example.test mx2.backup.test"
#define ID "20260601" /* as facts_healthy() has it */

/* One earlier look. */
struct look {
	int days_ago; /* 0 ends the list */
	const char *id;
	const char *policy;
	const char *hosts;
};

#define LOOKS_MAX 8

struct row {
	const char *name;
	struct look looks[LOOKS_MAX];
	void (*edit)(struct sts_facts *f);
	const char *want; /* "code:severity subject" of the layer time, in the report's order, parted by "; " */
	const char *part; /* result of synchronisation; NULL: not looked at */
};

/* ---- the past of a row ----------------------------------------------------------------------------------------- */

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

	for (const struct look *l = looks; l->days_ago != 0; l++)
		sts_memory_fold(&m, seen_make(arena, &(struct seen){.at = FACTS_NOW - l->days_ago * FACTS_DAY,
							     .id = l->id,
							     .policy = l->policy,
							     .hosts = l->hosts != NULL ? l->hosts : HOSTS}));
	return sts_past_build(&m, body_of, &b, arena);
}

static const char *found(const struct sts_report *r)
{
	const char *out = "";

	for (size_t i = 0; i < r->finding_count; i++) {
		const struct sts_finding *f = &r->findings[i];

		if (strncmp(f->code, "time.", 5) == 0)
			out = sts_sprintf(r->arena, "%s%s%s:%s%s%s", out, out[0] == '\0' ? "" : "; ", f->code,
				sts_severity_name(f->severity), strcmp(f->subject, r->facts->domain) == 0 ? "" : " ",
				strcmp(f->subject, r->facts->domain) == 0 ? "" : f->subject);
	}
	return out;
}

/* ---- edits of the present -------------------------------------------------------------------------------------- */

static void no_record(struct sts_facts *f)
{
	facts_set_record(f, NULL);
}

static void record_fails(struct sts_facts *f)
{
	facts_set_state(&f->record, STS_DNS_SERVFAIL);
	f->record_set = (struct sts_record_set){0};
}

static void file_gone(struct sts_facts *f)
{
	for (size_t i = 0; i < f->fetch_count; i++) {
		f->fetches[i].http.status = 404;
		f->fetches[i].has_policy = false;
	}
	facts_choose_policy(f);
	f->policy = NULL;
	f->policy_fetch = NULL;
	f->policy_served = false;
}

static void file_gone_at_one(struct sts_facts *f)
{
	file_gone(f);
	f->fetches[1].end = STS_FETCH_TCP_TIMEOUT;
	f->fetches[1].reached = STS_AT_DNS;
	f->fetches[1].tls = (struct sts_tls){0};
}

static void file_gone_bad_certificate(struct sts_facts *f)
{
	file_gone(f);
	facts_set_problem(&f->fetches[0], STS_CERT_UNTRUSTED);
	f->policy = NULL;
	f->policy_fetch = NULL;
}

static void name_gone(struct sts_facts *f)
{
	f->fetch_count = f->policy_host.address_count = 0;
	facts_set_state(&f->policy_host.a, STS_DNS_NXDOMAIN);
	facts_set_state(&f->policy_host.aaaa, STS_DNS_NXDOMAIN);
	facts_choose_policy(f);
}

static void all_gone(struct sts_facts *f)
{
	name_gone(f);
	no_record(f);
}

static void name_fails(struct sts_facts *f)
{
	name_gone(f);
	facts_set_state(&f->policy_host.a, STS_DNS_TIMEOUT);
	facts_set_state(&f->policy_host.aaaa, STS_DNS_TIMEOUT);
}

static void testing(struct sts_facts *f)
{
	facts_set_policy(f, TESTING);
}

static void none(struct sts_facts *f)
{
	facts_set_policy(f, NONE);
}

static void broken(struct sts_facts *f)
{
	facts_set_policy(f, BROKEN);
}

static void crlf(struct sts_facts *f)
{
	facts_set_policy(f, A_CRLF);
}

static void mx_fails(struct sts_facts *f)
{
	facts_set_hosts(f, "");
	facts_set_state(&f->mx_answer, STS_DNS_SERVFAIL);
	f->mx_count = f->mx_total = 0;
}

static void testing_bad_certificate(struct sts_facts *f)
{
	testing(f);
	facts_set_mx_problem(f, 0, STS_CERT_EXPIRED);
}

static void enforce_bad_certificate(struct sts_facts *f)
{
	facts_set_mx_problem(f, 0, STS_CERT_EXPIRED);
}

static void server(struct sts_facts *f, const char *id)
{
	static struct sts_nameserver n;
	static struct sts_str text;
	static char record[64];

	snprintf(record, sizeof record, "v=STSv1; id=%s;", id);
	text = sts_str_of(record);
	n = (struct sts_nameserver){.name = "ns1.example.test",
		.address = "192.0.2.53",
		.state = STS_DNS_OK,
		.records = &text,
		.record_count = 1};
	f->nameservers = &n;
	f->nameserver_count = 1;
}

static void no_servers(struct sts_facts *f)
{
	f->nameserver_count = 0;
}

static void server_same(struct sts_facts *f)
{
	server(f, ID);
}

static void server_other(struct sts_facts *f)
{
	server(f, "20260615");
}

static void last_modified(struct sts_facts *f, const char *date)
{
	for (size_t i = 0; i < f->fetch_count; i++)
		f->fetches[i].http.last_modified = date;
}

static void modified_next_day(struct sts_facts *f)
{
	last_modified(f, "Tue, 02 Jun 2026 10:00:00 GMT");
}

static void modified_two_days_later(struct sts_facts *f)
{
	last_modified(f, "Wed, 03 Jun 2026 00:00:01 GMT");
}

static void modified_in_the_future(struct sts_facts *f)
{
	last_modified(f, "Wed, 03 Jun 2027 00:00:01 GMT");
}

static void modified_nonsense(struct sts_facts *f)
{
	last_modified(f, "yesterday");
}

static void id_with_time(struct sts_facts *f)
{
	facts_set_record(f, "v=STSv1; id=20260601T120000Z;");
	last_modified(f, "Tue, 02 Jun 2026 12:00:00 GMT");
}

static void id_no_date(struct sts_facts *f)
{
	facts_set_record(f, "v=STSv1; id=20261301;");
	modified_two_days_later(f);
}

static void unserved(struct sts_facts *f)
{
	facts_set_problem(&f->fetches[0], STS_CERT_EXPIRED);
	facts_set_problem(&f->fetches[1], STS_CERT_EXPIRED);
	facts_choose_policy(f);
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

static const struct row rows[] = {
	/* first visit */
	{"first visit", {{0}}, NULL, "time.first-visit:info", "not_tested"},
	{"earlier looks told nothing", {{2, "?", "?", "?"}, {1, "?", "?", "?"}}, NULL, "time.first-visit:info",
		"not_tested"},
	{"first visit without a record", {{0}}, no_record, "", NULL},
	{"first visit, nothing there", {{0}}, all_gone, "", "not_applicable"},
	{"it was absent, then it appeared", {{9, NULL, NULL, NULL}}, NULL, "", "pass"},
	{"file a day later than the id", {{0}}, modified_next_day, "time.first-visit:info", NULL},
	{"file two days later than the id", {{0}}, modified_two_days_later,
		"time.file-newer-than-id:notice; time.first-visit:info", NULL},
	{"file from the future", {{0}}, modified_in_the_future, "time.first-visit:info", NULL},
	{"file with a date that is none", {{0}}, modified_nonsense, "time.first-visit:info", NULL},
	{"id with a time of day", {{0}}, id_with_time, "time.file-newer-than-id:notice; time.first-visit:info", NULL},
	{"id that is no date", {{0}}, id_no_date, "time.first-visit:info", NULL},
	{"no hint on a later visit", {{1, ID, A, NULL}}, modified_two_days_later, "", "pass"},
	/* id and policy */
	{"nothing changed", {{30, ID, A, NULL}, {1, ID, A, NULL}}, NULL, "", "pass"},
	{"both changed", {{30, "1", TESTING, NULL}, {20, "1", TESTING, NULL}}, NULL, "", "pass"},
	{"policy changed, id did not; the servers agree", {{20, ID, TESTING, NULL}}, server_same,
		"time.id-not-bumped:warning", "warn"},
	{"policy changed, id did not; nobody confirms it", {{20, ID, TESTING, NULL}}, no_servers,
		"time.id-not-bumped:notice", "pass"},
	{"policy changed yesterday, id did not", {{20, ID, TESTING, NULL}, {1, ID, A, NULL}}, no_servers,
		"time.id-not-bumped:warning", "warn"},
	{"policy changed, the servers give a new id already", {{20, ID, TESTING, NULL}}, server_other, "", "pass"},
	{"it stands for as long as the id does", {{300, ID, TESTING, NULL}, {200, ID, A, NULL}, {1, ID, A, NULL}}, NULL,
		"time.id-not-bumped:warning", "warn"},
	{"mended by a new id", {{30, "1", TESTING, NULL}, {20, "1", A, NULL}}, NULL, "", "pass"},
	{"only the spelling changed", {{20, ID, A, NULL}}, crlf, "", "pass"},
	{"file and id changed one after the other", {{20, "1", TESTING, NULL}, {1, "1", A, NULL}}, NULL, "", "pass"},
	{"id first, then the file", {{20, "1", TESTING, NULL}, {1, ID, TESTING, NULL}}, server_same,
		"time.id-not-bumped:warning", "warn"},
	{"id changed, policy did not", {{20, "1", A, NULL}}, NULL, "time.id-bumped-idle:info", "pass"},
	{"id changed twice, policy did not", {{20, "0", A, NULL}, {10, "1", A, NULL}}, NULL, "time.id-bumped-idle:info",
		"pass"},
	{"id changed in front of a policy not seen before", {{20, "1", "?", NULL}}, NULL, "time.first-visit:info",
		NULL},
	{"an id is used again, the old policy is still held", {{10, ID, TESTING, NULL}, {5, "2", A, NULL}}, server_same,
		"time.id-not-bumped:warning", "warn"},
	{"an id is used again, the old policy has run out", {{40, ID, TESTING, NULL}, {5, "2", A, NULL}}, server_same,
		"", "pass"},
	{"policy taken back under the same id", {{10, ID, A, NULL}, {5, ID, TESTING, NULL}}, server_same,
		"time.id-not-bumped:warning", "warn"},
	{"a policy nobody gets is not compared", {{20, ID, TESTING, NULL}}, unserved, "", "not_applicable"},
	{"a broken policy is not compared", {{20, ID, A, NULL}}, broken, "", "not_applicable"},
	{"a record that could not be seen is not compared", {{20, ID, TESTING, NULL}}, record_fails, "", "not_tested"},
	/* mode */
	{"testing for 180 days", {{180, ID, TESTING, NULL}, {1, ID, TESTING, NULL}}, testing, "", "pass"},
	{"testing for 181 days", {{181, ID, TESTING, NULL}, {1, ID, TESTING, NULL}}, testing,
		"time.testing-too-long:notice", "pass"},
	{"testing for long, with looks that told nothing",
		{{200, ID, TESTING, NULL}, {100, "?", "?", NULL}, {1, ID, TESTING, NULL}}, testing,
		"time.testing-too-long:notice", "pass"},
	{"testing, enforce, testing", {{200, "1", TESTING, NULL}, {190, "2", A, NULL}, {100, ID, TESTING, NULL}},
		testing, "", "pass"},
	{"testing for long, enforce now", {{200, "1", TESTING, NULL}}, NULL, "", "pass"},
	{"enforce to testing", {{2, "1", A, NULL}}, testing, "time.mode-weakened:warning", "warn"},
	{"enforce to none", {{2, "1", A, NULL}}, none, "time.mode-weakened:warning", "warn"},
	{"enforce to testing, all caches run out", {{20, "1", A, NULL}}, testing, "", "pass"},
	{"enforce to a slip of the pen", {{2, "1", A, NULL}}, broken, "", "not_applicable"},
	{"enforce that nobody could know of", {{2, NULL, A, NULL}}, testing, "", NULL},
	/* withdrawn */
	{"record gone", {{2, ID, A, NULL}}, no_record, "time.withdrawn-early:error; time.mode-weakened:warning",
		"fail"},
	{"record gone, the old policy has run out", {{15, ID, A, NULL}}, no_record, "", NULL},
	{"record could not be looked up", {{2, ID, A, NULL}}, record_fails, "", "not_tested"},
	{"file gone", {{2, ID, A, NULL}}, file_gone, "time.withdrawn-early:error; time.mode-weakened:warning", "fail"},
	{"file gone at one address, the other does not answer", {{2, ID, A, NULL}}, file_gone_at_one, "", NULL},
	{"file gone under a certificate that proves nothing", {{2, ID, A, NULL}}, file_gone_bad_certificate, "", NULL},
	{"name gone", {{2, ID, A, NULL}}, name_gone, "time.withdrawn-early:error; time.mode-weakened:warning", "fail"},
	{"name could not be looked up", {{2, ID, A, NULL}}, name_fails, "", NULL},
	{"all gone", {{2, ID, A, NULL}}, all_gone, "time.withdrawn-early:error; time.mode-weakened:warning", "fail"},
	{"testing gone", {{2, ID, TESTING, NULL}}, all_gone, "time.withdrawn-early:warning", "warn"},
	{"gone after none was served long enough", {{40, "1", A, NULL}, {20, "2", NONE, NULL}, {1, "2", NONE, NULL}},
		all_gone, "", NULL},
	{"gone after none was served too shortly", {{4, "1", A, NULL}, {3, "2", NONE, NULL}, {1, "2", NONE, NULL}},
		all_gone, "time.withdrawn-early:error; time.mode-weakened:warning", "fail"},
	{"there never was a record", {{2, NULL, A, NULL}}, all_gone, "", NULL},
	/* caches */
	{"moved with the old policy cached", {{2, "1", OLD, "old.example.test"}}, NULL,
		"time.cache-risk:error mx1.example.test; time.cache-risk:error mx2.backup.test", "fail"},
	{"moved with the old policy in testing", {{2, "1", OLD_TESTING, "old.example.test"}}, NULL,
		"time.cache-risk:warning mx1.example.test; time.cache-risk:warning mx2.backup.test", "warn"},
	{"moved, the old policy has run out", {{14, "1", OLD, "old.example.test"}}, NULL, "", "pass"},
	{"the policy seen long ago was there the day before yesterday",
		{{100, "1", OLD, "old.example.test"}, {2, "1", OLD, "old.example.test"}}, NULL,
		"time.cache-risk:error mx1.example.test; time.cache-risk:error mx2.backup.test", "fail"},
	{"moved, and the MX records cannot be looked up", {{2, "1", OLD, "old.example.test"}}, mx_fails, "", NULL},
	{"a host that fails while enforce is cached", {{2, "1", A, NULL}}, testing_bad_certificate,
		"time.cache-risk:error mx1.example.test; time.mode-weakened:warning", "fail"},
	{"a host that the present policy refuses as well", {{2, "1", A, NULL}}, enforce_bad_certificate,
		"time.id-bumped-idle:info", NULL},
	{"a policy nobody could know of is held by nobody", {{2, NULL, OLD, "old.example.test"}}, NULL, "", NULL},
};

static void test_rows(void)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_facts *f = facts_healthy(arena);
		struct sts_report *r;

		CASE("%s", rows[i].name);
		if (rows[i].edit != NULL)
			rows[i].edit(f);
		f->past = make_past(arena, rows[i].looks);
		r = sts_judge(f, arena);
		EXPECT_CSTR(found(r), rows[i].want);
		if (rows[i].part != NULL)
			EXPECT_CSTR(sts_result_name(r->parts[STS_PART_SYNCHRONISATION].result), rows[i].part);
		sts_arena_free(arena);
	}
}

static void test_without_history(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);
	struct sts_report *r = sts_judge(f, arena);

	CASE("without a history nothing is said, and that is said");
	EXPECT_CSTR(found(r), "");
	EXPECT_INT(r->held_count, 0);
	EXPECT_CSTR(sts_result_name(r->parts[STS_PART_SYNCHRONISATION].result), "not_tested");
	EXPECT(r->not_tested_count == 1 && strcmp(r->not_tested[0].reason, "needs-history") == 0);
	sts_arena_free(arena);
}

static void test_held(void)
{
	static const struct look looks[] = {
		{10, "1", OLD, "old.example.test"}, {9, "2", TESTING, NULL}, {3, "3", NONE, NULL}, {0}};
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);
	struct sts_report *r;

	CASE("every policy that may be held still is a state of senders");
	f->past = make_past(arena, looks);
	r = sts_judge(f, arena);
	EXPECT_INT(r->held_count, 2); /* none ran out after a day */
	EXPECT_CSTR(r->held[0].name, "policy_of_2026-06-06");
	EXPECT_CSTR(sts_decision_name(r->held[0].decisions[0]), "deliver-verified");
	EXPECT_CSTR(sts_decision_name(r->held[0].decisions[1]), "deliver-verified");
	EXPECT_INT(r->held[0].until_at, FACTS_NOW - 9 * FACTS_DAY + 14 * FACTS_DAY);
	EXPECT_CSTR(r->held[1].name, "policy_of_2026-06-05");
	EXPECT_CSTR(sts_decision_name(r->held[1].decisions[0]), "refuse");
	EXPECT_CSTR(sts_decision_name(r->held[1].best), "refuse");
	EXPECT(strstr(r->held[1].text, "deliver nothing") != NULL);
	sts_arena_free(arena);
}

static void test_same_day(void)
{
	struct look looks[] = {{3, "1", OLD, NULL}, {3, "2", TESTING, NULL}, {3, "3", OLD_TESTING, NULL}, {0}};
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);
	struct sts_report *r;

	CASE("policies first seen on one day have names of their own");
	f->past = make_past(arena, looks);
	r = sts_judge(f, arena);
	EXPECT_INT(r->held_count, 3);
	for (size_t i = 0; i < r->held_count; i++)
		for (size_t k = 0; k < i; k++)
			EXPECT(strcmp(r->held[i].name, r->held[k].name) != 0);
	sts_arena_free(arena);
}

static void test_former_mx(void)
{
	static const struct {
		const char *name, *policy, *before, *now, *want;
	} cases[] = {
		{"the policy lists the hosts of before", "old.example.test", "old.example.test", "new.provider.test",
			"former-mx"},
		{"a wildcard that covered the hosts of before", "*.old.test", "a.old.test", "new.provider.test",
			"former-mx"},
		{"a host that never took mail is no former one", "old.example.test", "x.y.test", "new.provider.test",
			"other-provider"},
		{"a host that takes mail still is no former one", "old.example.test", "old.example.test",
			"old.example.test new.provider.test", "other-provider"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct look looks[] = {{5, ID, A, cases[i].before}, {0}};
		struct sts_arena *arena = sts_arena_new();
		struct sts_facts *f = facts_healthy(arena);
		struct sts_report *r;
		const char *cause = NULL;

		CASE("%s", cases[i].name);
		facts_set_policy(f, sts_sprintf(arena, "version: STSv1\nmode: enforce\nmx: %s\nmax_age: 604800\n",
					    cases[i].policy));
		facts_set_hosts(f, cases[i].now);
		f->past = make_past(arena, looks);
		r = sts_judge(f, arena);
		for (size_t k = 0; k < r->finding_count; k++)
			if (strcmp(r->findings[k].code, "match.mx-uncovered") == 0)
				cause = r->findings[k].cause;
		EXPECT_CSTR(cause, cases[i].want);
		sts_arena_free(arena);
	}
}

int main(void)
{
	test_rows();
	test_without_history();
	test_held();
	test_same_day();
	test_former_mx();
	return test_done();
}
