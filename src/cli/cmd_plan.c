/* mtasts plan: the domain as it is and a planned policy in, the safe order of steps out. */
#include "cli/remember.h"
#include "cli/term.h"
#include "proto/domain.h"
#include "render/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define OUTPUT_MAX ((size_t)16 * 1024 * 1024)

static const char *const color_words[] = {"auto", "always", "never", NULL}; /* as enum cli_color */

struct args {
	struct cli_check_args check;
	const char *policy;
	struct cli_list mx;
	bool json;
	int color;
	bool verbose;
};

#define AT(member) offsetof(struct args, member)

static const struct cli_option options[] = {
	{"policy", "FILE|-", CLI_TEXT, AT(policy), NULL, 0, "the planned policy file"},
	{"mx", "HOST", CLI_LIST, AT(mx), NULL, 0,
		"a host that takes mail after the change, in order of preference (repeatable: all of them; without it "
		"the MX records stay)"},
	{"json", NULL, CLI_FLAG, AT(json), NULL, 0, "as JSON"},
	{"color", "WHEN", CLI_CHOICE, AT(color), color_words, 0, "colours"},
	{"verbose", NULL, CLI_FLAG, AT(verbose), NULL, 0, "every step of the check on a line of standard error"},
	{0},
};

static const struct cli_option *const tables[] = {options, cli_history_options, cli_engine_options, NULL};

/* ---- what is planned --------------------------------------------------------------------------------------------- */

static int read_policy(const char *path, struct sts_buf *out)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char chunk[4096];
	size_t n;
	bool bad;

	if (f == NULL)
		return cli_failure(&cmd_plan, "%s cannot be read: %s", path, strerror(errno));
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		sts_buf_add(out, chunk, n);
	bad = ferror(f) != 0;
	if (f != stdin)
		fclose(f);
	if (bad)
		return cli_failure(&cmd_plan, "%s cannot be read: %s", path, strerror(errno));
	return out->failed ? cli_bad_operand(&cmd_plan, "%s is larger than any policy that senders read (%d octets)",
				     path, STS_POLICY_MAX)
			   : -1;
}

static int parse_policy(const char *path, struct sts_str text, struct sts_policy *out)
{
	sts_policy_parse(text, cli_arena(), out);
	if (out->usable)
		return -1;
	cli_failure(&cmd_plan, "%s is no policy that senders can use; 'mtasts lint %s' tells why", path, path);
	return CLI_FINDINGS;
}

/* Hosts as the user wrote them, in the form of DNS. */
static int read_hosts(const struct cli_list *typed, const char ***hosts)
{
	*hosts = sts_alloc_array(cli_arena(), typed->count + 1, sizeof **hosts);
	for (size_t i = 0; i < typed->count; i++) {
		struct sts_domain d;
		const char *why = NULL;

		if (sts_domain_parse(sts_str_of(typed->items[i]), cli_arena(), &d, &why) != STS_OK)
			return cli_bad_operand(&cmd_plan, "--mx '%s': %s", typed->items[i], why);
		for (size_t k = 0; k < i; k++)
			if (strcmp((*hosts)[k], d.ascii) == 0)
				return cli_bad_operand(&cmd_plan, "--mx %s is given twice", d.ascii);
		(*hosts)[i] = d.ascii;
	}
	return -1;
}

/* ---- the check --------------------------------------------------------------------------------------------------- */

struct run {
	struct cli_memory memory;
	struct cli_progress progress;
	struct sts_report *report;
};

static void on_step(const char *domain, const char *step, void *arg)
{
	struct run *run = arg;

	cli_progress_step(&run->progress, domain, step);
}

static void on_done(struct sts_report *report, void *arg)
{
	struct run *run = arg;

	run->report = report;
	cli_memory_keep(&run->memory, report);
}

static int check(struct run *run, struct args *args, struct sts_engine *engine)
{
	const char *domain = args->check.common.operands.items[0];
	const char *why = NULL;
	enum sts_err err;

	if (sts_check_start(engine, domain, on_step, on_done, run, &why) != STS_OK)
		return cli_bad_operand(&cmd_plan, "'%s': %s", domain, why);
	cli_memory_open(&run->memory, &cmd_plan, &args->check);
	cli_memory_attach(&run->memory, engine);
	run->progress = cli_progress(!args->json, args->verbose);
	err = sts_engine_run(engine);
	cli_progress_end(&run->progress);
	if (err != STS_OK || run->report == NULL)
		return cli_failure(&cmd_plan, "the check ended without a result");
	return -1;
}

