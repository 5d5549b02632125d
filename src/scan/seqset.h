/*
 * Which numbers of a long row are done. Numbers come nearly in order, so whole blocks soon are full and cost a pointer:
 * 250 million numbers take half a megabyte and what is open.
 */
#ifndef STS_SCAN_SEQSET_H
#define STS_SCAN_SEQSET_H

#include "base/buf.h"

struct sts_seqset_block;

/** Zeroed memory is an empty set. */
struct sts_seqset {
	struct sts_seqset_block **blocks;
	size_t count;
	uint64_t size; /* numbers in the set */
	uint64_t low;  /* every number below is in the set */
};

void sts_seqset_clear(struct sts_seqset *set);
/** Add from up to and including to. @return false: out of memory */
STS_MUST_CHECK bool sts_seqset_add(struct sts_seqset *set, uint64_t from, uint64_t to);
/** @return false: out of memory */
STS_MUST_CHECK bool sts_seqset_copy(struct sts_seqset *to, const struct sts_seqset *from);
bool sts_seqset_has(const struct sts_seqset *set, uint64_t seq);
/** "0-99,103,107-200"; nothing for an empty set. */
void sts_seqset_write(const struct sts_seqset *set, struct sts_buf *out);
/** Add what stands in such a text. @return false: it is something else, or out of memory */
STS_MUST_CHECK bool sts_seqset_read(struct sts_seqset *set, struct sts_str text);
/** Sort the numbers and write them as sts_seqset_write() does. */
void sts_seqs_write(uint64_t *seqs, size_t count, struct sts_buf *out);

#endif
