#include "render/words.h"

#include "check/rules.h"

#include <inttypes.h>

static const char *tls_state_code(const struct sts_tls *tls)
{
	switch (tls->state) {
	case STS_TLS_NOT_TLS:
		return "host.tls.not-tls";
	case STS_TLS_PROTOCOL_OLD:
		return "host.tls.protocol-old";
	case STS_TLS_TIMEOUT:
		return "host.tls.timeout";
	default:
		return "host.tls.alert";
	}
}

static const char *const host_cert_codes[STS_CERT_PROBLEM_COUNT] = {"host.cert.expired", "host.cert.not-yet-valid",
	"host.cert.self-signed", "host.cert.untrusted", "host.cert.chain-incomplete", "host.cert.name-mismatch",
	"host.cert.weak"};
static const char *const mx_cert_codes[STS_CERT_PROBLEM_COUNT] = {"mx.cert.expired", "mx.cert.not-yet-valid",
	"mx.cert.self-signed", "mx.cert.untrusted", "mx.cert.chain-incomplete", "mx.cert.name-mismatch", "mx.cert.weak"};

/* Number of the first problem set; STS_CERT_PROBLEM_COUNT when there is none. */
static size_t first_problem(unsigned problems)
{
	size_t i = 0;

	while (i < STS_CERT_PROBLEM_COUNT && (problems & 1u << i) == 0)
		i++;
	return i;
}

/* The response was read whole: is it one that senders take? */
static const char *response_code(const struct sts_fetch *f)
{
	size_t problem = first_problem(f->tls.problems);

	if (problem < STS_CERT_PROBLEM_COUNT)
		return host_cert_codes[problem];
	if (f->http.status >= 300 && f->http.status <= 399)
		return "host.http.redirect";
	if (f->http.status != 200)
		return "host.http.status";
	if (f->http.media_type == NULL || strcmp(f->http.media_type, "text/plain") != 0)
		return "host.http.media-type";
	return NULL;
}

const char *sts_fetch_code(const struct sts_fetch *f)
{
	switch (f->end) {
	case STS_FETCH_OK:
		return response_code(f);
	case STS_FETCH_PRIVATE:
		return "host.dns.private-address";
	case STS_FETCH_NO_FAMILY:
		return f->address.family == 6 ? "no-ipv6-here" : "no-ipv4-here";
	case STS_FETCH_TCP_REFUSED:
		return "host.tcp.refused";
	case STS_FETCH_TCP_TIMEOUT:
		return "host.tcp.timeout";
	case STS_FETCH_TCP_UNREACHABLE:
		return "host.tcp.unreachable";
	case STS_FETCH_TLS:
		return tls_state_code(&f->tls);
	case STS_FETCH_HTTP_TIMEOUT:
		return "host.http.timeout";
	case STS_FETCH_HTTP_BROKEN:
		return "host.http.broken";
	case STS_FETCH_HTTP_TOO_LARGE:
		return "host.http.too-large";
	case STS_FETCH_NOT_TRIED:
	case STS_FETCH_CANCELLED:
		break;
	}
	return "timeout";
}

static void tls_error(struct sts_buf *b, const struct sts_tls *tls)
{
	static const char *const phrases[] = {
		[STS_TLS_NOT_TRIED] = "no TLS handshake",
		[STS_TLS_OK] = "TLS",
		[STS_TLS_NOT_TLS] = "what answers there is not TLS",
		[STS_TLS_ALERT] = "the TLS handshake is refused",
		[STS_TLS_PROTOCOL_OLD] = "nothing newer than TLS 1.1",
		[STS_TLS_TIMEOUT] = "the TLS handshake stalls",
		[STS_TLS_CLOSED] = "the connection is closed during the TLS handshake",
		[STS_TLS_FAILED] = "the TLS handshake fails",
	};

	sts_buf_puts(b, phrases[tls->state]);
	if (tls->alert != NULL) {
		sts_buf_puts(b, " (alert ");
		sts_buf_escape(b, sts_str_of(tls->alert), 60);
		sts_buf_puts(b, ")");
	} else if (tls->error != NULL && tls->state == STS_TLS_FAILED) {
		sts_buf_puts(b, ": ");
		sts_buf_escape(b, sts_str_of(tls->error), 200);
	}
}

