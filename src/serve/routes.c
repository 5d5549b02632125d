#include "serve/routes.h"

#include "base/clock.h"
#include "serve/lint.h"
#include "serve/mcp_http.h"

#include <inttypes.h>
#include <stdio.h>

/* Bodies of forms: percent-encoding may make three octets of one. */
#define PAGE_FORM_MAX (STS_LINT_TEXT_MAX * 3 + 16384)

const struct route sts_routes[] = {
	{"/", STS_GET, STS_ANYBODY, false, 0, page_index},
	{"/domain", STS_GET, STS_ANYBODY, false, 0, page_domain_form},
	{"/domain/{domain}", STS_GET | STS_POST, STS_CHECKER, true, 4096, page_domain},
	{"/domain/{domain}/steps", STS_GET, STS_CHECKER, true, 0, page_steps},
	{"/domain/{domain}/history", STS_GET, STS_CHECKER, false, 0, page_history},
	{"/lint", STS_GET | STS_POST, STS_CHECKER, false, PAGE_FORM_MAX, page_lint},
	{"/learn", STS_GET, STS_ANYBODY, false, 0, page_learn},
	{"/learn/{topic}", STS_GET, STS_ANYBODY, false, 0, page_learn},
	{"/explain", STS_GET, STS_ANYBODY, false, 0, page_explain_list},
	{"/explain/{code}", STS_GET, STS_ANYBODY, false, 0, page_explain},
	{"/fleet", STS_GET, STS_LOCAL_OR_MONITOR, false, 0, page_fleet},
	{"/fleet.csv", STS_GET, STS_LOCAL_OR_MONITOR, false, 0, page_fleet_csv},
	{"/assets/{name}", STS_GET, STS_OPEN, false, 0, page_asset},
	{"/robots.txt", STS_GET, STS_OPEN, false, 0, page_robots},
	{"/v1/security/mta-sts", STS_GET, STS_CHECKER, true, 0, rest_check},
	{"/v1/security/mta-sts/stream", STS_GET, STS_CHECKER, true, 0, rest_check_stream},
	{"/v1/checks", STS_POST, STS_CHECKER, true, 65536, rest_bulk},
	{"/v1/lint", STS_POST, STS_CHECKER, false, STS_LINT_TEXT_MAX, rest_lint},
	{"/v1/domains/{domain}/history", STS_GET, STS_CHECKER, false, 0, rest_history},
	{"/v1/plan", STS_GET | STS_POST, STS_CHECKER, true, STS_POLICY_MAX, rest_plan},
	{"/v1/monitor/domains", STS_GET | STS_POST, STS_LOCAL_OR_MONITOR, false, REST_MONITOR_BODY_MAX, rest_monitor},
	{"/v1/monitor/domains/{domain}", STS_GET | STS_DELETE, STS_LOCAL_OR_MONITOR, false, 0, rest_monitor_one},
	{"/v1/explain", STS_GET, STS_ANYBODY, false, 0, rest_explain_list},
	{"/v1/explain/{code}", STS_GET, STS_ANYBODY, false, 0, rest_explain},
	{"/mcp", STS_POST, STS_CHECKER, true, 262144, mcp_post},
	{"/openapi.json", STS_GET, STS_OPEN, false, 0, rest_openapi},
	{"/healthz", STS_GET, STS_OPEN, false, 0, rest_healthz},
	{"/readyz", STS_GET, STS_OPEN, false, 0, rest_readyz},
	{"/metrics", STS_GET, STS_LOCAL_OR_MONITOR, false, 0, rest_metrics},
};
const size_t sts_route_count = sizeof sts_routes / sizeof *sts_routes;
_Static_assert(sizeof sts_routes / sizeof *sts_routes < STS_ROUTES_MAX,
	"a row of the metrics for each route, and one for no route");

/* Bodies to paths that do not exist are read, so that 404 can be told; so much of them. */
#define STRAY_BODY_MAX 65536

/* ---- finding the route
 * ------------------------------------------------------------------------------------------------------ */

static bool fits(const char *pattern, struct sts_str path, struct sts_str *param)
{
	const char *brace = strchr(pattern, '{');
	size_t lead = brace == NULL ? strlen(pattern) : (size_t)(brace - pattern);
	struct sts_str rest;
	const char *tail;
	size_t end;

	if (brace == NULL)
		return sts_str_is(path, pattern);
	if (path.len <= lead || memcmp(path.ptr, pattern, lead) != 0)
		return false;
	rest = sts_str_from(path, lead);
	end = sts_str_find(rest, '/', 0);
	tail = strchr(brace, '}') + 1;
	*param = sts_str(rest.ptr, end);
	return end > 0 && sts_str_is(sts_str_from(rest, end), tail);
}

