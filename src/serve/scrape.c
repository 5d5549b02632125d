#include "serve/scrape.h"

#include "net/listen.h"
#include "serve/httpd.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* 100,000 domains of some 2 KiB each. */
#define METRICS_MAX ((size_t)256 * 1024 * 1024)

static const struct sts_httpd_limits limits = {
	.connections = 32,
	.per_client = 16,
	.tls_ms = 10000,
	.head_ms = 10000,
	.body_ms = 10000,
	.idle_ms = 120000,
	.write_ms = 30000,
};

struct sts_scrape {
	struct sts_loop *loop;
	struct sts_httpd *httpd;
	sts_scrape_fn *fn;
	void *arg;
	int stop_fd;
	struct sts_watch stop_watch;
	pthread_t thread;
	bool running;
	char where[64];
};

static size_t no_body(struct sts_exchange *x, void *arg)
{
	(void)x;
	(void)arg;
	return 0;
}

static void tell(struct sts_exchange *x, unsigned status, const char *text)
{
	sts_exchange_send(x, status, "text/plain; charset=utf-8", sts_str_of(text));
}

static void send_metrics(struct sts_scrape *s, struct sts_exchange *x)
{
	struct sts_buf b;

	sts_buf_init(&b, METRICS_MAX);
	s->fn(&b, s->arg);
	if (b.failed || b.len == 0)
		tell(x, 503, "There are no metrics at the moment.\n");
	else
		sts_exchange_send(x, 200, "text/plain; version=0.0.4; charset=utf-8", sts_buf_str(&b));
	sts_buf_clear(&b);
}

static void handle(struct sts_exchange *x, void *arg)
{
	struct sts_scrape *s = arg;
	const struct sts_request *q = sts_exchange_request(x);

	sts_exchange_header(x, "Cache-Control", "no-store");
	sts_exchange_header(x, "X-Content-Type-Options", "nosniff");
	if (!sts_str_is(q->path, "/metrics")) {
		tell(x, 404, "The metrics are at /metrics.\n");
		return;
	}
	if (!sts_str_is(q->method, "GET") && !sts_str_is(q->method, "HEAD")) {
		sts_exchange_header(x, "Allow", "GET, HEAD");
		tell(x, 405, "GET and HEAD only.\n");
		return;
	}
	send_metrics(s, x);
}

static void refuse(struct sts_exchange *x, unsigned status, const char *why, void *arg)
{
	(void)arg;
	tell(x, status, why);
}

static void answered(const struct sts_exchange *x, unsigned status, size_t body_len, void *arg)
{
	(void)x;
	(void)status;
	(void)body_len;
	(void)arg;
}

static void on_stop(unsigned ready, void *arg)
{
	struct sts_scrape *s = arg;

	(void)ready;
	sts_loop_stop(s->loop);
}

static void *run(void *arg)
{
	struct sts_scrape *s = arg;

	if (sts_loop_run(s->loop) != STS_OK)
		fputs("mtasts: metrics: the event loop failed\n", stderr);
	return NULL;
}

/* Signals are for whoever started this. */
static bool start_thread(struct sts_scrape *s)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	s->running = pthread_create(&s->thread, NULL, run, s) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return s->running;
}

static enum sts_err open_all(struct sts_scrape *s, const char *listen, const char **why)
{
	const struct sts_httpd_hooks hooks = {
		.body_max = no_body, .handle = handle, .refuse = refuse, .answered = answered, .arg = s};
	int fd = -1;
	enum sts_err err = sts_listen(listen, &fd, why);

	if (err != STS_OK)
		return err;
	sts_listen_name(fd, s->where);
	*why = "out of memory";
	s->loop = sts_loop_new();
	s->httpd = s->loop == NULL ? NULL : sts_httpd_new(s->loop, &limits, &hooks);
	if (s->httpd == NULL) {
		close(fd);
		return STS_ENOMEM;
	}
	err = sts_httpd_listen(s->httpd, fd);
	if (err != STS_OK)
		return err;
	*why = "a thread cannot be started";
	s->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (s->stop_fd < 0)
		return STS_ESYSTEM;
	sts_watch_set(s->loop, &s->stop_watch, s->stop_fd, STS_READABLE, -1, on_stop, s);
	return start_thread(s) ? STS_OK : STS_ESYSTEM;
}

enum sts_err sts_scrape_start(
	const char *listen, sts_scrape_fn *fn, void *arg, struct sts_scrape **out, const char **why)
{
	struct sts_scrape *s = calloc(1, sizeof *s);
	enum sts_err err;

	*why = "out of memory";
	if (s == NULL)
		return STS_ENOMEM;
	s->fn = fn;
	s->arg = arg;
	s->stop_fd = -1;
	err = open_all(s, listen, why);
	if (err != STS_OK) {
		sts_scrape_stop(s);
		return err;
	}
	*out = s;
	return STS_OK;
}

const char *sts_scrape_where(const struct sts_scrape *s)
{
	return s->where;
}

void sts_scrape_stop(struct sts_scrape *s)
{
	const uint64_t one = 1;

	if (s == NULL)
		return;
	/* an eventfd that was never written to takes this */
	if (s->running && write(s->stop_fd, &one, sizeof one) == (ssize_t)sizeof one)
		pthread_join(s->thread, NULL);
	sts_httpd_free(s->httpd);
	sts_watch_clear(&s->stop_watch);
	sts_loop_free(s->loop);
	if (s->stop_fd >= 0)
		close(s->stop_fd);
	free(s);
}
