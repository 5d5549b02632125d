/* What mtasts offers over MCP: tools, texts to read, prompts. */
#ifndef STS_SERVE_MCP_KIT_H
#define STS_SERVE_MCP_KIT_H

#include "serve/inquiry.h"
#include "serve/mcp.h"

struct sts_lint;

/** The product's kit. The port's user() gives a struct call whose arena is the MCP call's own. */
extern const struct sts_mcp_kit sts_mcp_product;

/** A check as members and text for a model: the judgement and what it rests on, bounded; the whole by reference. */
void sts_mcp_write_dossier(
	struct sts_jsonw *w, const struct sts_outcome *result, bool cached, const struct sts_inquiry *inquiry);
void sts_mcp_dossier_text(struct sts_buf *out, const struct sts_outcome *result);
/** What lint found, bounded. */
void sts_mcp_write_lint(struct sts_jsonw *w, const struct sts_lint *lint);

/** At most max octets of a text, cut between characters, with "…" behind what was cut. */
void sts_mcp_put_text(struct sts_jsonw *w, const char *key, struct sts_str text, size_t max);

/** Tools, by file: mcp_change.c. */
void sts_mcp_plan_change(struct sts_mcp_call *call, const struct sts_json *arguments);
void sts_mcp_compare_checks(struct sts_mcp_call *call, const struct sts_json *arguments);

/*
 * For tools. Wrong input is for the model to read and to mend: a tool error, not one of the protocol.  [2025-11-25 and
 * later] Whoever has answered must not touch the call's memory any more.
 */
void sts_mcp_tool_error(struct sts_mcp_call *call, const char *text);
/** False (and answered): an argument has another name than those listed, NULL-terminated. */
bool sts_mcp_known_arguments(struct sts_mcp_call *call, const struct sts_json *arguments, const char *const *names);
/** The text of an argument; NULL when it is not there; NULL and *fine false (and answered) when it is none, or longer
 * than max octets. */
const char *sts_mcp_text_argument(
	struct sts_mcp_call *call, const struct sts_json *arguments, const char *name, size_t max, bool *fine);
/** The argument mx, a list of hosts; false (and answered): it is something else. */
bool sts_mcp_host_arguments(
	struct sts_mcp_call *call, const struct sts_json *arguments, const char ***hosts, size_t *count);
/** Answer that there is no check for such a state, and what may help. */
void sts_mcp_refuse(struct sts_mcp_call *call, const struct sts_inquiry *inquiry, enum sts_inquiry_state state);

/** "mtasts://check/NAME", "mtasts://findings", "mtasts://findings/CODE". */
bool sts_mcp_read_resource(struct sts_mcp_call *call, struct sts_str uri);
/** Completion of finding codes. */
void sts_mcp_complete(
	struct sts_mcp_call *call, const struct sts_json *ref, struct sts_str argument, struct sts_str value);

#endif
