/*
 * Watched domains and their leases on every kind of store: SQLite always, PostgreSQL where MTASTS_TEST_PG holds the URL
 * of an empty database (see tests/store/with-postgres). The same cases run on each.
 */
#include "stores.h"
#include "test.h"

#include "monitor/watch.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define T0 INT64_C(1780000000)
#define LEASE 1000

static char folder[64];
static const char *kind;

static void begin(const char *name)
{
	CASE("%s: %s", kind, name);
}

static enum sts_watch_change add(
	struct sts_store *s, const char *name, const char *tags, int64_t interval_s, int64_t now)
{
	enum sts_watch_change change = STS_WATCH_SAME;

	test_expect(sts_watch_add(s, name, tags, interval_s, now, &change) == STS_OK, TEST_HERE, "add: %s", s->why);
	return change;
}

/* Names leased, with blanks between. */
static const char *lease(
	struct sts_store *s, struct sts_arena *arena, const char *who, int64_t now, size_t max, struct sts_watched *out)
{
	struct sts_watched room[16];
	const char *names = "";
	size_t count = 0;

	if (sts_watch_lease(s, who, now, LEASE, max, arena, out == NULL ? room : out, &count) != STS_OK) {
		printf("  lease: %s\n", s->why);
		return "(failed)";
	}
	for (size_t i = 0; i < count; i++)
		names = sts_sprintf(arena, "%s%s%s", names, i == 0 ? "" : " ", (out == NULL ? room : out)[i].name);
	return names;
}

static void expect_lease(struct sts_store *s, struct sts_arena *arena, const char *who, int64_t now, size_t max,
	struct sts_watched *out, const char *want)
{
	const char *got = lease(s, arena, who, now, max, out);

	EXPECT_CSTR(got, want);
}

static enum sts_err list_one(const struct sts_watched *w, void *arg)
{
	sts_buf_printf(arg, "%s%s ", w->name, w->tags);
	return STS_OK;
}

static void expect_list(struct sts_store *s, const char *tag, const char *want)
{
	struct sts_buf b;

	sts_buf_init(&b, 10000);
	sts_buf_puts(&b, "");
	EXPECT_INT(sts_watch_each(s, tag, list_one, &b), STS_OK);
	EXPECT_CSTR(b.ptr == NULL ? "" : b.ptr, want);
	sts_buf_clear(&b);
}

static void test_add(void)
{
	struct sts_store *s = stores_open(stores_fresh(kind, folder));
	struct sts_arena *arena = sts_arena_new();
	struct sts_watched w;

	begin("domains are added, changed, listed and removed");
	EXPECT_INT(add(s, "b.example", ",x,y,", 600, T0), STS_WATCH_ADDED);
	EXPECT_INT(add(s, "a.example", NULL, -1, T0), STS_WATCH_ADDED);
	EXPECT_INT(add(s, "a.example", NULL, -1, T0 + 9), STS_WATCH_SAME);
	EXPECT_INT(add(s, "b.example", NULL, -1, T0 + 9), STS_WATCH_SAME);
	EXPECT_INT(add(s, "a.example", ",x,", -1, T0 + 9), STS_WATCH_CHANGED);
	EXPECT_INT(add(s, "b.example", NULL, 60, T0 + 9), STS_WATCH_CHANGED);
	expect_list(s, NULL, "a.example,x, b.example,x,y, ");
	expect_list(s, "y", "b.example,x,y, ");
	expect_list(s, "z", "");
	EXPECT_INT(sts_watch_find(s, "b.example", arena, &w), STS_OK);
	EXPECT(w.interval_s == 60 && w.added_at == T0 && w.due_at == T0 && w.checked_at == 0 && w.verdict == NULL);
	EXPECT_INT(sts_watch_remove(s, "b.example"), STS_OK);
	EXPECT_INT(sts_watch_remove(s, "b.example"), STS_ENOENT);
	EXPECT_INT(sts_watch_find(s, "b.example", arena, &w), STS_ENOENT);
	sts_arena_free(arena);
	sts_store_close(s);
}

