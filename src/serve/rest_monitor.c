/*
 * /v1/monitor/domains: the watched domains, as `mtasts monitor add`, `list` and `remove` have them. The daemon that
 * looks at them is `mtasts monitor run`, on the same store.
 */
#include "serve/historian.h"
#include "serve/routes.h"

#include "base/clock.h"
#include "base/jsonr.h"
#include "monitor/list.h"
#include "monitor/schedule.h"
#include "proto/domain.h"
#include "store/history.h"

#include <stdio.h>
#include <stdlib.h>

#define DOMAINS_MAX 1000
#define TAGS_TEXT_MAX (STS_TAGS_MAX * (STS_TAG_MAX + 1) + 2)

/* One request; in the heap, as it may outlive the exchange. */
struct work {
	char name[256]; /* of one domain; "": all */
	char tag[STS_TAG_MAX + 1];
	char tags[TAGS_TEXT_MAX]; /* of domains that are added */
	bool has_tags;
	int64_t interval_s; /* as sts_watch_add() */
	size_t count;
	char names[][256]; /* to be added */
};

/* In the call's arena. */
struct waiter {
	struct call *call;
	struct sts_history_query *query;
};

/* ---- in the historian's thread --------------------------------------------------------------------------------- */

static enum sts_err list_all(struct sts_history *h, void *arg, struct sts_buf *out)
{
	const struct work *work = arg;
	struct sts_jsonw w = sts_jsonw(out, false);
	enum sts_err err = sts_watched_list_json(
		&w, sts_history_store(h), work->tag[0] != '\0' ? work->tag : NULL, STS_INTERVAL_S);

	return err == STS_OK && out->failed ? STS_ENOMEM : err;
}

static enum sts_err show_one(struct sts_history *h, void *arg, struct sts_buf *out)
{
	const struct work *work = arg;
	struct sts_arena *arena = sts_arena_new();
	struct sts_jsonw w = sts_jsonw(out, false);
	struct sts_watched found;
	enum sts_err err = arena == NULL ? STS_ENOMEM : sts_watch_find(sts_history_store(h), work->name, arena, &found);

	if (err == STS_OK)
		sts_watched_json(&w, NULL, &found, STS_INTERVAL_S);
	sts_arena_free(arena);
	return err;
}

static enum sts_err remove_one(struct sts_history *h, void *arg, struct sts_buf *out)
{
	const struct work *work = arg;

	(void)out;
	return sts_watch_remove(sts_history_store(h), work->name);
}

static enum sts_err add_each(struct sts_store *s, const struct work *work, int64_t totals[3])
{
	enum sts_err err = STS_OK;

	for (size_t i = 0; i < work->count && err == STS_OK; i++) {
		enum sts_watch_change change = STS_WATCH_SAME;

		err = sts_watch_add(
			s, work->names[i], work->has_tags ? work->tags : NULL, work->interval_s, sts_now_s(), &change);
		totals[change]++;
	}
	return err;
}

/* All of them, or none. */
static enum sts_err add_all(struct sts_history *h, void *arg, struct sts_buf *out)
{
	struct sts_store *s = sts_history_store(h);
	struct sts_jsonw w = sts_jsonw(out, false);
	int64_t totals[3] = {0};
	enum sts_err err = sts_store_begin(s, STS_BEGIN_WRITE);

	if (err == STS_OK)
		err = sts_store_end(s, add_each(s, arg, totals));
	if (err != STS_OK)
		return err;
	sts_jw_object(&w, NULL);
	sts_jw_int(&w, "added", totals[STS_WATCH_ADDED]);
	sts_jw_int(&w, "changed", totals[STS_WATCH_CHANGED]);
	sts_jw_int(&w, "unchanged", totals[STS_WATCH_SAME]);
	sts_jw_end_object(&w);
	return STS_OK;
}

/* ---- answering ------------------------------------------------------------------------------------------------- */

