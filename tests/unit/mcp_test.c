/* MCP messages by table: which era a message belongs to, what is refused and how, notifications, progress, cancelling.
 */
#include "test.h"

#include "base/buf.h"
#include "serve/mcp.h"

#define NO_JSON sts_str(NULL, 0)

/* ---- a kit with one tool that answers at once and one that waits
 * -------------------------------------------------------- */

static struct sts_mcp_call *waiting;
static unsigned cancelled;

static void was_cancelled(void *arg)
{
	(void)arg;
	cancelled++;
	waiting = NULL;
}

static void echo(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	sts_mcp_tool_result(call,
		sts_json_text(arguments, "text").ptr != NULL ? sts_json_text(arguments, "text").ptr : "nothing",
		NO_JSON, NO_JSON, false);
}

static void wait_tool(struct sts_mcp_call *call, const struct sts_json *arguments)
{
	(void)arguments;
	waiting = call;
	sts_mcp_on_cancel(call, was_cancelled, NULL);
}

static bool read_resource(struct sts_mcp_call *call, struct sts_str uri)
{
	if (!sts_str_is(uri, "test://one"))
		return false;
	sts_mcp_result(call, "complete", STS_STR("\"contents\":[]"));
	return true;
}

static const char *version(void)
{
	return "1";
}

static const struct sts_str list = STS_STR("[{\"name\":\"echo\"},{\"name\":\"wait\"}]");
static const struct sts_mcp_tool tools[] = {{"echo", echo}, {"wait", wait_tool}};
static const struct sts_mcp_kit kit = {.name = "test",
	.title = "Test",
	.version = version,
	.instructions = "none",
	.tools = &list,
	.tool_table = tools,
	.tool_count = 2,
	.read = read_resource};

/* ---- a port that keeps what was sent
 * ---------------------------------------------------------------------------------------- */

static char sent[65536];
static unsigned sent_count;
static unsigned sent_status;
static bool sent_last;

static void take(void *arg, struct sts_str message, bool last, unsigned status)
{
	(void)arg;
	snprintf(sent, sizeof sent, "%.*s", STS_FMT(message));
	sent_count++;
	sent_status = status;
	sent_last = last;
}

static void drop(void *arg, struct sts_str message, bool last, unsigned status)
{
	(void)arg;
	(void)message;
	(void)last;
	(void)status;
}

static struct sts_mcp_session orphans = {.kit = &kit, .port = {.send = drop}};
static struct sts_mcp_session session = {.kit = &kit, .port = {.send = take, .streams = true}, .orphans = &orphans};

static bool give(const char *message, const struct sts_mcp_headers *headers)
{
	sent[0] = '\0';
	sent_count = 0;
	sent_status = 0;
	return sts_mcp_receive(&session, sts_str_of(message), headers);
}

/* ---- messages
 * ----------------------------------------------------------------------------------------------------------------- */

#define CAPS "\"io.modelcontextprotocol/clientCapabilities\":{}"
#define META "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"," CAPS "}"
#define MODERN(id, method, more)                                                                                       \
	"{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\",\"params\":{" META more "}}"
#define LEGACY(id, method, params) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\",\"params\":" params "}"
#define H(version, method, name)                                                                                       \
	{                                                                                                              \
		STS_STR(version), STS_STR(method), STS_STR(name)                                                       \
	}
#define NONE                                                                                                           \
	{                                                                                                              \
		NULL, 0                                                                                                \
	}

