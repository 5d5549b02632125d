/* When a watched domain is looked at next. Pure. */
#ifndef STS_MONITOR_SCHEDULE_H
#define STS_MONITOR_SCHEDULE_H

#include "mtasts/base.h"

/** Seconds between two looks unless somebody says otherwise, and the shortest and longest that may be said. */
#define STS_INTERVAL_S 3600
#define STS_INTERVAL_MIN_S 60
#define STS_INTERVAL_MAX_S (30 * 86400)

/** Second looks in a row at a fault that is not confirmed; then the interval has its way again. */
#define STS_SECOND_LOOKS_MAX 2

/** A look that just ended. */
struct sts_schedule {
	const char *domain;
	int64_t interval_s;
	int64_t looked_at; /* when it began */
	int64_t now;
	int64_t due_at;        /* when it was due */
	bool unconfirmed;      /* it saw a fault that only a second look makes one */
	int second_looks;      /* in a row before this one ended */
	const int64_t *events; /* times near which a look is worth while: a certificate or a cached policy ends */
	size_t event_count;
};

struct sts_appointment {
	int64_t due_at;
	int second_looks; /* in a row, the coming one included; 0: it is a regular look */
};

/**
 * Every domain has a fixed place within the interval, drawn from its name, so that the looks at many domains spread
 * evenly and stay spread; a look that comes late does not move the next one, and looks that were missed before it
 * began are not made up for. The next look is at the next such place, or sooner:
 *   - two to four minutes from now, where a fault is to be confirmed;
 *   - a quarter of an hour before an event (what ends may still be renewed), and a minute behind it.
 */
struct sts_appointment sts_schedule_next(const struct sts_schedule *s);

/**
 * A length of time: digits and s, m, h or d ("90s", "30m", "1h", "1d").
 *
 * @return false: it is none, or beyond the bounds of an interval
 */
STS_MUST_CHECK bool sts_interval_parse(const char *text, int64_t *seconds);
/** The same in words, the largest unit that fits: "1h", "90m"; out holds at least 24 octets. */
void sts_interval_format(int64_t seconds, char out[static 24]);

#endif
