#include "cli/config.h"

#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define CONFIG_MAX 262144

enum source { SOURCE_SYSTEM = 1, SOURCE_USER = 2 };

/* Sections for commands that another build may have are passed over; any other name is a slip worth telling. */
static const char *const sections[] = {"check", "lint", "match", "explain", "version", "scan", "history", "monitor", "reports",
	"ready", "generate", "plan", "report", "serve", "mcp"};

/* The whole file into b. @return 0, or errno */
static int read_file(const char *path, struct sts_buf *b)
{
	FILE *f = fopen(path, "re");
	char chunk[4096];
	size_t n;
	int err = 0;

	if (f == NULL)
		return errno;
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		sts_buf_add(b, chunk, n);
	if (ferror(f))
		err = errno != 0 ? errno : EIO;
	fclose(f);
	return err != 0 ? err : b->failed ? EFBIG : 0;
}

struct reader {
	const struct cli_command *command;
	const char *path;
	unsigned line;
	enum source source;
	bool here; /* inside the command's own section */
	const char *route; /* NAME, inside [route NAME]; else NULL */
	void *args;
};

static int read_section(struct reader *r, struct sts_str line)
{
	const char *name = sts_strndup(cli_arena(), line.ptr + 1, line.len - 2);
	const char *near;

	r->here = false;
	r->route = strncmp(name, "route ", 6) == 0 ? name + 6 : NULL;
	if (r->route != NULL)
		return -1;
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
		if (strcmp(name, sections[i]) == 0) {
			r->here = strcmp(name, r->command->name) == 0;
			return -1;
		}
	near = cli_nearest(name, sections, sizeof sections / sizeof *sections);
	return cli_usage_error(r->command, "%s:%u: no section is called [%s]%s%s%s", r->path, r->line, name,
		near != NULL ? "; did you mean [" : "", near != NULL ? near : "", near != NULL ? "]?" : "");
}

/* Other commands have no use for routes, but they may stand in the file they share. */
static bool set(struct reader *r, const char *name, const char *value, const char **why)
{
	if (r->route == NULL)
		return !r->here || cli_set_by_name(r->command, name, value, (int)r->source, r->args, why);
	return r->command->set_route == NULL || r->command->set_route(r->route, name, value, r->args, why);
}

static int read_setting(struct reader *r, struct sts_str line)
{
	size_t equals = sts_str_find(line, '=', 0);
	struct sts_str name = sts_str_trim(sts_str(line.ptr, equals));
	struct sts_str value = sts_str_trim(sts_str_from(line, equals + 1));
	const char *why = NULL;

	if (equals == line.len || name.len == 0)
		return cli_usage_error(r->command, "%s:%u: neither a [section] nor name = value", r->path, r->line);
	if (!set(r, sts_strndup(cli_arena(), name.ptr, name.len), sts_strndup(cli_arena(), value.ptr, value.len), &why))
		return cli_usage_error(r->command, "%s:%u: %.*s %s", r->path, r->line, STS_FMT(name), why);
	return -1;
}

static int read_lines(struct reader *r, struct sts_str text)
{
	int rc = -1;

	while (text.len > 0 && rc < 0) {
		size_t n = sts_str_find(text, '\n', 0);
		struct sts_str line = sts_str(text.ptr, n);

		if (n > 0 && line.ptr[n - 1] == '\r')
			line.len--;
		line = sts_str_trim(line);
		r->line++;
		text = sts_str_from(text, n + 1);
		if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';')
			continue;
		if (line.ptr[0] == '[' && line.ptr[line.len - 1] == ']')
			rc = read_section(r, line);
		else
			rc = read_setting(r, line);
	}
	return rc;
}

static int read_one(const struct cli_command *command, const char *path, bool has_to_exist, enum source source, void *args)
{
	struct reader r = {.command = command, .path = path, .source = source, .args = args};
	struct sts_buf b;
	int err;
	int rc = -1;

	sts_buf_init(&b, CONFIG_MAX);
	err = read_file(path, &b);
	if (err == 0)
		rc = read_lines(&r, sts_buf_str(&b));
	else if (has_to_exist || (err != ENOENT && err != ENOTDIR))
		rc = cli_usage_error(command, "%s: %s", path, strerror(err));
	sts_buf_clear(&b);
	return rc;
}

/* $XDG_CONFIG_HOME, or ~/.config; NULL when neither can be told. */
static const char *user_file(void)
{
	const char *xdg = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (xdg != NULL && xdg[0] == '/')
		return sts_sprintf(cli_arena(), "%s/mtasts/mtasts.conf", xdg);
	if (home != NULL && home[0] == '/')
		return sts_sprintf(cli_arena(), "%s/.config/mtasts/mtasts.conf", home);
	return NULL;
}

int cli_read_config(const struct cli_command *command, const char *only_file, void *args)
{
	const char *user = user_file();
	int rc;

	if (only_file != NULL)
		return read_one(command, only_file, true, SOURCE_USER, args);
	rc = read_one(command, "/etc/mtasts/mtasts.conf", false, SOURCE_SYSTEM, args);
	if (rc < 0 && user != NULL)
		rc = read_one(command, user, false, SOURCE_USER, args);
	return rc;
}
