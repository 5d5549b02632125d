/* One engine thread: discovery questions by the thousand, the full check where they find something. */
#ifndef STS_SCAN_WORKER_H
#define STS_SCAN_WORKER_H

#include "probe/servers.h"
#include "scan/inside.h"

struct sts_scan_worker;

/** @param servers  resolvers of the discovery questions. @param why  on failure a sentence */
STS_MUST_CHECK enum sts_err sts_scan_worker_new(
	struct sts_run *run, const struct sts_servers *servers, unsigned workers, struct sts_scan_worker **out, const char **why);
void sts_scan_worker_free(struct sts_scan_worker *w);
/** The thread: until run->names is closed and empty and all is written, or the run stops. @param arg  the worker */
void *sts_scan_worker_main(void *arg);

#endif
