/*
 * From looks to messages on every kind of store: SQLite always, PostgreSQL where MTASTS_TEST_PG holds the URL of an
 * empty database (see tests/store/with-postgres). The same cases run on each.
 */
#include "facts.h"
#include "stores.h"
#include "test.h"

#include "base/clock.h"
#include "base/jsonr.h"
#include "monitor/alerts.h"
#include "monitor/outbox.h"
#include "monitor/watch.h"
#include "net/address.h"

#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define T0 INT64_C(1780000000)
#define DAY INT64_C(86400)
#define GATHER 300

static char folder[64];
static const char *kind;
static const char *place;
static struct sts_arena *arena; /* of one case */
static struct sts_store *store;
static struct sts_alerts *alerts;
static struct sts_routes routes;

/* ---- a fresh world each time ----------------------------------------------------------------------------------- */

static void end(void)
{
	if (arena == NULL)
		return;
	sts_alerts_free(alerts);
	sts_store_close(store);
	sts_arena_free(arena);
	arena = NULL;
	routes = (struct sts_routes){0};
}

static void open_alerts(void)
{
	struct sts_alerts_config config = {.routes = &routes, .gather_s = GATHER};

	store = stores_open(place);
	if (sts_alerts_new(store, &config, &alerts) != STS_OK)
		exit(1);
}

