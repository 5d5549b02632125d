/* Every form of every fixture: well-formed, harmless, and saying what the report says. */
#include "base/utf8.h"
#include "fixture.h"
#include "mtasts/report.h"
#include "render/render.h"
#include "render/words.h"
#include "test.h"

#include <jansson.h>

static const struct {
	enum sts_format format;
	const char *name;
} forms[] = {
	{STS_FORMAT_TEXT, "text"}, {STS_FORMAT_JSON, "json"}, {STS_FORMAT_MARKDOWN, "markdown"}, {STS_FORMAT_HTML, "html"},
	{STS_FORMAT_CSV, "csv"}, {STS_FORMAT_JUNIT, "junit"}, {STS_FORMAT_SARIF, "sarif"}, {STS_FORMAT_NAGIOS, "nagios"},
	{STS_FORMAT_PROMETHEUS, "prometheus"},
};

static char *render(const struct sts_report *r, enum sts_format format, unsigned width, bool color, size_t *len)
{
	struct sts_render_options options = {.width = width, .color = color};
	char *out = NULL;

	*len = 0;
	if (sts_report_render(&r, 1, format, &options, &out, len) != STS_OK)
		return NULL;
	return out;
}

/* The first unsafe character other than LF, or a broken octet; -1 when there is none. */
static int64_t first_unsafe(struct sts_str s)
{
	uint32_t cp = 0;
	size_t n;

	for (; s.len > 0; s = sts_str_from(s, n)) {
		n = sts_utf8_take(s, &cp);
		if (n == 0)
			return 0x110000 + (unsigned char)s.ptr[0];
		if (sts_char_unsafe(cp) && cp != '\n')
			return cp;
	}
	return -1;
}

static void every_form(void)
{
	for (size_t i = 0; fixture_names[i] != NULL; i++)
		for (size_t j = 0; j < COUNT_OF(forms); j++) {
			struct sts_report *r = fixture(fixture_names[i]);
			size_t len;
			char *out;

			CASE("%s as %s: no octet that acts on a terminal", fixture_names[i], forms[j].name);
			out = render(r, forms[j].format, 80, false, &len);
			EXPECT(out != NULL && len > 0 && out[len - 1] == '\n' && strlen(out) == len);
			EXPECT_INT(first_unsafe(sts_str(out, len)), -1);
			EXPECT(forms[j].format == STS_FORMAT_CSV || strstr(out, sts_report_domain(r)) != NULL);
			free(out);
			sts_report_free(r);
		}
}

/* Lines to paste are not wrapped; all others keep to the width. */
static bool is_snippet_line(const struct sts_report *r, struct sts_str line)
{
	struct sts_str text = sts_str_trim(line);

	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].fix_snippet != NULL && text.len > 0) {
			char *copy = strndup(text.ptr, text.len);
			bool found = strstr(r->findings[i].fix_snippet, copy) != NULL;

			free(copy);
			if (found)
				return true;
		}
	return false;
}

static void check_widths(const struct sts_report *r, struct sts_str text, unsigned width)
{
	while (text.len > 0) {
		size_t n = sts_str_find(text, '\n', 0);
		struct sts_str line = sts_str(text.ptr, n);

		if (sts_text_width(line) > width && !is_snippet_line(r, line))
			test_expect(false, TEST_HERE, "%u columns: %.*s", sts_text_width(line), STS_FMT(line));
		EXPECT(n == 0 || line.ptr[n - 1] != ' ');
		text = sts_str_from(text, n + 1);
	}
}

static void text_width(void)
{
	static const unsigned widths[] = {40, 60, 80, 100};

	for (size_t i = 0; fixture_names[i] != NULL; i++)
		for (size_t j = 0; j < COUNT_OF(widths); j++) {
			struct sts_report *r = fixture(fixture_names[i]);
			size_t len;
			char *out = render(r, STS_FORMAT_TEXT, widths[j], false, &len);

			CASE("%s as text keeps to %u columns", fixture_names[i], widths[j]);
			check_widths(r, sts_str(out, len), widths[j]);
			free(out);
			sts_report_free(r);
		}
}

