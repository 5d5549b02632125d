/* GET /v1/domains/{domain}/history: what was seen when; with diff and with, the differences of two observations. */
#include "serve/historian.h"
#include "serve/routes.h"

#include "base/clock.h"
#include "proto/domain.h"
#include "store/telling.h"

#define LIMIT_DEFAULT 200
#define LIMIT_MAX 10000

/* In the call's arena. */
struct waiter {
	struct call *call;
	struct sts_history_query *query;
};

static void answered(enum sts_err err, struct sts_str json, const char *why, void *arg)
{
	struct waiter *w = arg;

	w->query = NULL;
	if (err == STS_ENOENT) {
		call_problem(w->call, 404, "never-seen",
			"There is no observation of this domain here, or none at that time.");
		return;
	}
	if (err != STS_OK) {
		sts_server_log(w->call->server, "mtasts: the history cannot be read: %s", why);
		call_problem(w->call, 503, "history-failed", "The history cannot be read at the moment.");
		return;
	}
	call_json_line(w->call, json);
}

static void client_gone(void *arg)
{
	struct waiter *w = arg;

	if (w->query != NULL)
		sts_history_query_cancel(w->query);
}

/* False: answered already. */
static bool read_time(struct call *call, const char *name, int64_t *out)
{
	const char *text = NULL;
	int found = call_query(call, name, &text);

	if (found == 0 || (found == 1 && sts_parse_time(text, out)))
		return true;
	call_problem(call, 400, "invalid-parameter",
		sts_sprintf(call->arena, "The parameter %s is a date or an RFC 3339 time, once.", name));
	return false;
}

static bool read_limit(struct call *call, size_t *out)
{
	const char *text = NULL;
	int found = call_query(call, "limit", &text);
	uint64_t n = LIMIT_DEFAULT;

	if (found > 1 || (found == 1 && (!sts_str_u64(sts_str_of(text), &n) || n == 0 || n > LIMIT_MAX))) {
		call_problem(call, 400, "invalid-parameter", "The parameter limit is a number from 1 to 10000, once.");
		return false;
	}
	*out = (size_t)n;
	return true;
}

static bool read_moments(struct call *call, struct sts_history_question *q)
{
	int from = call_query(call, "diff", &q->diff_from);
	int to = call_query(call, "with", &q->diff_to);

	if (from == 0 && to == 0)
		return true;
	if (to == 0)
		q->diff_to = "last";
	if (from == 1 && to <= 1 && sts_is_moment(q->diff_from) && sts_is_moment(q->diff_to))
		return true;
	call_problem(call, 400, "invalid-parameter",
		"The parameters diff and with are observations, each once: first, last, a date or an RFC 3339 time. "
		"Without with it is the last one.");
	return false;
}

static bool read_question(struct call *call, struct sts_history_question *q)
{
	struct sts_domain d;
	const char *why = NULL;

	*q = (struct sts_history_question){.until_at = INT64_MAX};
	if (sts_domain_parse(sts_str_of(call->param), call->arena, &d, &why) != STS_OK) {
		call_problem(call, 400, "invalid-domain", why);
		return false;
	}
	q->domain = d.ascii;
	return read_time(call, "from", &q->from_at) && read_time(call, "until", &q->until_at) &&
	       read_limit(call, &q->limit) && read_moments(call, q);
}

void rest_history(struct call *call)
{
	struct waiter *w = STS_NEW(call->arena, struct waiter);
	struct sts_history_question q;

	w->call = call;
	if (!sts_accepts(call->request, "application/json")) {
		call_problem(call, 406, NULL, "The answer is application/json, which the Accept header does not take.");
		return;
	}
	if (!read_question(call, &q))
		return;
	if (call->server->historian == NULL) {
		call_problem(call, 404, "no-history", "This server keeps no history.");
		return;
	}
	w->query = sts_historian_ask(call->server->historian, &q, answered, w);
	if (w->query == NULL)
		call_problem(call, 503, "overloaded", "Too many questions to the history wait for an answer.");
	else
		sts_exchange_on_gone(call->x, client_gone, w);
}
