#include "monitor/routes.h"

#include <stdlib.h>
#include <time.h>

#define DAY_MIN 1440
#define NAME_MAX_LEN 64

static const char *const kind_names[] = {NULL, "new", "worsened", "changed", "sustained", "solved"};
static const char *const target_names[] = {"none", "webhook", "mail", "command", "stdout"};

const char *sts_event_kind_name(enum sts_event_kind kind)
{
	return kind_names[kind];
}

const char *sts_target_name(enum sts_target target)
{
	return target_names[target];
}

static bool name_fits(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (!sts_is_alnum(name[i]) && strchr("-_.", name[i]) == NULL)
			return false;
	return len >= 1 && len <= NAME_MAX_LEN;
}

struct sts_route *sts_routes_get(struct sts_routes *routes, struct sts_arena *arena, const char *name)
{
	struct sts_route *r;

	if (!name_fits(name))
		return NULL;
	for (size_t i = 0; i < routes->count; i++)
		if (strcmp(routes->items[i].name, name) == 0)
			return &routes->items[i];
	r = STS_PUSH(arena, routes->items, routes->count);
	r->name = sts_strdup(arena, name);
	r->min_severity = STS_WARNING;
	r->kinds = STS_EVENTS_ALL;
	return r;
}

/* ---- settings -------------------------------------------------------------------------------------------------- */

/* The next of the words parted by commas or blanks; false at the end. */
static bool next_word(struct sts_str *rest, struct sts_str *word)
{
	size_t n = 0;

	while (rest->len > 0 && (rest->ptr[0] == ',' || sts_is_wsp(rest->ptr[0])))
		*rest = sts_str_from(*rest, 1);
	while (n < rest->len && rest->ptr[n] != ',' && !sts_is_wsp(rest->ptr[n]))
		n++;
	*word = sts_str(rest->ptr, n);
	*rest = sts_str_from(*rest, n);
	return n > 0;
}

static bool read_severity(const char *value, enum sts_severity *out)
{
	for (enum sts_severity s = STS_INFO; s <= STS_ERROR; s++)
		if (strcmp(value, sts_severity_name(s)) == 0) {
			*out = s;
			return true;
		}
	return false;
}

static bool set_tags(struct sts_route *r, struct sts_arena *arena, const char *value, const char **why)
{
	struct sts_str rest = sts_str_of(value);
	struct sts_str word;

	r->tags = NULL;
	r->tag_count = 0;
	while (next_word(&rest, &word))
		*STS_PUSH(arena, r->tags, r->tag_count) = sts_strndup(arena, word.ptr, word.len);
	*why = "wants tags, parted by commas";
	return r->tag_count > 0;
}

static bool set_severity(struct sts_route *r, struct sts_arena *arena, const char *value, const char **why)
{
	(void)arena;
	*why = "wants error, warning, notice or info";
	return read_severity(value, &r->min_severity);
}

static bool set_events(struct sts_route *r, struct sts_arena *arena, const char *value, const char **why)
{
	struct sts_str rest = sts_str_of(value);
	struct sts_str word;
	unsigned kinds = 0;

	(void)arena;
	*why = "wants some of new, worsened, changed, sustained and solved, parted by commas";
	while (next_word(&rest, &word)) {
		unsigned bit = 0;

		for (unsigned k = 1; k <= STS_EVENT_KINDS; k++)
			if (sts_str_is(word, kind_names[k]))
				bit = 1u << k;
		if (bit == 0)
			return false;
		kinds |= bit;
	}
	r->kinds = kinds;
	return kinds != 0;
}

/* "HH:MM" into minutes from midnight. */
static bool read_clock(struct sts_str s, int *out)
{
	uint64_t h;
	uint64_t m;

	if (s.len != 5 || s.ptr[2] != ':' || !sts_str_u64(sts_str(s.ptr, 2), &h) ||
		!sts_str_u64(sts_str(s.ptr + 3, 2), &m) || h > 23 || m > 59)
		return false;
	*out = (int)(h * 60 + m);
	return true;
}

static bool set_quiet(struct sts_route *r, struct sts_arena *arena, const char *value, const char **why)
{
	struct sts_str s = sts_str_of(value);
	size_t dash = sts_str_find(s, '-', 0);

	(void)arena;
	*why = "wants a time of day such as 22:00-07:00";
	return dash < s.len && read_clock(sts_str_trim(sts_str(s.ptr, dash)), &r->quiet.from_min) &&
	       read_clock(sts_str_trim(sts_str_from(s, dash + 1)), &r->quiet.until_min);
}

