#include "test.h"

#include "mtasts/record.h"

#define NONE (-1)
#define FAULTS_MAX 4

#define VERSION STS_RECORD_VERSION_INVALID
#define ID_MISSING STS_RECORD_ID_MISSING
#define ID_INVALID STS_RECORD_ID_INVALID
#define SYNTAX STS_RECORD_SYNTAX
#define NON_ASCII STS_RECORD_NON_ASCII
#define DUPLICATE STS_RECORD_DUPLICATE_FIELD
#define SPACE STS_RECORD_SPACE_BEFORE_SEMICOLON
#define TRAILING STS_RECORD_TRAILING_SPACE
#define EXTENSION STS_RECORD_EXTENSION_MALFORMED
#define UNKNOWN STS_RECORD_UNKNOWN_FIELD
#define ACCEPT STS_RECORD_ACCEPT
#define ABSENT STS_RECORD_ABSENT
#define INVALID STS_RECORD_INVALID
#define MULTIPLE STS_RECORD_MULTIPLE

#define A32 "abcdefghijklmnopqrstuvwxyz012345"

/* A sole record: verdict, id, usable, and its faults in order (0 is a kind, so each is stored plus one). */
static const struct {
	const char *text;
	enum sts_record_verdict verdict;
	const char *id;
	bool usable;
	bool almost;
	int faults[FAULTS_MAX];
} cases[] = {
	{"v=STSv1; id=20240101T000000", ACCEPT, "20240101T000000", true, false, {0}},
	{"v=STSv1; id=20240101;", ACCEPT, "20240101", true, false, {0}},
	{"v=STSv1;id=" A32, ACCEPT, A32, true, false, {0}},
	{"v=STSv1\t;\tid=1\t;\t", ACCEPT, "1", true, false, {SPACE + 1}},
	{"v=STSv1  ; id=1", ACCEPT, "1", true, false, {SPACE + 1}},
	{"v=STSv1; id=1; id=2", ACCEPT, "1", true, false, {DUPLICATE + 1}},
	{"v=STSv1; id=1; id=bad-id", ACCEPT, "1", true, false, {DUPLICATE + 1}},
	{"v=STSv1; id=1; id=", INVALID, "1", true, false, {DUPLICATE + 1, EXTENSION + 1}},
	{"v=STSv1; id=1; v=STSv2", ACCEPT, "1", true, false, {DUPLICATE + 1}},
	{"v=STSv1; id=1; x=1; x=2", ACCEPT, "1", true, false, {UNKNOWN + 1, DUPLICATE + 1}},
	{"v=STSv1; id=1; " A32 "=x", ACCEPT, "1", true, false, {UNKNOWN + 1}},
	{"v=STSv1; id=1; 0=!<>?@[\\]^_`{|}~:\"#$%&'()*+,-./", ACCEPT, "1", true, false, {UNKNOWN + 1}},
	{"v=STSv1; ID=2; id=1", ACCEPT, "1", true, false, {UNKNOWN + 1}},

	{"v=STSv1; id=" A32 "6", INVALID, A32 "6", false, false, {ID_INVALID + 1}},
	{"v=STSv1; id=2024.01.01", INVALID, "2024.01.01", false, false, {ID_INVALID + 1}},
	{"v=STSv1; id=2024 01", INVALID, "2024 01", false, false, {ID_INVALID + 1}},
	{"v=STSv1; id=1=2", INVALID, "1=2", false, false, {ID_INVALID + 1}},
	{"v=STSv1; id=", INVALID, "", false, false, {ID_INVALID + 1}},
	{"v=STSv1; id", INVALID, "", false, false, {ID_INVALID + 1}},
	{"v=STSv1; id=;", INVALID, "", false, false, {ID_INVALID + 1}},
	{"v=STSv1; id=caf\xC3\xA9", INVALID, "caf\xC3\xA9", false, false, {NON_ASCII + 1, ID_INVALID + 1}},
	{"v=STSv1; id=1\n", INVALID, "1\n", false, false, {NON_ASCII + 1, ID_INVALID + 1}},
	{"v=STSv1;", INVALID, "", false, false, {ID_MISSING + 1}},
	{"v=STSv1;;", INVALID, "", false, false, {SYNTAX + 1, ID_MISSING + 1}},
	{"v=STSv1; x=1", INVALID, "", false, false, {UNKNOWN + 1, ID_MISSING + 1}},
	{"v=STSv1; ID=1", INVALID, "", false, false, {UNKNOWN + 1, ID_MISSING + 1}},
	{"v=STSv1; Id=1;", INVALID, "", false, false, {UNKNOWN + 1, ID_MISSING + 1}},
	{"v=STSv1; id = 1", INVALID, "1", false, false, {SYNTAX + 1}},
	{"v=STSv1; id =1", INVALID, "1", false, false, {SYNTAX + 1}},
	{"v=STSv1; id= 1", INVALID, "1", false, false, {SYNTAX + 1}},
	{"v=STSv1;;id=1", INVALID, "1", false, false, {SYNTAX + 1}},
	{"v=STSv1; id=1; ;", INVALID, "1", false, false, {SYNTAX + 1}},
	{"v=STSv1; id=1;; x=2", INVALID, "1", false, false, {SYNTAX + 1, UNKNOWN + 1}},
	{"v=STSv1; id=1 ", INVALID, "1", true, false, {TRAILING + 1}},
	{"v=STSv1; id=1\t", INVALID, "1", true, false, {TRAILING + 1}},
	{"v=STSv1; id=1; x", INVALID, "1", true, false, {EXTENSION + 1}},
	{"v=STSv1; id=1; x=", INVALID, "1", true, false, {EXTENSION + 1}},
	{"v=STSv1; id=1; =x", INVALID, "1", true, false, {EXTENSION + 1}},
	{"v=STSv1; id=1; x=a=b", INVALID, "1", true, false, {EXTENSION + 1}},
	{"v=STSv1; id=1; x=a b", INVALID, "1", true, false, {EXTENSION + 1}},
	{"v=STSv1; id=1; x =a", INVALID, "1", true, false, {EXTENSION + 1}},
	{"v=STSv1; id=1; -x=a", INVALID, "1", true, false, {EXTENSION + 1}},
	{"v=STSv1; id=1; " A32 "6=x", INVALID, "1", true, false, {EXTENSION + 1}},
	{"v=STSv1; id=1; n=caf\xC3\xA9", INVALID, "1", false, false, {NON_ASCII + 1}},
	{"v=STSv1; id=1; n=\x7F", INVALID, "1", false, false, {NON_ASCII + 1}},

	{"v=STSv1", ABSENT, "", false, true, {ID_MISSING + 1}},
	{"v=STSv1 ", ABSENT, "", false, true, {ID_MISSING + 1}},
	{"v=STSv1 id=1", ABSENT, "", false, true, {SYNTAX + 1}},
	{"v=STSv1, id=1", ABSENT, "", false, true, {SYNTAX + 1}},
	{"v=STSv1: id=1", ABSENT, "", false, true, {SYNTAX + 1}},
	{"v=STSv10; id=1", ABSENT, "", false, true, {VERSION + 1}},
	{"v=STSv2; id=1", ABSENT, "", false, true, {VERSION + 1}},
	{"v=STSv2;", ABSENT, "", false, false, {0}},
	{"v=STS1; id=1", ABSENT, "", false, true, {VERSION + 1}},
	{"v=stsv1; id=1", ABSENT, "", false, true, {VERSION + 1}},
	{"V=STSv1; id=1", ABSENT, "", false, true, {VERSION + 1}},
	{"v =STSv1; id=1", ABSENT, "", false, true, {VERSION + 1}},
	{"id=1; v=STSv1", ABSENT, "", false, true, {VERSION + 1}},
	{"id=1", ABSENT, "", false, true, {VERSION + 1}},
	{" v=STSv1; id=1", ABSENT, "", false, true, {VERSION + 1}},
	{"\"v=STSv1; id=1\"", ABSENT, "", false, true, {VERSION + 1}},
	{"", ABSENT, "", false, false, {0}},
	{"v=spf1 -all", ABSENT, "", false, false, {0}},
	{"v=spf1 -all; id=1", ABSENT, "", false, false, {0}},
	{"v=TLSRPTv1; rua=mailto:r@example.com", ABSENT, "", false, false, {0}},
	{"some text; with id=1", ABSENT, "", false, false, {0}},
	{"MTA-STS", ABSENT, "", false, false, {0}},
};

