#include "net/address.h"
#include "test.h"

#include <netinet/in.h>

/* Text in, RFC 5952 text out, special-purpose block or NULL. */
static const struct {
	const char *text;
	const char *want;
	const char *special;
} rows[] = {
	/* ordinary IPv4, at the edges of what is not */
	{"1.0.0.0", "1.0.0.0", NULL},
	{"8.8.8.8", "8.8.8.8", NULL},
	{"9.255.255.255", "9.255.255.255", NULL},
	{"11.0.0.0", "11.0.0.0", NULL},
	{"100.63.255.255", "100.63.255.255", NULL},
	{"100.128.0.0", "100.128.0.0", NULL},
	{"126.255.255.255", "126.255.255.255", NULL},
	{"128.0.0.1", "128.0.0.1", NULL},
	{"169.253.255.255", "169.253.255.255", NULL},
	{"169.255.0.0", "169.255.0.0", NULL},
	{"172.15.255.255", "172.15.255.255", NULL},
	{"172.32.0.0", "172.32.0.0", NULL},
	{"191.255.255.255", "191.255.255.255", NULL},
	{"192.0.1.0", "192.0.1.0", NULL},
	{"192.0.3.0", "192.0.3.0", NULL},
	{"192.167.255.255", "192.167.255.255", NULL},
	{"192.169.0.0", "192.169.0.0", NULL},
	{"198.17.255.255", "198.17.255.255", NULL},
	{"198.20.0.0", "198.20.0.0", NULL},
	{"198.51.101.0", "198.51.101.0", NULL},
	{"203.0.112.255", "203.0.112.255", NULL},
	{"223.255.255.255", "223.255.255.255", NULL},
	/* special IPv4 */
	{"0.0.0.0", "0.0.0.0", "unspecified"},
	{"0.1.2.3", "0.1.2.3", "this-network"},
	{"10.0.0.0", "10.0.0.0", "private-use"},
	{"10.255.255.255", "10.255.255.255", "private-use"},
	{"100.64.0.0", "100.64.0.0", "shared-address-space"},
	{"100.127.255.255", "100.127.255.255", "shared-address-space"},
	{"127.0.0.1", "127.0.0.1", "loopback"},
	{"127.255.255.255", "127.255.255.255", "loopback"},
	{"169.254.169.254", "169.254.169.254", "link-local"},
	{"172.16.0.0", "172.16.0.0", "private-use"},
	{"172.31.255.255", "172.31.255.255", "private-use"},
	{"192.0.0.1", "192.0.0.1", "ipv4-service-continuity"},
	{"192.0.0.8", "192.0.0.8", "ipv4-dummy-address"},
	{"192.0.0.9", "192.0.0.9", "port-control-protocol-anycast"},
	{"192.0.0.10", "192.0.0.10", "turn-anycast"},
	{"192.0.0.170", "192.0.0.170", "nat64-dns64-discovery"},
	{"192.0.0.171", "192.0.0.171", "nat64-dns64-discovery"},
	{"192.0.0.255", "192.0.0.255", "ietf-protocol-assignments"},
	{"192.0.2.1", "192.0.2.1", "documentation"},
	{"192.31.196.7", "192.31.196.7", "as112"},
	{"192.52.193.7", "192.52.193.7", "amt"},
	{"192.88.99.1", "192.88.99.1", "6to4-relay-anycast"},
	{"192.168.0.1", "192.168.0.1", "private-use"},
	{"192.175.48.1", "192.175.48.1", "as112"},
	{"198.18.0.0", "198.18.0.0", "benchmarking"},
	{"198.19.255.255", "198.19.255.255", "benchmarking"},
	{"198.51.100.25", "198.51.100.25", "documentation"},
	{"203.0.113.25", "203.0.113.25", "documentation"},
	{"224.0.0.1", "224.0.0.1", "multicast"},
	{"239.255.255.255", "239.255.255.255", "multicast"},
	{"240.0.0.1", "240.0.0.1", "reserved"},
	{"255.255.255.254", "255.255.255.254", "reserved"},
	{"255.255.255.255", "255.255.255.255", "limited-broadcast"},
	/* ordinary IPv6, and its text.  [RFC 5952 section 4] */
	{"2a00:1450:4001:0810:0000:0000:0000:200E", "2a00:1450:4001:810::200e", NULL},
	{"2600:0:0:1:0:0:0:1", "2600:0:0:1::1", NULL},
	{"2600:0:0:1:1:0:0:1", "2600::1:1:0:0:1", NULL},
	{"2600:1:2:3:4:5:0:7", "2600:1:2:3:4:5:0:7", NULL},
	{"2000::", "2000::", NULL},
	{"2001:200::1", "2001:200::1", NULL},
	{"2001:db7:ffff::", "2001:db7:ffff::", NULL},
	{"2001:db9::", "2001:db9::", NULL},
	{"2003::1", "2003::1", NULL},
	{"2620:4f:8001::1", "2620:4f:8001::1", NULL},
	{"3ffe::1", "3ffe::1", NULL},
	{"3fff:1000::1", "3fff:1000::1", NULL},
	/* special IPv6 */
	{"::", "::", "unspecified"},
	{"::1", "::1", "loopback"},
	{"::2", "::2", "this-network"},
	{"100::1", "100::1", "discard-only"},
	{"100:0:0:1::1", "100:0:0:1::1", "dummy-prefix"},
	{"100:0:0:2::1", "100:0:0:2::1", "reserved"},
	{"2001:1::1", "2001:1::1", "port-control-protocol-anycast"},
	{"2001:1::2", "2001:1::2", "turn-anycast"},
	{"2001:1::3", "2001:1::3", "dns-sd-anycast"},
	{"2001:1::4", "2001:1::4", "ietf-protocol-assignments"},
	{"2001:2::1", "2001:2::1", "benchmarking"},
	{"2001:2:1::1", "2001:2:1::1", "ietf-protocol-assignments"},
	{"2001:3::1", "2001:3::1", "amt"},
	{"2001:4:112::1", "2001:4:112::1", "as112"},
	{"2001:10::1", "2001:10::1", "orchid"},
	{"2001:2f:ffff::1", "2001:2f:ffff::1", "orchid"},
	{"2001:30::1", "2001:30::1", "drone-remote-id"},
	{"2001:1ff:ffff::", "2001:1ff:ffff::", "ietf-protocol-assignments"},
	{"2001:DB8::25", "2001:db8::25", "documentation"},
	{"2620:4f:8000::1", "2620:4f:8000::1", "as112"},
	{"3fff:fff:ffff::1", "3fff:fff:ffff::1", "documentation"},
	{"5f00::1", "5f00::1", "segment-routing"},
	{"4000::1", "4000::1", "reserved"},
	{"fbff::1", "fbff::1", "reserved"},
	{"fc00::1", "fc00::1", "unique-local"},
	{"fdff:ffff::1", "fdff:ffff::1", "unique-local"},
	{"fe80::1", "fe80::1", "link-local"},
	{"febf::1", "febf::1", "link-local"},
	{"fec0::1", "fec0::1", "site-local"},
	{"ff02::1", "ff02::1", "multicast"},
	/* IPv4 inside IPv6 */
	{"::ffff:10.0.0.1", "::ffff:10.0.0.1", "private-use"},
	{"::ffff:127.0.0.1", "::ffff:127.0.0.1", "loopback"},
	{"::ffff:8.8.8.8", "::ffff:8.8.8.8", "ipv4-mapped"},
	{"::ffff:0:a9fe:a9fe", "::ffff:0:a9fe:a9fe", "link-local"},
	{"::ffff:0:808:808", "::ffff:0:808:808", "ipv4-translated"},
	{"::127.0.0.1", "::127.0.0.1", "loopback"},
	{"::8.8.8.8", "::8.8.8.8", "ipv4-compatible"},
	{"64:ff9b::7f00:1", "64:ff9b::7f00:1", "loopback"},
	{"64:ff9b::a00:1", "64:ff9b::a00:1", "private-use"},
	{"64:ff9b::808:808", "64:ff9b::808:808", NULL},
	{"64:ff9b:1::808:808", "64:ff9b:1::808:808", "local-use-translation"},
	{"64:ff9b:1::c0a8:1", "64:ff9b:1::c0a8:1", "private-use"},
	{"64:ff9b:2::1", "64:ff9b:2::1", "reserved"},
	{"2002:7f00:1::1", "2002:7f00:1::1", "loopback"},
	{"2002:a9fe:a9fe::", "2002:a9fe:a9fe::", "link-local"},
	{"2002:808:808::1", "2002:808:808::1", NULL},
	{"2001:0:a00:1::", "2001:0:a00:1::", "private-use"},
	{"2001:0:808:808:0:0:80ff:fffe", "2001:0:808:808::80ff:fffe", "loopback"}, /* client 127.0.0.1, bits flipped */
	{"2001:0:808:808:0:0:f7f7:f7f7", "2001:0:808:808::f7f7:f7f7", "teredo"},
};

