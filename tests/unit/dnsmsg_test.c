#include "test.h"

#include "proto/dnsmsg.h"
#include "proto/dnsname.h"

/* ---- a small writer of messages ---- */

struct packet {
	uint8_t data[65536];
	size_t len;
};

static void put(struct packet *p, const void *data, size_t len)
{
	memcpy(p->data + p->len, data, len);
	p->len += len;
}

static void put8(struct packet *p, unsigned v)
{
	p->data[p->len++] = (uint8_t)v;
}

static void put16(struct packet *p, unsigned v)
{
	put8(p, v >> 8);
	put8(p, v & 0xFF);
}

static void put32(struct packet *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p, v & 0xFFFF);
}

static void put_name(struct packet *p, const char *name)
{
	p->len += sts_dns_name_wire(name, p->data + p->len);
}

static void begin(struct packet *p, unsigned flags, unsigned answers, unsigned authority, unsigned additional,
	const char *name, unsigned type)
{
	p->len = 0;
	put16(p, 0x1234);
	put16(p, flags);
	put16(p, 1);
	put16(p, answers);
	put16(p, authority);
	put16(p, additional);
	put_name(p, name);
	put16(p, type);
	put16(p, STS_C_IN);
}

static void put_head(struct packet *p, const char *owner, unsigned type, uint32_t ttl, size_t len)
{
	put_name(p, owner);
	put16(p, type);
	put16(p, STS_C_IN);
	put32(p, ttl);
	put16(p, (unsigned)len);
}

static void put_rr(struct packet *p, const char *owner, unsigned type, uint32_t ttl, const void *rdata, size_t len)
{
	put_head(p, owner, type, ttl, len);
	put(p, rdata, len);
}

static void put_host_rr(struct packet *p, const char *owner, unsigned type, uint32_t ttl, const char *host)
{
	uint8_t wire[255];

	put_rr(p, owner, type, ttl, wire, sts_dns_name_wire(host, wire));
}

static void put_mx(struct packet *p, const char *owner, unsigned preference, const char *host)
{
	uint8_t rdata[257] = {(uint8_t)(preference >> 8), (uint8_t)preference};

	put_rr(p, owner, STS_T_MX, 300, rdata, 2 + sts_dns_name_wire(host, rdata + 2));
}

static void put_soa(struct packet *p, const char *zone, uint32_t ttl, uint32_t minimum)
{
	put_head(p, zone, STS_T_SOA, ttl, 2 + 20);
	put8(p, 0);
	put8(p, 0);
	put32(p, 1);
	put32(p, 2);
	put32(p, 3);
	put32(p, 4);
	put32(p, minimum);
}

static void put_rrsig(struct packet *p, const char *owner, unsigned covered, unsigned labels, const char *signer)
{
	uint8_t wire[255];
	size_t n = sts_dns_name_wire(signer, wire);

	put_head(p, owner, STS_T_RRSIG, 300, 18 + n + 4);
	put16(p, covered);
	put8(p, 13);
	put8(p, labels);
	put32(p, 300);
	put32(p, 0);
	put32(p, 0);
	put16(p, 1);
	put(p, wire, n);
	put(p, "sign", 4);
}

/* ---- names ---- */

static const struct {
	const char *text;
	const char *wire;
	size_t len;
} names[] = {
	{".", "\0", 1}, {"example.com", "\7example\3com\0", 13}, {"example.com.", "\7example\3com\0", 13},
	{"a\\.b.c", "\3a.b\1c\0", 7}, {"a\\\\b", "\3a\\b\0", 5}, {"a\\000b", "\3a\0b\0", 5}, {"\\255", "\1\377\0", 3},
	{"*.example", "\1*\7example\0", 11}, {"", NULL, 0}, {"..", NULL, 0}, {"a..b", NULL, 0}, {".a", NULL, 0},
	{"a\\", NULL, 0}, {"a\\25", NULL, 0}, {"a\\256", NULL, 0},
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 63 */
		"\77"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0",
		65},
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL, 0}, /* 64 */
};

