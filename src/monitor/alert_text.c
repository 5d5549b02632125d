#include "monitor/alert_text.h"

#include "base/clock.h"
#include "base/map.h"
#include "monitor/cause.h"

#include <inttypes.h>
#include <stdlib.h>

/* Domains, findings and lines spelt out; the rest is counted. */
#define DOMAINS_SHOWN 50
#define FINDINGS_SHOWN 20

static const char *text_of(const struct sts_json *object, const char *name)
{
	struct sts_str s = sts_json_text(object, name);

	return s.ptr == NULL ? "" : s.ptr;
}

/* ---- domains and findings -------------------------------------------------------------------------------------- */

static int by_domain(const void *a, const void *b)
{
	const struct sts_alert_part *const *x = a;
	const struct sts_alert_part *const *y = b;
	int order = strcmp((*x)->domain, (*y)->domain);

	return order != 0 ? order : (int)(*y)->severity - (int)(*x)->severity;
}

const struct sts_alert_part **sts_alert_domains(const struct sts_alert *a, struct sts_arena *arena, size_t *count)
{
	const struct sts_alert_part **all = sts_alloc_array(arena, a->count + 1, sizeof *all);
	size_t n = 0;

	for (size_t i = 0; i < a->count; i++)
		all[i] = &a->parts[i];
	qsort(all, a->count, sizeof *all, by_domain);
	for (size_t i = 0; i < a->count; i++)
		if (n == 0 || strcmp(all[n - 1]->domain, all[i]->domain) != 0)
			all[n++] = all[i];
	*count = n;
	return all;
}

/* Another finding of the same look explains it. */
static bool is_consequence(const struct sts_alert_part *p)
{
	return strchr(text_of(p->look, "cause"), '.') != NULL;
}

/* What explains others comes before them. */
static int by_finding(const void *a, const void *b)
{
	const struct sts_alert_part *const *x = a;
	const struct sts_alert_part *const *y = b;
	int order = (int)(*y)->severity - (int)(*x)->severity;

	if (order == 0)
		order = (int)is_consequence(*x) - (int)is_consequence(*y);
	/* all are of one array: as the reports have them */
	return order != 0 ? order : (*x > *y) - (*x < *y);
}

static struct sts_alert_group *group_of(struct sts_map *map, struct sts_arena *arena, struct sts_alert_group *groups,
	size_t *count, const struct sts_alert_part *p)
{
	const char *key = sts_sprintf(arena, "%s %s", text_of(p->look, "code"), text_of(p->look, "place"));
	struct sts_alert_group *g = sts_map_get(map, sts_str_of(key));

	if (g == NULL) {
		g = &groups[(*count)++];
		g->first = p;
		if (!sts_map_put(map, sts_str_of(key), g))
			abort();
	}
	return g;
}

struct sts_alert_group *sts_alert_groups(const struct sts_alert *a, struct sts_arena *arena, size_t *count)
{
	const struct sts_alert_part **all = sts_alloc_array(arena, a->count + 1, sizeof *all);
	struct sts_alert_group *groups = sts_alloc_array(arena, a->count + 1, sizeof *groups);
	struct sts_map map = {0};

	*count = 0;
	for (size_t i = 0; i < a->count; i++)
		all[i] = &a->parts[i];
	qsort(all, a->count, sizeof *all, by_finding);
	for (size_t i = 0; i < a->count; i++) {
		struct sts_alert_group *g = group_of(&map, arena, groups, count, all[i]);

		*STS_PUSH(arena, g->parts, g->count) = all[i];
	}
	sts_map_clear(&map);
	return groups;
}

/* ---- title ----------------------------------------------------------------------------------------------------- */

static const char *kind_words(enum sts_event_kind kind)
{
	static const char *const words[] = {
		[STS_EVENT_NEW] = "",
		[STS_EVENT_WORSENED] = "Worse: ",
		[STS_EVENT_CHANGED] = "Changed: ",
		[STS_EVENT_SUSTAINED] = "Still: ",
		[STS_EVENT_SOLVED] = "Solved: ",
	};

	return words[kind];
}

static const char *cause_words(const char *cause)
{
	const char *kind = sts_cause_kind(cause);

	return strcmp(kind, "certificate") == 0   ? "One certificate"
	       : strcmp(kind, "mx") == 0          ? "One mail host"
	       : strcmp(kind, "policy-host") == 0 ? "One policy host"
						  : "One domain";
}

