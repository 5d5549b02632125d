/* Facts of one certificate: names, dates, key, digests. No opinion here; see net/chain.h. */
#ifndef STS_NET_CERT_H
#define STS_NET_CERT_H

#include "proto/seen.h"

#include <openssl/x509.h>

/**
 * Fill *out; strings are the arena's. Texts of strangers are cut to a few hundred octets.
 *
 * @param names_max  so many names are kept, at most; name_total counts them all
 */
void sts_cert_describe(X509 *cert, size_t names_max, struct sts_arena *arena, struct sts_cert *out);

/**
 * One of the certificate's DNS-IDs is the host: labels compared as ASCII without case, "*" only as the whole left-most label and for exactly one
 * label. The common name never counts. All names are looked at, however many.  [RFC 9525 section 6.3, RFC 8461 sections 3.3 and 4.2]
 *
 * @param host  A-labels; a final full stop is ignored
 */
bool sts_cert_is_for(X509 *cert, const char *host);

/** The DNS-ID covers the host, by the same rules. */
bool sts_dns_id_matches(struct sts_str id, struct sts_str host);

/** The last common name of a distinguished name, raw, at most 256 octets, or NULL. */
const char *sts_cert_common_name(const X509_NAME *name, struct sts_arena *arena);

/** Short words for whom a name names, escaped and ready to show: its common name, else all of it. */
const char *sts_cert_title(const X509_NAME *name, struct sts_arena *arena);

/** Seconds since 1970, or false when the field is no time. */
STS_MUST_CHECK bool sts_cert_time(const ASN1_TIME *t, int64_t *out);

/** Digest of the certificate, as in struct sts_cert; empty when there is none. */
void sts_cert_sha256(const X509 *cert, char out[static 65]);

/** Digest of octets as 64 lower-case hex digits and a NUL. */
void sts_sha256_hex(const void *data, size_t len, char out[static 65]);

#endif
