#include "check/mxcause.h"

#include "check/past.h"
#include "proto/domain.h"

/* Edits that still count as a slip.  [field study: match.typo] */
#define TYPO_EDITS 3

/* The pattern without its wildcard. */
static struct sts_str base_of(const struct sts_mx_pattern *p)
{
	struct sts_str text = sts_str(p->text, p->len);

	return sts_str_starts(text, "*.") ? sts_str_from(text, 2) : text;
}

static bool is_wildcard(const struct sts_mx_pattern *p)
{
	return sts_str_starts(sts_str(p->text, p->len), "*.");
}

/* The host without its first label, or empty. */
static struct sts_str parent_of(const char *host)
{
	struct sts_str s = sts_str_of(host);

	return sts_str_from(s, sts_str_find(s, '.', 0) + 1);
}

static bool used(const struct sts_facts *f, const struct sts_mx_pattern *p)
{
	for (size_t i = 0; i < f->mx_count; i++)
		if (sts_mx_match(sts_str(p->text, p->len), sts_str_of(f->mx[i].name)))
			return true;
	return false;
}

/* ---- the past ---------------------------------------------------------------------------------------------------- */

static bool takes_mail_now(const struct sts_facts *f, const char *host)
{
	for (size_t i = 0; i < f->mx_count; i++)
		if (strcmp(f->mx[i].name, host) == 0)
			return true;
	return false;
}

static bool covers_former(const struct sts_facts *f, const struct sts_mx *mx, const struct sts_mx_pattern *p)
{
	(void)mx;
	if (f->past == NULL || used(f, p))
		return false;
	for (size_t i = 0; i < f->past->mx_count; i++)
		if (!takes_mail_now(f, f->past->mx[i].name) &&
			sts_mx_match(sts_str(p->text, p->len), sts_str_of(f->past->mx[i].name)))
			return true;
	return false;
}

/* ---- one pattern each -------------------------------------------------------------------------------------------- */

static bool names_policy_host(const struct sts_facts *f, const struct sts_mx *mx, const struct sts_mx_pattern *p)
{
	struct sts_str text = sts_str(p->text, p->len);

	(void)mx;
	return sts_str_startsi(text, "mta-sts.") && sts_str_eqi(sts_str_from(text, 8), sts_str_of(f->domain));
}

/* "*.mx.microsoft" for x.a-v1.mx.microsoft, or for mx.microsoft itself. */
static bool wrong_depth(const struct sts_facts *f, const struct sts_mx *mx, const struct sts_mx_pattern *p)
{
	struct sts_str host = sts_str_of(mx->name);
	struct sts_str base = base_of(p);
	size_t len = base.len;

	(void)f;
	if (!is_wildcard(p))
		return false;
	if (sts_str_eqi(host, base))
		return true;
	return host.len > len + 1 && host.ptr[host.len - len - 1] == '.' &&
	       sts_str_eqi(sts_str_from(host, host.len - len), base);
}

/* The registered domain at the end of a name, or empty. */
static struct sts_str registrable_of(struct sts_str name)
{
	char copy[256];
	const char *registrable;

	if (name.len >= sizeof copy)
		return sts_str(NULL, 0);
	memcpy(copy, name.ptr, name.len);
	copy[name.len] = '\0';
	sts_lower_in_place(copy);
	registrable = sts_domain_registrable(copy);
	return registrable == NULL ? sts_str(NULL, 0) : sts_str_from(name, (size_t)(registrable - copy));
}

static bool same_registrable(const struct sts_facts *f, const struct sts_mx *mx, const struct sts_mx_pattern *p)
{
	struct sts_str a = registrable_of(sts_str_of(mx->name));

	(void)f;
	return a.len > 0 && sts_str_eqi(a, registrable_of(base_of(p)));
}

/* What stands before the public suffix: "mail.example" of mail.example.co.uk. */
static struct sts_str stem_of(struct sts_str name)
{
	struct sts_str registrable = registrable_of(name);

	if (registrable.len == 0)
		return registrable;
	return sts_str(name.ptr, name.len - registrable.len + sts_str_find(registrable, '.', 0));
}

static bool other_suffix(const struct sts_facts *f, const struct sts_mx *mx, const struct sts_mx_pattern *p)
{
	struct sts_str host = is_wildcard(p) ? parent_of(mx->name) : sts_str_of(mx->name);
	struct sts_str stem = stem_of(host);

	(void)f;
	return stem.len > 0 && sts_str_eqi(stem, stem_of(base_of(p)));
}

/*
 * A pattern that an MX host uses was not meant for another one. Under one registered domain only what stands before it
 * counts, and in a short name a few edits make another name: mx1 is no slip for mail.
 */
static bool misspelt(const struct sts_facts *f, const struct sts_mx *mx, const struct sts_mx_pattern *p)
{
	struct sts_str host = is_wildcard(p) ? parent_of(mx->name) : sts_str_of(mx->name);
	struct sts_str base = base_of(p);
	size_t edits, allowed;

	if (used(f, p))
		return false;
	if (same_registrable(f, mx, p)) {
		size_t tail = registrable_of(base).len;

		host.len -= tail < host.len ? tail : host.len;
		base.len -= tail < base.len ? tail : base.len;
	}
	edits = sts_str_distance(host, base);
	allowed = host.len < 5 ? 1 : host.len < 9 ? 2 : TYPO_EDITS;
	return edits > 0 && edits <= allowed;
}

