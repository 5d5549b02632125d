/* What a look says of hand-made reports: read back as written, in the list and in the metrics, whatever strangers put in it. */
#include "fixture.h"
#include "test.h"

#include "base/jsonr.h"
#include "monitor/list.h"
#include "monitor/look.h"
#include "monitor/metrics.h"
#include "mtasts/report.h"

#include <unistd.h>

#define T0 INT64_C(1780000000)

static struct sts_look read_back(const struct sts_look *look, struct sts_arena *arena)
{
	struct sts_look got = {0};
	struct sts_buf b;

	sts_buf_init(&b, 65536);
	sts_look_write(look, &b);
	EXPECT(!b.failed);
	EXPECT(sts_look_read(sts_buf_str(&b), arena, &got));
	sts_buf_clear(&b);
	return got;
}

static void test_round_trip(const char *name)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_report *r = fixture(name);
	struct sts_look look, got;

	CASE("%s: read back as written", name);
	sts_look_of(r, NULL, arena, &look);
	got = read_back(&look, arena);
	EXPECT_CSTR(look.verdict, sts_report_verdict(r));
	EXPECT_CSTR(look.status, sts_report_status(r));
	EXPECT_CSTR(got.summary, look.summary);
	EXPECT_CSTR(got.id, look.id);
	EXPECT(got.errors == look.errors && got.warnings == look.warnings && got.notices == look.notices);
	EXPECT(got.not_tested == look.not_tested && got.duration_ms == look.duration_ms && got.max_age_s == look.max_age_s);
	EXPECT_INT(got.cert_count, look.cert_count);
	for (size_t i = 0; i < got.cert_count && i < look.cert_count; i++) {
		EXPECT_CSTR(got.certs[i].host, look.certs[i].host);
		EXPECT_INT(got.certs[i].not_after, look.certs[i].not_after);
		EXPECT(got.certs[i].policy_host == look.certs[i].policy_host);
		EXPECT(look.cert_expires_at <= look.certs[i].not_after);
		for (size_t k = 0; k < i; k++)
			EXPECT(strcmp(look.certs[k].host, look.certs[i].host) != 0 ||
				look.certs[k].policy_host != look.certs[i].policy_host);
	}
	for (size_t i = 0; i < look.event_count; i++)
		EXPECT(look.events[i] > look.checked_at);
	sts_report_free(r);
	sts_arena_free(arena);
}

static void test_certificates(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_report *r = fixture("healthy");
	struct sts_look look;
	bool found = false;

	CASE("a certificate that ends is an event");
	sts_look_of(r, NULL, arena, &look);
	EXPECT(look.cert_count > 1 && look.cert_expires_at > look.checked_at);
	for (size_t i = 0; i < look.event_count; i++)
		found = found || look.events[i] == look.cert_expires_at;
	EXPECT(found);
	sts_report_free(r);
	sts_arena_free(arena);
}

/* An id that changed: until the TTL is over caches may tell the record of before. */
static void test_changed_id(void)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_report *r = fixture("healthy");
	struct sts_look before = {.id = "another"}, same, first, changed;

	CASE("an id that changed is an event, once its TTL is over");
	sts_look_of(r, NULL, arena, &first);
	same = first;
	sts_look_of(r, &same, arena, &same);
	sts_look_of(r, &before, arena, &changed);
	EXPECT_INT(same.event_count, first.event_count);
	EXPECT_INT(changed.event_count, first.event_count + 1);
	sts_report_free(r);
	sts_arena_free(arena);
}

static void test_no_look(void)
{
	static const char *const bad[] = {"", "{", "[]", "{}", "{\"schema\":\"mtasts.look/2\"}", "null"};
	struct sts_arena *arena = sts_arena_new();
	struct sts_look look;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		CASE("'%s' is no look", bad[i]);
		EXPECT(!sts_look_read(sts_str_of(bad[i]), arena, &look));
	}
	EXPECT(!sts_look_read((struct sts_str){0}, arena, &look));
	sts_arena_free(arena);
}

/* ---- what comes of it ---------------------------------------------------------------------------------------------- */

