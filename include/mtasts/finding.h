/* Findings: what the other side did wrong, or what is worth knowing about it. */
#ifndef MTASTS_FINDING_H
#define MTASTS_FINDING_H

#include "mtasts/base.h"

#ifdef __cplusplus
extern "C" {
#endif

enum sts_severity {
	STS_INFO,    /* a fact */
	STS_NOTICE,  /* deviation without effect today, or advice */
	STS_WARNING, /* works for most, some senders drop it */
	STS_ERROR,   /* MTA-STS does not work, or mail is or will be refused */
	STS_BY_MODE, /* in the catalogue only: error in enforce, warning in testing, info in none */
};

enum sts_fix_type {
	STS_FIX_NONE,
	STS_FIX_DNS,
	STS_FIX_POLICY,
	STS_FIX_SERVER,
};

/**
 * One finding. Strings are UTF-8, NUL-terminated, owned by the report; text that came from the network is already escaped
 * (no control octets), but still has to be escaped for HTML, CSV and so on.
 */
struct sts_finding {
	const char *code;        /* stable, e.g. "policy.blank-line" */
	enum sts_severity severity; /* never STS_BY_MODE */
	const char *title;
	const char *detail;      /* what was seen, and what it does to a sender */
	const char *subject;     /* name or address it was seen at */
	const char *rfc;         /* "RFC 8461 section 3.2" */
	const char *result_type; /* TLSRPT result type a sender would report, or NULL.  [RFC 8460 section 4.3] */
	const char *cause;       /* code of the finding behind it, or a cause word of match.mx-uncovered; or NULL */
	const char *fix_text;    /* what to do, or NULL */
	const char *fix_snippet; /* the line to paste, or NULL */
	enum sts_fix_type fix_type;
	unsigned line;           /* in the policy or record; 0 where it means nothing */
	unsigned column;
};

/** "info", "notice", "warning", "error". */
STS_API const char *sts_severity_name(enum sts_severity severity);

/** "none", "dns", "policy", "server". */
STS_API const char *sts_fix_type_name(enum sts_fix_type type);

/** What `mtasts explain` tells of a code. Strings are static. */
struct sts_explanation {
	const char *code;
	const char *severity; /* "error", "by mode", … */
	const char *source;
	const char *title;
	const char *what;
	const char *why;
	const char *fix;
};

/** Explain a code. @return STS_OK; STS_ENOENT */
STS_API STS_MUST_CHECK enum sts_err sts_explain(const char *code, struct sts_explanation *out);

/** The index-th explanation of the catalogue, in its order. @return STS_OK; STS_ENOENT past the end */
STS_API STS_MUST_CHECK enum sts_err sts_explain_at(size_t index, struct sts_explanation *out);

#ifdef __cplusplus
}
#endif
#endif
