#include "test.h"

#include "mtasts/policy.h"

#define FAULTS_MAX 6

/* Kinds, plus one so that 0 ends a list. */
#define EMPTY (STS_POLICY_EMPTY + 1)
#define NOT_POLICY (STS_POLICY_NOT_A_POLICY + 1)
#define BOM (STS_POLICY_BOM + 1)
#define ENCODING (STS_POLICY_ENCODING + 1)
#define ENDINGS (STS_POLICY_LINE_ENDINGS + 1)
#define BLANK (STS_POLICY_BLANK_LINE + 1)
#define SYNTAX (STS_POLICY_FIELD_SYNTAX + 1)
#define NO_VERSION (STS_POLICY_VERSION_MISSING + 1)
#define BAD_VERSION (STS_POLICY_VERSION_INVALID + 1)
#define NO_MODE (STS_POLICY_MODE_MISSING + 1)
#define BAD_MODE (STS_POLICY_MODE_INVALID + 1)
#define NO_AGE (STS_POLICY_MAX_AGE_MISSING + 1)
#define BAD_AGE (STS_POLICY_MAX_AGE_INVALID + 1)
#define LARGE_AGE (STS_POLICY_MAX_AGE_TOO_LARGE + 1)
#define NO_MX (STS_POLICY_MX_MISSING + 1)
#define BAD_MX (STS_POLICY_MX_INVALID + 1)
#define TWICE (STS_POLICY_DUPLICATE_FIELD + 1)
#define MX_TWICE (STS_POLICY_DUPLICATE_MX + 1)
#define UNKNOWN (STS_POLICY_UNKNOWN_FIELD + 1)
#define EXTENSION (STS_POLICY_EXTENSION_MALFORMED + 1)

