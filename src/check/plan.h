/*
 * A change that is planned: what senders in every state do with the mail before, during and after it, and the order of
 * steps in which no mail is refused. Pure: a report (with its past), the planned policy and the planned MX hosts in,
 * the plan out. [RFC 8461 sections 3.3, 8.1 and 8.3]
 */
#ifndef STS_CHECK_PLAN_H
#define STS_CHECK_PLAN_H

#include "check/findings.h"
#include "check/past.h"

/** The change. Everything is borrowed for the life of the plan. */
struct sts_change_wanted {
	const struct sts_report *report; /* the domain as it is */
	struct sts_str policy_text;      /* the planned policy file, raw */
	const struct sts_policy *policy; /* read from it */
	const char *const *mx;           /* hosts that take mail after the change, lower case, no final dot; in order */
	size_t mx_count;                 /* 0: as now */
};

enum sts_plan_phase {
	STS_PLAN_BEFORE,
	STS_PLAN_DURING, /* everything is changed at once, and senders hold what they held */
	STS_PLAN_AFTER,  /* whatever was held before has run out */
	STS_PLAN_PHASES
};

/** "before", "during", "after". */
const char *sts_plan_phase_name(enum sts_plan_phase phase);

struct sts_plan_host {
	const char *name;          /* ready to show */
	bool before;               /* takes mail now */
	bool after;                /* takes mail after the change */
	bool covered;              /* by the planned policy */
	const struct sts_mx *seen; /* NULL: not looked at, since it is no MX host now */
};

/** Senders in one state. */
struct sts_plan_state {
	const char
		*name;   /* "no_cache", "current_policy", "policy_of_2026-01-31", "planned_policy", "dane", "neither" */
	const char *who; /* "Senders that …" */
	int64_t gone_at; /* surely nobody is in this state any more, if the first step is taken now; 0: does not pass */
	bool exists[STS_PLAN_PHASES];
	enum sts_decision *decisions[STS_PLAN_PHASES]; /* one a host; for hosts that take mail in that phase */
	enum sts_decision outcome[STS_PLAN_PHASES];    /* what finally happens */
};

enum sts_plan_action {
	STS_DO_MEND,   /* something is to be put right first */
	STS_DO_FILE,   /* put a file on the policy host */
	STS_DO_RECORD, /* give the record a new id */
	STS_DO_WAIT,
	STS_DO_MX,         /* change the MX records */
	STS_DO_SWITCH_OFF, /* old mail hosts may go */
	STS_DO_REMOVE_RECORD,
	STS_DO_REMOVE_HOST,
};

/** "mend", "policy-file", "record", "wait", "mx", "switch-off", "remove-record", "remove-host". */
const char *sts_plan_action_name(enum sts_plan_action action);

struct sts_plan_step {
	enum sts_plan_action action;
	int64_t not_before;  /* if the first step is taken now */
	const char *text;    /* what to do */
	const char *why;     /* or NULL */
	const char *snippet; /* the exact text to publish, or NULL */
};

enum sts_plan_verdict {
	STS_PLAN_NOTHING, /* there is nothing to change */
	STS_PLAN_SAFE,    /* in this order no compliant sender refuses a host that works */
	STS_PLAN_UNSAFE,  /* the planned state itself makes senders refuse a host, or cannot be used */
	STS_PLAN_UNKNOWN, /* what decides it could not be seen */
};

/** "nothing-to-do", "safe", "unsafe", "unknown". */
const char *sts_plan_verdict_name(enum sts_plan_verdict verdict);

struct sts_plan {
	const char *domain;
	int64_t at; /* now: the first step is taken then */
	enum sts_plan_verdict verdict;
	const char *summary;         /* one sentence */
	struct sts_plan_host *hosts; /* those of now, then those that come */
	size_t host_count;
	struct sts_plan_state *states;
	size_t state_count;
	struct sts_plan_step *steps; /* in order */
	size_t step_count;
	const char **warnings; /* what may go wrong, and what is not known */
	size_t warning_count;
	int64_t surely_gone_at; /* from then on nobody holds a policy of before; 0: nobody does now */
};

/** Make the plan; everything in it is the arena's. The planned policy must be usable. */
void sts_plan_make(const struct sts_change_wanted *wanted, struct sts_arena *arena, struct sts_plan *out);

#endif
