/* The server as a whole: what belongs together, and its life. */
#ifndef STS_SERVE_SERVER_H
#define STS_SERVE_SERVER_H

#include "serve/guard.h"
#include "serve/httpd.h"
#include "serve/keys.h"
#include "serve/mcp.h"
#include "serve/metrics.h"
#include "serve/pool.h"

struct mcp_post;

/** How to serve. Zero-initialise, then sts_server_options_init(). Strings are borrowed for the server's life. */
struct sts_server_options {
	const char *const *listen; /* none, and no socket handed over: 127.0.0.1:8461 */
	size_t listen_count;
	const char *tls_cert, *tls_key;
	struct sts_pool_options pool;
	struct sts_httpd_limits http;
	struct sts_guard_options guard;
	const char *keys_file;         /* NULL: no keys */
	unsigned keep_days;            /* results in the history (pool.history) */
	bool anonymous;                /* with keys: checks without a key are answered, too */
	struct sts_rate requests;      /* a client */
	struct sts_rate checks;        /* new checks a client */
	struct sts_rate domain;        /* new checks of one registrable domain */
	unsigned key_factor;           /* a key may ask for so many times as much */
	unsigned drain_s;              /* how long answers under way may take once the server is told to stop */
	const struct sts_mcp_kit *mcp; /* what MCP offers; NULL: the product's own */
	bool verbose;                  /* a line a request on standard error */
};

void sts_server_options_init(struct sts_server_options *options);

struct sts_server {
	struct sts_server_options options;
	struct sts_loop *loop;
	struct sts_httpd *httpd;
	struct sts_tls_server *tls;
	struct sts_pool *pool;
	struct sts_guard *guard;
	struct sts_historian *historian; /* NULL: no history is kept */
	struct sts_keys keys;
	const struct sts_mcp_kit *mcp;
	struct mcp_post *mcp_listeners; /* subscriptions open */
	size_t mcp_listener_count;
	struct sts_mcp_session mcp_orphans; /* calls whose clients are gone */
	struct sts_limiter client_requests, client_checks, domain_checks;
	struct sts_metrics metrics;
	uint64_t request_number;
	char run_id[17]; /* of this process: the first half of every request's id */
	bool stopping;
	int signal_fd;
	struct sts_watch signal_watch;
	struct sts_timer drain_timer;
};

/**
 * Serve until SIGTERM or SIGINT; SIGHUP reads keys, names and certificate again. Blocks these signals in the calling
 * thread.
 *
 * @param why  on failure a sentence; good until the next call
 * @return STS_OK; STS_EINVAL: an option makes no sense; STS_EIO: a file cannot be read; STS_ENOMEM; STS_ESYSTEM
 */
STS_MUST_CHECK enum sts_err sts_serve(const struct sts_server_options *options, const char **why);

/** A line on standard error, escaped. */
void sts_server_log(const struct sts_server *server, const char *fmt, ...) STS_PRINTF(2, 3);

#endif