/* routes_text: "name setting=value setting=value", parted by LF */
static void begin(const char *name, const char *routes_text)
{
	char *copy;
	char *save = NULL;

	end();
	CASE("%s: %s", kind, name);
	arena = sts_arena_new();
	copy = sts_strdup(arena, routes_text);
	for (char *line = strtok_r(copy, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		char *inner = NULL;
		struct sts_route *r = sts_routes_get(&routes, arena, strtok_r(line, " ", &inner));

		for (char *w = strtok_r(NULL, " ", &inner); w != NULL; w = strtok_r(NULL, " ", &inner)) {
			char *equals = strchr(w, '=');
			const char *why = "";

			*equals = '\0';
			test_expect(sts_route_set(r, arena, w, equals + 1, &why), TEST_HERE, "%s %s", w, why);
		}
	}
	place = stores_fresh(kind, folder);
	open_alerts();
}

/* ---- looks ----------------------------------------------------------------------------------------------------- */

typedef void edit_fn(struct sts_facts *f);

static void healthy(struct sts_facts *f)
{
	(void)f;
}

static void expired(struct sts_facts *f)
{
	facts_set_mx_problem(f, 0, STS_CERT_EXPIRED);
}

static void expired_as_well(struct sts_facts *f)
{
	expired(f);
	memset(f->mx[0].smtp[0].tls.chain[0].sha256, 'b', 64);
}

static void expired_in_testing(struct sts_facts *f)
{
	facts_set_policy(
		f, "version: STSv1\nmode: testing\nmx: mx1.example.test\nmx: *.backup.test\nmax_age: 1209600\n");
	expired(f);
}

/* Three days are left: a warning. */
static void expiring(struct sts_facts *f)
{
	f->mx[0].smtp[0].tls.chain[0].not_after = FACTS_NOW + 3 * FACTS_DAY;
}

/* The policy host answers 404 at this address. */
static void no_policy_at(struct sts_facts *f, const char *address)
{
	f->policy_host.address_count = 1;
	f->fetch_count = 1;
	EXPECT(sts_address_parse(address, &f->policy_host.addresses[0]));
	f->fetches[0].address = f->policy_host.addresses[0];
	f->fetches[0].http.status = 404;
	f->fetches[0].has_policy = false;
	facts_choose_policy(f);
}

static void no_policy(struct sts_facts *f)
{
	no_policy_at(f, "9.9.9.10");
}

static void no_policy_elsewhere(struct sts_facts *f)
{
	no_policy_at(f, "9.9.9.77");
}

static void no_mode(struct sts_facts *f)
{
	facts_set_policy(f, "version: STSv1\nmx: mx1.example.test\nmx: *.backup.test\nmax_age: 1209600\n");
}

static void short_age(struct sts_facts *f)
{
	facts_set_policy(f, "version: STSv1\nmode: enforce\nmx: mx1.example.test\nmx: *.backup.test\nmax_age: 3600\n");
}

static void mx_not_reached(struct sts_facts *f)
{
	facts_set_mx_end(f, 0, STS_SMTP_TCP_TIMEOUT);
	facts_set_mx_end(f, 1, STS_SMTP_TCP_TIMEOUT);
}

static void two_records(struct sts_facts *f)
{
	static const char *const texts[] = {"v=STSv1; id=1;", "v=STSv1; id=2;"};

	facts_set_records(f, texts, 2);
}

static int64_t watch_id(const char *domain)
{
	int64_t id = 0;

	EXPECT_INT(sts_store_int(store, "SELECT id FROM watch WHERE name = ?1", STS_VALUES(sts_v_text(domain)), &id),
		STS_OK);
	return id;
}

static void watch(const char *domain, const char *tags)
{
	enum sts_watch_change change;

	EXPECT_INT(sts_watch_add(store, domain, tags, -1, T0 - DAY, &change), STS_OK);
}

static const char *tags_of(const char *domain)
{
	struct sts_watched w = {0};

	EXPECT_INT(sts_watch_find(store, domain, arena, &w), STS_OK);
	return w.tags;
}

/* One look, as the daemon makes it. @return another one should come soon */
static bool look(const char *domain, edit_fn *edit, int64_t now)
{
	struct sts_arena *own = sts_arena_new();
	struct sts_facts *f = facts_healthy(own);
	struct sts_alerts_look l = {
		.watch_id = watch_id(domain), .domain = domain, .tags = tags_of(domain), .now = now};
	bool unconfirmed = false;
	enum sts_err err;

	f->domain = domain;
	edit(f);
	l.report = sts_judge(f, own);
	err = sts_store_begin(store, STS_BEGIN_WRITE);
	if (err == STS_OK)
		err = sts_store_run(store, "UPDATE watch SET checked_at = ?2, due_at = ?3 WHERE id = ?1",
			STS_VALUES(sts_v_int(l.watch_id), sts_v_int(now), sts_v_int(now + 3600)), NULL, NULL);
	if (err == STS_OK)
		err = sts_alerts_take(alerts, &l, &unconfirmed);
	err = sts_store_end(store, err);
	test_expect(err == STS_OK, TEST_HERE, "look: %s", store->why);
	sts_arena_free(own);
	return unconfirmed;
}

static int64_t gather(int64_t now)
{
	int64_t next = 0;

	test_expect(sts_alerts_gather(alerts, now, &next) == STS_OK, TEST_HERE, "gather: %s", store->why);
	return next;
}

/* ---- messages -------------------------------------------------------------------------------------------------- */

struct messages {
	const struct sts_json *items[64];
	size_t count;
};

/* For whoever looks at the documents with other eyes: tests/scripts/check-alerts. */
static void show(struct sts_str doc)
{
	const char *path = getenv("MTASTS_TEST_DOCS");
	FILE *f = path == NULL ? NULL : fopen(path, "ae");

	if (f == NULL)
		return;
	fprintf(f, "%.*s\n", STS_FMT(doc));
	fclose(f);
}

static enum sts_err message_row(const struct sts_value *v, size_t count, void *arg)
{
	struct messages *m = arg;
	const char *why = "";

	(void)count;
	if (m->count == 64)
		return STS_ENOMEM;
	show(v[0].text);
	m->items[m->count] = sts_json_read(v[0].text, arena, &why);
	test_expect(m->items[m->count] != NULL, TEST_HERE, "message: %s", why);
	m->count++;
	return STS_OK;
}

/* What waits for a route, oldest first; it is taken away. */
static struct messages drain(const char *route)
{
	struct messages m = {0};

	EXPECT_INT(sts_store_run(store, "SELECT doc FROM outbox WHERE route = ?1 AND state = 0 ORDER BY id",
			   STS_VALUES(sts_v_text(route)), message_row, &m),
		STS_OK);
	EXPECT_INT(sts_store_run(store, "DELETE FROM outbox WHERE route = ?1 AND state = 0",
			   STS_VALUES(sts_v_text(route)), NULL, NULL),
		STS_OK);
	return m;
}

static int64_t number(const struct sts_json *object, const char *name)
{
	const struct sts_json *v = sts_json_get(object, name);

	return sts_json_is(v, STS_JSON_INT) ? v->integer : -1;
}

static bool says(const struct sts_json *alert, const char *words)
{
	return strstr(sts_json_text(alert, "text").ptr, words) != NULL;
}

/* ---- cases ----------------------------------------------------------------------------------------------------- */

static void life(void)
{
	struct messages m;
	const char *thread;

	begin("new, reminded, solved: one thread", "ops stdout=json");
	watch("a.test", ",");
	EXPECT(look("a.test", expired, T0));
	EXPECT_INT(gather(T0 + 1), INT64_MAX);
	EXPECT(!look("a.test", expired, T0 + 180));
	EXPECT_INT(gather(T0 + 181), T0 + 180 + GATHER);
	EXPECT_INT(drain("ops").count, 0);
	EXPECT_INT(gather(T0 + 180 + GATHER), T0 + 180 + GATHER + DAY);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_STR(sts_json_text(m.items[0], "kind"), "new");
	EXPECT_STR(sts_json_text(m.items[0], "severity"), "error");
	EXPECT_STR(sts_json_text(m.items[0], "schema"), "mtasts.alert/1");
	EXPECT(strncmp(sts_json_text(m.items[0], "title").ptr, "a.test: ", 8) == 0);
	EXPECT(says(m.items[0], "What senders do (a.test, blocking)"));
	EXPECT(says(m.items[0], "To mend it: "));
	EXPECT(says(m.items[0], "How it ends: Two looks in a row"));
	thread = sts_json_text(m.items[0], "thread").ptr;

	CASE("%s: a reminder after a day, the next after two more", kind);
	for (int64_t t = T0 + 3600; t < T0 + DAY; t += 3600)
		EXPECT(!look("a.test", expired, t));
	EXPECT_INT(gather(T0 + 480 + DAY - 1), T0 + 480 + DAY);
	EXPECT_INT(drain("ops").count, 0);
	EXPECT_INT(gather(T0 + 480 + DAY), T0 + 480 + 3 * DAY);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_STR(sts_json_text(m.items[0], "kind"), "sustained");
	EXPECT_STR(sts_json_text(m.items[0], "thread"), thread);
	EXPECT_INT(number(m.items[0], "reminder"), 1);

	CASE("%s: solved is told once, with how the domain fares now", kind);
	EXPECT(look("a.test", healthy, T0 + 2 * DAY));
	EXPECT(!look("a.test", healthy, T0 + 2 * DAY + 180));
	gather(T0 + 2 * DAY + 180 + GATHER);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_STR(sts_json_text(m.items[0], "kind"), "solved");
	EXPECT_STR(sts_json_text(m.items[0], "thread"), thread);
	EXPECT(says(m.items[0], "What senders do (a.test, enforced)"));
	EXPECT(says(m.items[0], "It is over"));
	EXPECT_INT(gather(T0 + 30 * DAY), INT64_MAX);
	EXPECT_INT(drain("ops").count, 0);
}

static void nothing(void)
{
	begin("a flap, an unseen host, a healthy month: nothing", "ops stdout=json min-severity=warning");
	watch("a.test", ",");
	EXPECT(look("a.test", expired, T0));
	EXPECT(!look("a.test", healthy, T0 + 180));
	for (int64_t t = T0 + 3600; t < T0 + 30 * DAY; t += DAY / 2)
		EXPECT(!look("a.test", t % 3 == 0 ? mx_not_reached : healthy, t));
	EXPECT_INT(gather(T0 + 31 * DAY), INT64_MAX);
	EXPECT_INT(drain("ops").count, 0);
}

static void unseen(void)
{
	begin("what could not be seen is not solved", "ops stdout=json");
	watch("a.test", ",");
	look("a.test", expired, T0);
	look("a.test", expired, T0 + 180);
	gather(T0 + 1000);
	drain("ops");
	for (int i = 1; i < 10; i++)
		EXPECT(!look("a.test", mx_not_reached, T0 + i * 3600));
	gather(T0 + 12 * 3600);
	EXPECT_INT(drain("ops").count, 0);
}

static void one_cause(void)
{
	struct messages m;
	char name[32];
	int64_t due = 0;

	begin("one certificate, 41 domains: one alert", "ops stdout=json");
	for (int i = 0; i < 41; i++) {
		snprintf(name, sizeof name, "d%02d.test", i);
		watch(name, ",");
		look(name, healthy, T0 - 3600 + i);
	}
	EXPECT(look("d00.test", expired, T0));
	EXPECT(!look("d00.test", expired, T0 + 180));
	gather(T0 + 181);
	CASE("%s: the others are looked at at once", kind);
	EXPECT_INT(sts_store_int(store, "SELECT count(*) FROM watch WHERE due_at <= ?1",
			   STS_VALUES(sts_v_int(T0 + 181)), &due),
		STS_OK);
	EXPECT_INT(due, 40);
	CASE("%s: an alert waits for them", kind);
	EXPECT_INT(gather(T0 + 180 + GATHER), T0 + 180 + GATHER + 60);
	EXPECT_INT(drain("ops").count, 0);
	CASE("%s: for them one look is enough", kind);
	for (int i = 1; i < 41; i++) {
		snprintf(name, sizeof name, "d%02d.test", i);
		EXPECT(!look(name, expired, T0 + 500 + i));
	}
	gather(T0 + 180 + GATHER + 60);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_INT(number(m.items[0], "domain_count"), 41);
	EXPECT_INT(number(m.items[0], "finding_count"), 1);
	EXPECT(strncmp(sts_json_text(m.items[0], "title").ptr, "One certificate, 41 domains: ", 29) == 0);

	CASE("%s: solved together, and told of together", kind);
	for (int i = 0; i < 41; i++) {
		snprintf(name, sizeof name, "d%02d.test", i);
		EXPECT(look(name, healthy, T0 + 7200 + i));
		EXPECT(!look(name, healthy, T0 + 7300 + i));
	}
	gather(T0 + 7300 + GATHER);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_STR(sts_json_text(m.items[0], "kind"), "solved");
	EXPECT_INT(number(m.items[0], "domain_count"), 41);
	EXPECT_INT(number(m.items[0], "remaining_domains"), 0);
}

/* Far more than is taken into memory at once: nothing is lost, and the store is not stuck. */
static void a_flood(void)
{
	struct messages m;
	int64_t left = -1;
	int64_t told = 0;

	begin("a flood", "ops stdout=json");
	watch("a.test", ",");
	look("a.test", two_records, T0);
	look("a.test", two_records, T0 + 100);
	for (int i = 0; i < 13; i++)
		EXPECT_INT(
			sts_store_run(store,
				"INSERT INTO event (watch_id, domain, tags, cause, kind, severity, at, gather_at, doc)"
				" SELECT watch_id, domain || id, tags, cause, kind, severity, at, gather_at, doc FROM "
				"event",
				STS_NO_VALUES, NULL, NULL),
			STS_OK);
	EXPECT_INT(gather(T0 + 5000), T0 + 5000 + DAY);
	EXPECT_INT(sts_store_int(store, "SELECT count(*) FROM event", STS_NO_VALUES, &left), STS_OK);
	EXPECT_INT(left, 0);
	m = drain("ops");
	EXPECT_INT(m.count, 5);
	for (size_t i = 0; i < m.count; i++)
		told += number(m.items[i], "domain_count");
	EXPECT(told >= 8192);
}

/* The text of two findings is too long for a message: one is told in full, and both are counted. */
static void too_long(void)
{
	struct messages m;
	char *much;
	const struct sts_json *findings;

	begin("more than a message holds", "ops stdout=json");
	much = sts_alloc_array(arena, 150001, 1);
	memset(much, 'x', 150000);
	watch("a.test", ",");
	look("a.test", two_records, T0);
	look("a.test", two_records, T0 + 100);
	EXPECT_INT(sts_store_run(store, "UPDATE event SET doc = replace(doc, '\"detail\":\"', '\"detail\":\"' || ?1)",
			   STS_VALUES(sts_v_text(much)), NULL, NULL),
		STS_OK);
	gather(T0 + 5000);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	findings = sts_json_get(m.items[0], "findings");
	EXPECT_INT(number(m.items[0], "finding_count"), 2);
	EXPECT_INT(number(m.items[0], "domain_count"), 1);
	EXPECT_INT(findings->count, 1);
	EXPECT(says(m.items[0], "(and 1 more)"));
	EXPECT(says(m.items[0], "and 1 more finding\n"));
	EXPECT(says(m.items[0], "How it ends: "));
}

static void patience(void)
{
	begin("it does not wait for ever", "ops stdout=json");
	watch("a.test", ",");
	watch("b.test", ",");
	look("a.test", healthy, T0 - 7200);
	look("b.test", healthy, T0 - 7200);
	look("a.test", expired, T0);
	look("a.test", expired, T0 + 100);
	for (int64_t t = T0 + 101; t < T0 + 100 + 3 * GATHER; t += 30)
		gather(t);
	EXPECT_INT(drain("ops").count, 0);
	gather(T0 + 100 + 3 * GATHER + 60);
	EXPECT_INT(drain("ops").count, 1);
}

static void moving_host(void)
{
	struct messages m;
	const char *thread;

	begin("a policy host that moves: the same thread, reminders, and an end", "ops stdout=json");
	watch("a.test", ",");
	look("a.test", no_policy, T0);
	look("a.test", no_policy, T0 + 100);
	gather(T0 + 1000);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	thread = sts_json_text(m.items[0], "thread").ptr;
	for (int64_t t = T0 + 3600; t < T0 + DAY; t += 3600)
		EXPECT(!look("a.test", no_policy_elsewhere, t));
	gather(T0 + 1000 + DAY);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_STR(sts_json_text(m.items[0], "kind"), "sustained");
	EXPECT_STR(sts_json_text(m.items[0], "thread"), thread);
	look("a.test", healthy, T0 + 2 * DAY);
	look("a.test", healthy, T0 + 2 * DAY + 100);
	gather(T0 + 2 * DAY + 1000);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_STR(sts_json_text(m.items[0], "kind"), "solved");
	EXPECT_STR(sts_json_text(m.items[0], "thread"), thread);
}

static void milder_then_solved(void)
{
	struct messages m;
	const char *thread;

	begin("an error, then a warning, then solved: who hears of errors only hears of the end", "ops stdout=json min-severity=error\nall stdout=json");
	watch("a.test", ",");
	look("a.test", expired, T0);
	look("a.test", expired, T0 + 100);
	gather(T0 + 1000);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	thread = sts_json_text(m.items[0], "thread").ptr;
	look("a.test", expired_in_testing, T0 + 3600);
	look("a.test", expired_in_testing, T0 + 3700);
	gather(T0 + 5000);
	drain("ops");
	look("a.test", healthy, T0 + 7200);
	look("a.test", healthy, T0 + 7300);
	gather(T0 + 9000);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_STR(sts_json_text(m.items[0], "kind"), "solved");
	EXPECT_STR(sts_json_text(m.items[0], "thread"), thread);
}

/* Every look so far is told of; @return the thread of the one message */
static const char *the_thread(int64_t at, const char *event)
{
	struct messages m;

	gather(at);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_STR(sts_json_text(m.items[0], "kind"), event);
	return m.count > 0 ? sts_json_text(m.items[0], "thread").ptr : "";
}

static void expect_thread(int64_t at, const char *event, const char *thread, const char *where)
{
	const char *got = the_thread(at, event);

	test_expect(strcmp(got, thread) == 0, where, "%s is of thread %s, not %s", event, got, thread);
}

static void next_certificate(void)
{
	static const char *const names[] = {"a.test", "b.test"};
	const char *thread;

	begin("a bad certificate in place of a bad one: one thread from new to solved", "ops stdout=json");
	for (size_t i = 0; i < 2; i++)
		watch(names[i], ",");
	for (int64_t k = 0; k < 2; k++)
		for (size_t i = 0; i < 2; i++)
			look(names[i], expired, T0 + 100 * k);
	thread = the_thread(T0 + 1000, "new");
	for (int64_t k = 0; k < 2; k++)
		for (size_t i = 0; i < 2; i++)
			look(names[i], expired_as_well, T0 + 7200 + 100 * k);
	expect_thread(T0 + 9000, "changed", thread, TEST_HERE);
	expect_thread(T0 + 9000 + DAY, "sustained", thread, TEST_HERE);
	for (int64_t k = 0; k < 2; k++)
		for (size_t i = 0; i < 2; i++)
			look(names[i], healthy, T0 + 2 * DAY + 100 * k);
	expect_thread(T0 + 2 * DAY + 2000, "solved", thread, TEST_HERE);

	CASE("%s: before anything was told: one message", kind);
	for (int64_t k = 0; k < 4; k++)
		look("a.test", k < 2 ? expired : expired_as_well, T0 + 3 * DAY + 10 * k);
	thread = the_thread(T0 + 3 * DAY + 2000, "new");
	look("a.test", healthy, T0 + 3 * DAY + 3000);
	look("a.test", healthy, T0 + 3 * DAY + 3010);
	expect_thread(T0 + 3 * DAY + 4000, "solved", thread, TEST_HERE);
}

static void other_causes(void)
{
	begin("two causes, two alerts", "ops stdout=json");
	watch("a.test", ",");
	watch("b.test", ",");
	look("a.test", expired, T0);
	look("a.test", expired, T0 + 100);
	look("b.test", two_records, T0);
	look("b.test", two_records, T0 + 100);
	gather(T0 + 5000);
	EXPECT_INT(drain("ops").count, 2);
}

static void worse(void)
{
	struct messages m;

	begin("worse", "ops stdout=json");
	watch("a.test", ",");
	look("a.test", expired_in_testing, T0);
	look("a.test", expired_in_testing, T0 + 100);
	gather(T0 + 1000);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_STR(sts_json_text(m.items[0], "severity"), "warning");
	EXPECT(look("a.test", expired, T0 + 3600));
	EXPECT(!look("a.test", expired, T0 + 3700));
	gather(T0 + 5000);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_STR(sts_json_text(m.items[0], "kind"), "worsened");
	EXPECT_STR(sts_json_text(m.items[0], "severity"), "error");
}

/* Others vouch for a fault as bad as it counts with them, not for one that is worse. */
static void worse_together(void)
{
	static const char *const names[] = {"a.test", "b.test", "c.test"};
	struct messages m;

	begin("one certificate gets worse: every domain needs its second look, and they are told of together", "ops stdout=json");
	for (size_t i = 0; i < 3; i++)
		watch(names[i], ",");
	for (size_t i = 0; i < 3; i++)
		look(names[i], expired_in_testing, T0);
	for (size_t i = 0; i < 3; i++)
		look(names[i], expired_in_testing, T0 + 100);
	gather(T0 + 1000);
	EXPECT_INT(drain("ops").count, 1);
	for (size_t i = 0; i < 3; i++)
		EXPECT(look(names[i], expired, T0 + DAY));
	for (size_t i = 0; i < 3; i++)
		EXPECT(!look(names[i], expired, T0 + DAY + 180));
	gather(T0 + DAY + 180 + GATHER);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_STR(sts_json_text(m.items[0], "kind"), "worsened");
	EXPECT_INT(number(m.items[0], "domain_count"), 3);
}

static void gives_way(void)
{
	struct messages m;

	begin("expiring, then expired: worse, and nothing is solved", "ops stdout=json");
	watch("a.test", ",");
	look("a.test", expiring, T0);
	look("a.test", expiring, T0 + 100);
	gather(T0 + 1000);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_STR(sts_json_text(m.items[0], "severity"), "warning");
	EXPECT(look("a.test", expired, T0 + DAY / 2));
	EXPECT(!look("a.test", expired, T0 + DAY / 2 + 100));
	gather(T0 + DAY / 2 + 1000);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_STR(sts_json_text(m.items[0], "kind"), "worsened");
	EXPECT_STR(sts_json_text(m.items[0], "severity"), "error");
	EXPECT_STR(sts_json_text(m.items[0], "since"), "2026-05-28T20:26:40Z");
}

/* What became of the finding of this code, in any of the messages; "": it is in none. */
static const char *told(const struct messages *m, const char *code)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct sts_json *findings = sts_json_get(m->items[i], "findings");

		for (size_t k = 0; k < findings->count; k++)
			if (sts_str_is(sts_json_text(&findings->items[k], "code"), code))
				return sts_json_text(&findings->items[k], "kind").ptr;
	}
	return "";
}

