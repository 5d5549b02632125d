/* Files of the tree that the program carries inside; generated from them when it is built. */
#ifndef STS_SERVE_EMBEDDED_H
#define STS_SERVE_EMBEDDED_H

#include "base/str.h"

/** src/serve/openapi.json with the schemas of doc/schema */
extern const struct sts_str sts_embedded_openapi;
/** src/serve/mcp/: what MCP clients are told, on one line each */
extern const struct sts_str sts_embedded_mcp_tools;
extern const struct sts_str sts_embedded_mcp_prompts;
extern const struct sts_str sts_embedded_mcp_resources;
extern const struct sts_str sts_embedded_mcp_templates;

#endif
