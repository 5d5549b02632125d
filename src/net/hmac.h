/* Keyed digests.  [RFC 2104] */
#ifndef STS_NET_HMAC_H
#define STS_NET_HMAC_H

#include "base/str.h"

/** HMAC-SHA256 of octets under a key of at most 64 KiB; false: OpenSSL refuses. */
STS_MUST_CHECK bool sts_hmac_sha256(struct sts_str key, struct sts_str data, unsigned char out[static 32]);

#endif