#define V "version: STSv1\n"
#define E "mode: enforce\n"
#define X "mx: mail.example.com\n"
#define A "max_age: 604800\n"
#define GOOD V E X A
#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *name;
	const char *body;
	bool strict;
	bool usable;
	enum sts_mode mode;
	int64_t max_age_s;
	size_t mx;
	int faults[FAULTS_MAX];
} cases[] = {
	{"plain", GOOD, true, true, STS_MODE_ENFORCE, 604800, 1, {0}},
	{"no final line end", V E X "max_age: 604800", true, true, STS_MODE_ENFORCE, 604800, 1, {0}},
	{"tabs and blanks", "version:\t STSv1 \t\nmode: \tenforce\nmx:mail.example.com\t\nmax_age:1  ", true, true,
		STS_MODE_ENFORCE, 1, 1, {0}},
	{"order is free", A X "mode: testing\n" V, true, true, STS_MODE_TESTING, 604800, 1, {0}},
	{"mode none with mx", V "mode: none\n" X A, true, true, STS_MODE_NONE, 604800, 1, {0}},
	{"mode none without mx", V "mode: none\n" A, true, true, STS_MODE_NONE, 604800, 0, {0}},
	{"max_age 0", V E X "max_age: 0\n", true, true, STS_MODE_ENFORCE, 0, 1, {0}},
	{"max_age 0000000000", V E X "max_age: 0000000000\n", true, true, STS_MODE_ENFORCE, 0, 1, {0}},
	{"unknown field", GOOD "x: y\n", true, true, STS_MODE_ENFORCE, 604800, 1, {UNKNOWN}},
	{"id in the file", GOOD "id: 2024\n", true, true, STS_MODE_ENFORCE, 604800, 1, {UNKNOWN}},
	{"UTF-8 in an unknown field", GOOD "note: \xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\n", true, true, STS_MODE_ENFORCE,
		604800, 1, {UNKNOWN}},
	{"colons in an unknown value", GOOD "note: a:b://c\n", true, true, STS_MODE_ENFORCE, 604800, 1, {UNKNOWN}},
	{"every name character", GOOD "0a.b-c_D: x\n", true, true, STS_MODE_ENFORCE, 604800, 1, {UNKNOWN}},

	{"mode twice", V E "mode: none\n" X A, true, true, STS_MODE_ENFORCE, 604800, 1, {TWICE}},
	{"mode twice, the second malformed", V E "mode: bogus\n" X A, true, true, STS_MODE_ENFORCE, 604800, 1, {TWICE}},
	{"mode twice, the second empty", V E "mode:\n" X A, false, true, STS_MODE_ENFORCE, 604800, 1,
		{TWICE, EXTENSION}},
	{"mode twice, the first malformed", V "mode: bogus\n" E X A, false, false, STS_MODE_UNKNOWN, 604800, 1,
		{BAD_MODE, TWICE}},
	{"max_age twice", GOOD "max_age: 1\n", true, true, STS_MODE_ENFORCE, 604800, 1, {TWICE}},
	{"max_age twice, the second too large", GOOD "max_age: 99999999999999\n", true, true, STS_MODE_ENFORCE, 604800,
		1, {TWICE}},
	{"version thrice", GOOD V V, true, true, STS_MODE_ENFORCE, 604800, 1, {TWICE, TWICE}},
	{"mx twice", GOOD "mx: MAIL.example.com\n", true, true, STS_MODE_ENFORCE, 604800, 2, {MX_TWICE}},
	{"unknown field twice", GOOD "x: 1\nx: 2\n", true, true, STS_MODE_ENFORCE, 604800, 1, {UNKNOWN, UNKNOWN}},

	{"blank line at the end", GOOD "\n", false, true, STS_MODE_ENFORCE, 604800, 1, {BLANK}},
	{"blank line at the end, CRLF", V E X "max_age: 604800\r\n\r\n", false, true, STS_MODE_ENFORCE, 604800, 1,
		{BLANK}},
	{"blank line in front", "\n" GOOD, false, true, STS_MODE_ENFORCE, 604800, 1, {BLANK}},
	{"blanks behind the last line end", GOOD "  ", false, true, STS_MODE_ENFORCE, 604800, 1, {BLANK}},
	{"line of tabs", V "\t\t\n" E X A, false, true, STS_MODE_ENFORCE, 604800, 1, {BLANK}},

	{"bare CR", "version: STSv1\rmode: enforce\rmx: a.example\rmax_age: 1\r", false, false, STS_MODE_ENFORCE, 1, 1,
		{ENDINGS}},
	{"one bare CR", "version: STSv1\rmode: enforce\nmx: a.example\nmax_age: 1\n", false, false, STS_MODE_ENFORCE, 1,
		1, {ENDINGS}},
	{"CR at the very end", V E X "max_age: 1\r", false, false, STS_MODE_ENFORCE, 1, 1, {ENDINGS}},
	{"CR CR LF", "version: STSv1\r\r\nmode: enforce\r\r\nmx: a.example\r\r\nmax_age: 1\r\r\n", false, false,
		STS_MODE_ENFORCE, 1, 1, {ENDINGS}},
	{"LF CR", "version: STSv1\n\rmode: enforce\n\rmx: a.example\n\rmax_age: 1\n\r", false, false, STS_MODE_ENFORCE,
		1, 1, {ENDINGS, BLANK, BLANK, BLANK, BLANK}},
	{"BOM", "\xEF\xBB\xBF" GOOD, false, false, STS_MODE_ENFORCE, 604800, 1, {BOM}},
	{"BOM and blank line", "\xEF\xBB\xBF" GOOD "\n", false, false, STS_MODE_ENFORCE, 604800, 1, {BOM, BLANK}},
	{"BOM twice", "\xEF\xBB\xBF\xEF\xBB\xBF" GOOD, false, false, STS_MODE_ENFORCE, 604800, 1,
		{BOM, EXTENSION, NO_VERSION}},
	{"BOM alone", "\xEF\xBB\xBF", false, false, STS_MODE_UNKNOWN, 0, 0, {EMPTY}},
	{"not UTF-8", GOOD "x: \xFF\n", false, false, STS_MODE_ENFORCE, 604800, 1, {ENCODING}},
	{"overlong UTF-8", GOOD "x: \xC0\x80\n", false, false, STS_MODE_ENFORCE, 604800, 1, {ENCODING}},
	{"surrogate", GOOD "x: \xED\xA0\x80\n", false, false, STS_MODE_ENFORCE, 604800, 1, {ENCODING}},
	{"UTF-8 cut short", GOOD "x: \xE2\x82\n", false, false, STS_MODE_ENFORCE, 604800, 1, {ENCODING}},
	{"DEL", GOOD "x: a\x7F\n", false, false, STS_MODE_ENFORCE, 604800, 1, {ENCODING}},
	{"BEL in a known field", V "mode: enforce\a\n" X A, false, false, STS_MODE_UNKNOWN, 604800, 1,
		{ENCODING, BAD_MODE}},
	{"vertical tab as line end", "version: STSv1\vmode: enforce\n" X A, false, false, STS_MODE_UNKNOWN, 604800, 1,
		{ENCODING, BAD_VERSION, NO_MODE}},
	{"no-break space",
		V "mode:\xC2\xA0"
		  "enforce\n" X A,
		false, false, STS_MODE_UNKNOWN, 604800, 1, {BAD_MODE}},

	{"blank before the colon", "version : STSv1\n" E X A, false, false, STS_MODE_ENFORCE, 604800, 1, {SYNTAX}},
	{"tab before the colon", V "mode\t: enforce\n" X A, false, false, STS_MODE_ENFORCE, 604800, 1, {SYNTAX}},
	{"leading blank", V " mode: enforce\n" X A, false, false, STS_MODE_ENFORCE, 604800, 1, {SYNTAX}},
	{"leading blank of an unknown field", GOOD " x: y\n", false, false, STS_MODE_ENFORCE, 604800, 1,
		{SYNTAX, UNKNOWN}},
	{"folded line", V "mode:\n enforce\n" X A, false, false, STS_MODE_UNKNOWN, 604800, 1, {BAD_MODE, SYNTAX}},
	{"line without colon", GOOD "npm\n", false, false, STS_MODE_ENFORCE, 604800, 1, {SYNTAX}},
	{"no name", GOOD ": x\n", false, false, STS_MODE_ENFORCE, 604800, 1, {SYNTAX}},
	{"comment", "# ours\n" GOOD, false, false, STS_MODE_ENFORCE, 604800, 1, {SYNTAX}},
	{"comment with a colon", "# note: ours\n" GOOD, false, false, STS_MODE_ENFORCE, 604800, 1, {SYNTAX}},
	{"equals in place of the colon", "version=STSv1\nmode = enforce\nmx=mail.example.com\nmax_age=1\n", false,
		false, STS_MODE_ENFORCE, 1, 1, {SYNTAX, SYNTAX, SYNTAX, SYNTAX}},

	{"empty", "", false, false, STS_MODE_UNKNOWN, 0, 0, {EMPTY}},
	{"line end alone", "\n", false, false, STS_MODE_UNKNOWN, 0, 0, {EMPTY}},
	{"blanks alone", " \r\n\t\n", false, false, STS_MODE_UNKNOWN, 0, 0, {EMPTY}},
	{"HTML", "<!DOCTYPE html>\n<html><body>\n<p>mode: enforce</p></body></html>\n", false, false, STS_MODE_UNKNOWN,
		0, 0, {NOT_POLICY}},
	{"HTML around a policy", "<html><body><pre>\n" GOOD "</pre></body></html>\n", false, false, STS_MODE_UNKNOWN, 0,
		0, {NOT_POLICY}},
	{"HTML behind blanks", "\r\n  <HTML>\nx: y\n", false, false, STS_MODE_UNKNOWN, 0, 0, {NOT_POLICY}},
	{"XML", "<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>", false, false, STS_MODE_UNKNOWN, 0,
		0, {NOT_POLICY}},
	{"HTML comment before a policy", "<!-- ours -->\n" GOOD, false, false, STS_MODE_ENFORCE, 604800, 1, {SYNTAX}},
	{"JSON", "{\"version\":\"STSv1\",\"mode\":\"enforce\",\"mx\":[\"a.example\"],\"max_age\":1}", false, false,
		STS_MODE_UNKNOWN, 0, 0, {NOT_POLICY}},
	{"JSON over lines", "{\n  \"version\": \"STSv1\",\n  \"mode\": \"enforce\"\n}\n", false, false,
		STS_MODE_UNKNOWN, 0, 0, {NOT_POLICY}},
	{"the TXT record", "v=STSv1; id=20240101\n", false, false, STS_MODE_UNKNOWN, 0, 0, {NOT_POLICY}},
	{"the TXT record in quotes", "\"v=STSv1; id=20240101\"", false, false, STS_MODE_UNKNOWN, 0, 0, {NOT_POLICY}},
	{"a zone file line", "_mta-sts.example.com. 300 IN TXT \"v=STSv1; id=1\"\n", false, false, STS_MODE_UNKNOWN, 0,
		0, {NOT_POLICY}},
	{"gzip", "\x1F\x8B\x08\x01\x02", false, false, STS_MODE_UNKNOWN, 0, 0, {NOT_POLICY}},
	{"RTF", "{\\rtf1\\ansi\nversion: STSv1\\\nmode: enforce\\\n}", false, false, STS_MODE_UNKNOWN, 0, 0,
		{NOT_POLICY}},
	{"prose", "404 page not found\n", false, false, STS_MODE_UNKNOWN, 0, 0, {NOT_POLICY}},
	{"prose with colons", "Error: no such file\nHint: look elsewhere\n", false, false, STS_MODE_UNKNOWN, 0, 0,
		{NOT_POLICY}},
	{"one letter", "a", false, false, STS_MODE_UNKNOWN, 0, 0, {NOT_POLICY}},
	{"front matter", "---\nlayout: null\n---\n" GOOD, false, false, STS_MODE_ENFORCE, 604800, 1,
		{SYNTAX, UNKNOWN, SYNTAX}},

	{"no version", E X A, false, false, STS_MODE_ENFORCE, 604800, 1, {NO_VERSION}},
	{"no mode", V X A, false, false, STS_MODE_UNKNOWN, 604800, 1, {NO_MODE}},
	{"no max_age", V E X, false, false, STS_MODE_ENFORCE, 0, 1, {NO_AGE}},
	{"no mx", V E A, false, false, STS_MODE_ENFORCE, 604800, 0, {NO_MX}},
	{"no mx in testing", V "mode: testing\n" A, false, false, STS_MODE_TESTING, 604800, 0, {NO_MX}},
	{"a single line", E, false, false, STS_MODE_ENFORCE, 0, 0, {NO_VERSION, NO_AGE, NO_MX}},
	{"Version", "Version: STSv1\n" E X A, false, false, STS_MODE_ENFORCE, 604800, 1, {UNKNOWN, NO_VERSION}},
	{"Mode", V "Mode: enforce\n" X A, false, false, STS_MODE_UNKNOWN, 604800, 1, {UNKNOWN, NO_MODE}},
	{"MX", V E "MX: mail.example.com\n" A, false, false, STS_MODE_ENFORCE, 604800, 0, {UNKNOWN, NO_MX}},
	{"max-age", V E X "max-age: 1\n", false, false, STS_MODE_ENFORCE, 0, 1, {UNKNOWN, NO_AGE}},
	{"maxage", V E X "maxage: 1\n", false, false, STS_MODE_ENFORCE, 0, 1, {UNKNOWN, NO_AGE}},
	{"eversion", "eversion: STSv1\n" E X A, false, false, STS_MODE_ENFORCE, 604800, 1, {UNKNOWN, NO_VERSION}},

	{"version stsv1", "version: stsv1\n" E X A, false, false, STS_MODE_ENFORCE, 604800, 1, {BAD_VERSION}},
	{"version empty", "version:\n" E X A, false, false, STS_MODE_ENFORCE, 604800, 1, {BAD_VERSION}},
	{"version STSv1;", "version: STSv1;\n" E X A, false, false, STS_MODE_ENFORCE, 604800, 1, {BAD_VERSION}},
	{"mode ENFORCE", V "mode: ENFORCE\n" X A, false, false, STS_MODE_UNKNOWN, 604800, 1, {BAD_MODE}},
	{"mode enforce;", V "mode: enforce;\n" X A, false, false, STS_MODE_UNKNOWN, 604800, 1, {BAD_MODE}},
	{"mode enforce # comment", V "mode: enforce # now\n" X A, false, false, STS_MODE_UNKNOWN, 604800, 1,
		{BAD_MODE}},
	{"max_age too large", V E X "max_age: 31557601\n", false, false, STS_MODE_ENFORCE, STS_MAX_AGE_MAX, 1,
		{LARGE_AGE}},
	{"max_age of ten nines", V E X "max_age: 9999999999\n", false, false, STS_MODE_ENFORCE, STS_MAX_AGE_MAX, 1,
		{LARGE_AGE}},
	{"max_age of eleven digits", V E X "max_age: 00000604800\n", false, false, STS_MODE_ENFORCE, 0, 1, {BAD_AGE}},
	{"max_age negative", V E X "max_age: -1\n", false, false, STS_MODE_ENFORCE, 0, 1, {BAD_AGE}},
	{"max_age hexadecimal", V E X "max_age: 0x93A80\n", false, false, STS_MODE_ENFORCE, 0, 1, {BAD_AGE}},
	{"max_age with a point", V E X "max_age: 604800.0\n", false, false, STS_MODE_ENFORCE, 0, 1, {BAD_AGE}},
	{"max_age in full-width digits", V E X "max_age: \xEF\xBC\x91\n", false, false, STS_MODE_ENFORCE, 0, 1,
		{BAD_AGE}},

	{"unknown field, empty", GOOD "x:\n", false, true, STS_MODE_ENFORCE, 604800, 1, {EXTENSION}},
	{"unknown field, blank name", GOOD "my field: y\n", false, true, STS_MODE_ENFORCE, 604800, 1, {EXTENSION}},
	{"unknown field, underscore first", GOOD "_x: y\n", false, true, STS_MODE_ENFORCE, 604800, 1, {EXTENSION}},
	{"unknown field, tab in the value", GOOD "x: a\tb\n", false, true, STS_MODE_ENFORCE, 604800, 1, {EXTENSION}},
	{"unknown field, 33 characters", GOOD "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn: x\n", false, true, STS_MODE_ENFORCE,
		604800, 1, {EXTENSION}},

	{"good and bad mx", GOOD "mx: bad_name.example.com\n", false, false, STS_MODE_ENFORCE, 604800, 2, {BAD_MX}},
	{"mx empty", V E "mx:\n" A, false, false, STS_MODE_ENFORCE, 604800, 1, {BAD_MX}},
	{"mx that is an IPv4 address", V E "mx: 192.0.2.1\n" A, true, true, STS_MODE_ENFORCE, 604800, 1, {BAD_MX}},
	{"mx single label", V E "mx: localhost\n" A, true, true, STS_MODE_ENFORCE, 604800, 1, {0}},
};

