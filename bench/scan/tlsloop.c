/* Policy fetches and STARTTLS probes on OpenSSL as it comes: one SSL_CTX, full verification, a new connection each. */
#include "loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 10000

/* Steps of both dialogues, in the order they happen. */
enum step { CONNECT, GREETING, EHLO, STARTTLS, HANDSHAKE, GET, EHLO_AGAIN, QUIT };

struct conn {
	int fd;
	enum step step;
	const struct item *item;
	SSL *ssl;
	int64_t deadline_ms;
	size_t len;
	char text[4096];
};

struct tls_loop {
	SSL_CTX *ctx;
	int epoll;
	int smtp;
	struct conn *conns;
	size_t limit;
	size_t open;
	const struct list *hosts;
	size_t next;
	struct tally tally;
};

static int go_on(int ok, X509_STORE_CTX *store)
{
	(void)ok;
	(void)store;
	return 1;
}

static SSL_CTX *context(const char *ca_file)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL || SSL_CTX_load_verify_locations(ctx, ca_file, NULL) != 1)
		die(ca_file);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, go_on);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	return ctx;
}

static void wait_for(struct tls_loop *l, struct conn *c, uint32_t what)
{
	struct epoll_event e = {.events = what | EPOLLONESHOT, .data.ptr = c};

	if (what == EPOLLIN)
		setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){1}, sizeof(int));
	epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

static void end(struct tls_loop *l, struct conn *c, int good)
{
	if (c->ssl != NULL)
		SSL_free(c->ssl);
	close(c->fd);
	c->ssl = NULL;
	c->fd = -1;
	l->open--;
	l->tally.done++;
	l->tally.good += (size_t)good;
}

static void dial(struct tls_loop *l, struct conn *c)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(l->smtp ? 25 : 443)};
	struct epoll_event e = {.events = EPOLLOUT | EPOLLONESHOT, .data.ptr = c};

	c->item = &l->hosts->items[l->next++];
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || inet_pton(AF_INET, c->item->first, &to.sin_addr) != 1)
		die(c->item->first);
	c->step = CONNECT;
	c->len = 0;
	c->deadline_ms = now_ms() + PATIENCE_MS;
	l->open++;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e);
	if (connect(c->fd, (const struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)
		end(l, c, 0);
}

static void greet_tls(struct tls_loop *l, struct conn *c)
{
	c->ssl = SSL_new(l->ctx);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1 || SSL_set1_host(c->ssl, c->item->second) != 1 ||
		SSL_set_tlsext_host_name(c->ssl, c->item->second) != 1)
		die("SSL");
	c->step = HANDSHAKE;
}

