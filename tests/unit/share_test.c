/* What checks share in one run: sessions by host, address and TLSA; addresses where nobody answers; limits. */
#include "check/share.h"
#include "check/view.h"
#include "net/address.h"
#include "test.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* In place of the C library's: hours pass at once. */
static int64_t passed_s;

int clock_gettime(clockid_t id, struct timespec *out)
{
	long rc = syscall(SYS_clock_gettime, id, out);

	out->tv_sec += passed_s;
	return (int)rc;
}

static struct sts_share *make(unsigned https, unsigned smtp, unsigned network, size_t octets)
{
	struct sts_share *s = sts_share_new(&(struct sts_share_options){https, smtp, network, octets});

	if (s == NULL)
		abort();
	return s;
}

static struct sts_smtp_params mx(const char *host, const char *address)
{
	struct sts_smtp_params p = {.host = host, .helo = "h", .port = 25, .next_hop = "a.test"};

	if (!sts_address_parse(address, &p.address))
		abort();
	return p;
}

static struct sts_fetch_params web(const char *host, const char *address)
{
	struct sts_fetch_params p = {.host = host, .path = "/", .port = 443};

	if (!sts_address_parse(address, &p.address))
		abort();
	return p;
}

/* A session with a certificate, in an arena that goes away. */
static void end_well(struct sts_share *s, const struct sts_smtp_params *p)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_smtp r = {.address = p->address, .end = STS_SMTP_OK, .banner = sts_strdup(arena, "hello"), .starttls = true};

	r.tls.state = STS_TLS_OK;
	r.tls.problems = STS_CERT_EXPIRED;
	r.tls.problem_text[0] = sts_strdup(arena, "it expired");
	r.tls.chain = sts_alloc_array(arena, 1, sizeof *r.tls.chain);
	r.tls.chain_count = 1;
	r.tls.chain[0].subject = sts_strdup(arena, "CN=x");
	r.tls.chain[0].names = sts_alloc_array(arena, 1, sizeof(char *));
	r.tls.chain[0].names[0] = sts_strdup(arena, "mx.test");
	r.tls.chain[0].name_count = 1;
	sts_share_smtp_done(s, p, &r);
	sts_arena_free(arena);
}

