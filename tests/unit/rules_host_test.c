/* src/check/rules_host.c: facts in, codes out. */
#include "rows.h"

/* What a fetch that ended early looks like. */
static void end_at(struct sts_fetch *fetch, enum sts_fetch_end end, enum sts_reached reached)
{
	fetch->end = end;
	fetch->reached = reached;
	fetch->has_policy = false;
	fetch->http = (struct sts_http){.declared_length = -1};
	fetch->body = (struct sts_str){NULL, 0};
	fetch->sha256[0] = '\0';
	if (reached < STS_AT_TLS)
		fetch->tls = (struct sts_tls){.state = STS_TLS_NOT_TRIED};
}

static void end_all(struct sts_facts *f, enum sts_fetch_end end, enum sts_reached reached)
{
	for (size_t i = 0; i < f->fetch_count; i++)
		end_at(&f->fetches[i], end, reached);
	facts_choose_policy(f);
}

static void tls_all(struct sts_facts *f, enum sts_tls_state state)
{
	end_all(f, STS_FETCH_TLS, STS_AT_TCP);
	for (size_t i = 0; i < f->fetch_count; i++)
		f->fetches[i].tls.state = state;
}

static void cert_all(struct sts_facts *f, unsigned problems)
{
	for (size_t i = 0; i < f->fetch_count; i++)
		facts_set_problem(&f->fetches[i], problems);
	facts_choose_policy(f);
}

static void status_all(struct sts_facts *f, int status)
{
	for (size_t i = 0; i < f->fetch_count; i++) {
		facts_set_policy_at(f, i, "<!doctype html><title>No</title>");
		f->fetches[i].http.status = status;
	}
	facts_choose_policy(f);
}

/* ---- DNS ---- */

static void without_addresses(struct sts_facts *f)
{
	f->policy_host.address_count = 0;
	f->fetch_count = 0;
	facts_choose_policy(f);
}

static void no_address(struct sts_facts *f)
{
	facts_set_state(&f->policy_host.a, STS_DNS_NODATA);
	facts_set_state(&f->policy_host.aaaa, STS_DNS_NODATA);
	without_addresses(f);
}

static void no_name(struct sts_facts *f)
{
	facts_set_state(&f->policy_host.a, STS_DNS_NXDOMAIN);
	facts_set_state(&f->policy_host.aaaa, STS_DNS_NXDOMAIN);
	without_addresses(f);
}

static void alias_within_to_nothing(struct sts_facts *f)
{
	no_name(f);
	facts_set_cname(&f->policy_host.a, "web.example.test");
	facts_set_cname(&f->policy_host.aaaa, "web.example.test");
}

static void orphan_gone(struct sts_facts *f)
{
	no_name(f);
	facts_set_cname(&f->policy_host.a, "example-test.provider.test");
	facts_set_cname(&f->policy_host.aaaa, "example-test.provider.test");
}

static void alias_out(struct sts_facts *f)
{
	facts_set_cname(&f->policy_host.a, "example-test.provider.test");
	facts_set_cname(&f->policy_host.aaaa, "example-test.provider.test");
}

static void both_out(struct sts_facts *f)
{
	alias_out(f);
	facts_set_cname(&f->record, "example-test._mta-sts.provider.test");
}

static void bogus(struct sts_facts *f)
{
	facts_set_state(&f->policy_host.a, STS_DNS_BOGUS);
	facts_set_state(&f->policy_host.aaaa, STS_DNS_BOGUS);
	without_addresses(f);
}

static void servfail(struct sts_facts *f)
{
	facts_set_state(&f->policy_host.a, STS_DNS_SERVFAIL);
	facts_set_state(&f->policy_host.aaaa, STS_DNS_SERVFAIL);
	without_addresses(f);
}

/* Only IPv4; the AAAA look-up fails. */
static void aaaa_fails(struct sts_facts *f)
{
	facts_set_state(&f->policy_host.aaaa, STS_DNS_SERVFAIL);
	f->policy_host.address_count = f->fetch_count = 1;
}

static void only_ipv4(struct sts_facts *f)
{
	facts_set_state(&f->policy_host.aaaa, STS_DNS_NODATA);
	f->policy_host.address_count = f->fetch_count = 1;
}