static void unrelated(void)
{
	struct messages m;

	begin("one fault goes, another comes at the same place: two things", "bad stdout=json min-severity=error\nall stdout=json");
	watch("a.test", ",");
	look("a.test", no_mode, T0);
	look("a.test", no_mode, T0 + 100);
	gather(T0 + 1000);
	m = drain("bad");
	EXPECT_CSTR(told(&m, "policy.mode-missing"), "new");
	drain("all");
	look("a.test", short_age, T0 + 7200);
	look("a.test", short_age, T0 + 7300);
	gather(T0 + 9000);
	m = drain("bad");
	EXPECT_CSTR(told(&m, "policy.mode-missing"), "solved");
	EXPECT_CSTR(told(&m, "policy.max-age-short"), "");
	m = drain("all");
	EXPECT_CSTR(told(&m, "policy.mode-missing"), "solved");
	EXPECT_CSTR(told(&m, "policy.max-age-short"), "new");
}

static void gives_way_to_milder(void)
{
	struct messages m;

	begin("expired, then expiring: who heard of the error hears of the end", "bad stdout=json min-severity=error\nall stdout=json");
	watch("a.test", ",");
	look("a.test", expired, T0);
	look("a.test", expired, T0 + 100);
	gather(T0 + 1000);
	drain("bad");
	drain("all");
	look("a.test", expiring, T0 + 7200);
	look("a.test", expiring, T0 + 7300);
	gather(T0 + 9000);
	m = drain("bad");
	EXPECT_CSTR(told(&m, "mx.cert.expiring"), "changed");
	EXPECT_CSTR(told(&m, "mx.cert.expired"), "");
	m = drain("all");
	EXPECT_CSTR(told(&m, "mx.cert.expiring"), "changed");
	look("a.test", healthy, T0 + DAY);
	look("a.test", healthy, T0 + DAY + 100);
	gather(T0 + DAY + 1000);
	m = drain("bad");
	EXPECT_CSTR(told(&m, "mx.cert.expiring"), "solved");
}

