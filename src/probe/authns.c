#include "probe/authns.h"

#include "net/address.h"
#include "probe/dnsask.h"
#include "proto/dnsmsg.h"

#include <stdlib.h>

/* NS of the name and each ancestor, at once -> addresses of the deepest zone's servers, at once -> TXT of each address, at once */

#define CUTS_MAX 10
#define SERVERS_MAX 13
#define ADDRESSES_MAX 4 /* of one server */
#define DNS_PORT 53

struct cut {
	struct sts_authns_op *op;
	const char *name;
	struct sts_query *query;
	struct sts_answer ns;
};

struct server {
	struct sts_authns_op *op;
	const char *name;
	struct sts_query *queries[2];
	struct sts_answer answers[2]; /* A, AAAA */
};

struct target {
	struct sts_authns_op *op;
	struct sts_dnsask *ask;
	struct sts_address address;
	const struct target *same_as; /* another server's address asked already */
	struct sts_nameserver result;
};

struct sts_authns_op {
	struct sts_loop *loop;
	struct sts_resolver *resolver;
	struct sts_arena *arena;
	const char *name;
	bool deny_private;
	int64_t deadline_ms;
	sts_authns_fn *done;
	void *arg;
	struct sts_timer timer;
	struct cut cuts[CUTS_MAX]; /* the name first */
	size_t cut_count;
	struct server servers[SERVERS_MAX];
	size_t server_count;
	struct target targets[SERVERS_MAX * ADDRESSES_MAX];
	size_t target_count;
	size_t waiting;
	struct sts_authns result;
};

static void ns_answered(const struct sts_answer *answer, void *arg);
static void find_addresses(struct sts_authns_op *op);
static void ask_servers(struct sts_authns_op *op);
static void finish(struct sts_authns_op *op);

static void finish_later(void *arg)
{
	finish(arg);
}

static void finish(struct sts_authns_op *op)
{
	struct sts_nameserver *list = sts_alloc_array(op->arena, op->target_count + 1, sizeof *list);

	sts_timer_clear(&op->timer);
	for (size_t i = 0; i < op->target_count; i++) {
		struct target *t = &op->targets[i];
		struct sts_nameserver own = t->result;

		list[i] = t->same_as != NULL ? t->same_as->result : own;
		list[i].name = own.name;
	}
	op->result.nameservers = list;
	op->result.nameserver_count = op->target_count;
	op->done(&op->result, op->arg);
}

/* ---- the zone ---- */

/*
 * The names that may be the apex, nearest first. Not the top-level domains and not the root: no policy record is theirs, and a
 * domain that does not exist is no reason to bother their servers.
 */
static void list_cuts(struct sts_authns_op *op)
{
	for (const char *at = op->name; op->cut_count < CUTS_MAX; at++) {
		const char *dot = strchr(at, '.');

		if (dot == NULL || dot[1] == '\0')
			return;
		op->cuts[op->cut_count++] = (struct cut){.op = op, .name = at};
		at = dot;
	}
}

struct sts_authns_op *sts_authns_start(struct sts_loop *loop, struct sts_resolver *resolver, struct sts_arena *arena,
	const char *name, bool deny_private, int64_t deadline_ms, sts_authns_fn *done, void *arg)
{
	struct sts_authns_op *op = STS_NEW(arena, struct sts_authns_op);
	char *copy = sts_strdup(arena, name);

	sts_lower_in_place(copy);
	op->loop = loop;
	op->resolver = resolver;
	op->arena = arena;
	op->name = copy;
	op->deny_private = deny_private;
	op->deadline_ms = deadline_ms;
	op->done = done;
	op->arg = arg;
	list_cuts(op);
	op->waiting = op->cut_count;
	if (op->cut_count == 0)
		sts_timer_set(loop, &op->timer, 0, finish_later, op);
	for (size_t i = 0; i < op->cut_count; i++) {
		struct cut *cut = &op->cuts[i];

		cut->query = sts_resolve(resolver, arena, cut->name, STS_T_NS, deadline_ms, ns_answered, cut);
	}
	return op;
}

