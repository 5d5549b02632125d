/* A question that failed: what the resolvers say themselves, and whether a chain of aliases is at fault. */
#include "base/clock.h"
#include "probe/resolve_inside.h"
#include "proto/dnsmsg.h"

#define DIAGNOSE_MS 4000

static void diagnosed(const struct sts_dnsask_reply *reply, void *arg);
static void chased(const struct sts_ask_result *result, void *arg);
static void ask_target(struct sts_query *q);
static void target_answered(const struct sts_ask_result *result, void *arg);

/* ---- after a failure: what does the resolver say itself? ---- */

void query_diagnose(struct sts_query *q)
{
	const struct sts_servers *servers = sts_path_servers(q->resolver->path);
	int64_t until_ms = sts_now_ms() + DIAGNOSE_MS;
	struct sts_dnsask_question question = {.name = q->name, .type = q->type, .recurse = true};

	if (servers->count == 0) {
		q->said = "no name server of the zone gave a usable answer";
		query_chase(q);
		return;
	}
	question.server = servers->list[q->server].address;
	question.port = servers->list[q->server].port;
	question.scope = servers->list[q->server].scope;
	q->server++;
	q->direct = sts_dnsask_start(q->resolver->loop, q->arena, &question, until_ms < q->deadline_ms ? until_ms : q->deadline_ms,
		diagnosed, q);
}

static const char *says(enum sts_dns_state state)
{
	switch (state) {
	case STS_DNS_SERVFAIL:
		return "answers SERVFAIL";
	case STS_DNS_REFUSED:
		return "refuses to answer";
	case STS_DNS_CNAME_LOOP:
		return "answers with aliases that go round in a circle";
	case STS_DNS_CNAME_LONG:
		return "answers with too long a chain of aliases";
	case STS_DNS_MALFORMED:
		return "gives an answer that makes no sense";
	default:
		return "fails on some questions and answers others";
	}
}

static void diagnosed(const struct sts_dnsask_reply *reply, void *arg)
{
	struct sts_query *q = arg;
	const struct sts_servers *servers = sts_path_servers(q->resolver->path);
	const char *server = servers->list[q->server - 1].address.text;
	struct sts_answer a;

	q->direct = NULL;
	if (reply->state != STS_DNS_OK && q->server < servers->count) {
		query_diagnose(q);
		return;
	}
	if (reply->state != STS_DNS_OK) {
		/* No way to the resolver is no answer from it. */
		query_finish_without(q, reply->state == STS_DNS_NOT_ASKED ? STS_DNS_TIMEOUT : reply->state,
			sts_sprintf(q->arena, "resolver %s: %s", server, reply->error));
		return;
	}
	sts_dnsmsg_answer(&reply->message, q->name, q->type, q->arena, &a);
	q->said = sts_sprintf(q->arena, "resolver %s %s", server, says(a.state));
	if (a.state == STS_DNS_REFUSED || a.state == STS_DNS_MALFORMED)
		query_finish_without(q, a.state, q->said);
	else if (sts_answer_certain(&a) && !q->repeated)
		query_confirm(q); /* nothing of this one was validated, but it shows that asking once more is worth while */
	else
		query_chase(q);
}

/* ---- the resolver fails: is it the chain of aliases? ---- */

static void give_up(struct sts_query *q)
{
	query_finish_without(q, STS_DNS_SERVFAIL, q->said);
}

void query_chase(struct sts_query *q)
{
	const char *name = q->chain_count == 0 ? q->name : q->chain[q->chain_count - 1];

	q->ask = sts_ask(sts_path_validator(q->resolver->path), name, STS_T_CNAME, chased, q);
	if (q->ask == NULL)
		give_up(q);
}

static bool seen_before(const struct sts_query *q, const char *name)
{
	bool seen = sts_cstr_eqi(q->name, name);

	for (size_t i = 0; i < q->chain_count && !seen; i++)
		seen = sts_cstr_eqi(q->chain[i], name);
	return seen;
}

static void chase_on(struct sts_query *q, const char *target)
{
	bool loop = seen_before(q, target);

	*STS_PUSH(q->arena, q->chain, q->chain_count) = target;
	if (loop)
		query_finish_without(q, STS_DNS_CNAME_LOOP, NULL);
	else if (q->chain_count > STS_CNAME_MAX)
		query_finish_without(q, STS_DNS_CNAME_LONG, NULL);
	else
		query_chase(q);
}

static void weaken(struct sts_query *q, enum sts_dnssec link)
{
	if (q->chain_count == 0 || link != STS_DNSSEC_SECURE)
		q->chain_dnssec = link;
}

static void finish_chased(struct sts_query *q, const struct sts_answer *last)
{
	q->answer = *last;
	q->answer.cname = q->chain;
	q->answer.cname_count = q->chain_count;
	q->answer.dnssec = q->chain_dnssec;
	query_finish(q);
}

static void chased(const struct sts_ask_result *result, void *arg)
{
	struct sts_query *q = arg;
	const char *name = q->chain_count == 0 ? q->name : q->chain[q->chain_count - 1];
	struct sts_answer a;

	q->ask = NULL;
	if (result->failed) {
		give_up(q);
		return;
	}
	query_read(q, result, name, STS_T_CNAME, &a);
	weaken(q, a.dnssec);
	if (a.state == STS_DNS_OK && a.rr_count != 0)
		chase_on(q, a.rrs[0].host);
	else if (a.state == STS_DNS_NXDOMAIN) /* so there are no records of any type */
		finish_chased(q, &a);
	else if (a.state == STS_DNS_NODATA && q->chain_count != 0)
		ask_target(q);
	else
		give_up(q);
}

/* A chain too long for the resolver, but not for the protocol. */
static void ask_target(struct sts_query *q)
{
	q->ask = sts_ask(sts_path_validator(q->resolver->path), q->chain[q->chain_count - 1], q->type, target_answered, q);
	if (q->ask == NULL)
		give_up(q);
}

static void target_answered(const struct sts_ask_result *result, void *arg)
{
	struct sts_query *q = arg;
	struct sts_answer a;

	q->ask = NULL;
	if (result->failed) {
		give_up(q);
		return;
	}
	query_read(q, result, q->chain[q->chain_count - 1], q->type, &a);
	weaken(q, a.dnssec);
	if (sts_answer_certain(&a))
		finish_chased(q, &a);
	else
		give_up(q);
}
