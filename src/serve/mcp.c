#include "serve/mcp_call.h"

#include "base/base64.h"

#include <stdlib.h>

/* How long clients may keep lists and texts, milliseconds: they change with the program only. */
#define TTL_MS 3600000

const char *const sts_mcp_versions[] = {STS_MCP_MODERN, STS_MCP_NEWEST_LEGACY, "2025-06-18", NULL};

/* ---- life
 * ----------------------------------------------------------------------------------------------------------------- */

static void attach(struct sts_mcp_call *call, struct sts_mcp_session *session)
{
	call->session = session;
	call->link = &session->calls;
	call->next = session->calls;
	if (call->next != NULL)
		call->next->link = &call->next;
	session->calls = call;
}

static void detach(struct sts_mcp_call *call)
{
	*call->link = call->next;
	if (call->next != NULL)
		call->next->link = call->link;
}

static struct sts_mcp_call *call_new(struct sts_mcp_session *session)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_mcp_call *call;

	if (arena == NULL)
		abort();
	call = STS_NEW(arena, struct sts_mcp_call);
	call->arena = arena;
	call->kit = session->kit;
	call->progress = -1;
	attach(call, session);
	if (session->port.user != NULL)
		call->user = session->port.user(arena, session->port.arg);
	return call;
}

static void cancel(struct sts_mcp_call *call)
{
	detach(call);
	if (call->cancelled != NULL)
		call->cancelled(call->cancelled_arg);
	sts_arena_free(call->arena);
}

void sts_mcp_session_gone(struct sts_mcp_session *session)
{
	for (struct sts_mcp_call *c = session->calls, *next; c != NULL; c = next) {
		next = c->next;
		/* in the handshake revisions a broken connection is no cancellation.  [2025-11-25, transports, section
		 * "Sending Messages"] */
		if (c->modern || session->orphans == NULL) {
			cancel(c);
		} else {
			detach(c);
			attach(c, session->orphans);
		}
	}
}

void sts_mcp_session_stop(struct sts_mcp_session *session)
{
	for (struct sts_mcp_call *c = session->calls; c != NULL; c = c->next) {
		if (c->listens) {
			sts_mcp_result(c, "complete", STS_STR(""));
			return; /* the transport may be gone with it; there is one request to a stream */
		}
	}
}

void sts_mcp_session_clear(struct sts_mcp_session *session)
{
	while (session->calls != NULL)
		cancel(session->calls);
}

struct sts_arena *sts_mcp_arena(struct sts_mcp_call *call)
{
	return call->arena;
}

void *sts_mcp_user(const struct sts_mcp_call *call)
{
	return call->user;
}

const struct sts_json *sts_mcp_params(const struct sts_mcp_call *call)
{
	return call->params;
}

void sts_mcp_on_cancel(struct sts_mcp_call *call, void (*fn)(void *arg), void *arg)
{
	call->cancelled = fn;
	call->cancelled_arg = arg;
}

bool sts_mcp_client_can(const struct sts_mcp_call *call, const char *capability)
{
	return sts_json_get(sts_json_get(call->meta, STS_MCP_META "clientCapabilities"), capability) != NULL;
}

/* ---- messages out
 * ------------------------------------------------------------------------------------------------------------ */

static void begin_message(struct sts_buf *b, const struct sts_mcp_call *call)
{
	sts_buf_init(b, STS_MCP_MESSAGE_MAX);
	sts_buf_puts(b, "{\"jsonrpc\":\"2.0\"");
	if (call->id == NULL)
		return;
	sts_buf_puts(b, ",\"id\":");
	sts_json_write(b, call->id);
}

/* Hand the answer to the transport; the call ends. */
static void finish(struct sts_mcp_call *call, struct sts_buf *b, unsigned status)
{
	struct sts_mcp_session *session = call->session;

	detach(call);
	sts_arena_free(call->arena);
	if (!b->failed)
		session->port.send(session->port.arg, sts_buf_str(b), true, status);
	else
		session->port.send(session->port.arg,
			STS_STR("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32603,\"message\":\"The answer is too "
				"large.\"}}"),
			true, 500);
	sts_buf_clear(b);
}

void sts_mcp_write_server_info(struct sts_jsonw *w, const char *key, const struct sts_mcp_kit *kit)
{
	sts_jw_object(w, key);
	sts_jw_cstr(w, "name", kit->name);
	sts_jw_cstr(w, "title", kit->title);
	sts_jw_cstr(w, "version", kit->version());
	sts_jw_end_object(w);
}

