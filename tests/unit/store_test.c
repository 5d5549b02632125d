/*
 * The history on every kind of store: SQLite always, PostgreSQL where MTASTS_TEST_PG holds the URL of an empty database
 * (see tests/store/with-postgres). The same cases run on each.
 */
#include "fixture.h"
#include "seen.h"
#include "stores.h"
#include "test.h"

#include "base/base64.h"
#include "base/jsonr.h"
#include "base/zip.h"
#include "mtasts/report.h"
#include "store/document.h"
#include "store/exchange.h"
#include "store/history.h"

#include <ftw.h>
#include <sqlite3.h>
#include <unistd.h>

#define DAY INT64_C(86400)
#define T0 INT64_C(1767225600) /* 2026-01-01 */

static char folder[64];
static const char *kind;
static char why[512];

/* ---- a fresh store each time ----------------------------------------------------------------------------------- */

static struct sts_history *open_history(const char *place)
{
	struct sts_history *h = NULL;

	if (sts_history_open(place, &h, why) != STS_OK) {
		printf("  cannot open %s: %s\n", place, why);
		exit(1);
	}
	return h;
}

static void begin(const char *name)
{
	CASE("%s: %s", kind, name);
}

static bool put(struct sts_history *h, const struct seen *s, const char *result)
{
	struct sts_arena *arena = sts_arena_new();
	bool added = false;
	enum sts_err err = sts_history_put(h, seen_make(arena, s), sts_str_of(result), &added);

	test_expect(err == STS_OK, TEST_HERE, "put: %s", sts_history_why(h));
	sts_arena_free(arena);
	return added;
}

static bool same(struct sts_history *h, const char *domain)
{
	bool yes = false;

	return sts_history_verify(h, domain, &yes) == STS_OK && yes;
}

static const char policy_a[] = "version: STSv1\nmode: enforce\nmx: mx1.example.test\nmax_age: 604800\n";
static const char policy_b[] = "version: STSv1\nmode: testing\nmx: mx1.example.test\nmax_age: 86400\n";

/* A life of a domain in daily looks: 30 of them, with changes, failures, and a certificate that takes turns. */
static struct seen look(const char *domain, int day)
{
	static const char *const findings[] = {NULL, "mx.cert.expired error mx1.example.test",
		"mx.cert.expired error mx1.example.test,rpt.absent notice example.test"};
	struct seen s = {.domain = domain,
		.at = T0 + day * DAY,
		.id = day < 10 ? "1" : "2",
		.policy = day < 9 ? policy_a : policy_b,
		.hosts = day < 20 ? "mx1.example.test" : "mx1.example.test mx2.example.test",
		.cert = day % 2 == 0 ? "a" : "b",
		.findings = findings[day / 5 % 3]};

	if (day % 7 == 3)
		s.policy = s.id = s.hosts = "?";
	if (day % 11 == 5)
		s.unseen = "mx.";
	return s;
}

/* ---- cases ----------------------------------------------------------------------------------------------------- */

static void test_empty(void)
{
	struct sts_history *h = open_history(stores_fresh(kind, folder));
	struct sts_arena *arena = sts_arena_new();
	struct sts_past *past = NULL;
	struct sts_memory m;
	struct sts_kept kept;
	struct sts_changes changes;
	struct sts_str body;

	begin("nothing is known of a domain never seen");
	EXPECT_INT(sts_history_past(h, "example.test", INT64_MAX, arena, &past), STS_OK);
	EXPECT(past != NULL && past->first_at == 0 && past->policy_count == 0);
	EXPECT_INT(sts_history_memory(h, "example.test", arena, &m), STS_ENOENT);
	EXPECT_INT(sts_history_at(h, "example.test", INT64_MAX, arena, &kept), STS_ENOENT);
	EXPECT_INT(sts_history_changes(h, "example.test", 0, INT64_MAX, 0, arena, &changes), STS_ENOENT);
	EXPECT_INT(sts_history_body(h, "00", arena, &body), STS_ENOENT);
	sts_arena_free(arena);
	sts_history_close(h);
}