/* Every problem of the certificate. */
static void cert_error(struct sts_buf *b, const struct sts_tls *tls)
{
	const char *sep = "";

	for (unsigned i = 0; i < STS_CERT_PROBLEM_COUNT; i++) {
		if ((tls->problems & 1u << i) == 0)
			continue;
		sts_buf_puts(b, sep);
		if (tls->problem_text[i] != NULL)
			sts_buf_escape(b, sts_str_of(tls->problem_text[i]), 300);
		else
			sts_buf_printf(b, "certificate: %s", sts_cert_problem_name(1u << i));
		sep = "; ";
	}
}

static void http_error(struct sts_buf *b, const struct sts_http *http)
{
	if (http->status >= 300 && http->status <= 399) {
		sts_buf_printf(b, "HTTP %d: a redirect, which senders do not follow", http->status);
		if (http->location != NULL) {
			sts_buf_puts(b, " (to ");
			sts_buf_escape(b, sts_str_of(http->location), 200);
			sts_buf_puts(b, ")");
		}
	} else if (http->status != 200) {
		sts_buf_printf(b, "HTTP %d in place of 200", http->status);
	} else if (http->content_type == NULL) {
		sts_buf_puts(b, "no Content-Type; senders want text/plain");
	} else {
		sts_buf_puts(b, "Content-Type ");
		sts_buf_escape(b, sts_str_of(http->content_type), 100);
		sts_buf_puts(b, " in place of text/plain");
	}
}

static const char *fetch_end_phrase(enum sts_fetch_end end)
{
	static const char *const phrases[] = {
		[STS_FETCH_NOT_TRIED] = "not tried",
		[STS_FETCH_OK] = "",
		[STS_FETCH_PRIVATE] = "a special-purpose address: not connected to",
		[STS_FETCH_NO_FAMILY] = "no route for this kind of address from here",
		[STS_FETCH_TCP_REFUSED] = "connection refused",
		[STS_FETCH_TCP_TIMEOUT] = "no answer to the connection",
		[STS_FETCH_TCP_UNREACHABLE] = "unreachable",
		[STS_FETCH_TLS] = "",
		[STS_FETCH_HTTP_TIMEOUT] = "the HTTP answer is not complete in time",
		[STS_FETCH_HTTP_BROKEN] = "broken HTTP",
		[STS_FETCH_HTTP_TOO_LARGE] = "the policy is larger than 65536 octets",
		[STS_FETCH_CANCELLED] = "the time for the check ran out first",
	};

	return phrases[end];
}

void sts_fetch_error(struct sts_buf *b, const struct sts_fetch *f)
{
	if (f->end == STS_FETCH_OK && f->tls.problems != 0)
		cert_error(b, &f->tls);
	else if (f->end == STS_FETCH_OK && sts_fetch_code(f) != NULL)
		http_error(b, &f->http);
	else if (f->end == STS_FETCH_TLS)
		tls_error(b, &f->tls);
	else if (f->end != STS_FETCH_OK && f->error != NULL)
		sts_buf_escape(b, sts_str_of(f->error), 300);
	else
		sts_buf_puts(b, fetch_end_phrase(f->end));
}

static void add_reply(struct sts_buf *b, const struct sts_smtp *s)
{
	if (s->code != 0)
		sts_buf_printf(b, ": %d", s->code);
	if (s->reply != NULL && s->reply[0] != '\0') {
		sts_buf_puts(b, s->code != 0 ? " " : ": ");
		sts_buf_escape(b, sts_str_of(s->reply), 160);
	}
}

