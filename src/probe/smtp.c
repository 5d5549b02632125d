#include "probe/smtp.h"

#include "base/buf.h"
#include "base/clock.h"
#include "net/stream.h"
#include "proto/smtpreply.h"

/* Time for QUIT, which is politeness only, and before a second attempt, milliseconds. */
#define QUIT_MS 2000
#define RETRY_MS 500
#define ATTEMPTS_MAX 2

/* What is kept of a server's words: a banner as RFC 5321 bounds it twice over, and keywords as long as any known one. */
#define TEXT_KEPT 1024
#define KEYWORDS_KEPT 64
#define KEYWORD_KEPT 200

/* What a step wants next. */
enum io {
	IO_NEXT,  /* the next step, at once */
	IO_READ,  /* the same step when something can be read */
	IO_WRITE, /* the same step when something can be written */
	IO_LATER, /* the first step again, after a rest */
	IO_END,
};

/* connect -> greeting -> ehlo -> starttls -> handshake -> ehlo -> quit.  [RFC 3207] */
enum phase {
	IN_TCP,
	IN_GREETING,
	IN_EHLO,
	IN_STARTTLS,
	IN_HANDSHAKE,
	IN_EHLO_AGAIN, /* from here on every fact that counts is there */
	IN_QUIT,
};

struct sts_smtp_op {
	struct sts_loop *loop;
	struct sts_tls_ctx *tls;
	struct sts_arena *arena;   /* of the check: facts only */
	struct sts_arena *scratch; /* of the attempt: whole replies, which may be long and many */
	struct sts_smtp_params params;
	struct sts_smtp *out;
	sts_smtp_fn *done;
	void *arg;
	struct sts_stream stream;
	struct sts_watch watch;
	struct sts_timer timer;
	struct sts_smtp_reader reader;
	struct sts_smtp_reply reply;
	struct sts_buf command; /* what is still to be sent */
	enum phase phase;
	enum io (*step)(struct sts_smtp_op *p);
	enum io (*then)(struct sts_smtp_op *p); /* once the command is sent */
	int64_t started_ms;
	int64_t phase_ms;      /* when the phase began */
	int64_t until_ms;      /* and must have ended */
	bool cut_short;        /* the limit at hand is the check's deadline */
	struct sts_smtp first; /* facts of the attempt before this one */
	bool confirming;       /* this attempt only asks whether an old TLS is spoken */
};

static enum io begin(struct sts_smtp_op *p);
static enum io connecting(struct sts_smtp_op *p);
static enum io got_greeting(struct sts_smtp_op *p);
static enum io got_ehlo(struct sts_smtp_op *p);
static enum io got_starttls(struct sts_smtp_op *p);
static enum io handshaking(struct sts_smtp_op *p);
static enum io got_ehlo_again(struct sts_smtp_op *p);
static enum io got_quit(struct sts_smtp_op *p);
static void run_again(unsigned ready, void *arg);
static void run_first(void *arg);

/* ---- saying and hearing ------------------------------------------------------------------------------------------ */

static enum io enter(struct sts_smtp_op *p, enum phase phase, enum io (*step)(struct sts_smtp_op *p), int64_t limit_ms)
{
	p->phase = phase;
	p->step = step;
	p->phase_ms = sts_now_ms();
	p->until_ms = p->phase_ms + limit_ms;
	return IO_NEXT;
}

static enum io note_end(struct sts_smtp_op *p, enum sts_smtp_end end, const char *error)
{
	p->out->end = end;
	p->out->error = error;
	return IO_END;
}

static const char *quoted(struct sts_smtp_op *p, const char *before, const char *text)
{
	struct sts_buf b;
	const char *out;

	sts_buf_init(&b, 1024);
	sts_buf_printf(&b, "%s \"", before);
	sts_buf_escape(&b, sts_str_of(text), 80);
	sts_buf_addc(&b, '"');
	out = sts_strndup(p->arena, b.ptr == NULL ? "" : b.ptr, b.len);
	sts_buf_clear(&b);
	return out;
}

