/*
 * Faults of single addresses, gathered before they become findings: the same fault at every address of a host is one
 * finding of the host, not one an address.
 */
#ifndef STS_CHECK_SPOTS_H
#define STS_CHECK_SPOTS_H

#include "check/findings.h"

/** A fault (or remark) seen at one address. The note's subject is not used; its strings are arena-owned or static. */
struct sts_spot {
	struct sts_note note;
	const char *address;
	bool fatal; /* a sender gets nowhere at this address because of it */
};

struct sts_spots {
	struct sts_arena *arena;
	struct sts_spot *items;
	size_t count;
};

/** Note what was seen at an address (text form, borrowed). */
void sts_spot_add(struct sts_spots *spots, const char *address, bool fatal, const struct sts_note *note);

/** The first fatal spot of an address in catalogue order, or NULL. */
const struct sts_spot *sts_spot_fatal(const struct sts_spots *spots, const char *address);

/**
 * Report every spot, equal ones (id and detail) as one finding. Its subject is the host when the spot was seen at all
 * of address_count addresses, else "host [address, address]".
 */
void sts_spots_report(struct sts_report *r, const struct sts_spots *spots, const char *host, size_t address_count);

/** Forget the spots of one address (they are told by another finding). */
void sts_spots_drop(struct sts_spots *spots, const char *address);

#endif
