#include "scan/pace.h"

#define BEGIN 100.0
#define FLOOR 8.0
/* Some names always fail; a resolver that is overloaded fails on many. */
#define TROUBLE 0.2
/* What is out when the window is cut must have its say first. */
#define CUT_EVERY_MS 1000
#define WEIGHT 0.01
/* Most fail: it makes no sense to ask on at once. */
#define OUTAGE 0.5
#define OUTAGE_EVERY_MS 50

struct sts_pace sts_pace(size_t max)
{
	double most = max < 1 ? 1 : (double)max;

	return (struct sts_pace){
		.window = most < BEGIN ? most : BEGIN,
		.max = most,
		.calm = most,
		.cut_ms = INT64_MIN / 2,
	};
}

void sts_pace_note(struct sts_pace *p, bool bad, int64_t now_ms)
{
	double floor = p->max < FLOOR ? p->max : FLOOR;

	p->trouble += ((bad ? 1.0 : 0.0) - p->trouble) * WEIGHT;
	if (!bad) {
		p->window += p->window < p->calm ? 1.0 : 8.0 / p->window;
		if (p->window > p->max)
			p->window = p->max;
		return;
	}
	if (p->trouble < TROUBLE || now_ms - p->cut_ms < CUT_EVERY_MS)
		return;
	p->window = p->window / 2 < floor ? floor : p->window / 2;
	p->calm = p->window;
	p->cut_ms = now_ms;
}

bool sts_pace_room(struct sts_pace *p, size_t out, int64_t now_ms)
{
	if ((double)out >= p->window)
		return false;
	if (p->trouble < OUTAGE)
		return true;
	if (now_ms < p->next_ms)
		return false;
	p->next_ms = now_ms + OUTAGE_EVERY_MS;
	return true;
}
