#include "check/rules_syntax.h"

#include "check/mxrepair.h"
#include "check/phrase.h"
#include "check/view.h"
#include "proto/domain.h"

#define DAY_S 86400
#define WEEK_S 604800

/* One kind of fault: the finding it is, and what it does to a sender. */
struct meaning {
	enum sts_finding_id id;
	const char *effect;
	const char *what; /* when there is nothing to quote */
};

/* "line 3, column 5: "mode : enforce": blank before the colon. EFFECT" */
static const char *sentence(struct sts_report *r, const struct sts_fault *f, const struct meaning *m, bool lines)
{
	const char *where = lines           ? sts_sprintf(r->arena, "Line %u, column %u: ", f->line, f->column)
			    : f->column > 1 ? sts_sprintf(r->arena, "At character %u: ", f->column)
					    : "";
	const char *quote = f->text.len == 0 ? "" : sts_sprintf(r->arena, "\"%s\"", sts_show(r->arena, f->text));
	const char *note = f->note == NULL ? "" : f->note;

	if (*quote == '\0' && *note == '\0')
		return sts_sprintf(r->arena, "%s %s", m->what, m->effect);
	return sts_sprintf(
		r->arena, "%s%s%s%s. %s", where, quote, *quote != '\0' && *note != '\0' ? ": " : "", note, m->effect);
}

static void add(struct sts_report *r, const struct sts_fault *f, const struct meaning *m, bool lines,
	const char *subject, const char *snippet, enum sts_fix_type type, const char *result_type)
{
	sts_report_add(r, &(struct sts_note){
				  .id = m->id,
				  .subject = subject,
				  .detail = sentence(r, f, m, lines),
				  .snippet = snippet,
				  .fix_type = type,
				  .result_type = result_type,
				  .line = f->line,
				  .column = f->column,
			  });
}

/* ---- the record -------------------------------------------------------------------------------------------------- */

static const struct meaning record_meanings[] = {
	[STS_RECORD_VERSION_INVALID] = {STS_F_RECORD_VERSION_INVALID,
		"Senders do not take it for an MTA-STS record, so there is no MTA-STS.",
		"The record does not begin with v=STSv1."},
	[STS_RECORD_ID_MISSING] = {STS_F_RECORD_ID_MISSING,
		"Without an id the record is unusable, and senders act as if there were none.",
		"The record has no id."},
	[STS_RECORD_ID_INVALID] = {STS_F_RECORD_ID_INVALID,
		"An id is 1 to 32 letters and digits, nothing else; strict senders drop the record.",
		"The id is not 1 to 32 letters and digits."},
	[STS_RECORD_SYNTAX] = {STS_F_RECORD_SYNTAX,
		"The record breaks the grammar, and by the RFC the domain counts as having none.",
		"The record breaks the grammar."},
	[STS_RECORD_NON_ASCII] = {STS_F_RECORD_NON_ASCII,
		"The record may hold printable US-ASCII only; several senders drop it.",
		"The record holds other than printable US-ASCII."},
	[STS_RECORD_DUPLICATE_FIELD] = {STS_F_RECORD_DUPLICATE_FIELD,
		"By the RFC the first counts; five senders use the last id, and mox drops the record.",
		"A field is repeated."},
	[STS_RECORD_SPACE_BEFORE_SEMICOLON] = {STS_F_RECORD_SPACE_BEFORE_SEMICOLON,
		"The grammar allows it, but senders that look for \"v=STSv1;\" (chasquid, Halon) see no record.",
		"A blank stands before the first semicolon."},
	[STS_RECORD_TRAILING_SPACE] = {STS_F_RECORD_TRAILING_SPACE,
		"The grammar has no blanks at the end; mox and postfix-tlspol drop the record.",
		"Blanks stand at the end."},
	[STS_RECORD_EXTENSION_MALFORMED] = {STS_F_RECORD_EXTENSION_MALFORMED,
		"An unknown field that breaks the grammar: mox and postfix-tlspol drop the record.",
		"An unknown field breaks the grammar."},
	[STS_RECORD_UNKNOWN_FIELD] = {STS_F_RECORD_UNKNOWN_FIELD, "Senders ignore fields they do not know.",
		"The record has an unknown field."},
};

