/* mtasts monitor: watched domains, and the daemon that looks at them. */
#include "base/clock.h"
#include "cli/alert_args.h"
#include "cli/remember.h"
#include "cli/term.h"
#include "monitor/daemon.h"
#include "monitor/list.h"
#include "monitor/schedule.h"
#include "monitor/watch.h"
#include "proto/domain.h"
#include "serve/scrape.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

#define NAMES_LINE_MAX 4096
#define LIST_MAX ((size_t)256 * 1024 * 1024)

/* Begins as struct cli_alert_head. */
struct args {
	struct cli_check_args check;
	struct cli_alert_args alerts;
	struct cli_list tags;
	struct cli_list interval;
	const char *file;
	bool json;
	bool once;
	bool verbose;
	unsigned concurrency;
	unsigned lease_s;
	unsigned drain_s;
	const char *metrics;
	const char *clock_file;
};

#define AT(member) offsetof(struct args, member)

static const struct cli_option options[] = {
	{"tag", "TAG", CLI_LIST, AT(tags), NULL, 0,
		"add: give the domains this tag (repeatable; in place of those they have); list: only domains of this "
		"tag"},
	{"interval", "TIME", CLI_LIST, AT(interval), NULL, 0,
		"from one look to the next: 90s, 30m, 1h, 1d …; add: of these domains; run: of those without one of "
		"their "
		"own (default 1h)"},
	{"file", "FILE|-", CLI_TEXT, AT(file), NULL, 0,
		"add, remove: names from there, one a line; # begins a comment"},
	{"json", NULL, CLI_FLAG, AT(json), NULL, 0, "list: as JSON"},
	{"once", NULL, CLI_FLAG, AT(once), NULL, 0, "run: do what is due now, send what is to be sent, and end"},
	{"concurrency", "N", CLI_NUMBER, AT(concurrency), NULL, 0, "run: looks at once (default 16)"},
	{"lease", "SECONDS", CLI_SECONDS, AT(lease_s), NULL, 0,
		"run: when a daemon dies, others take its domains over after so long (default 120)"},
	{"drain", "SECONDS", CLI_NUMBER, AT(drain_s), NULL, 0,
		"run: time for looks under way after SIGTERM (default 20)"},
	{"metrics", "ADDRESS:PORT", CLI_TEXT, AT(metrics), NULL, 0,
		"run: answer GET /metrics there; whoever reaches it sees the names of the domains"},
	{"verbose", NULL, CLI_FLAG, AT(verbose), NULL, 0, "run: a line on standard error for every look"},
	{"clock", "FILE", CLI_TEXT, AT(clock_file), NULL, 0,
		"run: read the present time from this file at every turn, for tests"},
	{0},
};

static const struct cli_option *const tables[] = {
	options, cli_alert_options, cli_history_options, cli_engine_options, NULL};

/* ---- the store ------------------------------------------------------------------------------------------------- */

static struct sts_history *open_history(const struct args *args)
{
	struct sts_history *h = NULL;
	const char *place_why = NULL;
	char why[512] = "";
	const char *place = cli_history_place(&args->check, &place_why);

	if (place == NULL)
		cli_failure(&cmd_monitor, "the store cannot be opened: %s", place_why);
	else if (sts_history_open(place, &h, why) != STS_OK)
		cli_failure(&cmd_monitor, "the store cannot be opened: %s", why);
	return h;
}

static int store_failure(const struct sts_store *s, enum sts_err err)
{
	return cli_failure(&cmd_monitor, "%s", s->why[0] != '\0' ? s->why : sts_strerror(err));
}

