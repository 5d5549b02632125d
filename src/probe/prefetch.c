#include "probe/prefetch.h"

#include "proto/dnsmsg.h"

#define CUTS_MAX 10

static uint64_t hash(const char *s)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */

	for (; *s != '\0'; s++)
		h = (h ^ (uint8_t)*s) * 1099511628211u;
	return h;
}

static bool first_time(struct sts_prefetched *p, const char *name)
{
	uint64_t h = hash(name);

	for (size_t i = 0; i < STS_PREFETCHED; i++)
		if (p->hashes[i] == h)
			return false;
	p->hashes[p->next++ % STS_PREFETCHED] = h;
	return true;
}

void sts_prefetch(struct sts_prefetched *p, struct sts_validator *validator, const char *name)
{
	const char *cuts[CUTS_MAX];
	size_t count = 0;

	for (const char *at = name; at != NULL && *at != '\0'; at = strchr(at, '.'), at = at == NULL ? NULL : at + 1)
		cuts[count++ % CUTS_MAX] = at; /* the last ones: nearest to the root */
	for (size_t i = 0; i < count && i < CUTS_MAX; i++) {
		if (!first_time(p, cuts[i]))
			continue;
		(void)sts_ask(validator, cuts[i], STS_T_DS, NULL, NULL);
		(void)sts_ask(validator, cuts[i], STS_T_DNSKEY, NULL, NULL);
	}
}
