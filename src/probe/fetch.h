/* One GET of a policy at one address: TCP, TLS, HTTP, body, each layer a fact of its own.  [RFC 8461 section 3.3] */
#ifndef STS_PROBE_FETCH_H
#define STS_PROBE_FETCH_H

#include "net/loop.h"
#include "net/tls.h"
#include "proto/seen.h"

struct sts_fetch_params {
	const char *host;      /* SNI, Host and reference name */
	const char *path;      /* "/.well-known/mta-sts.txt" */
	const char *contact;   /* said in User-Agent, or NULL */
	uint16_t port;
	struct sts_address address;
	bool deny_private;
	int64_t judged_at;
	int64_t deadline_ms;   /* monotonic, of the whole check: reaching it is STS_FETCH_CANCELLED while connecting, when the fetch had less than 1.5 s or had to wait, else a timeout of the layer at hand */
	int64_t connect_ms;    /* time allowed for TCP, and for each silent wait of the handshake; 10000 */
	int64_t total_ms;      /* time allowed for the whole fetch; 60000.  [RFC 8461 section 3.3] */
	bool had_to_wait;      /* for its turn: the check's deadline says nothing about the server */
	bool tls_only;         /* stop after the handshake (for rua endpoints) */
}; /* strings are borrowed until done or cancel */

typedef void sts_fetch_fn(struct sts_fetch *result, void *arg);
struct sts_fetch_op;

/**
 * Start. Redirects are never followed, no cookies, no decoding, at most STS_POLICY_MAX octets of body. When the handshake tells of an old protocol only, that is
 * confirmed by a second, short connection that offers TLS 1.0 and 1.1.
 *
 * @param out   filled; borrowed until done or cancel
 * @param done  called exactly once, never before this returns, not after cancel
 */
struct sts_fetch_op *sts_fetch_start(struct sts_loop *loop, struct sts_tls_ctx *tls, struct sts_arena *arena,
	const struct sts_fetch_params *params, struct sts_fetch *out, sts_fetch_fn *done, void *arg);
void sts_fetch_cancel(struct sts_fetch_op *op);

#endif
