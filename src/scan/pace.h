/* How many questions may be out at once: up while answers come, half when too many fail.  [additive increase, multiplicative decrease] */
#ifndef STS_SCAN_PACE_H
#define STS_SCAN_PACE_H

#include "mtasts/base.h"

struct sts_pace {
	double window;
	double max;
	double calm;    /* above this the window grows slowly */
	double trouble; /* share of the last hundred questions that failed, 0 to 1 */
	int64_t cut_ms; /* when the window was last cut */
	int64_t next_ms; /* in an outage: no question before */
};

struct sts_pace sts_pace(size_t max);
/** A question ended. @param bad  it timed out, or the resolver failed */
void sts_pace_note(struct sts_pace *p, bool bad, int64_t now_ms);
/** Another question may go out. While most questions fail, few may: enough to see when that ends. */
bool sts_pace_room(struct sts_pace *p, size_t out, int64_t now_ms);

#endif