static void test_names(void)
{
	uint8_t wire[255];
	char longest[600];

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		CASE("wire of \"%s\"", names[i].text);
		EXPECT_INT(sts_dns_name_wire(names[i].text, wire), names[i].len);
		EXPECT(names[i].len == 0 || memcmp(wire, names[i].wire, names[i].len) == 0);
	}
	CASE("a name of 255 octets, and one of 257");
	memset(longest, 0, sizeof longest);
	for (size_t i = 0; i < 127; i++)
		memcpy(longest + 2 * i, "a.", 2);
	EXPECT_INT(sts_dns_name_wire(longest, wire), 255);
	memcpy(longest + 254, "a.", 2);
	EXPECT_INT(sts_dns_name_wire(longest, wire), 0);
	CASE("labels");
	EXPECT_INT(sts_dns_name_labels("."), 0);
	EXPECT_INT(sts_dns_name_labels("com"), 1);
	EXPECT_INT(sts_dns_name_labels("a.b.c."), 3);
	EXPECT_INT(sts_dns_name_labels("a\\.b.c"), 2);
	CASE("the same name");
	EXPECT(sts_dns_name_same("Example.COM.", "example.com"));
	EXPECT(!sts_dns_name_same("example.com", "xexample.com"));
	EXPECT(sts_dns_name_same(".", "."));
}

/* ---- messages ---- */

static struct packet packet;

static bool parse(struct sts_arena *arena, struct sts_dnsmsg *out)
{
	const char *why = NULL;
	uint8_t *copy = malloc(
		packet.len + (packet.len == 0)); /* exact size, so that a reader that goes past the end is caught */
	bool ok;

	if (copy == NULL)
		abort();
	memcpy(copy, packet.data, packet.len);
	ok = sts_dnsmsg_parse(copy, packet.len, arena, out, &why);
	free(copy);
	EXPECT(ok || why != NULL);
	return ok;
}

static void test_txt(struct sts_arena *arena)
{
	struct sts_dnsmsg m;
	struct sts_answer a;

	CASE("TXT: strings are joined");
	begin(&packet, 0x8180, 2, 0, 0, "_MTA-sts.Example.com", STS_T_TXT);
	put_rr(&packet, "_mta-STS.example.com", STS_T_TXT, 600, "\5v=STS\7v1; id=\0019", 16);
	put_rr(&packet, "_mta-sts.example.com", STS_T_TXT, 500, "\0", 1);
	EXPECT(parse(arena, &m));
	EXPECT(sts_dnsmsg_answers(&m, 0x1234, "_mta-sts.example.com.", STS_T_TXT));
	EXPECT(!sts_dnsmsg_answers(&m, 0x1235, "_mta-sts.example.com", STS_T_TXT));
	EXPECT(!sts_dnsmsg_answers(&m, 0x1234, "_mta-sts.example.com", STS_T_A));
	EXPECT(!sts_dnsmsg_answers(&m, 0x1234, "mta-sts.example.com", STS_T_TXT));
	sts_dnsmsg_answer(&m, "_mta-sts.example.com", STS_T_TXT, arena, &a);
	EXPECT_INT(a.state, STS_DNS_OK);
	EXPECT_INT(a.rr_count, 2);
	EXPECT_STR(a.rrs[0].data, "v=STSv1; id=9");
	EXPECT_INT(a.rrs[0].string_count, 3);
	EXPECT_INT(a.rrs[1].data.len, 0);
	EXPECT_INT(a.ttl_s, 500);
	EXPECT(!a.wildcard);
	EXPECT(m.recursion_available && !m.authoritative && !m.authentic);
}

static void test_mx(struct sts_arena *arena)
{
	struct sts_dnsmsg m;
	struct sts_answer a;

	CASE("MX: preference and host; null MX is \".\"");
	begin(&packet, 0x8180, 2, 0, 0, "example.com", STS_T_MX);
	put_mx(&packet, "example.com", 10, "MX1.Example.COM");
	put_mx(&packet, "example.com", 0, ".");
	EXPECT(parse(arena, &m));
	sts_dnsmsg_answer(&m, "example.com.", STS_T_MX, arena, &a);
	EXPECT_CSTR(a.name, "example.com");
	EXPECT_INT(a.rr_count, 2);
	EXPECT_CSTR(a.rrs[0].host, "mx1.example.com");
	EXPECT_INT(a.rrs[0].preference, 10);
	EXPECT_CSTR(a.rrs[1].host, ".");
}

