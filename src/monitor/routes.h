/* Whom to tell of what, and when not to. Pure but for the zone of the machine, where a route asks for local time. */
#ifndef STS_MONITOR_ROUTES_H
#define STS_MONITOR_ROUTES_H

#include "base/arena.h"
#include "base/str.h"
#include "mtasts/finding.h"

/** What happened. Numbers are stored. */
enum sts_event_kind {
	STS_EVENT_NEW = 1,
	STS_EVENT_WORSENED = 2,
	STS_EVENT_CHANGED = 3,
	STS_EVENT_SUSTAINED = 4,
	STS_EVENT_SOLVED = 5,
};
#define STS_EVENT_KINDS 5
#define STS_EVENTS_ALL 0x3eu /* a bit for each kind: 1u << kind */

/** "new", "worsened", "changed", "sustained", "solved". */
const char *sts_event_kind_name(enum sts_event_kind kind);

enum sts_target {
	STS_TARGET_NONE,
	STS_TARGET_WEBHOOK, /* address: URL */
	STS_TARGET_MAIL,    /* address: recipients, parted by commas */
	STS_TARGET_COMMAND, /* address: path of a program, then its arguments, parted by blanks */
	STS_TARGET_STDOUT,
};

/** "webhook", "mail", "command", "stdout". */
const char *sts_target_name(enum sts_target target);

/** Minutes are counted from midnight; from == until: never quiet. */
struct sts_quiet {
	int from_min;
	int until_min;  /* below from_min: past midnight */
	bool local;     /* in the zone of the machine (TZ); else: */
	int offset_min; /* east of UTC */
	bool pierce;    /* what is of severity pierce_at or above goes out at once */
	enum sts_severity pierce_at;
};

struct sts_route {
	const char *name;
	const char **tags; /* domains with one of these; none: all */
	size_t tag_count;
	enum sts_severity min_severity;
	unsigned kinds; /* 1u << kind */
	struct sts_quiet quiet;
	enum sts_target target;
	const char *address;
	const char *secret_file; /* webhook: signs; or NULL */
	const char *secret_env;  /* as above: name of an environment variable */
	const char *mail_from;
	const char *smtp;      /* smtp://HOST[:PORT], smtps://… */
	const char *smtp_user; /* or NULL */
	const char *smtp_password_file;
	bool smtp_plain;     /* TLS is not demanded (smtps:// always has it) */
	const char *ca_file; /* or NULL: the system's */
	bool text;           /* stdout: a line of text in place of JSON */
	unsigned timeout_s;  /* 0: STS_DELIVERY_TIMEOUT_S */
};
#define STS_DELIVERY_TIMEOUT_S 20

/** Everything is the arena's. */
struct sts_routes {
	struct sts_route *items;
	size_t count;
};

/** The route of that name, made with the usual settings when it is not there. @return NULL: the name is not 1 to 64
 * letters, digits, "-", "_" or "." */
struct sts_route *sts_routes_get(struct sts_routes *routes, struct sts_arena *arena, const char *name);

/**
 * Set one thing about a route: tags, min-severity, events, quiet, quiet-zone, pierce, webhook, secret-file, secret-env,
 * mail, mail-from, smtp, smtp-user, smtp-password-file, smtp-tls, ca-file, command, stdout, timeout.
 *
 * @param why  on failure a phrase that goes on after the setting's name
 */
STS_MUST_CHECK bool sts_route_set(
	struct sts_route *route, struct sts_arena *arena, const char *name, const char *value, const char **why);

/** The route is whole: it has a target and what that needs. @param why  a sentence without the route's name */
STS_MUST_CHECK bool sts_route_whole(const struct sts_route *route, struct sts_arena *arena, const char **why);

/** The severity from which on at least one route wants to know; warning where there are none. */
enum sts_severity sts_routes_lowest(const struct sts_routes *routes);

/** The route wants domains with these tags (",a,b,"). */
bool sts_route_wants_tags(const struct sts_route *route, const char *tags);

/** The route wants events of this kind and severity. */
bool sts_route_wants(const struct sts_route *route, enum sts_event_kind kind, enum sts_severity severity);

/** When a message of this severity may go out: now, or when the quiet hours are over. */
int64_t sts_route_when(const struct sts_route *route, enum sts_severity severity, int64_t now);

#endif
