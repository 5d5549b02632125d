/* Monotonic and wall time, replaceable in tests. */
#ifndef STS_BASE_CLOCK_H
#define STS_BASE_CLOCK_H

#include "mtasts/base.h"

/** Milliseconds of a clock that never goes back; only differences mean anything. */
int64_t sts_now_ms(void);
/** Wall-clock seconds since 1970, UTC. */
int64_t sts_now_s(void);
/** From now on the wall clock stands at (or, with seconds < 0, is the system's again). For `--at` and tests; any thread. */
void sts_clock_fix(int64_t seconds);
/** RFC 3339 in UTC, "2026-11-25T03:09:36Z"; out holds at least 21 octets. Years 0 to 9999. */
void sts_format_time(int64_t seconds, char out[static 21]);
/** Read an RFC 3339 date-time (offset obligatory) or a bare date (midnight UTC); false and *out untouched when it is neither. */
STS_MUST_CHECK bool sts_parse_time(const char *s, int64_t *out);
/** Seconds since 1970 of a civil UTC date and time (proleptic Gregorian); arguments are not checked. */
int64_t sts_civil_seconds(int64_t year, int month, int day, int hour, int minute, int second);

#endif
