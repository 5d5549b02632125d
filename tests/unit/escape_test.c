/* Escaping for every form, and the small phrases reports are made of. */
#include "fixture.h"
#include "render/escape.h"
#include "render/html.h"
#include "render/words.h"
#include "test.h"

#include <time.h>

typedef void escape_fn(struct sts_buf *b, struct sts_str s, size_t max);

static const struct {
	const char *name;
	escape_fn *fn;
	const char *in;
	size_t max;
	const char *want;
} cases[] = {
	{"xml", sts_escape_xml, "<a href=\"x\">&'\n\x1b\xC2\x9B\xFF", 100, "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\n\\x1B\\u{9B}\\xFF"},
	{"xml, cut", sts_escape_xml, "abcdef", 3, "abc\xE2\x80\xA6"},
	{"xml, cut inside a character", sts_escape_xml, "ab\xC3\xA4z", 3, "ab\xE2\x80\xA6"},
	{"xml, noncharacter", sts_escape_xml, "a\xEF\xBF\xBF" "b", 100, "a\\u{FFFF}b"},
	{"lines", sts_escape_lines, "a\r\nb\rc\n", 100, "a\nb\\x0Dc\n"},
	{"markdown", sts_escape_markdown, "a*b_c`[x](y)|<b>&#\n~", 100, "a\\*b\\_c\\`\\[x\\](y)\\|&lt;b\\>&amp;\\# \\~"},
	{"markdown code", sts_escape_markdown_code, "a|b", 100, "`a|b`"},
	{"markdown cell", sts_escape_markdown_cell, "a|b", 100, "`a\\|b`"},
	{"markdown code with backticks", sts_escape_markdown_code, "``a`", 100, "``` ``a` ```"},
	{"markdown code, line feed", sts_escape_markdown_code, "a\n# b", 100, "`a # b`"},
	{"markdown code, empty", sts_escape_markdown_code, "", 100, ""},
	{"csv", sts_escape_csv, "a\"b,c", 100, "\"a\"\"b,c\""},
	{"csv, empty", sts_escape_csv, "", 100, "\"\""},
	{"csv formula =", sts_escape_csv, "=1+1", 100, "\"'=1+1\""},
	{"csv formula +", sts_escape_csv, "+1", 100, "\"'+1\""},
	{"csv formula -", sts_escape_csv, "-1", 100, "\"'-1\""},
	{"csv formula @", sts_escape_csv, "@SUM(A1)", 100, "\"'@SUM(A1)\""},
	{"csv formula behind blanks", sts_escape_csv, " \n=1", 100, "\"' \n=1\""},
	{"csv formula behind a tab", sts_escape_csv, "\t=1", 100, "\"\\x09=1\""},
	{"label", sts_escape_label, "a\"b\\c\n", 100, "a\\\"b\\\\\\\\c\\\\x0A"},
	{"plugin", sts_escape_plugin, "a|b\n\xC3\xA4", 100, "a/b\\x0A?"},
};

static void escapes(void)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct sts_buf b;

		CASE("escape: %s", cases[i].name);
		sts_buf_init(&b, 10000);
		sts_buf_puts(&b, "");
		cases[i].fn(&b, sts_str_of(cases[i].in), cases[i].max);
		EXPECT_CSTR(b.ptr, cases[i].want);
		sts_buf_clear(&b);
	}
}

static void durations(void)
{
	static const struct {
		int64_t seconds;
		const char *want;
	} table[] = {{0, "0 seconds"}, {1, "1 second"}, {60, "1 minute"}, {61, "1 minute 1 second"}, {3600, "1 hour"}, {3601, "1 hour"},
		{86400, "1 day"}, {604800, "7 days"}, {90000, "1 day 1 hour"}, {31557600, "365 days 6 hours"}};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct sts_buf b;

		CASE("duration: %" PRId64 " s", table[i].seconds);
		sts_buf_init(&b, 100);
		sts_duration_words(&b, table[i].seconds);
		EXPECT_CSTR(b.ptr, table[i].want);
		sts_buf_clear(&b);
	}
}

static void days(void)
{
	static const struct {
		int64_t not_after;
		int64_t want;
	} table[] = {{1000, 0}, {1000 + 86399, 0}, {1000 + 86400, 1}, {999, -1}, {1000 - 86400, -1}, {1000 - 86401, -2}};
	struct sts_facts facts = {.judged_at = 1000};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct sts_cert cert = {.not_after = table[i].not_after};

		CASE("days left: %" PRId64, table[i].not_after - 1000);
		EXPECT_INT(sts_days_left(&facts, &cert), table[i].want);
	}
}

