#include "probe/fetch.h"

#include "base/buf.h"
#include "base/clock.h"
#include "net/cert.h"
#include "net/stream.h"
#include "proto/httpresp.h"

/* The whole check's deadline may cut a fetch short; only one that had this long may be called slow by it. The quickest
 * senders wait 2 s. */
#define FAIR_MS 1500

/* What a step wants next. */
enum io {
	IO_NEXT,  /* the next step, at once */
	IO_READ,  /* the same step when something can be read */
	IO_WRITE, /* the same step when something can be written */
	IO_END,
};

struct sts_fetch_op {
	struct sts_loop *loop;
	struct sts_tls_ctx *tls;
	struct sts_arena *arena;
	struct sts_fetch_params params;
	struct sts_fetch *out;
	sts_fetch_fn *done;
	void *arg;
	struct sts_stream stream;
	struct sts_watch watch;
	struct sts_timer timer;
	enum io (*step)(struct sts_fetch_op *op);
	int64_t started_ms;
	int64_t silent_ms; /* longest wait of the step at hand */
	int64_t step_ms;   /* when it began */
	bool cut_short;    /* the limit at hand is the check's deadline */
	struct sts_buf request;
	struct sts_http_reader reader;
	struct sts_tls second; /* facts of the handshake that confirms old protocols */
	bool confirming;
};

static enum io begin(struct sts_fetch_op *op);
static enum io connecting(struct sts_fetch_op *op);
static enum io handshaking(struct sts_fetch_op *op);
static enum io sending(struct sts_fetch_op *op);
static enum io receiving(struct sts_fetch_op *op);
static void run_again(unsigned ready, void *arg);

static enum io end(struct sts_fetch_op *op, enum sts_fetch_end why, const char *error)
{
	op->out->end = why;
	op->out->error = error;
	return IO_END;
}

/* The step to go on with, and how long it may hear nothing. */
static enum io next(struct sts_fetch_op *op, enum io (*step)(struct sts_fetch_op *op), int64_t silent_ms)
{
	op->step = step;
	op->silent_ms = silent_ms;
	op->step_ms = sts_now_ms();
	return IO_NEXT;
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static enum io tcp_failed(struct sts_fetch_op *op, enum sts_tcp tcp, const char *why)
{
	switch (tcp) {
	case STS_TCP_REFUSED:
		return end(op, STS_FETCH_TCP_REFUSED, why);
	case STS_TCP_TIMEOUT:
		return end(op, STS_FETCH_TCP_TIMEOUT, why);
	case STS_TCP_UNREACHABLE:
		return end(op, STS_FETCH_TCP_UNREACHABLE, why);
	case STS_TCP_NO_FAMILY:
		return end(op, STS_FETCH_NO_FAMILY, why);
	default:
		return end(op, STS_FETCH_CANCELLED, why);
	}
}

static enum io connected(struct sts_fetch_op *op)
{
	struct sts_tls_params tp = {
		.name = op->params.host,
		.alpn = "http/1.1",
		.judged_at = op->params.judged_at,
		.old_only = op->confirming,
	};

	if (!op->confirming) {
		op->out->reached = STS_AT_TCP;
		op->out->connect_ms = sts_now_ms() - op->started_ms;
	}
	if (!sts_stream_start_tls(&op->stream, op->tls, &tp, op->arena, op->confirming ? &op->second : &op->out->tls))
		return end(op, STS_FETCH_CANCELLED, "this machine cannot set up TLS");
	return next(op, handshaking, op->params.connect_ms);
}

static enum io begin(struct sts_fetch_op *op)
{
	const char *why = NULL;
	enum sts_tcp tcp;

	if (op->params.deny_private && op->params.address.special != NULL)
		return end(op, STS_FETCH_PRIVATE,
			sts_sprintf(op->arena, "%s is a special-purpose address (%s)", op->params.address.text,
				op->params.address.special));
	if (sts_now_ms() >= op->params.deadline_ms)
		return end(op, STS_FETCH_CANCELLED, "the time for this check was up before it was tried");
	tcp = sts_stream_connect(&op->stream, &op->params.address, op->params.port, &why);
	if (tcp == STS_TCP_OPEN)
		return connected(op);
	if (tcp != STS_TCP_PENDING)
		return tcp_failed(op, tcp, why);
	next(op, connecting, op->params.connect_ms);
	return IO_WRITE;
}

static enum io connecting(struct sts_fetch_op *op)
{
	const char *why = NULL;
	enum sts_tcp tcp = sts_stream_connected(&op->stream, &why);

