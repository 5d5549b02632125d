/* Senders: what was measured and read of them. One letter each, in the order of enum sts_sender: A accepts, R refuses,
 * ? not known. */
#include "test.h"

#include "proto/readers.h"

#define V "version: STSv1\n"
#define E "mode: enforce\n"
#define X "mx: mail.example.com\n"
#define A "max_age: 604800\n"
#define GOOD V E X A
#define L64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/*                                            mox tlspol pmsr maddy chasquid kumo stalwart mailauth halon */
static const struct {
	const char *name;
	const char *body;
	const char *want;
} bodies[] = {
	{"plain", GOOD, "AAAAAAAAA"},
	{"CRLF", "version: STSv1\r\nmode: enforce\r\nmx: a.example\r\nmax_age: 604800\r\n", "AAAAAAAAA"},
	{"no final line end", V E X "max_age: 604800", "AAAAAAAAA"},
	{"mixed line ends", "version: STSv1\r\nmode: enforce\nmx: a.example\r\nmax_age: 604800", "AAAAAAAAA"},
	{"bare CR", "version: STSv1\rmode: enforce\rmx: a.example\rmax_age: 604800\r", "RRARR??R?"},
	{"blank line at the end", GOOD "\n", "RRARAAAA?"},
	{"blank line inside", V "\n" E X A, "RRARAAAA?"},
	{"blank line first", "\n" GOOD, "RRARAAAA?"},
	{"BOM", "\xEF\xBB\xBF" GOOD, "RRRRRRAA?"},
	{"blank before the colon", V "mode : enforce\n" X A, "RRRRAAAA?"},
	{"leading blank", V " mode: enforce\n" X A, "RRRRAAAA?"},
	{"Version", "Version: STSv1\n" E X A, "RRRRRRAA?"},
	{"MX", V E "MX: mail.example.com\n" A, "RRRRRRRA?"},
	{"mode Enforce", V "mode: Enforce\n" X A, "RRRRRRRA?"},
	{"version stsv1", "version: stsv1\n" E X A, "RRRRRRAR?"},
	{"no version", E X A, "RRRRRRAR?"},
	{"no mode", V X A, "RRRRRRAA?"},
	{"no max_age", V E X, "RRRRRRAR?"},
	{"empty", "", "RRRRRRRR?"},
	{"no mx in enforce", V E A, "RRRRRRRR?"},
	{"no mx in none", V "mode: none\n" A, "AAAARARAA"},
	{"mx empty", V E "mx:\n" A, "RRAAAARA?"},
	{"max_age 0", V E X "max_age: 0\n", "ARAARAAAA"},
	{"max_age 31557600", V E X "max_age: 31557600\n", "AAAAAAAAA"},
	{"max_age 31557601", V E X "max_age: 31557601\n", "AARARAAR?"},
	{"max_age 9999999999", V E X "max_age: 9999999999\n", "RARARAAR?"},
	{"max_age of eleven digits", V E X "max_age: 10000000000\n", "RRRAR??R?"},
	{"max_age negative", V E X "max_age: -1\n", "RRRAR??R?"},
	{"max_age +604800", V E X "max_age: +604800\n", "RRAAA??A?"},
	{"max_age hexadecimal", V E X "max_age: 0x93A80\n", "RRRRR??A?"},
	{"max_age with a fraction", V E X "max_age: 604800.0\n", "RRRRR??A?"},
	{"max_age with an exponent", V E X "max_age: 6048e2\n", "RRRRR??A?"},
	{"max_age empty", V E X "max_age:\n", "RRRRR??A?"},
	{"max_age 604_800", V E X "max_age: 604_800\n", "RRARR??R?"},
	{"max_age 604,800", V E X "max_age: 604,800\n", "RRRRR??R?"},
	{"unknown field", GOOD "x: y\n", "AAAAAAAAA"},
	{"colon in an unknown value", GOOD "x: y:z\n", "AAARAAAAA"},
	{"UTF-8 in an unknown value", GOOD "x: \xC3\xA9\n", "AARAAAAAA"},
	{"name of 33 characters", GOOD "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn: x\n", "RRAAAAAA?"},
	{"name with underscore first", GOOD "_x: y\n", "RRAAAAAA?"},
	{"empty unknown value", GOOD "x:\n", "RRAAAAAA?"},
	{"control octet in an unknown value", GOOD "x: a\x07z\n", "RRAAA??A?"},
	{"broken UTF-8 in an unknown value", GOOD "x: \xFF\n", "ARRAA??A?"},
	{"line without a colon", GOOD "npm\n", "RRARA??A?"},
	{"comment", "# ours\n" GOOD, "RRARA??A?"},
	{"mode twice", V E "mode: none\n" X A, "AAAAARAA?"},
	{"max_age twice", GOOD "max_age: 1\n", "AAAAARAA?"},
	{"list of mx", V E "mx: a.example, b.example\n" A, "RRAAAAAA?"},
	{"mx with preference", V E "mx: 10 a.example\n" A, "RRAAAAAA?"},
	{"mx in angle brackets", V E "mx: <a.example>\n" A, "RRAAAAAA?"},
	{"mx .example", V E "mx: .example.com\n" A, "RRAAAAAA?"},
	{"mx with underscore", V E "mx: a_b.example\n" A, "RRAAAAAA?"},
	{"mx with a final full stop", V E "mx: mail.example.com.\n" A, "RAAAAAAA?"},
	{"mx an address", V E "mx: 192.0.2.1\n" A, "RRAAAAAA?"},
	{"mx a U-label", V E "mx: m\xC3\xBCller.example\n" A, "RRRAAAAA?"},
	{"mx with a label of 64 letters", V E "mx: " L64 ".example\n" A, "ARAAAAAA?"},
	{"mx of more than 253 letters", V E "mx: " L64 "." L64 "." L64 "." L64 ".example\n" A, "ARAAAAAA?"},
	{"mx with a label of 64 letters and a final hyphen", V E "mx: " L64 "-.example\n" A, "RRAAAAAA?"},
	{"mx with a label of 64 letters and an empty one", V E "mx: *." L64 "..example\n" A, "RRAAAAAA?"},
	{"vertical tab as line end", "version: STSv1\vmode: enforce\v" X A, "RRARR??R?"},
	{"HTML", "<!DOCTYPE html><html><body>version: STSv1</body></html>", "RRRRRRRR?"},
	{"JSON", "{\"version\":\"STSv1\",\"mode\":\"enforce\",\"mx\":[\"a.example\"],\"max_age\":604800}", "RRRRRRRR?"},
};

