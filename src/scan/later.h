/* Names put off to the end of a run, in a file without a name: memory does not grow with a resolver's troubles. Any thread. */
#ifndef STS_SCAN_LATER_H
#define STS_SCAN_LATER_H

#include "base/str.h"

struct sts_later;

/** @return NULL: out of memory, or no temporary file */
struct sts_later *sts_later_new(void);
void sts_later_free(struct sts_later *l);
/** Put off a name. @return false: the disk is full; nothing was kept */
STS_MUST_CHECK bool sts_later_put(struct sts_later *l, uint64_t seq, uint64_t line, struct sts_str typed);
uint64_t sts_later_count(struct sts_later *l);
/** Of this turn, those not taken yet: not 0 when nothing can be taken, the file cannot be read. */
uint64_t sts_later_left(struct sts_later *l);
/** Begin to take: what was put before can be taken, what is put from now on waits for the next call. @return how many there are */
uint64_t sts_later_turn(struct sts_later *l);
/** @param typed  at least STS_INPUT_LINE_MAX octets. @return false: no more of this turn */
bool sts_later_take(struct sts_later *l, uint64_t *seq, uint64_t *line, char *typed, size_t *len);

#endif
