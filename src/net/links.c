#include "net/links.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define HEX 64
/* Of each kind; 64 KiB together. */
#define ROOM 256

struct link {
	char subject[HEX], issuer[HEX];
};

struct sts_links {
	struct link leaves[ROOM], above[ROOM];
	uint64_t computed;
};

struct sts_links *sts_links_new(void)
{
	return calloc(1, sizeof(struct sts_links));
}

void sts_links_free(struct sts_links *links)
{
	free(links);
}

uint64_t sts_links_computed(const struct sts_links *links)
{
	return links->computed;
}

/* Digests are evenly spread. */
static struct link *place(struct sts_links *links, const char *sha256, bool is_leaf)
{
	unsigned at = 0;

	for (size_t i = 0; i < 4; i++)
		at = at * 31 + (unsigned char)sha256[i];
	return &(is_leaf ? links->leaves : links->above)[at % ROOM];
}

static bool computed(X509 *subject, X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);

	/* Proxy certificates have rules of their own.  [RFC 3820] */
	if (key == NULL || (X509_get_extension_flags(subject) & EXFLAG_PROXY) != 0 ||
		(X509_get_key_usage(issuer) & KU_KEY_CERT_SIGN) == 0)
		return false;
	return X509_verify(subject, key) == 1;
}

bool sts_link_holds(struct sts_links *links, struct sts_link_end subject, struct sts_link_end issuer, bool is_leaf)
{
	struct link *l;

	if (links == NULL || strlen(subject.sha256) != HEX || strlen(issuer.sha256) != HEX)
		return computed(subject.cert, issuer.cert);
	l = place(links, subject.sha256, is_leaf);
	if (memcmp(l->subject, subject.sha256, HEX) == 0 && memcmp(l->issuer, issuer.sha256, HEX) == 0)
		return true;
	links->computed++;
	if (!computed(subject.cert, issuer.cert))
		return false;
	memcpy(l->subject, subject.sha256, HEX);
	memcpy(l->issuer, issuer.sha256, HEX);
	return true;
}
