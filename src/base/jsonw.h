/*
 * Writing JSON straight into a builder.  [RFC 8259]
 *
 * Strings come out as well-formed UTF-8 whatever goes in: a broken octet becomes U+FFFD, and whatever could act on a terminal or in a
 * log (controls, DEL, C1, bidirectional marks …) stands as an escape, so the document itself is harmless and reads back unchanged.
 */
#ifndef STS_BASE_JSONW_H
#define STS_BASE_JSONW_H

#include "base/buf.h"

#define STS_JSON_DEPTH_MAX 32

struct sts_jsonw {
	struct sts_buf *out;
	bool pretty;      /* two blanks a level; otherwise one line */
	unsigned depth;
	bool has_items[STS_JSON_DEPTH_MAX];
};

static inline struct sts_jsonw sts_jsonw(struct sts_buf *out, bool pretty)
{
	return (struct sts_jsonw){.out = out, .pretty = pretty};
}

/**
 * One value, or the start of one. In an object key is the member's name (printable ASCII, not escaped); in an array and at the top it is NULL.
 * Deeper than STS_JSON_DEPTH_MAX is a mistake of the caller: the builder is marked failed.
 */
void sts_jw_object(struct sts_jsonw *w, const char *key);
void sts_jw_array(struct sts_jsonw *w, const char *key);
/** Close the innermost object or array. */
void sts_jw_end_object(struct sts_jsonw *w);
void sts_jw_end_array(struct sts_jsonw *w);
void sts_jw_str(struct sts_jsonw *w, const char *key, struct sts_str s);
/** NULL gives null. */
void sts_jw_cstr(struct sts_jsonw *w, const char *key, const char *s);
void sts_jw_int(struct sts_jsonw *w, const char *key, int64_t v);
void sts_jw_bool(struct sts_jsonw *w, const char *key, bool v);
void sts_jw_null(struct sts_jsonw *w, const char *key);
/** A value that is JSON already: it goes out as it stands. */
void sts_jw_raw(struct sts_jsonw *w, const char *key, struct sts_str json);
/** Seconds since 1970 as an RFC 3339 string. */
void sts_jw_time(struct sts_jsonw *w, const char *key, int64_t seconds);

#endif