static void within_one_gathering(void)
{
	struct messages m;

	begin("began and ended within one gathering: nothing", "ops stdout=json");
	watch("a.test", ",");
	look("a.test", expired, T0);
	look("a.test", expired, T0 + 10);
	look("a.test", healthy, T0 + 20);
	look("a.test", healthy, T0 + 30);
	gather(T0 + 1000);
	EXPECT_INT(drain("ops").count, 0);

	CASE("%s: ended and began again within one gathering: it goes on", kind);
	look("a.test", expired, T0 + 2000);
	look("a.test", expired, T0 + 2010);
	gather(T0 + 3000);
	EXPECT_INT(drain("ops").count, 1);
	look("a.test", healthy, T0 + 4000);
	look("a.test", healthy, T0 + 4010);
	look("a.test", expired, T0 + 4020);
	look("a.test", expired, T0 + 4030);
	gather(T0 + 5000);
	EXPECT_INT(drain("ops").count, 0);
	CASE("%s: and is reminded of", kind);
	gather(T0 + 3000 + DAY);
	m = drain("ops");
	EXPECT_CSTR(told(&m, "mx.cert.expired"), "sustained");

	CASE("%s: began again worse", kind);
	look("a.test", expired_in_testing, T0 + 2 * DAY);
	look("a.test", expired_in_testing, T0 + 2 * DAY + 10);
	look("a.test", healthy, T0 + 2 * DAY + 20);
	look("a.test", healthy, T0 + 2 * DAY + 30);
	gather(T0 + 2 * DAY + 1000);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_CSTR(told(&m, "mx.cert.expired"), "solved");
	look("a.test", expired_in_testing, T0 + 3 * DAY);
	look("a.test", expired_in_testing, T0 + 3 * DAY + 10);
	gather(T0 + 3 * DAY + 1000);
	drain("ops");
	look("a.test", healthy, T0 + 3 * DAY + 2000);
	look("a.test", healthy, T0 + 3 * DAY + 2010);
	look("a.test", expired, T0 + 3 * DAY + 2020);
	look("a.test", expired, T0 + 3 * DAY + 2030);
	gather(T0 + 3 * DAY + 3000);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_CSTR(told(&m, "mx.cert.expired"), "worsened");
}