/* ---- the plan ---------------------------------------------------------------------------------------------------- */

static int show(const struct args *args, const struct sts_change_wanted *wanted)
{
	static const int statuses[] = {[STS_PLAN_NOTHING] = CLI_FINE,
		[STS_PLAN_SAFE] = CLI_FINE,
		[STS_PLAN_UNSAFE] = CLI_FINDINGS,
		[STS_PLAN_UNKNOWN] = CLI_UNTESTED};
	struct sts_render_options ro = cli_stdout_options((enum cli_color)args->color);
	struct sts_plan plan;
	struct sts_buf out;
	struct sts_jsonw w;

	sts_plan_make(wanted, cli_arena(), &plan);
	sts_buf_init(&out, OUTPUT_MAX);
	w = sts_jsonw(&out, true);
	if (args->json)
		sts_plan_json(&w, NULL, &plan);
	else
		sts_plan_text(&out, &plan, &ro);
	if (args->json)
		sts_buf_addc(&out, '\n');
	cli_write(out.ptr == NULL ? "" : out.ptr, out.len);
	sts_buf_clear(&out);
	return cli_finish_output(&cmd_plan, statuses[plan.verdict]);
}

static int plan(struct args *args, struct sts_change_wanted *wanted)
{
	struct sts_engine *engine = NULL;
	struct run run = {0};
	const char *why = NULL;
	enum sts_err err = sts_engine_new(cli_check_args_engine(&args->check), &engine, &why);
	int rc;

	if (err == STS_EINVAL)
		return cli_usage_error(&cmd_plan, "%s", why);
	if (err != STS_OK)
		return cli_failure(&cmd_plan, "%s", why);
	rc = check(&run, args, engine);
	wanted->report = run.report;
	if (rc < 0)
		rc = show(args, wanted);
	sts_report_free(run.report);
	sts_engine_free(engine);
	cli_memory_close(&run.memory);
	return rc;
}

static int run_plan(int argc, char **argv)
{
	struct args args = {0};
	struct sts_change_wanted wanted = {0};
	struct sts_policy policy;
	struct sts_buf text;
	const char **hosts = NULL;
	int rc;

	cli_check_args_init(&args.check);
	rc = cli_parse(&cmd_plan, argc, argv, &args);
	if (rc >= 0)
		return rc;
	if (args.check.common.operands.count != 1)
		return cli_usage_error(
			&cmd_plan, args.check.common.operands.count == 0 ? "which domain?" : "one domain at a time");
	if (args.policy == NULL)
		return cli_usage_error(&cmd_plan, "which policy is planned? --policy FILE");
	sts_buf_init(&text, STS_POLICY_MAX);
	rc = read_policy(args.policy, &text);
	wanted.policy_text = sts_buf_str(&text);
	wanted.policy = &policy;
	if (rc < 0)
		rc = parse_policy(args.policy, wanted.policy_text, &policy);
	if (rc < 0)
		rc = read_hosts(&args.mx, &hosts);
	wanted.mx = hosts;
	wanted.mx_count = args.mx.count;
	if (rc < 0)
		rc = plan(&args, &wanted);
	sts_buf_clear(&text);
	return rc;
}

const struct cli_command cmd_plan = {
	.name = "plan",
	.operands = "DOMAIN --policy FILE",
	.summary = "what senders do during a change, and the safe order of steps",
	.about = "Check the domain, then tell what senders in every state do with its mail before, during and after a "
		 "change of policy (and of MX "
		 "records, with --mx), from when earlier policies are surely gone, and in which order to publish what, "
		 "with the exact texts. "
		 "Earlier policies are known from the history.\n"
		 "Exit status: 0 there is a safe order, or nothing to do; 1 the planned policy cannot be used, or "
		 "makes senders refuse a host; 2 "
		 "usage; 3 what decides it could not be seen.\n",
	.tables = tables,
	.run = run_plan,
};
