#include "store/pq.h"

#include <dlfcn.h>
#include <string.h>

const struct sts_pq *sts_pq(const char **why)
{
	static struct sts_pq pq;
	static bool loaded;
	void *library;

	if (loaded)
		return &pq;
	/* Never closed: its own libraries do not bear being unloaded. */
	library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
	*why = "the PostgreSQL client library (libpq5) is not installed";
	if (library == NULL)
		return NULL;
#define LOAD(name)                                                                                                     \
	{                                                                                                              \
		void *symbol = dlsym(library, #name);                                                                  \
		if (symbol == NULL)                                                                                    \
			return NULL;                                                                                   \
		memcpy(&pq.name, &symbol, sizeof symbol);                                                              \
	}
	STS_PQ_FUNCTIONS(LOAD)
#undef LOAD
	loaded = true;
	return &pq;
}
