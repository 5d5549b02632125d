/* What a lint found, as HTML. */
#include "render/html.h"

#include "render/lint.h"
#include "render/words.h"

static void policy_value(struct sts_buf *b, const struct sts_policy *policy)
{
	const char *mode = sts_mode_name(policy->mode);
	struct sts_buf age;

	sts_buf_init(&age, 200);
	if (policy->has_max_age)
		sts_duration_words(&age, policy->max_age_s);
	sts_buf_printf(b, "<p>Read as: mode %s, %s%s, %zu mx line%s, line ends %s.</p>\n",
		mode != NULL ? mode : "unknown", policy->has_max_age ? "kept for " : "no usable max_age",
		policy->has_max_age ? age.ptr : "", policy->mx_count, policy->mx_count == 1 ? "" : "s",
		sts_line_endings_word(policy));
	sts_buf_clear(&age);
}

static void value(struct sts_buf *b, const struct sts_lint *lint)
{
	if (lint->kind == STS_LINT_POLICY)
		policy_value(b, &lint->policy);
	if (lint->kind == STS_LINT_RECORD && lint->records.chosen != NULL && lint->records.chosen->id.len > 0) {
		sts_buf_puts(b, "<p>Read as: id <code>");
		sts_html_net(b, lint->records.chosen->id);
		sts_buf_puts(b, "</code>.</p>\n");
	}
	for (size_t i = 0; lint->kind == STS_LINT_TLSRPT && i < lint->tlsrpt.rua_count; i++) {
		sts_buf_puts(b, "<p>Reports to: <code>");
		sts_html_net(b, lint->tlsrpt.rua[i].uri);
		sts_buf_printf(b, "</code>%s</p>\n", lint->tlsrpt.rua[i].usable ? "" : " (no sender can use this)");
	}
}

static void name_line(struct sts_buf *b, const char *label, enum sts_icon icon, const char *const *names, size_t count)
{
	if (count == 0)
		return;
	sts_buf_puts(b, "<li>");
	sts_html_icon(b, icon);
	sts_buf_printf(b, "<strong>%s</strong>", label);
	for (size_t i = 0; i < count; i++)
		sts_buf_printf(b, "%s %s", i == 0 ? "" : ",", names[i]);
	sts_buf_puts(b, "</li>\n");
}

static void senders(struct sts_buf *b, const struct sts_lint *lint)
{
	if (lint->sender_count == 0)
		return;
	sts_buf_puts(b, "<h3>What senders do with it</h3>\n<ul class=\"plain\">\n");
	name_line(b, "Accepted by", STS_ICON_OK, lint->accepted_by, lint->accepted_count);
	name_line(b, "Refused by", STS_ICON_FAIL, lint->refused_by, lint->refused_count);
	for (size_t i = 0; i < lint->sender_count; i++) {
		const struct sts_reading *reading = &lint->senders[i].reading;

		if (!reading->known || reading->why == NULL)
			continue;
		sts_buf_printf(b, "<li>%s: ", lint->senders[i].name);
		sts_html_net(b, sts_str_of(reading->why));
		sts_buf_puts(b, "</li>\n");
	}
	sts_buf_puts(b, "</ul>\n");
}

static void hosts(struct sts_buf *b, const struct sts_lint *lint)
{
	if (lint->mx_count == 0)
		return;
	sts_buf_puts(b, "<h3>Hosts against the policy</h3>\n<ul class=\"plain\">\n");
	for (size_t i = 0; i < lint->mx_count; i++) {
		const struct sts_lint_mx *mx = &lint->mx[i];

		sts_buf_puts(b, "<li>");
		sts_html_icon(b, mx->covered ? STS_ICON_OK : STS_ICON_FAIL);
		sts_html_element(b, "code", NULL, mx->host);
		sts_buf_puts(b, mx->covered ? " is covered by " : " matches no mx pattern");
		if (mx->covered)
			sts_html_element(b, "code", NULL, mx->matched_by != NULL ? mx->matched_by : "the policy");
		if (mx->cause != NULL)
			sts_buf_printf(b, " (%s)", mx->cause);
		sts_buf_puts(b, "</li>\n");
	}
	sts_buf_puts(b, "</ul>\n");
}

void sts_html_lint(
	struct sts_buf *b, const struct sts_lint *lint, struct sts_str source, const struct sts_html_options *options)
{
	struct sts_html_source lines = {source, NULL};

	sts_buf_printf(b, "<h2>This %s is <span class=\"badge %s\">", sts_lint_kind_words(lint->kind),
		lint->usable  ? "enforced"
		: lint->works ? "testing"
			      : "blocking");
	sts_html_icon(b, lint->usable ? STS_ICON_OK : lint->works ? STS_ICON_WARN : STS_ICON_FAIL);
	sts_buf_printf(b, "%s</span></h2>\n<p class=\"summary\">%s</p>\n", lint->usable ? "usable" : "not usable",
		sts_lint_meaning(lint));
	value(b, lint);
	hosts(b, lint);
	if (source.ptr != NULL) {
		sts_buf_puts(b, "<h3>As it was read</h3>\n");
		sts_html_lines(b, lines, lint->issues, lint->issue_count);
	}
	senders(b, lint);
	sts_html_findings(b, lint->issues, lint->issue_count, lines, options);
}
