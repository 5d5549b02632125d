#include "probe/validator.h"

#include "net/address.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>
#include <unistd.h>

#define ROOM_TO_START ((size_t)8 * 1024 * 1024)

struct sts_ask {
	struct sts_ask *next, **link; /* in validator->asks */
	struct sts_validator *validator;
	int id;                       /* libunbound's; 0 once it called back */
	struct sts_timer timer;
	uint8_t *packet;
	char *why;
	struct sts_ask_result result;
	sts_ask_fn *done;
	void *arg;
};

struct sts_validator {
	struct sts_loop *loop;
	struct ub_ctx *ctx;
	struct sts_ask *asks;
	bool started;
};

/* Creating, finalising and deleting contexts touches globals of the library. */
static pthread_mutex_t global = PTHREAD_MUTEX_INITIALIZER;

/* KSK-2017 and KSK-2024 of the root.  [https://data.iana.org/root-anchors/root-anchors.xml] */
static const char *const root_anchors[] = {
	". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
	". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
};
static const char root_key_file[] = "/usr/share/dns/root.key";
static const char root_hints_file[] = "/usr/share/dns/root.hints";

/* Answered by the library itself unless told otherwise; here they are names like any other.  [RFC 6761, 7686, 8375] */
static const char *const special_zones[] = {"test.", "invalid.", "onion.", "home.arpa."};

struct option {
	const char *name;
	const char *value;
};

/* One check asks some hundred questions at once; the library's defaults are made for one at a time. */
static const struct option common_options[] = {
	{"outgoing-range:", "256"},    /* a socket each; the usual limit is 1024 files a process */
	{"num-queries-per-thread:", "4096"},
	{"outgoing-num-tcp:", "32"},
	{"msg-cache-slabs:", "1"},
	{"rrset-cache-slabs:", "1"},
	{"infra-cache-slabs:", "1"},
	{"key-cache-slabs:", "1"},
	{"edns-buffer-size:", "1232"},
	{"max-query-restarts:", "18"}, /* more than STS_CNAME_MAX links must be seen to be told */
	{"infra-keep-probing:", "yes"},
	{"unblock-lan-zones:", "yes"},
	{"aggressive-nsec:", "no"},    /* what is told was asked for, not concluded */
	{"rrset-roundrobin:", "no"},
	{"trust-anchor-signaling:", "no"},
	{"root-key-sentinel:", "no"},
	{"val-log-level:", "2"},       /* reasons of bogus answers in full */
};

static const struct option cache_options[] = {
	{"msg-cache-size:", "4m"},
	{"rrset-cache-size:", "8m"},
};

/* What is asked for again and again, keys of the zones above, fits. */
static const struct option small_cache_options[] = {
	{"msg-cache-size:", "512k"},
	{"rrset-cache-size:", "768k"},
	{"key-cache-size:", "256k"},
	{"neg-cache-size:", "128k"},
	{"infra-cache-numhosts:", "1000"},
};

/*
 * After an outage of the resolver the first answer counts, not the library's memory of the outage. Five tries wait 0.4, 0.8, 1.5, 3 and
 * 6 seconds: a reply that comes later than its try is not heard, and a resolver with much to find out takes its time.
 */
static const struct option forward_options[] = {
	{"outbound-msg-retry:", "5"},
	{"infra-host-ttl:", "5"},
	{"val-max-restart:", "2"},
};

static enum sts_err fail(const char **why, enum sts_err err, const char *words)
{
	*why = words;
	return err;
}

static bool set(struct ub_ctx *ctx, const struct option *options, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ub_ctx_set_option(ctx, options[i].name, options[i].value) != 0)
			return false;
	return true;
}

/* Not for forwarders: the user named these. */
static bool deny_private(struct ub_ctx *ctx)
{
	char block[64];

	for (size_t i = 0; sts_address_block(i, block); i++)
		if (ub_ctx_set_option(ctx, "do-not-query-address:", block) != 0)
			return false;
	return true;
}

