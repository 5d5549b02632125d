#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

static _Atomic int64_t fixed_s = -1;

int64_t sts_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t sts_now_s(void)
{
	int64_t fixed = fixed_s;

	return fixed >= 0 ? fixed : (int64_t)time(NULL);
}

void sts_clock_fix(int64_t seconds)
{
	fixed_s = seconds;
}

void sts_format_time(int64_t seconds, char out[static 21])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, 21, "0000-00-00T00:00:00Z");
}

int64_t sts_civil_seconds(int64_t year, int month, int day, int hour, int minute, int second)
{
	/* Days from 1970-01-01, counting years from March so that the leap day is the last. */
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return (era * 146097 + doe - 719468) * 86400 + hour * 3600 + minute * 60 + second;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* The zone part: "Z" or "+hh:mm"; seconds to add to UTC in *offset_s. */
static bool parse_zone(const char *s, int64_t *offset_s)
{
	int hour = 0;
	int minute = 0;
	int used = 0;

	if ((s[0] == 'Z' || s[0] == 'z') && s[1] == '\0') {
		*offset_s = 0;
		return true;
	}
	if ((s[0] != '+' && s[0] != '-') || sscanf(s + 1, "%2d:%2d%n", &hour, &minute, &used) != 2 || used != 5 || s[6] != '\0')
		return false;
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return false;
	*offset_s = (s[0] == '-' ? -1 : 1) * (hour * 3600 + minute * 60);
	return true;
}

bool sts_parse_time(const char *s, int64_t *out)
{
	int y, mo, d, h = 0, mi = 0, sec = 0, used = 0;
	int64_t offset_s = 0;

	if (sscanf(s, "%4d-%2d-%2d%n", &y, &mo, &d, &used) != 3 || used != 10 || y < 1970 || mo < 1 || mo > 12 || d < 1 ||
		d > days_in_month(y, mo))
		return false;
	if (s[10] != '\0') {
		const char *zone = s + 19;

		if ((s[10] != 'T' && s[10] != 't' && s[10] != ' ') || sscanf(s + 11, "%2d:%2d:%2d%n", &h, &mi, &sec, &used) != 3 ||
			used != 8 || h < 0 || h > 23 || mi < 0 || mi > 59 || sec < 0 || sec > 60)
			return false;
		if (*zone == '.')
			for (zone++; *zone >= '0' && *zone <= '9'; zone++)
				continue;
		if (!parse_zone(zone, &offset_s))
			return false;
	}
	*out = sts_civil_seconds(y, mo, d, h, mi, sec) - offset_s;
	return true;
}