	return tcp == STS_TCP_OPEN ? connected(op) : tcp_failed(op, tcp, why);
}

static enum io request(struct sts_fetch_op *op)
{
	op->out->reached = STS_AT_TLS;
	if (op->params.tls_only)
		return end(op, STS_FETCH_OK, NULL);
	sts_buf_init(&op->request, 4096);
	sts_buf_printf(&op->request,
		"GET %s HTTP/1.1\r\n"
		"Host: %s\r\n"
		"User-Agent: mtasts/" STS_VERSION "%s%s%s\r\n"
		"Accept: text/plain\r\n"
		"Accept-Encoding: identity\r\n"
		"Connection: close\r\n"
		"\r\n",
		op->params.path, op->params.host, op->params.contact != NULL ? " (+" : "",
		op->params.contact != NULL ? op->params.contact : "", op->params.contact != NULL ? ")" : "");
	if (op->request.failed)
		return end(op, STS_FETCH_CANCELLED, "out of memory");
	sts_http_reader_init(&op->reader, op->arena, &op->out->http, STS_POLICY_MAX);
	return next(op, sending, INT64_MAX);
}

/* An alert says that the server wants something else; only one that offers less tells whether it is an old protocol. */
static enum io handshake_failed(struct sts_fetch_op *op)
{
	if (!sts_tls_may_be_old(&op->out->tls))
		return end(op, STS_FETCH_TLS, op->out->tls.error);
	sts_stream_close(&op->stream);
	op->confirming = true;
	return next(op, begin, op->params.connect_ms);
}

static enum io handshaking(struct sts_fetch_op *op)
{
	switch (sts_tls_handshake(op->stream.tls)) {
	case STS_IO_READ:
		op->step_ms = sts_now_ms();
		return IO_READ;
	case STS_IO_WRITE:
		op->step_ms = sts_now_ms();
		return IO_WRITE;
	case STS_IO_DONE:
		return op->confirming ? IO_END : request(op);
	default:
		return op->confirming ? IO_END : handshake_failed(op);
	}
}

static enum io response_ended(struct sts_fetch_op *op, enum sts_http_state state)
{
	switch (state) {
	case STS_HTTP_DONE:
		return end(op, STS_FETCH_OK, NULL);
	case STS_HTTP_TOO_LARGE:
		return end(op, STS_FETCH_HTTP_TOO_LARGE,
			sts_sprintf(op->arena, "the body is larger than %d octets", STS_POLICY_MAX));
	default:
		return end(op, STS_FETCH_HTTP_BROKEN, op->out->http.broken);
	}
}

/* A refusal in TLS 1.3 may come when our side of the handshake is over: it is the handshake's all the same. */
static enum io broke_off(struct sts_fetch_op *op, enum sts_io io)
{
	struct sts_tls *tls = &op->out->tls;

	if (io == STS_IO_ERROR && tls->alert != NULL && op->out->http.status == 0) {
		tls->state = STS_TLS_ALERT;
		op->out->reached = STS_AT_TCP;
		return end(op, STS_FETCH_TLS, tls->error);
	}
	if (io == STS_IO_CLOSED)
		return response_ended(op, sts_http_reader_end(&op->reader));
	/* Reset or broken TLS: where no length was told, nobody can know whether all was there. */
	op->out->http.broken = tls->error != NULL ? tls->error : "the connection broke";
	return end(op, STS_FETCH_HTTP_BROKEN, op->out->http.broken);
}

static enum io sending(struct sts_fetch_op *op)
{
	size_t put = 0;
	enum sts_io io = sts_stream_write(&op->stream, op->request.ptr, op->request.len, &put);

	switch (io) {
	case STS_IO_DONE:
		sts_buf_consume(&op->request, put);
		return op->request.len == 0 ? next(op, receiving, INT64_MAX) : IO_NEXT;
	case STS_IO_READ:
		return IO_READ;
	case STS_IO_WRITE:
		return IO_WRITE;
	default:
		/* What the server said before it hung up explains more. */
		return next(op, receiving, INT64_MAX);
	}
}

static enum io receiving(struct sts_fetch_op *op)
{
	char piece[16384];
	size_t got = 0;
	enum sts_io io = sts_stream_read(&op->stream, piece, sizeof piece, &got);
	enum sts_http_state state;

