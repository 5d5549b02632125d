/* Wrapping: what stays together, where lines break, what the width counts. */
#include "render/paper.h"
#include "test.h"

struct piece {
	enum sts_style style;
	const char *text;
};

static const struct {
	const char *name;
	unsigned indent, hang;
	struct piece pieces[6];
	bool color;
	const char *want;
} cases[] = {
	{"one line", 2, 4, {{STS_PLAIN, "short text"}}, false, "  short text\n"},
	{"wrapped at blanks", 0, 2, {{STS_PLAIN, "aaaaaaaaaa bbbbbbbbbb cccccccccc dddddddddd"}}, false,
		"aaaaaaaaaa bbbbbbbbbb cccccccccc\n  dddddddddd\n"},
	{"exactly as wide as the page", 0, 0, {{STS_PLAIN, "aaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbb"}}, false,
		"aaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbb\n"},
	{"a word behind one that fills the line", 0, 2, {{STS_PLAIN, "aaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbb one visit"}}, false,
		"aaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbb\n  one visit\n"},
	{"one too wide", 0, 0, {{STS_PLAIN, "aaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbb"}}, false,
		"aaaaaaaaaaaaaaaaaaaa\nbbbbbbbbbbbbbbbbbbbb\n"},
	{"no blank at the end of a line", 0, 0, {{STS_PLAIN, "text   "}, {STS_BOLD, "  "}}, true, "text\n"},
	{"a comma stays with its word", 0, 2, {{STS_PLAIN, "aaaaaaaaaa bbbbbbbbbb cccccccccc ddddddd"}, {STS_PLAIN, ", e"}}, false,
		"aaaaaaaaaa bbbbbbbbbb cccccccccc\n  ddddddd, e\n"},
	{"a comma stays with its coloured word", 0, 2, {{STS_PLAIN, "aaaaaaaaaa bbbbbbbbbb cccccccccc "}, {STS_RED, "ddddddd"}, {STS_PLAIN, ", e"}},
		true, "aaaaaaaaaa bbbbbbbbbb cccccccccc\n  \x1b[1;31mddddddd\x1b[0m, e\n"},
	{"the blank before a colour is plain", 0, 0, {{STS_PLAIN, "a"}, {STS_RED, " b"}}, true, "a \x1b[1;31mb\x1b[0m\n"},
	{"no colours", 0, 0, {{STS_RED, "a"}}, false, "a\n"},
	{"a URL is broken behind punctuation", 0, 2, {{STS_PLAIN, "see https://mta-sts.example.com/.well-known/mta-sts.txt"}}, false,
		"see https://mta-sts.example.com/.well-\n  known/mta-sts.txt\n"},
	{"a long word without punctuation is cut", 0, 2, {{STS_PLAIN, "x aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}, false,
		"x aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n  aaaaaaaaaaaa\n"},
	{"width counts columns, not octets", 0, 0, {{STS_PLAIN, "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4 "
		"\xE6\x97\xA5\xE6\x9C\xAC\xE6\x97\xA5\xE6\x9C\xAC\xE6\x97\xA5\xE6\x9C\xAC\xE6\x97\xA5\xE6\x9C\xAC\xE6\x97\xA5\xE6\x9C\xAC bbbbbbbbb"}}, false,
		"\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4 "
		"\xE6\x97\xA5\xE6\x9C\xAC\xE6\x97\xA5\xE6\x9C\xAC\xE6\x97\xA5\xE6\x9C\xAC\xE6\x97\xA5\xE6\x9C\xAC\xE6\x97\xA5\xE6\x9C\xAC\nbbbbbbbbb\n"},
};

static void wrapping(void)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sts_render_options options = {.width = 40, .color = cases[i].color};
		struct sts_buf b;
		struct sts_paper p;

		CASE("paper: %s", cases[i].name);
		sts_buf_init(&b, 10000);
		p = sts_paper(&b, &options);
		sts_paper_begin(&p, cases[i].indent, cases[i].hang);
		for (size_t j = 0; j < 6 && cases[i].pieces[j].text != NULL; j++)
			sts_paper_put(&p, cases[i].pieces[j].style, cases[i].pieces[j].text);
		sts_paper_end(&p);
		EXPECT_CSTR(b.ptr, cases[i].want);
		sts_buf_clear(&b);
	}
}

static void lines(void)
{
	struct sts_render_options options = {.width = 40};
	struct sts_buf b;
	struct sts_paper p;

	CASE("paper: lines to paste are never wrapped, and hold nothing that acts");
	sts_buf_init(&b, 10000);
	p = sts_paper(&b, &options);
	sts_paper_lines(&p, 2, STS_BOLD, "_smtp._tls.example.com. IN TXT \"v=TLSRPTv1; rua=mailto:a@example.com\"\n\na\\b\x1b[31m\xC2\x9B\xFF");
	EXPECT_CSTR(b.ptr, "  _smtp._tls.example.com. IN TXT \"v=TLSRPTv1; rua=mailto:a@example.com\"\n\n  a\\b?[31m??\n");
	sts_buf_clear(&b);
}

static void bounds(void)
{
	struct sts_render_options options = {.width = 0};
	struct sts_buf b;

	CASE("paper: width");
	sts_buf_init(&b, 100);
	EXPECT_INT(sts_paper(&b, &options).width, 80);
	options.width = 10;
	EXPECT_INT(sts_paper(&b, &options).width, STS_PAPER_MIN);
	options.width = 500;
	EXPECT_INT(sts_paper(&b, &options).width, STS_PAPER_MAX);
	sts_buf_clear(&b);
}

static void ceiling(void)
{
	struct sts_render_options options = {.width = 40, .color = true};
	struct sts_buf b;
	struct sts_paper p;

	for (size_t max = 0; max < 60; max++) {
		CASE("paper: a builder that is full at %zu octets", max);
		sts_buf_init(&b, max);
		p = sts_paper(&b, &options);
		sts_paper_begin(&p, 0, 2);
		sts_paper_put(&p, STS_PLAIN, "aaaaaaaaaa bbbbbbbbbb cccccccccc ");
		sts_paper_put(&p, STS_RED, "ddddddd");
		sts_paper_put(&p, STS_PLAIN, ", e");
		sts_paper_end(&p);
		EXPECT(b.failed == (max < 57) && b.len <= max);
		sts_buf_clear(&b);
	}
}

int main(void)
{
	wrapping();
	lines();
	bounds();
	ceiling();
	return test_done();
}
