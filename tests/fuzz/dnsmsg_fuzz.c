/* DNS messages; every name that comes out goes back to the wire. */
#include "fuzz.h"

#include "proto/dnsmsg.h"
#include "proto/dnsname.h"
#include "proto/tlsa.h"

static void check_name(const char *name)
{
	uint8_t wire[255];
	size_t n = sts_dns_name_wire(name, wire);
	struct sts_arena *arena = sts_arena_new();
	struct sts_rd r = sts_rd(wire, n);

	must(n > 0 && strlen(name) < STS_DNS_NAME_MAX);
	must(strcmp(sts_rd_dns_name(&r, arena), name) == 0);
	must(sts_dns_name_same(name, name));
	sts_arena_free(arena);
}

static void check_answer(const struct sts_answer *a)
{
	must((a->state == STS_DNS_OK) == (a->rr_count > 0) || a->state == STS_DNS_MALFORMED);
	must(a->cname_count <= STS_CNAME_MAX);
}

static void ask(const struct sts_dnsmsg *m, const char *name, uint16_t type, struct sts_arena *arena)
{
	struct sts_answer answer;

	sts_dnsmsg_answer(m, name, type, arena, &answer);
	check_answer(&answer);
	(void)sts_dnsmsg_answers(m, m->id, name, type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = {STS_T_A, STS_T_AAAA, STS_T_TXT, STS_T_MX, STS_T_CNAME, STS_T_TLSA};
	struct sts_arena *arena = sts_arena_new();
	const char *why = NULL;
	struct sts_dnsmsg m;

	if (sts_dnsmsg_parse(data, size, arena, &m, &why)) {
		for (size_t i = 0; i < m.count; i++) {
			struct sts_tlsa tlsa;

			check_name(m.records[i].owner);
			if (m.records[i].host != NULL)
				check_name(m.records[i].host);
			sts_tlsa_parse(m.records[i].rdata, arena, &tlsa);
			must(tlsa.usable == (tlsa.why == NULL));
		}
		for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
			ask(&m, "example.com", types[i], arena);
			if (m.question != NULL)
				ask(&m, m.question, types[i], arena);
		}
		(void)sts_dnsmsg_referral(&m);
	} else {
		must(why != NULL);
	}
	sts_arena_free(arena);
	return 0;
}