static void private_denied(struct sts_facts *f)
{
	f->deny_private = true;
	f->policy_host.addresses[0].special = f->fetches[0].address.special = "private-use";
	f->policy_host.addresses[1].special = f->fetches[1].address.special = "unique-local";
	end_all(f, STS_FETCH_PRIVATE, STS_AT_DNS);
}

static void private_allowed(struct sts_facts *f)
{
	f->fetches[0].address.special = "private-use";
}

/* ---- TCP, TLS ---- */

static void refused(struct sts_facts *f)
{
	end_all(f, STS_FETCH_TCP_REFUSED, STS_AT_DNS);
}

static void silent(struct sts_facts *f)
{
	end_all(f, STS_FETCH_TCP_TIMEOUT, STS_AT_DNS);
}

static void unreachable(struct sts_facts *f)
{
	end_all(f, STS_FETCH_TCP_UNREACHABLE, STS_AT_DNS);
}

static void not_tls(struct sts_facts *f)
{
	tls_all(f, STS_TLS_NOT_TLS);
}

static void alert(struct sts_facts *f)
{
	tls_all(f, STS_TLS_ALERT);
	f->fetches[0].tls.alert = f->fetches[1].tls.alert = "unrecognized_name";
}

static void closed(struct sts_facts *f)
{
	tls_all(f, STS_TLS_CLOSED);
}

static void old_protocol(struct sts_facts *f)
{
	tls_all(f, STS_TLS_PROTOCOL_OLD);
}

static void stalled(struct sts_facts *f)
{
	tls_all(f, STS_TLS_TIMEOUT);
}

static void orphan_alert(struct sts_facts *f)
{
	alias_out(f);
	alert(f);
}

/* ---- certificates ---- */

static void expired(struct sts_facts *f)
{
	cert_all(f, STS_CERT_EXPIRED);
}

static void many_problems(struct sts_facts *f)
{
	cert_all(f, STS_CERT_NOT_YET_VALID | STS_CERT_UNTRUSTED | STS_CERT_CHAIN_INCOMPLETE | STS_CERT_WEAK);
}

static void self_signed(struct sts_facts *f)
{
	cert_all(f, STS_CERT_SELF_SIGNED);
}

static void mismatch(struct sts_facts *f)
{
	cert_all(f, STS_CERT_NAME_MISMATCH);
}

static void mismatch_of_other_site(struct sts_facts *f)
{
	status_all(f, 404);
	cert_all(f, STS_CERT_NAME_MISMATCH);
}

static void mismatch_of_other_page(struct sts_facts *f)
{
	status_all(f, 200);
	f->fetches[0].http.media_type = f->fetches[1].http.media_type = "text/html";
	cert_all(f, STS_CERT_NAME_MISMATCH);
}

static void orphan_mismatch(struct sts_facts *f)
{
	alias_out(f);
	mismatch(f);
}

static void expires_in(struct sts_facts *f, int64_t days)
{
	for (size_t i = 0; i < f->fetch_count; i++)
		f->fetches[i].tls.chain[0].not_after = FACTS_NOW + days * FACTS_DAY + 60;
}

static void in_15_days(struct sts_facts *f)
{
	expires_in(f, 15);
}

static void in_14_days(struct sts_facts *f)
{
	expires_in(f, 14);
}

static void in_7_days(struct sts_facts *f)
{
	expires_in(f, 7);
}

/* ---- HTTP ---- */

static void not_found(struct sts_facts *f)
{
	status_all(f, 404);
}

static void no_content(struct sts_facts *f)
{
	status_all(f, 204);
}

static void redirect(struct sts_facts *f)
{
	status_all(f, 301);
	f->fetches[0].http.location = f->fetches[1].http.location = "https://www.example.test/\x1b[31m";
}

static void html_type(struct sts_facts *f)
{
	for (size_t i = 0; i < f->fetch_count; i++)
		f->fetches[i].http.content_type = f->fetches[i].http.media_type = "text/html";
	facts_choose_policy(f);
}

