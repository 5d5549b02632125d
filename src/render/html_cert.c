/* A chain of certificates as HTML. */
#include "render/html.h"

#include "render/words.h"

#include <inttypes.h>

#define NAMES_SHOWN 20

static void row(struct sts_buf *b, const char *title, const char *text)
{
	sts_buf_printf(b, "<dt>%s</dt><dd>", title);
	sts_html_net(b, sts_str_of(text));
	sts_buf_puts(b, "</dd>\n");
}

static void names(struct sts_buf *b, const struct sts_cert *c)
{
	if (c->name_count == 0)
		return;
	sts_buf_puts(b, "<dt>Names</dt><dd>");
	for (size_t i = 0; i < c->name_count && i < NAMES_SHOWN; i++) {
		sts_buf_puts(b, i == 0 ? "" : ", ");
		sts_html_net(b, sts_str_of(c->names[i]));
	}
	if (c->name_total > NAMES_SHOWN)
		sts_buf_printf(b, " and %zu more", c->name_total - NAMES_SHOWN);
	sts_buf_puts(b, "</dd>\n");
}

static void validity(struct sts_buf *b, const struct sts_facts *f, const struct sts_cert *c)
{
	int64_t days = sts_days_left(f, c);

	sts_buf_puts(b, "<dt>Valid</dt><dd>");
	sts_html_time(b, c->not_before);
	sts_buf_puts(b, " to ");
	sts_html_time(b, c->not_after);
	if (days < 0)
		sts_buf_puts(b, ", <strong class=\"bad\">expired</strong>");
	else
		sts_buf_printf(b, ", %" PRId64 " day%s left", days, days == 1 ? "" : "s");
	sts_buf_puts(b, "</dd>\n");
}

static void certificate(struct sts_buf *b, const struct sts_facts *f, const struct sts_cert *c)
{
	sts_buf_puts(b, "<li><dl>\n");
	row(b, "Subject", c->subject);
	names(b, c);
	row(b, "Issuer", c->issuer);
	validity(b, f, c);
	sts_buf_printf(b, "<dt>Key</dt><dd>%s, %d bits; signed with ", c->key_type != NULL ? c->key_type : "unknown",
		c->key_bits);
	sts_html_net(b, sts_str_of(c->signature != NULL ? c->signature : "an unknown algorithm"));
	sts_buf_printf(b, "</dd>\n<dt>SHA-256</dt><dd><code>%s</code></dd>\n</dl></li>\n", c->sha256);
}

static void problems(struct sts_buf *b, const struct sts_tls *tls)
{
	for (size_t i = 0; i < STS_CERT_PROBLEM_COUNT; i++) {
		if ((tls->problems & 1u << i) == 0)
			continue;
		sts_buf_puts(b, "<p class=\"problem\">");
		sts_html_icon(b, STS_ICON_FAIL);
		sts_html_net(b, sts_str_of(tls->problem_text[i] != NULL ? tls->problem_text[i]
									: sts_cert_problem_name(1u << i)));
		sts_buf_puts(b, "</p>\n");
	}
}

void sts_html_chain(struct sts_buf *b, const struct sts_facts *f, const struct sts_tls *tls, const char *title)
{
	if (tls->chain_count == 0)
		return;
	sts_buf_puts(b, "<details class=\"chain\">\n<summary>");
	sts_xml(b, title);
	sts_buf_puts(b, ": ");
	sts_html_net(b, sts_short_subject(tls->chain[0].subject));
	sts_buf_puts(b, ", by ");
	sts_html_net(b, sts_short_subject(tls->chain[0].issuer));
	sts_buf_puts(b, "</summary>\n");
	problems(b, tls);
	sts_buf_puts(b, "<ol>\n");
	for (size_t i = 0; i < tls->chain_count; i++)
		certificate(b, f, &tls->chain[i]);
	sts_buf_puts(b, "</ol>\n</details>\n");
}
