/*
 * A server with the fixtures that the MCP conformance suite wants to call, on the product's own HTTP server and MCP
 * layer. It proves the layer; the product itself is tried by the same suite without fixtures.
 */
#include "serve/call.h"
#include "serve/mcp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define NO_JSON sts_str(NULL, 0)
/* 1 by 1 pixel; one silent sample */
#define PNG "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
#define WAV "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQIAAAAAAA=="
#define IMAGE "{\"type\":\"image\",\"data\":\"" PNG "\",\"mimeType\":\"image/png\"}"
#define RESULT(call, members) sts_mcp_result((call), "complete", STS_STR(members))

/* ---- plain content
 * ---------------------------------------------------------------------------------------------------------- */

static void simple_text(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	sts_mcp_tool_result(call, "This is a simple text response for testing.", NO_JSON, NO_JSON, false);
}

static void image_content(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	RESULT(call, "\"content\":[" IMAGE "]");
}

static void audio_content(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	RESULT(call, "\"content\":[{\"type\":\"audio\",\"data\":\"" WAV "\",\"mimeType\":\"audio/wav\"}]");
}

static void embedded_resource(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	RESULT(call, "\"content\":[{\"type\":\"resource\",\"resource\":{\"uri\":\"test://"
		     "embedded-resource\",\"mimeType\":\"text/plain\","
		     "\"text\":\"This is an embedded resource content.\"}}]");
}

static void mixed_content(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	sts_mcp_tool_result(call, "Multiple content types test:", NO_JSON,
		STS_STR("," IMAGE ",{\"type\":\"resource\",\"resource\":{\"uri\":\"test://"
				  "mixed-content-resource\",\"mimeType\":\"application/json\","
			"\"text\":\"{\\\"test\\\":\\\"data\\\",\\\"value\\\":123}\"}}"),
		false);
}

static void always_fails(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	sts_mcp_tool_result(call, "This tool intentionally returns an error for testing", NO_JSON, NO_JSON, true);
}

static void logs_nothing(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	sts_mcp_tool_result(call, "Logging is not offered, so nothing was logged.", NO_JSON, NO_JSON, false);
}

static void schema_tool(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	sts_mcp_tool_result(call, "Only my input schema matters.", NO_JSON, NO_JSON, false);
}

/* ---- progress
 * ---------------------------------------------------------------------------------------------------------------- */

struct worker {
	struct sts_mcp_call *call;
	struct sts_loop *loop;
	struct sts_timer timer;
	unsigned done;
};

static void forget(void *arg)
{
	struct worker *w = arg;

	sts_timer_clear(&w->timer);
}

static void work(void *arg)
{
	struct worker *w = arg;

	sts_mcp_progress(w->call, w->done, 100, "working");
	if (w->done == 100) {
		sts_mcp_tool_result(w->call, "The work is done.", NO_JSON, NO_JSON, false);
		return;
	}
	w->done += 50;
	sts_timer_set(w->loop, &w->timer, 50, work, w);
}

static void with_progress(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	struct worker *w = STS_NEW(sts_mcp_arena(call), struct worker);
	const struct call *user = sts_mcp_user(call);

	(void)arguments;
	w->call = call;
	w->loop = user->server->loop;
	sts_mcp_on_cancel(call, forget, w);
	work(w);
}

/* ---- input that only the client can give (stateless revision)
 * ----------------------------------------------------------------- */

#define ELICIT(message, name, type)                                                                                    \
	"{\"method\":\"elicitation/create\",\"params\":{\"mode\":\"form\",\"message\":\"" message                      \
	"\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{\"" name "\":{\"type\":\"" type                   \
	"\"}},\"required\":[\"" name "\"]}}}"
#define SAMPLE(text)                                                                                                   \
	"{\"method\":\"sampling/"                                                                                      \
	"createMessage\",\"params\":{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\","                 \
	"\"text\":\"" text "\"}}],\"maxTokens\":100}}"
#define ROOTS "{\"method\":\"roots/list\",\"params\":{}}"

static const struct sts_json *response(const struct sts_mcp_call *call, const char *key)
{
	const struct sts_json *r = sts_json_get(sts_json_get(sts_mcp_params(call), "inputResponses"), key);

	return sts_json_is(r, STS_JSON_OBJECT) ? r : NULL;
}

static void ask(struct sts_mcp_call *call, const char *requests, const char *state)
{
	const char *members = state == NULL ? sts_sprintf(sts_mcp_arena(call), "\"inputRequests\":%s", requests)
					    : sts_sprintf(sts_mcp_arena(call),
						      "\"inputRequests\":%s,\"requestState\":\"%s\"", requests, state);

	sts_mcp_result(call, "input_required", sts_str_of(members));
}