static void test_put_and_read(void)
{
	const char *place = stores_fresh(kind, folder);
	struct sts_history *h = open_history(place);
	struct sts_arena *arena = sts_arena_new();
	struct seen s = look("example.test", 0);
	struct sts_kept kept = {0};
	int64_t count = 0;

	begin("what was put is there after opening again, and once");
	EXPECT(put(h, &s, "{\"domain\":\"example.test\",\"n\":1}"));
	EXPECT(!put(h, &s, "{\"domain\":\"example.test\",\"n\":2}"));
	sts_history_close(h);
	h = open_history(place);
	EXPECT_INT(sts_history_at(h, "example.test", T0, arena, &kept), STS_OK);
	EXPECT_INT(kept.seen.at, T0);
	EXPECT_INT(kept.seen.duration_ms, 321);
	EXPECT_INT(kept.seen.record.ttl_s, 300);
	EXPECT_CSTR(kept.seen.record.id, "1");
	EXPECT_CSTR(kept.seen.record.texts[0], "v=STSv1; id=1;");
	EXPECT_STR(kept.seen.policy.body, policy_a);
	EXPECT_INT(kept.seen.policy.mode, STS_MODE_ENFORCE);
	EXPECT_INT(kept.seen.policy.max_age_s, 604800);
	EXPECT_CSTR(kept.seen.mx[0].host, "mx1.example.test");
	EXPECT_INT(kept.seen.cert_count, 1);
	EXPECT_INT(kept.seen.certs[0].not_after, 1798761600);
	EXPECT_CSTR(kept.seen.vantage.resolver, "192.0.2.53");
	EXPECT_STR(kept.result, "{\"domain\":\"example.test\",\"n\":1}");
	EXPECT_INT(sts_history_at(h, "example.test", T0 - 1, arena, &kept), STS_ENOENT);
	EXPECT_INT(sts_history_count(h, "example.test", &count), STS_OK);
	EXPECT_INT(count, 1);
	sts_arena_free(arena);
	sts_history_close(h);
}

static void test_life(void)
{
	struct sts_history *h = open_history(stores_fresh(kind, folder));
	struct sts_arena *arena = sts_arena_new();
	struct sts_past *past = NULL;
	struct sts_changes changes = {0};
	struct sts_kept kept = {0};

	begin("thirty days fold day by day to what they fold to at once");
	for (int day = 0; day < 30; day++) {
		struct seen s = look("example.test", day);

		put(h, &s, NULL);
		EXPECT(same(h, "example.test"));
	}
	EXPECT_INT(sts_history_past(h, "example.test", INT64_MAX, arena, &past), STS_OK);
	EXPECT_INT(past->policy_count, 2);
	EXPECT_INT(past->policies[1].first_at, T0);
	EXPECT_INT(past->policies[1].last_at, T0 + 8 * DAY);
	EXPECT_INT(past->policies[1].gone_at, T0 + 9 * DAY);
	EXPECT_INT(past->pair_count, 3);
	EXPECT_CSTR(past->mode, "testing");

	begin("changes come newest first, in order, bounded");
	EXPECT_INT(sts_history_changes(h, "example.test", 0, INT64_MAX, 0, arena, &changes), STS_OK);
	EXPECT(changes.count > 10 && !changes.more);
	for (size_t i = 1; i < changes.count; i++)
		EXPECT(changes.items[i - 1].at >= changes.items[i].at);
	EXPECT_INT(sts_history_changes(h, "example.test", T0 + 9 * DAY, T0 + 9 * DAY, 0, arena, &changes), STS_OK);
	EXPECT(changes.count >= 2);
	EXPECT_INT(sts_history_changes(h, "example.test", 0, INT64_MAX, 3, arena, &changes), STS_OK);
	EXPECT(changes.count == 3 && changes.more);

	begin("the past as of an earlier time knows nothing of later ones");
	EXPECT_INT(sts_history_past(h, "example.test", T0 + 5 * DAY, arena, &past), STS_OK);
	EXPECT_INT(past->policy_count, 1);
	EXPECT_INT(past->last_at, T0 + 4 * DAY);
	EXPECT_INT(past->policies[0].gone_at, 0);

	begin("the observation at a time is the last one not after it");
	EXPECT_INT(sts_history_at(h, "example.test", T0 + 4 * DAY + 77, arena, &kept), STS_OK);
	EXPECT_INT(kept.seen.at, T0 + 4 * DAY);
	EXPECT_INT(sts_history_first(h, "example.test", arena, &kept), STS_OK);
	EXPECT_INT(kept.seen.at, T0);
	sts_arena_free(arena);
	sts_history_close(h);
}