void sts_authns_cancel(struct sts_authns_op *op)
{
	sts_timer_clear(&op->timer);
	for (size_t i = 0; i < op->cut_count; i++)
		if (op->cuts[i].query != NULL)
			sts_query_cancel(op->cuts[i].query);
	for (size_t i = 0; i < op->server_count; i++)
		for (size_t k = 0; k < 2; k++)
			if (op->servers[i].queries[k] != NULL)
				sts_query_cancel(op->servers[i].queries[k]);
	for (size_t i = 0; i < op->target_count; i++)
		if (op->targets[i].ask != NULL)
			sts_dnsask_cancel(op->targets[i].ask);
}

static void ns_answered(const struct sts_answer *answer, void *arg)
{
	struct cut *cut = arg;

	cut->query = NULL;
	cut->ns = *answer;
	if (--cut->op->waiting == 0)
		find_addresses(cut->op);
}

/* NS records behind an alias are the alias's target's. */
static const struct cut *apex(const struct sts_authns_op *op)
{
	for (size_t i = 0; i < op->cut_count; i++)
		if (op->cuts[i].ns.state == STS_DNS_OK && op->cuts[i].ns.cname_count == 0)
			return &op->cuts[i];
	return NULL;
}

/* ---- the addresses ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct server *)a)->name, ((const struct server *)b)->name);
}

static void list_servers(struct sts_authns_op *op, const struct sts_answer *ns)
{
	for (size_t i = 0; i < ns->rr_count && op->server_count < SERVERS_MAX; i++)
		op->servers[op->server_count++] = (struct server){.op = op, .name = ns->rrs[i].host};
	qsort(op->servers, op->server_count, sizeof *op->servers, by_name);
}

static void address_answered(struct server *s, size_t which, const struct sts_answer *answer)
{
	s->queries[which] = NULL;
	s->answers[which] = *answer;
	if (--s->op->waiting == 0)
		ask_servers(s->op);
}

static void a_answered(const struct sts_answer *answer, void *arg)
{
	address_answered(arg, 0, answer);
}

static void aaaa_answered(const struct sts_answer *answer, void *arg)
{
	address_answered(arg, 1, answer);
}

static void find_addresses(struct sts_authns_op *op)
{
	const struct cut *zone = apex(op);

	if (zone == NULL) {
		finish(op);
		return;
	}
	op->result.zone = zone->name;
	list_servers(op, &zone->ns);
	op->waiting = 2 * op->server_count;
	for (size_t i = 0; i < op->server_count; i++) {
		struct server *s = &op->servers[i];

		sts_resolver_prefetch(op->resolver, s->name);
		s->queries[0] = sts_resolve(op->resolver, op->arena, s->name, STS_T_A, op->deadline_ms, a_answered, s);
		s->queries[1] = sts_resolve(op->resolver, op->arena, s->name, STS_T_AAAA, op->deadline_ms, aaaa_answered, s);
	}
}

/* ---- the question itself ---- */

static struct target *add_target(struct sts_authns_op *op, const struct server *s)
{
	struct target *t = &op->targets[op->target_count++];

	t->op = op;
	t->result.name = s->name;
	t->result.address = "";
	return t;
}

static void not_tested(struct target *t, const char *error)
{
	t->result.not_tested = true;
	t->result.error = error;
}

static void add_nowhere(struct sts_authns_op *op, const struct server *s)
{
	struct target *t = add_target(op, s);

	if (sts_answer_absent(&s->answers[0]) && sts_answer_absent(&s->answers[1]))
		t->result.error = "has no address";
	else
		not_tested(t, "its addresses could not be found out");
}

static void add_address(struct sts_authns_op *op, const struct server *s, int family, const struct sts_rr *rr)
{
	struct target *t = add_target(op, s);

	sts_address_from_bytes(family, (const uint8_t *)rr->data.ptr, &t->address);
	t->result.address = t->address.text;
	for (const struct target *o = op->targets; o != t; o++)
		if (strcmp(o->result.address, t->result.address) == 0 && o->same_as == NULL) {
			t->same_as = o;
			return;
		}
	if (op->deny_private && t->address.special != NULL)
		not_tested(t, sts_sprintf(op->arena, "special-purpose address (%s), not asked", t->address.special));
}

static int by_address(const void *a, const void *b)
{
	const struct sts_rr *x = a, *y = b;

	return memcmp(x->data.ptr, y->data.ptr, x->data.len < y->data.len ? x->data.len : y->data.len);
}

