/* mtasts history: what was seen when, with differences; exports and imports. */
#include "base/clock.h"
#include "cli/remember.h"
#include "cli/term.h"
#include "proto/domain.h"
#include "store/exchange.h"
#include "store/telling.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OUTPUT_MAX ((size_t)64 * 1024 * 1024)
#define LIMIT 200

static const char *const color_words[] = {"auto", "always", "never", NULL}; /* as enum cli_color */

struct args {
	struct cli_check_args check;
	bool json;
	int color;
	const char *diff;
	bool export;
	const char *import;
	const char *only;
	int64_t from_at;
	int64_t until_at;
	unsigned limit;
};

#define AT(member) offsetof(struct args, member)

static const struct cli_option options[] = {
	{"json", NULL, CLI_FLAG, AT(json), NULL, 0, "as JSON"},
	{"color", "WHEN", CLI_CHOICE, AT(color), color_words, 0, "colours"},
	{"diff", "A B", CLI_TEXT, AT(diff), NULL, 0,
		"differences between two observations: each the last one not after a date or an RFC 3339 time, or "
		"'first', or 'last'"},
	{"from", "TIME", CLI_TIME, AT(from_at), NULL, 0, "changes since then"},
	{"until", "TIME", CLI_TIME, AT(until_at), NULL, 0, "changes until then"},
	{"limit", "N", CLI_NUMBER, AT(limit), NULL, 0, "the newest so many changes (default 200)"},
	{"export", NULL, CLI_FLAG, AT(export), NULL, 0,
		"write all observations as JSON lines to the file named, or to standard output"},
	{"only", "DOMAIN", CLI_TEXT, AT(only), NULL, 0, "with --export: those of one domain"},
	{"import", "FILE|-", CLI_TEXT, AT(import), NULL, 0, "take an export in; what is there already stays as it is"},
	{0},
};

/* --no-history has no meaning here. */
static const struct cli_option *const tables[] = {options, cli_history_options, NULL};

static int store_failure(const struct sts_history *h, enum sts_err err)
{
	const char *why = sts_history_why(h);

	return cli_failure(&cmd_history, "%s", why[0] != '\0' ? why : sts_strerror(err));
}

static int put_out(struct sts_buf *out)
{
	int rc = out->failed ? cli_failure(&cmd_history, "the result is too large to be shown") : CLI_FINE;

	if (rc == CLI_FINE)
		cli_write(out->ptr == NULL ? "" : out->ptr, out->len);
	sts_buf_clear(out);
	return cli_finish_output(&cmd_history, rc);
}

static const char *domain_of(const char *typed, int *rc)
{
	struct sts_domain d;
	const char *why = NULL;

	if (sts_domain_parse(sts_str_of(typed), cli_arena(), &d, &why) == STS_OK)
		return d.ascii;
	*rc = cli_bad_operand(&cmd_history, "'%s': %s", typed, why);
	return NULL;
}

/* ---- time line --------------------------------------------------------------------------------------------------- */

static int show_timeline(struct sts_history *h, const struct args *args, const char *domain)
{
	struct sts_stretch stretch = {domain, args->from_at, args->until_at, args->limit};
	struct sts_timeline t;
	struct sts_render_options ro = cli_stdout_options((enum cli_color)args->color);
	struct sts_buf out;
	struct sts_jsonw w;
	enum sts_err err = sts_history_timeline(h, &stretch, cli_arena(), &t);

	if (err == STS_ENOENT)
		return cli_failure(&cmd_history, "%s was never seen", domain);
	if (err != STS_OK)
		return store_failure(h, err);
	sts_buf_init(&out, OUTPUT_MAX);
	if (args->json) {
		w = sts_jsonw(&out, true);
		sts_timeline_json(&w, NULL, &t);
		sts_buf_addc(&out, '\n');
	} else {
		sts_timeline_text(&out, &t, &ro);
	}
	return put_out(&out);
}

/* ---- differences ------------------------------------------------------------------------------------------------- */

static int show_difference(
	struct sts_history *h, const struct args *args, const char *domain, const char *a, const char *b)
{
	struct sts_render_options ro = cli_stdout_options((enum cli_color)args->color);
	struct sts_kept from, to;
	struct sts_difference d;
	struct sts_buf out;
	struct sts_jsonw w;
	const char *when = a;
	enum sts_err err = sts_history_moment(h, domain, a, cli_arena(), &from);

