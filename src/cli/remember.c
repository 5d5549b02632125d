#include "cli/remember.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define AT(member) offsetof(struct cli_check_args, member)

const struct cli_option cli_history_options[] = {
	{"history", "FILE|URL", CLI_TEXT, AT(history), NULL, 0,
		"keep observations there, in an SQLite file or a PostgreSQL database (postgresql://…); default "
		"$XDG_STATE_HOME/mtasts/history.db"},
	{"no-history", NULL, CLI_FLAG, AT(no_history), NULL, 0, "neither keep observations nor judge by earlier ones"},
	{"keep", "DAYS", CLI_NUMBER, AT(keep_days), NULL, 0,
		"keep whole results for so long; changes are kept for ever (default 400)"},
	{0},
};

/* ---- where ------------------------------------------------------------------------------------------------------ */

/* Every folder on the way; what is there already is fine. */
static bool make_folders(char *path)
{
	for (char *p = path + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST) {
			*p = '/';
			return false;
		}
		*p = '/';
	}
	return true;
}

const char *cli_history_place(const struct cli_check_args *args, const char **why)
{
	const char *xdg = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	char *path;

	if (args->history != NULL)
		return args->history;
	if (xdg != NULL && xdg[0] == '/') {
		path = sts_sprintf(cli_arena(), "%s/mtasts/history.db", xdg);
	} else if (home != NULL && home[0] == '/') {
		path = sts_sprintf(cli_arena(), "%s/.local/state/mtasts/history.db", home);
	} else {
		*why = "neither XDG_STATE_HOME nor HOME says where it is to be";
		return NULL;
	}
	if (!make_folders(path)) {
		*why = sts_sprintf(cli_arena(), "the folder of %s cannot be made: %s", path, strerror(errno));
		return NULL;
	}
	return path;
}

/* ---- one warning ------------------------------------------------------------------------------------------------ */

/* Told at the end: in between a line of progress may stand on the screen. */
static void warn(struct cli_memory *m, const char *what, const char *why)
{
	if (m->warning == NULL && asprintf(&m->warning, "%s: %s", what, why) < 0)
		m->warning = NULL;
}

static void tell_warning(struct cli_memory *m)
{
	struct sts_buf b;

	if (m->warning == NULL)
		return;
	sts_buf_init(&b, 4096);
	sts_buf_escape(&b, sts_str_of(m->warning), 1000);
	fprintf(stderr, "mtasts %s: warning: %s (--no-history does without)\n", m->command->name,
		b.ptr == NULL ? "" : b.ptr);
	sts_buf_clear(&b);
	free(m->warning);
	m->warning = NULL;
}

/* ---- use -------------------------------------------------------------------------------------------------------- */

void cli_memory_open(struct cli_memory *m, const struct cli_command *command, const struct cli_check_args *args)
{
	char why[512] = "";
	const char *place_why = NULL;
	const char *place;

	*m = (struct cli_memory){.command = command};
	if (args->no_history)
		return;
	place = cli_history_place(args, &place_why);
	if (place == NULL) {
		warn(m, "the history cannot be opened", place_why);
		return;
	}
	if (sts_history_open(place, &m->history, why) != STS_OK) {
		warn(m, "the history cannot be opened", why);
		m->history = NULL;
		return;
	}
	sts_history_keep(m->history, args->keep_days);
	m->keeps = args->engine.at < 0 || args->history != NULL;
}

static const struct sts_past *tell_past(const char *domain, int64_t before_at, struct sts_arena *arena, void *arg)
{
	struct cli_memory *m = arg;
	struct sts_past *past = NULL;
	enum sts_err err = sts_history_past(m->history, domain, before_at, arena, &past);

	if (err == STS_OK)
		return past;
	warn(m, "the history cannot be read",
		sts_history_why(m->history)[0] != '\0' ? sts_history_why(m->history) : sts_strerror(err));
	return NULL;
}

void cli_memory_attach(struct cli_memory *m, struct sts_engine *engine)
{
	if (m->history != NULL)
		sts_engine_set_past(engine, tell_past, m);
}

void cli_memory_keep(struct cli_memory *m, const struct sts_report *report)
{
	enum sts_err err;

	if (m->history == NULL || !m->keeps)
		return;
	err = sts_history_add(m->history, report, sts_now_s());
	if (err != STS_OK)
		warn(m, "the result cannot be kept",
			sts_history_why(m->history)[0] != '\0' ? sts_history_why(m->history) : sts_strerror(err));
}

void cli_memory_close(struct cli_memory *m)
{
	sts_history_close(m->history);
	m->history = NULL;
	if (m->command != NULL)
		tell_warning(m);
}
