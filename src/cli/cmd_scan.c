/* mtasts scan: many domains, one result a line. */
#include "cli/check_args.h"
#include "cli/term.h"
#include "scan/scan.h"
#include "scan/summary.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const depth_words[] = {"record", "policy", "full", NULL};      /* as enum sts_depth */
static const char *const form_words[] = {"json", "csv", NULL};
static const char *const progress_words[] = {"auto", "json", "never", NULL};      /* as enum sts_progress_form */
static const char *const threshold_words[] = {"notice", "warning", "error", NULL};

struct args {
	struct cli_check_args check;
	struct sts_scan scan;
	int depth;
	int form;
	int progress;
	int fail_on;
	bool quiet;
	const char *resume;
	const char *rate;
};

#define AT(member) offsetof(struct args, member)

static const struct cli_option scan_options[] = {
	{"depth", "DEPTH", CLI_CHOICE, AT(depth), depth_words, 0, "how far to look (default full)"},
	{"output", "FILE", CLI_TEXT, AT(scan.output), NULL, 0,
		"results go there; FILE.state tells how far, until the run is over (default: standard output)"},
	{"store", "PLACE", CLI_TEXT, AT(scan.store), NULL, 0,
		"names and results in this database (a path for SQLite, or a postgresql:// URL): several machines share a list"},
	{"list", "NAME", CLI_TEXT, AT(scan.list), NULL, 0, "name of the list in --store (default: the input's)"},
	{"format", "FORMAT", CLI_CHOICE, AT(form), form_words, 0, "form of the results (default json: an object a line)"},
	{"column", "N", CLI_NUMBER, AT(scan.column), NULL, 0, "the input is CSV, and the names stand in its column N"},
	{"ordered", NULL, CLI_FLAG, AT(scan.ordered), NULL, 0, "results in the order of the names"},
	{"omit-absent", NULL, CLI_FLAG, AT(scan.omit_absent), NULL, 0, "count names without a record, and write no line for them"},
	{"resume", "STATE", CLI_TEXT, AT(resume), NULL, 0,
		"go on where this file says; wants --output; where there is no such file, begin, and keep it there"},
	{"overwrite", NULL, CLI_FLAG, AT(scan.overwrite), NULL, 0, "begin anew although the output of an unfinished run is there"},
	{"concurrency", "N", CLI_NUMBER, AT(scan.concurrency), NULL, 0, "names at once (default 2000)"},
	{"threads", "N", CLI_NUMBER, AT(scan.threads), NULL, 0, "engines (default: one a core)"},
	{"per-host", "N", CLI_NUMBER, AT(scan.per_host), NULL, 0,
		"connections to one policy host's address at once (default 8); a mail host's gets a quarter"},
	{"per-network", "N", CLI_NUMBER, AT(scan.per_network), NULL, 0, "connections to one /24 or /48 at once (default 64)"},
	{"rate", "N/s", CLI_TEXT, AT(rate), NULL, 0, "begin at most N names a second (default: as many as go)"},
	{"opt-out", "FILE", CLI_TEXT, AT(scan.optout), NULL, 0, "names that are not touched, nor what is below them"},
	{"contact", "URL", CLI_TEXT, AT(scan.engine.contact), NULL, 0, "said in User-Agent, for those who wonder who asks"},
	{"progress", "HOW", CLI_CHOICE, AT(progress), progress_words, 0, "progress on standard error (default auto: a line on a terminal)"},
	{"summary", "FILE", CLI_TEXT, AT(scan.summary), NULL, 0, "the closing summary as JSON"},
	{"quiet", NULL, CLI_FLAG, AT(quiet), NULL, 0, "no summary on standard error"},
	{"fail-on", "SEVERITY", CLI_CHOICE, AT(fail_on), threshold_words, 0,
		"findings of this severity or worse give exit status 1 (default error)"},
	{0},
};

static const struct cli_option *const tables[] = {scan_options, cli_engine_options, NULL};

/* "500", "500/s" */
static bool parse_rate(const char *text, unsigned *out)
{
	size_t len = strlen(text);
	uint64_t n;

	if (len > 2 && strcmp(text + len - 2, "/s") == 0)
		len -= 2;
	if (!sts_str_u64(sts_str(text, len), &n) || n == 0 || n > 10000000)
		return false;
	*out = (unsigned)n;
	return true;
}

/* It becomes part of a line of a request. */
static bool is_plain(const char *url)
{
	for (; *url != '\0'; url++)
		if (*url <= ' ' || *url >= 0x7F || *url == '(' || *url == ')')
			return false;
	return true;
}

