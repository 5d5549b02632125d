/* The engine, and the life of one check: start the strands, wait until nothing is outstanding, judge, hand over. */
#include "check/gather.h"

#include "base/buf.h"
#include "base/clock.h"
#include "check/engine.h"
#include "net/address.h"
#include "net/stream.h"
#include "proto/dnsmsg.h"
#include "proto/domain.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* What a check may have open at most: the resolver's sockets, those to mail hosts and some to policy hosts and name servers. */
#define FILES_MIN 512
/* Time after the deadline in which probes that keep it themselves may report, milliseconds. */
#define GRACE_MS 1500

void sts_options_init(struct sts_options *options)
{
	*options = (struct sts_options){.https_port = 443, .smtp_port = 25, .timeout_s = 60, .at = -1};
}

/* ---- the engine ------------------------------------------------------------------------------------------------ */

/* A host name of one label is no use in EHLO; an address literal is always legal.  [RFC 5321 section 4.1.4] */
static void find_helo(struct sts_engine *e)
{
	if (e->options.helo != NULL) {
		e->helo = e->options.helo;
		return;
	}
	if (gethostname(e->hostname, sizeof e->hostname - 1) != 0 || strchr(e->hostname, '.') == NULL)
		snprintf(e->hostname, sizeof e->hostname, "[127.0.0.1]");
	e->helo = e->hostname;
}

/*
 * Where files run out, the libraries fail in ways that look like faults of servers: a root that cannot be opened like a certificate that is
 * not trusted, a socket that cannot be had like a resolver that fails.
 */
static bool enough_files(const char **why)
{
	static _Thread_local char text[128];
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= FILES_MIN)
		return true;
	snprintf(text, sizeof text, "only %ju files may be open at once here, and checks need %d (ulimit -n)", (uintmax_t)limit.rlim_cur, FILES_MIN);
	*why = text;
	return false;
}

enum sts_err sts_engine_new(const struct sts_options *options, struct sts_engine **out, const char **why)
{
	struct sts_engine *e = calloc(1, sizeof *e);
	struct sts_resolver_options ro = {options->resolvers, options->resolver_count, options->trust_anchor, options->root_hints,
		options->deny_private};
	enum sts_err err = STS_ENOMEM;

	if (!enough_files(why)) {
		free(e);
		return STS_ESYSTEM;
	}
	*why = "out of memory";
	if (e == NULL)
		return STS_ENOMEM;
	e->options = *options;
	e->at_once = STS_CHECKS_AT_ONCE;
	e->scratch = sts_arena_new();
	e->loop = sts_loop_new();
	if (e->scratch != NULL && e->loop != NULL)
		err = sts_tls_ctx_new(options->ca_file, &e->tls, why);
	if (err == STS_OK)
		err = sts_resolver_new(e->loop, &ro, &e->resolver, why);
	if (err != STS_OK) {
		sts_engine_free(e);
		return err;
	}
	find_helo(e);
	*out = e;
	return STS_OK;
}

static void check_free(struct check *c)
{
	while (c->ops != NULL) {
		struct op *op = c->ops;

		op->cancel(op->handle);
		c->ops = op->next;
		if (c->ops != NULL)
			c->ops->link = &c->ops;
	}
	smtp_queue_forget(c->engine, c);
	sts_timer_clear(&c->finish_timer);
	sts_timer_clear(&c->hard_timer);
	sts_arena_free(c->arena);
	free(c);
}

void sts_engine_free(struct sts_engine *e)
{
	if (e == NULL)
		return;
	for (struct check *c = e->checks, *next; c != NULL; c = next) {
		next = c->next;
		check_free(c);
	}
	sts_timer_clear(&e->turn);
	sts_pulse_clear(&e->pulse);
	sts_resolver_free(e->resolver);
	sts_tls_ctx_free(e->tls);
	sts_loop_free(e->loop);
	sts_arena_free(e->scratch);
	free(e);
}

/* So late may a loop be and what it says of timeouts still count; they are 10 s and more. */
#define HELD_UP_MS 1000

void sts_engine_be_thrifty(struct sts_engine *engine)
{
	engine->thrifty = true;
	sts_pulse_start(&engine->pulse, engine->loop, HELD_UP_MS);
	sts_resolver_be_thrifty(engine->resolver);
}

enum sts_err sts_engine_set_stub(struct sts_engine *engine, struct sts_stub *stub)
{
	return sts_resolver_set_stub(engine->resolver, stub);
}

