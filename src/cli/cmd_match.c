/* mtasts match: does a pattern of a policy cover a host?  [RFC 8461 section 4.1] */
#include "cli/options.h"
#include "cli/term.h"
#include "mtasts/policy.h"

#include <stdio.h>

struct args {
	struct cli_common common;
	bool quiet;
};

static const struct cli_option options[] = {
	{"quiet", NULL, CLI_FLAG, offsetof(struct args, quiet), NULL, 0, "say nothing, only the exit status"},
	{0},
};

static const struct cli_option *const tables[] = {options, NULL};

static void say(const char *pattern, const char *host, const char *verb, const char *why)
{
	struct sts_buf b;

	sts_buf_init(&b, 65536);
	sts_buf_escape(&b, sts_str_of(pattern), 300);
	sts_buf_printf(&b, " %s ", verb);
	sts_buf_escape(&b, sts_str_of(host), 300);
	sts_buf_printf(&b, "%s\n", why);
	cli_write(b.ptr, b.len);
	sts_buf_clear(&b);
}

static int run_match(int argc, char **argv)
{
	struct args args = {0};
	const char *const *words;
	struct sts_str pattern;
	bool covers;
	int rc = cli_parse(&cmd_match, argc, argv, &args);

	if (rc >= 0)
		return rc;
	if (args.common.operands.count != 2)
		return cli_usage_error(&cmd_match, "a pattern and a host, please: mtasts match '*.example.com' mx1.example.com");
	words = args.common.operands.items;
	pattern = sts_str_of(words[0]);
	covers = sts_mx_match(pattern, sts_str_of(words[1]));
	if (!args.quiet)
		say(words[0], words[1], covers ? "covers" : "does not cover",
			sts_mx_pattern_valid(pattern) ? "" : ": it is no valid mx pattern, so it covers nothing");
	return cli_finish_output(&cmd_match, covers ? CLI_FINE : CLI_FINDINGS);
}

const struct cli_command cmd_match = {
	.name = "match",
	.operands = "PATTERN HOST",
	.summary = "does an mx pattern cover a host?",
	.about = "Exit status 0 when the mx pattern of a policy covers the host, 1 when it does not, 2 usage. A leading \"*.\" stands for "
		 "exactly one label.\n",
	.tables = tables,
	.run = run_match,
};
