#include "scan/summary.h"

#include "base/jsonw.h"
#include "check/catalogue.h"
#include "check/findings.h"
#include "monitor/cause.h"
#include "render/words.h"

#include <inttypes.h>
#include <stdio.h>

#define SHOWN 15
#define CAUSES_SHOWN 10
#define LISTED 1000

/* Best first, as people read it. */
static const enum sts_verdict verdicts[] = {STS_VERDICT_ENFORCED, STS_VERDICT_TESTING, STS_VERDICT_NONE, STS_VERDICT_BLOCKING,
	STS_VERDICT_BROKEN, STS_VERDICT_ABSENT, STS_VERDICT_UNKNOWN};

static uint64_t of_verdict(const struct sts_scan_end *end, enum sts_verdict v)
{
	char key[32];

	snprintf(key, sizeof key, "v:%s", sts_verdict_name(v));
	return sts_tally_get(&end->tally, key);
}

static double share(uint64_t n, uint64_t of)
{
	return of == 0 ? 0 : 100.0 * (double)n / (double)of;
}

/* ---- text ----------------------------------------------------------------------------------------------------------- */

static void line(struct sts_buf *out, uint64_t n, double percent, const char *word, const char *more)
{
	sts_buf_printf(out, "  %10" PRIu64 "  %5.1f %%  %s", n, percent, word);
	if (more != NULL)
		sts_buf_printf(out, "  %s", more);
	sts_buf_addc(out, '\n');
}

static void head(const struct sts_scan_end *end, struct sts_buf *out)
{
	uint64_t now = end->done - end->done_before;

	sts_buf_printf(out, "%" PRIu64 " names", end->done);
	if (end->done_before > 0)
		sts_buf_printf(out, " (%" PRIu64 " in an earlier part)", end->done_before);
	sts_buf_puts(out, " in ");
	sts_duration_words(out, (end->duration_ms + 999) / 1000);
	sts_buf_printf(out, ", %.0f a second", end->duration_ms > 0 ? (double)now * 1000 / (double)end->duration_ms : 0);
	if (end->interrupted)
		sts_buf_puts(out, "; ended early");
	sts_buf_addc(out, '\n');
}

static const char *cause_words(struct sts_arena *arena, const char *key)
{
	const char *kind = sts_cause_kind(key);
	const char *words = strcmp(kind, "mx") == 0 ? "MX host" : strcmp(kind, "policy-host") == 0 ? "policy host" : kind;

	return sts_sprintf(arena, "%s %s", words, sts_cause_name(key));
}

static void list(const struct sts_scan_end *end, struct sts_buf *out, struct sts_arena *arena, const char *kind,
	const char *title, size_t max, uint64_t of)
{
	size_t count;
	const struct sts_count **top = sts_tally_top(&end->tally, kind, max, arena, &count);

	if (count == 0)
		return;
	sts_buf_printf(out, "%s\n", title);
	for (size_t i = 0; i < count; i++) {
		const char *name = top[i]->key + 2;
		enum sts_finding_id id = strcmp(kind, "f:") == 0 ? sts_catalogue_find(name) : STS_F_COUNT;

		line(out, top[i]->n, share(top[i]->n, of), strcmp(kind, "c:") == 0 ? cause_words(arena, name) : name,
			id == STS_F_COUNT ? NULL : sts_catalogue(id)->title);
	}
}

