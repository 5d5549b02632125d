/* Arena, slices, builder, cursor, clock. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/rd.h"
#include "base/utf8.h"
#include "test.h"

static void arena(void)
{
	struct sts_arena *a = sts_arena_new();
	struct item {
		size_t n;
	} *items = NULL;
	size_t count = 0;
	char *big;

	CASE("arena: elements survive growth");
	for (size_t i = 0; i < 1000; i++)
		STS_PUSH(a, items, count)->n = i;
	EXPECT_INT(count, 1000);
	for (size_t i = 0; i < count; i++)
		EXPECT_INT(items[i].n, i);
	CASE("arena: a big block is zeroed and does not hide the current chunk");
	big = sts_alloc(a, 100000);
	for (size_t i = 0; i < 100000; i += 4096)
		EXPECT_INT(big[i], 0);
	EXPECT_INT((uintptr_t)sts_alloc(a, 1) % _Alignof(max_align_t), 0);
	CASE("arena: strings");
	EXPECT_CSTR(sts_sprintf(a, "%s-%d", "a", 7), "a-7");
	EXPECT_CSTR(sts_strndup(a, "abcdef", 3), "abc");
	EXPECT(sts_strdup(a, NULL) == NULL);
	sts_arena_free(a);
}

static void slices(void)
{
	uint64_t v = 77;

	CASE("slices: compare, trim, find");
	EXPECT(sts_str_eqi(STS_STR("MaIl"), STS_STR("mail")));
	EXPECT(!sts_str_eqi(STS_STR("mail"), STS_STR("mail2")));
	EXPECT_STR(sts_str_trim(STS_STR(" \t a b\t ")), "a b");
	EXPECT_STR(sts_str_trim(STS_STR(" \t ")), "");
	EXPECT_INT(sts_str_find(STS_STR("a;b;c"), ';', 2), 3);
	EXPECT_INT(sts_str_find(STS_STR("abc"), ';', 0), 3);
	EXPECT_INT(sts_str_findi(STS_STR("xx<HTML>"), "<html"), 2);
	EXPECT(sts_str_endsi(STS_STR("MX.Example"), ".example"));
	EXPECT(!sts_str_starts(STS_STR("v=STS"), "v=STSv1"));
	CASE("slices: numbers");
	EXPECT(sts_str_u64(STS_STR("0042"), &v) && v == 42);
	EXPECT(!sts_str_u64(STS_STR(""), &v) && !sts_str_u64(STS_STR("-1"), &v) && !sts_str_u64(STS_STR("1e3"), &v));
	EXPECT(!sts_str_u64(STS_STR("1234567890123456789"), &v));
	CASE("slices: UTF-8");
	EXPECT(sts_utf8_valid(STS_STR("m\xC3\xBCller \xF0\x9F\x93\xA7")));
	EXPECT(!sts_utf8_valid(STS_STR("\xC0\x80")) && !sts_utf8_valid(STS_STR("\xED\xA0\x80")));
	EXPECT(!sts_utf8_valid(STS_STR("\xF4\x90\x80\x80")) && !sts_utf8_valid(STS_STR("\xE2\x82")));
}

static void escapes(void)
{
	static const struct {
		const char *name, *raw, *want;
		size_t max;
	} rows[] = {
		{"plain text stays", "mail.example", "mail.example", 100},
		{"escape sequence", "\x1B[31mred\x07", "\\x1B[31mred\\x07", 100},
		{"line feed and delete", "a\nb\x7F", "a\\x0Ab\\x7F", 100},
		{"C1 control", "a\xC2\x9B", "a\\u{9B}", 100},
		{"right-to-left override", "a\xE2\x80\xAE" "b", "a\\u{202E}b", 100},
		{"umlaut stays", "m\xC3\xBCller", "m\xC3\xBCller", 100},
		{"broken octet", "a\xFF" "b", "a\\xFFb", 100},
		{"backslash is doubled", "a\\x1B", "a\\\\x1B", 100},
		{"cut in a sequence", "ab\xC3\xBC", "ab\xE2\x80\xA6", 3},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sts_buf b;

		CASE("escape: %s", rows[i].name);
		sts_buf_init(&b, 1000);
		sts_buf_escape(&b, sts_str_of(rows[i].raw), rows[i].max);
		EXPECT_CSTR(b.ptr, rows[i].want);
		sts_buf_clear(&b);
	}
}

static void builder(void)
{
	struct sts_buf b;

	CASE("builder: the ceiling is remembered, what was there stays");
	sts_buf_init(&b, 5);
	sts_buf_puts(&b, "abc");
	sts_buf_puts(&b, "def");
	sts_buf_puts(&b, "g");
	EXPECT(b.failed);
	EXPECT_CSTR(b.ptr, "abc");
	sts_buf_reset(&b);
	sts_buf_printf(&b, "%d", 12345);
	EXPECT(!b.failed);
	EXPECT_CSTR(b.ptr, "12345");
	CASE("builder: consuming from the front");
	sts_buf_consume(&b, 2);
	EXPECT_CSTR(b.ptr, "345");
	sts_buf_consume(&b, 9);
	EXPECT_INT(b.len, 0);
	sts_buf_clear(&b);
}

static void cursor(void)
{
	const uint8_t data[] = {1, 2, 3, 4, 5, 6, 7};
	struct sts_rd r = sts_rd(data, sizeof data);

	CASE("cursor: numbers, then the first failure sticks");
	EXPECT_INT(sts_rd_u8(&r), 1);
	EXPECT_INT(sts_rd_u16(&r), 0x0203);
	EXPECT_INT(sts_rd_u32(&r), 0x04050607);
	EXPECT(sts_rd_ok(&r));
	EXPECT_INT(sts_rd_u8(&r), 0);
	EXPECT(!sts_rd_ok(&r));
	EXPECT_INT(sts_rd_left(&r), 0);
}

static void clock_rows(void)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2026-11-25T03:09:36Z", 1795576176},
		{"2026-11-25T04:09:36+01:00", 1795576176},
		{"2026-11-25t03:09:36.123z", 1795576176},
		{"2024-02-29", 1709164800},
		{"2023-02-29", -1},
		{"2026-13-01", -1},
		{"2026-11-25T03:09:36", -1},
		{"2026-11-25T24:00:00Z", -1},
		{"2026-11-25T03:09:36+25:00", -1},
		{"yesterday", -1},
		{"", -1},
	};
	char back[21];

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t got = -1;
		bool ok = sts_parse_time(rows[i].text, &got);

		CASE("time: \"%s\"", rows[i].text);
		EXPECT_INT(ok ? got : -1, rows[i].seconds);
	}
	CASE("time: written as it is read");
	sts_format_time(1795576176, back);
	EXPECT_CSTR(back, "2026-11-25T03:09:36Z");
	CASE("time: a fixed clock stands");
	sts_clock_fix(1000);
	EXPECT_INT(sts_now_s(), 1000);
	sts_clock_fix(-1);
	EXPECT(sts_now_s() > 1700000000);
}

int main(void)
{
	arena();
	slices();
	escapes();
	builder();
	cursor();
	clock_rows();
	return test_done();
}
