#include "monitor/incident.h"

#include "check/unseen.h"

#define WEEK_S 604800

const char *sts_incident_place(struct sts_arena *arena, const char *subject)
{
	const char *bracket = strstr(subject, " [");

	return bracket == NULL ? sts_strdup(arena, subject) : sts_strndup(arena, subject, (size_t)(bracket - subject));
}

int64_t sts_reminder_s(int64_t first_s, int64_t count)
{
	int64_t s = first_s;

	for (int64_t i = 0; i < count && s < WEEK_S; i++)
		s *= 2;
	return s > WEEK_S && first_s < WEEK_S ? WEEK_S : s;
}

struct step {
	struct sts_arena *arena;
	struct sts_incident_step *out;
	int64_t now;
};

static void tell(struct step *s, enum sts_event_kind kind, const struct sts_incident *i, enum sts_severity severity)
{
	*STS_PUSH(s->arena, s->out->events, s->out->event_count) = (struct sts_incident_event){kind, i, severity};
}

static void count_in(struct step *s, struct sts_incident *i)
{
	i->state = STS_INCIDENT_OPEN;
	i->told_severity = i->severity;
	i->counted_at = s->now;
	i->next_severity = -1;
	i->next_cause = "";
	tell(s, STS_EVENT_NEW, i, i->severity);
}

/* ---- seen ------------------------------------------------------------------------------------------------------ */

/* Addresses of a policy host come and go: that is nobody's news, and what was told under the old one goes on under it. */
static bool is_same_kind_of_host(const char *a, const char *b)
{
	return strncmp(a, "policy-host ", 12) == 0 && strncmp(b, "policy-host ", 12) == 0;
}

/* It counts already: a change of it has to be seen twice as well, by two looks that agree. */
static void compare(struct step *s, struct sts_incident *i, const struct sts_sighting *now)
{
	bool other_severity = now->severity != i->severity;
	bool other_cause = strcmp(now->cause, i->cause) != 0 && !is_same_kind_of_host(now->cause, i->cause);
	enum sts_severity worse = now->severity > i->severity ? now->severity : i->severity;
	enum sts_event_kind kind = now->severity > i->severity ? STS_EVENT_WORSENED : STS_EVENT_CHANGED;
	const char *cause = other_cause ? now->cause : i->cause;
	bool again = i->next_severity == (int)now->severity &&
		     (strcmp(i->next_cause, cause) == 0 || is_same_kind_of_host(i->next_cause, cause));

	i->state = STS_INCIDENT_OPEN;
	if (!other_severity && !other_cause) {
		i->next_severity = -1;
		i->next_cause = "";
	} else if (again || now->known) {
		i->severity = now->severity;
		i->cause = cause;
		if (now->severity > i->told_severity)
			i->told_severity = now->severity;
		i->next_severity = -1;
		i->next_cause = "";
		tell(s, kind, i, worse);
	} else {
		i->next_severity = (int)now->severity;
		i->next_cause = cause;
		s->out->unconfirmed = true;
	}
}

static void go_on(struct step *s, struct sts_incident *i, const struct sts_sighting *now)
{
	i->seen_at = s->now;
	i->doc = now->doc;
	i->dirty = true;
	if (i->state != STS_INCIDENT_SUSPECTED) {
		compare(s, i, now);
		return;
	}
	i->severity = now->severity;
	i->cause = now->cause;
	count_in(s, i);
}

static void begin(struct step *s, struct sts_incident *i, const struct sts_sighting *now)
{
	*i = (struct sts_incident){
		.code = now->code,
		.place = now->place,
		.state = STS_INCIDENT_SUSPECTED,
		.severity = now->severity,
		.next_severity = -1,
		.told_severity = now->severity,
		.cause = now->cause,
		.next_cause = "",
		.first_at = s->now,
		.seen_at = s->now,
		.doc = now->doc,
		.dirty = true,
	};
	if (now->known)
		count_in(s, i);
	else
		s->out->unconfirmed = true;
}

/* ---- missed ---------------------------------------------------------------------------------------------------- */

static void miss(struct step *s, struct sts_incident *i)
{
	i->dirty = true;
	if (i->state == STS_INCIDENT_SUSPECTED) {
		i->gone = true;
	} else if (i->state == STS_INCIDENT_OPEN) {
		i->state = STS_INCIDENT_FADING;
		i->next_severity = -1;
		i->next_cause = "";
		s->out->unconfirmed = true;
	} else {
		i->gone = true;
		tell(s, STS_EVENT_SOLVED, i, i->told_severity);
	}
}

static const struct sts_sighting *find(const struct sts_sighting *sightings, size_t count, const struct sts_incident *i)
{
	for (size_t n = 0; n < count; n++)
		if (strcmp(sightings[n].code, i->code) == 0 && strcmp(sightings[n].place, i->place) == 0)
			return &sightings[n];
	return NULL;
}

static bool is_known(const struct sts_incident *before, size_t count, const struct sts_sighting *s)
{
	for (size_t n = 0; n < count; n++)
		if (strcmp(before[n].code, s->code) == 0 && strcmp(before[n].place, s->place) == 0)
			return true;
	return false;
}

/* What nobody could look at leaves no trace, but a fault that one look suspected still wants its second look. */
static void step_one(
	struct step *s, struct sts_incident *i, const struct sts_sighting *now, const struct sts_observation *seen)
{
	if (now != NULL)
		go_on(s, i, now);
	else if (sts_finding_visible(seen, i->code, i->place))
		miss(s, i);
	else if (i->state != STS_INCIDENT_OPEN || i->next_severity >= 0)
		s->out->unconfirmed = true;
}

void sts_incidents_step(const struct sts_incident *before, size_t count, const struct sts_sighting *sightings,
	size_t sighting_count, const struct sts_observation *seen, int64_t now, struct sts_arena *arena,
	struct sts_incident_step *out)
{
	struct step s = {arena, out, now};

	*out = (struct sts_incident_step){0};
	out->incidents = sts_alloc_array(arena, count + sighting_count + 1, sizeof *out->incidents);
	for (size_t n = 0; n < count; n++) {
		struct sts_incident *i = &out->incidents[out->count++];

		*i = before[n];
		i->dirty = i->gone = false;
		step_one(&s, i, find(sightings, sighting_count, i), seen);
	}
	for (size_t n = 0; n < sighting_count; n++)
		if (!is_known(before, count, &sightings[n]))
			begin(&s, &out->incidents[out->count++], &sightings[n]);
}