static void test_order(void)
{
	struct sts_history *h = open_history(stores_fresh(kind, folder));
	struct sts_arena *arena = sts_arena_new();
	struct sts_changes a = {0}, b = {0};

	begin("observations that come late fold to the same");
	for (int i = 0; i < 30; i++) {
		struct seen s = look("late.test", i * 17 % 30);

		put(h, &s, NULL);
	}
	for (int i = 0; i < 30; i++) {
		struct seen s = look("early.test", i);

		put(h, &s, NULL);
	}
	EXPECT_INT(sts_history_changes(h, "late.test", 0, INT64_MAX, 0, arena, &a), STS_OK);
	EXPECT_INT(sts_history_changes(h, "early.test", 0, INT64_MAX, 0, arena, &b), STS_OK);
	EXPECT_INT(a.count, b.count);
	for (size_t i = 0; i < a.count && i < b.count; i++) {
		EXPECT_INT(a.items[i].at, b.items[i].at);
		EXPECT_CSTR(a.items[i].new_value, b.items[i].new_value);
	}
	EXPECT(same(h, "late.test"));

	sts_arena_free(arena);
	sts_history_close(h);
}

static void test_prune(void)
{
	struct sts_history *h = open_history(stores_fresh(kind, folder));
	struct sts_arena *arena = sts_arena_new();
	struct sts_changes before = {0}, after = {0};
	struct sts_kept kept = {0};
	int64_t count = 0;

	begin("thinning out drops old results and repetitions, and changes nothing that is derived");
	sts_history_keep(h, 5);
	for (int hour = 0; hour < 30 * 4; hour++) {
		struct seen s = look("example.test", hour / 4);
		char result[64];

		s.at += hour % 4 * 3600;
		snprintf(result, sizeof result, "{\"domain\":\"example.test\",\"hour\":%d}", hour);
		put(h, &s, result);
	}
	EXPECT_INT(sts_history_changes(h, "example.test", 0, INT64_MAX, 0, arena, &before), STS_OK);
	EXPECT_INT(sts_history_prune(h, "example.test", T0 + 30 * DAY), STS_OK);
	EXPECT_INT(sts_history_count(h, "example.test", &count), STS_OK);
	EXPECT(count < 90 && count > 50);
	EXPECT(same(h, "example.test"));
	EXPECT_INT(sts_history_changes(h, "example.test", 0, INT64_MAX, 0, arena, &after), STS_OK);
	EXPECT_INT(after.count, before.count);
	EXPECT_INT(sts_history_at(h, "example.test", T0 + 3 * DAY, arena, &kept), STS_OK);
	EXPECT(kept.result.ptr == NULL);
	EXPECT_INT(sts_history_at(h, "example.test", T0 + 29 * DAY, arena, &kept), STS_OK);
	EXPECT_STR(kept.result, "{\"domain\":\"example.test\",\"hour\":116}");
	EXPECT_INT(sts_history_prune(h, "example.test", T0 + 400 * DAY), STS_OK);
	EXPECT_INT(sts_history_at(h, "example.test", T0 + 29 * DAY, arena, &kept), STS_OK);
	EXPECT(kept.result.ptr == NULL);
	EXPECT(same(h, "example.test"));
	sts_arena_free(arena);
	sts_history_close(h);
}