/* Two of each family where there are more than fit; the same ones each time. */
static void add_addresses(struct sts_authns_op *op, const struct server *s)
{
	size_t counts[2], limits[2];

	for (size_t k = 0; k < 2; k++)
		counts[k] = s->answers[k].state == STS_DNS_OK ? s->answers[k].rr_count : 0;
	for (size_t k = 0; k < 2; k++)
		if (counts[k] != 0)
			qsort(s->answers[k].rrs, counts[k], sizeof *s->answers[k].rrs, by_address);
	for (size_t k = 0; k < 2; k++) {
		size_t others = counts[1 - k] < ADDRESSES_MAX / 2 ? counts[1 - k] : ADDRESSES_MAX / 2;

		limits[k] = counts[k] < ADDRESSES_MAX - others ? counts[k] : ADDRESSES_MAX - others;
		for (size_t i = 0; i < limits[k]; i++)
			if (s->answers[k].rrs[i].data.len == (k == 0 ? 4 : 16))
				add_address(op, s, k == 0 ? 4 : 6, &s->answers[k].rrs[i]);
	}
}

static int by_content(const void *a, const void *b)
{
	const struct sts_str *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int order = len == 0 ? 0 : memcmp(x->ptr, y->ptr, len);

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static void take_records(struct target *t, const struct sts_answer *a)
{
	t->result.records = sts_alloc_array(t->op->arena, a->rr_count + 1, sizeof *t->result.records);
	for (size_t i = 0; i < a->rr_count; i++)
		t->result.records[i] = a->rrs[i].data;
	t->result.record_count = a->rr_count;
	t->result.ttl_s = a->ttl_s;
	qsort(t->result.records, a->rr_count, sizeof *t->result.records, by_content);
}

/* Only the server's own zone counts: what it says about an alias's target is somebody else's. */
static void take_answer(struct target *t, const struct sts_dnsmsg *m)
{
	struct sts_answer a;
	const char *zone = sts_dnsmsg_referral(m);

	sts_dnsmsg_answer(m, t->op->name, STS_T_TXT, t->op->arena, &a);
	t->result.state = a.state;
	if (zone != NULL) {
		t->result.state = STS_DNS_NOT_ASKED;
		not_tested(t, sts_sprintf(t->op->arena, "refers to the servers of %s", zone));
	} else if (a.state == STS_DNS_SERVFAIL) {
		t->result.error = "SERVFAIL";
	} else if (a.state == STS_DNS_REFUSED) {
		t->result.error = m->rcode == STS_RCODE_REFUSED ? "REFUSED" : m->rcode == STS_RCODE_NOTAUTH ? "NOTAUTH" : "NOTIMP";
	} else if (a.state == STS_DNS_MALFORMED) {
		t->result.error = "makes no sense";
	} else if (!m->authoritative) {
		t->result.state = STS_DNS_REFUSED;
		t->result.error = "not authoritative for the zone";
	} else if (a.cname_count != 0) {
		t->result.state = STS_DNS_OK;
		t->result.cname = a.cname[0];
	} else if (a.state == STS_DNS_OK) {
		take_records(t, &a);
	}
}

static void replied(const struct sts_dnsask_reply *reply, void *arg)
{
	struct target *t = arg;

	t->ask = NULL;
	t->result.state = reply->state;
	t->result.error = reply->error;
	if (reply->state == STS_DNS_NOT_ASKED)
		not_tested(t, reply->error);
	else if (reply->state == STS_DNS_OK)
		take_answer(t, &reply->message);
	if (--t->op->waiting == 0)
		finish(t->op);
}

static void ask_servers(struct sts_authns_op *op)
{
	struct sts_dnsask_question q = {.port = DNS_PORT, .name = op->name, .type = STS_T_TXT};

	for (size_t i = 0; i < op->server_count; i++) {
		size_t before = op->target_count;

		add_addresses(op, &op->servers[i]);
		if (op->target_count == before)
			add_nowhere(op, &op->servers[i]);
	}
	for (size_t i = 0; i < op->target_count; i++) {
		struct target *t = &op->targets[i];

		if (*t->result.address == '\0' || t->same_as != NULL || t->result.not_tested)
			continue;
		q.server = t->address;
		op->waiting++;
		t->ask = sts_dnsask_start(op->loop, op->arena, &q, op->deadline_ms, replied, t);
	}
	if (op->waiting == 0)
		finish(op);
}