	if (err == STS_OK) {
		when = b;
		err = sts_history_moment(h, domain, b, cli_arena(), &to);
	}
	if (err == STS_ENOENT)
		return cli_failure(&cmd_history, "there is no observation of %s at or before %s", domain, when);
	if (err != STS_OK)
		return store_failure(h, err);
	d = sts_difference(&from.seen, &to.seen, cli_arena());
	sts_buf_init(&out, OUTPUT_MAX);
	if (args->json) {
		w = sts_jsonw(&out, true);
		sts_difference_json(&w, NULL, &d);
		sts_buf_addc(&out, '\n');
	} else {
		sts_difference_text(&out, &d, &ro);
	}
	return put_out(&out);
}

/* "history DOMAIN --diff A B" leaves B among the operands. */
static int run_diff(struct sts_history *h, const struct args *args)
{
	const struct cli_list *o = &args->check.common.operands;
	size_t second = o->count == 2 && !sts_is_moment(o->items[1]) ? 0 : 1;
	const char *domain;
	int rc = 0;

	if (o->count != 2 || !sts_is_moment(args->diff) || !sts_is_moment(o->items[second]))
		return cli_usage_error(&cmd_history, "--diff wants two observations, each a date, an RFC 3339 time, "
						     "'first' or 'last', and a domain");
	domain = domain_of(o->items[1 - second], &rc);
	return domain == NULL ? rc : show_difference(h, args, domain, args->diff, o->items[second]);
}

/* ---- export ------------------------------------------------------------------------------------------------------ */

static bool to_stdout(struct sts_str piece, void *arg)
{
	(void)arg;
	cli_write(piece.ptr, piece.len);
	return true;
}

static bool to_file(struct sts_str piece, void *arg)
{
	return fwrite(piece.ptr, 1, piece.len, arg) == piece.len;
}

static int export_to_file(struct sts_history *h, const char *domain, const char *path)
{
	const char *part = sts_sprintf(cli_arena(), "%s.part", path);
	FILE *f = fopen(part, "we");
	int64_t count = 0;
	enum sts_err err;

	if (f == NULL)
		return cli_failure(&cmd_history, "%s cannot be written: %s", part, strerror(errno));
	err = sts_history_export(h, domain, to_file, f, &count);
	if (fflush(f) != 0 || fsync(fileno(f)) != 0)
		err = err == STS_OK ? STS_EINVAL : err;
	if (fclose(f) != 0 && err == STS_OK)
		err = STS_EINVAL;
	if (err == STS_OK && rename(part, path) != 0)
		err = STS_EINVAL;
	if (err == STS_OK) {
		fprintf(stderr, "%" PRId64 " observation%s\n", count, count == 1 ? "" : "s");
		return CLI_FINE;
	}
	unlink(part);
	if (err == STS_ENOENT)
		return cli_failure(&cmd_history, "%s was never seen", domain);
	return err == STS_EINVAL ? cli_failure(&cmd_history, "%s cannot be written", path) : store_failure(h, err);
}

static int run_export(struct sts_history *h, const struct args *args)
{
	const struct cli_list *o = &args->check.common.operands;
	const char *domain = NULL;
	int64_t count = 0;
	enum sts_err err;
	int rc = 0;

	if (o->count > 1)
		return cli_usage_error(&cmd_history, "--export takes one file; --only names a domain");
	if (args->only != NULL && (domain = domain_of(args->only, &rc)) == NULL)
		return rc;
	if (o->count == 1 && strcmp(o->items[0], "-") != 0)
		return export_to_file(h, domain, o->items[0]);
	err = sts_history_export(h, domain, to_stdout, NULL, &count);
	if (err == STS_ENOENT)
		return cli_failure(&cmd_history, "%s was never seen", domain);
	return err != STS_OK ? store_failure(h, err) : cli_finish_output(&cmd_history, CLI_FINE);
}

/* ---- import ------------------------------------------------------------------------------------------------------ */

/* The next line without its end into *line, of at most STS_LINE_MAX octets and one; false at the end of the file. */
static bool read_line(FILE *f, struct sts_buf *line)
{
	int c;

	sts_buf_reset(line);
	while ((c = getc_unlocked(f)) != EOF && c != '\n')
		if (line->len <= STS_LINE_MAX)
			sts_buf_addc(line, (char)c);
	return c != EOF || line->len > 0;
}

