/* MCP over standard input and output: one message a line. */
#ifndef STS_SERVE_MCP_STDIO_H
#define STS_SERVE_MCP_STDIO_H

#include "serve/server.h"

/**
 * Serve until standard input ends and everything asked for is answered, or standard output is closed.
 *
 * @param options  pool, keep_days and guard.allow_special_names count
 * @param why      on failure a sentence
 * @return as sts_pool_new(), sts_historian_new()
 */
STS_MUST_CHECK enum sts_err sts_mcp_stdio(const struct sts_server_options *options, const char **why);

#endif
