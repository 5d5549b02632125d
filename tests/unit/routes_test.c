/* src/monitor/routes.c: settings, whom, and when. */
#include "test.h"

#include "base/clock.h"
#include "monitor/routes.h"

#include <time.h>

static struct sts_arena *arena;

/* "name=value; name=value" */
static struct sts_route *make(struct sts_routes *routes, const char *settings)
{
	struct sts_route *r = sts_routes_get(routes, arena, "ops");
	char *copy = sts_strdup(arena, settings);
	char *save = NULL;

	for (char *w = strtok_r(copy, ";", &save); w != NULL; w = strtok_r(NULL, ";", &save)) {
		char *equals = strchr(w, '=');
		const char *why = NULL;

		*equals = '\0';
		while (*w == ' ')
			w++;
		test_expect(
			sts_route_set(r, arena, w, equals + 1, &why), TEST_HERE, "%s %s", w, why == NULL ? "" : why);
	}
	return r;
}

static int64_t moment(const char *text)
{
	int64_t at = 0;

	test_expect(sts_parse_time(text, &at), TEST_HERE, "%s is no time", text);
	return at;
}

static void wants(void)
{
	static const struct {
		const char *settings;
		const char *tags;
		enum sts_event_kind kind;
		enum sts_severity severity;
		bool yes;
	} rows[] = {
		{"stdout=json", ",", STS_EVENT_NEW, STS_WARNING, true},
		{"stdout=json", ",", STS_EVENT_NEW, STS_NOTICE, false},
		{"stdout=json", ",a,b,", STS_EVENT_SOLVED, STS_ERROR, true},
		{"min-severity=info", ",", STS_EVENT_NEW, STS_INFO, true},
		{"min-severity=error", ",", STS_EVENT_NEW, STS_WARNING, false},
		{"tags=b", ",a,b,", STS_EVENT_NEW, STS_ERROR, true},
		{"tags=b, c", ",a,c,", STS_EVENT_NEW, STS_ERROR, true},
		{"tags=b", ",", STS_EVENT_NEW, STS_ERROR, false},
		{"tags=b", ",ab,bc,", STS_EVENT_NEW, STS_ERROR, false},
		{"tags=bc", ",bcd,bc,", STS_EVENT_NEW, STS_ERROR, true},
		{"events=new,solved", ",", STS_EVENT_SUSTAINED, STS_ERROR, false},
		{"events=new,solved", ",", STS_EVENT_SOLVED, STS_ERROR, true},
		{"events=worsened", ",", STS_EVENT_WORSENED, STS_ERROR, true},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sts_routes routes = {0};
		struct sts_route *r = make(&routes, rows[i].settings);

		CASE("wants: %s, tags %s, %s %s", rows[i].settings, rows[i].tags, sts_event_kind_name(rows[i].kind),
			sts_severity_name(rows[i].severity));
		EXPECT_INT(sts_route_wants_tags(r, rows[i].tags) && sts_route_wants(r, rows[i].kind, rows[i].severity),
			rows[i].yes);
	}
}

static void quiet(void)
{
	static const struct {
		const char *settings;
		enum sts_severity severity;
		const char *now;
		const char *when;
	} rows[] = {
		{"stdout=json", STS_ERROR, "2026-03-01T23:00:00Z", "2026-03-01T23:00:00Z"},
		{"quiet=22:00-07:00", STS_ERROR, "2026-03-01T23:00:30Z", "2026-03-02T07:00:00Z"},
		{"quiet=22:00-07:00", STS_ERROR, "2026-03-01T06:59:59Z", "2026-03-01T07:00:00Z"},
		{"quiet=22:00-07:00", STS_ERROR, "2026-03-01T07:00:00Z", "2026-03-01T07:00:00Z"},
		{"quiet=22:00-07:00", STS_ERROR, "2026-03-01T22:00:00Z", "2026-03-02T07:00:00Z"},
		{"quiet=12:00-13:00", STS_ERROR, "2026-03-01T12:30:00Z", "2026-03-01T13:00:00Z"},
		{"quiet=12:00-13:00", STS_ERROR, "2026-03-01T13:30:00Z", "2026-03-01T13:30:00Z"},
		{"quiet=22:00-07:00; pierce=error", STS_ERROR, "2026-03-01T23:00:00Z", "2026-03-01T23:00:00Z"},
		{"quiet=22:00-07:00; pierce=error", STS_WARNING, "2026-03-01T23:00:00Z", "2026-03-02T07:00:00Z"},
		{"quiet=22:00-07:00; quiet-zone=+02:00", STS_ERROR, "2026-03-01T20:30:00Z", "2026-03-02T05:00:00Z"},
		{"quiet=22:00-07:00; quiet-zone=-05:30", STS_ERROR, "2026-03-01T04:00:00Z", "2026-03-01T12:30:00Z"},
		{"quiet=22:00-07:00; quiet-zone=-05:30", STS_ERROR, "2026-03-01T03:00:00Z", "2026-03-01T03:00:00Z"},
		/* the night in which the clocks go forward: one hour less */
		{"quiet=22:00-07:00; quiet-zone=local", STS_ERROR, "2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"},
		{"quiet=22:00-07:00; quiet-zone=local", STS_ERROR, "2026-03-27T22:00:00Z", "2026-03-28T06:00:00Z"},
		/* and back */
		{"quiet=22:00-07:00; quiet-zone=local", STS_ERROR, "2026-10-24T21:00:00Z", "2026-10-25T06:00:00Z"},
	};

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sts_routes routes = {0};
		struct sts_route *r = make(&routes, rows[i].settings);
		char text[21];

		CASE("quiet: %s at %s", rows[i].settings, rows[i].now);
		sts_format_time(sts_route_when(r, rows[i].severity, moment(rows[i].now)), text);
		EXPECT_CSTR(text, rows[i].when);
	}
}

