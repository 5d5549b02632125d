#include "monitor/cause.h"

#include "check/phrase.h"
#include "monitor/incident.h"

/* Findings explain one another at most so far; a circle ends there. */
#define DEPTH_MAX 4

static const char *const kinds[] = {"certificate", "mx", "policy-host", "domain"};

const char *sts_cause_kind(const char *key)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t len = strlen(kinds[i]);

		if (strncmp(key, kinds[i], len) == 0 && key[len] == ' ')
			return kinds[i];
	}
	return "domain";
}

const char *sts_cause_name(const char *key)
{
	const char *blank = strchr(key, ' ');

	return blank == NULL ? key : blank + 1;
}

bool sts_cause_is_shared(const char *key)
{
	return strcmp(sts_cause_kind(key), "domain") != 0;
}

/* ---- the finding behind a finding ------------------------------------------------------------------------------ */

/* The finding of that code; one at the same place is preferred. @return count of findings: there is none */
static size_t find_code(const struct sts_report *r, const char *code, const char *place)
{
	size_t best = r->finding_count;

	for (size_t i = 0; i < r->finding_count; i++) {
		if (strcmp(r->findings[i].code, code) != 0)
			continue;
		if (strncmp(r->findings[i].subject, place, strlen(place)) == 0)
			return i;
		if (best == r->finding_count)
			best = i;
	}
	return best;
}

static size_t root_of(const struct sts_report *r, size_t at, struct sts_arena *arena)
{
	for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
		const struct sts_finding *f = &r->findings[at];
		size_t next;

		if (f->cause == NULL || strchr(f->cause, '.') == NULL)
			return at;
		next = find_code(r, f->cause, sts_incident_place(arena, f->subject));
		if (next == r->finding_count || next == at)
			return at;
		at = next;
	}
	return at;
}

/* ---- where it is ----------------------------------------------------------------------------------------------- */

static bool starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* The subject names this address, or none at all. */
static bool at_address(const char *subject, const char *address)
{
	const char *bracket = strchr(subject, '[');

	return bracket == NULL || strstr(bracket, address) != NULL;
}

static bool is_expiring(const char *code)
{
	return strstr(code, ".cert.expiring") != NULL;
}

/* A certificate that a finding of this code may be about. */
static bool is_meant(const struct sts_tls *tls, const char *code, const char *subject, const char *address)
{
	return tls->chain_count > 0 && at_address(subject, address) && (tls->problems != 0 || is_expiring(code));
}

static const struct sts_mx *find_mx(const struct sts_report *r, const char *place, struct sts_arena *arena)
{
	for (size_t i = 0; i < r->facts->mx_count; i++)
		if (strcmp(sts_name(arena, r->facts->mx[i].name), place) == 0)
			return &r->facts->mx[i];
	return NULL;
}

/* Leaf of the certificate that ends first among those meant; NULL when none was seen. */
static const struct sts_cert *earlier(const struct sts_cert *best, const struct sts_cert *leaf)
{
	return best == NULL || leaf->not_after < best->not_after ? leaf : best;
}

static const struct sts_cert *cert_of_mx(const struct sts_mx *mx, const struct sts_finding *f)
{
	const struct sts_cert *best = NULL;

	for (size_t i = 0; mx != NULL && i < mx->smtp_count; i++)
		if (is_meant(&mx->smtp[i].tls, f->code, f->subject, mx->smtp[i].address.text))
			best = earlier(best, &mx->smtp[i].tls.chain[0]);
	return best;
}

static const struct sts_cert *cert_of_host(const struct sts_report *r, const struct sts_finding *f)
{
	const struct sts_cert *best = NULL;

	for (size_t i = 0; i < r->facts->fetch_count; i++)
		if (is_meant(&r->facts->fetches[i].tls, f->code, f->subject, r->facts->fetches[i].address.text))
			best = earlier(best, &r->facts->fetches[i].tls.chain[0]);
	return best;
}

/* The first by text: the order of answers means nothing. */
static const char *first_address(const struct sts_host *h)
{
	const char *first = NULL;

	for (size_t i = 0; i < h->address_count; i++)
		if (first == NULL || strcmp(h->addresses[i].text, first) < 0)
			first = h->addresses[i].text;
	return first;
}

/* Where the policy host leads: its alias, where that leaves the domain, else an address; NULL when it leads nowhere. */
static const char *policy_target(const struct sts_report *r, struct sts_arena *arena)
{
	const struct sts_host *h = &r->facts->policy_host;
	const struct sts_answer *a = h->a.cname_count > 0 ? &h->a : &h->aaaa;

	if (a->cname_count > 0 && sts_leads_out(a, r->facts->domain))
		return sts_name(arena, a->cname[a->cname_count - 1]);
	return sts_strdup(arena, first_address(h));
}

static const char *key_of(const struct sts_report *r, const struct sts_finding *f, struct sts_arena *arena)
{
	const char *place = sts_incident_place(arena, f->subject);
	const struct sts_mx *mx = find_mx(r, place, arena);
	const struct sts_cert *cert = NULL;
	const char *target;

	if (starts(f->code, "mx.cert."))
		cert = cert_of_mx(mx, f);
	else if (starts(f->code, "host.cert."))
		cert = cert_of_host(r, f);
	if (cert != NULL)
		return sts_sprintf(arena, "certificate %s", cert->sha256);
	/* A host of the domain's own name is a host like any other: what is said of the domain as a whole has other
	 * codes. */
	if (mx != NULL && (starts(f->code, "mx.") || starts(f->code, "dane.") || starts(f->code, "match.")))
		return sts_sprintf(arena, "mx %s", place);
	target = starts(f->code, "host.") ? policy_target(r, arena) : NULL;
	return target != NULL ? sts_sprintf(arena, "policy-host %s", target)
			      : sts_sprintf(arena, "domain %s", r->facts->domain);
}

const char *sts_cause_of(const struct sts_report *report, size_t finding, struct sts_arena *arena)
{
	return key_of(report, &report->findings[root_of(report, finding, arena)], arena);
}

/* ---- what is shared -------------------------------------------------------------------------------------------- */

struct spots {
	struct sts_arena *arena;
	const char **items;
	size_t count;
};

static void add(struct spots *s, const char *kind, const char *name)
{
	const char *key = sts_sprintf(s->arena, "%s %s", kind, name);

	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->items[i], key) == 0)
			return;
	*STS_PUSH(s->arena, s->items, s->count) = key;
}

static void add_cert(struct spots *s, const struct sts_tls *tls)
{
	if (tls->chain_count > 0)
		add(s, "certificate", tls->chain[0].sha256);
}

const char **sts_cause_spots(const struct sts_report *report, struct sts_arena *arena, size_t *count)
{
	struct spots s = {.arena = arena};
	const struct sts_facts *f = report->facts;
	const char *target = policy_target(report, arena);

	if (target != NULL)
		add(&s, "policy-host", target);
	for (size_t i = 0; i < f->fetch_count; i++)
		add_cert(&s, &f->fetches[i].tls);
	for (size_t i = 0; i < f->mx_count; i++) {
		if (f->mx[i].null_mx)
			continue;
		add(&s, "mx", sts_name(arena, f->mx[i].name));
		for (size_t n = 0; n < f->mx[i].smtp_count; n++)
			add_cert(&s, &f->mx[i].smtp[n].tls);
	}
	*count = s.count;
	return s.items;
}
