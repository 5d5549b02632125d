#include "check/share.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/map.h"

#include <pthread.h>
#include <stdlib.h>

/* How long what was seen holds, milliseconds: certain things an hour, what may pass soon less. */
#define KEEP_MS (60 * 60 * 1000)
#define KEEP_PASSING_MS (30 * 1000)
#define KEEP_UNREACHABLE_MS (120 * 1000)
/* Timeouts in a row, nothing else between, that make an address one where nobody answers; and of a session. */
#define TIMEOUTS_TCP 2
#define TIMEOUTS_SESSION 2
#define TIMEOUTS_STALL 3
/* Hosts remembered before those without a connection are forgotten. */
#define HOSTS_MAX 50000
#define KEY_MAX 65536

/* A session: running somewhere, or over. */
struct session {
	struct session *newer, *older; /* by last use */
	char *key;
	size_t key_len;
	bool running;
	unsigned waits; /* in a row, up to the last, that ended because nothing came */
	int64_t until_ms;
	int64_t judged_at;       /* its certificates */
	struct sts_arena *arena; /* NULL: none is over yet */
	struct sts_smtp seen;    /* the last that was over */
};

/* An address and port, or a network. */
struct host {
	unsigned running;
	unsigned tcp_timeouts, stalls;
	int64_t until_ms;          /* so long its end is that */
	enum sts_fetch_end end;
	char error[200];
};

struct sts_share {
	pthread_mutex_t lock;
	struct sts_share_options options;
	struct sts_map sessions, hosts, networks;
	struct session *newest, *oldest;
	size_t octets;
	struct sts_share_numbers numbers;
};

/* ---- copies --------------------------------------------------------------------------------------------------------- */

static const char **copy_texts(struct sts_arena *arena, const char *const *texts, size_t count)
{
	const char **copy = sts_alloc_array(arena, count == 0 ? 1 : count, sizeof *copy);

	for (size_t i = 0; i < count; i++)
		copy[i] = sts_strdup(arena, texts[i]);
	return copy;
}

static void copy_cert(struct sts_arena *arena, struct sts_cert *c)
{
	c->subject = sts_strdup(arena, c->subject);
	c->issuer = sts_strdup(arena, c->issuer);
	c->common_name = sts_strdup(arena, c->common_name);
	c->names = copy_texts(arena, c->names, c->name_count);
	c->key_type = sts_strdup(arena, c->key_type);
	c->signature = sts_strdup(arena, c->signature);
}

static void copy_tls(struct sts_arena *arena, struct sts_tls *t)
{
	struct sts_cert *chain = sts_alloc_array(arena, t->chain_count == 0 ? 1 : t->chain_count, sizeof *chain);

	t->version = sts_strdup(arena, t->version);
	t->cipher = sts_strdup(arena, t->cipher);
	t->alpn = sts_strdup(arena, t->alpn);
	t->alert = sts_strdup(arena, t->alert);
	t->error = sts_strdup(arena, t->error);
	for (size_t i = 0; i < t->chain_count; i++) {
		chain[i] = t->chain[i];
		copy_cert(arena, &chain[i]);
	}
	t->chain = chain;
	for (size_t i = 0; i < STS_CERT_PROBLEM_COUNT; i++)
		t->problem_text[i] = sts_strdup(arena, t->problem_text[i]);
	t->verify_error = sts_strdup(arena, t->verify_error);
	t->dane_matched = sts_strdup(arena, t->dane_matched);
	t->dane_error = sts_strdup(arena, t->dane_error);
	t->dane_type = sts_strdup(arena, t->dane_type);
}

static struct sts_smtp copy_smtp(struct sts_arena *arena, const struct sts_smtp *from)
{
	struct sts_smtp s = *from;

	s.address.special = sts_strdup(arena, s.address.special);
	s.reply = sts_strdup(arena, s.reply);
	s.banner = sts_strdup(arena, s.banner);
	s.ehlo = copy_texts(arena, s.ehlo, s.ehlo_count);
	s.error = sts_strdup(arena, s.error);
	copy_tls(arena, &s.tls);
	return s;
}

/* ---- keys ----------------------------------------------------------------------------------------------------------- */

static void smtp_key(const struct sts_smtp_params *p, struct sts_buf *b)
{
	bool names_domain = false;

	sts_buf_printf(b, "%s\n%s\n%u\n%s\n", p->host, p->address.text, (unsigned)p->port,
		p->tlsa_count > 0 && p->tlsa_base != NULL ? p->tlsa_base : "");
	for (size_t i = 0; i < p->tlsa_count; i++) {
		const struct sts_tlsa *t = &p->tlsa[i];

		names_domain = names_domain || t->usage == 2;
		sts_buf_printf(b, "%u %u %u %zu ", t->usage, t->selector, t->matching, t->data.len);
		sts_buf_add(b, t->data.ptr, t->data.len);
	}
	if (names_domain)
		sts_buf_printf(b, "\n%s", p->next_hop);
}

