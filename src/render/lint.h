/* The faces of `lint`: JSON of schema mtasts.lint/1, and text for a person. Pure. */
#ifndef STS_RENDER_LINT_H
#define STS_RENDER_LINT_H

#include "base/jsonw.h"
#include "check/lint.h"
#include "mtasts/report.h"

/** One object of schema mtasts.lint/1. */
void sts_json_lint(struct sts_jsonw *w, const char *key, const struct sts_lint *lint);

/**
 * @param name    what was judged: a file's name, "standard input" …; shown escaped
 * @param source  the text, for showing the lines at fault; ptr NULL where line numbers mean nothing (several records)
 */
void sts_text_lint(struct sts_buf *out, const struct sts_lint *lint, const char *name, struct sts_str source,
	const struct sts_render_options *options);

/** "policy", "MTA-STS record", "TLSRPT record". */
const char *sts_lint_kind_words(enum sts_lint_kind kind);

/** What the verdict means, in a sentence. */
const char *sts_lint_meaning(const struct sts_lint *lint);

#endif
