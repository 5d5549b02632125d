/* The policy host's strand: its addresses, and one fetch of the policy at each of them.  [RFC 8461 section 3.3] */
#include "check/gather.h"
#include "check/unpack.h"
#include "check/view.h"

#include "proto/dnsmsg.h"

static const char *fetch_words(struct check *c, const struct sts_fetch *f)
{
	if (f->end != STS_FETCH_OK)
		return f->error != NULL ? f->error : "no policy";
	if (f->tls.problems != 0)
		return sts_sprintf(c->arena, "%s, certificate %s, HTTP %d", f->tls.version, sts_cert_problem_name(f->tls.problems),
			f->http.status);
	return sts_sprintf(c->arena, "%s, HTTP %d, %zu octets", f->tls.version, f->http.status, f->body_total);
}

/* A fetch that was made tells the others how it ended. */
static void tell_share(struct fetch_item *item, const struct sts_fetch *result)
{
	struct sts_share *share = item->op.check->engine->share;

	sts_timer_clear(&item->told);
	if (share != NULL && item->fetch != NULL)
		sts_share_fetch_done(share, &item->params, result);
	item->fetch = NULL;
}

static void fetched(struct sts_fetch *result, void *arg)
{
	struct fetch_item *item = arg;
	struct check *c = item->op.check;

	if (sts_fetch_waited(result) && check_held_up(c)) {
		result->end = STS_FETCH_CANCELLED;
		result->error = "its time ran out while this scan was too busy to look";
	}
	tell_share(item, result);
	if (result->end == STS_FETCH_CANCELLED || (result->end == STS_FETCH_HTTP_TIMEOUT && check_late(c)))
		c->facts->timed_out = true;
	item->running = false;
	check_step(c, "policy host: %s: %s", result->address.text, fetch_words(c, result));
	op_end(&item->op);
}

static void fetch_told(void *arg)
{
	struct fetch_item *item = arg;

	fetched(&item->out, item);
}

/* ---- waiting: in a line for each address, for what keeps one of it waiting keeps all ---- */

static bool same_address(const struct fetch_item *a, const struct fetch_item *b)
{
	return a->params.address.family == b->params.address.family &&
		memcmp(a->params.address.bytes, b->params.address.bytes, sizeof a->params.address.bytes) == 0;
}

static void queue(struct sts_engine *e, struct fetch_item *item)
{
	struct fetch_item **link = &e->fetch_queue;

	while (*link != NULL && !same_address(*link, item))
		link = &(*link)->queued;
	if (*link == NULL)
		*link = item;
	else
		(*link)->last->behind = item;
	(*link)->last = item;
	item->waiting = true;
}

/* The first of a line leaves it; *link is then the next of it, or of the queue. */
static void leave_line(struct fetch_item **link)
{
	struct fetch_item *first = *link, *second = first->behind;

	*link = second != NULL ? second : first->queued;
	if (second != NULL) {
		second->queued = first->queued;
		second->last = first->last;
	}
	first->queued = first->behind = NULL;
	first->waiting = false;
}

static void unqueue(struct sts_engine *e, struct fetch_item *item)
{
	struct fetch_item **link = &e->fetch_queue, *before;

	while (!same_address(*link, item))
		link = &(*link)->queued;
	if (*link == item) {
		leave_line(link);
		return;
	}
	for (before = *link; before->behind != item; before = before->behind)
		continue;
	before->behind = item->behind;
	if ((*link)->last == item)
		(*link)->last = before;
	item->behind = NULL;
	item->waiting = false;
}

static void fetch_cancel(void *handle)
{
	struct fetch_item *item = handle;

	if (item->waiting) {
		unqueue(item->op.check->engine, item);
		item->out.end = STS_FETCH_CANCELLED;
	}
	if (item->fetch != NULL)
		sts_fetch_cancel(item->fetch);
	tell_share(item, NULL);
	item->running = false;
}

/* @return false: it has to wait */
static bool fetch_try(struct fetch_item *item)
{
	struct check *c = item->op.check;
	struct sts_engine *e = c->engine;
	enum sts_claim claim = e->share == NULL ? STS_CLAIM_GO : sts_share_fetch(e->share, &item->params, c->arena, &item->out);

	if (claim == STS_CLAIM_WAIT)
		return false;
	if (claim == STS_CLAIM_HAVE)
		sts_timer_set(e->loop, &item->told, 0, fetch_told, item);
	else
		item->fetch = sts_fetch_start(e->loop, e->tls, c->arena, &item->params, &item->out, fetched, item);
	return true;
}

void fetch_queue_run(struct sts_engine *e)
{
	struct fetch_item **link = &e->fetch_queue;

	while (*link != NULL) {
		if (fetch_try(*link))
			leave_line(link);
		else
			link = &(*link)->queued;
	}
}

static struct fetch_item *fetch_start(struct check *c, const struct sts_address *address)
{
	struct fetch_item *item = STS_NEW(c->arena, struct fetch_item);

	item->params = fetch_params(c, c->facts->policy_host.name, address);
	item->out.address = *address;
	item->running = true;
	op_begin(&item->op, c, item, fetch_cancel);
	if (fetch_try(item))
		return item;
	queue(c->engine, item);
	item->params.had_to_wait = true;
	engine_look_again(c->engine);
	return item;
}

/* ---- early: on what the resolver says without proof ---- */