/* Addresses are hosts of their port; their networks are shared by all ports. */
static struct sts_str host_key(const struct sts_address *a, uint16_t port, uint8_t out[static 20])
{
	size_t len = a->family == 6 ? 16 : 4;

	out[0] = (uint8_t)a->family;
	memcpy(out + 1, a->bytes, len);
	out[len + 1] = (uint8_t)(port >> 8);
	out[len + 2] = (uint8_t)port;
	return sts_str((const char *)out, len + 3);
}

static struct sts_str network_key(const struct sts_address *a, uint8_t out[static 20])
{
	size_t len = a->family == 6 ? 6 : 3;

	out[0] = (uint8_t)a->family;
	memcpy(out + 1, a->bytes, len);
	return sts_str((const char *)out, len + 1);
}

/* ---- hosts and networks --------------------------------------------------------------------------------------------- */

static void forget_idle(struct sts_map *map, int64_t now)
{
	struct sts_map kept = {0};
	struct sts_str key;
	struct host *h;
	size_t at = 0;

	while ((h = sts_map_next(map, &at, &key)) != NULL)
		if ((h->running == 0 && h->until_ms <= now) || !sts_map_put(&kept, key, h))
			free(h);
	sts_map_clear(map);
	*map = kept;
}

/* @return NULL: out of memory */
static struct host *find_host(struct sts_map *map, struct sts_str key, int64_t now)
{
	struct host *h = sts_map_get(map, key);

	if (h != NULL)
		return h;
	if (map->count >= HOSTS_MAX)
		forget_idle(map, now);
	h = calloc(1, sizeof *h);
	if (h != NULL && !sts_map_put(map, key, h)) {
		free(h);
		h = NULL;
	}
	return h;
}

static bool enter(struct sts_share *s, const struct sts_address *a, uint16_t port, unsigned per_host, int64_t now)
{
	uint8_t room[20], room2[20];
	struct host *h = find_host(&s->hosts, host_key(a, port, room), now);
	struct host *n = find_host(&s->networks, network_key(a, room2), now);

	/* without memory nobody counts, and a connection is as good as before */
	if ((h != NULL && h->running >= per_host) || (n != NULL && n->running >= s->options.per_network))
		return false;
	if (h != NULL)
		h->running++;
	if (n != NULL)
		n->running++;
	return true;
}

static struct host *leave(struct sts_share *s, const struct sts_address *a, uint16_t port)
{
	uint8_t room[20], room2[20];
	struct host *h = sts_map_get(&s->hosts, host_key(a, port, room));
	struct host *n = sts_map_get(&s->networks, network_key(a, room2));

	if (h != NULL && h->running > 0)
		h->running--;
	if (n != NULL && n->running > 0)
		n->running--;
	return h;
}

/* ---- sessions ------------------------------------------------------------------------------------------------------- */

static void unlink_session(struct sts_share *s, struct session *e)
{
	*(e->newer != NULL ? &e->newer->older : &s->newest) = e->older;
	*(e->older != NULL ? &e->older->newer : &s->oldest) = e->newer;
	e->newer = e->older = NULL;
}

static void link_session(struct sts_share *s, struct session *e)
{
	e->newer = NULL;
	e->older = s->newest;
	*(e->older != NULL ? &e->older->newer : &s->oldest) = e;
	s->newest = e;
}

/* Octets an entry takes: an arena takes them by chunks. */
static size_t weight(const struct session *e)
{
	return sizeof *e + e->key_len + (e->arena == NULL ? 0 : sts_arena_used(e->arena) + 8192);
}

static void drop_session(struct sts_share *s, struct session *e)
{
	unlink_session(s, e);
	sts_map_remove(&s->sessions, sts_str(e->key, e->key_len));
	s->octets -= weight(e);
	sts_arena_free(e->arena);
	free(e->key);
	free(e);
}

static void make_room(struct sts_share *s)
{
	struct session *e = s->oldest, *newer;

	for (; e != NULL && s->octets > s->options.octets_max; e = newer) {
		newer = e->newer;
		if (!e->running)
			drop_session(s, e);
	}
}

/* A session of this key that begins now. @return NULL: out of memory; it is then not shared */
static struct session *add_session(struct sts_share *s, struct sts_str key)
{
	struct session *e = calloc(1, sizeof *e);

