#include "net/tlsserver.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

struct sts_tls_server {
	SSL_CTX *ctx;
};

struct sts_tls_peer {
	SSL *ssl;
};

static _Thread_local char message[512];

/* Clients that offer ALPN without http/1.1 are answered all the same: HTTP/1.1 is what they get.  [RFC 7301 section 3.2
 * allows an alert] */
static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
	unsigned int in_len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static enum sts_err fail(struct sts_tls_server *server, const char *file, const char **why)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	snprintf(message, sizeof message, "%.300s: %s", file, reason != NULL ? reason : "cannot be used for TLS");
	*why = message;
	ERR_clear_error();
	sts_tls_server_free(server);
	return STS_EINVAL;
}

enum sts_err sts_tls_server_new(
	const char *cert_file, const char *key_file, struct sts_tls_server **out, const char **why)
{
	struct sts_tls_server *server = calloc(1, sizeof *server);

	*why = "out of memory";
	if (server == NULL)
		return STS_ENOMEM;
	server->ctx = SSL_CTX_new(TLS_server_method());
	if (server->ctx == NULL) {
		free(server);
		return STS_ENOMEM;
	}
	SSL_CTX_set_min_proto_version(server->ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(
		server->ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(server->ctx,
		SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(server->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(server->ctx, choose_alpn, NULL);
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(server->ctx, cert_file) != 1)
		return fail(server, cert_file, why);
	if (SSL_CTX_use_PrivateKey_file(server->ctx, key_file, SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_check_private_key(server->ctx) != 1)
		return fail(server, key_file, why);
	*out = server;
	return STS_OK;
}

void sts_tls_server_free(struct sts_tls_server *server)
{
	if (server == NULL)
		return;
	SSL_CTX_free(server->ctx);
	free(server);
}

struct sts_tls_peer *sts_tls_peer_new(struct sts_tls_server *server, int fd)
{
	struct sts_tls_peer *peer = calloc(1, sizeof *peer);

	if (peer == NULL)
		return NULL;
	peer->ssl = SSL_new(server->ctx);
	if (peer->ssl == NULL || SSL_set_fd(peer->ssl, fd) != 1) {
		sts_tls_peer_free(peer);
		return NULL;
	}
	SSL_set_accept_state(peer->ssl);
	return peer;
}

void sts_tls_peer_free(struct sts_tls_peer *peer)
{
	if (peer == NULL)
		return;
	SSL_free(peer->ssl);
	free(peer);
}

static enum sts_io outcome(struct sts_tls_peer *peer, int rc)
{
	switch (SSL_get_error(peer->ssl, rc)) {
	case SSL_ERROR_NONE:
		return STS_IO_DONE;
	case SSL_ERROR_WANT_READ:
		return STS_IO_READ;
	case SSL_ERROR_WANT_WRITE:
		return STS_IO_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return STS_IO_CLOSED;
	default:
		return STS_IO_ERROR;
	}
}

enum sts_io sts_tls_peer_accept(struct sts_tls_peer *peer)
{
	ERR_clear_error();
	return outcome(peer, SSL_accept(peer->ssl));
}

enum sts_io sts_tls_peer_read(struct sts_tls_peer *peer, void *buf, size_t len, size_t *got)
{
	ERR_clear_error();
	return outcome(peer, SSL_read_ex(peer->ssl, buf, len, got));
}

enum sts_io sts_tls_peer_write(struct sts_tls_peer *peer, const void *buf, size_t len, size_t *put)
{
	ERR_clear_error();
	return outcome(peer, SSL_write_ex(peer->ssl, buf, len, put));
}

void sts_tls_peer_goodbye(struct sts_tls_peer *peer)
{
	ERR_clear_error();
	if (SSL_is_init_finished(peer->ssl))
		(void)SSL_shutdown(peer->ssl);
}
