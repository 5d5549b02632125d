/* DANE for SMTP within a TLS handshake: usages 2 and 3.  [RFC 7672, RFC 7671] */
#ifndef STS_NET_DANE_H
#define STS_NET_DANE_H

#include "net/tls.h"

#include <openssl/ssl.h>

/**
 * Hand the usable records to a session before its handshake. Needs SSL_CTX_dane_enable() on its context. Digest agility (RFC 7671 section 9) is the library's.
 *
 * @param state  STS_DANE_NONE: no records at all; STS_DANE_UNUSABLE: none that mail can use; STS_DANE_UNKNOWN: not judged yet
 * @return true: the chain is to be judged in the handshake by sts_dane_judge()
 */
bool sts_dane_prepare(SSL *ssl, const struct sts_tls_params *params, enum sts_dane_state *state);

/**
 * Judge the chain of a handshake, from its certificate callback.
 *
 * @param words  STS_DANE_MISMATCH: why, static
 * @param type   STS_DANE_MISMATCH: the result type that senders report (RFC 8460 section 4.3), static
 * @return STS_DANE_PASS; STS_DANE_MISMATCH
 */
enum sts_dane_state sts_dane_judge(X509_STORE_CTX *ctx, const char **words, const char **type);

/** The record that matched, as text, once the handshake is over; NULL when none did. */
const char *sts_dane_matched(SSL *ssl, struct sts_arena *arena);

#endif
