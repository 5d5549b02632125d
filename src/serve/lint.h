/* Judging offline, for REST and MCP alike. */
#ifndef STS_SERVE_LINT_H
#define STS_SERVE_LINT_H

#include "check/lint.h"

/** Octets of text that are taken: more than a policy may have, so that one that is too long can be told so. */
#define STS_LINT_TEXT_MAX 131072
/** Octets of the answer. */
#define STS_LINT_JSON_MAX ((size_t)16 * 1024 * 1024)

/** A policy, or records one a line. Everything in *out is the arena's. */
void sts_serve_lint(struct sts_str body, enum sts_lint_kind kind, const struct sts_lint_params *params,
	struct sts_arena *arena, struct sts_lint *out);
/** "policy", "record", "tlsrpt". */
STS_MUST_CHECK bool sts_lint_kind_parse(const char *word, enum sts_lint_kind *out);

#endif