static void fetch_codes(void)
{
	static const struct {
		struct sts_fetch fetch;
		const char *code;
		const char *words;
	} table[] = {
		{{.end = STS_FETCH_OK, .http = {.status = 200, .media_type = "text/plain"}}, NULL, NULL},
		{{.end = STS_FETCH_OK, .http = {.status = 200}}, "host.http.media-type", "no Content-Type"},
		{{.end = STS_FETCH_OK, .http = {.status = 200, .media_type = "text/html", .content_type = "text/html"}}, "host.http.media-type",
			"text/html in place of text/plain"},
		{{.end = STS_FETCH_OK, .http = {.status = 404}}, "host.http.status", "HTTP 404"},
		{{.end = STS_FETCH_OK, .http = {.status = 301, .location = "https://x"}}, "host.http.redirect", "to https://x"},
		{{.end = STS_FETCH_OK, .http = {.status = 404}, .tls = {.problems = STS_CERT_NAME_MISMATCH}}, "host.cert.name-mismatch",
			"certificate: name-mismatch"},
		{{.end = STS_FETCH_TLS, .tls = {.state = STS_TLS_NOT_TLS}}, "host.tls.not-tls", "not TLS"},
		{{.end = STS_FETCH_TLS, .tls = {.state = STS_TLS_PROTOCOL_OLD}}, "host.tls.protocol-old", "TLS 1.1"},
		{{.end = STS_FETCH_TLS, .tls = {.state = STS_TLS_TIMEOUT}}, "host.tls.timeout", "stalls"},
		{{.end = STS_FETCH_TLS, .tls = {.state = STS_TLS_ALERT, .alert = "unrecognized_name"}}, "host.tls.alert", "unrecognized_name"},
		{{.end = STS_FETCH_TLS, .tls = {.state = STS_TLS_CLOSED}}, "host.tls.alert", "closed"},
		{{.end = STS_FETCH_TCP_REFUSED}, "host.tcp.refused", "refused"},
		{{.end = STS_FETCH_TCP_TIMEOUT}, "host.tcp.timeout", "no answer"},
		{{.end = STS_FETCH_TCP_UNREACHABLE, .error = "no route"}, "host.tcp.unreachable", "no route"},
		{{.end = STS_FETCH_HTTP_TIMEOUT}, "host.http.timeout", "in time"},
		{{.end = STS_FETCH_HTTP_BROKEN}, "host.http.broken", "broken"},
		{{.end = STS_FETCH_HTTP_TOO_LARGE}, "host.http.too-large", "65536"},
		{{.end = STS_FETCH_PRIVATE}, "host.dns.private-address", "special-purpose"},
		{{.end = STS_FETCH_NO_FAMILY, .address = {.family = 6}}, "no-ipv6-here", "no route"},
		{{.end = STS_FETCH_NO_FAMILY, .address = {.family = 4}}, "no-ipv4-here", "no route"},
		{{.end = STS_FETCH_CANCELLED}, "timeout", "ran out"},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct sts_buf b;

		CASE("fetch %zu: %s", i, table[i].code == NULL ? "fine" : table[i].code);
		sts_buf_init(&b, 4096);
		sts_fetch_error(&b, &table[i].fetch);
		EXPECT_CSTR(sts_fetch_code(&table[i].fetch), table[i].code);
		if (table[i].words == NULL)
			EXPECT_INT(b.len, 0);
		else
			test_expect(b.len > 0 && strstr(b.ptr, table[i].words) != NULL, TEST_HERE, "%s", b.len > 0 ? b.ptr : "(empty)");
		sts_buf_clear(&b);
	}
}

