#include "probe/dnsask.h"

#include "base/clock.h"
#include "net/address.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* UDP -> (no reply) UDP again; reply with TC -> TCP; FORMERR or NOTIMP -> UDP without EDNS */

#define TRIES 2
#define TRY_MS 2000
#define UDP_SIZE 1232
#define STALE_MAX 50 /* datagrams that answer something else, before we stop listening */

struct sts_dnsask {
	struct sts_loop *loop;
	struct sts_arena *arena;
	struct sts_dnsask_question question;
	int64_t deadline_ms;
	int64_t try_until_ms;
	sts_dnsask_fn *done;
	void *arg;
	int fd;
	uint16_t id;
	unsigned tries;
	unsigned stale;
	bool plain;           /* without EDNS: the server does not know it.  [RFC 6891 section 7] */
	bool truncated;       /* TCP was needed */
	const char *malformed; /* what was wrong with a datagram that was no reply */
	struct sts_watch watch;
	struct sts_timer timer;
	struct sts_dnsask_reply reply;
	uint8_t query[2 + STS_DNS_QUERY_MAX]; /* behind the two octets of length that TCP wants */
	size_t query_len;
	size_t sent;
	uint8_t *in;          /* TCP: length and message */
	size_t in_len;
};

static void udp_try(struct sts_dnsask *a);
static void udp_ready(unsigned ready, void *arg);
static void tcp_start(struct sts_dnsask *a);
static void tcp_writable(unsigned ready, void *arg);
static void tcp_readable(unsigned ready, void *arg);