static void say_done(struct sts_mcp_call *call, const char *text)
{
	sts_mcp_tool_result(call, text, NO_JSON, NO_JSON, false);
}

/* The label with a keyed hash behind it: nobody else can make one. */
static const char *signed_state(struct sts_mcp_call *call, const char *label)
{
	return sts_sprintf(sts_mcp_arena(call), "%s.%016" PRIx64, label, sts_hash(sts_str_of(label)));
}

static bool state_is(struct sts_mcp_call *call, const char *label)
{
	return sts_str_is(sts_json_text(sts_mcp_params(call), "requestState"), signed_state(call, label));
}

static void elicitation(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	const struct sts_json *content = sts_json_get(response(call, "user_name"), "content");
	struct sts_str name = sts_json_text(content, "name");

	(void)arguments;
	if (name.ptr != NULL)
		say_done(call, sts_sprintf(sts_mcp_arena(call), "Hello, %s!", name.ptr));
	else
		ask(call, "{\"user_name\":" ELICIT("What is your name?", "name", "string") "}", NULL);
}

static void sampling(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	if (response(call, "capital_question") != NULL)
		say_done(call, sts_json_text(sts_json_get(response(call, "capital_question"), "content"), "text").ptr);
	else
		ask(call, "{\"capital_question\":" SAMPLE("What is the capital of France?") "}", NULL);
}

static void list_roots(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	const struct sts_json *roots = sts_json_get(response(call, "client_roots"), "roots");

	(void)arguments;
	if (sts_json_is(roots, STS_JSON_ARRAY) && roots->count > 0)
		say_done(call, sts_json_text(&roots->items[0], "uri").ptr);
	else
		ask(call, "{\"client_roots\":" ROOTS "}", NULL);
}

static void request_state(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	if (response(call, "confirm") != NULL && state_is(call, "confirm"))
		say_done(call, "state-ok");
	else
		ask(call, "{\"confirm\":" ELICIT("Please confirm", "ok", "boolean") "}", signed_state(call, "confirm"));
}

static void multiple_inputs(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	if (response(call, "user_name") != NULL && response(call, "greeting") != NULL &&
		response(call, "client_roots") != NULL && state_is(call, "all"))
		say_done(call, "Everything was answered.");
	else
		ask(call,
			"{\"user_name\":" ELICIT("What is your name?", "name", "string") ",\"greeting\":" SAMPLE(
				"Generate a greeting") ",\"client_roots\":" ROOTS "}",
			signed_state(call, "all"));
}

static void multi_round(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	if (response(call, "step2") != NULL && state_is(call, "two"))
		say_done(call, "Both steps were taken.");
	else if (response(call, "step1") != NULL && state_is(call, "one"))
		ask(call, "{\"step2\":" ELICIT("Step 2: What is your favorite color?", "color", "string") "}",
			signed_state(call, "two"));
	else
		ask(call, "{\"step1\":" ELICIT("Step 1: What is your name?", "name", "string") "}",
			signed_state(call, "one"));
}

static void tampered_state(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	if (sts_json_get(sts_mcp_params(call), "requestState") == NULL)
		ask(call, "{\"confirm\":" ELICIT("Please confirm", "ok", "boolean") "}", signed_state(call, "tamper"));
	else if (!state_is(call, "tamper"))
		sts_mcp_error(call, 200, STS_MCP_INVALID_PARAMS, "This requestState is not of this server.", NO_JSON);
	else
		say_done(call, "state-ok");
}

static void capabilities(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	bool elicits = sts_mcp_client_can(call, "elicitation");
	bool samples = sts_mcp_client_can(call, "sampling");

	(void)arguments;
	if (!elicits && !samples)
		say_done(call, "The client can do nothing for me.");
	else
		ask(call,
			sts_sprintf(sts_mcp_arena(call), "{%s%s%s}",
				samples ? "\"greeting\":" SAMPLE("Generate a greeting") : "",
				samples && elicits ? "," : "",
				elicits ? "\"user_name\":" ELICIT("What is your name?", "name", "string") : ""),
			NULL);
}

static void missing_capability(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	if (sts_mcp_client_can(call, "sampling"))
		say_done(call, "The client can sample.");
	else
		sts_mcp_error(call, 400, STS_MCP_MISSING_CAPABILITY, "This tool wants a client that can sample.",
			STS_STR("{\"requiredCapabilities\":{\"sampling\":{}}}"));
}

/* ---- prompts, resources, completion
 * ------------------------------------------------------------------------------------------- */

#define MESSAGE(content) "{\"role\":\"user\",\"content\":" content "}"
#define TEXT(text) "{\"type\":\"text\",\"text\":\"" text "\"}"

static void simple_prompt(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	RESULT(call, "\"messages\":[" MESSAGE(TEXT("This is a simple prompt for testing.")) "]");
}

