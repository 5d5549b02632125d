#include "scan/later.h"

#include "scan/input.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE ((size_t)64 * 1024)

struct head {
	uint64_t seq, line;
	uint32_t len;
};

/* Files without a stream's buffer: what was put is on the disk, or the caller knows. */
struct sts_later {
	pthread_mutex_t lock;
	FILE *in, *out;
	uint64_t in_count, out_count;
	off_t in_at, out_at;
	char piece[PIECE]; /* of in, read ahead */
	size_t have, used;
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

static bool write_at(int fd, const char *p, size_t len, off_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool sts_later_put(struct sts_later *l, uint64_t seq, uint64_t line, struct sts_str typed)
{
	struct head h = {seq, line, (uint32_t)typed.len};
	char record[sizeof h + STS_INPUT_LINE_MAX];
	bool ok;

	if (typed.len > STS_INPUT_LINE_MAX)
		return false;
	memcpy(record, &h, sizeof h);
	memcpy(record + sizeof h, typed.ptr, typed.len);
	pthread_mutex_lock(&l->lock);
	/* a part of it that went out before the disk was full is written over by the next */
	ok = write_at(fileno(l->out), record, sizeof h + typed.len, l->out_at);
	if (ok) {
		l->out_at += (off_t)(sizeof h + typed.len);
		l->out_count++;
	}
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

uint64_t sts_later_left(struct sts_later *l)
{
	uint64_t n;

	pthread_mutex_lock(&l->lock);
	n = l->in_count;
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
	l->in_at = l->out_at = 0;
	l->have = l->used = 0;
	(void)!ftruncate(fileno(l->out), 0); /* for the room only: the counts say where the end is */
	pthread_mutex_unlock(&l->lock);
	return n;
}

/* Take the next octets of the file. @return false: they cannot be read */
static bool take(struct sts_later *l, void *out, size_t len)
{
	if (l->have - l->used < len) {
		memmove(l->piece, l->piece + l->used, l->have - l->used);
		l->have -= l->used;
		l->used = 0;
	}
	while (l->have < len) {
		ssize_t n = pread(fileno(l->in), l->piece + l->have, PIECE - l->have, l->in_at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? EIO : errno; /* shorter than what was put */
			return false;
		}
		l->in_at += n;
		l->have += (size_t)n;
	}
	memcpy(out, l->piece + l->used, len);
	l->used += len;
	return true;
}

bool sts_later_take(struct sts_later *l, uint64_t *seq, uint64_t *line, char *typed, size_t *len)
{
	struct head h;
	bool ok;

	pthread_mutex_lock(&l->lock);
	ok = l->in_count > 0 && take(l, &h, sizeof h) && h.len <= STS_INPUT_LINE_MAX && take(l, typed, h.len);
	if (ok) {
		l->in_count--;
		*seq = h.seq;
		*line = h.line;
		*len = h.len;
	}
	pthread_mutex_unlock(&l->lock);
	return ok;
}
