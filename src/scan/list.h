/*
 * A list of names in a store, worked through by one machine or by many: blocks of names are leased, and a block's results are committed together with
 * the word that it is done. A machine that dies leaves its leases to run out, and its names come back. One handle, one thread.
 */
#ifndef STS_SCAN_LIST_H
#define STS_SCAN_LIST_H

#include "scan/input.h"
#include "store/store.h"

/** Names in a block. */
#define STS_LIST_BLOCK 500
/** A lease, seconds; it is renewed well before. */
#define STS_LIST_LEASE_S 120

struct sts_list {
	struct sts_store *store;
	int64_t id;
	char who[96];  /* this process */
	char why[512]; /* of the last failure */
};

/** A leased block. */
struct sts_list_block {
	uint64_t first;
	char *names; /* LF between them; heap */
};

/**
 * Open a list. Where there is none of this name, the names are read from the input and become it; who comes meanwhile waits.
 *
 * @param head   what the run is of: who works on a list must agree on it
 * @param path   of the input, read only when the list is made
 * @param stop   ends the waiting
 * @return STS_OK; else list->why tells; STS_EINVAL: the list is of another depth
 */
STS_MUST_CHECK enum sts_err sts_list_open(struct sts_list *list, const char *place, const char *name, const char *head,
	const char *path, unsigned column, const _Atomic bool *stop);
/** A second handle on the same list and for the same process. */
STS_MUST_CHECK enum sts_err sts_list_join(struct sts_list *list, const struct sts_list *other, const char *place);
void sts_list_close(struct sts_list *list);

/** Lease up to max blocks nobody works on; never one that this process leased before and did not give back. @param count  0: there is none now */
STS_MUST_CHECK enum sts_err sts_list_lease(struct sts_list *list, size_t max, struct sts_list_block *out, size_t *count);
/** Hold this process's leases a while longer. */
STS_MUST_CHECK enum sts_err sts_list_renew(struct sts_list *list);
/** Blocks that are not done, whoever has them. */
STS_MUST_CHECK enum sts_err sts_list_open_blocks(struct sts_list *list, int64_t *count);
/** Give this process's leases back. */
void sts_list_release(struct sts_list *list);

/** One result on its way into the store. */
struct sts_list_row {
	uint64_t seq;
	const char *verdict;
	struct sts_str domain, doc; /* doc: ptr NULL: none is kept */
	int64_t checked_at;
};

/**
 * A block is done: all its results, or none of them.
 *
 * @param lost  the lease had run out and another has the block: nothing was written
 */
STS_MUST_CHECK enum sts_err sts_list_finish(
	struct sts_list *list, uint64_t first, const struct sts_list_row *rows, size_t count, bool *lost);

#endif