static bool take_interval(const struct args *args, int64_t *out, int *rc)
{
	const char *text = args->interval.count == 0 ? NULL : args->interval.items[args->interval.count - 1];

	if (text == NULL || sts_interval_parse(text, out))
		return true;
	*rc = cli_usage_error(
		&cmd_monitor, "--interval wants a time from 60s to 30d such as 90s, 30m, 1h or 1d, not '%s'", text);
	return false;
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

struct names {
	const char **items;
	size_t count;
	size_t bad;
};

static void take_name(struct names *names, struct sts_str typed, const char *where)
{
	struct sts_domain d;
	const char *why = NULL;

	if (sts_domain_parse(typed, cli_arena(), &d, &why) == STS_OK) {
		*STS_PUSH(cli_arena(), names->items, names->count) = d.ascii;
		return;
	}
	names->bad++;
	cli_bad_operand(&cmd_monitor, "%s'%.*s': %s", where, STS_FMT(typed), why);
}

/* @return false: the line is longer than one may be; the rest of it is passed over */
static bool is_whole(const char *line, FILE *f)
{
	int c;

	if (strchr(line, '\n') != NULL || (c = fgetc(f)) == EOF)
		return true;
	while (c != '\n' && c != EOF)
		c = fgetc(f);
	return false;
}

static int read_names(struct names *names, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *f = is_stdin ? stdin : fopen(path, "re");
	char line[NAMES_LINE_MAX];
	unsigned number = 0;
	bool failed;

	if (f == NULL)
		return cli_failure(&cmd_monitor, "%s cannot be read: %s", path, strerror(errno));
	while (fgets(line, sizeof line, f) != NULL) {
		struct sts_str text = sts_str_trim(sts_str(line, strcspn(line, "#\r\n")));

		number++;
		if (!is_whole(line, f)) {
			names->bad++;
			cli_bad_operand(&cmd_monitor, "line %u: longer than %d octets", number, NAMES_LINE_MAX - 2);
			continue;
		}
		if (text.len > 0)
			take_name(names, text, sts_sprintf(cli_arena(), "line %u: ", number));
	}
	failed = ferror(f) != 0;
	if (!is_stdin)
		fclose(f);
	return failed ? cli_failure(&cmd_monitor, "%s cannot be read", path) : -1;
}

/* Names of operands behind the first, and of --file. All are good, or nothing is done. @return -1: go on */
static int all_names(const struct args *args, struct names *names)
{
	const struct cli_list *o = &args->check.common.operands;
	int rc = -1;

	for (size_t i = 1; i < o->count && rc < 0; i++) {
		if (strcmp(o->items[i], "-") == 0)
			rc = read_names(names, "-");
		else
			take_name(names, sts_str_of(o->items[i]), "");
	}
	if (rc < 0 && args->file != NULL)
		rc = read_names(names, args->file);
	if (rc >= 0)
		return rc;
	if (names->bad > 0)
		return CLI_USAGE;
	return names->count > 0 ? -1 : cli_usage_error(&cmd_monitor, "which domains?");
}

/* ---- add, remove, list ----------------------------------------------------------------------------------------- */

struct totals {
	size_t added;
	size_t changed;
	size_t same;
};

/* Tags and interval of a configuration file are the daemon's affair. */
static enum sts_err add_all(
	struct sts_store *s, const struct names *names, const char *tags, int64_t interval_s, struct totals *totals)
{
	enum sts_err err = sts_store_begin(s, STS_BEGIN_WRITE);

	if (err != STS_OK)
		return err;
	for (size_t i = 0; i < names->count && err == STS_OK; i++) {
		enum sts_watch_change change = STS_WATCH_SAME;

		err = sts_watch_add(s, names->items[i], tags, interval_s, sts_now_s(), &change);
		totals->added += change == STS_WATCH_ADDED;
		totals->changed += change == STS_WATCH_CHANGED;
		totals->same += change == STS_WATCH_SAME;
	}
	return sts_store_end(s, err);
}

static int run_add(struct sts_store *s, const struct args *args)
{
	struct names names = {0};
	struct totals totals = {0};
	const char *tags = NULL;
	const char *why = NULL;
	int64_t interval_s = -1;
	int rc = -1;
	enum sts_err err;

	if (cli_list_is_typed(&args->tags) &&
		sts_tags_join(args->tags.items, args->tags.count, cli_arena(), &tags, &why) != STS_OK)
		return cli_usage_error(&cmd_monitor, "--tag: %s", why);
	if (cli_list_is_typed(&args->interval) && !take_interval(args, &interval_s, &rc))
		return rc;
	rc = all_names(args, &names);
	if (rc >= 0)
		return rc;
	err = add_all(s, &names, tags, interval_s, &totals);
	if (err != STS_OK)
		return store_failure(s, err);
	printf("%zu added, %zu changed, %zu as they were\n", totals.added, totals.changed, totals.same);
	return cli_finish_output(&cmd_monitor, CLI_FINE);
}

static int run_remove(struct sts_store *s, const struct args *args)
{
	struct names names = {0};
	size_t removed = 0;
	int rc = all_names(args, &names);
	int status = CLI_FINE;

	if (rc >= 0)
		return rc;
	for (size_t i = 0; i < names.count; i++) {
		enum sts_err err = sts_watch_remove(s, names.items[i]);

		if (err != STS_OK && err != STS_ENOENT)
			return store_failure(s, err);
		removed += err == STS_OK;
		if (err == STS_ENOENT)
			status = cli_failure(&cmd_monitor, "%s is not watched", names.items[i]);
	}
	printf("%zu removed\n", removed);
	return cli_finish_output(&cmd_monitor, status);
}

static int run_list(struct sts_store *s, const struct args *args)
{
	const char *tag = cli_list_is_typed(&args->tags) ? args->tags.items[args->tags.count - 1] : NULL;
	int64_t interval_s = STS_INTERVAL_S;
	size_t count = 0;
	struct sts_buf out;
	struct sts_jsonw w;
	enum sts_err err;
	int rc = CLI_FINE;

	if (!take_interval(args, &interval_s, &rc))
		return rc;
	sts_buf_init(&out, LIST_MAX);
	w = sts_jsonw(&out, true);
	if (args->json)
		err = sts_watched_list_json(&w, s, tag, interval_s);
	else
		err = sts_watched_list_text(&out, s, tag, sts_now_s(), &count);
	if (args->json)
		sts_buf_addc(&out, '\n');
	if (err != STS_OK || out.failed)
		rc = err != STS_OK ? store_failure(s, err) : cli_failure(&cmd_monitor, "the list is too long");
	else if (out.ptr != NULL)
		cli_write(out.ptr, out.len);
	if (rc == CLI_FINE && !args->json && count == 0)
		fprintf(stderr, "No domain is watched%s; mtasts monitor add DOMAIN begins.\n",
			tag != NULL ? " under this tag" : "");
	sts_buf_clear(&out);
	return cli_finish_output(&cmd_monitor, rc);
}

/* ---- run ------------------------------------------------------------------------------------------------------- */

static void say(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "mtasts monitor: %s\n", line);
}

