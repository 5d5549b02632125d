/* One SMTP session up to the certificate, then QUIT; never MAIL FROM.  [RFC 5321, RFC 3207] */
#ifndef STS_PROBE_SMTP_H
#define STS_PROBE_SMTP_H

#include "net/loop.h"
#include "net/tls.h"
#include "proto/seen.h"

struct sts_smtp_params {
	const char *host;            /* MX name: SNI and reference name */
	const char *helo;            /* said in EHLO */
	uint16_t port;
	struct sts_address address;
	bool deny_private;
	int64_t judged_at;
	int64_t deadline_ms;         /* monotonic, of the whole check */
	int64_t connect_ms;          /* time allowed for TCP */
	int64_t greeting_ms;         /* for the greeting (slow ones are legal) */
	int64_t reply_ms;            /* for every other reply and for the handshake */
	const struct sts_tlsa *tlsa; /* secure records, or NULL */
	size_t tlsa_count;
	const char *tlsa_base;
	const char *next_hop;        /* the mail domain: one more reference name for usage 2.  [RFC 7672 section 3.2.2] */
}; /* strings and records are borrowed until done or cancel */

typedef void sts_smtp_fn(struct sts_smtp *result, void *arg);
struct sts_smtp_op;

/**
 * Start. At most two connections: a second one only after the first was lost without a word, or, to confirm that nothing newer than TLS 1.1 is
 * spoken, after an alert protocol_version. Reaching deadline_ms is STS_SMTP_CANCELLED unless the handshake was over. QUIT is said where
 * the session allows, and waited for two seconds at most.
 *
 * @param out   filled; borrowed until done or cancel
 * @param done  called exactly once, never before this returns, not after cancel
 */
struct sts_smtp_op *sts_smtp_start(struct sts_loop *loop, struct sts_tls_ctx *tls, struct sts_arena *arena,
	const struct sts_smtp_params *params, struct sts_smtp *out, sts_smtp_fn *done, void *arg);
void sts_smtp_cancel(struct sts_smtp_op *op);

#endif
