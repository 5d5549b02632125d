#include "test.h"

#include "check/lint.h"

#define GOOD "version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 1209600\n"
#define AT 1735689600 /* 2025-01-01T00:00:00Z */

static const struct sts_lint_params plain = {.judged_at = AT};

/* The codes of the issues, worst first, each with the initial of its severity: "E:policy.bom W:policy.blank-line". */
static const char *codes(const struct sts_lint *lint, struct sts_arena *arena)
{
	const char *all = "";

	for (size_t i = 0; i < lint->issue_count; i++)
		all = sts_sprintf(arena, "%s%s%c:%s", all, i == 0 ? "" : " ", "INWE"[lint->issues[i].severity],
			lint -> issues[i].code);
	return all;
}

static const char *names(const char *const *list, size_t count, struct sts_arena *arena)
{
	const char *all = "";

	for (size_t i = 0; i < count; i++)
		all = sts_sprintf(arena, "%s%s%s", all, i == 0 ? "" : " ", list[i]);
	return all;
}

static const struct {
	const char *name;
	const char *body;
	bool usable;
	bool works;
	const char *codes;
	const char *refused;
} policies[] = {
	{"plain", GOOD, true, true, "", ""},
	{"blank line at the end", GOOD "\n", false, true, "W:policy.blank-line", "mox postfix-tlspol maddy"},
	{"BOM", "\xEF\xBB\xBF" GOOD, false, false, "E:policy.bom",
		"mox postfix-tlspol postfix-mta-sts-resolver maddy chasquid KumoMTA"},
	{"HTML", "<!doctype html><html>\nx\ny\n</html>", false, false, "E:policy.not-a-policy",
		"mox postfix-tlspol postfix-mta-sts-resolver maddy chasquid KumoMTA Stalwart mailauth"},
	{"empty", "", false, false, "E:policy.empty",
		"mox postfix-tlspol postfix-mta-sts-resolver maddy chasquid KumoMTA Stalwart mailauth"},
	{"duplicate mode", "version: STSv1\nmode: enforce\nmode: none\nmx: a.example\nmax_age: 1209600\n", true, true,
		"W:policy.duplicate-field", "KumoMTA"},
	{"address as mx", "version: STSv1\nmode: enforce\nmx: a.example\nmx: 192.0.2.1\nmax_age: 1209600\n", true, true,
		"W:policy.mx-invalid", "mox postfix-tlspol"},
	{"unknown field", GOOD "x: y\n", true, true, "I:policy.unknown-field", ""},
	{"max_age over the maximum", "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 31557601\n", false, false,
		"E:policy.max-age-too-large", "postfix-mta-sts-resolver chasquid mailauth"},
	{"max_age 0", "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 0\n", true, true, "W:policy.max-age-zero",
		"postfix-tlspol chasquid"},
	{"max_age of an hour", "version: STSv1\nmode: testing\nmx: a.example\nmax_age: 3600\n", true, true,
		"W:policy.max-age-short I:mode.testing", ""},
	{"max_age of a day", "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 86400\n", true, true,
		"N:policy.max-age-low", ""},
	{"max_age of a day in testing", "version: STSv1\nmode: testing\nmx: a.example\nmax_age: 86400\n", true, true,
		"I:mode.testing", ""},
	{"mode none", "version: STSv1\nmode: none\nmax_age: 86400\n", true, true, "I:mode.none", "chasquid Stalwart"},
	{"mode none, kept long", "version: STSv1\nmode: none\nmx: a.example\nmax_age: 604801\n", true, true,
		"N:mode.none-long-max-age I:mode.none", ""},
	{"A-label that decodes to nothing",
		"version: STSv1\nmode: enforce\nmx: xn--zzzzzz99999999.example\nmax_age: 1209600\n", true, true,
		"W:policy.mx-invalid", ""},
	{"indented", " version: STSv1\n mode: enforce\n mx: a.example\n max_age: 1209600\n", false, false,
		"E:policy.field-syntax", "mox postfix-tlspol postfix-mta-sts-resolver maddy"},
};

static void test_policies(void)
{
	for (size_t i = 0; i < COUNT_OF(policies); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_lint lint;

		CASE("policy: %s", policies[i].name);
		sts_lint_policy(sts_str_of(policies[i].body), &plain, arena, &lint);
		EXPECT_INT(lint.usable, policies[i].usable);
		EXPECT_INT(lint.works, policies[i].works);
		EXPECT_CSTR(lint.verdict, policies[i].usable ? "accept" : "reject");
		EXPECT_CSTR(codes(&lint, arena), policies[i].codes);
		EXPECT_CSTR(names(lint.refused_by, lint.refused_count, arena), policies[i].refused);
		EXPECT(lint.accepted_count + lint.refused_count <= lint.sender_count);
		for (size_t k = 0; k < lint.issue_count; k++)
			EXPECT_CSTR(lint.issues[k].subject, "policy");
		sts_arena_free(arena);
	}
}