/* ---- the first that fits ------------------------------------------------------------------------------------------
 */

typedef bool pattern_test(const struct sts_facts *f, const struct sts_mx *mx, const struct sts_mx_pattern *p);

static const struct {
	enum sts_mx_cause cause;
	pattern_test *test;
} tests[] = {
	{STS_MX_CAUSE_FORMER_MX, covers_former},
	{STS_MX_CAUSE_POLICY_HOST, names_policy_host},
	{STS_MX_CAUSE_LABEL_DEPTH, wrong_depth},
	{STS_MX_CAUSE_OTHER_TLD, other_suffix},
	{STS_MX_CAUSE_TYPO, misspelt},
	{STS_MX_CAUSE_SAME_DOMAIN, same_registrable},
};

enum sts_mx_cause sts_mx_cause(const struct sts_facts *f, const struct sts_mx *mx, const struct sts_mx_pattern **meant)
{
	if (mx->implicit)
		return STS_MX_CAUSE_IMPLICIT;
	for (size_t t = 0; t < sizeof tests / sizeof *tests; t++) {
		for (size_t i = 0; i < f->policy->mx_count; i++) {
			const struct sts_mx_pattern *p = &f->policy->mx[i];

			if (!p->valid || !tests[t].test(f, mx, p))
				continue;
			if (meant != NULL && tests[t].cause != STS_MX_CAUSE_SAME_DOMAIN)
				*meant = p;
			return tests[t].cause;
		}
	}
	return STS_MX_CAUSE_OTHER_PROVIDER;
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

const char *sts_mx_cause_name(enum sts_mx_cause cause)
{
	static const char *const names[] = {
		[STS_MX_CAUSE_IMPLICIT] = "implicit-mx",
		[STS_MX_CAUSE_FORMER_MX] = "former-mx",
		[STS_MX_CAUSE_POLICY_HOST] = "policy-host-name",
		[STS_MX_CAUSE_LABEL_DEPTH] = "label-depth",
		[STS_MX_CAUSE_OTHER_TLD] = "other-tld",
		[STS_MX_CAUSE_TYPO] = "typo",
		[STS_MX_CAUSE_SAME_DOMAIN] = "same-domain",
		[STS_MX_CAUSE_OTHER_PROVIDER] = "other-provider",
	};

	return names[cause];
}

const char *sts_mx_cause_words(struct sts_arena *arena, enum sts_mx_cause cause, const char *pattern)
{
	switch (cause) {
	case STS_MX_CAUSE_IMPLICIT:
		return "there is no MX record, so the domain itself takes the mail, and no pattern names it";
	case STS_MX_CAUSE_FORMER_MX:
		return sts_sprintf(arena, "%s covers a host that took the mail before: the MX records have moved, the policy has not", pattern);
	case STS_MX_CAUSE_POLICY_HOST:
		return "the policy lists the host the policy is fetched from in place of the host that takes the mail";
	case STS_MX_CAUSE_LABEL_DEPTH:
		return sts_sprintf(arena, "the wildcard of %s stands for exactly one label", pattern);
	case STS_MX_CAUSE_OTHER_TLD:
		return sts_sprintf(arena, "%s is the same name under another ending", pattern);
	case STS_MX_CAUSE_TYPO:
		return sts_sprintf(arena, "%s looks like a slip of the pen", pattern);
	case STS_MX_CAUSE_SAME_DOMAIN:
		return "the policy lists other hosts of the same domain";
	case STS_MX_CAUSE_OTHER_PROVIDER:
		break;
	}
	return "the policy lists hosts of somebody else; perhaps the mail has moved";
}

const char *sts_mx_cause_mend(struct sts_arena *arena, enum sts_mx_cause cause, const char *pattern)
{
	switch (cause) {
	case STS_MX_CAUSE_FORMER_MX:
		return sts_sprintf(arena,
			"Add this line beside mx: %s, then give the record a new id. Take the old line out only when no MX record has needed it "
			"for as long as the policy's max_age.",
			pattern);
	case STS_MX_CAUSE_POLICY_HOST:
	case STS_MX_CAUSE_OTHER_TLD:
	case STS_MX_CAUSE_TYPO:
		return sts_sprintf(arena, "Put this line in place of mx: %s, then give the record a new id.", pattern);
	case STS_MX_CAUSE_LABEL_DEPTH:
		return sts_sprintf(arena,
			"Add this line beside mx: %s, then give the record a new id. A wildcard one level deeper does "
			"as well.",
			pattern);
	case STS_MX_CAUSE_IMPLICIT:
		return "Add this line to the policy, then give the record a new id; better still, publish an MX "
		       "record.";
	case STS_MX_CAUSE_SAME_DOMAIN:
	case STS_MX_CAUSE_OTHER_PROVIDER:
		break;
	}
	return "If this host is to take mail, add this line to the policy, then give the record a new id. If not, "
	       "remove its MX record.";
}