/* Every run of blanks and line ends becomes one blank. */
static void squeeze(char *s)
{
	size_t kept = 0;

	for (size_t i = 0; s[i] != '\0'; i++) {
		bool blank = s[i] == ' ' || s[i] == '\n';

		if (!blank)
			s[kept++] = s[i];
		else if (kept > 0 && s[kept - 1] != ' ')
			s[kept++] = ' ';
	}
	s[kept] = '\0';
}

/* Whatever the width, the same words in the same order: nothing is lost, nothing runs together. */
static void text_words(void)
{
	struct sts_report *r = fixture("healthy"); /* holds no word that 60 columns are too narrow for */
	size_t len;
	char *want = render(r, STS_FORMAT_TEXT, 100, false, &len);

	squeeze(want);
	for (unsigned width = 60; width < 100; width++) {
		char *out = render(r, STS_FORMAT_TEXT, width, false, &len);

		CASE("text at %u columns says the same", width);
		squeeze(out);
		EXPECT_CSTR(out, want);
		free(out);
	}
	free(want);
	sts_report_free(r);
}

/* Colours add escapes of ours, and nothing else. */
static void text_color(void)
{
	for (size_t i = 0; fixture_names[i] != NULL; i++) {
		struct sts_report *r = fixture(fixture_names[i]);
		size_t plain_len;
		size_t len;
		char *plain = render(r, STS_FORMAT_TEXT, 80, false, &plain_len);
		char *out = render(r, STS_FORMAT_TEXT, 80, true, &len);
		size_t kept = 0;

		CASE("%s in colours: the same text between SGR sequences", fixture_names[i]);
		EXPECT(strstr(out, "\x1b[0m") != NULL);
		for (size_t k = 0; k < len; k++) {
			if (out[k] == '\x1b') {
				EXPECT(out[k + 1] == '[');
				k += 2 + strspn(out + k + 2, "0123456789;");
				EXPECT(out[k] == 'm');
				continue;
			}
			out[kept++] = out[k];
		}
		EXPECT(kept == plain_len && memcmp(out, plain, kept) == 0);
		free(out);
		free(plain);
		sts_report_free(r);
	}
}

