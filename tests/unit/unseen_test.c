/* src/check/unseen.c: a fault that is not reported is mended only where it would have been reported. */
#include "facts.h"
#include "test.h"

#include "check/past.h"
#include "check/unseen.h"

struct row {
	const char *name;
	void (*edit)(struct sts_facts *f);
	const char *visible; /* "code@subject" that would have been seen, parted by blanks */
	const char *hidden;  /* and that would not */
};

static void nothing(struct sts_facts *f)
{
	(void)f;
}

static void no_smtp(struct sts_facts *f)
{
	f->no_smtp = true;
	facts_set_mx_end(f, 0, STS_SMTP_NOT_TRIED);
	facts_set_mx_end(f, 1, STS_SMTP_NOT_TRIED);
}

static void one_greylisted(struct sts_facts *f)
{
	facts_set_mx_end(f, 1, STS_SMTP_GREETING_4XX);
}

static void no_starttls(struct sts_facts *f)
{
	facts_set_mx_end(f, 0, STS_SMTP_NO_STARTTLS);
}

static void record_fails(struct sts_facts *f)
{
	facts_set_state(&f->record, STS_DNS_SERVFAIL);
}

static void mx_fails(struct sts_facts *f)
{
	facts_set_state(&f->mx_answer, STS_DNS_TIMEOUT);
	f->mx_count = f->mx_total = 0;
}

static void rpt_fails(struct sts_facts *f)
{
	facts_set_state(&f->rpt, STS_DNS_TIMEOUT);
}

static void host_times_out(struct sts_facts *f)
{
	for (size_t i = 0; i < f->fetch_count; i++) {
		f->fetches[i].end = STS_FETCH_TCP_TIMEOUT;
		f->fetches[i].reached = STS_AT_DNS;
		f->fetches[i].tls = (struct sts_tls){0};
		f->fetches[i].has_policy = false;
	}
	facts_choose_policy(f);
	f->policy = NULL;
}

static void host_is_gone(struct sts_facts *f)
{
	f->fetch_count = f->policy_host.address_count = 0;
	facts_set_state(&f->policy_host.a, STS_DNS_NXDOMAIN);
	facts_set_state(&f->policy_host.aaaa, STS_DNS_NXDOMAIN);
	facts_choose_policy(f);
}

static void host_not_asked(struct sts_facts *f)
{
	host_times_out(f);
	for (size_t i = 0; i < f->fetch_count; i++)
		f->fetches[i].end = STS_FETCH_CANCELLED;
}

static void no_ipv6(struct sts_facts *f)
{
	f->fetches[1].end = STS_FETCH_NO_FAMILY;
	f->fetches[1].reached = STS_AT_DNS;
	f->fetches[1].tls = (struct sts_tls){0};
}

static void no_history(struct sts_facts *f)
{
	f->past = NULL;
}