static void sessions(void)
{
	struct sts_share *s = make(8, 2, 64, 1 << 20);
	struct sts_arena *arena = sts_arena_new();
	struct sts_smtp_params p = mx("mx.test", "192.0.2.1"), other = mx("mx2.test", "192.0.2.1");
	struct sts_smtp out = {0};

	CASE("share: one session while it runs; then the same for everybody");
	EXPECT_INT(sts_share_smtp(s, &p, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(sts_share_smtp(s, &p, arena, &out), STS_CLAIM_WAIT);
	end_well(s, &p);
	EXPECT_INT(sts_share_smtp(s, &p, arena, &out), STS_CLAIM_HAVE);
	EXPECT_INT(out.end, STS_SMTP_OK);
	EXPECT_CSTR(out.banner, "hello");
	EXPECT_CSTR(out.tls.chain[0].names[0], "mx.test");
	EXPECT_CSTR(out.tls.problem_text[0], "it expired");
	CASE("share: another name at the same address is another session: its certificate is judged by its name");
	EXPECT_INT(sts_share_smtp(s, &other, arena, &out), STS_CLAIM_GO);
	sts_share_smtp_done(s, &other, NULL);
	CASE("share: one that was given up taught nothing");
	EXPECT_INT(sts_share_smtp(s, &other, arena, &out), STS_CLAIM_GO);
	sts_share_smtp_done(s, &other, &(struct sts_smtp){.end = STS_SMTP_CANCELLED});
	EXPECT_INT(sts_share_smtp(s, &other, arena, &out), STS_CLAIM_GO);
	sts_share_smtp_done(s, &other, NULL);
	EXPECT_INT(sts_share_numbers(s).sessions_shared, 1);
	sts_arena_free(arena);
	sts_share_free(s);
}

static void dane(void)
{
	struct sts_share *s = make(8, 2, 64, 1 << 20);
	struct sts_arena *arena = sts_arena_new();
	struct sts_tlsa a = {.usage = 3, .selector = 1, .matching = 1, .data = STS_STR("aaaa"), .usable = true};
	struct sts_tlsa b = {.usage = 2, .selector = 1, .matching = 1, .data = STS_STR("aaaa"), .usable = true};
	struct sts_smtp_params p = mx("mx.test", "192.0.2.1");
	struct sts_smtp out = {0};

	EXPECT_INT(sts_share_smtp(s, &p, arena, &out), STS_CLAIM_GO);
	end_well(s, &p);
	CASE("share: with TLSA records it is another session");
	p.tlsa = &a;
	p.tlsa_count = 1;
	p.tlsa_base = "mx.test";
	EXPECT_INT(sts_share_smtp(s, &p, arena, &out), STS_CLAIM_GO);
	end_well(s, &p);
	p.next_hop = "b.test";
	EXPECT_INT(sts_share_smtp(s, &p, arena, &out), STS_CLAIM_HAVE);
	CASE("share: usage 2 takes the mail domain for a name: by domain");
	p.tlsa = &b;
	EXPECT_INT(sts_share_smtp(s, &p, arena, &out), STS_CLAIM_GO);
	end_well(s, &p);
	p.next_hop = "c.test";
	EXPECT_INT(sts_share_smtp(s, &p, arena, &out), STS_CLAIM_GO);
	end_well(s, &p);
	sts_arena_free(arena);
	sts_share_free(s);
}

static void limits(void)
{
	struct sts_share *s = make(2, 1, 3, 1 << 20);
	struct sts_arena *arena = sts_arena_new();
	struct sts_fetch out = {0};
	struct sts_fetch_params p = web("mta-sts.a.test", "192.0.2.1"), near = web("mta-sts.b.test", "192.0.2.99"),
				far = web("mta-sts.c.test", "198.51.100.1");

	CASE("share: so many connections to an address, so many to a network");
	EXPECT_INT(sts_share_fetch(s, &p, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(sts_share_fetch(s, &p, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(sts_share_fetch(s, &p, arena, &out), STS_CLAIM_WAIT);
	EXPECT_INT(sts_share_fetch(s, &near, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(sts_share_fetch(s, &near, arena, &out), STS_CLAIM_WAIT);
	EXPECT_INT(sts_share_fetch(s, &far, arena, &out), STS_CLAIM_GO);
	sts_share_fetch_done(s, &p, NULL);
	EXPECT_INT(sts_share_fetch(s, &near, arena, &out), STS_CLAIM_GO);
	sts_arena_free(arena);
	sts_share_free(s);
}

static enum sts_claim fetch(struct sts_share *s, const char *host, struct sts_fetch *result, struct sts_arena *arena, struct sts_fetch *out)
{
	struct sts_fetch_params p = web(host, "192.0.2.1");
	enum sts_claim c = sts_share_fetch(s, &p, arena, out);

	if (c == STS_CLAIM_GO)
		sts_share_fetch_done(s, &p, result);
	return c;
}

static void fetches(void)
{
	struct sts_share *s = make(8, 2, 64, 1 << 20);
	struct sts_arena *arena = sts_arena_new();
	struct sts_fetch out = {0}, good = {.end = STS_FETCH_OK}, refused = {.end = STS_FETCH_TCP_REFUSED, .error = "refused"},
			 late = {.end = STS_FETCH_TCP_TIMEOUT, .error = "late"},
			 stalled = {.end = STS_FETCH_TLS, .tls = {.state = STS_TLS_TIMEOUT}};

	CASE("share: a policy that was had is nobody else's");
	EXPECT_INT(fetch(s, "a", &good, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(fetch(s, "b", &good, arena, &out), STS_CLAIM_GO);
	CASE("share: hosts that stall for several names in a row are not tried: untested, never a fault");
	EXPECT_INT(fetch(s, "a", &stalled, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(fetch(s, "b", &stalled, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(fetch(s, "c", &good, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(fetch(s, "d", &stalled, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(fetch(s, "e", &stalled, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(fetch(s, "f", &stalled, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(fetch(s, "g", &good, arena, &out), STS_CLAIM_HAVE);
	EXPECT_INT(out.end, STS_FETCH_NOT_TRIED);
	EXPECT_INT(sts_share_numbers(s).stalls, 1);
	sts_share_free(s);
	s = make(8, 2, 64, 1 << 20);
	CASE("share: a single lost connection proves nothing; two do, and so does one refused");
	EXPECT_INT(fetch(s, "a", &late, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(fetch(s, "b", &late, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(fetch(s, "c", &late, arena, &out), STS_CLAIM_HAVE);
	EXPECT_INT(out.end, STS_FETCH_TCP_TIMEOUT);
	sts_share_free(s);
	s = make(8, 2, 64, 1 << 20);
	EXPECT_INT(fetch(s, "a", &refused, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(fetch(s, "b", &refused, arena, &out), STS_CLAIM_HAVE);
	EXPECT_INT(out.end, STS_FETCH_TCP_REFUSED);
	EXPECT_CSTR(out.error, "refused");
	sts_share_free(s);
	sts_arena_free(arena);
}

/* What was learnt of an address ends when somebody gets a connection there. */
static void connected(void)
{
	struct sts_share *s = make(8, 2, 64, 1 << 20);
	struct sts_arena *arena = sts_arena_new();
	struct sts_fetch_params p = web("early", "192.0.2.1");
	struct sts_fetch out = {0}, refused = {.end = STS_FETCH_TCP_REFUSED}, good = {.end = STS_FETCH_OK, .reached = STS_AT_BODY},
			 cut = {.end = STS_FETCH_CANCELLED, .reached = STS_AT_TCP},
			 stalled = {.end = STS_FETCH_TLS, .reached = STS_AT_TCP, .tls = {.state = STS_TLS_TIMEOUT}};

	CASE("share: a connection that comes about ends the memory of those that did not");
	EXPECT_INT(sts_share_fetch(s, &p, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(fetch(s, "a", &refused, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(fetch(s, "b", &good, arena, &out), STS_CLAIM_HAVE);
	sts_share_fetch_done(s, &p, &good);
	EXPECT_INT(fetch(s, "b", &refused, arena, &out), STS_CLAIM_GO);
	CASE("share: also one that was cut short behind the connection, or that stalls there");
	EXPECT_INT(fetch(s, "c", &good, arena, &out), STS_CLAIM_HAVE);
	sts_share_fetch_done(s, &p, &cut);
	EXPECT_INT(fetch(s, "c", &refused, arena, &out), STS_CLAIM_GO);
	sts_share_fetch_done(s, &p, &stalled);
	EXPECT_INT(fetch(s, "d", &stalled, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(fetch(s, "e", &stalled, arena, &out), STS_CLAIM_GO);
	CASE("share: of stalls, only one that does not stall");
	EXPECT_INT(fetch(s, "f", &good, arena, &out), STS_CLAIM_HAVE);
	EXPECT_INT(out.end, STS_FETCH_NOT_TRIED);
	sts_share_fetch_done(s, &p, &cut);
	EXPECT_INT(fetch(s, "f", &good, arena, &out), STS_CLAIM_HAVE);
	sts_share_fetch_done(s, &p, &good);
	EXPECT_INT(fetch(s, "f", &good, arena, &out), STS_CLAIM_GO);
	CASE("share: what was not tried for the stalls of others is worth a second look, as they are");
	{
		struct sts_fetch untried = {.end = STS_FETCH_NOT_TRIED};
		struct sts_facts facts = {.fetches = &untried, .fetch_count = 1};

		EXPECT(sts_waited(&facts));
		untried.end = STS_FETCH_TCP_REFUSED;
		EXPECT(!sts_waited(&facts));
	}
	sts_share_free(s);
	sts_arena_free(arena);
}

static enum sts_claim session(struct sts_share *s, const struct sts_smtp *result, struct sts_arena *arena, struct sts_smtp *out)
{
	struct sts_smtp_params p = mx("mx.test", "192.0.2.1");
	enum sts_claim c = sts_share_smtp(s, &p, arena, out);

	if (c == STS_CLAIM_GO)
		sts_share_smtp_done(s, &p, result);
	return c;
}

/* A name put off for a timeout is looked at a second time: not with the memory of that timeout. */
static void waits(void)
{
	struct sts_share *s = make(8, 2, 64, 1 << 20);
	struct sts_arena *arena = sts_arena_new();
	struct sts_smtp out = {0}, good = {.end = STS_SMTP_OK}, late = {.end = STS_SMTP_TCP_TIMEOUT, .waited = true},
			slow = {.end = STS_SMTP_GREETING_TIMEOUT, .waited = true};

	CASE("share: one session that waited in vain is nobody's answer, two are");
	EXPECT_INT(session(s, &late, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(session(s, &slow, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(session(s, &good, arena, &out), STS_CLAIM_HAVE);
	EXPECT_INT(out.end, STS_SMTP_GREETING_TIMEOUT);
	EXPECT(out.waited);
	sts_share_free(s);
	s = make(8, 2, 64, 1 << 20);
	CASE("share: one that goes well is everybody's, whatever was before; one given up counts neither way");
	EXPECT_INT(session(s, &late, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(session(s, &(struct sts_smtp){.end = STS_SMTP_CANCELLED}, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(session(s, &good, arena, &out), STS_CLAIM_GO);
	EXPECT_INT(session(s, &late, arena, &out), STS_CLAIM_HAVE);
	EXPECT_INT(out.end, STS_SMTP_OK);
	sts_share_free(s);
	sts_arena_free(arena);
}

static enum sts_claim after(int64_t seconds, const struct sts_smtp *result)
{
	struct sts_share *s = make(8, 2, 64, 1 << 20);
	struct sts_arena *arena = sts_arena_new();
	struct sts_smtp out = {0};
	enum sts_claim c;

	EXPECT_INT(session(s, result, arena, &out), STS_CLAIM_GO);
	passed_s += seconds;
	c = session(s, result, arena, &out);
	sts_share_free(s);
	sts_arena_free(arena);
	return c;
}

static void kept(void)
{
	static const enum sts_smtp_end long_ones[] = {STS_SMTP_OK, STS_SMTP_PRIVATE, STS_SMTP_NO_FAMILY};
	static const enum sts_smtp_end passing[] = {STS_SMTP_GREETING_5XX, STS_SMTP_NO_STARTTLS, STS_SMTP_INJECTION, STS_SMTP_GREETING_4XX};

	for (size_t i = 0; i < COUNT_OF(long_ones); i++) {
		struct sts_smtp r = {.end = long_ones[i]};

		CASE("share: end %d holds for an hour", (int)r.end);
		EXPECT_INT(after(3590, &r), STS_CLAIM_HAVE);
		EXPECT_INT(after(3601, &r), STS_CLAIM_GO);
	}
	for (size_t i = 0; i < COUNT_OF(passing); i++) {
		struct sts_smtp r = {.end = passing[i]};

		CASE("share: end %d may pass: half a minute", (int)r.end);
		EXPECT_INT(after(25, &r), STS_CLAIM_HAVE);
		EXPECT_INT(after(31, &r), STS_CLAIM_GO);
	}
}

/* A certificate is judged at a time; the judgement is not one of the hour after it runs out. */
static void judged(void)
{
	static const struct {
		const char *name;
		int64_t first, second;
		enum sts_claim want;
	} rows[] = {
		{"both within", 1500, 1999, STS_CLAIM_HAVE},
		{"the last second it is valid", 1500, 2000, STS_CLAIM_HAVE},
		{"behind its end", 1500, 2001, STS_CLAIM_GO},
		{"before its end, seen behind it", 2001, 2000, STS_CLAIM_GO},
		{"both behind its end", 2001, 3000, STS_CLAIM_HAVE},
		{"both before it begins", 100, 999, STS_CLAIM_HAVE},
		{"its first second", 999, 1000, STS_CLAIM_GO},
		{"before it begins, seen within", 1000, 999, STS_CLAIM_GO},
		{"the issuer's end", 1500, 1700, STS_CLAIM_GO},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sts_share *s = make(8, 2, 64, 1 << 20);
		struct sts_arena *arena = sts_arena_new();
		struct sts_smtp_params p = mx("mx.test", "192.0.2.1");
		struct sts_cert chain[] = {{.not_before = 1000, .not_after = 2000}, {.not_before = 10, .not_after = i == 8 ? 1600 : 100000}};
		struct sts_smtp out = {0}, r = {.end = STS_SMTP_OK, .tls = {.state = STS_TLS_OK, .chain = chain, .chain_count = 2}};

		CASE("share: a certificate's judgement, %s", rows[i].name);
		p.judged_at = rows[i].first;
		EXPECT_INT(sts_share_smtp(s, &p, arena, &out), STS_CLAIM_GO);
		sts_share_smtp_done(s, &p, &r);
		p.judged_at = rows[i].second;
		EXPECT_INT(sts_share_smtp(s, &p, arena, &out), rows[i].want);
		sts_share_free(s);
		sts_arena_free(arena);
	}
}

static void bounded(void)
{
	struct sts_share *s = make(8, 2, 100000, 200000);
	struct sts_arena *arena = sts_arena_new();
	struct sts_smtp out = {0};
	char host[40], address[40];
	unsigned have = 0;

	CASE("share: memory has a bound; what was used longest ago goes first");
	for (unsigned i = 0; i < 200; i++) {
		struct sts_smtp_params p;

		snprintf(host, sizeof host, "mx%u.test", i);
		snprintf(address, sizeof address, "192.0.2.%u", i);
		p = mx(host, address);
		EXPECT_INT(sts_share_smtp(s, &p, arena, &out), STS_CLAIM_GO);
		end_well(s, &p);
	}
	for (unsigned i = 200; i > 0; i--) {
		struct sts_smtp_params p;
		enum sts_claim c;

		snprintf(host, sizeof host, "mx%u.test", i - 1);
		snprintf(address, sizeof address, "192.0.2.%u", i - 1);
		p = mx(host, address);
		c = sts_share_smtp(s, &p, arena, &out);
		have += c == STS_CLAIM_HAVE;
		if (c == STS_CLAIM_GO)
			sts_share_smtp_done(s, &p, NULL);
		EXPECT(i != 200 || c == STS_CLAIM_HAVE);
		EXPECT(i != 1 || c == STS_CLAIM_GO);
	}
	EXPECT(have > 5 && have < 50);
	sts_arena_free(arena);
	sts_share_free(s);
}

int main(void)
{
	sessions();
	dane();
	limits();
	fetches();
	connected();
	waits();
	kept();
	judged();
	bounded();
	return test_done();
}
