#include "base/clock.h"
#include "probe/resolve_inside.h"
#include "proto/dnsmsg.h"

#include <stdlib.h>

/*
 * ask -> (did not validate, and the path is not known yet) hold -> judge -> finish
 *     -> (bogus) confirm -> finish
 *     -> (failed) diagnose: what does the resolver say itself -> (nothing, or no) finish
 *                  -> (it does answer) confirm -> finish
 *                  -> (it fails as well) chase the CNAMEs, one question each, at their end the type itself -> finish
 */

/* A resolver that is silent keeps the library busy for ten seconds or for seventeen, as its timers happen to meet. */
#define LIBRARY_MS 15000

static void answered(const struct sts_ask_result *result, void *arg);
static void judge(struct sts_query *q);

/* ---- beginning and end of a question ---- */

static void stop(struct sts_query *q)
{
	if (q->ask != NULL)
		sts_ask_cancel(q->ask);
	q->ask = NULL;
	if (q->direct != NULL)
		sts_dnsask_cancel(q->direct);
	q->direct = NULL;
	if (q->confirm != NULL)
		sts_confirm_cancel(q->confirm);
	q->confirm = NULL;
	cheap_stop(q);
	sts_timer_clear(&q->again);
}

static void unlink_query(struct sts_query *q)
{
	stop(q);
	sts_timer_clear(&q->deadline);
	*q->link = q->next;
	if (q->next != NULL)
		q->next->link = q->link;
	q->link = NULL;
}

/* Nothing was validated: say so, and why. */
static void mark_unvalidated(struct sts_query *q)
{
	q->answer.dnssec = STS_DNSSEC_UNKNOWN;
	if (q->answer.why == NULL)
		q->answer.why = sts_strdup(q->arena, sts_path_view(q->resolver->path).why);
}

void query_finish(struct sts_query *q)
{
	if (sts_path_kind(q->resolver->path) == STS_PATH_UNVALIDATED)
		mark_unvalidated(q);
	q->answer.name = q->name;
	q->answer.type = q->type;
	q->answer.duration_ms = sts_now_ms() - q->started_ms;
	unlink_query(q);
	q->done(&q->answer, q->arg);
}

void query_finish_without(struct sts_query *q, enum sts_dns_state state, const char *why)
{
	q->answer = (struct sts_answer){.state = state, .why = why, .cname = q->chain, .cname_count = q->chain_count};
	query_finish(q);
}

static const char *late_words(const struct sts_query *q)
{
	if (q->held)
		return "whether answers arrive unspoilt could not be found out in time";
	if (q->confirm != NULL)
		return "it failed, and could not be repeated in time";
	return q->failed ? "it failed, and why could not be found out in time" : "no answer in time";
}

static void late(void *arg)
{
	struct sts_query *q = arg;

	query_finish_without(q, STS_DNS_TIMEOUT, late_words(q));
}

static void impossible(void *arg)
{
	query_finish_without(arg, STS_DNS_MALFORMED, "not a name that DNS can carry");
}

static const char *normalise(struct sts_arena *arena, const char *name)
{
	size_t len = strlen(name);
	char *copy;

	if (len > 1 && name[len - 1] == '.')
		len--;
	copy = sts_strndup(arena, name, len);
	sts_lower_in_place(copy);
	return copy;
}

static void ask_now(void *arg)
{
	struct sts_query *q = arg;

	sts_path_probe(q->resolver->path);
	cheap_ask(q);
}

struct sts_query *sts_resolve(struct sts_resolver *resolver, struct sts_arena *arena, const char *name, uint16_t type,
	int64_t deadline_ms, sts_answer_fn *done, void *arg)
{
	struct sts_query *q = STS_NEW(arena, struct sts_query);

	q->resolver = resolver;
	q->arena = arena;
	q->name = normalise(arena, name);
	q->type = type;
	q->started_ms = sts_now_ms();
	q->deadline_ms = deadline_ms;
	q->done = done;
	q->arg = arg;
	q->next = resolver->queries;
	q->link = &resolver->queries;
	if (q->next != NULL)
		q->next->link = &q->next;
	resolver->queries = q;
	sts_timer_set(resolver->loop, &q->deadline, deadline_ms - q->started_ms, late, q);
	/* Keys and DS records prefetched in this turn go out first: an answer that overtakes them makes the validator ask for them once more. */
	sts_timer_set(resolver->loop, &q->again, 0, ask_now, q);
	return q;
}

