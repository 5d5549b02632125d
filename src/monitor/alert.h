/* An alert as it is told: title, text and JSON of what belongs to one cause. Pure. */
#ifndef STS_MONITOR_ALERT_H
#define STS_MONITOR_ALERT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/jsonr.h"
#include "monitor/routes.h"

/** One finding of one domain. */
struct sts_alert_part {
	const char *domain;
	const char *tags; /* ",a,b," */
	enum sts_event_kind kind;
	enum sts_severity severity;
	int64_t at;                  /* counts since, or solved at */
	int64_t since;               /* first seen */
	const struct sts_json *look; /* as sighting.h writes it */
};

struct sts_alert {
	const char *name;   /* of the message */
	const char *thread; /* of the cause: the same from new to solved */
	const char *cause;  /* key, as cause.h makes it */
	int64_t at;
	struct sts_alert_part *parts;
	size_t count;
	int64_t reminder;  /* which one this is; 0: it is none */
	int64_t next_at;   /* of the next reminder; 0: there is none */
	int64_t remaining; /* domains that have faults of the cause after this */
	size_t shown; /* so many domains and findings are spelt out at most, the rest is counted; 0: as many as usual */
	bool test;
};

/** What happened first by the order of enum sts_event_kind. */
enum sts_event_kind sts_alert_kind(const struct sts_alert *a);
/** The worst severity. */
enum sts_severity sts_alert_severity(const struct sts_alert *a);

/**
 * What the events of one gathering come to. Those of one finding are one thing: what began and ended meanwhile is not
 * told at all, nor is what ended and began again. And one fault may give way to another of its kind at the same place:
 * a certificate that was to expire has expired; that is one thing, worse or changed, and not one solved and one new.
 * Whatever goes on has the worst severity that was told of it, and the first since.
 *
 * @param parts  of one cause, oldest first; afterwards those that are solved stand last
 * @return how many are left
 */
size_t sts_alert_merge(struct sts_alert_part *parts, size_t count, struct sts_arena *arena);

/** Append the alert as JSON, on one line (doc/schema/alert.schema.json). When its text is too long, out fails. */
void sts_alert_write(const struct sts_alert *a, struct sts_arena *arena, struct sts_buf *out);

/**
 * Append a digest of alerts: what quiet hours held back.
 *
 * @param docs  as sts_alert_write() writes them, oldest first
 */
void sts_digest_write(const char *name, int64_t at, const struct sts_str *docs, size_t count, struct sts_arena *arena,
	struct sts_buf *out);

#endif
