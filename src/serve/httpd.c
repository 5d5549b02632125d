#include "serve/conn.h"

#include "base/clock.h"
#include "net/address.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_PIECE 16384
/* Steps of one connection before the others get their turn. */
#define STEPS_MAX 32
#define ACCEPT_MAX 64
#define PAUSE_MS 200
#define LINGER_MS 2000

const struct sts_httpd_limits sts_httpd_default_limits = {
	.connections = 1024,
	.per_client = 64,
	.tls_ms = 10000,
	.head_ms = 10000,
	.body_ms = 30000,
	.idle_ms = 60000,
	.write_ms = 30000,
};

/* ---- one client's connections are counted ------------------------------------------------------------------------ */

struct client_count {
	size_t open;
};

void sts_client_key(const struct sts_address *address, char out[static 48])
{
	struct sts_address net = *address;

	if (net.family == 6) {
		memset(net.bytes + 8, 0, 8);
		sts_address_from_bytes(6, net.bytes, &net);
	}
	snprintf(out, 48, "%s", net.text);
}

static bool is_loopback(const struct sts_address *a)
{
	return a->special != NULL && strcmp(a->special, "loopback") == 0;
}

/* False: this client has as many connections as it may have. */
static bool count_in(struct sts_httpd *d, struct conn *c)
{
	struct client_count *count;

	if (is_loopback(&c->peer) || (d->hooks.is_proxy != NULL && d->hooks.is_proxy(&c->peer, d->hooks.arg)))
		return true;
	sts_client_key(&c->peer, c->client);
	count = sts_map_get(&d->clients, sts_str_of(c->client));
	if (count == NULL) {
		count = calloc(1, sizeof *count);
		if (count == NULL || !sts_map_put(&d->clients, sts_str_of(c->client), count)) {
			free(count);
			c->client[0] = '\0';
			return false;
		}
	}
	if (count->open >= d->limits.per_client) {
		c->client[0] = '\0';
		return false;
	}
	count->open++;
	return true;
}

static void count_out(struct sts_httpd *d, const struct conn *c)
{
	struct client_count *count = c->client[0] == '\0' ? NULL : sts_map_get(&d->clients, sts_str_of(c->client));

	if (count == NULL || --count->open > 0)
		return;
	sts_map_remove(&d->clients, sts_str_of(c->client));
	free(count);
}

/* ---- connections --------------------------------------------------------------------------------------------------
 */

static void tell_drained(void *arg)
{
	struct sts_httpd *d = arg;

	d->hooks.drained(d->hooks.arg);
}

static void conn_free(struct conn *c)
{
	struct sts_httpd *d = c->httpd;

	if (c->phase == CONN_PENDING || c->phase == CONN_STREAM)
		exchange_abandon(&c->x);
	count_out(d, c);
	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	d->conn_count--;
	sts_watch_clear(&c->watch);
	sts_timer_clear(&c->again);
	if (c->tls != NULL)
		sts_tls_peer_goodbye(c->tls);
	sts_tls_peer_free(c->tls);
	close(c->fd);
	sts_req_clear(&c->reader);
	sts_buf_clear(&c->in);
	sts_buf_clear(&c->out);
	free(c);
	if (d->draining && d->conn_count == 0 && d->hooks.drained != NULL)
		sts_timer_set(d->loop, &d->drained_timer, 0, tell_drained, d);
}

static enum sts_io conn_read(struct conn *c, void *buf, size_t len, size_t *got)
{
	ssize_t n;

	if (c->tls != NULL)
		return sts_tls_peer_read(c->tls, buf, len, got);
	n = recv(c->fd, buf, len, 0);
	if (n > 0) {
		*got = (size_t)n;
		return STS_IO_DONE;
	}
	if (n == 0)
		return STS_IO_CLOSED;
	return errno == EAGAIN || errno == EINTR ? STS_IO_READ : STS_IO_ERROR;
}

static enum sts_io conn_write(struct conn *c, const void *buf, size_t len, size_t *put)
{
	ssize_t n;

	if (c->tls != NULL)
		return sts_tls_peer_write(c->tls, buf, len, put);
	n = send(c->fd, buf, len, MSG_NOSIGNAL);
	if (n >= 0) {
		*put = (size_t)n;
		return STS_IO_DONE;
	}
	return errno == EAGAIN || errno == EINTR ? STS_IO_WRITE : STS_IO_ERROR;
}

