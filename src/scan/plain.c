#include "scan/plain.h"

#include "base/clock.h"
#include "proto/dnsmsg.h"
#include "render/escape.h"
#include "render/render.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define RESULT_MAX ((size_t)16 * 1024 * 1024)

/* ---- judging -------------------------------------------------------------------------------------------------------- */

static void see_vantage(const struct sts_discovery *d, struct sts_vantage *v)
{
	v->resolver = d->resolver;
	v->path = STS_PATH_UNVALIDATED;
	v->path_why = "a scan asks for the record without validation, and validates where there is one";
	v->ipv4 = d->ipv4 ? STS_YES : STS_NO;
	v->ipv6 = d->ipv6 ? STS_YES : STS_NO;
}

struct sts_report *sts_discovery_judge(const struct sts_discovery *d, const struct sts_domain *domain,
	const struct sts_answer *answer, int64_t checked_at, int64_t duration_ms, struct sts_arena *arena)
{
	struct sts_facts *f = STS_NEW(arena, struct sts_facts);
	struct sts_str *texts = sts_alloc_array(arena, answer->rr_count == 0 ? 1 : answer->rr_count, sizeof *texts);

	f->domain = domain->ascii;
	f->domain_unicode = domain->unicode;
	f->notes = domain->notes;
	f->note_count = domain->note_count;
	f->checked_at = checked_at;
	f->judged_at = d->at >= 0 ? d->at : checked_at;
	f->duration_ms = duration_ms;
	f->record_only = f->no_authoritative = true;
	f->record = *answer;
	f->record.name = sts_sprintf(arena, "_mta-sts.%s", domain->ascii);
	f->record.type = STS_T_TXT;
	f->policy_host.name = sts_sprintf(arena, "mta-sts.%s", domain->ascii);
	for (size_t i = 0; i < answer->rr_count; i++)
		texts[i] = answer->rrs[i].data;
	sts_record_set_parse(texts, answer->state == STS_DNS_OK ? answer->rr_count : 0, arena, &f->record_set);
	see_vantage(d, &f->vantage);
	return sts_judge(f, arena);
}

void sts_discovery_render(const struct sts_discovery *d, const struct sts_report *report, struct sts_buf *out)
{
	if (d->format == STS_FORMAT_CSV) {
		struct sts_buf b;
		size_t head;

		sts_buf_init(&b, RESULT_MAX);
		sts_render_csv(&b, (struct sts_reports){&report, 1});
		head = sts_str_find(sts_buf_str(&b), '\n', 0);
		sts_buf_add(out, b.ptr + head + 1, b.len - head - 1);
		sts_buf_clear(&b);
	} else {
		struct sts_jsonw w = sts_jsonw(out, false);

		sts_json_report(&w, NULL, report);
		sts_buf_addc(out, '\n');
	}
}

void sts_invalid_csv(struct sts_buf *out, struct sts_str typed, const char *why)
{
	sts_escape_csv(out, typed, 1000);
	sts_buf_puts(out, ",\"invalid\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",,,");
	sts_escape_csv(out, sts_str_of(why), 1000);
	sts_buf_puts(out, ",\"\",\"\",\"\",\"\",\"\"\n");
}

/* ---- pieces --------------------------------------------------------------------------------------------------------- */

enum gap { GAP_DOMAIN, GAP_TIME, GAP_ID, GAP_DURATION, GAP_COUNT, GAP_NONE = GAP_COUNT };

/* Marks that nothing else in a result resembles. */
#define MARK_DOMAIN "qx7mark-domain.zz-mark"
#define MARK_AT 86400 /* no other time of a result is of this day */
#define MARK_TIME "1970-01-02T00:00:00Z"
#define MARK_ID "19700102000000" /* an id to paste is made of the time */
#define MARK_DURATION 987654321987
#define MARK_DURATION_TEXT "987654321987"
#define PIECES_MAX 64
/* Copied at once: pieces are short, and a call for each would cost more than they do. There is so much room behind all that is copied. */
#define STEP 32

struct piece {
	struct sts_str text;
	enum gap gap; /* what stands behind the text */
};

struct template {
	struct sts_buf whole;
	struct piece pieces[PIECES_MAX];
	size_t count;
	size_t text_len;         /* of all pieces */
	size_t gaps[GAP_COUNT + 1]; /* how many of each kind */
};

/* What goes into a gap. */
struct filling {
	size_t len;
	char text[STS_PLAIN_MAX + STEP];
};

struct sts_plain {
	struct template nxdomain, nodata;
	int64_t time_at;     /* the time that is written in fillings */
	int64_t duration_ms; /* likewise */
	struct filling fillings[GAP_COUNT + 1];
};

static enum gap next_gap(struct sts_str rest, size_t *at, size_t *len)
{
	static const char *const marks[GAP_COUNT] = {MARK_DOMAIN, MARK_TIME, MARK_ID, MARK_DURATION_TEXT};
	enum gap found = GAP_NONE;

	*at = rest.len;
	*len = 0;
	for (size_t g = 0; g < GAP_COUNT; g++) {
		const char *p = memmem(rest.ptr, rest.len, marks[g], strlen(marks[g]));

		if (p == NULL || (size_t)(p - rest.ptr) >= *at)
			continue;
		*at = (size_t)(p - rest.ptr);
		*len = strlen(marks[g]);
		found = (enum gap)g;
	}
	return found;
}

static bool cut(struct template *t)
{
	struct sts_str rest = sts_buf_str(&t->whole);

	while (rest.len > 0 && t->count < PIECES_MAX) {
		struct piece *p = &t->pieces[t->count++];
		size_t at, len;

		p->gap = next_gap(rest, &at, &len);
		p->text = sts_str(rest.ptr, at);
		t->text_len += at;
		t->gaps[p->gap]++;
		rest = sts_str_from(rest, at + len);
	}
	return rest.len == 0;
}

static bool make(struct template *t, const struct sts_discovery *d, enum sts_dns_state state)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_domain domain = {.ascii = MARK_DOMAIN};
	struct sts_answer answer = {.state = state};

	if (arena == NULL)
		return false;
	sts_buf_init(&t->whole, RESULT_MAX);
	sts_discovery_render(d, sts_discovery_judge(d, &domain, &answer, MARK_AT, MARK_DURATION, arena), &t->whole);
	sts_arena_free(arena);
	return sts_buf_reserve(&t->whole, STEP) && cut(t);
}