static const struct row {
	const char *name;
	const char *message;
	bool http;
	struct sts_mcp_headers headers;
	unsigned status;
	const char *want; /* part of the answer */
} rows[] = {
	{"ping", LEGACY("1", "ping", "{}"), false, {NONE, NONE, NONE}, 200, "\"id\":1,\"result\":{}}"},
	{"an id that is a text", LEGACY("\"x\\u00e4\"", "ping", "{}"), false, {NONE, NONE, NONE}, 200,
		"\"id\":\"x\xc3\xa4\""},
	{"initialize, newest", LEGACY("1", "initialize", "{\"protocolVersion\":\"2025-11-25\"}"), false,
		{NONE, NONE, NONE}, 200, "\"protocolVersion\":\"2025-11-25\""},
	{"initialize, older", LEGACY("1", "initialize", "{\"protocolVersion\":\"2025-06-18\"}"), false,
		{NONE, NONE, NONE}, 200, "\"protocolVersion\":\"2025-06-18\""},
	{"initialize, unknown", LEGACY("1", "initialize", "{\"protocolVersion\":\"1999-01-01\"}"), false,
		{NONE, NONE, NONE}, 200, "\"protocolVersion\":\"2025-11-25\""},
	{"initialize, stateless revision", LEGACY("1", "initialize", "{\"protocolVersion\":\"2026-07-28\"}"), false,
		{NONE, NONE, NONE}, 200, "\"protocolVersion\":\"2025-11-25\""},
	{"initialize without version", LEGACY("1", "initialize", "{}"), false, {NONE, NONE, NONE}, 200, "-32602"},
	{"tools, old", LEGACY("1", "tools/list", "{}"), false, {NONE, NONE, NONE}, 200,
		"\"result\":{\"tools\":[{\"name\":\"echo\"},{\"name\":\"wait\"}]}}"},
	{"tools, with a cursor", LEGACY("1", "tools/list", "{\"cursor\":\"x\"}"), false, {NONE, NONE, NONE}, 200,
		"-32602"},
	{"tools, stateless", MODERN("1", "tools/list", ""), false, {NONE, NONE, NONE}, 200,
		"\"ttlMs\":3600000,\"cacheScope\":\"public\""},
	{"discover", MODERN("1", "server/discover", ""), false, {NONE, NONE, NONE}, 200,
		"\"supportedVersions\":[\"2026-07-28\",\"2025-11-25\",\"2025-06-18\"]"},
	{"capabilities say what there is", MODERN("1", "server/discover", ""), false, {NONE, NONE, NONE}, 200,
		"\"capabilities\":{\"tools\":{},\"resources\":{}}"},
	{"a call", LEGACY("1", "tools/call", "{\"name\":\"echo\",\"arguments\":{\"text\":\"hi\"}}"), false,
		{NONE, NONE, NONE}, 200, "{\"content\":[{\"type\":\"text\",\"text\":\"hi\"}],\"isError\":false}"},
	{"a call, stateless", MODERN("1", "tools/call", ",\"name\":\"echo\""), false, {NONE, NONE, NONE}, 200,
		"\"resultType\":\"complete\",\"_meta\":{"},
	{"an unknown tool", MODERN("1", "tools/call", ",\"name\":\"none\""), false, {NONE, NONE, NONE}, 200, "-32602"},
	{"arguments that are none", LEGACY("1", "tools/call", "{\"name\":\"echo\",\"arguments\":[]}"), false,
		{NONE, NONE, NONE}, 200, "-32602"},
	{"a resource", LEGACY("1", "resources/read", "{\"uri\":\"test://one\"}"), false, {NONE, NONE, NONE}, 200,
		"\"contents\":[]"},
	{"no resource, old", LEGACY("1", "resources/read", "{\"uri\":\"test://two\"}"), false, {NONE, NONE, NONE}, 200,
		"-32002"},
	{"no resource, stateless", MODERN("1", "resources/read", ",\"uri\":\"test://two\""), false, {NONE, NONE, NONE},
		200, "-32602"},
	{"what is not offered", LEGACY("1", "prompts/list", "{}"), false, {NONE, NONE, NONE}, 200, "-32601"},
	{"what is not offered, stateless", MODERN("1", "prompts/list", ""), false, {NONE, NONE, NONE}, 404, "-32601"},
	{"ping is gone in the stateless revision", MODERN("1", "ping", ""), false, {NONE, NONE, NONE}, 404, "-32601"},
	{"discover is not in the old ones", LEGACY("1", "server/discover", "{}"), false, {NONE, NONE, NONE}, 400,
		"-32602"},

	{"no JSON", "{\"jsonrpc\"", false, {NONE, NONE, NONE}, 400, "-32700"},
	{"the same member twice", "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}", false,
		{NONE, NONE, NONE}, 400, "-32700"},
	{"a batch", "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", false, {NONE, NONE, NONE}, 400,
		"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600"},
	{"another JSON-RPC", "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", false, {NONE, NONE, NONE}, 400,
		"\"id\":1,\"error\":{\"code\":-32600"},
	{"an id that is null", "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", false, {NONE, NONE, NONE}, 400,
		"-32600"},
	{"an id with a fraction", "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", false, {NONE, NONE, NONE},
		400, "-32600"},
	{"a response", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", false, {NONE, NONE, NONE}, 400, "-32600"},
	{"params that are no object", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}", false,
		{NONE, NONE, NONE}, 400, "-32600"},
	{"a version nobody speaks",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/"
		"list\",\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2099-01-01\"," CAPS "}}}",
		false, {NONE, NONE, NONE}, 400,
		"-32022,\"message\":\"This protocol version is not spoken "
		"here.\",\"data\":{\"supported\":[\"2026-07-28\""},
	{"a version echoed",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/"
		"list\",\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2099-01-01\"," CAPS "}}}",
		false, {NONE, NONE, NONE}, 400, "\"requested\":\"2099-01-01\""},
	{"no capabilities",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/"
		"list\",\"params\":{\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}}",
		false, {NONE, NONE, NONE}, 400, "-32602"},

	{"headers as they should be", MODERN("1", "tools/call", ",\"name\":\"echo\""), true,
		H("2026-07-28", "tools/call", "echo"), 200, "nothing"},
	{"a name in base64", MODERN("1", "tools/call", ",\"name\":\"echo\""), true,
		H("2026-07-28", "tools/call", "=?base64?ZWNobw==?="), 200, "nothing"},
	{"a name in broken base64", MODERN("1", "tools/call", ",\"name\":\"echo\""), true,
		H("2026-07-28", "tools/call", "=?base64?ZWNobw=?="), 400, "-32020"},
	{"no version header", MODERN("1", "tools/list", ""), true, {NONE, STS_STR("tools/list"), NONE}, 400, "-32020"},
	{"another version header", MODERN("1", "tools/list", ""), true,
		{STS_STR("2025-11-25"), STS_STR("tools/list"), NONE}, 400, "-32020"},
	{"no method header", MODERN("1", "tools/list", ""), true, {STS_STR("2026-07-28"), NONE, NONE}, 400, "-32020"},
	{"another method header", MODERN("1", "tools/list", ""), true,
		{STS_STR("2026-07-28"), STS_STR("Tools/List"), NONE}, 400, "-32020"},
	{"no name header", MODERN("1", "tools/call", ",\"name\":\"echo\""), true,
		{STS_STR("2026-07-28"), STS_STR("tools/call"), NONE}, 400, "-32020"},
	{"another name header", MODERN("1", "tools/call", ",\"name\":\"echo\""), true,
		H("2026-07-28", "tools/call", "wait"), 400, "-32020"},
	{"an unknown method wins over headers", MODERN("1", "none", ""), true, {STS_STR("2026-07-28"), NONE, NONE}, 404,
		"-32601"},
	{"the header alone says stateless", LEGACY("1", "tools/list", "{}"), true,
		{STS_STR("2026-07-28"), STS_STR("tools/list"), NONE}, 400, "-32602"},
	{"old revision, no header", LEGACY("1", "tools/list", "{}"), true, {NONE, NONE, NONE}, 200, "\"tools\":"},
	{"old revision, its header", LEGACY("1", "tools/list", "{}"), true, {STS_STR("2025-06-18"), NONE, NONE}, 200,
		"\"tools\":"},
	{"old revision, header of none", LEGACY("1", "tools/list", "{}"), true, {STS_STR("1999-01-01"), NONE, NONE},
		400, "-32022"},
	{"old revision: errors ride on 200", LEGACY("1", "none", "{}"), true, {STS_STR("2025-06-18"), NONE, NONE}, 200,
		"-32601"},
};

