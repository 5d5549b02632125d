/* Domain names on the wire and as text.  [RFC 1035 sections 3.1, 4.1.4 and 5.1] */
#ifndef STS_PROTO_DNSNAME_H
#define STS_PROTO_DNSNAME_H

#include "base/arena.h"
#include "base/rd.h"

/** Octets of a name in wire form, root octet included. */
#define STS_DNS_WIRE_MAX 255

/** Read a (perhaps compressed) name at the cursor of a whole message; arena text, or NULL with the cursor failed.
 * Pointers must lead backwards. */
const char *sts_rd_dns_name(struct sts_rd *r, struct sts_arena *arena);

/** The same name, case ignored, one final dot of either ignored. Both as text. */
bool sts_dns_name_same(const char *a, const char *b);

/** Lower case, without final dot; arena-owned. */
const char *sts_dns_name_plain(const char *name, struct sts_arena *arena);

/** Labels of a name in text form; 0 for the root. */
unsigned sts_dns_name_labels(const char *name);

#endif