static const struct route *find(struct sts_str path, struct sts_str *param)
{
	for (size_t i = 0; i < sts_route_count; i++)
		if (fits(sts_routes[i].path, path, param))
			return &sts_routes[i];
	return NULL;
}

static unsigned method_bit(struct sts_str method)
{
	if (sts_str_is(method, "GET") || sts_str_is(method, "HEAD"))
		return STS_GET;
	if (sts_str_is(method, "POST"))
		return STS_POST;
	return sts_str_is(method, "DELETE") ? STS_DELETE : 0;
}

size_t sts_route_body_max(struct sts_exchange *x, void *server)
{
	struct sts_str param;
	const struct route *route = find(sts_exchange_request(x)->path, &param);

	(void)server;
	return route == NULL || (route->methods & STS_POST) == 0 ? STRAY_BODY_MAX : route->body_max;
}

/* ---- what every request goes through: each is true when it may pass, and has answered otherwise
 * ------------------------------------ */

static bool host_passes(struct call *call)
{
	const struct sts_request *q = call->request;

	/* HTTP/1.0 without Host is no browser */
	if (q->authority.len == 0 || sts_guard_host_ok(call->server->guard, q->authority))
		return true;
	call_problem(call, 421, "foreign-host",
		"This server does not answer to the name in the Host header. Its operator can add the name with "
		"--host.");
	return false;
}

static const char *allow_of(const struct route *route)
{
	static const char *const words[8] = {"OPTIONS", "GET, HEAD, OPTIONS", "POST, OPTIONS",
		"GET, HEAD, POST, OPTIONS", "DELETE, OPTIONS", "GET, HEAD, DELETE, OPTIONS", "POST, DELETE, OPTIONS",
		"GET, HEAD, POST, DELETE, OPTIONS"};

	return words[route->methods & 7];
}

static bool method_passes(struct call *call, const struct route *route)
{
	if ((method_bit(call->request->method) & route->methods) != 0)
		return true;
	sts_exchange_header(call->x, "Allow", allow_of(route));
	if (!sts_str_is(call->request->method, "OPTIONS")) {
		call_problem(
			call, 405, NULL, "This path does not take this method; the Allow header names those it takes.");
		return false;
	}
	if (call->origin == STS_ORIGIN_ALLOWED) {
		sts_exchange_header(call->x, "Access-Control-Allow-Methods", allow_of(route));
		sts_exchange_header(call->x, "Access-Control-Allow-Headers",
			"Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Method, Mcp-Name, "
			"Last-Event-ID");
		sts_exchange_header(call->x, "Access-Control-Max-Age", "600");
	}
	call_send(call, 204, NULL, STS_STR(""));
	return false;
}

static bool origin_passes(struct call *call, const struct route *route)
{
	if (route->access == STS_OPEN || call->origin != STS_ORIGIN_FOREIGN)
		return true;
	call_problem(call, 403, "foreign-origin",
		"The request comes from a web page of another origin. The operator of this server can allow the origin "
		"with --origin.");
	return false;
}

static bool refuse_key(struct call *call, unsigned status, const char *type, const char *challenge, const char *detail)
{
	if (challenge != NULL)
		sts_exchange_header(call->x, "WWW-Authenticate", challenge);
	call_problem(call, status, type, detail);
	return false;
}

/* "Bearer KEY", scheme in any case.  [RFC 6750 section 2.1] */
static bool find_key(struct call *call)
{
	struct sts_str value = sts_req_field(call->request, "Authorization");
	const struct sts_key *key = NULL;

	if (value.ptr == NULL || call->server->options.keys_file == NULL)
		return true;
	if (sts_req_field_count(call->request, "Authorization") == 1 && sts_str_startsi(value, "Bearer "))
		key = sts_keys_find(&call->server->keys, sts_str_trim(sts_str_from(value, 7)));
	if (key != NULL) {
		call->key = STS_NEW(call->arena, struct sts_key);
		*call->key = *key;
		return true;
	}
	return refuse_key(call, 401, "key-unknown", "Bearer realm=\"mtasts\", error=\"invalid_token\"",
		"The key in the Authorization header is not known here. It may have been revoked.");
}

static unsigned scope_of(const struct route *route)
{
	switch (route->access) {
	case STS_CHECKER:
		return STS_SCOPE_CHECK;
	case STS_LOCAL_OR_MONITOR:
		return STS_SCOPE_MONITOR;
	case STS_OPEN:
	case STS_ANYBODY:
		break;
	}
	return 0;
}

