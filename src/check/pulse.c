#include "check/pulse.h"

#include "base/clock.h"

#define BEAT_MS 50

static bool is_late(const struct sts_pulse *p, int64_t now)
{
	return now - p->beat_ms > BEAT_MS + p->tolerance_ms;
}

static void beat(void *arg)
{
	struct sts_pulse *p = arg;
	int64_t now = sts_now_ms();

	if (is_late(p, now))
		p->missed_ms = now;
	p->beat_ms = now;
	sts_timer_set(p->loop, &p->timer, BEAT_MS, beat, p);
}

void sts_pulse_start(struct sts_pulse *p, struct sts_loop *loop, int64_t tolerance_ms)
{
	sts_timer_clear(&p->timer);
	*p = (struct sts_pulse){.loop = loop, .tolerance_ms = tolerance_ms, .beat_ms = sts_now_ms()};
	sts_timer_set(loop, &p->timer, 0, beat, p);
}

void sts_pulse_clear(struct sts_pulse *p)
{
	sts_timer_clear(&p->timer);
	*p = (struct sts_pulse){0};
}

bool sts_pulse_missed(const struct sts_pulse *p, int64_t since_ms)
{
	if (p->loop == NULL)
		return false;
	return (p->missed_ms > 0 && p->missed_ms >= since_ms) || is_late(p, sts_now_ms());
}
