/* A store in place of files: blocks of names out of it, their results into it. */
#ifndef STS_SCAN_SINK_H
#define STS_SCAN_SINK_H

#include "scan/inside.h"
#include "scan/tally.h"

/** Open the list of run->scan. @return STS_OK; else run->why tells */
STS_MUST_CHECK enum sts_err sts_sink_open(struct sts_run *run, const char *head, struct sts_sink **out);
void sts_sink_close(struct sts_sink *sink);

/** Takes one name of a block. @return false: the run ends */
typedef bool sts_sink_name_fn(void *arg, uint64_t seq, struct sts_str typed);

/**
 * The reader's part: lease blocks and hand their names out, until every block of the list is done or the run stops.
 *
 * @param sent  called when no name follows for a while
 * @return true: all are done
 */
bool sts_sink_read(struct sts_sink *sink, sts_sink_name_fn *name, void (*sent)(void *arg), void *arg);

/** The writer's part: take results; blocks that are whole are committed. @param tally  gets what was committed */
void sts_sink_write(struct sts_sink *sink, const struct sts_chunk *chunk, struct sts_tally *tally);

/** Append what sts_sink_write() expects as the text of a result. @param doc  or ptr NULL */
void sts_sink_row(struct sts_buf *out, struct sts_str domain, int64_t checked_at);

/** "enforced" … "invalid", "opted-out". Static. */
const char *sts_kind_name(unsigned kind);

#endif
