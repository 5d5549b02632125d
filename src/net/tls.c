#include "net/tls.h"

#include "base/buf.h"
#include "base/clock.h"
#include "net/alert.h"
#include "net/chain.h"
#include "net/dane.h"
#include "net/lean.h"
#include "net/roots.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Octets of a certificate message; certificates with thousands of names exist. */
#define CERTS_MAX (256 * 1024)
/* Octets of the server's first record that are kept, to tell what answers there. */
#define FIRST_MAX 64

struct sts_tls_ctx {
	struct sts_lean lean;
	struct sts_links *links;
	SSL_CTX *ssl_ctx;
	X509_STORE *store;
	BIO_METHOD *wire;
	char *store_name;
};

struct sts_tls_session {
	struct sts_tls_ctx *ctx;
	struct sts_tls_params params;
	struct sts_arena *arena;
	struct sts_tls *out;
	SSL *ssl;
	int fd;
	int64_t started_ms;
	unsigned char first[FIRST_MAX]; /* what the server sent first */
	size_t first_len;
	bool ended;       /* the other side closed the connection */
	int broken;       /* errno of a failed read or write, or 0 */
	bool fatal_alert; /* the other side refused */
	bool over;        /* handshake complete */
	bool failed;      /* no more octets may pass */
	bool deaf;        /* the other side takes none of ours any more; its last word may still be read */
	bool judge_dane;
	enum sts_dane_state dane;
};

/* ---- octets in and out: no SIGPIPE, and the first of them remembered --------------------------------------------- */

static int wire_read(BIO *bio, char *buf, int len)
{
	struct sts_tls_session *s = BIO_get_data(bio);
	ssize_t n = recv(s->fd, buf, (size_t)len, 0);
	size_t room = FIRST_MAX - s->first_len;

	BIO_clear_retry_flags(bio);
	if (n > 0) {
		memcpy(s->first + s->first_len, buf, (size_t)n < room ? (size_t)n : room);
		s->first_len += (size_t)n < room ? (size_t)n : room;
	} else if (n == 0) {
		s->ended = true;
	} else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
		BIO_set_retry_read(bio);
	} else {
		s->broken = errno;
	}
	return (int)n;
}

static int wire_write(BIO *bio, const char *buf, int len)
{
	struct sts_tls_session *s = BIO_get_data(bio);
	ssize_t n = send(s->fd, buf, (size_t)len, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		BIO_set_retry_write(bio);
	else if (n < 0)
		s->broken = errno;
	return (int)n;
}

static long wire_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	const struct sts_tls_session *s = BIO_get_data(bio);

	(void)num;
	(void)ptr;
	if (cmd == BIO_CTRL_EOF)
		return s != NULL && s->ended ? 1 : 0;
	return cmd == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *wire_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without signals");

	if (m == NULL)
		return NULL;
	BIO_meth_set_read(m, wire_read);
	BIO_meth_set_write(m, wire_write);
	BIO_meth_set_ctrl(m, wire_ctrl);
	return m;
}

/* ---- context ----------------------------------------------------------------------------------------------------- */

static void on_info(const SSL *ssl, int where, int value)
{
	struct sts_tls_session *s = SSL_get_app_data(ssl);
	int code = value & 0xff;
	bool fatal = value >> 8 == SSL3_AL_FATAL;

	if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT || s == NULL || code == 0)
		return;
	/* A warning counts while the handshake goes on: an unrecognized_name before the connection ends explains the
	 * end. */
	if (fatal || !s->over)
		s->out->alert = sts_alert_name(code, s->arena);
	s->fatal_alert = s->fatal_alert || fatal;
}

/* Both verdicts come from one handshake; whatever they are it goes on. */
static int on_chain(X509_STORE_CTX *store_ctx, void *arg)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store_ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct sts_tls_session *s = SSL_get_app_data(ssl);
	STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(store_ctx);
	struct sts_chain_params params = {s->ctx->store, s->params.name, s->params.judged_at, s->ctx->lean.library,
		s->ctx->links};

	(void)arg;
	if (s->judge_dane)
		s->dane = sts_dane_judge(store_ctx, &s->out->dane_error, &s->out->dane_type);
	if (sk_X509_num(sent) > 0)
		sts_chain_judge(sent, &params, s->arena, s->out);
	ERR_clear_error();
	return 1;
}

