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

/** Write the alert as a message has it. A message holds so much: of an alert that is longer less is spelt out. @return
 * false: not even then does it fit */
bool alert_write_fitting(const struct sts_alert *alert, struct sts_arena *arena, struct sts_buf *doc);

/** Put messages of the alert into the outbox, one for each route that any part of it is for. */
enum sts_err alert_post_to_all(struct sts_alerts *a, const struct sts_alert *all, struct sts_arena *arena);

#endif