static void settle(struct sts_store *s, struct sts_watched *w, int64_t due_at)
{
	w->due_at = due_at;
	w->second_looks = 1;
	w->checked_at = T0 + 5;
	w->verdict = "enforced";
	w->status = "SUCCESS";
	w->cert_expires_at = T0 + 99;
	w->doc = sts_str_of("{}");
	EXPECT_INT(sts_watch_settle(s, w), STS_OK);
}

static void test_leases(void)
{
	const char *place = stores_fresh(kind, folder);
	struct sts_store *s = stores_open(place), *other = stores_open(place);
	struct sts_arena *arena = sts_arena_new();
	struct sts_watched mine[4], found;
	struct sts_watch_queue q;

	begin("what waits longest is leased first, and to one only");
	for (int i = 0; i < 5; i++)
		add(s, sts_sprintf(arena, "d%d.example", i), NULL, -1, T0 + (i * 2 + 3) % 5);
	expect_lease(s, arena, "me", T0 - 1, 4, NULL, "");
	expect_lease(s, arena, "me", T0, 4, NULL, "d1.example");
	expect_lease(s, arena, "me", T0 + 1, 4, NULL, "d4.example");
	expect_lease(other, arena, "you", T0 + 9, 1, NULL, "d2.example");
	EXPECT_INT(sts_watch_queue(s, T0 + 3, &q), STS_OK);
	EXPECT(q.watched == 5 && q.leased == 3 && q.due == 1 && q.oldest_at == T0 + 3 && q.next_at == T0 + 3);
	expect_lease(s, arena, "me", T0 + 3, 4, mine, "d0.example");
	expect_lease(other, arena, "you", T0 + 3, 4, NULL, "");

	begin("a look that ends sets the next one, and its lease ends");
	EXPECT_INT(sts_store_begin(s, STS_BEGIN_WRITE), STS_OK);
	EXPECT_INT(sts_watch_claim(s, "me", &mine[0]), STS_OK);
	settle(s, &mine[0], T0 + 50);
	EXPECT_INT(sts_store_end(s, STS_OK), STS_OK);
	EXPECT_INT(sts_watch_find(s, "d0.example", arena, &found), STS_OK);
	EXPECT(found.turn == mine[0].turn + 1 && found.due_at == T0 + 50 && found.second_looks == 1 &&
		found.leased_until == 0);
	EXPECT_CSTR(found.verdict, "enforced");
	EXPECT_STR(found.doc, "{}");
	EXPECT_INT(sts_watch_claim(s, "me", &mine[0]), STS_ENOENT);
	EXPECT_INT(sts_watch_renew(s, "me", &mine[0], LEASE), STS_ENOENT);

	begin("a lease is renewed and released by its owner only");
	expect_lease(s, arena, "me", T0 + 4, 4, mine, "d3.example");
	EXPECT_INT(sts_watch_renew(other, "you", &mine[0], LEASE), STS_ENOENT);
	EXPECT_INT(sts_watch_release(other, "you", &mine[0]), STS_OK);
	EXPECT_INT(sts_watch_renew(s, "me", &mine[0], LEASE), STS_OK);
	EXPECT_INT(sts_watch_release(s, "me", &mine[0]), STS_OK);
	expect_lease(other, arena, "you", T0 + 4, 4, NULL, "d3.example");
	EXPECT_INT(sts_watch_claim(s, "me", &mine[0]), STS_ENOENT);

	begin("a domain that was removed meanwhile");
	expect_lease(s, arena, "me", T0 + 50, 1, mine, "d0.example");
	EXPECT_INT(sts_watch_remove(s, "d0.example"), STS_OK);
	EXPECT_INT(sts_watch_claim(s, "me", &mine[0]), STS_ENOENT);
	EXPECT_INT(sts_watch_release(s, "me", &mine[0]), STS_OK);
	sts_arena_free(arena);
	sts_store_close(other);
	sts_store_close(s);
}

