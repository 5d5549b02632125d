/* The resolver against a small name server in the same process, which knows nothing of DNSSEC. Real servers: tests/dns/run. */
#include "base/clock.h"
#include "base/rd.h"
#include "probe/resolve.h"
#include "proto/dnsmsg.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the server: the first label of the name says what it does ---- */

struct server {
	struct sts_loop *loop;
	struct sts_watch watch;
	int fd;
	char address[32];
	size_t asked;
};

static size_t put16(uint8_t *p, size_t at, unsigned v)
{
	p[at] = (uint8_t)(v >> 8);
	p[at + 1] = (uint8_t)v;
	return at + 2;
}

/* A record owned by the question's name. */
static size_t put_record(uint8_t *p, size_t at, unsigned type, unsigned ttl, const void *rdata, size_t len)
{
	at = put16(p, at, 0xc00c);
	at = put16(p, at, type);
	at = put16(p, at, 1);
	at = put16(p, at, 0);
	at = put16(p, at, ttl);
	at = put16(p, at, (unsigned)len);
	memcpy(p + at, rdata, len);
	return at + len;
}

static bool begins(const struct sts_dnsmsg *m, const char *label)
{
	return strncmp(m->question, label, strlen(label)) == 0;
}

static size_t answer(const struct sts_dnsmsg *m, uint8_t *p, size_t question_end)
{
	static const uint8_t txt[] = "\x0av=STSv1; i\x04" "d=1;";
	static const uint8_t self[] = {0xc0, 12};
	unsigned rcode = 0, count = 0;
	size_t at = question_end;

	if (begins(m, "ok.") && m->question_type == STS_T_TXT)
		count = 1, at = put_record(p, at, STS_T_TXT, 77, txt, sizeof txt - 1);
	else if (begins(m, "wrong.")) /* a string longer than the record */
		count = 1, at = put_record(p, at, STS_T_TXT, 77, "\x09short", 6);
	else if (begins(m, "self."))
		count = 1, at = put_record(p, at, STS_T_CNAME, 77, self, sizeof self);
	else if (begins(m, "none."))
		rcode = STS_RCODE_NXDOMAIN;
	else if (begins(m, "refused."))
		rcode = STS_RCODE_REFUSED;
	else if (begins(m, "servfail."))
		rcode = STS_RCODE_SERVFAIL;
	put16(p, 2, 0x8180 | rcode);
	put16(p, 4, 1);
	put16(p, 6, count);
	put16(p, 8, 0);
	put16(p, 10, 0);
	return at;
}

static size_t question_end(const uint8_t *p)
{
	size_t at = 12;

	while (p[at] != 0)
		at += p[at] + 1u;
	return at + 5;
}

