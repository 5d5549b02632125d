/* src/monitor/incident.c: a fault counts after two looks, and is solved after two. Each row is the life of one domain.
 */
#include "test.h"

#include "monitor/incident.h"

/* One look: faults "code=severity" at mx.test ("!cause" behind it changes the cause), parted by blanks; "-" for none;
 * "?codes" could not be seen. Events: "kind code", parted by commas; "+" at the end: another look should come soon. */
struct look {
	const char *seen;
	const char *events;
};

struct life {
	const char *name;
	struct look looks[8];
};

static const struct life lives[] = {
	{"two looks make it count, two end it", {{"mx.a=error", "+"}, {"mx.a=error", "new mx.a"}, {"mx.a=error", ""},
							{"-", "+"}, {"-", "solved mx.a"}, {"-", ""}}},
	{"a flap is nobody's business", {{"mx.a=error", "+"}, {"-", ""}, {"mx.a=error", "+"}, {"-", ""}}},
	{"a short recovery is none", {{"mx.a=error", "+"}, {"mx.a=error", "new mx.a"}, {"-", "+"}, {"mx.a=error", ""},
					     {"-", "+"}, {"-", "solved mx.a"}}},
	{"what cannot be seen stays", {{"mx.a=error", "+"}, {"mx.a=error", "new mx.a"}, {"?mx.", ""}, {"?mx.", ""},
					      {"-", "+"}, {"?mx.", "+"}, {"-", "solved mx.a"}}},
	{"suspected, then not to be seen: still suspected",
		{{"mx.a=error", "+"}, {"?mx.", "+"}, {"mx.a=error", "new mx.a"}}},
	{"what else cannot be seen does not matter",
		{{"mx.a=error", "+"}, {"mx.a=error", "new mx.a"}, {"?host.", "+"}, {"?host.", "solved mx.a"}}},
	{"worse counts after two looks as well",
		{{"mx.a=warning", "+"}, {"mx.a=warning", "new mx.a"}, {"mx.a=error", "+"},
			{"mx.a=error", "worsened mx.a"}, {"mx.a=error", ""}}},
	{"worse for one look only", {{"mx.a=warning", "+"}, {"mx.a=warning", "new mx.a"}, {"mx.a=error", "+"},
					    {"mx.a=warning", ""}, {"mx.a=error", "+"}, {"mx.a=warning", ""}}},
	{"milder is a change", {{"mx.a=error", "+"}, {"mx.a=error", "new mx.a"}, {"mx.a=warning", "+"},
				       {"mx.a=warning", "changed mx.a"}, {"-", "+"}, {"-", "solved mx.a"}}},
	{"another's fault now", {{"mx.a=error", "+"}, {"mx.a=error", "new mx.a"}, {"mx.a=error!other", "+"},
					{"mx.a=error!other", "changed mx.a"}, {"mx.a=error!other", ""}}},
	{"two at once", {{"mx.a=error mx.b=warning", "+"}, {"mx.a=error mx.b=warning", "new mx.a,new mx.b"},
				{"mx.b=warning", "+"}, {"mx.b=warning", "solved mx.a"}}},
	{"one more beside one that goes on",
		{{"mx.a=error", "+"}, {"mx.a=error", "new mx.a"}, {"mx.a=error mx.b=error", "+"},
			{"mx.a=error mx.b=error", "new mx.b"}}},
	{"others vouch for it: one look is enough", {{"*mx.a=error", "new mx.a"}, {"mx.a=error", ""}}},
	{"healthy all along", {{"-", ""}, {"-", ""}, {"?mx.", ""}, {"-", ""}}},
};

static enum sts_severity severity_of(const char *word)
{
	return strncmp(word, "error", 5) == 0 ? STS_ERROR : strncmp(word, "warning", 7) == 0 ? STS_WARNING : STS_NOTICE;
}

static size_t read_look(
	struct sts_arena *arena, const char *text, struct sts_sighting *out, struct sts_observation *seen)
{
	char *copy = sts_strdup(arena, text);
	char *save = NULL;
	size_t n = 0;

	*seen = (struct sts_observation){0};
	for (char *w = strtok_r(copy, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
		bool known = w[0] == '*';
		char *equals = strchr(w, '=');
		char *cause = strchr(w, '!');

		if (w[0] == '?')
			*STS_PUSH(arena, seen->unseen, seen->unseen_count) = (struct sts_unseen){w + 1, ""};
		if (equals == NULL)
			continue;
		*equals = '\0';
		out[n++] = (struct sts_sighting){w + known, "mx.test", severity_of(equals + 1),
			cause == NULL ? "mx mx.test" : cause + 1, "{}", known};
	}
	return n;
}

static const char *events_of(struct sts_arena *arena, const struct sts_incident_step *step)
{
	const char *out = "";

	for (size_t i = 0; i < step->event_count; i++)
		out = sts_sprintf(arena, "%s%s%s %s", out, i > 0 ? "," : "", sts_event_kind_name(step->events[i].kind),
			step->events[i].incident->code);
	return sts_sprintf(arena, "%s%s", out, step->unconfirmed ? "+" : "");
}

static void live(const struct life *life)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_incident *now = NULL;
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(life->looks) && life->looks[i].seen != NULL; i++) {
		struct sts_sighting sightings[4];
		struct sts_observation seen;
		struct sts_incident_step step;
		size_t n = read_look(arena, life->looks[i].seen, sightings, &seen);

		CASE("%s, look %zu", life->name, i + 1);
		sts_incidents_step(now, count, sightings, n, &seen, 1000 * (int64_t)(i + 1), arena, &step);
		EXPECT_CSTR(events_of(arena, &step), life->looks[i].events);
		now = sts_alloc_array(arena, step.count + 1, sizeof *now);
		count = 0;
		for (size_t k = 0; k < step.count; k++)
			if (!step.incidents[k].gone)
				now[count++] = step.incidents[k];
	}
	sts_arena_free(arena);
}