static void test_bodies(void)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_policy p;
		size_t count = 0;

		CASE("%s", cases[i].name);
		sts_policy_parse(sts_str_of(cases[i].body), arena, &p);
		EXPECT_INT(p.strict, cases[i].strict);
		EXPECT_INT(p.usable, cases[i].usable);
		EXPECT_INT(p.mode, cases[i].mode);
		EXPECT_INT(p.max_age_s, cases[i].max_age_s);
		EXPECT_INT(p.mx_count, cases[i].mx);
		while (count < FAULTS_MAX && cases[i].faults[count] != 0)
			count++;
		EXPECT_INT(p.faults.count, count);
		for (size_t k = 0; k < count && k < p.faults.count; k++)
			EXPECT_INT(p.faults.items[k].kind, cases[i].faults[k] - 1);
		sts_arena_free(arena);
	}
}

/* Values of mx: all but the last few are malformed, and the note says why in words that hold the hint. */
static const struct {
	const char *value;
	const char *hint; /* NULL: valid */
} patterns[] = {
	{"mail.example.com", NULL},
	{"*.example.com", NULL},
	{"a", NULL},
	{"*.com", NULL},
	{"1.2.3.4.example", NULL},
	{"xn--mller-kva.example", NULL},
	{"a--b.example", NULL},
	{L63 ".example", NULL},
	{"*." L63 "." L63 "." L63 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL}, /* 253 */
	{"*." L63 "." L63 "." L63 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "253"},
	{L63 "a.example", "63"},
	{"mail.example.com.", "full stop at the end"},
	{".", "none needs no mx"},
	{".example.com", "old drafts"},
	{"*", "asterisk needs"},
	{"*.", "asterisk needs"},
	{"*example.com", "first label"},
	{"m*.example.com", "first label"},
	{"*.*.example.com", "one asterisk"},
	{"mail.*.example.com", "first label"},
	{"a.example b.example", "one host name"},
	{"a.example, b.example", "one host name"},
	{"10 a.example", "one host name"},
	{"a.example # main", "comments"},
	{"user@example.com", "mail address"},
	{"[192.0.2.1]", "address"},
	{"[IPv6:2001:db8::1]", "address"},
	{"2001:db8::1", "address"},
	{"[mx]", "brackets"},
	{"<a.example>", "brackets"},
	{"\"a.example\"", "quotation"},
	{"https://a.example/", "URL"},
	{"a.example/x", "URL"},
	{"a.example:25", "port"},
	{"a_b.example", "underscore"},
	{"m\xC3\xBCller.example", "A-labels"},
	{"-a.example", "hyphens"},
	{"a-.example", "hyphens"},
	{"a..example", "in a row"},
	{"a%b.example", "hyphens"},
};

