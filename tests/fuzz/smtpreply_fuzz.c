/* First octet: size of the pieces; then replies. Whole or in pieces, the same comes out. */
#include "fuzz.h"

#include "proto/smtpreply.h"

#define REPLIES_MAX 64

struct outcome {
	struct sts_smtp_reply replies[REPLIES_MAX];
	size_t count;
	enum sts_reply_state state;
	size_t left;
};

static void take(struct sts_smtp_reader *r, struct sts_arena *arena, struct outcome *out)
{
	while (out->count < REPLIES_MAX && (out->state == STS_REPLY_MORE || out->state == STS_REPLY_DONE)) {
		out->state = sts_smtp_reader_next(r, arena, &out->replies[out->count]);
		if (out->state == STS_REPLY_MORE)
			return;
		out->count++;
	}
}

static void read_in_pieces(struct sts_str in, size_t piece, struct sts_arena *arena, struct outcome *out)
{
	struct sts_smtp_reader r;

	sts_smtp_reader_init(&r);
	while (in.len > 0) {
		size_t n = in.len < piece ? in.len : piece;

		sts_smtp_reader_feed(&r, in.ptr, n);
		in = sts_str_from(in, n);
		take(&r, arena, out);
	}
	out->left = sts_smtp_reader_left(&r);
	sts_smtp_reader_clear(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sts_arena *arena = sts_arena_new();
	struct outcome whole = {.state = STS_REPLY_MORE};
	struct outcome parts = {.state = STS_REPLY_MORE};
	struct sts_str in = sts_str((const char *)data, size);

	if (size > 1 && size < 4 * STS_REPLY_MAX) {
		in = sts_str_from(in, 1);
		read_in_pieces(in, in.len, arena, &whole);
		read_in_pieces(in, (size_t)data[0] % 40 + 1, arena, &parts);
		must(whole.count == parts.count && whole.state == parts.state);
		must(whole.left == parts.left || whole.count == REPLIES_MAX || whole.state > STS_REPLY_DONE);
		for (size_t i = 0; i < whole.count; i++) {
			const struct sts_smtp_reply *a = &whole.replies[i];
			const struct sts_smtp_reply *b = &parts.replies[i];
			bool last = i + 1 == whole.count && whole.state > STS_REPLY_DONE;

			must(a->code == b->code && a->bare_lf == b->bare_lf && (last || strcmp(a->text, b->text) == 0));
			must(last || (a->code >= 100 && a->code <= 599 && a->line_count > 0 &&
					     a->line_count <= STS_REPLY_LINES_MAX));
			(void)sts_ehlo_offers(a, "STARTTLS");
		}
	}
	sts_arena_free(arena);
	return 0;
}
