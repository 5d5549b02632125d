/*
 * The sockets of a stub resolver. c-ares sends and receives one datagram a call; here they wait for one another and travel by the batch, two
 * system calls for as many as there are. TCP goes straight through. One thread.
 */
#ifndef STS_PROBE_STUB_WIRE_H
#define STS_PROBE_STUB_WIRE_H

#include "mtasts/base.h"

#include <ares.h>

/** Questions that wait for one another at most: worth asking through one socket. */
#define STS_WIRE_BATCH 128

struct sts_wire;

/**
 * @param reply_max  octets of the largest reply that counts; of a larger one so much and one more octet is handed on, by which c-ares knows that it
 *                   is too large
 * @return NULL: out of memory
 */
struct sts_wire *sts_wire_new(size_t reply_max);
/** The channels are gone by now. */
void sts_wire_free(struct sts_wire *wire);
/** Sockets of this channel are made here from now on. */
void sts_wire_carry(struct sts_wire *wire, ares_channel channel);

/** Send what waits. What the system has no room for now waits on. */
void sts_wire_flush(struct sts_wire *wire);
/** Replies were taken from this socket that the channel has not fetched yet. */
bool sts_wire_holds(const struct sts_wire *wire, ares_socket_t fd);
/**
 * A socket whose datagrams could not be sent: its channel has to read from it to be told, and will ask anew whatever is out. Each is given once.
 *
 * @return ARES_SOCKET_BAD: none
 */
ares_socket_t sts_wire_failed(struct sts_wire *wire);

#endif
