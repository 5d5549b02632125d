/* The parts of a check on paper: result, and the evidence it rests on. */
#ifndef STS_RENDER_TEXT_SEEN_H
#define STS_RENDER_TEXT_SEEN_H

#include "check/findings.h"
#include "render/paper.h"

/** All eight parts, each with what was seen. */
void sts_text_parts(struct sts_paper *p, const struct sts_report *r);

#endif
