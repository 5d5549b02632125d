/*
 * An HTTP/1.1 server on the event loop: strict requests, keep-alive, streams, bounded in everything, and it notices a
 * client that goes away while its request is pending.  [RFC 9110, RFC 9112]
 *
 * All of it runs in the loop's thread.
 */
#ifndef STS_SERVE_HTTPD_H
#define STS_SERVE_HTTPD_H

#include "net/loop.h"
#include "net/tlsserver.h"
#include "proto/httpreq.h"

struct sts_httpd;

/** One request and its answer. It ends when the answer is given (sts_exchange_send, sts_exchange_end) or when the
 * client is gone. */
struct sts_exchange;

struct sts_httpd_limits {
	size_t connections; /* at once */
	size_t per_client;  /* at once from one IPv4 address or IPv6 /64; loopback and proxies are exempt */
	int64_t tls_ms;     /* for the TLS handshake */
	int64_t head_ms;    /* for a whole head, counted from its first octet or from the start of the connection */
	int64_t body_ms;    /* for a whole body */
	int64_t idle_ms;    /* between requests */
	int64_t write_ms;   /* for the other side to take something of an answer; a whole answer gets a second more for
			       each KiB */
};

/** 1024 connections, 64 a client, 10 s for a head, 30 s for a body, 60 s idle, 30 s for writing. */
extern const struct sts_httpd_limits sts_httpd_default_limits;

/** What the server asks of its owner. */
struct sts_httpd_hooks {
	/** The head is read: octets of body to take. More is answered with 413. */
	size_t (*body_max)(struct sts_exchange *x, void *arg);
	/** The request is whole: answer it, now or later. */
	void (*handle)(struct sts_exchange *x, void *arg);
	/** The request cannot be read: answer at once with this status; the connection is closed behind it. why is
	 * static. */
	void (*refuse)(struct sts_exchange *x, unsigned status, const char *why, void *arg);
	/** An answer was begun (streams: at their start), or never came to be (status 499: the client was gone before).
	 */
	void (*answered)(const struct sts_exchange *x, unsigned status, size_t body_len, void *arg);
	/** Connections from there carry many clients. May be NULL. */
	bool (*is_proxy)(const struct sts_address *peer, void *arg);
	/** After sts_httpd_drain(): the last connection ended. */
	void (*drained)(void *arg);
	void *arg;
};

/** NULL when out of memory. */
struct sts_httpd *sts_httpd_new(
	struct sts_loop *loop, const struct sts_httpd_limits *limits, const struct sts_httpd_hooks *hooks);
/** Close everything at once; pending requests count as gone. */
void sts_httpd_free(struct sts_httpd *d);
/** Take connections from a listening, non-blocking descriptor, which becomes the server's. STS_ENOMEM */
STS_MUST_CHECK enum sts_err sts_httpd_listen(struct sts_httpd *d, int fd);
/** New connections speak TLS with this certificate (borrowed; NULL: clear text). */
void sts_httpd_set_tls(struct sts_httpd *d, struct sts_tls_server *tls);
/** Take no more connections, close idle ones, and the others after their answer. hooks.drained follows, never before
 * this returns. */
void sts_httpd_drain(struct sts_httpd *d);
/** Connections open now; refused so far because of the limits. */
size_t sts_httpd_connections(const struct sts_httpd *d);
uint64_t sts_httpd_refused(const struct sts_httpd *d);

/* ---- the request ----------------------------------------------------------------------------------------------- */

const struct sts_request *sts_exchange_request(const struct sts_exchange *x);
/** The body; ends with the exchange. */
struct sts_str sts_exchange_body(const struct sts_exchange *x);
/** Memory that ends with the exchange. */
struct sts_arena *sts_exchange_arena(struct sts_exchange *x);
/** Who connected; for sockets of the file system the address of loopback. */
const struct sts_address *sts_exchange_peer(const struct sts_exchange *x);
bool sts_exchange_is_tls(const struct sts_exchange *x);
/** Milliseconds since the request was whole. */
int64_t sts_exchange_age_ms(const struct sts_exchange *x);
/** A place for the owner's own record of the exchange; NULL at first. */
void sts_exchange_set_data(struct sts_exchange *x, void *data);
void *sts_exchange_data(const struct sts_exchange *x);

/** fn(arg) is called once if the client goes away, or the server is freed, before the answer is complete. The exchange
 * has ended then. */
void sts_exchange_on_gone(struct sts_exchange *x, void (*fn)(void *arg), void *arg);

/* ---- the answer ------------------------------------------------------------------------------------------------- */

/** Add a header line to the answer. Octets that do not belong into one are replaced by "?". */
void sts_exchange_header(struct sts_exchange *x, const char *name, const char *value);
/** Close the connection behind this answer. */
void sts_exchange_close(struct sts_exchange *x);
/** Answer. The body is copied; to HEAD only its length is told. The exchange ends. type may be NULL: no body. */
void sts_exchange_send(struct sts_exchange *x, unsigned status, const char *type, struct sts_str body);
/** Begin an answer whose length is not known. To HEAD nothing but the head is sent, and what is written is dropped. */
void sts_exchange_begin(struct sts_exchange *x, unsigned status, const char *type);
/** More of it; sent when the loop comes round. A client that lets a MiB pile up is cut off. */
void sts_exchange_write(struct sts_exchange *x, struct sts_str data);
/** The answer is complete; the exchange ends. */
void sts_exchange_end(struct sts_exchange *x);

/** "Not Found"; "" for a status without a phrase here. */
const char *sts_http_phrase(unsigned status);
/** The text that stands for a client in limits: an IPv4 address, or the /64 of an IPv6 address. */
void sts_client_key(const struct sts_address *address, char out[static 48]);

#endif