/* Every look takes many sockets. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void write_metrics(struct sts_buf *out, void *arg)
{
	sts_monitor_metrics(arg, out);
}

static int work(const struct args *args, const struct sts_monitor_options *o)
{
	struct sts_monitor *m = NULL;
	struct sts_scrape *scrape = NULL;
	const char *why = NULL;
	enum sts_err err = sts_monitor_new(o, &m, &why);
	int rc = CLI_FINE;

	if (err != STS_OK)
		return err == STS_EINVAL ? cli_usage_error(&cmd_monitor, "%s", why)
					 : cli_failure(&cmd_monitor, "%s", why);
	if (args->metrics != NULL)
		err = sts_scrape_start(args->metrics, write_metrics, m, &scrape, &why);
	if (err != STS_OK) {
		rc = err == STS_EINVAL ? cli_usage_error(&cmd_monitor, "--metrics: %s", why)
				       : cli_failure(&cmd_monitor, "--metrics: %s", why);
	} else {
		if (scrape != NULL)
			fprintf(stderr, "mtasts monitor: metrics at http://%s/metrics\n", sts_scrape_where(scrape));
		if (sts_monitor_run(m, &why) != STS_OK)
			rc = cli_failure(&cmd_monitor, "the store cannot be used: %s", why);
	}
	sts_scrape_stop(scrape);
	sts_monitor_free(m);
	return rc;
}

static int run_daemon(struct args *args)
{
	struct sts_monitor_options o = {
		.engine = *cli_check_args_engine(&args->check),
		.keep_days = args->check.keep_days,
		.concurrency = args->concurrency,
		.interval_s = STS_INTERVAL_S,
		.lease_s = args->lease_s,
		.drain_s = args->drain_s,
		.once = args->once,
		.verbose = args->verbose,
		.clock_file = args->clock_file,
		.say = say,
	};
	struct sts_alerts_config alerts = {.say = say};
	const char *why = NULL;
	int rc = -1;

	if (args->check.common.operands.count > 1)
		return cli_usage_error(&cmd_monitor, "run takes no operands");
	if (args->concurrency == 0)
		return cli_usage_error(&cmd_monitor, "--concurrency is at least 1");
	if (args->check.engine.at >= 0 && !args->once)
		return cli_usage_error(&cmd_monitor, "--at goes with --once: a daemon's time goes by");
	if (!take_interval(args, &o.interval_s, &rc))
		return rc;
	rc = cli_alert_config(&cmd_monitor, &args->alerts, &alerts);
	if (rc >= 0)
		return rc;
	o.alerts = &alerts;
	o.where = cli_history_place(&args->check, &why);
	if (o.where == NULL)
		return cli_failure(&cmd_monitor, "the store cannot be opened: %s", why);
	if (args->check.engine.at >= 0)
		sts_clock_fix(args->check.engine.at);
	raise_descriptor_limit();
	return work(args, &o);
}

/* ---- test-alert ------------------------------------------------------------------------------------------------ */