/* The step to come is the one whose reply is awaited. */
static int say(struct conn *c, enum step step, const char *text)
{
	size_t len = strlen(text);

	c->step = step;
	c->len = 0;
	if (c->ssl != NULL)
		return SSL_write(c->ssl, text, (int)len) == (int)len;
	return send(c->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* 1: something came, 0: wait, -1: the end */
static int take(struct conn *c)
{
	size_t room = sizeof c->text - 1 - c->len;
	ssize_t n;

	if (room == 0)
		return -1;
	if (c->ssl != NULL) {
		n = SSL_read(c->ssl, c->text + c->len, (int)room);
		if (n <= 0)
			return SSL_get_error(c->ssl, (int)n) == SSL_ERROR_WANT_READ ? 0 : -1;
	} else {
		n = recv(c->fd, c->text + c->len, room, 0);
		if (n <= 0)
			return n < 0 && errno == EAGAIN ? 0 : -1;
	}
	c->len += (size_t)n;
	c->text[c->len] = '\0';
	return 1;
}

/* Code of a complete reply, 0 for one that is not, -1 when the connection ended. */
static int reply(struct conn *c)
{
	int got = take(c);
	const char *last;

	if (got <= 0)
		return got;
	if (c->len < 5 || c->text[c->len - 1] != '\n')
		return 0;
	c->text[c->len - 1] = '\0';
	last = strrchr(c->text, '\n');
	last = last == NULL ? c->text : last + 1;
	c->text[c->len - 1] = '\n';
	return last[3] == ' ' ? atoi(last) : 0;
}

static int after_handshake(struct tls_loop *l, struct conn *c)
{
	char request[512];

	if (l->smtp)
		return say(c, EHLO_AGAIN, "EHLO bench.example\r\n");
	snprintf(request, sizeof request,
		"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nConnection: close\r\n\r\n", c->item->second);
	return say(c, GET, request);
}

static void shake(struct tls_loop *l, struct conn *c)
{
	int r;

	ERR_clear_error();
	r = SSL_connect(c->ssl);
	if (r != 1) {
		int why = SSL_get_error(c->ssl, r);

		if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
			wait_for(l, c, why == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLOUT);
		else
			end(l, c, 0);
		return;
	}
	if (after_handshake(l, c))
		wait_for(l, c, EPOLLIN);
	else
		end(l, c, 0);
}

/* The whole answer, or its end. */
static void fetched(struct tls_loop *l, struct conn *c)
{
	int got;

	while ((got = take(c)) > 0)
		continue;
	if (got == 0)
		wait_for(l, c, EPOLLIN);
	else
		end(l, c, c->len > 12 && memcmp(c->text, "HTTP/1.1 200", 12) == 0);
}

static void dialogue(struct tls_loop *l, struct conn *c)
{
	int code = reply(c);
	int ok = 0;

	if (code == 0) {
		wait_for(l, c, EPOLLIN);
		return;
	}
	if (c->step == GREETING && code == 220)
		ok = say(c, EHLO, "EHLO bench.example\r\n");
	else if (c->step == EHLO && code == 250 && strstr(c->text, "STARTTLS") != NULL)
		ok = say(c, STARTTLS, "STARTTLS\r\n");
	else if (c->step == EHLO_AGAIN && code == 250)
		ok = say(c, QUIT, "QUIT\r\n");
	if (c->step == STARTTLS && code == 220) {
		greet_tls(l, c);
		shake(l, c);
	} else if (ok) {
		wait_for(l, c, EPOLLIN);
	} else {
		end(l, c, c->step == QUIT && code == 221);
	}
}

static void connected(struct tls_loop *l, struct conn *c)
{
	int error = 0;

	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error});
	if (error != 0) {
		end(l, c, 0);
	} else if (l->smtp) {
		c->step = GREETING;
		wait_for(l, c, EPOLLIN);
	} else {
		greet_tls(l, c);
		shake(l, c);
	}
}

static void on_ready(struct tls_loop *l, struct conn *c)
{
	if (c->fd < 0)
		return;
	if (c->step == CONNECT)
		connected(l, c);
	else if (c->step == HANDSHAKE)
		shake(l, c);
	else if (c->step == GET)
		fetched(l, c);
	else
		dialogue(l, c);
}

static void give_up(struct tls_loop *l)
{
	int64_t now = now_ms();

	for (size_t i = 0; i < l->limit; i++)
		if (l->conns[i].fd >= 0 && l->conns[i].deadline_ms < now) {
			l->tally.lost++;
			end(l, &l->conns[i], 0);
		}
}

static void run(struct tls_loop *l)
{
	struct epoll_event events[64];
	size_t slot = 0;

	while (l->tally.done < l->hosts->count) {
		int n;

		while (l->next < l->hosts->count && l->open < l->limit) {
			while (l->conns[slot].fd >= 0)
				slot = (slot + 1) % l->limit;
			dial(l, &l->conns[slot]);
		}
		n = epoll_wait(l->epoll, events, 64, 1000);
		for (int i = 0; i < n; i++)
			on_ready(l, events[i].data.ptr);
		if (n == 0)
			give_up(l);
	}
}

static void all(const char *name, const char *ca_file, const struct list *hosts, size_t in_flight, int smtp)
{
	struct tls_loop l = {
		.ctx = context(ca_file),
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.smtp = smtp,
		.conns = calloc(in_flight, sizeof *l.conns),
		.limit = in_flight,
		.hosts = hosts,
	};

	if (l.conns == NULL)
		die("memory");
	for (size_t i = 0; i < in_flight; i++)
		l.conns[i].fd = -1;
	clock_start();
	run(&l);
	clock_print(name, &l.tally);
	free(l.conns);
	SSL_CTX_free(l.ctx);
}

void https_fetch(const char *ca_file, const struct list *hosts, size_t in_flight)
{
	all("https", ca_file, hosts, in_flight, 0);
}

void starttls_probe(const char *ca_file, const struct list *hosts, size_t in_flight)
{
	all("starttls", ca_file, hosts, in_flight, 1);
}
