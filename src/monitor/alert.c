#include "monitor/alert.h"

#include "base/jsonw.h"
#include "monitor/alert_text.h"
#include "monitor/cause.h"

/* Written out in one message; the rest is counted. */
#define DOMAINS_MAX 500
#define FINDINGS_MAX 100
#define DOMAINS_OF_FINDING_MAX 100
#define TEXT_MAX_LEN ((size_t)256 * 1024)

enum sts_event_kind sts_alert_kind(const struct sts_alert *a)
{
	enum sts_event_kind kind = STS_EVENT_SOLVED;

	for (size_t i = 0; i < a->count; i++)
		if (a->parts[i].kind < kind)
			kind = a->parts[i].kind;
	return kind;
}

enum sts_severity sts_alert_severity(const struct sts_alert *a)
{
	enum sts_severity worst = STS_INFO;

	for (size_t i = 0; i < a->count; i++)
		if (a->parts[i].severity > worst)
			worst = a->parts[i].severity;
	return worst;
}

/* ---- what became of it ------------------------------------------------------------------------------------------ */

static bool same_text(const struct sts_alert_part *a, const struct sts_alert_part *b, const char *name)
{
	return sts_str_eq(sts_json_text(a->look, name), sts_json_text(b->look, name));
}

static bool same_finding(const struct sts_alert_part *a, const struct sts_alert_part *b)
{
	return strcmp(a->domain, b->domain) == 0 && same_text(a, b, "code") && same_text(a, b, "place");
}

/* What it was told with is told of it further on: who heard of the one hears of the other. */
static void inherit(struct sts_alert_part *to, const struct sts_alert_part *from)
{
	if (from->severity > to->severity)
		to->severity = from->severity;
	if (from->since < to->since)
		to->since = from->since;
}

/* Two events of one finding, neither of them told yet: *first becomes what is to be told. @return false: nothing is */
static bool fold(struct sts_alert_part *first, const struct sts_alert_part *then)
{
	struct sts_alert_part both = *then;

	if (first->kind == STS_EVENT_NEW && then->kind == STS_EVENT_SOLVED)
		return false;
	if (first->kind == STS_EVENT_SOLVED && then->kind == STS_EVENT_NEW) {
		if (then->severity == first->severity)
			return false;
		both.kind = then->severity > first->severity ? STS_EVENT_WORSENED : STS_EVENT_CHANGED;
	} else if (then->kind != STS_EVENT_SOLVED && first->kind < then->kind) {
		both.kind = first->kind;
	}
	inherit(&both, first);
	*first = both;
	return true;
}

static void fold_in(struct sts_alert_part *parts, size_t *count, const struct sts_alert_part *p)
{
	size_t i = 0;

	while (i < *count && !same_finding(&parts[i], p))
		i++;
	if (i == *count)
		parts[(*count)++] = *p;
	else if (!fold(&parts[i], p))
		memmove(&parts[i], &parts[i + 1], (--*count - i) * sizeof *parts);
}

/* What is solved goes last, in the order it has. @return how many come before */
static size_t solved_last(struct sts_alert_part *parts, size_t count, struct sts_arena *arena)
{
	struct sts_alert_part *solved = sts_alloc_array(arena, count + 1, sizeof *solved);
	size_t troubles = 0;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (parts[i].kind == STS_EVENT_SOLVED)
			solved[n++] = parts[i];
		else
			parts[troubles++] = parts[i];
	}
	if (n > 0)
		memcpy(parts + troubles, solved, n * sizeof *solved);
	return troubles;
}

/* ---- one fault in place of another ----------------------------------------------------------------------------- */

/* Codes of one thing that fails in one way or another: "mx.cert.expiring" and "mx.cert.expired", but not
 * "policy.mode-missing" and "policy.max-age-low", which have nothing to do with each other. */
static bool is_kin(struct sts_str a, struct sts_str b)
{
	size_t first = sts_str_find(a, '.', 0);
	size_t second = first < a.len ? sts_str_find(a, '.', first + 1) : a.len;

	return second < a.len && b.len > second && memcmp(a.ptr, b.ptr, second + 1) == 0 && !sts_str_eq(a, b);
}

static bool gives_way(const struct sts_alert_part *solved, const struct sts_alert_part *to)
{
	return to->at >= solved->at && strcmp(solved->domain, to->domain) == 0 && same_text(solved, to, "place") &&
	       is_kin(sts_json_text(solved->look, "code"), sts_json_text(to->look, "code"));
}

