/* src/check/unpack.c: bodies that came packed. */
#include "check/unpack.h"

#include "base/buf.h"
#include "base/zip.h"
#include "net/cert.h"
#include "test.h"

#define POLICY "version: STSv1\nmode: enforce\nmx: mx1.example.test\nmax_age: 604800\n"

/* zlib's format, which HTTP calls deflate. */
static struct sts_str pack(struct sts_arena *arena, struct sts_str data)
{
	struct sts_buf b;
	struct sts_str packed;

	sts_buf_init(&b, 1 << 20);
	if (sts_zip(data, sts_str(NULL, 0), &b) != STS_OK)
		abort();
	packed = sts_str(sts_strndup(arena, b.ptr, b.len), b.len);
	sts_buf_clear(&b);
	return packed;
}

/* POLICY by gzip(1). */
static const unsigned char gzipped[] = {
	0x1f,
	0x8b,
	0x08,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x02,
	0x03,
	0x2b,
	0x4b,
	0x2d,
	0x2a,
	0xce,
	0xcc,
	0xcf,
	0xb3,
	0x52,
	0x08,
	0x0e,
	0x09,
	0x2e,
	0x33,
	0xe4,
	0xca,
	0xcd,
	0x4f,
	0x49,
	0xb5,
	0x52,
	0x48,
	0xcd,
	0x4b,
	0xcb,
	0x2f,
	0x4a,
	0x4e,
	0xe5,
	0xca,
	0xad,
	0xb0,
	0x52,
	0xc8,
	0xad,
	0x30,
	0xd4,
	0x4b,
	0xad,
	0x48,
	0xcc,
	0x2d,
	0xc8,
	0x49,
	0xd5,
	0x2b,
	0x49,
	0x2d,
	0x2e,
	0xe1,
	0xca,
	0x4d,
	0xac,
	0x88,
	0x4f,
	0x4c,
	0x07,
	0xaa,
	0x32,
	0x33,
	0x30,
	0xb1,
	0x30,
	0x30,
	0xe0,
	0x02,
	0x00,
	0x84,
	0x49,
	0x7b,
	0xf7,
	0x42,
	0x00,
	0x00,
	0x00,
};

static struct sts_fetch fetch(struct sts_arena *arena, const char *coding, struct sts_str body)
{
	struct sts_fetch f = {
		.end = STS_FETCH_OK, .reached = STS_AT_BODY, .has_policy = true, .body = body, .body_total = body.len};

	f.http.status = 200;
	f.http.content_encoding = coding;
	sts_sha256_hex(body.ptr, body.len, f.sha256);
	sts_policy_parse(body, arena, &f.policy);
	return f;
}

static void unpacks(void)
{
	struct sts_arena *arena = sts_arena_new();
	static const char *const codings[] = {"deflate", "gzip", "x-gzip", " GZip "};

	for (size_t i = 0; i < COUNT_OF(codings); i++) {
		struct sts_str packed =
			i == 0 ? pack(arena, STS_STR(POLICY)) : sts_str((const char *)gzipped, sizeof gzipped);
		struct sts_fetch f = fetch(arena, codings[i], packed);
		char plain[65];

		CASE("coding \"%s\"", codings[i]);
		sts_fetch_unpack(&f, arena);
		sts_sha256_hex(POLICY, strlen(POLICY), plain);
		EXPECT(f.decoded && f.has_policy && f.policy.strict);
		EXPECT_STR(f.body, POLICY);
		EXPECT_CSTR(f.sha256, plain);
		EXPECT_INT(f.body_total, packed.len);
		EXPECT_INT(f.end, STS_FETCH_OK);
	}
	sts_arena_free(arena);
}

static void leaves_alone(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_fetch f;

	CASE("no coding");
	f = fetch(arena, NULL, sts_str((const char *)gzipped, sizeof gzipped));
	sts_fetch_unpack(&f, arena);
	EXPECT(!f.decoded && !f.policy.usable);
	CASE("a coding that is not known");
	f = fetch(arena, "br", sts_str((const char *)gzipped, sizeof gzipped));
	sts_fetch_unpack(&f, arena);
	EXPECT(!f.decoded && !f.policy.usable);
	CASE("says gzip, is plain");
	f = fetch(arena, "gzip", STS_STR(POLICY));
	sts_fetch_unpack(&f, arena);
	EXPECT(!f.decoded && f.policy.usable);
	for (size_t len = 0; len < sizeof gzipped; len++) {
		CASE("cut after %zu octets", len);
		f = fetch(arena, "gzip", sts_str((const char *)gzipped, len));
		sts_fetch_unpack(&f, arena);
		EXPECT(!f.decoded && f.end == STS_FETCH_OK);
	}
	sts_arena_free(arena);
}

/* The ceiling is that of a policy, whatever is packed. */
static void bounded(void)
{
	static const size_t sizes[] = {STS_POLICY_MAX, STS_POLICY_MAX + 1, 16 * 1024 * 1024};

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct sts_arena *arena = sts_arena_new();
		char *zeros = malloc(sizes[i]);
		struct sts_fetch f;
		size_t used;

		CASE("%zu octets", sizes[i]);
		if (zeros == NULL)
			abort();
		memset(zeros, 'x', sizes[i]);
		f = fetch(arena, "deflate", pack(arena, sts_str(zeros, sizes[i])));
		used = sts_arena_used(arena);
		sts_fetch_unpack(&f, arena);
		EXPECT_INT(f.end, i == 0 ? STS_FETCH_OK : STS_FETCH_HTTP_TOO_LARGE);
		EXPECT(f.has_policy == (i == 0));
		EXPECT(sts_arena_used(arena) - used < 4 * STS_POLICY_MAX);
		free(zeros);
		sts_arena_free(arena);
	}
}

int main(void)
{
	unpacks();
	leaves_alone();
	bounded();
	return test_done();
}