/* The same id, cleaned of what an id may not hold; a new one when nothing is left. */
static const char *record_snippet(struct sts_report *r, const struct sts_record *record)
{
	char *id = sts_alloc(r->arena, 33);
	size_t len = 0;

	for (size_t i = 0; i < record->id.len && len < 32; i++)
		if (sts_is_alnum(record->id.ptr[i]))
			id[len++] = record->id.ptr[i];
	if (len == 0)
		return sts_record_line(r);
	return sts_txt_line(r->arena, sts_sprintf(r->arena, "_mta-sts.%s", r->facts->domain), 0,
		sts_str_of(sts_sprintf(r->arena, "v=STSv1; id=%s;", id)));
}

static void record_faults(struct sts_report *r, const struct sts_record *record)
{
	const char *name = sts_sprintf(r->arena, "_mta-sts.%s", r->facts->domain);

	for (size_t i = 0; i < record->faults.count; i++) {
		const struct sts_fault *f = &record->faults.items[i];
		bool harmless = f->kind == STS_RECORD_UNKNOWN_FIELD;

		add(r, f, &record_meanings[f->kind], false, name, harmless ? NULL : record_snippet(r, record),
			harmless ? STS_FIX_NONE : STS_FIX_DNS, NULL);
	}
}

/* Beside a candidate a text that only resembles one is discarded: its faults are not the domain's.  [RFC 8461
 * section 3.1] */
void sts_rules_record_faults(const struct sts_record_set *set, struct sts_report *r)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->records[i].candidate || (set->candidates == 0 && set->records[i].almost) ||
			&set->records[i] == set->chosen)
			record_faults(r, &set->records[i]);
}

/* ---- the policy -------------------------------------------------------------------------------------------------- */