void sts_mcp_result(struct sts_mcp_call *call, const char *result_type, struct sts_str members)
{
	struct sts_buf b;
	struct sts_jsonw w;

	begin_message(&b, call);
	sts_buf_puts(&b, ",\"result\":{");
	sts_buf_add(&b, members.ptr, members.len);
	if (call->modern) {
		sts_buf_printf(&b, "%s\"resultType\":\"%s\"", members.len > 0 ? "," : "", result_type);
		if (call->cacheable)
			sts_buf_printf(&b, ",\"ttlMs\":%d,\"cacheScope\":\"%s\"", call->fleeting ? 0 : TTL_MS,
				call->fleeting ? "private" : "public");
		sts_buf_puts(&b, ",\"_meta\":");
		w = sts_jsonw(&b, false);
		sts_jw_object(&w, NULL);
		sts_mcp_write_server_info(&w, STS_MCP_META "serverInfo", call->kit);
		sts_jw_end_object(&w);
	}
	sts_buf_puts(&b, "}}");
	finish(call, &b, 200);
}

void sts_mcp_not_cacheable(struct sts_mcp_call *call)
{
	call->fleeting = true;
}

void sts_mcp_error(struct sts_mcp_call *call, unsigned status, int code, const char *message, struct sts_str data)
{
	struct sts_buf b;
	struct sts_jsonw w;

	begin_message(&b, call);
	w = sts_jsonw(&b, false);
	sts_buf_puts(&b, ",\"error\":");
	sts_jw_object(&w, NULL);
	sts_jw_int(&w, "code", code);
	sts_jw_cstr(&w, "message", message);
	if (data.ptr != NULL)
		sts_jw_raw(&w, "data", data);
	sts_jw_end_object(&w);
	sts_buf_addc(&b, '}');
	finish(call, &b, status);
}

void sts_mcp_tool_result(
	struct sts_mcp_call *call, const char *text, struct sts_str structured, struct sts_str more, bool is_error)
{
	struct sts_buf b;
	struct sts_jsonw w;

	sts_buf_init(&b, STS_MCP_MESSAGE_MAX);
	w = sts_jsonw(&b, false);
	sts_buf_puts(&b, "\"content\":[");
	sts_jw_object(&w, NULL);
	sts_jw_cstr(&w, "type", "text");
	sts_jw_cstr(&w, "text", text);
	sts_jw_end_object(&w);
	sts_buf_add(&b, more.ptr, more.len);
	sts_buf_addc(&b, ']');
	if (structured.ptr != NULL) {
		sts_buf_puts(&b, ",\"structuredContent\":");
		sts_buf_add(&b, structured.ptr, structured.len);
	}
	sts_buf_printf(&b, ",\"isError\":%s", is_error ? "true" : "false");
	sts_mcp_result(call, "complete", sts_buf_str(&b));
	sts_buf_clear(&b);
}

void sts_mcp_progress(struct sts_mcp_call *call, unsigned done, unsigned total, const char *message)
{
	struct sts_buf b;
	struct sts_jsonw w;

	if (call->token == NULL || !call->session->port.streams || (int64_t)done <= call->progress)
		return;
	call->progress = done;
	sts_buf_init(&b, STS_MCP_MESSAGE_MAX);
	sts_buf_puts(&b, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":");
	sts_json_write(&b, call->token);
	sts_buf_printf(&b, ",\"progress\":%u", done);
	if (total > 0)
		sts_buf_printf(&b, ",\"total\":%u", total);
	sts_buf_puts(&b, ",\"message\":");
	w = sts_jsonw(&b, false);
	sts_jw_cstr(&w, NULL, message);
	sts_buf_puts(&b, "}}");
	call->session->port.send(call->session->port.arg, sts_buf_str(&b), false, 200);
	sts_buf_clear(&b);
}

/* ---- the stateless revision: metadata and headers of every request
 * ----------------------------------------------------------------- */

static bool refuse(struct sts_mcp_call *call, unsigned status, int code, const char *message)
{
	sts_mcp_error(call, status, code, message, sts_str(NULL, 0));
	return false;
}

