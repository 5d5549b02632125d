#include "net/lean.h"

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <string.h>

#define READERS_MAX 64

/* The default provider lends its tables; its own context serves both. */
static OSSL_PROVIDER *lender;
static OSSL_ALGORITHM readers[READERS_MAX + 1];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose_readers(void)
{
	const OSSL_ALGORITHM *all;
	size_t count = 0;
	int no_store = 0;

	lender = OSSL_PROVIDER_load(NULL, "default");
	all = lender == NULL ? NULL : OSSL_PROVIDER_query_operation(lender, OSSL_OP_DECODER, &no_store);
	for (; all != NULL && all->algorithm_names != NULL; all++) {
		if (strstr(all->property_definition, "structure=SubjectPublicKeyInfo") == NULL)
			continue;
		if (count == READERS_MAX) {
			lender = NULL; /* not the library this was written for: do without */
			return;
		}
		readers[count++] = *all;
	}
	if (count == 0)
		lender = NULL;
}

static const OSSL_ALGORITHM *query(void *provctx, int operation, int *no_store)
{
	const OSSL_ALGORITHM *all = OSSL_PROVIDER_query_operation(lender, operation, no_store);

	(void)provctx;
	return operation == OSSL_OP_DECODER ? readers : all;
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
	pthread_once(&once, choose_readers);
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
