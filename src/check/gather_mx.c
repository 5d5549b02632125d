/* The mail hosts' strand: MX, addresses, TLSA, and one SMTP session with every address.  [RFC 5321 section 5, RFC 7672] */
#include "check/gather.h"

#include "base/clock.h"
#include "net/address.h"
#include "proto/dnsmsg.h"
#include "proto/tlsa.h"

#include <stdlib.h>

/* ---- the queue: one connection a host address at a time, a bounded number in all -------------------------------- */

static bool same_address(const struct sts_address *a, const struct sts_address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static bool address_busy(const struct sts_engine *e, const struct smtp_item *wanted)
{
	for (const struct smtp_item *i = e->queue; i != NULL; i = i->queued)
		if (i->state == SMTP_RUNNING && same_address(&i->out.address, &wanted->out.address))
			return true;
	return false;
}

static void unqueue(struct sts_engine *e, struct smtp_item *item)
{
	struct smtp_item **link = &e->queue;

	while (*link != NULL && *link != item)
		link = &(*link)->queued;
	if (*link == item)
		*link = item->queued;
	if (item->state == SMTP_RUNNING)
		e->smtp_running--;
	item->state = SMTP_ENDED;
}

static const char *smtp_words(struct check *c, const struct sts_smtp *s)
{
	if (s->end != STS_SMTP_OK)
		return s->error != NULL ? s->error : "no TLS";
	if (s->tls.problems != 0)
		return sts_sprintf(c->arena, "%s, certificate %s", s->tls.version, sts_cert_problem_name(s->tls.problems));
	return sts_sprintf(c->arena, "%s, certificate good", s->tls.version);
}

/* A session that was held tells the others how it ended. */
static void tell_share(struct smtp_item *item, const struct sts_smtp *result)
{
	struct sts_share *share = item->op.check->engine->share;

	sts_timer_clear(&item->told);
	if (share != NULL && item->session != NULL)
		sts_share_smtp_done(share, &item->params, result);
	item->session = NULL;
}

static void session_ended(struct sts_smtp *result, void *arg)
{
	struct smtp_item *item = arg;
	struct check *c = item->op.check;

	if (result->waited && check_held_up(c)) {
		result->end = STS_SMTP_CANCELLED;
		if (result->tls.dane == STS_DANE_NO_TLS)
			result->tls.dane = STS_DANE_UNKNOWN;
		result->error = "its time ran out while this scan was too busy to look";
	}
	tell_share(item, result);
	unqueue(c->engine, item);
	if (result->end == STS_SMTP_CANCELLED)
		c->facts->timed_out = true;
	check_step(c, "mail host: %s %s: %s", item->mx->mx->name, result->address.text, smtp_words(c, result));
	op_end(&item->op);
	smtp_queue_run(c->engine);
}

/* The session is one of a check that goes away, running or not. */
static void session_cancel(void *handle)
{
	struct smtp_item *item = handle;

	if (item->session != NULL)
		sts_smtp_cancel(item->session);
	if (item->state == SMTP_WAITING)
		item->out.end = STS_SMTP_CANCELLED;
	tell_share(item, NULL);
	unqueue(item->op.check->engine, item);
}

/* Secure TLSA records apply only where the host's addresses are secure, too.  [RFC 7672 section 2.2.2] */
static bool tlsa_applies(const struct mx_item *m)
{
	const struct sts_host *h = &m->mx->host;
	bool secure = (h->a.state == STS_DNS_OK && h->a.dnssec == STS_DNSSEC_SECURE) ||
		(h->aaaa.state == STS_DNS_OK && h->aaaa.dnssec == STS_DNSSEC_SECURE);

	return secure && m->mx->tlsa.state == STS_DNS_OK && m->mx->tlsa.dnssec == STS_DNSSEC_SECURE;
}

static struct sts_smtp_params session_params(const struct check *c, const struct smtp_item *item)
{
	const struct sts_mx *mx = item->mx->mx;
	bool dane = tlsa_applies(item->mx);

	return (struct sts_smtp_params){
		.host = mx->name,
		.helo = c->engine->helo,
		.port = c->engine->options.smtp_port,
		.address = item->out.address,
		.deny_private = c->engine->options.deny_private,
		.judged_at = c->facts->judged_at,
		.deadline_ms = c->deadline_ms,
		.connect_ms = 10000,
		.greeting_ms = 25000,
		.reply_ms = 15000,
		.tlsa = dane ? mx->tlsa_rrs : NULL,
		.tlsa_count = dane ? mx->tlsa_count : 0,
		.tlsa_base = dane ? mx->tlsa_name : NULL,
		.next_hop = c->facts->domain,
	};
}

static void session_told(void *arg)
{
	struct smtp_item *item = arg;

	session_ended(&item->out, item);
}

static void session_start(struct sts_engine *e, struct smtp_item *item)
{
	struct check *c = item->op.check;
	enum sts_claim claim = STS_CLAIM_GO;

	item->params = session_params(c, item);
	if (e->share != NULL)
		claim = sts_share_smtp(e->share, &item->params, c->arena, &item->out);
	item->tried = true;
	if (claim == STS_CLAIM_WAIT) {
		engine_look_again(e);
		return;
	}
	item->state = SMTP_RUNNING;
	e->smtp_running++;
	if (claim == STS_CLAIM_HAVE)
		sts_timer_set(e->loop, &item->told, 0, session_told, item);
	else
		item->session = sts_smtp_start(e->loop, e->tls, c->arena, &item->params, &item->out, session_ended, item);
}

void smtp_queue_run(struct sts_engine *e)
{
	for (struct smtp_item *i = e->queue; i != NULL && e->smtp_running < STS_SMTP_AT_ONCE; i = i->queued)
		if (i->state == SMTP_WAITING && (e->share != NULL ? !i->tried : !address_busy(e, i)))
			session_start(e, i);
}

void smtp_queue_again(struct sts_engine *e)
{
	for (struct smtp_item *i = e->queue; i != NULL; i = i->queued)
		i->tried = false;
	smtp_queue_run(e);
}

void smtp_queue_forget(struct sts_engine *e, const struct check *c)
{
	struct smtp_item **link = &e->queue;

	while (*link != NULL) {
		struct smtp_item *i = *link;

		if (i->op.check != c) {
			link = &i->queued;
			continue;
		}
		*link = i->queued;
		if (i->state == SMTP_RUNNING)
			e->smtp_running--;
		tell_share(i, NULL);
		i->state = SMTP_ENDED;
	}
}

static void enqueue(struct check *c, struct smtp_item *item)
{
	struct smtp_item **link = &c->engine->queue;

	while (*link != NULL)
		link = &(*link)->queued;
	*link = item;
	op_begin(&item->op, c, item, session_cancel);
}

/* ---- one MX host ----------------------------------------------------------------------------------------------- */

/* An address left out is not tried, and said to be so: hundreds of hosts with dozens of addresses are nobody's. */
static bool within_bounds(struct mx_item *m)
{
	return !m->check->facts->no_smtp &&
	       (m->addresses++ < STS_SMTP_PER_HOST || m->check->smtp_beyond++ < STS_SMTP_BEYOND);
}

static struct smtp_item *sessions(struct mx_item *m, const struct sts_answer *answer)
{
	struct sts_host found = {0};
	struct smtp_item *first = NULL;
	struct smtp_item **link = &first;

	host_add(m->check->arena, &found, answer);
	for (size_t i = 0; i < found.address_count; i++) {
		struct smtp_item *item = STS_NEW(m->check->arena, struct smtp_item);

		item->mx = m;
		item->out.address = found.addresses[i];
		*link = item;
		link = &item->next;
		if (within_bounds(m))
			enqueue(m->check, item);
		else
			item->state = SMTP_ENDED;
	}
	return first;
}

/* TLSA must be known before the handshake: both verdicts come from one. */
static void go_on(struct mx_item *m)
{
	if (!m->tlsa_done)
		return;
	if (m->a_done && !m->v4_started) {
		m->v4_started = true;
		m->smtp4 = sessions(m, &m->mx->host.a);
	}
	if (m->aaaa_done && !m->v6_started) {
		m->v6_started = true;
		m->smtp6 = sessions(m, &m->mx->host.aaaa);
	}
	smtp_queue_run(m->check->engine);
}

static void parse_tlsa(struct mx_item *m)
{
	struct sts_mx *mx = m->mx;

	m->tlsa_done = true;
	if (m->tlsa_at_alias.state == STS_DNS_OK && m->tlsa_at_alias.dnssec == STS_DNSSEC_SECURE)
		mx->tlsa = m->tlsa_at_alias;
	mx->tlsa_name = mx->tlsa.name + strlen("_25._tcp.");
	if (mx->tlsa.state != STS_DNS_OK)
		return;
	mx->tlsa_rrs = sts_alloc_array(m->check->arena, mx->tlsa.rr_count, sizeof *mx->tlsa_rrs);
	for (size_t i = 0; i < mx->tlsa.rr_count; i++)
		sts_tlsa_parse(mx->tlsa.rrs[i].data, m->check->arena, &mx->tlsa_rrs[mx->tlsa_count++]);
}

static void tlsa_known(struct check *c, void *ctx)
{
	struct mx_item *m = ctx;

	(void)c;
	if (--m->tlsa_pending > 0)
		return;
	parse_tlsa(m);
	go_on(m);
}

/* An alias that is secure from end to end moves the TLSA base to its target.  [RFC 7672 section 2.2.3] */
static void follow_alias(struct mx_item *m, const struct sts_answer *a)
{
	if (a->cname_count == 0)
		return;
	m->mx->is_cname = true;
	if (m->tlsa_done || m->tlsa_at_alias.name != NULL || a->state != STS_DNS_OK || a->dnssec != STS_DNSSEC_SECURE)
		return;
	m->tlsa_pending++;
	check_ask_within(m->check, sts_sprintf(m->check->arena, "_25._tcp.%s", a->cname[a->cname_count - 1]), STS_T_TLSA,
		STS_TLSA_WAIT_MS, &m->tlsa_at_alias, tlsa_known, m);
}

/* An address, or neither kind, tells whether there is an alias: before that, TLSA is not known. */
static void address_known(struct mx_item *m, const struct sts_answer *a)
{
	follow_alias(m, a);
	if (m->alias_known || (a->state != STS_DNS_OK && !(m->a_done && m->aaaa_done)))
		return;
	m->alias_known = true;
	tlsa_known(m->check, m);
}

static void a_known(struct check *c, void *ctx)
{
	struct mx_item *m = ctx;

	(void)c;
	m->a_done = true;
	address_known(m, &m->mx->host.a);
	go_on(m);
}

static void aaaa_known(struct check *c, void *ctx)
{
	struct mx_item *m = ctx;

	(void)c;
	m->aaaa_done = true;
	address_known(m, &m->mx->host.aaaa);
	go_on(m);
}

static void look_into(struct check *c, struct mx_item *m)
{
	struct sts_mx *mx = m->mx;

	m->check = c;
	mx->host.name = mx->name;
	if (mx->null_mx || mx->ip_literal)
		return;
	sts_resolver_prefetch(c->engine->resolver, mx->name);
	m->tlsa_pending = 2;
	check_ask(c, mx->name, STS_T_A, &mx->host.a, a_known, m);
	check_ask(c, mx->name, STS_T_AAAA, &mx->host.aaaa, aaaa_known, m);
	check_ask_within(c, sts_sprintf(c->arena, "_25._tcp.%s", mx->name), STS_T_TLSA, STS_TLSA_WAIT_MS, &mx->tlsa,
		tlsa_known, m);
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

static int by_preference(const void *a, const void *b)
{
	const struct sts_mx *x = a;
	const struct sts_mx *y = b;

	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	return strcmp(x->name, y->name);
}

static bool known_already(const struct sts_mx *list, size_t count, const struct sts_rr *rr)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].name, rr->host) == 0 && list[i].preference == rr->preference)
			return true;
	return false;
}

