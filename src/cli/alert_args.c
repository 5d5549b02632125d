#include "cli/alert_args.h"

#include "base/clock.h"

#include <stdio.h>

#define AT(member) offsetof(struct cli_alert_head, alerts.member)

const struct cli_option cli_alert_options[] = {
	{"webhook", "URL", CLI_TEXT, AT(webhook), NULL, 0,
		"run: POST alerts there as JSON; sections [route NAME] of the configuration tell of several routes"},
	{"secret-file", "FILE", CLI_TEXT, AT(secret_file), NULL, 0,
		"run: sign webhooks with the secret in this file (HMAC-SHA256, as Standard Webhooks)"},
	{"mail", "ADDRESS,...", CLI_TEXT, AT(mail), NULL, 0, "run: mail alerts there; wants --smtp and --mail-from"},
	{"mail-from", "ADDRESS", CLI_TEXT, AT(mail_from), NULL, 0, "run: who the mail is from"},
	{"smtp", "URL", CLI_TEXT, AT(smtp), NULL, 0, "run: the mail server, smtp://HOST[:PORT] or smtps://HOST[:PORT]"},
	{"smtp-tls", "required|optional", CLI_TEXT, AT(smtp_tls), NULL, 0,
		"run: whether mail may go without TLS (default required)"},
	{"alert-command", "COMMAND", CLI_TEXT, AT(command), NULL, 0,
		"run: start this program for each alert, its JSON on standard input; whole path, then arguments; no "
		"shell"},
	{"alert-stdout", "json|text", CLI_TEXT, AT(to_stdout), NULL, 0, "run: print alerts, a line each"},
	{"min-severity", "SEVERITY", CLI_TEXT, AT(min_severity), NULL, 0,
		"run: alert from error, warning, notice or info on (default warning)"},
	{"events", "KIND,...", CLI_TEXT, AT(events), NULL, 0,
		"run: alert of new, worsened, changed, sustained, solved only (default all)"},
	{"quiet", "HH:MM-HH:MM", CLI_TEXT, AT(quiet), NULL, 0,
		"run: hold alerts back meanwhile; what was held follows as one message"},
	{"quiet-zone", "ZONE", CLI_TEXT, AT(quiet_zone), NULL, 0,
		"run: the clock of --quiet: local, UTC or an offset such as +02:00 (default UTC)"},
	{"pierce", "SEVERITY", CLI_TEXT, AT(pierce), NULL, 0,
		"run: alerts from this severity on go out in quiet hours, too (default none)"},
	{"gather", "SECONDS", CLI_SECONDS, AT(gather_s), NULL, 0,
		"run: wait so long for other domains of the same cause (default 300)"},
	{"remind", "HOURS", CLI_NUMBER, AT(remind_h), NULL, 0,
		"run: first reminder of what goes on, later ones at growing distance up to a week (default 24)"},
	{"no-reminders", NULL, CLI_FLAG, AT(no_reminders), NULL, 0, "run: no reminders"},
	{0},
};

/* ---- configuration --------------------------------------------------------------------------------------------- */

bool cli_alert_set(const char *name, const char *setting, const char *value, void *args, const char **why)
{
	struct cli_alert_head *head = args;
	struct sts_route *route = sts_routes_get(&head->alerts.routes, cli_arena(), name);

	if (route == NULL) {
		*why = "is in a section whose route has no name of letters, digits, '-', '_' and '.'";
		return false;
	}
	return sts_route_set(route, cli_arena(), setting, value, why);
}

/* ---- options --------------------------------------------------------------------------------------------------- */

struct making {
	const struct cli_command *command;
	struct cli_alert_args *args;
};

static int set(struct making *m, struct sts_route *route, const char *option, const char *setting, const char *value)
{
	const char *why = NULL;

	if (value == NULL || sts_route_set(route, cli_arena(), setting, value, &why))
		return -1;
	return cli_usage_error(m->command, "--%s %s, not '%s'", option, why, value);
}

