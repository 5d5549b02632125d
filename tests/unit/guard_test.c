/* Who may ask, and about what: hosts, origins, clients behind proxies, names that are not checked. */
#include "test.h"

#include "serve/guard.h"

#include "net/address.h"

#include <unistd.h>

static const char *const hosts[] = {"check.example"};
static const char *const origins[] = {"https://app.example"};
static const char *const proxies[] = {"10.0.0.0/8", "2001:db8::1", "127.0.0.1"};

static struct sts_guard *make(const char *deny_file, bool special)
{
	struct sts_guard_options o = {hosts, 1, origins, 1, proxies, 3, deny_file, special};
	struct sts_guard *g = NULL;
	const char *why = NULL;

	EXPECT(sts_guard_new(&o, &g, &why) == STS_OK);
	return g;
}

static void read_request(struct sts_req_reader *r, const char *fields)
{
	char text[2000];
	size_t used;

	snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: check.example\r\n%s\r\n", fields);
	sts_req_init(r);
	EXPECT(sts_req_feed(r, text, strlen(text), &used) == STS_REQ_HEAD);
}

static void host_names(const struct sts_guard *g)
{
	static const char *const good[] = {"check.example", "CHECK.example:443", "localhost", "localhost:1",
		"127.0.0.1:8461", "192.0.2.7", "[::1]", "[::1]:8461"};
	static const char *const bad[] = {"evil.example", "check.example.evil", "", ":80", "localhost.evil",
		"127.0.0.1.evil", "check.example:x", "check.example:70000", "[::1", "[evil]:80", "[::1]x", "127.1",
		"2130706433"};

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		CASE("this server answers to %s", good[i]);
		EXPECT(sts_guard_host_ok(g, sts_str_of(good[i])));
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		CASE("it does not answer to '%s'", bad[i]);
		EXPECT(!sts_guard_host_ok(g, sts_str_of(bad[i])));
	}
}

static void web_origins(const struct sts_guard *g)
{
	static const struct {
		const char *fields;
		enum sts_origin want;
	} table[] = {
		{"", STS_ORIGIN_SAME},
		{"Origin: https://check.example\r\n", STS_ORIGIN_SAME},
		{"Origin: http://CHECK.example\r\n", STS_ORIGIN_SAME},
		{"Origin: https://app.example\r\n", STS_ORIGIN_ALLOWED},
		{"Origin: http://app.example\r\n", STS_ORIGIN_FOREIGN},
		{"Origin: https://app.example.evil\r\n", STS_ORIGIN_FOREIGN},
		{"Origin: https://check.example:8443\r\n", STS_ORIGIN_FOREIGN},
		{"Origin: https://evil.example\r\n", STS_ORIGIN_FOREIGN},
		{"Origin: null\r\n", STS_ORIGIN_FOREIGN},
		{"Origin: check.example\r\n", STS_ORIGIN_FOREIGN},
		{"Origin:\r\n", STS_ORIGIN_FOREIGN},
		{"Origin: https://check.example\r\nOrigin: https://evil.example\r\n", STS_ORIGIN_FOREIGN},
		{"Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n", STS_ORIGIN_FOREIGN},
		{"Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n", STS_ORIGIN_SAME},
		{"Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n", STS_ORIGIN_SAME},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct sts_req_reader r;

		CASE("origin %zu: %.60s", i, table[i].fields);
		read_request(&r, table[i].fields);
		EXPECT_INT(sts_guard_origin(g, &r.request), table[i].want);
		sts_req_clear(&r);
	}
}

