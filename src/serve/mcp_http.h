/* POST /mcp: MCP over Streamable HTTP. */
#ifndef STS_SERVE_MCP_HTTP_H
#define STS_SERVE_MCP_HTTP_H

#include "serve/call.h"
#include "serve/mcp.h"

/** Handler of the route. The kit is the server's. */
void mcp_post(struct call *call);
/** Ready for requests. */
void mcp_http_init(struct sts_server *server);
/** The server stops: end the subscriptions that are open. */
void mcp_http_stop(struct sts_server *server);
/** Cancel what still goes on for clients that are gone; before the pool is freed. */
void mcp_http_clear(struct sts_server *server);

#endif
