#include "scan/input.h"

#include "base/zip.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK (256 * 1024)

struct sts_input {
	struct sts_unzipping *file;
	unsigned column;
	int64_t size;
	uint64_t line;
	bool ended;
	size_t at, have;
	size_t cell_len;
	char cell[STS_INPUT_LINE_MAX];
	char block[BLOCK];
};

enum sts_err sts_input_open(const char *path, unsigned column, struct sts_input **out)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	struct sts_input *in;
	struct stat st;

	if (fd < 0)
		return STS_EIO;
	in = calloc(1, sizeof *in);
	if (in == NULL || (in->file = sts_unzipping_new(fd)) == NULL) {
		close(fd);
		free(in);
		return STS_ENOMEM;
	}
	in->column = column;
	in->size = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (int64_t)st.st_size : -1;
	*out = in;
	return STS_OK;
}

void sts_input_close(struct sts_input *in)
{
	if (in == NULL)
		return;
	sts_unzipping_free(in->file);
	free(in);
}

bool sts_input_ready(struct sts_input *in, int wait_ms)
{
	return in->at < in->have || sts_unzipping_ready(in->file, wait_ms);
}

int64_t sts_input_size(const struct sts_input *in)
{
	return in->size;
}

int64_t sts_input_offset(struct sts_input *in)
{
	return sts_unzipping_offset(in->file);
}

/* @return STS_OK: there is more at block[at]; STS_ENOENT; STS_EIO */
static enum sts_err refill(struct sts_input *in)
{
	int n;

	if (in->at < in->have)
		return STS_OK;
	n = sts_unzipping_read(in->file, in->block, BLOCK);
	if (n < 0)
		return STS_EIO;
	in->at = 0;
	in->have = (size_t)n;
	return n == 0 ? STS_ENOENT : STS_OK;
}

/* One whole line without its end; borrowed from the block where it lies there in one piece. */
static enum sts_err read_line(struct sts_input *in, struct sts_str *out)
{
	enum sts_err err = refill(in);

	if (err != STS_OK)
		return err;
	in->cell_len = 0;
	in->line++;
	while (err == STS_OK) {
		const char *from = in->block + in->at;
		const char *end = memchr(from, '\n', in->have - in->at);
		size_t len = end != NULL ? (size_t)(end - from) : in->have - in->at;
		size_t room = sizeof in->cell - in->cell_len;

		in->at += len + (end != NULL);
		if (end != NULL && in->cell_len == 0) {
			*out = sts_str(from, len);
			return STS_OK;
		}
		memcpy(in->cell + in->cell_len, from, len < room ? len : room);
		in->cell_len += len < room ? len : room;
		if (end != NULL)
			break;
		err = refill(in);
	}
	*out = sts_str(in->cell, in->cell_len);
	return err == STS_ENOENT ? STS_OK : err;
}

/* The column-th cell, its quotes taken off.  [RFC 4180; a record is one line here] */
static struct sts_str pick_cell(struct sts_str line, unsigned column)
{
	size_t at = 0;

	for (unsigned i = 1;; i++) {
		size_t from = at, end;
		bool quoted = at < line.len && line.ptr[at] == '"';

		if (quoted) {
			from = at + 1;
			end = sts_str_find(line, '"', from);
			at = sts_str_find(line, ',', end);
		} else {
			end = at = sts_str_find(line, ',', at);
		}
		if (i == column)
			return sts_str(line.ptr + from, end - from);
		if (at >= line.len)
			return (struct sts_str){NULL, 0};
		at++;
	}
}

static struct sts_str clean(struct sts_str s)
{
	if (s.len > STS_INPUT_LINE_MAX)
		s.len = STS_INPUT_LINE_MAX;
	if (s.len > 0)
		s.len = sts_str_find(s, '#', 0);
	while (s.len > 0 && (s.ptr[s.len - 1] == '\r' || sts_is_wsp(s.ptr[s.len - 1])))
		s.len--;
	return sts_str_trim(s);
}

enum sts_err sts_input_next(struct sts_input *in, struct sts_str *name, uint64_t *line)
{
	enum sts_err err;
	struct sts_str s;

	while ((err = read_line(in, &s)) == STS_OK) {
		if (in->line == 1 && sts_str_starts(s, "\xEF\xBB\xBF"))
			s = sts_str_from(s, 3);
		if (in->column > 0 && (s.len == 0 || s.ptr[0] != '#'))
			s = pick_cell(s, in->column);
		s = clean(s);
		if (s.len == 0 || (in->column > 0 && in->line == 1 && sts_str_find(s, '.', 0) == s.len))
			continue;
		*name = s;
		*line = in->line;
		return STS_OK;
	}
	return err;
}