/* ---- whole reports --------------------------------------------------------------------------------------------- */

static void test_reports(void)
{
	for (size_t i = 0; fixture_names[i] != NULL; i++) {
		struct sts_report *r = fixture(fixture_names[i]);
		struct sts_history *h = open_history(stores_fresh(kind, folder));
		struct sts_arena *arena = sts_arena_new();
		struct sts_kept kept = {0};
		const char *json_why = "";
		const struct sts_json *json;

		begin(sts_sprintf(arena, "a report is kept whole and reads back: %s", fixture_names[i]));
		EXPECT_INT(sts_history_add(h, r, r->facts->judged_at), STS_OK);
		EXPECT_INT(sts_history_at(h, sts_report_domain(r), INT64_MAX, arena, &kept), STS_OK);
		EXPECT_CSTR(kept.seen.verdict, sts_report_verdict(r));
		EXPECT_INT(kept.seen.finding_count, r->finding_count);
		EXPECT_INT(kept.seen.mx_count, kept.seen.mx_standing == STS_PRESENT ? r->facts->mx_count : 0);
		json = sts_json_read(kept.result, arena, &json_why);
		test_expect(json != NULL, TEST_HERE, "the result is no JSON: %s", json_why);
		EXPECT_STR(sts_json_text(json, "domain"), sts_report_domain(r));
		EXPECT(same(h, sts_report_domain(r)));
		sts_arena_free(arena);
		sts_history_close(h);
		sts_report_free(r);
	}
}

/* ---- export and import ----------------------------------------------------------------------------------------- */

static bool collect(struct sts_str piece, void *arg)
{
	sts_buf_add(arg, piece.ptr, piece.len);
	return true;
}

static struct sts_import_totals import(struct sts_history *h, struct sts_str lines, const char **fault)
{
	struct sts_import *im = sts_import_new(h);
	struct sts_import_totals totals;
	const char *line_why = NULL;

	*fault = NULL;
	for (size_t at = 0; at < lines.len;) {
		size_t end = sts_str_find(lines, '\n', at);
		enum sts_err err = sts_import_line(im, sts_str(lines.ptr + at, end - at), &line_why);

		if (err != STS_OK) {
			static char copy[512];

			snprintf(copy, sizeof copy, "%s", err == STS_EINVAL ? line_why : sts_history_why(h));
			*fault = copy;
			break;
		}
		at = end + 1;
	}
	EXPECT_INT(sts_import_finish(im), STS_OK);
	totals = sts_import_totals(im);
	sts_import_free(im);
	return totals;
}

static void fill(struct sts_history *h)
{
	static const char odd[] = "version: STSv1\nmode: none\nmax_age: 1\nx: \xff\x01\n";

	for (int day = 0; day < 30; day++) {
		struct seen s = look("one.test", day);

		put(h, &s, day % 3 == 0 ? "{\"domain\":\"one.test\",\"a\":[1,null,\"ä\\n\"]}" : NULL);
		if (day % 10 == 0) {
			s.domain = "two.test";
			s.policy = odd;
			put(h, &s, NULL);
		}
	}
}

static void test_round_trip(void)
{
	struct sts_history *h = open_history(stores_fresh(kind, folder));
	struct sts_buf first, second;
	struct sts_import_totals totals;
	const char *fault;
	int64_t count = 0;

	begin("an export taken back elsewhere exports the same, and once more adds nothing");
	sts_buf_init(&first, 64 * 1024 * 1024);
	sts_buf_init(&second, 64 * 1024 * 1024);
	fill(h);
	EXPECT_INT(sts_history_export(h, NULL, collect, &first, &count), STS_OK);
	EXPECT_INT(count, 33);
	sts_history_close(h);
	h = open_history(stores_fresh(kind, folder));
	totals = import(h, sts_buf_str(&first), &fault);
	EXPECT_CSTR(fault, NULL);
	EXPECT_INT(totals.observations, 33);
	EXPECT_INT(totals.added, 33);
	EXPECT(same(h, "one.test") && same(h, "two.test"));
	totals = import(h, sts_buf_str(&first), &fault);
	EXPECT_INT(totals.added, 0);
	EXPECT_INT(sts_history_export(h, NULL, collect, &second, &count), STS_OK);
	EXPECT(first.len == second.len && memcmp(first.ptr, second.ptr, first.len) == 0);
	sts_buf_reset(&second);
	EXPECT_INT(sts_history_export(h, "two.test", collect, &second, &count), STS_OK);
	EXPECT_INT(count, 3);
	EXPECT_INT(sts_history_export(h, "three.test", collect, &second, &count), STS_ENOENT);
	sts_buf_clear(&first);
	sts_buf_clear(&second);
	sts_history_close(h);
}

