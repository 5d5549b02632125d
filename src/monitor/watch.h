/*
 * Watched domains, in the store. Several daemons, on several machines, may work on one store: a domain that is due is
 * leased to one of them, and a lease that ends unrenewed may be taken by any other.
 *
 * due_at is by the wall clock of who looks. Leases are by the clock of the store, so that daemons whose clocks differ
 * agree about them.
 *
 * Everything returns STS_OK, or STS_EIO, STS_ESYSTEM, STS_ETIMEOUT, STS_ENOMEM of the store, unless said otherwise.
 */
#ifndef STS_MONITOR_WATCH_H
#define STS_MONITOR_WATCH_H

#include "base/arena.h"
#include "store/store.h"

/** A watched domain. */
struct sts_watched {
	int64_t id;
	const char *name;   /* A-labels */
	const char *tags;   /* ",a,b," in order, or "," */
	int64_t interval_s; /* 0: the daemon's */
	int64_t added_at;
	int64_t due_at;
	int64_t turn;         /* looks that ended */
	int second_looks;     /* in a row, the coming one included; 0: the coming one is a regular look */
	int64_t leased_until; /* by the clock of the store: somebody looks at it; 0: nobody does */
	int64_t checked_at;   /* 0: never; then what follows is nothing */
	const char *verdict;  /* or NULL */
	const char *status;
	int64_t cert_expires_at; /* the first to end; 0: none was seen */
	struct sts_str doc;      /* as look.h writes it; ptr NULL where there is none */
	int64_t incidents;       /* that count and are not solved; not filled by sts_watch_lease() */
};

#define STS_TAG_MAX 32
#define STS_TAGS_MAX 16

/**
 * Tags in the form in which they are kept: sorted, each once.
 *
 * @param why  on STS_EINVAL a sentence, the arena's
 * @return STS_OK; STS_EINVAL: one is not 1 to 32 of a-z, 0-9, "-", "_", ".", or there are more than STS_TAGS_MAX
 */
STS_MUST_CHECK enum sts_err sts_tags_join(
	const char *const *tags, size_t count, struct sts_arena *arena, const char **out, const char **why);
/** One of the tags is this one. */
bool sts_tags_have(const char *tags, const char *tag);

enum sts_watch_change { STS_WATCH_ADDED, STS_WATCH_CHANGED, STS_WATCH_SAME };

/**
 * Watch a domain from now on; it is due at once. One that is watched already is given the tags and the interval that
 * are told; a shorter interval holds at once.
 *
 * @param name        A-labels, as sts_domain_parse() gives them
 * @param tags        as sts_tags_join() gives them; NULL: as they are, or none
 * @param interval_s  0: the daemon's; negative: as it is, or the daemon's
 */
STS_MUST_CHECK enum sts_err sts_watch_add(struct sts_store *s, const char *name, const char *tags, int64_t interval_s,
	int64_t now, enum sts_watch_change *change);

/** Watch it no longer; what was seen stays in the history. @return also STS_ENOENT: it is not watched */
STS_MUST_CHECK enum sts_err sts_watch_remove(struct sts_store *s, const char *name);

/** Takes one; what it gets is gone when it returns. Must not run statements. */
typedef enum sts_err sts_watched_fn(const struct sts_watched *w, void *arg);

/** Every watched domain (of one tag, or of all), by name. */
STS_MUST_CHECK enum sts_err sts_watch_each(struct sts_store *s, const char *tag_or_null, sts_watched_fn *fn, void *arg);

/** One of them. @return also STS_ENOENT */
STS_MUST_CHECK enum sts_err sts_watch_find(
	struct sts_store *s, const char *name, struct sts_arena *arena, struct sts_watched *out);

/** How things stand. */
struct sts_watch_queue {
	int64_t watched;
	int64_t due; /* and nobody looks at them yet */
	int64_t leased;
	int64_t oldest_at; /* when the first of the due ones was due; 0: none is */
	int64_t next_at;   /* when the next one is due that nobody looks at; 0: none */
};
STS_MUST_CHECK enum sts_err sts_watch_queue(struct sts_store *s, int64_t now, struct sts_watch_queue *out);

/* ---- leases ---------------------------------------------------------------------------------------------------- */

/** Who works on the store: unlike any other, also of an earlier life of the same machine. */
struct sts_worker_name {
	char text[96];
};
/** @return STS_ESYSTEM: there is no randomness */
STS_MUST_CHECK enum sts_err sts_worker_name_draw(struct sts_worker_name *out);

/**
 * Lease domains that are due, those first that wait longest.
 *
 * @param lease_s  from now, by the clock of the store
 * @param out      at least max of them; strings are the arena's
 */
STS_MUST_CHECK enum sts_err sts_watch_lease(struct sts_store *s, const char *who, int64_t now, int64_t lease_s,
	size_t max, struct sts_arena *arena, struct sts_watched *out, size_t *count);

/** Keep a lease for longer. @return also STS_ENOENT: it is another's, or the domain is not watched any more */
STS_MUST_CHECK enum sts_err sts_watch_renew(
	struct sts_store *s, const char *who, const struct sts_watched *w, int64_t lease_s);

/** Give a lease back; the domain stays due. One that is lost is fine. */
STS_MUST_CHECK enum sts_err sts_watch_release(struct sts_store *s, const char *who, const struct sts_watched *w);

/**
 * Within a transaction for writing: count the look as ended, and keep everybody else off the domain until the
 * transaction ends.
 *
 * @return also STS_ENOENT: the lease is lost, and somebody else looks, or the domain is not watched any more
 */
STS_MUST_CHECK enum sts_err sts_watch_claim(struct sts_store *s, const char *who, const struct sts_watched *w);

/** Behind sts_watch_claim(): what the look said, and when the next one is due; the lease ends. Reads w->id and what the
 * look says: due_at, second_looks, checked_at, verdict, status, cert_expires_at, doc. */
STS_MUST_CHECK enum sts_err sts_watch_settle(struct sts_store *s, const struct sts_watched *w);

#endif
