/* One message to one route, now. Each blocks, within the route's timeout. The program ignores SIGPIPE: a
 * receiver that hangs up is a failure like any other. */
#ifndef STS_MONITOR_DELIVER_H
#define STS_MONITOR_DELIVER_H

#include "base/jsonr.h"
#include "monitor/outbox.h"
#include "monitor/routes.h"

struct sts_delivery {
	const struct sts_route *route;
	const struct sts_message *message;
	const struct sts_json *alert; /* the message's doc, read */
	int64_t sent_at;              /* wall clock of this try */
	struct sts_arena *arena;
	const struct sts_routes *routes; /* all there are: what is secret to one is not for another; or NULL */
};

/* On failure (anything but STS_OK) *why is a sentence, the arena's, escaped. */

/** POST the doc, signed as Standard Webhooks have it where the route has a secret: headers webhook-id,
 * webhook-timestamp, webhook-signature "v1," and base64 of the HMAC-SHA256 of "ID.TIMESTAMP.BODY". */
STS_MUST_CHECK enum sts_err sts_deliver_webhook(const struct sts_delivery *d, const char **why);
/** Mail with the alert's text.  [RFC 5322, RFC 3834] */
STS_MUST_CHECK enum sts_err sts_deliver_mail(const struct sts_delivery *d, const char **why);
/** Start the program; the doc is its standard input, MTASTS_ID, MTASTS_KIND, MTASTS_SEVERITY, MTASTS_TITLE,
 * MTASTS_ROUTE and MTASTS_THREAD are in its environment. Exit status 0 within the timeout is success; later it is
 * killed. */
STS_MUST_CHECK enum sts_err sts_deliver_command(const struct sts_delivery *d, const char **why);
/** The doc, or a line of text, on standard output. */
STS_MUST_CHECK enum sts_err sts_deliver_stdout(const struct sts_delivery *d, const char **why);

/** Whichever it is. */
STS_MUST_CHECK enum sts_err sts_deliver(const struct sts_delivery *d, const char **why);

/** A file that holds a secret, without the line end; at most 4 KiB. */
STS_MUST_CHECK enum sts_err sts_secret_read(
	const char *path, struct sts_arena *arena, const char **out, const char **why);

/** The mail as it is sent, CRLF line ends; for tests. */
void sts_mail_write(const struct sts_delivery *d, struct sts_buf *out);
/** Recipients of a list parted by commas or blanks. */
const char **sts_mail_recipients(const char *list, struct sts_arena *arena, size_t *count);
/** The signature of a body; the arena's; NULL: the secret is no base64 after "whsec_", or OpenSSL refuses. */
const char *sts_webhook_sign(
	const char *secret, const char *id, int64_t at, struct sts_str body, struct sts_arena *arena);

/** Seconds that a delivery may take. */
static inline unsigned sts_delivery_timeout(const struct sts_route *r)
{
	return r->timeout_s > 0 ? r->timeout_s : STS_DELIVERY_TIMEOUT_S;
}

#endif
