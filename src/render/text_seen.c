#include "render/text_seen.h"

#include "render/words.h"

#include <inttypes.h>

#define INDENT 6        /* evidence stands under the part's title */
#define ADDRESS_COLUMN 26
#define RECORD_SHOWN 600
#define POLICY_LINES_SHOWN 40
#define MX_SHOWN 10

/* ---- small pieces ---------------------------------------------------------------------------------------------- */

static void put_duration(struct sts_paper *p, int64_t seconds)
{
	struct sts_buf b;

	sts_buf_init(&b, 100);
	sts_duration_words(&b, seconds);
	sts_paper_put(p, STS_PLAIN, b.ptr);
	sts_buf_clear(&b);
}

static void put_quoted(struct sts_paper *p, struct sts_str text)
{
	sts_paper_put(p, STS_PLAIN, "\"");
	sts_paper_net(p, STS_PLAIN, text, RECORD_SHOWN);
	sts_paper_put(p, STS_PLAIN, "\"");
}

static void put_days_left(struct sts_paper *p, const struct sts_facts *facts, const struct sts_cert *cert)
{
	int64_t days = sts_days_left(facts, cert);

	if (days < 0)
		sts_paper_put(p, STS_RED, ", expired");
	else
		sts_paper_printf(p, days <= 14 ? STS_YELLOW : STS_PLAIN, ", %" PRId64 " day%s left", days, days == 1 ? "" : "s");
}

/* Why a host has no address. */
static void put_no_address(struct sts_paper *p, enum sts_style style, const struct sts_host *h)
{
	if (h->a.state == h->aaaa.state)
		sts_paper_printf(p, style, ": no address: %s", sts_dns_state_phrase(h->a.state));
	else
		sts_paper_printf(p, style, ": no address: A: %s; AAAA: %s", sts_dns_state_phrase(h->a.state),
			sts_dns_state_phrase(h->aaaa.state));
}

/* TXT records of an answer, one a line, or why there are none. */
static void txt_lines(struct sts_paper *p, const struct sts_answer *a)
{
	sts_paper_begin(p, INDENT, INDENT + 2);
	sts_paper_net(p, STS_DIM, sts_str_of(a->name), 253);
	if (a->rr_count == 0) {
		sts_paper_printf(p, STS_DIM, ": %s", sts_dns_state_phrase(a->state));
		if (!sts_answer_certain(a) && a->why != NULL) {
			sts_paper_put(p, STS_DIM, ": ");
			sts_paper_net(p, STS_DIM, sts_str_of(a->why), 200);
		}
	}
	sts_paper_end(p);
	for (size_t i = 0; i < a->rr_count && i < 10; i++) {
		sts_paper_begin(p, INDENT + 2, INDENT + 3);
		put_quoted(p, a->rrs[i].data);
		sts_paper_end(p);
	}
	if (a->rr_count > 10) {
		sts_paper_begin(p, INDENT + 2, INDENT + 2);
		sts_paper_printf(p, STS_DIM, "... and %zu more records", a->rr_count - 10);
		sts_paper_end(p);
	}
}

/* ---- DNS record ------------------------------------------------------------------------------------------------ */

static bool same_records(const struct sts_nameserver *n, const struct sts_answer *a)
{
	size_t found = 0;

	for (size_t i = 0; i < n->record_count; i++)
		for (size_t j = 0; j < a->rr_count; j++)
			if (sts_str_eq(n->records[i], a->rrs[j].data)) {
				found++;
				break;
			}
	return found == a->rr_count && n->record_count == a->rr_count;
}

static bool agrees(const struct sts_nameserver *n, const struct sts_facts *f)
{
	if (n->not_tested || n->error != NULL)
		return false;
	return n->cname != NULL || same_records(n, &f->record);
}

static void nameserver_line(struct sts_paper *p, const struct sts_nameserver *n)
{
	sts_paper_begin(p, INDENT + 2, INDENT + 4);
	sts_paper_net(p, STS_PLAIN, sts_str_of(n->name), 253);
	if (n->address != NULL && n->address[0] != '\0')
		sts_paper_printf(p, STS_PLAIN, " [%s]", n->address);
	sts_paper_put(p, STS_PLAIN, ": ");
	if (n->error != NULL)
		sts_paper_net(p, n->not_tested ? STS_DIM : STS_YELLOW, sts_str_of(n->error), 200);
	else if (n->record_count == 0)
		sts_paper_put(p, STS_YELLOW, sts_dns_state_phrase(n->state));
	for (size_t i = 0; i < n->record_count; i++) {
		sts_paper_put(p, STS_PLAIN, i == 0 ? "" : ", ");
		put_quoted(p, n->records[i]);
	}
	sts_paper_end(p);
}

