#include "scan/later.h"

#include "scan/input.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct head {
	uint64_t seq, line;
	uint32_t len;
};

struct sts_later {
	pthread_mutex_t lock;
	FILE *in, *out;
	uint64_t in_count, out_count;
};

struct sts_later *sts_later_new(void)
{
	struct sts_later *l = calloc(1, sizeof *l);

	if (l == NULL)
		return NULL;
	pthread_mutex_init(&l->lock, NULL);
	l->in = tmpfile();
	l->out = tmpfile();
	if (l->in == NULL || l->out == NULL) {
		sts_later_free(l);
		return NULL;
	}
	return l;
}

void sts_later_free(struct sts_later *l)
{
	if (l == NULL)
		return;
	if (l->in != NULL)
		fclose(l->in);
	if (l->out != NULL)
		fclose(l->out);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

bool sts_later_put(struct sts_later *l, uint64_t seq, uint64_t line, struct sts_str typed)
{
	struct head h = {seq, line, (uint32_t)typed.len};
	bool ok;

	pthread_mutex_lock(&l->lock);
	ok = typed.len <= STS_INPUT_LINE_MAX && fwrite(&h, sizeof h, 1, l->out) == 1 &&
		fwrite(typed.ptr, 1, typed.len, l->out) == typed.len;
	if (ok)
		l->out_count++;
	pthread_mutex_unlock(&l->lock);
	return ok;
}

uint64_t sts_later_count(struct sts_later *l)
{
	uint64_t n;

	pthread_mutex_lock(&l->lock);
	n = l->out_count;
	pthread_mutex_unlock(&l->lock);
	return n;
}

uint64_t sts_later_turn(struct sts_later *l)
{
	uint64_t n;
	FILE *was;

	pthread_mutex_lock(&l->lock);
	was = l->in;
	l->in = l->out;
	l->out = was;
	n = l->in_count = l->out_count;
	l->out_count = 0;
	rewind(l->in);
	rewind(l->out);
	if (ftruncate(fileno(l->out), 0) != 0)
		clearerr(l->out); /* the count says where the end is */
	pthread_mutex_unlock(&l->lock);
	return n;
}

bool sts_later_take(struct sts_later *l, uint64_t *seq, uint64_t *line, char *typed, size_t *len)
{
	struct head h;
	bool ok;

	pthread_mutex_lock(&l->lock);
	ok = l->in_count > 0 && fread(&h, sizeof h, 1, l->in) == 1 && h.len <= STS_INPUT_LINE_MAX &&
		fread(typed, 1, h.len, l->in) == h.len;
	if (ok) {
		l->in_count--;
		*seq = h.seq;
		*line = h.line;
		*len = h.len;
	}
	pthread_mutex_unlock(&l->lock);
	return ok;
}
