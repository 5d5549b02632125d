/*
 * RFC 5321 section 4.2:
 *
 *   Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
 *   Reply-code = %x32-35 %x30-35 %x30-39
 *
 * Read more widely: any code from 100 to 599, LF alone as line end.
 */
#include "proto/smtpreply.h"

#define CODE_DIGITS 3
/* Room for a whole reply and a piece that came behind it. */
#define BUFFER_MAX ((size_t)4 * STS_REPLY_MAX)
#define LOST_OCTET "\xEF\xBF\xBD"

void sts_smtp_reader_init(struct sts_smtp_reader *r)
{
	*r = (struct sts_smtp_reader){.failed = STS_REPLY_MORE};
	sts_buf_init(&r->in, BUFFER_MAX);
}

void sts_smtp_reader_clear(struct sts_smtp_reader *r)
{
	sts_buf_clear(&r->in);
}

void sts_smtp_reader_reset(struct sts_smtp_reader *r)
{
	sts_buf_reset(&r->in);
	r->done = 0;
	r->lines = 0;
	r->overflow = false;
	r->failed = STS_REPLY_MORE;
}

void sts_smtp_reader_feed(struct sts_smtp_reader *r, const void *data, size_t len)
{
	size_t room = BUFFER_MAX - r->in.len;

	sts_buf_add(&r->in, data, len < room ? len : room);
	r->overflow = r->overflow || len > room;
}

size_t sts_smtp_reader_left(const struct sts_smtp_reader *r)
{
	return r->in.len;
}

/* ---- lines ---- */

static bool is_code(struct sts_str s)
{
	return s.len >= CODE_DIGITS && s.ptr[0] >= '1' && s.ptr[0] <= '5' && sts_is_digit(s.ptr[1]) &&
	       sts_is_digit(s.ptr[2]);
}

/* What has come of a line can still become a reply line. */
static bool may_be_line(struct sts_str s)
{
	size_t n = s.len < CODE_DIGITS ? s.len : CODE_DIGITS;

	for (size_t i = 0; i < n; i++)
		if (!sts_is_digit(s.ptr[i]))
			return false;
	if (n < CODE_DIGITS)
		return true;
	return is_code(s) && (s.len == n || strchr(" -\r\n", s.ptr[n]) != NULL) && (s.len == n || s.ptr[n] != '\0');
}

static struct sts_str without_end(struct sts_str line)
{
	if (line.len > 0 && line.ptr[line.len - 1] == '\n')
		line.len--;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* NUL-terminated copy for show; zero octets would end it early. */
static const char *keep_text(struct sts_arena *arena, struct sts_str s)
{
	size_t zeros = 0;
	char *out;
	size_t len = 0;

	for (size_t i = 0; i < s.len; i++)
		zeros += s.ptr[i] == '\0';
	out = sts_alloc(arena, s.len + zeros * strlen(LOST_OCTET) + 1);
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\0') {
			memcpy(out + len, LOST_OCTET, strlen(LOST_OCTET));
			len += strlen(LOST_OCTET);
		} else {
			out[len++] = s.ptr[i];
		}
	}
	return out;
}

static const char *join_lines(struct sts_arena *arena, const struct sts_smtp_reply *reply)
{
	size_t len = 0;
	char *text;
	char *at;

	for (size_t i = 0; i < reply->line_count; i++)
		len += strlen(reply->lines[i]) + 1;
	text = at = sts_alloc(arena, len + 1);
	for (size_t i = 0; i < reply->line_count; i++) {
		size_t n = strlen(reply->lines[i]);

		if (i > 0)
			*at++ = '\n';
		memcpy(at, reply->lines[i], n);
		at += n;
	}
	return text;
}

