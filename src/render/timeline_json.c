/* Time line and differences as JSON; doc/schema/timeline.schema.json and diff.schema.json describe them. */
#include "render/linediff.h"
#include "render/timeline.h"

/* ---- changes ---------------------------------------------------------------------------------------------------- */

static void write_diff(struct sts_jsonw *w, struct sts_str old_text, struct sts_str new_text)
{
	struct sts_arena *arena = sts_arena_new();
	size_t count = 0;
	struct sts_diff_line *lines;

	sts_jw_array(w, "diff");
	if (arena != NULL) {
		lines = sts_line_diff(old_text, new_text, arena, &count);
		for (size_t i = 0; i < count; i++)
			sts_jw_cstr(w, NULL, sts_sprintf(arena, "%c %.*s", lines[i].mark, STS_FMT(lines[i].text)));
	}
	sts_jw_end_array(w);
	sts_arena_free(arena);
}

static bool has_lines(enum sts_item_kind kind)
{
	return kind == STS_ITEM_RECORD || kind == STS_ITEM_MX || kind == STS_ITEM_RPT || kind == STS_ITEM_POLICY;
}

/* Copies: a body is borrowed only until the next one is asked for. */
static void write_policy_diff(struct sts_jsonw *w, const struct sts_change *c, sts_body_fn *body, void *arg)
{
	struct sts_buf before, now;
	struct sts_str text;

	sts_buf_init(&before, STS_POLICY_MAX);
	sts_buf_init(&now, STS_POLICY_MAX);
	if (c->old_value != NULL && c->old_value[0] != '\0') {
		text = body(c->old_value, arg);
		sts_buf_add(&before, text.ptr, text.len);
	}
	if (c->new_value[0] != '\0') {
		text = body(c->new_value, arg);
		sts_buf_add(&now, text.ptr, text.len);
	}
	write_diff(w, sts_buf_str(&before), sts_buf_str(&now));
	sts_buf_clear(&before);
	sts_buf_clear(&now);
}

static void write_change(struct sts_jsonw *w, const struct sts_change *c, bool with_times, sts_body_fn *body, void *arg)
{
	sts_jw_object(w, NULL);
	if (with_times) {
		sts_jw_time(w, "at", c->at);
		if (c->before_at > 0)
			sts_jw_time(w, "before", c->before_at);
		else
			sts_jw_null(w, "before");
	}
	sts_jw_cstr(w, "kind", sts_item_kind_name(c->kind));
	sts_jw_cstr(w, "key", c->key[0] != '\0' ? c->key : NULL);
	sts_jw_cstr(w, "old", c->old_value);
	sts_jw_cstr(w, "new", c->new_value);
	if (c->kind == STS_ITEM_POLICY)
		write_policy_diff(w, c, body, arg);
	else if (has_lines(c->kind))
		write_diff(w, sts_str_of(c->old_value), sts_str_of(c->new_value));
	sts_jw_end_object(w);
}

/* ---- time line -------------------------------------------------------------------------------------------------- */

/* Unknown is null, nothing there is an empty array. */
static void write_lines(struct sts_jsonw *w, const char *key, const struct sts_item *item)
{
	struct sts_str rest = sts_str_of(item == NULL ? NULL : item->value);

	if (item == NULL) {
		sts_jw_null(w, key);
		return;
	}
	sts_jw_array(w, key);
	while (rest.len > 0) {
		size_t end = sts_str_find(rest, '\n', 0);

		sts_jw_str(w, NULL, sts_str(rest.ptr, end));
		rest = sts_str_from(rest, end + 1);
	}
	sts_jw_end_array(w);
}

static const char *value_of(const struct sts_memory *m, enum sts_item_kind kind)
{
	const struct sts_item *item = sts_memory_find(m, kind, "");

	return item == NULL || item->value[0] == '\0' ? NULL : item->value;
}