static void test_repeated(struct sts_arena *arena)
{
	struct sts_dnsmsg m;
	struct sts_answer a;

	CASE("the same record again is no second record");
	begin(&packet, 0x8180, 4, 0, 0, "t.example", STS_T_TXT);
	put_rr(&packet, "t.example", STS_T_TXT, 60, "\2ab", 3);
	put_rr(&packet, "t.example", STS_T_TXT, 60, "\2ac", 3);
	put_rr(&packet, "T.example", STS_T_TXT, 60, "\2ab", 3);
	put_rr(&packet, "t.example", STS_T_TXT, 60, "\1a\1b", 4);
	EXPECT(parse(arena, &m));
	sts_dnsmsg_answer(&m, "t.example", STS_T_TXT, arena, &a);
	EXPECT_INT(a.rr_count, 3);

	CASE("the same MX again; another preference is another record");
	begin(&packet, 0x8180, 3, 0, 0, "t.example", STS_T_MX);
	put_mx(&packet, "t.example", 10, "mx.example");
	put_mx(&packet, "t.example", 10, "MX.example");
	put_mx(&packet, "t.example", 20, "mx.example");
	EXPECT(parse(arena, &m));
	sts_dnsmsg_answer(&m, "t.example", STS_T_MX, arena, &a);
	EXPECT_INT(a.rr_count, 2);
}

static void test_chain(struct sts_arena *arena)
{
	struct sts_dnsmsg m;
	struct sts_answer a;

	CASE("CNAME chain, whatever the order of records");
	begin(&packet, 0x8180, 3, 0, 0, "a.example", STS_T_A);
	put_rr(&packet, "c.example", STS_T_A, 60, "\300\0\2\1", 4);
	put_host_rr(&packet, "b.example", STS_T_CNAME, 30, "c.example");
	put_host_rr(&packet, "a.example", STS_T_CNAME, 900, "b.example");
	EXPECT(parse(arena, &m));
	sts_dnsmsg_answer(&m, "a.example", STS_T_A, arena, &a);
	EXPECT_INT(a.state, STS_DNS_OK);
	EXPECT_INT(a.cname_count, 2);
	EXPECT_CSTR(a.cname[0], "b.example");
	EXPECT_CSTR(a.cname[1], "c.example");
	EXPECT_INT(a.ttl_s, 30);
	EXPECT_INT(a.rrs[0].data.len, 4);

	CASE("CNAME loop");
	begin(&packet, 0x8180, 2, 0, 0, "a.example", STS_T_A);
	put_host_rr(&packet, "a.example", STS_T_CNAME, 30, "b.example");
	put_host_rr(&packet, "b.example", STS_T_CNAME, 30, "A.example");
	EXPECT(parse(arena, &m));
	sts_dnsmsg_answer(&m, "a.example", STS_T_A, arena, &a);
	EXPECT_INT(a.state, STS_DNS_CNAME_LOOP);

	CASE("CNAME to itself");
	begin(&packet, 0x8180, 1, 0, 0, "a.example", STS_T_A);
	put_host_rr(&packet, "a.example", STS_T_CNAME, 30, "a.example");
	EXPECT(parse(arena, &m));
	sts_dnsmsg_answer(&m, "a.example", STS_T_A, arena, &a);
	EXPECT_INT(a.state, STS_DNS_CNAME_LOOP);

	CASE("CNAME chain that is too long");
	begin(&packet, 0x8180, 30, 0, 0, "n0.example", STS_T_A);
	for (unsigned i = 0; i < 30; i++) {
		char from[32];
		char to[32];

		snprintf(from, sizeof from, "n%u.example", i);
		snprintf(to, sizeof to, "n%u.example", i + 1);
		put_host_rr(&packet, from, STS_T_CNAME, 30, to);
	}
	EXPECT(parse(arena, &m));
	sts_dnsmsg_answer(&m, "n0.example", STS_T_A, arena, &a);
	EXPECT_INT(a.state, STS_DNS_CNAME_LONG);
	EXPECT_INT(a.cname_count, STS_CNAME_MAX);

	CASE("CNAME that leads to nothing");
	begin(&packet, 0x8183, 1, 1, 0, "a.example", STS_T_A);
	put_host_rr(&packet, "a.example", STS_T_CNAME, 900, "gone.example");
	put_soa(&packet, "example", 3600, 60);
	EXPECT(parse(arena, &m));
	sts_dnsmsg_answer(&m, "a.example", STS_T_A, arena, &a);
	EXPECT_INT(a.state, STS_DNS_NXDOMAIN);
	EXPECT_INT(a.cname_count, 1);
	EXPECT_INT(a.ttl_s, 60);

	CASE("asked for the CNAME itself");
	sts_dnsmsg_answer(&m, "a.example", STS_T_CNAME, arena, &a);
	EXPECT_INT(a.cname_count, 0);
	EXPECT_INT(a.rr_count, 1);
	EXPECT_CSTR(a.rrs[0].host, "gone.example");
	EXPECT_INT(a.state, STS_DNS_MALFORMED); /* NXDOMAIN beside a record of the type asked for */
}

