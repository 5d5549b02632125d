/* The small ones: explain, health, metrics, description. */
#include "serve/routes.h"

#include "check/catalogue.h"
#include "render/explanation.h"
#include "serve/embedded.h"

#include <stdlib.h>

#define EXPLAIN_MAX ((size_t)4 * 1024 * 1024)
#define METRICS_MAX ((size_t)1024 * 1024)

/* These texts change with the program only. */
#define AN_HOUR "public, max-age=3600"

static bool wants_json(struct call *call)
{
	if (sts_accepts(call->request, "application/json"))
		return true;
	call_problem(call, 406, NULL, "The answer is application/json, which the Accept header does not take.");
	return false;
}

/* ---- explain
 * ---------------------------------------------------------------------------------------------------------------- */

static void send_explanation(struct call *call, const struct sts_explanation *only)
{
	struct sts_buf b;
	struct sts_jsonw w;

	sts_buf_init(&b, EXPLAIN_MAX);
	w = sts_jsonw(&b, false);
	if (only != NULL)
		sts_json_explanation(&w, NULL, only);
	else
		sts_json_explanations(&w, NULL);
	sts_buf_addc(&b, '\n');
	call_cacheable(call, AN_HOUR);
	call_json(call, sts_buf_str(&b));
	sts_buf_clear(&b);
}

void rest_explain_list(struct call *call)
{
	if (wants_json(call))
		send_explanation(call, NULL);
}

static void unknown_code(struct call *call)
{
	const char *near = sts_catalogue_nearest(call->param);
	struct sts_buf members;
	struct sts_jsonw w;

	sts_buf_init(&members, 1000);
	if (near != NULL) {
		w = sts_jsonw(&members, false);
		sts_buf_puts(&members, ",\"did_you_mean\":");
		sts_jw_cstr(&w, NULL, near);
	}
	call_problem_with(call, 404, "unknown-code", "No finding has this code. /v1/explain lists all of them.",
		sts_buf_str(&members));
	sts_buf_clear(&members);
}

void rest_explain(struct call *call)
{
	struct sts_explanation e;

	if (!wants_json(call))
		return;
	if (sts_explain(call->param, &e) != STS_OK)
		unknown_code(call);
	else
		send_explanation(call, &e);
}

/* ---- health
 * ------------------------------------------------------------------------------------------------------------------ */

void rest_healthz(struct call *call)
{
	call_json(call, STS_STR("{\"status\":\"ok\"}\n"));
}

void rest_readyz(struct call *call)
{
	const struct sts_server *s = call->server;

	if (s->stopping)
		call_problem(call, 503, NULL, "The server is about to stop.");
	else if (sts_pool_stats(s->pool).in_flight >= s->options.pool.in_flight_max)
		call_problem(call, 503, "overloaded", "As many checks are under way as this server takes.");
	else
		call_json(call, STS_STR("{\"status\":\"ready\"}\n"));
}

void rest_metrics(struct call *call)
{
	const char *routes[STS_ROUTES_MAX];
	struct sts_metrics_now now = {.routes = routes, .route_count = sts_route_count + 1};
	struct sts_buf b;

	for (size_t i = 0; i < sts_route_count; i++)
		routes[i] = sts_routes[i].path;
	routes[sts_route_count] = "none";
	now.pool = sts_pool_stats(call->server->pool);
	now.connections = sts_httpd_connections(call->server->httpd);
	now.refused_connections = sts_httpd_refused(call->server->httpd);
	if (call->server->historian != NULL)
		now.history = sts_historian_stats(call->server->historian);
	sts_buf_init(&b, METRICS_MAX);
	sts_metrics_write(&call->server->metrics, &now, &b);
	call_send(call, 200, "text/plain; version=0.0.4; charset=utf-8", sts_buf_str(&b));
	sts_buf_clear(&b);
}

void rest_openapi(struct call *call)
{
	call_cacheable(call, AN_HOUR);
	call_json(call, sts_embedded_openapi);
}
