/* The writer's thread: results out, in order where wanted, and the state behind them. */
#ifndef STS_SCAN_WRITER_H
#define STS_SCAN_WRITER_H

#include "scan/inside.h"
#include "scan/state.h"

struct sts_writer;

/**
 * Open the output and, where one is wanted, read and begin the state.
 *
 * @param head  what the run is of, one line
 * @return STS_OK; else run->why tells
 */
STS_MUST_CHECK enum sts_err sts_writer_open(struct sts_run *run, const char *head, struct sts_writer **out);
/** Names done by an earlier part of the run. Before the thread runs. */
const struct sts_seqset *sts_writer_done(const struct sts_writer *w);
/** The thread: until run->chunks is closed and empty. @param arg  the writer */
void *sts_writer_main(void *arg);
/** Close. @param all  every name is done: the state says so. @param tally  gets the counts; the caller clears them */
void sts_writer_close(struct sts_writer *w, bool all, struct sts_tally *tally);

#endif
