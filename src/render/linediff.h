/* Differences of two texts, line by line. */
#ifndef STS_RENDER_LINEDIFF_H
#define STS_RENDER_LINEDIFF_H

#include "base/arena.h"
#include "base/str.h"

struct sts_diff_line {
	char mark;           /* ' ' in both, '-' only in the old one, '+' only in the new one */
	struct sts_str text; /* without its line end; points into the texts */
};

/** Lines of a text that are compared; a longer one is told as replaced whole. */
#define STS_DIFF_LINES_MAX 400

/**
 * The shortest list of lines taken away and put in.
 *
 * Line ends (LF, CRLF) are not looked at, so texts that differ only in them give no '-' or '+'.
 *
 * @return count lines, the arena's
 */
struct sts_diff_line *sts_line_diff(
	struct sts_str old_text, struct sts_str new_text, struct sts_arena *arena, size_t *count);

#endif
