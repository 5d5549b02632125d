/* A server for nothing but GET /metrics, in a thread of its own: for programs that are no servers otherwise. */
#ifndef STS_SERVE_SCRAPE_H
#define STS_SERVE_SCRAPE_H

#include "base/buf.h"

/** Write the metrics in Prometheus' text format. Called in the server's thread. */
typedef void sts_scrape_fn(struct sts_buf *out, void *arg);

struct sts_scrape;

/**
 * @param listen  as sts_listen()
 * @param why     on failure a sentence, good until the next call
 * @return STS_OK; STS_EINVAL: no such address; STS_ESYSTEM; STS_ENOMEM
 */
STS_MUST_CHECK enum sts_err sts_scrape_start(
	const char *listen, sts_scrape_fn *fn, void *arg, struct sts_scrape **out, const char **why);
/** Where it listens; the server's. */
const char *sts_scrape_where(const struct sts_scrape *s);
/** NULL is fine. */
void sts_scrape_stop(struct sts_scrape *s);

#endif