	if (e == NULL || (e->key = malloc(key.len)) == NULL) {
		free(e);
		return NULL;
	}
	memcpy(e->key, key.ptr, key.len);
	e->key_len = key.len;
	e->running = true;
	if (!sts_map_put(&s->sessions, key, e)) {
		free(e->key);
		free(e);
		return NULL;
	}
	link_session(s, e);
	s->octets += weight(e);
	return e;
}

/* Some certificate is valid at one of two times and not at the other. */
static bool turns(const struct sts_tls *t, int64_t a, int64_t b)
{
	bool found = false;

	for (size_t i = 0; i < t->chain_count; i++)
		found = found || (a < t->chain[i].not_before) != (b < t->chain[i].not_before) ||
			(a > t->chain[i].not_after) != (b > t->chain[i].not_after);
	return found;
}

/* A name that was put off for a timeout comes back to know better: a single one is not what it is told. */
static bool speaks(const struct session *e, int64_t now, int64_t judged_at)
{
	return now < e->until_ms && (!e->seen.waited || e->waits >= TIMEOUTS_SESSION) && !turns(&e->seen.tls, e->judged_at, judged_at);
}

static void use(struct sts_share *s, struct session *e)
{
	unlink_session(s, e);
	link_session(s, e);
}

static enum sts_claim claim(struct sts_share *s, struct sts_str key, const struct sts_smtp_params *p, struct sts_arena *arena,
	struct sts_smtp *out)
{
	struct session *e = sts_map_get(&s->sessions, key);
	int64_t now = sts_now_ms();

	if (e != NULL && e->running)
		return STS_CLAIM_WAIT;
	if (e != NULL && speaks(e, now, p->judged_at)) {
		*out = copy_smtp(arena, &e->seen);
		use(s, e);
		s->numbers.sessions_shared++;
		return STS_CLAIM_HAVE;
	}
	if (!enter(s, &p->address, p->port, s->options.smtp_per_host, now))
		return STS_CLAIM_WAIT;
	if (e == NULL)
		e = add_session(s, key);
	if (e != NULL) {
		e->running = true;
		use(s, e);
	}
	s->numbers.sessions++;
	return STS_CLAIM_GO;
}

enum sts_claim sts_share_smtp(
	struct sts_share *share, const struct sts_smtp_params *params, struct sts_arena *arena, struct sts_smtp *out)
{
	enum sts_claim c;
	struct sts_buf key;

	sts_buf_init(&key, KEY_MAX);
	smtp_key(params, &key);
	pthread_mutex_lock(&share->lock);
	c = claim(share, sts_buf_str(&key), params, arena, out);
	pthread_mutex_unlock(&share->lock);
	sts_buf_clear(&key);
	return c;
}

/* A refusal or a lost connection says little about the next minute: of hosts behind one address, one may be like this, and it may be a block of us. */
static int64_t keep_ms(enum sts_smtp_end end)
{
	switch (end) {
	case STS_SMTP_OK:
	case STS_SMTP_PRIVATE:
	case STS_SMTP_NO_FAMILY:
		return KEEP_MS;
	case STS_SMTP_TCP_REFUSED:
	case STS_SMTP_TCP_TIMEOUT:
	case STS_SMTP_TCP_UNREACHABLE:
		return KEEP_UNREACHABLE_MS;
	default:
		return KEEP_PASSING_MS;
	}
}

static bool teaches(const struct sts_smtp *result)
{
	return result != NULL && result->end != STS_SMTP_CANCELLED && result->end != STS_SMTP_NOT_TRIED;
}

static void remember(struct sts_share *s, struct sts_str key, int64_t judged_at, const struct sts_smtp *result)
{
	struct session *e = sts_map_get(&s->sessions, key);
	struct sts_arena *fresh;

	if (e == NULL || !e->running)
		return;
	e->running = false;
	fresh = teaches(result) ? sts_arena_new() : NULL;
	if (fresh == NULL) {
		if (e->arena == NULL)
			drop_session(s, e);
		return;
	}
	s->octets -= weight(e);
	sts_arena_free(e->arena);
	e->arena = fresh;
	e->seen = copy_smtp(fresh, result);
	e->judged_at = judged_at;
	e->waits = result->waited ? e->waits + 1 : 0;
	e->until_ms = sts_now_ms() + keep_ms(result->end);
	s->octets += weight(e);
	make_room(s);
}

void sts_share_smtp_done(struct sts_share *share, const struct sts_smtp_params *params, const struct sts_smtp *result)
{
	struct sts_buf key;

	sts_buf_init(&key, KEY_MAX);
	smtp_key(params, &key);
	pthread_mutex_lock(&share->lock);
	leave(share, &params->address, params->port);
	remember(share, sts_buf_str(&key), params->judged_at, result);
	pthread_mutex_unlock(&share->lock);
	sts_buf_clear(&key);
}