static const char *smtp_end_phrase(enum sts_smtp_end end)
{
	static const char *const phrases[] = {
		[STS_SMTP_NOT_TRIED] = "not tried",
		[STS_SMTP_OK] = "",
		[STS_SMTP_PRIVATE] = "a special-purpose address: not connected to",
		[STS_SMTP_NO_FAMILY] = "no route for this kind of address from here",
		[STS_SMTP_TCP_REFUSED] = "connection refused",
		[STS_SMTP_TCP_TIMEOUT] = "no answer to the connection",
		[STS_SMTP_TCP_UNREACHABLE] = "unreachable",
		[STS_SMTP_GREETING_4XX] = "asks to come back later",
		[STS_SMTP_GREETING_5XX] = "refuses the session in its greeting",
		[STS_SMTP_GREETING_TIMEOUT] = "no greeting in time",
		[STS_SMTP_GREETING_BROKEN] = "no SMTP greeting",
		[STS_SMTP_EHLO_REFUSED] = "EHLO refused",
		[STS_SMTP_EHLO_BROKEN] = "no usable reply to EHLO",
		[STS_SMTP_NO_STARTTLS] = "STARTTLS is not offered",
		[STS_SMTP_STARTTLS_REFUSED] = "STARTTLS refused",
		[STS_SMTP_STARTTLS_BROKEN] = "no usable reply to STARTTLS",
		[STS_SMTP_INJECTION] = "plaintext octets behind the reply to STARTTLS",
		[STS_SMTP_TLS] = "",
		[STS_SMTP_CANCELLED] = "the time for the check ran out first",
	};

	return phrases[end];
}

void sts_smtp_error(struct sts_buf *b, const struct sts_smtp *s)
{
	if (s->end == STS_SMTP_TLS) {
		tls_error(b, &s->tls);
		return;
	}
	if (s->end == STS_SMTP_OK) {
		cert_error(b, &s->tls);
		return;
	}
	sts_buf_puts(b, smtp_end_phrase(s->end));
	if (s->code != 0)
		add_reply(b, s);
}

const char *sts_smtp_state(const struct sts_smtp *s)
{
	switch (s->end) {
	case STS_SMTP_OK:
		return "ok";
	case STS_SMTP_NOT_TRIED:
	case STS_SMTP_PRIVATE:
	case STS_SMTP_NO_FAMILY:
	case STS_SMTP_TCP_REFUSED:
	case STS_SMTP_TCP_TIMEOUT:
	case STS_SMTP_TCP_UNREACHABLE:
	case STS_SMTP_GREETING_4XX:
	case STS_SMTP_CANCELLED:
		return "not_tested";
	case STS_SMTP_EHLO_REFUSED: /* for now */
		return s->code < 500 ? "not_tested" : "failed";
	default:
		return "failed";
	}
}

static const char *smtp_tls_code(const struct sts_tls *tls)
{
	return tls->state == STS_TLS_PROTOCOL_OLD ? "mx.tls.protocol-old"
		: tls->state == STS_TLS_TIMEOUT       ? "mx.tls.timeout"
						      : "mx.tls.failed";
}

static const char *smtp_failure_code(const struct sts_smtp *s)
{
	switch (s->end) {
	case STS_SMTP_GREETING_5XX:
	case STS_SMTP_GREETING_TIMEOUT:
	case STS_SMTP_GREETING_BROKEN:
		return "mx.smtp.greeting";
	case STS_SMTP_EHLO_REFUSED:
	case STS_SMTP_EHLO_BROKEN:
		return "mx.smtp.ehlo-refused";
	case STS_SMTP_NO_STARTTLS:
		return "mx.starttls.missing";
	case STS_SMTP_STARTTLS_REFUSED:
	case STS_SMTP_STARTTLS_BROKEN:
		return "mx.starttls.refused";
	case STS_SMTP_INJECTION:
		return "mx.starttls.injection";
	default:
		return smtp_tls_code(&s->tls);
	}
}

const char *sts_smtp_code(const struct sts_facts *facts, const struct sts_smtp *s)
{
	size_t problem = first_problem(s->tls.problems);

	if (s->end == STS_SMTP_OK)
		return problem < STS_CERT_PROBLEM_COUNT ? mx_cert_codes[problem] : NULL;
	if (strcmp(sts_smtp_state(s), "not_tested") == 0)
		return sts_smtp_untested(facts, s);
	return smtp_failure_code(s);
}