static void close_socket(struct sts_dnsask *a)
{
	sts_watch_clear(&a->watch);
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

static void call_back(void *arg)
{
	struct sts_dnsask *a = arg;

	sts_timer_clear(&a->timer);
	a->done(&a->reply, a->arg);
}

/* From the loop's next turn: start must not call back. */
static void end(struct sts_dnsask *a, enum sts_dns_state state, const char *error)
{
	close_socket(a);
	a->reply.state = state;
	a->reply.error = error;
	sts_timer_set(a->loop, &a->timer, 0, call_back, a);
}

static void end_unheard(struct sts_dnsask *a)
{
	if (a->malformed != NULL)
		end(a, STS_DNS_MALFORMED, a->malformed);
	else
		end(a, STS_DNS_TIMEOUT, "no reply");
}

static bool build(struct sts_dnsask *a)
{
	struct sts_dns_query q = {
		.name = a->question.name,
		.type = a->question.type,
		.recurse = a->question.recurse,
		.dnssec = a->question.dnssec && !a->plain,
		.udp_size = a->plain ? 0 : UDP_SIZE,
	};

	/* Unpredictable, for the reply must prove that it saw the question. */
	if (getrandom(&a->id, sizeof a->id, 0) != (ssize_t)sizeof a->id)
		a->id = (uint16_t)sts_now_ms();
	q.id = a->id;
	a->query_len = sts_dns_query_build(&q, a->query + 2);
	a->query[0] = (uint8_t)(a->query_len >> 8);
	a->query[1] = (uint8_t)a->query_len;
	return a->query_len != 0;
}

/* @return connected (or under way, over TCP); errno says why not */
static bool open_socket(struct sts_dnsask *a, int type)
{
	struct sockaddr_storage to;
	socklen_t len = sts_address_sockaddr(&a->question.server, a->question.port, &to);

	if (a->question.scope != NULL && to.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&to)->sin6_scope_id = if_nametoindex(a->question.scope);
	a->fd = socket(to.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return a->fd >= 0 && (connect(a->fd, (struct sockaddr *)&to, len) == 0 || errno == EINPROGRESS);
}

static const char *no_way(const struct sts_dnsask *a)
{
	return a->question.server.family == 6 ? "no IPv6 route there from here" : "no IPv4 route there from here";
}

static bool is_no_way(int error)
{
	return error == ENETUNREACH || error == EADDRNOTAVAIL || error == EAFNOSUPPORT || error == EHOSTUNREACH ||
		error == EACCES || error == EPERM;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void udp_try(struct sts_dnsask *a)
{
	int64_t now = sts_now_ms();

	close_socket(a);
	if (a->tries == TRIES || now >= a->deadline_ms) {
		end_unheard(a);
		return;
	}
	a->tries++;
	a->stale = 0;
	if (!build(a)) {
		end(a, STS_DNS_MALFORMED, "not a name that DNS can carry");
	} else if (!open_socket(a, SOCK_DGRAM) || send(a->fd, a->query + 2, a->query_len, MSG_NOSIGNAL) < 0) {
		if (is_no_way(errno))
			end(a, STS_DNS_NOT_ASKED, no_way(a));
		else
			end(a, STS_DNS_TIMEOUT, errno == ECONNREFUSED ? "port closed" : "could not be asked");
	} else {
		a->try_until_ms = sooner(now + TRY_MS, a->deadline_ms);
		sts_watch_set(a->loop, &a->watch, a->fd, STS_READABLE, a->try_until_ms, udp_ready, a);
	}
}

static bool is_edns_unknown(const struct sts_dnsask *a)
{
	const struct sts_dnsmsg *m = &a->reply.message;

	return !a->plain && !m->edns && (m->rcode == STS_RCODE_FORMERR || m->rcode == STS_RCODE_NOTIMP);
}

/* @return the message is the reply; false: wait on */
static bool take(struct sts_dnsask *a, const uint8_t *data, size_t len)
{
	const char *why = NULL;

	if (!sts_dnsmsg_parse(data, len, a->arena, &a->reply.message, &why)) {
		if (len >= 2 && (data[0] << 8 | data[1]) == a->id)
			a->malformed = why != NULL ? why : "not a DNS message";
		return false;
	}
	return sts_dnsmsg_answers(&a->reply.message, a->id, a->question.name, a->question.type);
}

static void udp_reply(struct sts_dnsask *a)
{
	if (a->reply.message.truncated) {
		close_socket(a);
		a->truncated = true;
		tcp_start(a);
	} else if (is_edns_unknown(a)) {
		a->plain = true;
		a->tries--;
		udp_try(a);
	} else {
		end(a, STS_DNS_OK, NULL);
	}
}

static void udp_ready(unsigned ready, void *arg)
{
	struct sts_dnsask *a = arg;
	uint8_t data[4096];
	ssize_t n;

	if ((ready & STS_READABLE) == 0) {
		udp_try(a);
		return;
	}
	n = recv(a->fd, data, sizeof data, 0);
	if (n < 0 && (errno == ECONNREFUSED || is_no_way(errno))) {
		end(a, STS_DNS_TIMEOUT, errno == ECONNREFUSED ? "port closed" : "unreachable");
	} else if (n >= 0 && take(a, data, (size_t)n)) {
		udp_reply(a);
	} else if (a->stale++ == STALE_MAX) {
		udp_try(a);
	} else {
		/* The time of this try runs on: whoever sends rubbish does not prolong it. */
		sts_watch_set(a->loop, &a->watch, a->fd, STS_READABLE, a->try_until_ms, udp_ready, a);
	}
}

static void tcp_failed(struct sts_dnsask *a)
{
	end(a, STS_DNS_TRUNCATED, "truncated over UDP, and no answer over TCP");
}

static void tcp_start(struct sts_dnsask *a)
{
	a->sent = 0;
	a->in_len = 0;
	if (!build(a) || !open_socket(a, SOCK_STREAM)) {
		tcp_failed(a);
		return;
	}
	a->deadline_ms = sooner(a->deadline_ms, sts_now_ms() + TRIES * TRY_MS);
	a->in = sts_alloc(a->arena, 2 + 65535);
	sts_watch_set(a->loop, &a->watch, a->fd, STS_WRITABLE, a->deadline_ms, tcp_writable, a);
}

static void tcp_writable(unsigned ready, void *arg)
{
	struct sts_dnsask *a = arg;
	ssize_t n;

	n = (ready & STS_WRITABLE) == 0 ? -1 : send(a->fd, a->query + a->sent, a->query_len + 2 - a->sent, MSG_NOSIGNAL);
	if (n < 0) {
		tcp_failed(a);
		return;
	}
	a->sent += (size_t)n;
	if (a->sent < a->query_len + 2)
		sts_watch_set(a->loop, &a->watch, a->fd, STS_WRITABLE, a->deadline_ms, tcp_writable, a);
	else
		sts_watch_set(a->loop, &a->watch, a->fd, STS_READABLE, a->deadline_ms, tcp_readable, a);
}

static void tcp_message(struct sts_dnsask *a)
{
	if (take(a, a->in + 2, a->in_len - 2))
		end(a, STS_DNS_OK, NULL);
	else
		end(a, STS_DNS_MALFORMED, a->malformed != NULL ? a->malformed : "the reply over TCP answers another question");
}

static void tcp_readable(unsigned ready, void *arg)
{
	struct sts_dnsask *a = arg;
	size_t want = a->in_len < 2 ? 2 : (size_t)(2 + (a->in[0] << 8 | a->in[1]));
	ssize_t n = (ready & STS_READABLE) == 0 ? 0 : recv(a->fd, a->in + a->in_len, want - a->in_len, 0);

	if (n <= 0) {
		tcp_failed(a);
		return;
	}
	a->in_len += (size_t)n;
	if (a->in_len >= 2 && a->in_len == (size_t)(2 + (a->in[0] << 8 | a->in[1])))
		tcp_message(a);
	else
		sts_watch_set(a->loop, &a->watch, a->fd, STS_READABLE, a->deadline_ms, tcp_readable, a);
}

struct sts_dnsask *sts_dnsask_start(struct sts_loop *loop, struct sts_arena *arena, const struct sts_dnsask_question *question,
	int64_t deadline_ms, sts_dnsask_fn *done, void *arg)
{
	struct sts_dnsask *a = STS_NEW(arena, struct sts_dnsask);

	a->loop = loop;
	a->arena = arena;
	a->question = *question;
	a->deadline_ms = deadline_ms;
	a->done = done;
	a->arg = arg;
	a->fd = -1;
	udp_try(a);
	return a;
}

void sts_dnsask_cancel(struct sts_dnsask *a)
{
	close_socket(a);
	sts_timer_clear(&a->timer);
}