static bool set_up(SSL_CTX *c)
{
	/* Weak certificates and ciphers must be seen to be judged, whatever the system's configuration file says. */
	SSL_CTX_set_security_level(c, 0);
	SSL_CTX_set_options(
		c, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_LEGACY_SERVER_CONNECT);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(
		c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_max_cert_list(c, CERTS_MAX);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(c, on_chain, NULL);
	SSL_CTX_set_info_callback(c, on_info);
	return SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 && SSL_CTX_set_max_proto_version(c, 0) == 1 &&
	       SSL_CTX_set_cipher_list(c, "DEFAULT:@SECLEVEL=0") == 1 && SSL_CTX_dane_enable(c) == 1;
}

enum sts_err sts_tls_ctx_new(const char *ca_file, struct sts_tls_ctx **out, const char **why)
{
	struct sts_tls_ctx *ctx = calloc(1, sizeof *ctx);
	enum sts_err err = STS_ENOMEM;

	*why = "out of memory";
	if (ctx == NULL)
		return STS_ENOMEM;
	sts_lean_open(&ctx->lean);
	ctx->ssl_ctx = SSL_CTX_new_ex(ctx->lean.library, NULL, TLS_client_method());
	ctx->store = X509_STORE_new();
	ctx->wire = wire_method();
	ctx->links = sts_links_new();
	if (ctx->links != NULL && ctx->ssl_ctx != NULL && ctx->store != NULL && ctx->wire != NULL)
		err = sts_roots_load(ctx->store, ctx->lean.library, ca_file, &ctx->store_name, why);
	if (err == STS_OK && !set_up(ctx->ssl_ctx)) {
		*why = "OpenSSL refuses its settings";
		err = STS_ESYSTEM;
	}
	if (err != STS_OK) {
		sts_tls_ctx_free(ctx);
		return err;
	}
	SSL_CTX_set1_cert_store(ctx->ssl_ctx, ctx->store);
	*out = ctx;
	return STS_OK;
}

void sts_tls_ctx_free(struct sts_tls_ctx *ctx)
{
	if (ctx == NULL)
		return;
	SSL_CTX_free(ctx->ssl_ctx);
	X509_STORE_free(ctx->store);
	BIO_meth_free(ctx->wire);
	sts_links_free(ctx->links);
	sts_lean_close(&ctx->lean);
	free(ctx->store_name);
	free(ctx);
}

const char *sts_tls_ctx_store(const struct sts_tls_ctx *ctx)
{
	return ctx->store_name;
}

/* ---- session ----------------------------------------------------------------------------------------------------- */

static bool offer_alpn(SSL *ssl, const char *alpn)
{
	unsigned char list[256];
	size_t len = strlen(alpn);

	if (len == 0 || len > 255)
		return false;
	list[0] = (unsigned char)len;
	memcpy(list + 1, alpn, len);
	return SSL_set_alpn_protos(ssl, list, (unsigned)len + 1) == 0;
}

static bool attach_wire(struct sts_tls_session *s)
{
	BIO *bio = BIO_new(s->ctx->wire);

	if (bio == NULL)
		return false;
	BIO_set_data(bio, s);
	BIO_set_init(bio, 1);
	SSL_set_bio(s->ssl, bio, bio);
	return true;
}

static bool prepare(struct sts_tls_session *s)
{
	const struct sts_tls_params *p = &s->params;

	SSL_set_app_data(s->ssl, s);
	SSL_set_connect_state(s->ssl);
	if (!attach_wire(s) || SSL_set_tlsext_host_name(s->ssl, p->name) != 1)
		return false;
	if (p->alpn != NULL && !offer_alpn(s->ssl, p->alpn))
		return false;
	if (p->old_only && (SSL_set_min_proto_version(s->ssl, TLS1_VERSION) != 1 ||
				   SSL_set_max_proto_version(s->ssl, TLS1_1_VERSION) != 1 ||
				   SSL_set_cipher_list(s->ssl, "ALL:@SECLEVEL=0") != 1))
		return false;
	s->judge_dane = sts_dane_prepare(s->ssl, p, &s->dane);
	return true;
}

struct sts_tls_session *sts_tls_session_new(struct sts_tls_ctx *ctx, int fd, const struct sts_tls_params *params,
	struct sts_arena *arena, struct sts_tls *out)
{
	struct sts_tls_session *s = calloc(1, sizeof *s);

	*out = (struct sts_tls){.state = STS_TLS_NOT_TRIED};
	if (s == NULL)
		return NULL;
	*s = (struct sts_tls_session){
		.ctx = ctx,
		.params = *params,
		.arena = arena,
		.out = out,
		.fd = fd,
		.started_ms = sts_now_ms(),
	};
	ERR_clear_error();
	s->ssl = SSL_new(ctx->ssl_ctx);
	if (s->ssl == NULL || !prepare(s)) {
		sts_tls_session_free(s);
		return NULL;
	}
	return s;
}

void sts_tls_session_free(struct sts_tls_session *s)
{
	if (s == NULL)
		return;
	SSL_free(s->ssl);
	ERR_clear_error();
	free(s);
}

/* ---- how a handshake ends ---------------------------------------------------------------------------------------- */

/* A record of a handshake or an alert, of any version of TLS, is all that a server may begin with. */
static bool is_tls(const struct sts_tls_session *s)
{
	const unsigned char *b = s->first;

	return s->first_len == 0 || ((b[0] == 0x16 || b[0] == 0x15) && (s->first_len == 1 || b[1] == 3));
}

/* Version in the server's ServerHello, 0 when none was seen. */
static unsigned server_version(const struct sts_tls_session *s)
{
	const unsigned char *b = s->first;

	if (s->first_len < 11 || b[0] != 0x16 || b[5] != 2)
		return 0;
	return (unsigned)b[9] << 8 | b[10];
}

static const char *version_name(unsigned version)
{
	switch (version) {
	case 0x0300:
		return "SSLv3";
	case 0x0301:
		return "TLSv1";
	case 0x0302:
		return "TLSv1.1";
	default:
		return "an unknown version";
	}
}

bool sts_tls_chose_old(const struct sts_tls_session *s)
{
	unsigned version = server_version(s);

	return version >= 0x0300 && version < 0x0303;
}

bool sts_tls_may_be_old(const struct sts_tls *tls)
{
	return tls->state == STS_TLS_ALERT && strcmp(tls->alert, "protocol_version") == 0;
}

void sts_tls_confirm_old(struct sts_tls *tls, const struct sts_tls *second, struct sts_arena *arena)
{
	tls->state = STS_TLS_PROTOCOL_OLD;
	tls->version = second->version;
	tls->error = sts_sprintf(arena, "nothing newer than %s is spoken there", second->version);
}

static enum sts_io end(struct sts_tls_session *s, enum sts_tls_state state, const char *error)
{
	s->failed = true;
	if (sts_tls_chose_old(s))
		s->out->version = version_name(server_version(s));
	s->out->state = state;
	s->out->error = error;
	s->out->duration_ms = sts_now_ms() - s->started_ms;
	return state == STS_TLS_CLOSED ? STS_IO_CLOSED : STS_IO_ERROR;
}

/* What came in place of TLS, its first line, harmless. The library took only as much as a record's head has. */
static enum sts_io end_not_tls(struct sts_tls_session *s)
{
	ssize_t more = recv(s->fd, s->first + s->first_len, FIRST_MAX - s->first_len, MSG_DONTWAIT);
	struct sts_str got = sts_str((const char *)s->first, s->first_len + (more > 0 ? (size_t)more : 0));
	const char *error;
	struct sts_buf b;

	got.len = sts_str_find(got, '\n', 0);
	if (got.len > 0 && got.ptr[got.len - 1] == '\r')
		got.len--;
	sts_buf_init(&b, 1024);
	sts_buf_puts(&b, "answers \"");
	sts_buf_escape(&b, got, FIRST_MAX);
	sts_buf_puts(&b, "\" in place of TLS");
	error = sts_strndup(s->arena, b.ptr == NULL ? "" : b.ptr, b.len);
	sts_buf_clear(&b);
	return end(s, STS_TLS_NOT_TLS, error);
}

static const char *library_words(struct sts_tls_session *s, const char *doing)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	return sts_sprintf(s->arena, "%s: %s", doing, reason == NULL ? "no reason given by the library" : reason);
}