static void faults(void)
{
	static const struct {
		const char *name;
		const char *value;
	} rows[] = {
		{"tags", " , "},
		{"min-severity", "fatal"},
		{"events", "new,old"},
		{"events", ""},
		{"quiet", "22-7"},
		{"quiet", "24:00-07:00"},
		{"quiet", "22:00"},
		{"quiet-zone", "Berlin"},
		{"quiet-zone", "02:00"},
		{"pierce", "all"},
		{"webhook", "ftp://x.example/"},
		{"webhook", "x.example"},
		{"mail", "nobody"},
		{"mail", "a@b.example,c"},
		{"mail", "a@b@c.example"},
		{"mail", "a@b.example\r\nBcc:c@d.example"},
		{"mail-from", "<a@b.example>"},
		{"smtp", "localhost"},
		{"smtp-tls", "yes"},
		{"command", "notify"},
		{"stdout", "xml"},
		{"timeout", "0"},
		{"timeout", "3600"},
		{"secret-file", ""},
		{"colour", "blue"},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sts_routes routes = {0};
		const char *why = NULL;

		CASE("refused: row %zu, %s", i, rows[i].name);
		EXPECT(!sts_route_set(sts_routes_get(&routes, arena, "ops"), arena, rows[i].name, rows[i].value, &why));
		EXPECT(why != NULL && why[0] != '\0');
	}
}

static void whole(void)
{
	static const struct {
		const char *settings;
		bool yes;
	} rows[] = {
		{"tags=a", false},
		{"stdout=text", true},
		{"webhook=https://x.example/y", true},
		{"webhook=https://x.example/y; secret-file=/s", true},
		{"stdout=text; secret-file=/s", false},
		{"mail=a@b.example", false},
		{"mail=a@b.example; smtp=smtp://localhost; mail-from=m@b.example", true},
		{"mail=a@b.example; smtp=smtp://localhost; mail-from=m@b.example; smtp-user=u", false},
		{"mail=a@b.example; smtp=smtp://h; mail-from=m@b.example; smtp-user=u; smtp-password-file=/p; "
		 "smtp-tls=optional",
			false},
		{"command=/bin/true", true},
	};
	struct sts_routes two = {0};
	const char *why;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sts_routes routes = {0};

		CASE("whole: %s", rows[i].settings);
		EXPECT_INT(sts_route_whole(make(&routes, rows[i].settings), arena, &why), rows[i].yes);
	}
	CASE("one target a route");
	EXPECT(!sts_route_set(make(&two, "stdout=json"), arena, "command", "/bin/true", &why));
	CASE("names of routes");
	EXPECT(sts_routes_get(&two, arena, "a b") == NULL);
	EXPECT(sts_routes_get(&two, arena, "") == NULL);
	EXPECT(sts_routes_get(&two, arena, "a,b") == NULL);
	CASE("lowest severity");
	EXPECT_INT(sts_routes_lowest(NULL), STS_WARNING);
	EXPECT_INT(sts_routes_lowest(&two), STS_WARNING);
	EXPECT(sts_route_set(sts_routes_get(&two, arena, "all"), arena, "min-severity", "info", &why));
	EXPECT_INT(sts_routes_lowest(&two), STS_INFO);
}

int main(void)
{
	arena = sts_arena_new();
	wants();
	quiet();
	faults();
	whole();
	sts_arena_free(arena);
	return test_done();
}
