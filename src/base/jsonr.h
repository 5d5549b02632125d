/*
 * Reading JSON into an arena.  [RFC 8259]  jansson lives here: it refused all but one of the 188 must-reject files of
 * JSONTestSuite.
 *
 * Input comes from strangers: the same member twice, NUL inside a string, numbers out of range, broken UTF-8 and
 * nesting deeper than STS_JSON_READ_DEPTH are refused.
 */
#ifndef STS_BASE_JSONR_H
#define STS_BASE_JSONR_H

#include "base/arena.h"
#include "base/buf.h"

#define STS_JSON_READ_DEPTH 64

enum sts_json_type {
	STS_JSON_NULL,
	STS_JSON_FALSE,
	STS_JSON_TRUE,
	STS_JSON_INT,
	STS_JSON_REAL,
	STS_JSON_STRING,
	STS_JSON_ARRAY,
	STS_JSON_OBJECT
};

/** One value; everything in the arena it was read into. */
struct sts_json {
	enum sts_json_type type;
	struct sts_str name; /* of the member, in an object */
	struct sts_str text; /* of a string: UTF-8 without NUL, NUL-terminated in memory */
	int64_t integer;
	double real;                  /* also of an integer */
	const struct sts_json *items; /* of an array or object, in order */
	size_t count;
};

/**
 * Read one document.
 *
 * @param why  on failure a sentence with line and column, the arena's; printable, but it may quote what was read:
 * escape it
 * @return NULL: it is not JSON, or not the kind that is taken
 */
const struct sts_json *sts_json_read(struct sts_str text, struct sts_arena *arena, const char **why);

/** A member of an object, or NULL (also when value is NULL or no object). */
const struct sts_json *sts_json_get(const struct sts_json *value, const char *name);
/** The text of a member that is a string; an empty text with ptr NULL otherwise. */
struct sts_str sts_json_text(const struct sts_json *object, const char *name);
/** Not NULL, and of that type. */
static inline bool sts_json_is(const struct sts_json *value, enum sts_json_type type)
{
	return value != NULL && value->type == type;
}

/** Append a value as JSON again, on one line; NULL gives null. */
void sts_json_write(struct sts_buf *out, const struct sts_json *value);

#endif
