/*
 * The memory of one domain: what is known of it now, what was ever seen, and what changed when. Observations are folded
 * in, oldest first; the result depends on nothing else, so it can be made anew from them at any time. Pure.
 *
 * An observation changes only what it says something about: a look-up that failed leaves everything as it was.
 */
#ifndef STS_CHECK_TIMELINE_H
#define STS_CHECK_TIMELINE_H

#include "check/observe.h"

/** Raised whenever the same observations would fold to something else: what is derived in stores is then made anew. */
#define STS_FOLD_VERSION 1

/** Numbers are stored: none is changed or used again. */
enum sts_item_kind {
	/* what is so now; its changes are told */
	STS_ITEM_VERDICT = 1, /* value: the verdict */
	STS_ITEM_RECORD = 2,  /* value: TXT records, parted by LF; "" for none */
	STS_ITEM_POLICY = 3,  /* value: digest of the body; "" when it is gone */
	STS_ITEM_MODE = 4,    /* value: "enforce" …, "unusable"; "" when the policy is gone */
	STS_ITEM_MX = 5,   /* value: "10 host" lines in order, "implicit host", "0 ." for null MX; "" when there is no
			      such domain */
	STS_ITEM_CERT = 6, /* key: "mx HOST DIGEST" or "policy-host HOST DIGEST"; value: "NOT_AFTER SUBJECT" */
	STS_ITEM_RPT = 7,  /* value: TXT records, parted by LF; "" for none */
	STS_ITEM_FINDING = 8, /* key: "CODE SUBJECT"; value: "SEVERITY" or "SEVERITY CAUSE"; "" once it is mended */
	/* what was ever seen; no changes */
	STS_SEEN_POLICY = 101, /* key: digest of a body that was served to senders; value: when it was first seen gone,
				  in decimal, or "" */
	STS_SEEN_ID = 102,     /* key: id of a usable record; value as above */
	STS_SEEN_PAIR = 103,   /* key: "ID DIGEST": both at once */
	STS_SEEN_MX = 104,     /* key: host */
};

/** "verdict", "record", "policy", "mode", "mx", "certificate", "tls_rpt", "finding"; NULL for what has no changes. */
const char *sts_item_kind_name(enum sts_item_kind kind);

struct sts_item {
	enum sts_item_kind kind;
	const char *key; /* "" where there is only one */
	const char *value;
	int64_t since_at; /* the value was first seen (what was ever seen: the thing was first seen) */
	int64_t last_at;  /* and last seen */
	bool dirty;       /* differs from what the store holds */
};

struct sts_change {
	int64_t at;        /* seen to be so */
	int64_t before_at; /* the old value was last seen; 0 when there is none */
	enum sts_item_kind kind;
	const char *key;
	const char *old_value; /* NULL: nothing was known before */
	const char *new_value;
};

/** What is known of one domain. Zeroed but for arena it is empty. */
struct sts_memory {
	struct sts_arena *arena;
	struct sts_arena *scratch; /* lives during one folding; NULL in between */
	struct sts_item *items;
	size_t item_count;
	struct sts_change *changes; /* told by the folding since the memory was made */
	size_t change_count;
	int64_t first_at; /* first and last observation; 0 when there is none */
	int64_t last_at;
};

/** Take in an observation. Its time must not be before the memory's last_at. Strings are copied. */
void sts_memory_fold(struct sts_memory *m, const struct sts_observation *o);

/** The item, or NULL. */
const struct sts_item *sts_memory_find(const struct sts_memory *m, enum sts_item_kind kind, const char *key);

#endif
