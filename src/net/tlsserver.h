/* TLS towards those who connect to us. OpenSSL. */
#ifndef STS_NET_TLSSERVER_H
#define STS_NET_TLSSERVER_H

#include "net/tls.h"

/** A certificate with its key, and settings. Sessions keep what they need of it, so it may be replaced at any time. */
struct sts_tls_server;
/** One connection. */
struct sts_tls_peer;

/**
 * TLS 1.2 and 1.3, ALPN http/1.1.
 *
 * @param cert_file  PEM, the chain behind the certificate
 * @param why        on failure a sentence; good until the thread's next call
 * @return STS_OK; STS_EINVAL: the files cannot be used; STS_ENOMEM
 */
STS_MUST_CHECK enum sts_err sts_tls_server_new(
	const char *cert_file, const char *key_file, struct sts_tls_server **out, const char **why);
void sts_tls_server_free(struct sts_tls_server *server);

/** A session on an accepted, non-blocking descriptor, which is not taken over; NULL when out of memory. */
struct sts_tls_peer *sts_tls_peer_new(struct sts_tls_server *server, int fd);
void sts_tls_peer_free(struct sts_tls_peer *peer);

/** Go on with the handshake: STS_IO_DONE, READ, WRITE, CLOSED or ERROR. */
enum sts_io sts_tls_peer_accept(struct sts_tls_peer *peer);
/** At most len octets; *got is set on STS_IO_DONE. */
enum sts_io sts_tls_peer_read(struct sts_tls_peer *peer, void *buf, size_t len, size_t *got);
enum sts_io sts_tls_peer_write(struct sts_tls_peer *peer, const void *buf, size_t len, size_t *put);
/** Say goodbye, if that goes without waiting. */
void sts_tls_peer_goodbye(struct sts_tls_peer *peer);

#endif