static void tenants(void)
{
	struct messages m;

	begin("a tenant learns of its own domains only",
		"red tags=red stdout=json\nblue tags=blue stdout=json\nall stdout=json");
	watch("a.test", ",red,");
	watch("b.test", ",blue,");
	watch("c.test", ",blue,red,");
	for (int i = 0; i < 2; i++) {
		look("a.test", expired, T0 + 100 * i);
		look("b.test", expired, T0 + 100 * i);
		look("c.test", expired, T0 + 100 * i);
	}
	gather(T0 + 5000);
	m = drain("red");
	EXPECT_INT(m.count, 1);
	EXPECT_INT(number(m.items[0], "domain_count"), 2);
	EXPECT(says(m.items[0], "a.test, c.test"));
	EXPECT(!says(m.items[0], "b.test"));
	m = drain("blue");
	EXPECT_INT(number(m.items[0], "domain_count"), 2);
	EXPECT(!says(m.items[0], "a.test"));
	m = drain("all");
	EXPECT_INT(number(m.items[0], "domain_count"), 3);
}

static void quiet_hours(void)
{
	/* T0 is 20:26:40 UTC */
	const int64_t night = T0 + 2 * 3600;
	const int64_t morning = T0 - T0 % DAY + DAY + 7 * 3600;
	struct messages m;
	const struct sts_json *inside;

	begin("quiet hours: held back, then one digest",
		"ops stdout=json quiet=22:00-07:00\nloud stdout=json quiet=22:00-07:00 "
		"pierce=error");
	watch("a.test", ",");
	watch("b.test", ",");
	look("a.test", expired, night);
	look("a.test", expired, night + 100);
	look("b.test", two_records, night + 3600);
	look("b.test", two_records, night + 3700);
	gather(night + 3000);
	EXPECT_INT(gather(night + 8000), morning);
	EXPECT_INT(drain("ops").count, 0);
	CASE("%s: errors pierce where they may", kind);
	EXPECT_INT(drain("loud").count, 2);
	CASE("%s: in the morning", kind);
	gather(morning);
	m = drain("ops");
	EXPECT_INT(m.count, 1);
	EXPECT_STR(sts_json_text(m.items[0], "kind"), "digest");
	EXPECT_STR(sts_json_text(m.items[0], "severity"), "error");
	inside = sts_json_get(m.items[0], "alerts");
	EXPECT(sts_json_is(inside, STS_JSON_ARRAY) && inside->count == 2);
	EXPECT(says(m.items[0], "a.test"));
	EXPECT(says(m.items[0], "b.test"));
	gather(morning + 3600);
	EXPECT_INT(drain("ops").count, 0);
}

