/* mtasts mcp: the checker as a tool of AI assistants, over standard input and output. */
#include "cli/remember.h"
#include "serve/mcp_stdio.h"

#include <stdio.h>

struct args {
	struct cli_check_args check;
};

static const struct cli_option *const tables[] = {cli_history_options, cli_engine_options, NULL};

static int run_mcp(int argc, char **argv)
{
	struct sts_server_options defaults;
	struct args args = {0};
	const char *why = NULL;
	enum sts_err err;
	int rc;

	sts_server_options_init(&defaults);
	cli_check_args_init(&args.check);
	args.check.engine.timeout_s = defaults.pool.engine.timeout_s;
	rc = cli_parse(&cmd_mcp, argc, argv, &args);
	if (rc >= 0)
		return rc;
	if (args.check.common.operands.count > 0)
		return cli_usage_error(&cmd_mcp, "takes no operands");
	defaults.pool.engine = *cli_check_args_engine(&args.check);
	defaults.pool.threads = 1;
	defaults.guard.allow_special_names = !args.check.engine.deny_private;
	defaults.keep_days = args.check.keep_days;
	if (!args.check.no_history) {
		defaults.pool.history = cli_history_place(&args.check, &why);
		if (defaults.pool.history == NULL)
			fprintf(stderr, "mtasts mcp: warning: no history is kept: %s (--no-history does without)\n",
				why);
	}
	err = sts_mcp_stdio(&defaults, &why);
	if (err == STS_EINVAL)
		return cli_usage_error(&cmd_mcp, "%s", why);
	return err == STS_OK ? CLI_FINE : cli_failure(&cmd_mcp, "%s", why);
}

const struct cli_command cmd_mcp = {
	.name = "mcp",
	.operands = "",
	.summary = "MCP over standard input and output, for AI assistants",
	.about = "Speak the Model Context Protocol (revisions 2026-07-28, 2025-11-25 and 2025-06-18) on standard input "
		 "and output, one message a "
		 "line, until standard input ends. An assistant's configuration names the command 'mtasts' with the "
		 "argument 'mcp'. The same over "
		 "HTTP is at /mcp of 'mtasts serve'.\n",
	.tables = tables,
	.run = run_mcp,
};
