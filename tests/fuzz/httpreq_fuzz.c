/* First octet: size of the pieces; then requests on one connection. Whole or in pieces, the same requests come out, and
 * the same refusal. */
#include "fuzz.h"

#include "proto/httpreq.h"

#define BODY_MAX 300
#define REQUESTS_MAX 8

struct outcome {
	size_t count;
	unsigned status; /* of the refusal, or 0 */
	size_t left;     /* octets that no request took */
	uint64_t hash;   /* of everything that was read */
};

static void mix(struct outcome *out, struct sts_str s)
{
	for (size_t i = 0; i < s.len; i++)
		out->hash = (out->hash ^ (unsigned char)s.ptr[i]) * UINT64_C(1099511628211);
	out->hash = (out->hash ^ 0x100) * UINT64_C(1099511628211);
}

static void take(struct outcome *out, const struct sts_req_reader *r)
{
	const struct sts_request *q = &r->request;

	must(q->method.len > 0 && q->path.len > 0 && (q->path.ptr[0] == '/' || sts_str_is(q->path, "*")));
	must(q->field_count <= STS_REQ_FIELDS_MAX && sts_req_body(r).len <= BODY_MAX);
	must(!(q->chunked && q->has_length) && (q->minor == 1 || !q->chunked));
	must(q->minor == 0 || q->authority.len > 0);
	must(q->chunked || sts_req_body(r).len == q->length);
	must(sts_req_field_count(q, "Host") <= 1 && sts_req_field_count(q, "Content-Length") <= 1);
	mix(out, q->method);
	mix(out, q->path);
	mix(out, q->query);
	mix(out, q->authority);
	for (size_t i = 0; i < q->field_count; i++) {
		mix(out, q->fields[i].name);
		mix(out, q->fields[i].value);
	}
	mix(out, sts_req_body(r));
	out->count++;
}

/* As a connection does it: feed, set the limit at the head, go on behind a request. */
static void read_all(struct sts_str in, size_t piece, struct outcome *out)
{
	struct sts_req_reader r;
	enum sts_req_state state = STS_REQ_MORE;
	size_t used;

	*out = (struct outcome){.hash = UINT64_C(14695981039346656037)};
	sts_req_init(&r);
	while (state != STS_REQ_BAD && out->count < REQUESTS_MAX && (in.len > 0 || state == STS_REQ_HEAD)) {
		r.body_max = BODY_MAX;
		state = sts_req_feed(&r, in.ptr, in.len < piece ? in.len : piece, &used);
		in = sts_str_from(in, used);
		must(used > 0 || state != STS_REQ_MORE || in.len == 0);
		if (state != STS_REQ_DONE)
			continue;
		take(out, &r);
		sts_req_reset(&r);
		state = STS_REQ_MORE;
	}
	must((state == STS_REQ_BAD) == (r.why != NULL));
	out->status = state == STS_REQ_BAD ? r.status : 0;
	out->left = out->count == REQUESTS_MAX ? in.len : 0;
	must(out->status == 0 || (out->status >= 400 && out->status <= 505));
	sts_req_clear(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, parts;

	if (size < 2)
		return 0;
	read_all(sts_str((const char *)data + 1, size - 1), SIZE_MAX, &whole);
	read_all(sts_str((const char *)data + 1, size - 1), (size_t)data[0] % 40 + 1, &parts);
	must(whole.count == parts.count && whole.status == parts.status && whole.hash == parts.hash &&
		whole.left == parts.left);
	return 0;
}
