/*
 * Many questions cost less where validation can prove nothing: below a domain that is proven unsigned a plain question says as much.
 *
 * name -> its registrable domain: unsigned? -> (not known) lesson: its MX, validated -> known
 *                                           -> (perhaps signed) the validator
 *                                           -> (unsigned) asked before? -> the validator, which remembers answers
 *                                           -> plain question -> (nothing certain) the validator
 *                                                             -> every alias in the answer as above -> finish
 */
#include "base/clock.h"
#include "probe/resolve_inside.h"
#include "proto/dnsmsg.h"
#include "proto/domain.h"

#include <stdlib.h>

/* A zone may be signed meanwhile. */
#define KNOWN_MS 300000
#define UNSURE_MS 30000
/* Whoever waits for it is asked for by the validator then. */
#define LESSON_MS 5000
/* Of one question. Names that take each other's place in what is remembered would be learnt in turns for ever. */
#define LESSONS_MAX 4

struct lesson {
	struct sts_resolver *resolver;
	struct sts_query *waiting; /* by next_waiting */
	struct sts_ask *ask;
	struct sts_timer timer;
	char name[STS_UNSIGNED_NAME_MAX];
};

/* A plain question that is out; it cannot be called back, so it outlives what it was for. */
struct errand {
	struct errand *next, **link; /* in resolver->errands */
	struct sts_query *query;     /* NULL: nobody wants it any more */
};

static void go_on(struct sts_query *q);

/* ---- lessons -------------------------------------------------------------------------------------------------------- */

static void end_lesson(struct lesson *l, enum sts_signing found)
{
	struct sts_resolver *r = l->resolver;

	(void)sts_map_remove(&r->lessons, sts_str_of(l->name));
	sts_timer_clear(&l->timer);
	if (l->ask != NULL)
		sts_ask_cancel(l->ask);
	sts_unsigned_note(r->unsigned_names, l->name, found, sts_now_ms() + (found == STS_SIGNING_NONE ? KNOWN_MS : UNSURE_MS));
	while (l->waiting != NULL) {
		struct sts_query *q = l->waiting;

		l->waiting = q->next_waiting;
		q->lesson = NULL;
		go_on(q);
	}
	free(l);
}

/* Whether a name is there, a signed zone may be unable to prove; its records have signatures all the same.  [RFC 9276 section 3.2] */
static bool is_signed_denial(const struct sts_dnsmsg *message, const struct sts_answer *a)
{
	for (size_t i = 0; a->state != STS_DNS_OK && i < message->count; i++)
		if (message->records[i].type == STS_T_RRSIG)
			return true;
	return false;
}

/* An alias may lead out of the zone that is asked about, and says nothing of it. */
static enum sts_signing taught(const struct sts_resolver *r, const char *name, const struct sts_ask_result *result)
{
	struct sts_arena *arena = sts_arena_new();
	enum sts_signing found = STS_SIGNING_MAYBE;
	struct sts_dnsmsg message;
	struct sts_answer a;

	if (arena == NULL)
		return found;
	if (!result->failed && result->verdict == STS_ASK_UNSIGNED && sts_path_anchored(r->path, name) &&
		sts_dnsmsg_parse(result->packet, result->packet_len, arena, &message, NULL)) {
		sts_dnsmsg_answer(&message, name, STS_T_MX, arena, &a);
		if (sts_answer_certain(&a) && a.cname_count == 0 && !is_signed_denial(&message, &a))
			found = STS_SIGNING_NONE;
	}
	sts_arena_free(arena);
	return found;
}

static void learned(const struct sts_ask_result *result, void *arg)
{
	struct lesson *l = arg;

	l->ask = NULL;
	end_lesson(l, taught(l->resolver, l->name, result));
}

static void too_long(void *arg)
{
	end_lesson(arg, STS_SIGNING_MAYBE);
}

static struct lesson *begin_lesson(struct sts_resolver *r, const char *name)
{
	struct lesson *l = calloc(1, sizeof *l);

	if (l == NULL)
		return NULL;
	l->resolver = r;
	memcpy(l->name, name, strlen(name) + 1);
	if (sts_map_put(&r->lessons, sts_str_of(name), l)) {
		l->ask = sts_ask(sts_path_validator(r->path), l->name, STS_T_MX, learned, l);
		if (l->ask != NULL) {
			sts_timer_set(r->loop, &l->timer, LESSON_MS, too_long, l);
			return l;
		}
		(void)sts_map_remove(&r->lessons, sts_str_of(name));
	}
	free(l);
	return NULL;
}

static void attend(struct sts_query *q, const char *name)
{
	struct lesson *l = sts_map_get(&q->resolver->lessons, sts_str_of(name));

	if (q->lessons++ >= LESSONS_MAX) {
		query_ask(q);
		return;
	}
	if (l == NULL)
		l = begin_lesson(q->resolver, name);
	if (l == NULL) {
		query_ask(q);
		return;
	}
	q->lesson = l;
	q->next_waiting = l->waiting;
	l->waiting = q;
}

/* ---- plain questions ------------------------------------------------------------------------------------------------ */

/* That there is nothing has to be told by a zone: an answer that ends with an alias is not whole. */
static bool is_whole(const struct sts_dnsmsg *message, const struct sts_answer *a)
{
	return !message->authentic && (a->state == STS_DNS_OK || (sts_answer_certain(a) && a->signer != NULL));
}