/* The connection ended in the middle of things. */
static enum io lost(struct sts_smtp_op *p)
{
	bool worth_another = p->out->attempts < ATTEMPTS_MAX && !p->confirming &&
			     sts_smtp_reader_left(&p->reader) == 0 && sts_now_ms() + RETRY_MS < p->params.deadline_ms;

	if (worth_another && p->phase <= IN_STARTTLS)
		return IO_LATER;
	switch (p->phase) {
	case IN_GREETING:
		return note_end(p, STS_SMTP_GREETING_BROKEN, "the connection was closed without a greeting");
	case IN_EHLO:
		return note_end(p, STS_SMTP_EHLO_BROKEN, "the connection was closed in place of a reply to EHLO");
	case IN_STARTTLS:
		return note_end(
			p, STS_SMTP_STARTTLS_BROKEN, "the connection was closed in place of a reply to STARTTLS");
	default:
		return IO_END;
	}
}

static enum io not_smtp(struct sts_smtp_op *p, enum sts_reply_state state)
{
	const char *line = p->reply.line_count == 0 ? "" : p->reply.lines[p->reply.line_count - 1];
	const char *error = state == STS_REPLY_TOO_LONG ? "the reply is longer than any SMTP reply may be"
							: quoted(p, "not an SMTP reply:", line);

	switch (p->phase) {
	case IN_GREETING:
		return note_end(p, STS_SMTP_GREETING_BROKEN, error);
	case IN_EHLO:
		return note_end(p, STS_SMTP_EHLO_BROKEN, error);
	case IN_STARTTLS:
		return note_end(p, STS_SMTP_STARTTLS_BROKEN, error);
	default:
		return IO_END;
	}
}

/* A copy that stays when the session is over, cut. */
static const char *keep(struct sts_smtp_op *p, const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len > max)
		for (len = max; len > max - 3 && (text[len] & 0xC0) == 0x80; len--)
			continue; /* not within a character */
	return sts_strndup(p->arena, text, len);
}

/* IO_NEXT once a whole reply is in p->reply. */
static enum io read_reply(struct sts_smtp_op *p)
{
	char piece[4096];
	size_t got = 0;
	enum sts_io io;
	enum sts_reply_state state = sts_smtp_reader_next(&p->reader, p->scratch, &p->reply);

	while (state == STS_REPLY_MORE) {
		io = sts_stream_read(&p->stream, piece, sizeof piece, &got);
		if (io == STS_IO_READ)
			return IO_READ;
		if (io == STS_IO_WRITE)
			return IO_WRITE;
		if (io != STS_IO_DONE)
			return lost(p);
		sts_smtp_reader_feed(&p->reader, piece, got);
		state = sts_smtp_reader_next(&p->reader, p->scratch, &p->reply);
	}
	p->out->bare_lf = p->out->bare_lf || p->reply.bare_lf;
	return state == STS_REPLY_DONE ? IO_NEXT : not_smtp(p, state);
}

static enum io sending(struct sts_smtp_op *p)
{
	size_t put = 0;
	enum sts_io io = sts_stream_write(&p->stream, p->command.ptr, p->command.len, &put);

	switch (io) {
	case STS_IO_DONE:
		sts_buf_consume(&p->command, put);
		if (p->command.len == 0)
			p->step = p->then;
		return IO_NEXT;
	case STS_IO_READ:
		return IO_READ;
	case STS_IO_WRITE:
		return IO_WRITE;
	default:
		/* A last word may have come before the connection broke. */
		p->step = p->then;
		return IO_NEXT;
	}
}

static enum io say(struct sts_smtp_op *p, const char *line, enum phase phase, enum io (*then)(struct sts_smtp_op *p),
	int64_t limit_ms)
{
	sts_buf_reset(&p->command);
	sts_buf_printf(&p->command, "%s\r\n", line);
	p->then = then;
	return enter(p, phase, sending, limit_ms);
}