static void times(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_sighting s = {"mx.a", "mx.test", STS_ERROR, "mx mx.test", "{}", false};
	struct sts_observation seen = {0};
	struct sts_incident_step one;
	struct sts_incident_step two;

	CASE("first seen, counts since, last seen");
	sts_incidents_step(NULL, 0, &s, 1, &seen, 1000, arena, &one);
	sts_incidents_step(one.incidents, one.count, &s, 1, &seen, 1180, arena, &two);
	EXPECT_INT(two.incidents[0].first_at, 1000);
	EXPECT_INT(two.incidents[0].counted_at, 1180);
	EXPECT_INT(two.incidents[0].seen_at, 1180);
	CASE("what is handed in stays as it is");
	EXPECT_INT(one.incidents[0].state, STS_INCIDENT_SUSPECTED);
	EXPECT_INT(two.incidents[0].state, STS_INCIDENT_OPEN);
	CASE("place without addresses");
	EXPECT_CSTR(sts_incident_place(arena, "mx.test [192.0.2.1, 2001:db8::1]"), "mx.test");
	EXPECT_CSTR(sts_incident_place(arena, "example.test"), "example.test");
	sts_arena_free(arena);
}

/* Looks at one fault, each "severity cause". @return the last step */
static struct sts_incident_step after(struct sts_arena *arena, const char *const *looks)
{
	struct sts_observation seen = {0};
	struct sts_incident_step step = {0};

	for (int64_t at = 1000; *looks != NULL; looks++, at += 1000) {
		char *copy = sts_strdup(arena, *looks);
		char *blank = strchr(copy, ' ');
		struct sts_sighting s = {"host.a", "mta-sts.test", STS_ERROR, blank == NULL ? "" : blank + 1, "{}", false};

		if (blank != NULL) {
			*blank = '\0';
			s.severity = severity_of(copy);
		}
		sts_incidents_step(step.incidents, step.count, &s, blank != NULL, &seen, at, arena, &step);
	}
	return step;
}

static void keys(void)
{
	static const char *const moved[] = {"error policy-host 192.0.2.1", "error policy-host 192.0.2.1",
		"error policy-host 192.0.2.2", "error policy-host 192.0.2.3", NULL};
	static const char *const moved_and_worse[] = {"warning policy-host 192.0.2.1", "warning policy-host 192.0.2.1",
		"error policy-host 192.0.2.2", "error policy-host 192.0.2.3", NULL};
	static const char *const milder[] = {"error domain a.test", "error domain a.test", "warning domain a.test",
		"warning domain a.test", "-", "-", NULL};
	struct sts_arena *arena = sts_arena_new();
	struct sts_incident_step step = after(arena, moved);

	CASE("a policy host that moves keeps the key it was told under");
	EXPECT_INT(step.event_count, 0);
	EXPECT_CSTR(step.incidents[0].cause, "policy-host 192.0.2.1");
	CASE("also when the fault gets worse meanwhile");
	step = after(arena, moved_and_worse);
	EXPECT_INT(step.event_count, 1);
	EXPECT_INT(step.events[0].kind, STS_EVENT_WORSENED);
	EXPECT_CSTR(step.incidents[0].cause, "policy-host 192.0.2.1");
	CASE("who heard of an error hears of its end, though it was milder at last");
	step = after(arena, milder);
	EXPECT_INT(step.event_count, 1);
	EXPECT_INT(step.events[0].kind, STS_EVENT_SOLVED);
	EXPECT_INT(step.events[0].severity, STS_ERROR);
	sts_arena_free(arena);
}

static void reminders(void)
{
	CASE("reminders come at growing distance");
	EXPECT_INT(sts_reminder_s(86400, 0), 86400);
	EXPECT_INT(sts_reminder_s(86400, 1), 172800);
	EXPECT_INT(sts_reminder_s(86400, 2), 345600);
	EXPECT_INT(sts_reminder_s(86400, 3), 604800);
	EXPECT_INT(sts_reminder_s(86400, 1000), 604800);
	EXPECT_INT(sts_reminder_s(1209600, 0), 1209600);
	EXPECT_INT(sts_reminder_s(1209600, 9), 1209600);
}

int main(void)
{
	for (size_t i = 0; i < COUNT_OF(lives); i++)
		live(&lives[i]);
	times();
	keys();
	reminders();
	return test_done();
}
