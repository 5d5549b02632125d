/* What the commands of the program share: exit statuses, complaints, and the description of a command. */
#ifndef STS_CLI_CLI_H
#define STS_CLI_CLI_H

#include "base/arena.h"
#include "base/buf.h"

/** Exit statuses.  [interface.md section 1] */
enum {
	CLI_FINE = 0,
	CLI_FINDINGS = 1,
	CLI_USAGE = 2,
	CLI_UNTESTED = 3, /* something could not be tested, or the program could not do its work */
};

struct cli_option;

/** One command of the program. */
struct cli_command {
	const char *name;
	const char *operands;                    /* "DOMAIN...", or "" */
	const char *summary;                     /* one line for the list of commands */
	const char *about;                       /* paragraphs for --help, each ended by LF */
	const struct cli_option *const *tables;  /* option tables, NULL-terminated; or NULL */
	int (*run)(int argc, char **argv);       /* arguments behind the command's name; gives the exit status */
	/** One setting of a section [route NAME] of the configuration; NULL: such sections are passed over. @param why  on failure a
	 * phrase that goes on after the setting's name */
	bool (*set_route)(const char *name, const char *setting, const char *value, void *args, const char **why);
};

extern const struct cli_command cmd_check;
extern const struct cli_command cmd_explain;
extern const struct cli_command cmd_history;
extern const struct cli_command cmd_lint;
extern const struct cli_command cmd_match;
extern const struct cli_command cmd_mcp;
extern const struct cli_command cmd_monitor;
extern const struct cli_command cmd_plan;
extern const struct cli_command cmd_scan;
extern const struct cli_command cmd_serve;
extern const struct cli_command cmd_version;

/** Print "mtasts COMMAND: message" and the way to help on standard error. @return CLI_USAGE; CLI_UNTESTED when a monitoring system asks */
int cli_usage_error(const struct cli_command *command, const char *fmt, ...) STS_PRINTF(2, 3);

/** The same without the way to help: an operand is wrong, not the way the command is used. @return CLI_USAGE */
int cli_bad_operand(const struct cli_command *command, const char *fmt, ...) STS_PRINTF(2, 3);

/** Print "mtasts COMMAND: message" on standard error. @return CLI_UNTESTED */
int cli_failure(const struct cli_command *command, const char *fmt, ...) STS_PRINTF(2, 3);

/** Memory that lives as long as the process. */
struct sts_arena *cli_arena(void);

/** A name a user may have meant, or NULL: the one of names nearest to typed, at most a third of its letters wrong. */
const char *cli_nearest(const char *typed, const char *const *names, size_t count);

#endif
