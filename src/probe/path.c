#include "probe/path.h"

#include "net/address.h"
#include "probe/sift.h"
#include "proto/dnsmsg.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* VALIDATED -> (DNSSEC stripped, or dead) RECURSION -> (stripped or dead) UNVALIDATED, or back to VALIDATED when that was only dead.
 * With resolvers given by the user there is no RECURSION, and dead ones are stayed with: whoever names a resolver wants its answers. */

#define PROBE_MS 4000 /* for a path that has another behind it */
#define LONE_PROBE_MS 15000 /* for one that has none */
#define TOPS_MAX 16
#define RESOLV_CONF "/etc/resolv.conf"

enum outcome { PASSES, STRIPS, DEAD };

struct sts_path {
	struct sts_loop *loop;
	struct sts_arena *arena;
	struct sts_path_events events;
	struct sts_servers servers;
	const char *servers_text;
	const char *forwarders[STS_SERVERS_MAX]; /* libunbound's spelling */
	const char *trust_anchor;
	const char *root_hints;
	bool deny_private;
	bool small;                              /* caches */
	const char *tops[TOPS_MAX];              /* owners of the trust anchors */
	size_t top_count;
	bool given;                              /* resolvers named by the user */
	bool recursion_tried;
	bool sifted;                             /* resolvers that strip DNSSEC are out, if there are others */
	enum outcome resolvers;                  /* what the first probe said of them */
	enum sts_dns_path kind;
	enum sts_path_state state;
	const char *why;
	struct sts_validator *validators[STS_PATH_UNVALIDATED + 1]; /* by kind, made when needed */
	struct sts_ask *probe;
	struct sts_sift *sift;
	struct sts_timer timer;
	bool probed;                             /* before the sifting came to its end: found and found_why say how */
	enum outcome found;
	const char *found_why;
};

static void outcome(struct sts_path *p, enum outcome found, const char *why);
static void start_sifting(struct sts_path *p);

/* ---- trust anchor ---- */

static bool is_anchor_type(const char *word)
{
	return sts_cstr_eqi(word, "DS") || sts_cstr_eqi(word, "DNSKEY");
}

static void add_top(struct sts_path *p, const char *owner)
{
	char *top = sts_strdup(p->arena, owner);
	size_t len = strlen(top);

	if (len > 1 && top[len - 1] == '.')
		top[len - 1] = '\0';
	sts_lower_in_place(top);
	for (size_t i = 0; i < p->top_count; i++)
		if (strcmp(p->tops[i], top) == 0)
			return;
	if (p->top_count < TOPS_MAX)
		p->tops[p->top_count++] = top;
}

/* One record begins with its owner; libunbound reads the rest. */
static void anchor_line(struct sts_path *p, char *line)
{
	char *save = NULL;
	char *owner = strtok_r(line, " \t\r\n", &save);

	if (owner == NULL || *owner == ';' || *owner == '$')
		return;
	for (char *word = strtok_r(NULL, " \t\r\n", &save); word != NULL && *word != ';'; word = strtok_r(NULL, " \t\r\n", &save)) {
		if (is_anchor_type(word)) {
			add_top(p, owner);
			return;
		}
	}
}

static enum sts_err read_anchor(struct sts_path *p, const char **why)
{
	char line[8192];
	FILE *f;

	if (p->trust_anchor == NULL) {
		add_top(p, ".");
		return STS_OK;
	}
	f = fopen(p->trust_anchor, "re");
	if (f == NULL) {
		*why = "the trust anchor file cannot be read";
		return STS_EINVAL;
	}
	while (fgets(line, sizeof line, f) != NULL)
		anchor_line(p, line);
	fclose(f);
	if (p->top_count != 0)
		return STS_OK;
	*why = "the trust anchor file holds no DS or DNSKEY record";
	return STS_EINVAL;
}

static bool is_below(const char *name, const char *top)
{
	size_t n = strlen(name), t = strlen(top);

	if (strcmp(top, ".") == 0)
		return true;
	return n >= t && strcmp(name + n - t, top) == 0 && (n == t || name[n - t - 1] == '.');
}

bool sts_path_anchored(const struct sts_path *p, const char *name)
{
	for (size_t i = 0; i < p->top_count; i++)
		if (is_below(name, p->tops[i]))
			return true;
	return false;
}

bool sts_path_has_one_top(const struct sts_path *p)
{
	return p->top_count == 1;
}

/* ---- contexts ---- */