static void take_over(struct sts_alert_part *to, const struct sts_alert_part *solved)
{
	if (to->kind == STS_EVENT_NEW)
		to->kind = to->severity > solved->severity ? STS_EVENT_WORSENED : STS_EVENT_CHANGED;
	inherit(to, solved);
}

/* The first that a solved one gives way to; count: none. */
static size_t find_heir(const struct sts_alert_part *parts, size_t count, const struct sts_alert_part *solved)
{
	size_t i = 0;

	while (i < count && !gives_way(solved, &parts[i]))
		i++;
	return i;
}

size_t sts_alert_merge(struct sts_alert_part *parts, size_t count, struct sts_arena *arena)
{
	size_t folded = 0;
	size_t troubles;
	size_t left;

	for (size_t i = 0; i < count; i++) {
		struct sts_alert_part p = parts[i];

		fold_in(parts, &folded, &p);
	}
	troubles = solved_last(parts, folded, arena);
	left = troubles;
	for (size_t i = troubles; i < folded; i++) {
		size_t heir = find_heir(parts, troubles, &parts[i]);

		if (heir < troubles)
			take_over(&parts[heir], &parts[i]);
		else
			parts[left++] = parts[i];
	}
	return left;
}

/* ---- parts of the document ------------------------------------------------------------------------------------- */

static void write_tags(struct sts_jsonw *w, const char *tags)
{
	struct sts_str rest = sts_str_of(tags);

	sts_jw_array(w, "tags");
	while (rest.len > 0) {
		size_t n = sts_str_find(rest, ',', 0);

		if (n > 0)
			sts_jw_str(w, NULL, sts_str(rest.ptr, n));
		rest = sts_str_from(rest, n + 1);
	}
	sts_jw_end_array(w);
}

static void write_domains(struct sts_jsonw *w, const struct sts_alert *a, struct sts_arena *arena)
{
	size_t count;
	const struct sts_alert_part **list = sts_alert_domains(a, arena, &count);

	sts_jw_int(w, "domain_count", (int64_t)count);
	sts_jw_array(w, "domains");
	for (size_t i = 0; i < count && i < sts_alert_shown(a, DOMAINS_MAX); i++) {
		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "domain", list[i]->domain);
		write_tags(w, list[i]->tags);
		sts_jw_str(w, "verdict", sts_json_text(list[i]->look, "verdict"));
		sts_jw_str(w, "effect", sts_json_text(list[i]->look, "effect"));
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
}

static void write_member(struct sts_jsonw *w, const struct sts_json *object, const char *name)
{
	struct sts_str s = sts_json_text(object, name);

	if (s.ptr == NULL)
		sts_jw_null(w, name);
	else
		sts_jw_str(w, name, s);
}

static void write_fix(struct sts_jsonw *w, const struct sts_json *fix)
{
	sts_jw_object(w, "fix");
	write_member(w, fix, "text");
	write_member(w, fix, "snippet");
	write_member(w, fix, "type");
	sts_jw_end_object(w);
}

static void write_finding(struct sts_jsonw *w, const struct sts_alert *a, const struct sts_alert_group *g)
{
	const struct sts_json *look = g->first->look;

	sts_jw_object(w, NULL);
	write_member(w, look, "code");
	sts_jw_cstr(w, "kind", sts_event_kind_name(g->first->kind));
	sts_jw_cstr(w, "severity", sts_severity_name(g->first->severity));
	write_member(w, look, "title");
	write_member(w, look, "detail");
	write_member(w, look, "subject");
	write_member(w, look, "place");
	write_member(w, look, "rfc");
	write_member(w, look, "result_type");
	write_member(w, look, "cause");
	sts_jw_time(w, "since", g->first->since);
	write_fix(w, sts_json_get(look, "fix"));
	sts_jw_int(w, "domain_count", (int64_t)g->count);
	sts_jw_array(w, "domains");
	for (size_t i = 0; i < g->count && i < sts_alert_shown(a, DOMAINS_OF_FINDING_MAX); i++)
		sts_jw_cstr(w, NULL, g->parts[i]->domain);
	sts_jw_end_array(w);
	sts_jw_end_object(w);
}

static void write_findings(struct sts_jsonw *w, const struct sts_alert *a, struct sts_arena *arena)
{
	size_t count;
	const struct sts_alert_group *groups = sts_alert_groups(a, arena, &count);

	sts_jw_int(w, "finding_count", (int64_t)count);
	sts_jw_array(w, "findings");
	for (size_t i = 0; i < count && i < sts_alert_shown(a, FINDINGS_MAX); i++)
		write_finding(w, a, &groups[i]);
	sts_jw_end_array(w);
}

