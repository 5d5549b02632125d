/* Watched domains for people and programs: schema mtasts.watched/1. */
#ifndef STS_MONITOR_LIST_H
#define STS_MONITOR_LIST_H

#include "base/jsonw.h"
#include "monitor/watch.h"

/**
 * One watched domain.
 *
 * @param interval_s  of domains without one of their own
 */
void sts_watched_json(struct sts_jsonw *w, const char *key, const struct sts_watched *watched, int64_t interval_s);

/** All of them (or of one tag) as a document; on one line or pretty as w is. */
STS_MUST_CHECK enum sts_err sts_watched_list_json(
	struct sts_jsonw *w, struct sts_store *store, const char *tag_or_null, int64_t interval_s);

/** The same as a table for people, escaped. @param count  how many there are */
STS_MUST_CHECK enum sts_err sts_watched_list_text(
	struct sts_buf *out, struct sts_store *store, const char *tag_or_null, int64_t now, size_t *count);

#endif
