/* mtasts serve: web page, REST, MCP over HTTP, metrics. */
#include "cli/remember.h"
#include "cli/term.h"
#include "serve/server.h"

#include <stdio.h>
#include <sys/resource.h>

struct args {
	struct cli_check_args check;
	struct cli_list listen;
	const char *tls_cert;
	const char *tls_key;
	struct cli_list hosts;
	struct cli_list origins;
	struct cli_list proxies;
	const char *deny_file;
	const char *keys;
	const char *new_key;
	const char *scopes;
	bool anonymous;
	unsigned rate_checks;
	unsigned rate_requests;
	unsigned rate_domain;
	unsigned cache_s;
	unsigned threads;
	unsigned in_flight;
	unsigned connections;
	unsigned connections_per_client;
	unsigned drain_s;
	bool verbose;
};

#define AT(member) offsetof(struct args, member)

static const struct cli_option options[] = {
	{"listen", "ADDRESS:PORT", CLI_LIST, AT(listen), NULL, 0,
		"listen there (repeatable; IPv6: [ADDRESS]:PORT); default 127.0.0.1:8461, or the sockets the service "
		"manager hands over"},
	{"tls-cert", "FILE", CLI_TEXT, AT(tls_cert), NULL, 0, "speak TLS with this certificate and chain (PEM)"},
	{"tls-key", "FILE", CLI_TEXT, AT(tls_key), NULL, 0, "its key, when it is not in the same file"},
	{"host", "NAME", CLI_LIST, AT(hosts), NULL, 0,
		"a name this server is reached by (repeatable); addresses, localhost and the machine's own name need "
		"not be given"},
	{"origin", "ORIGIN", CLI_LIST, AT(origins), NULL, 0,
		"web pages of this origin may call, e.g. https://app.example; * for all (repeatable)"},
	{"trusted-proxy", "ADDRESS[/BITS]", CLI_LIST, AT(proxies), NULL, 0,
		"believe X-Forwarded-For, which it has to send, from there (repeatable)"},
	{"do-not-check", "FILE", CLI_TEXT, AT(deny_file), NULL, 0,
		"names, one a line, that are never checked nor watched over REST, nor any name below them"},
	{"keys", "FILE", CLI_TEXT, AT(keys), NULL, 0,
		"want a key of this file from those who use the API; SIGHUP reads it again"},
	{"anonymous", NULL, CLI_FLAG, AT(anonymous), NULL, 0, "with --keys: make checks for those without a key, too"},
	{"new-key", "NAME", CLI_TEXT, AT(new_key), NULL, 0,
		"draw a key, print it, append its hash to the file of --keys, and end"},
	{"scopes", "LIST", CLI_TEXT, AT(scopes), NULL, 0,
		"of --new-key, with commas between (default check): check; monitor (reads and changes the watched domains, "
		"fleet, metrics); reports (kept for report delivery, which this version does not have)"},
	{"rate-checks", "N", CLI_NUMBER, AT(rate_checks), NULL, 0,
		"new checks a client may ask for a minute (default 60; 0: no limit)"},
	{"rate-requests", "N", CLI_NUMBER, AT(rate_requests), NULL, 0,
		"requests a client may send a minute (default 600; 0: no limit)"},
	{"rate-domain", "N", CLI_NUMBER, AT(rate_domain), NULL, 0,
		"new checks a minute below one registrable domain (default 12; 0: no limit)"},
	{"cache", "SECONDS", CLI_NUMBER, AT(cache_s), NULL, 0,
		"give a result out again for so long (default 300; 0: never)"},
	{"threads", "N", CLI_NUMBER, AT(threads), NULL, 0, "engines (default 2)"},
	{"max-checks", "N", CLI_NUMBER, AT(in_flight), NULL, 0, "checks under way or waiting (default 1000)"},
	{"max-connections", "N", CLI_NUMBER, AT(connections), NULL, 0, "connections (default 1024)"},
	{"max-connections-per-client", "N", CLI_NUMBER, AT(connections_per_client), NULL, 0,
		"of one client (default 64)"},
	{"drain", "SECONDS", CLI_NUMBER, AT(drain_s), NULL, 0, "time for answers under way after SIGTERM (default 30)"},
	{"verbose", NULL, CLI_FLAG, AT(verbose), NULL, 0, "a line on standard error for every request"},
	{0},
};

static const struct cli_option *const tables[] = {options, cli_history_options, cli_engine_options, NULL};

static int append_line(const char *path, const struct sts_buf *line)
{
	FILE *f = fopen(path, "ae");
	bool fine;

	if (f == NULL)
		return cli_failure(&cmd_serve, "%s cannot be written", path);
	fine = fprintf(f, "%s\n", line->ptr) > 0;
	fine = fclose(f) == 0 && fine;
	return fine ? -1 : cli_failure(&cmd_serve, "%s cannot be written", path);
}

