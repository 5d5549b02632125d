/* The page that judges a policy or records before they are published. */
#include "serve/page.h"

#include "base/clock.h"
#include "proto/domain.h"
#include "render/html.h"
#include "serve/lint.h"

#define HOSTS_MAX 50

static const struct {
	enum sts_lint_kind kind;
	const char *title;
} kinds[] = {
	{STS_LINT_POLICY, "Policy file (mta-sts.txt)"},
	{STS_LINT_RECORD, "MTA-STS record (_mta-sts)"},
	{STS_LINT_TLSRPT, "TLSRPT record (_smtp._tls)"},
};

/* What the form holds. */
struct form {
	enum sts_lint_kind kind;
	const char *text;
	const char *mx;
	const char *domain;
	const char *wrong; /* NULL: it can be judged */
};

static void put_field(struct sts_buf *b, const char *name, const char *label, const char *help, const char *value)
{
	sts_buf_printf(b,
		"<div class=\"field\">\n<label for=\"%s\">%s</label>\n<input id=\"%s\" name=\"%s\" type=\"text\" "
		"maxlength=\"4000\" "
		"autocapitalize=\"none\" autocomplete=\"off\" spellcheck=\"false\" aria-describedby=\"%s-help\" "
		"value=\"",
		name, label, name, name, name);
	sts_xml(b, value);
	sts_buf_printf(b, "\">\n<p id=\"%s-help\" class=\"help\">%s</p>\n</div>\n", name, help);
}

static void put_kinds(struct sts_buf *b, enum sts_lint_kind chosen)
{
	sts_buf_puts(b, "<fieldset class=\"kinds\">\n<legend>What is it?</legend>\n");
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		sts_buf_printf(b, "<label><input type=\"radio\" name=\"kind\" value=\"%s\"%s> %s</label>\n",
			sts_lint_kind_name(kinds[i].kind), kinds[i].kind == chosen ? " checked" : "", kinds[i].title);
	sts_buf_puts(b, "</fieldset>\n");
}

/* As it was typed: it is sent again. Only what means something to HTML is escaped. */
static void put_typed(struct sts_buf *b, const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		if (*text == '<' || *text == '&')
			sts_buf_puts(b, *text == '<' ? "&lt;" : "&amp;");
		else
			sts_buf_addc(b, *text);
	}
}

static void put_form(struct sts_buf *b, const struct form *f)
{
	sts_buf_puts(b, "<form class=\"lint\" action=\"/lint\" method=\"post\">\n");
	put_kinds(b, f->kind);
	sts_buf_printf(b,
		"<div class=\"field\">\n<label for=\"text\">Text</label>\n<textarea id=\"text\" name=\"text\" "
		"rows=\"10\" "
		"autocapitalize=\"none\" autocomplete=\"off\" spellcheck=\"false\" "
		"aria-describedby=\"%stext-help\"%s>\n",
		f->wrong != NULL ? "text-error " : "", f->wrong != NULL ? " aria-invalid=\"true\"" : "");
	put_typed(b, f->text);
	sts_buf_puts(b, "</textarea>\n");
	if (f->wrong != NULL) {
		sts_buf_puts(b, "<p id=\"text-error\" class=\"wrong\">");
		sts_html_icon(b, STS_ICON_FAIL);
		sts_xml(b, f->wrong);
		sts_buf_puts(b, "</p>\n");
	}
	sts_buf_puts(b, "<p id=\"text-help\" class=\"help\">The whole file; or TXT records, one a line. Line ends are "
			"not judged here: "
			"browsers replace them. Nothing is looked up, and nothing is kept.</p>\n</div>\n<div "
			"class=\"pair\">\n");
	put_field(b, "mx", "MX hosts to try against the policy", "Optional; parted by blanks or commas.", f->mx);
	put_field(b, "domain", "Domain", "Optional; lines to paste then name it.", f->domain);
	sts_buf_puts(b, "</div>\n<button type=\"submit\">Judge it</button>\n</form>\n");
}

