/* A loop that is held up is found out; one that is not, is not. */
#include "base/clock.h"
#include "check/pulse.h"
#include "test.h"

#include <time.h>

#define TOLERANCE_MS 300

static struct sts_loop *loop;
static struct sts_pulse pulse;
static bool missed_within;

static void stop(void *arg)
{
	(void)arg;
	sts_loop_stop(loop);
}

static void hold_up(void *arg)
{
	(void)arg;
	nanosleep(&(struct timespec){.tv_nsec = (TOLERANCE_MS + 200) * 1000000L}, NULL);
	/* before the next beat had a chance to come */
	missed_within = sts_pulse_missed(&pulse, sts_now_ms() - 1);
}

static void run(int64_t ms)
{
	struct sts_timer end = {0};

	sts_timer_set(loop, &end, ms, stop, NULL);
	EXPECT_INT(sts_loop_run(loop), STS_OK);
	sts_timer_clear(&end);
}

int main(void)
{
	struct sts_timer burden = {0};
	int64_t began, after;

	loop = sts_loop_new();
	CASE("never begun");
	EXPECT(!sts_pulse_missed(&pulse, 0));

	CASE("regular");
	sts_pulse_start(&pulse, loop, TOLERANCE_MS);
	began = sts_now_ms();
	run(120);
	EXPECT(!sts_pulse_missed(&pulse, began));

	CASE("held up");
	sts_timer_set(loop, &burden, 20, hold_up, NULL);
	run(80);
	EXPECT(missed_within);
	EXPECT(sts_pulse_missed(&pulse, began));

	CASE("what began afterwards");
	run(120);
	after = sts_now_ms();
	run(60);
	EXPECT(!sts_pulse_missed(&pulse, after));
	EXPECT(sts_pulse_missed(&pulse, began));

	sts_timer_clear(&burden);
	sts_pulse_clear(&pulse);
	sts_loop_free(loop);
	return test_done();
}