static void test_negative(struct sts_arena *arena)
{
	struct sts_dnsmsg m;
	struct sts_answer a;

	CASE("NODATA");
	begin(&packet, 0x8180, 0, 1, 0, "example.com", STS_T_AAAA);
	put_soa(&packet, "example.com", 300, 900);
	EXPECT(parse(arena, &m));
	sts_dnsmsg_answer(&m, "example.com", STS_T_AAAA, arena, &a);
	EXPECT_INT(a.state, STS_DNS_NODATA);
	EXPECT_INT(a.ttl_s, 300);
	EXPECT_CSTR(a.signer, "example.com");
	EXPECT_CSTR(sts_dnsmsg_referral(&m), NULL);

	CASE("a record of another name is no answer");
	begin(&packet, 0x8180, 1, 0, 0, "example.com", STS_T_A);
	put_rr(&packet, "evil.example", STS_T_A, 60, "\300\0\2\1", 4);
	EXPECT(parse(arena, &m));
	sts_dnsmsg_answer(&m, "example.com", STS_T_A, arena, &a);
	EXPECT_INT(a.state, STS_DNS_NODATA);

	CASE("referral");
	begin(&packet, 0x8000, 0, 1, 1, "example.com", STS_T_TXT);
	put_host_rr(&packet, "Example.com", STS_T_NS, 60, "ns.example.com");
	put_rr(&packet, "ns.example.com", STS_T_A, 60, "\300\0\2\1", 4);
	EXPECT(parse(arena, &m));
	EXPECT_CSTR(sts_dnsmsg_referral(&m), "example.com");
}

static const struct {
	unsigned flags;
	enum sts_dns_state want;
} rcodes[] = {
	{0x8181, STS_DNS_MALFORMED},
	{0x8182, STS_DNS_SERVFAIL},
	{0x8183, STS_DNS_NXDOMAIN},
	{0x8184, STS_DNS_REFUSED},
	{0x8185, STS_DNS_REFUSED},
	{0x8189, STS_DNS_REFUSED},
	{0x818A, STS_DNS_MALFORMED},
	{0x8380, STS_DNS_TRUNCATED},
	{0x8180, STS_DNS_NODATA},
};

static void test_rcodes(struct sts_arena *arena)
{
	struct sts_dnsmsg m;
	struct sts_answer a;

	for (size_t i = 0; i < COUNT_OF(rcodes); i++) {
		CASE("flags %04X", rcodes[i].flags);
		begin(&packet, rcodes[i].flags, 0, 0, 0, "example.com", STS_T_A);
		EXPECT(parse(arena, &m));
		sts_dnsmsg_answer(&m, "example.com", STS_T_A, arena, &a);
		EXPECT_INT(a.state, rcodes[i].want);
	}
	CASE("extended rcode (BADVERS)");
	begin(&packet, 0x8180, 0, 0, 1, "example.com", STS_T_A);
	put(&packet, "\0\0\51\4\320\1\0\0\0\0\0", 11);
	EXPECT(parse(arena, &m));
	EXPECT(m.edns);
	EXPECT_INT(m.rcode, 16);
	sts_dnsmsg_answer(&m, "example.com", STS_T_A, arena, &a);
	EXPECT_INT(a.state, STS_DNS_MALFORMED);
}