const char *sts_alert_title(const struct sts_alert *a, struct sts_arena *arena)
{
	size_t domains;
	size_t findings;
	const struct sts_alert_part **list = sts_alert_domains(a, arena, &domains);
	const struct sts_alert_group *groups = sts_alert_groups(a, arena, &findings);
	const char *more = findings > 1 ? sts_sprintf(arena, " (and %zu more)", findings - 1) : "";
	const char *what = findings > 0 ? text_of(groups[0].first->look, "title") : "nothing";
	const char *place = findings > 0 ? text_of(groups[0].first->look, "place") : "";
	const char *who =
		domains == 1 ? list[0]->domain : sts_sprintf(arena, "%s, %zu domains", cause_words(a->cause), domains);

	return sts_sprintf(arena, "%s%s%s: %s%s%s%s", a->test ? "Test: " : "", kind_words(sts_alert_kind(a)), who, what,
		domains > 1 && place[0] != '\0' ? ": " : "", domains > 1 ? place : "", more);
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

static void put_moment(struct sts_buf *b, int64_t at)
{
	char text[21];

	sts_format_time(at, text);
	sts_buf_puts(b, text);
}

/* Every line of s behind a margin. */
static void put_block(struct sts_buf *b, const char *margin, const char *s)
{
	struct sts_str rest = sts_str_of(s);

	while (rest.len > 0) {
		size_t n = sts_str_find(rest, '\n', 0);

		sts_buf_puts(b, margin);
		sts_buf_add(b, rest.ptr, n);
		sts_buf_addc(b, '\n');
		rest = sts_str_from(rest, n + 1);
	}
}

static void put_group(struct sts_buf *b, const struct sts_alert_group *g, bool is_over)
{
	const struct sts_json *look = g->first->look;
	const struct sts_json *fix = sts_json_get(look, "fix");
	int64_t since = g->first->since;

	for (size_t i = 0; i < g->count; i++)
		since = g->parts[i]->since < since ? g->parts[i]->since : since;
	sts_buf_printf(b, "\n[%s] %s: %s\n", sts_severity_name(g->first->severity), text_of(look, "title"),
		text_of(look, "subject"));
	put_block(b, "  ", text_of(look, "detail"));
	sts_buf_puts(b, is_over ? "  It was so since " : "  Since ");
	put_moment(b, since);
	if (g->count > 1)
		sts_buf_printf(b, ", at %zu domains", g->count);
	sts_buf_printf(b, ".  (%s, %s)\n", text_of(look, "code"), text_of(look, "rfc"));
	if (is_over)
		return;
	if (text_of(fix, "text")[0] != '\0')
		put_block(b, "  To mend it: ", text_of(fix, "text"));
	if (text_of(fix, "snippet")[0] != '\0') {
		sts_buf_addc(b, '\n');
		put_block(b, "      ", text_of(fix, "snippet"));
	}
}

static void put_domains(struct sts_buf *b, const struct sts_alert *a, struct sts_arena *arena)
{
	size_t shown = sts_alert_shown(a, DOMAINS_SHOWN);
	size_t count;
	const struct sts_alert_part **list = sts_alert_domains(a, arena, &count);

	sts_buf_puts(b, count == 1 ? "\nDomain: " : "\nDomains: ");
	for (size_t i = 0; i < count && i < shown; i++)
		sts_buf_printf(b, "%s%s", i > 0 ? ", " : "", list[i]->domain);
	if (count > shown)
		sts_buf_printf(b, " and %zu more", count - shown);
	sts_buf_addc(b, '\n');
}

/* What senders do, of the domain that fares worst; the others are of the same cause. */
static void put_effect(struct sts_buf *b, const struct sts_alert *a)
{
	const struct sts_alert_part *worst = &a->parts[0];

	for (size_t i = 1; i < a->count; i++)
		if (a->parts[i].severity > worst->severity)
			worst = &a->parts[i];
	sts_buf_printf(b, "\nWhat senders do (%s, %s):\n", worst->domain, text_of(worst->look, "verdict"));
	put_block(b, "  ", text_of(worst->look, "effect"));
}

void sts_alert_text(const struct sts_alert *a, struct sts_arena *arena, struct sts_buf *out)
{
	size_t count;
	const struct sts_alert_group *groups = sts_alert_groups(a, arena, &count);
	bool is_over = sts_alert_kind(a) == STS_EVENT_SOLVED;
	size_t shown = sts_alert_shown(a, FINDINGS_SHOWN);

	sts_buf_printf(out, "%s\n", sts_alert_title(a, arena));
	for (size_t i = 0; i < count && i < shown; i++)
		put_group(out, &groups[i], is_over);
	if (count > shown)
		sts_buf_printf(out, "\nand %zu more finding%s\n", count - shown, count - shown == 1 ? "" : "s");
	put_domains(out, a, arena);
	if (a->count > 0)
		put_effect(out, a);
	sts_buf_printf(out, "\nHow it ends: %s\n", sts_alert_end(a, arena));
}

/* ---- the end --------------------------------------------------------------------------------------------------- */

static const char *reminder_words(const struct sts_alert *a, struct sts_arena *arena)
{
	char text[21];

	if (a->next_at == 0)
		return "";
	sts_format_time(a->next_at, text);
	return sts_sprintf(arena, " Until then a reminder comes now and then, the next one not before %s.", text);
}

const char *sts_alert_end(const struct sts_alert *a, struct sts_arena *arena)
{
	if (a->test)
		return "This is a sample: nothing is wrong, and nothing follows.";
	if (sts_alert_kind(a) != STS_EVENT_SOLVED)
		return sts_sprintf(arena,
			"Two looks in a row that no longer see it end it, and are told by one more message.%s",
			reminder_words(a, arena));
	if (a->remaining > 0)
		return sts_sprintf(arena,
			"It is over for these; other faults of the same cause are left, at %" PRId64 " %s.",
			a->remaining, a->remaining == 1 ? "domain" : "domains");
	return "It is over: two looks in a row no longer saw it. Nothing is left to do.";
}