static const struct meaning policy_meanings[] = {
	[STS_POLICY_EMPTY] = {STS_F_POLICY_EMPTY, "Senders find no policy in it.", "The file has no content."},
	[STS_POLICY_NOT_A_POLICY] = {STS_F_POLICY_NOT_A_POLICY, "Senders cannot use it.", "The file is no policy."},
	[STS_POLICY_BOM] = {STS_F_POLICY_BOM,
		"Invisible in editors; all senders but Stalwart and mailauth drop the policy.",
		"The file begins with a UTF-8 byte order mark."},
	[STS_POLICY_ENCODING] = {STS_F_POLICY_ENCODING,
		"A policy is UTF-8 text without control characters; strict senders drop it.",
		"The file is not clean UTF-8 text."},
	[STS_POLICY_LINE_ENDINGS] = {STS_F_POLICY_LINE_ENDINGS,
		"Lines end in LF or CRLF; anything else runs lines together.", "Lines end in neither LF nor CRLF."},
	[STS_POLICY_BLANK_LINE] = {STS_F_POLICY_BLANK_LINE,
		"The grammar has no blank lines, not even at the end: mox, postfix-tlspol and maddy drop the whole "
		"policy.",
		"The file has a blank line."},
	[STS_POLICY_FIELD_SYNTAX] = {STS_F_POLICY_FIELD_SYNTAX,
		"Each line is \"name: value\"; mox, postfix-tlspol, postfix-mta-sts-resolver or maddy drop the policy.",
		"A line is no field."},
	[STS_POLICY_VERSION_MISSING] = {STS_F_POLICY_VERSION_MISSING,
		"Senders drop a policy without \"version: STSv1\".", "There is no version line."},
	[STS_POLICY_VERSION_INVALID] = {STS_F_POLICY_VERSION_INVALID,
		"Only the exact word STSv1 counts; senders drop the policy.", "The version is not STSv1."},
	[STS_POLICY_MODE_MISSING] = {STS_F_POLICY_MODE_MISSING, "Senders drop a policy without a mode.",
		"There is no mode line."},
	[STS_POLICY_MODE_INVALID] = {STS_F_POLICY_MODE_INVALID,
		"The mode is enforce, testing or none, in lower case; senders drop the policy.",
		"The mode is none of the three words."},
	[STS_POLICY_MAX_AGE_MISSING] = {STS_F_POLICY_MAX_AGE_MISSING,
		"Senders do not know how long to keep the policy, and drop it.", "There is no max_age line."},
	[STS_POLICY_MAX_AGE_INVALID] = {STS_F_POLICY_MAX_AGE_INVALID,
		"max_age is a number of seconds, 1 to 10 digits and nothing else; senders drop the policy.",
		"max_age is not a number."},
	[STS_POLICY_MAX_AGE_TOO_LARGE] = {STS_F_POLICY_MAX_AGE_TOO_LARGE,
		"The largest legal value is 31557600 (a year); three senders drop the policy.",
		"max_age is over 31557600."},
	[STS_POLICY_MX_MISSING] = {STS_F_POLICY_MX_MISSING,
		"In enforce and testing a policy must name at least one mail host; senders drop it.",
		"There is no mx line."},
	[STS_POLICY_MX_INVALID] = {STS_F_POLICY_MX_INVALID,
		"Each mx line holds one host name or \"*.\" and a domain; strict senders drop the whole policy, others "
		"never match this line.",
		"An mx line holds no host name."},
	[STS_POLICY_DUPLICATE_FIELD] = {STS_F_POLICY_DUPLICATE_FIELD,
		"By the RFC the first counts; five senders use the last, KumoMTA drops the policy.",
		"A field is repeated."},
	[STS_POLICY_DUPLICATE_MX] = {STS_F_POLICY_DUPLICATE_MX, "The same pattern stands there twice; harmless.",
		"A pattern is repeated."},
	[STS_POLICY_UNKNOWN_FIELD] = {STS_F_POLICY_UNKNOWN_FIELD, "Senders ignore fields they do not know.",
		"The policy has an unknown field."},
	[STS_POLICY_EXTENSION_MALFORMED] = {STS_F_POLICY_EXTENSION_MALFORMED,
		"An unknown field that breaks the grammar: mox and postfix-tlspol drop the policy.",
		"An unknown field breaks the grammar."},
};

/* Patterns written into a corrected policy; a longer list is nothing to paste. */
#define HOSTS_MAX 100

struct hosts {
	const char *items[HOSTS_MAX];
	size_t count;
	bool incomplete; /* something could not be put right, or there was no room for it */
};

static void list_host(struct hosts *h, const char *host)
{
	for (size_t i = 0; i < h->count; i++)
		if (sts_cstr_eqi(h->items[i], host))
			return;
	if (h->count == HOSTS_MAX)
		h->incomplete = true;
	else
		h->items[h->count++] = host;
}

/* The patterns, malformed ones put right. A corrected policy must not lose a mail host on the way. */
static void list_patterns(struct sts_report *r, const struct sts_policy *p, struct hosts *h)
{
	for (size_t i = 0; i < p->mx_count && !h->incomplete; i++) {
		const char *repaired[STS_REPAIRED_MAX];
		size_t count;

		if (p->mx[i].is_address)
			continue;
		if (p->mx[i].valid) {
			list_host(h, p->mx[i].text);
			continue;
		}
		count = sts_mx_repair(sts_str(p->mx[i].text, p->mx[i].len), r->arena, repaired);
		for (size_t k = 0; k < count; k++)
			list_host(h, repaired[k]);
		if (count == 0 && p->mx[i].len > 1)
			h->incomplete = true;
	}
}