static void serve(unsigned ready, void *arg)
{
	struct server *s = arg;
	uint8_t p[4096];
	struct sockaddr_in from;
	socklen_t from_len = sizeof from;
	ssize_t n = recvfrom(s->fd, p, sizeof p, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
	struct sts_arena *arena = sts_arena_new();
	struct sts_dnsmsg m;

	(void)ready;
	if (n > 0 && sts_dnsmsg_parse(p, (size_t)n, arena, &m, NULL) && m.question != NULL) {
		s->asked++;
		if (!begins(&m, "silent.") && !begins(&m, "garbage."))
			n = (ssize_t)answer(&m, p, question_end(p));
		else if (begins(&m, "garbage."))
			n = 7; /* the id and a bit */
		if (!begins(&m, "silent."))
			(void)sendto(s->fd, p, (size_t)n, 0, (struct sockaddr *)&from, from_len);
	}
	sts_arena_free(arena);
	sts_watch_set(s->loop, &s->watch, s->fd, STS_READABLE, -1, serve, s);
}

static void server_open(struct server *s, struct sts_loop *loop)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;

	*s = (struct server){.loop = loop, .fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
	if (bind(s->fd, (struct sockaddr *)&at, len) != 0 || getsockname(s->fd, (struct sockaddr *)&at, &len) != 0)
		abort();
	snprintf(s->address, sizeof s->address, "127.0.0.1:%u", (unsigned)ntohs(at.sin_port));
	sts_watch_set(loop, &s->watch, s->fd, STS_READABLE, -1, serve, s);
}

static void server_close(struct server *s)
{
	sts_watch_clear(&s->watch);
	close(s->fd);
}

/* ---- asking ---- */

struct seen {
	struct sts_loop *loop;
	struct sts_answer answer;
	unsigned calls;
	unsigned *left;
};

static void answered(const struct sts_answer *a, void *arg)
{
	struct seen *seen = arg;

	seen->answer = *a;
	seen->calls++;
	if (--*seen->left == 0)
		sts_loop_stop(seen->loop);
}

static struct sts_resolver *new_resolver(struct sts_loop *loop, const char *address)
{
	const char *resolvers[] = {address};
	struct sts_resolver_options options = {.resolvers = resolvers, .resolver_count = 1};
	struct sts_resolver *r = NULL;
	const char *why = "";

	if (sts_resolver_new(loop, &options, &r, &why) != STS_OK)
		printf("  %s\n", why);
	return r;
}

static const struct {
	const char *name;
	uint16_t type;
	enum sts_dns_state state;
	size_t records;
} rows[] = {
	{"ok.example", STS_T_TXT, STS_DNS_OK, 1},
	{"OK.Example.", STS_T_TXT, STS_DNS_OK, 1},
	{"ok.example", STS_T_MX, STS_DNS_NODATA, 0},
	{"none.example", STS_T_TXT, STS_DNS_NXDOMAIN, 0},
	{"refused.example", STS_T_TXT, STS_DNS_REFUSED, 0},
	{"servfail.example", STS_T_TXT, STS_DNS_SERVFAIL, 0},
	{"self.example", STS_T_TXT, STS_DNS_CNAME_LOOP, 0},
	{"ok.test", STS_T_TXT, STS_DNS_OK, 1},
	{"ok.onion", STS_T_TXT, STS_DNS_OK, 1},
	{"ok.invalid", STS_T_TXT, STS_DNS_OK, 1},
	{"ok.home.arpa", STS_T_TXT, STS_DNS_OK, 1},
	{"ok.10.in-addr.arpa", STS_T_TXT, STS_DNS_OK, 1},
	{"a..example", STS_T_TXT, STS_DNS_MALFORMED, 0},
	{"wrong.example", STS_T_TXT, STS_DNS_MALFORMED, 0},
	{"silent.example", STS_T_TXT, STS_DNS_TIMEOUT, 0},
	{"garbage.example", STS_T_TXT, STS_DNS_TIMEOUT, 0},
};

#define WAIT_MS 2500

static void test_answers(void)
{
	struct sts_loop *loop = sts_loop_new();
	struct sts_arena *arena = sts_arena_new();
	struct server server;
	struct sts_resolver *r;
	struct seen seen[COUNT_OF(rows)] = {0};
	unsigned left = COUNT_OF(rows), early = 0;
	struct sts_resolver_path path;

	server_open(&server, loop);
	r = new_resolver(loop, server.address);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		seen[i] = (struct seen){.loop = loop, .left = &left};
		sts_resolve(r, arena, rows[i].name, rows[i].type, sts_now_ms() + WAIT_MS, answered, &seen[i]);
		early += seen[i].calls;
	}
	EXPECT(sts_loop_run(loop) == STS_OK);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CASE("%s type %u", rows[i].name, rows[i].type);
		EXPECT_INT(seen[i].calls, 1);
		EXPECT_INT(seen[i].answer.state, rows[i].state);
		EXPECT_INT(seen[i].answer.rr_count, rows[i].records);
		EXPECT_INT(seen[i].answer.dnssec, STS_DNSSEC_UNKNOWN);
		EXPECT(seen[i].answer.why != NULL);
		if (seen[i].answer.rr_count == 1) {
			EXPECT_STR(seen[i].answer.rrs[0].data, "v=STSv1; id=1;");
			EXPECT_INT(seen[i].answer.rrs[0].string_count, 2);
			EXPECT_INT(seen[i].answer.rrs[0].ttl_s, 77);
		}
	}
	CASE("no callback before sts_resolve returns");
	EXPECT_INT(early, 0);
	CASE("the path is told");
	path = sts_resolver_path(r);
	EXPECT_INT(path.path, STS_PATH_UNVALIDATED);
	EXPECT_CSTR(path.resolver, server.address);
	EXPECT(path.why != NULL && strstr(path.why, server.address) != NULL);
	CASE("a cached answer comes from the loop too, and nobody is asked for it");
	seen[0] = (struct seen){.loop = loop, .left = &left};
	left = 1;
	server.asked = 0;
	sts_resolve(r, arena, rows[0].name, rows[0].type, sts_now_ms() + WAIT_MS, answered, &seen[0]);
	EXPECT_INT(seen[0].calls, 0);
	EXPECT(sts_loop_run(loop) == STS_OK);
	EXPECT_INT(seen[0].answer.state, STS_DNS_OK);
	EXPECT_INT(server.asked, 0);
	sts_resolver_free(r);
	server_close(&server);
	sts_arena_free(arena);
	sts_loop_free(loop);
}

