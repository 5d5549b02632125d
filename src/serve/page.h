/* Pages for people: the frame around all of them, and the pieces they share. The handlers stand in routes.h. */
#ifndef STS_SERVE_PAGE_H
#define STS_SERVE_PAGE_H

#include "serve/routes.h"

/** Places of the navigation. */
enum page_place { PAGE_CHECK, PAGE_LINT, PAGE_LEARN, PAGE_FINDINGS, PAGE_FLEET, PAGE_NOWHERE };

/** A page being written. */
struct page {
	struct call *call;
	struct sts_buf b;
	bool found; /* search engines may list it */
};

/**
 * Begin a page, up to the beginning of <main>.
 *
 * @param title        for the window; escaped here
 * @param description  for search engines, which may list the page; NULL: they must not
 */
void page_begin(struct page *p, struct call *call, enum page_place place, const char *title, const char *description);
/** End <main> and the page, and send it, with a tag by its content. */
void page_send(struct page *p, unsigned status);

/** The form that asks for a domain. typed: what stands in it, or NULL; error: what is wrong with that, or NULL. */
void page_ask(struct sts_buf *b, const char *typed, const char *error);

/** This answer goes to a browser, and not to a program: problems are shown as pages. */
bool page_wanted(const struct call *call);
/** A problem as a page. */
void page_problem(struct call *call, unsigned status, const char *title, const char *detail);
/** Go there instead (303). */
void page_redirect(struct call *call, const char *to);
/** Octets that may stand in a segment of a path stay, others are percent-encoded; the arena's. */
const char *page_path(struct sts_arena *arena, const char *text);
/** The value of a field of an HTML form's body; NULL: it is not there, or malformed.  [HTML Living Standard,
 * application/x-www-form-urlencoded] */
const char *page_field(struct call *call, const char *name);

/** Octets of a page at most. */
#define PAGE_MAX ((size_t)32 * 1024 * 1024)

#endif