void sts_scan_summary_text(const struct sts_scan_end *end, struct sts_buf *out)
{
	struct sts_arena *arena = sts_arena_new();
	uint64_t records = sts_tally_get(&end->tally, "s:record");
	uint64_t invalid = sts_tally_get(&end->tally, "i:invalid");
	uint64_t opted_out = sts_tally_get(&end->tally, "i:opted-out");
	uint64_t domains = end->done - invalid - opted_out;

	if (arena == NULL)
		return;
	head(end, out);
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
		if (of_verdict(end, verdicts[i]) > 0)
			line(out, of_verdict(end, verdicts[i]), share(of_verdict(end, verdicts[i]), domains),
				sts_verdict_name(verdicts[i]), NULL);
	if (invalid > 0)
		line(out, invalid, share(invalid, end->done), "no names", NULL);
	if (opted_out > 0)
		line(out, opted_out, share(opted_out, end->done), "left alone: opted out", NULL);
	sts_buf_printf(out, "%" PRIu64 " with a record", records);
	if (sts_tally_get(&end->tally, "s:incomplete") > 0)
		sts_buf_printf(out, "; %" PRIu64 " could not be tested whole", sts_tally_get(&end->tally, "s:incomplete"));
	if (end->retried > 0)
		sts_buf_printf(out, "; %" PRIu64 " look-ups put off and tried again at the end", end->retried);
	sts_buf_addc(out, '\n');
	if (end->shared.sessions_shared > 0)
		sts_buf_printf(out, "%" PRIu64 " sessions with mail hosts served %" PRIu64 " more times\n", end->shared.sessions,
			end->shared.sessions_shared);
	if (end->shared.stalls > 0)
		sts_buf_printf(out, "%" PRIu64 " fetches not tried: their hosts let others wait in vain\n", end->shared.stalls);
	list(end, out, arena, "l:", "misconfigured, by layer (share of those with a record)", SHOWN, records);
	list(end, out, arena, "f:", "findings, by domains that have them", SHOWN, domains);
	list(end, out, arena, "c:", "causes that domains share", CAUSES_SHOWN, records);
	if (end->tally.overflowed)
		sts_buf_puts(out, "  (there were too many causes to count them all)\n");
	sts_arena_free(arena);
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------- */

static void write_list(struct sts_jsonw *w, const struct sts_scan_end *end, struct sts_arena *arena, const char *kind,
	const char *name)
{
	size_t count;
	const struct sts_count **top = sts_tally_top(&end->tally, kind, LISTED, arena, &count);
	bool causes = strcmp(kind, "c:") == 0, findings = strcmp(kind, "f:") == 0;

	sts_jw_array(w, name);
	for (size_t i = 0; i < count; i++) {
		const char *key = top[i]->key + 2;
		enum sts_finding_id id = findings ? sts_catalogue_find(key) : STS_F_COUNT;

		sts_jw_object(w, NULL);
		if (causes)
			sts_jw_cstr(w, "kind", sts_cause_kind(key));
		sts_jw_cstr(w, causes ? "name" : findings ? "code" : "layer", causes ? sts_cause_name(key) : key);
		if (id != STS_F_COUNT)
			sts_jw_cstr(w, "title", sts_catalogue(id)->title);
		sts_jw_int(w, "domains", (int64_t)top[i]->n);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
}

static void write_numbers(struct sts_jsonw *w, const struct sts_scan_end *end)
{
	static const struct {
		const char *key, *name;
	} numbers[] = {
		{"i:invalid", "invalid"},
		{"i:opted-out", "opted_out"},
		{"s:record", "with_record"},
		{"s:incomplete", "incomplete"},
	};

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sts_jw_int(w, numbers[i].name, (int64_t)sts_tally_get(&end->tally, numbers[i].key));
	sts_jw_object(w, "verdicts");
	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
		sts_jw_int(w, sts_verdict_name(verdicts[i]), (int64_t)of_verdict(end, verdicts[i]));
	sts_jw_end_object(w);
	sts_jw_object(w, "worst_finding");
	for (int s = STS_ERROR; s >= STS_NOTICE; s--) {
		char key[32];

		snprintf(key, sizeof key, "s:%s", sts_severity_name((enum sts_severity)s));
		sts_jw_int(w, sts_severity_name((enum sts_severity)s), (int64_t)sts_tally_get(&end->tally, key));
	}
	sts_jw_end_object(w);
}

static void write_shared(struct sts_jsonw *w, const struct sts_share_numbers *n)
{
	sts_jw_object(w, "shared");
	sts_jw_int(w, "smtp_sessions", (int64_t)n->sessions);
	sts_jw_int(w, "smtp_sessions_spared", (int64_t)n->sessions_shared);
	sts_jw_int(w, "fetches", (int64_t)n->fetches);
	sts_jw_int(w, "fetches_spared", (int64_t)n->fetches_spared);
	sts_jw_int(w, "fetches_not_tried", (int64_t)n->stalls);
	sts_jw_end_object(w);
}

void sts_scan_summary_json(const struct sts_scan *scan, const struct sts_scan_end *end, struct sts_buf *out)
{
	static const char *const depths[] = {"record", "policy", "full"};
	struct sts_arena *arena = sts_arena_new();
	struct sts_jsonw w = sts_jsonw(out, true);

	if (arena == NULL)
		return;
	sts_jw_object(&w, NULL);
	sts_jw_cstr(&w, "schema", "mtasts.scan-summary/1");
	sts_jw_cstr(&w, "depth", depths[scan->depth]);
	sts_jw_bool(&w, "complete", !end->interrupted && end->why[0] == '\0');
	sts_jw_int(&w, "names", (int64_t)end->done);
	sts_jw_int(&w, "names_before", (int64_t)end->done_before);
	sts_jw_int(&w, "retried", (int64_t)end->retried);
	sts_jw_int(&w, "duration_ms", end->duration_ms);
	write_numbers(&w, end);
	write_shared(&w, &end->shared);
	write_list(&w, end, arena, "l:", "layers");
	write_list(&w, end, arena, "f:", "findings");
	write_list(&w, end, arena, "c:", "causes");
	sts_jw_bool(&w, "causes_complete", !end->tally.overflowed);
	sts_jw_end_object(&w);
	sts_buf_addc(out, '\n');
	sts_arena_free(arena);
}