static const struct row rows[] = {
	{"everything was seen", nothing,
		"record.absent@example.test host.cert.expired@mta-sts.example.test policy.blank-line@example.test "
		"match.mx-uncovered@mx1.example.test mx.cert.expired@mx1.example.test dane.mismatch@mx1.example.test "
		"rpt.absent@example.test "
		"time.id-not-bumped@example.test",
		""},
	{"SMTP switched off", no_smtp,
		"record.absent@x match.mx-uncovered@mx1.example.test mx.dns.no-address@mx1.example.test",
		"mx.cert.expired@mx1.example.test mx.starttls.missing@mx1.example.test mx.tls.failed@mx2.backup.test "
		"dane.mismatch@mx1.example.test"},
	{"one host put us off", one_greylisted, "mx.cert.expired@mx1.example.test mx.starttls.missing@mx1.example.test",
		"mx.cert.expired@mx2.backup.test mx.starttls.missing@mx2.backup.test mx.smtp.greeting@mx2.backup.test"},
	{"a name that is part of another one is another one", one_greylisted,
		"mx.cert.expired@a.mx2.backup.test.example", ""},
	{"no STARTTLS hides the certificate", no_starttls,
		"mx.starttls.missing@mx1.example.test mx.smtp.greeting@mx1.example.test",
		"mx.cert.expired@mx1.example.test mx.tls.failed@mx1.example.test"},
	{"the record could not be looked up", record_fails,
		"host.cert.expired@mta-sts.example.test policy.blank-line@x",
		"record.absent@x record.id-missing@x deleg.orphan@x policy.without-record@x time.id-not-bumped@x"},
	{"the MX records could not be looked up", mx_fails, "record.absent@x policy.blank-line@x",
		"mx.cert.expired@mx1.example.test match.mx-uncovered@mx1.example.test dane.mismatch@mx1.example.test "
		"time.cache-risk@mx1.example.test"},
	{"the TLSRPT record could not be looked up", rpt_fails, "record.absent@x mode.testing@x",
		"rpt.absent@x mode.testing-without-reports@x"},
	{"the policy host does not answer", host_times_out,
		"host.tcp.timeout@mta-sts.example.test record.absent@x mx.cert.expired@mx1.example.test",
		"host.cert.expired@mta-sts.example.test host.http.status@mta-sts.example.test policy.blank-line@x "
		"mode.testing@x "
		"match.mx-uncovered@mx1.example.test"},
	{"the policy host is gone: so are its faults", host_is_gone,
		"host.cert.expired@mta-sts.example.test policy.blank-line@x mode.testing@x "
		"match.mx-uncovered@mx1.example.test",
		""},
	{"the policy host was not asked", host_not_asked, "record.absent@x",
		"record.without-policy@x host.tcp.timeout@mta-sts.example.test"},
	{"no IPv6 here", no_ipv6, "policy.blank-line@x record.absent@x",
		"host.cert.expired@mta-sts.example.test host.addresses-differ@x"},
	{"no history", no_history, "record.absent@x", "time.id-not-bumped@x"},
};

static void expect_all(const struct sts_observation *o, const char *list, bool visible)
{
	char copy[2048];

	snprintf(copy, sizeof copy, "%s", list);
	for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
		char *subject = strchr(word, '@');

		*subject++ = '\0';
		test_expect(sts_finding_visible(o, word, subject) == visible, TEST_HERE, "%s at %s is %s", word,
			subject, visible ? "hidden" : "visible");
	}
}

static void test_rows(void)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sts_arena *arena = sts_arena_new();
		struct sts_facts *f = facts_healthy(arena);
		struct sts_observation o = {0};

		CASE("%s", rows[i].name);
		f->past = STS_NEW(arena, struct sts_past);
		rows[i].edit(f);
		sts_unseen_collect(f, arena, &o);
		expect_all(&o, rows[i].visible, true);
		expect_all(&o, rows[i].hidden, false);
		sts_arena_free(arena);
	}
}

static void test_bound(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);
	struct sts_observation o = {0};

	CASE("too many to tell apart: then nothing of the group counts as seen");
	facts_set_mx_end(f, 0, STS_SMTP_TCP_TIMEOUT);
	for (int i = 0; i < 300; i++) {
		char address[32];

		snprintf(address, sizeof address, "192.0.%d.%d", 2 + i / 200, i % 200);
		facts_add_mx_address(f, 0, address);
		f->mx[0].smtp[f->mx[0].smtp_count - 1].end = STS_SMTP_TCP_TIMEOUT;
		f->mx[0].smtp[f->mx[0].smtp_count - 1].tls = (struct sts_tls){0};
	}
	sts_unseen_collect(f, arena, &o);
	EXPECT(o.unseen_count <= STS_UNSEEN_MAX + 16);
	expect_all(&o, "mx.cert.expired@mx1.example.test", false);
	sts_arena_free(arena);
}

int main(void)
{
	test_rows();
	test_bound();
	return test_done();
}
