/* What a client may ask for, method by method. */
#include "serve/mcp_call.h"

static void invalid_params(struct sts_mcp_call *call, const char *message)
{
	sts_mcp_error(call, 200, STS_MCP_INVALID_PARAMS, message, sts_str(NULL, 0));
}

static void write_capabilities(struct sts_jsonw *w, const struct sts_mcp_kit *kit)
{
	sts_jw_object(w, "capabilities");
	if (kit->tool_count > 0)
		sts_jw_raw(w, "tools", STS_STR("{}"));
	if (kit->prompt_count > 0)
		sts_jw_raw(w, "prompts", STS_STR("{}"));
	if (kit->read != NULL)
		sts_jw_raw(w, "resources", STS_STR("{}"));
	if (kit->complete != NULL)
		sts_jw_raw(w, "completions", STS_STR("{}"));
	sts_jw_end_object(w);
}

/* A writer whose one open object stands for the result's braces, which sts_mcp_result() writes. */
static void send_members(struct sts_mcp_call *call, struct sts_buf *b)
{
	sts_mcp_result(call, "complete", sts_str(b->ptr + 1, b->len - 2));
	sts_buf_clear(b);
}

static void do_discover(struct sts_mcp_call *call)
{
	struct sts_buf b;
	struct sts_jsonw w;

	sts_buf_init(&b, STS_MCP_MESSAGE_MAX);
	w = sts_jsonw(&b, false);
	sts_jw_object(&w, NULL);
	sts_jw_array(&w, "supportedVersions");
	for (size_t i = 0; sts_mcp_versions[i] != NULL; i++)
		sts_jw_cstr(&w, NULL, sts_mcp_versions[i]);
	sts_jw_end_array(&w);
	write_capabilities(&w, call->kit);
	sts_jw_cstr(&w, "instructions", call->kit->instructions);
	sts_jw_end_object(&w);
	call->cacheable = true;
	send_members(call, &b);
}

bool sts_mcp_is_legacy_version(struct sts_str version)
{
	for (size_t i = 1; sts_mcp_versions[i] != NULL; i++)
		if (sts_str_is(version, sts_mcp_versions[i]))
			return true;
	return false;
}

static void do_initialize(struct sts_mcp_call *call)
{
	struct sts_str wanted = sts_json_text(call->params, "protocolVersion");
	struct sts_buf b;
	struct sts_jsonw w;

	if (wanted.ptr == NULL) {
		invalid_params(call, "initialize wants a protocolVersion.");
		return;
	}
	sts_buf_init(&b, STS_MCP_MESSAGE_MAX);
	w = sts_jsonw(&b, false);
	sts_jw_object(&w, NULL);
	sts_jw_str(&w, "protocolVersion", sts_mcp_is_legacy_version(wanted) ? wanted : STS_STR(STS_MCP_NEWEST_LEGACY));
	write_capabilities(&w, call->kit);
	sts_mcp_write_server_info(&w, "serverInfo", call->kit);
	sts_jw_cstr(&w, "instructions", call->kit->instructions);
	sts_jw_end_object(&w);
	send_members(call, &b);
}

static void do_ping(struct sts_mcp_call *call)
{
	sts_mcp_result(call, "complete", STS_STR(""));
}

/* Lists fit on one page, so no cursor is ever given out, and none is good. */
static void send_list(struct sts_mcp_call *call, const char *member, const struct sts_str *items)
{
	struct sts_buf b;

	if (sts_json_get(call->params, "cursor") != NULL) {
		invalid_params(call, "There is one page only, so this cursor is not from here.");
		return;
	}
	sts_buf_init(&b, STS_MCP_MESSAGE_MAX);
	sts_buf_printf(&b, "\"%s\":", member);
	if (items != NULL)
		sts_buf_add(&b, items->ptr, items->len);
	else
		sts_buf_puts(&b, "[]");
	call->cacheable = true;
	sts_mcp_result(call, "complete", sts_buf_str(&b));
	sts_buf_clear(&b);
}

static void do_tools_list(struct sts_mcp_call *call)
{
	send_list(call, "tools", call->kit->tools);
}

static void do_prompts_list(struct sts_mcp_call *call)
{
	send_list(call, "prompts", call->kit->prompts);
}

static void do_resources_list(struct sts_mcp_call *call)
{
	send_list(call, "resources", call->kit->resources);
}

static void do_templates_list(struct sts_mcp_call *call)
{
	send_list(call, "resourceTemplates", call->kit->templates);
}

/* The object of arguments; an empty one when there is none; NULL (and answered) when it is something else. */
static const struct sts_json *arguments_of(struct sts_mcp_call *call)
{
	static const struct sts_json empty = {.type = STS_JSON_OBJECT};
	const struct sts_json *arguments = sts_json_get(call->params, "arguments");

	if (arguments == NULL)
		return &empty;
	if (arguments->type == STS_JSON_OBJECT)
		return arguments;
	invalid_params(call, "The member arguments is an object.");
	return NULL;
}

static void do_tools_call(struct sts_mcp_call *call)
{
	struct sts_str name = sts_json_text(call->params, "name");
	const struct sts_json *arguments;

	for (size_t i = 0; i < call->kit->tool_count; i++) {
		if (!sts_str_is(name, call->kit->tool_table[i].name))
			continue;
		arguments = arguments_of(call);
		if (arguments != NULL)
			call->kit->tool_table[i].call(call, arguments);
		return;
	}
	invalid_params(call, "There is no tool of this name; tools/list names them.");
}

