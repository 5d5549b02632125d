/* From a report to what the incidents of its domain are made of. Pure. */
#ifndef STS_MONITOR_SIGHTING_H
#define STS_MONITOR_SIGHTING_H

#include "check/findings.h"
#include "monitor/incident.h"

/**
 * Findings of a severity and above, each code and place once (the worst one). doc is a JSON object: code, place,
 * subject, severity, title, detail, rfc, result_type, cause, fix {text, snippet, type}, verdict of the domain, effect:
 * what senders do. known is false.
 */
struct sts_sighting *sts_sightings_of(
	const struct sts_report *report, enum sts_severity lowest, struct sts_arena *arena, size_t *count);

/** The doc of an earlier look, with the domain's verdict and effect of this report; the arena's. */
const char *sts_look_renewed(const char *doc, const struct sts_report *report, struct sts_arena *arena);

#endif
