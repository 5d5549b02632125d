/*
 * Puts questions to the resolver, or to the authoritative servers, and prints each answer as a line of JSON. For tests/dns/run.
 *
 *   probe [--resolver R]... [--trust-anchor F] [--root-hints F] [--wait MS] [--prefetch] [--then MS] [--cancel MS] [--deny-private] [--cheap]
 *         NAME TYPE [NAME TYPE]...
 *
 * TYPE "AUTH" asks the authoritative servers for TXT. --then: pause between the questions, which otherwise go out at once.
 * --cheap: with a stub for what validation can prove nothing of; the first question is then asked once before, so that the path is known.
 * --cancel: cancel what is out after so long. --quit: free the resolver after so long with questions out.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "probe/authns.h"
#include "probe/servers.h"
#include "probe/stub.h"
#include "proto/dnsmsg.h"

#include <stdio.h>
#include <stdlib.h>

#define QUESTIONS_MAX 400

struct question {
	const char *name;
	const char *type;
	struct sts_query *query;
	struct sts_authns_op *op;
};

static struct {
	struct sts_loop *loop;
	struct sts_arena *arena;
	struct sts_resolver *resolver;
	struct question questions[QUESTIONS_MAX];
	size_t count, asked, answered;
	const char *resolvers[8];
	struct sts_resolver_options options;
	int64_t wait_ms, then_ms, cancel_ms, quit_ms;
	bool prefetch, deny_private, cheap;
	struct sts_stub *stub;
	struct sts_timer next, stop;
} t = {.wait_ms = 20000, .cancel_ms = -1, .quit_ms = -1};

static const char *const states[] = {"NOT_ASKED", "OK", "NODATA", "NXDOMAIN", "SERVFAIL", "TIMEOUT", "BOGUS", "REFUSED", "MALFORMED",
	"TRUNCATED", "CNAME_LOOP", "CNAME_LONG"};
static const char *const dnssecs[] = {"UNKNOWN", "SECURE", "INSECURE", "BOGUS"};
static const char *const paths[] = {"VALIDATED", "RECURSION", "UNVALIDATED"};

static void put(const char *key, struct sts_str value, bool more)
{
	if (key != NULL)
		printf("\"%s\":", key);
	if (value.ptr == NULL && value.len == 0)
		printf("null");
	else
		putchar('"');
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];

		if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	printf("%s%s", value.ptr == NULL ? "" : "\"", more ? "," : "");
}

static void put_rr(const struct sts_answer *a, const struct sts_rr *rr)
{
	static const char hex[] = "0123456789abcdef";
	char raw[256];
	size_t n = 0;

	printf("{\"ttl\":%u,\"preference\":%u,\"strings\":%zu,", rr->ttl_s, rr->preference, rr->string_count);
	put("host", sts_str_of(rr->host), true);
	if (a->type == STS_T_TXT) {
		put("data", rr->data, false);
	} else {
		for (size_t i = 0; i < rr->data.len && n + 2 < sizeof raw; i++) {
			raw[n++] = hex[(uint8_t)rr->data.ptr[i] >> 4];
			raw[n++] = hex[(uint8_t)rr->data.ptr[i] & 15];
		}
		put("data", sts_str(raw, n), false);
	}
	printf("}");
}

static void one_done(void)
{
	fflush(stdout);
	if (++t.answered == t.count)
		sts_loop_stop(t.loop);
}

static void answered(const struct sts_answer *a, void *arg)
{
	struct question *q = arg;

	q->query = NULL;
	printf("{");
	put("name", sts_str_of(a->name), true);
	put("type", sts_str_of(q->type), true);
	put("state", sts_str_of(states[a->state]), true);
	put("dnssec", sts_str_of(dnssecs[a->dnssec]), true);
	put("signer", sts_str_of(a->signer), true);
	put("why", sts_str_of(a->why), true);
	printf("\"ttl\":%u,\"wildcard\":%s,\"ms\":%lld,\"cname\":[", a->ttl_s, a->wildcard ? "true" : "false", (long long)a->duration_ms);
	for (size_t i = 0; i < a->cname_count; i++)
		put(NULL, sts_str_of(a->cname[i]), i + 1 < a->cname_count);
	printf("],\"rrs\":[");
	for (size_t i = 0; i < a->rr_count; i++) {
		printf("%s", i == 0 ? "" : ",");
		put_rr(a, &a->rrs[i]);
	}
	printf("]}\n");
	one_done();
}

static void put_server(const struct sts_nameserver *n)
{
	printf("{");
	put("name", sts_str_of(n->name), true);
	put("address", sts_str_of(n->address), true);
	put("state", sts_str_of(states[n->state]), true);
	put("error", sts_str_of(n->error), true);
	put("cname", sts_str_of(n->cname), true);
	printf("\"not_tested\":%s,\"records\":[", n->not_tested ? "true" : "false");
	for (size_t i = 0; i < n->record_count; i++) {
		printf("%s{", i == 0 ? "" : ",");
		put("txt", n->records[i], false);
		printf("}");
	}
	printf("]}");
}

static void servers_answered(const struct sts_authns *r, void *arg)
{
	struct question *q = arg;

	q->op = NULL;
	printf("{");
	put("name", sts_str_of(q->name), true);
	put("type", sts_str_of(q->type), true);
	put("zone", sts_str_of(r->zone), true);
	printf("\"servers\":[");
	for (size_t i = 0; i < r->nameserver_count; i++) {
		printf("%s", i == 0 ? "" : ",");
		put_server(&r->nameservers[i]);
	}
	printf("]}\n");
	one_done();
}

static uint16_t type_of(const char *type)
{
	static const struct {
		const char *name;
		uint16_t type;
	} types[] = {{"A", STS_T_A}, {"NS", STS_T_NS}, {"CNAME", STS_T_CNAME}, {"MX", STS_T_MX}, {"TXT", STS_T_TXT}, {"AAAA", STS_T_AAAA},
		{"TLSA", STS_T_TLSA}, {"SOA", STS_T_SOA}};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i].name, type) == 0)
			return types[i].type;
	fprintf(stderr, "probe: no such type: %s\n", type);
	exit(2);
}

static void ask(struct question *q)
{
	int64_t deadline_ms = sts_now_ms() + t.wait_ms;

	if (strcmp(q->type, "AUTH") == 0)
		q->op = sts_authns_start(t.loop, t.resolver, t.arena, q->name, t.deny_private, deadline_ms, servers_answered, q);
	else
		q->query = sts_resolve(t.resolver, t.arena, q->name, type_of(q->type), deadline_ms, answered, q);
	if (t.prefetch)
		sts_resolver_prefetch(t.resolver, q->name);
}

static void ask_next(void *arg)
{
	(void)arg;
	if (t.asked < t.count)
		ask(&t.questions[t.asked++]);
	if (t.asked < t.count)
		sts_timer_set(t.loop, &t.next, t.then_ms, ask_next, NULL);
}

static void cancel_all(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < t.asked; i++) {
		if (t.questions[i].query != NULL)
			sts_query_cancel(t.questions[i].query);
		if (t.questions[i].op != NULL)
			sts_authns_cancel(t.questions[i].op);
		t.questions[i].query = NULL;
		t.questions[i].op = NULL;
	}
	sts_loop_stop(t.loop);
}

static void quit(void *arg)
{
	(void)arg;
	sts_loop_stop(t.loop);
}

static void begin(void *arg)
{
	(void)arg;
	if (t.then_ms > 0) {
		ask_next(NULL);
	} else {
		for (; t.asked < t.count; t.asked++)
			ask(&t.questions[t.asked]);
	}
	if (t.cancel_ms >= 0)
		sts_timer_set(t.loop, &t.stop, t.cancel_ms, cancel_all, NULL);
	if (t.quit_ms >= 0)
		sts_timer_set(t.loop, &t.stop, t.quit_ms, quit, NULL);
}

static void warm(const struct sts_answer *a, void *arg)
{
	(void)a;
	begin(arg);
}

static void begin_warm(void *arg)
{
	(void)arg;
	(void)sts_resolve(t.resolver, t.arena, t.questions[0].name, STS_T_TXT, sts_now_ms() + t.wait_ms, warm, NULL);
}

static void nothing(void *arg)
{
	(void)arg;
}

static enum sts_err make_stub(void)
{
	struct sts_servers servers = {.count = 0};
	struct sts_stub_options o = {&servers, 2000, 2, nothing, nothing, NULL};
	enum sts_err err;

	for (size_t i = 0; i < t.options.resolver_count; i++)
		if (!sts_server_parse(t.options.resolvers[i], t.arena, &servers.list[servers.count++]))
			return STS_EINVAL;
	err = sts_stub_new(t.loop, &o, &t.stub);
	return err == STS_OK ? sts_resolver_set_stub(t.resolver, t.stub) : err;
}

static void parse(int argc, char **argv)
{
	t.options.resolvers = t.resolvers;
	for (int i = 1; i < argc; i++) {
		const char *a = argv[i], *v = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(a, "--prefetch") == 0)
			t.prefetch = true;
		else if (strcmp(a, "--cheap") == 0)
			t.cheap = true;
		else if (strcmp(a, "--deny-private") == 0)
			t.deny_private = true;
		else if (strcmp(a, "--resolver") == 0 && t.options.resolver_count < 8)
			t.resolvers[t.options.resolver_count++] = v, i++;
		else if (strcmp(a, "--trust-anchor") == 0)
			t.options.trust_anchor = v, i++;
		else if (strcmp(a, "--root-hints") == 0)
			t.options.root_hints = v, i++;
		else if (strcmp(a, "--wait") == 0)
			t.wait_ms = atoll(v), i++;
		else if (strcmp(a, "--then") == 0)
			t.then_ms = atoll(v), i++;
		else if (strcmp(a, "--cancel") == 0)
			t.cancel_ms = atoll(v), i++;
		else if (strcmp(a, "--quit") == 0)
			t.quit_ms = atoll(v), i++;
		else if (t.count < QUESTIONS_MAX)
			t.questions[t.count++] = (struct question){.name = a, .type = v}, i++;
	}
}

int main(int argc, char **argv)
{
	struct sts_timer start = {0};
	struct sts_resolver_path path;
	const char *why = NULL;
	enum sts_err err;
	int64_t began_ms;

	parse(argc, argv);
	t.loop = sts_loop_new();
	t.arena = sts_arena_new();
	if (t.loop == NULL || t.arena == NULL)
		return 2;
	began_ms = sts_now_ms();
	err = sts_resolver_new(t.loop, &t.options, &t.resolver, &why);
	if (err == STS_OK && t.cheap)
		err = make_stub();
	if (err != STS_OK) {
		printf("{\"error\":\"%s\",\"why\":\"%s\"}\n", sts_strerror(err), why);
	} else {
		sts_timer_set(t.loop, &start, 0, t.cheap ? begin_warm : begin, NULL);
		err = sts_loop_run(t.loop);
		path = sts_resolver_path(t.resolver);
		printf("{");
		put("resolver", sts_str_of(path.resolver), true);
		put("path", sts_str_of(paths[path.path]), true);
		put("path_why", sts_str_of(path.why), true);
		printf("\"plain\":%llu,", (unsigned long long)sts_resolver_plain_count(t.resolver));
		printf("\"total_ms\":%lld}\n", (long long)(sts_now_ms() - began_ms));
		sts_timer_clear(&t.next);
		sts_timer_clear(&t.stop);
	}
	sts_stub_free(t.stub);
	sts_resolver_free(t.resolver);
	sts_loop_free(t.loop);
	sts_arena_free(t.arena);
	return err == STS_OK ? 0 : 1;
}
