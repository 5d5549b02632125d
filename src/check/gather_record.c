/* The record's strand: TXT at _mta-sts, its authoritative servers, wildcards, places where it was put by mistake, the parent. */
#include "check/gather.h"
#include "check/view.h"

#include "base/clock.h"
#include "proto/dnsmsg.h"
#include "proto/domain.h"

#include <stdio.h>
#include <sys/random.h>

static void authns_done(const struct sts_authns *result, void *arg)
{
	struct op *op = arg;
	struct sts_facts *f = op->check->facts;

	f->record_zone = result->zone;
	f->nameservers = result->nameservers;
	f->nameserver_count = result->nameserver_count;
	op_end(op);
}

static void authns_cancel(void *handle)
{
	sts_authns_cancel(handle);
}

static void ask_nameservers(struct check *c)
{
	int64_t deadline_ms = sts_now_ms() + STS_AUTHNS_WAIT_MS;
	struct op *op;

	if (c->facts->no_authoritative)
		return;
	op = STS_NEW(c->arena, struct op);
	op_begin(op, c,
		sts_authns_start(c->engine->loop, c->engine->resolver, c->arena, c->record_name, c->facts->deny_private,
			deadline_ms < c->deadline_ms ? deadline_ms : c->deadline_ms, authns_done, op),
		authns_cancel);
}

/* A name that nobody published: what stands there comes from a wildcard. */
static void ask_sibling(struct check *c)
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
		random = (uint64_t)c->started_ms;
	check_ask(c, sts_sprintf(c->arena, "_x%016llx.%s", (unsigned long long)random, c->facts->domain), STS_T_TXT,
		&c->sibling, NULL, NULL);
}

/* Where panels and people put it by mistake.  [checklist rows 35, 36] */
static void ask_elsewhere(struct check *c)
{
	const char *d = c->facts->domain;
	const char *const names[] = {
		d,
		sts_sprintf(c->arena, "_mta_sts.%s", d),
		sts_sprintf(c->arena, "mta-sts.%s", d),
		sts_sprintf(c->arena, "_mta-sts._mta-sts.%s", d),
		sts_sprintf(c->arena, "_mta-sts.%s.%s", d, d),
		sts_sprintf(c->arena, "_smtp-mta-sts.%s", d),
	};

	c->misplaced = sts_alloc_array(c->arena, sizeof names / sizeof *names, sizeof *c->misplaced);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) <= 253)
			check_ask(c, names[i], STS_T_TXT, &c->misplaced[c->misplaced_count++], NULL, NULL);
}

static void ask_parent(struct check *c)
{
	const char *parent = sts_domain_parent(c->facts->domain);

	if (parent == NULL || sts_domain_is_public_suffix(parent))
		return;
	c->facts->parent = parent;
	check_ask(c, sts_sprintf(c->arena, "_mta-sts.%s", parent), STS_T_TXT, &c->parent_record, NULL, NULL);
}

static void parse_set(struct check *c, const struct sts_answer *a, struct sts_record_set *out)
{
	struct sts_str *texts = sts_alloc_array(c->arena, a->rr_count == 0 ? 1 : a->rr_count, sizeof *texts);
	size_t count = a->state == STS_DNS_OK ? a->rr_count : 0;

	for (size_t i = 0; i < count; i++)
		texts[i] = a->rrs[i].data;
	sts_record_set_parse(texts, count, c->arena, out);
}

static void record_known(struct check *c, void *ctx)
{
	struct sts_facts *f = c->facts;

	(void)ctx;
	parse_set(c, &f->record, &f->record_set);
	check_step(c, "record: TXT %s: %s", c->record_name, answer_words(c, &f->record));
	f->record_wildcard = f->record.wildcard;
	if (f->record.state == STS_DNS_OK && f->record.dnssec != STS_DNSSEC_SECURE)
		ask_sibling(c);
	if (sts_answer_certain(&f->record) && !sts_has_record(f) && !f->record_only) {
		ask_elsewhere(c);
		ask_parent(c);
	}
}

void gather_record_start(struct check *c)
{
	check_ask(c, c->record_name, STS_T_TXT, &c->facts->record, record_known, NULL);
	ask_nameservers(c);
}

static bool same_records(const struct sts_answer *a, const struct sts_answer *b)
{
	if (a->state != STS_DNS_OK || b->state != STS_DNS_OK || a->rr_count != b->rr_count)
		return false;
	for (size_t i = 0; i < a->rr_count; i++) {
		bool found = false;

		for (size_t k = 0; k < b->rr_count && !found; k++)
			found = sts_str_eq(a->rrs[i].data, b->rrs[k].data);
		if (!found)
			return false;
	}
	return true;
}

/* A cache shows what is left of a TTL, and may have cut it; the zone's own servers know. */
static void see_ttl(struct sts_facts *f)
{
	for (size_t i = 0; i < f->nameserver_count && f->record.state == STS_DNS_OK; i++)
		if (f->nameservers[i].state == STS_DNS_OK && f->nameservers[i].ttl_s > f->record.ttl_s)
			f->record.ttl_s = f->nameservers[i].ttl_s;
}

/*
 * The resolver's library knows four of the twelve bits of a code: a server that refuses our EDNS (BADVERS) reads to it like one that has no such
 * record. Absence that no server of the zone tells, while what they do tell is no answer, is not known.
 */
static void doubt_absence(struct sts_facts *f)
{
	bool nonsense = false;

	if (f->record.state != STS_DNS_NODATA || f->record.dnssec == STS_DNSSEC_SECURE)
		return;
	for (size_t i = 0; i < f->nameserver_count; i++) {
		enum sts_dns_state state = f->nameservers[i].state;

		if (state == STS_DNS_OK || state == STS_DNS_NODATA || state == STS_DNS_NXDOMAIN)
			return;
		nonsense = nonsense || state == STS_DNS_MALFORMED;
	}
	if (nonsense) {
		f->record.state = STS_DNS_MALFORMED;
		f->record.why = "the servers of the zone answer with an error that reads like absence";
	}
}

void gather_record_collect(struct check *c)
{
	struct sts_facts *f = c->facts;
	struct sts_record_set set;

	doubt_absence(f);
	if (same_records(&f->record, &c->sibling))
		f->record_wildcard = true;
	see_ttl(f);
	for (size_t i = 0; i < c->misplaced_count; i++) {
		parse_set(c, &c->misplaced[i], &set);
		if (set.candidates == 0)
			continue;
		for (size_t k = 0; k < set.count; k++) {
			struct sts_misplaced *m;

			if (!set.records[k].begins_with_version)
				continue;
			m = STS_PUSH(c->arena, f->misplaced, f->misplaced_count);
			m->name = c->misplaced[i].name;
			m->text = set.records[k].text;
		}
	}
	if (f->parent != NULL) {
		parse_set(c, &c->parent_record, &set);
		f->parent_has_record = set.verdict == STS_RECORD_ACCEPT || (set.chosen != NULL && set.chosen->usable);
	}
}
