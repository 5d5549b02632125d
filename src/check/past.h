/*
 * What earlier observations of a domain say, as far as the rules of time need it. Facts point to it; NULL there means
 * that no history is kept. Pure; owned by the arena of the check.
 */
#ifndef STS_CHECK_PAST_H
#define STS_CHECK_PAST_H

#include "check/timeline.h"

/** A policy that was served to senders at some time. */
struct sts_past_policy {
	const char *sha256;       /* of the body */
	struct sts_policy policy; /* read anew from the body */
	int64_t first_at;
	int64_t last_at;
	int64_t gone_at; /* an observation after last_at saw something else, or nothing; 0: none did */
};

/** An id and a policy that stood together. */
struct sts_past_pair {
	const char *id;
	const struct sts_past_policy *policy;
	int64_t first_at;
	int64_t last_at;
};

/** An id or an MX host that was there at some time. */
struct sts_past_name {
	const char *name;
	int64_t first_at;
	int64_t last_at;
	int64_t gone_at; /* ids only; as above */
};

struct sts_past {
	int64_t first_at; /* first and last observation; 0: this is the first visit */
	int64_t last_at;
	const char
		*mode; /* last known: "enforce", "testing", "none", "unusable", "" for no policy; NULL: never known */
	int64_t mode_since_at;
	int64_t mode_last_at;
	struct sts_past_policy
		*policies; /* last seen first, at most STS_PAST_POLICIES, with bodies of STS_PAST_OCTETS together */
	size_t policy_count;
	struct sts_past_pair *pairs; /* last seen first */
	size_t pair_count;
	struct sts_past_name *ids; /* last seen first */
	size_t id_count;
	struct sts_past_name *mx; /* last seen first */
	size_t mx_count;
};

#define STS_PAST_POLICIES 100
#define STS_PAST_OCTETS (512 * 1024)

/** A policy body by its digest, for sts_past_build(); ptr NULL when it is not there. Borrowed until the next call. */
typedef struct sts_str sts_body_fn(const char *sha256, void *arg);

/** Build the past from a memory; everything is copied into the arena. */
struct sts_past *sts_past_build(const struct sts_memory *memory, sts_body_fn *body, void *arg, struct sts_arena *arena);

/** The time until which a sender that fetched the policy when it was last seen may hold it. */
int64_t sts_past_until(const struct sts_past_policy *p);

/** It is served no more, and such a sender holds it still. */
bool sts_past_held(const struct sts_past_policy *p, int64_t now);

/**
 * The time from which surely no sender holds the policy any more: it may have been fetched until something else was
 * seen. While nothing else has been seen it is served still, so the time counts from now.
 */
int64_t sts_past_surely_gone(const struct sts_past_policy *p, int64_t now);

/** Both policies say the same to a sender: mode, max_age, and the same set of patterns. */
bool sts_policy_same(const struct sts_policy *a, const struct sts_policy *b);

struct sts_engine;

/** Asked for the past of a domain right before it is judged. NULL: there is none to be had. */
typedef const struct sts_past *sts_past_fn(const char *domain, int64_t before_at, struct sts_arena *arena, void *arg);

/** From now on checks of this engine are judged with what fn says. NULL switches it off. */
void sts_engine_set_past(struct sts_engine *engine, sts_past_fn *fn, void *arg);

#endif
