/*
 * Links of certificate chains that were found to hold: this certificate bears the signature of that one's key, and that one may sign. A fact about two
 * certificates and nothing else: no time, name, purpose or trusted root has a part in it, so it never grows old. All of that is judged each time.
 */
#ifndef STS_NET_LINKS_H
#define STS_NET_LINKS_H

#include "mtasts/base.h"

#include <openssl/x509.h>

/** One thread's. Of a fixed size: the new takes the place of the old. */
struct sts_links;

/** @return NULL: out of memory */
struct sts_links *sts_links_new(void);
void sts_links_free(struct sts_links *links);

/** A certificate and its SHA-256 in 64 hex digits; with other than 64 of them nothing is remembered. */
struct sts_link_end {
	X509 *cert;
	const char *sha256;
};

/**
 * The issuer signed the subject and was allowed to: as OpenSSL's own verification of a path looks at it, or more strictly.  [RFC 5280 section 6.1.3 (a)(1),
 * section 6.1.4 (n)]
 *
 * @param links    what is known is not computed anew; NULL: always computed
 * @param is_leaf  the subject is a server's own certificate: these do not crowd out those of CAs
 * @return false: not so, or not certain; the full verification has to tell why
 */
bool sts_link_holds(struct sts_links *links, struct sts_link_end subject, struct sts_link_end issuer, bool is_leaf);

/** Signatures that were computed so far. */
uint64_t sts_links_computed(const struct sts_links *links);

#endif
