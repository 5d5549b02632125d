#include "monitor/deliver.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* How often a running program is looked at, milliseconds. */
#define LOOK_MS 20

extern char **environ;

/* ---- what it is given ------------------------------------------------------------------------------------------ */

/* The path and its arguments. No shell: nothing in an alert is ever read as a command. */
static char **arguments(const struct sts_delivery *d)
{
	char *copy = sts_strdup(d->arena, d->route->address);
	char **argv = NULL;
	size_t count = 0;
	char *save = NULL;

	for (char *word = strtok_r(copy, " \t", &save); word != NULL; word = strtok_r(NULL, " \t", &save))
		*STS_PUSH(d->arena, argv, count) = word;
	*STS_PUSH(d->arena, argv, count) = NULL;
	return argv;
}

static const char *word_of(const struct sts_delivery *d, const char *name)
{
	struct sts_str s = sts_json_text(d->alert, name);

	return s.ptr == NULL ? "" : s.ptr;
}

/* "NAME=value" is a variable of this name. */
static bool is_called(const char *variable, const char *name)
{
	size_t len = name == NULL ? 0 : strlen(name);

	return len > 0 && strncmp(variable, name, len) == 0 && variable[len] == '=';
}

/* The secret of a route is for no program that another one starts. */
static bool is_secret(const struct sts_delivery *d, const char *variable)
{
	for (size_t i = 0; d->routes != NULL && i < d->routes->count; i++)
		if (is_called(variable, d->routes->items[i].secret_env))
			return true;
	return is_called(variable, d->route->secret_env);
}

/* Ours, and what this program was given, but for secrets and names of ours. */
static char **environment(const struct sts_delivery *d)
{
	char **env = NULL;
	size_t count = 0;

	for (char **e = environ; *e != NULL; e++)
		if (strncmp(*e, "MTASTS_", 7) != 0 && !is_secret(d, *e))
			*STS_PUSH(d->arena, env, count) = *e;
	*STS_PUSH(d->arena, env, count) = sts_sprintf(d->arena, "MTASTS_ID=%s", d->message->name);
	*STS_PUSH(d->arena, env, count) = sts_sprintf(d->arena, "MTASTS_THREAD=%s", d->message->thread);
	*STS_PUSH(d->arena, env, count) = sts_sprintf(d->arena, "MTASTS_ROUTE=%s", d->route->name);
	*STS_PUSH(d->arena, env, count) = sts_sprintf(d->arena, "MTASTS_KIND=%s", word_of(d, "kind"));
	*STS_PUSH(d->arena, env, count) = sts_sprintf(d->arena, "MTASTS_SEVERITY=%s", word_of(d, "severity"));
	*STS_PUSH(d->arena, env, count) = sts_sprintf(d->arena, "MTASTS_TITLE=%s", word_of(d, "title"));
	*STS_PUSH(d->arena, env, count) = NULL;
	return env;
}

/* ---- starting -------------------------------------------------------------------------------------------------- */

static int fill_actions(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr, int in)
{
	sigset_t none;
	sigset_t usual;
	int rc = posix_spawn_file_actions_adddup2(actions, in, 0);

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	sigaddset(&usual, SIGINT);
	sigaddset(&usual, SIGTERM);
	/* Standard output may be where alerts are told: what the program prints goes to the log. */
	rc = rc != 0 ? rc : posix_spawn_file_actions_adddup2(actions, 2, 1);
	rc = rc != 0 ? rc : posix_spawn_file_actions_addclosefrom_np(actions, 3);
	rc = rc != 0 ? rc : posix_spawnattr_setsigmask(attr, &none);
	rc = rc != 0 ? rc : posix_spawnattr_setsigdefault(attr, &usual);
	rc = rc != 0 ? rc : posix_spawnattr_setpgroup(attr, 0);
	return rc != 0 ? rc
		       : posix_spawnattr_setflags(
				 attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

/* @return 0, or errno */
static int start(const struct sts_delivery *d, int in, pid_t *pid)
{
	char **argv = arguments(d);
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int rc;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	rc = fill_actions(&actions, &attr, in);
	if (rc == 0)
		rc = posix_spawn(pid, argv[0], &actions, &attr, argv, environment(d));
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

/* ---- feeding --------------------------------------------------------------------------------------------------- */

/* As much as the pipe takes; it is closed at the end. */
static void feed(int *fd, struct sts_str *rest)
{
	ssize_t n = 0;

	while (rest->len > 0 && (n = write(*fd, rest->ptr, rest->len)) > 0)
		*rest = sts_str_from(*rest, (size_t)n);
	if (rest->len > 0 && n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	close(*fd);
	*fd = -1;
}

static void wait_a_little(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	poll(&p, fd >= 0 ? 1 : 0, LOOK_MS);
}

/* Until it ends or its time is over. @return false: it had to be killed */
static bool attend(pid_t pid, int fd, struct sts_str rest, int64_t deadline_ms, int *status)
{
	bool over = false;
	pid_t done;

	while ((done = waitpid(pid, status, WNOHANG)) == 0) {
		if (!over && sts_now_ms() >= deadline_ms) {
			over = true;
			/* with whatever it started */
			kill(-pid, SIGKILL);
		}
		if (fd >= 0)
			feed(&fd, &rest);
		wait_a_little(over || rest.len == 0 ? -1 : fd);
	}
	if (fd >= 0)
		close(fd);
	if (done < 0)
		*status = -1;
	return !over;
}

static enum sts_err judge(const struct sts_delivery *d, bool in_time, int status, const char **why)
{
	if (!in_time)
		*why = sts_sprintf(d->arena, "%s did not end within %u seconds and was killed", arguments(d)[0],
			sts_delivery_timeout(d->route));
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return STS_OK;
	else if (WIFEXITED(status))
		*why = sts_sprintf(d->arena, "%s ended with status %d", arguments(d)[0], WEXITSTATUS(status));
	else
		*why = sts_sprintf(d->arena, "%s was ended by signal %d", arguments(d)[0],
			WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return STS_EIO;
}

enum sts_err sts_deliver_command(const struct sts_delivery *d, const char **why)
{
	int64_t deadline_ms = sts_now_ms() + (int64_t)sts_delivery_timeout(d->route) * 1000;
	int ends[2];
	int status = 0;
	pid_t pid;
	int rc;
	bool in_time;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		*why = strerror(errno);
		return STS_ESYSTEM;
	}
	rc = start(d, ends[0], &pid);
	close(ends[0]);
	if (rc != 0) {
		close(ends[1]);
		*why = sts_sprintf(d->arena, "%s: %s", arguments(d)[0], strerror(rc));
		return STS_EIO;
	}
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	in_time = attend(pid, ends[1], d->message->doc, deadline_ms, &status);
	return judge(d, in_time, status, why);
}