static void expect_faults(const struct sts_faults *faults, const int want[static FAULTS_MAX])
{
	size_t count = 0;

	while (count < FAULTS_MAX && want[count] != 0)
		count++;
	EXPECT_INT(faults->count, count);
	for (size_t i = 0; i < count && i < faults->count; i++)
		EXPECT_INT(faults->items[i].kind, want[i] - 1);
}

static void test_sole(struct sts_arena *arena)
{
	static const struct sts_faults no_faults;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sts_str text = sts_str_of(cases[i].text);
		struct sts_record_set set;
		bool chosen = cases[i].verdict != ABSENT || cases[i].almost;

		CASE("sole %s", cases[i].text);
		sts_record_set_parse(&text, 1, arena, &set);
		EXPECT_INT(set.verdict, cases[i].verdict);
		EXPECT_INT(set.candidates, cases[i].verdict != ABSENT);
		EXPECT_INT(set.chosen != NULL, chosen);
		EXPECT_INT(set.records[0].almost, cases[i].almost);
		EXPECT_INT(set.records[0].usable, cases[i].usable);
		EXPECT_INT(set.records[0].strict, cases[i].verdict == ACCEPT);
		EXPECT_STR(set.records[0].id, cases[i].id);
		EXPECT_STR(set.records[0].text, cases[i].text);
		expect_faults(set.chosen == NULL ? &no_faults : &set.chosen->faults, cases[i].faults);
	}
}

