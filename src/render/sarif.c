/*
 * Reports as SARIF 2.1.0: one run, a rule for each finding that was made, a result for each finding. What has no file gets a URI that
 * names it: the policy's URL, or the dns: URI (RFC 4501) of the record it is about.
 */
#include "mtasts/check.h"
#include "render/render.h"
#include "render/words.h"

#include <stdlib.h>

struct rules {
	const char **codes;
	size_t count;
};

static size_t rule_index(const struct rules *rules, const char *code)
{
	size_t i = 0;

	while (i < rules->count && strcmp(rules->codes[i], code) != 0)
		i++;
	return i;
}

/* Every code in the order met. False when out of memory. */
static bool collect_rules(struct sts_reports reports, struct rules *rules)
{
	size_t room = 0;

	for (size_t i = 0; i < reports.count; i++)
		room += reports.items[i]->finding_count;
	*rules = (struct rules){calloc(room == 0 ? 1 : room, sizeof *rules->codes), 0};
	if (rules->codes == NULL)
		return false;
	for (size_t i = 0; i < reports.count; i++)
		for (size_t j = 0; j < reports.items[i]->finding_count; j++) {
			const char *code = reports.items[i]->findings[j].code;

			if (rule_index(rules, code) == rules->count)
				rules->codes[rules->count++] = code;
		}
	return true;
}

static const char *level(enum sts_severity severity)
{
	return severity == STS_ERROR ? "error" : severity == STS_WARNING ? "warning" : "note";
}

static void message(struct sts_jsonw *w, const char *key, const char *text)
{
	sts_jw_object(w, key);
	sts_jw_cstr(w, "text", text);
	sts_jw_end_object(w);
}

static void rule(struct sts_jsonw *w, const char *code)
{
	struct sts_explanation e = {.title = code, .what = code, .why = "", .fix = "", .source = ""};
	struct sts_buf help;
	/* not being in the catalogue is a mistake of ours, and no reason to write nothing */
	bool known = sts_explain(code, &e) == STS_OK;

	sts_jw_object(w, NULL);
	sts_jw_cstr(w, "id", code);
	message(w, "shortDescription", e.title);
	message(w, "fullDescription", e.what);
	sts_buf_init(&help, 16384);
	sts_buf_printf(&help, "%s %s %s", e.what, e.why, e.fix);
	message(w, "help", help.ptr);
	sts_buf_clear(&help);
	if (known) {
		sts_jw_object(w, "properties");
		sts_jw_cstr(w, "source", e.source);
		sts_jw_end_object(w);
	}
	sts_jw_end_object(w);
}

static void tool(struct sts_jsonw *w, const struct rules *rules)
{
	sts_jw_object(w, "tool");
	sts_jw_object(w, "driver");
	sts_jw_cstr(w, "name", "mtasts");
	sts_jw_cstr(w, "version", sts_version());
	sts_jw_cstr(w, "semanticVersion", sts_version());
	sts_jw_array(w, "rules");
	for (size_t i = 0; i < rules->count; i++)
		rule(w, rules->codes[i]);
	sts_jw_end_array(w);
	sts_jw_end_object(w);
	sts_jw_end_object(w);
}

static void artifact_uri(struct sts_buf *b, const struct sts_report *r, const char *code)
{
	switch (sts_part_of(code)) {
	case STS_PART_DNS_RECORD:
		sts_buf_printf(b, "dns:_mta-sts.%s?type=TXT", r->facts->domain);
		break;
	case STS_PART_TLS_RPT:
		sts_buf_printf(b, "dns:_smtp._tls.%s?type=TXT", r->facts->domain);
		break;
	case STS_PART_MX_MATCH:
	case STS_PART_MX_TLS:
	case STS_PART_DANE:
		sts_buf_printf(b, "dns:%s?type=MX", r->facts->domain);
		break;
	default:
		sts_policy_url(b, r->facts);
	}
}

static void location(struct sts_jsonw *w, const struct sts_report *r, const struct sts_finding *f)
{
	struct sts_buf uri;

	sts_buf_init(&uri, 1024);
	artifact_uri(&uri, r, f->code);
	sts_jw_array(w, "locations");
	sts_jw_object(w, NULL);
	sts_jw_object(w, "physicalLocation");
	sts_jw_object(w, "artifactLocation");
	sts_jw_str(w, "uri", sts_buf_str(&uri));
	sts_jw_end_object(w);
	sts_jw_object(w, "region");
	sts_jw_int(w, "startLine", f->line > 0 ? f->line : 1);
	if (f->line > 0 && f->column > 0)
		sts_jw_int(w, "startColumn", f->column);
	sts_jw_end_object(w);
	sts_jw_end_object(w);
	sts_jw_array(w, "logicalLocations");
	sts_jw_object(w, NULL);
	sts_jw_cstr(w, "fullyQualifiedName", f->subject);
	sts_jw_end_object(w);
	sts_jw_end_array(w);
	sts_jw_end_object(w);
	sts_jw_end_array(w);
	sts_buf_clear(&uri);
}