static void do_prompts_get(struct sts_mcp_call *call)
{
	struct sts_str name = sts_json_text(call->params, "name");
	const struct sts_json *arguments;

	for (size_t i = 0; i < call->kit->prompt_count; i++) {
		if (!sts_str_is(name, call->kit->prompt_table[i].name))
			continue;
		arguments = arguments_of(call);
		if (arguments != NULL)
			call->kit->prompt_table[i].get(call, arguments);
		return;
	}
	invalid_params(call, "There is no prompt of this name; prompts/list names them.");
}

static void do_resources_read(struct sts_mcp_call *call)
{
	struct sts_str uri = sts_json_text(call->params, "uri");
	bool modern = call->modern;
	struct sts_buf data;
	struct sts_jsonw w;

	if (uri.ptr == NULL) {
		invalid_params(call, "resources/read wants a uri.");
		return;
	}
	call->cacheable = true;
	if (call->kit->read(call, uri))
		return;
	sts_buf_init(&data, 100000);
	w = sts_jsonw(&data, false);
	sts_jw_object(&w, NULL);
	sts_jw_str(&w, "uri", uri);
	sts_jw_end_object(&w);
	sts_mcp_error(call, 200, modern ? STS_MCP_INVALID_PARAMS : STS_MCP_OLD_RESOURCE_NOT_FOUND,
		"There is no such resource.", sts_buf_str(&data));
	sts_buf_clear(&data);
}

static void do_complete(struct sts_mcp_call *call)
{
	const struct sts_json *ref = sts_json_get(call->params, "ref");
	const struct sts_json *argument = sts_json_get(call->params, "argument");
	struct sts_str name = sts_json_text(argument, "name");
	struct sts_str value = sts_json_text(argument, "value");

	if (!sts_json_is(ref, STS_JSON_OBJECT) || name.ptr == NULL || value.ptr == NULL)
		invalid_params(call, "completion/complete wants ref, argument.name and argument.value.");
	else
		call->kit->complete(call, ref, name, value);
}

/* Nothing that could be listened to ever changes; the stream is opened, says so, and stays until the client has enough
 * of it. */
static void do_listen(struct sts_mcp_call *call)
{
	struct sts_buf b;

	if (!sts_json_is(sts_json_get(call->params, "notifications"), STS_JSON_OBJECT)) {
		invalid_params(call, "subscriptions/listen wants an object of notifications.");
		return;
	}
	if (call->session->port.may_listen != NULL && !call->session->port.may_listen(call->session->port.arg)) {
		sts_mcp_error(call, 503, STS_MCP_INTERNAL_ERROR,
			"There are as many subscriptions as this server keeps.", sts_str(NULL, 0));
		return;
	}
	call->listens = true;
	sts_buf_init(&b, STS_MCP_MESSAGE_MAX);
	sts_buf_puts(
		&b, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/"
		    "acknowledged\",\"params\":{\"notifications\":{},\"_meta\":{\"" STS_MCP_META "subscriptionId\":");
	sts_json_write(&b, call->id);
	sts_buf_puts(&b, "}}}");
	call->session->port.send(call->session->port.arg, sts_buf_str(&b), false, 200);
	sts_buf_clear(&b);
}

enum { IN_MODERN = 1, IN_LEGACY = 2, IN_BOTH = 3 };

static const struct sts_mcp_method methods[] = {
	{"server/discover", IN_MODERN, NULL, do_discover},
	{"initialize", IN_LEGACY, NULL, do_initialize},
	{"ping", IN_LEGACY, NULL, do_ping},
	{"tools/list", IN_BOTH, NULL, do_tools_list},
	{"tools/call", IN_BOTH, "name", do_tools_call},
	{"prompts/list", IN_BOTH, NULL, do_prompts_list},
	{"prompts/get", IN_BOTH, "name", do_prompts_get},
	{"resources/list", IN_BOTH, NULL, do_resources_list},
	{"resources/templates/list", IN_BOTH, NULL, do_templates_list},
	{"resources/read", IN_BOTH, "uri", do_resources_read},
	{"completion/complete", IN_BOTH, NULL, do_complete},
	{"subscriptions/listen", IN_MODERN, NULL, do_listen},
};

static bool offered(const struct sts_mcp_call *call, const struct sts_mcp_method *m)
{
	const struct sts_mcp_kit *kit = call->kit;

	if ((m->eras & (call->modern ? IN_MODERN : IN_LEGACY)) == 0)
		return false;
	if (strncmp(m->name, "tools/", 6) == 0)
		return kit->tool_count > 0;
	if (strncmp(m->name, "prompts/", 8) == 0)
		return kit->prompt_count > 0;
	if (strncmp(m->name, "resources/", 10) == 0)
		return kit->read != NULL;
	if (m->run == do_complete)
		return kit->complete != NULL;
	return m->run != do_listen || call->session->port.streams;
}

const struct sts_mcp_method *sts_mcp_find_method(const struct sts_mcp_call *call)
{
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (sts_str_is(call->method, methods[i].name))
			return offered(call, &methods[i]) ? &methods[i] : NULL;
	return NULL;
}