static void messages(void)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CASE("%s", rows[i].name);
		EXPECT(give(rows[i].message, rows[i].http ? &rows[i].headers : NULL));
		EXPECT_INT(sent_count, 1);
		EXPECT(sent_last);
		EXPECT_INT(sent_status, rows[i].status);
		test_expect(strstr(sent, rows[i].want) != NULL, TEST_HERE, "answer: %s", sent);
		EXPECT(strchr(sent, '\n') == NULL);
		EXPECT(session.calls == NULL);
	}
}

static void notifications(void)
{
	CASE("notifications are taken without a word");
	EXPECT(!give("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", NULL));
	EXPECT(!give(
		"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":99}}", NULL));
	EXPECT(!give("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\"}", NULL));
	EXPECT(!give("{\"jsonrpc\":\"2.0\",\"method\":\"none\"}", NULL));
	EXPECT_INT(sent_count, 0);
	EXPECT(session.calls == NULL);
}

static void progress(void)
{
	CASE("progress goes where it was asked for, and only upwards");
	EXPECT(give(LEGACY("1", "tools/call", "{\"name\":\"wait\",\"_meta\":{\"progressToken\":\"t\"}}"), NULL));
	EXPECT_INT(sent_count, 0);
	sts_mcp_progress(waiting, 0, 10, "a \"step\"");
	EXPECT(!sent_last);
	EXPECT(strstr(sent, "\"progressToken\":\"t\",\"progress\":0,\"total\":10,\"message\":\"a \\\"step\\\"\"") !=
		NULL);
	sts_mcp_progress(waiting, 2, 0, "b");
	EXPECT(strstr(sent, "total") == NULL);
	sts_mcp_progress(waiting, 2, 0, "again");
	EXPECT_INT(sent_count, 2);
	sts_mcp_tool_result(waiting, "done", NO_JSON, NO_JSON, false);
	EXPECT(sent_last);
	CASE("without a token there is none");
	EXPECT(give(LEGACY("1", "tools/call", "{\"name\":\"wait\"}"), NULL));
	sts_mcp_progress(waiting, 1, 0, "a");
	EXPECT_INT(sent_count, 0);
	sts_mcp_tool_result(waiting, "done", NO_JSON, NO_JSON, false);
	CASE("a port that cannot stream has none");
	session.port.streams = false;
	EXPECT(give(LEGACY("1", "tools/call", "{\"name\":\"wait\",\"_meta\":{\"progressToken\":1}}"), NULL));
	sts_mcp_progress(waiting, 1, 0, "a");
	EXPECT_INT(sent_count, 0);
	sts_mcp_tool_result(waiting, "done", NO_JSON, NO_JSON, false);
	session.port.streams = true;
}