void sts_engine_set_share(struct sts_engine *engine, struct sts_share *share)
{
	engine->share = share;
}

/* Somebody else's connection is waited for: nobody tells us when it ends. */
#define LOOK_AGAIN_MS 20

static void look_again(void *arg)
{
	struct sts_engine *e = arg;

	sts_timer_clear(&e->turn);
	fetch_queue_run(e);
	smtp_queue_again(e);
	if (e->fetch_queue != NULL)
		engine_look_again(e);
}

void engine_look_again(struct sts_engine *e)
{
	if (!e->turn.assigned)
		sts_timer_set(e->loop, &e->turn, LOOK_AGAIN_MS, look_again, e);
}

void sts_engine_set_past(struct sts_engine *engine, sts_past_fn *fn, void *arg)
{
	engine->past = fn;
	engine->past_arg = arg;
}

/* ---- operations ------------------------------------------------------------------------------------------------ */

static void finish(void *arg);

void op_begin(struct op *op, struct check *check, void *handle, void (*cancel)(void *handle))
{
	op->check = check;
	op->handle = handle;
	op->cancel = cancel;
	op->next = check->ops;
	op->link = &check->ops;
	if (op->next != NULL)
		op->next->link = &op->next;
	check->ops = op;
	check->pending++;
}

void op_end(struct op *op)
{
	struct check *check = op->check;

	*op->link = op->next;
	if (op->next != NULL)
		op->next->link = op->link;
	if (--check->pending == 0)
		sts_timer_set(check->engine->loop, &check->finish_timer, 0, finish, check);
}

bool check_late(const struct check *check)
{
	return sts_now_ms() >= check->deadline_ms;
}

bool check_held_up(const struct check *check)
{
	return sts_pulse_missed(&check->engine->pulse, check->started_ms);
}