static void nameserver_lines(struct sts_paper *p, const struct sts_facts *f)
{
	size_t agreeing = 0;

	if (f->nameserver_count == 0)
		return;
	for (size_t i = 0; i < f->nameserver_count; i++)
		agreeing += agrees(&f->nameservers[i], f);
	sts_paper_begin(p, INDENT, INDENT + 2);
	sts_paper_printf(p, STS_DIM, "%zu of %zu authoritative server addresses give this answer", agreeing, f->nameserver_count);
	sts_paper_end(p);
	for (size_t i = 0; i < f->nameserver_count; i++)
		if (!agrees(&f->nameservers[i], f))
			nameserver_line(p, &f->nameservers[i]);
}

static void record_part(struct sts_paper *p, const struct sts_report *r)
{
	const struct sts_answer *a = &r->facts->record;

	txt_lines(p, a);
	if (a->cname_count > 0) {
		sts_paper_begin(p, INDENT, INDENT + 2);
		sts_paper_put(p, STS_DIM, "alias of ");
		for (size_t i = 0; i < a->cname_count; i++) {
			sts_paper_put(p, STS_DIM, i == 0 ? "" : ", then ");
			sts_paper_net(p, STS_DIM, sts_str_of(a->cname[i]), 253);
		}
		sts_paper_end(p);
	}
	if (a->rr_count > 0) {
		sts_paper_begin(p, INDENT, INDENT + 2);
		sts_paper_put(p, STS_PLAIN, "TTL ");
		put_duration(p, a->ttl_s);
		sts_paper_printf(p, STS_PLAIN, ", DNSSEC %s%s", sts_dnssec_word(a->dnssec),
			r->facts->record_wildcard ? ", from a wildcard" : "");
		sts_paper_end(p);
	}
	nameserver_lines(p, r->facts);
}

/* ---- policy host ----------------------------------------------------------------------------------------------- */

static void cert_line(struct sts_paper *p, unsigned indent, const struct sts_facts *facts, const struct sts_cert *c)
{
	sts_paper_begin(p, indent, indent + 2);
	sts_paper_put(p, STS_DIM, "certificate for ");
	if (c->name_count == 0)
		sts_paper_put(p, STS_DIM, "no DNS name");
	for (size_t i = 0; i < c->name_count && i < 3; i++) {
		sts_paper_put(p, STS_DIM, i == 0 ? "" : ", ");
		sts_paper_net(p, STS_DIM, sts_str_of(c->names[i]), 100);
	}
	if (c->name_total > 3)
		sts_paper_printf(p, STS_DIM, " and %zu more", c->name_total - 3);
	sts_paper_put(p, STS_DIM, ", by ");
	sts_paper_net(p, STS_DIM, sts_short_subject(c->issuer), 100);
	put_days_left(p, facts, c);
	sts_paper_end(p);
}

static void fetch_fine(struct sts_paper *p, const struct sts_fetch *f)
{
	sts_paper_printf(p, STS_GREEN, "HTTP %d", f->http.status);
	sts_paper_printf(p, STS_PLAIN, ", %zu octets, ", f->body_total);
	sts_paper_put(p, STS_PLAIN, f->tls.version != NULL ? f->tls.version : "TLS");
	sts_paper_printf(p, STS_PLAIN, ", %" PRId64 " ms", f->duration_ms);
}

static bool is_reason_word(const char *code)
{
	return code != NULL && strchr(code, '.') == NULL;
}

static void fetch_line(struct sts_paper *p, const struct sts_fetch *f)
{
	const char *code = sts_fetch_code(f);
	struct sts_buf b;

	sts_paper_begin(p, INDENT, ADDRESS_COLUMN);
	sts_paper_put(p, STS_PLAIN, f->address.text);
	sts_paper_tab(p, ADDRESS_COLUMN);
	if (code == NULL) {
		fetch_fine(p, f);
	} else {
		sts_buf_init(&b, 4096);
		sts_fetch_error(&b, f);
		if (is_reason_word(code))
			sts_paper_put(p, STS_DIM, "not tested: ");
		sts_paper_put(p, is_reason_word(code) ? STS_DIM : STS_RED, b.ptr == NULL ? code : b.ptr);
		sts_buf_clear(&b);
	}
	sts_paper_end(p);
}