static void test_signatures(struct sts_arena *arena)
{
	struct sts_dnsmsg m;
	struct sts_answer a;

	CASE("signature of the name itself");
	begin(&packet, 0x81A0, 2, 0, 0, "_mta-sts.example.com", STS_T_TXT);
	put_rr(&packet, "_mta-sts.example.com", STS_T_TXT, 600, "\1a", 2);
	put_rrsig(&packet, "_mta-sts.example.com", STS_T_TXT, 3, "Example.com");
	EXPECT(parse(arena, &m));
	EXPECT(m.authentic);
	sts_dnsmsg_answer(&m, "_mta-sts.example.com", STS_T_TXT, arena, &a);
	EXPECT_CSTR(a.signer, "example.com");
	EXPECT(!a.wildcard);
	EXPECT_INT(a.dnssec, STS_DNSSEC_UNKNOWN);
	CASE("signature of a wildcard");
	begin(&packet, 0x81A0, 2, 0, 0, "_mta-sts.example.com", STS_T_TXT);
	put_rr(&packet, "_mta-sts.example.com", STS_T_TXT, 600, "\1a", 2);
	put_rrsig(&packet, "_mta-sts.example.com", STS_T_TXT, 2, "example.com");
	EXPECT(parse(arena, &m));
	sts_dnsmsg_answer(&m, "_mta-sts.example.com", STS_T_TXT, arena, &a);
	EXPECT(a.wildcard);
}

/* A message with one A record of this owner in raw wire form. */
static void raw_owner(const void *owner, size_t len)
{
	begin(&packet, 0x8180, 1, 0, 0, "example.com", STS_T_A);
	put(&packet, owner, len);
	put(&packet, "\0\1\0\1\0\0\0\74\0\4\300\0\2\1", 14);
}

static void test_compression(struct sts_arena *arena)
{
	struct sts_dnsmsg m;

	CASE("pointer to the question");
	raw_owner("\300\14", 2);
	EXPECT(parse(arena, &m));
	EXPECT_CSTR(m.records[0].owner, "example.com");
	CASE("label and pointer into the middle of a name");
	raw_owner("\3www\300\24", 6);
	EXPECT(parse(arena, &m));
	EXPECT_CSTR(m.records[0].owner, "www.com");
	CASE("pointer to itself");
	raw_owner("\300\35", 2);
	EXPECT(!parse(arena, &m));
	CASE("pointer forwards");
	raw_owner("\300\60", 2);
	EXPECT(!parse(arena, &m));
	CASE("label, then a pointer back to the label");
	raw_owner("\1a\300\35", 4);
	EXPECT(!parse(arena, &m));
	CASE("pointer into the header");
	raw_owner("\300\2", 2); /* the flags: a label length of 0x81 */
	EXPECT(!parse(arena, &m));
	CASE("label type 01");
	raw_owner("\101a\0", 3);
	EXPECT(!parse(arena, &m));
	CASE("odd octets are escaped");
	raw_owner("\5A.\\ \377\0", 7);
	EXPECT(parse(arena, &m));
	EXPECT_CSTR(m.records[0].owner, "a\\.\\\\\\032\\255");
}

static void test_broken(struct sts_arena *arena)
{
	struct sts_dnsmsg m;
	size_t full;

	CASE("every cut of a message is refused, none reads past the end");
	begin(&packet, 0x8180, 2, 0, 0, "example.com", STS_T_MX);
	put_mx(&packet, "example.com", 10, "mx1.example.com");
	put_rr(&packet, "example.com", STS_T_TXT, 1, "\3abc", 4);
	full = packet.len;
	for (packet.len = 0; packet.len < full; packet.len++)
		EXPECT(!parse(arena, &m));
	EXPECT(parse(arena, &m));
	CASE("octets behind the message do not matter");
	put(&packet, "junk", 4);
	EXPECT(parse(arena, &m));
	CASE("truncated message is read as far as it goes");
	begin(&packet, 0x8380, 2, 0, 0, "example.com", STS_T_A);
	put_rr(&packet, "example.com", STS_T_A, 60, "\300\0\2\1", 4);
	put(&packet, "\7exam", 5);
	EXPECT(parse(arena, &m));
	EXPECT_INT(m.count, 1);
	CASE("two questions");
	begin(&packet, 0x8180, 0, 0, 0, "example.com", STS_T_A);
	packet.data[5] = 2;
	EXPECT(!parse(arena, &m));
	CASE("more records than anyone sends");
	begin(&packet, 0x8180, 65535, 65535, 65535, "example.com", STS_T_A);
	EXPECT(!parse(arena, &m));
}

