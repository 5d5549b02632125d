/* A library context that was cut down offers what the whole one offers, and can do all of it. */
#include "net/lean.h"
#include "pki.h"
#include "test.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#define ALL_CIPHERS "ALL:COMPLEMENTOFALL:@SECLEVEL=0"

static SSL_CTX *client(OSSL_LIB_CTX *library)
{
	SSL_CTX *ctx = SSL_CTX_new_ex(library, NULL, TLS_client_method());

	EXPECT(ctx != NULL);
	SSL_CTX_set_security_level(ctx, 0);
	EXPECT(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION) == 1 && SSL_CTX_set_cipher_list(ctx, ALL_CIPHERS) == 1);
	return ctx;
}

/* ---- what is offered --------------------------------------------------------------------------------------------- */

struct hello {
	unsigned char data[2048];
	int len;
};

static struct hello first_flight(OSSL_LIB_CTX *library)
{
	SSL_CTX *ctx = client(library);
	SSL *ssl = SSL_new(ctx);
	BIO *out = BIO_new(BIO_s_mem());
	struct hello h = {.len = 0};

	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
	SSL_set_connect_state(ssl);
	EXPECT(SSL_do_handshake(ssl) < 0);
	h.len = BIO_read(out, h.data, sizeof h.data);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return h;
}

static size_t u16(const unsigned char *p)
{
	return (size_t)p[0] << 8 | p[1];
}

static void blank(struct hello *h, size_t at, size_t len)
{
	EXPECT(at + len <= (size_t)h->len);
	if (at + len <= (size_t)h->len)
		memset(h->data + at, 0, len);
}

/* The random, the session ID and the key shares differ each time.  [RFC 8446 section 4.1.2] */
static void blank_chance(struct hello *h)
{
	size_t at = 5 + 4 + 2;

	blank(h, at, 32);
	at += 32;
	blank(h, at + 1, h->data[at]);
	at += 1u + h->data[at];
	at += 2 + u16(h->data + at); /* cipher suites */
	at += 1u + h->data[at];      /* compression */
	for (at += 2; at + 4 <= (size_t)h->len; at += 4 + u16(h->data + at + 2))
		if (u16(h->data + at) == 51)
			blank(h, at + 4 + 2 + 4, u16(h->data + at + 2) - 6);
}

static void test_hello(OSSL_LIB_CTX *library)
{
	struct hello whole = first_flight(NULL), little = first_flight(library);

	CASE("the whole library and the little one say the same to a server");
	blank_chance(&whole);
	blank_chance(&little);
	EXPECT(whole.len > 300);
	EXPECT_INT(little.len, whole.len);
	EXPECT(memcmp(whole.data, little.data, sizeof whole.data) == 0);
}

/* ---- what works -------------------------------------------------------------------------------------------------- */

static unsigned psk(SSL *ssl, const char *identity, unsigned char *out, unsigned max)
{
	(void)ssl;
	(void)identity;
	memset(out, 7, 32);
	return max < 32 ? 0 : 32;
}

static unsigned psk_client(
	SSL *ssl, const char *hint, char *identity, unsigned identity_max, unsigned char *out, unsigned max)
{
	(void)hint;
	snprintf(identity, identity_max, "nobody");
	return psk(ssl, identity, out, max);
}

/* With a certificate of every kind that a suite may want. */
static SSL_CTX *server(void)
{
	static const enum pki_key kinds[] = {PKI_RSA2048, PKI_EC256, PKI_DSA2048};
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
	SSL_CTX_set_cipher_list(ctx, ALL_CIPHERS);
	SSL_CTX_set_dh_auto(ctx, 1);
	SSL_CTX_set_psk_server_callback(ctx, psk);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct pki_cert c = pki_make(&(struct pki_spec){.cn = "server.example", .key = kinds[i]});

		EXPECT(SSL_CTX_use_certificate(ctx, c.cert) == 1 && SSL_CTX_use_PrivateKey(ctx, c.key) == 1);
		pki_free(&c);
	}
	return ctx;
}

