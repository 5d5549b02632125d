#include "peer.h"

#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* One connection as the server sees it. */
struct play {
	int listener;
	int fd;
	SSL *ssl;
	const struct peer_tls *tls;
};

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	abort();
}

struct sts_address peer_address(void)
{
	struct sts_address a;

	must(sts_address_parse("127.0.0.1", &a), "address");
	return a;
}

static int listen_somewhere(uint16_t *port, int backlog)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof sin;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0 && bind(fd, (struct sockaddr *)&sin, len) == 0, "bind");
	must(backlog < 0 || listen(fd, backlog) == 0, "listen");
	must(getsockname(fd, (struct sockaddr *)&sin, &len) == 0, "getsockname");
	*port = ntohs(sin.sin_port);
	return fd;
}

/* ---- octets ------------------------------------------------------------------------------------------------------ */

static ssize_t get(struct play *p, char *buf, size_t len)
{
	if (p->ssl != NULL) {
		int n = SSL_read(p->ssl, buf, (int)len);

		return n > 0 ? n : -1;
	}
	return recv(p->fd, buf, len, 0);
}

static bool put(struct play *p, const char *buf, size_t len)
{
	if (p->ssl != NULL)
		return SSL_write(p->ssl, buf, (int)len) == (int)len;
	return send(p->fd, buf, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool hear_line(struct play *p, char *line, size_t size)
{
	size_t len = 0;

	while (len + 1 < size && get(p, line + len, 1) == 1)
		if (line[len++] == '\n')
			break;
	line[len] = '\0';
	return len > 0 && line[len - 1] == '\n';
}

static bool hear_request(struct play *p, const char *part, int lines)
{
	char all[8192] = "";
	char line[1024];
	size_t len = 0;
	int count = 0;

	while (hear_line(p, line, sizeof line) && strcmp(line, "\r\n") != 0) {
		len += (size_t)snprintf(all + len, sizeof all - len, "%s", line);
		count++;
		if (len >= sizeof all)
			return false;
	}
	return strstr(all, part) != NULL && (lines == 0 || lines == count);
}

/* ---- TLS --------------------------------------------------------------------------------------------------------- */

static int refuse_name(SSL *ssl, int *alert, void *arg)
{
	(void)ssl;
	(void)arg;
	*alert = SSL_AD_UNRECOGNIZED_NAME;
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *server_ctx(const struct peer_tls *t)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());

	SSL_CTX_set_security_level(c, 0);
	SSL_CTX_set_min_proto_version(c, t->min_version == 0 ? TLS1_VERSION : t->min_version);
	SSL_CTX_set_max_proto_version(c, t->max_version);
	SSL_CTX_set_cipher_list(c, t->ciphers != NULL ? t->ciphers : "ALL:@SECLEVEL=0");
	SSL_CTX_use_certificate(c, t->chain[0]->cert);
	SSL_CTX_use_PrivateKey(c, t->chain[0]->key);
	for (size_t i = 1; i < sizeof t->chain / sizeof *t->chain && t->chain[i] != NULL; i++)
		SSL_CTX_add1_chain_cert(c, t->chain[i]->cert);
	if (t->refuses_name)
		SSL_CTX_set_tlsext_servername_callback(c, refuse_name);
	if (t->wants_client_cert)
		SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return c;
}

static bool shake_hands(struct play *p, bool must_fail)
{
	SSL_CTX *c = server_ctx(p->tls);
	bool ok;

	p->ssl = SSL_new(c);
	SSL_CTX_free(c);
	SSL_set_fd(p->ssl, p->fd);
	ok = SSL_accept(p->ssl) == 1;
	return ok != must_fail;
}

/* ---- the play ---------------------------------------------------------------------------------------------------- */

static bool accept_next(struct play *p, int within_ms)
{
	struct pollfd pfd = {.fd = p->listener, .events = POLLIN};
	struct timeval patience = {.tv_sec = 8};
	int no_delay = !p->tls->nagle;

	if (poll(&pfd, 1, within_ms) != 1)
		return false;
	p->fd = accept(p->listener, NULL, NULL);
	setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(p->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
	return p->fd >= 0;
}

static void hang_up(struct play *p, bool reset)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	if (p->ssl != NULL && !reset)
		SSL_shutdown(p->ssl);
	if (reset)
		setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	SSL_free(p->ssl);
	p->ssl = NULL;
	close(p->fd);
	p->fd = -1;
}

static bool flood(struct play *p, const struct peer_step *s)
{
	for (int i = 0; i < s->n && put(p, s->text, strlen(s->text)); i++)
		continue;
	return true;
}

static bool gone(struct play *p)
{
	char rest[4096];

	while (get(p, rest, sizeof rest) > 0)
		continue;
	return true;
}

static bool play_step(struct play *p, const struct peer_step *s)
{
	char line[2048];

	switch (s->what) {
	case PEER_SAY:
		return put(p, s->text, s->n > 0 ? (size_t)s->n : strlen(s->text));
	case PEER_HEAR:
		return hear_line(p, line, sizeof line) && strncmp(line, s->text, strlen(s->text)) == 0;
	case PEER_REQUEST:
		return hear_request(p, s->text, s->n);
	case PEER_TLS:
		return shake_hands(p, s->n == 1);
	case PEER_WAIT:
		return nanosleep(&(struct timespec){s->n / 1000, s->n % 1000 * 1000000L}, NULL) == 0;
	case PEER_FLOOD:
		return flood(p, s);
	case PEER_GONE:
		return gone(p);
	case PEER_AGAIN:
		hang_up(p, false);
		return accept_next(p, 8000);
	case PEER_UNLESS:
		hang_up(p, false);
		return !accept_next(p, s->n);
	case PEER_RESET:
	case PEER_END:
		hang_up(p, s->what == PEER_RESET);
		return true;
	}
	return false;
}

static int play(int listener, const struct peer_step *steps, const struct peer_tls *tls)
{
	struct play p = {.listener = listener, .fd = -1, .tls = tls};

	signal(SIGPIPE, SIG_IGN);
	if (!accept_next(&p, 8000))
		return 99;
	for (int i = 0;; i++) {
		if (!play_step(&p, &steps[i]))
			return i + 1;
		if (steps[i].what == PEER_END || steps[i].what == PEER_RESET || steps[i].what == PEER_UNLESS)
			return 0;
	}
}

void peer_start(struct peer *peer, const struct peer_step *steps, const struct peer_tls *tls)
{
	peer->fd = listen_somewhere(&peer->port, 8);
	fflush(NULL);
	peer->pid = fork();
	must(peer->pid >= 0, "fork");
	if (peer->pid == 0) {
		alarm(30);
		_exit(play(peer->fd, steps, tls));
	}
	close(peer->fd);
}

int peer_end(struct peer *peer)
{
	int status = 0;

	must(waitpid(peer->pid, &status, 0) == peer->pid, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

/* ---- odds and ends ----------------------------------------------------------------------------------------------- */

uint16_t peer_closed_port(void)
{
	uint16_t port;

	close(listen_somewhere(&port, -1));
	return port;
}

/* A listener whose queue is full: further SYNs are dropped. */
uint16_t peer_silent_port(int hold[static 8])
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	uint16_t port;

	hold[0] = listen_somewhere(&port, 0);
	sin.sin_port = htons(port);
	for (int i = 1; i < 8; i++) {
		hold[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)!connect(hold[i], (struct sockaddr *)&sin, sizeof sin);
	}
	return port;
}

void peer_write_pem(const struct pki_cert *cert, char path[static 32])
{
	FILE *f;
	int fd;

	snprintf(path, 32, "/tmp/sts-test-XXXXXX");
	fd = mkstemp(path);
	must(fd >= 0, "mkstemp");
	f = fdopen(fd, "w");
	must(f != NULL && PEM_write_X509(f, cert->cert) == 1 && fclose(f) == 0, "PEM");
}