static bool refuse_version(struct sts_mcp_call *call, struct sts_str wanted)
{
	struct sts_buf data;
	struct sts_jsonw w;

	sts_buf_init(&data, 100000);
	w = sts_jsonw(&data, false);
	sts_jw_object(&w, NULL);
	sts_jw_array(&w, "supported");
	for (size_t i = 0; sts_mcp_versions[i] != NULL; i++)
		sts_jw_cstr(&w, NULL, sts_mcp_versions[i]);
	sts_jw_end_array(&w);
	sts_jw_str(&w, "requested", wanted);
	sts_jw_end_object(&w);
	sts_mcp_error(call, 400, STS_MCP_UNSUPPORTED_VERSION, "This protocol version is not spoken here.",
		sts_buf_str(&data));
	sts_buf_clear(&data);
	return false;
}

static bool meta_passes(struct sts_mcp_call *call, const struct sts_mcp_headers *headers)
{
	struct sts_str version = sts_json_text(call->meta, STS_MCP_META "protocolVersion");

	if (version.ptr == NULL)
		return refuse(call, 400, STS_MCP_INVALID_PARAMS, "params._meta lacks " STS_MCP_META "protocolVersion.");
	if (!sts_json_is(sts_json_get(call->meta, STS_MCP_META "clientCapabilities"), STS_JSON_OBJECT))
		return refuse(
			call, 400, STS_MCP_INVALID_PARAMS, "params._meta lacks " STS_MCP_META "clientCapabilities.");
	if (headers != NULL && !sts_str_eq(headers->version, version))
		return refuse(call, 400, STS_MCP_HEADER_MISMATCH,
			"The header MCP-Protocol-Version is missing or differs from params._meta.");
	return sts_str_is(version, STS_MCP_MODERN) || refuse_version(call, version);
}

/* "=?base64?...?=" stands for what it decodes to.  [2026-07-28, Streamable HTTP, "Value Encoding"] */
static bool header_says(struct sts_str header, struct sts_str want)
{
	static const char lead[] = "=?base64?";
	static const char tail[] = "?=";
	size_t ends = sizeof lead - 1 + sizeof tail - 1;
	struct sts_buf decoded;
	bool same;

	if (header.ptr == NULL)
		return false;
	if (!sts_str_starts(header, lead) || header.len < ends ||
		!sts_str_is(sts_str_from(header, header.len - (sizeof tail - 1)), tail))
		return sts_str_eq(header, want);
	sts_buf_init(&decoded, header.len);
	same = sts_base64_take(&decoded, sts_str(header.ptr + sizeof lead - 1, header.len - ends)) &&
	       sts_str_eq(sts_buf_str(&decoded), want);
	sts_buf_clear(&decoded);
	return same;
}

static bool headers_pass(
	struct sts_mcp_call *call, const struct sts_mcp_method *m, const struct sts_mcp_headers *headers)
{
	struct sts_str name = m->named == NULL ? sts_str(NULL, 0) : sts_json_text(call->params, m->named);

	if (headers == NULL)
		return true;
	if (!sts_str_eq(headers->method, call->method))
		return refuse(call, 400, STS_MCP_HEADER_MISMATCH,
			"The header Mcp-Method is missing or differs from the method.");
	/* a name that is missing in the body is a fault of the parameters, told later */
	if (name.ptr != NULL && !header_says(headers->name, name))
		return refuse(call, 400, STS_MCP_HEADER_MISMATCH,
			"The header Mcp-Name is missing or differs from the name or uri in params.");
	return true;
}

/* ---- messages in
 * ---------------------------------------------------------------------------------------------------------------------
 */

static bool has_modern_meta(const struct sts_json *meta)
{
	for (size_t i = 0; sts_json_is(meta, STS_JSON_OBJECT) && i < meta->count; i++)
		if (sts_str_is(meta->items[i].name, STS_MCP_META "protocolVersion") ||
			sts_str_is(meta->items[i].name, STS_MCP_META "clientCapabilities"))
			return true;
	return false;
}

/* The message decides, except where only the header says that it means to be of the stateless revision: its metadata is
 * missing then. */
static bool is_modern(const struct sts_mcp_call *call, const struct sts_mcp_headers *headers)
{
	return has_modern_meta(call->meta) || sts_str_is(call->method, "server/discover") ||
	       (headers != NULL && sts_str_is(headers->version, STS_MCP_MODERN) &&
		       !sts_str_is(call->method, "initialize"));
}

