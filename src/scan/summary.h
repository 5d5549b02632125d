/* What a run amounts to: by verdict, by finding, by layer of the field study, by cause. */
#ifndef STS_SCAN_SUMMARY_H
#define STS_SCAN_SUMMARY_H

#include "base/buf.h"
#include "scan/scan.h"

/** For people: some lines. */
void sts_scan_summary_text(const struct sts_scan_end *end, struct sts_buf *out);
/** Schema mtasts.scan-summary/1. */
void sts_scan_summary_json(const struct sts_scan *scan, const struct sts_scan_end *end, struct sts_buf *out);

#endif
