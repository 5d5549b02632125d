#include "cli/term.h"

#include "base/utf8.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int write_error; /* errno of the first write that failed */

static unsigned width_of(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize ws;
	uint64_t n;

	if (columns != NULL && sts_str_u64(sts_str_of(columns), &n) && n > 0 && n < 10000)
		return (unsigned)n;
	if (ioctl(fd, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0)
		return ws.ws_col;
	return 80;
}

static bool is_dumb(void)
{
	const char *term = getenv("TERM");

	return term == NULL || strcmp(term, "dumb") == 0;
}

struct sts_render_options cli_stdout_options(enum cli_color color)
{
	const char *no_color = getenv("NO_COLOR");
	bool by_itself = isatty(STDOUT_FILENO) == 1 && !is_dumb() && (no_color == NULL || no_color[0] == '\0');

	return (struct sts_render_options){
		.color = color == CLI_COLOR_ALWAYS || (color == CLI_COLOR_AUTO && by_itself),
		.width = width_of(STDOUT_FILENO),
	};
}

void cli_write(const char *data, size_t len)
{
	if (write_error == 0 && len > 0 && fwrite(data, 1, len, stdout) != len)
		write_error = errno;
}

int cli_finish_output(const struct cli_command *command, int status)
{
	if (fflush(stdout) != 0 && write_error == 0)
		write_error = errno;
	if (write_error == 0 || write_error == EPIPE)
		return status;
	return cli_failure(command, "cannot write the result: %s", strerror(write_error));
}

/* ---- the line of progress ---------------------------------------------------------------------------------------- */

#define ERASE "\r\x1b[K"

static volatile sig_atomic_t on_screen; /* something is to be erased */

/* The program ends as it would have without this, only that no step stays behind on the screen. */
static void erase_and_die(int number)
{
	ssize_t ignored = on_screen ? write(STDERR_FILENO, ERASE, sizeof ERASE - 1) : 0;

	(void)ignored;
	raise(number); /* the default again, by SA_RESETHAND */
}

static void erase_when_interrupted(void)
{
	static const int signals[] = {SIGINT, SIGTERM};
	struct sigaction action = {.sa_handler = erase_and_die, .sa_flags = (int)SA_RESETHAND};
	struct sigaction before;

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			sigaction(signals[i], &action, NULL);
}

struct cli_progress cli_progress(bool wanted, bool verbose)
{
	bool live = wanted && !verbose && isatty(STDERR_FILENO) == 1 && !is_dumb();

	if (live)
		erase_when_interrupted();
	return (struct cli_progress){
		.live = live,
		.lines = verbose,
		.width = width_of(STDERR_FILENO),
	};
}

/* As much of the text as fits into the line; the last column stays free so that nothing wraps. */
static size_t fitting(struct sts_str text, unsigned width)
{
	size_t taken = 0;
	unsigned col = 0;

	while (taken < text.len) {
		uint32_t cp = 'x';
		size_t n = sts_utf8_take(sts_str_from(text, taken), &cp);

		col += sts_char_width(cp);
		if (col >= width)
			break;
		taken += n == 0 ? 1 : n;
	}
	return taken;
}

void cli_progress_step(struct cli_progress *p, const char *domain, const char *step)
{
	char line[1024];
	int len;

	if (!p->live && !p->lines)
		return;
	len = snprintf(line, sizeof line, "%s: %s", domain, step);
	if (len < 0)
		return;
	if (p->lines) {
		fprintf(stderr, "%s\n", line);
		return;
	}
	on_screen = 1;
	fprintf(stderr, "\r%.*s\x1b[K", (int)fitting(sts_str_of(line), p->width), line);
	fflush(stderr);
}

void cli_progress_end(struct cli_progress *p)
{
	if (p->live && on_screen)
		fputs(ERASE, stderr);
	on_screen = 0;
}
