/* The words of an alert. Pure. */
#ifndef STS_MONITOR_ALERT_TEXT_H
#define STS_MONITOR_ALERT_TEXT_H

#include "monitor/alert.h"

/** One line; the arena's. */
const char *sts_alert_title(const struct sts_alert *a, struct sts_arena *arena);
/** Append all of it, in lines; long ones are not wrapped. */
void sts_alert_text(const struct sts_alert *a, struct sts_arena *arena, struct sts_buf *out);
/** How it ends: a sentence or two; the arena's. */
const char *sts_alert_end(const struct sts_alert *a, struct sts_arena *arena);

/** How many are spelt out where usually so many are. */
static inline size_t sts_alert_shown(const struct sts_alert *a, size_t usual)
{
	return a->shown > 0 && a->shown < usual ? a->shown : usual;
}

/** Parts of the same code and place: one finding, many domains. */
struct sts_alert_group {
	const struct sts_alert_part *first; /* the worst */
	const struct sts_alert_part **parts;
	size_t count;
};

/** Groups, worst first. */
struct sts_alert_group *sts_alert_groups(const struct sts_alert *a, struct sts_arena *arena, size_t *count);

/** Domains of the alert, each once, in order of name: the parts they are first met in. */
const struct sts_alert_part **sts_alert_domains(const struct sts_alert *a, struct sts_arena *arena, size_t *count);

#endif
