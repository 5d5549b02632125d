/* mtasts check: domains in, one result out, exit status by what was found. */
#include "check/findings.h"
#include "cli/remember.h"
#include "cli/term.h"
#include "render/render.h"
#include "render/words.h"

#include <stdlib.h>

static const char *const format_words[] = {
	"text", "json", "markdown", "html", "csv", "junit", "sarif", "nagios", "prometheus", NULL}; /* as enum sts_format */
static const char *const color_words[] = {"auto", "always", "never", NULL};                        /* as enum cli_color */
static const char *const threshold_words[] = {"notice", "warning", "error", NULL};

struct args {
	struct cli_check_args check;
	int format;
	int color;
	int fail_on;
	bool verbose;
	bool quiet;
};

static const struct cli_option output_options[] = {
	{"json", NULL, CLI_FIXED, offsetof(struct args, format), NULL, STS_FORMAT_JSON, "the same as --format json"},
	{"format", "FORMAT", CLI_CHOICE, offsetof(struct args, format), format_words, 0, "form of the result"},
	{"color", "WHEN", CLI_CHOICE, offsetof(struct args, color), color_words, 0, "colours"},
	{"fail-on", "SEVERITY", CLI_CHOICE, offsetof(struct args, fail_on), threshold_words, 0,
		"findings of this severity or worse give exit status 1 (default error)"},
	{"verbose", NULL, CLI_FLAG, offsetof(struct args, verbose), NULL, 0, "every step on a line of standard error"},
	{"quiet", NULL, CLI_FLAG, offsetof(struct args, quiet), NULL, 0, "no result, only the exit status"},
	{0},
};

static const struct cli_option *const tables[] = {output_options, cli_history_options, cli_engine_options, NULL};

/* One domain of the command line; reports arrive in any order and are shown in the order given. */
struct item {
	struct run *run;
	struct sts_report *report;
};

struct run {
	struct sts_engine *engine;
	struct cli_memory memory;
	struct cli_progress progress;
	struct item *items;
	size_t count;
};

static void on_step(const char *domain, const char *step, void *arg)
{
	struct item *item = arg;

	cli_progress_step(&item->run->progress, domain, step);
}

static void on_done(struct sts_report *report, void *arg)
{
	struct item *item = arg;

	item->report = report;
	cli_memory_keep(&item->run->memory, report);
}

/* Start every domain; one that is no domain spoils the whole command line, and every such one is named. */
static int start(struct run *run, const struct cli_list *domains)
{
	const char *why = NULL;
	int rc = -1;

	run->count = domains->count;
	run->items = sts_alloc_array(cli_arena(), run->count, sizeof *run->items);
	for (size_t i = 0; i < run->count; i++) {
		run->items[i].run = run;
		if (sts_check_start(run->engine, domains->items[i], on_step, on_done, &run->items[i], &why) != STS_OK)
			rc = cli_bad_operand(&cmd_check, "'%s': %s", domains->items[i], why);
	}
	return rc;
}

static int status_of(const struct sts_report *const *reports, size_t count, enum sts_severity threshold)
{
	bool incomplete = false;

	for (size_t i = 0; i < count; i++) {
		const struct sts_finding *worst = sts_report_finding(reports[i], 0);

		if (worst != NULL && worst->severity >= threshold)
			return CLI_FINDINGS;
		incomplete = incomplete || sts_report_incomplete(reports[i]);
	}
	return incomplete ? CLI_UNTESTED : CLI_FINE;
}

static int show(const struct run *run, const struct args *args)
{
	const struct sts_report **reports = sts_alloc_array(cli_arena(), run->count, sizeof *reports);
	struct sts_render_options options = cli_stdout_options((enum cli_color)args->color);
	char *out = NULL;
	size_t len = 0;
	enum sts_err err;
	int status;

	for (size_t i = 0; i < run->count; i++) {
		reports[i] = run->items[i].report;
		if (reports[i] == NULL)
			return cli_failure(&cmd_check, "a check ended without a result");
	}
	err = sts_report_render(reports, run->count, (enum sts_format)args->format, &options, &out, &len);
	if (err == STS_EINVAL)
		return cli_usage_error(&cmd_check, "this build cannot write --format %s", format_words[args->format]);
	if (err != STS_OK)
		return cli_failure(&cmd_check, "%s", sts_strerror(err));
	if (!args->quiet)
		cli_write(out, len);
	free(out);
	status = args->format == STS_FORMAT_NAGIOS ? sts_nagios_state((struct sts_reports){reports, run->count})
						   : status_of(reports, run->count, (enum sts_severity)(args->fail_on + STS_NOTICE));
	return cli_finish_output(&cmd_check, status);
}

static int check_all(struct run *run, const struct args *args)
{
	int rc = start(run, &args->check.common.operands);

	if (rc >= 0)
		return rc;
	cli_memory_open(&run->memory, &cmd_check, &args->check);
	cli_memory_attach(&run->memory, run->engine);
	if (sts_engine_run(run->engine) != STS_OK) {
		cli_progress_end(&run->progress);
		return cli_failure(&cmd_check, "the event loop failed");
	}
	cli_progress_end(&run->progress);
	return show(run, args);
}

static int run_check(int argc, char **argv)
{
	struct args args = {.fail_on = STS_ERROR - STS_NOTICE};
	struct run run = {0};
	const char *why = NULL;
	enum sts_err err;
	int rc;

	cli_check_args_init(&args.check);
	rc = cli_parse(&cmd_check, argc, argv, &args);
	if (rc >= 0)
		return rc;
	if (args.check.common.operands.count == 0)
		return cli_usage_error(&cmd_check, "which domain?");
	err = sts_engine_new(cli_check_args_engine(&args.check), &run.engine, &why);
	if (err == STS_EINVAL)
		return cli_usage_error(&cmd_check, "%s", why);
	if (err != STS_OK)
		return cli_failure(&cmd_check, "%s", why);
	run.progress = cli_progress(args.format == STS_FORMAT_TEXT && !args.quiet, args.verbose);
	rc = check_all(&run, &args);
	for (size_t i = 0; i < run.count; i++)
		sts_report_free(run.items[i].report);
	sts_engine_free(run.engine);
	cli_memory_close(&run.memory);
	return rc;
}

const struct cli_command cmd_check = {
	.name = "check",
	.operands = "DOMAIN...",
	.summary = "check domains",
	.about = "Check domains the way senders do: the TXT record at every authoritative server, the policy at every address of the "
		 "policy host, every address of every MX host up to its certificate, DANE, and the TLSRPT record.\n"
		 "Exit status: 0 nothing at or above the threshold, 1 findings at or above it, 2 usage, 3 something could not be tested "
		 "and nothing worse was found. With --format nagios: 0, 1, 2, 3 as monitoring plugins.\n",
	.tables = tables,
	.run = run_check,
};
