/* The history of a domain as HTML: drawn as a time line, and told change by change. */
#include "render/html.h"

#include "base/clock.h"
#include "render/linediff.h"

#include <inttypes.h>

/* The drawing, in its own units. */
#define LEFT 118
#define RIGHT 748
#define WIDTH 760
#define TOP 14
#define LANE 28
#define TICKS 5
#define LINE_SHOWN 400
/* Octets of changes behind which the older ones are left out: each may have hundreds of lines of a policy. */
#define CHANGES_SHOWN ((size_t)4 * 1024 * 1024)

/* ---- lanes ------------------------------------------------------------------------------------------------------- */

struct lane {
	const char *title;
	enum sts_item_kind kind;
	bool bars; /* what is so from when to when; else marks where something changed */
};

static const struct lane lanes[] = {
	{"Verdict", STS_ITEM_VERDICT, true},
	{"Mode", STS_ITEM_MODE, true},
	{"Record", STS_ITEM_RECORD, false},
	{"Policy", STS_ITEM_POLICY, false},
	{"MX records", STS_ITEM_MX, false},
	{"Certificates", STS_ITEM_CERT, false},
	{"TLSRPT record", STS_ITEM_RPT, false},
	{"Findings", STS_ITEM_FINDING, false},
};
#define LANES (sizeof lanes / sizeof *lanes)

/* Changes are newest first. */
static const struct sts_change *oldest(const struct sts_timeline *t, size_t index)
{
	return &t->changes[t->change_count - 1 - index];
}

struct scale {
	int64_t from_at, until_at;
};

static struct scale scale_of(const struct sts_timeline *t)
{
	struct scale s = {t->memory->first_at, t->memory->last_at};

	if (t->more && t->change_count > 0)
		s.from_at = oldest(t, 0)->at;
	if (s.until_at <= s.from_at)
		s.until_at = s.from_at + 1;
	return s;
}

static int place(struct scale s, int64_t at)
{
	double share = (double)(at - s.from_at) / (double)(s.until_at - s.from_at);

	return LEFT + (int)((share < 0 ? 0 : share > 1 ? 1 : share) * (RIGHT - LEFT));
}

static const char *word_or_none(const char *value)
{
	return value == NULL ? "not known" : value[0] == '\0' ? "no policy" : value;
}

static void bar(struct sts_buf *b, int y, int from, int until, const char *value)
{
	int width = until - from < 3 ? 3 : until - from;

	sts_buf_printf(b, "<rect class=\"bar v-");
	sts_xml(b, value == NULL ? "unseen" : value[0] == '\0' ? "no-policy" : value);
	sts_buf_printf(
		b, "\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\"/>\n", from, y + 4, width, LANE - 10);
	if (width < 60)
		return;
	sts_buf_printf(b, "<text class=\"on-bar\" x=\"%d\" y=\"%d\">", from + 7, y + LANE - 11);
	sts_xml(b, word_or_none(value));
	sts_buf_puts(b, "</text>\n");
}

static void bars(struct sts_buf *b, const struct sts_timeline *t, struct scale s, const struct lane *lane, int y)
{
	const struct sts_item *now = sts_memory_find(t->memory, lane->kind, "");
	const char *value = NULL;
	int from = LEFT;
	bool seen = false;

	for (size_t i = 0; i < t->change_count; i++) {
		const struct sts_change *c = oldest(t, i);

		if (c->kind != lane->kind)
			continue;
		if (place(s, c->at) > from)
			bar(b, y, from, place(s, c->at) - 1, seen ? value : c->old_value);
		value = c->new_value;
		from = place(s, c->at);
		seen = true;
	}
	if (seen || now != NULL)
		bar(b, y, from, RIGHT, seen ? value : now->value);
}

static void marks(struct sts_buf *b, const struct sts_timeline *t, struct scale s, const struct lane *lane, int y)
{
	int last = -100;

	sts_buf_printf(b, "<path class=\"rail\" d=\"M%d %dH%d\"/>\n", LEFT, y + LANE / 2 - 1, RIGHT);
	for (size_t i = 0; i < t->change_count; i++) {
		const struct sts_change *c = oldest(t, i);
		int x = place(s, c->at);
		const char *kind = c->new_value[0] == '\0'                           ? "gone"
				   : c->old_value == NULL || c->old_value[0] == '\0' ? "new"
										     : "changed";

		if (c->kind != lane->kind || x - last < 3)
			continue;
		last = x;
		sts_buf_printf(
			b, "<circle class=\"mark %s\" cx=\"%d\" cy=\"%d\" r=\"5\"/>\n", kind, x, y + LANE / 2 - 1);
	}
}

