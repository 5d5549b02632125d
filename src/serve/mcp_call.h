/* Inside of the protocol: a call, and its methods. Only for mcp.c and mcp_methods.c. */
#ifndef STS_SERVE_MCP_CALL_H
#define STS_SERVE_MCP_CALL_H

#include "base/jsonw.h"
#include "serve/mcp.h"

#define STS_MCP_META "io.modelcontextprotocol/"
#define STS_MCP_MODERN "2026-07-28"
#define STS_MCP_NEWEST_LEGACY "2025-11-25"
#define STS_MCP_MESSAGE_MAX ((size_t)64 * 1024 * 1024)

struct sts_mcp_call {
	struct sts_mcp_session *session;
	struct sts_mcp_call *next;
	struct sts_mcp_call **link;
	const struct sts_mcp_kit *kit;
	struct sts_arena *arena;
	const struct sts_json *id; /* NULL where it could not be read */
	struct sts_str method;
	const struct sts_json *params;
	const struct sts_json *meta;  /* params._meta */
	const struct sts_json *token; /* of progress, or NULL */
	int64_t progress;             /* last one told; -1: none */
	bool modern;
	bool http;
	bool listens;   /* subscriptions/listen: stays open */
	bool cacheable; /* the result says how long it may be kept */
	bool fleeting;  /* and it is not to be kept at all */
	void *user;
	void (*cancelled)(void *arg);
	void *cancelled_arg;
};

struct sts_mcp_method {
	const char *name;
	unsigned eras;
	const char *named; /* the member of params that Mcp-Name repeats, or NULL */
	void (*run)(struct sts_mcp_call *call);
};

/** The method of the call, or NULL: there is none of that name in its era, or the kit does not offer it. */
const struct sts_mcp_method *sts_mcp_find_method(const struct sts_mcp_call *call);
/** A version of the handshake revisions spoken here. */
bool sts_mcp_is_legacy_version(struct sts_str version);
/** The server by name and version, as a member. */
void sts_mcp_write_server_info(struct sts_jsonw *w, const char *key, const struct sts_mcp_kit *kit);

#endif
