/* Inside of the history. Not for other directories. */
#ifndef STS_STORE_HISTORY_INSIDE_H
#define STS_STORE_HISTORY_INSIDE_H

#include "store/history.h"

struct sts_history {
	struct sts_store *store;
	unsigned keep_days;
};

/** How often a domain is thinned out, seconds. */
#define STS_PRUNE_EVERY_S 86400

struct domain_row {
	int64_t id;
	int64_t first_at;
	int64_t last_at;
	int64_t fold;
	int64_t pruned_at;
};

/** The domain's row. @return also STS_ENOENT */
enum sts_err domain_find(struct sts_history *h, const char *name, struct domain_row *out);
/** The domain's row, made when it is not there, nobody else's until the transaction ends. */
enum sts_err domain_lock(struct sts_history *h, const char *name, struct domain_row *out);

/** A document kept in a row, as an observation; arena as sts_document_read(). */
enum sts_err read_doc(struct sts_history *h, struct sts_str doc, struct sts_arena *arena, struct sts_observation *out);

/* memory.c */

/** Items into an empty memory, the newest STS_ITEMS_MAX of them. */
enum sts_err memory_load(struct sts_history *h, const struct domain_row *d, struct sts_memory *m);
/** What is dirty, and all changes. */
enum sts_err memory_save(struct sts_history *h, int64_t domain_id, const struct sts_memory *m);
/** Fold the observations before a time into an empty memory. */
enum sts_err memory_replay(struct sts_history *h, int64_t domain_id, int64_t before_at, struct sts_memory *m);
/** Make what is derived anew where it is not of this version. *d is read again. */
enum sts_err memory_ensure(struct sts_history *h, const char *name, struct domain_row *d);

#define STS_ITEMS_MAX 2000

/* result.c */

/** JSON without blanks between its parts, and with U+FFFD for NUL, so that every reader takes it. */
void result_compact(struct sts_str json, struct sts_buf *out);
/** Keep the result of an observation. */
enum sts_err result_save(struct sts_history *h, int64_t domain_id, int64_t observation_id, struct sts_str json);
/** Unpack a result; base is the packed result it was packed against, ptr NULL where there is none. */
enum sts_err result_unpack(struct sts_history *h, struct sts_str octets, struct sts_str base, struct sts_buf *out);

/** Octets of a result that is kept; taking JSON of this size apart must fit into an arena. */
#define STS_RESULT_MAX ((size_t)2 * 1024 * 1024)

#endif