static void removed(void)
{
	int64_t left = 0;

	begin("a domain watched no longer is not told of", "ops stdout=json");
	watch("a.test", ",");
	look("a.test", expired, T0);
	look("a.test", expired, T0 + 100);
	EXPECT_INT(sts_watch_remove(store, "a.test"), STS_OK);
	gather(T0 + 5000);
	EXPECT_INT(drain("ops").count, 0);
	EXPECT_INT(sts_store_int(store, "SELECT count(*) FROM incident", STS_NO_VALUES, &left), STS_OK);
	EXPECT_INT(left, 0);
	EXPECT_INT(gather(T0 + 90 * DAY), INT64_MAX);
}

static void two_daemons(void)
{
	struct sts_alerts_config config = {.routes = &routes, .gather_s = GATHER};
	struct sts_alerts *other_alerts = NULL;
	struct sts_store *other;
	int64_t next;

	begin("two daemons form an alert once, one that died loses nothing", "ops stdout=json");
	watch("a.test", ",");
	look("a.test", expired, T0);
	sts_alerts_free(alerts);
	sts_store_close(store);
	open_alerts();
	look("a.test", expired, T0 + 100);
	other = stores_open(place);
	EXPECT_INT(sts_alerts_new(other, &config, &other_alerts), STS_OK);
	EXPECT_INT(sts_alerts_gather(other_alerts, T0 + 5000, &next), STS_OK);
	gather(T0 + 5000);
	EXPECT_INT(drain("ops").count, 1);
	sts_alerts_free(other_alerts);
	sts_store_close(other);
}

static void without_routes(void)
{
	static const struct sts_routes none;
	struct sts_alerts_config config = {.routes = &none, .gather_s = GATHER};
	struct sts_alerts *mute = NULL;
	int64_t next = 0;
	int64_t left = -1;

	begin("a daemon without routes leaves everything to the others", "ops stdout=json");
	EXPECT_INT(sts_alerts_new(store, &config, &mute), STS_OK);
	watch("a.test", ",");
	look("a.test", expired, T0);
	look("a.test", expired, T0 + 100);
	EXPECT_INT(sts_alerts_gather(mute, T0 + 5000, &next), STS_OK);
	EXPECT_INT(next, INT64_MAX);
	gather(T0 + 5000);
	EXPECT_INT(drain("ops").count, 1);
	CASE("%s: reminders, too", kind);
	EXPECT_INT(sts_alerts_gather(mute, T0 + 5000 + DAY, &next), STS_OK);
	gather(T0 + 5000 + DAY);
	EXPECT_INT(drain("ops").count, 1);
	CASE("%s: with nobody else what is over is forgotten at last, what goes on is not", kind);
	look("a.test", healthy, T0 + 2 * DAY);
	look("a.test", healthy, T0 + 2 * DAY + 100);
	watch("b.test", ",");
	look("b.test", two_records, T0 + 2 * DAY);
	look("b.test", two_records, T0 + 2 * DAY + 100);
	EXPECT_INT(sts_alerts_gather(mute, T0 + 8 * DAY, &next), STS_OK);
	EXPECT_INT(sts_store_int(store, "SELECT count(DISTINCT domain) FROM event", STS_NO_VALUES, &left), STS_OK);
	EXPECT_INT(left, 2);
	EXPECT_INT(sts_alerts_gather(mute, T0 + 10 * DAY, &next), STS_OK);
	EXPECT_INT(sts_store_int(store, "SELECT count(DISTINCT domain) FROM event", STS_NO_VALUES, &left), STS_OK);
	EXPECT_INT(left, 1);
	gather(T0 + 10 * DAY);
	EXPECT_INT(drain("ops").count, 1);
	sts_alerts_free(mute);
}

static void counts(void)
{
	struct sts_alerts_counts c;

	begin("counts", "ops stdout=json");
	watch("a.test", ",");
	look("a.test", expired, T0);
	EXPECT_INT(sts_alerts_count(alerts, &c), STS_OK);
	EXPECT_INT(c.open, 0);
	look("a.test", expired, T0 + 100);
	gather(T0 + 5000);
	EXPECT_INT(sts_alerts_count(alerts, &c), STS_OK);
	EXPECT_INT(c.open, 1);
	EXPECT_INT(c.causes, 1);
	EXPECT_INT(c.waiting, 1);
	EXPECT_INT(c.sent, 0);
	EXPECT_INT(drain("ops").count, 1);
	EXPECT_INT(sts_alerts_count(alerts, &c), STS_OK);
	EXPECT_INT(c.waiting, 0);
}

/* ---- outbox ---------------------------------------------------------------------------------------------------- */

static void put_in(const char *thread, const char *name, const char *route, int64_t at)
{
	struct sts_message m = {.name = name,
		.thread = thread,
		.route = route,
		.kind = STS_EVENT_NEW,
		.severity = STS_ERROR,
		.made_at = at,
		.due_at = at,
		.doc = STS_STR("{\"title\":\"x\"}")};

	EXPECT_INT(sts_outbox_put(store, &m, STS_OUTBOX_WAITING), STS_OK);
}

