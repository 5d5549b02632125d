/* Certificates made on the spot, good and bad, for tests of chains and handshakes. */
#ifndef STS_TESTS_PKI_H
#define STS_TESTS_PKI_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

/** The time at which everything is judged, unless a test says otherwise: 2027-01-15T08:00:00Z. */
#define PKI_NOW INT64_C(1800000000)
#define PKI_DAY INT64_C(86400)

enum pki_key {
	PKI_EC256,
	PKI_EC192,
	PKI_RSA2048,
	PKI_RSA1024,
	PKI_RSA_PSS,
	PKI_EC384,
	PKI_EC521,
	PKI_BRAINPOOL,
	PKI_ED25519,
	PKI_ED448,
	PKI_DSA2048,
};

struct pki_cert {
	X509 *cert;
	EVP_PKEY *key;
};

struct pki_spec {
	const char *cn;
	const char *names;       /* "DNS:a.example,DNS:b.example", or NULL */
	const struct pki_cert *issuer; /* NULL: signs itself */
	int64_t not_before;      /* 0: thirty days before PKI_NOW */
	int64_t not_after;       /* 0: sixty days after it */
	enum pki_key key;
	const char *digest;      /* NULL: SHA256, or what the key brings along */
	const char *basic;       /* basic constraints: "CA:TRUE,pathlen:0"; NULL: none */
	const char *usage;       /* key usage, or NULL */
	const char *purpose;     /* extended key usage, or NULL */
	const char *constraints; /* name constraints, or NULL */
	const char *aia;         /* authority information access, or NULL */
	bool broken_signature;
};

/** A new certificate with a new key (of RSA and DSA, one for all of a size). Ends the program when OpenSSL refuses. */
struct pki_cert pki_make(const struct pki_spec *spec);
void pki_free(struct pki_cert *c);

/** The certificates as a stack that borrows them; free with sk_X509_free(). */
STACK_OF(X509) *pki_stack(const struct pki_cert *const *certs, size_t count);

#endif
