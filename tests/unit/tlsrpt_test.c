#include "test.h"

#include "mtasts/tlsrpt.h"

#define FAULTS_MAX 4
#define ACCEPT STS_TLSRPT_ACCEPT
#define ABSENT STS_TLSRPT_ABSENT
#define INVALID STS_TLSRPT_INVALID
#define UNUSABLE STS_TLSRPT_UNUSABLE
#define MULTIPLE STS_TLSRPT_MULTIPLE
#define MALFORMED (STS_TLSRPT_MALFORMED + 1)
#define BAD_URI (STS_TLSRPT_RUA_INVALID + 1)
#define SCHEME (STS_TLSRPT_RUA_SCHEME + 1)
#define UNKNOWN (STS_TLSRPT_UNKNOWN_FIELD + 1)
#define TWICE (STS_TLSRPT_DUPLICATE_RUA + 1)
#define V "v=TLSRPTv1; "

static const struct {
	const char *text;
	enum sts_tlsrpt_verdict verdict;
	size_t rua;
	size_t usable;
	const char *host; /* of the first rua */
	int faults[FAULTS_MAX];
} cases[] = {
	{V "rua=mailto:r@example.com", ACCEPT, 1, 1, "example.com", {0}},
	{V "rua=mailto:r@example.com;", ACCEPT, 1, 1, "example.com", {0}},
	{"v=TLSRPTv1\t;rua=mailto:r@Example.COM\t; ", ACCEPT, 1, 1, "example.com", {0}},
	{V "rua=mailto:a@x.example,mailto:b@y.example", ACCEPT, 2, 2, "x.example", {0}},
	{V "rua=mailto:a@x.example \t,\t https://y.example/z", ACCEPT, 2, 2, "x.example", {0}},
	{V "rua=https://r.example.com", ACCEPT, 1, 1, "r.example.com", {0}},
	{V "rua=HTTPS://R.example.com:8443/x?y=z#f", ACCEPT, 1, 1, "r.example.com", {0}},
	{V "rua=https://user@r.example.com/", ACCEPT, 1, 1, "r.example.com", {0}},
	{V "rua=https://[2001:db8::1]/x", ACCEPT, 1, 1, "[2001:db8::1]", {0}},
	{V "rua=https://192.0.2.1/x", ACCEPT, 1, 1, "192.0.2.1", {0}},
	{V "rua=https://r_x.example/", ACCEPT, 1, 1, "r_x.example", {0}},
	{V "rua=https://r.example./x", ACCEPT, 1, 1, "r.example", {0}},
	{V "rua=mailto:a%2Bb@x.example?subject=a%20b", ACCEPT, 1, 1, "x.example", {0}},
	{V "rua=mailto:a@x.example; rua=mailto:b@y.example", ACCEPT, 2, 2, "x.example", {TWICE}},
	{V "x=1; rua=mailto:a@x.example", ACCEPT, 1, 1, "x.example", {UNKNOWN}},
	{V "rua=mailto:a@x.example; RUA=y", ACCEPT, 1, 1, "x.example", {UNKNOWN}},
	{V "rua=mailto:,mailto:a@x.example", ACCEPT, 2, 1, NULL, {BAD_URI}},
	{V "rua=http://r.example/,mailto:a@x.example", ACCEPT, 2, 1, NULL, {SCHEME}},

	{V "rua=http://r.example/", UNUSABLE, 1, 0, NULL, {SCHEME}},
	{V "rua=tel:+123", UNUSABLE, 1, 0, NULL, {SCHEME}},
	{V "rua=mailto:", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=mailto:?subject=x", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=mailto:nobody", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=mailto:@x.example", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=mailto:a@", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=mailto:a@b@x.example", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=mailto:a@x_y.example", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=mailto:a@x.example%2Cb@y.example", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=mailto://a@x.example", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=mailto:a/b@x.example", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=mailto:a@x.example.", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=https://r..example/", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=https://./", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=https://r[1].example/", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=https:", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=https://", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=https:///x", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=https:/r.example/x", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=https://r.example:0/", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=https://r.example:65536/", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=https://r.example:x/", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=https://[2001:db8::1", UNUSABLE, 1, 0, NULL, {BAD_URI}},
	{V "rua=https://*.example/", UNUSABLE, 1, 0, NULL, {BAD_URI}},

	{V "", INVALID, 0, 0, NULL, {MALFORMED}},
	{"v=TLSRPTv1;", INVALID, 0, 0, NULL, {MALFORMED}},
	{V "ruf=mailto:a@x.example", INVALID, 0, 0, NULL, {UNKNOWN, MALFORMED}},
	{V "RUA=mailto:a@x.example", INVALID, 0, 0, NULL, {UNKNOWN, MALFORMED}},
	{V "rua=", INVALID, 0, 0, NULL, {BAD_URI}},
	{V "rua", INVALID, 0, 0, NULL, {MALFORMED, MALFORMED}},
	{V "rua = mailto:a@x.example", INVALID, 0, 0, NULL, {MALFORMED}},
	{V "rua= mailto:a@x.example", INVALID, 0, 0, NULL, {MALFORMED}},
	{V "rua=mailto:a@x.example ", INVALID, 1, 1, "x.example", {MALFORMED}},
	{V "rua=mailto:a@x.example;;", INVALID, 1, 1, "x.example", {MALFORMED}},
	{V "; rua=mailto:a@x.example", INVALID, 1, 1, "x.example", {MALFORMED}},
	{V "rua=mailto:a@x.example; y", INVALID, 1, 1, "x.example", {MALFORMED}},
	{V "rua=mailto:a@x.example; y=a b", INVALID, 1, 1, "x.example", {MALFORMED}},
	{V "rua=mailto:a@x.example; y=\xC3\xA9", INVALID, 1, 1, "x.example", {MALFORMED}},
	{V "rua=a@x.example", INVALID, 1, 0, NULL, {BAD_URI}},
	{V "rua=mailto:a@x.example,b@y.example", INVALID, 2, 1, "x.example", {BAD_URI}},
	{V "rua=mailto:a@x.example,", INVALID, 1, 1, "x.example", {BAD_URI}},
	{V "rua=mailto:a@x.example,,mailto:b@y.example", INVALID, 2, 2, "x.example", {BAD_URI}},
	{V "rua=mailto:a@x.example!10m", INVALID, 1, 0, NULL, {BAD_URI}},
	{V "rua=mailto:a@x.example mailto:b@y.example", INVALID, 1, 0, NULL, {BAD_URI}},
	{V "rua=<mailto:a@x.example>", INVALID, 1, 0, NULL, {BAD_URI}},
	{V "rua=\"mailto:a@x.example\"", INVALID, 1, 0, NULL, {BAD_URI}},
	{V "rua=mailto:a%zz@x.example", INVALID, 1, 0, NULL, {BAD_URI}},
	{V "rua=mailto:a@x.example%4", INVALID, 1, 0, NULL, {BAD_URI}},
	{V "rua=https://r.example/a b", INVALID, 1, 0, NULL, {BAD_URI}},
	{V "rua=https://m\xC3\xBCnchen.example/", INVALID, 1, 0, NULL, {BAD_URI}},
	{V "rua=https://r.example/a[1]", INVALID, 1, 0, NULL, {BAD_URI}},
	{V "rua=https://r.example?a[1]", INVALID, 1, 0, NULL, {BAD_URI}},
	{V "rua=mailto:a[1]@x.example", INVALID, 1, 0, NULL, {BAD_URI}},
	{V "rua=1x:y", INVALID, 1, 0, NULL, {BAD_URI}},
	{V "rua=https://r.example/x#a#b", INVALID, 1, 0, NULL, {BAD_URI}},

	{"v=TLSRPTv1", ABSENT, 0, 0, NULL, {MALFORMED}},
	{" v=TLSRPTv1; rua=mailto:a@x.example", ABSENT, 0, 0, NULL, {MALFORMED}},
	{"v=TLSRPTv2; rua=mailto:a@x.example", ABSENT, 0, 0, NULL, {MALFORMED}},
	{"v=TLSRPTv1 rua=mailto:a@x.example", ABSENT, 0, 0, NULL, {MALFORMED}},
	{"rua=mailto:a@x.example", ABSENT, 0, 0, NULL, {MALFORMED}},
	{"v=DMARC1; rua=mailto:a@x.example", ABSENT, 0, 0, NULL, {0}},
	{"", ABSENT, 0, 0, NULL, {0}},
};

static void test_sole(struct sts_arena *arena)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sts_str text = sts_str_of(cases[i].text);
		struct sts_tlsrpt rpt;
		size_t usable = 0;
		size_t count = 0;

		CASE("%s", cases[i].text);
		sts_tlsrpt_parse(&text, 1, arena, &rpt);
		EXPECT_INT(rpt.verdict, cases[i].verdict);
		EXPECT_INT(rpt.rua_count, cases[i].rua);
		for (size_t k = 0; k < rpt.rua_count; k++)
			usable += rpt.rua[k].usable;
		EXPECT_INT(usable, cases[i].usable);
		EXPECT_CSTR(rpt.rua_count > 0 ? rpt.rua[0].host : NULL, cases[i].host);
		while (count < FAULTS_MAX && cases[i].faults[count] != 0)
			count++;
		EXPECT_INT(rpt.faults.count, count);
		for (size_t k = 0; k < count && k < rpt.faults.count; k++)
			EXPECT_INT(rpt.faults.items[k].kind, cases[i].faults[k] - 1);
	}
}

