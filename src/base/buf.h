/* Bounded builder: remembers that its ceiling was reached and ignores the rest, so callers check once, at the end. */
#ifndef STS_BASE_BUF_H
#define STS_BASE_BUF_H

#include "base/str.h"

struct sts_buf {
	char *ptr; /* NUL-terminated whenever not NULL; heap, owned by the buffer */
	size_t len;
	size_t size;
	size_t max; /* ceiling of len in octets */
	bool failed; /* the ceiling or the heap's end was reached; what is there stays */
};

/** An empty builder that never holds more than max octets. */
void sts_buf_init(struct sts_buf *b, size_t max);
/** Release the memory; the builder may be used again with the same ceiling. */
void sts_buf_clear(struct sts_buf *b);
/** Forget the content, keep the memory. */
/** Room for so many octets more at once. @return false: failed, as after adding them */
bool sts_buf_reserve(struct sts_buf *b, size_t more);
void sts_buf_reset(struct sts_buf *b);
void sts_buf_add(struct sts_buf *b, const void *data, size_t len);
void sts_buf_addc(struct sts_buf *b, char c);
void sts_buf_puts(struct sts_buf *b, const char *cstr);
void sts_buf_printf(struct sts_buf *b, const char *fmt, ...) STS_PRINTF(2, 3);
/** Drop the first n octets. */
void sts_buf_consume(struct sts_buf *b, size_t n);

static inline struct sts_str sts_buf_str(const struct sts_buf *b)
{
	return sts_str(b->ptr, b->len);
}

/**
 * Append s so that a stranger's octets are harmless on a terminal or in a log line: control octets, DEL, C1 controls, bidirectional and
 * other format characters of Unicode and broken UTF-8 come out as \xNN or \u{NNNN}; a backslash is doubled. At most max octets of s are taken, then "…".
 */
void sts_buf_escape(struct sts_buf *b, struct sts_str s, size_t max);

#endif
