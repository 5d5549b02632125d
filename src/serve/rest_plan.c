/* /v1/plan: the domain as it is and a planned policy in, the safe order of steps out. */
#include "serve/inquiry.h"
#include "serve/planning.h"
#include "serve/routes.h"

#include "proto/domain.h"
#include "render/plan.h"

#include <stdio.h>

#define PLAN_MAX ((size_t)16 * 1024 * 1024)

enum sts_err sts_planned_read(struct sts_str text, const char *const *hosts, size_t host_count, struct sts_arena *arena,
	struct sts_planned *out, const char **why)
{
	const char **names = sts_alloc_array(arena, host_count + 1, sizeof *names);

	sts_policy_parse(text, arena, &out->policy);
	out->wanted = (struct sts_change_wanted){
		.policy_text = text, .policy = &out->policy, .mx = names, .mx_count = host_count};
	if (!out->policy.usable) {
		*why = "Senders cannot use the planned policy; /v1/lint, or the tool lint_policy, tells why.";
		return STS_ENOENT;
	}
	for (size_t i = 0; i < host_count; i++) {
		struct sts_domain d;

		if (sts_domain_parse(sts_str_of(hosts[i]), arena, &d, why) != STS_OK)
			return STS_EINVAL;
		for (size_t k = 0; k < i; k++) {
			if (strcmp(names[k], d.ascii) == 0) {
				*why = sts_sprintf(arena, "The mail host %s is given twice.", d.ascii);
				return STS_EINVAL;
			}
		}
		names[i] = d.ascii;
	}
	return STS_OK;
}

/* One client that waits for the check its plan rests on. In the call's arena. */
struct planner {
	struct call *call;
	struct sts_inquiry inquiry;
	struct sts_planned planned;
};

static void send_plan(struct planner *p, const struct sts_outcome *result)
{
	struct sts_plan plan;
	struct sts_buf b;
	struct sts_jsonw w;

	p->planned.wanted.report = result->report;
	sts_plan_make(&p->planned.wanted, p->call->arena, &plan);
	sts_buf_init(&b, PLAN_MAX);
	w = sts_jsonw(&b, false);
	sts_plan_json(&w, NULL, &plan);
	sts_buf_addc(&b, '\n');
	call_json(p->call, sts_buf_str(&b));
	sts_buf_clear(&b);
}

static void check_ended(struct sts_outcome *result, void *arg)
{
	struct planner *p = arg;

	p->inquiry.ticket = NULL;
	if (result == NULL)
		call_problem(p->call, 503, "check-failed",
			"The check could not be made; it is this server's fault, not the domain's.");
	else
		send_plan(p, result);
}

static void client_gone(void *arg)
{
	struct planner *p = arg;

	if (p->inquiry.ticket != NULL)
		sts_ticket_cancel(p->inquiry.ticket);
}

/* The policy: the body of POST, the parameter of GET. */
static bool read_policy(struct call *call, struct sts_str *text)
{
	const char *policy = NULL;

	if (sts_str_is(call->request->method, "POST")) {
		if (!sts_content_is(call->request, "text/plain")) {
			call_problem(call, 415, NULL, "The body is to be text/plain, and to say so in Content-Type.");
			return false;
		}
		*text = sts_exchange_body(call->x);
		return true;
	}
	if (call_query(call, "policy", &policy) != 1) {
		call_problem(call, 400, "invalid-parameter",
			"The parameter policy is the planned policy file, percent-encoded, once; POST takes it as its "
			"body.");
		return false;
	}
	*text = sts_str_of(policy);
	return true;
}

static bool read_request(struct planner *p)
{
	struct call *call = p->call;
	const char *hosts[STS_PLANNED_HOSTS_MAX];
	size_t count = 0;
	struct sts_str text = {0};
	const char *why = NULL;
	enum sts_err err;

	if (!read_policy(call, &text))
		return false;
	if (call_query(call, "domain", &p->inquiry.typed) != 1) {
		call_problem(call, 400, "invalid-parameter",
			"The parameter domain is needed, once, as UTF-8 text in percent-encoding.");
		return false;
	}
	if (!call_query_list(call, "mx", hosts, STS_PLANNED_HOSTS_MAX, &count)) {
		call_problem(call, 400, "invalid-parameter",
			"The parameter mx is a host name in UTF-8 and percent-encoding, at most 50 times.");
		return false;
	}
	err = sts_planned_read(text, hosts, count, call->arena, &p->planned, &why);
	if (err == STS_OK)
		return true;
	call_problem(
		call, err == STS_ENOENT ? 422 : 400, err == STS_ENOENT ? "unusable-policy" : "invalid-domain", why);
	return false;
}

void rest_plan(struct call *call)
{
	struct planner *p = STS_NEW(call->arena, struct planner);
	enum sts_inquiry_state state;

	p->call = call;
	p->inquiry = (struct sts_inquiry){.on_done = check_ended, .arg = p};
	if (!sts_accepts(call->request, "application/json")) {
		call_problem(call, 406, NULL, "The answer is application/json, which the Accept header does not take.");
		return;
	}
	if (!read_request(p))
		return;
	state = sts_inquire(call, &p->inquiry);
	if (state == STS_INQUIRY_WAIT)
		sts_exchange_on_gone(call->x, client_gone, p);
	else if (state == STS_INQUIRY_CACHED)
		send_plan(p, p->inquiry.result);
	else
		call_refuse(call, &p->inquiry, state);
}
