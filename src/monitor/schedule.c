#include "monitor/schedule.h"

#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>

/* A second look comes in two to four minutes: late enough for a restart to be over, soon enough to matter. */
#define SECOND_LOOK_S 120
#define SECOND_LOOK_SPREAD_S 120

#define EVENT_BEFORE_S 900
#define EVENT_BEHIND_S 60
/* However many events there are: never more often than this because of them. */
#define EVENT_GAP_S 300

/* FNV-1a: the same on every machine and for ever, or daemons that share a store would not agree. */
static uint64_t hash(const char *domain)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (const char *p = domain; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * UINT64_C(1099511628211);
	/* FNV's low bits are its weak ones */
	return h ^ (h >> 32);
}

/* The first place of the domain behind a time. */
static int64_t next_place(const char *domain, int64_t interval_s, int64_t after_at)
{
	int64_t phase = (int64_t)(hash(domain) % (uint64_t)interval_s);
	int64_t turns = (after_at - phase) / interval_s;

	if (after_at < phase)
		return phase;
	return phase + (turns + 1) * interval_s;
}

/* The earliest look that an event calls for, before a time; that time when there is none. */
static int64_t before_events(const struct sts_schedule *s, int64_t until_at)
{
	int64_t soonest = until_at;

	for (size_t i = 0; i < s->event_count; i++) {
		const int64_t looks[] = {s->events[i] - EVENT_BEFORE_S, s->events[i] + EVENT_BEHIND_S};

		for (size_t k = 0; k < 2; k++)
			if (looks[k] > s->now + EVENT_GAP_S && looks[k] < soonest)
				soonest = looks[k];
	}
	return soonest;
}

struct sts_appointment sts_schedule_next(const struct sts_schedule *s)
{
	int64_t interval_s = s->interval_s > 0 ? s->interval_s : STS_INTERVAL_S;
	/* Clocks of several machines differ: a look that came a little early must not come twice. */
	int64_t regular_at = next_place(s->domain, interval_s, s->looked_at > s->due_at ? s->looked_at : s->due_at);
	int64_t second_at = s->now + SECOND_LOOK_S + (int64_t)(hash(s->domain) / 7 % SECOND_LOOK_SPREAD_S);

	if (s->unconfirmed && s->second_looks < STS_SECOND_LOOKS_MAX && second_at < regular_at)
		return (struct sts_appointment){second_at, s->second_looks + 1};
	return (struct sts_appointment){before_events(s, regular_at), 0};
}

/* ---- words ----------------------------------------------------------------------------------------------------- */

static const struct {
	char unit;
	int64_t seconds;
} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
#define UNIT_COUNT (sizeof units / sizeof *units)

bool sts_interval_parse(const char *text, int64_t *seconds)
{
	size_t len = strlen(text);
	uint64_t n = 0;

	if (len < 2 || !sts_str_u64(sts_str(text, len - 1), &n) || n > STS_INTERVAL_MAX_S)
		return false;
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		int64_t s = (int64_t)n * units[i].seconds;

		if (units[i].unit != text[len - 1] || s < STS_INTERVAL_MIN_S || s > STS_INTERVAL_MAX_S)
			continue;
		*seconds = s;
		return true;
	}
	return false;
}

void sts_interval_format(int64_t seconds, char out[static 24])
{
	size_t i = 0;

	while (i + 1 < UNIT_COUNT && seconds % units[i].seconds != 0)
		i++;
	snprintf(out, 24, "%" PRId64 "%c", seconds / units[i].seconds, units[i].unit);
}