static void text_order(void)
{
	struct sts_report *r = fixture("broken");
	size_t len;
	char *out = render(r, STS_FORMAT_TEXT, 80, false, &len);
	static const char *const marks[] = {"BLOCKING", "refuse to deliver to 2 of the 3", "Protected?", "DNS record", "Policy host",
		"mx: *.broken.example", "MX against policy", "TLS of the mail hosts", "expired 3 days ago", "Findings: 2 errors",
		"match.mx-uncovered", "policy.blank-line", "rpt.absent", "Not tested", "What to do next"};
	const char *at = out;

	CASE("text: verdict, parts, findings worst first, what to do");
	for (size_t i = 0; i < COUNT_OF(marks); i++) {
		const char *found = strstr(at, marks[i]);

		test_expect(found != NULL, TEST_HERE, "\"%s\" does not stand behind \"%s\"", marks[i], i == 0 ? "" : marks[i - 1]);
		at = found != NULL ? found : at;
	}
	free(out);
	sts_report_free(r);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static json_t *as_json(const char *name)
{
	struct sts_report *r = fixture(name);
	size_t len;
	char *out = render(r, STS_FORMAT_JSON, 0, false, &len);
	json_error_t error;
	json_t *root = json_loadb(out, len, JSON_REJECT_DUPLICATES, &error);

	test_expect(root != NULL, TEST_HERE, "%s: line %d: %s", name, error.line, error.text);
	free(out);
	sts_report_free(r);
	return root;
}

/* "mx.0.addresses.1.state" */
static const json_t *at(const json_t *root, const char *path)
{
	char copy[200];
	char *save = NULL;

	snprintf(copy, sizeof copy, "%s", path);
	for (char *word = strtok_r(copy, ".", &save); word != NULL && root != NULL; word = strtok_r(NULL, ".", &save))
		root = json_is_array(root) ? json_array_get(root, strtoul(word, NULL, 10)) : json_object_get(root, word);
	test_expect(root != NULL, TEST_HERE, "nothing at %s", path);
	return root;
}

#define EXPECT_TEXT(root, path, want) EXPECT_CSTR(json_string_value(at(root, path)), want)
#define EXPECT_NUMBER(root, path, want) EXPECT_INT(json_integer_value(at(root, path)), want)

static void json_healthy(void)
{
	json_t *root = as_json("healthy");

	CASE("json: healthy");
	EXPECT_TEXT(root, "schema", "mtasts.check/1");
	EXPECT_TEXT(root, "domain", "example.com");
	EXPECT(json_is_null(at(root, "domain_unicode")));
	EXPECT_TEXT(root, "checked_at", "2026-01-01T00:00:00Z");
	EXPECT_NUMBER(root, "duration_ms", 1234);
	EXPECT_TEXT(root, "verdict", "enforced");
	EXPECT_TEXT(root, "status", "SUCCESS");
	EXPECT(json_is_true(at(root, "has_mta_sts")));
	EXPECT_TEXT(root, "mode", "enforce");
	EXPECT_TEXT(root, "answers.protected", "yes");
	EXPECT_TEXT(root, "dns_record.id", "20251101000000");
	EXPECT_TEXT(root, "dns_record.version", "STSv1");
	EXPECT_NUMBER(root, "dns_record.ttl", 3600);
	EXPECT_TEXT(root, "policy_url", "https://mta-sts.example.com/.well-known/mta-sts.txt");
	EXPECT_TEXT(root, "policy.mx.0", "*.example.com");
	EXPECT_NUMBER(root, "policy.max_age", 604800);
	EXPECT_TEXT(root, "policy.line_endings", "lf");
	EXPECT_TEXT(root, "policy.raw", "version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 604800\n");
	EXPECT_TEXT(root, "policy_fetch.1.address", "2001:db8::10");
	EXPECT_TEXT(root, "policy_fetch.0.reached", "body");
	EXPECT(json_is_null(at(root, "policy_fetch.0.error")));
	EXPECT(json_is_null(at(root, "policy_fetch.0.error_code")));
	EXPECT_NUMBER(root, "policy_fetch.0.tls.certificate.days_left", 61);
	EXPECT_TEXT(root, "policy_fetch.0.http.headers.1.value", "nginx");
	EXPECT_TEXT(root, "mx.0.matched_by", "*.example.com");
	EXPECT_TEXT(root, "mx.0.tlsa.records.0", "3 1 1 abcd");
	EXPECT_TEXT(root, "mx.1.addresses.0.dane", "pass");
	EXPECT_TEXT(root, "mx.1.addresses.0.pkix", "pass");
	EXPECT_TEXT(root, "mx.1.decisions.no_cache", "deliver-verified");
	EXPECT_TEXT(root, "tls_rpt.rua.0.state", "ok");
	EXPECT_INT(json_array_size(at(root, "checks")), STS_PART_COUNT);
	EXPECT(json_is_true(at(root, "vantage.ipv4")) && json_is_false(at(root, "vantage.ipv6")));
	json_decref(root);
}

static void json_broken(void)
{
	json_t *root = as_json("broken");

	CASE("json: broken");
	EXPECT_TEXT(root, "domain_unicode", "br\xC3\xB6ken.example");
	EXPECT_TEXT(root, "policy.line_endings", "crlf");
	EXPECT_TEXT(root, "policy_fetch.1.error_code", "host.http.redirect");
	EXPECT_TEXT(root, "policy_fetch.2.error_code", "host.cert.self-signed");
	EXPECT_TEXT(root, "policy_fetch.2.tls.certificate.problem", "self-signed");
	EXPECT_TEXT(root, "policy_fetch.3.error_code", "host.tcp.refused");
	EXPECT_TEXT(root, "policy_fetch.3.reached", "dns");
	EXPECT(json_is_null(at(root, "policy_fetch.3.tls")) && json_is_null(at(root, "policy_fetch.3.http")));
	EXPECT_TEXT(root, "policy_fetch.4.error_code", "no-ipv6-here");
	EXPECT_TEXT(root, "mx.0.addresses.0.state", "ok");
	EXPECT_TEXT(root, "mx.0.addresses.0.pkix", "fail");
	EXPECT_TEXT(root, "mx.0.addresses.0.error_code", "mx.cert.expired");
	EXPECT_TEXT(root, "mx.0.addresses.0.tls.certificate.problems.1", "name-mismatch");
	EXPECT_NUMBER(root, "mx.0.addresses.0.tls.certificate.days_left", -3);
	EXPECT_TEXT(root, "mx.0.addresses.1.state", "failed");
	EXPECT_TEXT(root, "mx.0.addresses.1.error_code", "mx.starttls.missing");
	EXPECT(json_is_false(at(root, "mx.0.addresses.1.starttls")));
	EXPECT_TEXT(root, "mx.0.addresses.2.error_code", "mx.smtp.greeting");
	EXPECT(json_is_null(at(root, "mx.0.addresses.2.starttls")));
	EXPECT_TEXT(root, "mx.0.addresses.3.state", "not_tested");
	EXPECT_TEXT(root, "mx.0.addresses.3.error_code", "no-ipv6-here");
	EXPECT_TEXT(root, "mx.0.addresses.3.reason", "no-ipv6-here");
	EXPECT_TEXT(root, "mx.0.addresses.1.reason", "STARTTLS is not offered");
	EXPECT_TEXT(root, "mx.1.addresses.0.reason", "the TLS handshake is refused (alert handshake_failure)");
	EXPECT(json_is_null(at(root, "mx.0.addresses.3.tls")));
	EXPECT_TEXT(root, "mx.1.cause", "other-provider");
	EXPECT_TEXT(root, "mx.1.addresses.0.error_code", "mx.tls.failed");
	EXPECT_TEXT(root, "mx.1.addresses.1.error_code", "mx-unreachable");
	EXPECT(json_is_false(at(root, "mx.1.covered")));
	EXPECT_TEXT(root, "issues.0.code", "match.mx-uncovered");
	EXPECT_TEXT(root, "issues.0.fix.snippet", "mx: mail.elsewhere.example");
	EXPECT_TEXT(root, "issues.0.fix.type", "policy");
	EXPECT(json_is_null(at(root, "issues.0.line")));
	EXPECT_TEXT(root, "issues.3.code", "policy.blank-line");
	EXPECT_NUMBER(root, "issues.3.line", 4);
	EXPECT_TEXT(root, "not_tested.0.reason", "no-ipv6-here");
	EXPECT(json_is_false(at(root, "tls_rpt.found")));
	json_decref(root);
}

static void json_unknown(void)
{
	json_t *root = as_json("unknown");

	CASE("json: what could not be looked up is null, not absent");
	EXPECT_TEXT(root, "verdict", "unknown");
	EXPECT_TEXT(root, "dns_record.state", "servfail");
	EXPECT(json_is_string(at(root, "dns_record.error")));
	EXPECT(json_is_null(at(root, "tls_rpt")) && json_is_null(at(root, "policy")) && json_is_null(at(root, "mode")));
	EXPECT(json_is_null(at(root, "vantage.smtp")) && json_is_false(at(root, "vantage.dnssec_validation")));
	json_decref(root);
}

/* An attacker's text comes back octet by octet, but for what is no UTF-8. */
static void json_hostile(void)
{
	static const char *const paths[] = {"domain_unicode", "dns_record.records.0", "dns_record.cname.0", "dns_record.nameservers.0.name",
		"dns_record.nameservers.0.records.0", "policy.raw", "policy_fetch.0.http.content_type", "policy_fetch.0.http.headers.2.name",
		"policy_fetch.0.tls.certificate.subject", "policy_fetch.0.tls.certificate.names.0", "mx.0.host", "mx.0.matched_by",
		"mx.0.addresses.0.banner", "mx.0.addresses.2.tls.alert", "tls_rpt.records.0", "tls_rpt.rua.0.uri", "mx.0.tlsa.error"};
	json_t *root = as_json("hostile");
	char want[1024] = "";
	size_t len = 0;

	for (size_t i = 0; i < fixture_evil_len; i++)
		if ((unsigned char)fixture_evil[i] == 0xFF)
			len += (size_t)snprintf(want + len, sizeof want - len, "\xEF\xBF\xBD");
		else
			want[len++] = fixture_evil[i];
	want[len] = '\0';
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		CASE("json: hostile text at %s comes back whole", paths[i]);
		EXPECT_TEXT(root, paths[i], want);
	}
	json_decref(root);
}

