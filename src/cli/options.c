#include "cli/options.h"

#include "base/clock.h"
#include "cli/config.h"
#include "cli/term.h"
#include "render/paper.h"

#include <stdio.h>
#include <stdlib.h>

#define SOURCE_COMMAND_LINE 100

static const struct cli_option common_options[] = {
	{"config", "FILE", CLI_TEXT, offsetof(struct cli_common, config), NULL, 0,
		"read this configuration file in place of the system's and the user's"},
	{"help", NULL, CLI_NOTHING, 0, NULL, 0, "this text"},
	{0},
};

/* The index-th table of a command, the common one last; NULL past the end. */
static const struct cli_option *table_at(const struct cli_command *command, size_t index)
{
	size_t count = 0;

	while (command->tables != NULL && command->tables[count] != NULL)
		count++;
	return index < count ? command->tables[index] : index == count ? common_options : NULL;
}

static const struct cli_option *find(const struct cli_command *command, const char *name)
{
	const struct cli_option *table;

	for (size_t t = 0; (table = table_at(command, t)) != NULL; t++)
		for (const struct cli_option *o = table; o->name != NULL; o++)
			if (strcmp(o->name, name) == 0)
				return o;
	return NULL;
}

static const char *nearest_option(const struct cli_command *command, const char *name)
{
	const char *names[64];
	size_t count = 0;
	const struct cli_option *table;

	for (size_t t = 0; (table = table_at(command, t)) != NULL; t++)
		for (const struct cli_option *o = table; o->name != NULL && count < 64; o++)
			names[count++] = o->name;
	return cli_nearest(name, names, count);
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

static bool set_number(const char *value, uint64_t min, uint64_t max, uint64_t *out, const char **why)
{
	uint64_t n;

	if (!sts_str_u64(sts_str_of(value), &n) || n < min || n > max) {
		*why = sts_sprintf(
			cli_arena(), "wants a whole number from %u to %u, not '%s'", (unsigned)min, (unsigned)max, value);
		return false;
	}
	*out = n;
	return true;
}

static bool set_choice(const struct cli_option *o, const char *value, int *out, const char **why)
{
	struct sts_buf b;

	for (int i = 0; o->choices[i] != NULL; i++)
		if (strcmp(o->choices[i], value) == 0) {
			*out = i;
			return true;
		}
	sts_buf_init(&b, 1000);
	for (int i = 0; o->choices[i] != NULL; i++)
		sts_buf_printf(&b, "%s%s", i == 0 ? "" : o->choices[i + 1] == NULL ? " or " : ", ", o->choices[i]);
	*why = sts_sprintf(cli_arena(), "wants %s, not '%s'", b.ptr, value);
	sts_buf_clear(&b);
	return false;
}

static void add_to_list(struct cli_list *list, const char *value, int source)
{
	if (list->source != source)
		*list = (struct cli_list){.source = source};
	*STS_PUSH(cli_arena(), list->items, list->count) = value;
}

bool cli_list_is_typed(const struct cli_list *list)
{
	return list->source == SOURCE_COMMAND_LINE;
}

static bool set_time(const char *value, int64_t *out, const char **why)
{
	if (sts_parse_time(value, out))
		return true;
	*why = sts_sprintf(cli_arena(), "wants an RFC 3339 time such as 2026-01-31T12:00:00Z, not '%s'", value);
	return false;
}

static bool set(const struct cli_option *o, const char *value, int source, void *args, const char **why)
{
	void *to = (char *)args + o->offset;
	uint64_t n = 0;

	switch (o->kind) {
	case CLI_FLAG:
	case CLI_UNFLAG:
		*(bool *)to = o->kind == CLI_FLAG;
		return true;
	case CLI_TEXT:
		*(const char **)to = value;
		return true;
	case CLI_LIST:
		add_to_list(to, value, source);
		return true;
	case CLI_PORT:
		if (!set_number(value, 1, 65535, &n, why))
			return false;
		*(uint16_t *)to = (uint16_t)n;
		return true;
	case CLI_SECONDS:
		if (!set_number(value, 1, 3600, &n, why))
			return false;
		*(unsigned *)to = (unsigned)n;
		return true;
	case CLI_NUMBER:
		if (!set_number(value, 0, 1000000, &n, why))
			return false;
		*(unsigned *)to = (unsigned)n;
		return true;
	case CLI_TIME:
		return set_time(value, to, why);
	case CLI_CHOICE:
		return set_choice(o, value, to, why);
	case CLI_FIXED:
		*(int *)to = o->value;
		return true;
	case CLI_NOTHING:
		return true;
	case CLI_REFUSED:
		break;
	}
	*why = o->help;
	return false;
}

/* ---- configuration --------------------------------------------------------------------------------------------- */

static bool is_word(const char *value, const char *const words[4])
{
	for (size_t i = 0; i < 4; i++)
		if (sts_cstr_eqi(value, words[i]))
			return true;
	return false;
}

/* A flag in a file says yes or no; no undoes what a farther file said, and is nothing for a flag that cannot be undone. */
static bool set_flag(const struct cli_option *o, const char *value, int source, void *args, const char **why)
{
	static const char *const yes[4] = {"yes", "true", "on", "1"};
	static const char *const no[4] = {"no", "false", "off", "0"};
	bool on = is_word(value, yes);

	if (!on && !is_word(value, no)) {
		*why = "wants yes or no";
		return false;
	}
	if (on)
		return set(o, NULL, source, args, why);
	if (o->kind == CLI_FLAG || o->kind == CLI_UNFLAG)
		*(bool *)((char *)args + o->offset) = o->kind == CLI_UNFLAG;
	return true;
}

bool cli_set_by_name(const struct cli_command *command, const char *name, const char *value, int source, void *args, const char **why)
{
	const struct cli_option *o = find(command, name);
	const char *near;

	if (o == NULL || strcmp(name, "help") == 0 || strcmp(name, "config") == 0) {
		near = nearest_option(command, name);
		*why = sts_sprintf(cli_arena(), "is no option of %s%s%s%s", command->name, near != NULL ? "; did you mean " : "",
			near != NULL ? near : "", near != NULL ? "?" : "");
		return false;
	}
	if (o->arg == NULL)
		return set_flag(o, value, source, args, why);
	return set(o, value, source, args, why);
}

/* ---- command line ---------------------------------------------------------------------------------------------- */

/* An option as it stood on the command line, set once the files are read. */
struct given {
	const struct cli_option *option;
	const char *value;
};

struct command_line {
	struct given *given;
	size_t given_count;
	bool help;
};

static int unknown_option(const struct cli_command *command, const char *name)
{
	const char *near = nearest_option(command, name);

	if (near != NULL)
		return cli_usage_error(command, "unknown option --%s; did you mean --%s?", name, near);
	return cli_usage_error(command, "unknown option --%s", name);
}

/* One argument that begins with two dashes; *index moves on when the value stands in the next one. */
static int read_option(const struct cli_command *command, int argc, char **argv, int *index, struct command_line *line)
{
	const char *arg = argv[*index] + 2;
	const char *equals = strchr(arg, '=');
	const char *name = equals == NULL ? arg : sts_strndup(cli_arena(), arg, (size_t)(equals - arg));
	const struct cli_option *o = find(command, name);
	const char *value = equals == NULL ? NULL : equals + 1;

	if (o == NULL)
		return unknown_option(command, name);
	if (o->arg == NULL && value != NULL)
		return cli_usage_error(command, "--%s takes no value", name);
	if (o->arg != NULL && value == NULL) {
		if (*index + 1 >= argc)
			return cli_usage_error(command, "--%s wants a value: %s", name, o->arg);
		value = argv[++*index];
	}
	if (strcmp(name, "help") == 0)
		line->help = true;
	*STS_PUSH(cli_arena(), line->given, line->given_count) = (struct given){o, value};
	return -1;
}

static int read_arguments(const struct cli_command *command, int argc, char **argv, struct command_line *line, struct cli_common *common)
{
	bool options_ended = false;
	int rc = -1;

	for (int i = 0; i < argc && rc < 0; i++) {
		if (options_ended || argv[i][0] != '-' || argv[i][1] == '\0')
			add_to_list(&common->operands, argv[i], SOURCE_COMMAND_LINE);
		else if (strcmp(argv[i], "--") == 0)
			options_ended = true;
		else if (strcmp(argv[i], "-h") == 0)
			line->help = true;
		else if (argv[i][1] != '-')
			rc = cli_usage_error(command, "unknown option %s; options begin with two dashes", argv[i]);
		else
			rc = read_option(command, argc, argv, &i, line);
	}
	return rc;
}

int cli_parse(const struct cli_command *command, int argc, char **argv, void *args)
{
	struct cli_common *common = args;
	struct command_line line = {0};
	const char *why = NULL;
	int rc = read_arguments(command, argc, argv, &line, common);

	if (rc >= 0)
		return rc;
	if (line.help) {
		cli_print_help(command);
		return cli_finish_output(command, CLI_FINE);
	}
	for (size_t i = 0; i < line.given_count; i++)
		if (line.given[i].option == &common_options[0])
			common->config = line.given[i].value;
	rc = cli_read_config(command, common->config, args);
	if (rc >= 0)
		return rc;
	for (size_t i = 0; i < line.given_count; i++)
		if (!set(line.given[i].option, line.given[i].value, SOURCE_COMMAND_LINE, args, &why))
			return cli_usage_error(command, "--%s %s", line.given[i].option->name, why);
	return -1;
}

/* ---- help ------------------------------------------------------------------------------------------------------ */

#define HELP_COLUMN 26

static void print_option(struct sts_paper *p, const struct cli_option *o)
{
	sts_paper_begin(p, 2, HELP_COLUMN);
	sts_paper_printf(p, STS_BOLD, "--%s", o->name);
	if (o->arg != NULL)
		sts_paper_printf(p, STS_PLAIN, " %s", o->arg);
	if (p->col >= HELP_COLUMN - 1) {
		sts_paper_end(p);
		sts_paper_begin(p, HELP_COLUMN, HELP_COLUMN);
	} else {
		sts_paper_tab(p, HELP_COLUMN);
	}
	sts_paper_put(p, STS_PLAIN, o->help);
	if (o->kind == CLI_CHOICE) {
		sts_paper_put(p, STS_PLAIN, ": ");
		for (size_t i = 0; o->choices[i] != NULL; i++)
			sts_paper_printf(p, STS_PLAIN, "%s%s", i == 0 ? "" : ", ", o->choices[i]);
	}
	sts_paper_end(p);
}

void cli_print_help(const struct cli_command *command)
{
	struct sts_render_options ro = cli_stdout_options(CLI_COLOR_AUTO);
	struct sts_buf b;
	struct sts_paper p;
	const struct cli_option *table;
	struct sts_str rest = sts_str_of(command->about);

	sts_buf_init(&b, 65536);
	p = sts_paper(&b, &ro);
	sts_paper_begin(&p, 0, 4);
	sts_paper_printf(&p, STS_BOLD, "mtasts %s%s%s%s", command->name, command->tables != NULL ? " [OPTION...]" : "",
		command->operands[0] != '\0' ? " " : "", command->operands);
	sts_paper_end(&p);
	while (rest.len > 0) {
		size_t n = sts_str_find(rest, '\n', 0);

		sts_paper_gap(&p);
		sts_paper_text(&p, 0, 0, sts_strndup(cli_arena(), rest.ptr, n));
		rest = sts_str_from(rest, n + 1);
	}
	sts_paper_gap(&p);
	for (size_t t = 0; (table = table_at(command, t)) != NULL; t++)
		for (const struct cli_option *o = table; o->name != NULL; o++)
			if (o->kind != CLI_REFUSED)
				print_option(&p, o);
	cli_write(b.ptr, b.len);
	sts_buf_clear(&b);
}