/* What makes a result the same one in the next run. */
static void fingerprint(struct sts_jsonw *w, const struct sts_report *r, const struct sts_finding *f)
{
	struct sts_buf b;

	sts_buf_init(&b, 4096);
	sts_buf_printf(&b, "%s/%s/%s", r->facts->domain, f->code, f->subject);
	sts_jw_object(w, "partialFingerprints");
	sts_jw_str(w, "finding/v1", sts_buf_str(&b));
	sts_jw_end_object(w);
	sts_buf_clear(&b);
}

static void result(struct sts_jsonw *w, const struct rules *rules, const struct sts_report *r, const struct sts_finding *f)
{
	struct sts_buf text;

	sts_jw_object(w, NULL);
	sts_jw_cstr(w, "ruleId", f->code);
	sts_jw_int(w, "ruleIndex", (int64_t)rule_index(rules, f->code));
	sts_jw_cstr(w, "level", level(f->severity));
	sts_buf_init(&text, 65536);
	sts_buf_printf(&text, "%s (%s). %s", f->title, f->subject, f->detail);
	if (f->fix_text != NULL)
		sts_buf_printf(&text, " Mend: %s", f->fix_text);
	if (f->fix_snippet != NULL)
		sts_buf_printf(&text, "\n%s", f->fix_snippet);
	sts_jw_object(w, "message");
	sts_jw_str(w, "text", sts_buf_str(&text));
	sts_jw_end_object(w);
	sts_buf_clear(&text);
	location(w, r, f);
	fingerprint(w, r, f);
	sts_jw_object(w, "properties");
	sts_jw_cstr(w, "domain", r->facts->domain);
	sts_jw_cstr(w, "verdict", sts_verdict_name(r->verdict));
	sts_jw_cstr(w, "severity", sts_severity_name(f->severity));
	sts_jw_end_object(w);
	sts_jw_end_object(w);
}

static void notification(struct sts_jsonw *w, const struct sts_report *r, const struct sts_not_tested *n)
{
	struct sts_buf text;

	sts_buf_init(&text, 4096);
	sts_buf_printf(&text, "%s: not tested: %s (%s)", r->facts->domain, n->what, n->reason);
	sts_jw_object(w, NULL);
	sts_jw_cstr(w, "level", "warning");
	sts_jw_object(w, "message");
	sts_jw_str(w, "text", sts_buf_str(&text));
	sts_jw_end_object(w);
	sts_jw_end_object(w);
	sts_buf_clear(&text);
}

static void invocation(struct sts_jsonw *w, struct sts_reports reports)
{
	bool successful = true;

	for (size_t i = 0; i < reports.count; i++)
		successful = successful && reports.items[i]->verdict != STS_VERDICT_UNKNOWN;
	sts_jw_array(w, "invocations");
	sts_jw_object(w, NULL);
	sts_jw_bool(w, "executionSuccessful", successful);
	if (reports.count > 0)
		sts_jw_time(w, "startTimeUtc", reports.items[0]->facts->checked_at);
	sts_jw_array(w, "toolExecutionNotifications");
	for (size_t i = 0; i < reports.count; i++)
		for (size_t j = 0; j < reports.items[i]->not_tested_count; j++)
			notification(w, reports.items[i], &reports.items[i]->not_tested[j]);
	sts_jw_end_array(w);
	sts_jw_end_object(w);
	sts_jw_end_array(w);
}

void sts_render_sarif(struct sts_buf *out, struct sts_reports reports)
{
	struct sts_jsonw w = sts_jsonw(out, true);
	struct rules rules;

	if (!collect_rules(reports, &rules)) {
		out->failed = true;
		return;
	}
	sts_jw_object(&w, NULL);
	sts_jw_cstr(&w, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	sts_jw_cstr(&w, "version", "2.1.0");
	sts_jw_array(&w, "runs");
	sts_jw_object(&w, NULL);
	tool(&w, &rules);
	invocation(&w, reports);
	sts_jw_array(&w, "results");
	for (size_t i = 0; i < reports.count; i++)
		for (size_t j = 0; j < reports.items[i]->finding_count; j++)
			result(&w, &rules, reports.items[i], &reports.items[i]->findings[j]);
	sts_jw_end_array(&w);
	sts_jw_cstr(&w, "columnKind", "unicodeCodePoints");
	sts_jw_end_object(&w);
	sts_jw_end_array(&w);
	sts_jw_end_object(&w);
	sts_buf_addc(out, '\n');
	free((void *)rules.codes);
}
