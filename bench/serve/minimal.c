/*
 * The least that answers from memory on the project's own HTTP server: minimal PORT FILE.
 *
 * /healthz gives "ok", everything else the octets of the file.
 */
#include "base/buf.h"
#include "net/listen.h"
#include "serve/httpd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char page[1 << 20];
static size_t page_len;

static size_t body_max(struct sts_exchange *x, void *arg)
{
	(void)x;
	(void)arg;
	return 65536;
}

static void handle(struct sts_exchange *x, void *arg)
{
	struct sts_str path = sts_exchange_request(x)->path;

	(void)arg;
	if (sts_str_eq(path, sts_str_of("/healthz")))
		sts_exchange_send(x, 200, "text/plain", sts_str_of("ok\n"));
	else
		sts_exchange_send(x, 200, "application/json", (struct sts_str){page, page_len});
}

static void refuse(struct sts_exchange *x, unsigned status, const char *why, void *arg)
{
	(void)arg;
	sts_exchange_send(x, status, "text/plain", sts_str_of(why));
}

static void answered(const struct sts_exchange *x, unsigned status, size_t body_len, void *arg)
{
	(void)x;
	(void)status;
	(void)body_len;
	(void)arg;
}

static void drained(void *arg)
{
	(void)arg;
}

static void page_read(const char *path)
{
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		perror(path);
		exit(1);
	}
	page_len = fread(page, 1, sizeof page, f);
	fclose(f);
}

int main(int argc, char **argv)
{
	const struct sts_httpd_hooks hooks = {
		.body_max = body_max, .handle = handle, .refuse = refuse, .answered = answered, .drained = drained};
	struct sts_loop *loop = sts_loop_new();
	struct sts_httpd *d = loop == NULL ? NULL : sts_httpd_new(loop, &sts_httpd_default_limits, &hooks);
	const char *why = "out of memory";
	char where[64];
	int fd = -1;

	if (argc != 3 || d == NULL)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	page_read(argv[2]);
	snprintf(where, sizeof where, "127.0.0.1:%s", argv[1]);
	if (sts_listen(where, &fd, &why) != STS_OK || sts_httpd_listen(d, fd) != STS_OK) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	return sts_loop_run(loop) == STS_OK ? 0 : 1;
}
