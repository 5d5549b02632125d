#include "net/lean.h"

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

/* Of one operation. */
#define TABLE_MAX 40

typedef const char *const names[];

/* What TLS and certificates may ask for. OpenSSL walks through everything a library has for each key that it reads, so all else is in the way. */
static const struct cut {
	int operation;
	const char *property; /* must be among its properties, or NULL */
	const char *const *kept; /* by the first of its names */
} cuts[] = {
	/* keys that may sign */
	{OSSL_OP_DECODER, "structure=SubjectPublicKeyInfo", (names){"RSA", "RSA-PSS", "DSA", "EC", "ED25519", "ED448", "SM2", NULL}},
	/* the CTR and the ECB for random numbers */
	{OSSL_OP_CIPHER, NULL,
		(names){"AES-128-CBC", "AES-256-CBC", "AES-128-GCM", "AES-256-GCM", "AES-128-CCM", "AES-256-CCM", "AES-256-CTR", "AES-256-ECB",
			"AES-128-CBC-HMAC-SHA1", "AES-256-CBC-HMAC-SHA1", "AES-128-CBC-HMAC-SHA256", "AES-256-CBC-HMAC-SHA256", "ARIA-128-GCM",
			"ARIA-256-GCM", "CAMELLIA-128-CBC", "CAMELLIA-256-CBC", "ChaCha20-Poly1305", "DES-EDE3-CBC", "NULL", NULL}},
	/* SHAKE-256 for Ed448 */
	{OSSL_OP_DIGEST, NULL,
		(names){"MD5", "SHA1", "MD5-SHA1", "RIPEMD-160", "SHA2-224", "SHA2-256", "SHA2-384", "SHA2-512", "SHA2-512/224", "SHA2-512/256",
			"SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512", "SHAKE-256", "SM3", NULL}},
	{OSSL_OP_KEYMGMT, NULL,
		(names){"RSA", "RSA-PSS", "DSA", "EC", "ED25519", "ED448", "SM2", "DH", "X25519", "X448", "HMAC", NULL}},
	{OSSL_OP_SIGNATURE, NULL, (names){"RSA", "DSA", "ECDSA", "ED25519", "ED448", "SM2", "HMAC", NULL}},
	{OSSL_OP_KEYEXCH, NULL, (names){"DH", "ECDH", "X25519", "X448", NULL}},
	{OSSL_OP_KDF, NULL, (names){"HKDF", "TLS13-KDF", "TLS1-PRF", NULL}},
	{OSSL_OP_MAC, NULL, (names){"HMAC", NULL}},
	{OSSL_OP_RAND, NULL, (names){"CTR-DRBG", "SEED-SRC", NULL}},
};
#define CUTS (sizeof cuts / sizeof cuts[0])

/* The default provider lends its tables; its own context serves both. */
static OSSL_PROVIDER *lender;
static OSSL_ALGORITHM tables[CUTS][TABLE_MAX + 1];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool is_first(const char *name, const char *all)
{
	size_t len = strlen(name);

	return strncmp(name, all, len) == 0 && (all[len] == ':' || all[len] == '\0');
}

static bool is_kept(const struct cut *cut, const OSSL_ALGORITHM *a)
{
	bool found = false;

	if (cut->property != NULL && strstr(a->property_definition, cut->property) == NULL)
		return false;
	for (const char *const *name = cut->kept; *name != NULL && !found; name++)
		found = is_first(*name, a->algorithm_names);
	return found;
}

/* @return false: not the library this was written for */
static bool fill(OSSL_ALGORITHM *table, const struct cut *cut)
{
	int no_store = 0;
	const OSSL_ALGORITHM *all = OSSL_PROVIDER_query_operation(lender, cut->operation, &no_store);
	size_t count = 0;

	for (; all != NULL && all->algorithm_names != NULL && count < TABLE_MAX; all++)
		if (is_kept(cut, all))
			table[count++] = *all;
	return count > 0 && all != NULL && all->algorithm_names == NULL;
}

static void choose(void)
{
	bool whole = true;

	lender = OSSL_PROVIDER_load(NULL, "default");
	for (size_t i = 0; lender != NULL && i < CUTS; i++)
		whole = fill(tables[i], &cuts[i]) && whole;
	if (!whole)
		lender = NULL; /* do without */
}

static const OSSL_ALGORITHM *query(void *provctx, int operation, int *no_store)
{
	const OSSL_ALGORITHM *all = OSSL_PROVIDER_query_operation(lender, operation, no_store);

	(void)provctx;
	for (size_t i = 0; i < CUTS; i++)
		if (cuts[i].operation == operation)
			return tables[i];
	/* Keys are never written here, nor fetched from anywhere. */
	return operation == OSSL_OP_ENCODER || operation == OSSL_OP_STORE ? NULL : all;
}

static int capabilities(void *provctx, const char *capability, OSSL_CALLBACK *fn, void *arg)
{
	(void)provctx;
	return OSSL_PROVIDER_get_capabilities(lender, capability, fn, arg);
}

static int init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **provctx)
{
	static const OSSL_DISPATCH functions[] = {
		{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
		{OSSL_FUNC_PROVIDER_GET_CAPABILITIES, (void (*)(void))capabilities},
		{0, NULL},
	};

	(void)handle;
	(void)in;
	*out = functions;
	*provctx = OSSL_PROVIDER_get0_provider_ctx(lender);
	return 1;
}

void sts_lean_open(struct sts_lean *lean)
{
	*lean = (struct sts_lean){0};
	pthread_once(&once, choose);
	if (lender != NULL)
		lean->library = OSSL_LIB_CTX_new();
	if (lean->library != NULL && OSSL_PROVIDER_add_builtin(lean->library, "lean", init) == 1)
		lean->provider = OSSL_PROVIDER_load(lean->library, "lean");
	if (lean->provider == NULL)
		sts_lean_close(lean);
}

void sts_lean_close(struct sts_lean *lean)
{
	if (lean->provider != NULL)
		OSSL_PROVIDER_unload(lean->provider);
	OSSL_LIB_CTX_free(lean->library);
	*lean = (struct sts_lean){0};
}
