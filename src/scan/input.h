/* Names to scan, one after the other: lines of a file or of standard input, gzip or not, or a column of CSV. */
#ifndef STS_SCAN_INPUT_H
#define STS_SCAN_INPUT_H

#include "base/str.h"

struct sts_input;

/** Octets of a line that are looked at; what is longer is no name anyway. */
#define STS_INPUT_LINE_MAX 4096

/**
 * @param path    "-" is standard input
 * @param column  of CSV, from 1; 0: a name a line
 * @return STS_OK; STS_EIO, errno tells; STS_ENOMEM
 */
STS_MUST_CHECK enum sts_err sts_input_open(const char *path, unsigned column, struct sts_input **out);
void sts_input_close(struct sts_input *in);

/**
 * The next name as it stands, blanks around it and what follows a "#" left out; blank lines are passed over. Of CSV the first line is passed
 * over too when its cell has no full stop: a head.
 *
 * @param name  borrowed until the next call
 * @param line  number of its line, from 1
 * @return STS_OK; STS_ENOENT: the end; STS_EIO: unreadable or damaged
 */
STS_MUST_CHECK enum sts_err sts_input_next(struct sts_input *in, struct sts_str *name, uint64_t *line);

/** The next name can be had without waiting for whoever writes. @param wait_ms  how long to wait all the same */
bool sts_input_ready(struct sts_input *in, int wait_ms);

/** Size of the file in octets; negative: unknown (a pipe). */
int64_t sts_input_size(const struct sts_input *in);
/** Octets of the file used so far. */
int64_t sts_input_offset(struct sts_input *in);

#endif
