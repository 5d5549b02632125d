#include "test.h"

#include "proto/tlsa.h"

#define D32 "0123456789abcdef0123456789ABCDEF"
#define D64 D32 D32

static const struct {
	const char *name;
	const char *rdata;
	size_t len;
	bool usable;
	const char *text; /* start of the presentation form */
} cases[] = {
	{"3 1 1", "\3\1\1" D32, 35, true, "3 1 1 3031323334"},
	{"3 0 1", "\3\0\1" D32, 35, true, "3 0 1 3031"},
	{"2 0 1", "\2\0\1" D32, 35, true, "2 0 1 "},
	{"2 1 2", "\2\1\2" D64, 67, true, "2 1 2 "},
	{"3 0 0, whole certificate",
		"\3\0\0"
		"cert",
		7, true, "3 0 0 63657274"},
	{"usage 0 is not for mail", "\0\0\1" D32, 35, false, "0 0 1 "},
	{"usage 1 is not for mail", "\1\0\1" D32, 35, false, "1 0 1 "},
	{"usage 4 is unknown", "\4\0\1" D32, 35, false, "4 0 1 "},
	{"usage 255 is unknown", "\377\0\1" D32, 35, false, "255 0 1 "},
	{"selector 2 is unknown", "\3\2\1" D32, 35, false, "3 2 1 "},
	{"matching type 3 is unknown", "\3\1\3" D32, 35, false, "3 1 3 "},
	{"SHA-256 too short", "\3\1\1" D32, 34, false, "3 1 1 "},
	{"SHA-256 too long", "\3\1\1" D64, 36, false, "3 1 1 "},
	{"SHA-512 of 32 octets", "\3\1\2" D32, 35, false, "3 1 2 "},
	{"no data", "\3\1\1", 3, false, "3 1 1 "},
	{"two octets", "\3\1", 2, false, "3 1 0 "},
	{"nothing", "", 0, false, "0 0 0 "},
};

int main(void)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_tlsa t;
		const char *text;

		CASE("%s", cases[i].name);
		sts_tlsa_parse(sts_str(cases[i].rdata, cases[i].len), arena, &t);
		text = sts_tlsa_text(&t, arena);
		EXPECT_INT(t.usable, cases[i].usable);
		EXPECT((t.why == NULL) == t.usable);
		EXPECT(strncmp(text, cases[i].text, strlen(cases[i].text)) == 0);
		EXPECT_INT(strlen(text), strlen("3 1 1 ") + (t.usage > 9 ? 2 : 0) + 2 * t.data.len);
		sts_arena_free(arena);
	}
	return test_done();
}
