#include "net/stream.h"

#include "base/clock.h"
#include "net/address.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long an answer of the routing table is good: a check more or less makes no difference, ten thousand a second do. */
#define ROUTES_KEEP_MS 1000

void sts_stream_init(struct sts_stream *s)
{
	*s = (struct sts_stream){.fd = -1};
}

/* ---- connecting -------------------------------------------------------------------------------------------------- */

static bool is_routable(int family);

/* Errors of the routing table come at once and mean this machine; the same from the network come later and mean the
 * other side. */
static enum sts_tcp local_failure(int error, int family, const char **why)
{
	switch (error) {
	case ENETUNREACH:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT:
		if (is_routable(family)) {
			*why = "no route to this network";
			return STS_TCP_UNREACHABLE;
		}
		*why = family == 6 ? "this machine has no IPv6 route" : "this machine has no IPv4 route";
		return STS_TCP_NO_FAMILY;
	case EACCES:
	case EPERM:
		*why = "this machine forbids the connection";
		return STS_TCP_NO_FAMILY;
	case EMFILE:
	case ENFILE:
		*why = "this machine has no free file descriptor";
		return STS_TCP_LOCAL;
	default:
		*why = "this machine cannot open a socket";
		return STS_TCP_LOCAL;
	}
}

static enum sts_tcp network_failure(int error, const char **why)
{
	switch (error) {
	case ECONNREFUSED:
		*why = "the connection was refused";
		return STS_TCP_REFUSED;
	case ECONNRESET:
	case ECONNABORTED:
	case EPIPE:
		*why = "the connection was reset";
		return STS_TCP_REFUSED;
	case ETIMEDOUT:
		*why = "no answer to the connection attempt";
		return STS_TCP_TIMEOUT;
	case ENETUNREACH:
		*why = "the network is unreachable";
		return STS_TCP_UNREACHABLE;
	case EHOSTUNREACH:
	case EHOSTDOWN:
		*why = "the host is unreachable";
		return STS_TCP_UNREACHABLE;
	default:
		*why = "the network gave an error";
		return STS_TCP_UNREACHABLE;
	}
}

enum sts_tcp sts_stream_connect(struct sts_stream *s, const struct sts_address *to, uint16_t port, const char **why)
{
	struct sockaddr_storage sa;
	socklen_t len = sts_address_sockaddr(to, port, &sa);
	int one = 1;

	s->fd = socket(to->family == 6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return local_failure(errno, to->family, why);
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(s->fd, (struct sockaddr *)&sa, len) == 0)
		return STS_TCP_OPEN;
	switch (errno) {
	case EINPROGRESS:
	case EINTR:
		return STS_TCP_PENDING;
	case ECONNREFUSED:
	case ECONNRESET:
	case ECONNABORTED: /* reset at once by a server as near as this machine */
	case EPIPE:
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case EHOSTDOWN:
		return network_failure(errno, why);
	default:
		return local_failure(errno, to->family, why);
	}
}

enum sts_tcp sts_stream_connected(struct sts_stream *s, const char **why)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	return error == 0 ? STS_TCP_OPEN : network_failure(error, why);
}

/* A datagram socket "connects" by asking the routing table. The addresses are those of two root name servers. */
static bool is_routable(int family)
{
	struct sts_address to;
	struct sockaddr_storage sa;
	socklen_t len;
	bool routable;
	int fd;

	if (!sts_address_parse(family == 6 ? "2001:500:2::c" : "192.33.4.12", &to))
		return false;
	len = sts_address_sockaddr(&to, 53, &sa);
	fd = socket(family == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	routable = connect(fd, (struct sockaddr *)&sa, len) == 0;
	close(fd);
	return routable;
}

bool sts_family_routable(int family)
{
	static _Atomic int64_t known[2]; /* when it was asked, in ms, doubled, and 1 more when there is a way */
	_Atomic int64_t *last = &known[family == 6];
	int64_t now = sts_now_ms(), seen = *last;

	if (seen != 0 && now - seen / 2 < ROUTES_KEEP_MS)
		return (seen & 1) != 0;
	seen = 2 * now + is_routable(family);
	*last = seen;
	return (seen & 1) != 0;
}

/* ---- octets ------------------------------------------------------------------------------------------------------ */

bool sts_stream_start_tls(struct sts_stream *s, struct sts_tls_ctx *ctx, const struct sts_tls_params *params,
	struct sts_arena *arena, struct sts_tls *out)
{
	s->tls = sts_tls_session_new(ctx, s->fd, params, arena, out);
	return s->tls != NULL;
}

static enum sts_io plain(ssize_t n, enum sts_io again, size_t *count)
{
	*count = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return STS_IO_DONE;
	if (n == 0)
		return STS_IO_CLOSED;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? again : STS_IO_ERROR;
}

enum sts_io sts_stream_read(struct sts_stream *s, void *buf, size_t len, size_t *got)
{
	if (s->tls != NULL)
		return sts_tls_read(s->tls, buf, len, got);
	return plain(recv(s->fd, buf, len, 0), STS_IO_READ, got);
}

enum sts_io sts_stream_write(struct sts_stream *s, const void *buf, size_t len, size_t *put)
{
	if (s->tls != NULL)
		return sts_tls_write(s->tls, buf, len, put);
	return plain(send(s->fd, buf, len, MSG_NOSIGNAL), STS_IO_WRITE, put);
}

void sts_stream_hasten(struct sts_stream *s)
{
	int one = 1;

	if (s->fd >= 0)
		setsockopt(s->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
}

bool sts_stream_has_arrived(struct sts_stream *s, size_t *count)
{
	int n = 0;

	*count = 0;
	if (ioctl(s->fd, FIONREAD, &n) != 0 || n <= 0)
		return false;
	*count = (size_t)n;
	return true;
}

void sts_stream_close(struct sts_stream *s)
{
	if (s->tls != NULL) {
		sts_tls_goodbye(s->tls);
		sts_tls_session_free(s->tls);
	}
	if (s->fd >= 0)
		close(s->fd);
	sts_stream_init(s);
}