/* The patterns, or the mail hosts of DNS where these tell nothing. */
static void list_hosts(struct sts_report *r, const struct sts_policy *p, struct hosts *h)
{
	const struct sts_facts *f = r->facts;

	list_patterns(r, p, h);
	if ((h->count > 0 && !h->incomplete) || f->mx_count == 0 || f->mx_total > f->mx_count)
		return;
	*h = (struct hosts){.count = 0};
	for (size_t i = 0; i < f->mx_count; i++)
		if (!f->mx[i].null_mx && !f->mx[i].ip_literal)
			list_host(h, f->mx[i].name);
}

/* The same policy, in the form every sender reads; NULL when it cannot be made with certainty. */
static const char *policy_snippet(struct sts_report *r, const struct sts_policy *p)
{
	struct hosts *h = STS_NEW(r->arena, struct hosts);
	bool listed = p->mx_count > 0 || p->mode != STS_MODE_NONE;

	list_hosts(r, p, h);
	if (h->incomplete)
		return NULL;
	if (h->count == 0)
		list_host(h, sts_sprintf(r->arena, "mail.%s", r->facts->domain));
	return sts_policy_file(r->arena, p->mode == STS_MODE_UNKNOWN ? STS_MODE_TESTING : p->mode, h->items,
		listed ? h->count : 0, p->has_max_age && p->max_age_s > 0 ? p->max_age_s : WEEK_S);
}

/* An address fits the grammar of a host name: the policy stands, the line does nothing.  [RFC 8461 section 3.2,
 * checklist row 93] */
static bool only_an_address(const struct sts_policy *p, const struct sts_fault *f)
{
	for (size_t i = 0; f->kind == STS_POLICY_MX_INVALID && i < p->mx_count; i++)
		if (p->mx[i].is_address && p->mx[i].line == f->line)
			return true;
	return false;
}

/* Faults that one slip of the hand makes in many lines. */
static bool comes_in_crowds(int kind)
{
	return kind == STS_POLICY_BLANK_LINE || kind == STS_POLICY_FIELD_SYNTAX || kind == STS_POLICY_ENCODING ||
	       kind == STS_POLICY_MX_INVALID;
}

static bool same_slip(const struct sts_policy *p, const struct sts_fault *a, const struct sts_fault *b)
{
	return a->kind == b->kind && comes_in_crowds(a->kind) &&
	       (a->note == b->note || (a->note != NULL && b->note != NULL && strcmp(a->note, b->note) == 0)) &&
	       only_an_address(p, a) == only_an_address(p, b);
}

static bool told(const struct sts_policy *p, const struct sts_fault *f)
{
	for (const struct sts_fault *g = p->faults.items; g < f; g++)
		if (same_slip(p, g, f))
			return true;
	return false;
}

/* " The same in lines 4, 5 and 6." for what follows from the same slip. */
static const char *further_lines(struct sts_report *r, const struct sts_policy *p, const struct sts_fault *f)
{
	const char **lines = sts_alloc_array(r->arena, p->faults.count, sizeof *lines);
	size_t count = 0;

	for (const struct sts_fault *g = f + 1; g < p->faults.items + p->faults.count; g++)
		if (same_slip(p, f, g))
			lines[count++] = sts_sprintf(r->arena, "%u", g->line);
	if (count == 0)
		return "";
	return sts_sprintf(
		r->arena, " The same in line%s %s.", count == 1 ? "" : "s", sts_join(r->arena, lines, count, 8));
}

static void policy_fault(struct sts_report *r, const struct sts_policy *p, const struct sts_fault *f,
	const char *subject, const char *snippet)
{
	const struct meaning *m = &policy_meanings[f->kind];
	bool harmless = f->kind == STS_POLICY_UNKNOWN_FIELD || f->kind == STS_POLICY_DUPLICATE_MX;
	bool address = only_an_address(p, f);
	bool fatal = sts_catalogue(m->id)->severity == STS_ERROR && !address;

	sts_report_add(
		r, &(struct sts_note){
			   .id = m->id,
			   .has_severity = address,
			   .severity = STS_WARNING,
			   .subject = subject,
			   .detail = sts_sprintf(r->arena, "%s%s", sentence(r, f, m, true), further_lines(r, p, f)),
			   .snippet = harmless ? NULL : snippet,
			   .fix_type = harmless ? STS_FIX_NONE : STS_FIX_POLICY,
			   .result_type = fatal ? "sts-policy-invalid" : NULL,
			   .line = f->line,
			   .column = f->column,
		   });
}

