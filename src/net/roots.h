/* Whom a chain may lead to: the system's trusted roots, or those of a file. */
#ifndef STS_NET_ROOTS_H
#define STS_NET_ROOTS_H

#include "mtasts/base.h"

#include <openssl/x509_vfy.h>

/**
 * Fill a store.
 *
 * @param library  that certificates are read with; NULL: OpenSSL's own
 * @param ca_file  PEM, in place of the system's roots; or NULL
 * @param name     where they come from, for people; the caller frees it, also after an error; comes in as NULL
 * @param why      on failure a sentence, good until the thread's next call
 * @return STS_OK; STS_EINVAL: the file cannot be read or holds none; STS_ESYSTEM: the system has none; STS_ENOMEM
 */
STS_MUST_CHECK enum sts_err sts_roots_load(
	X509_STORE *store, OSSL_LIB_CTX *library, const char *ca_file, char **name, const char **why);

#endif
