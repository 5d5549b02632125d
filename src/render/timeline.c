#include "render/timeline.h"

#include "base/clock.h"
#include "render/linediff.h"
#include "render/paper.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_OCTETS 400

/* Looks further apart than this leave open when a change was made, seconds. */
#define GAP_S (2 * 86400)

/* ---- comparing -------------------------------------------------------------------------------------------------- */

struct sts_difference sts_difference(
	const struct sts_observation *from, const struct sts_observation *to, struct sts_arena *arena)
{
	struct sts_memory m = {.arena = arena};
	struct sts_observation a = *from;
	struct sts_observation b = *to;

	/* Folding one after the other tells exactly what changed between them. */
	a.at = 1;
	b.at = 2;
	sts_memory_fold(&m, &a);
	m.changes = NULL;
	m.change_count = 0;
	sts_memory_fold(&m, &b);
	return (struct sts_difference){
		.domain = from->domain, .from = from, .to = to, .changes = m.changes, .change_count = m.change_count};
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

/* "2026-01-31 12:00:00 UTC" */
static const char *moment(struct sts_arena *arena, int64_t at)
{
	char text[21];

	sts_format_time(at, text);
	return sts_sprintf(arena, "%.10s %.8s UTC", text, text + 11);
}

/* A page being written. */
struct page {
	struct sts_paper p;
	struct sts_arena *arena;
	sts_body_fn *body;
	void *body_arg;
};

static enum sts_style mark_style(char mark)
{
	return mark == '-' ? STS_RED : mark == '+' ? STS_GREEN : STS_DIM;
}

/* @param raw  the text is a stranger's; else it is escaped already */
static void diff(struct page *page, struct sts_str old_text, struct sts_str new_text, bool raw)
{
	size_t count = 0;
	struct sts_diff_line *lines = sts_line_diff(old_text, new_text, page->arena, &count);

	for (size_t i = 0; i < count; i++) {
		const char mark[] = {lines[i].mark, ' ', '\0'};

		sts_paper_begin(&page->p, lines[i].mark == ' ' ? 8 : 6, 8);
		if (lines[i].mark != ' ')
			sts_paper_put(&page->p, mark_style(lines[i].mark), mark);
		if (raw)
			sts_paper_net(&page->p, mark_style(lines[i].mark), lines[i].text, LINE_MAX_OCTETS);
		else
			sts_paper_put(&page->p, mark_style(lines[i].mark),
				sts_strndup(page->arena, lines[i].text.ptr, lines[i].text.len));
		sts_paper_end(&page->p);
	}
}

static void head(struct page *page, const struct sts_change *c, const char *text)
{
	sts_paper_begin(&page->p, 4, 6);
	sts_paper_put(&page->p, STS_PLAIN, text);
	/* Between two looks close to one another there is nothing to tell. */
	if (c->before_at > 1 && c->at - c->before_at > GAP_S)
		sts_paper_printf(&page->p, STS_DIM, " (before: last seen %s)", moment(page->arena, c->before_at));
	sts_paper_end(&page->p);
}

const char *sts_change_words(const struct sts_change *c)
{
	return c->old_value == NULL      ? "first seen"
	       : c->old_value[0] == '\0' ? "appeared"
	       : c->new_value[0] == '\0' ? "gone"
					 : "changed";
}

/* ---- one change ------------------------------------------------------------------------------------------------- */

static void words_change(struct page *page, const struct sts_change *c)
{
	const char *name = c->kind == STS_ITEM_MODE ? "mode" : "verdict";
	const char *now = c->new_value[0] == '\0' ? "no policy" : c->new_value;

	const char *before = c->old_value == NULL ? NULL : c->old_value[0] == '\0' ? "no policy" : c->old_value;

	head(page, c,
		before == NULL ? sts_sprintf(page->arena, "%s: %s", name, now)
			       : sts_sprintf(page->arena, "%s: %s, before: %s", name, now, before));
}

static void lines_change(struct page *page, const struct sts_change *c)
{
	static const char *const titles[] = {
		[STS_ITEM_RECORD] = "record", [STS_ITEM_MX] = "MX records", [STS_ITEM_RPT] = "TLSRPT record"};

	head(page, c, sts_sprintf(page->arena, "%s %s", titles[c->kind], sts_change_words(c)));
	diff(page, sts_str_of(c->old_value == NULL ? "" : c->old_value), sts_str_of(c->new_value), false);
}

static struct sts_str body_of(struct page *page, const char *digest)
{
	struct sts_str body = {0};

	if (digest == NULL || digest[0] == '\0')
		return body;
	body = page->body(digest, page->body_arg);
	/* borrowed until the next call */
	return sts_str(sts_strndup(page->arena, body.ptr == NULL ? "" : body.ptr, body.len), body.len);
}

static void policy_change(struct page *page, const struct sts_change *c)
{
	struct sts_str before = body_of(page, c->old_value);
	struct sts_str now = body_of(page, c->new_value);

	head(page, c, sts_sprintf(page->arena, "policy %s", sts_change_words(c)));
	if (c->new_value[0] != '\0')
		diff(page, before, now, true);
}

/* Value: "NOT_AFTER SUBJECT"; key: "ROLE HOST DIGEST". */
static void cert_change(struct page *page, const struct sts_change *c)
{
	const char *last_blank = strrchr(c->key, ' ');
	const char *host =
		sts_strndup(page->arena, c->key, last_blank == NULL ? strlen(c->key) : (size_t)(last_blank - c->key));
	const char *subject = strchr(c->new_value, ' ');

	if (strncmp(host, "policy-host ", 12) == 0)
		host += 12;
	else if (strncmp(host, "mx ", 3) == 0)
		host += 3;
	head(page, c, sts_sprintf(page->arena, "certificate of %s: %s", host, subject == NULL ? "" : subject + 1));
	sts_paper_begin(&page->p, 6, 8);
	sts_paper_printf(&page->p, STS_DIM, "valid until %.10s, SHA-256 %.16s…", c->new_value,
		last_blank == NULL ? "" : last_blank + 1);
	sts_paper_end(&page->p);
}

static enum sts_severity severity_of(const char *value)
{
	for (int s = STS_INFO; s < STS_ERROR; s++) {
		const char *name = sts_severity_name((enum sts_severity)s);

		if (strncmp(value, name, strlen(name)) == 0)
			return (enum sts_severity)s;
	}
	return STS_ERROR;
}

/* Key: "CODE SUBJECT"; value: "SEVERITY" or "SEVERITY CAUSE". */
static void finding_change(struct page *page, const struct sts_change *c)
{
	const char *blank = strchr(c->key, ' ');
	const char *code = sts_strndup(page->arena, c->key, blank == NULL ? strlen(c->key) : (size_t)(blank - c->key));
	bool mended = c->new_value[0] == '\0';
	bool is_new = c->old_value == NULL || c->old_value[0] == '\0';

	sts_paper_begin(&page->p, 4, 6);
	if (mended)
		sts_paper_put(&page->p, STS_GREEN, "mended: ");
	else
		sts_paper_printf(&page->p, sts_severity_style(severity_of(c->new_value)),
			"%.*s: ", (int)strcspn(c->new_value, " "), c->new_value);
	sts_paper_put(&page->p, STS_PLAIN, code);
	if (blank != NULL)
		sts_paper_printf(&page->p, STS_PLAIN, " at %s", blank + 1);
	if (!mended && !is_new)
		sts_paper_printf(&page->p, STS_DIM, ", before %s", c->old_value);
	sts_paper_end(&page->p);
}

static void put_change(struct page *page, const struct sts_change *c)
{
	switch (c->kind) {
	case STS_ITEM_VERDICT:
	case STS_ITEM_MODE:
		words_change(page, c);
		break;
	case STS_ITEM_RECORD:
	case STS_ITEM_MX:
	case STS_ITEM_RPT:
		lines_change(page, c);
		break;
	case STS_ITEM_POLICY:
		policy_change(page, c);
		break;
	case STS_ITEM_CERT:
		cert_change(page, c);
		break;
	case STS_ITEM_FINDING:
		finding_change(page, c);
		break;
	default:
		break;
	}
}

/* ---- the time line ---------------------------------------------------------------------------------------------- */

static void put_fact(struct page *page, const char *title, const char *text)
{
	sts_paper_begin(&page->p, 2, 14);
	sts_paper_put(&page->p, STS_DIM, title);
	sts_paper_tab(&page->p, 14);
	sts_paper_put(&page->p, STS_PLAIN, text);
	sts_paper_end(&page->p);
}

static const char *value_or(
	const struct sts_memory *m, enum sts_item_kind kind, const char *if_empty, const char *if_unknown)
{
	const struct sts_item *item = sts_memory_find(m, kind, "");

	return item == NULL ? if_unknown : item->value[0] == '\0' ? if_empty : item->value;
}

/* Lines of a value on one. */
static const char *on_one_line(struct sts_arena *arena, const char *value)
{
	char *copy = sts_strdup(arena, value);

	for (char *p = copy; *p != '\0'; p++)
		*p = *p == '\n' ? ',' : *p;
	return copy;
}

static void put_held(struct page *page, const struct sts_timeline *t)
{
	for (size_t i = 0; i < t->past->policy_count; i++) {
		const struct sts_past_policy *p = &t->past->policies[i];
		const char *mode = sts_mode_name(p->policy.mode);
		int64_t until = sts_past_until(p);

		if (!sts_past_held(p, t->now))
			continue;
		put_fact(page, "held",
			sts_sprintf(page->arena, "policy of %.10s (mode %s, last seen %s): by some senders until %s",
				moment(page->arena, p->first_at), mode == NULL ? "unknown" : mode,
				moment(page->arena, p->last_at), moment(page->arena, until)));
	}
}

static void put_head(struct page *page, const struct sts_timeline *t)
{
	const struct sts_memory *m = t->memory;

	sts_paper_begin(&page->p, 0, 0);
	sts_paper_put(&page->p, STS_BOLD, t->domain);
	sts_paper_end(&page->p);
	put_fact(page, "seen",
		sts_sprintf(page->arena, "first %s, last %s; %" PRId64 " observation%s kept",
			moment(page->arena, m->first_at), moment(page->arena, m->last_at), t->observations,
			t->observations == 1 ? "" : "s"));
	put_fact(page, "verdict", value_or(m, STS_ITEM_VERDICT, "", "never known"));
	put_fact(page, "record", on_one_line(page->arena, value_or(m, STS_ITEM_RECORD, "none", "never known")));
	put_fact(page, "mode", value_or(m, STS_ITEM_MODE, "no policy", "never known"));
	put_fact(page, "MX", on_one_line(page->arena, value_or(m, STS_ITEM_MX, "no such domain", "never known")));
	put_held(page, t);
	sts_paper_gap(&page->p);
}

/* Oldest first, one heading an observation. The page's arena is emptied behind each: there may be ten thousand. */
static void put_changes(struct page *page, const struct sts_change *changes, size_t count, bool newest_first)
{
	int64_t at = -1;
	enum sts_item_kind before = STS_ITEM_VERDICT;

	for (size_t i = 0; i < count; i++) {
		const struct sts_change *c = &changes[newest_first ? count - 1 - i : i];

		if (newest_first && c->at != at) {
			sts_paper_begin(&page->p, 2, 2);
			sts_paper_put(&page->p, STS_BOLD, moment(page->arena, c->at));
			sts_paper_end(&page->p);
			at = c->at;
		}
		/* The policy's lines, just above, say the mode. */
		if (c->kind != STS_ITEM_MODE || before != STS_ITEM_POLICY)
			put_change(page, c);
		before = c->kind;
		sts_arena_reset(page->arena);
	}
}

void sts_timeline_text(struct sts_buf *out, const struct sts_timeline *t, const struct sts_render_options *options)
{
	struct page page = {sts_paper(out, options), sts_arena_new(), t->body, t->body_arg};

	if (page.arena == NULL)
		return;
	put_head(&page, t);
	if (t->more)
		sts_paper_text(&page.p, 2, 2, "(older changes are left out; --limit shows more)");
	if (t->change_count == 0)
		sts_paper_text(&page.p, 2, 2, "No change in this time.");
	put_changes(&page, t->changes, t->change_count, true);
	sts_arena_free(page.arena);
}

/* ---- differences ------------------------------------------------------------------------------------------------ */

static struct sts_str body_of_either(const char *digest, void *arg)
{
	const struct sts_difference *d = arg;

	if (strcmp(d->from->policy.sha256, digest) == 0)
		return d->from->policy.body;
	return strcmp(d->to->policy.sha256, digest) == 0 ? d->to->policy.body : (struct sts_str){0};
}

static const char *not_compared(const struct sts_difference *d, struct sts_arena *arena)
{
	const struct {
		const char *name;
		enum sts_standing a, b;
	} parts[] = {
		{"record", d->from->record.standing, d->to->record.standing},
		{"policy", d->from->policy.standing, d->to->policy.standing},
		{"MX records", d->from->mx_standing, d->to->mx_standing},
		{"TLSRPT record", d->from->rpt_standing, d->to->rpt_standing},
	};
	const char *out = NULL;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i].a == STS_UNSEEN || parts[i].b == STS_UNSEEN)
			out = out == NULL ? parts[i].name : sts_sprintf(arena, "%s, %s", out, parts[i].name);
	return out;
}

void sts_difference_text(struct sts_buf *out, const struct sts_difference *d, const struct sts_render_options *options)
{
	struct sts_difference copy = *d;
	struct page page = {sts_paper(out, options), sts_arena_new(), body_of_either, &copy};
	const char *unseen;

	if (page.arena == NULL)
		return;
	sts_paper_begin(&page.p, 0, 2);
	sts_paper_put(&page.p, STS_BOLD, d->domain);
	sts_paper_printf(
		&page.p, STS_PLAIN, ", from %s to %s", moment(page.arena, d->from->at), moment(page.arena, d->to->at));
	sts_paper_end(&page.p);
	unseen = not_compared(d, page.arena);
	if (unseen != NULL)
		sts_paper_text(
			&page.p, 2, 4, sts_sprintf(page.arena, "Not seen at both times, so not compared: %s.", unseen));
	if (d->change_count == 0)
		sts_paper_text(&page.p, 2, 2, "No difference.");
	put_changes(&page, d->changes, d->change_count, false);
	sts_arena_free(page.arena);
}
