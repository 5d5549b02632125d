/* src/check/rules_record.c: facts in, codes out. */
#include "rows.h"

static void no_record(struct sts_facts *f)
{
	facts_set_record(f, NULL);
}

/* A domain that has nothing to do with MTA-STS at all: no policy host either. */
static void nothing(struct sts_facts *f)
{
	facts_set_record(f, NULL);
	facts_set_state(&f->record, STS_DNS_NXDOMAIN);
	facts_set_state(&f->policy_host.a, STS_DNS_NXDOMAIN);
	facts_set_state(&f->policy_host.aaaa, STS_DNS_NXDOMAIN);
	f->policy_host.address_count = 0;
	f->fetch_count = 0;
	facts_choose_policy(f);
}

static void only_spf(struct sts_facts *f)
{
	nothing(f);
	facts_set_record(f, "v=spf1 -all");
}

/* Another site answers for every name: its page is no fault of a domain without a record. */
static void nothing_but_a_site(struct sts_facts *f)
{
	facts_set_record(f, NULL);
	facts_set_policy(f, "<!doctype html><title>Shop</title>");
	facts_set_problem(&f->fetches[0], STS_CERT_NAME_MISMATCH);
	facts_set_problem(&f->fetches[1], STS_CERT_NAME_MISMATCH);
}

/* A wildcard in DNS leads to a host of others, which serves their policy behind their certificate. */
static void policy_of_others(struct sts_facts *f)
{
	facts_set_record(f, NULL);
	facts_set_problem(&f->fetches[0], STS_CERT_NAME_MISMATCH);
	facts_set_problem(&f->fetches[1], STS_CERT_NAME_MISMATCH);
	facts_choose_policy(f);
}

static void two_records(struct sts_facts *f)
{
	static const char *const texts[] = {"v=STSv1; id=1;", "v=STSv1; id=2;"};

	facts_set_records(f, texts, 2);
}

static void two_records_one_malformed(struct sts_facts *f)
{
	static const char *const texts[] = {"v=STSv1; id=1;", "v=STSv1;"};

	facts_set_records(f, texts, 2);
}

/* They do not begin with "v=STSv1;" and are discarded.  [RFC 8461 section 3.1] */
static void beside_almost(struct sts_facts *f)
{
	static const char *const texts[] = {"v=STSv1; id=1", "v=STSv1", "v=STSv2; id=9"};

	facts_set_records(f, texts, 3);
}

static void beside_spf(struct sts_facts *f)
{
	static const char *const texts[] = {"v=spf1 -all", "v=STSv1; id=1;"};

	facts_set_records(f, texts, 2);
}

static void hyphen(struct sts_facts *f)
{
	facts_set_record(f, "v=STSv1; id=2026-06-01;");
}

static void other_version(struct sts_facts *f)
{
	facts_set_record(f, "v=STSv2; id=20260601;");
}

static void space_before(struct sts_facts *f)
{
	facts_set_record(f, "v=STSv1 ; id=20260601;");
}

static void look_up_fails(struct sts_facts *f)
{
	facts_set_state(&f->record, STS_DNS_SERVFAIL);
}

static void look_up_late(struct sts_facts *f)
{
	facts_set_state(&f->record, STS_DNS_TIMEOUT);
}

/* Nothing known of the record, and no policy host: that host may never have been meant to be. */
static void look_up_fails_without_host(struct sts_facts *f)
{
	nothing(f);
	facts_set_state(&f->record, STS_DNS_SERVFAIL);
}

static void bogus(struct sts_facts *f)
{
	facts_set_state(&f->record, STS_DNS_BOGUS);
}

static void alias(struct sts_facts *f)
{
	facts_set_cname(&f->record, "sts.example.test");
}

static void alias_to_nothing(struct sts_facts *f)
{
	facts_set_record(f, NULL);
	facts_set_state(&f->record, STS_DNS_NXDOMAIN);
	facts_set_cname(&f->record, "gone.example.test");
}

static void alias_in_a_circle(struct sts_facts *f)
{
	facts_set_record(f, NULL);
	facts_set_state(&f->record, STS_DNS_CNAME_LOOP);
	facts_set_cname(&f->record, "_mta-sts.example.test");
}

static void long_ttl(struct sts_facts *f)
{
	f->record.ttl_s = 86401;
}

static void ttl_of_a_day(struct sts_facts *f)
{
	f->record.ttl_s = 86400;
}

static void wildcard(struct sts_facts *f)
{
	f->record_wildcard = true;
}

static void misplaced(struct sts_facts *f)
{
	nothing(f);
	*facts_push_misplaced(f) = (struct sts_misplaced){"_mta_sts.example.test", STS_STR("v=STSv1; id=1")};
}

static void parent_only(struct sts_facts *f)
{
	nothing(f);
	f->parent = "test";
	f->parent_has_record = true;
}

static void servers_differ(struct sts_facts *f)
{
	f->nameservers[1].record_count = 0;
	f->nameservers[1].state = STS_DNS_NODATA;
}

static void server_silent(struct sts_facts *f)
{
	f->nameservers[1].record_count = 0;
	f->nameservers[1].state = STS_DNS_TIMEOUT;
	f->nameservers[1].error = "no answer in time";
}

