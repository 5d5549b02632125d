#include "serve/server.h"

#include "base/clock.h"
#include "net/listen.h"
#include "serve/historian.h"
#include "serve/mcp_http.h"
#include "serve/mcp_kit.h"
#include "serve/routes.h"
#include "store/history.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define DEFAULT_LISTEN "127.0.0.1:8461"
#define INHERITED_MAX 16
#define NAMES_MAX 20000

static char message[512];

void sts_server_options_init(struct sts_server_options *o)
{
	*o = (struct sts_server_options){
		.http = sts_httpd_default_limits,
		.requests = {600, 60},
		.checks = {60, 60},
		.domain = {12, 60},
		.key_factor = 10,
		.keep_days = STS_KEEP_DAYS,
		.drain_s = 30,
	};
	sts_options_init(&o->pool.engine);
	/* clients of MCP give up after a minute */
	o->pool.engine.timeout_s = 45;
	o->pool.engine.deny_private = true;
	o->pool.threads = 2;
	o->pool.at_once = 128;
	o->pool.in_flight_max = 1000;
	o->pool.cache_ms = 300000;
	o->pool.cache_bytes = (size_t)128 * 1024 * 1024;
}

void sts_server_log(const struct sts_server *server, const char *fmt, ...)
{
	char line[2048];
	struct sts_buf b;
	va_list ap;

	(void)server;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	sts_buf_init(&b, 16384);
	sts_buf_escape(&b, sts_str_of(line), sizeof line);
	sts_buf_addc(&b, '\n');
	/* one write a line: lines of several threads or processes do not mix */
	(void)!write(STDERR_FILENO, b.ptr, b.len);
	sts_buf_clear(&b);
}

/* ---- starting
 * ---------------------------------------------------------------------------------------------------------------- */

static enum sts_err load_tls(struct sts_server *s, const char **why)
{
	struct sts_tls_server *fresh = NULL;
	enum sts_err err;

	if (s->options.tls_cert == NULL)
		return STS_OK;
	err = sts_tls_server_new(s->options.tls_cert,
		s->options.tls_key != NULL ? s->options.tls_key : s->options.tls_cert, &fresh, why);
	if (err != STS_OK)
		return err;
	sts_httpd_set_tls(s->httpd, fresh);
	sts_tls_server_free(s->tls);
	s->tls = fresh;
	return STS_OK;
}

static enum sts_err load_keys(struct sts_server *s, const char **why)
{
	return s->options.keys_file == NULL ? STS_OK : sts_keys_load(s->options.keys_file, &s->keys, why);
}

static enum sts_err take_socket(struct sts_server *s, int fd)
{
	char name[64];

	sts_listen_name(fd, name);
	sts_server_log(s, "mtasts: listening on %s%s", name, s->tls != NULL ? " (TLS)" : "");
	if (sts_httpd_listen(s->httpd, fd) == STS_OK)
		return STS_OK;
	close(fd);
	return STS_ENOMEM;
}

static enum sts_err open_sockets(struct sts_server *s, const char **why)
{
	static const char *const fallback[] = {DEFAULT_LISTEN};
	const char *const *specs = s->options.listen_count > 0 ? s->options.listen : fallback;
	size_t count = s->options.listen_count > 0 ? s->options.listen_count : 1;
	int inherited[INHERITED_MAX];
	size_t handed = sts_listen_inherited(inherited, INHERITED_MAX);
	enum sts_err err = STS_OK;
	int fd;

	*why = "out of memory";
	for (size_t i = 0; i < handed && err == STS_OK; i++)
		err = take_socket(s, inherited[i]);
	/* sockets from the service manager take the place of the default, not of what was asked for */
	if (handed > 0 && s->options.listen_count == 0)
		return err;
	for (size_t i = 0; i < count && err == STS_OK; i++) {
		err = sts_listen(specs[i], &fd, why);
		if (err == STS_OK)
			err = take_socket(s, fd);
	}
	return err;
}

static void check_ended(struct sts_outcome *result, void *arg)
{
	struct sts_server *s = arg;

	sts_metrics_check(&s->metrics, result);
	if (s->historian != NULL)
		sts_historian_keep(s->historian, result);
}

static bool is_proxy(const struct sts_address *peer, void *arg)
{
	const struct sts_server *s = arg;

	return sts_guard_is_proxy(s->guard, peer);
}

static void drained(void *arg)
{
	struct sts_server *s = arg;

	sts_loop_stop(s->loop);
}

static enum sts_err make_httpd(struct sts_server *s)
{
	struct sts_httpd_hooks hooks = {
		.body_max = sts_route_body_max,
		.handle = sts_route_handle,
		.refuse = sts_route_refuse,
		.answered = sts_route_answered,
		.is_proxy = is_proxy,
		.drained = drained,
		.arg = s,
	};

	s->httpd = sts_httpd_new(s->loop, &s->options.http, &hooks);
	return s->httpd == NULL ? STS_ENOMEM : STS_OK;
}

