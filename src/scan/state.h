/*
 * What an interrupted run needs to go on. Append only, a line for every piece of output, written behind it:
 *
 *   mtasts-scan 1 WORDS          head: what the run is of
 *   + LENGTH TAB SEQS [TAB KEY TAB N]...   the output is so long now, and these names are done
 *
 * Output behind the last whole line's LENGTH is cut off on resuming: its names are not done. So nothing is lost and nothing doubled, whenever the
 * process dies.
 */
#ifndef STS_SCAN_STATE_H
#define STS_SCAN_STATE_H

#include "scan/seqset.h"
#include "scan/tally.h"

struct sts_state {
	int fd;            /* -1: none is kept */
	const char *path;
	char *head;        /* line without its end; heap */
	struct sts_seqset done;
	int64_t output_len;
	uint64_t size;     /* of the file */
	uint64_t compact_size;
	struct sts_buf line;
};

/**
 * Read a state file.
 *
 * @param output_size  of the output as it is now: lines that tell of more are not believed
 * @return STS_OK; STS_ENOENT: no such file, or an empty one; STS_EINVAL: of another run, or no state; STS_EIO; STS_ENOMEM
 */
STS_MUST_CHECK enum sts_err sts_state_read(
	struct sts_state *s, const char *path, const char *head, int64_t output_size, struct sts_tally *tally);
/** A state file is there that is not that of a finished run. */
bool sts_state_unfinished(const char *path);
/** Write a new file that holds what is known, and go on appending to it. @return STS_OK; STS_EIO */
STS_MUST_CHECK enum sts_err sts_state_begin(struct sts_state *s, const char *path, const char *head, struct sts_tally *tally);
/** These names are done (sorted by the call), the output has grown. @return STS_OK; STS_EIO; STS_ENOMEM */
STS_MUST_CHECK enum sts_err sts_state_add(
	struct sts_state *s, uint64_t *seqs, size_t count, int64_t output_len, struct sts_tally *tally);
/** Onto the disk. */
void sts_state_sync(struct sts_state *s);
/** All names are done. */
void sts_state_finish(struct sts_state *s);
void sts_state_clear(struct sts_state *s);

#endif
