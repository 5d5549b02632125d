/* What a look says, boiled down to what schedule, list and metrics need. Pure. */
#ifndef STS_MONITOR_LOOK_H
#define STS_MONITOR_LOOK_H

#include "base/arena.h"
#include "base/buf.h"
#include "mtasts/report.h"

/** Certificates of one domain that are kept. */
#define STS_LOOK_CERTS_MAX 64

struct sts_look_cert {
	const char *host;
	bool policy_host;
	int64_t not_after;
};

/** Everything is the arena's. */
struct sts_look {
	const char *verdict;
	const char *status;
	const char *summary;
	int64_t checked_at;
	int64_t duration_ms;
	int64_t errors, warnings, notices;
	const char *id;    /* of the usable record, or NULL */
	int64_t max_age_s; /* of the policy; -1: there is none */
	size_t not_tested;
	struct sts_look_cert *certs; /* one a host: the one that ends first */
	size_t cert_count;
	int64_t cert_expires_at; /* the first to end; 0: none was seen */
	int64_t *events;         /* times behind checked_at near which another look is worth while */
	size_t event_count;
};

/**
 * @param before  what the look before said; NULL: there was none, or it cannot be read
 */
void sts_look_of(
	const struct sts_report *report, const struct sts_look *before, struct sts_arena *arena, struct sts_look *out);

/** As a JSON document: schema mtasts.look/1, for the table watch. */
void sts_look_write(const struct sts_look *look, struct sts_buf *out);
/** Read it back; events are not in it. false: it is none. */
bool sts_look_read(struct sts_str doc, struct sts_arena *arena, struct sts_look *out);

#endif