/* ---- the steps of a turn: each is true when it got somewhere -------------------------------------------------------
 */

static void begin_reading(struct conn *c)
{
	c->phase = CONN_READING;
	c->phase_ms = sts_now_ms();
	c->head_seen = false;
	sts_req_reset(&c->reader);
}

static bool shake(struct conn *c)
{
	enum sts_io io;

	if (c->phase != CONN_TLS)
		return false;
	io = sts_tls_peer_accept(c->tls);
	c->tls_wants_write = io == STS_IO_WRITE;
	if (io == STS_IO_CLOSED || io == STS_IO_ERROR)
		c->dead = true;
	if (io != STS_IO_DONE)
		return false;
	begin_reading(c);
	return true;
}

/* The answer is out, the connection ends: what the client still sends is taken and dropped for a moment, so that no
 * reset destroys the answer on its way.  [RFC 9112 section 9.6] */
static void linger(struct conn *c)
{
	if (c->tls != NULL)
		sts_tls_peer_goodbye(c->tls);
	shutdown(c->fd, SHUT_WR);
	c->phase = CONN_LINGER;
	c->phase_ms = sts_now_ms();
}

static bool flush(struct conn *c)
{
	size_t put = 0;
	enum sts_io io;

	if (c->out.len == 0) {
		if (!c->closing || c->phase != CONN_READING)
			return false;
		linger(c);
		return true;
	}
	io = conn_write(c, c->out.ptr, c->out.len, &put);
	if (io == STS_IO_CLOSED || io == STS_IO_ERROR)
		c->dead = true;
	if (io != STS_IO_DONE)
		return false;
	sts_buf_consume(&c->out, put);
	if (c->phase == CONN_STREAM)
		c->out_deadline_ms = sts_now_ms() + c->httpd->limits.write_ms;
	return true;
}

static bool wants_input(const struct conn *c)
{
	return c->phase != CONN_TLS && (c->phase != CONN_READING || (c->out.len == 0 && !c->closing));
}

static bool take_in(struct conn *c)
{
	char piece[READ_PIECE];
	size_t got = 0;
	enum sts_io io;

	if (!wants_input(c))
		return false;
	io = conn_read(c, piece, sizeof piece, &got);
	if (io == STS_IO_CLOSED || io == STS_IO_ERROR) {
		c->dead = true;
		return false;
	}
	if (io != STS_IO_DONE)
		return false;
	if (c->phase == CONN_LINGER) {
		c->dead = sts_now_ms() > c->phase_ms + LINGER_MS;
		return true;
	}
	sts_buf_add(&c->in, piece, got);
	if (c->in.failed)
		c->dead = true;
	return true;
}

static void refuse(struct conn *c, unsigned status, const char *why)
{
	c->closing = true;
	exchange_start(c);
	c->httpd->hooks.refuse(&c->x, status, why, c->httpd->hooks.arg);
}