static int import_failure(struct sts_import *import, struct sts_history *h, enum sts_err err, const char *why)
{
	struct sts_import_totals t = sts_import_totals(import);

	if (err == STS_EINVAL)
		return cli_failure(&cmd_history,
			"line %" PRId64 ": %s (%" PRId64 " observations before it were taken in)", t.lines, why,
			t.observations);
	return store_failure(h, err);
}

static int import_from(struct sts_history *h, FILE *f, const char *name)
{
	struct sts_import *import = sts_import_new(h);
	struct sts_import_totals t;
	struct sts_buf line;
	const char *why = "";
	enum sts_err err = import == NULL ? STS_ENOMEM : STS_OK;
	int rc = CLI_FINE;

	sts_buf_init(&line, STS_LINE_MAX + 2);
	while (err == STS_OK && read_line(f, &line))
		err = sts_import_line(import, sts_buf_str(&line), &why);
	if (import != NULL && err == STS_OK)
		err = sts_import_finish(import);
	if (import == NULL)
		rc = cli_failure(&cmd_history, "%s", sts_strerror(err));
	else if (err != STS_OK)
		rc = import_failure(import, h, err, why);
	else if (ferror(f))
		rc = cli_failure(&cmd_history, "%s cannot be read", name);
	if (rc == CLI_FINE) {
		t = sts_import_totals(import);
		fprintf(stderr, "%" PRId64 " observation%s read, %" PRId64 " of them new\n", t.observations,
			t.observations == 1 ? "" : "s", t.added);
	}
	sts_buf_clear(&line);
	sts_import_free(import);
	return rc;
}

static int run_import(struct sts_history *h, const struct args *args)
{
	FILE *f;
	int rc;

	if (args->check.common.operands.count > 0)
		return cli_usage_error(&cmd_history, "--import takes one file and nothing else");
	if (strcmp(args->import, "-") == 0)
		return import_from(h, stdin, "standard input");
	f = fopen(args->import, "re");
	if (f == NULL)
		return cli_failure(&cmd_history, "%s cannot be read: %s", args->import, strerror(errno));
	rc = import_from(h, f, args->import);
	fclose(f);
	return rc;
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static int with_history(struct sts_history *h, const struct args *args)
{
	const struct cli_list *o = &args->check.common.operands;
	const char *domain;
	int rc = 0;

	if (args->import != NULL)
		return run_import(h, args);
	if (args->export)
		return run_export(h, args);
	if (args->diff != NULL)
		return run_diff(h, args);
	if (o->count != 1)
		return cli_usage_error(&cmd_history, o->count == 0 ? "which domain?" : "one domain at a time");
	domain = domain_of(o->items[0], &rc);
	return domain == NULL ? rc : show_timeline(h, args, domain);
}

static int run_history(int argc, char **argv)
{
	struct args args = {.until_at = INT64_MAX, .limit = LIMIT};
	struct sts_history *h = NULL;
	char why[512] = "";
	const char *place_why = NULL;
	const char *place;
	int rc;

	cli_check_args_init(&args.check);
	rc = cli_parse(&cmd_history, argc, argv, &args);
	if (rc >= 0)
		return rc;
	if (args.export + (args.import != NULL) + (args.diff != NULL) > 1)
		return cli_usage_error(&cmd_history, "--diff, --export and --import do not go together");
	place = cli_history_place(&args.check, &place_why);
	if (place == NULL)
		return cli_failure(&cmd_history, "the history cannot be opened: %s", place_why);
	if (sts_history_open(place, &h, why) != STS_OK)
		return cli_failure(&cmd_history, "the history cannot be opened: %s", why);
	rc = with_history(h, &args);
	sts_history_close(h);
	return rc;
}

const struct cli_command cmd_history = {
	.name = "history",
	.operands = "DOMAIN",
	.summary = "what was seen when, with differences",
	.about = "Tell what changed at a domain and when, as the checks kept in the history saw it: record, policy, MX "
		 "records, certificates, "
		 "verdict and findings. A look-up that failed is no change.\n"
		 "mtasts history DOMAIN --diff A B compares two observations. mtasts history --export [FILE|-] writes "
		 "all observations as JSON "
		 "lines, --import FILE|- takes them in elsewhere, as often as one likes.\n",
	.tables = tables,
	.run = run_history,
};