static int64_t since_of(const struct sts_alert *a)
{
	int64_t since = a->at;

	for (size_t i = 0; i < a->count; i++)
		if (a->parts[i].since < since)
			since = a->parts[i].since;
	return since;
}

static void write_cause(struct sts_jsonw *w, const char *key)
{
	sts_jw_object(w, "cause");
	sts_jw_cstr(w, "type", sts_cause_kind(key));
	sts_jw_cstr(w, "name", sts_cause_name(key));
	sts_jw_end_object(w);
}

static void write_head(
	struct sts_jsonw *w, const char *name, const char *thread, const char *kind, const char *severity, int64_t at)
{
	sts_jw_cstr(w, "schema", "mtasts.alert/1");
	sts_jw_cstr(w, "id", name);
	sts_jw_cstr(w, "thread", thread);
	sts_jw_cstr(w, "kind", kind);
	sts_jw_cstr(w, "severity", severity);
	sts_jw_time(w, "at", at);
}

void sts_alert_write(const struct sts_alert *a, struct sts_arena *arena, struct sts_buf *out)
{
	struct sts_jsonw w = sts_jsonw(out, false);
	struct sts_buf text;

	sts_buf_init(&text, TEXT_MAX_LEN);
	sts_alert_text(a, arena, &text);
	sts_jw_object(&w, NULL);
	write_head(&w, a->name, a->thread, sts_event_kind_name(sts_alert_kind(a)),
		sts_severity_name(sts_alert_severity(a)), a->at);
	sts_jw_time(&w, "since", since_of(a));
	sts_jw_bool(&w, "test", a->test);
	sts_jw_cstr(&w, "title", sts_alert_title(a, arena));
	sts_jw_str(&w, "text", sts_buf_str(&text));
	sts_jw_cstr(&w, "ends", sts_alert_end(a, arena));
	write_cause(&w, a->cause);
	sts_jw_int(&w, "reminder", a->reminder);
	sts_jw_int(&w, "remaining_domains", a->remaining);
	write_domains(&w, a, arena);
	write_findings(&w, a, arena);
	sts_jw_end_object(&w);
	if (text.failed)
		out->failed = true;
	sts_buf_clear(&text);
}

/* ---- digest ---------------------------------------------------------------------------------------------------- */

static void add_text(struct sts_buf *text, const struct sts_json *alert)
{
	struct sts_str s = sts_json_text(alert, "text");
	struct sts_str at = sts_json_text(alert, "at");

	sts_buf_printf(text, "\n---- %.*s ----\n", STS_FMT(at));
	sts_buf_add(text, s.ptr == NULL ? "" : s.ptr, s.len);
}

static enum sts_severity severity_of(const struct sts_json *alert)
{
	struct sts_str word = sts_json_text(alert, "severity");

	for (enum sts_severity s = STS_INFO; s <= STS_ERROR; s++)
		if (sts_str_is(word, sts_severity_name(s)))
			return s;
	return STS_INFO;
}

void sts_digest_write(const char *name, int64_t at, const struct sts_str *docs, size_t count, struct sts_arena *arena,
	struct sts_buf *out)
{
	struct sts_jsonw w = sts_jsonw(out, false);
	enum sts_severity worst = STS_INFO;
	const char *title = sts_sprintf(arena, "%zu alerts from the quiet hours", count);
	struct sts_buf text;

	sts_buf_init(&text, 4 * TEXT_MAX_LEN);
	sts_buf_printf(&text, "%s\n", title);
	for (size_t i = 0; i < count; i++) {
		const char *why;
		const struct sts_json *alert = sts_json_read(docs[i], arena, &why);

		add_text(&text, alert);
		worst = severity_of(alert) > worst ? severity_of(alert) : worst;
	}
	sts_jw_object(&w, NULL);
	write_head(&w, name, name, "digest", sts_severity_name(worst), at);
	sts_jw_bool(&w, "test", false);
	sts_jw_cstr(&w, "title", title);
	sts_jw_str(&w, "text", sts_buf_str(&text));
	sts_jw_array(&w, "alerts");
	for (size_t i = 0; i < count; i++)
		sts_jw_raw(&w, NULL, docs[i]);
	sts_jw_end_array(&w);
	sts_jw_end_object(&w);
	if (text.failed)
		out->failed = true;
	sts_buf_clear(&text);
}