static void no_type(struct sts_facts *f)
{
	for (size_t i = 0; i < f->fetch_count; i++)
		f->fetches[i].http.content_type = f->fetches[i].http.media_type = NULL;
	facts_choose_policy(f);
}

static void latin1(struct sts_facts *f)
{
	f->fetches[0].http.charset = f->fetches[1].http.charset = "iso-8859-1";
}

static void utf8(struct sts_facts *f)
{
	f->fetches[0].http.charset = "utf-8";
	f->fetches[1].http.charset = "us-ascii";
}

static void too_large(struct sts_facts *f)
{
	end_all(f, STS_FETCH_HTTP_TOO_LARGE, STS_AT_HTTP);
}

static void large(struct sts_facts *f)
{
	f->fetches[0].body_total = f->fetches[1].body_total = 4097;
}

static void timeout(struct sts_facts *f)
{
	end_all(f, STS_FETCH_HTTP_TIMEOUT, STS_AT_HTTP);
}

static void broken(struct sts_facts *f)
{
	end_all(f, STS_FETCH_HTTP_BROKEN, STS_AT_HTTP);
	f->fetches[0].error = f->fetches[1].error = "the connection closed early";
}

static void slow(struct sts_facts *f)
{
	f->fetches[1].duration_ms = 2001;
}

static void very_slow(struct sts_facts *f)
{
	f->fetches[0].duration_ms = 10001;
}

/* What was one among many of a scan: nobody knows whose the slowness is. */
static void slow_among_many(struct sts_facts *f)
{
	very_slow(f);
	f->among_many = true;
}

/* Not asked for, and yet a policy: some other encoding's name on plain text. */
static void encoded(struct sts_facts *f)
{
	f->fetches[0].http.content_encoding = f->fetches[1].http.content_encoding = "br";
}

static void gzip(struct sts_facts *f)
{
	facts_set_policy(f, "\x1f\x8b\x08 rubbish");
	encoded(f);
}

/* ---- several addresses ---- */

static void one_refused(struct sts_facts *f)
{
	end_at(&f->fetches[1], STS_FETCH_TCP_REFUSED, STS_AT_DNS);
	facts_choose_policy(f);
}

static void one_expired(struct sts_facts *f)
{
	facts_set_problem(&f->fetches[0], STS_CERT_EXPIRED | STS_CERT_UNTRUSTED);
	facts_choose_policy(f);
}

static void one_without_policy(struct sts_facts *f)
{
	facts_set_policy_at(f, 1, "mode: enforce\nmx: mx1.example.test\nmax_age: 86400\n");
}

static void policies_differ(struct sts_facts *f)
{
	facts_set_policy_at(
		f, 1, "version: STSv1\nmode: testing\nmx: mx1.example.test\nmx: mx2.backup.test\nmax_age: 1209600\n");
}

static void certificates_differ(struct sts_facts *f)
{
	f->fetches[1].tls.chain[0].sha256[0] = 'c';
}

static void both_fail_differently(struct sts_facts *f)
{
	end_at(&f->fetches[0], STS_FETCH_TCP_REFUSED, STS_AT_DNS);
	facts_set_problem(&f->fetches[1], STS_CERT_EXPIRED);
	facts_choose_policy(f);
}

static void no_ipv6_here(struct sts_facts *f)
{
	end_at(&f->fetches[1], STS_FETCH_NO_FAMILY, STS_AT_DNS);
	f->vantage.ipv6 = STS_NO;
}

static void only_ipv6_and_none_here(struct sts_facts *f)
{
	facts_set_state(&f->policy_host.a, STS_DNS_NODATA);
	f->policy_host.addresses[0] = f->policy_host.addresses[1];
	f->fetches[0] = f->fetches[1];
	f->policy_host.address_count = f->fetch_count = 1;
	end_all(f, STS_FETCH_NO_FAMILY, STS_AT_DNS);
}

/* IPv4 answers with a bad certificate; senders over IPv4 get no policy, whatever IPv6 would show. */
static void expired_and_no_ipv6_here(struct sts_facts *f)
{
	no_ipv6_here(f);
	facts_set_problem(&f->fetches[0], STS_CERT_EXPIRED);
	facts_choose_policy(f);
}