static void test_details(struct sts_arena *arena)
{
	struct sts_lint lint;
	static char large[70000];

	CASE("one slip in many lines is one finding that names the lines");
	sts_lint_policy(
		STS_STR(" version: STSv1\n mode: enforce\n mx: a.example\n max_age: 1209600\n"), &plain, arena, &lint);
	EXPECT_INT(lint.issue_count, 1);
	EXPECT(strstr(lint.issues[0].detail, "The same in lines 2, 3 and 4.") != NULL);
	EXPECT_INT(lint.issues[0].line, 1);
	EXPECT_CSTR(lint.issues[0].fix_snippet, "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 1209600\n");
	CASE("different slips stay apart");
	sts_lint_policy(STS_STR("version: STSv1\nmode: enforce\nmx: a.example.\nmx: b_c.example\nmax_age: 1209600\n"),
		&plain, arena, &lint);
	EXPECT_CSTR(codes(&lint, arena), "E:policy.mx-invalid E:policy.mx-invalid");
	CASE("a corrected policy loses no host");
	sts_lint_policy(STS_STR("version: STSv1\nmode: enforce\nmx: a.example.\nmx: 10 b.example\nmx: "
				"B.example\nmax_age: 1209600\n"),
		&plain, arena, &lint);
	EXPECT_CSTR(lint.issues[0].fix_snippet,
		"version: STSv1\nmode: enforce\nmx: a.example\nmx: b.example\nmax_age: 1209600\n");
	CASE("where a line cannot be put right there is nothing to paste");
	sts_lint_policy(STS_STR("version: STSv1\nmode: enforce\nmx: a.example\nmx: user@b.example\nmax_age: 1209600\n"),
		&plain, arena, &lint);
	EXPECT_CSTR(lint.issues[0].fix_snippet, NULL);
	CASE("hostile octets are escaped");
	sts_lint_policy(STS_STR("version: \x1B[31mred\nmode: enforce\nmx: a.example\nmax_age: 1209600\n"), &plain,
		arena, &lint);
	for (size_t i = 0; i < lint.issue_count; i++)
		EXPECT(strchr(lint.issues[i].detail, '\x1B') == NULL);
	CASE("a file that is too large");
	memset(large, '\n', sizeof large);
	memcpy(large, GOOD, strlen(GOOD));
	sts_lint_policy(sts_str(large, sizeof large), &plain, arena, &lint);
	EXPECT(!lint.usable && !lint.works);
	EXPECT_CSTR(lint.issues[0].code, "host.http.too-large");
	EXPECT_INT(sts_lint_worst(&lint), STS_ERROR);
	CASE("a domain that is known is named");
	{
		struct sts_lint_params params = {.domain = "example.net", .judged_at = AT};

		sts_lint_policy(STS_STR(""), &params, arena, &lint);
		EXPECT_CSTR(lint.issues[0].subject, "https://mta-sts.example.net/.well-known/mta-sts.txt");
	}
	CASE("kinds have names");
	EXPECT_CSTR(sts_lint_kind_name(STS_LINT_TLSRPT), "tlsrpt");
}

static void test_hosts(struct sts_arena *arena)
{
	static const char *const hosts[] = {
		"MX1.Example.com.", "a.mx.example.net", "b.a.mx.example.net", "mail.example.com"};
	struct sts_lint_params params = {.judged_at = AT, .hosts = hosts, .host_count = 4};
	struct sts_lint lint;

	CASE("hosts against the patterns");
	sts_lint_policy(STS_STR("version: STSv1\nmode: enforce\nmx: mx1.example.com\nmx: *.mx.example.net\nmx: "
				"unused.example\nmax_age: 1209600\n"),
		&params, arena, &lint);
	EXPECT(lint.usable);
	EXPECT_INT(lint.mx_count, 4);
	EXPECT_CSTR(lint.mx[0].host, "mx1.example.com");
	EXPECT(lint.mx[0].covered && lint.mx[1].covered && !lint.mx[2].covered && !lint.mx[3].covered);
	EXPECT_CSTR(lint.mx[1].matched_by, "*.mx.example.net");
	EXPECT_CSTR(lint.mx[2].cause, "label-depth");
	EXPECT_CSTR(codes(&lint, arena), "E:match.mx-uncovered E:match.mx-uncovered");
	EXPECT_CSTR(lint.issues[0].subject, "b.a.mx.example.net");
	EXPECT_CSTR(lint.issues[1].fix_snippet, "mx: mail.example.com");
	CASE("in testing an uncovered host is a warning");
	params.host_count = 1;
	sts_lint_policy(
		STS_STR("version: STSv1\nmode: testing\nmx: other.example\nmax_age: 1209600\n"), &params, arena, &lint);
	EXPECT_CSTR(codes(&lint, arena), "W:match.mx-uncovered I:mode.testing");
}