static void json_nul(void)
{
	struct sts_arena *a = sts_arena_new();
	struct sts_buf b;
	struct sts_jsonw w;
	json_t *value;

	CASE("json: NUL, tags beyond the BMP, quotes");
	sts_buf_init(&b, 1000);
	w = sts_jsonw(&b, false);
	sts_jw_str(&w, NULL, sts_str("a\0\"\\\xF3\xA0\x80\x81/", 9));
	EXPECT_CSTR(b.ptr, "\"a\\u0000\\\"\\\\\\uDB40\\uDC01/\"");
	value = json_loads(b.ptr, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	EXPECT(json_string_length(value) == 9 && memcmp(json_string_value(value), "a\0\"\\\xF3\xA0\x80\x81/", 9) == 0);
	json_decref(value);
	sts_buf_clear(&b);
	sts_arena_free(a);
}

/* Runs that stand for themselves, and what does not, in every place of a text. */
static void json_texts(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"", "\"\""},
		{"plain ~", "\"plain ~\""},
		{"\"", "\"\\\"\""},
		{"\"run", "\"\\\"run\""},
		{"run\\", "\"run\\\\\""},
		{"a\r\nb\tc", "\"a\\r\\nb\\tc\""},
		{"a\x1F\x7F/", "\"a\\u001F\\u007F/\""},
		{"gr\xC3\xBC\xC3\x9F", "\"gr\xC3\xBC\xC3\x9F\""},
		{"a\xC3", "\"a\xEF\xBF\xBD\""},
		{"\x80zz\xE2\x82", "\"\xEF\xBF\xBDzz\xEF\xBF\xBD\xEF\xBF\xBD\""},
		{"\xC2\x9F|\xE2\x80\xAE", "\"\\u009F|\\u202E\""},
		{"\xF0\x9F\x93\xA7 mail", "\"\xF0\x9F\x93\xA7 mail\""},
	};
	struct sts_buf b;
	struct sts_jsonw w;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CASE("json: text %zu", i);
		sts_buf_init(&b, 1000);
		w = sts_jsonw(&b, false);
		sts_jw_str(&w, NULL, sts_str_of(rows[i].text));
		EXPECT_CSTR(b.ptr, rows[i].want);
		sts_buf_clear(&b);
	}
}