static const char *span(struct sts_arena *arena, int64_t seconds)
{
	if (seconds % DAY_S == 0 && seconds > 0)
		return sts_sprintf(arena, "%lld day%s", (long long)(seconds / DAY_S), seconds == DAY_S ? "" : "s");
	if (seconds >= 2 * DAY_S)
		return sts_sprintf(arena, "about %lld days", (long long)(seconds / DAY_S));
	if (seconds >= 3600)
		return sts_sprintf(arena, "about %lld hours", (long long)(seconds / 3600));
	return sts_sprintf(arena, "%lld seconds", (long long)seconds);
}

static void add_meaning(
	struct sts_report *r, enum sts_finding_id id, const char *subject, const char *detail, const char *snippet)
{
	sts_report_add(r, &(struct sts_note){
				  .id = id,
				  .subject = subject,
				  .detail = detail,
				  .snippet = snippet,
				  .fix_type = snippet == NULL ? STS_FIX_NONE : STS_FIX_POLICY,
			  });
}

/* How long senders keep the policy.  [RFC 8461 sections 3.2 and 10.2] */
static void max_age(struct sts_report *r, const struct sts_policy *p, const char *subject)
{
	int64_t s = p->max_age_s;
	const char *line = "max_age: 604800";

	if (!p->has_max_age || p->max_age_written > STS_MAX_AGE_MAX)
		return;
	if (s == 0)
		add_meaning(r, STS_F_POLICY_MAX_AGE_ZERO, subject,
			"max_age is 0: senders use the policy once and never keep it, so an attacker only has to block "
			"the next look-up. chasquid drops it.",
			p->mode == STS_MODE_NONE ? "max_age: 86400" : line);
	else if (s < DAY_S && p->mode != STS_MODE_NONE && p->mode != STS_MODE_UNKNOWN)
		add_meaning(r, STS_F_POLICY_MAX_AGE_SHORT, subject,
			sts_sprintf(r->arena,
				"Senders keep the policy for %s only. The RFC expects weeks; some senders are said to "
				"ignore less than a day.",
				span(r->arena, s)),
			line);
	else if (s < WEEK_S && p->mode == STS_MODE_ENFORCE)
		add_meaning(r, STS_F_POLICY_MAX_AGE_LOW, subject,
			sts_sprintf(r->arena,
				"Senders keep the policy for %s. The RFC expects weeks or more, so that it outlasts an "
				"attack.",
				span(r->arena, s)),
			line);
}

/* What looks like an A-label and decodes to nothing fits the grammar, and is most likely a slip.  [RFC 5890
 * section 2.3.2.1] */
static void a_labels(struct sts_report *r, const struct sts_policy *p, const char *subject)
{
	for (size_t i = 0; i < p->mx_count; i++) {
		const struct sts_mx_pattern *mx = &p->mx[i];

		if (!mx->valid || sts_domain_decodes(sts_str(mx->text, mx->len)))
			continue;
		sts_report_add(r, &(struct sts_note){
					  .id = STS_F_POLICY_MX_INVALID,
					  .has_severity = true,
					  .severity = STS_WARNING,
					  .subject = subject,
					  .detail = sts_sprintf(r->arena,
						  "Line %u: \"%s\" has a label that begins with xn-- and decodes to no "
						  "name: most likely it is misspelt.",
						  mx->line, sts_show(r->arena, sts_str(mx->text, mx->len))),
					  .fix_type = STS_FIX_POLICY,
					  .line = mx->line,
					  .column = 1,
				  });
		return;
	}
}

