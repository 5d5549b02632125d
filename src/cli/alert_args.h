/* What `mtasts monitor` is told about alerts: options, and sections [route NAME] of the configuration. */
#ifndef STS_CLI_ALERT_ARGS_H
#define STS_CLI_ALERT_ARGS_H

#include "cli/check_args.h"
#include "cli/options.h"
#include "monitor/alerts.h"

struct cli_alert_args {
	struct sts_routes routes; /* of the configuration; the process's arena */
	const char *webhook;
	const char *secret_file;
	const char *mail;
	const char *mail_from;
	const char *smtp;
	const char *smtp_tls;
	const char *command;
	const char *to_stdout;
	const char *min_severity;
	const char *events;
	const char *quiet;
	const char *quiet_zone;
	const char *pierce;
	unsigned gather_s;
	unsigned remind_h;
	bool no_reminders;
};

/** A command that takes them begins its struct of arguments like this. */
struct cli_alert_head {
	struct cli_check_args check;
	struct cli_alert_args alerts;
};

extern const struct cli_option cli_alert_options[];

/** The kind of section that is read by cli_alert_set(): "route". */
#define CLI_ALERT_SECTION "route"

/** One setting of [route NAME]; args begins as struct cli_alert_head. For struct cli_command. */
bool cli_alert_set(const char *name, const char *setting, const char *value, void *args, const char **why);

/**
 * Fill what the alerts work by. Options that name a target make a route called by it ("webhook", "mail", "command",
 * "stdout") beside those of the configuration.
 *
 * @param out  routes and times; say stays as it is
 * @return -1: go on; otherwise leave with this status, the complaint is printed
 */
int cli_alert_config(const struct cli_command *command, struct cli_alert_args *args, struct sts_alerts_config *out);

/** `monitor test-alert`: a sample through every route, now. @return the exit status; what became of it is printed */
int cli_alert_test(const struct cli_command *command, const struct sts_alerts_config *config);

#endif
