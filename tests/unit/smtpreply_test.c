#include "test.h"

#include "proto/smtpreply.h"

static const struct {
	const char *name;
	const char *in;
	enum sts_reply_state want;
	int code;
	const char *text;
	size_t left;
	bool bare_lf;
	bool mixed;
} cases[] = {
	{"plain greeting", "220 mx.example.net ESMTP\r\n", STS_REPLY_DONE, 220, "mx.example.net ESMTP", 0, false,
		false},
	{"several lines", "220-one\r\n220-two\r\n220 three\r\n", STS_REPLY_DONE, 220, "one\ntwo\nthree", 0, false,
		false},
	{"code alone", "220\r\n", STS_REPLY_DONE, 220, "", 0, false, false},
	{"code and blank", "220 \r\n", STS_REPLY_DONE, 220, "", 0, false, false},
	{"empty line inside", "250-\r\n250 OK\r\n", STS_REPLY_DONE, 250, "\nOK", 0, false, false},
	{"LF alone", "250-a\n250 b\n", STS_REPLY_DONE, 250, "a\nb", 0, true, false},
	{"one LF alone among CRLF", "250-a\n250 b\r\n", STS_REPLY_DONE, 250, "a\nb", 0, true, false},
	{"codes that change", "250-a\r\n220 b\r\n", STS_REPLY_DONE, 220, "a\nb", 0, false, true},
	{"octets behind", "220 go\r\n250 injected\r\n", STS_REPLY_DONE, 220, "go", 14, false, false},
	{"octets behind without line end", "220 go\r\nxyz", STS_REPLY_DONE, 220, "go", 3, false, false},
	{"refusal", "554 5.7.1 no\r\n", STS_REPLY_DONE, 554, "5.7.1 no", 0, false, false},
	{"UTF-8 text", "220 caf\xC3\xA9\r\n", STS_REPLY_DONE, 220, "caf\xC3\xA9", 0, false, false},
	{"CR inside a line stays", "220 a\rb\r\n", STS_REPLY_DONE, 220, "a\rb", 0, false, false},
	{"not whole: no line end", "220 mx", STS_REPLY_MORE, 0, NULL, 6, false, false},
	{"not whole: CR only", "220 mx\r", STS_REPLY_MORE, 0, NULL, 7, false, false},
	{"not whole: last line is missing", "250-a\r\n250-b\r\n", STS_REPLY_MORE, 0, NULL, 14, false, false},
	{"not whole: two digits", "22", STS_REPLY_MORE, 0, NULL, 2, false, false},
	{"nothing", "", STS_REPLY_MORE, 0, NULL, 0, false, false},
	{"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", STS_REPLY_GARBAGE, 0, "HTTP/1.1 400 Bad Request", 28, false,
		false},
	{"garbage is known before its line ends", "SSH-2.0", STS_REPLY_GARBAGE, 0, "SSH-2.0", 7, false, false},
	{"blank line", "\r\n220 mx\r\n", STS_REPLY_GARBAGE, 0, "", 10, false, false},
	{"two-digit code", "22 mx\r\n", STS_REPLY_GARBAGE, 0, "22 mx", 7, false, false},
	{"four-digit code", "2200 mx\r\n", STS_REPLY_GARBAGE, 0, "2200 mx", 9, false, false},
	{"code 600", "600 mx\r\n", STS_REPLY_GARBAGE, 0, "600 mx", 8, false, false},
	{"code 099", "099 mx\r\n", STS_REPLY_GARBAGE, 0, "099 mx", 8, false, false},
	{"garbage on the second line", "250-a\r\nrubbish\r\n", STS_REPLY_GARBAGE, 0, "a\nrubbish", 16, false, false},
	{"tab behind the code", "220\tmx\r\n", STS_REPLY_GARBAGE, 0, "220\tmx", 8, false, false},
};

/* Fed in pieces of every size: the outcome is the same. */
static void try_pieces(size_t which, size_t piece)
{
	struct sts_arena *arena = sts_arena_new();
	size_t len = strlen(cases[which].in);
	enum sts_reply_state state = STS_REPLY_MORE;
	struct sts_smtp_reply reply = {0};
	struct sts_smtp_reader r;
	size_t fed = 0;

	sts_smtp_reader_init(&r);
	state = sts_smtp_reader_next(&r, arena, &reply);
	while (fed < len && state == STS_REPLY_MORE) {
		size_t n = len - fed < piece ? len - fed : piece;

		sts_smtp_reader_feed(&r, cases[which].in + fed, n);
		fed += n;
		state = sts_smtp_reader_next(&r, arena, &reply);
	}
	EXPECT_INT(state, cases[which].want);
	EXPECT_INT(reply.code, cases[which].code);
	if (piece >= len) {
		EXPECT_CSTR(reply.text, cases[which].text);
		EXPECT_INT(sts_smtp_reader_left(&r), cases[which].left);
		EXPECT_INT(reply.bare_lf, cases[which].bare_lf);
		EXPECT_INT(reply.mixed_codes, cases[which].mixed);
	}
	sts_smtp_reader_clear(&r);
	sts_arena_free(arena);
}

static void test_cases(void)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CASE("%s", cases[i].name);
		for (size_t piece = 1; piece <= 64; piece++)
			try_pieces(i, piece);
	}
}