static void begin(struct page *p, struct call *call)
{
	page_begin(p, call, PAGE_LINT, "Lint a policy or record · MTA-STS",
		"Judges an MTA-STS policy file, an MTA-STS record or a TLSRPT record before it is published.");
	sts_buf_puts(&p->b, "<h1>Lint before you publish</h1>\n<p class=\"summary\">Paste a policy file or a TXT "
			    "record: every fault with its line, "
			    "what each kind of sender makes of it, and the corrected text.</p>\n");
}

/* Words parted by blanks, commas or lines. */
static size_t split(struct sts_arena *arena, const char *text, const char **out)
{
	size_t count = 0;

	while (count < HOSTS_MAX && *(text += strspn(text, " \t\r\n,;")) != '\0') {
		size_t len = strcspn(text, " \t\r\n,;");

		out[count++] = sts_strndup(arena, text, len);
		text += len;
	}
	return count;
}

/* Browsers send CRLF for every line end, whatever was pasted: nothing can be said about them. */
static const char *without_cr(struct sts_arena *arena, const char *text)
{
	char *copy = sts_strdup(arena, text);
	char *to = copy;

	for (const char *c = copy; c != NULL && *c != '\0'; c++)
		if (c[0] != '\r' || c[1] != '\n')
			*to++ = *c;
	if (to != NULL)
		*to = '\0';
	return copy;
}

static void read_form(struct call *call, struct form *f, struct sts_lint_params *params)
{
	const char *kind = page_field(call, "kind");
	const char **hosts = sts_alloc_array(call->arena, HOSTS_MAX, sizeof *hosts);
	const char *why = NULL;
	struct sts_domain d;

	f->text = without_cr(call->arena, page_field(call, "text"));
	f->mx = page_field(call, "mx");
	f->domain = page_field(call, "domain");
	if (kind == NULL || !sts_lint_kind_parse(kind, &f->kind))
		f->kind = STS_LINT_POLICY;
	params->judged_at = sts_now_s();
	params->hosts = hosts;
	params->host_count = f->mx == NULL || f->kind != STS_LINT_POLICY ? 0 : split(call->arena, f->mx, hosts);
	if (f->text == NULL)
		f->wrong = "There is no text, or it is no UTF-8.";
	if (f->domain == NULL || f->domain[0] == '\0')
		return;
	if (sts_domain_parse(sts_str_of(f->domain), call->arena, &d, &why) == STS_OK)
		params->domain = d.ascii;
	else
		f->wrong = why;
}

/* Where the text is one record or one file, lines of findings are lines of it. */
static struct sts_str source_of(const struct form *f)
{
	struct sts_str text = sts_str_of(f->text);
	size_t end = sts_str_find(text, '\n', 0);

	if (f->kind == STS_LINT_POLICY)
		return text;
	return end + 1 >= text.len ? sts_str(text.ptr, end) : (struct sts_str){0};
}

static void judge(struct call *call)
{
	struct sts_lint *lint = STS_NEW(call->arena, struct sts_lint);
	struct sts_lint_params params = {0};
	struct sts_html_options o = {.explain = "/explain/"};
	struct form f = {0};
	struct page p;

	if (!sts_content_is(call->request, "application/x-www-form-urlencoded")) {
		call_problem(call, 415, NULL, "The body is to be that of an HTML form, and to say so in Content-Type.");
		return;
	}
	read_form(call, &f, &params);
	begin(&p, call);
	if (f.wrong == NULL) {
		sts_serve_lint(sts_str_of(f.text), f.kind, &params, call->arena, lint);
		sts_buf_puts(&p.b, "<article class=\"report lint-result\" aria-label=\"Result\">\n");
		sts_html_lint(&p.b, lint, source_of(&f), &o);
		sts_buf_puts(&p.b, "</article>\n<h2>Change it and judge again</h2>\n");
	}
	put_form(&p.b, &f);
	page_send(&p, f.wrong == NULL ? 200 : 400);
}

void page_lint(struct call *call)
{
	struct page p;

	if (sts_str_is(call->request->method, "POST")) {
		judge(call);
		return;
	}
	begin(&p, call);
	put_form(&p.b, &(struct form){.text = "version: STSv1\nmode: testing\nmx: mx1.example.com\nmx: "
					      "*.mail.example.com\nmax_age: 604800\n"});
	page_send(&p, 200);
}