static void hint_cancel(void *handle)
{
	sts_hint_cancel(handle);
}

static void hinted(const struct sts_answer *answer, void *arg)
{
	struct early *early = arg;
	struct check *c = early->op.check;
	struct sts_host found = {0};

	if (answer != NULL && !early->over)
		host_add(c->arena, &found, answer);
	for (size_t i = 0; i < found.address_count; i++) {
		struct fetch_item *item = fetch_start(c, &found.addresses[i]);

		item->next = early->fetches;
		early->fetches = item;
	}
	early->asking = false;
	op_end(&early->op);
}

static void hint(struct check *c, struct early *early, uint16_t type)
{
	struct sts_hint *h = sts_hint_start(c->engine->loop, c->engine->resolver, c->arena, c->facts->policy_host.name, type,
		c->deadline_ms, hinted, early);

	early->over = h == NULL;
	early->asking = h != NULL;
	if (h != NULL)
		op_begin(&early->op, c, h, hint_cancel);
}

/* The fetch that a hint began at this address, taken out of the list; or a new one. */
static struct fetch_item *adopt(struct check *c, struct early *early, const struct sts_address *address)
{
	for (struct fetch_item **link = &early->fetches; *link != NULL; link = &(*link)->next) {
		struct fetch_item *item = *link;

		if (memcmp(item->out.address.bytes, address->bytes, sizeof address->bytes) != 0)
			continue;
		*link = item->next;
		item->next = NULL;
		return item;
	}
	return fetch_start(c, address);
}

/* What the proven answer did not name is forgotten. */
static void drop_early(struct early *early)
{
	early->over = true;
	if (early->asking) {
		early->asking = false;
		sts_hint_cancel(early->op.handle);
		op_end(&early->op);
	}
	for (struct fetch_item *item = early->fetches; item != NULL; item = item->next) {
		if (!item->running)
			continue;
		fetch_cancel(item);
		op_end(&item->op);
	}
	early->fetches = NULL;
}

/* Fetches begin as addresses arrive, IPv4 and IPv6 apart, so that a slow answer for one holds up nobody. */
static struct fetch_item *fetch_family(struct check *c, const struct sts_answer *answer, struct early *early)
{
	struct sts_host found = {0};
	struct fetch_item *first = NULL;
	struct fetch_item **link = &first;

	host_add(c->arena, &found, answer);
	for (size_t i = 0; i < found.address_count; i++) {
		*link = adopt(c, early, &found.addresses[i]);
		link = &(*link)->next;
	}
	drop_early(early);
	return first;
}

static void a_known(struct check *c, void *ctx)
{
	(void)ctx;
	check_step(c, "policy host: A %s: %s", c->facts->policy_host.name, answer_words(c, &c->facts->policy_host.a));
	c->fetches4 = fetch_family(c, &c->facts->policy_host.a, &c->early4);
}

static void aaaa_known(struct check *c, void *ctx)
{
	(void)ctx;
	c->fetches6 = fetch_family(c, &c->facts->policy_host.aaaa, &c->early6);
}

void gather_host_start(struct check *c)
{
	struct sts_host *h = &c->facts->policy_host;

	hint(c, &c->early4, STS_T_A);
	hint(c, &c->early6, STS_T_AAAA);
	check_ask(c, h->name, STS_T_A, &h->a, a_known, NULL);
	check_ask(c, h->name, STS_T_AAAA, &h->aaaa, aaaa_known, NULL);
}

/* Transport and media type as senders want them.  [RFC 8461 section 3.3] */
static bool served(const struct sts_fetch *f)
{
	return f->end == STS_FETCH_OK && f->tls.problems == 0 && f->http.status == 200 && f->http.media_type != NULL &&
		strcmp(f->http.media_type, "text/plain") == 0;
}

/* How near a fetch came to a policy that a sender takes. */
static int quality(const struct sts_fetch *f)
{
	int q = (int)f->reached;

	if (f->end == STS_FETCH_OK && f->http.status == 200)
		q += 10;
	if (f->has_policy && f->policy.mode != STS_MODE_UNKNOWN)
		q += 5;
	if (f->has_policy && f->policy.usable)
		q += 20;
	if (served(f))
		q += 40;
	return q;
}

static void collect_family(struct check *c, struct fetch_item *items)
{
	struct sts_facts *f = c->facts;

	for (struct fetch_item *i = items; i != NULL; i = i->next) {
		sts_fetch_unpack(&i->out, c->arena);
		*STS_PUSH(c->arena, f->fetches, f->fetch_count) = i->out;
	}
}

void gather_host_collect(struct check *c)
{
	struct sts_facts *f = c->facts;
	int best = -1;

	host_add(c->arena, &f->policy_host, &f->policy_host.a);
	host_add(c->arena, &f->policy_host, &f->policy_host.aaaa);
	collect_family(c, c->fetches4);
	collect_family(c, c->fetches6);
	for (size_t i = 0; i < f->fetch_count; i++) {
		if (quality(&f->fetches[i]) > best) {
			best = quality(&f->fetches[i]);
			f->policy_fetch = &f->fetches[i];
		}
	}
	if (f->policy_fetch == NULL || !f->policy_fetch->has_policy || f->policy_fetch->http.status != 200)
		return;
	f->policy = &f->policy_fetch->policy;
	f->policy_served = served(f->policy_fetch);
}
