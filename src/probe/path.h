/*
 * How questions travel: through resolvers with validation here, by full recursion, or through resolvers unvalidated. Which of them works is found out
 * by asking for the keys of the trust anchor's zone while the real questions are already out.
 */
#ifndef STS_PROBE_PATH_H
#define STS_PROBE_PATH_H

#include "probe/resolve.h"
#include "probe/servers.h"
#include "probe/validator.h"

struct sts_path;

enum sts_path_state {
	STS_PATH_STATE_UNKNOWN, /* nobody knows (yet, or because nothing answered): an answer that did not validate may be the path's fault */
	STS_PATH_STATE_PROBING, /* being found out: hold back what did not validate */
	STS_PATH_STATE_KNOWN,   /* it is as sts_path_kind() says */
};

struct sts_path_events {
	void (*moved)(void *arg);   /* another path now: ask again everything that is out or held back */
	void (*settled)(void *arg); /* not PROBING any more: judge again what was held back */
	void *arg;
};

/** @param events  called from the loop, never from within the functions below but sts_path_spoilt() */
STS_MUST_CHECK enum sts_err sts_path_new(struct sts_loop *loop, const struct sts_resolver_options *options,
	const struct sts_path_events *events, struct sts_path **out, const char **why);
/** Small caches. Before the first question. */
void sts_path_be_small(struct sts_path *path);
void sts_path_free(struct sts_path *path);

/** Find out, unless that is known or under way. */
void sts_path_probe(struct sts_path *path);
/** An answer validated as secure: the path passes DNSSEC through. Calls no event. */
void sts_path_proved(struct sts_path *path);
/** It turned out not to pass DNSSEC through after all, for a reason or NULL. One of the events comes before this returns. */
void sts_path_spoilt(struct sts_path *path, const char *why);

enum sts_path_state sts_path_state(const struct sts_path *path);
enum sts_dns_path sts_path_kind(const struct sts_path *path);
struct sts_validator *sts_path_validator(const struct sts_path *path);
/** Resolvers asked now; none while recursing. */
const struct sts_servers *sts_path_servers(const struct sts_path *path);
/** The name is below (or at) a trust anchor: without this "not signed" is not proven. */
bool sts_path_anchored(const struct sts_path *path, const char *name);
/** All trust anchors are of one name: nothing below an unsigned name is signed. */
bool sts_path_has_one_top(const struct sts_path *path);
/** For the report; owned by the path, good until it is freed. */
struct sts_resolver_path sts_path_view(const struct sts_path *path);
/** Owner of the first trust anchor. */
const char *sts_path_top(const struct sts_path *path);
/** A new validator for the path as it is now, with empty caches; NULL when it cannot be had. The caller frees it. */
struct sts_validator *sts_path_fresh(const struct sts_path *path);

#endif