static void run_modern(struct sts_mcp_call *call, const struct sts_mcp_headers *headers)
{
	const struct sts_mcp_method *m;

	if (!meta_passes(call, headers))
		return;
	m = sts_mcp_find_method(call);
	if (m == NULL) {
		refuse(call, 404, STS_MCP_METHOD_NOT_FOUND, "There is no such method.");
		return;
	}
	if (headers_pass(call, m, headers))
		m->run(call);
}

static void run_legacy(struct sts_mcp_call *call, const struct sts_mcp_headers *headers)
{
	const struct sts_mcp_method *m;

	if (headers != NULL && headers->version.ptr != NULL && !sts_mcp_is_legacy_version(headers->version) &&
		!sts_str_is(call->method, "initialize")) {
		refuse_version(call, headers->version);
		return;
	}
	m = sts_mcp_find_method(call);
	if (m == NULL)
		refuse(call, 200, STS_MCP_METHOD_NOT_FOUND, "There is no such method.");
	else
		m->run(call);
}

static bool id_fits(const struct sts_json *id)
{
	return id->type == STS_JSON_INT || id->type == STS_JSON_STRING;
}

static bool same_id(const struct sts_json *a, const struct sts_json *b)
{
	if (a->type != b->type)
		return false;
	return a->type == STS_JSON_INT ? a->integer == b->integer : sts_str_eq(a->text, b->text);
}

static void take_notification(struct sts_mcp_session *session, struct sts_str method, const struct sts_json *params)
{
	const struct sts_json *id = sts_json_get(params, "requestId");

	if (!sts_str_is(method, "notifications/cancelled") || id == NULL || !id_fits(id))
		return;
	for (struct sts_mcp_call *c = session->calls; c != NULL; c = c->next) {
		if (c->id != NULL && same_id(c->id, id)) {
			cancel(c);
			return;
		}
	}
}

/* What keeps it from being a JSON-RPC request or notification, or NULL. */
static const char *shape_fault(const struct sts_json *m)
{
	const struct sts_json *id = sts_json_get(m, "id");
	const struct sts_json *params = sts_json_get(m, "params");

	if (sts_json_is(m, STS_JSON_ARRAY))
		return "Batches are not taken: one message at a time.";
	if (!sts_json_is(m, STS_JSON_OBJECT) || !sts_str_is(sts_json_text(m, "jsonrpc"), "2.0"))
		return "This is no JSON-RPC 2.0 message.";
	if (sts_json_text(m, "method").ptr == NULL)
		return "The message has no method; responses are not taken here, as this server asks its clients "
		       "nothing.";
	if (id != NULL && !id_fits(id))
		return "The id is neither a string nor an integer.";
	if (params != NULL && params->type != STS_JSON_OBJECT)
		return "The member params is no object.";
	return NULL;
}

static void run(struct sts_mcp_call *call, const struct sts_json *message, const struct sts_mcp_headers *headers)
{
	call->id = sts_json_get(message, "id");
	call->method = sts_json_text(message, "method");
	call->params = sts_json_get(message, "params");
	call->meta = sts_json_get(call->params, "_meta");
	call->token = sts_json_get(call->meta, "progressToken");
	if (call->token != NULL && !id_fits(call->token))
		call->token = NULL;
	call->modern = is_modern(call, headers);
	if (call->modern)
		run_modern(call, headers);
	else
		run_legacy(call, headers);
}

bool sts_mcp_receive(struct sts_mcp_session *session, struct sts_str text, const struct sts_mcp_headers *headers)
{
	struct sts_mcp_call *call = call_new(session);
	const char *why = NULL;
	const struct sts_json *message = sts_json_read(text, call->arena, &why);
	const char *fault = message == NULL ? NULL : shape_fault(message);

	if (message == NULL || fault != NULL) {
		const struct sts_json *id = sts_json_get(message, "id");

		call->id = id != NULL && id_fits(id) ? id : NULL;
		sts_mcp_error(call, 400, message == NULL ? STS_MCP_PARSE_ERROR : STS_MCP_INVALID_REQUEST,
			message == NULL ? sts_sprintf(call->arena, "The message is no JSON that is taken here: %s", why)
					: fault,
			sts_str(NULL, 0));
		return true;
	}
	if (sts_json_get(message, "id") == NULL) {
		take_notification(session, sts_json_text(message, "method"), sts_json_get(message, "params"));
		cancel(call);
		return false;
	}
	run(call, message, headers);
	return true;
}