static void answered(enum sts_err err, struct sts_str json, const char *why, void *arg)
{
	struct waiter *w = arg;

	w->query = NULL;
	if (err == STS_ENOENT) {
		call_problem(w->call, 404, "not-watched", "This domain is not watched.");
		return;
	}
	if (err != STS_OK) {
		sts_server_log(w->call->server, "mtasts: the watched domains cannot be read or changed: %s", why);
		call_problem(w->call, 503, "history-failed", "The store cannot be used at the moment.");
		return;
	}
	if (json.len == 0) {
		call_send(w->call, 204, NULL, STS_STR(""));
		return;
	}
	call_json_line(w->call, json);
}

static void client_gone(void *arg)
{
	struct waiter *w = arg;

	if (w->query != NULL)
		sts_history_query_cancel(w->query);
}

/* The work becomes the historian's, or is freed. */
static void have_done(struct call *call, sts_history_task_fn *task, struct work *work)
{
	struct waiter *w = STS_NEW(call->arena, struct waiter);

	w->call = call;
	if (call->server->historian == NULL) {
		free(work);
		call_problem(call, 503, "no-history", "This server keeps no history, and so no watched domains.");
		return;
	}
	w->query = work == NULL ? NULL : sts_historian_do(call->server->historian, task, work, answered, w);
	if (w->query == NULL)
		call_problem(call, 503, "overloaded", "Too many questions to the history wait for an answer.");
	else
		sts_exchange_on_gone(call->x, client_gone, w);
}

static struct work *new_work(size_t names)
{
	struct work *work = calloc(1, sizeof *work + names * sizeof work->names[0]);

	if (work != NULL)
		work->interval_s = -1;
	return work;
}

static bool is_method(const struct call *call, const char *method)
{
	return sts_str_is(call->request->method, method);
}

static bool takes_json(struct call *call)
{
	if (sts_accepts(call->request, "application/json"))
		return true;
	call_problem(call, 406, NULL, "The answer is application/json, which the Accept header does not take.");
	return false;
}

/* ---- adding: {"domains": [...], "tags": [...], "interval": "30m"} ---------------------------------------------- */

static bool refuse(struct call *call, const char *type, const char *detail)
{
	call_problem(call, 400, type, detail);
	return false;
}

/* What this server does not check it does not have looked at by the monitor either. */
static bool is_watchable(struct call *call, const char *domain)
{
	enum sts_refusal refusal = sts_guard_domain(call->server->guard, domain);

	if (refusal == STS_REFUSAL_NONE)
		return true;
	call->server->metrics.refused_targets[refusal == STS_REFUSAL_LISTED ? STS_TARGET_LISTED : STS_TARGET_SPECIAL]++;
	call_problem(call, 403, "refused-target",
		sts_sprintf(call->arena, "%s: %s", domain, sts_refusal_text(refusal)));
	return false;
}

static bool read_domains(struct call *call, const struct sts_json *list, struct work *work)
{
	for (size_t i = 0; i < list->count; i++) {
		struct sts_domain d;
		const char *why = NULL;

		if (list->items[i].type != STS_JSON_STRING)
			return refuse(call, "invalid-parameter", "The member domains is a list of names.");
		if (sts_domain_parse(list->items[i].text, call->arena, &d, &why) != STS_OK)
			return refuse(call, "invalid-domain",
				sts_sprintf(call->arena, "%.*s: %s", STS_FMT(list->items[i].text), why));
		if (!is_watchable(call, d.ascii))
			return false;
		snprintf(work->names[work->count++], sizeof work->names[0], "%s", d.ascii);
	}
	return true;
}

static bool read_tags(struct call *call, const struct sts_json *list, struct work *work)
{
	const char **tags;
	const char *joined = NULL;
	const char *why = NULL;

	if (list == NULL)
		return true;
	if (list->type != STS_JSON_ARRAY)
		return refuse(call, "invalid-parameter", "The member tags is a list of tags.");
	tags = sts_alloc_array(call->arena, list->count + 1, sizeof *tags);
	for (size_t i = 0; i < list->count; i++)
		tags[i] = list->items[i].type == STS_JSON_STRING ? list->items[i].text.ptr : "";
	if (sts_tags_join(tags, list->count, call->arena, &joined, &why) != STS_OK)
		return refuse(call, "invalid-parameter", sts_sprintf(call->arena, "The member tags: %s.", why));
	snprintf(work->tags, sizeof work->tags, "%s", joined);
	work->has_tags = true;
	return true;
}