static void letters(const struct sts_reading readings[static STS_SENDER_COUNT], char out[static STS_SENDER_COUNT + 1])
{
	for (size_t i = 0; i < STS_SENDER_COUNT; i++)
		out[i] = !readings[i].known ? '?' : readings[i].accepts ? 'A' : 'R';
	out[STS_SENDER_COUNT] = '\0';
}

static void test_bodies(void)
{
	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_reading readings[STS_SENDER_COUNT];
		char got[STS_SENDER_COUNT + 1];

		CASE("policy: %s", bodies[i].name);
		sts_readers_policy(sts_str_of(bodies[i].body), NULL, arena, readings);
		letters(readings, got);
		EXPECT_CSTR(got, bodies[i].want);
		for (size_t s = 0; s < STS_SENDER_COUNT; s++) {
			EXPECT(!readings[s].known || readings[s].accepts || readings[s].why != NULL);
			EXPECT(!readings[s].accepts || readings[s].mode != STS_MODE_UNKNOWN);
		}
		sts_arena_free(arena);
	}
}

static void test_values(struct sts_arena *arena)
{
	struct sts_reading r[STS_SENDER_COUNT];

	CASE("repeated mode: first or last");
	sts_readers_policy(STS_STR(V "mode: testing\n" E X A), NULL, arena, r);
	EXPECT_INT(r[STS_SENDER_MOX].mode, STS_MODE_TESTING);
	EXPECT_INT(r[STS_SENDER_TLSPOL].mode, STS_MODE_TESTING);
	EXPECT_INT(r[STS_SENDER_PMSR].mode, STS_MODE_ENFORCE);
	EXPECT_INT(r[STS_SENDER_MADDY].mode, STS_MODE_ENFORCE);
	EXPECT_INT(r[STS_SENDER_CHASQUID].mode, STS_MODE_ENFORCE);
	EXPECT_INT(r[STS_SENDER_STALWART].mode, STS_MODE_ENFORCE);
	EXPECT_INT(r[STS_SENDER_MAILAUTH].mode, STS_MODE_ENFORCE);
	EXPECT_CSTR(r[STS_SENDER_MOX].why, NULL);
	EXPECT(r[STS_SENDER_PMSR].why != NULL);
	CASE("max_age over the maximum");
	sts_readers_policy(STS_STR(V E X "max_age: 40000000\n"), NULL, arena, r);
	EXPECT_INT(r[STS_SENDER_MOX].max_age_s, 40000000);
	EXPECT_INT(r[STS_SENDER_TLSPOL].max_age_s, STS_MAX_AGE_MAX);
	EXPECT_INT(r[STS_SENDER_STALWART].max_age_s, 86400);
	CASE("max_age of exactly the maximum: Stalwart keeps it for a day");
	sts_readers_policy(STS_STR(V E X "max_age: 31557600\n"), NULL, arena, r);
	EXPECT_INT(r[STS_SENDER_STALWART].max_age_s, 86400);
	EXPECT(r[STS_SENDER_STALWART].why != NULL);
	EXPECT_INT(r[STS_SENDER_MOX].max_age_s, STS_MAX_AGE_MAX);
	CASE("short max_age: Stalwart keeps it for a day");
	sts_readers_policy(STS_STR(V E X "max_age: 3599\n"), NULL, arena, r);
	EXPECT_INT(r[STS_SENDER_STALWART].max_age_s, 86400);
	sts_readers_policy(STS_STR(V E X "max_age: 3600\n"), NULL, arena, r);
	EXPECT_INT(r[STS_SENDER_STALWART].max_age_s, 3600);
	CASE("missing mode is none to two senders");
	sts_readers_policy(STS_STR(V X A), NULL, arena, r);
	EXPECT_INT(r[STS_SENDER_STALWART].mode, STS_MODE_NONE);
	EXPECT_INT(r[STS_SENDER_MAILAUTH].mode, STS_MODE_NONE);
	CASE("hexadecimal and exponents");
	sts_readers_policy(STS_STR(V E X "max_age: 0x93A80\n"), NULL, arena, r);
	EXPECT_INT(r[STS_SENDER_MAILAUTH].max_age_s, 604800);
	sts_readers_policy(STS_STR(V E X "max_age: 6048e2\n"), NULL, arena, r);
	EXPECT_INT(r[STS_SENDER_MAILAUTH].max_age_s, 604800);
	sts_readers_policy(STS_STR(V E X "max_age: 1e99999\n"), NULL, arena, r);
	EXPECT(!r[STS_SENDER_MAILAUTH].accepts);
	CASE("a policy that chasquid reads only in part");
	{
		static char body[20000];

		snprintf(body, sizeof body, "%sx: %012000d\nmode: enforce\n", V X A, 0);
		sts_readers_policy(sts_str_of(body), NULL, arena, r);
		EXPECT(r[STS_SENDER_MOX].accepts);
		EXPECT(!r[STS_SENDER_CHASQUID].accepts);
	}
}

