#include "serve/inquiry.h"

#include "base/clock.h"
#include "proto/domain.h"

#include <stdio.h>

#define BUSY_RETRY_S 5

static enum sts_inquiry_state limited(struct sts_inquiry *ask, enum sts_admission admission)
{
	ask->policy = admission == STS_ADMIT_DOMAIN_LIMIT ? "domain" : "checks";
	ask->why = admission == STS_ADMIT_DOMAIN_LIMIT ? "This domain was checked often a moment ago. Take the kept "
							 "result, or ask for a fresh one later."
						       : "You asked for more new checks than this server makes in a "
							 "while. Kept results are still to be had.";
	return STS_INQUIRY_LIMITED;
}

static enum sts_inquiry_state ask_pool(struct call *call, struct sts_inquiry *ask)
{
	ask->ticket = sts_pool_ask(call->server->pool, ask->domain, ask->on_step, ask->on_done, ask->arg);
	if (ask->ticket != NULL)
		return STS_INQUIRY_WAIT;
	call->server->metrics.limits[STS_LIMIT_TOTAL]++;
	ask->why = "As many checks are under way as this server takes. Try again in a few seconds.";
	ask->retry_after_s = BUSY_RETRY_S;
	return STS_INQUIRY_BUSY;
}

static enum sts_inquiry_state ask_name(struct call *call, struct sts_inquiry *ask)
{
	struct sts_domain d;
	enum sts_refusal refusal;

	if (sts_domain_parse(sts_str_of(ask->typed), call->arena, &d, &ask->why) != STS_OK)
		return STS_INQUIRY_INVALID;
	ask->domain = d.ascii;
	ask->notes = d.notes;
	ask->note_count = d.note_count;
	refusal = sts_guard_domain(call->server->guard, d.ascii);
	if (refusal == STS_REFUSAL_NONE)
		return STS_INQUIRY_WAIT;
	call->server->metrics.refused_targets[refusal == STS_REFUSAL_LISTED ? STS_TARGET_LISTED : STS_TARGET_SPECIAL]++;
	ask->why = sts_refusal_text(refusal);
	return STS_INQUIRY_REFUSED;
}

enum sts_inquiry_state sts_inquire(struct call *call, struct sts_inquiry *ask)
{
	struct sts_pool *pool = call->server->pool;
	enum sts_inquiry_state state = ask_name(call, ask);
	enum sts_admission admission;

	if (state != STS_INQUIRY_WAIT)
		return state;
	/* a check under way is fresher than anything kept, and joining it costs nothing */
	if (sts_pool_running(pool, ask->domain))
		return ask_pool(call, ask);
	ask->result = ask->fresh ? NULL : sts_pool_cached(pool, ask->domain);
	if (ask->result != NULL)
		return STS_INQUIRY_CACHED;
	admission = call_admit(call, ask->domain, &ask->retry_after_s);
	return admission == STS_ADMIT ? ask_pool(call, ask) : limited(ask, admission);
}

unsigned sts_inquiry_status(enum sts_inquiry_state state, const char **type)
{
	switch (state) {
	case STS_INQUIRY_INVALID:
		*type = "invalid-domain";
		return 400;
	case STS_INQUIRY_REFUSED:
		*type = "refused-target";
		return 403;
	case STS_INQUIRY_LIMITED:
		*type = NULL;
		return 429;
	case STS_INQUIRY_BUSY:
		*type = "overloaded";
		return 503;
	case STS_INQUIRY_CACHED:
	case STS_INQUIRY_WAIT:
		break;
	}
	*type = "check-failed";
	return 503;
}

void sts_inquiry_members(const struct sts_inquiry *ask, enum sts_inquiry_state state, struct sts_buf *out)
{
	struct sts_jsonw w = sts_jsonw(out, false);

	sts_buf_puts(out, ",\"domain\":");
	sts_jw_cstr(&w, NULL, ask->domain != NULL ? ask->domain : ask->typed);
	if (state == STS_INQUIRY_LIMITED)
		sts_buf_printf(out, ",\"violated-policies\":[\"%s\"]", ask->policy);
	if (ask->retry_after_s > 0)
		sts_buf_printf(out, ",\"retry_after_s\":%u", ask->retry_after_s);
}

static void retry_header(struct call *call, unsigned seconds)
{
	char text[16];

	if (seconds == 0)
		return;
	snprintf(text, sizeof text, "%u", seconds);
	sts_exchange_header(call->x, "Retry-After", text);
}

void call_refuse(struct call *call, const struct sts_inquiry *ask, enum sts_inquiry_state state)
{
	const char *type = NULL;
	unsigned status = sts_inquiry_status(state, &type);
	struct sts_buf members;

	sts_buf_init(&members, 65536);
	sts_inquiry_members(ask, state, &members);
	retry_header(call, ask->retry_after_s);
	call_problem_with(call, status, type, ask->why, sts_buf_str(&members));
	sts_buf_clear(&members);
}

void sts_outcome_write(
	const struct sts_outcome *result, bool cached, const char *const *notes, size_t note_count, struct sts_buf *out)
{
	static const char empty[] = "\"notes\":[]";
	struct sts_str json = sts_str(result->json, result->json_len - 1); /* without the last brace */
	size_t at = note_count == 0 ? json.len : sts_str_findi(json, empty);
	struct sts_jsonw w = sts_jsonw(out, false);

	/* many share the check, which was asked for by its plain name: what was stripped from around it belongs to this
	 * client */
	sts_buf_add(out, json.ptr, at);
	if (at < json.len) {
		sts_buf_puts(out, "\"notes\":");
		sts_jw_array(&w, NULL);
		for (size_t i = 0; i < note_count; i++)
			sts_jw_cstr(&w, NULL, notes[i]);
		sts_jw_end_array(&w);
		sts_buf_add(out, json.ptr + at + sizeof empty - 1, json.len - at - (sizeof empty - 1));
	}
	sts_buf_printf(out, ",\"cached\":%s,\"age_s\":%lld}", cached ? "true" : "false",
		(long long)((sts_now_ms() - result->made_ms) / 1000));
}
