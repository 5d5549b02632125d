/* Names that must not be touched, nor anything below them. Read once, then any thread. */
#ifndef STS_SCAN_OPTOUT_H
#define STS_SCAN_OPTOUT_H

#include "base/map.h"

/** Zeroed memory is an empty list. */
struct sts_optout {
	struct sts_map names;
};

/**
 * Read a list: a name a line, "#" begins a comment. A line that is no name is an error: leaving somebody in by a slip of the pen would be rude.
 *
 * @param why  on failure a sentence; at least 512 octets
 */
STS_MUST_CHECK enum sts_err sts_optout_read(struct sts_optout *o, const char *path, char why[static 512]);
void sts_optout_clear(struct sts_optout *o);
/** @param name  A-labels, lower case */
bool sts_optout_has(const struct sts_optout *o, const char *name);

#endif