static bool set_zone(struct sts_route *r, struct sts_arena *arena, const char *value, const char **why)
{
	int minutes;

	(void)arena;
	*why = "wants local, UTC or an offset such as +02:00";
	r->quiet.local = strcmp(value, "local") == 0;
	r->quiet.offset_min = 0;
	if (r->quiet.local || strcmp(value, "UTC") == 0)
		return true;
	if ((value[0] != '+' && value[0] != '-') || !read_clock(sts_str_of(value + 1), &minutes))
		return false;
	r->quiet.offset_min = value[0] == '-' ? -minutes : minutes;
	return true;
}

static bool set_pierce(struct sts_route *r, struct sts_arena *arena, const char *value, const char **why)
{
	(void)arena;
	*why = "wants error, warning, notice, info or none";
	r->quiet.pierce = strcmp(value, "none") != 0;
	return !r->quiet.pierce || read_severity(value, &r->quiet.pierce_at);
}

static bool set_target(
	struct sts_route *r, struct sts_arena *arena, enum sts_target target, const char *address, const char **why)
{
	*why = "makes a second target: a route has one";
	if (r->target != STS_TARGET_NONE && r->target != target)
		return false;
	r->target = target;
	r->address = sts_strdup(arena, address);
	return true;
}

static bool set_webhook(struct sts_route *r, struct sts_arena *arena, const char *value, const char **why)
{
	if (!sts_str_startsi(sts_str_of(value), "https://") && !sts_str_startsi(sts_str_of(value), "http://")) {
		*why = "wants an https:// or http:// URL";
		return false;
	}
	return set_target(r, arena, STS_TARGET_WEBHOOK, value, why);
}

static bool address_fits(struct sts_str a)
{
	size_t at = sts_str_find(a, '@', 0);

	for (size_t i = 0; i < a.len; i++)
		if ((unsigned char)a.ptr[i] <= ' ' || a.ptr[i] == 0x7f || strchr("<>\"(),:;\\", a.ptr[i]) != NULL)
			return false;
	return at > 0 && at + 1 < a.len && sts_str_find(a, '@', at + 1) == a.len;
}

static bool set_mail(struct sts_route *r, struct sts_arena *arena, const char *value, const char **why)
{
	struct sts_str rest = sts_str_of(value);
	struct sts_str word;
	size_t count = 0;

	*why = "wants mail addresses, parted by commas";
	while (next_word(&rest, &word)) {
		if (!address_fits(word))
			return false;
		count++;
	}
	return count > 0 && set_target(r, arena, STS_TARGET_MAIL, value, why);
}

static bool set_mail_from(struct sts_route *r, struct sts_arena *arena, const char *value, const char **why)
{
	*why = "wants a mail address";
	r->mail_from = sts_strdup(arena, value);
	return address_fits(sts_str_of(value));
}

static bool set_smtp(struct sts_route *r, struct sts_arena *arena, const char *value, const char **why)
{
	*why = "wants smtp://HOST[:PORT] or smtps://HOST[:PORT]";
	r->smtp = sts_strdup(arena, value);
	return sts_str_startsi(sts_str_of(value), "smtp://") || sts_str_startsi(sts_str_of(value), "smtps://");
}

static bool set_smtp_tls(struct sts_route *r, struct sts_arena *arena, const char *value, const char **why)
{
	(void)arena;
	*why = "wants required or optional";
	r->smtp_plain = strcmp(value, "optional") == 0;
	return r->smtp_plain || strcmp(value, "required") == 0;
}

static bool set_command(struct sts_route *r, struct sts_arena *arena, const char *value, const char **why)
{
	if (value[0] != '/') {
		*why = "wants the whole path of a program (arguments follow it, parted by blanks; no shell reads them)";
		return false;
	}
	return set_target(r, arena, STS_TARGET_COMMAND, value, why);
}

static bool set_stdout(struct sts_route *r, struct sts_arena *arena, const char *value, const char **why)
{
	r->text = strcmp(value, "text") == 0;
	if (!r->text && strcmp(value, "json") != 0) {
		*why = "wants json or text";
		return false;
	}
	return set_target(r, arena, STS_TARGET_STDOUT, "", why);
}

static bool set_timeout(struct sts_route *r, struct sts_arena *arena, const char *value, const char **why)
{
	uint64_t n;

	(void)arena;
	*why = "wants 1 to 120 seconds";
	if (!sts_str_u64(sts_str_of(value), &n) || n < 1 || n > 120)
		return false;
	r->timeout_s = (unsigned)n;
	return true;
}

/* Texts that are taken as they are. */
static const struct {
	const char *name;
	size_t offset;
} texts[] = {
	{"secret-file", offsetof(struct sts_route, secret_file)},
	{"secret-env", offsetof(struct sts_route, secret_env)},
	{"smtp-user", offsetof(struct sts_route, smtp_user)},
	{"smtp-password-file", offsetof(struct sts_route, smtp_password_file)},
	{"ca-file", offsetof(struct sts_route, ca_file)},
};