static int run_test_alert(struct args *args)
{
	struct sts_alerts_config alerts = {.say = say};
	int rc = cli_alert_config(&cmd_monitor, &args->alerts, &alerts);

	return rc >= 0 ? rc : cli_alert_test(&cmd_monitor, &alerts);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(struct sts_store *s, const struct args *args);
} acts[] = {{"add", run_add}, {"remove", run_remove}, {"list", run_list}};
#define ACT_COUNT (sizeof acts / sizeof *acts)

static int with_store(const struct args *args, int (*act)(struct sts_store *s, const struct args *args))
{
	struct sts_history *h = open_history(args);
	int rc;

	if (h == NULL)
		return CLI_UNTESTED;
	rc = act(sts_history_store(h), args);
	sts_history_close(h);
	return rc;
}

static int dispatch(struct args *args)
{
	static const char *const words[] = {"add", "remove", "list", "run", "test-alert"};
	const struct cli_list *o = &args->check.common.operands;
	const char *near;

	if (o->count == 0)
		return cli_usage_error(&cmd_monitor, "add, remove, list, run or test-alert?");
	if (strcmp(o->items[0], "run") == 0)
		return run_daemon(args);
	if (strcmp(o->items[0], "test-alert") == 0)
		return run_test_alert(args);
	for (size_t i = 0; i < ACT_COUNT; i++)
		if (strcmp(o->items[0], acts[i].name) == 0)
			return with_store(args, acts[i].run);
	near = cli_nearest(o->items[0], words, 5);
	return cli_usage_error(&cmd_monitor, "'%s' is none of add, remove, list, run and test-alert%s%s%s", o->items[0],
		near != NULL ? "; did you mean " : "", near != NULL ? near : "", near != NULL ? "?" : "");
}

static int run_monitor(int argc, char **argv)
{
	struct args args = {.concurrency = STS_MONITOR_CONCURRENCY, .lease_s = STS_LEASE_S, .drain_s = STS_DRAIN_S};
	int rc;

	cli_check_args_init(&args.check);
	rc = cli_parse(&cmd_monitor, argc, argv, &args);
	if (rc >= 0)
		return rc;
	if (args.check.no_history)
		return cli_usage_error(
			&cmd_monitor, "watched domains are kept in the history: --no-history makes no sense here");
	return dispatch(&args);
}

const struct cli_command cmd_monitor = {
	.name = "monitor",
	.operands = "add|remove|list|run|test-alert [DOMAIN...]",
	.summary = "watched domains, schedule, alerts",
	.about = "Watch domains: mtasts monitor add DOMAIN... says which, mtasts monitor run looks at each of them "
		 "once an "
		 "interval, keeps what it sees in the history, and alerts where something changes for the worse or the "
		 "better.\n"
		 "mtasts monitor list tells how they stand; mtasts monitor remove DOMAIN... ends it. Several daemons "
		 "may work "
		 "on one PostgreSQL database: each look is made by one of them, and the domains of one that dies go "
		 "over to "
		 "the others.\n",
	.tables = tables,
	.run = run_monitor,
	.set_route = cli_alert_set,
};