/* One line of an export with one thing changed; from NULL: the text itself. */
static const struct {
	const char *name;
	const char *from, *to;
	const char *want; /* in what is said */
} bad_lines[] = {
	{"no JSON", NULL, "{\"schema\":", "line 1"},
	{"another schema", "mtasts.history/1", "mtasts.history/2", "schema"},
	{"another type", "\"type\":\"observation\"", "\"type\":\"x\"", "type"},
	{"a bare date", "2026-01-01T00:00:00Z", "2026-01-01", "at"},
	{"no date", "2026-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "at"},
	{"next century", "2026-01-01T00:00:00Z", "2126-01-01T00:00:00Z", "future"},
	{"a domain in capitals", "\"domain\":\"one.test\"", "\"domain\":\"One.test\"", "domain"},
	{"a domain with a blank", "\"domain\":\"one.test\"", "\"domain\":\"one test\"", "domain"},
	{"a verdict nobody knows", "\"verdict\":\"enforced\"", "\"verdict\":\"good\"", "verdict"},
	{"a state nobody knows", "\"state\":\"present\",\"usable\"", "\"state\":\"maybe\",\"usable\"", "state"},
	{"usable without id", "\"id\":\"1\"", "\"id\":null", "id"},
	{"a policy that did not come", "\"sha256\":\"",
		"\"sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"y\":\"",
		"before it"},
	{"a control character", "CN=Test CA", "CN=\\u001b[31m", "control"},
	{"a number out of range", "\"preference\":10", "\"preference\":70000", "range"},
	{"a member twice", "\"duration_ms\":321", "\"duration_ms\":321,\"duration_ms\":321", "duplicate"},
	{"a negative TTL", "\"ttl\":300", "\"ttl\":-1", "ttl"},
	{"a result of another domain", "\"result\":null", "\"result\":{\"domain\":\"other.test\"}", "result"},
	{"a result that is none", "\"result\":null", "\"result\":7", "result"},
	{"a member missing", "\"vantage\":", "\"vantages\":", "vantage"},
};

static struct sts_str line_with(struct sts_arena *arena, struct sts_str lines, const char *part)
{
	for (size_t at = 0; at < lines.len;) {
		size_t end = sts_str_find(lines, '\n', at);
		struct sts_str line = sts_str(sts_strndup(arena, lines.ptr + at, end - at), end - at);

		if (sts_str_findi(line, part) < line.len)
			return line;
		at = end + 1;
	}
	return (struct sts_str){0};
}

static struct sts_str replaced(struct sts_arena *arena, struct sts_str line, const char *from, const char *to)
{
	const char *at = strstr(line.ptr, from);
	char *out;

	if (at == NULL)
		return (struct sts_str){0};
	out = sts_sprintf(arena, "%.*s%s%s", (int)(at - line.ptr), line.ptr, to, at + strlen(from));
	return sts_str_of(out);
}

static void test_bad_lines(void)
{
	struct sts_history *h = open_history(stores_fresh(kind, folder));
	struct sts_arena *arena = sts_arena_new();
	struct seen s = look("one.test", 0);
	struct sts_buf lines;
	struct sts_str policy, observation;
	const char *fault;
	int64_t count = 0;

	begin("lines to be spoilt");
	sts_buf_init(&lines, 1024 * 1024);
	put(h, &s, NULL);
	EXPECT_INT(sts_history_export(h, NULL, collect, &lines, &count), STS_OK);
	policy = line_with(arena, sts_buf_str(&lines), "\"type\":\"policy\"");
	observation = line_with(arena, sts_buf_str(&lines), "\"type\":\"observation\"");
	sts_history_close(h);
	h = open_history(stores_fresh(kind, folder));
	import(h, policy, &fault);
	EXPECT_CSTR(fault, NULL);
	for (size_t i = 0; i < COUNT_OF(bad_lines); i++) {
		struct sts_str line = bad_lines[i].from == NULL
					      ? sts_str_of(bad_lines[i].to)
					      : replaced(arena, observation, bad_lines[i].from, bad_lines[i].to);

		begin(sts_sprintf(arena, "an import refuses %s", bad_lines[i].name));
		EXPECT(line.ptr != NULL);
		EXPECT_INT(import(h, line, &fault).added, 0);
		test_expect(fault != NULL && strcasestr(fault, bad_lines[i].want) != NULL, TEST_HERE, "it says \"%s\"",
			fault == NULL ? "(nothing)" : fault);
	}
	begin("an import refuses a policy that does not have its digest");
	EXPECT_INT(import(h, replaced(arena, policy, "mx1", "mx2"), &fault).observations, 0);
	EXPECT(fault != NULL && strstr(fault, "digest") != NULL);
	begin("what stands before a bad line is taken in");
	EXPECT_INT(import(h, sts_str_of(sts_sprintf(arena, "%s\n%s\n{}\n", policy.ptr, observation.ptr)), &fault).added,
		1);
	EXPECT(fault != NULL);
	EXPECT(sts_history_count(h, "one.test", &count) == STS_OK && count == 1);
	sts_buf_clear(&lines);
	sts_arena_free(arena);
	sts_history_close(h);
}

/* ---- schemas --------------------------------------------------------------------------------------------------- */

/* What a program of the first schema would have kept: one observation with its result. */
static void fill_first_schema(struct sts_store *s, const struct sts_observation *o)
{
	struct sts_buf doc, packed;
	struct sts_jsonw w;

	sts_buf_init(&doc, 65536);
	sts_buf_init(&packed, 65536);
	w = sts_jsonw(&doc, false);
	sts_document_write(&w, NULL, o);
	EXPECT_INT(sts_zip(STS_STR("{\"domain\":\"example.test\"}"), (struct sts_str){0}, &packed), STS_OK);
	EXPECT_INT(sts_store_run(s, "INSERT INTO domain (name, first_at, last_at, fold) VALUES (?1, ?2, ?2, 0)",
			   STS_VALUES(sts_v_text(o->domain), sts_v_int(o->at)), NULL, NULL),
		STS_OK);
	EXPECT_INT(sts_store_run(s, "INSERT INTO body (sha256, octets) VALUES (?1, ?2)",
			   STS_VALUES(sts_v_text(o->policy.sha256), sts_v_blob(o->policy.body)), NULL, NULL),
		STS_OK);
	EXPECT_INT(sts_store_run(s,
			   "INSERT INTO snapshot (domain_id, digest, verdict, status, policy, doc) SELECT id, 'd', "
			   "'enforced', 'WARNING', ?1, ?2 FROM domain",
			   STS_VALUES(sts_v_text(o->policy.sha256), sts_v_str(sts_buf_str(&doc))), NULL, NULL),
		STS_OK);
	EXPECT_INT(sts_store_run(s,
			   "INSERT INTO observation (domain_id, seen_at, snapshot_id, ttl_s, duration_ms) SELECT "
			   "domain_id, ?1, id, NULL, 5 FROM snapshot",
			   STS_VALUES(sts_v_int(o->at)), NULL, NULL),
		STS_OK);
	EXPECT_INT(sts_store_run(s, "INSERT INTO result (observation_id, octets) SELECT id, ?1 FROM observation",
			   STS_VALUES(sts_v_blob(sts_buf_str(&packed))), NULL, NULL),
		STS_OK);
	sts_buf_clear(&doc);
	sts_buf_clear(&packed);
}

static void test_migration(void)
{
	const char *place = stores_fresh(kind, folder);
	struct sts_store *s = NULL;
	struct sts_history *h;
	struct sts_arena *arena = sts_arena_new();
	struct sts_changes changes = {0};
	struct sts_kept kept = {0};
	struct seen day0 = look("example.test", 0);
	struct seen day9 = look("example.test", 9);
	int64_t version = 0;

	begin("a database of the first schema is brought up to date with what is in it");
	EXPECT_INT(sts_store_open_at(place, 1, &s, why), STS_OK);
	EXPECT(s->ops->version(s, &version) == STS_OK && version == 1);
	fill_first_schema(s, seen_make(arena, &day0));
	sts_store_close(s);
	h = open_history(place);
	EXPECT(sts_history_store(h)->ops->version(sts_history_store(h), &version) == STS_OK && version > 1);
	EXPECT_INT(sts_history_at(h, "example.test", INT64_MAX, arena, &kept), STS_OK);
	EXPECT_STR(kept.result, "{\"domain\":\"example.test\"}");
	EXPECT_STR(kept.seen.policy.body, policy_a);
	put(h, &day9, "{\"domain\":\"example.test\"}");
	EXPECT_INT(sts_history_changes(h, "example.test", T0 + DAY, INT64_MAX, 0, arena, &changes), STS_OK);
	EXPECT(changes.count > 0);
	EXPECT(same(h, "example.test"));
	sts_history_close(h);

	begin("a database of a newer program is left alone");
	EXPECT_INT(sts_store_open(place, &s, why), STS_OK);
	EXPECT_INT(s->ops->set_version(s, 99), STS_OK);
	sts_store_close(s);
	EXPECT_INT(sts_store_open(place, &s, why), STS_EINVAL);
	EXPECT(strstr(why, "newer") != NULL);
	EXPECT_INT(sts_store_open_at(place, 99, &s, why), STS_EINVAL);
	sts_arena_free(arena);
}

/* ---- only SQLite ----------------------------------------------------------------------------------------------- */

static void test_foreign_files(void)
{
	char path[128];
	struct sts_store *s = NULL;
	sqlite3 *db = NULL;
	FILE *f;

	CASE("a database of another program is refused and left alone");
	snprintf(path, sizeof path, "%s/foreign.db", folder);
	EXPECT_INT(sqlite3_open(path, &db), SQLITE_OK);
	EXPECT_INT(sqlite3_exec(db, "CREATE TABLE t (a); PRAGMA user_version = 3", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	EXPECT_INT(sts_store_open(path, &s, why), STS_EINVAL);
	EXPECT(strstr(why, "another program") != NULL);
	CASE("a file that is no database is refused");
	snprintf(path, sizeof path, "%s/text.db", folder);
	f = fopen(path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("this is no database\n", f);
	fclose(f);
	EXPECT_INT(sts_store_open(path, &s, why), STS_EINVAL);
	CASE("a folder that is not there is an error that says so");
	EXPECT_INT(sts_store_open("/nonexistent/folder/h.db", &s, why), STS_EIO);
	EXPECT(why[0] != '\0');
	CASE("a server that is not there is an error that says so");
	EXPECT_INT(sts_store_open("postgresql://127.0.0.1:1/x?connect_timeout=2", &s, why), STS_EIO);
	EXPECT(why[0] != '\0');
}

static void test_coding(void)
{
	static const struct {
		const char *text, *coded;
	} good[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
	static const char *const bad[] = {"Z", "Zg=", "Zg==Zg==", "Zh==", "Zm9=", "Z*==", "====", "Zg==\n", "=g=="};
	struct sts_buf out;

	sts_buf_init(&out, 100);
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		CASE("base64 of \"%s\"", good[i].text);
		sts_buf_reset(&out);
		sts_base64_put(&out, sts_str_of(good[i].text));
		EXPECT_STR(sts_buf_str(&out), good[i].coded);
		sts_buf_reset(&out);
		EXPECT(sts_base64_take(&out, sts_str_of(good[i].coded)));
		EXPECT_STR(sts_buf_str(&out), good[i].text);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		CASE("not base64: %s", bad[i]);
		sts_buf_reset(&out);
		EXPECT(!sts_base64_take(&out, sts_str_of(bad[i])));
	}
	sts_buf_clear(&out);
}

static void test_packing(void)
{
	struct sts_buf packed, out;
	struct sts_str dict =
		STS_STR("{\"domain\":\"example.test\",\"verdict\":\"enforced\",\"more\":\"of the same\"}");
	struct sts_str data = STS_STR("{\"domain\":\"example.test\",\"verdict\":\"testing\",\"more\":\"of the same\"}");

	CASE("packed and unpacked, with the dictionary and only with it");
	sts_buf_init(&packed, 1000);
	sts_buf_init(&out, 1000);
	EXPECT_INT(sts_zip(data, dict, &packed), STS_OK);
	EXPECT(packed.len < 40);
	EXPECT_INT(sts_unzip(sts_buf_str(&packed), dict, &out), STS_OK);
	EXPECT_STR(sts_buf_str(&out), data.ptr);
	EXPECT_INT(sts_unzip(sts_buf_str(&packed), (struct sts_str){0}, &out), STS_EINVAL);
	EXPECT_INT(sts_unzip(sts_buf_str(&packed), STS_STR("another"), &out), STS_EINVAL);
	CASE("what is cut off is damaged");
	for (size_t len = 0; len < packed.len; len++)
		EXPECT_INT(sts_unzip(sts_str(packed.ptr, len), dict, &out), STS_EINVAL);
	CASE("a ceiling is kept");
	out.max = 10;
	sts_buf_reset(&out);
	EXPECT_INT(sts_unzip(sts_buf_str(&packed), dict, &out), STS_ENOMEM);
	sts_buf_clear(&packed);
	sts_buf_clear(&out);
}

/* ---- only PostgreSQL ------------------------------------------------------------------------------------------------
 */

static enum sts_err cut(struct sts_store *s)
{
	return sts_store_run(s,
		"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
		"usename = current_user",
		STS_NO_VALUES, NULL, NULL);
}

static void test_lost_connection(void)
{
	const char *place = stores_fresh(kind, folder);
	struct sts_history *h = open_history(place);
	struct sts_arena *arena = sts_arena_new();
	struct seen first = look("example.test", 0), second = look("example.test", 1);
	struct sts_store *other = NULL;
	struct sts_kept kept;

	begin("a connection that was cut is made anew, for writing and for reading");
	put(h, &first, NULL);
	EXPECT_INT(sts_store_open(place, &other, why), STS_OK);
	EXPECT_INT(cut(other), STS_OK);
	EXPECT(put(h, &second, NULL));
	EXPECT_INT(cut(other), STS_OK);
	EXPECT_INT(sts_history_at(h, "example.test", INT64_MAX, arena, &kept), STS_OK);
	EXPECT_INT(kept.seen.at, T0 + DAY);
	sts_store_close(other);
	sts_arena_free(arena);
	sts_history_close(h);
}

static void test_all(const char *name)
{
	kind = name;
	test_empty();
	test_put_and_read();
	test_life();
	test_order();
	test_prune();
	test_reports();
	test_round_trip();
	test_bad_lines();
	test_migration();
}

static void test_postgres(void)
{
	test_all("PostgreSQL");
	test_lost_connection();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_folder(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	int status;

	snprintf(folder, sizeof folder, "/tmp/mtasts-store-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return 1;
	test_coding();
	test_packing();
	test_foreign_files();
	test_all("SQLite");
	if (getenv("MTASTS_TEST_PG") != NULL)
		test_postgres();
	else
		puts("PostgreSQL skipped: MTASTS_TEST_PG is not set");
	status = test_done();
	remove_folder();
	return status;
}
