/* What `lint` found, for a person. */
#include "render/lint.h"
#include "render/paper.h"
#include "render/text_finding.h"
#include "render/words.h"

#include <inttypes.h>

const char *sts_lint_kind_words(enum sts_lint_kind kind)
{
	static const char *const words[] = {"policy", "MTA-STS record", "TLSRPT record"};

	return words[kind];
}

const char *sts_lint_meaning(const struct sts_lint *lint)
{
	if (lint->usable)
		return "It obeys the standard.";
	if (strcmp(lint->verdict, "absent") == 0)
		return "No sender takes this for such a record.";
	if (strcmp(lint->verdict, "multiple") == 0)
		return "Several records at one name count as none.";
	if (lint->works)
		return "It breaks the grammar of the standard. Most senders put up with that, some do not.";
	return "Senders that follow the standard cannot use it.";
}

static void head(struct sts_paper *p, const struct sts_lint *lint, const char *name)
{
	sts_paper_begin(p, 0, 2);
	sts_paper_net(p, STS_BOLD, sts_str_of(name), 500);
	sts_paper_printf(p, STS_PLAIN, " (%s)  ", sts_lint_kind_words(lint->kind));
	sts_paper_put(p, lint->usable ? STS_GREEN : lint->works ? STS_YELLOW : STS_ALARM, lint->usable ? "USABLE" : "NOT USABLE");
	sts_paper_printf(p, STS_PLAIN, "  %s", lint->verdict);
	sts_paper_end(p);
	sts_paper_text(p, 0, 0, sts_lint_meaning(lint));
}

static void policy_value(struct sts_paper *p, const struct sts_policy *policy)
{
	const char *mode = sts_mode_name(policy->mode);
	struct sts_buf age;

	sts_buf_init(&age, 200);
	sts_buf_puts(&age, policy->has_max_age ? "kept for " : "no usable max_age");
	if (policy->has_max_age)
		sts_duration_words(&age, policy->max_age_s);
	sts_paper_begin(p, 0, 2);
	sts_paper_printf(p, STS_PLAIN, "Read as: mode %s, %s, %zu mx line%s, line ends %s", mode != NULL ? mode : "unknown", age.ptr,
		policy->mx_count, policy->mx_count == 1 ? "" : "s", sts_line_endings_word(policy));
	sts_paper_end(p);
	sts_buf_clear(&age);
}

static void value(struct sts_paper *p, const struct sts_lint *lint)
{
	if (lint->kind == STS_LINT_POLICY) {
		policy_value(p, &lint->policy);
	} else if (lint->kind == STS_LINT_RECORD && lint->records.chosen != NULL && lint->records.chosen->id.len > 0) {
		sts_paper_begin(p, 0, 2);
		sts_paper_put(p, STS_PLAIN, "Read as: id ");
		sts_paper_net(p, STS_PLAIN, lint->records.chosen->id, 100);
		sts_paper_end(p);
	}
	for (size_t i = 0; lint->kind == STS_LINT_TLSRPT && i < lint->tlsrpt.rua_count; i++) {
		sts_paper_begin(p, 0, 2);
		sts_paper_put(p, STS_PLAIN, "Reports to: ");
		sts_paper_net(p, STS_PLAIN, lint->tlsrpt.rua[i].uri, 300);
		sts_paper_put(p, STS_YELLOW, lint->tlsrpt.rua[i].usable ? "" : " (no sender can use this)");
		sts_paper_end(p);
	}
}

static void name_line(struct sts_paper *p, const char *label, enum sts_style style, const char *const *names, size_t count)
{
	if (count == 0)
		return;
	sts_paper_begin(p, 0, 2);
	sts_paper_put(p, style, label);
	for (size_t i = 0; i < count; i++)
		sts_paper_printf(p, STS_PLAIN, "%s %s", i == 0 ? "" : ",", names[i]);
	sts_paper_end(p);
}

static void senders(struct sts_paper *p, const struct sts_lint *lint)
{
	if (lint->sender_count == 0)
		return;
	sts_paper_gap(p);
	name_line(p, "Senders that accept it:", STS_GREEN, lint->accepted_by, lint->accepted_count);
	name_line(p, "Senders that refuse it:", STS_RED, lint->refused_by, lint->refused_count);
	for (size_t i = 0; i < lint->sender_count; i++) {
		const struct sts_reading *reading = &lint->senders[i].reading;

		if (!reading->known || reading->why == NULL)
			continue;
		sts_paper_begin(p, 2, 4);
		sts_paper_printf(p, STS_DIM, "%s: ", lint->senders[i].name);
		sts_paper_net(p, STS_DIM, sts_str_of(reading->why), 400);
		sts_paper_end(p);
	}
}

static void hosts(struct sts_paper *p, const struct sts_lint *lint)
{
	if (lint->mx_count > 0)
		sts_paper_gap(p);
	for (size_t i = 0; i < lint->mx_count; i++) {
		const struct sts_lint_mx *mx = &lint->mx[i];

		sts_paper_begin(p, 0, 2);
		sts_paper_put(p, STS_PLAIN, mx->host);
		if (mx->covered)
			sts_paper_printf(p, STS_GREEN, " covered by %s", mx->matched_by != NULL ? mx->matched_by : "the policy");
		else
			sts_paper_put(p, STS_RED, " matches no mx pattern");
		if (mx->cause != NULL)
			sts_paper_printf(p, STS_PLAIN, " (%s)", mx->cause);
		sts_paper_end(p);
	}
}

void sts_text_lint(struct sts_buf *out, const struct sts_lint *lint, const char *name, struct sts_str source,
	const struct sts_render_options *options)
{
	struct sts_paper p = sts_paper(out, options);

	head(&p, lint, name);
	value(&p, lint);
	hosts(&p, lint);
	senders(&p, lint);
	sts_paper_gap(&p);
	sts_text_findings(&p, lint->issues, lint->issue_count, source);
}
