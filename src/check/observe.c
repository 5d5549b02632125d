#include "check/observe.h"

#include "base/buf.h"
#include "check/unseen.h"
#include "check/view.h"
#include "mtasts/check.h"

#include <stdlib.h>

#define OBSERVED_TEXT_MAX 1024

const char *sts_standing_name(enum sts_standing standing)
{
	static const char *const names[] = {"unseen", "present", "gone"};

	return names[standing];
}

/* ---- standing -------------------------------------------------------------------------------------------------- */

enum sts_standing sts_record_standing(const struct sts_facts *facts)
{
	if (!sts_answer_certain(&facts->record))
		return STS_UNSEEN;
	return sts_has_record(facts) ? STS_PRESENT : STS_GONE;
}

bool sts_record_usable(const struct sts_facts *facts)
{
	const struct sts_record *chosen = facts->record_set.chosen;

	return facts->record.state == STS_DNS_OK && facts->record_set.verdict != STS_RECORD_ABSENT && chosen != NULL &&
	       chosen->usable;
}

static bool host_is_gone(const struct sts_host *host)
{
	return host->a.state == STS_DNS_NXDOMAIN || (sts_answer_absent(&host->a) && sts_answer_absent(&host->aaaa));
}

/* Says nothing, because we did not get to ask. */
static bool fetch_not_asked(const struct sts_fetch *f)
{
	return f->end == STS_FETCH_NOT_TRIED || f->end == STS_FETCH_PRIVATE || f->end == STS_FETCH_NO_FAMILY ||
	       f->end == STS_FETCH_CANCELLED;
}

static bool fetch_says_gone(const struct sts_fetch *f)
{
	return f->end == STS_FETCH_OK && (f->http.status == 404 || f->http.status == 410) &&
	       f->tls.state == STS_TLS_OK && (f->tls.problems & ~(unsigned)STS_CERT_WEAK) == 0;
}

enum sts_standing sts_policy_standing(const struct sts_facts *facts)
{
	size_t say_gone = 0;

	if (facts->policy != NULL)
		return STS_PRESENT;
	if (host_is_gone(&facts->policy_host))
		return STS_GONE;
	for (size_t i = 0; i < facts->fetch_count; i++) {
		if (fetch_says_gone(&facts->fetches[i]))
			say_gone++;
		else if (!fetch_not_asked(&facts->fetches[i]))
			return STS_UNSEEN;
	}
	return say_gone > 0 ? STS_GONE : STS_UNSEEN;
}

/* ---- parts ----------------------------------------------------------------------------------------------------- */

const char *sts_observe_text(struct sts_arena *arena, struct sts_str raw)
{
	struct sts_buf b;
	const char *out;

	sts_buf_init(&b, 8 * OBSERVED_TEXT_MAX);
	sts_buf_escape(&b, raw, OBSERVED_TEXT_MAX);
	out = sts_strndup(arena, b.ptr == NULL ? "" : b.ptr, b.len);
	sts_buf_clear(&b);
	return out;
}

/* Words of ours or text escaped already: a copy, so that the observation outlives the report. */
static const char *copy(struct sts_arena *arena, const char *s)
{
	return s == NULL ? "" : sts_strdup(arena, s);
}