static void test_sets(struct sts_arena *arena)
{
	struct sts_str two[2] = {STS_STR(V "rua=mailto:a@x.example"), STS_STR(V "rua=mailto:b@y.example")};
	struct sts_tlsrpt rpt;

	CASE("two candidates");
	sts_tlsrpt_parse(two, 2, arena, &rpt);
	EXPECT_INT(rpt.verdict, MULTIPLE);
	EXPECT_INT(rpt.candidates, 2);
	EXPECT_INT(rpt.rua_count, 0);
	CASE("one candidate beside a malformed one");
	two[1] = STS_STR("v=TLSRPTv1;");
	sts_tlsrpt_parse(two, 2, arena, &rpt);
	EXPECT_INT(rpt.verdict, MULTIPLE);
	CASE("one candidate beside unrelated text");
	two[0] = STS_STR("v=spf1 -all");
	two[1] = STS_STR(V "rua=mailto:b@y.example");
	sts_tlsrpt_parse(two, 2, arena, &rpt);
	EXPECT_INT(rpt.verdict, ACCEPT);
	EXPECT_STR(rpt.rua[0].uri, "mailto:b@y.example");
	EXPECT_STR(rpt.rua[0].scheme, "mailto");
	CASE("a blank before the semicolon is only read in a sole record");
	two[1] = STS_STR("v=TLSRPTv1 ; rua=mailto:b@y.example");
	sts_tlsrpt_parse(two, 2, arena, &rpt);
	EXPECT_INT(rpt.verdict, ABSENT);
	sts_tlsrpt_parse(two + 1, 1, arena, &rpt);
	EXPECT_INT(rpt.verdict, ACCEPT);
	CASE("none");
	sts_tlsrpt_parse(NULL, 0, arena, &rpt);
	EXPECT_INT(rpt.verdict, ABSENT);
	CASE("ports");
	two[0] = STS_STR(V "rua=https://r.example:8443/,https://r.example,https://[::1]:9/");
	sts_tlsrpt_parse(two, 1, arena, &rpt);
	EXPECT_INT(rpt.rua[0].port, 8443);
	EXPECT_INT(rpt.rua[1].port, 443);
	EXPECT_INT(rpt.rua[2].port, 9);
}

int main(void)
{
	struct sts_arena *arena = sts_arena_new();

	test_sole(arena);
	test_sets(arena);
	sts_arena_free(arena);
	return test_done();
}
