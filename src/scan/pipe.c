#include "scan/pipe.h"

void sts_pipe_init(struct sts_pipe *p, size_t room)
{
	*p = (struct sts_pipe){.room = room};
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->filled, NULL);
	pthread_cond_init(&p->emptied, NULL);
}

void sts_pipe_clear(struct sts_pipe *p)
{
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->filled);
	pthread_cond_destroy(&p->emptied);
}

bool sts_pipe_push(struct sts_pipe *p, void *item)
{
	bool ok;

	pthread_mutex_lock(&p->lock);
	while (p->count == p->room && !p->broken)
		pthread_cond_wait(&p->emptied, &p->lock);
	ok = !p->broken;
	if (ok)
		p->items[(p->first + p->count++) % STS_PIPE_ROOM] = item;
	pthread_cond_signal(&p->filled);
	pthread_mutex_unlock(&p->lock);
	return ok;
}

bool sts_pipe_full(struct sts_pipe *p)
{
	bool full;

	pthread_mutex_lock(&p->lock);
	full = p->count == p->room && !p->broken;
	pthread_mutex_unlock(&p->lock);
	return full;
}

static void *take(struct sts_pipe *p)
{
	void *item;

	if (p->count == 0)
		return NULL;
	item = p->items[p->first];
	p->first = (p->first + 1) % STS_PIPE_ROOM;
	if (--p->count == p->room / 2)
		pthread_cond_broadcast(&p->emptied);
	return item;
}

void *sts_pipe_pop(struct sts_pipe *p)
{
	void *item;

	pthread_mutex_lock(&p->lock);
	while (p->count == 0 && !p->closed && !p->broken)
		pthread_cond_wait(&p->filled, &p->lock);
	item = take(p);
	pthread_mutex_unlock(&p->lock);
	return item;
}

void *sts_pipe_try(struct sts_pipe *p, bool *ended)
{
	void *item;

	pthread_mutex_lock(&p->lock);
	item = take(p);
	*ended = item == NULL && (p->closed || p->broken);
	pthread_mutex_unlock(&p->lock);
	return item;
}

void sts_pipe_close(struct sts_pipe *p)
{
	pthread_mutex_lock(&p->lock);
	p->closed = true;
	pthread_cond_broadcast(&p->filled);
	pthread_mutex_unlock(&p->lock);
}

void sts_pipe_break(struct sts_pipe *p)
{
	pthread_mutex_lock(&p->lock);
	p->broken = true;
	pthread_cond_broadcast(&p->filled);
	pthread_cond_broadcast(&p->emptied);
	pthread_mutex_unlock(&p->lock);
}