/* One line, its end included, into the reply; raw: with its code, as for garbage. */
static void take_line(struct sts_str line, bool raw, struct sts_arena *arena, struct sts_smtp_reply *out)
{
	struct sts_str text = without_end(line);
	const char **slot = STS_PUSH(arena, out->lines, out->line_count);

	if (!raw) {
		int code = (text.ptr[0] - '0') * 100 + (text.ptr[1] - '0') * 10 + (text.ptr[2] - '0');

		out->mixed_codes = out->mixed_codes || (out->code != 0 && out->code != code);
		out->bare_lf = out->bare_lf || line.len < 2 || line.ptr[line.len - 2] != '\r';
		out->code = code;
		text = sts_str_from(text, CODE_DIGITS + 1);
	}
	*slot = keep_text(arena, text);
}

/* ---- replies ---- */

/* The lines counted so far and, when raw, what is left behind them, cut at one line. */
static void build_reply(struct sts_smtp_reader *r, bool raw, struct sts_arena *arena, struct sts_smtp_reply *out)
{
	struct sts_str whole = sts_str(r->in.ptr, r->done);
	struct sts_str rest = sts_str_from(sts_buf_str(&r->in), r->done);

	*out = (struct sts_smtp_reply){0};
	while (whole.len > 0) {
		size_t end = sts_str_find(whole, '\n', 0) + 1;

		take_line(sts_str(whole.ptr, end), false, arena, out);
		whole = sts_str_from(whole, end);
	}
	if (raw) {
		size_t end = sts_str_find(rest, '\n', 0);

		out->code = 0;
		if (end > 0)
			take_line(sts_str(rest.ptr, end < STS_REPLY_LINE_MAX ? end : STS_REPLY_LINE_MAX), true, arena,
				out);
	}
	out->text = join_lines(arena, out);
}

static enum sts_reply_state fail(
	struct sts_smtp_reader *r, enum sts_reply_state state, struct sts_arena *arena, struct sts_smtp_reply *out)
{
	r->failed = state;
	build_reply(r, true, arena, out);
	return state;
}

static void drop_reply(struct sts_smtp_reader *r)
{
	sts_buf_consume(&r->in, r->done);
	r->done = 0;
	r->lines = 0;
}

enum sts_reply_state sts_smtp_reader_next(
	struct sts_smtp_reader *r, struct sts_arena *arena, struct sts_smtp_reply *out)
{
	if (r->failed != STS_REPLY_MORE)
		return fail(r, r->failed, arena, out);
	while (true) {
		struct sts_str rest = sts_str_from(sts_buf_str(&r->in), r->done);
		size_t end = sts_str_find(rest, '\n', 0);
		bool last;

		/* What can be told before the next line comes is told first: pieces and the whole then agree. */
		if (r->lines >= STS_REPLY_LINES_MAX)
			return fail(r, STS_REPLY_TOO_LONG, arena, out);
		if (!may_be_line(sts_str(rest.ptr, end < rest.len ? end + 1 : end)))
			return fail(r, STS_REPLY_GARBAGE, arena, out);
		if (end >= STS_REPLY_LINE_MAX || r->done + end >= STS_REPLY_MAX)
			return fail(r, STS_REPLY_TOO_LONG, arena, out);
		if (end == rest.len)
			return r->overflow || r->in.failed ? fail(r, STS_REPLY_TOO_LONG, arena, out) : STS_REPLY_MORE;
		last = rest.ptr[CODE_DIGITS] != '-';
		r->done += end + 1;
		r->lines++;
		if (last)
			break;
	}
	build_reply(r, false, arena, out);
	drop_reply(r);
	return STS_REPLY_DONE;
}

bool sts_ehlo_offers(const struct sts_smtp_reply *reply, const char *keyword)
{
	for (size_t i = 1; i < reply->line_count; i++) {
		struct sts_str line = sts_str_of(reply->lines[i]);
		size_t end = 0;

		while (end < line.len && !sts_is_wsp(line.ptr[end]) && line.ptr[end] != '=')
			end++;
		if (sts_str_eqi(sts_str(line.ptr, end), sts_str_of(keyword)))
			return true;
	}
	return false;
}
