/*
 * An observation as a JSON document, schema mtasts.observation/1: what stores hold and exports carry. All that comes
 * again from visit to visit is in it; time, TTL and duration are not, so that the same state is the same document.
 */
#ifndef STS_STORE_DOCUMENT_H
#define STS_STORE_DOCUMENT_H

#include "base/jsonr.h"
#include "base/jsonw.h"
#include "check/observe.h"

/** Octets of a document that are written or read. */
#define STS_DOCUMENT_MAX ((size_t)1024 * 1024)

/** Write an observation as a member (or, with key NULL, as a value). */
void sts_document_write(struct sts_jsonw *w, const char *key, const struct sts_observation *o);

/**
 * Read a document. Strict: a word that is not known, a member of another type, a control character or a name that is no
 * name is refused.
 *
 * @param out  at, ttl, duration and policy body are left 0; strings are the arena's
 * @param why  on failure a sentence without octets of the document
 * @return STS_OK; STS_EINVAL
 */
STS_MUST_CHECK enum sts_err sts_document_read(
	const struct sts_json *doc, struct sts_arena *arena, struct sts_observation *out, const char **why);

/** The body decides what the policy says, whatever the document claims. Needs policy.sha256 checked against the body.
 */
void sts_document_reread_policy(struct sts_observation *o, struct sts_str body, struct sts_arena *arena);

#endif