static void feed_many(struct sts_smtp_reader *r, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		sts_smtp_reader_feed(r, text, strlen(text));
}

static enum sts_reply_state state_after(const char *text, size_t times, const char *tail)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_smtp_reply reply;
	struct sts_smtp_reader r;
	enum sts_reply_state state;

	sts_smtp_reader_init(&r);
	feed_many(&r, text, times);
	sts_smtp_reader_feed(&r, tail, strlen(tail));
	state = sts_smtp_reader_next(&r, arena, &reply);
	EXPECT(sts_smtp_reader_next(&r, arena, &reply) == state || state == STS_REPLY_DONE);
	sts_smtp_reader_clear(&r);
	sts_arena_free(arena);
	return state;
}

static void test_bounds(void)
{
	CASE("99 lines and a last one");
	EXPECT_INT(state_after("250-a\r\n", 99, "250 b\r\n"), STS_REPLY_DONE);
	CASE("101 lines");
	EXPECT_INT(state_after("250-a\r\n", 100, "250 b\r\n"), STS_REPLY_TOO_LONG);
	CASE("100 lines and junk: whole and in pieces, the lines are told first");
	EXPECT_INT(state_after("250-a\r\n", 100, "junk"), STS_REPLY_TOO_LONG);
	CASE("lines without end");
	EXPECT_INT(state_after("250-a\r\n", 100000, ""), STS_REPLY_TOO_LONG);
	CASE("one line without end");
	EXPECT_INT(state_after("220 0123456789", 20000, ""), STS_REPLY_TOO_LONG);
	CASE("a line of 3000 octets");
	EXPECT_INT(state_after("220 012345678901234567890123456789", 100, "\r\n"), STS_REPLY_TOO_LONG);
}

static void test_sequence(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_smtp_reply reply;
	struct sts_smtp_reader r;
	static const char two[] = "220 mx\r\n250-mx\r\n250 STARTTLS\r\n";

	sts_smtp_reader_init(&r);
	CASE("two replies in one piece come one by one");
	sts_smtp_reader_feed(&r, two, strlen(two));
	EXPECT_INT(sts_smtp_reader_next(&r, arena, &reply), STS_REPLY_DONE);
	EXPECT_INT(reply.code, 220);
	EXPECT_INT(sts_smtp_reader_next(&r, arena, &reply), STS_REPLY_DONE);
	EXPECT_INT(reply.code, 250);
	EXPECT_INT(sts_smtp_reader_left(&r), 0);
	EXPECT_INT(sts_smtp_reader_next(&r, arena, &reply), STS_REPLY_MORE);
	CASE("reset forgets plaintext");
	sts_smtp_reader_feed(&r, "250 evil\r\n", 10);
	sts_smtp_reader_reset(&r);
	EXPECT_INT(sts_smtp_reader_left(&r), 0);
	EXPECT_INT(sts_smtp_reader_next(&r, arena, &reply), STS_REPLY_MORE);
	CASE("zero octets do not end the text");
	sts_smtp_reader_feed(&r, "220 a\0b\r\n", 9);
	EXPECT_INT(sts_smtp_reader_next(&r, arena, &reply), STS_REPLY_DONE);
	EXPECT_CSTR(reply.text, "a\xEF\xBF\xBD"
				"b");
	CASE("a flood behind a reply is counted, and later replies are still seen");
	sts_smtp_reader_feed(&r, "220 go\r\n", 8);
	feed_many(&r, "250 spam\r\n", 20000);
	EXPECT_INT(sts_smtp_reader_next(&r, arena, &reply), STS_REPLY_DONE);
	EXPECT_INT(reply.code, 220);
	EXPECT(sts_smtp_reader_left(&r) > 0);
	sts_smtp_reader_clear(&r);
	sts_arena_free(arena);
}

static void test_ehlo(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_smtp_reply reply;
	struct sts_smtp_reader r;
	static const char in[] =
		"250-STARTTLSX.example STARTTLS\r\n250-size 1000\r\n250-AUTH=LOGIN\r\n250-8BITMIME\r\n250 StartTLS\r\n";

	sts_smtp_reader_init(&r);
	sts_smtp_reader_feed(&r, in, strlen(in));
	CASE("EHLO keywords");
	EXPECT_INT(sts_smtp_reader_next(&r, arena, &reply), STS_REPLY_DONE);
	EXPECT(sts_ehlo_offers(&reply, "STARTTLS"));
	EXPECT(sts_ehlo_offers(&reply, "SIZE"));
	EXPECT(sts_ehlo_offers(&reply, "AUTH"));
	EXPECT(!sts_ehlo_offers(&reply, "8BIT"));
	EXPECT(!sts_ehlo_offers(&reply, "STARTTLSX.example"));
	sts_smtp_reader_reset(&r);
	CASE("the greeting line is no keyword");
	sts_smtp_reader_feed(&r, "250 STARTTLS\r\n", 14);
	EXPECT_INT(sts_smtp_reader_next(&r, arena, &reply), STS_REPLY_DONE);
	EXPECT(!sts_ehlo_offers(&reply, "STARTTLS"));
	sts_smtp_reader_clear(&r);
	sts_arena_free(arena);
}

int main(void)
{
	test_cases();
	test_bounds();
	test_sequence();
	test_ehlo();
	return test_done();
}