/* ---- fetches -------------------------------------------------------------------------------------------------------- */

static enum sts_claim claim_fetch(
	struct sts_share *s, const struct sts_fetch_params *p, struct sts_arena *arena, struct sts_fetch *out)
{
	uint8_t room[20];
	int64_t now = sts_now_ms();
	struct host *h = sts_map_get(&s->hosts, host_key(&p->address, p->port, room));

	if (h != NULL && now < h->until_ms) {
		out->end = h->end;
		out->reached = STS_AT_DNS;
		out->error = sts_strdup(arena, h->error);
		if (h->end == STS_FETCH_NOT_TRIED)
			s->numbers.stalls++;
		s->numbers.fetches_spared++;
		return STS_CLAIM_HAVE;
	}
	if (!enter(s, &p->address, p->port, s->options.https_per_host, now))
		return STS_CLAIM_WAIT;
	s->numbers.fetches++;
	return STS_CLAIM_GO;
}

enum sts_claim sts_share_fetch(
	struct sts_share *share, const struct sts_fetch_params *params, struct sts_arena *arena, struct sts_fetch *out)
{
	enum sts_claim c;

	pthread_mutex_lock(&share->lock);
	c = claim_fetch(share, params, arena, out);
	pthread_mutex_unlock(&share->lock);
	return c;
}

static void hold(struct host *h, enum sts_fetch_end end, const char *error, int64_t ms)
{
	struct sts_buf b;

	sts_buf_init(&b, sizeof h->error - 1);
	sts_buf_puts(&b, error != NULL ? error : "");
	memcpy(h->error, b.ptr == NULL ? "" : b.ptr, b.len + 1);
	sts_buf_clear(&b);
	h->end = end;
	h->until_ms = sts_now_ms() + ms;
}

/* Behind a connection the name counts: that others waited in vain proves nothing about this one, so it is not tested. */
static void learn(struct host *h, const struct sts_fetch *f)
{
	bool stalled = f->end == STS_FETCH_HTTP_TIMEOUT || (f->end == STS_FETCH_TLS && f->tls.state == STS_TLS_TIMEOUT);
	bool ended = f->end != STS_FETCH_CANCELLED && f->end != STS_FETCH_NOT_TRIED;

	if (f->reached >= STS_AT_TCP && (h->end != STS_FETCH_NOT_TRIED || (ended && !stalled)))
		h->until_ms = 0; /* somebody is there after all */
	if (f->reached >= STS_AT_TCP)
		h->tcp_timeouts = 0;
	if (!ended)
		return;
	h->tcp_timeouts = f->end == STS_FETCH_TCP_TIMEOUT ? h->tcp_timeouts + 1 : 0;
	h->stalls = stalled ? h->stalls + 1 : 0;
	if (f->end == STS_FETCH_TCP_REFUSED || f->end == STS_FETCH_TCP_UNREACHABLE || h->tcp_timeouts >= TIMEOUTS_TCP)
		hold(h, f->end, f->error, KEEP_UNREACHABLE_MS);
	else if (h->stalls >= TIMEOUTS_STALL)
		hold(h, STS_FETCH_NOT_TRIED, "not tried: the host let others of this run wait in vain", KEEP_UNREACHABLE_MS);
}

void sts_share_fetch_done(struct sts_share *share, const struct sts_fetch_params *params, const struct sts_fetch *result)
{
	struct host *h;

	pthread_mutex_lock(&share->lock);
	h = leave(share, &params->address, params->port);
	if (h != NULL && result != NULL)
		learn(h, result);
	pthread_mutex_unlock(&share->lock);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------ */

struct sts_share *sts_share_new(const struct sts_share_options *options)
{
	struct sts_share *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->options = *options;
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

static void free_hosts(struct sts_map *map)
{
	size_t at = 0;
	void *h;

	while ((h = sts_map_next(map, &at, NULL)) != NULL)
		free(h);
	sts_map_clear(map);
}

void sts_share_free(struct sts_share *s)
{
	if (s == NULL)
		return;
	while (s->oldest != NULL)
		drop_session(s, s->oldest);
	sts_map_clear(&s->sessions);
	free_hosts(&s->hosts);
	free_hosts(&s->networks);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

struct sts_share_numbers sts_share_numbers(struct sts_share *share)
{
	struct sts_share_numbers n;

	pthread_mutex_lock(&share->lock);
	n = share->numbers;
	pthread_mutex_unlock(&share->lock);
	return n;
}