static void json_small(void)
{
	struct sts_buf b;
	struct sts_jsonw w;

	CASE("json: numbers, literals and names, in a line and indented");
	sts_buf_init(&b, 1000);
	w = sts_jsonw(&b, false);
	sts_jw_array(&w, NULL);
	sts_jw_int(&w, NULL, 0);
	sts_jw_int(&w, NULL, -1);
	sts_jw_int(&w, NULL, INT64_MAX);
	sts_jw_int(&w, NULL, INT64_MIN);
	sts_jw_object(&w, NULL);
	sts_jw_bool(&w, "yes", true);
	sts_jw_null(&w, "none");
	sts_jw_str(&w, "nothing", sts_str(NULL, 0));
	sts_jw_end_object(&w);
	sts_jw_end_array(&w);
	EXPECT_CSTR(b.ptr, "[0,-1,9223372036854775807,-9223372036854775808,{\"yes\":true,\"none\":null,\"nothing\":\"\"}]");
	sts_buf_reset(&b);
	w = sts_jsonw(&b, true);
	sts_jw_object(&w, NULL);
	sts_jw_int(&w, "n", 1200);
	sts_jw_end_object(&w);
	EXPECT_CSTR(b.ptr, "{\n  \"n\": 1200\n}");
	sts_buf_clear(&b);

	CASE("json: a builder that is full says so, and does not overflow");
	sts_buf_init(&b, 12);
	w = sts_jsonw(&b, false);
	sts_jw_str(&w, NULL, STS_STR("a text of more than twelve"));
	EXPECT(b.failed && b.len <= 12);
	sts_buf_clear(&b);
}