/* An answer that is no TLS comes first: all that follows from it would mislead. */
static enum sts_io end_failed(struct sts_tls_session *s)
{
	if (s->fatal_alert)
		return end(s, STS_TLS_ALERT, sts_sprintf(s->arena, "the handshake was refused: %s", s->out->alert));
	if (!is_tls(s))
		return end_not_tls(s);
	if (sts_tls_chose_old(s) && !s->params.old_only)
		return end(s, STS_TLS_PROTOCOL_OLD,
			sts_sprintf(
				s->arena, "the server chose %s, older than TLS 1.2", version_name(server_version(s))));
	if (s->broken != 0)
		return end(s, STS_TLS_CLOSED,
			sts_sprintf(s->arena, "the connection broke during the handshake: %s", strerror(s->broken)));
	if (s->ended || ERR_peek_error() == 0)
		return end(s, STS_TLS_CLOSED, "the connection was closed during the handshake");
	return end(s, STS_TLS_FAILED, library_words(s, "the handshake failed"));
}

void sts_tls_give_up(struct sts_tls_session *s)
{
	if (!is_tls(s))
		end_not_tls(s);
	else
		end(s, STS_TLS_TIMEOUT,
			s->first_len == 0 ? "no answer to the TLS handshake" : "the TLS handshake stalled");
}

