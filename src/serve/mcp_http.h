/* POST /mcp: MCP over Streamable HTTP. */
#ifndef STS_SERVE_MCP_HTTP_H
#define STS_SERVE_MCP_HTTP_H

#include "serve/call.h"
#include "serve/mcp.h"

/** Handler of the route. The kit is the server's. */
void mcp_post(struct call *call);
/** The server stops: end the subscriptions that are open. */
void mcp_http_stop(struct sts_server *server);

#endif
