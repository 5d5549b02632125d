/* A planned change of a domain, for REST and MCP alike. */
#ifndef STS_SERVE_PLANNING_H
#define STS_SERVE_PLANNING_H

#include "check/plan.h"

/** Hosts that take mail after the change, at most. */
#define STS_PLANNED_HOSTS_MAX 50

/** What is planned, read and fit to be used. In an arena. */
struct sts_planned {
	struct sts_policy policy;
	struct sts_change_wanted wanted; /* all but the report */
};

/**
 * Read a planned policy and hosts.
 *
 * @param text   kept as it is: it has to live as long as *out
 * @param hosts  as typed
 * @param why    on failure a sentence
 * @return STS_OK; STS_EINVAL: a host is no domain; STS_ENOENT: senders cannot use the policy
 */
STS_MUST_CHECK enum sts_err sts_planned_read(struct sts_str text, const char *const *hosts, size_t host_count,
	struct sts_arena *arena, struct sts_planned *out, const char **why);

#endif
