#include "probe/stub_wire.h"

#include "probe/servers.h"
#include "proto/dnsmsg.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define SOCKETS_MAX 64
#define REPLIES 64 /* of one system call */
/* Datagrams of one length that the kernel takes as one and cuts up late; UDP_MAX_SEGMENTS of the kernel. */
#define SEGMENTS_MAX 64
#define LENGTHS (STS_DNS_QUERY_MAX + 1)
#define RECEIVE_BUFFER (4 * 1024 * 1024)
/* Batches read in one go: a process that slept finds all its replies before it believes that they are late. */
#define READS_MAX 64

/* A UDP socket. */
struct udp {
	ares_socket_t fd;
	struct sockaddr_storage peer;
	socklen_t peer_len;
	int error; /* of sending; for the channel's next read */
	bool told; /* sts_wire_failed() gave it */
};

/* Questions that wait, all of one socket; by length when they are sent. */
struct outbox {
	ares_socket_t fd;
	unsigned count;
	bool whole; /* no segments: the way to the server cannot take them */
	uint16_t lengths[STS_WIRE_BATCH];
	uint8_t octets[STS_WIRE_BATCH][STS_DNS_QUERY_MAX];
	/* on their way out */
	struct mmsghdr headers[STS_WIRE_BATCH];
	struct iovec vectors[STS_WIRE_BATCH];
	uint16_t order[STS_WIRE_BATCH];
	struct segment_size {
		_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(uint16_t))];
	} sizes[STS_WIRE_BATCH];
};

/* Replies that were read, all of one socket. */
struct inbox {
	ares_socket_t fd;
	unsigned count, at;
	unsigned reads; /* in a row */
	struct mmsghdr headers[REPLIES];
	struct iovec vectors[REPLIES];
	uint8_t *octets;
};

struct sts_wire {
	struct udp sockets[SOCKETS_MAX];
	size_t socket_count;
	struct outbox out;
	struct inbox in;
};

static struct udp *find(struct sts_wire *wire, ares_socket_t fd)
{
	for (size_t i = 0; i < wire->socket_count; i++)
		if (wire->sockets[i].fd == fd)
			return &wire->sockets[i];
	return NULL;
}

static void fail(struct sts_wire *wire, ares_socket_t fd, int error)
{
	struct udp *socket = find(wire, fd);

	socket->error = error;
	socket->told = false;
}

/* ---- sending -------------------------------------------------------------------------------------------------------- */

/* Waiting questions by length. */
static void sort(struct outbox *out)
{
	uint16_t starts[LENGTHS + 1] = {0};

	for (unsigned i = 0; i < out->count; i++)
		starts[out->lengths[i] + 1]++;
	for (unsigned len = 1; len <= LENGTHS; len++)
		starts[len] = (uint16_t)(starts[len] + starts[len - 1]);
	for (unsigned i = 0; i < out->count; i++)
		out->order[starts[out->lengths[i]]++] = (uint16_t)i;
}

static void set_segment_size(struct msghdr *m, struct segment_size *size, uint16_t len)
{
	struct cmsghdr *c;

	m->msg_control = size->room;
	m->msg_controllen = sizeof size->room;
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof len);
	memcpy(CMSG_DATA(c), &len, sizeof len);
}

/* Messages of the questions from so many on: those of one length make one. @return how many */
static unsigned pack(struct outbox *out, unsigned from)
{
	unsigned messages = 0;

	for (unsigned i = from, end; i < out->count; i = end) {
		uint16_t len = out->lengths[out->order[i]];
		struct msghdr *m = &out->headers[messages].msg_hdr;

		for (end = i; end < out->count && out->lengths[out->order[end]] == len && end - i < (out->whole ? 1 : SEGMENTS_MAX); end++)
			out->vectors[end] = (struct iovec){out->octets[out->order[end]], len};
		*m = (struct msghdr){.msg_iov = &out->vectors[i], .msg_iovlen = end - i};
		if (end - i > 1)
			set_segment_size(m, &out->sizes[messages], len);
		messages++;
	}
	return messages;
}

