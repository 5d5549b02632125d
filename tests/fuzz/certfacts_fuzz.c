/* Arbitrary certificates through description and judgement. First octet: 1 trusts the last of them, 2 holds DANE's records against them, too; then DER. */
#include "base/arena.h"
#include "net/cert.h"
#include "net/chain.h"
#include "net/dane.h"
#include "proto/tlsa.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1800000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static STACK_OF(X509) *read_certs(const uint8_t *data, size_t size)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	const unsigned char *at = data;
	X509 *cert;

	while (at < data + size && (cert = d2i_X509(NULL, &at, data + size - at)) != NULL)
		sk_X509_push(all, cert);
	return all;
}

static void check_facts(const struct sts_tls *out, int sent)
{
	must(out->chain_total == (size_t)sent && out->chain_count <= STS_CERT_CHAIN_MAX && out->chain_count > 0);
	for (int i = 0; i < STS_CERT_PROBLEM_COUNT; i++)
		must((out->problem_text[i] != NULL) == ((out->problems & 1u << i) != 0));
	for (size_t i = 0; i < out->chain_count; i++) {
		const struct sts_cert *c = &out->chain[i];

		must(c->subject != NULL && c->issuer != NULL && c->key_type != NULL && c->signature != NULL);
		must(c->name_count <= STS_CERT_NAMES_MAX && c->name_count <= c->name_total);
		must(strlen(c->sha256) == 64);
		for (size_t k = 0; k < c->name_count; k++)
			must(c->names[k] != NULL && strlen(c->names[k]) <= 256);
	}
}

static struct sts_tlsa record(struct sts_arena *arena, uint8_t usage, X509 *cert)
{
	struct sts_tlsa t;
	char rdata[3 + 32] = {(char)usage, 0, 1};
	unsigned len = 32;

	X509_digest(cert, EVP_sha256(), (unsigned char *)rdata + 3, &len);
	sts_tlsa_parse(sts_str(rdata, sizeof rdata), arena, &t);
	return t;
}

/* Its own certificate under usage 3 always passes, whatever else is wrong with it. */
static void hold_dane(STACK_OF(X509) *sent, uint8_t usage, struct sts_arena *arena)
{
	static SSL_CTX *ctx;
	struct sts_tlsa t = record(arena, usage, sk_X509_value(sent, usage == 3 ? 0 : sk_X509_num(sent) - 1));
	struct sts_tls_params params = {.name = "mx.example.com", .judged_at = NOW, .tlsa = &t, .tlsa_count = 1};
	X509_STORE_CTX *store_ctx = X509_STORE_CTX_new();
	X509_STORE *store = X509_STORE_new();
	enum sts_dane_state state;
	const char *words = NULL;
	const char *type = NULL;
	SSL *ssl;

	if (ctx == NULL) {
		ctx = SSL_CTX_new(TLS_client_method());
		SSL_CTX_dane_enable(ctx);
		SSL_CTX_set_security_level(ctx, 0);
	}
	ssl = SSL_new(ctx);
	must(sts_dane_prepare(ssl, &params, &state));
	X509_STORE_CTX_init(store_ctx, store, sk_X509_value(sent, 0), sent);
	X509_STORE_CTX_set0_dane(store_ctx, SSL_get0_dane(ssl));
	X509_STORE_CTX_set_default(store_ctx, "ssl_server");
	X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(store_ctx), SSL_get0_param(ssl));
	state = sts_dane_judge(store_ctx, &words, &type);
	must(state == STS_DANE_PASS || (state == STS_DANE_MISMATCH && words != NULL && type != NULL));
	X509_STORE_CTX_free(store_ctx);
	X509_STORE_free(store);
	SSL_free(ssl);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sts_arena *arena = sts_arena_new();
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *sent = size < 2 ? sk_X509_new_null() : read_certs(data + 1, size - 1);
	struct sts_chain_params params = {store, "mx.example.com", NOW};
	int count = sk_X509_num(sent);
	struct sts_tls out = {0};

	if (count > 0) {
		if ((data[0] & 1) != 0)
			X509_STORE_add_cert(store, sk_X509_value(sent, count - 1));
		sts_chain_judge(sent, &params, arena, &out);
		check_facts(&out, count);
		/* Nothing is trusted, so nothing may pass. */
		must((data[0] & 1) != 0 || (out.problems & (STS_CERT_SELF_SIGNED | STS_CERT_UNTRUSTED | STS_CERT_CHAIN_INCOMPLETE)) != 0);
		if ((data[0] & 2) != 0) {
			hold_dane(sent, 2, arena);
			hold_dane(sent, 3, arena);
		}
	}
	sk_X509_pop_free(sent, X509_free);
	X509_STORE_free(store);
	sts_arena_free(arena);
	return 0;
}