static void cancelling(void)
{
	CASE("a call is cancelled by its id, of its type");
	cancelled = 0;
	EXPECT(give(LEGACY("7", "tools/call", "{\"name\":\"wait\"}"), NULL));
	EXPECT(!give(
		"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\"7\"}}", NULL));
	EXPECT_INT(cancelled, 0);
	EXPECT(!give(
		"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":7}}", NULL));
	EXPECT_INT(cancelled, 1);
	EXPECT_INT(sent_count, 0);
	EXPECT(session.calls == NULL);
	CASE("a client that goes cancels in the stateless revision");
	EXPECT(give(MODERN("1", "tools/call", ",\"name\":\"wait\""), NULL));
	sts_mcp_session_gone(&session);
	EXPECT_INT(cancelled, 2);
	CASE("in the others the work goes on, and its answer is dropped");
	EXPECT(give(LEGACY("1", "tools/call", "{\"name\":\"wait\"}"), NULL));
	sts_mcp_session_gone(&session);
	EXPECT_INT(cancelled, 2);
	EXPECT(session.calls == NULL);
	EXPECT(orphans.calls == waiting);
	sts_mcp_tool_result(waiting, "done", NO_JSON, NO_JSON, false);
	EXPECT_INT(sent_count, 0);
	EXPECT(orphans.calls == NULL);
	CASE("orphans end with the server");
	EXPECT(give(LEGACY("1", "tools/call", "{\"name\":\"wait\"}"), NULL));
	sts_mcp_session_gone(&session);
	sts_mcp_session_clear(&orphans);
	EXPECT_INT(cancelled, 3);
}

static void listening(void)
{
	CASE("a subscription is acknowledged, stays, and ends with the server");
	EXPECT(give(MODERN("5", "subscriptions/listen", ",\"notifications\":{\"toolsListChanged\":true}"), NULL));
	EXPECT_INT(sent_count, 1);
	EXPECT(!sent_last);
	EXPECT(strstr(sent, "notifications/subscriptions/acknowledged") != NULL);
	EXPECT(strstr(sent, "\"io.modelcontextprotocol/subscriptionId\":5") != NULL);
	sts_mcp_session_stop(&session);
	EXPECT(sent_last);
	EXPECT(strstr(sent, "\"id\":5,\"result\":{") != NULL);
	EXPECT(session.calls == NULL);
}

int main(void)
{
	messages();
	notifications();
	progress();
	cancelling();
	listening();
	sts_mcp_session_clear(&session);
	return test_done();
}