static void put(const char *name, const char *route, int64_t at)
{
	put_in(name, name, route, at);
}

static void expect_take(struct sts_store *s, int64_t now, const char *want, struct sts_message *m, const char *where)
{
	enum sts_err err = sts_outbox_take(s, "me", ",a,b,", now, arena, m);
	const char *got = err == STS_OK ? m->name : err == STS_ENOENT ? "none" : "error";

	test_expect(strcmp(got, want) == 0, where, "%s was taken, not %s", got, want);
}

static void outbox(void)
{
	struct sts_message m;
	struct sts_store *other;
	int64_t at = 0;
	bool given_up = false;

	begin("outbox: a message goes to one sender", "a stdout=json\nb stdout=json");
	put("m1", "a", T0);
	put("m2", "b", T0 + 1);
	put("m3", "c", T0);
	other = stores_open(place);
	expect_take(store, T0 - 1, "none", &m, TEST_HERE);
	expect_take(store, T0 + 1, "m1", &m, TEST_HERE);
	expect_take(other, T0 + 1, "m2", &m, TEST_HERE);
	expect_take(store, T0 + 1, "none", &m, TEST_HERE);
	CASE("%s: outbox: a sender that died", kind);
	EXPECT_INT(
		sts_store_run(store, "UPDATE outbox SET leased_until = 1 WHERE name = 'm1'", STS_NO_VALUES, NULL, NULL),
		STS_OK);
	expect_take(other, T0 + 1, "m1", &m, TEST_HERE);
	CASE("%s: outbox: sent is sent", kind);
	EXPECT_INT(sts_outbox_sent(other, &m, T0 + 2), STS_OK);
	EXPECT_INT(sts_store_run(store, "UPDATE outbox SET leased_until = 1", STS_NO_VALUES, NULL, NULL), STS_OK);
	expect_take(other, T0 + 1, "m2", &m, TEST_HERE);

	CASE("%s: outbox: a failure puts off all of its route", kind);
	put("m4", "b", T0 + 1);
	EXPECT_INT(sts_outbox_failed(other, &m, "the receiver answered 500", T0 + 10, &given_up), STS_OK);
	EXPECT(!given_up);
	EXPECT_INT(sts_outbox_next(store, ",a,b,", &at), STS_OK);
	EXPECT(at >= T0 + 10 + 22 && at <= T0 + 10 + 38);
	expect_take(store, at - 1, "none", &m, TEST_HERE);
	expect_take(store, at, "m2", &m, TEST_HERE);
	EXPECT_INT(m.tries, 1);
	CASE("%s: outbox: given up after three days", kind);
	EXPECT_INT(sts_outbox_failed(store, &m, "no", T0 + 3 * DAY, &given_up), STS_OK);
	EXPECT(!given_up);
	EXPECT_INT(sts_outbox_failed(store, &m, "no", T0 + 1 + 3 * DAY, &given_up), STS_OK);
	EXPECT(given_up);
	CASE("%s: outbox: what nobody knows the route of waits, and is given up at last", kind);
	EXPECT_INT(sts_outbox_next(store, ",c,", &at), STS_OK);
	EXPECT_INT(sts_outbox_prune(store, T0 + 6 * DAY), STS_OK);
	EXPECT_INT(sts_outbox_next(store, ",c,", &at), STS_ENOENT);
	sts_store_close(other);
}

static void in_order(void)
{
	struct sts_message m;
	struct sts_store *other;
	int64_t at = 0;
	bool given_up = false;

	begin("outbox: a thread is told in order", "a stdout=json\nb stdout=json");
	other = stores_open(place);
	put_in("t", "new", "a", T0);
	expect_take(store, T0, "new", &m, TEST_HERE);
	put_in("t", "solved", "a", T0 + 1);
	put_in("u", "other", "a", T0 + 1);
	put_in("t", "elsewhere", "b", T0 + 2);
	CASE("%s: outbox: not while another sends what came before", kind);
	expect_take(other, T0 + 1, "other", &m, TEST_HERE);
	expect_take(other, T0 + 1, "none", &m, TEST_HERE);
	CASE("%s: outbox: not after that failed, though it was put in later", kind);
	EXPECT_INT(sts_store_run(store, "UPDATE outbox SET leased_until = 1", STS_NO_VALUES, NULL, NULL), STS_OK);
	expect_take(store, T0, "new", &m, TEST_HERE);
	EXPECT_INT(sts_outbox_failed(store, &m, "no", T0 + 10, &given_up), STS_OK);
	put_in("t", "again", "a", T0 + 11);
	put_in("v", "late", "a", T0 + 11);
	expect_take(store, T0 + 12, "elsewhere", &m, TEST_HERE);
	expect_take(store, T0 + 12, "late", &m, TEST_HERE);
	expect_take(store, T0 + 12, "none", &m, TEST_HERE);
	CASE("%s: outbox: when the receiver is back what waits for it is due", kind);
	EXPECT_INT(sts_outbox_sent(store, &m, T0 + 12), STS_OK);
	EXPECT_INT(sts_outbox_next(store, ",a,", &at), STS_OK);
	EXPECT(at <= T0 + 12);
	expect_take(store, T0 + 12, "other", &m, TEST_HERE);
	expect_take(store, T0 + 12, "new", &m, TEST_HERE);
	expect_take(store, T0 + 12, "none", &m, TEST_HERE);
	EXPECT_INT(sts_outbox_sent(store, &m, T0 + 13), STS_OK);
	expect_take(store, T0 + 13, "solved", &m, TEST_HERE);
	EXPECT_INT(sts_outbox_sent(store, &m, T0 + 14), STS_OK);
	expect_take(store, T0 + 14, "again", &m, TEST_HERE);
	sts_store_close(other);
}

