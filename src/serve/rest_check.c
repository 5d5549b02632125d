/* GET /v1/security/mta-sts and its stream of server-sent events. */
#include "serve/inquiry.h"
#include "serve/routes.h"

#include "base/clock.h"
#include "serve/sse.h"

#include <stdio.h>

/* One client that waits for one check. In the call's arena. */
struct waiter {
	struct call *call;
	struct sts_inquiry ask;
	struct sts_sse sse; /* streams only */
	bool stream;
	unsigned steps;
};

/* ---- one answer
 * ------------------------------------------------------------------------------------------------------------- */

/* The tag is weak: answers that differ in age only are the same to it.  [RFC 9110 section 8.8.1] */
static bool client_has_it(const struct call *call, const char *tag)
{
	struct sts_str list = sts_req_field(call->request, "If-None-Match");

	return sts_str_is(list, "*") || sts_str_findi(list, tag) < list.len;
}

static void send_result(struct call *call, struct sts_outcome *result, bool cached, const struct sts_inquiry *ask)
{
	struct sts_buf b;
	char tag[40];
	char age[24];

	snprintf(tag, sizeof tag, "W/\"%s\"", result->etag);
	snprintf(age, sizeof age, "%lld", (long long)((sts_now_ms() - result->made_ms) / 1000));
	sts_exchange_header(call->x, "ETag", tag);
	sts_exchange_header(call->x, "Age", age);
	call_cacheable(call, "private, no-cache");
	if (client_has_it(call, tag + 2)) {
		call_send(call, 304, NULL, STS_STR(""));
		return;
	}
	sts_buf_init(&b, STS_RESULT_MAX);
	sts_outcome_write(result, cached, ask->notes, ask->note_count, &b);
	sts_buf_addc(&b, '\n');
	call_json(call, sts_buf_str(&b));
	sts_buf_clear(&b);
}

static void check_ended(struct sts_outcome *result, void *arg)
{
	struct waiter *w = arg;

	w->ask.ticket = NULL;
	if (result == NULL)
		call_problem(w->call, 503, "check-failed",
			"The check could not be made; it is this server's fault, not the domain's.");
	else
		send_result(w->call, result, false, &w->ask);
}

static void client_gone(void *arg)
{
	struct waiter *w = arg;

	sts_sse_clear(&w->sse);
	if (w->ask.ticket != NULL)
		sts_ticket_cancel(w->ask.ticket);
}

/* False: answered already, something is wrong with the request. */
static bool read_query(struct call *call, struct sts_inquiry *ask)
{
	const char *fresh = "0";

	switch (call_query(call, "domain", &ask->typed)) {
	case 0:
		call_problem(call, 400, "invalid-parameter",
			"The parameter domain is missing: /v1/security/mta-sts?domain=example.com");
		return false;
	case 1:
		break;
	default:
		call_problem(call, 400, "invalid-parameter",
			"The parameter domain is there twice, or is no UTF-8 text in percent-encoding.");
		return false;
	}
	ask->fresh = call_query(call, "fresh", &fresh) == 1 && strcmp(fresh, "1") == 0;
	if (fresh != NULL && (ask->fresh || strcmp(fresh, "0") == 0))
		return true;
	call_problem(call, 400, "invalid-parameter", "The parameter fresh is 1 or 0, once.");
	return false;
}

void rest_check(struct call *call)
{
	struct waiter *w = STS_NEW(call->arena, struct waiter);
	enum sts_inquiry_state state;

	w->call = call;
	w->ask = (struct sts_inquiry){.on_done = check_ended, .arg = w};
	if (!sts_accepts(call->request, "application/json")) {
		call_problem(call, 406, NULL, "The answer is application/json, which the Accept header does not take.");
		return;
	}
	if (!read_query(call, &w->ask))
		return;
	state = sts_inquire(call, &w->ask);
	if (state == STS_INQUIRY_WAIT)
		sts_exchange_on_gone(call->x, client_gone, w);
	else if (state == STS_INQUIRY_CACHED)
		send_result(call, w->ask.result, true, &w->ask);
	else
		call_refuse(call, &w->ask, state);
}

/* ---- the stream
 * ------------------------------------------------------------------------------------------------------------------ */

static void send_step(const char *step, void *arg)
{
	struct waiter *w = arg;
	struct sts_buf b;
	struct sts_jsonw j;

	sts_buf_init(&b, 65536);
	j = sts_jsonw(&b, false);
	sts_jw_object(&j, NULL);
	sts_jw_int(&j, "n", ++w->steps);
	sts_jw_cstr(&j, "text", step);
	sts_jw_end_object(&j);
	sts_sse_send(&w->sse, "step", sts_buf_str(&b));
	sts_buf_clear(&b);
}

static void stream_result(struct waiter *w, const struct sts_outcome *result, bool cached)
{
	struct sts_buf b;

	sts_buf_init(&b, STS_RESULT_MAX);
	if (result != NULL)
		sts_outcome_write(result, cached, w->ask.notes, w->ask.note_count, &b);
	else
		call_problem_json(&b, w->call, 503, "check-failed",
			"The check could not be made; it is this server's fault, not the domain's.", STS_STR(""));
	sts_sse_send(&w->sse, result != NULL ? "result" : "error", sts_buf_str(&b));
	sts_buf_clear(&b);
	sts_sse_end(&w->sse);
}

static void stream_ended(struct sts_outcome *result, void *arg)
{
	struct waiter *w = arg;

	w->ask.ticket = NULL;
	stream_result(w, result, false);
}

/* Steps that come while sts_inquire() runs belong to a check that is joined: the stream has to be open by then. */
static void first_step(const char *step, void *arg)
{
	struct waiter *w = arg;

	if (!w->stream) {
		w->stream = true;
		sts_sse_begin(&w->sse, w->call);
	}
	send_step(step, w);
}

void rest_check_stream(struct call *call)
{
	struct waiter *w = STS_NEW(call->arena, struct waiter);
	enum sts_inquiry_state state;

	w->call = call;
	w->ask = (struct sts_inquiry){.on_step = first_step, .on_done = stream_ended, .arg = w};
	if (!sts_accepts(call->request, "text/event-stream")) {
		call_problem(
			call, 406, NULL, "The answer is text/event-stream, which the Accept header does not take.");
		return;
	}
	if (!read_query(call, &w->ask))
		return;
	state = sts_inquire(call, &w->ask);
	if (state != STS_INQUIRY_WAIT && state != STS_INQUIRY_CACHED) {
		call_refuse(call, &w->ask, state);
		return;
	}
	sts_exchange_on_gone(call->x, client_gone, w);
	if (!w->stream) {
		w->stream = true;
		sts_sse_begin(&w->sse, call);
	}
	if (state == STS_INQUIRY_CACHED)
		stream_result(w, w->ask.result, true);
}
