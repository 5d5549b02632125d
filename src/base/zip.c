#include "base/zip.h"

#include <limits.h>
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
