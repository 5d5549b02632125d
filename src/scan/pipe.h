/* A bounded queue of pointers between threads. */
#ifndef STS_SCAN_PIPE_H
#define STS_SCAN_PIPE_H

#include "mtasts/base.h"

#include <pthread.h>

#define STS_PIPE_ROOM 256

struct sts_pipe {
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	void *items[STS_PIPE_ROOM];
	size_t first, count, room;
	bool closed; /* nothing more comes */
	bool broken; /* nobody takes any more */
};

/** @param room  at most STS_PIPE_ROOM */
void sts_pipe_init(struct sts_pipe *p, size_t room);
void sts_pipe_clear(struct sts_pipe *p);
/** Waits for room, and then until half of it is free: who waits is woken for more than one item. @return false: broken, the item is still the caller's */
STS_MUST_CHECK bool sts_pipe_push(struct sts_pipe *p, void *item);
/** A push would wait; where one thread alone pushes, "no" holds until it does. */
bool sts_pipe_full(struct sts_pipe *p);
/** Waits for an item. @return NULL: closed and empty, or broken */
void *sts_pipe_pop(struct sts_pipe *p);
/** Does not wait. @param ended  no item will come any more. @return NULL: there is none now */
void *sts_pipe_try(struct sts_pipe *p, bool *ended);
void sts_pipe_close(struct sts_pipe *p);
void sts_pipe_break(struct sts_pipe *p);

#endif