struct sts_plain *sts_plain_new(const struct sts_discovery *d)
{
	struct sts_plain *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->time_at = p->duration_ms = -1;
	if (!make(&p->nxdomain, d, STS_DNS_NXDOMAIN) || !make(&p->nodata, d, STS_DNS_NODATA)) {
		sts_plain_free(p);
		return NULL;
	}
	return p;
}

void sts_plain_free(struct sts_plain *p)
{
	if (p == NULL)
		return;
	sts_buf_clear(&p->nxdomain.whole);
	sts_buf_clear(&p->nodata.whole);
	free(p);
}

bool sts_plain_takes(const struct sts_domain *domain)
{
	return domain->unicode == NULL && domain->note_count == 0 && strlen(domain->ascii) <= STS_PLAIN_MAX;
}

static void fill(struct filling *f, struct sts_str text)
{
	f->len = text.len;
	memcpy(f->text, text.ptr, text.len);
}

static void fill_time(struct sts_plain *p, int64_t at)
{
	char time[21], id[21];
	size_t digits = 0;

	sts_format_time(at, time);
	for (const char *c = time; *c != '\0'; c++)
		if (sts_is_digit(*c))
			id[digits++] = *c;
	fill(&p->fillings[GAP_TIME], sts_str_of(time));
	fill(&p->fillings[GAP_ID], sts_str(id, strlen(MARK_ID)));
	p->time_at = at;
}

static void fill_duration(struct sts_plain *p, int64_t ms)
{
	char text[24];

	fill(&p->fillings[GAP_DURATION], sts_str(text, (size_t)snprintf(text, sizeof text, "%" PRId64, ms)));
	p->duration_ms = ms;
}

static char *copy(char *to, const char *from, size_t len)
{
	for (size_t at = 0; at < len; at += STEP)
		memcpy(to + at, from + at, STEP);
	return to + len;
}

void sts_plain_write(struct sts_plain *p, struct sts_str domain, enum sts_dns_state state, int64_t checked_at,
	int64_t duration_ms, struct sts_buf *out)
{
	const struct template *t = state == STS_DNS_NXDOMAIN ? &p->nxdomain : &p->nodata;
	size_t len = t->text_len;
	char *to;

	fill(&p->fillings[GAP_DOMAIN], domain);
	if (checked_at != p->time_at)
		fill_time(p, checked_at);
	if (duration_ms != p->duration_ms)
		fill_duration(p, duration_ms);
	for (size_t g = 0; g < GAP_COUNT; g++)
		len += t->gaps[g] * p->fillings[g].len;
	if (!sts_buf_reserve(out, len + STEP))
		return;
	to = out->ptr + out->len;
	for (size_t i = 0; i < t->count; i++) {
		const struct filling *f = &p->fillings[t->pieces[i].gap];

		to = copy(to, t->pieces[i].text.ptr, t->pieces[i].text.len);
		to = copy(to, f->text, f->len);
	}
	out->len += len;
	*to = '\0';
}