static const struct {
	const char *name;
	bool (*set)(struct sts_route *r, struct sts_arena *arena, const char *value, const char **why);
} setters[] = {
	{"tags", set_tags},
	{"min-severity", set_severity},
	{"events", set_events},
	{"quiet", set_quiet},
	{"quiet-zone", set_zone},
	{"pierce", set_pierce},
	{"webhook", set_webhook},
	{"mail", set_mail},
	{"mail-from", set_mail_from},
	{"smtp", set_smtp},
	{"smtp-tls", set_smtp_tls},
	{"command", set_command},
	{"stdout", set_stdout},
	{"timeout", set_timeout},
};

bool sts_route_set(
	struct sts_route *route, struct sts_arena *arena, const char *name, const char *value, const char **why)
{
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (strcmp(texts[i].name, name) == 0) {
			*(const char **)((char *)route + texts[i].offset) = sts_strdup(arena, value);
			*why = "wants a value";
			return value[0] != '\0';
		}
	for (size_t i = 0; i < sizeof setters / sizeof *setters; i++)
		if (strcmp(setters[i].name, name) == 0)
			return setters[i].set(route, arena, value, why);
	*why = "is no setting of a route (tags, min-severity, events, quiet, quiet-zone, pierce, webhook, secret-file, "
	       "secret-env, "
	       "mail, mail-from, smtp, smtp-user, smtp-password-file, smtp-tls, ca-file, command, stdout, timeout)";
	return false;
}

bool sts_route_whole(const struct sts_route *r, struct sts_arena *arena, const char **why)
{
	(void)arena;
	*why = NULL;
	if (r->target == STS_TARGET_NONE)
		*why = "it has no target: webhook, mail, command or stdout";
	else if (r->target == STS_TARGET_MAIL && (r->smtp == NULL || r->mail_from == NULL))
		*why = "mail wants smtp and mail-from as well";
	else if (r->target != STS_TARGET_WEBHOOK && (r->secret_file != NULL || r->secret_env != NULL))
		*why = "a secret signs webhooks only";
	else if ((r->smtp_user == NULL) != (r->smtp_password_file == NULL))
		*why = "smtp-user and smtp-password-file go together";
	else if (r->smtp_user != NULL && r->smtp_plain)
		*why = "a password is not sent without TLS: drop smtp-tls = optional";
	return *why == NULL;
}

/* ---- whom ------------------------------------------------------------------------------------------------------ */

enum sts_severity sts_routes_lowest(const struct sts_routes *routes)
{
	enum sts_severity lowest = STS_ERROR;

	if (routes == NULL || routes->count == 0)
		return STS_WARNING;
	for (size_t i = 0; i < routes->count; i++)
		if (routes->items[i].min_severity < lowest)
			lowest = routes->items[i].min_severity;
	return lowest;
}

static bool has_tag(const char *tags, const char *tag)
{
	size_t len = strlen(tag);

	for (const char *at = tags; (at = strstr(at, tag)) != NULL; at++)
		if (at > tags && at[-1] == ',' && at[len] == ',')
			return true;
	return false;
}

bool sts_route_wants_tags(const struct sts_route *route, const char *tags)
{
	for (size_t i = 0; i < route->tag_count; i++)
		if (has_tag(tags, route->tags[i]))
			return true;
	return route->tag_count == 0;
}

bool sts_route_wants(const struct sts_route *route, enum sts_event_kind kind, enum sts_severity severity)
{
	return (route->kinds & (1u << kind)) != 0 && severity >= route->min_severity;
}

/* ---- when ------------------------------------------------------------------------------------------------------ */

/* Minutes from midnight where the route is. */
static int minute_of(const struct sts_quiet *q, int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;
	int64_t minutes;

	if (q->local && localtime_r(&t, &tm) != NULL)
		return tm.tm_hour * 60 + tm.tm_min;
	minutes = (at / 60 + q->offset_min) % DAY_MIN;
	return (int)(minutes < 0 ? minutes + DAY_MIN : minutes);
}

static bool is_quiet(const struct sts_quiet *q, int64_t at)
{
	int m = minute_of(q, at);

	if (q->from_min <= q->until_min)
		return m >= q->from_min && m < q->until_min;
	return m >= q->from_min || m < q->until_min;
}

int64_t sts_route_when(const struct sts_route *route, enum sts_severity severity, int64_t now)
{
	const struct sts_quiet *q = &route->quiet;
	int64_t at = now;

	if (!is_quiet(q, now) || (q->pierce && severity >= q->pierce_at))
		return now;
	/* Minute by minute: in local time a day may have 23 or 25 hours. */
	for (int i = 0; i < DAY_MIN + 120 && is_quiet(q, at); i++)
		at = (at / 60 + 1) * 60;
	return at;
}
