/* What a report counts for in the summary. */
#ifndef STS_SCAN_KEYS_H
#define STS_SCAN_KEYS_H

#include "base/buf.h"
#include "check/findings.h"

/** Append the keys of scan/tally.h that a report counts for, each ended by LF; its verdict is not among them. */
void sts_report_keys(const struct sts_report *report, struct sts_arena *arena, struct sts_buf *out);

#endif
