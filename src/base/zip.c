#include "base/zip.h"

#include <limits.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK 16384
#define WINDOW 32768

static const Bytef *octets(struct sts_str s)
{
	return (const Bytef *)(s.ptr == NULL ? "" : s.ptr);
}

/* Only the end of a dictionary can be referred to. */
static struct sts_str window(struct sts_str dictionary)
{
	return dictionary.len <= WINDOW ? dictionary : sts_str_from(dictionary, dictionary.len - WINDOW);
}

static enum sts_err deflate_all(z_stream *z, struct sts_buf *out)
{
	unsigned char chunk[CHUNK];
	int rc;

	do {
		z->next_out = chunk;
		z->avail_out = sizeof chunk;
		rc = deflate(z, Z_FINISH);
		if (rc != Z_OK && rc != Z_STREAM_END)
			return STS_ENOMEM;
		sts_buf_add(out, chunk, sizeof chunk - z->avail_out);
	} while (rc != Z_STREAM_END && !out->failed);
	return out->failed ? STS_ENOMEM : STS_OK;
}

enum sts_err sts_zip(struct sts_str data, struct sts_str dictionary, struct sts_buf *out)
{
	z_stream z = {0};
	struct sts_str dict = window(dictionary);
	enum sts_err err;

	if (data.len > UINT_MAX || deflateInit(&z, 6) != Z_OK)
		return STS_ENOMEM;
	if (dict.len > 0 && deflateSetDictionary(&z, octets(dict), (uInt)dict.len) != Z_OK) {
		deflateEnd(&z);
		return STS_ENOMEM;
	}
	z.next_in = (Bytef *)(uintptr_t)octets(data);
	z.avail_in = (uInt)data.len;
	err = deflate_all(&z, out);
	deflateEnd(&z);
	return err;
}

static enum sts_err inflate_all(z_stream *z, struct sts_str dict, struct sts_buf *out)
{
	unsigned char chunk[CHUNK];
	int rc;

	do {
		z->next_out = chunk;
		z->avail_out = sizeof chunk;
		rc = inflate(z, Z_NO_FLUSH);
		if (rc == Z_NEED_DICT && dict.len > 0 && inflateSetDictionary(z, octets(dict), (uInt)dict.len) == Z_OK)
			continue;
		if (rc == Z_MEM_ERROR)
			return STS_ENOMEM;
		/* Z_BUF_ERROR: the input ended before the data did */
		if (rc != Z_OK && rc != Z_STREAM_END)
			return STS_EINVAL;
		sts_buf_add(out, chunk, sizeof chunk - z->avail_out);
	} while (rc != Z_STREAM_END && !out->failed);
	return out->failed ? STS_ENOMEM : STS_OK;
}

enum sts_err sts_unzip(struct sts_str packed, struct sts_str dictionary, struct sts_buf *out)
{
	z_stream z = {0};
	enum sts_err err;

	if (packed.len > UINT_MAX)
		return STS_EINVAL;
	z.next_in = (Bytef *)(uintptr_t)octets(packed);
	z.avail_in = (uInt)packed.len;
	/* 32: zlib or gzip, whichever it is */
	if (inflateInit2(&z, 15 + 32) != Z_OK)
		return STS_ENOMEM;
	err = inflate_all(&z, window(dictionary), out);
	inflateEnd(&z);
	return err;
}

/* ---- files ---- */

struct sts_unzipping {
	int fd;
	bool begun, packed, ended;
	z_stream z;
	size_t at, have;
	int64_t read;
	unsigned char in[128 * 1024];
};

struct sts_unzipping *sts_unzipping_new(int fd)
{
	struct sts_unzipping *u = calloc(1, sizeof *u);

	if (u != NULL)
		u->fd = fd;
	return u;
}

void sts_unzipping_free(struct sts_unzipping *u)
{
	if (u == NULL)
		return;
	if (u->packed)
		inflateEnd(&u->z);
	close(u->fd);
	free(u);
}

bool sts_unzipping_ready(struct sts_unzipping *u, int wait_ms)
{
	struct pollfd p = {.fd = u->fd, .events = POLLIN};

	return u->at < u->have || u->ended || poll(&p, 1, wait_ms) != 0;
}

/* More of the file behind what is there. @return false: unreadable */
static bool more(struct sts_unzipping *u)
{
	ssize_t n;

	if (u->at > 0) {
		memmove(u->in, u->in + u->at, u->have - u->at);
		u->have -= u->at;
		u->at = 0;
	}
	do
		n = read(u->fd, u->in + u->have, sizeof u->in - u->have);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return false;
	u->ended = n == 0;
	u->have += (size_t)n;
	u->read += n;
	return true;
}

/* Two octets tell what it is.  [RFC 1952 section 2.3.1] */
static bool begin(struct sts_unzipping *u)
{
	while (u->have < 2 && !u->ended)
		if (!more(u))
			return false;
	u->begun = true;
	u->packed = u->have >= 2 && u->in[0] == 0x1F && u->in[1] == 0x8B;
	return !u->packed || inflateInit2(&u->z, 15 + 16) == Z_OK;
}

static int inflate_some(struct sts_unzipping *u, void *to, unsigned size)
{
	int rc = Z_OK;

	u->z.next_out = to;
	u->z.avail_out = size;
	while (u->z.avail_out == size) {
		if (u->at == u->have && !u->ended && !more(u))
			return -1;
		if (u->at == u->have) /* the end must be the end of a member */
			return u->z.total_in == 0 ? 0 : -1;
		u->z.next_in = u->in + u->at;
		u->z.avail_in = (unsigned)(u->have - u->at);
		rc = inflate(&u->z, Z_NO_FLUSH);
		u->at = u->have - u->z.avail_in;
		if (rc == Z_STREAM_END)
			rc = inflateReset(&u->z);
		if (rc != Z_OK && rc != Z_BUF_ERROR)
			return -1;
	}
	return (int)(size - u->z.avail_out);
}

int sts_unzipping_read(struct sts_unzipping *u, void *to, unsigned size)
{
	size_t n;

	if (!u->begun && !begin(u))
		return -1;
	if (u->packed)
		return inflate_some(u, to, size);
	if (u->at == u->have && !u->ended && !more(u))
		return -1;
	n = u->have - u->at < size ? u->have - u->at : size;
	memcpy(to, u->in + u->at, n);
	u->at += n;
	return (int)n;
}

int64_t sts_unzipping_offset(const struct sts_unzipping *u)
{
	return u->read - (int64_t)(u->have - u->at);
}
