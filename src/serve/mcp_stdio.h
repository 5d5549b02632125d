/* MCP over standard input and output: one message a line. */
#ifndef STS_SERVE_MCP_STDIO_H
#define STS_SERVE_MCP_STDIO_H

#include "serve/pool.h"

/**
 * Serve until standard input ends and everything asked for is answered, or standard output is closed.
 *
 * @param options    of the pool
 * @param allow_special_names  names for special use are checked, too
 * @param why        on failure a sentence
 * @return as sts_pool_new()
 */
STS_MUST_CHECK enum sts_err sts_mcp_stdio(const struct sts_pool_options *options, bool allow_special_names, const char **why);

#endif
