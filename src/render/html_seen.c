/* What was seen, as HTML: the evidence that findings rest on. */
#include "render/html.h"

#include "render/words.h"

#include <inttypes.h>

#define HEADERS_SHOWN 40
#define TLSA_SHOWN 20
#define EHLO_SHOWN 40

/* ---- small pieces ------------------------------------------------------------------------------------------------ */

static void duration(struct sts_buf *b, int64_t seconds)
{
	struct sts_buf words;

	sts_buf_init(&words, 100);
	sts_duration_words(&words, seconds);
	sts_xml(b, words.ptr);
	sts_buf_clear(&words);
}

static void alias(struct sts_buf *b, const struct sts_answer *a)
{
	for (size_t i = 0; i < a->cname_count; i++) {
		sts_buf_puts(b, i == 0 ? ", alias of " : ", then ");
		sts_html_net(b, sts_str_of(a->cname[i]));
	}
}

/* TXT records, or why there are none. */
static void txt(struct sts_buf *b, const struct sts_answer *a, bool wildcard)
{
	sts_buf_puts(b, "<p><code>");
	sts_html_net(b, sts_str_of(a->name));
	sts_buf_puts(b, "</code>");
	alias(b, a);
	if (a->rr_count > 0) {
		sts_buf_puts(b, ": kept for ");
		duration(b, a->ttl_s);
		sts_buf_printf(b, ", DNSSEC %s%s", sts_dnssec_word(a->dnssec), wildcard ? ", from a wildcard" : "");
	} else {
		sts_buf_printf(b, ": %s", sts_dns_state_phrase(a->state));
		if (!sts_answer_certain(a) && a->why != NULL) {
			sts_buf_puts(b, ": ");
			sts_html_net(b, sts_str_of(a->why));
		}
	}
	sts_buf_puts(b, "</p>\n");
	for (size_t i = 0; i < a->rr_count; i++) {
		sts_buf_puts(b, "<pre>");
		sts_html_net(b, a->rrs[i].data);
		sts_buf_puts(b, "</pre>\n");
	}
}

static void cell(struct sts_buf *b, const char *text)
{
	sts_buf_puts(b, "<td>");
	sts_html_net(b, sts_str_of(text));
	sts_buf_puts(b, "</td>");
}

/* ---- record ------------------------------------------------------------------------------------------------------ */

static void nameserver(struct sts_buf *b, const struct sts_nameserver *n)
{
	sts_buf_puts(b, "<tr><th scope=\"row\">");
	sts_html_net(b, sts_str_of(n->name));
	sts_buf_puts(b, "</th>");
	cell(b, n->address);
	sts_buf_puts(b, "<td>");
	if (n->error != NULL) {
		sts_buf_puts(b, n->not_tested ? "not tested: " : "");
		sts_html_net(b, sts_str_of(n->error));
	} else if (n->cname != NULL) {
		sts_buf_puts(b, "alias of ");
		sts_html_net(b, sts_str_of(n->cname));
	} else if (n->record_count == 0) {
		sts_buf_puts(b, sts_dns_state_phrase(n->state));
	}
	for (size_t i = 0; i < n->record_count; i++) {
		sts_buf_puts(b, i == 0 ? "<code>" : "<br><code>");
		sts_html_net(b, n->records[i]);
		sts_buf_puts(b, "</code>");
	}
	sts_buf_puts(b, "</td></tr>\n");
}