static enum sts_err make_parts(struct sts_server *s, const char **why)
{
	uint64_t id;
	enum sts_err err;

	if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id) {
		*why = "there is no randomness";
		return STS_ESYSTEM;
	}
	snprintf(s->run_id, sizeof s->run_id, "%08x", (unsigned)id);
	s->metrics.started_at = sts_now_s();
	s->mcp = s->options.mcp != NULL ? s->options.mcp : &sts_mcp_product;
	mcp_http_init(s);
	s->client_requests = (struct sts_limiter){.rate = s->options.requests, .max = NAMES_MAX};
	s->client_checks = (struct sts_limiter){.rate = s->options.checks, .max = NAMES_MAX};
	s->domain_checks = (struct sts_limiter){.rate = s->options.domain, .max = NAMES_MAX};
	*why = "out of memory";
	s->loop = sts_loop_new();
	err = s->loop == NULL ? STS_ENOMEM : make_httpd(s);
	if (err == STS_OK)
		err = sts_guard_new(&s->options.guard, &s->guard, why);
	if (err == STS_OK)
		err = load_keys(s, why);
	if (err == STS_OK)
		err = load_tls(s, why);
	if (err == STS_OK && s->options.pool.history != NULL)
		err = sts_historian_new(s->loop, s->options.pool.history, s->options.keep_days, &s->historian, why);
	if (err == STS_OK)
		err = sts_pool_new(s->loop, &s->options.pool, &s->pool, why);
	if (err == STS_OK)
		sts_pool_on_result(s->pool, check_ended, s);
	return err;
}

/* ---- signals
 * --------------------------------------------------------------------------------------------------------------------
 */

static void reload(struct sts_server *s)
{
	const char *why = NULL;

	sts_notify("RELOADING=1");
	if (load_keys(s, &why) != STS_OK || sts_guard_reload(s->guard, &why) != STS_OK || load_tls(s, &why) != STS_OK)
		sts_server_log(s, "mtasts: reload: %s; what was read before stays in force", why);
	else
		sts_server_log(s, "mtasts: keys, names and certificate were read again");
	sts_notify("READY=1");
}

static void drain_over(void *arg)
{
	struct sts_server *s = arg;

	sts_server_log(s, "mtasts: stopping, with %zu connections open", sts_httpd_connections(s->httpd));
	sts_loop_stop(s->loop);
}

static void stop(struct sts_server *s)
{
	if (s->stopping) {
		sts_loop_stop(s->loop);
		return;
	}
	s->stopping = true;
	sts_notify("STOPPING=1");
	sts_server_log(s, "mtasts: stopping once the answers under way are out");
	sts_timer_set(s->loop, &s->drain_timer, (int64_t)s->options.drain_s * 1000, drain_over, s);
	mcp_http_stop(s);
	sts_httpd_drain(s->httpd);
}

static void signalled(unsigned what, void *arg)
{
	struct sts_server *s = arg;
	struct signalfd_siginfo info;

	(void)what;
	sts_watch_set(s->loop, &s->signal_watch, s->signal_fd, STS_READABLE, -1, signalled, s);
	while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGHUP)
			reload(s);
		else
			stop(s);
	}
}

static enum sts_err watch_signals(struct sts_server *s, const char **why)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) == 0)
		s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->signal_fd < 0) {
		snprintf(message, sizeof message, "signals cannot be received: %s", strerror(errno));
		*why = message;
		return STS_ESYSTEM;
	}
	sts_watch_set(s->loop, &s->signal_watch, s->signal_fd, STS_READABLE, -1, signalled, s);
	return STS_OK;
}

/* ---- the whole
 * ----------------------------------------------------------------------------------------------------------------------
 */

static void clear(struct sts_server *s)
{
	sts_httpd_free(s->httpd);
	mcp_http_clear(s);
	sts_pool_free(s->pool);
	sts_historian_free(s->historian);
	sts_guard_free(s->guard);
	sts_tls_server_free(s->tls);
	sts_keys_clear(&s->keys);
	sts_limiter_clear(&s->client_requests);
	sts_limiter_clear(&s->client_checks);
	sts_limiter_clear(&s->domain_checks);
	sts_watch_clear(&s->signal_watch);
	sts_timer_clear(&s->drain_timer);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	sts_loop_free(s->loop);
}

enum sts_err sts_serve(const struct sts_server_options *options, const char **why)
{
	struct sts_server s = {.options = *options, .signal_fd = -1};
	enum sts_err err = make_parts(&s, why);

	if (err == STS_OK)
		err = watch_signals(&s, why);
	if (err == STS_OK)
		err = open_sockets(&s, why);
	if (err == STS_OK) {
		sts_notify("READY=1");
		err = sts_loop_run(s.loop);
		*why = "the event loop failed";
	}
	clear(&s);
	return err;
}
