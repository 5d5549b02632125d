#include "scan/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_MAX_OCTETS ((size_t)1 << 30)
#define FINISHED "finished"
/* A file that grew past this, and to more than four times what a new one would hold, is written anew. */
#define COMPACT_AT ((uint64_t)16 * 1024 * 1024)

static bool write_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

/* "+ LENGTH TAB SEQS TAB KEYS": believed only when its output is there. */
static enum sts_err take_line(struct sts_state *s, struct sts_str line, int64_t output_size, struct sts_tally *tally)
{
	size_t tab = sts_str_find(line, '\t', 0);
	size_t end = sts_str_find(line, '\t', tab + 1 > line.len ? line.len : tab + 1);
	uint64_t length;

	if (!sts_str_starts(line, "+ ") || tab == line.len || !sts_str_u64(sts_str(line.ptr + 2, tab - 2), &length))
		return STS_EINVAL;
	if ((int64_t)length > output_size)
		return STS_ENOENT;
	if (!sts_seqset_read(&s->done, sts_str(line.ptr + tab + 1, end - tab - 1)) ||
		!sts_tally_read(tally, sts_str_from(line, end)))
		return STS_EINVAL;
	s->output_len = (int64_t)length;
	return STS_OK;
}

static enum sts_err read_lines(
	struct sts_state *s, FILE *f, const char *head, int64_t output_size, struct sts_tally *tally)
{
	char *text = NULL;
	size_t size = 0;
	ssize_t n = getline(&text, &size, f);
	enum sts_err err = STS_OK;

	if (n <= 0 || text[n - 1] != '\n')
		err = STS_ENOENT; /* it was begun and no more */
	else if (strncmp(text, head, strlen(head)) != 0 || text[strlen(head)] != '\n')
		err = STS_EINVAL;
	while (err == STS_OK && (n = getline(&text, &size, f)) > 0) {
		/* a line without its end is one that was being written when the process died */
		if (text[n - 1] != '\n' || strcmp(text, FINISHED "\n") == 0)
			break;
		err = take_line(s, sts_str(text, (size_t)n - 1), output_size, tally);
		if (err == STS_ENOENT) {
			err = STS_OK;
			break;
		}
	}
	free(text);
	return err;
}

enum sts_err sts_state_read(
	struct sts_state *s, const char *path, const char *head, int64_t output_size, struct sts_tally *tally)
{
	FILE *f = fopen(path, "re");
	enum sts_err err;

	if (f == NULL)
		return errno == ENOENT ? STS_ENOENT : STS_EIO;
	err = read_lines(s, f, head, output_size, tally);
	if (ferror(f) != 0)
		err = STS_EIO;
	fclose(f);
	return err;
}

bool sts_state_unfinished(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	bool any = false, finished = false;
	ssize_t n;

	if (f == NULL)
		return false;
	while ((n = getline(&text, &size, f)) > 0) {
		any = any || text[0] == '+';
		finished = strcmp(text, FINISHED "\n") == 0;
	}
	free(text);
	fclose(f);
	return any && !finished;
}

/* ---- writing -------------------------------------------------------------------------------------------------------- */

enum sts_err sts_state_begin(struct sts_state *s, const char *path, const char *head, struct sts_tally *tally)
{
	char fresh[4096];
	int fd;

	if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh)
		return STS_EIO;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return STS_EIO;
	if (s->line.max == 0)
		sts_buf_init(&s->line, LINE_MAX_OCTETS);
	sts_buf_reset(&s->line);
	sts_buf_printf(&s->line, "%s\n+ %" PRId64 "\t", head, s->output_len);
	sts_seqset_write(&s->done, &s->line);
	sts_tally_write(tally, &s->line);
	sts_buf_addc(&s->line, '\n');
	if (s->line.failed || !write_all(fd, s->line.ptr, s->line.len) || fdatasync(fd) != 0 || rename(fresh, path) != 0) {
		close(fd);
		return STS_EIO;
	}
	if (s->head == NULL) {
		s->fd = -1;
		s->head = strdup(head);
	}
	if (s->fd >= 0)
		close(s->fd);
	s->fd = fd;
	s->path = path;
	s->size = s->compact_size = s->line.len;
	return s->head != NULL ? STS_OK : STS_ENOMEM;
}

enum sts_err sts_state_add(
	struct sts_state *s, uint64_t *seqs, size_t count, int64_t output_len, struct sts_tally *tally)
{
	s->output_len = output_len;
	sts_buf_reset(&s->line);
	sts_buf_printf(&s->line, "+ %" PRId64 "\t", output_len);
	sts_seqs_write(seqs, count, &s->line);
	sts_tally_changes(tally, &s->line);
	sts_buf_addc(&s->line, '\n');
	for (size_t i = 0; i < count; i++)
		if (!sts_seqset_add(&s->done, seqs[i], seqs[i]))
			return STS_ENOMEM;
	if (s->line.failed || !write_all(s->fd, s->line.ptr, s->line.len))
		return STS_EIO;
	s->size += s->line.len;
	if (s->size > COMPACT_AT && s->size > s->compact_size * 4)
		return sts_state_begin(s, s->path, s->head, tally);
	return STS_OK;
}

void sts_state_sync(struct sts_state *s)
{
	if (s->fd >= 0)
		(void)!fdatasync(s->fd);
}

void sts_state_finish(struct sts_state *s)
{
	if (s->fd >= 0)
		(void)!write_all(s->fd, FINISHED "\n", strlen(FINISHED "\n"));
	sts_state_sync(s);
}

void sts_state_clear(struct sts_state *s)
{
	if (s->head != NULL && s->fd >= 0)
		close(s->fd);
	free(s->head);
	sts_seqset_clear(&s->done);
	sts_buf_clear(&s->line);
	*s = (struct sts_state){.fd = -1};
}
