/* What can be read over MCP, and completion of the codes in it. */
#include "serve/mcp_kit.h"

#include "check/catalogue.h"
#include "serve/lint.h"
#include "render/explanation.h"

#define READ_MAX ((size_t)8 * 1024 * 1024)
/* [2025-11-25 and 2026-07-28, completion: at most 100 values] */
#define VALUES_MAX 100

/* One text as the member contents. */
static void send_text(struct sts_mcp_call *call, struct sts_str uri, struct sts_str text)
{
	struct sts_buf b;
	struct sts_jsonw w;

	sts_buf_init(&b, 2 * READ_MAX);
	w = sts_jsonw(&b, false);
	sts_buf_puts(&b, "\"contents\":[");
	sts_jw_object(&w, NULL);
	sts_jw_str(&w, "uri", uri);
	sts_jw_cstr(&w, "mimeType", "application/json");
	sts_jw_str(&w, "text", text);
	sts_jw_end_object(&w);
	sts_buf_addc(&b, ']');
	sts_mcp_result(call, "complete", sts_buf_str(&b));
	sts_buf_clear(&b);
}

static bool read_findings(struct sts_mcp_call *call, struct sts_str uri)
{
	struct sts_buf b;
	struct sts_jsonw w;

	sts_buf_init(&b, READ_MAX);
	w = sts_jsonw(&b, false);
	sts_json_explanations(&w, NULL);
	send_text(call, uri, sts_buf_str(&b));
	sts_buf_clear(&b);
	return true;
}

static bool read_finding(struct sts_mcp_call *call, struct sts_str uri, struct sts_str code)
{
	struct sts_explanation e;
	struct sts_buf b;
	struct sts_jsonw w;

	if (sts_explain(sts_strndup(sts_mcp_arena(call), code.ptr, code.len), &e) != STS_OK)
		return false;
	sts_buf_init(&b, READ_MAX);
	w = sts_jsonw(&b, false);
	sts_json_explanation(&w, NULL, &e);
	send_text(call, uri, sts_buf_str(&b));
	sts_buf_clear(&b);
	return true;
}

static bool read_check(struct sts_mcp_call *call, struct sts_str uri, struct sts_str domain)
{
	const struct call *user = sts_mcp_user(call);
	struct sts_outcome *result =
		sts_pool_cached(user->server->pool, sts_strndup(sts_mcp_arena(call), domain.ptr, domain.len));

	if (result == NULL || result->json_len > READ_MAX)
		return false;
	sts_mcp_not_cacheable(call);
	send_text(call, uri, sts_str(result->json, result->json_len));
	return true;
}

bool sts_mcp_read_resource(struct sts_mcp_call *call, struct sts_str uri)
{
	if (sts_str_is(uri, "mtasts://findings"))
		return read_findings(call, uri);
	if (sts_str_starts(uri, "mtasts://findings/"))
		return read_finding(call, uri, sts_str_from(uri, strlen("mtasts://findings/")));
	if (sts_str_starts(uri, "mtasts://check/"))
		return read_check(call, uri, sts_str_from(uri, strlen("mtasts://check/")));
	return false;
}

void sts_mcp_complete(
	struct sts_mcp_call *call, const struct sts_json *ref, struct sts_str argument, struct sts_str value)
{
	bool codes = sts_str_is(sts_json_text(ref, "type"), "ref/resource") &&
		     sts_str_is(sts_json_text(ref, "uri"), "mtasts://findings/{code}") && sts_str_is(argument, "code");
	struct sts_explanation e;
	struct sts_buf b;
	struct sts_jsonw w;
	unsigned total = 0;

	sts_buf_init(&b, READ_MAX);
	w = sts_jsonw(&b, false);
	sts_buf_puts(&b, "\"completion\":{\"values\":");
	sts_jw_array(&w, NULL);
	for (size_t i = 0; codes && sts_explain_at(i, &e) == STS_OK; i++) {
		if (strncmp(e.code, value.ptr, value.len) != 0)
			continue;
		if (total++ < VALUES_MAX)
			sts_jw_cstr(&w, NULL, e.code);
	}
	sts_jw_end_array(&w);
	sts_buf_printf(&b, ",\"total\":%u,\"hasMore\":%s}", total, total > VALUES_MAX ? "true" : "false");
	sts_mcp_result(call, "complete", sts_buf_str(&b));
	sts_buf_clear(&b);
}