static void watch_fixture(struct sts_store *s, const char *name, struct sts_arena *arena)
{
	struct sts_report *r = fixture(name);
	const char *domain = sts_sprintf(arena, "%s.example", name);
	enum sts_watch_change change;
	struct sts_look look;
	struct sts_watched w[1];
	struct sts_buf doc;
	size_t count = 0;

	sts_look_of(r, NULL, arena, &look);
	sts_buf_init(&doc, 65536);
	sts_look_write(&look, &doc);
	EXPECT(sts_watch_add(s, domain, ",web,", -1, T0, &change) == STS_OK);
	EXPECT(sts_watch_lease(s, "me", T0, 60, 1, arena, w, &count) == STS_OK && count == 1);
	EXPECT(sts_watch_claim(s, "me", w) == STS_OK);
	w->due_at = T0 + 100;
	w->checked_at = look.checked_at;
	w->verdict = look.verdict;
	w->status = look.status;
	w->cert_expires_at = look.cert_expires_at;
	w->doc = sts_buf_str(&doc);
	EXPECT(sts_watch_settle(s, w) == STS_OK);
	sts_buf_clear(&doc);
	sts_report_free(r);
}

/* name{label="value",…} number, where a value holds no quote, backslash or line end that is not escaped. */
static bool is_sample(const char *line)
{
	const char *p = line + strspn(line, "abcdefghijklmnopqrstuvwxyz_");
	char *end = NULL;

	if (p == line)
		return false;
	while (*p == '{' || *p == ',') {
		size_t name = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz_");

		p += name + 1;
		if (name == 0 || *p++ != '=' || *p++ != '"')
			return false;
		for (; *p != '"'; p++) {
			if (*p == '\\' && strchr("\\\"n", *++p) == NULL)
				return false;
			if ((unsigned char)*p < 0x20 || *p == 0x7f)
				return false;
		}
		p++;
	}
	p += *p == '}';
	if (*p++ != ' ')
		return false;
	strtod(p, &end);
	return end != p && *end == '\0';
}

static void expect_samples(struct sts_buf *b)
{
	size_t count = 0;

	sts_buf_addc(b, '\0');
	for (char *line = strtok(b->ptr, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		if (line[0] == '#')
			continue;
		count++;
		test_expect(is_sample(line), TEST_HERE, "no sample: %s", line);
	}
	EXPECT(count > 100);
}

static void test_faces(const char *place)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_monitor_stats stats = {.started_at = T0, .store_up = true};
	struct sts_store *s = NULL;
	char why[512] = "";
	struct sts_buf b;
	struct sts_jsonw w;
	size_t count = 0;

	CASE("metrics and list of all fixtures, the hostile one too");
	EXPECT(sts_store_open(place, &s, why) == STS_OK);
	for (size_t i = 0; fixture_names[i] != NULL; i++)
		watch_fixture(s, fixture_names[i], arena);
	sts_monitor_stats_duration(&stats, 300);
	sts_buf_init(&b, 1 << 24);
	EXPECT(sts_monitor_metrics_write(&stats, s, NULL, T0, &b) == STS_OK);
	expect_samples(&b);
	sts_buf_clear(&b);
	sts_buf_init(&b, 1 << 24);
	w = sts_jsonw(&b, false);
	EXPECT(sts_watched_list_json(&w, s, NULL, 3600) == STS_OK && !b.failed);
	EXPECT(sts_json_read(sts_buf_str(&b), arena, &(const char *){NULL}) != NULL);
	for (size_t i = 0; i < b.len; i++)
		test_expect((unsigned char)b.ptr[i] >= 0x20, TEST_HERE, "a control octet at %zu", i);
	sts_buf_clear(&b);
	sts_buf_init(&b, 1 << 24);
	EXPECT(sts_watched_list_text(&b, s, "web", T0 + 50, &count) == STS_OK && count > 3);
	for (size_t i = 0; i < b.len; i++)
		test_expect((unsigned char)b.ptr[i] >= 0x20 || b.ptr[i] == '\n', TEST_HERE, "a control octet at %zu", i);
	EXPECT(strstr(b.ptr, "in 50 s") != NULL);
	sts_buf_clear(&b);
	sts_store_close(s);
	sts_arena_free(arena);
}

int main(void)
{
	char place[] = "/tmp/mtasts-look-XXXXXX.db";
	char beside[64];
	int fd = mkstemps(place, 3);

	if (fd < 0)
		return 1;
	close(fd);
	for (size_t i = 0; fixture_names[i] != NULL; i++)
		test_round_trip(fixture_names[i]);
	test_certificates();
	test_changed_id();
	test_no_look();
	test_faces(place);
	unlink(place);
	snprintf(beside, sizeof beside, "%s-wal", place);
	unlink(beside);
	snprintf(beside, sizeof beside, "%s-shm", place);
	unlink(beside);
	return test_done();
}