void check_step(struct check *check, const char *fmt, ...)
{
	struct sts_buf safe;
	va_list ap;
	char line[1024];

	if (check->on_step == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	sts_buf_init(&safe, 8192);
	sts_buf_escape(&safe, sts_str_of(line), sizeof line);
	check->on_step(check->facts->domain, safe.ptr == NULL ? "" : safe.ptr, check->arg);
	sts_buf_clear(&safe);
}

/* ---- questions ------------------------------------------------------------------------------------------------- */

struct ask {
	struct op op;
	struct sts_answer *out;
	answer_then *then;
	void *ctx;
	struct sts_timer late;
};

static void ask_end(struct ask *ask)
{
	struct check *check = ask->op.check;

	/* What follows may start more; only then may this one count as done. */
	if (ask->then != NULL)
		ask->then(check, ask->ctx);
	op_end(&ask->op);
}

static void ask_answered(const struct sts_answer *answer, void *arg)
{
	struct ask *ask = arg;

	*ask->out = *answer;
	if (answer->state == STS_DNS_TIMEOUT && check_late(ask->op.check))
		ask->op.check->facts->timed_out = true;
	ask_end(ask);
}

static void ask_cancel_query(void *handle)
{
	sts_query_cancel(handle);
}

static void ask_cancel_timer(void *handle)
{
	sts_timer_clear(handle);
}

static void ask_too_late(void *arg)
{
	struct ask *ask = arg;

	ask->op.check->facts->timed_out = true;
	ask_end(ask);
}

void check_ask_within(struct check *check, const char *name, uint16_t type, int64_t wait_ms, struct sts_answer *out,
	answer_then *then, void *ctx)
{
	struct ask *ask = STS_NEW(check->arena, struct ask);
	int64_t deadline_ms = sts_now_ms() + wait_ms;

	ask->out = out;
	ask->then = then;
	ask->ctx = ctx;
	*out = (struct sts_answer){.name = sts_strdup(check->arena, name), .type = type, .state = STS_DNS_TIMEOUT};
	if (check_late(check)) {
		op_begin(&ask->op, check, &ask->late, ask_cancel_timer);
		sts_timer_set(check->engine->loop, &ask->late, 0, ask_too_late, ask);
		return;
	}
	if (deadline_ms > check->deadline_ms)
		deadline_ms = check->deadline_ms;
	op_begin(&ask->op, check,
		sts_resolve(check->engine->resolver, check->arena, name, type, deadline_ms, ask_answered, ask), ask_cancel_query);
}

void check_ask(struct check *check, const char *name, uint16_t type, struct sts_answer *out, answer_then *then, void *ctx)
{
	check_ask_within(check, name, type, STS_DNS_WAIT_MS, out, then, ctx);
}

const char *answer_words(struct check *check, const struct sts_answer *a)
{
	switch (a->state) {
	case STS_DNS_OK:
		return sts_sprintf(check->arena, "%zu record%s", a->rr_count, a->rr_count == 1 ? "" : "s");
	case STS_DNS_NODATA:
		return "no such record";
	case STS_DNS_NXDOMAIN:
		return "no such name";
	case STS_DNS_BOGUS:
		return "fails DNSSEC validation";
	case STS_DNS_CNAME_LOOP:
	case STS_DNS_CNAME_LONG:
		return "alias leads nowhere";
	default:
		return "could not be looked up";
	}
}

void host_add(struct sts_arena *arena, struct sts_host *host, const struct sts_answer *answer)
{
	int family = answer->type == STS_T_AAAA ? 6 : 4;
	size_t want = family == 6 ? 16 : 4;

	if (answer->state != STS_DNS_OK)
		return;
	for (size_t i = 0; i < answer->rr_count; i++) {
		if (answer->rrs[i].data.len != want)
			continue;
		host->address_total++;
		if (host->address_count < STS_ADDRESS_MAX)
			sts_address_from_bytes(family, (const uint8_t *)answer->rrs[i].data.ptr,
				STS_PUSH(arena, host->addresses, host->address_count));
	}
}

struct sts_fetch_params fetch_params(const struct check *check, const char *host, const struct sts_address *address)
{
	return (struct sts_fetch_params){
		.host = host,
		.path = "/.well-known/mta-sts.txt",
		.port = check->engine->options.https_port,
		.contact = check->engine->options.contact,
		.address = *address,
		.deny_private = check->engine->options.deny_private,
		.judged_at = check->facts->judged_at,
		.deadline_ms = check->deadline_ms,
		.connect_ms = 10000,
		.total_ms = 60000,
	};
}

/* ---- end of a check -------------------------------------------------------------------------------------------- */

static void start_waiting(struct sts_engine *e);

static enum sts_yes_no seen_smtp(const struct sts_facts *f)
{
	bool tried = false;

	for (size_t i = 0; i < f->mx_count; i++) {
		for (size_t k = 0; k < f->mx[i].smtp_count; k++) {
			enum sts_smtp_end end = f->mx[i].smtp[k].end;

			if (end == STS_SMTP_TCP_TIMEOUT || end == STS_SMTP_TCP_UNREACHABLE || end == STS_SMTP_TCP_REFUSED)
				tried = true;
			else if (end != STS_SMTP_NOT_TRIED && end != STS_SMTP_PRIVATE && end != STS_SMTP_NO_FAMILY &&
				end != STS_SMTP_CANCELLED)
				return STS_YES;
		}
	}
	return tried ? STS_NO : STS_YN_UNKNOWN;
}

static void see_vantage(struct check *c)
{
	struct sts_vantage *v = &c->facts->vantage;
	struct sts_resolver_path path = sts_resolver_path(c->engine->resolver);

	v->resolver = sts_strdup(c->arena, path.resolver);
	v->path = path.path;
	v->path_why = sts_strdup(c->arena, path.why);
	v->trust_store = sts_strdup(c->arena, sts_tls_ctx_store(c->engine->tls));
	v->ipv4 = sts_family_routable(4) ? STS_YES : STS_NO;
	v->ipv6 = sts_family_routable(6) ? STS_YES : STS_NO;
	v->smtp = seen_smtp(c->facts);
}

static void unlink_check(struct check *c)
{
	struct sts_engine *e = c->engine;
	struct check *before = NULL;

	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	if (c->started)
		return;
	for (struct check *w = e->first; w != c; w = w->after)
		before = w;
	*(before != NULL ? &before->after : &e->first) = c->after;
	if (e->last == c)
		e->last = before;
}

static void link_check(struct sts_engine *e, struct check *c)
{
	c->next = e->checks;
	c->link = &e->checks;
	if (c->next != NULL)
		c->next->link = &c->next;
	e->checks = c;
	*(e->last != NULL ? &e->last->after : &e->first) = c;
	e->last = c;
}

static void finish(void *arg)
{
	struct check *c = arg;
	struct sts_engine *e = c->engine;
	struct sts_arena *arena = c->arena;
	struct sts_report *report;

	if (c->pending > 0)
		return;
	gather_record_collect(c);
	gather_host_collect(c);
	gather_mx_collect(c);
	see_vantage(c);
	c->facts->duration_ms = sts_now_ms() - c->started_ms;
	if (e->past != NULL)
		c->facts->past = e->past(c->facts->domain, c->facts->judged_at + 1, arena, e->past_arg);
	report = sts_judge(c->facts, arena);
	unlink_check(c);
	e->running--;
	c->arena = NULL;
	c->on_done(report, c->arg);
	check_free(c);
	start_waiting(e);
}

/* Every probe keeps the deadline itself; this is for what should not happen. */
static void give_up(void *arg)
{
	struct check *c = arg;

	c->facts->timed_out = true;
	while (c->ops != NULL) {
		struct op *op = c->ops;

		op->cancel(op->handle);
		op_end(op);
	}
}

/* ---- start of a check ------------------------------------------------------------------------------------------ */

static void start(struct check *c)
{
	struct sts_engine *e = c->engine;

	c->started = true;
	e->running++;
	c->started_ms = sts_now_ms();
	c->deadline_ms = c->started_ms + (int64_t)e->options.timeout_s * 1000;
	c->facts->checked_at = sts_now_s();
	c->facts->judged_at = e->options.at >= 0 ? e->options.at : c->facts->checked_at;
	sts_timer_set(e->loop, &c->hard_timer, (int64_t)e->options.timeout_s * 1000 + GRACE_MS, give_up, c);
	sts_resolver_prefetch(e->resolver, c->record_name);
	gather_record_start(c);
	if (c->facts->record_only)
		return;
	sts_resolver_prefetch(e->resolver, c->facts->policy_host.name);
	gather_host_start(c);
	gather_mx_start(c);
	gather_rpt_start(c);
}

static void start_waiting(struct sts_engine *e)
{
	while (e->running < e->at_once && e->first != NULL) {
		struct check *c = e->first;

		e->first = c->after;
		if (e->first == NULL)
			e->last = NULL;
		start(c);
	}
}

static void first_turn(void *arg)
{
	start_waiting(arg);
}

enum sts_err sts_check_start(struct sts_engine *engine, const char *domain, sts_step_fn *on_step, sts_done_fn *on_done,
	void *arg, const char **why)
{
	struct sts_arena *arena = sts_arena_new();
	struct check *c = calloc(1, sizeof *c);
	struct sts_domain d;
	enum sts_err err = STS_ENOMEM;

	*why = "out of memory";
	if (arena != NULL && c != NULL)
		err = sts_domain_parse(sts_str_of(domain), arena, &d, why);
	if (err != STS_OK) {
		*why = sts_strdup(engine->scratch, *why);
		sts_arena_free(arena);
		free(c);
		return err;
	}
	*c = (struct check){.engine = engine, .arena = arena, .on_step = on_step, .on_done = on_done, .arg = arg};
	c->facts = STS_NEW(arena, struct sts_facts);
	c->facts->domain = d.ascii;
	c->facts->domain_unicode = d.unicode;
	c->facts->notes = d.notes;
	c->facts->note_count = d.note_count;
	c->facts->no_smtp = engine->options.no_smtp;
	c->facts->no_authoritative = engine->options.no_authoritative || engine->options.record_only;
	c->facts->record_only = engine->options.record_only;
	c->facts->among_many = engine->thrifty;
	c->facts->deny_private = engine->options.deny_private;
	c->record_name = sts_sprintf(arena, "_mta-sts.%s", d.ascii);
	c->facts->policy_host.name = sts_sprintf(arena, "mta-sts.%s", d.ascii);
	link_check(engine, c);
	/* The first callback must come from the loop. */
	sts_timer_set(engine->loop, &c->finish_timer, 0, first_turn, engine);
	return STS_OK;
}

bool sts_check_cancel(struct sts_engine *engine, const void *arg)
{
	for (struct check *c = engine->checks; c != NULL; c = c->next) {
		if (c->arg != arg)
			continue;
		unlink_check(c);
		if (c->started)
			engine->running--;
		check_free(c);
		start_waiting(engine);
		return true;
	}
	return false;
}

struct sts_loop *sts_engine_loop(struct sts_engine *engine)
{
	return engine->loop;
}

void sts_engine_set_concurrency(struct sts_engine *engine, size_t checks)
{
	engine->at_once = checks;
}

enum sts_err sts_engine_run(struct sts_engine *engine)
{
	while (engine->checks != NULL)
		if (sts_loop_run_once(engine->loop) != STS_OK)
			return STS_ESYSTEM;
	return STS_OK;
}
