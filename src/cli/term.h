/* The terminal: colours, width, writing results, and the line that shows what is going on. */
#ifndef STS_CLI_TERM_H
#define STS_CLI_TERM_H

#include "cli/cli.h"
#include "mtasts/report.h"

enum cli_color { CLI_COLOR_AUTO, CLI_COLOR_ALWAYS, CLI_COLOR_NEVER };

/**
 * How to render for standard output. Colours by themselves only on a terminal that is not "dumb" and while NO_COLOR is unset or empty.
 * Width: COLUMNS, else the terminal's, else 80.
 */
struct sts_render_options cli_stdout_options(enum cli_color color);

/** Write to standard output; failures show up in cli_finish_output(). */
void cli_write(const char *data, size_t len);

/**
 * Flush standard output. A reader that went away (EPIPE) is no failure; a full disk is.
 * @return status, or CLI_UNTESTED with a complaint when something could not be written
 */
int cli_finish_output(const struct cli_command *command, int status);

/** Where the steps of a check are shown. */
struct cli_progress {
	bool live;  /* one line on standard error, each step in place of the one before */
	bool lines; /* every step on a line of its own */
	unsigned width;
};

/**
 * Live on a terminal that can erase a line, lines when verbose (on any standard error), otherwise silent. While live, SIGINT and SIGTERM
 * erase the line before they end the program; a process that had them ignored or handled keeps that.
 */
struct cli_progress cli_progress(bool wanted, bool verbose);
void cli_progress_step(struct cli_progress *p, const char *domain, const char *step);
/** Leave the screen as if nothing had been shown. */
void cli_progress_end(struct cli_progress *p);

#endif
