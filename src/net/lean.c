#include "net/lean.h"

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

/* Of one operation; the default provider has 124 ciphers. */
#define TABLE_MAX 160

/* Operations whose table is cut, with words of a name or of its properties. OpenSSL walks through everything a library has for each key that it reads,
 * so all that neither TLS nor a certificate can ask for is in the way. Modes and kinds are left out by name, so that one that is yet to come stays. */
static const struct cut {
	int operation;
	const char *needed; /* in its properties, or NULL */
	const char *const *without;
} cuts[] = {
	{OSSL_OP_DECODER, "structure=SubjectPublicKeyInfo", NULL},
	{OSSL_OP_CIPHER, NULL,
		(const char *const[]){"-192-", "-OFB", "-CFB", "-XTS", "-OCB", "-SIV", "-WRAP", "-CTS", "SM4-", "DES-EDE-", NULL}},
	{OSSL_OP_KEYMGMT, NULL, (const char *const[]){"CMAC", "POLY1305", "SIPHASH", "SCRYPT", "HKDF", "TLS1-PRF", NULL}},
};
#define CUTS (sizeof cuts / sizeof cuts[0])

/* The default provider lends its tables; its own context serves both. */
static OSSL_PROVIDER *lender;
static OSSL_ALGORITHM tables[CUTS][TABLE_MAX + 1];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool has_word(const char *text, const char *const *words)
{
	bool found = false;

	for (; words != NULL && *words != NULL && !found; words++)
		found = strstr(text, *words) != NULL;
	return found;
}

/* @return false: not the library this was written for */
static bool fill(OSSL_ALGORITHM *table, const struct cut *cut)
{
	int no_store = 0;
	const OSSL_ALGORITHM *all = OSSL_PROVIDER_query_operation(lender, cut->operation, &no_store);
	size_t count = 0;

	for (; all != NULL && all->algorithm_names != NULL; all++) {
		if (cut->needed != NULL && strstr(all->property_definition, cut->needed) == NULL)
			continue;
		if (has_word(all->algorithm_names, cut->without))
			continue;
		if (count == TABLE_MAX)
			return false;
		table[count++] = *all;
	}
	return count > 0;
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