static const char *const no_addresses[] = {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "0x7f.0.0.1", "2130706433", " 1.2.3.4",
	"1.2.3.4 ", "1.2.3.4:25", "[::1]", "::1%lo", ":::", "1::2::3", "12345::", "g::", "::1.2.3", "fe80::1%eth0", "example.com"};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sts_address a;

		CASE("address %s", rows[i].text);
		bool parsed = sts_address_parse(rows[i].text, &a);

		EXPECT(parsed);
		if (!parsed)
			continue;
		EXPECT_CSTR(a.text, rows[i].want);
		EXPECT_INT(a.family, strchr(rows[i].text, ':') == NULL ? 4 : 6);
		EXPECT_CSTR(a.special, rows[i].special);
	}
}

static void test_no_addresses(void)
{
	struct sts_address a;

	for (size_t i = 0; i < sizeof no_addresses / sizeof *no_addresses; i++) {
		CASE("no address: \"%s\"", no_addresses[i]);
		EXPECT(!sts_address_parse(no_addresses[i], &a));
	}
}

static void test_sockaddr(void)
{
	struct sockaddr_storage ss;
	struct sts_address a, back;
	uint16_t port = 0;

	CASE("socket address, IPv4");
	EXPECT(sts_address_parse("192.0.2.7", &a));
	EXPECT_INT(sts_address_sockaddr(&a, 25, &ss), sizeof(struct sockaddr_in));
	EXPECT_INT(ss.ss_family, AF_INET);
	EXPECT(sts_address_from_sockaddr(&ss, &back, &port));
	EXPECT_CSTR(back.text, "192.0.2.7");
	EXPECT_INT(port, 25);
	CASE("socket address, IPv6");
	EXPECT(sts_address_parse("2001:db8::7", &a));
	EXPECT_INT(sts_address_sockaddr(&a, 443, &ss), sizeof(struct sockaddr_in6));
	EXPECT_INT(ss.ss_family, AF_INET6);
	EXPECT(sts_address_from_sockaddr(&ss, &back, &port));
	EXPECT_CSTR(back.text, "2001:db8::7");
	EXPECT_INT(port, 443);
}

int main(void)
{
	test_rows();
	test_no_addresses();
	test_sockaddr();
	return test_done();
}