static void prompt_with_arguments(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	struct sts_str a = sts_json_text(arguments, "arg1");
	struct sts_str b = sts_json_text(arguments, "arg2");
	struct sts_buf out;
	struct sts_jsonw w;

	sts_buf_init(&out, 100000);
	sts_buf_puts(&out, "\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":");
	w = sts_jsonw(&out, false);
	sts_jw_cstr(&w, NULL,
		sts_sprintf(sts_mcp_arena(call), "Prompt with arguments: arg1='%.*s', arg2='%.*s'", STS_FMT(a),
			STS_FMT(b)));
	sts_buf_puts(&out, "}}]");
	sts_mcp_result(call, "complete", sts_buf_str(&out));
	sts_buf_clear(&out);
}

static void prompt_with_resource(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	struct sts_buf out;
	struct sts_jsonw w;

	sts_buf_init(&out, 100000);
	sts_buf_puts(&out, "\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"resource\",\"resource\":{"
			   "\"mimeType\":\"text/plain\",\"text\":"
			   "\"Embedded resource content for testing.\",\"uri\":");
	w = sts_jsonw(&out, false);
	sts_jw_str(&w, NULL, sts_json_text(arguments, "resourceUri"));
	sts_buf_puts(&out, "}}}," MESSAGE(TEXT("Please process the embedded resource above.")) "]");
	sts_mcp_result(call, "complete", sts_buf_str(&out));
	sts_buf_clear(&out);
}

static void prompt_with_image(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	RESULT(call, "\"messages\":[" MESSAGE(IMAGE) "," MESSAGE(TEXT("Please analyze the image above.")) "]");
}

static void prompt_with_input(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	if (response(call, "user_context") != NULL)
		RESULT(call, "\"messages\":[" MESSAGE(TEXT("The context was given.")) "]");
	else
		ask(call, "{\"user_context\":" ELICIT("What context should the prompt use?", "context", "string") "}",
			NULL);
}

static bool read_resource(struct sts_mcp_call *call, struct sts_str uri)
{
	static const char lead[] = "test://template/";
	static const char tail[] = "/data";
	unsigned id;

	if (sts_str_is(uri, "test://static-text")) {
		RESULT(call, "\"contents\":[{\"uri\":\"test://static-text\",\"mimeType\":\"text/plain\","
			     "\"text\":\"This is the content of the static text resource.\"}]");
		return true;
	}
	if (sts_str_is(uri, "test://static-binary")) {
		RESULT(call,
			"\"contents\":[{\"uri\":\"test://static-binary\",\"mimeType\":\"image/png\",\"blob\":\"" PNG
			"\"}]");
		return true;
	}
	if (!sts_str_starts(uri, lead) || sscanf(uri.ptr + sizeof lead - 1, "%9u", &id) != 1 ||
		strstr(uri.ptr, tail) == NULL)
		return false;
	sts_mcp_result(call, "complete",
		sts_str_of(sts_sprintf(sts_mcp_arena(call),
			"\"contents\":[{\"uri\":\"test://template/%u/data\",\"mimeType\":\"application/json\","
			"\"text\":\"{\\\"id\\\":\\\"%u\\\",\\\"templateTest\\\":true,\\\"data\\\":\\\"Data for ID: "
			"%u\\\"}\"}]",
			id, id, id)));
	return true;
}

static void complete(
	struct sts_mcp_call *call, const struct sts_json *ref, struct sts_str argument, struct sts_str value)
{
	(void)ref;
	(void)argument;
	(void)value;
	RESULT(call, "\"completion\":{\"values\":[\"paris\",\"park\",\"party\"],\"total\":3,\"hasMore\":false}");
}

/* ---- the kit
 * ----------------------------------------------------------------------------------------------------------------------
 */

#define TOOL(name) "{\"name\":\"" name "\",\"description\":\"A fixture.\",\"inputSchema\":{\"type\":\"object\"}}"
#define PROMPT(name, arguments) "{\"name\":\"" name "\",\"description\":\"A fixture.\",\"arguments\":[" arguments "]}"
#define ARGUMENT(name) "{\"name\":\"" name "\",\"description\":\"An argument.\",\"required\":true}"

static const struct
	sts_str
		tool_list = STS_STR("[" TOOL("test_simple_text") "," TOOL("test_image_content") "," TOOL("test_audio_"
													 "content") "," TOOL("test_embedded_resource") "," TOOL("test_multiple_content_types") "," TOOL("test_error_handling") "," TOOL(
			"test_tool_with_progress") "," TOOL("test_logging_tool") "," TOOL("test_missing_capability") "," TOOL("test_streaming_elicitation") "," TOOL("test_input_required_result_elicitation") "," TOOL("test_input_required_result_sampling") "," TOOL("test_input_required_result_list_roots") "," TOOL("test_input_required_result_request_state") "," TOOL("test_input_required_result_multiple_inputs") "," TOOL("test_input_required_result_multi_round") "," TOOL("test_input_required_result_tampered_state") "," TOOL("test_input_required_result_capabilities") ","
			"{\"name\":\"json_schema_2020_12_tool\",\"description\":\"Tool with JSON Schema 2020-12 features\",\"inputSchema\":{"
			"\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\",\"$defs\":{\"address\":{\"$anchor\":\"addressDef\","
			"\"type\":\"object\",\"properties\":{\"street\":{\"type\":\"string\"},\"city\":{\"type\":\"string\"}}}},\"properties\":{\"name\":{\"type\":"
			"\"string\"},\"address\":{\"$ref\":\"#/$defs/address\"},\"contactMethod\":{\"type\":\"string\",\"enum\":[\"phone\",\"email\"]},\"phone\":{"
			"\"type\":\"string\"},\"email\":{\"type\":\"string\"}},\"allOf\":[{\"anyOf\":[{\"required\":[\"phone\"]},{\"required\":[\"email\"]}]}],"
			"\"if\":{\"properties\":{\"contactMethod\":{\"const\":\"phone\"}},\"required\":[\"contactMethod\"]},\"then\":{\"required\":[\"phone\"]},"
			"\"else\":{\"required\":[\"email\"]},\"additionalProperties\":false}}]");

static const struct sts_mcp_tool tools[] = {
	{"test_simple_text", simple_text},
	{"test_image_content", image_content},
	{"test_audio_content", audio_content},
	{"test_embedded_resource", embedded_resource},
	{"test_multiple_content_types", mixed_content},
	{"test_error_handling", always_fails},
	{"test_tool_with_progress", with_progress},
	{"test_logging_tool", logs_nothing},
	{"test_missing_capability", missing_capability},
	{"test_streaming_elicitation", elicitation},
	{"test_input_required_result_elicitation", elicitation},
	{"test_input_required_result_sampling", sampling},
	{"test_input_required_result_list_roots", list_roots},
	{"test_input_required_result_request_state", request_state},
	{"test_input_required_result_multiple_inputs", multiple_inputs},
	{"test_input_required_result_multi_round", multi_round},
	{"test_input_required_result_tampered_state", tampered_state},
	{"test_input_required_result_capabilities", capabilities},
	{"json_schema_2020_12_tool", schema_tool},
};

static const struct sts_str prompt_list =
	STS_STR("[" PROMPT("test_simple_prompt", "") "," PROMPT("test_prompt_with_arguments",
		ARGUMENT("arg1") "," ARGUMENT("arg2")) "," PROMPT("test_prompt_with_embedded_resource",
		ARGUMENT("resourceUri")) "," PROMPT("test_prompt_with_image",
		"") "," PROMPT("test_input_required_result_prompt", "") "]");

static const struct sts_mcp_prompt prompts[] = {
	{"test_simple_prompt", simple_prompt},
	{"test_prompt_with_arguments", prompt_with_arguments},
	{"test_prompt_with_embedded_resource", prompt_with_resource},
	{"test_prompt_with_image", prompt_with_image},
	{"test_input_required_result_prompt", prompt_with_input},
};

static const struct sts_str resource_list =
	STS_STR("[{\"uri\":\"test://static-text\",\"name\":\"static-text\",\"mimeType\":\"text/plain\"},"
		"{\"uri\":\"test://static-binary\",\"name\":\"static-binary\",\"mimeType\":\"image/png\"}]");
static const struct sts_str template_list = STS_STR(
	"[{\"uriTemplate\":\"test://template/{id}/data\",\"name\":\"template\",\"mimeType\":\"application/json\"}]");

static const struct sts_mcp_kit kit = {
	.name = "mtasts-fixture",
	.title = "Fixtures",
	.version = sts_version,
	.instructions = "Fixtures of the conformance suite.",
	.tools = &tool_list,
	.tool_table = tools,
	.tool_count = sizeof tools / sizeof *tools,
	.prompts = &prompt_list,
	.prompt_table = prompts,
	.prompt_count = sizeof prompts / sizeof *prompts,
	.resources = &resource_list,
	.templates = &template_list,
	.read = read_resource,
	.complete = complete,
};

int main(int argc, char **argv)
{
	struct sts_server_options o;
	const char *listen[1] = {argc > 1 ? argv[1] : "127.0.0.1:8462"};
	const char *why = NULL;

	sts_server_options_init(&o);
	o.listen = listen;
	o.listen_count = 1;
	o.requests.quota = 0;
	o.mcp = &kit;
	if (sts_serve(&o, &why) == STS_OK)
		return 0;
	fprintf(stderr, "mcp-fixture: %s\n", why);
	return 1;
}
