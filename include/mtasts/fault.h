/* A fault that a parser met: what, and where in the bytes. */
#ifndef MTASTS_FAULT_H
#define MTASTS_FAULT_H

#include "mtasts/base.h"

/** One fault. kind is a value of the parser's own enum. Text is a copy of the octets at fault, at most STS_FAULT_TEXT_MAX. */
struct sts_fault {
	int kind;
	size_t offset;       /* octets from the start of the parsed bytes */
	unsigned line;       /* 1-based */
	unsigned column;     /* 1-based, in octets */
	struct sts_str text; /* owned by the arena; raw: escape it before showing */
	const char *note;    /* one short sentence for a person, or NULL; owned by the arena or static; printable ASCII, never the other side's octets */
};

#define STS_FAULT_TEXT_MAX 200

/** Faults of one kind that are kept; a file of junk must stay cheap to read and to show. */
#define STS_FAULTS_PER_KIND 25

/** Faults in the order met. */
struct sts_faults {
	struct sts_fault *items;
	size_t count;
	size_t dropped; /* more of kinds that were met STS_FAULTS_PER_KIND times already */
};

/** A name and value as written, in the order met; raw octets. */
struct sts_field {
	struct sts_str name;
	struct sts_str value;
	unsigned line;
};

#ifdef __cplusplus
extern "C" {
#endif

/** The first fault of that kind, or NULL. */
STS_API const struct sts_fault *sts_faults_find(const struct sts_faults *faults, int kind);

#ifdef __cplusplus
}
#endif
#endif
