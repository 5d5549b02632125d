/* Server-sent events.  [HTML Living Standard, section 9.2] */
#ifndef STS_SERVE_SSE_H
#define STS_SERVE_SSE_H

#include "serve/call.h"

/** A stream of events, embedded in its owner, who lives as long as the exchange. Zeroed memory is one that has not
 * begun. */
struct sts_sse {
	struct sts_exchange *x;
	struct sts_loop *loop;
	struct sts_timer alive;
};

/** Begin the answer. A comment every 15 seconds keeps proxies from closing it. */
void sts_sse_begin(struct sts_sse *sse, struct call *call);
/** One event. data is one line (JSON); event may be NULL: "message". */
void sts_sse_send(struct sts_sse *sse, const char *event, struct sts_str data);
/** The stream is complete; the exchange ends. */
void sts_sse_end(struct sts_sse *sse);
/** The client is gone: send nothing more. Also fine before the beginning. */
void sts_sse_clear(struct sts_sse *sse);

#endif