const char *sts_pkix_word(const struct sts_tls *tls)
{
	if (tls->chain_count == 0)
		return "not_tested";
	return (tls->problems & ~(unsigned)STS_CERT_WEAK) == 0 ? "pass" : "fail";
}

const char *sts_dane_word(enum sts_dane_state state)
{
	static const char *const words[] = {"none", "pass", "mismatch", "unusable", "no-tls", "unknown"};

	return words[state];
}

const char *sts_dnssec_word(enum sts_dnssec dnssec)
{
	static const char *const words[] = {"unknown", "secure", "insecure", "bogus"};

	return words[dnssec];
}

const char *sts_dns_state_word(enum sts_dns_state state)
{
	static const char *const words[] = {"not_asked", "ok", "nodata", "nxdomain", "servfail", "timeout", "bogus", "refused",
		"malformed", "truncated", "cname_loop", "cname_long"};

	return words[state];
}

const char *sts_dns_state_phrase(enum sts_dns_state state)
{
	static const char *const phrases[] = {"not asked", "found", "the name exists, but has no such record",
		"the name does not exist", "the resolver could not find out (SERVFAIL)", "no answer in time",
		"the answer fails DNSSEC validation", "the server refuses to answer", "the answer is malformed",
		"the answer is truncated and not to be had over TCP", "the aliases (CNAME) run in a circle",
		"the chain of aliases (CNAME) is too long"};

	return phrases[state];
}

const char *sts_reached_word(enum sts_reached reached)
{
	static const char *const words[] = {"dns", "tcp", "tls", "http", "body"};

	return words[reached];
}

const char *sts_rua_state_word(enum sts_rua_state state)
{
	static const char *const words[] = {"not_tested", "ok", "no-mail", "unreachable", "invalid"};

	return words[state];
}

const char *sts_line_endings_word(const struct sts_policy *policy)
{
	int kinds = (policy->lf > 0) + (policy->crlf > 0) + (policy->bare_cr > 0);

	if (kinds == 0)
		return "none";
	if (kinds > 1)
		return "mixed";
	return policy->lf > 0 ? "lf" : policy->crlf > 0 ? "crlf" : "cr";
}

int64_t sts_days_left(const struct sts_facts *facts, const struct sts_cert *cert)
{
	int64_t left = cert->not_after - facts->judged_at;
	int64_t days = left / 86400;

	return left % 86400 < 0 ? days - 1 : days;
}

struct sts_str sts_short_subject(const char *one_line)
{
	static const char *const attributes[] = {"CN = ", "O = "};

	for (size_t i = 0; i < 2; i++) {
		const char *at = strstr(one_line, attributes[i]);
		const char *end;

		if (at == NULL)
			continue;
		at += strlen(attributes[i]);
		end = strstr(at, ", ");
		return sts_str(at, end != NULL ? (size_t)(end - at) : strlen(at));
	}
	return sts_str_of(one_line);
}

