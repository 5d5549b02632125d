/* Options of `check`, which other commands that check domains share. */
#ifndef STS_CLI_CHECK_ARGS_H
#define STS_CLI_CHECK_ARGS_H

#include "cli/options.h"
#include "mtasts/check.h"

/** How to check; the first member of the arguments of a command that takes cli_engine_options. */
struct cli_check_args {
	struct cli_common common;
	struct cli_list resolvers;
	struct sts_options engine;
	const char *history;  /* cli_history_options of remember.h */
	bool no_history;
	unsigned keep_days;
};

/** Options of the engine, for a command whose arguments begin with a struct cli_check_args. */
extern const struct cli_option cli_engine_options[];

/** Defaults. */
void cli_check_args_init(struct cli_check_args *args);

/** The engine's options once everything is parsed; borrows from args. */
const struct sts_options *cli_check_args_engine(struct cli_check_args *args);

#endif
