/* JSON in: what is taken and how it reads, what is refused; what is written back reads the same. */
#include "test.h"

#include "base/jsonr.h"

static const char *const good[] = {"{}", "[]", "null", "true", "-1", "1.5", "\"a\\u00e4\\n\"",
	"[1,[2,{\"a\":[null,false]}]]", "{\"a\":1,\"b\":{\"c\":\"d\"},\"e\":[]}", "9223372036854775807"};
static const char *const refused[] = {"", " ", "{", "[1,]", "{\"a\":1,\"a\":2}", "{a:1}", "'a'", "01", "+1", "NaN",
	"[1] x", "\"\\u0000\"", "\"\\ud800\"", "\"\xff\"", "\"a\nb\"", "9223372036854775808", "{\"a\":1 \"b\":2}",
	"nul", "\xef\xbb\xbf{}"};

static void deep(struct sts_arena *arena, unsigned depth, bool want)
{
	struct sts_buf b;
	const char *why = NULL;

	CASE("%u levels are %s", depth, want ? "read" : "refused");
	sts_buf_init(&b, 1 << 20);
	for (unsigned i = 0; i < depth; i++)
		sts_buf_puts(&b, i % 2 == 0 ? "[" : "{\"a\":");
	sts_buf_puts(&b, "\"][\"");
	for (unsigned i = depth; i > 0; i--)
		sts_buf_puts(&b, (i - 1) % 2 == 0 ? "]" : "}");
	EXPECT((sts_json_read(sts_buf_str(&b), arena, &why) != NULL) == want);
	sts_buf_clear(&b);
}

int main(void)
{
	struct sts_arena *arena = sts_arena_new();
	const struct sts_json *v;
	const char *why = NULL;
	struct sts_buf b;

	sts_buf_init(&b, 10000);
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		CASE("reads %s and writes it back", good[i]);
		v = sts_json_read(sts_str_of(good[i]), arena, &why);
		EXPECT(v != NULL);
		sts_buf_reset(&b);
		sts_json_write(&b, v);
		EXPECT_STR(sts_buf_str(&b), i == 6 ? "\"a\xc3\xa4\\n\"" : good[i]);
	}
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		CASE("refuses %s", refused[i]);
		why = NULL;
		EXPECT(sts_json_read(sts_str_of(refused[i]), arena, &why) == NULL);
		EXPECT(why != NULL && why[0] != '\0');
	}
	deep(arena, 64, true);
	deep(arena, 65, false);
	deep(arena, 100000, false);

	CASE("members are found by name and type");
	v = sts_json_read(STS_STR("{\"s\":\"text\",\"n\":7,\"r\":2.5,\"o\":{\"x\":true}}"), arena, &why);
	EXPECT_STR(sts_json_text(v, "s"), "text");
	EXPECT(sts_json_text(v, "n").ptr == NULL);
	EXPECT_INT(sts_json_get(v, "n")->integer, 7);
	EXPECT(sts_json_get(v, "r")->real > 2.4 && sts_json_get(v, "r")->real < 2.6);
	EXPECT(sts_json_is(sts_json_get(sts_json_get(v, "o"), "x"), STS_JSON_TRUE));
	EXPECT(sts_json_get(v, "none") == NULL);
	EXPECT(sts_json_get(NULL, "none") == NULL);
	sts_buf_clear(&b);
	sts_arena_free(arena);
	return test_done();
}