void sts_query_cancel(struct sts_query *q)
{
	if (q->link != NULL)
		unlink_query(q);
}

/* ---- asking and judging ---- */

static void given_up(void *arg)
{
	struct sts_query *q = arg;

	sts_ask_cancel(q->ask);
	q->ask = NULL;
	q->failed = true;
	judge(q);
}

void query_ask(struct sts_query *q)
{
	q->failed = q->held = false;
	q->chain = NULL;
	q->chain_count = 0;
	q->server = 0;
	q->repeated = false;
	q->ask = sts_ask(sts_path_validator(q->resolver->path), q->name, q->type, answered, q);
	if (q->ask == NULL)
		sts_timer_set(q->resolver->loop, &q->again, 0, impossible, q);
	else
		sts_timer_set(q->resolver->loop, &q->again, LIBRARY_MS, given_up, q);
}

static enum sts_dnssec dnssec_of(const struct sts_query *q, enum sts_ask_verdict verdict, const struct sts_answer *a)
{
	const char *end = a->cname_count == 0 ? q->name : a->cname[a->cname_count - 1];

	switch (verdict) {
	case STS_ASK_SECURE:
		return STS_DNSSEC_SECURE;
	case STS_ASK_BOGUS:
		return STS_DNSSEC_BOGUS;
	case STS_ASK_UNSIGNED:
		break;
	}
	if (sts_path_kind(q->resolver->path) == STS_PATH_UNVALIDATED)
		return STS_DNSSEC_UNKNOWN;
	return sts_path_anchored(q->resolver->path, q->name) && sts_path_anchored(q->resolver->path, end) ? STS_DNSSEC_INSECURE
	                                                                                               : STS_DNSSEC_UNKNOWN;
}

void query_read(struct sts_query *q, const struct sts_ask_result *result, const char *name, uint16_t type, struct sts_answer *out)
{
	struct sts_dnsmsg message;
	const char *why = NULL;

	*out = (struct sts_answer){.state = STS_DNS_MALFORMED};
	if (!sts_dnsmsg_parse(result->packet, result->packet_len, q->arena, &message, &why)) {
		out->why = why;
		return;
	}
	sts_dnsmsg_answer(&message, name, type, q->arena, out);
	out->dnssec = dnssec_of(q, result->verdict, out);
	if (out->dnssec != STS_DNSSEC_BOGUS)
		return;
	out->state = STS_DNS_BOGUS;
	out->why = sts_strdup(q->arena, result->why);
}

static void answered(const struct sts_ask_result *result, void *arg)
{
	struct sts_query *q = arg;

	sts_timer_clear(&q->again);
	q->ask = NULL;
	q->failed = result->failed;
	if (!q->failed)
		query_read(q, result, q->name, q->type, &q->answer);
	if (!q->failed && result->verdict == STS_ASK_SECURE)
		sts_path_proved(q->resolver->path);
	judge(q);
}

/* Without a word from the trust anchor's own zone nobody can tell a forged answer from a spoilt path. */
static void judge_unproven(struct sts_query *q)
{
	if (q->failed) {
		query_diagnose(q);
	} else if (q->reprobed && q->answer.state == STS_DNS_BOGUS) {
		query_finish_without(q, STS_DNS_SERVFAIL, "the keys of the trust anchor's zone could not be had, so nothing could be validated");
	} else if (q->reprobed) {
		query_finish(q);
	} else {
		q->held = q->reprobed = true;
		sts_path_probe(q->resolver->path);
	}
}

static void judge(struct sts_query *q)
{
	q->held = false;
	if (!q->failed && q->answer.dnssec == STS_DNSSEC_SECURE) {
		query_finish(q);
		return;
	}
	switch (sts_path_state(q->resolver->path)) {
	case STS_PATH_STATE_PROBING:
		q->held = true;
		break;
	case STS_PATH_STATE_UNKNOWN:
		judge_unproven(q);
		break;
	case STS_PATH_STATE_KNOWN:
		if (q->failed)
			query_diagnose(q);
		else if (q->answer.state == STS_DNS_BOGUS)
			query_confirm(q);
		else
			query_finish(q);
		break;
	}
}