static void ticks(struct sts_buf *b, struct scale s, int y)
{
	bool days = s.until_at - s.from_at > 3 * 86400;

	for (int i = 0; i < TICKS; i++) {
		int64_t at = s.from_at + (s.until_at - s.from_at) * i / (TICKS - 1);
		int x = place(s, at);
		char text[21];

		if (s.until_at - s.from_at < 60 && i > 0)
			break;
		sts_format_time(at, text);
		sts_buf_printf(b,
			"<path class=\"tick\" d=\"M%d %dV%d\"/>\n<text class=\"%s\" x=\"%d\" y=\"%d\">%.*s</text>\n", x,
			TOP, y,
			i == 0           ? "date first"
			: i == TICKS - 1 ? "date last"
					 : "date",
			x, y + 16, days ? 10 : 5, days ? text : text + 11);
	}
}

static void drawing(struct sts_buf *b, const struct sts_timeline *t)
{
	struct scale s = scale_of(t);
	int bottom = TOP + (int)LANES * LANE;
	char from[21], until[21];

	sts_format_time(t->memory->first_at, from);
	sts_format_time(t->memory->last_at, until);
	sts_html_scroll(b, "Time line, drawn");
	sts_buf_printf(b,
		"<svg class=\"timeline\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"timeline-title\">\n"
		"<title id=\"timeline-title\">Time line of ",
		WIDTH, bottom + 24);
	sts_xml(b, t->domain);
	sts_buf_printf(b, " from %.10s to %.10s; every change is told below</title>\n", from, until);
	ticks(b, s, bottom);
	for (size_t i = 0; i < LANES; i++) {
		int y = TOP + (int)i * LANE;

		sts_buf_printf(b, "<text class=\"lane\" x=\"0\" y=\"%d\">%s</text>\n", y + LANE - 11, lanes[i].title);
		if (lanes[i].bars)
			bars(b, t, s, &lanes[i], y);
		else
			marks(b, t, s, &lanes[i], y);
	}
	sts_buf_puts(b, "</svg>\n</section>\n");
}

/* ---- one change -------------------------------------------------------------------------------------------------- */

struct page {
	struct sts_buf *b;
	struct sts_arena *arena; /* for one change at a time: there may be a thousand */
	const struct sts_timeline *t;
	const char *explain;
};

static void diff(const struct page *p, struct sts_str before, struct sts_str now)
{
	size_t count = 0;
	struct sts_diff_line *lines = sts_line_diff(before, now, p->arena, &count);

	if (count == 0)
		return;
	sts_buf_puts(p->b, "<pre class=\"diff\">");
	for (size_t i = 0; i < count; i++) {
		char mark = lines[i].mark;

		sts_buf_puts(p->b, mark == '+' ? "<ins>+ " : mark == '-' ? "<del>- " : "  ");
		sts_escape_xml(p->b, lines[i].text, LINE_SHOWN);
		sts_buf_puts(p->b, mark == '+' ? "</ins>" : mark == '-' ? "</del>" : "");
		sts_buf_puts(p->b, i + 1 < count ? "\n" : "");
	}
	sts_buf_puts(p->b, "</pre>\n");
}

static struct sts_str body_of(const struct page *p, const char *digest)
{
	struct sts_str body = {0};

	if (digest == NULL || digest[0] == '\0')
		return body;
	body = p->t->body(digest, p->t->body_arg);
	/* borrowed until the next call */
	return sts_str(sts_strndup(p->arena, body.ptr == NULL ? "" : body.ptr, body.len), body.len);
}

static void word_change(const struct page *p, const struct sts_change *c)
{
	sts_buf_puts(p->b, c->kind == STS_ITEM_MODE ? "mode: <strong>" : "verdict: <strong>");
	sts_xml(p->b, word_or_none(c->new_value));
	sts_buf_puts(p->b, "</strong>");
	if (c->old_value == NULL)
		return;
	sts_buf_puts(p->b, ", before: ");
	sts_xml(p->b, word_or_none(c->old_value));
}

/* Value: "NOT_AFTER SUBJECT"; key: "ROLE HOST DIGEST". */
static void cert_change(const struct page *p, const struct sts_change *c)
{
	const char *last_blank = strrchr(c->key, ' ');
	const char *host =
		sts_strndup(p->arena, c->key, last_blank == NULL ? strlen(c->key) : (size_t)(last_blank - c->key));
	const char *subject = strchr(c->new_value, ' ');

	if (strncmp(host, "policy-host ", 12) == 0)
		host += 12;
	else if (strncmp(host, "mx ", 3) == 0)
		host += 3;
	sts_buf_puts(p->b, "certificate of ");
	sts_xml(p->b, host);
	sts_buf_puts(p->b, ": ");
	sts_xml(p->b, subject == NULL ? "" : subject + 1);
	sts_buf_printf(p->b, ", valid until %.10s", c->new_value);
}

