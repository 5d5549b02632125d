/* TLS on a connected socket, and the judgement of certificates. OpenSSL lives in net/tls.c and net/cert.c. */
#ifndef STS_NET_TLS_H
#define STS_NET_TLS_H

#include "proto/seen.h"
#include "proto/tlsa.h"

/** Trusted roots and settings, shared by all sessions of an engine. */
struct sts_tls_ctx;

/**
 * @param ca_file  PEM file of trusted roots, or NULL for the system's hashed directory (no slow parsing of the bundle)
 * @param why      on failure a sentence, static or good until the next call
 * @return STS_OK; STS_EINVAL: the CA file cannot be read or holds no certificate; STS_ENOMEM; STS_ESYSTEM
 */
STS_MUST_CHECK enum sts_err sts_tls_ctx_new(const char *ca_file, struct sts_tls_ctx **out, const char **why);
void sts_tls_ctx_free(struct sts_tls_ctx *ctx);
/** Name of the store used, for vantage; owned by ctx. */
const char *sts_tls_ctx_store(const struct sts_tls_ctx *ctx);

/** What a step of a session wants next. */
enum sts_io { STS_IO_DONE, STS_IO_READ, STS_IO_WRITE, STS_IO_CLOSED, STS_IO_ERROR };

struct sts_tls_session;

/** How to judge and whom to greet. */
struct sts_tls_params {
	const char *name;             /* SNI, and the reference name of the certificate; A-labels */
	const char *alpn;             /* "http/1.1", or NULL */
	int64_t judged_at;            /* dates are judged at this time */
	const struct sts_tlsa *tlsa;  /* secure TLSA records for DANE (usable or not), or NULL */
	size_t tlsa_count;
	const char *tlsa_base;        /* TLSA base domain: also a reference name for usage 2.  [RFC 7672 section 3.2.2] */
	const char *next_hop;         /* the mail domain, a reference name for usage 2 too, or NULL.  [RFC 7672 section 3.2.2] */
	bool old_only;                /* offer TLS 1.0 and 1.1 and nothing else: to confirm that a server has no newer one */
};

/**
 * A session on a connected, non-blocking descriptor (not taken over). Facts go to *out, which is zeroed first. Strings of params are borrowed until
 * the session is freed. NULL when out of memory.
 */
struct sts_tls_session *sts_tls_session_new(struct sts_tls_ctx *ctx, int fd, const struct sts_tls_params *params,
	struct sts_arena *arena, struct sts_tls *out);
void sts_tls_session_free(struct sts_tls_session *s);

/**
 * Go on with the handshake. STS_IO_DONE: complete, out is filled (state, version, cipher, chain, problems, dane). STS_IO_READ/WRITE: wait
 * for that and call again. STS_IO_ERROR/CLOSED: out->state, alert and error say why.
 * A bad certificate never ends it: all faults of the chain are noted in out->problems.
 */
enum sts_io sts_tls_handshake(struct sts_tls_session *s);
/** The time for the handshake is up: fills out->state (STS_TLS_TIMEOUT, or STS_TLS_NOT_TLS when what came so far is none), error, duration. */
void sts_tls_give_up(struct sts_tls_session *s);
/** The server chose a protocol older than TLS 1.2, by its own ServerHello. */
bool sts_tls_chose_old(const struct sts_tls_session *s);
/** A handshake that ended like this may be that of a server without TLS 1.2: worth a second one with old_only. */
bool sts_tls_may_be_old(const struct sts_tls *tls);
/** Write into *tls that the server has nothing newer than what a second handshake (old_only) got. */
void sts_tls_confirm_old(struct sts_tls *tls, const struct sts_tls *second, struct sts_arena *arena);

/**
 * At most len octets; *got set on STS_IO_DONE, else 0. STS_IO_CLOSED: the other side ended, with close_notify or without. STS_IO_ERROR: reset, or a fatal
 * alert (out->alert names it), or broken TLS; out->error tells.
 */
enum sts_io sts_tls_read(struct sts_tls_session *s, void *buf, size_t len, size_t *got);
/** *put set on STS_IO_DONE, else 0. STS_IO_CLOSED: the other side takes no more; what it said before may still be read. */
enum sts_io sts_tls_write(struct sts_tls_session *s, const void *buf, size_t len, size_t *put);
/** Send close_notify if that is possible without waiting. */
void sts_tls_goodbye(struct sts_tls_session *s);

#endif
