#include "serve/sse.h"

#define ALIVE_MS 15000

static void keep_alive(void *arg)
{
	struct sts_sse *sse = arg;

	sts_exchange_write(sse->x, STS_STR(": still here\n\n"));
	sts_timer_set(sse->loop, &sse->alive, ALIVE_MS, keep_alive, sse);
}

void sts_sse_begin(struct sts_sse *sse, struct call *call)
{
	sse->x = call->x;
	sse->loop = call->server->loop;
	call_begin(call, "text/event-stream");
	sts_timer_set(sse->loop, &sse->alive, ALIVE_MS, keep_alive, sse);
}

void sts_sse_send(struct sts_sse *sse, const char *event, struct sts_str data)
{
	struct sts_buf b;

	sts_buf_init(&b, data.len + 100);
	if (event != NULL)
		sts_buf_printf(&b, "event: %s\n", event);
	sts_buf_puts(&b, "data: ");
	sts_buf_add(&b, data.ptr, data.len);
	sts_buf_puts(&b, "\n\n");
	sts_exchange_write(sse->x, sts_buf_str(&b));
	sts_buf_clear(&b);
}

void sts_sse_end(struct sts_sse *sse)
{
	sts_timer_clear(&sse->alive);
	sts_exchange_end(sse->x);
}

void sts_sse_clear(struct sts_sse *sse)
{
	sts_timer_clear(&sse->alive);
}