/* The key goes to standard output and nowhere else. */
static int make_key(const struct args *args)
{
	char key[64];
	unsigned scopes = 0;
	struct sts_buf line;
	int rc = -1;

	if (!sts_key_name_fits(sts_str_of(args->new_key)))
		return cli_usage_error(
			&cmd_serve, "--new-key wants a name of 1 to 64 letters, digits, '-', '_' or '.'");
	if (!sts_scopes_parse(sts_str_of(args->scopes != NULL ? args->scopes : "check"), &scopes))
		return cli_usage_error(
			&cmd_serve, "--scopes wants some of check, monitor and reports, with commas between");
	sts_buf_init(&line, 1024);
	if (sts_key_new(args->new_key, scopes, key, &line) != STS_OK)
		rc = cli_failure(&cmd_serve, "there is no randomness");
	else if (args->keys != NULL)
		rc = append_line(args->keys, &line);
	if (rc < 0) {
		printf("%s\n", key);
		if (args->keys == NULL)
			fprintf(stderr, "Line for the file of --keys:\n%s\n", line.ptr);
		rc = cli_finish_output(&cmd_serve, CLI_FINE);
	}
	sts_buf_clear(&line);
	return rc;
}

/* Every check takes many sockets. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void take_limits(const struct args *args, struct sts_server_options *o)
{
	o->checks.quota = args->rate_checks;
	o->requests.quota = args->rate_requests;
	o->domain.quota = args->rate_domain;
	o->pool.cache_ms = (int64_t)args->cache_s * 1000;
	o->pool.threads = args->threads;
	o->pool.in_flight_max = args->in_flight;
	o->http.connections = args->connections;
	o->http.per_client = args->connections_per_client;
	o->drain_s = args->drain_s;
}

/* As in the other commands: a history that has no place is a warning. One that has a place and cannot be opened ends
 * the start. */
static void take_history(const struct args *args, struct sts_server_options *o)
{
	const char *why = NULL;

	o->keep_days = args->check.keep_days;
	if (args->check.no_history)
		return;
	o->pool.history = cli_history_place(&args->check, &why);
	if (o->pool.history == NULL)
		fprintf(stderr, "mtasts serve: warning: no history is kept: %s (--no-history does without)\n", why);
}

static void take_options(struct args *args, struct sts_server_options *o)
{
	o->listen = args->listen.items;
	o->listen_count = args->listen.count;
	o->tls_cert = args->tls_cert;
	o->tls_key = args->tls_key;
	o->pool.engine = *cli_check_args_engine(&args->check);
	o->guard = (struct sts_guard_options){
		.hosts = args->hosts.items,
		.host_count = args->hosts.count,
		.origins = args->origins.items,
		.origin_count = args->origins.count,
		.proxies = args->proxies.items,
		.proxy_count = args->proxies.count,
		.deny_file = args->deny_file,
		/* who lets the server into private networks has a lab, and labs have names of their own */
		.allow_special_names = !args->check.engine.deny_private,
	};
	o->keys_file = args->keys;
	o->anonymous = args->anonymous;
	o->verbose = args->verbose;
	take_limits(args, o);
	take_history(args, o);
}

static void set_defaults(struct args *args, const struct sts_server_options *o)
{
	cli_check_args_init(&args->check);
	args->check.engine.deny_private = o->pool.engine.deny_private;
	args->check.engine.timeout_s = o->pool.engine.timeout_s;
	args->rate_checks = o->checks.quota;
	args->rate_requests = o->requests.quota;
	args->rate_domain = o->domain.quota;
	args->cache_s = (unsigned)(o->pool.cache_ms / 1000);
	args->threads = o->pool.threads;
	args->in_flight = (unsigned)o->pool.in_flight_max;
	args->connections = (unsigned)o->http.connections;
	args->connections_per_client = (unsigned)o->http.per_client;
	args->drain_s = o->drain_s;
}

static int run_serve(int argc, char **argv)
{
	struct sts_server_options o;
	struct args args = {0};
	const char *why = NULL;
	enum sts_err err;
	int rc;

	sts_server_options_init(&o);
	set_defaults(&args, &o);
	rc = cli_parse(&cmd_serve, argc, argv, &args);
	if (rc >= 0)
		return rc;
	if (args.check.common.operands.count > 0)
		return cli_usage_error(&cmd_serve, "takes no operands");
	if (args.new_key != NULL)
		return make_key(&args);
	if (args.tls_key != NULL && args.tls_cert == NULL)
		return cli_usage_error(&cmd_serve, "--tls-key goes with --tls-cert");
	if (args.threads == 0 || args.in_flight == 0 || args.connections == 0)
		return cli_usage_error(&cmd_serve, "--threads, --max-checks and --max-connections are at least 1");
	take_options(&args, &o);
	raise_descriptor_limit();
	err = sts_serve(&o, &why);
	if (err == STS_EINVAL)
		return cli_usage_error(&cmd_serve, "%s", why);
	return err == STS_OK ? CLI_FINE : cli_failure(&cmd_serve, "%s", why);
}

const struct cli_command cmd_serve = {
	.name = "serve",
	.operands = "",
	.summary = "web page, REST, MCP over HTTP, metrics",
	.about = "Serve the check over HTTP: a page for people, REST, MCP, metrics; /openapi.json describes it. "
		 "Special-purpose addresses are "
		 "never connected to, and special-use names never checked, unless --allow-private says otherwise.\n"
		 "SIGTERM lets the answers under way out and ends; SIGHUP reads keys, names and the certificate "
		 "again.\n",
	.tables = tables,
	.run = run_serve,
};