static const char *chosen_alpn(struct sts_tls_session *s)
{
	const unsigned char *name = NULL;
	unsigned len = 0;

	SSL_get0_alpn_selected(s->ssl, &name, &len);
	return len == 0 ? NULL : sts_strndup(s->arena, (const char *)name, len);
}

static enum sts_io complete(struct sts_tls_session *s)
{
	struct sts_tls *out = s->out;

	s->over = true;
	out->state = STS_TLS_OK;
	out->alert = NULL;
	out->version = SSL_get_version(s->ssl);
	out->cipher = SSL_get_cipher_name(s->ssl);
	out->alpn = chosen_alpn(s);
	out->dane = s->dane;
	if (out->dane == STS_DANE_PASS)
		out->dane_matched = sts_dane_matched(s->ssl, s->arena);
	out->duration_ms = sts_now_ms() - s->started_ms;
	return STS_IO_DONE;
}

enum sts_io sts_tls_handshake(struct sts_tls_session *s)
{
	int r;
	int error;

	if (s->over)
		return STS_IO_DONE;
	if (s->failed)
		return STS_IO_ERROR;
	ERR_clear_error();
	r = SSL_do_handshake(s->ssl);
	error = SSL_get_error(s->ssl, r);
	if (r == 1)
		return s->out->chain_count > 0 ? complete(s) : end(s, STS_TLS_FAILED, "the server sent no certificate");
	/* Fewer octets than a record has may be all that a stranger sends. */
	if (!is_tls(s))
		return end_failed(s);
	if (error == SSL_ERROR_WANT_READ)
		return STS_IO_READ;
	if (error == SSL_ERROR_WANT_WRITE)
		return STS_IO_WRITE;
	return end_failed(s);
}

/* ---- after it ---------------------------------------------------------------------------------------------------- */

static enum sts_io trouble(struct sts_tls_session *s, int r, const char *doing)
{
	int error = SSL_get_error(s->ssl, r);

	if (error == SSL_ERROR_WANT_READ)
		return STS_IO_READ;
	if (error == SSL_ERROR_WANT_WRITE)
		return STS_IO_WRITE;
	if (error == SSL_ERROR_ZERO_RETURN)
		return STS_IO_CLOSED;
	s->failed = true;
	if (s->fatal_alert)
		s->out->error = sts_sprintf(s->arena, "%s: the other side refused: %s", doing, s->out->alert);
	else if (s->broken != 0)
		s->out->error = sts_sprintf(s->arena, "%s: %s", doing, strerror(s->broken));
	else if (s->ended)
		return STS_IO_CLOSED;
	else
		s->out->error = library_words(s, doing);
	return STS_IO_ERROR;
}

enum sts_io sts_tls_read(struct sts_tls_session *s, void *buf, size_t len, size_t *got)
{
	int r;

	*got = 0;
	if (s->failed)
		return STS_IO_CLOSED;
	ERR_clear_error();
	r = SSL_read_ex(s->ssl, buf, len, got);
	return r == 1 ? STS_IO_DONE : trouble(s, r, "while reading");
}

enum sts_io sts_tls_write(struct sts_tls_session *s, const void *buf, size_t len, size_t *put)
{
	int r;

	*put = 0;
	if (s->failed || s->deaf)
		return STS_IO_CLOSED;
	ERR_clear_error();
	r = SSL_write_ex(s->ssl, buf, len, put);
	if (r != 1 && s->broken != 0) {
		s->deaf = true;
		s->broken = 0;
		return STS_IO_CLOSED;
	}
	return r == 1 ? STS_IO_DONE : trouble(s, r, "while writing");
}

void sts_tls_goodbye(struct sts_tls_session *s)
{
	if (!s->over || s->failed || s->deaf)
		return;
	ERR_clear_error();
	SSL_shutdown(s->ssl);
	ERR_clear_error();
}