static void test_patterns(void)
{
	for (size_t i = 0; i < COUNT_OF(patterns); i++) {
		struct sts_arena *arena = sts_arena_new();
		const char *body = sts_sprintf(arena, V E "mx: %s\n" A, patterns[i].value);
		const struct sts_fault *f;
		struct sts_policy p;

		CASE("mx: %s", patterns[i].value);
		sts_policy_parse(sts_str_of(body), arena, &p);
		EXPECT_INT(sts_mx_pattern_valid(sts_str_of(patterns[i].value)), patterns[i].hint == NULL);
		EXPECT_INT(p.strict, patterns[i].hint == NULL);
		f = sts_faults_find(&p.faults, STS_POLICY_MX_INVALID);
		EXPECT((f != NULL) == (patterns[i].hint != NULL));
		if (f != NULL && patterns[i].hint != NULL) {
			test_expect(
				strstr(f->note, patterns[i].hint) != NULL, TEST_HERE, "the note is \"%s\"", f->note);
			EXPECT_INT(f->line, 3);
			EXPECT_INT(f->column, 5);
		}
		sts_arena_free(arena);
	}
}

static void test_places(struct sts_arena *arena)
{
	struct sts_policy p;
	const struct sts_fault *f;

	CASE("line ends are counted");
	sts_policy_parse(STS_STR("version: STSv1\r\nmode: enforce\nmx: a.example\r\nmax_age: 1"), arena, &p);
	EXPECT(p.strict && p.lf == 1 && p.crlf == 2 && p.bare_cr == 0 && !p.final_newline);
	sts_policy_parse(STS_STR(GOOD), arena, &p);
	EXPECT(p.strict && p.lf == 4 && p.crlf == 0 && p.final_newline);
	CASE("faults know their place");
	sts_policy_parse(STS_STR("version: STSv1\r\nmode:  Enforce\r\nmx: a.example\r\nmax_age: 1\r\n"), arena, &p);
	f = sts_faults_find(&p.faults, STS_POLICY_MODE_INVALID);
	EXPECT(f != NULL && f->line == 2 && f->column == 8 && f->offset == 23);
	EXPECT_STR(f->text, "Enforce");
	CASE("a missing field points at the one that was meant");
	sts_policy_parse(STS_STR(V E "MX: a.example\n" A), arena, &p);
	f = sts_faults_find(&p.faults, STS_POLICY_MX_MISSING);
	EXPECT(f != NULL && f->line == 3 && f->column == 1);
	EXPECT_STR(f->text, "MX");
	CASE("patterns know their line, fields are kept");
	sts_policy_parse(STS_STR(GOOD "mx: *.Example.net\nx: y z\n"), arena, &p);
	EXPECT_INT(p.mx[1].line, 5);
	EXPECT_CSTR(p.mx[1].text, "*.Example.net");
	EXPECT_INT(p.field_count, 6);
	EXPECT_STR(p.fields[5].value, "y z");
	EXPECT_STR(p.version, "STSv1");
	EXPECT_STR(p.mode_text, "enforce");
	CASE("an address is told from a name");
	sts_policy_parse(STS_STR(V E "mx: 192.0.2.1\nmx: 1.2.3.4.5\nmx: 256.1.1.1\n" A), arena, &p);
	EXPECT(p.mx[0].is_address && p.mx[0].valid && !p.mx[1].is_address && !p.mx[2].is_address);
}

