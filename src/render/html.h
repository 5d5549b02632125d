/*
 * Reports as HTML, in fragments: the document of `--format html` and the pages of the server are made of the same ones.
 * Class names are what report.css styles; nothing is styled or scripted inline, and everything of a stranger is
 * escaped.
 */
#ifndef STS_RENDER_HTML_H
#define STS_RENDER_HTML_H

#include "check/findings.h"
#include "check/lint.h"
#include "render/escape.h"
#include "render/timeline.h"

/** Style of all fragments: src/render/report.css. */
extern const struct sts_str sts_embedded_report_css;

struct sts_html_options {
	const char *explain;      /* what links to explanations begin with ("/explain/"); NULL: there are none */
	const char *const *notes; /* what was stripped from around the name as this reader typed it */
	size_t note_count;
	struct sts_str actions; /* HTML behind the verdict (check again …); ptr NULL: nothing */
	struct sts_str history; /* HTML of the domain's history; ptr NULL: nothing is said about it */
	unsigned number;        /* of the report in its page: ids are unique by it */
};

/** A report: one <article> with an <h1>. */
void sts_html_report(struct sts_buf *b, const struct sts_report *r, const struct sts_html_options *options);

/** What a lint found, from an <h2> on. source: the text, for showing lines at fault; ptr NULL where line numbers mean
 * nothing. */
void sts_html_lint(
	struct sts_buf *b, const struct sts_lint *lint, struct sts_str source, const struct sts_html_options *options);

/** A time line: a drawing (SVG), and all of it in words, from an <h3> on. */
void sts_html_timeline(struct sts_buf *b, const struct sts_timeline *t, const char *explain);

/* ---- pieces ------------------------------------------------------------------------------------------------------ */

enum sts_icon { STS_ICON_OK, STS_ICON_WARN, STS_ICON_FAIL, STS_ICON_UNKNOWN, STS_ICON_NONE, STS_ICON_INFO };

/** A drawing that a word beside it says as well. */
void sts_html_icon(struct sts_buf *b, enum sts_icon icon);
enum sts_icon sts_html_verdict_icon(enum sts_verdict v);
enum sts_icon sts_html_severity_icon(enum sts_severity s);
/** <tag>text</tag>, escaped; with a class where that is not NULL. */
void sts_html_element(struct sts_buf *b, const char *tag, const char *class_or_null, const char *text);
/** Text of a stranger, at most as much of it as is shown anywhere. */
void sts_html_net(struct sts_buf *b, struct sts_str s);
/** "2026-01-31 12:00 UTC" in a <time>. */
void sts_html_time(struct sts_buf *b, int64_t at);
/** The beginning of something wide that scrolls by itself, also by keyboard; it ends in "</section>\n". */
void sts_html_scroll(struct sts_buf *b, const char *label);
/** The code of a finding, a link where there are explanations. */
void sts_html_code(struct sts_buf *b, const char *code, const char *explain);

/** Lines that findings are about: of those whose codes begin with layer (NULL: of all). ptr of text NULL: none are
 * shown. */
struct sts_html_source {
	struct sts_str text;
	const char *layer;
};

/** Findings, worst first, from an <h2> on; infos are folded away. */
void sts_html_findings(struct sts_buf *b, const struct sts_finding *findings, size_t count,
	struct sts_html_source source, const struct sts_html_options *options);
/** What senders do: for the domain, for each MX, and those that read it differently. */
void sts_html_senders(struct sts_buf *b, const struct sts_report *r);
/** What was seen, from the record to the mail hosts. */
void sts_html_seen(struct sts_buf *b, const struct sts_report *r);
/** The TLSRPT record and its destinations. */
void sts_html_rpt(struct sts_buf *b, const struct sts_report *r);
/** Lines of a text with their numbers; those that findings are about are marked. */
void sts_html_lines(struct sts_buf *b, struct sts_html_source source, const struct sts_finding *findings, size_t count);
/** A chain of certificates, leaf first, folded. title is ours. */
void sts_html_chain(struct sts_buf *b, const struct sts_facts *f, const struct sts_tls *tls, const char *title);

#endif
