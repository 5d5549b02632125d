/* The program: find the command, run it. */
#include "cli/cli.h"

#include "cli/term.h"
#include "mtasts/check.h"
#include "render/paper.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static const struct cli_command *const commands[] = {&cmd_check, &cmd_lint, &cmd_match, &cmd_explain, &cmd_history, &cmd_monitor, &cmd_plan, &cmd_scan, &cmd_serve, &cmd_mcp, &cmd_version};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)
#define FILES_WANTED 1024

/* Names of the product's other commands: saying so is better than "unknown". */
static const char *const absent_commands[] = {
	"reports", "ready", "generate", "report"};

static bool for_nagios; /* a monitoring system reads the first line of standard output, and takes exit status 2 for CRITICAL */

struct sts_arena *cli_arena(void)
{
	static struct sts_arena *arena;

	if (arena == NULL && (arena = sts_arena_new()) == NULL) {
		fputs("mtasts: out of memory\n", stderr);
		exit(CLI_UNTESTED);
	}
	return arena;
}

static void complain(const struct cli_command *command, const char *fmt, va_list ap)
{
	char *text = NULL;
	struct sts_buf b;

	if (vasprintf(&text, fmt, ap) < 0)
		return;
	/* what a user typed may come from a stranger, through a script */
	sts_buf_init(&b, 65536);
	sts_buf_escape(&b, sts_str_of(text), 2000);
	fprintf(stderr, "mtasts%s%s: %s\n", command != NULL ? " " : "", command != NULL ? command->name : "", b.ptr);
	if (for_nagios) {
		for (char *p = b.ptr; *p != '\0'; p++)
			*p = *p == '|' ? '/' : *p;
		printf("MTA-STS UNKNOWN - %s\n", b.ptr);
	}
	sts_buf_clear(&b);
	free(text);
}

int cli_usage_error(const struct cli_command *command, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(command, fmt, ap);
	va_end(ap);
	fprintf(stderr, "Try 'mtasts %s%s--help'.\n", command != NULL ? command->name : "", command != NULL ? " " : "");
	return for_nagios ? CLI_UNTESTED : CLI_USAGE;
}

int cli_bad_operand(const struct cli_command *command, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(command, fmt, ap);
	va_end(ap);
	return for_nagios ? CLI_UNTESTED : CLI_USAGE;
}

int cli_failure(const struct cli_command *command, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(command, fmt, ap);
	va_end(ap);
	return CLI_UNTESTED;
}

const char *cli_nearest(const char *typed, const char *const *names, size_t count)
{
	size_t best = strlen(typed) / 3 + 2;
	const char *nearest = NULL;

	for (size_t i = 0; i < count; i++) {
		size_t d = sts_str_distance(sts_str_of(typed), sts_str_of(names[i]));

		if (d < best && d < strlen(names[i])) {
			best = d;
			nearest = names[i];
		}
	}
	return nearest;
}

static int print_help(void)
{
	struct sts_render_options ro = cli_stdout_options(CLI_COLOR_AUTO);
	struct sts_buf b;
	struct sts_paper p;

	sts_buf_init(&b, 65536);
	p = sts_paper(&b, &ro);
	sts_paper_text(&p, 0, 0, "mtasts: checks MTA-STS (RFC 8461) the way senders do");
	sts_paper_gap(&p);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		sts_paper_begin(&p, 2, 26);
		sts_paper_printf(&p, STS_BOLD, "%s", commands[i]->name);
		sts_paper_printf(&p, STS_PLAIN, " %s", commands[i]->operands);
		sts_paper_tab(&p, 26);
		sts_paper_put(&p, STS_PLAIN, commands[i]->summary);
		sts_paper_end(&p);
	}
	sts_paper_gap(&p);
	sts_paper_text(&p, 0, 0, "'mtasts COMMAND --help' tells a command's options; 'man mtasts' tells everything.");
	sts_paper_text(&p, 0, 0,
		"Exit status: 0 fine, 1 findings at or above the threshold, 2 usage, 3 something could not be tested and nothing "
		"worse was found.");
	cli_write(b.ptr, b.len);
	sts_buf_clear(&b);
	return cli_finish_output(NULL, CLI_FINE);
}

static int unknown_command(const char *name)
{
	const char *names[COMMAND_COUNT];
	const char *near;

	for (size_t i = 0; i < sizeof absent_commands / sizeof *absent_commands; i++)
		if (strcmp(name, absent_commands[i]) == 0)
			return cli_usage_error(NULL, "this build does not have the command '%s'", name);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[i] = commands[i]->name;
	near = cli_nearest(name, names, COMMAND_COUNT);
	if (near != NULL)
		return cli_usage_error(NULL, "unknown command '%s'; did you mean '%s'?", name, near);
	if (strchr(name, '.') != NULL)
		return cli_usage_error(NULL, "unknown command '%s'; to check a domain: mtasts check %s", name, name);
	return cli_usage_error(NULL, "unknown command '%s'", name);
}

static bool asks_for_nagios(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--format=nagios") == 0 || (strcmp(argv[i], "nagios") == 0 && strcmp(argv[i - 1], "--format") == 0))
			return true;
	return false;
}

static int dispatch(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	if (name == NULL)
		return cli_usage_error(NULL, "which command?");
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
		return print_help();
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		name = "version";
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(name, commands[i]->name) == 0)
			return commands[i]->run(argc - 2, argv + 2);
	if (name[0] == '-')
		return cli_usage_error(NULL, "unknown option %s", name);
	return unknown_command(name);
}

/* Checks take many sockets. */
static void allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= FILES_WANTED)
		return;
	limit.rlim_cur = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	int status;

	/* a server or a reader that goes away is an error return, not the end of the process */
	signal(SIGPIPE, SIG_IGN);
	allow_files();
	for_nagios = asks_for_nagios(argc, argv);
	status = dispatch(argc, argv);
	sts_arena_free(cli_arena());
	return status;
}