/* So many, in order, are gone; the others move up. */
static void drop(struct outbox *out, unsigned sent)
{
	bool gone[STS_WIRE_BATCH] = {false};
	unsigned kept = 0;

	for (unsigned i = 0; i < sent; i++)
		gone[out->order[i]] = true;
	for (unsigned i = 0; i < out->count && sent < out->count; i++) {
		if (gone[i])
			continue;
		memmove(out->octets[kept], out->octets[i], out->lengths[i]);
		out->lengths[kept++] = out->lengths[i];
	}
	out->count = kept;
}

static bool no_room(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM || error == EINTR;
}

/* What the kernel says when it cannot cut messages up on this way. */
static bool no_segments(int error)
{
	return error == EIO || error == EINVAL || error == EMSGSIZE || error == EOPNOTSUPP;
}

/* @return how many of the messages are gone; 0: errno says why */
static unsigned hand_over(struct outbox *out, unsigned messages)
{
	int n = sendmmsg(out->fd, out->headers, messages, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 ? 0 : (unsigned)n;
}

void sts_wire_flush(struct sts_wire *wire)
{
	struct outbox *out = &wire->out;
	unsigned sent = 0;

	sort(out);
	while (sent < out->count) {
		unsigned messages = hand_over(out, pack(out, sent));

		for (unsigned i = 0; i < messages; i++)
			sent += (unsigned)out->headers[i].msg_hdr.msg_iovlen;
		if (messages > 0)
			continue;
		if (no_room(errno))
			break;
		if (!out->whole && no_segments(errno)) {
			out->whole = true;
			continue;
		}
		/* all that is out on this socket is asked anew: these too */
		fail(wire, out->fd, errno);
		sent = out->count;
	}
	drop(out, sent);
}

/* @return false: there is no room now */
static bool post(struct sts_wire *wire, ares_socket_t fd, const struct iovec *parts, int count, size_t len)
{
	struct outbox *out = &wire->out;
	size_t at = 0;

	if (out->count == STS_WIRE_BATCH || (out->count > 0 && out->fd != fd))
		sts_wire_flush(wire);
	if (out->count == STS_WIRE_BATCH || (out->count > 0 && out->fd != fd))
		return false;
	for (int i = 0; i < count; i++) {
		memcpy(out->octets[out->count] + at, parts[i].iov_base, parts[i].iov_len);
		at += parts[i].iov_len;
	}
	out->fd = fd;
	out->lengths[out->count++] = (uint16_t)len;
	return true;
}

static ares_ssize_t on_send(ares_socket_t fd, const struct iovec *parts, int count, void *arg)
{
	struct sts_wire *wire = arg;
	size_t len = 0;

	for (int i = 0; i < count; i++)
		len += parts[i].iov_len;
	if (len > STS_DNS_QUERY_MAX || find(wire, fd) == NULL)
		return sendmsg(fd, &(struct msghdr){.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count}, MSG_NOSIGNAL);
	if (post(wire, fd, parts, count, len))
		return (ares_ssize_t)len;
	errno = EAGAIN;
	return -1;
}

/* ---- receiving ------------------------------------------------------------------------------------------------------ */

/* @return false: nothing is there; errno says why */
static bool fetch(struct inbox *in, ares_socket_t fd)
{
	bool drained = in->fd == fd && (in->count < REPLIES || in->reads == READS_MAX);
	int n;

	if (drained) {
		/* the loop tells when there is more */
		in->fd = ARES_SOCKET_BAD;
		errno = EAGAIN;
		return false;
	}
	n = recvmmsg(fd, in->headers, REPLIES, MSG_DONTWAIT, NULL);
	if (n <= 0) {
		in->fd = ARES_SOCKET_BAD;
		return false;
	}
	in->reads = in->fd == fd ? in->reads + 1 : 1;
	in->fd = fd;
	in->count = (unsigned)n;
	in->at = 0;
	return true;
}

static ares_ssize_t take(struct sts_wire *wire, struct udp *from, void *buffer, size_t size)
{
	struct inbox *in = &wire->in;
	size_t len;

	if (from->error != 0) {
		errno = from->error;
		from->error = 0;
		return -1;
	}
	if (!sts_wire_holds(wire, from->fd) && !fetch(in, from->fd))
		return -1;
	len = in->headers[in->at].msg_len < size ? in->headers[in->at].msg_len : size;
	memcpy(buffer, in->vectors[in->at++].iov_base, len);
	return (ares_ssize_t)len;
}

static ares_ssize_t on_receive(
	ares_socket_t fd, void *buffer, size_t size, int flags, struct sockaddr *from, ares_socklen_t *from_len, void *arg)
{
	struct udp *socket = find(arg, fd);
	ares_ssize_t n;

	if (socket == NULL)
		return recvfrom(fd, buffer, size, flags, from, from_len);
	n = take(arg, socket, buffer, size);
	/* a connected socket hears nobody else */
	if (n >= 0 && from != NULL && *from_len >= socket->peer_len) {
		memcpy(from, &socket->peer, socket->peer_len);
		*from_len = socket->peer_len;
	}
	return n;
}

bool sts_wire_holds(const struct sts_wire *wire, ares_socket_t fd)
{
	return wire->in.fd == fd && wire->in.at < wire->in.count;
}

ares_socket_t sts_wire_failed(struct sts_wire *wire)
{
	for (size_t i = 0; i < wire->socket_count; i++) {
		struct udp *socket = &wire->sockets[i];

		if (socket->error == 0 || socket->told)
			continue;
		socket->told = true;
		return socket->fd;
	}
	return ARES_SOCKET_BAD;
}

/* ---- sockets -------------------------------------------------------------------------------------------------------- */

static ares_socket_t on_socket(int family, int type, int protocol, void *arg)
{
	struct sts_wire *wire = arg;
	ares_socket_t fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return ARES_SOCKET_BAD;
	if (type != SOCK_DGRAM) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
		return fd;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){RECEIVE_BUFFER}, sizeof(int));
	/* one more than there can be goes straight through */
	if (wire->socket_count < SOCKETS_MAX)
		wire->sockets[wire->socket_count++] = (struct udp){.fd = fd};
	return fd;
}