/* The same certificate at every address is shown once. */
static bool cert_shown_before(const struct sts_facts *f, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (f->fetches[i].tls.chain_count > 0 &&
			strcmp(f->fetches[i].tls.chain[0].sha256, f->fetches[index].tls.chain[0].sha256) == 0)
			return true;
	return false;
}

static void host_part(struct sts_paper *p, const struct sts_report *r)
{
	const struct sts_facts *f = r->facts;
	const struct sts_host *h = &f->policy_host;

	if (h->a.state == STS_DNS_NOT_ASKED)
		return;
	sts_paper_begin(p, INDENT, INDENT + 2);
	sts_paper_net(p, STS_DIM, sts_str_of(h->name), 253);
	for (size_t i = 0; i < h->a.cname_count; i++) {
		sts_paper_put(p, STS_DIM, i == 0 ? ", alias of " : ", then ");
		sts_paper_net(p, STS_DIM, sts_str_of(h->a.cname[i]), 253);
	}
	if (h->address_count == 0 && f->fetch_count == 0)
		put_no_address(p, STS_DIM, h);
	sts_paper_end(p);
	for (size_t i = 0; i < f->fetch_count; i++) {
		fetch_line(p, &f->fetches[i]);
		if (f->fetches[i].tls.chain_count > 0 && !cert_shown_before(f, i))
			cert_line(p, INDENT + 2, f, &f->fetches[i].tls.chain[0]);
	}
}

/* ---- policy ---------------------------------------------------------------------------------------------------- */

static void policy_lines(struct sts_paper *p, struct sts_str body)
{
	size_t next = 0;
	unsigned line = 1;

	for (; body.len > 0 && line <= POLICY_LINES_SHOWN; body = sts_str_from(body, next), line++) {
		size_t end = sts_line_end(body, &next);

		sts_paper_begin(p, INDENT, INDENT + 5);
		sts_paper_printf(p, STS_DIM, "%s%u", line < 10 ? " " : "", line);
		sts_paper_tab(p, INDENT + 4);
		sts_paper_net(p, STS_PLAIN, sts_str(body.ptr, end), 300);
		sts_paper_end(p);
	}
	if (body.len > 0) {
		sts_paper_begin(p, INDENT, INDENT);
		sts_paper_printf(p, STS_DIM, "... and %zu octets more", body.len);
		sts_paper_end(p);
	}
}

static void policy_part(struct sts_paper *p, const struct sts_report *r)
{
	const struct sts_policy *policy = r->facts->policy;

	if (policy == NULL || r->facts->policy_fetch == NULL)
		return;
	policy_lines(p, r->facts->policy_fetch->body);
	sts_paper_begin(p, INDENT, INDENT + 2);
	sts_paper_printf(p, STS_DIM, "line ends: %s", sts_line_endings_word(policy));
	if (policy->has_max_age) {
		sts_paper_put(p, STS_DIM, "; senders keep it for ");
		put_duration(p, policy->max_age_s);
	}
	if (!r->facts->policy_served)
		sts_paper_put(p, STS_YELLOW, "; it is not served in a way that senders accept");
	sts_paper_end(p);
}

/* ---- mail hosts ------------------------------------------------------------------------------------------------ */

static void mx_head(struct sts_paper *p, const struct sts_mx *mx)
{
	sts_paper_begin(p, INDENT, INDENT + 6);
	if (mx->implicit)
		sts_paper_put(p, STS_DIM, "no MX:");
	else
		sts_paper_printf(p, STS_DIM, "%5u", mx->preference);
	sts_paper_put(p, STS_PLAIN, " ");
	sts_paper_net(p, STS_PLAIN, sts_str_of(mx->name), 253);
}

static void match_line(struct sts_paper *p, const struct sts_mx *mx, const struct sts_mx_judgement *j)
{
	mx_head(p, mx);
	if (mx->null_mx) {
		sts_paper_put(p, STS_DIM, " (null MX: the domain takes no mail)");
	} else if (!j->judged) {
		sts_paper_put(p, STS_DIM, " (no policy to judge by)");
	} else if (mx->ip_literal) {
		sts_paper_put(p, STS_RED, " is an address, which no policy covers");
	} else if (j->covered) {
		sts_paper_put(p, STS_GREEN, " covered");
		if (j->matched_by != NULL && strcmp(j->matched_by, mx->name) != 0) {
			sts_paper_put(p, STS_PLAIN, " by ");
			sts_paper_net(p, STS_PLAIN, sts_str_of(j->matched_by), 253);
		}
	} else {
		sts_paper_put(p, STS_RED, " matches no mx pattern");
		if (j->cause != NULL)
			sts_paper_printf(p, STS_PLAIN, " (%s)", j->cause);
	}
	sts_paper_end(p);
}

