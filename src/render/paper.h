/* A page of text for a terminal: wrapped at a width, with colours that can be left out. */
#ifndef STS_RENDER_PAPER_H
#define STS_RENDER_PAPER_H

#include "base/buf.h"
#include "mtasts/report.h"

enum sts_style { STS_PLAIN, STS_BOLD, STS_DIM, STS_RED, STS_YELLOW, STS_GREEN, STS_CYAN, STS_ALARM };

struct sts_paper {
	struct sts_buf *out;
	unsigned width;  /* columns */
	bool color;
	unsigned hang;   /* blanks that continued lines of the paragraph begin with */
	unsigned col;    /* columns used on the line at hand */
	unsigned blanks; /* of these, blanks that are written only when something follows them on the line */
	size_t word_at;       /* where the last word (and the blanks before it) begins in out */
	unsigned word_blanks; /* how many blanks */
	unsigned word_col;    /* column of the word itself; 0: there is none that could be moved */
	enum sts_style style; /* of the text being added */
	bool styled;          /* its sequence is written */
	unsigned start;  /* column where its text began: blanks before it are dropped */
};

/** options->width is taken between STS_PAPER_MIN and STS_PAPER_MAX: wider lines are hard to read. */
struct sts_paper sts_paper(struct sts_buf *out, const struct sts_render_options *options);
#define STS_PAPER_MIN 40
#define STS_PAPER_MAX 100

/** Begin a paragraph: indent blanks now, hang blanks on every further line. */
void sts_paper_begin(struct sts_paper *p, unsigned indent, unsigned hang);
/** Add words of ours (or text escaped already); a line is broken at blanks, a word longer than a line anywhere. */
void sts_paper_put(struct sts_paper *p, enum sts_style style, const char *text);
void sts_paper_printf(struct sts_paper *p, enum sts_style style, const char *fmt, ...) STS_PRINTF(3, 4);
/** Add text of a stranger, escaped, at most max octets of it. */
void sts_paper_net(struct sts_paper *p, enum sts_style style, struct sts_str text, size_t max);
/** Add text whose blanks count, escaped already; not wrapped. */
void sts_paper_exact(struct sts_paper *p, enum sts_style style, struct sts_str text);
/** Blanks up to a column, at least one. */
void sts_paper_tab(struct sts_paper *p, unsigned column);
/** End the paragraph's line. */
void sts_paper_end(struct sts_paper *p);

/** A paragraph at once. */
void sts_paper_text(struct sts_paper *p, unsigned indent, unsigned hang, const char *text);
/** Lines to paste, or of a file: never wrapped; each line escaped, indented, coloured. */
void sts_paper_lines(struct sts_paper *p, unsigned indent, enum sts_style style, const char *text);
/** An empty line. */
void sts_paper_gap(struct sts_paper *p);

/** Colour of a severity. */
enum sts_style sts_severity_style(enum sts_severity severity);

#endif
