#include "net/hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

bool sts_hmac_sha256(struct sts_str key, struct sts_str data, unsigned char out[static 32])
{
	unsigned len = 0;

	if (key.len > 65536)
		return false;
	return HMAC(EVP_sha256(), key.ptr == NULL ? "" : key.ptr, (int)key.len,
		       (const unsigned char *)(data.ptr == NULL ? "" : data.ptr), data.len, out, &len) != NULL &&
	       len == 32;
}
