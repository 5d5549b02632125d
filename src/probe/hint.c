#include "probe/hint.h"

#include "probe/dnsask.h"

struct sts_hint {
	struct sts_arena *arena;
	struct sts_dnsask *ask; /* NULL once it is over */
	struct sts_dnsask_question question;
	sts_hint_fn *done;
	void *arg;
};

static void replied(const struct sts_dnsask_reply *reply, void *arg)
{
	struct sts_hint *h = arg;
	struct sts_answer answer = {.state = STS_DNS_NOT_ASKED};

	h->ask = NULL;
	if (reply->state == STS_DNS_OK)
		sts_dnsmsg_answer(&reply->message, h->question.name, h->question.type, h->arena, &answer);
	answer.name = h->question.name;
	answer.type = h->question.type;
	h->done(answer.state == STS_DNS_OK ? &answer : NULL, h->arg);
}

struct sts_hint *sts_hint_start(struct sts_loop *loop, struct sts_resolver *resolver, struct sts_arena *arena, const char *name,
	uint16_t type, int64_t deadline_ms, sts_hint_fn *done, void *arg)
{
	struct sts_hint *h = STS_NEW(arena, struct sts_hint);

	*h = (struct sts_hint){.arena = arena, .done = done, .arg = arg};
	h->question = (struct sts_dnsask_question){.name = name, .type = type, .recurse = true};
	if (sts_resolver_is_thrifty(resolver) || !sts_resolver_first(resolver, &h->question.server, &h->question.port))
		return NULL;
	h->ask = sts_dnsask_start(loop, arena, &h->question, deadline_ms, replied, h);
	return h;
}

void sts_hint_cancel(struct sts_hint *h)
{
	if (h->ask != NULL)
		sts_dnsask_cancel(h->ask);
	h->ask = NULL;
}
