/* Whether a loop was held up: then what ended because its time was over may have been in time. */
#ifndef STS_CHECK_PULSE_H
#define STS_CHECK_PULSE_H

#include "net/loop.h"

/** A loop's heartbeat; zeroed memory is one that never began, and misses nothing. */
struct sts_pulse {
	struct sts_loop *loop;
	struct sts_timer timer;
	int64_t tolerance_ms;
	int64_t beat_ms;   /* the last beat, monotonic */
	int64_t missed_ms; /* when one came too late for the last time; 0: never */
};

/** Beat from now on, until cleared; the loop has something to wait for as long. @param tolerance_ms  how late a beat may be */
void sts_pulse_start(struct sts_pulse *pulse, struct sts_loop *loop, int64_t tolerance_ms);
void sts_pulse_clear(struct sts_pulse *pulse);

/** The loop was held up at some time since since_ms (monotonic), or is at this moment. */
bool sts_pulse_missed(const struct sts_pulse *pulse, int64_t since_ms);

#endif