void sts_duration_words(struct sts_buf *b, int64_t seconds)
{
	static const struct {
		int64_t size;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	int said = 0;

	for (size_t i = 0; i < 4 && said < 2; i++) {
		int64_t n = seconds / units[i].size;

		if (n == 0 && !(i == 3 && said == 0)) {
			if (said > 0)
				break;
			continue;
		}
		sts_buf_printf(b, "%s%" PRId64 " %s%s", said > 0 ? " " : "", n, units[i].name, n == 1 ? "" : "s");
		seconds %= units[i].size;
		said++;
	}
}

static bool fewer_days(const struct sts_facts *facts, const struct sts_tls *tls, bool found, int64_t *days)
{
	int64_t left;

	if (tls->chain_count == 0)
		return found;
	left = sts_days_left(facts, &tls->chain[0]);
	if (!found || left < *days)
		*days = left;
	return true;
}

bool sts_policy_days_left(const struct sts_report *r, int64_t *days)
{
	const struct sts_facts *facts = r->facts;
	bool found = false;

	for (size_t i = 0; i < facts->fetch_count; i++)
		found = fewer_days(facts, &facts->fetches[i].tls, found, days);
	return found;
}

bool sts_mx_days_left(const struct sts_report *r, int64_t *days)
{
	const struct sts_facts *facts = r->facts;
	bool found = false;

	for (size_t i = 0; i < facts->mx_count; i++)
		for (size_t j = 0; j < facts->mx[i].smtp_count; j++)
			found = fewer_days(facts, &facts->mx[i].smtp[j].tls, found, days);
	return found;
}

size_t sts_count_findings(const struct sts_report *r, enum sts_severity severity)
{
	size_t n = 0;

	for (size_t i = 0; i < r->finding_count; i++)
		n += r->findings[i].severity == severity;
	return n;
}

bool sts_report_incomplete(const struct sts_report *r)
{
	static const char *const harmless[] = {"switched-off", "needs-history", "not-applicable"};

	/* a record that was all there was to look at is no gap */
	if (r->verdict == STS_VERDICT_UNKNOWN && !(r->facts->record_only && r->has_mta_sts))
		return true;
	for (size_t i = 0; i < r->not_tested_count; i++) {
		bool counts = true;

		for (size_t j = 0; j < sizeof harmless / sizeof *harmless; j++)
			counts = counts && strcmp(r->not_tested[i].reason, harmless[j]) != 0;
		if (counts)
			return true;
	}
	return false;
}

void sts_policy_url(struct sts_buf *b, const struct sts_facts *facts)
{
	sts_buf_printf(b, "https://mta-sts.%s/.well-known/mta-sts.txt", facts->domain);
}

const char *sts_part_title(enum sts_part part)
{
	static const char *const titles[] = {"DNS record", "Policy host", "Policy", "Synchronisation", "MX against policy",
		"TLS of the mail hosts", "DANE", "TLS reports"};

	return titles[part];
}

int sts_verdict_number(enum sts_verdict v)
{
	static const int numbers[] = {[STS_VERDICT_ENFORCED] = 0, [STS_VERDICT_TESTING] = 1, [STS_VERDICT_NONE] = 2,
		[STS_VERDICT_ABSENT] = 3, [STS_VERDICT_BROKEN] = 4, [STS_VERDICT_BLOCKING] = 5, [STS_VERDICT_UNKNOWN] = 6};

	return numbers[v];
}

enum sts_part sts_part_of(const char *code)
{
	static const struct {
		const char *layer;
		enum sts_part part;
	} layers[] = {
		{"record.", STS_PART_DNS_RECORD}, {"host.", STS_PART_POLICY_HOST}, {"deleg.", STS_PART_POLICY_HOST},
		{"policy.", STS_PART_POLICY_SYNTAX}, {"mode.", STS_PART_POLICY_SYNTAX}, {"time.", STS_PART_SYNCHRONISATION},
		{"match.", STS_PART_MX_MATCH}, {"mx.", STS_PART_MX_TLS}, {"dane.", STS_PART_DANE}, {"rpt.", STS_PART_TLS_RPT},
	};

	for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
		if (sts_str_starts(sts_str_of(code), layers[i].layer))
			return layers[i].part;
	return STS_PART_DNS_RECORD;
}

const char *sts_result_phrase(enum sts_result result)
{
	static const char *const phrases[] = {"pass", "warn", "FAIL", "not tested", "not applicable"};

	return phrases[result];
}

size_t sts_line_end(struct sts_str s, size_t *next)
{
	size_t end = 0;

	/* no further than this line: callers go through a text line by line */
	while (end < s.len && s.ptr[end] != '\n' && s.ptr[end] != '\r')
		end++;
	*next = end;
	if (end < s.len)
		*next += s.ptr[end] == '\r' && end + 1 < s.len && s.ptr[end + 1] == '\n' ? 2 : 1;
	return end;
}
