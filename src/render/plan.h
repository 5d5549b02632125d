/* A plan, for a person and for programs. */
#ifndef STS_RENDER_PLAN_H
#define STS_RENDER_PLAN_H

#include "base/jsonw.h"
#include "check/plan.h"
#include "mtasts/report.h"

void sts_plan_text(struct sts_buf *out, const struct sts_plan *plan, const struct sts_render_options *options);
/** Schema mtasts.plan/1. */
void sts_plan_json(struct sts_jsonw *w, const char *key, const struct sts_plan *plan);

#endif