/* The longest that is printed once, and the shortest that is printed twice. */
static void printing(void)
{
	struct sts_arena *a = sts_arena_new();

	for (int len = 250; len < 262; len++) {
		struct sts_buf b;
		const char *text;

		CASE("print %d octets", len);
		sts_buf_init(&b, 1000);
		sts_buf_printf(&b, "%s", "<");
		sts_buf_printf(&b, "%*d", len, 7);
		text = sts_sprintf(a, "<%*d", len, 7);
		EXPECT_INT(b.len, (size_t)len + 1);
		EXPECT_INT(strlen(text), (size_t)len + 1);
		EXPECT(strcmp(text, b.ptr) == 0 && text[len] == '7' && text[len - 1] == ' ');
		sts_buf_clear(&b);
	}
	sts_arena_free(a);
}

static void json_several(void)
{
	const struct sts_report *two[2] = {fixture("healthy"), fixture("hostile")};
	char *out = NULL;
	size_t len = 0;
	unsigned lines = 0;

	CASE("json: several domains, one object a line");
	EXPECT(sts_report_render(two, 2, STS_FORMAT_JSON, NULL, &out, &len) == STS_OK);
	for (struct sts_str rest = sts_str(out, len); rest.len > 0; lines++) {
		size_t n = sts_str_find(rest, '\n', 0);
		json_t *value = json_loadb(rest.ptr, n, 0, NULL);

		EXPECT(json_is_object(value));
		json_decref(value);
		rest = sts_str_from(rest, n + 1);
	}
	EXPECT_INT(lines, 2);
	free(out);
	for (size_t i = 0; i < 2; i++)
		sts_report_free((struct sts_report *)two[i]);
}

