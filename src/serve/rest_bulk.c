/*
 * POST /v1/checks: up to 100 domains in one request, one line of JSON for each as it ends (NDJSON). New checks are
 * paced by the client's allowance, so a bulk request takes longer instead of failing.
 */
#include "serve/inquiry.h"
#include "serve/routes.h"

#include "base/clock.h"
#include "base/jsonr.h"

#define DOMAINS_MAX 100
/* Checks of one bulk request that run at once, and how long it may take in all. */
#define AT_ONCE 10
#define WHOLE_MS ((int64_t)15 * 60 * 1000)

struct item {
	struct bulk *bulk;
	struct sts_inquiry ask;
};

/* In the call's arena. */
struct bulk {
	struct call *call;
	struct item *items;
	size_t count;
	size_t next; /* the first that was not asked for yet */
	size_t waiting;
	bool fresh;
	int64_t deadline_ms;
	struct sts_timer pace;
};

static void go_on(void *arg);

static void write_line(struct bulk *bulk, struct sts_buf *b)
{
	sts_buf_addc(b, '\n');
	sts_exchange_write(bulk->call->x, sts_buf_str(b));
	sts_buf_clear(b);
}

static void write_result(struct item *item, const struct sts_outcome *result, bool cached)
{
	struct sts_buf b;

	sts_buf_init(&b, STS_RESULT_MAX);
	sts_outcome_write(result, cached, item->ask.notes, item->ask.note_count, &b);
	write_line(item->bulk, &b);
}

/* {"domain": as typed, "error": a problem} */
static void write_error(struct item *item, enum sts_inquiry_state state)
{
	const char *type = NULL;
	unsigned status = sts_inquiry_status(state, &type);
	struct sts_buf b, members;
	struct sts_jsonw w;

	sts_buf_init(&b, 65536);
	sts_buf_init(&members, 65536);
	sts_inquiry_members(&item->ask, state, &members);
	w = sts_jsonw(&b, false);
	sts_buf_puts(&b, "{\"domain\":");
	sts_jw_cstr(&w, NULL, item->ask.typed);
	sts_buf_puts(&b, ",\"error\":");
	call_problem_json(&b, item->bulk->call, status, type,
		item->ask.why != NULL ? item->ask.why
				      : "The check could not be made; it is this server's fault, not the domain's.",
		sts_buf_str(&members));
	sts_buf_addc(&b, '}');
	sts_buf_clear(&members);
	write_line(item->bulk, &b);
}

static void item_done(struct sts_outcome *result, void *arg)
{
	struct item *item = arg;
	struct bulk *bulk = item->bulk;

	item->ask.ticket = NULL;
	bulk->waiting--;
	if (result != NULL)
		write_result(item, result, false);
	else
		write_error(item, STS_INQUIRY_WAIT);
	sts_timer_set(bulk->call->server->loop, &bulk->pace, 0, go_on, bulk);
}

/* False: not now; a timer is set. */
static bool start_item(struct bulk *bulk, struct item *item)
{
	enum sts_inquiry_state state = sts_inquire(bulk->call, &item->ask);

	switch (state) {
	case STS_INQUIRY_WAIT:
		bulk->waiting++;
		return true;
	case STS_INQUIRY_CACHED:
		write_result(item, item->ask.result, true);
		return true;
	case STS_INQUIRY_LIMITED:
	case STS_INQUIRY_BUSY:
		if (sts_now_ms() + (int64_t)item->ask.retry_after_s * 1000 < bulk->deadline_ms) {
			sts_timer_set(bulk->call->server->loop, &bulk->pace, (int64_t)item->ask.retry_after_s * 1000,
				go_on, bulk);
			return false;
		}
		break;
	case STS_INQUIRY_INVALID:
	case STS_INQUIRY_REFUSED:
		break;
	}
	write_error(item, state);
	return true;
}

static void go_on(void *arg)
{
	struct bulk *bulk = arg;

	while (bulk->next < bulk->count && bulk->waiting < AT_ONCE) {
		if (!start_item(bulk, &bulk->items[bulk->next]))
			return;
		bulk->next++;
	}
	if (bulk->next == bulk->count && bulk->waiting == 0)
		sts_exchange_end(bulk->call->x);
}

static void client_gone(void *arg)
{
	struct bulk *bulk = arg;

	sts_timer_clear(&bulk->pace);
	for (size_t i = 0; i < bulk->count; i++)
		if (bulk->items[i].ask.ticket != NULL)
			sts_ticket_cancel(bulk->items[i].ask.ticket);
}

/* ---- the request
 * -------------------------------------------------------------------------------------------------------------- */

static const char *take_domains(struct bulk *bulk, const struct sts_json *list)
{
	if (!sts_json_is(list, STS_JSON_ARRAY) || list->count == 0 || list->count > DOMAINS_MAX)
		return "The member domains is an array of 1 to 100 texts.";
	bulk->count = list->count;
	bulk->items = sts_alloc_array(bulk->call->arena, list->count, sizeof *bulk->items);
	for (size_t i = 0; i < list->count; i++) {
		struct item *item = &bulk->items[i];

		if (!sts_json_is(&list->items[i], STS_JSON_STRING) || list->items[i].text.len > 1000)
			return "Every member of domains is a text of at most 1000 octets.";
		item->bulk = bulk;
		item->ask = (struct sts_inquiry){
			.typed = list->items[i].text.ptr, .fresh = bulk->fresh, .on_done = item_done, .arg = item};
	}
	return NULL;
}

static const char *read_body(struct bulk *bulk)
{
	const char *why = NULL;
	const struct sts_json *body = sts_json_read(sts_exchange_body(bulk->call->x), bulk->call->arena, &why);
	const struct sts_json *fresh = sts_json_get(body, "fresh");

	if (body == NULL)
		return sts_sprintf(bulk->call->arena, "The body is no JSON: %s", why);
	if (fresh != NULL && fresh->type != STS_JSON_TRUE && fresh->type != STS_JSON_FALSE)
		return "The member fresh is true or false.";
	bulk->fresh = sts_json_is(fresh, STS_JSON_TRUE);
	return take_domains(bulk, sts_json_get(body, "domains"));
}

void rest_bulk(struct call *call)
{
	struct bulk *bulk = STS_NEW(call->arena, struct bulk);
	const char *why;

	bulk->call = call;
	if (!sts_content_is(call->request, "application/json")) {
		call_problem(call, 415, NULL, "The body is to be application/json, and to say so in Content-Type.");
		return;
	}
	if (!sts_accepts(call->request, "application/x-ndjson")) {
		call_problem(
			call, 406, NULL, "The answer is application/x-ndjson, which the Accept header does not take.");
		return;
	}
	why = read_body(bulk);
	if (why != NULL) {
		call_problem(call, 400, "invalid-parameter", why);
		return;
	}
	bulk->deadline_ms = sts_now_ms() + WHOLE_MS;
	sts_exchange_on_gone(call->x, client_gone, bulk);
	call_begin(call, "application/x-ndjson");
	go_on(bulk);
}