static const struct {
	const char *name;
	struct sts_transport transport;
	const char *want;
} transports[] = {
	{"offline", {0}, "AAAAAAAAA"},
	{"as it should be", {200, "text/plain", 100, 70, "TLSv1.3"}, "AAAAAAAAA"},
	{"charset", {200, "text/plain; charset=utf-8", 100, 70, "TLSv1.3"}, "AAAAAAAAA"},
	{"letter case of the type", {200, "Text/Plain", 100, 70, "TLSv1.3"}, "AAAAARAAA"},
	{"HTML type", {200, "text/html", 100, 70, "TLSv1.3"}, "ARRRRRAAA"},
	{"no type", {200, NULL, 100, 70, "TLSv1.3"}, "ARRRRRAAA"},
	{"type that is none", {200, "text", 100, 70, "TLSv1.3"}, "ARRRRRAAA"},
	{"203", {203, "text/plain", 100, 70, "TLSv1.3"}, "RRRRRRAAR"},
	{"404", {404, "text/plain", 100, 70, "TLSv1.3"}, "RRRRRRARR"},
	{"302", {302, "text/plain", 100, 70, "TLSv1.3"}, "RRRRRRRRR"},
	{"three seconds", {200, "text/plain", 3000, 70, "TLSv1.3"}, "ARAAAAAAA"},
	{"six seconds", {200, "text/plain", 6000, 70, "TLSv1.3"}, "ARRAAAAAR"},
	{"half a minute", {200, "text/plain", 30000, 70, "TLSv1.3"}, "ARRAARARR"},
	{"over a minute", {200, "text/plain", 61000, 70, "TLSv1.3"}, "RRRRARARR"},
	{"70 KiB", {200, "text/plain", 100, 70000, "TLSv1.3"}, "RRRAAAAAR"},
	{"TLS 1.1", {200, "text/plain", 100, 70, "TLSv1.1"}, "ARAAAAAAA"},
};