static int by_content(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* An answer's TXT records in an order that does not depend on the server's mood. */
static const char **texts_of(struct sts_arena *arena, const struct sts_answer *answer, size_t *count)
{
	const char **texts = sts_alloc_array(arena, answer->rr_count + 1, sizeof *texts);

	*count = answer->state == STS_DNS_OK ? answer->rr_count : 0;
	for (size_t i = 0; i < *count; i++)
		texts[i] = sts_observe_text(arena, answer->rrs[i].data);
	if (*count > 1)
		qsort(texts, *count, sizeof *texts, by_content);
	return texts;
}

static void observe_record(const struct sts_facts *facts, struct sts_arena *arena, struct sts_observed_record *out)
{
	out->standing = sts_record_standing(facts);
	out->texts = texts_of(arena, &facts->record, &out->text_count);
	out->ttl_s = out->text_count > 0 ? (int64_t)facts->record.ttl_s : -1;
	out->usable = sts_record_usable(facts);
	if (out->usable)
		out->id = sts_observe_text(arena, facts->record_set.chosen->id);
}

static void observe_policy(const struct sts_facts *facts, struct sts_arena *arena, struct sts_observed_policy *out)
{
	const struct sts_policy *p = facts->policy;

	out->standing = sts_policy_standing(facts);
	out->max_age_s = -1;
	if (p == NULL)
		return;
	out->served = facts->policy_served;
	out->usable = p->usable;
	out->mode = p->mode;
	out->body = facts->policy_fetch->body;
	memcpy(out->sha256, facts->policy_fetch->sha256, sizeof out->sha256);
	if (p->has_max_age)
		out->max_age_s = p->max_age_s;
	for (size_t i = 0; i < p->mx_count; i++)
		if (p->mx[i].valid)
			*STS_PUSH(arena, out->mx, out->mx_count) =
				sts_observe_text(arena, sts_str(p->mx[i].text, p->mx[i].len));
}

static void observe_mx(const struct sts_facts *facts, struct sts_arena *arena, struct sts_observation *out)
{
	out->mx_standing = sts_answer_certain(&facts->mx_answer) ? STS_PRESENT : STS_UNSEEN;
	if (out->mx_standing == STS_UNSEEN)
		return;
	for (size_t i = 0; i < facts->mx_count; i++) {
		struct sts_observed_mx *mx = STS_PUSH(arena, out->mx, out->mx_count);

		mx->host = sts_observe_text(arena, sts_str_of(facts->mx[i].name));
		mx->preference = facts->mx[i].preference;
		mx->implicit = facts->mx[i].implicit;
	}
}

/* ---- certificates ---------------------------------------------------------------------------------------------- */

static const char *problem_words(struct sts_arena *arena, unsigned problems)
{
	struct sts_buf b;
	const char *out;

	sts_buf_init(&b, 512);
	for (unsigned i = 0; i < STS_CERT_PROBLEM_COUNT; i++)
		if ((problems & 1u << i) != 0)
			sts_buf_printf(&b, "%s%s", b.len > 0 ? " " : "", sts_cert_problem_name(1u << i));
	out = sts_strndup(arena, b.ptr == NULL ? "" : b.ptr, b.len);
	sts_buf_clear(&b);
	return out;
}

/* A time as RFC 3339 can tell it and our reader takes it back. */
static int64_t writable(int64_t at)
{
	return at < 0 ? 0 : at > STS_TIME_MAX ? STS_TIME_MAX : at;
}

static struct sts_observed_cert *find_cert(
	struct sts_observation *out, bool policy_host, const char *host, const char *sha256)
{
	for (size_t i = 0; i < out->cert_count; i++)
		if (out->certs[i].policy_host == policy_host && strcmp(out->certs[i].host, host) == 0 &&
			strcmp(out->certs[i].sha256, sha256) == 0)
			return &out->certs[i];
	return NULL;
}

static void observe_cert(struct sts_observation *out, struct sts_arena *arena, bool policy_host, const char *host,
	const char *address, const struct sts_tls *tls)
{
	const char *name = sts_observe_text(arena, sts_str_of(host));
	struct sts_observed_cert *c;

	if (tls->chain_count == 0)
		return;
	c = find_cert(out, policy_host, name, tls->chain[0].sha256);
	if (c == NULL) {
		c = STS_PUSH(arena, out->certs, out->cert_count);
		c->policy_host = policy_host;
		c->host = name;
		c->sha256 = copy(arena, tls->chain[0].sha256);
		c->spki_sha256 = copy(arena, tls->chain[0].spki_sha256);
		c->subject = sts_show(arena, sts_str_of(tls->chain[0].subject));
		c->issuer = sts_show(arena, sts_str_of(tls->chain[0].issuer));
		c->not_before = writable(tls->chain[0].not_before);
		c->not_after = writable(tls->chain[0].not_after);
		c->problems = problem_words(arena, tls->problems);
	}
	*STS_PUSH(arena, c->addresses, c->address_count) = copy(arena, address);
}

static void observe_certs(const struct sts_facts *facts, struct sts_arena *arena, struct sts_observation *out)
{
	for (size_t i = 0; i < facts->fetch_count; i++)
		observe_cert(out, arena, true, facts->policy_host.name, facts->fetches[i].address.text,
			&facts->fetches[i].tls);
	for (size_t i = 0; i < facts->mx_count; i++)
		for (size_t k = 0; k < facts->mx[i].smtp_count; k++)
			observe_cert(out, arena, false, facts->mx[i].name, facts->mx[i].smtp[k].address.text,
				&facts->mx[i].smtp[k].tls);
}

/* ---- judgement ------------------------------------------------------------------------------------------------- */

static void observe_judgement(const struct sts_report *r, struct sts_arena *arena, struct sts_observation *out)
{
	out->findings = sts_alloc_array(arena, r->finding_count + 1, sizeof *out->findings);
	out->not_tested = sts_alloc_array(arena, r->not_tested_count + 1, sizeof *out->not_tested);
	for (size_t i = 0; i < r->finding_count; i++) {
		const struct sts_finding *f = &r->findings[i];

		out->findings[out->finding_count++] = (struct sts_observed_finding){
			copy(arena, f->code), f->severity, copy(arena, f->subject), sts_strdup(arena, f->cause)};
	}
	for (size_t i = 0; i < r->not_tested_count; i++)
		out->not_tested[out->not_tested_count++] = (struct sts_not_tested){
			copy(arena, r->not_tested[i].what), copy(arena, r->not_tested[i].reason)};
}

static void observe_vantage(const struct sts_vantage *v, struct sts_arena *arena, struct sts_observed_vantage *out)
{
	out->resolver = v->resolver == NULL ? "" : sts_observe_text(arena, sts_str_of(v->resolver));
	out->validated = v->path != STS_PATH_UNVALIDATED;
	out->ipv4 = v->ipv4;
	out->ipv6 = v->ipv6;
	out->smtp = v->smtp;
	out->version = sts_version();
}

void sts_observe(const struct sts_report *report, struct sts_arena *arena, struct sts_observation *out)
{
	const struct sts_facts *facts = report->facts;

	*out = (struct sts_observation){
		.domain = copy(arena, facts->domain),
		.at = facts->judged_at,
		.duration_ms = facts->duration_ms,
		.verdict = sts_verdict_name(report->verdict),
		.status = sts_status_name(report->status),
	};
	observe_record(facts, arena, &out->record);
	observe_policy(facts, arena, &out->policy);
	observe_mx(facts, arena, out);
	observe_certs(facts, arena, out);
	out->rpt_standing = sts_answer_certain(&facts->rpt) ? STS_PRESENT : STS_UNSEEN;
	out->rpt = texts_of(arena, &facts->rpt, &out->rpt_count);
	observe_judgement(report, arena, out);
	observe_vantage(&facts->vantage, arena, &out->vantage);
	sts_unseen_collect(facts, arena, out);
}
