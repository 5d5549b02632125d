/*
 * A library context of OpenSSL without what nobody here needs. OpenSSL 3.0 builds a set of all readers of all forms of a key for every public key of
 * every certificate, and to that end goes through every algorithm that the context has: a third of a handshake. Certificates hold keys in one form
 * only, and TLS speaks few of the ciphers.
 */
#ifndef STS_NET_LEAN_H
#define STS_NET_LEAN_H

#include <openssl/types.h>

struct sts_lean {
	OSSL_LIB_CTX *library; /* NULL: the library's own */
	OSSL_PROVIDER *provider;
};

/** All algorithms of the default provider that TLS or a certificate may ask for, and of its readers those for public keys as certificates have them (all
 * kinds of key). Private keys cannot be read with it. Where that cannot be had, library is NULL, which OpenSSL takes for its own. */
void sts_lean_open(struct sts_lean *lean);
/** Behind everything that was made with it. */
void sts_lean_close(struct sts_lean *lean);

#endif
