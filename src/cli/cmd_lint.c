/* mtasts lint: a policy, TXT records or a TLSRPT record judged without asking anybody. */
#include "base/clock.h"
#include "cli/options.h"
#include "cli/term.h"
#include "proto/domain.h"
#include "render/lint.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* Enough to see that a file is too large. */
#define READ_MAX ((size_t)4 * 1024 * 1024)

static const char *const color_words[] = {"auto", "always", "never", NULL};
/* as enum sts_severity, whose info nobody would stop at */
static const char *const threshold_words[] = {"never", "notice", "warning", "error", NULL};

struct args {
	struct cli_common common;
	struct cli_list records;
	struct cli_list tlsrpt;
	struct cli_list hosts;
	const char *domain;
	bool json;
	bool quiet;
	int color;
	int fail_on;
};

static const struct cli_option options[] = {
	{"record", "TXT", CLI_LIST, offsetof(struct args, records), NULL, 0,
		"judge this TXT record of _mta-sts in place of a policy (repeat it for several records of one name)"},
	{"tlsrpt", "TXT", CLI_LIST, offsetof(struct args, tlsrpt), NULL, 0,
		"judge this TXT record of _smtp._tls in place of a policy (repeatable)"},
	{"mx", "HOST", CLI_LIST, offsetof(struct args, hosts), NULL, 0, "does the policy cover this mail host? (repeatable)"},
	{"domain", "NAME", CLI_TEXT, offsetof(struct args, domain), NULL, 0, "whose it is, for the lines to paste"},
	{"json", NULL, CLI_FLAG, offsetof(struct args, json), NULL, 0, "as JSON, schema mtasts.lint/1"},
	{"color", "WHEN", CLI_CHOICE, offsetof(struct args, color), color_words, 0, "colours"},
	{"fail-on", "SEVERITY", CLI_CHOICE, offsetof(struct args, fail_on), threshold_words, 0,
		"findings of this severity or worse give exit status 1, too (default never: only what is not usable does)"},
	{"quiet", NULL, CLI_FLAG, offsetof(struct args, quiet), NULL, 0, "no result, only the exit status"},
	{0},
};

static const struct cli_option *const tables[] = {options, NULL};

/* What is judged: its text, and its name for the heading. */
struct subject {
	enum sts_lint_kind kind;
	const char *name;
	struct sts_buf body;         /* policy */
	struct sts_str *texts;       /* records */
	size_t text_count;
};

static int read_stream(FILE *f, struct subject *s)
{
	char chunk[16384];
	size_t n;

	while (s->body.len < READ_MAX && (n = fread(chunk, 1, sizeof chunk, f)) > 0)
		sts_buf_add(&s->body, chunk, n);
	if (ferror(f))
		return cli_bad_operand(&cmd_lint, "cannot read %s: %s", s->name, strerror(errno));
	return s->body.failed ? cli_failure(&cmd_lint, "out of memory") : -1;
}

static int read_policy(const struct args *args, struct subject *s)
{
	const char *path = args->common.operands.count > 0 ? args->common.operands.items[0] : "-";
	FILE *f;
	int rc;

	sts_buf_init(&s->body, 2 * READ_MAX);
	sts_buf_puts(&s->body, "");
	if (strcmp(path, "-") == 0) {
		s->name = "standard input";
		return read_stream(stdin, s);
	}
	s->name = path;
	f = fopen(path, "re");
	if (f == NULL)
		return cli_bad_operand(&cmd_lint, "%s: %s", path, strerror(errno));
	rc = read_stream(f, s);
	fclose(f);
	return rc;
}

static void take_texts(const struct cli_list *list, struct subject *s)
{
	s->name = list->count == 1 ? list->items[0] : "the records given";
	for (size_t i = 0; i < list->count; i++)
		*STS_PUSH(cli_arena(), s->texts, s->text_count) = sts_str_of(list->items[i]);
}

