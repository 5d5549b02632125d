#include "monitor/fleet.h"

#include "monitor/incident.h"
#include "monitor/watch.h"

struct each {
	const char *tag;
	sts_fleet_fn *fn;
	void *arg;
};

static enum sts_err take(const struct sts_value *v, size_t count, void *arg)
{
	const struct each *e = arg;
	struct sts_fleet_fault fault = {
		.cause = v[0].text.ptr,
		.code = v[1].text.ptr,
		.domain = v[2].text.ptr,
		.severity = (enum sts_severity)v[4].integer,
		.since_at = v[5].integer,
	};

	(void)count;
	if (e->tag == NULL || sts_tags_have(v[3].text.ptr, e->tag))
		e->fn(&fault, e->arg);
	return STS_OK;
}

enum sts_err sts_fleet_faults(struct sts_store *s, const char *tag_or_null, sts_fleet_fn *fn, void *arg)
{
	struct each e = {tag_or_null, fn, arg};

	return sts_store_run(s,
		"SELECT i.cause, i.code, w.name, w.tags, i.severity, i.counted_at FROM incident i JOIN watch w ON w.id "
		"= i.watch_id"
		" JOIN (SELECT cause, max(severity) AS worst, count(DISTINCT watch_id) AS domains FROM incident"
		" WHERE state IN (?1, ?2) GROUP BY cause) c ON c.cause = i.cause"
		" WHERE i.state IN (?1, ?2) ORDER BY c.worst DESC, c.domains DESC, i.cause, i.severity DESC, i.code, "
		"w.name",
		STS_VALUES(sts_v_int(STS_INCIDENT_OPEN), sts_v_int(STS_INCIDENT_FADING)), take, &e);
}