static const struct {
	const char *name;
	unsigned type;
	const char *rdata;
	size_t len;
} bad_rdata[] = {
	{"A of 3 octets", STS_T_A, "\1\2\3", 3},
	{"A of 5 octets", STS_T_A, "\1\2\3\4\5", 5},
	{"AAAA of 4 octets", STS_T_AAAA, "\1\2\3\4", 4},
	{"TXT without a string", STS_T_TXT, "", 0},
	{"TXT string past the end", STS_T_TXT, "\5abc", 4},
	{"MX without a host", STS_T_MX, "\0\12", 2},
	{"MX host past the end", STS_T_MX, "\0\12\3mx", 5},
	{"octets behind an MX host", STS_T_MX, "\0\12\0x", 4},
	{"CNAME empty", STS_T_CNAME, "", 0},
	{"SOA short", STS_T_SOA, "\0\0\0\0\0\1", 6},
	{"RRSIG short", STS_T_RRSIG, "\0\1\15\2\0\0\0\0\0", 9},
};

static void test_bad_rdata(struct sts_arena *arena)
{
	struct sts_dnsmsg m;

	for (size_t i = 0; i < COUNT_OF(bad_rdata); i++) {
		CASE("%s", bad_rdata[i].name);
		begin(&packet, 0x8180, 1, 0, 0, "example.com", bad_rdata[i].type);
		put_rr(&packet, "example.com", bad_rdata[i].type, 1, bad_rdata[i].rdata, bad_rdata[i].len);
		EXPECT(!parse(arena, &m));
	}
	CASE("a TTL over 2^31-1 counts as 0");
	begin(&packet, 0x8180, 1, 0, 0, "example.com", STS_T_A);
	put_rr(&packet, "example.com", STS_T_A, 0x80000000u, "\300\0\2\1", 4);
	EXPECT(parse(arena, &m));
	EXPECT_INT(m.records[0].ttl_s, 0);
	CASE("a TLSA record is kept raw");
	begin(&packet, 0x8180, 1, 0, 0, "_25._tcp.mx.example", STS_T_TLSA);
	put_rr(&packet, "_25._tcp.mx.example", STS_T_TLSA, 1, "\3\1\1abc", 6);
	EXPECT(parse(arena, &m));
	EXPECT_INT(m.records[0].rdata.len, 6);
}

static void test_queries(struct sts_arena *arena)
{
	uint8_t out[STS_DNS_QUERY_MAX];
	struct sts_dns_query q = {.id = 0xABCD,
		.name = "_mta-sts.Example.com.",
		.type = STS_T_TXT,
		.recurse = true,
		.authentic = true,
		.dnssec = true,
		.udp_size = 1232};
	struct sts_dnsmsg m;
	size_t n = sts_dns_query_build(&q, out);

	CASE("a query reads back");
	EXPECT(n > 0 && sts_dnsmsg_parse(out, n, arena, &m, NULL));
	EXPECT_INT(m.id, 0xABCD);
	EXPECT(!m.response && m.authentic && m.edns);
	EXPECT_CSTR(m.question, "_mta-sts.example.com");
	EXPECT_INT(m.question_type, STS_T_TXT);
	EXPECT_INT(m.records[0].class_, 1232);
	EXPECT_INT(m.records[0].ttl_s, 0x8000);
	EXPECT_INT(out[2], 1);
	EXPECT_INT(out[3], 0x20);
	CASE("without EDNS");
	q.udp_size = 0;
	q.recurse = false;
	q.check_disabled = true;
	n = sts_dns_query_build(&q, out);
	EXPECT(n > 0 && sts_dnsmsg_parse(out, n, arena, &m, NULL));
	EXPECT(!m.edns);
	EXPECT_INT(m.count, 0);
	EXPECT_INT(out[2], 0);
	EXPECT_INT(out[3], 0x30);
	CASE("a name that DNS cannot carry");
	q.name = "a..b";
	EXPECT_INT(sts_dns_query_build(&q, out), 0);
}

int main(void)
{
	struct sts_arena *arena = sts_arena_new();

	test_names();
	test_txt(arena);
	test_mx(arena);
	test_repeated(arena);
	test_chain(arena);
	test_negative(arena);
	test_rcodes(arena);
	test_signatures(arena);
	test_compression(arena);
	test_broken(arena);
	test_bad_rdata(arena);
	test_queries(arena);
	sts_arena_free(arena);
	return test_done();
}
