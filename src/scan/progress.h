/* What a run shows while it runs, on standard error. */
#ifndef STS_SCAN_PROGRESS_H
#define STS_SCAN_PROGRESS_H

#include "scan/inside.h"

struct sts_scan_progress {
	enum sts_progress_form form;
	bool live;              /* a line on a terminal, in place of itself */
	int64_t started_ms, shown_ms, rated_ms;
	uint64_t rated_done;
	double rate;            /* of the last seconds */
	int64_t input_size;     /* negative: unknown */
	_Atomic int64_t input_offset;
	bool on_screen;
};

void sts_scan_progress_begin(struct sts_scan_progress *p, enum sts_progress_form form, int64_t now_ms);
/** Show, when it is time. */
void sts_scan_progress_show(struct sts_scan_progress *p, const struct sts_counts *counts, int64_t now_ms);
/** The last word, and off the screen. */
void sts_scan_progress_end(struct sts_scan_progress *p, const struct sts_counts *counts, int64_t now_ms);

#endif