/* Several records of one name, parted by "|". */
static const struct {
	const char *texts;
	enum sts_record_verdict verdict;
	size_t candidates;
	int chosen;
	const char *id;
} sets[] = {
	{"v=STSv1; id=1|v=STSv1; id=2", MULTIPLE, 2, NONE, NULL},
	{"v=STSv1; id=1|v=STSv1; id=1", MULTIPLE, 2, NONE, NULL},
	{"v=STSv1; id=1|v=STSv1;", MULTIPLE, 2, NONE, NULL},
	{"v=STSv1; id=1|v=STSv1; id=2|v=STSv1; id=3", MULTIPLE, 3, NONE, NULL},
	{"v=STSv1; id=1|v=STSv2; id=2", ACCEPT, 1, 0, "1"},
	{"v=spf1 -all|v=STSv1; id=1", ACCEPT, 1, 1, "1"},
	{"v=STSv1; id=1|v=STSv1 ; id=2", ACCEPT, 1, 0, "1"},
	{"v=STSv1; id=1|v=STSv1", ACCEPT, 1, 0, "1"},
	{"v=STSv1; id=bad-id|other", INVALID, 1, 0, "bad-id"},
	{"v=STSv1 ; id=1|other", ABSENT, 0, 0, "1"},
	{"v=STSv1 ; id=1|v=STSv1 ; id=2", ABSENT, 0, NONE, NULL},
	{"other|v=STSv2; id=1", ABSENT, 0, 1, ""},
	{"v=stsv1; id=1|v=STSv2; id=1", ABSENT, 0, NONE, NULL},
	{"one|two", ABSENT, 0, NONE, NULL},
};