static bool read_interval(struct call *call, const struct sts_json *value, struct work *work)
{
	if (value == NULL)
		return true;
	if (value->type == STS_JSON_NULL) {
		work->interval_s = 0;
		return true;
	}
	if (value->type == STS_JSON_STRING && sts_interval_parse(value->text.ptr, &work->interval_s))
		return true;
	if (value->type == STS_JSON_INT && value->integer >= STS_INTERVAL_MIN_S &&
		value->integer <= STS_INTERVAL_MAX_S) {
		work->interval_s = value->integer;
		return true;
	}
	return refuse(call, "invalid-parameter",
		"The member interval is a time from 60s to 30d such as \"30m\", a number of seconds, or null for the "
		"monitor's.");
}

static bool knows_members(struct call *call, const struct sts_json *body)
{
	static const char *const known[] = {"domains", "tags", "interval"};

	for (size_t i = 0; i < body->count; i++) {
		bool found = false;

		for (size_t k = 0; k < 3; k++)
			found = found || sts_str_is(body->items[i].name, known[k]);
		if (!found)
			return refuse(call, "invalid-parameter",
				sts_sprintf(call->arena,
					"There is no member %.*s; there are domains, tags and interval.",
					STS_FMT(body->items[i].name)));
	}
	return true;
}

static void add(struct call *call)
{
	const char *why = NULL;
	const struct sts_json *body = sts_json_read(sts_exchange_body(call->x), call->arena, &why);
	const struct sts_json *domains = sts_json_get(body, "domains");
	struct work *work;

	if (body == NULL) {
		refuse(call, "invalid-parameter", sts_sprintf(call->arena, "The body is no JSON: %s", why));
		return;
	}
	if (!sts_json_is(domains, STS_JSON_ARRAY) || domains->count == 0 || domains->count > DOMAINS_MAX) {
		refuse(call, "invalid-parameter",
			"The body is an object with the member domains: a list of 1 to 1000 names.");
		return;
	}
	work = new_work(domains->count);
	if (work == NULL || (knows_members(call, body) && read_domains(call, domains, work) &&
				    read_tags(call, sts_json_get(body, "tags"), work) &&
				    read_interval(call, sts_json_get(body, "interval"), work)))
		have_done(call, add_all, work);
	else
		free(work);
}

/* ---- the routes ------------------------------------------------------------------------------------------------ */

static void list(struct call *call)
{
	const char *tag = NULL;
	int found = call_query(call, "tag", &tag);
	struct work *work;

	if (found > 1 || (found == 1 && (tag[0] == '\0' || strlen(tag) > STS_TAG_MAX))) {
		call_problem(call, 400, "invalid-parameter", "The parameter tag is a tag, once.");
		return;
	}
	work = new_work(0);
	if (work != NULL && found == 1)
		snprintf(work->tag, sizeof work->tag, "%s", tag);
	have_done(call, list_all, work);
}

void rest_monitor(struct call *call)
{
	if (!takes_json(call))
		return;
	if (!is_method(call, "POST"))
		list(call);
	else if (!sts_content_is(call->request, "application/json"))
		call_problem(call, 415, NULL, "The body is application/json.");
	else
		add(call);
}

void rest_monitor_one(struct call *call)
{
	bool removes = is_method(call, "DELETE");
	struct sts_domain d;
	const char *why = NULL;
	struct work *work;

	if (!removes && !takes_json(call))
		return;
	if (sts_domain_parse(sts_str_of(call->param), call->arena, &d, &why) != STS_OK) {
		call_problem(call, 400, "invalid-domain", why);
		return;
	}
	work = new_work(0);
	if (work != NULL)
		snprintf(work->name, sizeof work->name, "%s", d.ascii);
	have_done(call, removes ? remove_one : show_one, work);
}
