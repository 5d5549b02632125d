/* Findings on paper, for `check` and `lint`. */
#ifndef STS_RENDER_TEXT_FINDING_H
#define STS_RENDER_TEXT_FINDING_H

#include "mtasts/finding.h"
#include "render/paper.h"

/**
 * "Findings: 2 errors, 1 info", then each one, worst first as they are given; infos on a line of their own.
 *
 * @param source  the text that line and column of the findings count in, to be shown with a mark below; ptr NULL: none at hand
 */
void sts_text_findings(struct sts_paper *p, const struct sts_finding *findings, size_t count, struct sts_str source);

#endif