/* Records of one name, parted by "|". */
static const struct {
	const char *texts;
	const char *verdict;
	bool works;
	const char *codes;
	const char *refused;
} records[] = {
	{"v=STSv1; id=1", "accept", true, "", ""},
	{"v=STSv1 ; id=1", "accept", true, "W:record.space-before-semicolon", "chasquid Halon"},
	{"v=STSv1; id=1 ", "invalid", true, "W:record.trailing-space", "mox postfix-tlspol"},
	{"v=STSv1; id=2024-01-01", "invalid", false, "E:record.id-invalid", "mox postfix-tlspol"},
	{"v=STSv1; id=1; id=2", "accept", true, "W:record.duplicate-field", "mox"},
	{"v=STSv1; id=1; x=y", "accept", true, "I:record.unknown-field", ""},
	{"v=STSv1; id=1; x", "invalid", true, "W:record.extension-malformed", "mox postfix-tlspol maddy"},
	{"v=STSv1;", "invalid", false, "E:record.id-missing",
		"mox postfix-tlspol postfix-mta-sts-resolver maddy mailauth"},
	{"v=stsv1; id=1", "absent", false, "E:record.version-invalid",
		"mox postfix-tlspol postfix-mta-sts-resolver maddy chasquid KumoMTA Halon"},
	{"v=STSv1; id=1|v=STSv1; id=2", "multiple", false, "E:record.multiple",
		"mox postfix-tlspol postfix-mta-sts-resolver maddy mailauth Halon"},
	{"v=STSv1; id=1|v=spf1 -all", "accept", true, "N:record.unrelated-txt", "maddy KumoMTA"},
	{"v=spf1 -all", "absent", false, "I:record.absent",
		"mox postfix-tlspol postfix-mta-sts-resolver maddy chasquid KumoMTA Stalwart mailauth Halon"},
};

static size_t split(const char *joined, struct sts_str out[static 4])
{
	struct sts_str rest = sts_str_of(joined);
	size_t count = 0;

	for (bool more = true; more && count < 4;) {
		size_t bar = sts_str_find(rest, '|', 0);

		out[count++] = sts_str(rest.ptr, bar);
		more = bar < rest.len;
		rest = sts_str_from(rest, bar + 1);
	}
	return count;
}

static void test_records(void)
{
	for (size_t i = 0; i < COUNT_OF(records); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_str texts[4];
		size_t count = split(records[i].texts, texts);
		struct sts_lint lint;

		CASE("record: %s", records[i].texts);
		sts_lint_record(texts, count, &plain, arena, &lint);
		EXPECT_CSTR(lint.verdict, records[i].verdict);
		EXPECT_INT(lint.usable, strcmp(records[i].verdict, "accept") == 0);
		EXPECT_INT(lint.works, records[i].works);
		EXPECT_CSTR(codes(&lint, arena), records[i].codes);
		EXPECT_CSTR(names(lint.refused_by, lint.refused_count, arena), records[i].refused);
		for (size_t k = 0; k < lint.issue_count; k++)
			EXPECT_CSTR(lint.issues[k].subject, "record");
		sts_arena_free(arena);
	}
}

static const struct {
	const char *texts;
	const char *verdict;
	const char *codes;
} reports[] = {
	{"v=TLSRPTv1; rua=mailto:r@example.com", "accept", ""},
	{"v=TLSRPTv1; rua=http://r.example/", "unusable", "E:rpt.rua-scheme"},
	{"v=TLSRPTv1; rua=mailto:", "unusable", "E:rpt.rua-invalid"},
	{"v=TLSRPTv1; rua=r@example.com", "invalid", "E:rpt.rua-invalid"},
	{"v=TLSRPTv1;", "invalid", "E:rpt.malformed"},
	{"v=TLSRPTv1; rua=mailto:a@x.example; rua=mailto:b@y.example; z=1", "accept",
		"N:rpt.duplicate-rua I:rpt.unknown-field"},
	{"v=TLSRPTv1; rua=mailto:a@x.example|v=TLSRPTv1; rua=mailto:b@y.example", "multiple", "E:rpt.multiple"},
	{"v=STSv1; id=1", "absent", "N:rpt.absent"},
};

static void test_reports(void)
{
	for (size_t i = 0; i < COUNT_OF(reports); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_str texts[4];
		size_t count = split(reports[i].texts, texts);
		struct sts_lint lint;

		CASE("tlsrpt: %s", reports[i].texts);
		sts_lint_tlsrpt(texts, count, &plain, arena, &lint);
		EXPECT_CSTR(lint.verdict, reports[i].verdict);
		EXPECT_INT(lint.usable, strcmp(reports[i].verdict, "accept") == 0);
		EXPECT_CSTR(codes(&lint, arena), reports[i].codes);
		EXPECT_INT(lint.sender_count, 0);
		sts_arena_free(arena);
	}
}

int main(void)
{
	struct sts_arena *arena = sts_arena_new();

	test_policies();
	test_details(arena);
	test_hosts(arena);
	test_records();
	test_reports();
	sts_arena_free(arena);
	return test_done();
}
