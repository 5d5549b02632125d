#include "check/unpack.h"

#include "base/zip.h"
#include "net/cert.h"

/* One coding, as RFC 9110 section 8.4.1 names it. */
static bool known_coding(const char *name)
{
	struct sts_str s = sts_str_trim(sts_str_of(name));

	return sts_str_eqi(s, STS_STR("gzip")) || sts_str_eqi(s, STS_STR("x-gzip")) ||
	       sts_str_eqi(s, STS_STR("deflate"));
}

static void replace(struct sts_fetch *fetch, struct sts_str body, struct sts_arena *arena)
{
	fetch->body = sts_str(sts_strndup(arena, body.ptr == NULL ? "" : body.ptr, body.len), body.len);
	sts_sha256_hex(fetch->body.ptr, fetch->body.len, fetch->sha256);
	sts_policy_parse(fetch->body, arena, &fetch->policy);
	fetch->decoded = true;
}

static void too_large(struct sts_fetch *fetch)
{
	fetch->end = STS_FETCH_HTTP_TOO_LARGE;
	fetch->error = "unpacked, the body is larger than 65536 octets";
	fetch->has_policy = false;
	fetch->sha256[0] = '\0';
}

void sts_fetch_unpack(struct sts_fetch *fetch, struct sts_arena *arena)
{
	struct sts_buf out;
	enum sts_err err;

	if (fetch->end != STS_FETCH_OK || !fetch->has_policy || fetch->http.content_encoding == NULL ||
		!known_coding(fetch->http.content_encoding))
		return;
	sts_buf_init(&out, STS_POLICY_MAX);
	err = sts_unzip(fetch->body, sts_str(NULL, 0), &out);
	if (err == STS_OK)
		replace(fetch, sts_buf_str(&out), arena);
	else if (err == STS_ENOMEM)
		too_large(fetch);
	sts_buf_clear(&out);
}
