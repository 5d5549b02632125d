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

/** src/serve/assets/: what pages load, and digests of it */
extern const struct sts_str sts_embedded_style;
extern const struct sts_str sts_embedded_app;
extern const struct sts_str sts_embedded_icon;
extern const char sts_embedded_style_tag[];
extern const char sts_embedded_app_tag[];
extern const char sts_embedded_icon_tag[];
/** src/serve/assets/learn/: texts of pages, as page_learn.c reads them */
extern const struct sts_str sts_embedded_learn_index;
extern const struct sts_str sts_embedded_learn_modes;
extern const struct sts_str sts_embedded_learn_set_up;
extern const struct sts_str sts_embedded_learn_mistakes;
extern const struct sts_str sts_embedded_learn_limits;
extern const struct sts_str sts_embedded_learn_faq;
extern const struct sts_str sts_embedded_learn_glossary;
extern const struct sts_str sts_embedded_learn_programs;
extern const struct sts_str sts_embedded_learn_about;

#endif
