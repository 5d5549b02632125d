/* Addresses: text forms, special-purpose blocks, what this machine can reach. */
#ifndef STS_NET_ADDRESS_H
#define STS_NET_ADDRESS_H

#include "proto/seen.h"

#include <sys/socket.h>

/** Fill *out (text and special too) from 4 or 16 octets. */
void sts_address_from_bytes(int family, const uint8_t *bytes, struct sts_address *out);
/** From text without port or brackets; false when it is no address. */
STS_MUST_CHECK bool sts_address_parse(const char *text, struct sts_address *out);
/** A socket address; the length. */
socklen_t sts_address_sockaddr(const struct sts_address *a, uint16_t port, struct sockaddr_storage *out);
/** The other way: address and port (may be NULL) of a socket address; false when it is neither IPv4 nor IPv6. */
STS_MUST_CHECK bool sts_address_from_sockaddr(const struct sockaddr_storage *sa, struct sts_address *out, uint16_t *port);
/**
 * Name of the special-purpose block the address is in, or NULL: IANA IPv4 and IPv6 special-purpose registries, multicast, and
 * what is inside IPv4-mapped, -compatible, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), 6to4 and Teredo forms.
 */
const char *sts_address_special(int family, const uint8_t *bytes);
/**
 * The index-th block of special-purpose addresses as "10.0.0.0/8", those that carry IPv4 addresses included; out holds at least 64 octets.
 *
 * @return false past the end
 */
bool sts_address_block(size_t index, char out[static 64]);

#endif
