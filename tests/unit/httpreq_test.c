/* Requests as bytes, whole and one octet at a time: what is taken, what is refused and with which status. */
#include "test.h"

#include "proto/httpreq.h"

struct row {
	const char *name;
	const char *bytes;
	size_t len; /* 0: strlen */
	enum sts_req_state want;
	unsigned status;  /* STS_REQ_BAD */
	const char *body; /* STS_REQ_DONE */
};

#define H "Host: a.example\r\n"
#define GET "GET / HTTP/1.1\r\n" H
#define POST "POST /x HTTP/1.1\r\n" H
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

static const struct row rows[] = {
	{"plain GET", GET "\r\n", 0, STS_REQ_DONE, 0, ""},
	{"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 0, STS_REQ_DONE, 0, ""},
	{"one empty line before", "\r\n" GET "\r\n", 0, STS_REQ_DONE, 0, ""},
	{"two empty lines before", "\r\n\r\n" GET "\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"length 3", POST "Content-Length: 3\r\n\r\nabc", 0, STS_REQ_DONE, 0, "abc"},
	{"length 0", POST "Content-Length: 0\r\n\r\n", 0, STS_REQ_DONE, 0, ""},
	{"blanks around a value", POST "Content-Length: \t 3 \t\r\n\r\nabc", 0, STS_REQ_DONE, 0, "abc"},
	{"chunked", CHUNKED "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\n\r\n", 0, STS_REQ_DONE, 0, "abcde"},
	{"chunked with trailer", CHUNKED "1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n", 0, STS_REQ_DONE, 0, "a"},
	{"chunked, capitals", POST "Transfer-Encoding: CHUNKED\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", 0, STS_REQ_DONE, 0,
		"0123456789"},
	{"absolute target", "GET http://b.example/p?q HTTP/1.1\r\n" H "\r\n", 0, STS_REQ_DONE, 0, ""},
	{"OPTIONS *", "OPTIONS * HTTP/1.1\r\n" H "\r\n", 0, STS_REQ_DONE, 0, ""},
	{"IPv6 host and port", "GET / HTTP/1.1\r\nHost: [::1]:8461\r\n\r\n", 0, STS_REQ_DONE, 0, ""},
	{"half a head", GET, 0, STS_REQ_MORE, 0, NULL},
	{"half a body", POST "Content-Length: 3\r\n\r\nab", 0, STS_REQ_MORE, 0, NULL},
	{"half a chunk", CHUNKED "3\r\nab", 0, STS_REQ_MORE, 0, NULL},
	{"no last chunk", CHUNKED "3\r\nabc\r\n", 0, STS_REQ_MORE, 0, NULL},

	{"two different lengths", POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 0, STS_REQ_BAD, 400, NULL},
	{"two equal lengths", POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 0, STS_REQ_BAD, 400, NULL},
	{"a list of lengths", POST "Content-Length: 3, 3\r\n\r\nabc", 0, STS_REQ_BAD, 400, NULL},
	{"length with a sign", POST "Content-Length: +3\r\n\r\nabc", 0, STS_REQ_BAD, 400, NULL},
	{"negative length", POST "Content-Length: -3\r\n\r\nabc", 0, STS_REQ_BAD, 400, NULL},
	{"length in hexadecimal", POST "Content-Length: 0x3\r\n\r\nabc", 0, STS_REQ_BAD, 400, NULL},
	{"empty length", POST "Content-Length:\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"length past 64 bits", POST "Content-Length: 18446744073709551619\r\n\r\nabc", 0, STS_REQ_BAD, 400, NULL},
	{"length and chunked", POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, STS_REQ_BAD,
		400, NULL},
	{"unknown coding", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 0, STS_REQ_BAD, 501, NULL},
	{"gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 0, STS_REQ_BAD, 501, NULL},
	{"chunked twice", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0,
		STS_REQ_BAD, 501, NULL},
	{"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, STS_REQ_BAD, 400,
		NULL},
	{"chunk size 0x3", CHUNKED "0x3\r\nabc\r\n0\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"chunk size with a blank", CHUNKED "3 \r\nabc\r\n0\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"chunk size of nine digits", CHUNKED "000000003\r\nabc\r\n0\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"negative chunk size", CHUNKED "-1\r\nabc\r\n0\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"empty chunk size", CHUNKED "\r\nabc\r\n0\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"chunk longer than said", CHUNKED "3\r\nabcd\r\n0\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"chunk line ends in LF", CHUNKED "3\nabc\r\n0\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"chunk data ends in LF", CHUNKED "3\r\nabc\n0\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"bad trailer", CHUNKED "0\r\nno colon\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"no Host", "GET / HTTP/1.1\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"two Hosts", GET "Host: b.example\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"two equal Hosts", GET H "\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"Host with a user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"blank before the colon", GET "X : y\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"folded line", GET "X: y\r\n z\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"line without colon", GET "Xy\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"empty name", GET ": y\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"name that is no token", GET "X@: y\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"NUL in a value", GET "X: a\0b\r\n\r\n", sizeof(GET "X: a\0b\r\n\r\n") - 1, STS_REQ_BAD, 400, NULL},
	{"NUL in a name", GET "X\0: b\r\n\r\n", sizeof(GET "X\0: b\r\n\r\n") - 1, STS_REQ_BAD, 400, NULL},
	{"CR in a value", GET "X: a\rb\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"octet above 126 in a value", GET "X: \xC3\xA4\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"bare LF", "GET / HTTP/1.1\nHost: a.example\n\n", 0, STS_REQ_BAD, 400, NULL},
	{"bare LF at the end only", GET "\n", 0, STS_REQ_BAD, 400, NULL},
	{"small letters", "get / HTTP/1.1\r\n" H "\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"no method", " / HTTP/1.1\r\n" H "\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"two blanks", "GET  / HTTP/1.1\r\n" H "\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"tab", "GET\t/ HTTP/1.1\r\n" H "\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"HTTP/0.9", "GET /\r\n\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"HTTP/1.2", "GET / HTTP/1.2\r\n" H "\r\n", 0, STS_REQ_BAD, 505, NULL},
	{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, STS_REQ_BAD, 505, NULL},
	{"no version", "GET / HTTP\r\n" H "\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"something behind the version", "GET / HTTP/1.1 x\r\n" H "\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"fragment", "GET /#a HTTP/1.1\r\n" H "\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"authority target", "CONNECT a.example:443 HTTP/1.1\r\n" H "\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"octet above 126 in the target", "GET /\xFF HTTP/1.1\r\n" H "\r\n", 0, STS_REQ_BAD, 400, NULL},
	{"TLS ClientHello", "\x16\x03\x01\x02\n", 5, STS_REQ_BAD, 400, NULL},
	{"unknown expectation", POST "Expect: tea\r\n\r\n", 0, STS_REQ_BAD, 417, NULL},
	{"body too long by length", POST "Content-Length: 101\r\n\r\n", 0, STS_REQ_BAD, 413, NULL},
	{"body too long by chunks", CHUNKED "65\r\n", 0, STS_REQ_BAD, 413, NULL},
};

/* step: octets handed over at a time */
static enum sts_req_state feed(struct sts_req_reader *r, const char *bytes, size_t len, size_t step, size_t *used)
{
	enum sts_req_state state = STS_REQ_MORE;
	size_t n;

	*used = 0;
	while (*used < len || state == STS_REQ_HEAD) {
		size_t piece = len - *used < step ? len - *used : step;

		if (state == STS_REQ_HEAD)
			r->body_max = 100;
		state = sts_req_feed(r, bytes + *used, piece, &n);
		*used += n;
		if (state == STS_REQ_DONE || state == STS_REQ_BAD)
			break;
	}
	return state;
}

static void try_row(const struct row *row, size_t step)
{
	struct sts_req_reader r;
	size_t len = row->len > 0 ? row->len : strlen(row->bytes);
	size_t used;

	CASE("%s, %s", row->name, step == 1 ? "octet by octet" : "at once");
	sts_req_init(&r);
	EXPECT_INT(feed(&r, row->bytes, len, step, &used), row->want);
	if (row->want == STS_REQ_BAD) {
		EXPECT_INT(r.status, row->status);
		EXPECT(r.why != NULL);
	} else if (row->want == STS_REQ_DONE) {
		EXPECT_STR(sts_req_body(&r), row->body);
		EXPECT_INT(used, len);
	}
	sts_req_clear(&r);
}

static void head_is_read(void)
{
	static const char bytes[] =
		"GET http://b.example:80/p%20q?domain=x&y=%3d HTTP/1.1\r\nHost: a.example\r\naccept: a\r\n"
		"Connection: x, Close\r\nExpect: 100-Continue\r\nACCEPT: b\r\n\r\nGET / next";
	struct sts_req_reader r;
	size_t used;

	CASE("the head is taken apart, and what comes next is left");
	sts_req_init(&r);
	EXPECT_INT(feed(&r, bytes, sizeof bytes - 1, 4096, &used), STS_REQ_DONE);
	EXPECT_STR(r.request.method, "GET");
	EXPECT_STR(r.request.path, "/p%20q");
	EXPECT_STR(r.request.query, "domain=x&y=%3d");
	EXPECT_STR(r.request.authority, "b.example:80");
	EXPECT_STR(sts_req_field(&r.request, "Accept"), "a");
	EXPECT_INT(sts_req_field_count(&r.request, "accept"), 2);
	EXPECT(sts_req_field(&r.request, "none").ptr == NULL);
	EXPECT(!r.request.keep_alive);
	EXPECT(r.request.expects_continue);
	EXPECT_STR(sts_str_from(sts_str(bytes, sizeof bytes - 1), used), "GET / next");
	sts_req_clear(&r);
}

static void limits_hold(void)
{
	static const struct {
		const char *name, *lead;
		size_t count;
		const char *again, *tail;
		unsigned status;
	} table[] = {
		{"long path", "GET /", 9000, "a", " HTTP/1.1\r\n" H "\r\n", 414},
		{"endless path", "GET /", 70000, "a", "", 414},
		{"long field", GET "X: ", 17000, "a", "\r\n\r\n", 431},
		{"many fields", GET, 64, "X: y\r\n", "\r\n", 431},
		{"extensions of chunks", CHUNKED, 300,
			"1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\na\r\n", "", 413},
		{"endless extension", CHUNKED "1;", 500, "a", "", 400},
		{"endless trailers", CHUNKED "0\r\n", 1000, "X-Y: z\r\n", "\r\n", 400},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct sts_req_reader r;
		struct sts_buf b;
		size_t used;

		CASE("%s", table[i].name);
		sts_buf_init(&b, 1 << 20);
		sts_buf_puts(&b, table[i].lead);
		for (size_t n = 0; n < table[i].count; n++)
			sts_buf_puts(&b, table[i].again);
		sts_buf_puts(&b, table[i].tail);
		sts_req_init(&r);
		EXPECT_INT(feed(&r, b.ptr, b.len, 1000, &used), STS_REQ_BAD);
		EXPECT_INT(r.status, table[i].status);
		sts_req_clear(&r);
		sts_buf_clear(&b);
	}
}

static void reader_is_reused(void)
{
	struct sts_req_reader r;
	size_t used;

	CASE("a reader takes one request after another");
	sts_req_init(&r);
	EXPECT_INT(feed(&r, POST "Content-Length: 2\r\n\r\nab", strlen(POST) + 23, 7, &used), STS_REQ_DONE);
	sts_req_reset(&r);
	EXPECT(!sts_req_begun(&r));
	EXPECT_INT(feed(&r, GET "\r\n", strlen(GET) + 2, 100, &used), STS_REQ_DONE);
	EXPECT_STR(sts_req_body(&r), "");
	EXPECT_INT(r.request.field_count, 1);
	sts_req_clear(&r);
}

int main(void)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		try_row(&rows[i], SIZE_MAX);
		try_row(&rows[i], 1);
	}
	head_is_read();
	limits_hold();
	reader_is_reused();
	return test_done();
}
