/*
 * What is wrong with one watched domain, from look to look. Pure.
 *
 * A fault that one look saw is suspected; the second look in a row that sees it makes it count. One that counts and is
 * missed by a look fades; the second look in a row that misses it solves it. A look that could not have seen it says
 * nothing. What changes about an incident (its severity, whose fault it is) counts by the same rule.
 */
#ifndef STS_MONITOR_INCIDENT_H
#define STS_MONITOR_INCIDENT_H

#include "check/observe.h"
#include "monitor/routes.h"

/** Numbers are stored. */
enum sts_incident_state {
	STS_INCIDENT_SUSPECTED = 1,
	STS_INCIDENT_OPEN = 2,
	STS_INCIDENT_FADING = 3,
};

/** One finding at one place. A place is a finding's subject without addresses: those of a host come and go. */
struct sts_incident {
	int64_t id; /* in the store; 0: not there yet */
	const char *code;
	const char *place;
	enum sts_incident_state state;
	enum sts_severity severity;
	int next_severity;      /* seen by one look so far; -1: none */
	enum sts_severity told_severity; /* the worst since it counts: who heard of it hears of its end */
	const char *cause;      /* key, as cause.h makes it; of a policy host the one it was told under, wherever that leads now */
	const char *next_cause; /* as next_severity; "": none */
	int64_t first_at;       /* first seen */
	int64_t counted_at;     /* counts since; 0 while suspected */
	int64_t seen_at;        /* last seen */
	const char *doc;        /* of the last look that saw it; not looked at here */
	bool dirty;             /* differs from what was handed in */
	bool gone;              /* no longer an incident: to be removed */
};

/** A finding of the present look. Each code and place once. */
struct sts_sighting {
	const char *code;
	const char *place;
	enum sts_severity severity;
	const char *cause;
	const char *doc;
	bool known; /* another domain's looks made the same fault of the same cause count: one look is enough */
};

struct sts_incident_event {
	enum sts_event_kind kind;            /* anything but STS_EVENT_SUSTAINED */
	const struct sts_incident *incident; /* as it is after the look (solved: as it was) */
	enum sts_severity severity;          /* the worse one of before and after; solved: the worst that was told */
};

struct sts_incident_step {
	struct sts_incident *incidents; /* those handed in, then new ones */
	size_t count;
	struct sts_incident_event *events;
	size_t event_count;
	bool unconfirmed; /* the next look should come soon */
};

/**
 * Go on by one look.
 *
 * @param before     incidents of the domain; copied
 * @param sightings  its findings of a severity that matters
 * @param seen       tells what could not have been seen
 * @param out        the arena's; strings are borrowed from what was handed in
 */
void sts_incidents_step(const struct sts_incident *before, size_t count, const struct sts_sighting *sightings,
	size_t sighting_count, const struct sts_observation *seen, int64_t now, struct sts_arena *arena,
	struct sts_incident_step *out);

/** A subject without addresses: "mx.example.net [192.0.2.1]" is "mx.example.net". */
const char *sts_incident_place(struct sts_arena *arena, const char *subject);

/** Seconds from the count-th reminder (0: the alert) to the next: first_s, twice that, then growing to a week at most
 * (or first_s, if that is longer). */
int64_t sts_reminder_s(int64_t first_s, int64_t count);

#endif