static void record(struct sts_buf *b, const struct sts_facts *f)
{
	if (f->record.state == STS_DNS_NOT_ASKED)
		return;
	sts_buf_puts(b, "<h3>Record</h3>\n");
	txt(b, &f->record, f->record_wildcard);
	if (f->nameserver_count == 0)
		return;
	sts_buf_printf(b, "<details>\n<summary>As the authoritative servers tell it (%zu addresses asked)</summary>\n",
		f->nameserver_count);
	sts_html_scroll(b, "Answers of the authoritative servers");
	sts_buf_puts(b, "<table>\n<thead><tr><th scope=\"col\">Server</th><th scope=\"col\">Address</th><th "
			"scope=\"col\">Answer</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < f->nameserver_count; i++)
		nameserver(b, &f->nameservers[i]);
	sts_buf_puts(b, "</tbody>\n</table>\n</section>\n</details>\n");
}

/* ---- policy host ------------------------------------------------------------------------------------------------- */

static void fetch_row(struct sts_buf *b, const struct sts_fetch *f)
{
	struct sts_buf phrase;

	sts_buf_init(&phrase, 4096);
	sts_fetch_error(&phrase, f);
	sts_buf_printf(b, "<tr><th scope=\"row\">%s</th><td>", f->address.text);
	if (f->http.status > 0)
		sts_buf_printf(b, "%d", f->http.status);
	sts_buf_puts(b, "</td>");
	cell(b, f->tls.version != NULL ? f->tls.version : "");
	sts_buf_printf(b, "<td class=\"%s\">",
		phrase.len == 0                                                       ? "good"
		: sts_fetch_code(f) != NULL && strchr(sts_fetch_code(f), '.') == NULL ? "soft"
										      : "bad");
	sts_xml(b, phrase.len > 0 ? phrase.ptr : "as senders want it");
	sts_buf_printf(b, "</td><td>%zu octets</td><td>%" PRId64 " ms</td></tr>\n", f->body_total, f->duration_ms);
	sts_buf_clear(&phrase);
}

static void headers(struct sts_buf *b, const struct sts_fetch *f)
{
	if (f->http.header_count == 0)
		return;
	sts_buf_printf(
		b, "<details>\n<summary>HTTP header of %s</summary>\n<pre>HTTP %d ", f->address.text, f->http.status);
	sts_html_net(b, sts_str_of(f->http.reason));
	for (size_t i = 0; i < f->http.header_count && i < HEADERS_SHOWN; i++) {
		sts_buf_addc(b, '\n');
		sts_html_net(b, sts_str_of(f->http.headers[i].name));
		sts_buf_puts(b, ": ");
		sts_html_net(b, sts_str_of(f->http.headers[i].value));
	}
	sts_buf_puts(b, "</pre>\n</details>\n");
}

/* The same certificate at every address is shown once. */
static bool shown_before(const struct sts_facts *f, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (f->fetches[i].tls.chain_count > 0 &&
			strcmp(f->fetches[i].tls.chain[0].sha256, f->fetches[index].tls.chain[0].sha256) == 0)
			return true;
	return false;
}

static void host_name(struct sts_buf *b, const struct sts_host *h)
{
	sts_buf_puts(b, "<p><code>");
	sts_html_net(b, sts_str_of(h->name));
	sts_buf_puts(b, "</code>");
	alias(b, &h->a);
	if (h->address_count == 0 && h->a.state == h->aaaa.state)
		sts_buf_printf(b, ": no address: %s", sts_dns_state_phrase(h->a.state));
	else if (h->address_count == 0)
		sts_buf_printf(b, ": no address: A: %s; AAAA: %s", sts_dns_state_phrase(h->a.state),
			sts_dns_state_phrase(h->aaaa.state));
	sts_buf_puts(b, "</p>\n");
}

static void policy_host(struct sts_buf *b, const struct sts_facts *f)
{
	if (f->policy_host.a.state == STS_DNS_NOT_ASKED)
		return;
	sts_buf_puts(b, "<h3>Policy host</h3>\n");
	host_name(b, &f->policy_host);
	if (f->fetch_count == 0)
		return;
	sts_html_scroll(b, "Fetches of the policy, by address");
	sts_buf_puts(b, "<table>\n<thead><tr><th scope=\"col\">Address</th><th scope=\"col\">HTTP</th><th "
			"scope=\"col\">TLS</th><th "
			"scope=\"col\">Seen</th><th scope=\"col\">Size</th><th "
			"scope=\"col\">Time</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < f->fetch_count; i++)
		fetch_row(b, &f->fetches[i]);
	sts_buf_puts(b, "</tbody>\n</table>\n</section>\n");
	for (size_t i = 0; i < f->fetch_count; i++)
		if (f->fetches[i].tls.chain_count > 0 && !shown_before(f, i))
			sts_html_chain(b, f, &f->fetches[i].tls, "Certificate of the policy host");
	for (size_t i = 0; i < f->fetch_count; i++)
		headers(b, &f->fetches[i]);
}

static void policy(struct sts_buf *b, const struct sts_report *r)
{
	const struct sts_facts *f = r->facts;
	struct sts_html_source source;

	if (f->policy == NULL || f->policy_fetch == NULL)
		return;
	source = (struct sts_html_source){f->policy_fetch->body, "policy."};
	sts_buf_puts(b, "<h3>Policy</h3>\n<p><code>");
	sts_policy_url(b, f);
	sts_buf_printf(b, "</code>: line ends %s", sts_line_endings_word(f->policy));
	if (f->policy->has_max_age) {
		sts_buf_puts(b, "; senders keep it for ");
		duration(b, f->policy->max_age_s);
	}
	if (!f->policy_served)
		sts_buf_puts(b, "; <strong>it is not served in a way that senders accept</strong>");
	sts_buf_puts(b, "</p>\n");
	sts_html_lines(b, source, r->findings, r->finding_count);
	sts_buf_printf(b, "<p class=\"digest\">SHA-256 <code>%s</code></p>\n", f->policy_fetch->sha256);
}

/* ---- mail hosts -------------------------------------------------------------------------------------------------- */

static void days_left(struct sts_buf *b, int64_t days)
{
	if (days < 0)
		sts_buf_puts(b, ", certificate expired");
	else
		sts_buf_printf(b, ", %" PRId64 " day%s left", days, days == 1 ? "" : "s");
}

static void session(struct sts_buf *b, const struct sts_facts *f, const struct sts_smtp *s)
{
	bool untested = strcmp(sts_smtp_state(s), "not_tested") == 0;
	struct sts_buf phrase;

	sts_buf_init(&phrase, 4096);
	sts_smtp_error(&phrase, s);
	sts_buf_printf(b, "<li class=\"%s\"><code>%s</code> ",
		phrase.len == 0 ? "good"
		: untested      ? "soft"
				: "bad",
		s->address.text);
	sts_html_icon(b, phrase.len == 0 ? STS_ICON_OK : untested ? STS_ICON_UNKNOWN : STS_ICON_FAIL);
	if (phrase.len > 0) {
		sts_buf_puts(b, untested ? "not tested: " : "");
		sts_xml(b, phrase.ptr);
	} else {
		sts_buf_printf(b, "STARTTLS, %s, certificate good", s->tls.version != NULL ? s->tls.version : "TLS");
	}
	if (s->tls.dane != STS_DANE_NONE)
		sts_buf_printf(b, ", DANE %s", sts_dane_word(s->tls.dane));
	if (s->tls.chain_count > 0)
		days_left(b, sts_days_left(f, &s->tls.chain[0]));
	sts_buf_puts(b, "</li>\n");
	sts_buf_clear(&phrase);
}

static void covered(struct sts_buf *b, const struct sts_mx *mx, const struct sts_mx_judgement *j)
{
	if (mx->null_mx) {
		sts_buf_puts(b, "<td>null MX: the domain takes no mail</td>");
	} else if (!j->judged) {
		sts_buf_puts(b, "<td>no policy to judge by</td>");
	} else if (mx->ip_literal) {
		sts_buf_puts(b, "<td class=\"bad\">an address, which no policy covers</td>");
	} else if (j->covered) {
		sts_buf_puts(b, "<td class=\"good\">by <code>");
		sts_html_net(b, sts_str_of(j->matched_by));
		sts_buf_puts(b, "</code></td>");
	} else {
		sts_buf_puts(b, "<td class=\"bad\">no pattern matches");
		if (j->cause != NULL)
			sts_buf_printf(b, " (%s)", j->cause);
		sts_buf_puts(b, "</td>");
	}
}

static void mx_row(struct sts_buf *b, const struct sts_report *r, size_t index)
{
	const struct sts_mx *mx = &r->facts->mx[index];

	if (mx->implicit)
		sts_buf_puts(b, "<tr><td>no MX</td>");
	else
		sts_buf_printf(b, "<tr><td>%u</td>", mx->preference);
	sts_buf_puts(b, "<th scope=\"row\">");
	sts_html_net(b, sts_str_of(mx->name));
	sts_buf_puts(b, "</th>");
	covered(b, mx, &r->mx[index]);
	sts_buf_puts(b, "<td>");
	if (mx->smtp_count > 0) {
		sts_buf_puts(b, "<ul class=\"plain\">\n");
		for (size_t i = 0; i < mx->smtp_count; i++)
			session(b, r->facts, &mx->smtp[i]);
		sts_buf_puts(b, "</ul>\n");
	} else {
		sts_buf_puts(b, mx->host.a.state != STS_DNS_NOT_ASKED && mx->host.address_count == 0 ? "no address"
												     : "no session");
	}
	sts_buf_puts(b, "</td></tr>\n");
}

static void dialogue(struct sts_buf *b, const struct sts_mx *mx, const struct sts_smtp *s)
{
	if (s->banner == NULL && s->ehlo_count == 0)
		return;
	sts_buf_puts(b, "<details>\n<summary>SMTP dialogue with ");
	sts_html_net(b, sts_str_of(mx->name));
	sts_buf_printf(b, " at %s</summary>\n<pre>", s->address.text);
	if (s->banner != NULL) {
		sts_buf_puts(b, "220 ");
		sts_html_net(b, sts_str_of(s->banner));
		sts_buf_addc(b, '\n');
	}
	for (size_t i = 0; i < s->ehlo_count && i < EHLO_SHOWN; i++) {
		sts_buf_puts(b, "250 ");
		sts_html_net(b, sts_str_of(s->ehlo[i]));
		sts_buf_addc(b, '\n');
	}
	if (s->tls.cipher != NULL)
		sts_buf_printf(b, "(%s, %s)", s->tls.version, s->tls.cipher);
	sts_buf_puts(b, "</pre>\n</details>\n");
}

static void mx_evidence(struct sts_buf *b, const struct sts_facts *f, const struct sts_mx *mx)
{
	for (size_t i = 0; i < mx->smtp_count; i++) {
		const struct sts_tls *tls = &mx->smtp[i].tls;
		bool again = i > 0 && mx->smtp[i - 1].tls.chain_count > 0 && tls->chain_count > 0 &&
			     strcmp(mx->smtp[i - 1].tls.chain[0].sha256, tls->chain[0].sha256) == 0;

		if (!again)
			sts_html_chain(b, f, tls, mx->name);
	}
	for (size_t i = 0; i < mx->smtp_count; i++)
		dialogue(b, mx, &mx->smtp[i]);
}

static void tlsa(struct sts_buf *b, const struct sts_mx *mx)
{
	for (size_t i = 0; i < mx->tlsa_count && i < TLSA_SHOWN; i++) {
		const struct sts_tlsa *t = &mx->tlsa_rrs[i];

		sts_buf_puts(b, "<li><code>");
		sts_html_net(b, sts_str_of(mx->tlsa.name));
		sts_buf_printf(b, " TLSA %u %u %u</code>, DNSSEC %s", t->usage, t->selector, t->matching,
			sts_dnssec_word(mx->tlsa.dnssec));
		if (!t->usable) {
			sts_buf_puts(b, ", not usable: ");
			sts_xml(b, t->why != NULL ? t->why : "unknown kind");
		}
		sts_buf_puts(b, "</li>\n");
	}
}

static void mail_hosts(struct sts_buf *b, const struct sts_report *r)
{
	const struct sts_facts *f = r->facts;
	size_t records = 0;

	if (f->mx_count == 0)
		return;
	sts_buf_puts(b, "<h3>Mail hosts</h3>\n");
	sts_html_scroll(b, "Mail hosts");
	sts_buf_puts(b, "<table>\n<thead><tr><th scope=\"col\">Preference</th><th scope=\"col\">Host</th><th "
			"scope=\"col\">Covered</th><th "
			"scope=\"col\">Addresses</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < f->mx_count; i++)
		mx_row(b, r, i);
	sts_buf_puts(b, "</tbody>\n</table>\n</section>\n");
	if (f->mx_total > f->mx_count)
		sts_buf_printf(b, "<p class=\"more\">… and %zu more hosts</p>\n", f->mx_total - f->mx_count);
	for (size_t i = 0; i < f->mx_count; i++) {
		mx_evidence(b, f, &f->mx[i]);
		records += f->mx[i].tlsa_count;
	}
	if (records == 0)
		return;
	sts_buf_printf(b, "<details>\n<summary>TLSA records (%zu)</summary>\n<ul>\n", records);
	for (size_t i = 0; i < f->mx_count; i++)
		tlsa(b, &f->mx[i]);
	sts_buf_puts(b, "</ul>\n</details>\n");
}

void sts_html_seen(struct sts_buf *b, const struct sts_report *r)
{
	record(b, r->facts);
	policy_host(b, r->facts);
	policy(b, r);
	mail_hosts(b, r);
}

/* ---- TLSRPT ------------------------------------------------------------------------------------------------------ */

static void destination(struct sts_buf *b, const struct sts_rua_facts *rua)
{
	static const char *const states[] = {
		[STS_RUA_NOT_TESTED] = "not tested",
		[STS_RUA_OK] = "can take reports",
		[STS_RUA_NO_MAIL] = "takes no mail",
		[STS_RUA_UNREACHABLE] = "cannot be reached",
		[STS_RUA_INVALID] = "no sender can use this",
	};
	bool good = rua->state == STS_RUA_OK;
	bool untested = rua->state == STS_RUA_NOT_TESTED;

	sts_buf_puts(b, "<tr><th scope=\"row\"><code>");
	sts_html_net(b, sts_str_of(rua->uri));
	sts_buf_printf(b, "</code></th><td class=\"%s\">", good ? "good" : untested ? "soft" : "bad");
	sts_html_icon(b, good ? STS_ICON_OK : untested ? STS_ICON_UNKNOWN : STS_ICON_FAIL);
	sts_buf_puts(b, states[rua->state]);
	if (rua->error != NULL || rua->reason != NULL) {
		sts_buf_puts(b, ": ");
		sts_html_net(b, sts_str_of(rua->error != NULL ? rua->error : rua->reason));
	}
	sts_buf_puts(b, "</td></tr>\n");
}

void sts_html_rpt(struct sts_buf *b, const struct sts_report *r)
{
	const struct sts_facts *f = r->facts;

	sts_buf_puts(b, "<p>Senders report once a day, in JSON, how their TLS connections went: that is TLSRPT (RFC "
			"8460). A record says "
			"where reports go.</p>\n");
	if (f->rpt.state == STS_DNS_NOT_ASKED)
		return;
	sts_buf_puts(b, "<h3>TLSRPT record</h3>\n");
	txt(b, &f->rpt, false);
	if (f->rua_count == 0)
		return;
	sts_buf_puts(b, "<h3>Where reports go</h3>\n");
	sts_html_scroll(b, "Where reports go");
	sts_buf_puts(b, "<table>\n<thead><tr><th scope=\"col\">Destination</th><th "
			"scope=\"col\">State</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < f->rua_count; i++)
		destination(b, &f->rua[i]);
	sts_buf_puts(b, "</tbody>\n</table>\n</section>\n");
}