static bool key_passes(struct call *call, const struct route *route)
{
	const struct sts_server_options *o = &call->server->options;
	unsigned scope = scope_of(route);

	if (!find_key(call))
		return false;
	if (scope == 0 || (call->key != NULL && (call->key->scopes & scope) != 0))
		return true;
	if (route->access == STS_LOCAL_OR_MONITOR && call_may_monitor(call))
		return true;
	if (route->access == STS_CHECKER && call->key == NULL && (o->keys_file == NULL || o->anonymous))
		return true;
	if (call->key != NULL)
		return refuse_key(call, 403, "scope-missing", "Bearer realm=\"mtasts\", error=\"insufficient_scope\"",
			"The key is known, but not for this.");
	if (o->keys_file == NULL)
		return refuse_key(call, 403, "local-only", NULL,
			"Only clients on the server's own machine may do this, as it has no keys.");
	return refuse_key(call, 401, "key-needed", "Bearer realm=\"mtasts\"",
		"This server wants a key: send it as 'Authorization: Bearer KEY'. Ask its operator for one.");
}

static bool rate_passes(struct call *call, const struct route *route)
{
	char seconds[16];

	if (route->access == STS_OPEN)
		return true;
	call->requests = call_take_request(call);
	call->counted = true;
	if (call->requests.allowed)
		return true;
	call->server->metrics.limits[STS_LIMIT_REQUESTS]++;
	snprintf(seconds, sizeof seconds, "%u", call->requests.retry_after_s);
	sts_exchange_header(call->x, "Retry-After", seconds);
	call_problem_with(call, 429, NULL,
		"You sent more requests than this server answers in a while. The Retry-After header says when to go "
		"on.",
		STS_STR(",\"violated-policies\":[\"requests\"]"));
	return false;
}

static struct call *call_new(struct sts_exchange *x, struct sts_server *server)
{
	struct sts_arena *arena = sts_exchange_arena(x);
	struct call *call = STS_NEW(arena, struct call);

	*call = (struct call){.server = server, .x = x, .request = sts_exchange_request(x), .arena = arena};
	call->id = sts_sprintf(arena, "%s-%" PRIx64, server->run_id, ++server->request_number);
	call->client = sts_guard_client(server->guard, call->request, sts_exchange_peer(x));
	sts_exchange_set_data(x, call);
	return call;
}

void sts_route_handle(struct sts_exchange *x, void *arg)
{
	struct call *call = call_new(x, arg);
	struct sts_str param = {0};
	const struct route *route = find(call->request->path, &param);

	call->origin = sts_guard_origin(call->server->guard, call->request);
	if (!host_passes(call))
		return;
	if (route == NULL) {
		call_problem(call, 404, NULL, "There is nothing at this path. /openapi.json describes what there is.");
		return;
	}
	call->makes_checks = route->makes_checks;
	if (!origin_passes(call, route) || !method_passes(call, route) || !key_passes(call, route) ||
		!rate_passes(call, route))
		return;
	if (param.len > 0 && (call->param = sts_percent_decode(call->arena, param, false)) == NULL) {
		call_problem(call, 400, "invalid-parameter", "The path holds a percent-encoding that makes no sense.");
		return;
	}
	route->handle(call);
}

void sts_route_refuse(struct sts_exchange *x, unsigned status, const char *why, void *arg)
{
	call_problem(call_new(x, arg), status, NULL, why);
}

/* ---- after the answer
 * --------------------------------------------------------------------------------------------------------- */

void sts_route_answered(const struct sts_exchange *x, unsigned status, size_t body_len, void *arg)
{
	struct sts_server *server = arg;
	const struct sts_request *q = sts_exchange_request(x);
	const struct call *call = sts_exchange_data(x);
	struct sts_str param;
	const struct route *route = find(q->path, &param);
	char client[48] = "";

	sts_metrics_request(&server->metrics, route == NULL ? sts_route_count : (size_t)(route - sts_routes), status,
		sts_exchange_age_ms(x));
	if (!server->options.verbose)
		return;
	if (call != NULL)
		sts_client_key(&call->client.address, client);
	sts_server_log(server, "%s %.*s %.*s %u %zu %" PRId64 "ms%s%s", client, STS_FMT(q->method), STS_FMT(q->path),
		status, body_len, sts_exchange_age_ms(x), call != NULL && call->key != NULL ? " key " : "",
		call != NULL && call->key != NULL ? call->key->name : "");
}