static void clients(const struct sts_guard *g)
{
	static const struct {
		const char *peer, *fields, *want;
		bool local;
	} table[] = {
		{"192.0.2.1", "", "192.0.2.1", false},
		{"127.0.0.2", "", "127.0.0.2", true},
		{"::1", "", "::1", true},
		{"127.0.0.1", "", "127.0.0.1", false}, /* a trusted proxy */
		{"10.1.2.3", "", "10.1.2.3", false},
		{"192.0.2.1", "X-Forwarded-For: 198.51.100.1\r\n", "192.0.2.1", false},
		{"127.0.0.2", "X-Forwarded-For: 198.51.100.1\r\n", "127.0.0.2", false},
		{"127.0.0.2", "Forwarded: for=198.51.100.1\r\n", "127.0.0.2", false},
		{"10.1.2.3", "X-Forwarded-For: 198.51.100.1\r\n", "198.51.100.1", false},
		{"127.0.0.1", "X-Forwarded-For: 198.51.100.1\r\n", "198.51.100.1", false},
		{"10.1.2.3", "X-Forwarded-For: 127.0.0.1, 198.51.100.1 , 10.9.9.9\r\n", "198.51.100.1", false},
		{"10.1.2.3", "X-Forwarded-For: 2001:db8::77\r\n", "2001:db8::77", false},
		{"2001:db8::1", "X-Forwarded-For: 198.51.100.1\r\n", "198.51.100.1", false},
		{"2001:db8::2", "X-Forwarded-For: 198.51.100.1\r\n", "2001:db8::2", false},
		{"10.1.2.3", "X-Forwarded-For: nonsense\r\n", "10.1.2.3", false},
		{"10.1.2.3", "X-Forwarded-For: 198.51.100.1, nonsense\r\n", "10.1.2.3", false},
		{"10.1.2.3", "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 198.51.100.2\r\n", "10.1.2.3", false},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct sts_req_reader r;
		struct sts_address peer;
		struct sts_client c;

		CASE("client %zu: %s %.60s", i, table[i].peer, table[i].fields);
		EXPECT(sts_address_parse(table[i].peer, &peer));
		read_request(&r, table[i].fields);
		c = sts_guard_client(g, &r.request, &peer);
		EXPECT_CSTR(c.address.text, table[i].want);
		EXPECT(c.local == table[i].local);
		sts_req_clear(&r);
	}
}

static void names(void)
{
	static const char *const special[] = {"a.localhost", "a.b.local", "x.internal", "x.onion", "x.invalid",
		"x.test", "x.home.arpa", "1.0.0.127.in-addr.arpa", "x.example", "x.lan", "x.corp", "x.alt"};
	static const char *const fine[] = {"example.com", "localhost.com", "test.net", "xlocal.org", "home.arpa.de"};
	char path[] = "/tmp/mtasts-deny-XXXXXX";
	int fd = mkstemp(path);
	struct sts_guard *g;
	const char *why = NULL;
	FILE *f = fdopen(fd, "w");

	CASE("the file of names is read");
	EXPECT(f != NULL && fputs("# not these\n\nBank.COM\nm\xc3\xbcller.de\n", f) >= 0 && fflush(f) == 0);
	g = make(path, false);
	for (size_t i = 0; i < COUNT_OF(special); i++) {
		CASE("%s is for special use", special[i]);
		EXPECT_INT(sts_guard_domain(g, special[i]), STS_REFUSAL_SPECIAL);
	}
	for (size_t i = 0; i < COUNT_OF(fine); i++) {
		CASE("%s is checked", fine[i]);
		EXPECT_INT(sts_guard_domain(g, fine[i]), STS_REFUSAL_NONE);
	}
	CASE("listed names are refused with all below them");
	EXPECT_INT(sts_guard_domain(g, "bank.com"), STS_REFUSAL_LISTED);
	EXPECT_INT(sts_guard_domain(g, "mail.eu.bank.com"), STS_REFUSAL_LISTED);
	EXPECT_INT(sts_guard_domain(g, "xn--mller-kva.de"), STS_REFUSAL_LISTED);
	EXPECT_INT(sts_guard_domain(g, "savingsbank.com"), STS_REFUSAL_NONE);
	CASE("a list that is spoilt later leaves the one in force");
	EXPECT(f != NULL && fputs("192.0.2.1\n", f) >= 0 && fflush(f) == 0);
	EXPECT(sts_guard_reload(g, &why) == STS_EINVAL);
	EXPECT(strstr(why, "line 5") != NULL);
	EXPECT_INT(sts_guard_domain(g, "bank.com"), STS_REFUSAL_LISTED);
	sts_guard_free(g);
	CASE("labs check special names, too");
	g = make(NULL, true);
	EXPECT_INT(sts_guard_domain(g, "x.test"), STS_REFUSAL_NONE);
	sts_guard_free(g);
	if (f != NULL)
		fclose(f);
	unlink(path);
}

static void bad_options(void)
{
	static const char *const bad[] = {"10.0.0.0/33", "::/129", "proxy", "10.0.0.0/", "/8", ""};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct sts_guard_options o = {.proxies = &bad[i], .proxy_count = 1};
		struct sts_guard *g = NULL;
		const char *why = NULL;

		CASE("'%s' is no proxy", bad[i]);
		EXPECT(sts_guard_new(&o, &g, &why) == STS_EINVAL);
		EXPECT(why != NULL && g == NULL);
	}
}

int main(void)
{
	struct sts_guard *g;

	CASE("a guard is made");
	g = make(NULL, false);
	host_names(g);
	web_origins(g);
	clients(g);
	names();
	bad_options();
	sts_guard_free(g);
	return test_done();
}