static void names_of_routes(void)
{
	struct sts_message m;
	int64_t at = 0;

	begin("outbox: a route is known by its name, letter for letter", "");
	put("m1", "team_a", T0);
	put("m2", "Team-a", T0);
	EXPECT_INT(sts_outbox_next(store, ",team-a,", &at), STS_ENOENT);
	EXPECT_INT(sts_outbox_take(store, "me", ",team-a,", T0, arena, &m), STS_ENOENT);
	put("m3", "team-a", T0);
	EXPECT_INT(sts_outbox_take(store, "me", ",b,team-a,", T0, arena, &m), STS_OK);
	EXPECT_CSTR(m.name, "m3");
	EXPECT_INT(sts_outbox_take(store, "me", ",team-a,", T0, arena, &m), STS_ENOENT);
	EXPECT_INT(sts_outbox_take(store, "me", ",team_a,", T0, arena, &m), STS_OK);
	EXPECT_CSTR(m.name, "m1");
	/* "%" is no part of a name, but is one of LIKE */
	EXPECT_INT(sts_outbox_take(store, "me", ",T%,", T0, arena, &m), STS_ENOENT);
}

/* ---- senders --------------------------------------------------------------------------------------------------- */

/* A program that notes the ids it is given. @return the route's setting */
static const char *note_taker(const char *log)
{
	const char *path = sts_sprintf(arena, "%s/taker", folder);
	FILE *f = fopen(path, "we");

	if (f == NULL)
		exit(1);
	fprintf(f, "#!/bin/sh\necho $MTASTS_ID >>%s\n", log);
	fclose(f);
	chmod(path, 0700);
	return path;
}

/* Ids in the log; *twice: one of them more than once. */
static size_t noted(const char *log, bool *twice)
{
	char ids[64][64];
	size_t count = 0;
	FILE *f = fopen(log, "re");

	*twice = false;
	if (f == NULL)
		return 0;
	while (count < 64 && fgets(ids[count], sizeof ids[0], f) != NULL) {
		for (size_t i = 0; i < count; i++)
			*twice = *twice || strcmp(ids[i], ids[count]) == 0;
		count++;
	}
	fclose(f);
	return count;
}

struct sender {
	pthread_t thread;
	struct sts_store *store;
	struct sts_alerts_config config;
	struct sts_delivery_counts counts;
	enum sts_err err;
};

static void *send_all(void *arg)
{
	struct sender *s = arg;

	s->err = sts_deliverer_once(s->store, &s->config, T0 + 10, &s->counts);
	return NULL;
}

static void set_target(const char *log)
{
	const char *why = "";

	EXPECT(sts_route_set(sts_routes_get(&routes, arena, "a"), arena, "command", note_taker(log), &why));
}

static void two_senders(void)
{
	const char *log;
	struct sender s[2] = {0};
	bool twice;

	begin("two senders: each message is sent once", "a");
	log = sts_sprintf(arena, "%s/sent-%s", folder, kind);
	set_target(log);
	for (int i = 0; i < 30; i++)
		put(sts_sprintf(arena, "m%d", i), "a", T0);
	for (int i = 0; i < 2; i++) {
		s[i].store = stores_open(place);
		s[i].config.routes = &routes;
		EXPECT_INT(pthread_create(&s[i].thread, NULL, send_all, &s[i]), 0);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(s[i].thread, NULL);
		test_expect(s[i].err == STS_OK, TEST_HERE, "sender: %s", s[i].store->why);
		sts_store_close(s[i].store);
	}
	EXPECT_INT(s[0].counts.sent + s[1].counts.sent, 30);
	EXPECT_INT(noted(log, &twice), 30);
	EXPECT(!twice);
}

static void in_a_thread(void)
{
	struct sts_alerts_config config = {.routes = &routes};
	struct sts_deliverer *d = NULL;
	char why[512] = "";
	const char *log;
	bool twice;

	begin("a deliverer in a thread of its own", "a");
	log = sts_sprintf(arena, "%s/thread-%s", folder, kind);
	set_target(log);
	put("first", "a", T0);
	test_expect(sts_deliverer_start(place, &config, &d, why) == STS_OK, TEST_HERE, "start: %s", why);
	for (int i = 0; i < 200 && noted(log, &twice) < 1; i++)
		usleep(50000);
	EXPECT_INT(noted(log, &twice), 1);
	put("second", "a", T0);
	sts_deliverer_wake(d);
	for (int i = 0; i < 200 && noted(log, &twice) < 2; i++)
		usleep(50000);
	EXPECT_INT(noted(log, &twice), 2);
	sts_deliverer_stop(d);
	EXPECT(!twice);
}

static void retries(void)
{
	int64_t least = STS_RETRY_MAX_S;

	CASE("waits grow, with jitter");
	for (int64_t i = 0; i < 40 * 200; i++) {
		int64_t tries = i % 40 + 1;
		int64_t usual = tries > 10 ? STS_RETRY_MAX_S : (STS_RETRY_FIRST_S << (tries - 1));
		int64_t s = sts_retry_s(tries);

		if (usual > STS_RETRY_MAX_S)
			usual = STS_RETRY_MAX_S;
		if (s < usual - usual / 4 || s > usual + usual / 4)
			test_expect(false, TEST_HERE, "try %" PRId64 ": %" PRId64, tries, s);
		least = s < least ? s : least;
	}
	EXPECT(least < STS_RETRY_FIRST_S); /* there is jitter */
}

/* ---- all ------------------------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

static void run_all(const char *which)
{
	kind = which;
	life();
	nothing();
	unseen();
	one_cause();
	a_flood();
	too_long();
	patience();
	moving_host();
	next_certificate();
	milder_then_solved();
	other_causes();
	worse();
	worse_together();
	gives_way();
	unrelated();
	gives_way_to_milder();
	within_one_gathering();
	tenants();
	quiet_hours();
	removed();
	two_daemons();
	without_routes();
	counts();
	outbox();
	in_order();
	names_of_routes();
	two_senders();
	in_a_thread();
	end();
}

int main(void)
{
	/* as the program does: not every command reads what it is given */
	signal(SIGPIPE, SIG_IGN);
	snprintf(folder, sizeof folder, "/tmp/mtasts-alerts-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return 1;
	retries();
	run_all("SQLite");
	if (getenv("MTASTS_TEST_PG") != NULL)
		run_all("PostgreSQL");
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return test_done();
}
