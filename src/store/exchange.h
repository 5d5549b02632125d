/*
 * Exports and imports: JSON lines of schema mtasts.history/1. A policy body comes once, before the first observation
 * that names it:
 *
 *   {"schema":"mtasts.history/1","type":"policy","sha256":"…","body":"…"}         (or "body_base64", where the body is
 * no clean text)
 *   {"schema":"mtasts.history/1","type":"observation","at":"2026-01-01T00:00:00Z","ttl":300,"duration_ms":812,
 *    "observation":{…},"result":{…} or null}
 */
#ifndef STS_STORE_EXCHANGE_H
#define STS_STORE_EXCHANGE_H

#include "store/history.h"

/** Octets of one line that are read. */
#define STS_LINE_MAX ((size_t)4 * 1024 * 1024)

/** Takes a piece of the export. @return false: it cannot be written */
typedef bool sts_write_fn(struct sts_str piece, void *arg);

/**
 * Write every observation (of one domain, or of all), as of one moment.
 *
 * @return also STS_ENOENT: the domain was never seen; STS_EINVAL: write said no
 */
STS_MUST_CHECK enum sts_err sts_history_export(
	struct sts_history *h, const char *domain_or_null, sts_write_fn *write, void *arg, int64_t *count);

/** An import under way. */
struct sts_import;

struct sts_import_totals {
	int64_t lines;
	int64_t observations; /* read */
	int64_t added;        /* that were not there before */
};

struct sts_import *sts_import_new(struct sts_history *h);
void sts_import_free(struct sts_import *import);

/**
 * Take in one line, without its line end. Empty lines are skipped. What was there already changes nothing, so an import
 * may be repeated.
 *
 * @param why  on STS_EINVAL what is wrong with the line, the import's; escaped
 * @return STS_OK; STS_EINVAL; else as the store
 */
STS_MUST_CHECK enum sts_err sts_import_line(struct sts_import *import, struct sts_str line, const char **why);

/** Commit what was taken in; without it the last lines are not kept. */
STS_MUST_CHECK enum sts_err sts_import_finish(struct sts_import *import);

struct sts_import_totals sts_import_totals(const struct sts_import *import);

#endif
