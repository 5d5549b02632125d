/* Inside of the alerts. Not for others. */
#ifndef STS_MONITOR_ALERTS_INSIDE_H
#define STS_MONITOR_ALERTS_INSIDE_H

#include "monitor/alert.h"
#include "monitor/alerts.h"

struct sts_alerts {
	struct sts_store *store;
	struct sts_alerts_config config; /* times filled in */
};

/** Within a transaction, and before it changes anything of an incident or event: nobody else gathers, or gives a cause
 * another key, until it ends. */
enum sts_err alerts_lock(struct sts_alerts *a);

/** What is kept of an event: the first time it was seen, and the look. The arena's. */
const char *sts_event_doc(struct sts_arena *arena, int64_t since, const char *look);

/** Put a message of the alert into the outbox, for this route. A message holds so much: of an alert that is longer, as
 * many parts as fit. */
enum sts_err alert_post(struct sts_alerts *a, const struct sts_route *route, struct sts_alert *alert);

#endif