static void match_part(struct sts_paper *p, const struct sts_report *r)
{
	const struct sts_facts *f = r->facts;
	size_t shown = 0;

	for (size_t i = 0; i < f->mx_count; i++) {
		bool bad = r->mx[i].judged && !r->mx[i].covered;

		if (shown >= MX_SHOWN && !bad)
			continue;
		match_line(p, &f->mx[i], &r->mx[i]);
		shown++;
	}
	if (shown < f->mx_total) {
		sts_paper_begin(p, INDENT, INDENT);
		sts_paper_printf(p, STS_DIM, "... and %zu more hosts", f->mx_total - shown);
		sts_paper_end(p);
	}
}

static void smtp_fine(struct sts_paper *p, const struct sts_smtp *s)
{
	sts_paper_put(p, STS_GREEN, s->tls.version != NULL ? s->tls.version : "TLS");
	sts_paper_put(p, STS_PLAIN, ", certificate good");
}

static void smtp_line(struct sts_paper *p, const struct sts_smtp *s)
{
	bool untested = strcmp(sts_smtp_state(s), "not_tested") == 0;
	struct sts_buf b;

	sts_paper_begin(p, INDENT + 2, ADDRESS_COLUMN);
	sts_paper_put(p, STS_PLAIN, s->address.text);
	sts_paper_tab(p, ADDRESS_COLUMN);
	sts_buf_init(&b, 4096);
	sts_smtp_error(&b, s);
	if (b.len == 0)
		smtp_fine(p, s);
	else
		sts_paper_printf(p, untested ? STS_DIM : STS_RED, "%s%s", untested ? "not tested: " : "", b.ptr);
	sts_buf_clear(&b);
	if (s->tls.dane != STS_DANE_NONE)
		sts_paper_printf(p, s->tls.dane == STS_DANE_PASS ? STS_GREEN : STS_YELLOW, ", DANE %s", sts_dane_word(s->tls.dane));
	sts_paper_end(p);
}

/* What becomes of the mail is told once for the domain; here only what stands out. */
static void refusal_line(struct sts_paper *p, const struct sts_mx_judgement *j)
{
	bool by_policy = j->decisions[STS_STATE_CURRENT_POLICY] == STS_REFUSE;
	bool by_dane = j->decisions[STS_STATE_DANE] == STS_REFUSE;

	if (!by_policy && !by_dane)
		return;
	sts_paper_begin(p, INDENT + 2, INDENT + 4);
	sts_paper_printf(p, STS_RED, "refused by senders %s", by_policy && by_dane ? "that hold the policy, and by those that use DANE"
		: by_policy ? "that hold the policy" : "that use DANE");
	sts_paper_end(p);
}

static bool all_fine(const struct sts_mx *mx)
{
	for (size_t i = 0; i < mx->smtp_count; i++)
		if (mx->smtp[i].end != STS_SMTP_OK || mx->smtp[i].tls.problems != 0)
			return false;
	return mx->smtp_count > 0;
}

static bool same_cert(const struct sts_smtp *a, const struct sts_smtp *b)
{
	return a->tls.chain_count > 0 && b->tls.chain_count > 0 && strcmp(a->tls.chain[0].sha256, b->tls.chain[0].sha256) == 0;
}

static void mx_block(struct sts_paper *p, const struct sts_report *r, size_t index)
{
	const struct sts_mx *mx = &r->facts->mx[index];

	sts_paper_begin(p, INDENT, INDENT + 2);
	sts_paper_net(p, STS_PLAIN, sts_str_of(mx->name), 253);
	if (mx->smtp_count == 0 && mx->host.a.state != STS_DNS_NOT_ASKED && mx->host.address_count == 0)
		put_no_address(p, STS_YELLOW, &mx->host);
	else if (mx->smtp_count == 0)
		sts_paper_put(p, STS_DIM, ": no session");
	sts_paper_end(p);
	for (size_t i = 0; i < mx->smtp_count; i++) {
		smtp_line(p, &mx->smtp[i]);
		if (mx->smtp[i].tls.chain_count > 0 && (i == 0 || !same_cert(&mx->smtp[i], &mx->smtp[i - 1])))
			cert_line(p, INDENT + 4, r->facts, &mx->smtp[i].tls.chain[0]);
	}
	refusal_line(p, &r->mx[index]);
}