static void list_from_answer(struct check *c)
{
	struct sts_facts *f = c->facts;
	struct sts_mx *all = sts_alloc_array(c->arena, f->mx_answer.rr_count, sizeof *all);
	struct sts_address literal;
	size_t count = 0;

	for (size_t i = 0; i < f->mx_answer.rr_count; i++) {
		const struct sts_rr *rr = &f->mx_answer.rrs[i];

		if (rr->host == NULL || known_already(all, count, rr))
			continue;
		all[count++] = (struct sts_mx){
			.name = rr->host,
			.preference = rr->preference,
			.null_mx = strcmp(rr->host, ".") == 0,
			.ip_literal = rr->host[0] == '[' || sts_address_parse(rr->host, &literal),
		};
	}
	qsort(all, count, sizeof *all, by_preference);
	f->mx = all;
	f->mx_total = count;
	f->mx_count = count > STS_MX_MAX ? STS_MX_MAX : count;
}

/* A hint that comes behind the proof is worth nothing; the resolver may have lost it. */
static void drop_hint(struct check *c)
{
	if (!c->mx_hinting)
		return;
	c->mx_hinting = false;
	sts_hint_cancel(c->mx_hint.handle);
	op_end(&c->mx_hint);
}

static void mx_known(struct check *c, void *ctx)
{
	struct sts_facts *f = c->facts;

	(void)ctx;
	drop_hint(c);
	check_step(c, "mail hosts: MX %s: %s", f->domain, answer_words(c, &f->mx_answer));
	if (f->mx_answer.state == STS_DNS_OK) {
		list_from_answer(c);
	} else if (f->mx_answer.state == STS_DNS_NODATA) {
		f->mx = STS_NEW(c->arena, struct sts_mx);
		f->mx[0] = (struct sts_mx){.name = f->domain, .implicit = true};
		f->mx_count = f->mx_total = 1;
	}
	c->mx_items = sts_alloc_array(c->arena, f->mx_count == 0 ? 1 : f->mx_count, sizeof *c->mx_items);
	for (size_t i = 0; i < f->mx_count; i++) {
		c->mx_items[i].mx = &f->mx[i];
		look_into(c, &c->mx_items[i]);
	}
}