static enum io say_ehlo(struct sts_smtp_op *p, enum phase phase, enum io (*then)(struct sts_smtp_op *p))
{
	return say(p, sts_sprintf(p->scratch, "EHLO %s", p->params.helo), phase, then, p->params.reply_ms);
}

/* Facts are complete; leave politely. */
static enum io say_quit(struct sts_smtp_op *p)
{
	p->out->duration_ms = sts_now_ms() - p->started_ms;
	return say(p, "QUIT", IN_QUIT, got_quit, QUIT_MS);
}

/* The server's own words ended it. */
static enum io refused(struct sts_smtp_op *p, enum sts_smtp_end end, const char *what)
{
	p->out->code = p->reply.code;
	p->out->reply = keep(p, p->reply.text, TEXT_KEPT);
	(void)note_end(p, end, sts_sprintf(p->arena, "%s: %d", what, p->reply.code));
	return say_quit(p);
}

/* Octets that nobody asked for: behind the reply just taken, or still with the system. */
static size_t unasked(struct sts_smtp_op *p)
{
	size_t waiting = 0;

	(void)sts_stream_has_arrived(&p->stream, &waiting);
	return sts_smtp_reader_left(&p->reader) + waiting;
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static enum io tcp_failed(struct sts_smtp_op *p, enum sts_tcp tcp, const char *why)
{
	switch (tcp) {
	case STS_TCP_REFUSED:
		return note_end(p, STS_SMTP_TCP_REFUSED, why);
	case STS_TCP_TIMEOUT:
		return note_end(p, STS_SMTP_TCP_TIMEOUT, why);
	case STS_TCP_UNREACHABLE:
		return note_end(p, STS_SMTP_TCP_UNREACHABLE, why);
	case STS_TCP_NO_FAMILY:
		return note_end(p, STS_SMTP_NO_FAMILY, why);
	default:
		return note_end(p, STS_SMTP_CANCELLED, why);
	}
}

static enum io begin(struct sts_smtp_op *p)
{
	const char *why = NULL;
	enum sts_tcp tcp;

	if (p->params.deny_private && p->params.address.special != NULL)
		return note_end(p, STS_SMTP_PRIVATE,
			sts_sprintf(p->arena, "%s is a special-purpose address (%s)", p->params.address.text,
				p->params.address.special));
	if (sts_now_ms() >= p->params.deadline_ms)
		return note_end(p, STS_SMTP_CANCELLED, "the time for this check was up before it was tried");
	p->scratch = sts_arena_new();
	if (p->scratch == NULL)
		return note_end(p, STS_SMTP_CANCELLED, "this machine is out of memory");
	p->out->attempts++;
	(void)enter(p, IN_TCP, connecting, p->params.connect_ms);
	tcp = sts_stream_connect(&p->stream, &p->params.address, p->params.port, &why);
	if (tcp == STS_TCP_OPEN)
		return enter(p, IN_GREETING, got_greeting, p->params.greeting_ms);
	return tcp == STS_TCP_PENDING ? IO_WRITE : tcp_failed(p, tcp, why);
}

static enum io connecting(struct sts_smtp_op *p)
{
	const char *why = NULL;
	enum sts_tcp tcp = sts_stream_connected(&p->stream, &why);

	if (tcp != STS_TCP_OPEN)
		return tcp_failed(p, tcp, why);
	return enter(p, IN_GREETING, got_greeting, p->params.greeting_ms);
}

static enum io got_greeting(struct sts_smtp_op *p)
{
	enum io io = read_reply(p);

	if (io != IO_NEXT)
		return io;
	p->out->greeting_ms = sts_now_ms() - p->phase_ms;
	p->out->banner = keep(p, p->reply.text, TEXT_KEPT);
	if (p->reply.code / 100 == 4)
		return refused(p, STS_SMTP_GREETING_4XX, "the greeting turns us away for now");
	if (p->reply.code / 100 == 5)
		return refused(p, STS_SMTP_GREETING_5XX, "the greeting turns us away");
	if (p->reply.code != 220)
		return refused(p, STS_SMTP_GREETING_BROKEN, "the greeting is none");
	/* Whoever reads on takes the next reply for that to EHLO and all that follow for the wrong command. */
	if (unasked(p) > 0)
		return note_end(p, STS_SMTP_GREETING_BROKEN, "something followed the greeting before EHLO was said");
	return say_ehlo(p, IN_EHLO, got_ehlo);
}

static void keep_keywords(struct sts_smtp_op *p)
{
	for (size_t i = 1; i < p->reply.line_count && i <= KEYWORDS_KEPT; i++)
		*STS_PUSH(p->arena, p->out->ehlo, p->out->ehlo_count) = keep(p, p->reply.lines[i], KEYWORD_KEPT);
}

static enum io got_ehlo(struct sts_smtp_op *p)
{
	enum io io = read_reply(p);

	if (io != IO_NEXT)
		return io;
	if (p->reply.code / 100 == 4 || p->reply.code / 100 == 5)
		return refused(p, STS_SMTP_EHLO_REFUSED, "EHLO was refused");
	if (p->reply.code != 250)
		return refused(p, STS_SMTP_EHLO_BROKEN, "the reply to EHLO makes no sense");
	if (unasked(p) > 0)
		return note_end(p, STS_SMTP_EHLO_BROKEN, "more than one reply came to EHLO");
	keep_keywords(p);
	p->out->starttls = sts_ehlo_offers(&p->reply, "STARTTLS");
	if (!p->out->starttls) {
		(void)note_end(p, STS_SMTP_NO_STARTTLS, "STARTTLS is not offered");
		return say_quit(p);
	}
	return say(p, "STARTTLS", IN_STARTTLS, got_starttls, p->params.reply_ms);
}

static enum io start_handshake(struct sts_smtp_op *p)
{
	struct sts_tls_params tp = {
		.name = p->params.host,
		.judged_at = p->params.judged_at,
		.tlsa = p->params.tlsa,
		.tlsa_count = p->params.tlsa_count,
		.tlsa_base = p->params.tlsa_base,
		.next_hop = p->params.next_hop,
		.old_only = p->confirming,
	};

	sts_smtp_reader_reset(&p->reader);
	if (!sts_stream_start_tls(&p->stream, p->tls, &tp, p->arena, &p->out->tls))
		return note_end(p, STS_SMTP_CANCELLED, "this machine cannot set up TLS");
	return enter(p, IN_HANDSHAKE, handshaking, p->params.reply_ms);
}

static enum io got_starttls(struct sts_smtp_op *p)
{
	enum io io = read_reply(p);

	if (io != IO_NEXT)
		return io;
	if (p->reply.code / 100 == 4 || p->reply.code / 100 == 5)
		return refused(p, STS_SMTP_STARTTLS_REFUSED, "STARTTLS was refused");
	if (p->reply.code != 220)
		return refused(p, STS_SMTP_STARTTLS_BROKEN, "the reply to STARTTLS makes no sense");
	/* Nothing may come before our ClientHello; what does was written by somebody else into the clear part.  [RFC
	 * 3207 section 6] */
	p->out->injected = unasked(p);
	if (p->out->injected > 0)
		return note_end(p, STS_SMTP_INJECTION,
			sts_sprintf(p->arena, "%zu octets in clear followed the reply to STARTTLS", p->out->injected));
	return start_handshake(p);
}

static enum io handshake_failed(struct sts_smtp_op *p)
{
	(void)note_end(p, STS_SMTP_TLS, p->out->tls.error);
	if (!sts_tls_may_be_old(&p->out->tls) || p->confirming || p->out->attempts >= ATTEMPTS_MAX ||
		sts_now_ms() + RETRY_MS >= p->params.deadline_ms)
		return IO_END;
	p->confirming = true;
	return IO_LATER;
}

static enum io handshaking(struct sts_smtp_op *p)
{
	switch (sts_tls_handshake(p->stream.tls)) {
	case STS_IO_READ:
		return IO_READ;
	case STS_IO_WRITE:
		return IO_WRITE;
	case STS_IO_DONE:
		(void)note_end(p, STS_SMTP_OK, NULL);
		return p->confirming ? IO_END : say_ehlo(p, IN_EHLO_AGAIN, got_ehlo_again);
	default:
		return handshake_failed(p);
	}
}

/* A refusal in TLS 1.3 may come when our side of the handshake is over: it is the handshake's all the same. */
static enum io lost_inside(struct sts_smtp_op *p)
{
	struct sts_tls *tls = &p->out->tls;

	if (tls->alert == NULL)
		return IO_END;
	tls->state = STS_TLS_ALERT;
	return note_end(p, STS_SMTP_TLS, tls->error);
}

static enum io got_ehlo_again(struct sts_smtp_op *p)
{
	enum io io = read_reply(p);

	if (io == IO_END)
		return lost_inside(p);
	if (io != IO_NEXT)
		return io;
	p->out->ehlo2_code = p->reply.code;
	p->out->starttls_again = sts_ehlo_offers(&p->reply, "STARTTLS");
	p->out->requiretls = sts_ehlo_offers(&p->reply, "REQUIRETLS");
	return say_quit(p);
}

static enum io got_quit(struct sts_smtp_op *p)
{
	enum io io = read_reply(p);

	if (io != IO_NEXT)
		return io;
	/* The reply to EHLO comes only now: what was taken for it had been sent unasked. */
	if (p->out->end == STS_SMTP_NO_STARTTLS && p->reply.code == 250 && p->reply.line_count > 1)
		(void)note_end(p, STS_SMTP_EHLO_BROKEN, "something came before the reply to EHLO and was taken for it");
	return IO_END;
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

static void close_attempt(struct sts_smtp_op *p)
{
	sts_watch_clear(&p->watch);
	sts_timer_clear(&p->timer);
	sts_stream_close(&p->stream);
	sts_smtp_reader_reset(&p->reader);
	sts_buf_reset(&p->command);
	sts_arena_free(p->scratch);
	p->scratch = NULL;
}

static void release(struct sts_smtp_op *p)
{
	close_attempt(p);
	sts_smtp_reader_clear(&p->reader);
	sts_buf_clear(&p->command);
}

static void start_again(struct sts_smtp_op *p)
{
	p->first = *p->out;
	close_attempt(p);
	*p->out = (struct sts_smtp){.address = p->params.address, .attempts = p->first.attempts};
	(void)enter(p, IN_TCP, begin, p->params.connect_ms);
	sts_timer_set(p->loop, &p->timer, RETRY_MS, run_first, p);
}

/* A second attempt that learnt less than the first is not the one to tell of. */
static void merge_attempts(struct sts_smtp_op *p)
{
	struct sts_smtp *out = p->out;
	bool learnt_less = out->attempts > 1 && p->first.end != STS_SMTP_NOT_TRIED && (out->end == STS_SMTP_CANCELLED || p->phase == IN_TCP);
	bool old = p->confirming && p->stream.tls != NULL && sts_tls_chose_old(p->stream.tls);
	struct sts_tls second = out->tls;
	unsigned attempts = out->attempts;

	if (p->confirming || learnt_less)
		*out = p->first;
	out->attempts = attempts;
	if (old) {
		sts_tls_confirm_old(&out->tls, &second, p->arena);
		out->error = out->tls.error;
	}
}

/* What the end means for DANE where no handshake told.  [RFC 7672 section 2.2: any TLSA record makes STARTTLS a must]
 */
static enum sts_dane_state dane_without_tls(const struct sts_smtp *out)
{
	switch (out->end) {
	case STS_SMTP_EHLO_REFUSED:
		return out->code / 100 == 5 ? STS_DANE_NO_TLS : STS_DANE_UNKNOWN;
	case STS_SMTP_NO_STARTTLS:
	case STS_SMTP_STARTTLS_REFUSED:
	case STS_SMTP_STARTTLS_BROKEN:
	case STS_SMTP_INJECTION:
	case STS_SMTP_TLS:
		return STS_DANE_NO_TLS;
	default:
		return STS_DANE_UNKNOWN;
	}
}

static void finish(struct sts_smtp_op *p)
{
	struct sts_smtp *out = p->out;

	merge_attempts(p);
	if (out->end != STS_SMTP_OK && p->params.tlsa_count > 0) {
		out->tls.dane = dane_without_tls(out);
		out->tls.dane_error = out->tls.dane_type = out->tls.dane_matched = NULL;
	}
	if (p->phase != IN_QUIT)
		out->duration_ms = sts_now_ms() - p->started_ms;
	release(p);
	p->done(out, p->arg);
}

static void timed_out(struct sts_smtp_op *p)
{
	if (p->phase >= IN_EHLO_AGAIN)
		return;
	if (p->cut_short) {
		(void)note_end(p, STS_SMTP_CANCELLED, "the time for this check was up before it was done");
		return;
	}
	p->out->waited = true;
	switch (p->phase) {
	case IN_TCP:
		(void)note_end(p, STS_SMTP_TCP_TIMEOUT, "no answer to the connection attempt");
		break;
	case IN_GREETING:
		(void)note_end(p, STS_SMTP_GREETING_TIMEOUT, "no whole greeting in time");
		break;
	case IN_EHLO:
		(void)note_end(p, STS_SMTP_EHLO_BROKEN, "no whole reply to EHLO in time");
		break;
	case IN_STARTTLS:
		(void)note_end(p, STS_SMTP_STARTTLS_BROKEN, "no whole reply to STARTTLS in time");
		break;
	default:
		sts_tls_give_up(p->stream.tls);
		(void)note_end(p, STS_SMTP_TLS, p->out->tls.error);
	}
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

static void wait_for(struct sts_smtp_op *p, enum io io)
{
	p->cut_short = p->params.deadline_ms < p->until_ms;
	sts_stream_hasten(&p->stream);
	sts_watch_set(p->loop, &p->watch, p->stream.fd, io == IO_READ ? STS_READABLE : STS_WRITABLE,
		p->cut_short ? p->params.deadline_ms : p->until_ms, run_again, p);
}

/* Steps note what they see; only finish() calls back. */
static void run(struct sts_smtp_op *p)
{
	enum io io;

	while ((io = p->step(p)) == IO_NEXT)
		continue;
	if (io == IO_END)
		finish(p);
	else if (io == IO_LATER)
		start_again(p);
	else
		wait_for(p, io);
}

static void run_again(unsigned ready, void *arg)
{
	struct sts_smtp_op *p = arg;

	if ((ready & (STS_READABLE | STS_WRITABLE)) != 0) {
		run(p);
		return;
	}
	timed_out(p);
	finish(p);
}

static void run_first(void *arg)
{
	run(arg);
}

struct sts_smtp_op *sts_smtp_start(struct sts_loop *loop, struct sts_tls_ctx *tls, struct sts_arena *arena,
	const struct sts_smtp_params *params, struct sts_smtp *out, sts_smtp_fn *done, void *arg)
{
	struct sts_smtp_op *p = STS_NEW(arena, struct sts_smtp_op);

	*out = (struct sts_smtp){.address = params->address};
	*p = (struct sts_smtp_op){
		.loop = loop,
		.tls = tls,
		.arena = arena,
		.params = *params,
		.out = out,
		.done = done,
		.arg = arg,
		.started_ms = sts_now_ms(),
	};
	sts_stream_init(&p->stream);
	sts_smtp_reader_init(&p->reader);
	sts_buf_init(&p->command, 1024);
	(void)enter(p, IN_TCP, begin, params->connect_ms);
	sts_timer_set(loop, &p->timer, 0, run_first, p);
	return p;
}

void sts_smtp_cancel(struct sts_smtp_op *p)
{
	if (p != NULL)
		release(p);
}