static void mx_tls_part(struct sts_paper *p, const struct sts_report *r)
{
	const struct sts_facts *f = r->facts;
	size_t shown = 0;
	size_t left_out = 0;

	if (f->no_smtp)
		return;
	for (size_t i = 0; i < f->mx_count; i++) {
		if (f->mx[i].null_mx)
			continue;
		if (shown >= MX_SHOWN && all_fine(&f->mx[i])) {
			left_out++;
			continue;
		}
		mx_block(p, r, i);
		shown++;
	}
	if (left_out > 0) {
		sts_paper_begin(p, INDENT, INDENT);
		sts_paper_printf(p, STS_DIM, "... and %zu more hosts, all fine", left_out);
		sts_paper_end(p);
	}
}

static void dane_part(struct sts_paper *p, const struct sts_report *r)
{
	const struct sts_facts *f = r->facts;

	for (size_t i = 0; i < f->mx_count; i++) {
		const struct sts_mx *mx = &f->mx[i];

		for (size_t j = 0; j < mx->tlsa_count && j < 10; j++) {
			const struct sts_tlsa *t = &mx->tlsa_rrs[j];

			sts_paper_begin(p, INDENT, INDENT + 2);
			sts_paper_net(p, STS_DIM, sts_str_of(mx->tlsa.name), 253);
			sts_paper_printf(p, STS_PLAIN, " %u %u %u", t->usage, t->selector, t->matching);
			sts_paper_printf(p, STS_DIM, ", DNSSEC %s", sts_dnssec_word(mx->tlsa.dnssec));
			if (!t->usable)
				sts_paper_printf(p, STS_YELLOW, ", not usable: %s", t->why != NULL ? t->why : "unknown kind");
			sts_paper_end(p);
		}
	}
}

/* ---- TLSRPT ---------------------------------------------------------------------------------------------------- */

static void rpt_part(struct sts_paper *p, const struct sts_report *r)
{
	const struct sts_facts *f = r->facts;

	if (f->rpt.state == STS_DNS_NOT_ASKED)
		return;
	txt_lines(p, &f->rpt);
	for (size_t i = 0; i < f->rua_count && i < 10; i++) {
		const struct sts_rua_facts *rua = &f->rua[i];

		sts_paper_begin(p, INDENT, INDENT + 2);
		sts_paper_net(p, STS_PLAIN, sts_str_of(rua->uri), 300);
		sts_paper_printf(p, rua->state == STS_RUA_OK ? STS_GREEN : rua->state == STS_RUA_NOT_TESTED ? STS_DIM : STS_YELLOW,
			": %s", rua->state == STS_RUA_NOT_TESTED ? "not tested" : sts_rua_state_word(rua->state));
		if (rua->error != NULL) {
			sts_paper_put(p, STS_PLAIN, ": ");
			sts_paper_net(p, STS_PLAIN, sts_str_of(rua->error), 200);
		}
		sts_paper_end(p);
	}
}

/* ---- all parts ------------------------------------------------------------------------------------------------- */

typedef void part_fn(struct sts_paper *p, const struct sts_report *r);

static part_fn *const evidence[STS_PART_COUNT] = {
	[STS_PART_DNS_RECORD] = record_part,
	[STS_PART_POLICY_HOST] = host_part,
	[STS_PART_POLICY_SYNTAX] = policy_part,
	[STS_PART_MX_MATCH] = match_part,
	[STS_PART_MX_TLS] = mx_tls_part,
	[STS_PART_DANE] = dane_part,
	[STS_PART_TLS_RPT] = rpt_part,
};

static void part_head(struct sts_paper *p, enum sts_part part, const struct sts_part_result *result)
{
	static const char *const words[] = {"pass", "warn", "FAIL", "?", "-"};
	static const enum sts_style styles[] = {STS_GREEN, STS_YELLOW, STS_RED, STS_CYAN, STS_DIM};

	sts_paper_begin(p, 0, INDENT);
	sts_paper_put(p, styles[result->result], words[result->result]);
	sts_paper_tab(p, INDENT);
	sts_paper_put(p, STS_BOLD, sts_part_title(part));
	if (result->summary != NULL && result->summary[0] != '\0') {
		sts_paper_put(p, STS_BOLD, ": ");
		sts_paper_put(p, STS_PLAIN, result->summary);
	}
	sts_paper_end(p);
}

void sts_text_parts(struct sts_paper *p, const struct sts_report *r)
{
	for (size_t i = 0; i < STS_PART_COUNT; i++) {
		part_head(p, (enum sts_part)i, &r->parts[i]);
		if (evidence[i] != NULL)
			evidence[i](p, r);
	}
}