static void hint_cancel(void *handle)
{
	sts_hint_cancel(handle);
}

/* Hosts looked up before the MX answer is proven. */
#define EARLY_MAX 16

/* By the time the MX answer is proven, what it names is in the cache. */
static void hinted(const struct sts_answer *answer, void *arg)
{
	struct check *c = arg;
	struct sts_resolver *resolver = c->engine->resolver;

	for (size_t i = 0; answer != NULL && i < answer->rr_count && i < EARLY_MAX; i++) {
		const char *host = answer->rrs[i].host;

		if (host == NULL || strcmp(host, ".") == 0)
			continue;
		sts_resolver_prefetch(resolver, host);
		sts_resolver_warm(resolver, host, STS_T_A);
		sts_resolver_warm(resolver, host, STS_T_AAAA);
		sts_resolver_warm(resolver, sts_sprintf(c->arena, "_25._tcp.%s", host), STS_T_TLSA);
	}
	c->mx_hinting = false;
	op_end(&c->mx_hint);
}

static void hint(struct check *c)
{
	struct sts_hint *h = sts_hint_start(c->engine->loop, c->engine->resolver, c->arena, c->facts->domain, STS_T_MX,
		c->deadline_ms, hinted, c);

	c->mx_hinting = h != NULL;
	if (h != NULL)
		op_begin(&c->mx_hint, c, h, hint_cancel);
}

void gather_mx_start(struct check *c)
{
	hint(c);
	check_ask(c, c->facts->domain, STS_T_MX, &c->facts->mx_answer, mx_known, NULL);
}

static void collect_sessions(struct check *c, struct sts_mx *mx, const struct smtp_item *items)
{
	for (const struct smtp_item *i = items; i != NULL; i = i->next)
		*STS_PUSH(c->arena, mx->smtp, mx->smtp_count) = i->out;
}

void gather_mx_collect(struct check *c)
{
	for (size_t i = 0; i < c->facts->mx_count && c->mx_items != NULL; i++) {
		struct sts_mx *mx = &c->facts->mx[i];

		host_add(c->arena, &mx->host, &mx->host.a);
		host_add(c->arena, &mx->host, &mx->host.aaaa);
		collect_sessions(c, mx, c->mx_items[i].smtp4);
		collect_sessions(c, mx, c->mx_items[i].smtp6);
	}
}