/* Handshake, and a word each way. @return what was chosen, or NULL */
static const char *talk(SSL *a, SSL *b)
{
	char word[6] = "";
	bool done = false;
	BIO *left, *right;

	EXPECT(BIO_new_bio_pair(&left, 65536, &right, 65536) == 1);
	SSL_set_bio(a, left, left);
	SSL_set_bio(b, right, right);
	SSL_set_connect_state(a);
	SSL_set_accept_state(b);
	for (int i = 0; i < 10 && !done; i++) {
		int mine = SSL_do_handshake(a), others = SSL_do_handshake(b);

		done = mine == 1 && others == 1;
	}
	if (!done || SSL_write(a, "hello", 5) != 5 || SSL_read(b, word, 5) != 5 || strcmp(word, "hello") != 0)
		return NULL;
	if (SSL_write(b, "there", 5) != 5 || SSL_read(a, word, 5) != 5 || strcmp(word, "there") != 0)
		return NULL;
	return SSL_get_cipher_name(a);
}

static bool speaks(SSL_CTX *mine, SSL_CTX *others, const SSL_CIPHER *cipher)
{
	const char *name = SSL_CIPHER_get_name(cipher), *chosen;
	bool newest = strncmp(name, "TLS_", 4) == 0;
	SSL *a = SSL_new(mine), *b = SSL_new(others);

	if (newest)
		SSL_set_ciphersuites(a, name);
	else
		SSL_set_max_proto_version(a, TLS1_2_VERSION);
	if (!newest) {
		char list[100];

		snprintf(list, sizeof list, "%s:@SECLEVEL=0", name);
		SSL_set_cipher_list(a, list);
	}
	ERR_clear_error();
	chosen = talk(a, b);
	SSL_free(a);
	SSL_free(b);
	return chosen != NULL && strcmp(chosen, name) == 0;
}

/* What the whole library can do in this test (SRP it cannot), the little one can. */
static void test_ciphers(OSSL_LIB_CTX *library)
{
	SSL_CTX *whole = client(NULL), *little = client(library), *others = server();
	STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(whole);
	int spoken = 0;

	SSL_CTX_set_psk_client_callback(whole, psk_client);
	SSL_CTX_set_psk_client_callback(little, psk_client);
	for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
		const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);
		bool can = speaks(whole, others, cipher);

		CASE("a session with %s", SSL_CIPHER_get_name(cipher));
		EXPECT_INT(speaks(little, others, cipher), can);
		spoken += can;
	}
	CASE("sessions with nearly all ciphers");
	printf("  %d of %d\n", spoken, sk_SSL_CIPHER_num(ciphers));
	EXPECT(spoken > 100);
	SSL_CTX_free(whole);
	SSL_CTX_free(little);
	SSL_CTX_free(others);
}

static void test_groups(OSSL_LIB_CTX *library)
{
	static const char *const groups[] = {"X25519", "X448", "P-256", "P-384", "P-521", "ffdhe2048", "ffdhe3072", "ffdhe4096"};
	SSL_CTX *little = client(library), *others = server();

	for (size_t i = 0; i < COUNT_OF(groups); i++) {
		SSL *a = SSL_new(little), *b = SSL_new(others);

		CASE("keys agreed on by %s", groups[i]);
		EXPECT(SSL_set1_groups_list(b, groups[i]) == 1);
		EXPECT(talk(a, b) != NULL);
		SSL_free(a);
		SSL_free(b);
	}
	SSL_CTX_free(little);
	SSL_CTX_free(others);
}

int main(void)
{
	struct sts_lean lean;

	sts_lean_open(&lean);
	CASE("there is a little library");
	EXPECT(lean.library != NULL);
	test_hello(lean.library);
	test_ciphers(lean.library);
	test_groups(lean.library);
	sts_lean_close(&lean);
	return test_done();
}
