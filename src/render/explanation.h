/* What a finding means, for programs; every face says it in the same words. */
#ifndef STS_RENDER_EXPLANATION_H
#define STS_RENDER_EXPLANATION_H

#include "base/jsonw.h"
#include "mtasts/finding.h"

/** One object. @param key  NULL in an array or at the top */
void sts_json_explanation(struct sts_jsonw *w, const char *key, const struct sts_explanation *e);

/** All of them, as an array. */
void sts_json_explanations(struct sts_jsonw *w, const char *key);

#endif