static bool set_options(struct ub_ctx *ctx, const struct sts_validator_options *o)
{
	const struct option own[] = {
		{"module-config:", o->validate ? "validator iterator" : "iterator"},
		{"do-ip6:", o->ipv6 ? "yes" : "no"},
	};

	return set(ctx, common_options, sizeof common_options / sizeof *common_options) &&
		(o->small ? set(ctx, small_cache_options, sizeof small_cache_options / sizeof *small_cache_options)
			  : set(ctx, cache_options, sizeof cache_options / sizeof *cache_options)) &&
		set(ctx, own, sizeof own / sizeof *own) &&
		(o->forwarder_count == 0 ? !o->deny_private || deny_private(ctx)
					 : set(ctx, forward_options, sizeof forward_options / sizeof *forward_options));
}

/* The root's keys roll: the file may be older than this program or newer, both count. */
static bool add_root_anchors(struct ub_ctx *ctx)
{
	for (size_t i = 0; i < sizeof root_anchors / sizeof *root_anchors; i++)
		if (ub_ctx_add_ta(ctx, root_anchors[i]) != 0)
			return false;
	return access(root_key_file, R_OK) != 0 || ub_ctx_add_ta_file(ctx, root_key_file) == 0;
}

static enum sts_err set_up(struct ub_ctx *ctx, const struct sts_validator_options *o, const char **why)
{
	const char *hints = o->root_hints != NULL || access(root_hints_file, R_OK) != 0 ? o->root_hints : root_hints_file;

	if (!set_options(ctx, o))
		return fail(why, STS_ESYSTEM, "libunbound does not know an option");
	for (size_t i = 0; i < o->forwarder_count; i++)
		if (ub_ctx_set_fwd(ctx, o->forwarders[i]) != 0)
			return fail(why, STS_EINVAL, "the address of a resolver cannot be used");
	if (o->forwarder_count == 0 && hints != NULL && ub_ctx_set_option(ctx, "root-hints:", hints) != 0)
		return fail(why, STS_EINVAL, "the root hints cannot be used");
	if (o->validate && !(o->trust_anchor == NULL ? add_root_anchors(ctx) : ub_ctx_add_ta_file(ctx, o->trust_anchor) == 0))
		return fail(why, STS_EINVAL, "the trust anchor cannot be used");
	/* The first removal finalises the context: files are read now. */
	for (size_t i = 0; i < sizeof special_zones / sizeof *special_zones; i++)
		if (ub_ctx_zone_remove(ctx, special_zones[i]) != 0)
			return fail(why, STS_EINVAL, "libunbound cannot use the trust anchor or the root hints");
	return STS_OK;
}

enum sts_err sts_validator_new(struct sts_loop *loop, const struct sts_validator_options *options,
	struct sts_validator **out, const char **why)
{
	struct sts_validator *v = calloc(1, sizeof *v);
	enum sts_err err;

	if (v == NULL)
		return fail(why, STS_ENOMEM, "out of memory");
	v->loop = loop;
	pthread_mutex_lock(&global);
	v->ctx = ub_ctx_create_event(sts_loop_base(loop));
	if (v->ctx == NULL) {
		err = fail(why, STS_ENOMEM, "libunbound cannot be started");
	} else {
		(void)ub_ctx_debugout(v->ctx, NULL); /* a library does not write to stderr */
		err = set_up(v->ctx, options, why);
	}
	pthread_mutex_unlock(&global);
	if (err != STS_OK)
		sts_validator_free(v);
	else
		*out = v;
	return err;
}

static void ask_free(struct sts_ask *ask)
{
	sts_timer_clear(&ask->timer);
	*ask->link = ask->next;
	if (ask->next != NULL)
		ask->next->link = ask->link;
	free(ask->packet);
	free(ask->why);
	free(ask);
}