static bool can_reach_ipv6(const struct sts_path *p)
{
	struct sts_address root;
	struct sockaddr_storage to;
	socklen_t len;
	bool yes;
	int fd;

	for (size_t i = 0; i < p->servers.count; i++)
		if (p->servers.list[i].address.family == 6)
			return true;
	if (p->root_hints != NULL || !sts_address_parse("2001:503:ba3e::2:30", &root))
		return p->root_hints != NULL; /* a private root may be anywhere */
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	len = sts_address_sockaddr(&root, 53, &to);
	yes = connect(fd, (struct sockaddr *)&to, len) == 0; /* no packet leaves */
	close(fd);
	return yes;
}

static enum sts_err new_validator(const struct sts_path *p, struct sts_validator **out, const char **why)
{
	struct sts_validator_options o = {
		.forwarders = p->forwarders,
		.forwarder_count = p->kind == STS_PATH_RECURSION ? 0 : p->servers.count,
		.validate = p->kind != STS_PATH_UNVALIDATED,
		.trust_anchor = p->trust_anchor,
		.root_hints = p->root_hints,
		.ipv6 = can_reach_ipv6(p),
		.small = p->small,
		.deny_private = p->deny_private,
	};

	return sts_validator_new(p->loop, &o, out, why);
}

struct sts_validator *sts_path_fresh(const struct sts_path *p)
{
	struct sts_validator *v = NULL;
	const char *why;

	return new_validator(p, &v, &why) == STS_OK ? v : NULL;
}

static enum sts_err enter(struct sts_path *p, enum sts_dns_path kind, const char **why)
{
	p->kind = kind;
	if (p->validators[kind] != NULL)
		return STS_OK;
	return new_validator(p, &p->validators[kind], why);
}

struct sts_validator *sts_path_validator(const struct sts_path *p)
{
	return p->validators[p->kind];
}

/* ---- making one ---- */

static void spell_servers(struct sts_path *p)
{
	for (size_t i = 0; i < p->servers.count; i++) {
		const struct sts_server *s = &p->servers.list[i];

		p->forwarders[i] = sts_sprintf(p->arena, "%s%s%s@%u", s->address.text, s->scope == NULL ? "" : "%",
			s->scope == NULL ? "" : s->scope, (unsigned)s->port);
	}
	p->servers_text = sts_servers_text(&p->servers, p->arena);
}

static enum sts_err take_resolvers(struct sts_path *p, const struct sts_resolver_options *o, const char **why)
{
	p->given = o->resolver_count != 0;
	if (!p->given)
		sts_servers_read(RESOLV_CONF, p->arena, &p->servers);
	for (size_t i = 0; i < o->resolver_count; i++) {
		if (p->servers.count == STS_SERVERS_MAX) {
			*why = "too many resolvers";
			return STS_EINVAL;
		}
		if (!sts_server_parse(o->resolvers[i], p->arena, &p->servers.list[p->servers.count])) {
			*why = "a resolver is written as IP, IP:PORT or [IP]:PORT";
			return STS_EINVAL;
		}
		p->servers.count++;
	}
	spell_servers(p);
	return STS_OK;
}

static enum sts_err set_up(struct sts_path *p, const struct sts_resolver_options *o, const char **why)
{
	enum sts_err err;

	p->trust_anchor = sts_strdup(p->arena, o->trust_anchor);
	p->root_hints = sts_strdup(p->arena, o->root_hints);
	p->deny_private = o->deny_private;
	err = read_anchor(p, why);
	if (err == STS_OK)
		err = take_resolvers(p, o, why);
	if (err == STS_OK)
		err = enter(p, p->servers.count == 0 ? STS_PATH_RECURSION : STS_PATH_VALIDATED, why);
	return err;
}

enum sts_err sts_path_new(struct sts_loop *loop, const struct sts_resolver_options *options,
	const struct sts_path_events *events, struct sts_path **out, const char **why)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_path *p;
	enum sts_err err;

	if (arena == NULL) {
		*why = "out of memory";
		return STS_ENOMEM;
	}
	p = STS_NEW(arena, struct sts_path);
	p->arena = arena;
	p->loop = loop;
	p->events = *events;
	err = set_up(p, options, why);
	if (err != STS_OK)
		sts_path_free(p);
	else
		*out = p;
	return err;
}

void sts_path_be_small(struct sts_path *p)
{
	struct sts_validator *v;

	p->small = true;
	v = sts_path_fresh(p);
	/* without memory for it, large ones do as well */
	if (v == NULL)
		return;
	sts_validator_free(p->validators[p->kind]);
	p->validators[p->kind] = v;
}