static void replied(enum sts_stub_end end, const uint8_t *reply, size_t len, unsigned timeouts, void *arg)
{
	struct errand *e = arg;
	struct sts_query *q = e->query;
	struct sts_dnsmsg message;

	(void)timeouts;
	*e->link = e->next;
	if (e->next != NULL)
		e->next->link = e->link;
	free(e);
	if (q == NULL)
		return;
	q->errand = NULL;
	if (end == STS_STUB_REPLY && sts_dnsmsg_parse(reply, len, q->arena, &message, NULL)) {
		sts_dnsmsg_answer(&message, q->name, q->type, q->arena, &q->answer);
		q->replied = is_whole(&message, &q->answer);
	}
	if (q->replied)
		go_on(q);
	else
		query_ask(q);
}

static void ask_plainly(struct sts_query *q)
{
	struct sts_resolver *r = q->resolver;
	struct errand *e = calloc(1, sizeof *e);

	if (e == NULL) {
		query_ask(q);
		return;
	}
	e->query = q;
	q->errand = e;
	e->next = r->errands;
	e->link = &r->errands;
	if (e->next != NULL)
		e->next->link = &e->next;
	r->errands = e;
	if (!sts_stub_ask(r->stub, q->name, q->type, replied, e))
		replied(STS_STUB_FAILED, NULL, 0, 0, e);
}

/* ---- which way ------------------------------------------------------------------------------------------------------ */

/* A name above that is known saves looking up where the registrable domain begins. */
static enum sts_signing signing(const struct sts_resolver *r, const char *name, const char **domain)
{
	int64_t now = sts_now_ms();

	*domain = NULL;
	if (strchr(name, '\\') != NULL)
		return STS_SIGNING_MAYBE; /* a dot in it may be one inside a label */
	for (const char *above = name; above != NULL; above = sts_domain_parent(above)) {
		*domain = above;
		if (sts_unsigned_get(r->unsigned_names, above, now) == STS_SIGNING_NONE)
			return STS_SIGNING_NONE;
	}
	*domain = sts_domain_registrable(name);
	if (*domain == NULL || strlen(*domain) >= STS_UNSIGNED_NAME_MAX)
		return STS_SIGNING_MAYBE;
	return sts_unsigned_get(r->unsigned_names, *domain, now);
}

/* Of the name and of every alias in the answer: the first that is not known to be unsigned decides. */
static enum sts_signing signing_of_all(const struct sts_query *q, const char **domain)
{
	enum sts_signing found = signing(q->resolver, q->name, domain);

	for (size_t i = 0; q->replied && i < q->answer.cname_count && found == STS_SIGNING_NONE; i++)
		found = signing(q->resolver, q->answer.cname[i], domain);
	return found;
}

/* Only these prove that something is unsigned; a trust anchor further down would be an island of trust in an unsigned zone. */
static bool may_be_cheap(const struct sts_resolver *r)
{
	return r->stub != NULL && sts_path_state(r->path) == STS_PATH_STATE_KNOWN && sts_path_kind(r->path) == STS_PATH_VALIDATED &&
		sts_path_has_one_top(r->path);
}

/* The validator remembers answers: a lesson's, and those to what many domains ask for. */
static bool in_cache(const struct sts_query *q, const char *domain)
{
	return (q->type == STS_T_MX && strcmp(q->name, domain) == 0) || sts_unsigned_asked(q->resolver->unsigned_names, q->name, q->type);
}

static void go_on(struct sts_query *q)
{
	const char *domain = NULL;

	switch (may_be_cheap(q->resolver) ? signing_of_all(q, &domain) : STS_SIGNING_MAYBE) {
	case STS_SIGNING_MAYBE:
		query_ask(q);
		break;
	case STS_SIGNING_UNKNOWN:
		attend(q, domain);
		break;
	case STS_SIGNING_NONE:
		if (q->replied) {
			q->answer.dnssec = STS_DNSSEC_INSECURE;
			q->resolver->plain_count++;
			query_finish(q);
		} else if (in_cache(q, domain)) {
			query_ask(q);
		} else {
			ask_plainly(q);
		}
		break;
	}
}

void cheap_ask(struct sts_query *q)
{
	q->replied = false;
	q->lessons = 0;
	go_on(q);
}

void cheap_stop(struct sts_query *q)
{
	struct lesson *l = q->lesson;

	if (q->errand != NULL)
		q->errand->query = NULL;
	q->errand = NULL;
	for (struct sts_query **at = l == NULL ? NULL : &l->waiting; at != NULL && *at != NULL; at = &(*at)->next_waiting) {
		if (*at == q) {
			*at = q->next_waiting;
			break;
		}
	}
	q->lesson = NULL;
}

/* ---- beginning and end ---------------------------------------------------------------------------------------------- */

enum sts_err sts_resolver_set_stub(struct sts_resolver *r, struct sts_stub *stub)
{
	if (r->unsigned_names == NULL && (r->unsigned_names = sts_unsigned_new()) == NULL)
		return STS_ENOMEM;
	r->stub = stub;
	return STS_OK;
}

uint64_t sts_resolver_plain_count(const struct sts_resolver *r)
{
	return r->plain_count;
}

void cheap_forget(struct sts_resolver *r)
{
	size_t at = 0;
	struct lesson *l;

	while ((l = sts_map_next(&r->lessons, &at, NULL)) != NULL) {
		sts_timer_clear(&l->timer);
		if (l->ask != NULL)
			sts_ask_cancel(l->ask);
		free(l);
	}
	sts_map_clear(&r->lessons);
	if (r->unsigned_names != NULL)
		sts_unsigned_forget(r->unsigned_names);
}

void cheap_free(struct sts_resolver *r)
{
	cheap_forget(r);
	for (struct errand *e = r->errands, *next; e != NULL; e = next) {
		next = e->next;
		free(e);
	}
	sts_unsigned_free(r->unsigned_names);
}