static void stop(void *arg)
{
	sts_loop_stop(arg);
}

/* Cancelled at some moment, and the resolver freed with the rest still out: no callback, no leak. */
static void test_cancel(int64_t after_ms)
{
	struct sts_loop *loop = sts_loop_new();
	struct sts_arena *arena = sts_arena_new();
	struct server server;
	struct sts_resolver *r;
	struct seen seen[COUNT_OF(rows)] = {0};
	struct sts_query *queries[COUNT_OF(rows)];
	struct sts_timer timer = {0};
	unsigned left = 1000, calls[2] = {0};

	CASE("cancelled after %" PRId64 " ms", after_ms);
	server_open(&server, loop);
	r = new_resolver(loop, server.address);
	sts_resolver_prefetch(r, "_mta-sts.a.b.c.example");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		seen[i] = (struct seen){.loop = loop, .left = &left};
		queries[i] = sts_resolve(r, arena, rows[i].name, rows[i].type, sts_now_ms() + WAIT_MS, answered, &seen[i]);
	}
	sts_timer_set(loop, &timer, after_ms, stop, loop);
	EXPECT(sts_loop_run(loop) == STS_OK);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		calls[0] += seen[i].calls;
		if (i % 2 == 0)
			sts_query_cancel(queries[i]); /* those that have ended as well: harmless */
	}
	sts_resolver_free(r);
	sts_timer_set(loop, &timer, 20, stop, loop);
	EXPECT(sts_loop_run(loop) == STS_OK);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		calls[1] += seen[i].calls;
	EXPECT_INT(calls[1], calls[0]);
	sts_timer_clear(&timer);
	server_close(&server);
	sts_arena_free(arena);
	sts_loop_free(loop);
}

static void test_refused_options(void)
{
	static const struct {
		const char *name, *resolver, *anchor;
	} bad[] = {
		{"not an address", "dns.example", NULL},
		{"bad port", "127.0.0.1:99999", NULL},
		{"no anchor file", "127.0.0.1", "/nonexistent/anchor"},
		{"anchor without keys", "127.0.0.1", "/etc/passwd"},
	};
	struct sts_loop *loop = sts_loop_new();

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		const char *resolvers[] = {bad[i].resolver}, *why = NULL;
		struct sts_resolver_options o = {.resolvers = resolvers, .resolver_count = 1, .trust_anchor = bad[i].anchor};
		struct sts_resolver *r = NULL;

		CASE("options: %s", bad[i].name);
		EXPECT_INT(sts_resolver_new(loop, &o, &r, &why), STS_EINVAL);
		EXPECT(why != NULL && r == NULL);
	}
	sts_loop_free(loop);
}

/* libunbound's set-up is not made for threads; ours has to be. */
static void *one_thread(void *arg)
{
	unsigned *answers = arg;

	for (int i = 0; i < 8; i++) {
		struct sts_loop *loop = sts_loop_new();
		struct sts_arena *arena = sts_arena_new();
		struct server server;
		struct sts_resolver *r;
		unsigned left = 1;
		struct seen seen = {.loop = loop, .left = &left};

		server_open(&server, loop);
		r = new_resolver(loop, server.address);
		sts_resolve(r, arena, "ok.example", STS_T_TXT, sts_now_ms() + 10000, answered, &seen);
		if (sts_loop_run(loop) == STS_OK && seen.answer.state == STS_DNS_OK)
			++*answers;
		sts_resolver_free(r);
		server_close(&server);
		sts_arena_free(arena);
		sts_loop_free(loop);
	}
	return NULL;
}

static void test_threads(void)
{
	pthread_t threads[4];
	unsigned answers[4] = {0};

	CASE("resolvers in several threads");
	for (size_t i = 0; i < 4; i++)
		EXPECT(pthread_create(&threads[i], NULL, one_thread, &answers[i]) == 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_INT(answers[i], 8);
	}
}

int main(void)
{
	test_answers();
	test_cancel(0);
	test_cancel(3);
	test_cancel(200);
	test_cancel(1200);
	test_refused_options();
	test_threads();
	return test_done();
}