/* Key: "CODE SUBJECT"; value: "SEVERITY" or "SEVERITY CAUSE". */
static void finding_change(const struct page *p, const struct sts_change *c)
{
	const char *blank = strchr(c->key, ' ');
	const char *code = sts_strndup(p->arena, c->key, blank == NULL ? strlen(c->key) : (size_t)(blank - c->key));
	bool mended = c->new_value[0] == '\0';

	sts_html_icon(p->b, mended                                     ? STS_ICON_OK
			    : strncmp(c->new_value, "error", 5) == 0   ? STS_ICON_FAIL
			    : strncmp(c->new_value, "warning", 7) == 0 ? STS_ICON_WARN
								       : STS_ICON_INFO);
	if (mended)
		sts_buf_puts(p->b, "mended: ");
	else
		sts_buf_printf(p->b, "%.*s: ", (int)strcspn(c->new_value, " "), c->new_value);
	sts_html_code(p->b, code, p->explain);
	if (blank != NULL) {
		sts_buf_puts(p->b, " at ");
		sts_xml(p->b, blank + 1);
	}
}

static void change(const struct page *p, const struct sts_change *c)
{
	static const char *const titles[] = {[STS_ITEM_RECORD] = "record",
		[STS_ITEM_POLICY] = "policy",
		[STS_ITEM_MX] = "MX records",
		[STS_ITEM_RPT] = "TLSRPT record"};

	sts_buf_puts(p->b, "<li>");
	switch (c->kind) {
	case STS_ITEM_VERDICT:
	case STS_ITEM_MODE:
		word_change(p, c);
		break;
	case STS_ITEM_RECORD:
	case STS_ITEM_MX:
	case STS_ITEM_RPT:
		sts_buf_printf(p->b, "%s %s\n", titles[c->kind], sts_change_words(c));
		diff(p, sts_str_of(c->old_value), sts_str_of(c->new_value));
		break;
	case STS_ITEM_POLICY:
		sts_buf_printf(p->b, "policy %s\n", sts_change_words(c));
		if (c->new_value[0] != '\0')
			diff(p, body_of(p, c->old_value), body_of(p, c->new_value));
		break;
	case STS_ITEM_CERT:
		cert_change(p, c);
		break;
	case STS_ITEM_FINDING:
		finding_change(p, c);
		break;
	default:
		break;
	}
	sts_buf_puts(p->b, "</li>\n");
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static void changes(const struct page *p)
{
	const struct sts_timeline *t = p->t;
	size_t begin = p->b->len;
	size_t count = t->change_count;

	sts_buf_puts(p->b, "<h3>Changes, the latest first</h3>\n");
	if (count == 0) {
		sts_buf_puts(p->b, "<p>No change.</p>\n");
		return;
	}
	sts_buf_puts(p->b, "<ol class=\"changes\">\n");
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || t->changes[i].at != t->changes[i - 1].at) {
			sts_buf_puts(p->b, "<li><p class=\"when\">");
			sts_html_time(p->b, t->changes[i].at);
			sts_buf_puts(p->b, "</p>\n<ul>\n");
		}
		change(p, &t->changes[i]);
		sts_arena_reset(p->arena);
		if (p->b->len - begin > CHANGES_SHOWN)
			count = i + 1;
		if (i + 1 == count || t->changes[i + 1].at != t->changes[i].at)
			sts_buf_puts(p->b, "</ul></li>\n");
	}
	sts_buf_puts(p->b, "</ol>\n");
	if (t->more || count < t->change_count)
		sts_buf_puts(p->b, "<p class=\"more\">Older changes are left out.</p>\n");
}

/* Policies that are served no more, but that some senders may hold. */
static void held(struct sts_buf *b, const struct sts_timeline *t)
{
	for (size_t i = 0; i < t->past->policy_count; i++) {
		const struct sts_past_policy *p = &t->past->policies[i];
		const char *mode = sts_mode_name(p->policy.mode);
		int64_t until = sts_past_until(p);

		if (!sts_past_held(p, t->now))
			continue;
		sts_buf_printf(b, "<p class=\"held\">Some senders may hold an earlier policy (mode %s, last seen ",
			mode == NULL ? "unknown" : mode);
		sts_html_time(b, p->last_at);
		sts_buf_puts(b, ") until ");
		sts_html_time(b, until);
		sts_buf_puts(b, ".</p>\n");
	}
}

void sts_html_timeline(struct sts_buf *b, const struct sts_timeline *t, const char *explain)
{
	struct page p = {b, sts_arena_new(), t, explain};

	if (p.arena == NULL)
		return;
	sts_buf_puts(b, "<p>First seen here ");
	sts_html_time(b, t->memory->first_at);
	sts_buf_puts(b, ", last ");
	sts_html_time(b, t->memory->last_at);
	sts_buf_printf(b, "; %" PRId64 " observation%s kept.</p>\n", t->observations, t->observations == 1 ? "" : "s");
	held(b, t);
	drawing(b, t);
	changes(&p);
	sts_arena_free(p.arena);
}
