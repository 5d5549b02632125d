/* Where parsers note what they meet. */
#ifndef STS_PROTO_FAULT_H
#define STS_PROTO_FAULT_H

#include "base/arena.h"
#include "base/str.h"
#include "mtasts/fault.h"

/** Fields of a record or policy that are kept for show. */
#define STS_FIELDS_MAX 200

/** A place in parsed bytes. */
struct sts_place {
	size_t offset;
	unsigned line;   /* 1-based */
	unsigned column; /* 1-based, octets */
};

/**
 * Note one fault; beyond STS_FAULTS_PER_KIND of its kind it is only counted.
 *
 * @param text  octets at fault; copied, cut to STS_FAULT_TEXT_MAX
 * @param note  static or of the arena; printable ASCII
 */
void sts_fault_note(struct sts_faults *faults, struct sts_arena *arena, int kind, struct sts_place place,
	struct sts_str text, const char *note);

/** A copy of the slice in the arena. */
struct sts_str sts_str_keep(struct sts_arena *arena, struct sts_str s);

/** The name of an extension field: a letter or digit and up to 31 letters, digits, "_", "-" or ".".  [RFC 8461 sections 3.1 and 3.2,
 * RFC 8460 section 3: the same in all three] */
bool sts_ext_name_valid(struct sts_str name);

#endif