static void fill(char *out, size_t len, const char *with)
{
	size_t n = strlen(with);

	for (size_t i = 0; i < len; i++)
		out[i] = with[i % n];
}

static void test_junk(void)
{
	static const char *const fillings[] = {
		"\n", "\r", "mx:a\n", "x\n", "x:\n", "mode:\n", "\xFF\n", ":\n", " a: b\n", "max_age: 1\n", "\x01\n"};
	static char body[2 * STS_POLICY_MAX];
	static char utf16[] = "\xFF\xFEv\0e\0r\0s\0i\0o\0n\0:\0";

	for (size_t i = 0; i < COUNT_OF(fillings); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_policy p;

		CASE("64 KiB of filling %zu stay cheap and readable", i);
		fill(body, sizeof body, fillings[i]);
		memcpy(body, V, strlen(V));
		sts_policy_parse(sts_str(body, sizeof body), arena, &p);
		EXPECT(!p.strict);
		EXPECT(p.faults.count <= 5 * STS_FAULTS_PER_KIND);
		EXPECT(sts_arena_used(arena) < 8 * 1024 * 1024);
		sts_arena_free(arena);
	}
	CASE("UTF-16 is one fault, with mark or without");
	{
		struct sts_arena *arena = sts_arena_new();
		struct sts_policy p;

		sts_policy_parse(sts_str(utf16, sizeof utf16 - 1), arena, &p);
		EXPECT(p.faults.count == 1 && p.faults.items[0].kind == STS_POLICY_ENCODING && !p.usable);
		sts_policy_parse(sts_str(utf16 + 2, sizeof utf16 - 3), arena, &p);
		EXPECT(p.faults.count == 1 && p.faults.items[0].kind == STS_POLICY_ENCODING && !p.usable);
		sts_policy_parse(sts_str(NULL, 0), arena, &p);
		EXPECT(p.faults.count == 1 && p.faults.items[0].kind == STS_POLICY_EMPTY);
		sts_arena_free(arena);
	}
}

int main(void)
{
	struct sts_arena *arena = sts_arena_new();

	test_bodies();
	test_patterns();
	test_places(arena);
	test_junk();
	sts_arena_free(arena);
	return test_done();
}
