/* mtasts version: one line, "mtasts 0.1.0". */
#include "cli/options.h"
#include "cli/term.h"
#include "mtasts/check.h"

static int run_version(int argc, char **argv)
{
	struct cli_common args = {0};
	struct sts_buf b;
	int rc = cli_parse(&cmd_version, argc, argv, &args);

	if (rc >= 0)
		return rc;
	if (args.operands.count > 0)
		return cli_usage_error(&cmd_version, "takes no operands");
	sts_buf_init(&b, 200);
	sts_buf_printf(&b, "mtasts %s\n", sts_version());
	cli_write(b.ptr, b.len);
	sts_buf_clear(&b);
	return cli_finish_output(&cmd_version, CLI_FINE);
}

const struct cli_command cmd_version = {
	.name = "version",
	.operands = "",
	.summary = "the version",
	.about = "Print the name and the version on one line.\n",
	.run = run_version,
};