static int on_connect(ares_socket_t fd, const struct sockaddr *peer, ares_socklen_t len, void *arg)
{
	struct udp *socket = find(arg, fd);

	if (socket != NULL && len <= sizeof socket->peer) {
		memcpy(&socket->peer, peer, len);
		socket->peer_len = len;
	}
	return connect(fd, peer, len);
}

/* Its number may be given again: nothing of it may be left. */
static int on_close(ares_socket_t fd, void *arg)
{
	struct sts_wire *wire = arg;
	struct udp *socket = find(wire, fd);

	if (socket != NULL) {
		*socket = wire->sockets[--wire->socket_count];
		if (wire->out.fd == fd)
			wire->out.count = 0;
		if (wire->in.fd == fd)
			wire->in.fd = ARES_SOCKET_BAD;
	}
	return close(fd);
}

void sts_wire_carry(struct sts_wire *wire, ares_channel channel)
{
	static const struct ares_socket_functions functions = {on_socket, on_close, on_connect, on_receive, on_send};

	ares_set_socket_functions(channel, &functions, wire);
}

struct sts_wire *sts_wire_new(size_t reply_max)
{
	struct sts_wire *wire = calloc(1, sizeof *wire);
	/* apart by an odd number of cache lines, or their beginnings would drive one another out of it */
	size_t stride = (reply_max + 1 + 63) / 64 * 64 | 64;

	if (wire == NULL || (wire->in.octets = malloc(stride * REPLIES)) == NULL) {
		free(wire);
		return NULL;
	}
	wire->in.fd = ARES_SOCKET_BAD;
	for (unsigned i = 0; i < REPLIES; i++) {
		wire->in.vectors[i] = (struct iovec){wire->in.octets + i * stride, reply_max + 1};
		wire->in.headers[i].msg_hdr = (struct msghdr){.msg_iov = &wire->in.vectors[i], .msg_iovlen = 1};
	}
	return wire;
}

void sts_wire_free(struct sts_wire *wire)
{
	if (wire == NULL)
		return;
	free(wire->in.octets);
	free(wire);
}
