/*
 * Mail servers of the bench's internet, thousands of them in one process: greeting, EHLO, STARTTLS, EHLO, QUIT.
 *
 *     mailserver CERTIFICATES      a folder of NAME.pem (key, leaf, chain); "default.pem" for other names
 *
 * Listens on port 25 of every address. What an address does is told by its third octet in MOODS: see mood_of().
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOODS 0x2d5b0000u /* 45.91.0.0/16 */
#define SLOTS 65536

enum mood { WELL, NO_STARTTLS, BUSY, SILENT };

struct identity {
	char *name;
	EVP_PKEY *key;
	X509 *leaf;
	STACK_OF(X509) * chain;
};

struct conn {
	int fd;
	enum mood mood;
	SSL *ssl;
	bool shaken;
	size_t len;
	char line[1024];
};

static SSL_CTX *ctx;
static const char *folder;
static struct identity identities[SLOTS];
static int epoll_fd;

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- certificates by name, read when first asked for ----------------------------------------------------------------- */

static bool identity_read(struct identity *who)
{
	char path[512];
	FILE *f;
	X509 *more;

	snprintf(path, sizeof path, "%s/%s.pem", folder, who->name);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	who->key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	who->leaf = PEM_read_X509(f, NULL, NULL, NULL);
	who->chain = sk_X509_new_null();
	while ((more = PEM_read_X509(f, NULL, NULL, NULL)) != NULL)
		sk_X509_push(who->chain, more);
	ERR_clear_error();
	fclose(f);
	return who->key != NULL && who->leaf != NULL;
}

static struct identity *identity_find(const char *name)
{
	uint32_t hash = 2166136261u;

	for (const char *p = name; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	for (uint32_t i = hash % SLOTS;; i = (i + 1) % SLOTS) {
		struct identity *who = &identities[i];

		if (who->name != NULL && strcmp(who->name, name) == 0)
			return who;
		if (who->name != NULL)
			continue;
		who->name = strdup(name);
		if (!identity_read(who) && strcmp(name, "default") != 0)
			*who = (struct identity){who->name, identity_find("default")->key, identity_find("default")->leaf,
				identity_find("default")->chain};
		return who;
	}
}

static int choose_certificate(SSL *ssl, void *arg)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const struct identity *who = identity_find(name != NULL && strchr(name, '/') == NULL ? name : "default");

	(void)arg;
	return SSL_use_cert_and_key(ssl, who->leaf, who->key, who->chain, 1);
}

/* ---- one connection -------------------------------------------------------------------------------------------------- */

static enum mood mood_of(int fd)
{
	struct sockaddr_in at;
	socklen_t len = sizeof at;
	uint32_t address;

	if (getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		return WELL;
	address = ntohl(at.sin_addr.s_addr);
	return (address & 0xffff0000u) == MOODS ? (enum mood)(address >> 8 & 3) : WELL;
}

static void end(struct conn *c)
{
	SSL_free(c->ssl);
	close(c->fd);
	free(c);
}

static void watch(struct conn *c, uint32_t what)
{
	struct epoll_event e = {.events = what, .data.ptr = c};

	epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &e);
}

static bool say(struct conn *c, const char *text)
{
	size_t len = strlen(text);

	if (c->ssl != NULL)
		return SSL_write(c->ssl, text, (int)len) == (int)len;
	return send(c->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* false: the connection is over */
static bool obey(struct conn *c, const char *line)
{
	if (strncasecmp(line, "EHLO", 4) == 0 || strncasecmp(line, "HELO", 4) == 0)
		return say(c, c->ssl != NULL || c->mood == NO_STARTTLS ? "250-mail.bench\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
								       : "250-mail.bench\r\n250-PIPELINING\r\n250 STARTTLS\r\n");
	if (strncasecmp(line, "STARTTLS", 8) == 0 && c->ssl == NULL && c->mood != NO_STARTTLS) {
		if (!say(c, "220 go on\r\n"))
			return false;
		c->ssl = SSL_new(ctx);
		SSL_set_fd(c->ssl, c->fd);
		SSL_set_accept_state(c->ssl);
		return true;
	}
	if (strncasecmp(line, "QUIT", 4) == 0) {
		say(c, "221 bye\r\n");
		return false;
	}
	return say(c, strncasecmp(line, "NOOP", 4) == 0 || strncasecmp(line, "RSET", 4) == 0 ? "250 fine\r\n" : "502 no\r\n");
}

static ssize_t take(struct conn *c)
{
	size_t room = sizeof c->line - 1 - c->len;

	if (c->ssl == NULL)
		return recv(c->fd, c->line + c->len, room, 0);
	return SSL_read(c->ssl, c->line + c->len, (int)room);
}

static bool waits(struct conn *c, ssize_t n)
{
	return c->ssl == NULL ? n < 0 && errno == EAGAIN : SSL_get_error(c->ssl, (int)n) == SSL_ERROR_WANT_READ;
}

static bool shake(struct conn *c)
{
	int r = SSL_do_handshake(c->ssl);
	int why = r == 1 ? 0 : SSL_get_error(c->ssl, r);

	c->shaken = r == 1;
	watch(c, why == SSL_ERROR_WANT_WRITE ? EPOLLOUT : EPOLLIN);
	return r == 1 || why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

static bool go_on(struct conn *c)
{
	ERR_clear_error();
	while (c->ssl == NULL || c->shaken || shake(c)) {
		ssize_t n;
		char *lf;

		if (c->ssl != NULL && !c->shaken)
			return true;
		n = take(c);
		if (n <= 0)
			return waits(c, n);
		c->len += (size_t)n;
		c->line[c->len] = '\0';
		while ((lf = strchr(c->line, '\n')) != NULL) {
			bool plain = c->ssl == NULL;

			if (!obey(c, c->line))
				return false;
			c->len -= (size_t)(lf + 1 - c->line);
			memmove(c->line, lf + 1, c->len + 1);
			if (plain && c->ssl != NULL)
				c->len = 0;
		}
		if (c->len == sizeof c->line - 1)
			return false;
	}
	return false;
}

static void take_connections(int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct conn *c = calloc(1, sizeof *c);
		struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};

		if (c == NULL)
			die("memory");
		c->fd = fd;
		c->mood = mood_of(fd);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e);
		if (c->mood == BUSY) {
			say(c, "421 come back later\r\n");
			end(c);
		} else if (c->mood != SILENT && !say(c, "220 mail.bench ESMTP\r\n")) {
			end(c);
		}
	}
}

static int listen_everywhere(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(25)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 8192) != 0)
		die("port 25");
	return fd;
}

int main(int argc, char **argv)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL};
	int listener = listen_everywhere();

	if (argc != 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	folder = argv[1];
	ctx = SSL_CTX_new(TLS_server_method());
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (ctx == NULL || epoll_fd < 0 || identity_find("default")->leaf == NULL)
		die("start");
	SSL_CTX_set_cert_cb(ctx, choose_certificate, NULL);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &e);
	for (;;) {
		struct epoll_event events[64];
		int n = epoll_wait(epoll_fd, events, 64, -1);

		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;

			if (c == NULL)
				take_connections(listener);
			else if (!go_on(c))
				end(c);
		}
	}
}
