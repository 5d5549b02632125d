#include "test.h"

#include "proto/httpresp.h"

#define BODY_MAX 65536
#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

static const struct {
	const char *name;
	const char *in;
	enum sts_http_state fed;   /* after the octets */
	enum sts_http_state ended; /* after the connection ended */
	int status;
	const char *body;
	size_t surplus;
} cases[] = {
	{"Content-Length", OK "Content-Length: 5\r\n\r\nhello", STS_HTTP_DONE, STS_HTTP_DONE, 200, "hello", 0},
	{"Content-Length 0", OK "Content-Length: 0\r\n\r\n", STS_HTTP_DONE, STS_HTTP_DONE, 200, "", 0},
	{"until close", OK "\r\nhello", STS_HTTP_MORE, STS_HTTP_DONE, 200, "hello", 0},
	{"until close, empty", OK "\r\n", STS_HTTP_MORE, STS_HTTP_DONE, 200, "", 0},
	{"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello", STS_HTTP_MORE, STS_HTTP_DONE, 200, "hello", 0},
	{"LF alone", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", STS_HTTP_DONE, STS_HTTP_DONE, 200, "hi", 0},
	{"no reason", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", STS_HTTP_DONE, STS_HTTP_DONE, 200, "hi", 0},
	{"chunked", CHUNKED "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", STS_HTTP_DONE, STS_HTTP_DONE, 200, "hello!", 0},
	{"chunked, upper-case hex and zeros", CHUNKED "0000000000A\r\n0123456789\r\n0\r\n\r\n", STS_HTTP_DONE,
		STS_HTTP_DONE, 200, "0123456789", 0},
	{"chunked, many zeros before 10", CHUNKED "000000000010\r\n0123456789abcdef\r\n0\r\n\r\n", STS_HTTP_DONE,
		STS_HTTP_DONE, 200, "0123456789abcdef", 0},
	{"chunked, extensions", CHUNKED "5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n", STS_HTTP_DONE, STS_HTTP_DONE, 200,
		"hello", 0},
	{"chunked, trailers", CHUNKED "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", STS_HTTP_DONE, STS_HTTP_DONE, 200, "hello",
		0},
	{"chunked, LF alone", CHUNKED "5\nhello\n0\n\n", STS_HTTP_DONE, STS_HTTP_DONE, 200, "hello", 0},
	{"chunked wins over length", OK "Content-Length: 99\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		STS_HTTP_DONE, STS_HTTP_DONE, 200, "x", 0},
	{"equal lengths twice", OK "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", STS_HTTP_DONE, STS_HTTP_DONE,
		200, "hi", 0},
	{"equal lengths in a list", OK "Content-Length: 2, 2\r\n\r\nhi", STS_HTTP_DONE, STS_HTTP_DONE, 200, "hi", 0},
	{"octets behind the body", OK "Content-Length: 2\r\n\r\nhidden", STS_HTTP_DONE, STS_HTTP_DONE, 200, "hi", 4},
	{"100 before the answer", "HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" OK "Content-Length: 2\r\n\r\nhi",
		STS_HTTP_DONE, STS_HTTP_DONE, 200, "hi", 0},
	{"103 with a bad length before the answer",
		"HTTP/1.1 103 Early Hints\r\nContent-Length: x\r\n\r\n" OK "Content-Length: 2\r\n\r\nhi", STS_HTTP_DONE,
		STS_HTTP_DONE, 200, "hi", 0},
	{"404 is whole with its head", "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n", STS_HTTP_DONE,
		STS_HTTP_DONE, 404, "", 0},
	{"301", "HTTP/1.1 301 Moved\r\nLocation: https://x.example/\r\n\r\n", STS_HTTP_DONE, STS_HTTP_DONE, 301, "", 0},
	{"204", "HTTP/1.1 204 No Content\r\n\r\n", STS_HTTP_DONE, STS_HTTP_DONE, 204, "", 0},
	{"304", "HTTP/1.1 304 Not Modified\r\n\r\n", STS_HTTP_DONE, STS_HTTP_DONE, 304, "", 0},
	{"folded line", OK "X: a\r\n\tb\r\nContent-Length: 2\r\n\r\nhi", STS_HTTP_DONE, STS_HTTP_DONE, 200, "hi", 0},
	{"empty value", OK "X:\r\nContent-Length: 2\r\n\r\nhi", STS_HTTP_DONE, STS_HTTP_DONE, 200, "hi", 0},

	{"early close, length", OK "Content-Length: 9\r\n\r\nhello", STS_HTTP_MORE, STS_HTTP_BROKEN, 200, "hello", 0},
	{"early close, inside a chunk", CHUNKED "9\r\nhello", STS_HTTP_MORE, STS_HTTP_BROKEN, 200, "hello", 0},
	{"early close, before the last chunk", CHUNKED "5\r\nhello\r\n", STS_HTTP_MORE, STS_HTTP_BROKEN, 200, "hello",
		0},
	{"early close, inside trailers", CHUNKED "0\r\n", STS_HTTP_MORE, STS_HTTP_BROKEN, 200, "", 0},
	{"early close, head", OK "Content-Le", STS_HTTP_MORE, STS_HTTP_BROKEN, 200, "", 0},
	{"early close, status line", "HTTP/1.1 20", STS_HTTP_MORE, STS_HTTP_BROKEN, 0, "", 0},
	{"nothing", "", STS_HTTP_MORE, STS_HTTP_BROKEN, 0, "", 0},
	{"different lengths", OK "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi", STS_HTTP_BROKEN, STS_HTTP_BROKEN,
		200, "", 0},
	{"different lengths in a list", OK "Content-Length: 2, 3\r\n\r\nhi", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 200, "",
		0},
	{"negative length", OK "Content-Length: -2\r\n\r\nhi", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 200, "", 0},
	{"length that is no number", OK "Content-Length: 2x\r\n\r\nhi", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 200, "", 0},
	{"gzip as transfer coding", OK "Transfer-Encoding: gzip, chunked\r\n\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN,
		200, "", 0},
	{"two transfer codings", OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		STS_HTTP_DONE, STS_HTTP_DONE, 200, "", 0},
	{"gzip, then chunked", OK "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", STS_HTTP_BROKEN,
		STS_HTTP_BROKEN, 200, "", 0},
	{"chunk size is no number", CHUNKED "x\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 200, "", 0},
	{"chunk size is empty", CHUNKED "\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 200, "", 0},
	{"chunk size negative", CHUNKED "-5\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 200, "", 0},
	{"chunk longer than its size", CHUNKED "2\r\nhello\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 200, "he", 0},
	{"huge chunk size", CHUNKED "FFFFFFFFFFFFFFFFFF\r\n", STS_HTTP_TOO_LARGE, STS_HTTP_TOO_LARGE, 200, "", 0},
	{"no colon", OK "Content-Length 5\r\n\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 200, "", 0},
	{"blank before the colon", OK "Content-Length : 5\r\n\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 200, "", 0},
	{"empty name", OK ": 5\r\n\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 200, "", 0},
	{"CR in a field", OK "X: a\rb\r\n\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 200, "", 0},
	{"fold before any field", OK " X: a\r\n\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 200, "", 0},
	{"HTTP/2", "HTTP/2 200\r\n\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 0, "", 0},
	{"HTTP/0.9", "version: STSv1\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 0, "", 0},
	{"SMTP", "220 mx.example.net ESMTP\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 0, "", 0},
	{"lower-case http", "http/1.1 200 OK\r\n\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 0, "", 0},
	{"blank line first", "\r\n" OK "\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 0, "", 0},
	{"status of two digits", "HTTP/1.1 20 OK\r\n\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 0, "", 0},
	{"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 0, "", 0},
	{"status 999", "HTTP/1.1 999 x\r\n\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 0, "", 0},
	{"101", "HTTP/1.1 101 Switching Protocols\r\n\r\n", STS_HTTP_BROKEN, STS_HTTP_BROKEN, 101, "", 0},
	{"declared too large", OK "Content-Length: 65537\r\n\r\n", STS_HTTP_TOO_LARGE, STS_HTTP_TOO_LARGE, 200, "", 0},
};

static void try_pieces(size_t which, size_t piece)
{
	struct sts_arena *arena = sts_arena_new();
	size_t len = strlen(cases[which].in);
	struct sts_http_reader r;
	struct sts_http http;

	sts_http_reader_init(&r, arena, &http, BODY_MAX);
	for (size_t at = 0; at < len; at += piece)
		(void)sts_http_reader_feed(&r, cases[which].in + at, len - at < piece ? len - at : piece);
	EXPECT_INT(r.state, cases[which].fed);
	EXPECT_INT(sts_http_reader_end(&r), cases[which].ended);
	EXPECT_INT(http.status, cases[which].status);
	EXPECT_STR(sts_http_reader_body(&r), cases[which].body);
	EXPECT_INT(sts_http_reader_body_total(&r), strlen(cases[which].body));
	EXPECT((http.broken != NULL) == (cases[which].ended == STS_HTTP_BROKEN));
	if (cases[which].surplus > 0)
		EXPECT_INT(r.surplus, cases[which].surplus);
	sts_http_reader_clear(&r);
	sts_arena_free(arena);
}

static void test_cases(void)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CASE("%s", cases[i].name);
		for (size_t piece = 1; piece <= 200; piece += piece < 20 ? 1 : 13)
			try_pieces(i, piece);
	}
}

struct stream {
	struct sts_arena *arena;
	struct sts_http_reader reader;
	struct sts_http http;
};

static struct stream *begin(const char *text)
{
	struct stream *s = calloc(1, sizeof *s);

	if (s == NULL)
		abort();
	s->arena = sts_arena_new();
	sts_http_reader_init(&s->reader, s->arena, &s->http, BODY_MAX);
	(void)sts_http_reader_feed(&s->reader, text, strlen(text));
	return s;
}

static void feed_many(struct stream *s, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		(void)sts_http_reader_feed(&s->reader, text, strlen(text));
}

static void end(struct stream *s)
{
	sts_http_reader_clear(&s->reader);
	sts_arena_free(s->arena);
	free(s);
}

static void test_bounds(void)
{
	struct stream *s;

	CASE("a body of exactly the ceiling");
	s = begin(OK "\r\n");
	feed_many(s, "0123456789abcdef", BODY_MAX / 16);
	EXPECT_INT(sts_http_reader_end(&s->reader), STS_HTTP_DONE);
	EXPECT_INT(sts_http_reader_body(&s->reader).len, BODY_MAX);
	end(s);
	CASE("one octet more");
	s = begin(OK "\r\n");
	feed_many(s, "0123456789abcdef", BODY_MAX / 16);
	feed_many(s, "x", 1);
	EXPECT_INT(sts_http_reader_end(&s->reader), STS_HTTP_TOO_LARGE);
	EXPECT_INT(sts_http_reader_body(&s->reader).len, BODY_MAX);
	EXPECT_INT(sts_http_reader_body_total(&s->reader), BODY_MAX + 1);
	end(s);
	CASE("chunks over the ceiling");
	s = begin(CHUNKED);
	feed_many(s, "10\r\n0123456789abcdef\r\n", BODY_MAX / 16 + 1);
	EXPECT_INT(s->reader.state, STS_HTTP_TOO_LARGE);
	end(s);
	CASE("more framing than body");
	s = begin(CHUNKED);
	feed_many(s, "1;0123456789012345678901234567890123456789012345678901234567890123456789\r\nx\r\n", 60000);
	EXPECT_INT(s->reader.state, STS_HTTP_BROKEN);
	end(s);
	CASE("header without end");
	s = begin(OK);
	feed_many(s,
		"X: "
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\r"
		"\n",
		190);
	EXPECT_INT(s->reader.state, STS_HTTP_MORE);
	feed_many(s, "X: 0123456789\r\n", 100000);
	EXPECT_INT(s->reader.state, STS_HTTP_BROKEN);
	end(s);
	CASE("one header line without end");
	s = begin(OK "X: ");
	feed_many(s, "0123456789", 10000);
	EXPECT_INT(s->reader.state, STS_HTTP_BROKEN);
	end(s);
	CASE("folds without end");
	s = begin(OK "X: a\r\n");
	feed_many(s, " b\r\n", 10000);
	EXPECT_INT(s->reader.state, STS_HTTP_BROKEN);
	end(s);
	CASE("interim responses without end");
	s = begin("");
	feed_many(s, "HTTP/1.1 100 Continue\r\n\r\n", 100);
	EXPECT_INT(s->reader.state, STS_HTTP_BROKEN);
	end(s);
	CASE("trailers without end");
	s = begin(CHUNKED "0\r\n");
	feed_many(s, "X: y\r\n", 100000);
	EXPECT_INT(s->reader.state, STS_HTTP_BROKEN);
	end(s);
	CASE("zero octets in the header");
	s = begin(OK);
	(void)sts_http_reader_feed(&s->reader, "X: a\0b\r\n", 8);
	EXPECT_INT(s->reader.state, STS_HTTP_BROKEN);
	end(s);
}

static void test_fields(void)
{
	struct stream *s = begin(
		"HTTP/1.1 200 Fine  thanks\r\nContent-Type:  Text/Plain; charset=\"UTF-8\"\t\r\nCONTENT-ENCODING: "
		"gzip\r\n"
		"Last-Modified: Sat, 01 Jan 2022 00:00:00 GMT\r\nX-A: 1\r\n  2\r\nX-A: 3\r\nContent-Length: 0\r\n\r\n");

	CASE("known fields");
	EXPECT_CSTR(s->http.version, "HTTP/1.1");
	EXPECT_CSTR(s->http.reason, "Fine  thanks");
	EXPECT_CSTR(s->http.content_type, "Text/Plain; charset=\"UTF-8\"");
	EXPECT_CSTR(s->http.media_type, "text/plain");
	EXPECT_CSTR(s->http.charset, "utf-8");
	EXPECT_CSTR(s->http.content_encoding, "gzip");
	EXPECT_CSTR(s->http.last_modified, "Sat, 01 Jan 2022 00:00:00 GMT");
	EXPECT_CSTR(s->http.location, NULL);
	EXPECT_INT(s->http.header_count, 6);
	EXPECT_CSTR(s->http.headers[3].value, "1 2");
	EXPECT_INT(s->http.declared_length, 0);
	end(s);
	CASE("identity is no encoding");
	s = begin(OK "Content-Encoding: identity\r\nContent-Length: 0\r\n\r\n");
	EXPECT_CSTR(s->http.content_encoding, NULL);
	EXPECT_INT(s->reader.state, STS_HTTP_DONE);
	end(s);
	CASE("a state once reached stays");
	s = begin(OK "Content-Length: 2\r\n\r\nhi");
	(void)sts_http_reader_feed(&s->reader, "HTTP/1.1 500 x\r\n\r\n", 18);
	EXPECT_INT(s->http.status, 200);
	EXPECT_INT(s->reader.surplus, 18);
	end(s);
}

static const struct {
	const char *value;
	bool is_type;
	const char *type;
	const char *charset;
} types[] = {
	{"text/plain", true, "text/plain", NULL},
	{"TEXT/Plain", true, "text/plain", NULL},
	{"text/plain;charset=utf-8", true, "text/plain", "utf-8"},
	{"text/plain ; Charset = utf-8", true, "text/plain", NULL},
	{"text/plain; format=flowed; CHARSET=US-ASCII", true, "text/plain", "us-ascii"},
	{"text/plain; charset=\"utf-8\"", true, "text/plain", "utf-8"},
	{"text/plain; charset=\"utf-8", true, "text/plain", "utf-8"},
	{"text/plain; x=\"a;charset=b\"; charset=c", true, "text/plain", "c"},
	{"text/plain; charset=", true, "text/plain", NULL},
	{"text/plain; charset", true, "text/plain", NULL},
	{"text/plain;", true, "text/plain", NULL},
	{"text/plain;;;charset=a", true, "text/plain", "a"},
	{"text/html", true, "text/html", NULL},
	{"application/octet-stream", true, "application/octet-stream", NULL},
	{"text", false, NULL, NULL},
	{"text/", false, NULL, NULL},
	{"/plain", false, NULL, NULL},
	{"", false, NULL, NULL},
	{"text/plain, text/html", false, NULL, NULL},
	{"text /plain", false, NULL, NULL},
	{"text/pl ain", false, NULL, NULL},
};

static void test_types(void)
{
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct sts_arena *arena = sts_arena_new();
		const char *type;
		const char *charset;

		CASE("media type %s", types[i].value);
		EXPECT_INT(sts_media_type_parse(sts_str_of(types[i].value), arena, &type, &charset), types[i].is_type);
		EXPECT_CSTR(type, types[i].type);
		EXPECT_CSTR(charset, types[i].charset);
		sts_arena_free(arena);
	}
}

int main(void)
{
	test_cases();
	test_bounds();
	test_fields();
	test_types();
	return test_done();
}
