#include "monitor/list.h"

#include "monitor/look.h"
#include "monitor/schedule.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static void time_or_null(struct sts_jsonw *w, const char *key, int64_t at)
{
	if (at > 0)
		sts_jw_time(w, key, at);
	else
		sts_jw_null(w, key);
}

static void tags_json(struct sts_jsonw *w, const char *tags)
{
	struct sts_str rest = sts_str_from(sts_str_of(tags), 1);

	sts_jw_array(w, "tags");
	while (rest.len > 0) {
		size_t n = sts_str_find(rest, ',', 0);

		sts_jw_str(w, NULL, sts_str(rest.ptr, n));
		rest = sts_str_from(rest, n + 1);
	}
	sts_jw_end_array(w);
}

static void certs_json(struct sts_jsonw *w, const struct sts_look *look)
{
	sts_jw_array(w, "certificates");
	for (size_t i = 0; i < look->cert_count; i++) {
		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "host", look->certs[i].host);
		sts_jw_cstr(w, "role", look->certs[i].policy_host ? "policy" : "mx");
		sts_jw_time(w, "not_after", look->certs[i].not_after);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
}

static void look_json(struct sts_jsonw *w, const struct sts_watched *watched)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_look look;

	if (watched->checked_at == 0 || arena == NULL || !sts_look_read(watched->doc, arena, &look)) {
		sts_jw_null(w, "last");
	} else {
		sts_jw_object(w, "last");
		sts_jw_time(w, "at", watched->checked_at);
		sts_jw_int(w, "duration_ms", look.duration_ms);
		sts_jw_cstr(w, "verdict", watched->verdict);
		sts_jw_cstr(w, "status", watched->status);
		sts_jw_cstr(w, "summary", look.summary);
		sts_jw_int(w, "errors", look.errors);
		sts_jw_int(w, "warnings", look.warnings);
		sts_jw_int(w, "notices", look.notices);
		sts_jw_int(w, "not_tested", (int64_t)look.not_tested);
		certs_json(w, &look);
		sts_jw_end_object(w);
	}
	sts_arena_free(arena);
}

void sts_watched_json(struct sts_jsonw *w, const char *key, const struct sts_watched *watched, int64_t interval_s)
{
	sts_jw_object(w, key);
	sts_jw_cstr(w, "domain", watched->name);
	tags_json(w, watched->tags);
	sts_jw_int(w, "interval", watched->interval_s > 0 ? watched->interval_s : interval_s);
	sts_jw_bool(w, "own_interval", watched->interval_s > 0);
	sts_jw_time(w, "added_at", watched->added_at);
	sts_jw_time(w, "due_at", watched->due_at);
	sts_jw_bool(w, "second_look", watched->second_looks > 0);
	sts_jw_int(w, "looks", watched->turn);
	sts_jw_int(w, "incidents", watched->incidents);
	time_or_null(w, "cert_expires_at", watched->cert_expires_at);
	look_json(w, watched);
	sts_jw_end_object(w);
}

struct listing {
	struct sts_jsonw *w;
	int64_t interval_s;
};

static enum sts_err list_one(const struct sts_watched *watched, void *arg)
{
	struct listing *l = arg;

	sts_watched_json(l->w, NULL, watched, l->interval_s);
	return STS_OK;
}

enum sts_err sts_watched_list_json(
	struct sts_jsonw *w, struct sts_store *store, const char *tag_or_null, int64_t interval_s)
{
	struct listing l = {w, interval_s};
	enum sts_err err;

	sts_jw_object(w, NULL);
	sts_jw_cstr(w, "schema", "mtasts.watched/1");
	sts_jw_array(w, "domains");
	err = sts_watch_each(store, tag_or_null, list_one, &l);
	sts_jw_end_array(w);
	sts_jw_end_object(w);
	return err;
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

/* "in 12 min", "now", "3 h ago" */
static const char *distance(int64_t at, int64_t now, char out[static 32])
{
	int64_t s = at > now ? at - now : now - at;
	int64_t n = s < 90 ? s : s < 5400 ? s / 60 : s < 172800 ? s / 3600 : s / 86400;
	const char *unit = s < 90 ? "s" : s < 5400 ? "min" : s < 172800 ? "h" : "d";

	snprintf(out, 32, at > now ? "in %" PRId64 " %s" : "%" PRId64 " %s ago", n, unit);
	return out;
}

struct table {
	struct sts_buf *out;
	int64_t now;
	size_t count;
};

static enum sts_err list_row(const struct sts_watched *watched, void *arg)
{
	struct table *t = arg;
	char last[32] = "never";
	char next[32] = "now";
	char incidents[32] = "";

	if (watched->checked_at > 0)
		distance(watched->checked_at, t->now, last);
	if (watched->due_at > t->now)
		distance(watched->due_at, t->now, next);
	if (watched->incidents > 0)
		snprintf(incidents, sizeof incidents, "%" PRId64 " open", watched->incidents);
	if (t->count++ == 0)
		sts_buf_printf(t->out, "%-32s %-9s %-8s %-9s %-11s %-10s %s\n", "DOMAIN", "VERDICT", "STATUS",
			"INCIDENTS", "LAST LOOK", "NEXT LOOK", "TAGS");
	sts_buf_printf(t->out, "%-32s %-9s %-8s %-9s %-11s %-10s ", watched->name,
		watched->verdict == NULL ? "-" : watched->verdict, watched->status == NULL ? "-" : watched->status,
		incidents[0] == '\0' ? "-" : incidents, last, next);
	if (strlen(watched->tags) > 2)
		sts_buf_add(t->out, watched->tags + 1, strlen(watched->tags) - 2);
	else
		sts_buf_addc(t->out, '-');
	sts_buf_addc(t->out, '\n');
	return STS_OK;
}

enum sts_err sts_watched_list_text(
	struct sts_buf *out, struct sts_store *store, const char *tag_or_null, int64_t now, size_t *count)
{
	struct table t = {out, now, 0};
	enum sts_err err = sts_watch_each(store, tag_or_null, list_row, &t);

	*count = t.count;
	return err;
}