static void test_transports(void)
{
	for (size_t i = 0; i < COUNT_OF(transports); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_reading readings[STS_SENDER_COUNT];
		char got[STS_SENDER_COUNT + 1];

		CASE("transport: %s", transports[i].name);
		sts_readers_policy(STS_STR(GOOD), &transports[i].transport, arena, readings);
		letters(readings, got);
		EXPECT_CSTR(got, transports[i].want);
		sts_arena_free(arena);
	}
	CASE("transport: a stated charset lets non-ASCII text through");
	{
		struct sts_arena *arena = sts_arena_new();
		struct sts_reading readings[STS_SENDER_COUNT];
		struct sts_transport t = {200, "text/plain; charset=UTF-8", 100, 70, "TLSv1.3"};

		sts_readers_policy(STS_STR(GOOD "x: \xC3\xA9\n"), &t, arena, readings);
		EXPECT(readings[STS_SENDER_PMSR].accepts);
		sts_arena_free(arena);
	}
}

/* Records of one name, parted by "|". */
static const struct {
	const char *texts;
	const char *want;
} records[] = {
	{"v=STSv1; id=1", "AAAAAAAAA"},
	{"v=STSv1;id=1;", "AAAAAAAAA"},
	{"v=STSv1; id=1; ", "AAAAARAAA"},
	{"v=STSv1 ; id=1", "AAAARAAAR"},
	{"v=STSv1;\tid=1", "ARAAAAAAA"},
	{" v=STSv1; id=1", "RRRARAAAR"},
	{"v=STSv1; id=abcdefghijklmnopqrstuvwxyz0123456", "RRAAAAAA?"},
	{"v=STSv1; id=2024-01-01", "RRAAAAAA?"},
	{"v=STSv1; id=", "RRARA??R?"},
	{"v=STSv1; x=1", "RRRRA??R?"},
	{"id=1; v=STSv1;", "RRRARAARR"},
	{"v=stsv1; id=1", "RRRRRRAAR"},
	{"v=STSv1; ID=1", "RRRRA?AA?"},
	{"v=STSv1; id = 1", "RRRRA??A?"},
	{"v=STSv1; x=1; id=1", "AAAAAAAAA"},
	{"v=STSv1; id=1; id=2", "RAAAAAAAA"},
	{"v=STSv1; id=1;; x=2", "RRAAAAAA?"},
	{"v=STSv1; id=1;;", "RRAAAAAA?"},
	{"v=STSv1; id=1; x", "RRARAAAAA"},
	{"v=STSv1; id=1; x=", "RRAAAAAAA"},
	{"v=STSv1; id=1; x=a=b", "RRARAAAAA"},
	{"v=STSv1; id=1 ", "RRAAAAAAA"},
	{"v=STSv1; id=1; n=caf\xC3\xA9", "RARAAAAA?"},
	{"v=STSv1; id=1; u=https://example.com/", "AAAAAAARA"},
	{"v=STSv1; id=1|v=STSv1; id=2", "RRRRA?ARR"},
	{"v=STSv1; id=1|v=spf1 -all", "AAARARAAA"},
	{"v=STSv1; id=1|v=STSv2; id=2", "AAARARAAA"},
	{"v=STSv1; id=1|v=STSv1;", "RRRRA?ARR"},
	{"v=STSv1; id=1|v=STSv1", "AARRARA?A"},
	{"v=spf1 -all", "RRRRRRRRR"},
	{" ", "RRRRRRRRR"},
	{"", "RRRRRRRRR"},
};

