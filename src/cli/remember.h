/* The history behind commands that check: opening it, judging with it, keeping results. It never spoils a check: what
 * goes wrong is a warning. */
#ifndef STS_CLI_REMEMBER_H
#define STS_CLI_REMEMBER_H

#include "cli/check_args.h"
#include "mtasts/report.h"
#include "store/history.h"

/** --history, --no-history, --keep; for a command whose arguments begin with a struct cli_check_args. */
extern const struct cli_option cli_history_options[];

struct cli_memory {
	const struct cli_command *command;
	struct sts_history *history; /* NULL: there is none */
	bool keeps;                  /* results are kept, not only judged with what was */
	char *warning;               /* the first one, told when the history is closed; heap */
};

/**
 * Where the history is: --history, else $XDG_STATE_HOME/mtasts/history.db or ~/.local/state/mtasts/history.db, whose
 * folder is made.
 *
 * @param why  on failure a sentence
 * @return NULL when it cannot be told
 */
const char *cli_history_place(const struct cli_check_args *args, const char **why);

/**
 * Open the history as the options want it. With --at and without --history nothing is kept: a look at another time is
 * none of the history's business.
 */
void cli_memory_open(struct cli_memory *m, const struct cli_command *command, const struct cli_check_args *args);
/** Judge this engine's checks with what was seen before. */
void cli_memory_attach(struct cli_memory *m, struct sts_engine *engine);
/** Keep a result. */
void cli_memory_keep(struct cli_memory *m, const struct sts_report *report);
/** Close the history, and tell what went wrong with it. */
void cli_memory_close(struct cli_memory *m);

#endif
