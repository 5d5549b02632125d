#include "probe/sift.h"

#include "base/clock.h"
#include "probe/dnsask.h"

#define SIFT_MS 1500

struct one {
	struct sts_sift *sift;
	struct sts_dnsask *ask;
};

struct sts_sift {
	struct sts_arena *arena; /* holds this */
	struct one ones[STS_SERVERS_MAX];
	enum sts_sift_verdict verdicts[STS_SERVERS_MAX];
	size_t count;
	size_t waiting;
	sts_sift_fn *done;
	void *arg;
};

static enum sts_sift_verdict judge(const struct sts_dnsmsg *m)
{
	bool keys = false, signature = false;

	if (m->rcode != STS_RCODE_NOERROR && m->rcode != STS_RCODE_NXDOMAIN)
		return STS_SIFT_UNKNOWN;
	for (size_t i = 0; i < m->count; i++) {
		const struct sts_dns_record *r = &m->records[i];

		keys = keys || (r->section == STS_SECTION_ANSWER && r->type == STS_T_DNSKEY);
		signature = signature || (r->section == STS_SECTION_ANSWER && r->type == STS_T_RRSIG && r->covered == STS_T_DNSKEY);
	}
	return keys && signature ? STS_SIFT_PASSES : STS_SIFT_STRIPS;
}

static void answered(const struct sts_dnsask_reply *reply, void *arg)
{
	struct one *one = arg;
	struct sts_sift *s = one->sift;

	one->ask = NULL;
	if (reply->state == STS_DNS_OK)
		s->verdicts[one - s->ones] = judge(&reply->message);
	if (--s->waiting != 0)
		return;
	s->done(s->verdicts, s->arg);
	sts_arena_free(s->arena);
}

struct sts_sift *sts_sift_start(struct sts_loop *loop, const struct sts_servers *servers, const char *zone, sts_sift_fn *done, void *arg)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_sift *s = arena == NULL ? NULL : STS_NEW(arena, struct sts_sift);
	struct sts_dnsask_question q = {.name = zone, .type = STS_T_DNSKEY, .recurse = true, .dnssec = true};

	if (s == NULL)
		return NULL;
	s->arena = arena;
	s->done = done;
	s->arg = arg;
	s->count = s->waiting = servers->count;
	for (size_t i = 0; i < s->count; i++) {
		q.server = servers->list[i].address;
		q.port = servers->list[i].port;
		q.scope = servers->list[i].scope;
		s->ones[i].sift = s;
		s->ones[i].ask = sts_dnsask_start(loop, arena, &q, sts_now_ms() + SIFT_MS, answered, &s->ones[i]);
	}
	return s;
}

void sts_sift_cancel(struct sts_sift *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->ones[i].ask != NULL)
			sts_dnsask_cancel(s->ones[i].ask);
	sts_arena_free(s->arena);
}
