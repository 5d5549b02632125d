/* Most names have no record, and most replies say so in a way that needs no full reader. */
#ifndef STS_SCAN_QUICK_H
#define STS_SCAN_QUICK_H

#include "proto/seen.h"

/**
 * NXDOMAIN or NODATA, where a reply proves it: no answer records, a server that may say so (AA or RA), for NODATA a SOA record among the
 * authorities (without one it may be a referral), and nothing in the upper bits of an extended code.  [RFC 2308 section 2, RFC 6891 section 6.1.3]
 *
 * @return STS_DNS_NXDOMAIN, STS_DNS_NODATA, or STS_DNS_NOT_ASKED: it wants the full reader
 */
enum sts_dns_state sts_quick_look(const uint8_t *message, size_t len);

#endif
