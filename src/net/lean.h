/*
 * A library context of OpenSSL without the readers that nobody here needs. OpenSSL 3.0 builds a set of all readers of all forms of a key for every
 * public key of every certificate: a third of a handshake. Certificates hold keys in one form only.
 */
#ifndef STS_NET_LEAN_H
#define STS_NET_LEAN_H

#include <openssl/types.h>

struct sts_lean {
	OSSL_LIB_CTX *library; /* NULL: the library's own */
	OSSL_PROVIDER *provider;
};

/** All algorithms of the default provider, and of its readers those for public keys as certificates have them (all kinds of key). Where that cannot be
 * had, library is NULL, which OpenSSL takes for its own. */
void sts_lean_open(struct sts_lean *lean);
/** Behind everything that was made with it. */
void sts_lean_close(struct sts_lean *lean);

#endif