static void json_sarif(void)
{
	struct sts_report *r = fixture("broken");
	size_t len;
	char *out = render(r, STS_FORMAT_SARIF, 0, false, &len);
	json_t *root = json_loadb(out, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *results = at(root, "runs.0.results");

	CASE("sarif: every result has its rule, a message and a location");
	EXPECT_TEXT(root, "version", "2.1.0");
	EXPECT_INT(json_array_size(results), r->finding_count);
	for (size_t i = 0; i < json_array_size(results); i++) {
		const json_t *result = json_array_get(results, i);
		const json_t *rules = at(root, "runs.0.tool.driver.rules");
		size_t index = (size_t)json_integer_value(at(result, "ruleIndex"));

		EXPECT_CSTR(json_string_value(at(json_array_get(rules, index), "id")), json_string_value(at(result, "ruleId")));
		EXPECT(json_string_length(at(result, "message.text")) > 0);
		EXPECT(json_integer_value(at(result, "locations.0.physicalLocation.region.startLine")) >= 1);
	}
	EXPECT_TEXT(root, "runs.0.results.3.ruleId", "policy.blank-line");
	EXPECT_NUMBER(root, "runs.0.results.3.locations.0.physicalLocation.region.startLine", 4);
	EXPECT_TEXT(root, "runs.0.results.0.level", "error");
	json_decref(root);
	free(out);
	sts_report_free(r);
}

/* ---- monitoring ------------------------------------------------------------------------------------------------ */

static void nagios(void)
{
	static const struct {
		const char *name;
		int state;
		const char *begin;
		const char *holds;
	} cases[] = {
		{"healthy", 0, "MTA-STS OK - example.com enforced: ", "'policy_cert_days'=61;14:;7: 'mx_cert_days'=61;14:;7: 'duration'=1.234s;;;0\n"},
		{"broken", 2, "MTA-STS CRITICAL - broken.example blocking: ", "'errors'=2;;;0 'warnings'=2;;;0 'not_tested'=2;;;0 "},
		{"absent", 1, "MTA-STS WARNING - absent.example absent: ", " | 'verdict'=3;;;0;6 "},
		{"unknown", 3, "MTA-STS UNKNOWN - unknown.example unknown: ", " | 'verdict'=6;;;0;6 "},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct sts_report *r = fixture(cases[i].name);
		size_t len;
		char *out = render(r, STS_FORMAT_NAGIOS, 0, false, &len);

		CASE("nagios: %s", cases[i].name);
		EXPECT_INT(sts_nagios_state((struct sts_reports){&r, 1}), cases[i].state);
		EXPECT(strncmp(out, cases[i].begin, strlen(cases[i].begin)) == 0);
		test_expect(strstr(out, cases[i].holds) != NULL, TEST_HERE, "%s", out);
		EXPECT(strchr(strchr(out, '|') + 1, '|') == NULL);
		free(out);
		sts_report_free((struct sts_report *)r);
	}
}

static void nagios_untested(void)
{
	const struct sts_report *r = fixture("healthy");

	CASE("nagios: what could not be tested is no OK");
	sts_report_not_tested((struct sts_report *)r, "needs-history", "time");
	EXPECT_INT(sts_nagios_state((struct sts_reports){&r, 1}), 0);
	sts_report_not_tested((struct sts_report *)r, "port25-blocked", "every MX host");
	EXPECT_INT(sts_nagios_state((struct sts_reports){&r, 1}), 3);
	sts_report_free((struct sts_report *)r);
}

/* Days that a mail host's certificate has left, as the page tells them. */
static void html_days(void)
{
	static const struct {
		int64_t seconds;
		const char *words;
	} table[] = {{2 * 86400, ", 2 days left</li>"}, {86400, ", 1 day left</li>"}, {3600, ", 0 days left</li>"},
		{-3600, ", certificate expired</li>"}, {-12 * 86400, ", certificate expired</li>"}};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct sts_report *r = (struct sts_report *)fixture("healthy");
		const struct sts_smtp *s = &r->facts->mx[0].smtp[0];
		size_t len;
		char *out;

		CASE("html: a certificate with %" PRId64 " seconds left", table[i].seconds);
		s->tls.chain[0].not_after = r->facts->judged_at + table[i].seconds;
		out = render(r, STS_FORMAT_HTML, 0, false, &len);
		EXPECT(strstr(out, table[i].words) != NULL);
		EXPECT(strstr(out, "-1 days") == NULL && strstr(out, "-12 days") == NULL);
		free(out);
		sts_report_free(r);
	}
}

int main(void)
{
	html_days();
	every_form();
	text_width();
	text_words();
	text_color();
	text_order();
	json_healthy();
	json_broken();
	json_unknown();
	json_hostile();
	json_nul();
	json_texts();
	json_small();
	printing();
	json_several();
	json_sarif();
	nagios();
	nagios_untested();
	return test_done();
}