static void smtp_states(void)
{
	static const struct {
		struct sts_smtp smtp;
		const char *state;
		const char *reason;
	} table[] = {
		{{.end = STS_SMTP_OK}, "ok", NULL},
		{{.end = STS_SMTP_OK, .tls = {.problems = STS_CERT_UNTRUSTED}}, "ok", "mx.cert.untrusted"},
		{{.end = STS_SMTP_NOT_TRIED}, "not_tested", "timeout"},
		{{.end = STS_SMTP_PRIVATE}, "not_tested", "private-denied"},
		{{.end = STS_SMTP_NO_FAMILY, .address = {.family = 6}}, "not_tested", "no-ipv6-here"},
		{{.end = STS_SMTP_NO_FAMILY, .address = {.family = 4}}, "not_tested", "no-ipv4-here"},
		{{.end = STS_SMTP_TCP_REFUSED}, "not_tested", "mx-unreachable"},
		{{.end = STS_SMTP_TCP_TIMEOUT}, "not_tested", "mx-unreachable"},
		{{.end = STS_SMTP_GREETING_4XX}, "not_tested", "greylisted"},
		{{.end = STS_SMTP_CANCELLED}, "not_tested", "timeout"},
		{{.end = STS_SMTP_GREETING_5XX}, "failed", "mx.smtp.greeting"},
		{{.end = STS_SMTP_GREETING_TIMEOUT}, "failed", "mx.smtp.greeting"},
		{{.end = STS_SMTP_EHLO_REFUSED, .code = 502}, "failed", "mx.smtp.ehlo-refused"},
		{{.end = STS_SMTP_EHLO_REFUSED, .code = 421}, "not_tested", "greylisted"},
		{{.end = STS_SMTP_NO_STARTTLS}, "failed", "mx.starttls.missing"},
		{{.end = STS_SMTP_STARTTLS_REFUSED}, "failed", "mx.starttls.refused"},
		{{.end = STS_SMTP_INJECTION}, "failed", "mx.starttls.injection"},
		{{.end = STS_SMTP_TLS, .tls = {.state = STS_TLS_PROTOCOL_OLD}}, "failed", "mx.tls.protocol-old"},
		{{.end = STS_SMTP_TLS, .tls = {.state = STS_TLS_TIMEOUT}}, "failed", "mx.tls.timeout"},
		{{.end = STS_SMTP_TLS, .tls = {.state = STS_TLS_ALERT}}, "failed", "mx.tls.failed"},
	};
	struct sts_facts facts = {.vantage = {.smtp = STS_YES}};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		CASE("smtp %zu: %s", i, table[i].reason == NULL ? "fine" : table[i].reason);
		EXPECT_CSTR(sts_smtp_state(&table[i].smtp), table[i].state);
		EXPECT_CSTR(sts_smtp_code(&facts, &table[i].smtp), table[i].reason);
	}
	CASE("smtp: not tried because it is switched off");
	facts.no_smtp = true;
	EXPECT_CSTR(sts_smtp_code(&facts, &(struct sts_smtp){.end = STS_SMTP_NOT_TRIED}), "switched-off");
}

static void subjects(void)
{
	CASE("short subject");
	EXPECT_STR(sts_short_subject("C = US, O = Let's Encrypt, CN = R11"), "R11");
	EXPECT_STR(sts_short_subject("CN = a, O = b"), "a");
	EXPECT_STR(sts_short_subject("C = US, O = Org"), "Org");
	EXPECT_STR(sts_short_subject("C = US"), "C = US");
}

static void line_ends(void)
{
	static const struct {
		const char *text;
		size_t end, next;
	} table[] = {{"", 0, 0}, {"a", 1, 1}, {"a\n", 1, 2}, {"a\r\n", 1, 3}, {"a\r", 1, 2}, {"a\rb\n", 1, 2}, {"a\n\rb", 1, 2},
		{"\r\r\n", 0, 1}, {"\nab", 0, 1}, {"ab\r\ncd", 2, 4}};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		size_t next = 99;

		CASE("line end %zu", i);
		EXPECT_INT(sts_line_end(sts_str_of(table[i].text), &next), table[i].end);
		EXPECT_INT(next, table[i].next);
	}
}

/* A page looks for the line of each finding: that grows with the text, not with its square. */
static void late_lines(void)
{
	static char text[65536];
	static struct sts_finding findings[100];
	struct sts_html_options options = {0};
	struct sts_buf b;
	clock_t began = clock();

	memset(text, '\n', sizeof text);
	for (size_t i = 0; i < COUNT_OF(findings); i++)
		findings[i] = (struct sts_finding){.code = "policy.line", .severity = STS_ERROR, .title = "t", .subject = "s",
			.detail = "d", .rfc = "-", .line = 65000, .column = 1};
	sts_buf_init(&b, (size_t)4 << 20);
	sts_html_findings(&b, findings, COUNT_OF(findings), (struct sts_html_source){{text, sizeof text}, NULL}, &options);
	CASE("findings behind 65,000 lines");
	EXPECT(!b.failed && strstr(b.ptr, "line 65000, column 1") != NULL);
	EXPECT(clock() - began < CLOCKS_PER_SEC);
	sts_buf_clear(&b);
}

int main(void)
{
	escapes();
	durations();
	days();
	fetch_codes();
	smtp_states();
	subjects();
	line_ends();
	late_lines();
	return test_done();
}
