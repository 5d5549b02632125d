#include "pki.h"

#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "certificates for the test: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

static EVP_PKEY *make_rsa_pss(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *key = NULL;

	must(ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) == 1 &&
			EVP_PKEY_generate(ctx, &key) == 1,
		"RSA-PSS key");
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *make_dsa(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL), *second;
	EVP_PKEY *numbers = NULL, *key = NULL;

	must(ctx != NULL && EVP_PKEY_paramgen_init(ctx) == 1 && EVP_PKEY_CTX_set_dsa_paramgen_bits(ctx, 2048) == 1 &&
			EVP_PKEY_generate(ctx, &numbers) == 1,
		"DSA numbers");
	second = EVP_PKEY_CTX_new_from_pkey(NULL, numbers, NULL);
	must(second != NULL && EVP_PKEY_keygen_init(second) == 1 && EVP_PKEY_generate(second, &key) == 1, "DSA key");
	EVP_PKEY_CTX_free(second);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(numbers);
	return key;
}

/* Numbers of a kind take long to find: one key for all. */
static EVP_PKEY *once(EVP_PKEY **kept, EVP_PKEY *(*make)(void))
{
	if (*kept == NULL)
		*kept = make();
	must(EVP_PKEY_up_ref(*kept) == 1, "key");
	return *kept;
}

static EVP_PKEY *make_key(enum pki_key kind)
{
	static EVP_PKEY *rsa[2], *rsa_pss, *dsa;
	EVP_PKEY *key = NULL;

	switch (kind) {
	case PKI_EC256:
		key = EVP_EC_gen("prime256v1");
		break;
	case PKI_EC192:
		key = EVP_EC_gen("prime192v1");
		break;
	case PKI_EC384:
		key = EVP_EC_gen("secp384r1");
		break;
	case PKI_EC521:
		key = EVP_EC_gen("secp521r1");
		break;
	case PKI_BRAINPOOL:
		key = EVP_EC_gen("brainpoolP256r1");
		break;
	case PKI_ED25519:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	case PKI_ED448:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
		break;
	case PKI_RSA_PSS:
		key = once(&rsa_pss, make_rsa_pss);
		break;
	case PKI_DSA2048:
		key = once(&dsa, make_dsa);
		break;
	case PKI_RSA2048:
	case PKI_RSA1024:
		if (rsa[kind == PKI_RSA1024] == NULL)
			rsa[kind == PKI_RSA1024] = EVP_RSA_gen(kind == PKI_RSA1024 ? 1024u : 2048u);
		key = rsa[kind == PKI_RSA1024];
		must(key != NULL && EVP_PKEY_up_ref(key) == 1, "RSA key");
		break;
	}
	must(key != NULL, "key");
	return key;
}

static void set_name(X509_NAME *name, const char *cn)
{
	if (cn != NULL)
		must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0) == 1, "name");
	must(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"Test", -1, -1, 0) == 1, "name");
}

static void add(X509V3_CTX *ctx, X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e;

	if (value == NULL)
		return;
	e = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
	must(e != NULL && X509_add_ext(cert, e, -1) == 1, value);
	X509_EXTENSION_free(e);
}

static const EVP_MD *digest_of(const struct pki_spec *spec, const EVP_PKEY *signer)
{
	if (EVP_PKEY_is_a(signer, "ED25519") || EVP_PKEY_is_a(signer, "ED448"))
		return NULL;
	return EVP_get_digestbyname(spec->digest == NULL ? "SHA256" : spec->digest);
}

static void break_signature(X509 *cert)
{
	const ASN1_BIT_STRING *signature = NULL;

	X509_get0_signature(&signature, NULL, cert);
	((unsigned char *)(uintptr_t)ASN1_STRING_get0_data(signature))[ASN1_STRING_length(signature) - 3] ^= 0x10;
}

struct pki_cert pki_make(const struct pki_spec *spec)
{
	static long serial = 1000;
	struct pki_cert out = {X509_new(), make_key(spec->key)};
	const struct pki_cert *issuer = spec->issuer == NULL ? &out : spec->issuer;
	X509V3_CTX ctx;

	must(out.cert != NULL, "certificate");
	X509_set_version(out.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(out.cert), serial++);
	ASN1_TIME_set(X509_getm_notBefore(out.cert), (time_t)(spec->not_before != 0 ? spec->not_before : PKI_NOW - 30 * PKI_DAY));
	ASN1_TIME_set(X509_getm_notAfter(out.cert), (time_t)(spec->not_after != 0 ? spec->not_after : PKI_NOW + 60 * PKI_DAY));
	set_name(X509_get_subject_name(out.cert), spec->cn);
	X509_set_issuer_name(out.cert, X509_get_subject_name(issuer->cert));
	X509_set_pubkey(out.cert, out.key);
	X509V3_set_ctx(&ctx, issuer->cert, out.cert, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	add(&ctx, out.cert, NID_subject_key_identifier, "hash");
	add(&ctx, out.cert, NID_authority_key_identifier, spec->issuer == NULL ? NULL : "keyid:always");
	add(&ctx, out.cert, NID_basic_constraints, spec->basic);
	add(&ctx, out.cert, NID_key_usage, spec->usage);
	add(&ctx, out.cert, NID_ext_key_usage, spec->purpose);
	add(&ctx, out.cert, NID_subject_alt_name, spec->names);
	add(&ctx, out.cert, NID_name_constraints, spec->constraints);
	add(&ctx, out.cert, NID_info_access, spec->aia);
	must(X509_sign(out.cert, issuer->key, digest_of(spec, issuer->key)) > 0, "signature");
	if (spec->broken_signature)
		break_signature(out.cert);
	return out;
}

void pki_free(struct pki_cert *c)
{
	X509_free(c->cert);
	EVP_PKEY_free(c->key);
	*c = (struct pki_cert){NULL, NULL};
}

STACK_OF(X509) *pki_stack(const struct pki_cert *const *certs, size_t count)
{
	STACK_OF(X509) *stack = sk_X509_new_null();

	must(stack != NULL, "stack");
	for (size_t i = 0; i < count; i++)
		must(sk_X509_push(stack, certs[i]->cert) > 0, "stack");
	return stack;
}