static void head_whole(struct conn *c)
{
	struct sts_req_reader *r = &c->reader;

	c->head_seen = true;
	c->phase_ms = sts_now_ms();
	c->x = (struct sts_exchange){.conn = c};
	r->body_max = c->httpd->hooks.body_max(&c->x, c->httpd->hooks.arg);
	if (!r->request.expects_continue || c->in.len > 0 || r->request.length > r->body_max)
		return;
	sts_buf_puts(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
	c->out_deadline_ms = c->phase_ms + c->httpd->limits.write_ms;
}

static void request_whole(struct conn *c)
{
	c->served = true;
	if (!c->reader.request.keep_alive || c->httpd->draining)
		c->closing = true;
	exchange_start(c);
	c->httpd->hooks.handle(&c->x, c->httpd->hooks.arg);
}

static bool work(struct conn *c)
{
	enum sts_req_state state;
	bool begun = sts_req_begun(&c->reader);
	size_t used = 0;

	if (c->phase != CONN_READING || c->out.len > 0 || c->closing || (c->in.len == 0 && !c->head_seen))
		return false;
	state = sts_req_feed(&c->reader, c->in.ptr, c->in.len, &used);
	sts_buf_consume(&c->in, used);
	if (!begun && used > 0 && !c->head_seen)
		c->phase_ms = c->served ? sts_now_ms() : c->phase_ms;
	switch (state) {
	case STS_REQ_HEAD:
		head_whole(c);
		return true;
	case STS_REQ_DONE:
		request_whole(c);
		return true;
	case STS_REQ_BAD:
		refuse(c, c->reader.status, c->reader.why);
		return true;
	case STS_REQ_MORE:
		break;
	}
	return used > 0;
}

/* ---- turns --------------------------------------------------------------------------------------------------------
 */

static int64_t deadline(const struct conn *c)
{
	const struct sts_httpd_limits *l = &c->httpd->limits;

	if (c->out.len > 0)
		return c->out_deadline_ms;
	switch (c->phase) {
	case CONN_TLS:
		return c->phase_ms + l->tls_ms;
	case CONN_READING:
		if (c->head_seen)
			return c->phase_ms + l->body_ms;
		return c->phase_ms + (c->served && !sts_req_begun(&c->reader) ? l->idle_ms : l->head_ms);
	case CONN_LINGER:
		return c->phase_ms + LINGER_MS;
	case CONN_PENDING:
	case CONN_STREAM:
		break;
	}
	return -1;
}

static void timed_out(struct conn *c)
{
	if (c->phase != CONN_READING || c->out.len > 0 || !sts_req_begun(&c->reader)) {
		c->dead = true;
		return;
	}
	c->in_turn = true; /* the answer must not begin a turn that frees the connection under our feet */
	refuse(c, 408, "The request did not arrive in time.");
	c->in_turn = false;
}

static void ready(unsigned what, void *arg)
{
	struct conn *c = arg;
	int64_t end_ms = deadline(c);

	if (what == STS_TIMED_OUT && end_ms >= 0 && sts_now_ms() >= end_ms)
		timed_out(c);
	conn_turn(c);
}

static void wait(struct conn *c)
{
	unsigned what = 0;

	if (wants_input(c) || (c->phase == CONN_TLS && !c->tls_wants_write))
		what |= STS_READABLE;
	if (c->out.len > 0 || (c->phase == CONN_TLS && c->tls_wants_write))
		what |= STS_WRITABLE;
	sts_watch_set(c->httpd->loop, &c->watch, c->fd, what, deadline(c), ready, c);
}

static void turn_again(void *arg)
{
	conn_turn(arg);
}

void conn_turn_later(struct conn *c)
{
	if (!c->in_turn)
		sts_timer_set(c->httpd->loop, &c->again, 0, turn_again, c);
}

void conn_turn(struct conn *c)
{
	bool moved = true;

	if (c->in_turn)
		return;
	c->in_turn = true;
	for (unsigned i = 0; moved && !c->dead && i < STEPS_MAX; i++)
		moved = shake(c) || flush(c) || (!c->dead && work(c)) || (!c->dead && take_in(c));
	c->in_turn = false;
	if (c->dead) {
		conn_free(c);
		return;
	}
	if (moved)
		conn_turn_later(c);
	else
		wait(c);
}

/* ---- listening ----------------------------------------------------------------------------------------------------
 */

/* At the limit the connection that has been idle longest makes room. */
static bool make_room(struct sts_httpd *d)
{
	struct conn *oldest = NULL;

	if (d->conn_count < d->limits.connections)
		return true;
	for (struct conn *c = d->conns; c != NULL; c = c->next)
		if (c->phase == CONN_READING && c->out.len == 0 && !sts_req_begun(&c->reader) && c->served &&
			!c->in_turn && (oldest == NULL || c->phase_ms < oldest->phase_ms))
			oldest = c;
	if (oldest == NULL)
		return false;
	conn_free(oldest);
	return true;
}

static struct conn *conn_new(struct sts_httpd *d, int fd, const struct sockaddr_storage *from)
{
	struct conn *c = calloc(1, sizeof *c);
	static const uint8_t loopback[4] = {127, 0, 0, 1};

	if (c == NULL)
		return NULL;
	c->httpd = d;
	c->fd = fd;
	if (!sts_address_from_sockaddr(from, &c->peer, NULL))
		sts_address_from_bytes(4, loopback, &c->peer);
	sts_req_init(&c->reader);
	sts_buf_init(&c->in, STS_CONN_IN_MAX);
	sts_buf_init(&c->out, SIZE_MAX / 4);
	c->phase = d->tls != NULL ? CONN_TLS : CONN_READING;
	c->phase_ms = sts_now_ms();
	c->link = &d->conns;
	c->next = d->conns;
	if (c->next != NULL)
		c->next->link = &c->next;
	d->conns = c;
	d->conn_count++;
	return c;
}

static void take_connection(struct sts_httpd *d, int fd, const struct sockaddr_storage *from)
{
	struct conn *c = make_room(d) ? conn_new(d, fd, from) : NULL;
	int on = 1;

	if (c == NULL) {
		d->refused++;
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (d->tls != NULL)
		c->tls = sts_tls_peer_new(d->tls, fd);
	if (!count_in(d, c) || (d->tls != NULL && c->tls == NULL)) {
		d->refused++;
		conn_free(c);
		return;
	}
	conn_turn(c);
}

static void listen_again(void *arg);

static void can_accept(unsigned what, void *arg)
{
	struct listener *l = arg;

	(void)what;
	for (unsigned i = 0; i < ACCEPT_MAX; i++) {
		struct sockaddr_storage from = {0};
		socklen_t len = sizeof from;
		int fd = accept4(l->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			take_connection(l->httpd, fd, &from);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			sts_timer_set(l->httpd->loop, &l->pause, PAUSE_MS, listen_again, l);
			return;
		}
		if (errno == EAGAIN)
			break;
	}
	listen_again(l);
}

static void listen_again(void *arg)
{
	struct listener *l = arg;

	sts_watch_set(l->httpd->loop, &l->watch, l->fd, STS_READABLE, -1, can_accept, l);
}

enum sts_err sts_httpd_listen(struct sts_httpd *d, int fd)
{
	struct listener *l = calloc(1, sizeof *l);

	if (l == NULL)
		return STS_ENOMEM;
	*l = (struct listener){.httpd = d, .fd = fd, .next = d->listeners};
	d->listeners = l;
	listen_again(l);
	return STS_OK;
}

static void close_listeners(struct sts_httpd *d)
{
	for (struct listener *l = d->listeners, *next; l != NULL; l = next) {
		next = l->next;
		sts_watch_clear(&l->watch);
		sts_timer_clear(&l->pause);
		close(l->fd);
		free(l);
	}
	d->listeners = NULL;
}

/* ---- the server ----------------------------------------------------------------------------------------------------
 */

struct sts_httpd *sts_httpd_new(
	struct sts_loop *loop, const struct sts_httpd_limits *limits, const struct sts_httpd_hooks *hooks)
{
	struct sts_httpd *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->loop = loop;
	d->limits = *limits;
	d->hooks = *hooks;
	return d;
}

void sts_httpd_free(struct sts_httpd *d)
{
	if (d == NULL)
		return;
	d->draining = false;
	close_listeners(d);
	while (d->conns != NULL)
		conn_free(d->conns);
	sts_timer_clear(&d->drained_timer);
	sts_map_clear(&d->clients);
	free(d);
}

void sts_httpd_set_tls(struct sts_httpd *d, struct sts_tls_server *tls)
{
	d->tls = tls;
}

void sts_httpd_drain(struct sts_httpd *d)
{
	d->draining = true;
	close_listeners(d);
	for (struct conn *c = d->conns; c != NULL; c = c->next) {
		if (c->phase == CONN_PENDING || c->phase == CONN_STREAM || c->out.len > 0 || sts_req_begun(&c->reader))
			c->closing = c->closing || c->phase != CONN_READING || c->out.len > 0;
		else
			c->dead = true;
		conn_turn_later(c);
	}
	if (d->conn_count == 0 && d->hooks.drained != NULL)
		sts_timer_set(d->loop, &d->drained_timer, 0, tell_drained, d);
}

size_t sts_httpd_connections(const struct sts_httpd *d)
{
	return d->conn_count;
}

uint64_t sts_httpd_refused(const struct sts_httpd *d)
{
	return d->refused;
}