/* IPv4 does not answer, IPv6 could not be tried: no verdict. */
static void silent_and_no_ipv6_here(struct sts_facts *f)
{
	no_ipv6_here(f);
	end_at(&f->fetches[0], STS_FETCH_TCP_TIMEOUT, STS_AT_DNS);
	facts_choose_policy(f);
}

static void cancelled(struct sts_facts *f)
{
	end_all(f, STS_FETCH_CANCELLED, STS_AT_DNS);
}

#define BROKEN "broken", "WARNING", NULL
#define FINE "enforced", "SUCCESS", NULL
#define WARNED "enforced", "WARNING", NULL

static const struct facts_row rows[] = {
	{"no address", no_address, "host.dns.no-address:error record.without-policy=host.dns.no-address", BROKEN},
	{"no name", no_name, "host.dns.no-address record.without-policy", BROKEN},
	{"alias to nothing, within the domain", alias_within_to_nothing,
		"host.dns.cname-broken record.without-policy=host.dns.cname-broken", BROKEN},
	{"alias to a provider that has gone", orphan_gone,
		"host.dns.cname-broken deleg.orphan=host.dns.cname-broken record.without-policy", BROKEN},
	{"alias to a provider without certificate", orphan_alert,
		"host.tls.alert deleg.orphan=host.tls.alert record.without-policy", BROKEN},
	{"alias to a provider with its own certificate", orphan_mismatch,
		"host.cert.name-mismatch deleg.orphan=host.cert.name-mismatch record.without-policy", BROKEN},
	{"only the host is delegated", alias_out, "deleg.half:notice", FINE},
	{"both are delegated", both_out, "record.cname", FINE},
	{"bogus", bogus, "host.dns.dnssec-bogus:error record.without-policy", BROKEN},
	{"the look-ups fail", servfail, "", "unknown", "ERROR", "resolver-failed"},
	{"the AAAA look-up fails", aaaa_fails, "", "enforced", "SUCCESS", "resolver-failed"},
	{"IPv4 only", only_ipv4, "host.no-ipv6:info", FINE},
	{"special-purpose addresses, denied", private_denied,
		"host.dns.private-address:error record.without-policy=host.dns.private-address", "broken", "WARNING",
		"private-denied"},
	{"special-purpose address, allowed", private_allowed, "", FINE},
	{"refused", refused, "host.tcp.refused:error record.without-policy=host.tcp.refused", BROKEN},
	{"silent", silent, "host.tcp.timeout:error record.without-policy", BROKEN},
	{"unreachable", unreachable, "host.tcp.unreachable:error record.without-policy", BROKEN},
	{"not TLS", not_tls, "host.tls.not-tls:error record.without-policy", BROKEN},
	{"an alert", alert, "host.tls.alert:error record.without-policy", BROKEN},
	{"closed in the handshake", closed, "host.tls.alert:error record.without-policy", BROKEN},
	{"TLS 1.1", old_protocol, "host.tls.protocol-old:error record.without-policy", BROKEN},
	{"a handshake that stalls", stalled, "host.tls.timeout:error record.without-policy", BROKEN},
	{"expired", expired, "host.cert.expired:error record.without-policy=host.cert.expired", BROKEN},
	{"every fault of a chain", many_problems,
		"host.cert.not-yet-valid host.cert.untrusted host.cert.chain-incomplete host.cert.weak:error "
		"record.without-policy",
		BROKEN},
	{"self-signed", self_signed, "host.cert.self-signed record.without-policy", BROKEN},
	{"name mismatch, policy served", mismatch, "host.cert.name-mismatch record.without-policy", BROKEN},
	{"name mismatch, another site's 404", mismatch_of_other_site, "host.cert.name-mismatch record.without-policy",
		BROKEN},
	{"name mismatch, another site's page", mismatch_of_other_page, "host.cert.name-mismatch record.without-policy",
		BROKEN},
	{"15 days left", in_15_days, "", FINE},
	{"14 days left", in_14_days, "host.cert.expiring:notice", FINE},
	{"7 days left", in_7_days, "host.cert.expiring:warning", WARNED},
	{"404", not_found, "host.http.status:error record.without-policy=host.http.status", BROKEN},
	{"204", no_content, "host.http.status:error record.without-policy", BROKEN},
	{"301", redirect, "host.http.redirect:error record.without-policy", BROKEN},
	{"text/html", html_type, "host.http.media-type:error record.without-policy", BROKEN},
	{"no Content-Type", no_type, "host.http.media-type:error record.without-policy", BROKEN},
	{"an odd charset", latin1, "host.http.charset:notice", FINE},
	{"utf-8 and us-ascii", utf8, "", FINE},
	{"too large", too_large, "host.http.too-large:error record.without-policy", BROKEN},
	{"large", large, "host.http.large:notice", FINE},
	{"HTTP times out", timeout, "host.http.timeout:error record.without-policy", BROKEN},
	{"broken HTTP", broken, "host.http.broken:error record.without-policy", BROKEN},
	{"slow", slow, "host.http.slow:notice", FINE},
	{"very slow", very_slow, "host.http.slow:warning", WARNED},
	{"slow in a scan", slow_among_many, "", FINE},
	{"encoded, and yet readable", encoded, "host.http.encoding:warning", WARNED},
	{"packed", gzip, "host.http.encoding:error record.without-policy=host.http.encoding", BROKEN},
	{"one address refuses", one_refused, "host.address-failed=host.tcp.refused", WARNED},
	{"one address has a bad certificate", one_expired, "host.address-failed=host.cert.expired", WARNED},
	{"one address serves a broken policy", one_without_policy, "host.address-failed=policy.version-missing",
		WARNED},
	{"policies differ", policies_differ, "host.addresses-differ:warning", WARNED},
	{"certificates differ", certificates_differ, "host.addresses-differ:warning", WARNED},
	{"both fail, each in its way", both_fail_differently,
		"host.tcp.refused:error host.cert.expired:error record.without-policy=host.tcp.refused", BROKEN},
	{"no IPv6 here", no_ipv6_here, "", "enforced", "SUCCESS", "no-ipv6-here"},
	{"IPv6 only, and none here", only_ipv6_and_none_here, "", "unknown", "ERROR", "no-ipv6-here"},
	{"a bad certificate, and no IPv6 here", expired_and_no_ipv6_here,
		"host.cert.expired:error record.without-policy", "broken", "WARNING", "no-ipv6-here"},
	{"silent, and no IPv6 here", silent_and_no_ipv6_here, "host.address-failed=host.tcp.timeout", "unknown",
		"ERROR", "no-ipv6-here"},
	{"the check's time ran out", cancelled, "", "unknown", "ERROR", "timeout"},
};

