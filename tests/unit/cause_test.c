/* src/monitor/cause.c and sighting.c: whose fault a finding is. */
#include "facts.h"
#include "test.h"

#include "base/jsonr.h"
#include "monitor/cause.h"
#include "monitor/sighting.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define C64 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

struct row {
	const char *name;
	void (*edit)(struct sts_facts *f);
	const char *want; /* "code place: cause", parted by LF, in the order of the report */
};

static void expired_mx(struct sts_facts *f)
{
	facts_set_mx_problem(f, 0, STS_CERT_EXPIRED);
}

static void one_address_expired(struct sts_facts *f)
{
	facts_add_mx_address(f, 0, "9.9.9.77");
	memset(f->mx[0].smtp[1].tls.chain[0].sha256, 'c', 64);
	f->mx[0].smtp[1].tls.problems = STS_CERT_EXPIRED;
	f->mx[0].smtp[1].tls.problem_text[0] = "it has expired";
}

static void no_starttls(struct sts_facts *f)
{
	facts_set_mx_end(f, 0, STS_SMTP_NO_STARTTLS);
}

static void uncovered(struct sts_facts *f)
{
	facts_set_hosts(f, "mx1.example.test mx.elsewhere.test");
}

static void host_expired(struct sts_facts *f)
{
	facts_set_problem(&f->fetches[0], STS_CERT_EXPIRED);
	facts_set_problem(&f->fetches[1], STS_CERT_EXPIRED);
	facts_choose_policy(f);
}

static void host_404(struct sts_facts *f)
{
	facts_set_cname(&f->policy_host.a, "sts.provider.test");
	f->fetches[0].http.status = f->fetches[1].http.status = 404;
	f->fetches[0].has_policy = f->fetches[1].has_policy = false;
	facts_choose_policy(f);
}

static void host_404_by_address(struct sts_facts *f)
{
	host_404(f);
	f->policy_host.a.cname_count = 0;
}

static void two_records(struct sts_facts *f)
{
	static const char *const texts[] = {"v=STSv1; id=1;", "v=STSv1; id=2;"};

	facts_set_records(f, texts, 2);
}

static void healthy(struct sts_facts *f)
{
	(void)f;
}

static const struct row rows[] = {
	{"healthy", healthy, ""},
	{"expired certificate", expired_mx, "mx.cert.expired mx1.example.test: certificate " A64},
	{"expired at one of two addresses", one_address_expired,
		"mx.addresses-differ mx1.example.test: mx mx1.example.test"},
	{"no STARTTLS", no_starttls, "mx.starttls.missing mx1.example.test: mx mx1.example.test"},
	{"uncovered", uncovered, "match.mx-uncovered mx.elsewhere.test: mx mx.elsewhere.test"},
	{"policy host's certificate", host_expired,
		"record.without-policy example.test: certificate " A64
		"\nhost.cert.expired mta-sts.example.test: certificate " A64},
	{"provider's policy host", host_404,
		"record.without-policy example.test: policy-host sts.provider.test\n"
		"host.http.status mta-sts.example.test: policy-host sts.provider.test"},
	{"policy host of its own", host_404_by_address,
		"record.without-policy example.test: policy-host 2620:fe::10\n"
		"host.http.status mta-sts.example.test: policy-host 2620:fe::10"},
	{"two records", two_records,
		"record.multiple _mta-sts.example.test: domain example.test\n"
		"policy.without-record example.test: domain example.test"},
};

/* Causes as told, and sightings say the same. */
static const char *all_causes(struct sts_report *r, struct sts_arena *arena)
{
	size_t count;
	const struct sts_sighting *s = sts_sightings_of(r, STS_WARNING, arena, &count);
	const char *out = "";

	for (size_t i = 0; i < count; i++) {
		const char *why;
		const struct sts_json *doc = sts_json_read(sts_str_of(s[i].doc), arena, &why);

		out = sts_sprintf(arena, "%s%s%s %s: %s", out, i > 0 ? "\n" : "", s[i].code, s[i].place, s[i].cause);
		EXPECT_STR(sts_json_text(doc, "code"), s[i].code);
		EXPECT_STR(sts_json_text(doc, "place"), s[i].place);
		EXPECT_STR(sts_json_text(doc, "verdict"), sts_verdict_name(r->verdict));
		EXPECT(sts_json_text(doc, "effect").len > 0);
		EXPECT(sts_json_text(doc, "detail").len > 0);
	}
	return out;
}

static void spots(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);
	size_t count;
	const char **keys;

	CASE("what a domain shares");
	facts_set_cname(&f->policy_host.a, "sts.provider.test");
	memset(f->mx[1].smtp[0].tls.chain[0].sha256, 'c', 64);
	keys = sts_cause_spots(sts_judge(f, arena), arena, &count);
	EXPECT_INT(count, 5);
	EXPECT_CSTR(keys[0], "policy-host sts.provider.test");
	EXPECT_CSTR(keys[1], "certificate " A64);
	EXPECT_CSTR(keys[2], "mx mx1.example.test");
	EXPECT_CSTR(keys[3], "mx mx2.backup.test");
	EXPECT_CSTR(keys[4], "certificate " C64);
	CASE("keys taken apart");
	EXPECT_CSTR(sts_cause_kind("policy-host 192.0.2.1"), "policy-host");
	EXPECT_CSTR(sts_cause_name("policy-host 192.0.2.1"), "192.0.2.1");
	EXPECT_CSTR(sts_cause_kind("mx mx.test"), "mx");
	EXPECT(sts_cause_is_shared("mx mx.test"));
	EXPECT(!sts_cause_is_shared("domain mx.test"));
	sts_arena_free(arena);
}

int main(void)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_facts *f = facts_healthy(arena);

		CASE("%s", rows[i].name);
		rows[i].edit(f);
		EXPECT_CSTR(all_causes(sts_judge(f, arena), arena), rows[i].want);
		sts_arena_free(arena);
	}
	spots();
	return test_done();
}
