#include "scan/rate.h"

#define BURST_S 0.1

static double capacity(const struct sts_rate *b)
{
	double burst = b->rate * BURST_S;

	return burst < 1 ? 1 : burst;
}

struct sts_rate sts_rate(double rate, int64_t now_ms)
{
	return (struct sts_rate){.rate = rate, .tokens = 1, .filled_ms = now_ms};
}

bool sts_rate_take(struct sts_rate *b, int64_t now_ms)
{
	if (b->rate <= 0)
		return true;
	if (now_ms > b->filled_ms) {
		b->tokens += (double)(now_ms - b->filled_ms) * b->rate / 1000;
		if (b->tokens > capacity(b))
			b->tokens = capacity(b);
		b->filled_ms = now_ms;
	}
	if (b->tokens < 1)
		return false;
	b->tokens--;
	return true;
}
