/*
 * Model Context Protocol, the server's side: JSON-RPC messages in, JSON-RPC messages out, whatever carries them.
 * Revision 2026-07-28 (stateless, every request brings its own metadata) and the handshake revisions 2025-11-25 and
 * 2025-06-18, side by side; the message decides.
 */
#ifndef STS_SERVE_MCP_H
#define STS_SERVE_MCP_H

#include "base/jsonr.h"

/** A request being worked on. */
struct sts_mcp_call;

/** JSON-RPC and MCP error codes. */
enum {
	STS_MCP_PARSE_ERROR = -32700,
	STS_MCP_INVALID_REQUEST = -32600,
	STS_MCP_METHOD_NOT_FOUND = -32601,
	STS_MCP_INVALID_PARAMS = -32602,
	STS_MCP_INTERNAL_ERROR = -32603,
	STS_MCP_OLD_RESOURCE_NOT_FOUND = -32002, /* handshake revisions only */
	STS_MCP_HEADER_MISMATCH = -32020,
	STS_MCP_MISSING_CAPABILITY = -32021,
	STS_MCP_UNSUPPORTED_VERSION = -32022,
};

struct sts_mcp_tool {
	const char *name;
	/** arguments is an object. Answer now or later with sts_mcp_tool_result(), sts_mcp_result() or sts_mcp_error().
	 */
	void (*call)(struct sts_mcp_call *call, const struct sts_json *arguments);
};

struct sts_mcp_prompt {
	const char *name;
	/** arguments is an object. Answer with sts_mcp_result(), members description and messages. */
	void (*get)(struct sts_mcp_call *call, const struct sts_json *arguments);
};

/** What a server offers. All of it stays as it is while the server runs. */
struct sts_mcp_kit {
	const char *name, *title;
	const char *(*version)(void);
	const char *instructions;
	const struct sts_str *tools; /* JSON array of the tools' definitions on one line; every name is in tool_table */
	const struct sts_mcp_tool *tool_table;
	size_t tool_count;
	const struct sts_str *prompts; /* the same for prompts */
	const struct sts_mcp_prompt *prompt_table;
	size_t prompt_count;
	const struct sts_str *resources; /* JSON arrays */
	const struct sts_str *templates;
	/** Answer with member contents; false: there is no such resource, nothing was answered. */
	bool (*read)(struct sts_mcp_call *call, struct sts_str uri);
	/** Answer with member completion. NULL: there are no completions. */
	void (*complete)(
		struct sts_mcp_call *call, const struct sts_json *ref, struct sts_str argument, struct sts_str value);
};

/** How messages go back, and what a transport knows of its other end. */
struct sts_mcp_port {
	/**
	 * Send one message. last: it answers the request (or refuses the message); nothing follows for this request.
	 *
	 * @param status  for HTTP: the status that goes with it
	 */
	void (*send)(void *arg, struct sts_str message, bool last, unsigned status);
	/** Notifications can be sent before the answer. */
	bool streams;
	/** May one more subscription stay open? NULL: yes. */
	bool (*may_listen)(void *arg);
	/** A pointer for the handlers, made when a request comes in; in the call's arena, which may outlive the
	 * connection. May be NULL. */
	void *(*user)(struct sts_arena *arena, void *arg);
	void *arg;
};

/** The requests of one connection that are not answered yet. Zeroed memory with kit and port set is an empty one. */
struct sts_mcp_session {
	const struct sts_mcp_kit *kit;
	struct sts_mcp_port port;
	struct sts_mcp_call *calls;
	struct sts_mcp_session
		*orphans; /* where calls go whose client is gone and whose work goes on; NULL: they are cancelled */
};

/** What HTTP says beside the message; texts with ptr NULL are not there. */
struct sts_mcp_headers {
	struct sts_str version; /* MCP-Protocol-Version */
	struct sts_str method;  /* Mcp-Method */
	struct sts_str name;    /* Mcp-Name */
};

/**
 * Take one message.
 *
 * @param headers  NULL where the transport has none (stdio)
 * @return true: it is a request, or nothing that can be taken; port.send() answers, now or later. false: a
 * notification, taken
 */
bool sts_mcp_receive(struct sts_mcp_session *session, struct sts_str message, const struct sts_mcp_headers *headers);
/** The other end is gone. Requests of the stateless revision are cancelled; those of the others become orphans. */
void sts_mcp_session_gone(struct sts_mcp_session *session);
/** The server stops: end a subscription that is open. The session may be gone afterwards. */
void sts_mcp_session_stop(struct sts_mcp_session *session);
/** Cancel everything. */
void sts_mcp_session_clear(struct sts_mcp_session *session);

/* ---- for handlers
 * ---------------------------------------------------------------------------------------------------- */

/** Memory that lives until the call is answered or cancelled. */
struct sts_arena *sts_mcp_arena(struct sts_mcp_call *call);
/** What the port's user() made. */
void *sts_mcp_user(const struct sts_mcp_call *call);
/** The params of the request: an object, or NULL. */
const struct sts_json *sts_mcp_params(const struct sts_mcp_call *call);
/** The client declared this capability with the request (stateless revision). */
bool sts_mcp_client_can(const struct sts_mcp_call *call, const char *capability);
/** fn(arg) is called once when the call is cancelled; it must not answer then. */
void sts_mcp_on_cancel(struct sts_mcp_call *call, void (*fn)(void *arg), void *arg);
/** Tell how far it is; each done is larger than the one before. Goes nowhere when the client did not ask for it. total
 * 0: unknown. */
void sts_mcp_progress(struct sts_mcp_call *call, unsigned done, unsigned total, const char *message);

/** Answer. members: JSON members of the result, without braces. The call ends. */
void sts_mcp_result(struct sts_mcp_call *call, const char *result_type, struct sts_str members);
/** The result that comes is of this moment; clients are not told to keep it (resources are kept otherwise). */
void sts_mcp_not_cacheable(struct sts_mcp_call *call);
/** Answer with an error; data is JSON or ptr NULL. The call ends. status: for HTTP, in the stateless revision. */
void sts_mcp_error(struct sts_mcp_call *call, unsigned status, int code, const char *message, struct sts_str data);
/**
 * Answer a tool call with a text. The call ends.
 *
 * @param structured  JSON that fits the tool's output schema, or ptr NULL
 * @param more        further content blocks as JSON, each with a comma in front, or ptr NULL
 */
void sts_mcp_tool_result(
	struct sts_mcp_call *call, const char *text, struct sts_str structured, struct sts_str more, bool is_error);

/** Revisions spoken, newest first, NULL-terminated. */
extern const char *const sts_mcp_versions[];

#endif
