/* When the next look comes: places within the interval, second looks, events. */
#include "test.h"

#include "monitor/schedule.h"

#define NOW INT64_C(1780000000)
#define HOUR INT64_C(3600)
#define DAY INT64_C(86400)

static struct sts_appointment next(struct sts_schedule s)
{
	if (s.domain == NULL)
		s.domain = "example.test";
	s.looked_at = s.now;
	return sts_schedule_next(&s);
}

static void test_places(void)
{
	int64_t at = NOW;
	int64_t first = next((struct sts_schedule){.interval_s = HOUR, .now = NOW}).due_at;

	CASE("a domain has a fixed place within its interval");
	EXPECT(first > NOW && first <= NOW + HOUR);
	for (int i = 0; i < 50; i++) {
		/* each look begins late, by up to a quarter of an hour */
		at = next((struct sts_schedule){.interval_s = HOUR, .now = at + i * 18, .due_at = at}).due_at;
		EXPECT_INT((at - first) % HOUR, 0);
		EXPECT_INT(at, first + i * HOUR);
	}
	CASE("looks that were missed are not made up for");
	EXPECT_INT(
		next((struct sts_schedule){.interval_s = HOUR, .now = first + 10 * HOUR + 5, .due_at = first}).due_at,
		first + 11 * HOUR);
	CASE("a clock that goes behind does not make a look come twice");
	EXPECT_INT(next((struct sts_schedule){.interval_s = HOUR, .now = first - 10, .due_at = first}).due_at,
		first + HOUR);
	EXPECT_INT(next((struct sts_schedule){.interval_s = HOUR, .now = first, .due_at = first}).due_at, first + HOUR);
	CASE("a look that takes long beyond the next place does not pass over that");
	EXPECT_INT(sts_schedule_next(&(struct sts_schedule){.domain = "example.test",
					     .interval_s = HOUR,
					     .looked_at = first + HOUR - 10,
					     .now = first + HOUR + 20,
					     .due_at = first})
			   .due_at,
		first + HOUR);
	CASE("no interval is an hour");
	EXPECT_INT(next((struct sts_schedule){.now = NOW}).due_at, first);
	CASE("a time before the first place of all");
	EXPECT(next((struct sts_schedule){.interval_s = DAY, .now = 0}).due_at > 0);
	EXPECT(next((struct sts_schedule){.interval_s = DAY, .now = 0}).due_at <= DAY);
}

/* 3,600 domains over 60 minutes: 60 in a minute where chance has no say. */
static void test_spread(void)
{
	unsigned minutes[60] = {0};
	unsigned most = 0;
	unsigned least = 3600;
	char name[64];

	CASE("many domains spread over the interval");
	for (unsigned i = 0; i < 3600; i++) {
		snprintf(name, sizeof name, "d%u.example", i);
		minutes[(next((struct sts_schedule){.domain = name, .interval_s = HOUR, .now = NOW}).due_at - NOW - 1) /
			60]++;
	}
	for (unsigned i = 0; i < 60; i++) {
		most = minutes[i] > most ? minutes[i] : most;
		least = minutes[i] < least ? minutes[i] : least;
	}
	test_expect(most <= 100 && least >= 25, TEST_HERE, "from %u to %u a minute", least, most);
}

static void test_second_look(void)
{
	struct sts_schedule s = {
		.domain = "example.test", .interval_s = DAY, .looked_at = NOW, .now = NOW, .unconfirmed = true};
	struct sts_appointment a = sts_schedule_next(&s);

	CASE("a fault that is not confirmed is looked at again within minutes");
	EXPECT(a.due_at >= NOW + 120 && a.due_at < NOW + 240);
	EXPECT_INT(a.second_looks, 1);
	s.second_looks = 1;
	EXPECT_INT(sts_schedule_next(&s).second_looks, 2);
	CASE("but not for ever");
	s.second_looks = STS_SECOND_LOOKS_MAX;
	a = sts_schedule_next(&s);
	EXPECT_INT(a.second_looks, 0);
	s.unconfirmed = false;
	s.second_looks = 0;
	EXPECT_INT(a.due_at, sts_schedule_next(&s).due_at);
	CASE("where the regular look comes sooner, that is the second one");
	s = (struct sts_schedule){
		.domain = "example.test", .interval_s = 60, .looked_at = NOW, .now = NOW, .unconfirmed = true};
	a = sts_schedule_next(&s);
	EXPECT(a.due_at <= NOW + 60);
	EXPECT_INT(a.second_looks, 0);
}

static void test_events(void)
{
	struct sts_schedule s = {.domain = "example.test", .interval_s = 30 * DAY, .looked_at = NOW, .now = NOW};
	int64_t regular = sts_schedule_next(&s).due_at;
	int64_t events[] = {NOW - DAY, NOW + 2 * HOUR, NOW + 60 * DAY};

	CASE("a quarter of an hour before a certificate ends");
	s.events = events;
	s.event_count = 3;
	EXPECT_INT(sts_schedule_next(&s).due_at, NOW + 2 * HOUR - 900);
	CASE("and a minute behind");
	s.now = NOW + 2 * HOUR - 890;
	EXPECT_INT(sts_schedule_next(&s).due_at, NOW + 2 * HOUR + 60);
	CASE("then at the regular place again");
	s.now = NOW + 2 * HOUR + 70;
	EXPECT_INT(sts_schedule_next(&s).due_at, regular);
	CASE("events never make looks follow one another closely");
	events[1] = NOW + 200;
	s.now = NOW;
	EXPECT_INT(sts_schedule_next(&s).due_at, regular);
	CASE("an event beyond the regular look changes nothing");
	s.interval_s = HOUR;
	s.event_count = 1;
	s.events = &events[2];
	EXPECT(sts_schedule_next(&s).due_at <= NOW + HOUR);
}

static void test_words(void)
{
	static const struct {
		const char *text;
		int64_t want; /* 0: refused */
	} cases[] = {{"60s", 60}, {"1m", 60}, {"30m", 1800}, {"90m", 5400}, {"1h", 3600}, {"1d", DAY},
		{"30d", 30 * DAY}, {"59s", 0}, {"31d", 0}, {"0h", 0}, {"1", 0}, {"h", 0}, {"", 0}, {"-1h", 0},
		{"1.5h", 0}, {"1w", 0}, {"1H", 0}, {"99999999999999999999s", 0}, {"1 h", 0}, {"106751991167300d", 0}};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t got = 0;

		CASE("interval '%s'", cases[i].text);
		EXPECT(sts_interval_parse(cases[i].text, &got) == (cases[i].want != 0));
		EXPECT_INT(got, cases[i].want);
	}
	for (size_t i = 0; i < 4; i++) {
		static const char *const same[] = {"90s", "90m", "5h", "2d"};
		char out[24];
		int64_t s = 0;

		CASE("%s as it is written", same[i]);
		EXPECT(sts_interval_parse(same[i], &s));
		sts_interval_format(s, out);
		EXPECT_CSTR(out, same[i]);
	}
}

int main(void)
{
	test_places();
	test_spread();
	test_second_look();
	test_events();
	test_words();
	return test_done();
}