static size_t split(const char *joined, struct sts_str out[static 8])
{
	struct sts_str rest = sts_str_of(joined);
	size_t count = 0;

	while (count < 8) {
		size_t bar = sts_str_find(rest, '|', 0);

		out[count++] = sts_str(rest.ptr, bar);
		if (bar == rest.len)
			break;
		rest = sts_str_from(rest, bar + 1);
	}
	return count;
}

static void test_sets(struct sts_arena *arena)
{
	struct sts_record_set set;

	for (size_t i = 0; i < COUNT_OF(sets); i++) {
		struct sts_str texts[8];
		size_t count = split(sets[i].texts, texts);

		CASE("set %s", sets[i].texts);
		sts_record_set_parse(texts, count, arena, &set);
		EXPECT_INT(set.verdict, sets[i].verdict);
		EXPECT_INT(set.candidates, sets[i].candidates);
		EXPECT_INT(set.chosen == NULL ? NONE : set.chosen - set.records, sets[i].chosen);
		if (set.chosen != NULL)
			EXPECT_STR(set.chosen->id, sets[i].id);
		if (set.chosen != NULL && sets[i].verdict == ABSENT)
			EXPECT(!set.chosen->usable && !set.chosen->strict && set.chosen->faults.count > 0);
	}
	CASE("no record at all");
	sts_record_set_parse(NULL, 0, arena, &set);
	EXPECT_INT(set.verdict, ABSENT);
	EXPECT(set.chosen == NULL && set.count == 0);
}

static void test_places(struct sts_arena *arena)
{
	struct sts_str text = STS_STR("v=STSv1; id=7; x=a b; id=8");
	struct sts_record_set set;
	const struct sts_fault *f;

	CASE("faults know their place");
	sts_record_set_parse(&text, 1, arena, &set);
	f = sts_faults_find(&set.chosen->faults, EXTENSION);
	EXPECT(f != NULL && f->line == 1 && f->column == 16 && f->offset == 15);
	EXPECT_STR(f->text, "x=a b");
	f = sts_faults_find(&set.chosen->faults, DUPLICATE);
	EXPECT(f != NULL && f->column == 23);
	EXPECT(sts_faults_find(&set.chosen->faults, SYNTAX) == NULL);
	CASE("fields are kept in order");
	EXPECT_INT(set.chosen->field_count, 3);
	EXPECT_STR(set.chosen->fields[1].name, "x");
	EXPECT_STR(set.chosen->fields[1].value, "a b");
}

static void test_junk(struct sts_arena *arena)
{
	static char junk[65535];
	struct sts_str text = sts_str(junk, sizeof junk);
	struct sts_record_set set;

	CASE("64 KiB of semicolons stay cheap");
	memset(junk, ';', sizeof junk);
	memcpy(junk, "v=STSv1", 7);
	sts_record_set_parse(&text, 1, arena, &set);
	EXPECT_INT(set.verdict, INVALID);
	EXPECT(set.chosen->faults.count <= 2 * STS_FAULTS_PER_KIND);
	EXPECT(set.chosen->faults.dropped > 60000);
	CASE("64 KiB of fields stay cheap");
	for (size_t i = 8; i + 1 < sizeof junk; i += 4)
		memcpy(junk + i, "a=b;", sizeof junk - i < 4 ? sizeof junk - i : 4);
	sts_record_set_parse(&text, 1, arena, &set);
	EXPECT_INT(set.verdict, INVALID);
	EXPECT(sts_faults_find(&set.chosen->faults, ID_MISSING) != NULL);
	CASE("a zero octet");
	text = sts_str("v=STSv1; id=1\0", 14);
	sts_record_set_parse(&text, 1, arena, &set);
	EXPECT_INT(set.verdict, INVALID);
}

int main(void)
{
	struct sts_arena *arena = sts_arena_new();

	test_sole(arena);
	test_sets(arena);
	test_places(arena);
	test_junk(arena);
	sts_arena_free(arena);
	return test_done();
}
