/* A token bucket: so many a second, evenly, with bursts of a tenth of a second. One thread. */
#ifndef STS_SCAN_RATE_H
#define STS_SCAN_RATE_H

#include "mtasts/base.h"

struct sts_rate {
	double rate; /* tokens a second; 0: no limit */
	double tokens;
	int64_t filled_ms;
};

struct sts_rate sts_rate(double rate, int64_t now_ms);
/** Take one token. @return false: there is none now */
bool sts_rate_take(struct sts_rate *b, int64_t now_ms);

#endif
