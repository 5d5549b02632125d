/* TLSA records: what they say, and whether mail can use them.  [RFC 6698 section 2.1, RFC 7671, RFC 7672 section 3.1]
 */
#ifndef STS_PROTO_TLSA_H
#define STS_PROTO_TLSA_H

#include "base/arena.h"
#include "base/str.h"

struct sts_tlsa {
	uint8_t usage;       /* 3 DANE-EE, 2 DANE-TA; 0 and 1 are of no use for SMTP.  [RFC 7672 section 3.1.3] */
	uint8_t selector;    /* 0 whole certificate, 1 public key */
	uint8_t matching;    /* 0 exact, 1 SHA-256, 2 SHA-512 */
	struct sts_str data; /* raw octets, arena-owned */
	bool usable;         /* for SMTP: known usage (2, 3), selector and matching type, data of the right length */
	const char *why;     /* when not usable, one short sentence, static; else NULL */
};

/**
 * Read one record's rdata. Any rdata gives a record: what is too short to be one comes out as not usable, because the
 * mere presence of TLSA records, usable or not, makes STARTTLS obligatory.  [RFC 7672 section 2.2]
 */
void sts_tlsa_parse(struct sts_str rdata, struct sts_arena *arena, struct sts_tlsa *out);

/** "3 1 1 0123abcd…" in lower-case hex, whole; arena-owned. */
const char *sts_tlsa_text(const struct sts_tlsa *tlsa, struct sts_arena *arena);

#endif