/* The subject tells where: the host when all its addresses show it, else the address. */
static void subjects(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);
	const struct sts_report *r;

	CASE("subjects");
	both_fail_differently(f);
	r = sts_judge(f, arena);
	EXPECT(sts_report_has(r, STS_F_HOST_TCP_REFUSED, "mta-sts.example.test [9.9.9.10]"));
	EXPECT(sts_report_has(r, STS_F_HOST_CERT_EXPIRED, "mta-sts.example.test [2620:fe::10]"));
	sts_arena_free(arena);

	arena = sts_arena_new();
	f = facts_healthy(arena);
	expired(f);
	r = sts_judge(f, arena);
	EXPECT(sts_report_has(r, STS_F_HOST_CERT_EXPIRED, "mta-sts.example.test"));
	sts_arena_free(arena);

	arena = sts_arena_new();
	f = facts_healthy(arena);
	one_refused(f);
	r = sts_judge(f, arena);
	EXPECT(sts_report_has(r, STS_F_HOST_ADDRESS_FAILED, "2620:fe::10"));
	sts_arena_free(arena);
}

/* No control octet of a stranger reaches a sentence. */
static void escapes(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_facts *f = facts_healthy(arena);
	const struct sts_report *r;

	CASE("escapes");
	redirect(f);
	r = sts_judge(f, arena);
	for (size_t i = 0; i < r->finding_count; i++)
		EXPECT(strchr(r->findings[i].detail, '\x1b') == NULL);
	sts_arena_free(arena);
}

int main(void)
{
	facts_run(rows, COUNT_OF(rows));
	subjects();
	escapes();
	return test_done();
}