static int take_options(struct args *a)
{
	struct sts_scan *s = &a->scan;
	const char *contact = s->engine.contact;

	s->engine = *cli_check_args_engine(&a->check);
	s->engine.contact = contact;
	s->engine.no_authoritative = true;
	s->depth = (enum sts_depth)a->depth;
	s->format = a->form == 0 ? STS_FORMAT_JSON : STS_FORMAT_CSV;
	s->progress = (enum sts_progress_form)a->progress;
	s->resume = a->resume != NULL;
	if (a->check.common.operands.count > 1)
		return cli_usage_error(&cmd_scan, "one list at a time");
	s->input = a->check.common.operands.count == 1 ? a->check.common.operands.items[0] : "-";
	if (contact != NULL && !is_plain(contact))
		return cli_usage_error(&cmd_scan, "--contact wants a URL without blanks or parentheses, not '%s'", contact);
	if (a->rate != NULL && !parse_rate(a->rate, &s->rate))
		return cli_usage_error(&cmd_scan, "--rate wants names a second, such as 500/s, not '%s'", a->rate);
	if (s->store != NULL && (s->output != NULL || s->resume || s->ordered || a->form != 0))
		return cli_usage_error(&cmd_scan, "--store takes the place of --output, --resume, --ordered and --format");
	if (s->list == NULL)
		s->list = s->input;
	if (s->resume && s->output == NULL)
		return cli_usage_error(&cmd_scan, "--resume wants --output: only a file shows what was written");
	if (s->output != NULL)
		s->state = s->resume ? a->resume : sts_sprintf(cli_arena(), "%s.state", s->output);
	return -1;
}

static int write_summary(const struct args *a, const struct sts_scan_end *end)
{
	struct sts_buf b;
	int rc = -1;

	sts_buf_init(&b, (size_t)64 * 1024 * 1024);
	if (!a->quiet) {
		sts_scan_summary_text(end, &b);
		fwrite(b.ptr == NULL ? "" : b.ptr, 1, b.len, stderr);
	}
	sts_buf_reset(&b);
	if (a->scan.summary != NULL) {
		FILE *f = fopen(a->scan.summary, "we");

		sts_scan_summary_json(&a->scan, end, &b);
		if (f == NULL || fwrite(b.ptr, 1, b.len, f) != b.len || fclose(f) != 0)
			rc = cli_failure(&cmd_scan, "%s cannot be written: %s", a->scan.summary, strerror(errno));
	}
	sts_buf_clear(&b);
	return rc;
}

static int status_of(const struct args *a, const struct sts_scan_end *end)
{
	static const char *const worst[] = {"s:notice", "s:warning", "s:error"};

	for (size_t i = (size_t)a->fail_on; i < 3; i++)
		if (sts_tally_get(&end->tally, worst[i]) > 0)
			return CLI_FINDINGS;
	return end->interrupted || sts_tally_get(&end->tally, "s:incomplete") > 0 ||
			sts_tally_get(&end->tally, "i:invalid") > 0
		? CLI_UNTESTED
		: CLI_FINE;
}

static int run_scan(int argc, char **argv)
{
	struct args args = {.depth = STS_DEPTH_FULL, .fail_on = 2};
	struct sts_scan_end end;
	enum sts_err err;
	int rc;

	cli_check_args_init(&args.check);
	rc = cli_parse(&cmd_scan, argc, argv, &args);
	if (rc < 0)
		rc = take_options(&args);
	if (rc >= 0)
		return rc;
	err = sts_scan_run(&args.scan, &end);
	if (err == STS_EINVAL) {
		rc = cli_usage_error(&cmd_scan, "%s", end.why);
	} else {
		rc = end.done > 0 || err == STS_OK ? write_summary(&args, &end) : -1;
		if (err != STS_OK)
			rc = cli_failure(&cmd_scan, "%s", end.why[0] != '\0' ? end.why : sts_strerror(err));
		if ((end.interrupted || err != STS_OK) && args.scan.state != NULL && end.done > 0)
			fprintf(stderr, "Go on with: --resume %s\n", args.scan.state);
		if (rc < 0)
			rc = status_of(&args, &end);
	}
	sts_tally_clear(&end.tally);
	return rc;
}

const struct cli_command cmd_scan = {
	.name = "scan",
	.operands = "[FILE|-]",
	.summary = "many domains, one result a line",
	.about = "Read names, a line each (or from a column of CSV; gzip is unpacked; what follows a # is passed over), and write one "
		 "result a line in the order they finish. A name is asked for its record first; only where there is one, or a trace of one, the "
		 "whole check follows. What was not looked at is said to be not tested.\n"
		 "A run that was interrupted, even by kill -9, goes on with --resume: nothing is lost, nothing twice.\n"
		 "Exit status: 0 nothing at or above the threshold, 1 findings at or above it, 2 usage, 3 something could not be tested "
		 "(or is no name, or the run ended early) and nothing worse was found.\n",
	.tables = tables,
	.run = run_scan,
};