	if (io == STS_IO_READ)
		return IO_READ;
	if (io == STS_IO_WRITE)
		return IO_WRITE;
	if (io != STS_IO_DONE)
		return broke_off(op, io);
	state = sts_http_reader_feed(&op->reader, piece, got);
	if (op->out->http.status != 0)
		op->out->reached = STS_AT_HTTP;
	return state == STS_HTTP_MORE ? IO_NEXT : response_ended(op, state);
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

static void keep_body(struct sts_fetch_op *op)
{
	struct sts_fetch *out = op->out;
	struct sts_str body = sts_http_reader_body(&op->reader);

	out->body_total = sts_http_reader_body_total(&op->reader);
	if (body.len > 0)
		out->body = sts_str(sts_strndup(op->arena, body.ptr, body.len), body.len);
	if (out->end != STS_FETCH_OK || out->http.status != 200)
		return;
	if (body.len == 0)
		out->body = STS_STR("");
	out->reached = STS_AT_BODY;
	sts_sha256_hex(out->body.ptr, out->body.len, out->sha256);
	sts_policy_parse(out->body, op->arena, &out->policy);
	out->has_policy = true;
}

static void release(struct sts_fetch_op *op)
{
	sts_watch_clear(&op->watch);
	sts_timer_clear(&op->timer);
	sts_stream_close(&op->stream);
	sts_buf_clear(&op->request);
	if (op->reader.arena != NULL)
		sts_http_reader_clear(&op->reader);
}

/* The second connection says only whether something old is spoken; whatever else became of it, the first one's facts
 * stand. */
static void end_confirming(struct sts_fetch_op *op)
{
	struct sts_tls *tls = &op->out->tls;

	if (op->stream.tls != NULL && sts_tls_chose_old(op->stream.tls))
		sts_tls_confirm_old(tls, &op->second, op->arena);
	(void)end(op, STS_FETCH_TLS, tls->error);
}

static void finish(struct sts_fetch_op *op)
{
	if (op->confirming)
		end_confirming(op);
	if (op->reader.arena != NULL)
		keep_body(op);
	op->out->duration_ms = sts_now_ms() - op->started_ms;
	release(op);
	op->done(op->out, op->arg);
}

static void timed_out(struct sts_fetch_op *op)
{
	bool in_tcp = op->stream.tls == NULL;
	bool unfair = op->cut_short && (in_tcp || op->params.had_to_wait || sts_now_ms() - op->started_ms < FAIR_MS);

	if (op->confirming) {
		if (!in_tcp)
			sts_tls_give_up(op->stream.tls);
		return;
	}
	if (unfair) {
		(void)end(op, STS_FETCH_CANCELLED, "the time for this check was up before it answered");
	} else if (in_tcp) {
		(void)end(op, STS_FETCH_TCP_TIMEOUT, "no answer to the connection attempt");
	} else if (op->step == handshaking) {
		sts_tls_give_up(op->stream.tls);
		(void)end(op, STS_FETCH_TLS, op->out->tls.error);
	} else {
		(void)end(op, STS_FETCH_HTTP_TIMEOUT,
			op->out->http.status == 0 ? "no HTTP response in time"
						  : "the HTTP response was not complete in time");
	}
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

static void wait_for(struct sts_fetch_op *op, enum io io)
{
	int64_t limit_ms = op->started_ms + op->params.total_ms;

	if (op->silent_ms < limit_ms - op->step_ms)
		limit_ms = op->step_ms + op->silent_ms;
	op->cut_short = op->params.deadline_ms < limit_ms;
	if (op->cut_short)
		limit_ms = op->params.deadline_ms;
	sts_stream_hasten(&op->stream);
	sts_watch_set(op->loop, &op->watch, op->stream.fd, io == IO_READ ? STS_READABLE : STS_WRITABLE, limit_ms,
		run_again, op);
}

/* Steps note what they see; only finish() calls back. */
static void run(struct sts_fetch_op *op)
{
	enum io io;

	while ((io = op->step(op)) == IO_NEXT)
		continue;
	if (io == IO_END)
		finish(op);
	else
		wait_for(op, io);
}

static void run_again(unsigned ready, void *arg)
{
	struct sts_fetch_op *op = arg;

	if ((ready & (STS_READABLE | STS_WRITABLE)) != 0) {
		run(op);
		return;
	}
	timed_out(op);
	finish(op);
}

static void run_first(void *arg)
{
	run(arg);
}

struct sts_fetch_op *sts_fetch_start(struct sts_loop *loop, struct sts_tls_ctx *tls, struct sts_arena *arena,
	const struct sts_fetch_params *params, struct sts_fetch *out, sts_fetch_fn *done, void *arg)
{
	struct sts_fetch_op *op = STS_NEW(arena, struct sts_fetch_op);

	*out = (struct sts_fetch){.address = params->address, .http.declared_length = -1};
	*op = (struct sts_fetch_op){
		.loop = loop,
		.tls = tls,
		.arena = arena,
		.params = *params,
		.out = out,
		.done = done,
		.arg = arg,
		.started_ms = sts_now_ms(),
	};
	sts_stream_init(&op->stream);
	(void)next(op, begin, params->connect_ms);
	sts_timer_set(loop, &op->timer, 0, run_first, op);
	return op;
}

void sts_fetch_cancel(struct sts_fetch_op *op)
{
	if (op != NULL)
		release(op);
}