static void server_untested(struct sts_facts *f)
{
	f->nameservers[1] = (struct sts_nameserver){
		.name = "ns2.example.test", .address = "2620:fe::53", .not_tested = true, .error = "no IPv6 here"};
	f->vantage.ipv6 = STS_NO;
}

static void all_servers_silent(struct sts_facts *f)
{
	server_silent(f);
	f->nameservers[0] = f->nameservers[1];
}

/* A lame server of a domain without MTA-STS is none of our business. */
static void silent_without_record(struct sts_facts *f)
{
	nothing(f);
	server_silent(f);
}

static void differ_without_record(struct sts_facts *f)
{
	static struct sts_str text;

	nothing(f);
	text = STS_STR("v=STSv1; id=1;");
	f->nameservers[1].records = &text;
	f->nameservers[1].record_count = 1;
	f->nameservers[1].state = STS_DNS_OK;
}

static void no_servers_found(struct sts_facts *f)
{
	f->nameserver_count = 0;
}

static void no_servers_of_no_domain(struct sts_facts *f)
{
	nothing(f);
	facts_set_hosts(f, "");
	facts_set_state(&f->mx_answer, STS_DNS_NXDOMAIN);
	f->nameserver_count = 0;
}

static void no_servers_asked(struct sts_facts *f)
{
	f->no_authoritative = true;
	f->nameserver_count = 0;
}

static const struct facts_row rows[] = {
	{"a healthy domain", NULL, "", "enforced", "SUCCESS", NULL},
	{"no record, a policy is served", no_record, "record.absent policy.without-record", "absent", "WARNING", NULL},
	{"no record, no policy host", nothing, "record.absent", "absent", "WARNING", NULL},
	{"only SPF at the name", only_spf, "record.absent", "absent", "WARNING", NULL},
	{"no record, another site answers", nothing_but_a_site, "record.absent", "absent", "WARNING", NULL},
	{"no record, a policy of others", policy_of_others, "record.absent", "absent", "WARNING", NULL},
	{"two records", two_records, "record.multiple policy.without-record", "broken", "WARNING", NULL},
	{"two records, one malformed", two_records_one_malformed, "record.multiple policy.without-record", "broken",
		"WARNING", NULL},
	{"a record beside texts that resemble one", beside_almost, "record.unrelated-txt:notice", "enforced", "SUCCESS",
		NULL},
	{"a record beside SPF", beside_spf, "record.unrelated-txt:notice", "enforced", "SUCCESS", NULL},
	{"an id with hyphens", hyphen, "record.id-invalid:error policy.without-record", "broken", "WARNING", NULL},
	{"another version", other_version, "record.version-invalid:error policy.without-record", "broken", "WARNING",
		NULL},
	{"a blank before the semicolon", space_before, "record.space-before-semicolon:warning", "enforced", "WARNING",
		NULL},
	{"the look-up fails", look_up_fails, "", "unknown", "ERROR", "resolver-failed"},
	{"the look-up comes too late", look_up_late, "", "unknown", "ERROR", "timeout"},
	{"the look-up fails, no policy host", look_up_fails_without_host, "", "unknown", "ERROR", "resolver-failed"},
	{"bogus", bogus, "record.dnssec-bogus:error", "broken", "WARNING", NULL},
	{"through an alias", alias, "record.cname:info", "enforced", "SUCCESS", NULL},
	{"an alias to nothing", alias_to_nothing, "record.cname-broken policy.without-record", "broken", "WARNING",
		NULL},
	{"an alias in a circle", alias_in_a_circle, "record.cname-broken policy.without-record", "broken", "WARNING",
		NULL},
	{"a TTL over a day", long_ttl, "record.ttl-long:notice", "enforced", "SUCCESS", NULL},
	{"a TTL of a day", ttl_of_a_day, "", "enforced", "SUCCESS", NULL},
	{"from a wildcard", wildcard, "record.wildcard:notice", "enforced", "SUCCESS", NULL},
	{"at a name nobody asks for", misplaced, "record.absent record.misplaced:warning", "absent", "WARNING", NULL},
	{"only the parent has one", parent_only, "record.absent record.parent-only:notice", "absent", "WARNING", NULL},
	{"servers differ", servers_differ, "record.servers-differ:warning", "enforced", "WARNING", NULL},
	{"a server is silent", server_silent, "record.servers-differ:warning", "enforced", "WARNING", NULL},
	{"a server has IPv6 only, there is none here", server_untested, "", "enforced", "SUCCESS", "no-ipv6-here"},
	{"all servers are silent", all_servers_silent, "", "enforced", "SUCCESS", "resolver-failed"},
	{"a silent server, no record", silent_without_record, "record.absent", "absent", "WARNING", NULL},
	{"one server has a record, the others none", differ_without_record,
		"record.absent record.servers-differ:warning", "absent", "WARNING", NULL},
	{"servers were not found", no_servers_found, "", "enforced", "SUCCESS", "resolver-failed"},
	{"a domain that does not exist has no servers", no_servers_of_no_domain,
		"record.absent mx.dns.domain-missing:error", "absent", "WARNING", NULL},
	{"servers are not asked", no_servers_asked, "", "enforced", "SUCCESS", "switched-off"},
};

int main(void)
{
	facts_run(rows, COUNT_OF(rows));
	return test_done();
}
