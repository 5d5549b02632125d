/* What is wrong with all watched domains at this moment, by cause. */
#ifndef STS_MONITOR_FLEET_H
#define STS_MONITOR_FLEET_H

#include "mtasts/finding.h"
#include "store/store.h"

/** One incident that counts. Strings are gone when whoever takes it returns. */
struct sts_fleet_fault {
	const char *cause; /* key, as cause.h makes it */
	const char *code;
	const char *domain;
	enum sts_severity severity;
	int64_t since_at; /* it counts since */
};

typedef void sts_fleet_fn(const struct sts_fleet_fault *fault, void *arg);

/** Every incident that counts of watched domains (of one tag, or of all): causes that are
 * worst, then those of most domains first; below a cause by code and domain. */
STS_MUST_CHECK enum sts_err sts_fleet_faults(struct sts_store *s, const char *tag_or_null, sts_fleet_fn *fn, void *arg);

#endif