/* What holds for whatever target there is. */
static int set_common(struct making *m, struct sts_route *route)
{
	const struct {
		const char *name;
		const char *value;
	} all[] = {
		{"min-severity", m->args->min_severity},
		{"events", m->args->events},
		{"quiet", m->args->quiet},
		{"quiet-zone", m->args->quiet_zone},
		{"pierce", m->args->pierce},
	};
	int rc = -1;

	for (size_t i = 0; i < sizeof all / sizeof *all && rc < 0; i++)
		rc = set(m, route, all[i].name, all[i].name, all[i].value);
	return rc;
}

static int make(struct making *m, const char *target, const char *option, const char *address, struct sts_route **out)
{
	struct sts_route *route;
	int rc;

	*out = NULL;
	if (address == NULL)
		return -1;
	for (size_t i = 0; i < m->args->routes.count; i++)
		if (strcmp(m->args->routes.items[i].name, target) == 0)
			return cli_usage_error(m->command,
				"--%s makes a route called %s, which the configuration has already", option, target);
	route = sts_routes_get(&m->args->routes, cli_arena(), target);
	rc = set(m, route, option, target, address);
	if (rc < 0)
		rc = set_common(m, route);
	*out = route;
	return rc;
}

static int make_webhook(struct making *m)
{
	struct sts_route *route;
	int rc = make(m, "webhook", "webhook", m->args->webhook, &route);

	return rc < 0 && route != NULL ? set(m, route, "secret-file", "secret-file", m->args->secret_file) : rc;
}

static int make_mail(struct making *m)
{
	struct sts_route *route;
	int rc = make(m, "mail", "mail", m->args->mail, &route);

	if (rc >= 0 || route == NULL)
		return rc;
	rc = set(m, route, "mail-from", "mail-from", m->args->mail_from);
	if (rc < 0)
		rc = set(m, route, "smtp", "smtp", m->args->smtp);
	return rc < 0 ? set(m, route, "smtp-tls", "smtp-tls", m->args->smtp_tls) : rc;
}

static int make_all(struct making *m)
{
	struct sts_route *route;
	int rc = make_webhook(m);

	if (rc < 0)
		rc = make_mail(m);
	if (rc < 0)
		rc = make(m, "command", "alert-command", m->args->command, &route);
	return rc < 0 ? make(m, "stdout", "alert-stdout", m->args->to_stdout, &route) : rc;
}

int cli_alert_config(const struct cli_command *command, struct cli_alert_args *args, struct sts_alerts_config *out)
{
	struct making m = {command, args};
	const char *why = NULL;
	int rc = make_all(&m);

	for (size_t i = 0; i < args->routes.count && rc < 0; i++)
		if (!sts_route_whole(&args->routes.items[i], cli_arena(), &why))
			rc = cli_usage_error(command, "route %s: %s", args->routes.items[i].name, why);
	out->routes = &args->routes;
	out->gather_s = args->gather_s;
	out->remind_s = args->remind_h * 3600;
	out->no_reminders = args->no_reminders;
	return rc;
}

/* ---- a sample -------------------------------------------------------------------------------------------------- */

int cli_alert_test(const struct cli_command *command, const struct sts_alerts_config *config)
{
	struct sts_delivery_counts counts = {0};
	enum sts_err err;

	if (config->routes == NULL || config->routes->count == 0)
		return cli_usage_error(command,
			"there is no route: [route NAME] in the configuration, or --webhook, --mail, "
			"--alert-command, --alert-stdout");
	err = sts_alerts_test(config, sts_now_s(), &counts);
	if (err != STS_OK)
		return cli_failure(command, "%s", sts_strerror(err));
	fprintf(stderr, "%zu sent, %zu failed\n", counts.sent, counts.failed);
	return counts.sent == config->routes->count ? CLI_FINE : CLI_UNTESTED;
}