static int find_subject(const struct args *args, struct subject *s)
{
	int kinds = (args->common.operands.count > 0) + (args->records.count > 0) + (args->tlsrpt.count > 0);

	if (kinds > 1 || args->common.operands.count > 1)
		return cli_usage_error(&cmd_lint, "one thing at a time: a file, --record or --tlsrpt");
	if (args->hosts.count > 0 && (args->records.count > 0 || args->tlsrpt.count > 0))
		return cli_usage_error(&cmd_lint, "--mx goes with a policy");
	if (args->records.count > 0) {
		s->kind = STS_LINT_RECORD;
		take_texts(&args->records, s);
		return -1;
	}
	if (args->tlsrpt.count > 0) {
		s->kind = STS_LINT_TLSRPT;
		take_texts(&args->tlsrpt, s);
		return -1;
	}
	if (args->common.operands.count == 0 && isatty(STDIN_FILENO))
		return cli_usage_error(&cmd_lint, "what is to be judged? A file, - for standard input, --record or --tlsrpt");
	return read_policy(args, s);
}

static int find_domain(const struct args *args, struct sts_lint_params *params)
{
	struct sts_domain domain;
	const char *why = NULL;

	if (args->domain == NULL)
		return -1;
	if (sts_domain_parse(sts_str_of(args->domain), cli_arena(), &domain, &why) != STS_OK)
		return cli_bad_operand(&cmd_lint, "--domain '%s': %s", args->domain, why);
	params->domain = domain.ascii;
	return -1;
}

static void judge(const struct subject *s, const struct sts_lint_params *params, struct sts_lint *out)
{
	switch (s->kind) {
	case STS_LINT_POLICY:
		sts_lint_policy(sts_buf_str(&s->body), params, cli_arena(), out);
		break;
	case STS_LINT_RECORD:
		sts_lint_record(s->texts, s->text_count, params, cli_arena(), out);
		break;
	case STS_LINT_TLSRPT:
		sts_lint_tlsrpt(s->texts, s->text_count, params, cli_arena(), out);
		break;
	}
}

/* Line numbers point into a policy, and into a record that stands alone. */
static struct sts_str source_of(const struct subject *s)
{
	if (s->kind == STS_LINT_POLICY)
		return sts_buf_str(&s->body);
	return s->text_count == 1 ? s->texts[0] : (struct sts_str){NULL, 0};
}

static bool is_bad(const struct args *args, const struct sts_lint *lint)
{
	for (size_t i = 0; i < lint->mx_count; i++)
		if (!lint->mx[i].covered)
			return true;
	if (args->fail_on > 0 && lint->issue_count > 0 && (int)sts_lint_worst(lint) >= args->fail_on)
		return true;
	return !lint->usable;
}

static int print(const struct args *args, const struct subject *s, const struct sts_lint *lint)
{
	struct sts_render_options ro = cli_stdout_options((enum cli_color)args->color);
	struct sts_buf b;
	struct sts_jsonw w;

	sts_buf_init(&b, 64 * 1024 * 1024);
	w = sts_jsonw(&b, true);
	if (args->json) {
		sts_json_lint(&w, NULL, lint);
		sts_buf_addc(&b, '\n');
	} else {
		sts_text_lint(&b, lint, s->name, source_of(s), &ro);
	}
	if (!args->quiet)
		cli_write(b.ptr, b.len);
	sts_buf_clear(&b);
	return cli_finish_output(&cmd_lint, is_bad(args, lint) ? CLI_FINDINGS : CLI_FINE);
}

static int run_lint(int argc, char **argv)
{
	struct args args = {0};
	struct subject s = {.kind = STS_LINT_POLICY};
	struct sts_lint_params params = {.judged_at = sts_now_s()};
	struct sts_lint lint;
	int rc = cli_parse(&cmd_lint, argc, argv, &args);

	if (rc < 0)
		rc = find_domain(&args, &params);
	if (rc < 0)
		rc = find_subject(&args, &s);
	if (rc < 0) {
		params.hosts = args.hosts.items;
		params.host_count = args.hosts.count;
		judge(&s, &params, &lint);
		rc = print(&args, &s, &lint);
	}
	sts_buf_clear(&s.body);
	return rc;
}

const struct cli_command cmd_lint = {
	.name = "lint",
	.operands = "[FILE|-]",
	.summary = "judge a policy file or a record offline",
	.about = "Judge a policy file (from FILE, or standard input) without asking anybody; with --record or --tlsrpt, TXT records.\n"
		 "Exit status: 0 usable by the strict reading of the standard and every --mx host covered, 1 otherwise, 2 usage.\n",
	.tables = tables,
	.run = run_lint,
};