static void test_records(void)
{
	for (size_t i = 0; i < COUNT_OF(records); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_reading readings[STS_SENDER_COUNT];
		struct sts_str rest = sts_str_of(records[i].texts);
		struct sts_str texts[4];
		char got[STS_SENDER_COUNT + 1];
		size_t count = 0;

		CASE("record: %s", records[i].texts);
		for (bool more = true; more && count < COUNT_OF(texts);) {
			size_t bar = sts_str_find(rest, '|', 0);

			texts[count++] = sts_str(rest.ptr, bar);
			more = bar < rest.len;
			rest = sts_str_from(rest, bar + 1);
		}
		sts_readers_record(texts, count, arena, readings);
		letters(readings, got);
		EXPECT_CSTR(got, records[i].want);
		for (size_t s = 0; s < STS_SENDER_COUNT; s++)
			EXPECT(!readings[s].known ||
				(readings[s].accepts ? readings[s].id != NULL : readings[s].why != NULL));
		sts_arena_free(arena);
	}
}

static void test_ids(struct sts_arena *arena)
{
	struct sts_str text = STS_STR("v=STSv1; id=1; id=2");
	struct sts_reading r[STS_SENDER_COUNT];

	CASE("repeated id: first or last");
	sts_readers_record(&text, 1, arena, r);
	EXPECT_CSTR(r[STS_SENDER_TLSPOL].id, "1");
	EXPECT_CSTR(r[STS_SENDER_PMSR].id, "2");
	EXPECT_CSTR(r[STS_SENDER_MAILAUTH].id, "2");
	EXPECT(r[STS_SENDER_PMSR].why != NULL && r[STS_SENDER_TLSPOL].why == NULL);
	CASE("no record at all");
	sts_readers_record(NULL, 0, arena, r);
	for (size_t s = 0; s < STS_SENDER_COUNT; s++)
		EXPECT(r[s].known && !r[s].accepts);
}

static const struct {
	const char *pattern;
	const char *host;
	const char *want;
} matches[] = {
	{"mail.example.com", "MAIL.example.com", "AAAAAAAAA"},
	{"mail.example.com", "mail.example.net", "RRRRRRRRR"},
	{"*.example.com", "mail.example.com", "AAAAAAAAA"},
	{"*.example.com", "a.b.example.com", "RAARRRRAR"},
	{"*.example.com", "example.com", "RRRRRRRRR"},
	{"*.example.com", "badexample.com", "RRRRRRRRR"},
	{"mail.example.com.", "mail.example.com", "RRRAARRRR"},
	{"mail.example.com", "mail.example.com.", "AAAAAAARA"},
	{"*", "localhost", "RRRRRRRRR"},
};

static void test_matches(void)
{
	for (size_t i = 0; i < COUNT_OF(matches); i++) {
		char got[STS_SENDER_COUNT + 1] = "";

		CASE("match: %s against %s", matches[i].pattern, matches[i].host);
		for (size_t s = 0; s < STS_SENDER_COUNT; s++)
			got[s] = sts_reader_match((enum sts_sender)s, sts_str_of(matches[i].pattern),
					 sts_str_of(matches[i].host))
					 ? 'A'
					 : 'R';
		EXPECT_CSTR(got, matches[i].want);
	}
	CASE("names");
	EXPECT_CSTR(sts_sender_name(STS_SENDER_MOX), "mox");
	EXPECT_CSTR(sts_sender_name(STS_SENDER_HALON), "Halon");
}

int main(void)
{
	struct sts_arena *arena = sts_arena_new();

	test_bodies();
	test_values(arena);
	test_transports();
	test_records();
	test_ids(arena);
	test_matches();
	sts_arena_free(arena);
	return test_done();
}
