/* mtasts explain: what a finding means, why it matters, how to mend it. */
#include "check/catalogue.h"
#include "cli/options.h"
#include "cli/term.h"
#include "render/explanation.h"
#include "render/paper.h"

static const char *const color_words[] = {"auto", "always", "never", NULL};

struct args {
	struct cli_common common;
	bool json;
	int color;
};

static const struct cli_option options[] = {
	{"json", NULL, CLI_FLAG, offsetof(struct args, json), NULL, 0, "as JSON: one object, or an array of all"},
	{"color", "WHEN", CLI_CHOICE, offsetof(struct args, color), color_words, 0, "colours"},
	{0},
};

static const struct cli_option *const tables[] = {options, NULL};

static void paragraph(struct sts_paper *p, const char *label, const char *text)
{
	sts_paper_gap(p);
	sts_paper_begin(p, 0, 2);
	sts_paper_put(p, STS_BOLD, label);
	sts_paper_put(p, STS_PLAIN, " ");
	sts_paper_put(p, STS_PLAIN, text);
	sts_paper_end(p);
}

static void print_one(struct sts_paper *p, const struct sts_explanation *e)
{
	sts_paper_begin(p, 0, 2);
	sts_paper_put(p, STS_BOLD, e->code);
	sts_paper_put(p, STS_PLAIN, ": ");
	sts_paper_put(p, STS_PLAIN, e->title);
	sts_paper_end(p);
	sts_paper_begin(p, 0, 2);
	sts_paper_printf(p, STS_DIM, "severity: %s; source: %s", e->severity, e->source);
	sts_paper_end(p);
	paragraph(p, "What it means.", e->what);
	paragraph(p, "Why it matters.", e->why);
	paragraph(p, "How to mend it.", e->fix);
}

static void print_all(struct sts_paper *p)
{
	struct sts_explanation e;

	for (size_t i = 0; sts_explain_at(i, &e) == STS_OK; i++) {
		sts_paper_begin(p, 0, 44);
		sts_paper_put(p, STS_BOLD, e.code);
		sts_paper_tab(p, 32);
		sts_paper_put(p, STS_DIM, e.severity);
		sts_paper_tab(p, 44);
		sts_paper_put(p, STS_PLAIN, e.title);
		sts_paper_end(p);
	}
}

/* one: NULL for all of them */
static void print(struct sts_buf *b, const struct args *args, const struct sts_explanation *one)
{
	struct sts_render_options ro = cli_stdout_options((enum cli_color)args->color);
	struct sts_paper p = sts_paper(b, &ro);
	struct sts_jsonw w = sts_jsonw(b, true);

	if (args->json && one != NULL)
		sts_json_explanation(&w, NULL, one);
	else if (args->json)
		sts_json_explanations(&w, NULL);
	else if (one != NULL)
		print_one(&p, one);
	else
		print_all(&p);
	if (args->json)
		sts_buf_addc(b, '\n');
}

static int unknown_code(const char *code)
{
	const char *near = sts_catalogue_nearest(code);

	if (near != NULL)
		return cli_usage_error(&cmd_explain, "no finding is called '%s'; did you mean %s?", code, near);
	return cli_usage_error(&cmd_explain, "no finding is called '%s'; without a code, all are listed", code);
}

static int run_explain(int argc, char **argv)
{
	struct args args = {0};
	struct sts_explanation e;
	const struct cli_list *codes = &args.common.operands;
	struct sts_buf b;
	int rc = cli_parse(&cmd_explain, argc, argv, &args);

	if (rc >= 0)
		return rc;
	if (codes->count > 1)
		return cli_usage_error(&cmd_explain, "one code at a time");
	if (codes->count == 1 && sts_explain(codes->items[0], &e) != STS_OK)
		return unknown_code(codes->items[0]);
	sts_buf_init(&b, 4 * 1024 * 1024);
	print(&b, &args, codes->count == 1 ? &e : NULL);
	cli_write(b.ptr, b.len);
	sts_buf_clear(&b);
	return cli_finish_output(&cmd_explain, CLI_FINE);
}

const struct cli_command cmd_explain = {
	.name = "explain",
	.operands = "[CODE]",
	.summary = "what a finding means, why it matters, how to mend it",
	.about = "Tell what a finding (or a reason for not testing) means, why it matters and how to mend it. Without CODE, all are "
		 "listed.\n",
	.tables = tables,
	.run = run_explain,
};