static void mode(struct sts_report *r, const struct sts_policy *p, const char *subject)
{
	if (p->mode == STS_MODE_TESTING)
		add_meaning(r, STS_F_MODE_TESTING, subject,
			"Senders report what would fail, and deliver all the same: mail is not protected yet.", NULL);
	if (p->mode != STS_MODE_NONE)
		return;
	add_meaning(r, STS_F_MODE_NONE, subject,
		"Senders act as if there were no policy, once they have fetched this one; those that hold an older "
		"policy apply that until they do.",
		NULL);
	if (p->max_age_s > WEEK_S)
		add_meaning(r, STS_F_MODE_NONE_LONG_MAX_AGE, subject,
			sts_sprintf(r->arena,
				"On the way out of MTA-STS a short max_age (a day) is enough; this one is %s.",
				span(r->arena, p->max_age_s)),
			"max_age: 86400");
}

void sts_rules_policy_faults(const struct sts_policy *policy, struct sts_report *r)
{
	const char *subject = sts_sprintf(r->arena, "https://mta-sts.%s/.well-known/mta-sts.txt", r->facts->domain);
	const char *snippet = policy->faults.count > 0 ? policy_snippet(r, policy) : NULL;

	for (size_t i = 0; i < policy->faults.count; i++)
		if (!told(policy, &policy->faults.items[i]))
			policy_fault(r, policy, &policy->faults.items[i], subject, snippet);
	a_labels(r, policy, subject);
	max_age(r, policy, subject);
	mode(r, policy, subject);
}

/* ---- the TLSRPT record ------------------------------------------------------------------------------------------- */

static const struct meaning tlsrpt_meanings[] = {
	[STS_TLSRPT_MALFORMED] = {STS_F_RPT_MALFORMED, "Senders find no usable TLSRPT record and send no reports.",
		"The record breaks the grammar."},
	[STS_TLSRPT_RUA_INVALID] = {STS_F_RPT_RUA_INVALID, "Senders cannot send a report there.",
		"A destination is malformed."},
	[STS_TLSRPT_RUA_SCHEME] = {STS_F_RPT_RUA_SCHEME, "Reports go to mailto: or https: only.",
		"A destination is neither mailto nor https."},
	[STS_TLSRPT_UNKNOWN_FIELD] = {STS_F_RPT_UNKNOWN_FIELD, "Senders ignore fields they do not know.",
		"The record has an unknown field."},
	[STS_TLSRPT_DUPLICATE_RUA] = {STS_F_RPT_DUPLICATE_RUA,
		"The grammar allows it; some reporters use all of them, some the first only.",
		"There is more than one rua field."},
};

void sts_rules_tlsrpt_faults(const struct sts_tlsrpt *tlsrpt, struct sts_report *r)
{
	const char *name = sts_sprintf(r->arena, "_smtp._tls.%s", r->facts->domain);

	if (tlsrpt->verdict == STS_TLSRPT_MULTIPLE)
		sts_report_add(r, &(struct sts_note){
					  .id = STS_F_RPT_MULTIPLE,
					  .subject = name,
					  .detail = sts_sprintf(r->arena,
						  "%zu records begin with v=TLSRPTv1; with more than one, senders act "
						  "as if there were none.",
						  tlsrpt->candidates),
					  .snippet = sts_tlsrpt_line(r),
					  .fix_type = STS_FIX_DNS,
				  });
	for (size_t i = 0; i < tlsrpt->faults.count; i++) {
		const struct sts_fault *f = &tlsrpt->faults.items[i];

		bool legal = f->kind == STS_TLSRPT_UNKNOWN_FIELD || f->kind == STS_TLSRPT_DUPLICATE_RUA;

		add(r, f, &tlsrpt_meanings[f->kind], false, name, legal ? NULL : sts_tlsrpt_line(r),
			legal ? STS_FIX_NONE : STS_FIX_DNS, NULL);
	}
}
