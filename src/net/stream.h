/* A TCP connection, and octets over it, in clear or through TLS. Never waits. */
#ifndef STS_NET_STREAM_H
#define STS_NET_STREAM_H

#include "net/tls.h"

/** How a connection attempt stands. */
enum sts_tcp {
	STS_TCP_OPEN,
	STS_TCP_PENDING,     /* wait until writable, then sts_stream_connected() */
	STS_TCP_REFUSED,
	STS_TCP_TIMEOUT,     /* the system gave up */
	STS_TCP_UNREACHABLE, /* the network says that there is no way */
	STS_TCP_NO_FAMILY,   /* this machine has no way to such addresses, or forbids it: nothing was learnt about the other side */
	STS_TCP_LOCAL,       /* this machine lacks something else (descriptors, memory): nothing was learnt */
};

struct sts_stream {
	int fd;                      /* -1: closed */
	struct sts_tls_session *tls; /* NULL: in clear */
};

/** A closed stream. */
void sts_stream_init(struct sts_stream *s);
/**
 * Begin to connect. TCP_NODELAY is on.
 *
 * @param why  words of ours unless OPEN or PENDING; static
 */
enum sts_tcp sts_stream_connect(struct sts_stream *s, const struct sts_address *to, uint16_t port, const char **why);
/** The outcome, once the descriptor is writable. */
enum sts_tcp sts_stream_connected(struct sts_stream *s, const char **why);
/** Begin TLS on it. @return false: it cannot be set up here; out->state stays STS_TLS_NOT_TRIED */
STS_MUST_CHECK bool sts_stream_start_tls(struct sts_stream *s, struct sts_tls_ctx *ctx, const struct sts_tls_params *params,
	struct sts_arena *arena, struct sts_tls *out);

/** At most len octets; *got is 0 unless STS_IO_DONE. STS_IO_CLOSED: the other side ended. STS_IO_ERROR: reset, or broken TLS. */
enum sts_io sts_stream_read(struct sts_stream *s, void *buf, size_t len, size_t *got);
enum sts_io sts_stream_write(struct sts_stream *s, const void *buf, size_t len, size_t *put);
/**
 * Before each wait for an answer: acknowledge at once, or a server with Nagle's algorithm on stalls for 40 ms. The system forgets it, so it is
 * asked for again every time.
 */
void sts_stream_hasten(struct sts_stream *s);
/** Octets have arrived that nobody read yet. In clear only. */
bool sts_stream_has_arrived(struct sts_stream *s, size_t *count);
/** Say goodbye where TLS stands, and close; closed streams are fine. */
void sts_stream_close(struct sts_stream *s);

/** This machine has a way to public addresses of the family (4 or 6): asks the routing table, at most once a second, and sends nothing. Any thread. */
bool sts_family_routable(int family);

#endif
