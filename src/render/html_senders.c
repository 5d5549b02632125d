/* What senders do with mail for the domain, as HTML: by what they know, by MX host, and by how they read the policy. */
#include "render/html.h"

#include "render/words.h"

static const struct {
	const char *word;
	const char *class_name;
	enum sts_icon icon;
} decisions[] = {
	[STS_DECIDE_UNKNOWN] = {"cannot tell", "unknown", STS_ICON_UNKNOWN},
	[STS_DELIVER_VERIFIED] = {"delivers, verified", "good", STS_ICON_OK},
	[STS_DELIVER_UNVERIFIED] = {"delivers, unverified", "soft", STS_ICON_WARN},
	[STS_DELIVER_DANE] = {"delivers by DANE", "good", STS_ICON_OK},
	[STS_REFUSE] = {"refuses", "bad", STS_ICON_FAIL},
	[STS_UNREACHABLE] = {"cannot reach it", "bad", STS_ICON_FAIL},
};

static const char *const states[STS_STATE_COUNT] = {
	[STS_STATE_NO_CACHE] = "Meets the domain for the first time",
	[STS_STATE_CURRENT_POLICY] = "Holds the policy of now",
	[STS_STATE_DANE] = "Uses DANE, too",
	[STS_STATE_NEITHER] = "Knows neither MTA-STS nor DANE",
};

static void decision(struct sts_buf *b, enum sts_decision d)
{
	sts_buf_printf(b, "<td class=\"decision %s\">", decisions[d].class_name);
	sts_html_icon(b, decisions[d].icon);
	sts_buf_printf(b, "%s</td>", decisions[d].word);
}

static bool has_state(const struct sts_report *r, size_t state)
{
	return r->outlook.text[state] != NULL && (state != STS_STATE_CURRENT_POLICY || r->facts->policy != NULL);
}

/* ---- the domain -------------------------------------------------------------------------------------------------- */

static void outcome(struct sts_buf *b, enum sts_decision d, const char *text)
{
	decision(b, d);
	sts_html_element(b, "td", NULL, text);
	sts_buf_puts(b, "</tr>\n");
}

static void held_name(struct sts_buf *b, const struct sts_held *h)
{
	sts_buf_puts(b, "Holds the policy of ");
	sts_xml(b, strncmp(h->name, "policy_of_", 10) == 0 ? h->name + 10 : h->name);
}

static void domain_table(struct sts_buf *b, const struct sts_report *r)
{
	sts_html_scroll(b, "What senders do, by what they know");
	sts_buf_puts(b, "<table class=\"senders by-state\">\n<thead><tr><th scope=\"col\">A sender that …</th><th "
			"scope=\"col\">in the "
			"end</th><th scope=\"col\">because</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < STS_STATE_COUNT; i++) {
		if (!has_state(r, i))
			continue;
		sts_buf_printf(b, "<tr><th scope=\"row\">%s</th>", states[i]);
		outcome(b, r->outlook.best[i], r->outlook.text[i]);
	}
	for (size_t i = 0; i < r->held_count; i++) {
		sts_buf_puts(b, "<tr><th scope=\"row\">");
		held_name(b, &r->held[i]);
		sts_buf_puts(b, "</th>");
		outcome(b, r->held[i].best, r->held[i].text);
	}
	sts_buf_puts(b, "</tbody>\n</table>\n</section>\n");
}

/* ---- MX by MX ---------------------------------------------------------------------------------------------------- */

static void mx_row(struct sts_buf *b, const struct sts_report *r, size_t index)
{
	sts_buf_puts(b, "<tr><th scope=\"row\">");
	sts_html_net(b, sts_str_of(r->facts->mx[index].name));
	sts_buf_puts(b, "</th>");
	for (size_t i = 0; i < STS_STATE_COUNT; i++)
		if (has_state(r, i))
			decision(b, r->mx[index].decisions[i]);
	for (size_t i = 0; i < r->held_count; i++)
		decision(b, r->held[i].decisions[index]);
	sts_buf_puts(b, "</tr>\n");
}

static void mx_table(struct sts_buf *b, const struct sts_report *r)
{
	if (r->facts->mx_count == 0)
		return;
	sts_buf_printf(b, "<details>\n<summary>The same for each MX host (%zu)</summary>\n", r->facts->mx_count);
	sts_html_scroll(b, "What senders do, for each MX host");
	sts_buf_puts(b, "<table class=\"senders\">\n<thead><tr><th scope=\"col\">MX host</th>");
	for (size_t i = 0; i < STS_STATE_COUNT; i++)
		if (has_state(r, i))
			sts_buf_printf(b, "<th scope=\"col\">%s</th>", states[i]);
	for (size_t i = 0; i < r->held_count; i++) {
		sts_buf_puts(b, "<th scope=\"col\">");
		held_name(b, &r->held[i]);
		sts_buf_puts(b, "</th>");
	}
	sts_buf_puts(b, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < r->facts->mx_count; i++)
		mx_row(b, r, i);
	sts_buf_puts(b, "</tbody>\n</table>\n</section>\n</details>\n");
}

/* ---- readers ----------------------------------------------------------------------------------------------------- */

static void profiles(struct sts_buf *b, const struct sts_report *r)
{
	if (r->profile_count == 0)
		return;
	sts_buf_puts(b, "<h3>Senders that read it differently</h3>\n<ul class=\"profiles\">\n");
	for (size_t i = 0; i < r->profile_count; i++) {
		const struct sts_profile *s = &r->profiles[i];

		sts_buf_puts(b, "<li><strong>");
		sts_xml(b, s->sender);
		sts_buf_printf(b, "</strong> %s",
			!s->accepts_record   ? "drops the record"
			: !s->accepts_policy ? "drops the policy"
					     : "accepts it");
		if (s->note != NULL) {
			sts_buf_puts(b, ": ");
			sts_xml(b, s->note);
		}
		sts_buf_puts(b, "</li>\n");
	}
	sts_buf_puts(b, "</ul>\n");
}

void sts_html_senders(struct sts_buf *b, const struct sts_report *r)
{
	if (r->outlook.text[STS_STATE_NO_CACHE] != NULL) {
		sts_buf_puts(b, "<h2>What senders do with mail for this domain</h2>\n");
		domain_table(b, r);
		mx_table(b, r);
		if (r->shares.text != NULL) {
			sts_buf_puts(b, "<p class=\"shares\">");
			sts_xml(b, r->shares.text);
			sts_buf_puts(b, "</p>\n");
		}
		profiles(b, r);
	}
}
