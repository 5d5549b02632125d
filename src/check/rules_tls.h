/* What is wrong with a TLS session, for policy hosts and MX hosts alike. */
#ifndef STS_CHECK_RULES_TLS_H
#define STS_CHECK_RULES_TLS_H

#include "check/spots.h"

/** Which host's TLS is judged: the finding ids and result types differ. */
enum sts_tls_side { STS_SIDE_POLICY_HOST, STS_SIDE_MX };

/**
 * Note what is wrong with a TLS session: a handshake that failed, every fault of the chain, a certificate that expires
 * soon.
 *
 * @param judged_at  dates are judged at this time, seconds since 1970
 */
void sts_tls_spots(struct sts_spots *spots, const char *address, const struct sts_tls *tls, enum sts_tls_side side,
	int64_t judged_at);

#endif