void sts_path_free(struct sts_path *p)
{
	if (p == NULL)
		return;
	sts_timer_clear(&p->timer);
	if (p->sift != NULL)
		sts_sift_cancel(p->sift);
	for (size_t i = 0; i < sizeof p->validators / sizeof *p->validators; i++)
		sts_validator_free(p->validators[i]);
	sts_arena_free(p->arena);
}

/* ---- finding out ---- */

static void probe_answered(const struct sts_ask_result *result, void *arg)
{
	struct sts_path *p = arg;

	p->probe = NULL;
	if (result->failed)
		outcome(p, DEAD, NULL);
	else if (result->verdict == STS_ASK_SECURE)
		outcome(p, PASSES, NULL);
	else
		outcome(p, STRIPS, result->why);
}

static void probe_late(void *arg)
{
	struct sts_path *p = arg;

	if (p->probe != NULL)
		sts_ask_cancel(p->probe);
	p->probe = NULL;
	outcome(p, DEAD, NULL);
}

/* Another path stands behind this one. */
static bool has_alternative(const struct sts_path *p)
{
	if (p->kind == STS_PATH_RECURSION)
		return p->servers.count != 0;
	return p->kind == STS_PATH_VALIDATED && !p->given && !p->recursion_tried;
}

void sts_path_probe(struct sts_path *p)
{
	if (p->state != STS_PATH_STATE_UNKNOWN)
		return;
	p->state = STS_PATH_STATE_PROBING;
	p->probed = false;
	start_sifting(p);
	p->probe = sts_ask(sts_path_validator(p), p->tops[0], STS_T_DNSKEY, probe_answered, p);
	sts_timer_set(p->loop, &p->timer, p->probe == NULL ? 0 : has_alternative(p) ? PROBE_MS : LONE_PROBE_MS, probe_late, p);
}

/* What one of several resolvers gives says nothing about the others. */
static bool all_good(const struct sts_path *p)
{
	return p->kind != STS_PATH_VALIDATED || p->servers.count < 2 || p->sifted;
}

static void stop_probe(struct sts_path *p)
{
	sts_timer_clear(&p->timer);
	if (p->probe != NULL)
		sts_ask_cancel(p->probe);
	p->probe = NULL;
}

static void tell_settled(void *arg)
{
	struct sts_path *p = arg;

	sts_timer_clear(&p->timer);
	p->events.settled(p->events.arg);
}

void sts_path_proved(struct sts_path *p)
{
	if (p->state == STS_PATH_STATE_KNOWN || p->kind == STS_PATH_UNVALIDATED)
		return;
	stop_probe(p);
	if (p->sift != NULL) {
		p->probed = true;
		p->found = PASSES;
		return;
	}
	p->state = all_good(p) ? STS_PATH_STATE_KNOWN : STS_PATH_STATE_UNKNOWN;
	sts_timer_set(p->loop, &p->timer, 0, tell_settled, p);
}

static void settle(struct sts_path *p, enum sts_path_state state)
{
	p->state = state;
	p->events.settled(p->events.arg);
}

static const char *resolvers_fault(const struct sts_path *p)
{
	return sts_sprintf(p->arena, "%s %s %s", p->given ? "the resolver" : "the system's resolver", p->servers_text,
		p->resolvers == DEAD ? "does not answer" : "does not pass DNSSEC through");
}

static const char *with_reason(const struct sts_path *p, const char *fault, const char *why)
{
	return why == NULL ? fault : sts_sprintf(p->arena, "%s: %s", fault, why);
}

static void move(struct sts_path *p, enum sts_dns_path kind, enum sts_path_state state, const char *why)
{
	const char *ignored;
	enum sts_dns_path before = p->kind;

	if (enter(p, kind, &ignored) != STS_OK) {
		p->kind = before;
		settle(p, STS_PATH_STATE_UNKNOWN);
		return;
	}
	p->why = why;
	p->state = state;
	if (state == STS_PATH_STATE_UNKNOWN && kind == STS_PATH_RECURSION)
		sts_path_probe(p);
	p->events.moved(p->events.arg);
}

static void resolvers_failed(struct sts_path *p, enum outcome found, const char *why)
{
	p->resolvers = found;
	if (found == STRIPS && (p->given || p->recursion_tried))
		move(p, STS_PATH_UNVALIDATED, STS_PATH_STATE_KNOWN, with_reason(p, resolvers_fault(p), why));
	else if (!p->given && !p->recursion_tried)
		move(p, STS_PATH_RECURSION, STS_PATH_STATE_UNKNOWN, resolvers_fault(p));
	else
		settle(p, STS_PATH_STATE_UNKNOWN);
}

