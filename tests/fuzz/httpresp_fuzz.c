/* First octet: size of the pieces; then a response. Whole or in pieces, the same comes out. */
#include "fuzz.h"

#include "proto/httpresp.h"

struct outcome {
	struct sts_http_reader reader;
	struct sts_http http;
};

static void read_in_pieces(struct sts_str in, size_t piece, struct sts_arena *arena, struct outcome *out)
{
	sts_http_reader_init(&out->reader, arena, &out->http, 512);
	while (in.len > 0) {
		size_t n = in.len < piece ? in.len : piece;

		(void)sts_http_reader_feed(&out->reader, in.ptr, n);
		in = sts_str_from(in, n);
	}
	(void)sts_http_reader_end(&out->reader);
}

static void check(const struct outcome *o)
{
	must(o->reader.state != STS_HTTP_MORE);
	must((o->http.broken != NULL) == (o->reader.state == STS_HTTP_BROKEN));
	must(o->reader.state != STS_HTTP_DONE || (o->http.status >= 200 && o->http.status <= 599));
	must(o->http.header_count <= STS_HTTP_HEADERS_MAX && o->reader.body.len <= 512);
	must(o->http.charset == NULL || o->http.media_type != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_str in = sts_str((const char *)data, size);
	struct outcome whole, parts;

	if (size > 1) {
		in = sts_str_from(in, 1);
		read_in_pieces(in, in.len, arena, &whole);
		read_in_pieces(in, (size_t)data[0] % 40 + 1, arena, &parts);
		check(&whole);
		check(&parts);
		must(whole.reader.state == parts.reader.state && whole.http.status == parts.http.status);
		must(whole.http.header_count == parts.http.header_count);
		must(sts_str_eq(sts_http_reader_body(&whole.reader), sts_http_reader_body(&parts.reader)));
		must(whole.reader.surplus == parts.reader.surplus);
		sts_http_reader_clear(&whole.reader);
		sts_http_reader_clear(&parts.reader);
	}
	sts_arena_free(arena);
	return 0;
}