static void write_findings(struct sts_jsonw *w, const struct sts_memory *m)
{
	sts_jw_array(w, "findings");
	for (size_t i = 0; i < m->item_count; i++) {
		const struct sts_item *item = &m->items[i];
		struct sts_str key = sts_str_of(item->key);
		size_t blank = sts_str_find(key, ' ', 0);

		if (item->kind != STS_ITEM_FINDING || item->value[0] == '\0')
			continue;
		sts_jw_object(w, NULL);
		sts_jw_str(w, "code", sts_str(key.ptr, blank));
		sts_jw_str(w, "subject", sts_str_from(key, blank + 1));
		sts_jw_str(w, "severity", sts_str(item->value, strcspn(item->value, " ")));
		sts_jw_time(w, "since", item->since_at);
		sts_jw_time(w, "last_seen", item->last_at);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
}

static void write_now(struct sts_jsonw *w, const struct sts_memory *m)
{
	sts_jw_object(w, "now");
	sts_jw_cstr(w, "verdict", value_of(m, STS_ITEM_VERDICT));
	write_lines(w, "record", sts_memory_find(m, STS_ITEM_RECORD, ""));
	sts_jw_cstr(w, "policy_sha256", value_of(m, STS_ITEM_POLICY));
	sts_jw_cstr(w, "mode", value_of(m, STS_ITEM_MODE));
	write_lines(w, "mx", sts_memory_find(m, STS_ITEM_MX, ""));
	write_lines(w, "tls_rpt", sts_memory_find(m, STS_ITEM_RPT, ""));
	write_findings(w, m);
	sts_jw_end_object(w);
}

static void write_policy(struct sts_jsonw *w, const struct sts_timeline *t, const struct sts_past_policy *p)
{
	sts_jw_object(w, NULL);
	sts_jw_cstr(w, "sha256", p->sha256);
	sts_jw_cstr(w, "mode", sts_mode_name(p->policy.mode));
	if (p->policy.has_max_age)
		sts_jw_int(w, "max_age", p->policy.max_age_s);
	else
		sts_jw_null(w, "max_age");
	sts_jw_array(w, "mx");
	for (size_t i = 0; i < p->policy.mx_count; i++)
		if (p->policy.mx[i].valid)
			sts_jw_str(w, NULL, sts_str(p->policy.mx[i].text, p->policy.mx[i].len));
	sts_jw_end_array(w);
	sts_jw_str(w, "raw", t->body(p->sha256, t->body_arg));
	sts_jw_time(w, "first_seen", p->first_at);
	sts_jw_time(w, "last_seen", p->last_at);
	if (p->gone_at > 0)
		sts_jw_time(w, "gone", p->gone_at);
	else
		sts_jw_null(w, "gone");
	sts_jw_time(w, "held_until", sts_past_until(p));
	sts_jw_end_object(w);
}

void sts_timeline_json(struct sts_jsonw *w, const char *key, const struct sts_timeline *t)
{
	sts_jw_object(w, key);
	sts_jw_cstr(w, "schema", "mtasts.timeline/1");
	sts_jw_cstr(w, "domain", t->domain);
	sts_jw_time(w, "first_seen", t->memory->first_at);
	sts_jw_time(w, "last_seen", t->memory->last_at);
	sts_jw_int(w, "observations", t->observations);
	write_now(w, t->memory);
	sts_jw_array(w, "policies");
	for (size_t i = 0; i < t->past->policy_count; i++)
		write_policy(w, t, &t->past->policies[i]);
	sts_jw_end_array(w);
	sts_jw_array(w, "changes");
	for (size_t i = 0; i < t->change_count; i++)
		write_change(w, &t->changes[i], true, t->body, t->body_arg);
	sts_jw_end_array(w);
	sts_jw_bool(w, "more", t->more);
	sts_jw_end_object(w);
}

/* ---- differences ------------------------------------------------------------------------------------------------ */

static struct sts_str body_of_either(const char *digest, void *arg)
{
	const struct sts_difference *d = arg;

	if (strcmp(d->from->policy.sha256, digest) == 0)
		return d->from->policy.body;
	return strcmp(d->to->policy.sha256, digest) == 0 ? d->to->policy.body : (struct sts_str){0};
}

static void write_side(struct sts_jsonw *w, const char *key, const struct sts_observation *o)
{
	sts_jw_object(w, key);
	sts_jw_time(w, "at", o->at);
	sts_jw_cstr(w, "verdict", o->verdict);
	sts_jw_cstr(w, "status", o->status);
	sts_jw_end_object(w);
}

static void write_unseen(struct sts_jsonw *w, const char *name, enum sts_standing a, enum sts_standing b)
{
	if (a == STS_UNSEEN || b == STS_UNSEEN)
		sts_jw_cstr(w, NULL, name);
}

void sts_difference_json(struct sts_jsonw *w, const char *key, const struct sts_difference *d)
{
	struct sts_difference copy = *d;

	sts_jw_object(w, key);
	sts_jw_cstr(w, "schema", "mtasts.diff/1");
	sts_jw_cstr(w, "domain", d->domain);
	write_side(w, "from", d->from);
	write_side(w, "to", d->to);
	sts_jw_array(w, "changes");
	for (size_t i = 0; i < d->change_count; i++)
		write_change(w, &d->changes[i], false, body_of_either, &copy);
	sts_jw_end_array(w);
	sts_jw_array(w, "not_compared");
	write_unseen(w, "record", d->from->record.standing, d->to->record.standing);
	write_unseen(w, "policy", d->from->policy.standing, d->to->policy.standing);
	write_unseen(w, "mx", d->from->mx_standing, d->to->mx_standing);
	write_unseen(w, "tls_rpt", d->from->rpt_standing, d->to->rpt_standing);
	sts_jw_end_array(w);
	sts_jw_end_object(w);
}