static void recursion_failed(struct sts_path *p, enum outcome found, const char *why)
{
	p->recursion_tried = true;
	if (p->servers.count == 0)
		settle(p, STS_PATH_STATE_UNKNOWN);
	else if (p->resolvers == DEAD)
		move(p, STS_PATH_VALIDATED, STS_PATH_STATE_UNKNOWN, NULL);
	else
		move(p, STS_PATH_UNVALIDATED, STS_PATH_STATE_KNOWN,
			with_reason(p, sts_sprintf(p->arena, "%s, and full recursion from here %s", resolvers_fault(p),
				found == DEAD ? "gets no answer" : "does not validate"), why));
}

void sts_path_spoilt(struct sts_path *p, const char *why)
{
	stop_probe(p);
	if (p->sift != NULL)
		sts_sift_cancel(p->sift);
	p->sift = NULL;
	outcome(p, STRIPS, why);
}

static void outcome(struct sts_path *p, enum outcome found, const char *why)
{
	sts_timer_clear(&p->timer);
	if (p->sift != NULL) {
		p->probed = true;
		p->found = found;
		p->found_why = sts_strdup(p->arena, why);
		return;
	}
	if (found == PASSES)
		settle(p, all_good(p) ? STS_PATH_STATE_KNOWN : STS_PATH_STATE_UNKNOWN);
	else if (p->kind == STS_PATH_VALIDATED)
		resolvers_failed(p, found, why);
	else
		recursion_failed(p, found, why);
}

/* ---- several resolvers, not all of them good ---- */

/* Questions move to a validator that knows the good ones only; what the old one is at is dropped. */
static void keep_only(struct sts_path *p, const struct sts_servers *good, const char *why)
{
	struct sts_validator *old = p->validators[STS_PATH_VALIDATED];
	struct sts_servers all = p->servers;
	const char *ignored;

	stop_probe(p);
	p->servers = *good;
	spell_servers(p);
	p->validators[STS_PATH_VALIDATED] = NULL;
	if (enter(p, STS_PATH_VALIDATED, &ignored) != STS_OK) {
		p->validators[STS_PATH_VALIDATED] = old;
		p->servers = all;
		spell_servers(p);
		settle(p, STS_PATH_STATE_UNKNOWN);
		return;
	}
	p->why = why;
	p->state = STS_PATH_STATE_UNKNOWN;
	sts_path_probe(p);
	p->events.moved(p->events.arg);
	sts_validator_free(old);
}

/*
 * A resolver that does not answer goes too: after an answer that fails validation the validator asks the others, and would wait for it.
 * Where none passes DNSSEC through, the probe says what to do.
 */
static void sifted(const enum sts_sift_verdict *verdicts, void *arg)
{
	struct sts_path *p = arg;
	struct sts_servers good = {.count = 0};
	const char *why = "left out: ";

	p->sift = NULL;
	for (size_t i = 0; i < p->servers.count; i++) {
		struct sts_servers one = {.list = {p->servers.list[i]}, .count = 1};

		if (verdicts[i] == STS_SIFT_PASSES)
			good.list[good.count++] = one.list[0];
		else
			why = sts_sprintf(p->arena, "%s%s%s %s", why, i == good.count ? "" : ", ", sts_servers_text(&one, p->arena),
				verdicts[i] == STS_SIFT_STRIPS ? "does not pass DNSSEC through" : "does not answer");
	}
	/* Nobody known to be good: one that the probe did not meet may yet spoil answers, so ask them all again when it matters. */
	p->sifted = good.count != 0;
	if (good.count != 0 && good.count != p->servers.count)
		keep_only(p, &good, why);
	else if (p->probed)
		outcome(p, p->found, p->found_why);
}

static void start_sifting(struct sts_path *p)
{
	if (p->sifted || p->kind != STS_PATH_VALIDATED || p->servers.count < 2)
		return;
	p->sift = sts_sift_start(p->loop, &p->servers, p->tops[0], sifted, p);
}

/* ---- what others see ---- */

enum sts_path_state sts_path_state(const struct sts_path *p)
{
	return p->state;
}

const char *sts_path_top(const struct sts_path *p)
{
	return p->tops[0];
}

enum sts_dns_path sts_path_kind(const struct sts_path *p)
{
	return p->kind;
}

const struct sts_servers *sts_path_servers(const struct sts_path *p)
{
	static const struct sts_servers none;

	return p->kind == STS_PATH_RECURSION ? &none : &p->servers;
}

struct sts_resolver_path sts_path_view(const struct sts_path *p)
{
	return (struct sts_resolver_path){
		.resolver = p->kind == STS_PATH_RECURSION ? "recursion" : p->servers_text,
		.path = p->kind,
		.why = p->why,
	};
}