static void judge_again(void *arg)
{
	judge(arg);
}

/* ---- once more, with empty caches ---- */

static void confirmed(enum sts_confirm_end end, const struct sts_ask_result *result, const char *words, void *arg)
{
	struct sts_query *q = arg;

	q->confirm = NULL;
	switch (end) {
	case STS_CONFIRM_BOGUS:
	case STS_CONFIRM_OTHERWISE:
		query_read(q, result, q->name, q->type, &q->answer);
		query_finish(q);
		break;
	case STS_CONFIRM_UNKNOWN:
		if (q->failed)
			query_chase(q);
		else
			query_finish_without(q, STS_DNS_SERVFAIL, words);
		break;
	case STS_CONFIRM_STRIPPED:
		q->held = q->reprobed = true;
		sts_path_spoilt(q->resolver->path, words);
		break;
	}
}

void query_confirm(struct sts_query *q)
{
	q->repeated = true;
	q->confirm = sts_confirm_start(q->resolver->confirmer, q->arena, q->name, q->type, confirmed, q);
	if (q->confirm == NULL)
		query_finish_without(q, STS_DNS_SERVFAIL, "it failed, and could not be repeated");
}

/* ---- the path's events ---- */

static void moved(void *arg)
{
	struct sts_resolver *r = arg;

	r->prefetched = (struct sts_prefetched){.next = 0}; /* other caches */
	for (struct sts_query *q = r->queries; q != NULL; q = q->next)
		stop(q);
	cheap_forget(r);
	for (struct sts_query *q = r->queries; q != NULL; q = q->next)
		query_ask(q);
}

static void settled(void *arg)
{
	struct sts_resolver *r = arg;

	for (struct sts_query *q = r->queries; q != NULL; q = q->next)
		if (q->held)
			sts_timer_set(r->loop, &q->again, 0, judge_again, q);
}

/* ---- ahead of the questions ---- */

void sts_resolver_prefetch(struct sts_resolver *r, const char *name)
{
	if (sts_path_kind(r->path) == STS_PATH_UNVALIDATED)
		return;
	sts_path_probe(r->path);
	if (!r->thrifty)
		sts_prefetch(&r->prefetched, sts_path_validator(r->path), name);
}

void sts_resolver_warm(struct sts_resolver *r, const char *name, uint16_t type)
{
	if (!r->thrifty)
		(void)sts_ask(sts_path_validator(r->path), name, type, NULL, NULL);
}

void sts_resolver_be_thrifty(struct sts_resolver *r)
{
	r->thrifty = true;
	sts_path_be_small(r->path);
}

bool sts_resolver_is_thrifty(const struct sts_resolver *r)
{
	return r->thrifty;
}

/* ---- the resolver ---- */

enum sts_err sts_resolver_new(
	struct sts_loop *loop, const struct sts_resolver_options *options, struct sts_resolver **out, const char **why)
{
	struct sts_resolver *r = calloc(1, sizeof *r);
	struct sts_path_events events = {moved, settled, r};
	enum sts_err err;

	if (r == NULL) {
		*why = "out of memory";
		return STS_ENOMEM;
	}
	r->loop = loop;
	err = sts_path_new(loop, options, &events, &r->path, why);
	if (err == STS_OK && (r->confirmer = sts_confirmer_new(r->path)) == NULL) {
		*why = "out of memory";
		err = STS_ENOMEM;
	}
	if (err != STS_OK)
		sts_resolver_free(r);
	else
		*out = r;
	return err;
}

void sts_resolver_free(struct sts_resolver *r)
{
	if (r == NULL)
		return;
	while (r->queries != NULL)
		unlink_query(r->queries);
	cheap_free(r);
	sts_confirmer_free(r->confirmer);
	sts_path_free(r->path);
	free(r);
}

struct sts_resolver_path sts_resolver_path(const struct sts_resolver *r)
{
	return sts_path_view(r->path);
}

bool sts_resolver_first(const struct sts_resolver *r, struct sts_address *server, uint16_t *port)
{
	const struct sts_servers *servers = sts_path_servers(r->path);

	if (servers->count == 0)
		return false;
	*server = servers->list[0].address;
	*port = servers->list[0].port;
	return true;
}