void sts_validator_free(struct sts_validator *v)
{
	if (v == NULL)
		return;
	while (v->asks != NULL)
		sts_ask_cancel(v->asks);
	if (v->ctx != NULL) {
		pthread_mutex_lock(&global);
		ub_ctx_delete(v->ctx);
		pthread_mutex_unlock(&global);
	}
	free(v);
}

static void deliver(void *arg)
{
	struct sts_ask *ask = arg;

	/* The callback may ask, cancel or free the validator, but this question is over and must not be found by it. */
	*ask->link = ask->next;
	if (ask->next != NULL)
		ask->next->link = ask->link;
	ask->next = NULL;
	ask->link = &ask->next;
	ask->done(&ask->result, ask->arg);
	ask_free(ask);
}

static void *copy(const void *data, size_t len)
{
	void *p = malloc(len == 0 ? 1 : len);

	if (p != NULL)
		memcpy(p, data, len);
	return p;
}

/* NOERROR or NXDOMAIN. A failure remembered by the library comes as a message, with rc 0. */
static bool is_answer(const uint8_t *packet, int len)
{
	return packet != NULL && len >= 12 && ((packet[3] & 15) == 0 || (packet[3] & 15) == 3);
}

/*
 * From inside the library, for cached answers even from inside ub_resolve_event: keep everything, come back from the loop.
 * With rc set the packet holds left-overs.
 */
static void answered(void *arg, int rc, void *packet, int len, int sec, char *why, int was_ratelimited)
{
	struct sts_ask *ask = arg;
	struct sts_ask_result *r = &ask->result;

	(void)was_ratelimited;
	ask->id = 0;
	r->failed = rc != 0 || !is_answer(packet, len);
	if (!r->failed) {
		ask->packet = copy(packet, (size_t)len);
		ask->why = why == NULL || *why == '\0' ? NULL : strdup(why);
		r->failed = ask->packet == NULL;
		r->packet = ask->packet;
		r->packet_len = (size_t)len;
		r->why = ask->why;
		r->verdict = sec == 2 ? STS_ASK_SECURE : sec == 1 ? STS_ASK_BOGUS : STS_ASK_UNSIGNED;
	}
	sts_timer_set(ask->validator->loop, &ask->timer, 0, deliver, ask);
}

static void unheard(void *arg, int rc, void *packet, int len, int sec, char *why, int was_ratelimited)
{
	(void)arg;
	(void)rc;
	(void)packet;
	(void)len;
	(void)sec;
	(void)why;
	(void)was_ratelimited;
}

/* The library sets itself up at the first question, and where memory ends in the middle of that it frees twice. */
static bool has_room(struct sts_validator *v)
{
	void *room = v->started ? NULL : malloc(ROOM_TO_START);

	v->started = v->started || room != NULL;
	free(room);
	return v->started;
}

static bool resolve(struct sts_validator *v, const char *name, uint16_t type, void *arg, ub_event_callback_type callback, int *id)
{
	return has_room(v) && ub_resolve_event(v->ctx, name, type, 1, arg, callback, id) == 0;
}

struct sts_ask *sts_ask(struct sts_validator *v, const char *name, uint16_t type, sts_ask_fn *done, void *arg)
{
	struct sts_ask *ask;
	int id = 0;

	if (done == NULL) {
		(void)resolve(v, name, type, NULL, unheard, NULL);
		return NULL;
	}
	ask = calloc(1, sizeof *ask);
	if (ask == NULL)
		return NULL;
	ask->validator = v;
	ask->done = done;
	ask->arg = arg;
	ask->next = v->asks;
	ask->link = &v->asks;
	if (ask->next != NULL)
		ask->next->link = &ask->next;
	v->asks = ask;
	if (!resolve(v, name, type, ask, answered, &id)) {
		ask_free(ask);
		return NULL;
	}
	if (!ask->timer.assigned)
		ask->id = id; /* a cached answer has called back already */
	return ask;
}

void sts_ask_cancel(struct sts_ask *ask)
{
	if (ask->id != 0)
		(void)ub_cancel(ask->validator->ctx, ask->id);
	ask_free(ask);
}
