#include "serve/mcp_http.h"

#include "serve/sse.h"

/* Subscriptions that may be open at once; nothing is ever sent on them. */
#define LISTENERS_MAX 64

/* One POST. In the exchange's arena, so gone once the last message is sent. */
struct mcp_post {
	struct call *call;
	struct sts_mcp_session session;
	struct sts_sse sse;
	bool streaming;
	bool wants_stream; /* the client takes no plain JSON */
	bool listens;
	struct mcp_post *next; /* those that listen */
	struct mcp_post **link;
};

static void stop_listening(struct mcp_post *post)
{
	if (!post->listens)
		return;
	post->listens = false;
	*post->link = post->next;
	if (post->next != NULL)
		post->next->link = post->link;
	post->call->server->mcp_listener_count--;
}

static bool may_listen(void *arg)
{
	struct mcp_post *post = arg;
	struct sts_server *server = post->call->server;

	if (server->mcp_listener_count == LISTENERS_MAX)
		return false;
	server->mcp_listener_count++;
	post->listens = true;
	post->next = server->mcp_listeners;
	post->link = &server->mcp_listeners;
	if (post->next != NULL)
		post->next->link = &post->next;
	server->mcp_listeners = post;
	return true;
}

void mcp_http_stop(struct sts_server *server)
{
	while (server->mcp_listeners != NULL)
		sts_mcp_session_stop(&server->mcp_listeners->session);
}

static void drop(void *arg, struct sts_str message, bool last, unsigned status)
{
	(void)arg;
	(void)message;
	(void)last;
	(void)status;
}

void mcp_http_init(struct sts_server *server)
{
	server->mcp_orphans = (struct sts_mcp_session){.kit = server->mcp, .port = {.send = drop}};
}

void mcp_http_clear(struct sts_server *server)
{
	sts_mcp_session_clear(&server->mcp_orphans);
}

/* ---- out
 * -------------------------------------------------------------------------------------------------------------------
 */

static void send_event(struct mcp_post *post, struct sts_str message)
{
	if (!post->streaming) {
		post->streaming = true;
		sts_sse_begin(&post->sse, post->call);
	}
	sts_sse_send(&post->sse, "message", message);
}

static void send_message(void *arg, struct sts_str message, bool last, unsigned status)
{
	struct mcp_post *post = arg;

	if (last)
		stop_listening(post);
	/* a refusal has a status to tell, which a stream has not */
	if (post->streaming || !last || (post->wants_stream && status == 200)) {
		send_event(post, message);
		if (last)
			sts_sse_end(&post->sse);
		return;
	}
	call_send(post->call, status, "application/json", message);
}

/* What the tools need of the request, in memory that may outlive it. */
static void *user(struct sts_arena *arena, void *arg)
{
	const struct mcp_post *post = arg;
	struct call *copy = STS_NEW(arena, struct call);

	*copy = (struct call){.server = post->call->server,
		.arena = arena,
		.client = post->call->client,
		.id = sts_strdup(arena, post->call->id)};
	if (post->call->key != NULL) {
		copy->key = STS_NEW(arena, struct sts_key);
		*copy->key = *post->call->key;
	}
	return copy;
}

static void client_gone(void *arg)
{
	struct mcp_post *post = arg;

	stop_listening(post);
	sts_sse_clear(&post->sse);
	sts_mcp_session_gone(&post->session);
}

/* ---- in
 * ---------------------------------------------------------------------------------------------------------------------
 */

static bool types_pass(struct call *call, struct mcp_post *post)
{
	bool json = sts_accepts(call->request, "application/json");
	bool events = sts_accepts(call->request, "text/event-stream");

	if (!sts_content_is(call->request, "application/json")) {
		call_problem(call, 415, NULL, "The body is to be application/json, and to say so in Content-Type.");
		return false;
	}
	if (!json && !events) {
		call_problem(call, 406, NULL,
			"The answer is application/json or text/event-stream; the Accept header takes neither.");
		return false;
	}
	post->wants_stream = !json;
	post->session.port.streams = events;
	return true;
}

void mcp_post(struct call *call)
{
	struct mcp_post *post = STS_NEW(call->arena, struct mcp_post);
	struct sts_mcp_headers headers = {
		.version = sts_req_field(call->request, "MCP-Protocol-Version"),
		.method = sts_req_field(call->request, "Mcp-Method"),
		.name = sts_req_field(call->request, "Mcp-Name"),
	};

	post->call = call;
	post->session = (struct sts_mcp_session){.kit = call->server->mcp,
		.port = {.send = send_message, .may_listen = may_listen, .user = user, .arg = post},
		.orphans = &call->server->mcp_orphans};
	if (!types_pass(call, post))
		return;
	sts_exchange_on_gone(call->x, client_gone, post);
	/* post is gone as soon as an answer is sent */
	if (!sts_mcp_receive(&post->session, sts_exchange_body(call->x), &headers))
		call_send(call, 202, NULL, STS_STR(""));
}
