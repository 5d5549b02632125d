/* The judgement of a certificate chain as MTA-STS wants it: every fault at once.  [RFC 8461 sections 3.3 and 4.2, RFC 5280, RFC 9525] */
#ifndef STS_NET_CHAIN_H
#define STS_NET_CHAIN_H

#include "net/links.h"
#include "proto/seen.h"

#include <openssl/x509.h>

/** Certificates of a chain that are looked at when judging; more are ignored. */
#define STS_CHAIN_JUDGED_MAX 32

struct sts_chain_params {
	X509_STORE *store;  /* trusted roots */
	const char *name;   /* reference name, A-labels */
	int64_t judged_at;  /* seconds since 1970 */
	OSSL_LIB_CTX *library; /* what roots are read with, or NULL */
	struct sts_links *links; /* signatures verified before, or NULL */
};

/**
 * Describe and judge a chain.
 *
 * Fills out->chain, chain_count, chain_total, problems, problem_text and verify_error. Each kind of fault is found independently of the
 * others. Only certificates that belong to the path are judged: what a server sends beside it harms nobody. An issuer that was not sent and
 * is not in the store is told apart thus: behind a lone server certificate it is an intermediate that was forgotten; behind a CA certificate that was
 * sent it is a root that is not trusted. (From outside the two can look the same; the words say so where it matters.)
 *
 * @param sent  as sent, server's own first; at least one
 */
void sts_chain_judge(STACK_OF(X509) *sent, const struct sts_chain_params *params, struct sts_arena *arena, struct sts_tls *out);

/** Bit number of the first problem of a set in the order of enum sts_cert_problem; -1 for none. */
int sts_cert_problem_first(unsigned problems);

#endif