/* Leases are by the clock of the store, so this takes a moment. */
static void test_end_of_lease(void)
{
	struct sts_store *s = stores_open(stores_fresh(kind, folder));
	struct sts_arena *arena = sts_arena_new();
	struct sts_watched mine, taken;
	size_t count = 0;
	const struct timespec moment = {.tv_nsec = 100 * 1000 * 1000};
	time_t until = time(NULL) + 10;

	begin("a lease that ends may be taken by another, and its first owner comes too late");
	add(s, "a.example", NULL, -1, T0);
	EXPECT_INT(sts_watch_lease(s, "dead", T0, 1, 1, arena, &mine, &count), STS_OK);
	EXPECT_INT(count, 1);
	expect_lease(s, arena, "me", T0 + 999, 1, &taken, "");
	while (lease(s, arena, "me", T0 + 999, 1, &taken)[0] == '\0' && time(NULL) < until)
		nanosleep(&moment, NULL);
	EXPECT_CSTR(taken.name, "a.example");
	EXPECT_INT(sts_watch_claim(s, "dead", &mine), STS_ENOENT);
	EXPECT_INT(sts_watch_claim(s, "me", &taken), STS_OK);
	sts_arena_free(arena);
	sts_store_close(s);
}

/* Two connections in the middle of their transactions: what one is taking the other passes over without waiting. */
static void test_skip_locked(void)
{
	const char *place = stores_fresh(kind, folder);
	struct sts_store *s = stores_open(place), *other = stores_open(place);
	struct sts_arena *arena = sts_arena_new();

	begin("a lease that another daemon is taking at this moment is passed over");
	for (int i = 0; i < 4; i++)
		add(s, sts_sprintf(arena, "d%d.example", i), NULL, -1, T0 + i);
	EXPECT_INT(sts_store_begin(s, STS_BEGIN_WRITE), STS_OK);
	expect_lease(s, arena, "me", T0 + 9, 1, NULL, "d0.example");
	expect_lease(other, arena, "you", T0 + 9, 1, NULL, "d1.example");
	EXPECT_INT(sts_store_end(s, STS_OK), STS_OK);
	expect_lease(other, arena, "you", T0 + 9, 1, NULL, "d2.example");
	sts_arena_free(arena);
	sts_store_close(other);
	sts_store_close(s);
}

static void test_tags(void)
{
	struct sts_arena *arena = sts_arena_new();
	const char *out = NULL, *why = NULL;
	const char *many[STS_TAGS_MAX + 1];
	static const char *const bad[] = {"", "A", "a,b", "a b", "é", "012345678901234567890123456789012", "%"};

	CASE("tags are sorted, each once");
	EXPECT_INT(sts_tags_join((const char *const[]){"web", "a.b", "web", "a-b"}, 4, arena, &out, &why), STS_OK);
	EXPECT_CSTR(out, ",a-b,a.b,web,");
	EXPECT(sts_tags_have(out, "web") && sts_tags_have(out, "a-b") && !sts_tags_have(out, "we") &&
		!sts_tags_have(out, "eb"));
	EXPECT(!sts_tags_have(out, "") && !sts_tags_have(",", "a"));
	EXPECT_INT(sts_tags_join(NULL, 0, arena, &out, &why), STS_OK);
	EXPECT_CSTR(out, ",");
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		CASE("'%s' is no tag", bad[i]);
		EXPECT_INT(sts_tags_join(&bad[i], 1, arena, &out, &why), STS_EINVAL);
	}
	for (size_t i = 0; i < COUNT_OF(many); i++)
		many[i] = "a";
	CASE("too many tags");
	EXPECT_INT(sts_tags_join(many, COUNT_OF(many), arena, &out, &why), STS_EINVAL);
	sts_arena_free(arena);
}

static void test_all(const char *name)
{
	kind = name;
	test_add();
	test_leases();
	test_end_of_lease();
}

int main(void)
{
	struct sts_worker_name a, b;
	char wipe[128];
	int status;

	snprintf(folder, sizeof folder, "/tmp/mtasts-watch-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return 1;
	CASE("names of workers differ");
	EXPECT(sts_worker_name_draw(&a) == STS_OK && sts_worker_name_draw(&b) == STS_OK && strcmp(a.text, b.text) != 0);
	test_tags();
	test_all("SQLite");
	if (getenv("MTASTS_TEST_PG") != NULL) {
		test_all("PostgreSQL");
		test_skip_locked();
	} else {
		printf("PostgreSQL skipped: MTASTS_TEST_PG is not set\n");
	}
	status = test_done();
	snprintf(wipe, sizeof wipe, "rm -rf %s", folder);
	return system(wipe) == 0 ? status : 1;
}
