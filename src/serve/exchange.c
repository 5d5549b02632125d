/* Exchanges: what a handler sees of a connection. */
#include "serve/conn.h"

#include "base/clock.h"

#include <stdlib.h>
#include <time.h>

#define HEADERS_MAX 16384

static const struct {
	unsigned status;
	const char *phrase;
} phrases[] = {
	{200, "OK"},
	{201, "Created"},
	{202, "Accepted"},
	{204, "No Content"},
	{303, "See Other"},
	{304, "Not Modified"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{408, "Request Timeout"},
	{409, "Conflict"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{415, "Unsupported Media Type"},
	{417, "Expectation Failed"},
	{421, "Misdirected Request"},
	{422, "Unprocessable Content"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{503, "Service Unavailable"},
	{505, "HTTP Version Not Supported"},
};

const char *sts_http_phrase(unsigned status)
{
	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "";
}

/* ---- life ----------------------------------------------------------------------------------------------------------
 */

void exchange_start(struct conn *c)
{
	c->x = (struct sts_exchange){.conn = c, .whole_ms = sts_now_ms()};
	c->x.head_only = sts_str_is(c->reader.request.method, "HEAD");
	sts_buf_init(&c->x.headers, HEADERS_MAX);
	c->phase = CONN_PENDING;
}

void exchange_finish(struct sts_exchange *x)
{
	sts_arena_free(x->arena);
	sts_buf_clear(&x->headers);
	x->arena = NULL;
	x->gone = NULL;
}

void exchange_abandon(struct sts_exchange *x)
{
	const struct sts_httpd_hooks *hooks = &x->conn->httpd->hooks;
	void (*gone)(void *arg) = x->gone;

	x->gone = NULL;
	if (x->conn->phase == CONN_PENDING)
		hooks->answered(x, 499, 0, hooks->arg);
	if (gone != NULL)
		gone(x->gone_arg);
	exchange_finish(x);
}

/* The answer is complete: on to the next request, or to the end. */
static void complete(struct sts_exchange *x)
{
	struct conn *c = x->conn;

	exchange_finish(x);
	c->phase = CONN_READING;
	c->phase_ms = sts_now_ms();
	c->head_seen = false;
	sts_req_reset(&c->reader);
	conn_turn(c);
}

/* ---- the request ---------------------------------------------------------------------------------------------------
 */

const struct sts_request *sts_exchange_request(const struct sts_exchange *x)
{
	return &x->conn->reader.request;
}

struct sts_str sts_exchange_body(const struct sts_exchange *x)
{
	return sts_req_body(&x->conn->reader);
}

struct sts_arena *sts_exchange_arena(struct sts_exchange *x)
{
	if (x->arena == NULL && (x->arena = sts_arena_new()) == NULL)
		abort();
	return x->arena;
}

const struct sts_address *sts_exchange_peer(const struct sts_exchange *x)
{
	return &x->conn->peer;
}

bool sts_exchange_is_tls(const struct sts_exchange *x)
{
	return x->conn->tls != NULL;
}

int64_t sts_exchange_age_ms(const struct sts_exchange *x)
{
	return sts_now_ms() - x->whole_ms;
}

void sts_exchange_set_data(struct sts_exchange *x, void *data)
{
	x->data = data;
}

void *sts_exchange_data(const struct sts_exchange *x)
{
	return x->data;
}

void sts_exchange_on_gone(struct sts_exchange *x, void (*fn)(void *arg), void *arg)
{
	x->gone = fn;
	x->gone_arg = arg;
}

/* ---- the answer
 * ------------------------------------------------------------------------------------------------------ */

void sts_exchange_header(struct sts_exchange *x, const char *name, const char *value)
{
	sts_buf_puts(&x->headers, name);
	sts_buf_puts(&x->headers, ": ");
	for (const char *p = value; *p != '\0'; p++)
		sts_buf_addc(&x->headers, *p >= ' ' && *p < 0x7F ? *p : '?');
	sts_buf_puts(&x->headers, "\r\n");
}

void sts_exchange_close(struct sts_exchange *x)
{
	x->conn->closing = true;
}

static const char *date(struct sts_httpd *d)
{
	int64_t now = (int64_t)time(NULL);
	time_t t = (time_t)now;
	struct tm tm;

	if (now != d->date_s && gmtime_r(&t, &tm) != NULL) {
		d->date_s = now;
		/* the C locale: the program never sets another one for times.  [RFC 9110 section 5.6.7] */
		strftime(d->date, sizeof d->date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	}
	return d->date;
}

static void put_head(struct sts_exchange *x, unsigned status, const char *type)
{
	struct sts_buf *out = &x->conn->out;

	sts_buf_printf(out, "HTTP/1.1 %u %s\r\nDate: %s\r\n", status, sts_http_phrase(status), date(x->conn->httpd));
	if (type != NULL)
		sts_buf_printf(out, "Content-Type: %s\r\n", type);
	sts_buf_add(out, x->headers.ptr, x->headers.len);
	if (x->conn->closing)
		sts_buf_puts(out, "Connection: close\r\n");
	else if (x->conn->reader.request.minor == 0)
		sts_buf_puts(out, "Connection: keep-alive\r\n");
}

static void tell(struct sts_exchange *x, unsigned status, size_t len)
{
	const struct sts_httpd_hooks *hooks = &x->conn->httpd->hooks;

	hooks->answered(x, status, len, hooks->arg);
}

void sts_exchange_send(struct sts_exchange *x, unsigned status, const char *type, struct sts_str body)
{
	struct conn *c = x->conn;

	tell(x, status, body.len);
	put_head(x, status, type);
	if (status != 204 && status != 304)
		sts_buf_printf(&c->out, "Content-Length: %zu\r\n", body.len);
	sts_buf_puts(&c->out, "\r\n");
	if (!x->head_only && status != 204 && status != 304)
		sts_buf_add(&c->out, body.ptr, body.len);
	c->out_deadline_ms = sts_now_ms() + c->httpd->limits.write_ms + (int64_t)c->out.len;
	if (c->out.failed)
		c->dead = true;
	complete(x);
}

void sts_exchange_begin(struct sts_exchange *x, unsigned status, const char *type)
{
	struct conn *c = x->conn;

	/* HTTP/1.0 has no chunks: the end of the connection is the end of the answer */
	x->chunked = c->reader.request.minor > 0;
	if (!x->chunked)
		c->closing = true;
	tell(x, status, 0);
	put_head(x, status, type);
	sts_buf_puts(&c->out, x->chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n");
	c->phase = CONN_STREAM;
	c->out_deadline_ms = sts_now_ms() + c->httpd->limits.write_ms;
	conn_turn_later(c);
}

void sts_exchange_write(struct sts_exchange *x, struct sts_str data)
{
	struct conn *c = x->conn;

	if (x->head_only || data.len == 0 || c->dead)
		return;
	if (c->out.len == 0)
		c->out_deadline_ms = sts_now_ms() + c->httpd->limits.write_ms;
	if (c->out.len > STS_CONN_STREAM_MAX) {
		c->dead = true; /* the handler hears of it from the loop */
		conn_turn_later(c);
		return;
	}
	if (x->chunked)
		sts_buf_printf(&c->out, "%zx\r\n", data.len);
	sts_buf_add(&c->out, data.ptr, data.len);
	if (x->chunked)
		sts_buf_puts(&c->out, "\r\n");
	if (c->out.failed)
		c->dead = true;
	conn_turn_later(c);
}

void sts_exchange_end(struct sts_exchange *x)
{
	struct conn *c = x->conn;

	if (x->chunked && !x->head_only)
		sts_buf_puts(&c->out, "0\r\n\r\n");
	c->out_deadline_ms = sts_now_ms() + c->httpd->limits.write_ms + (int64_t)c->out.len;
	complete(x);
}
