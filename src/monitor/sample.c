/* A sample of an alert, to try routes with. */
#include "monitor/alerts_inside.h"
#include "base/clock.h"
#include "monitor/deliver.h"
#include "monitor/outbox.h"
#include "monitor/post.h"

#include <stdio.h>

static const char sample[] =
	"{\"code\":\"mx.cert.expired\",\"place\":\"mx.example.com\",\"subject\":\"mx.example.com\",\"severity\":"
	"\"error\","
	"\"title\":\"Mail host's certificate has expired\","
	"\"detail\":\"A sample of what an alert looks like. The certificate of mx.example.com ended on 2026-01-31.\","
	"\"rfc\":\"RFC 8461 section 4.2\",\"result_type\":\"certificate-expired\",\"cause\":null,"
	"\"fix\":{\"text\":\"Renew the certificate and reload the mail server.\",\"snippet\":\"systemctl reload "
	"postfix\","
	"\"type\":\"server\"},\"verdict\":\"blocking\","
	"\"effect\":\"Senders that hold the policy deliver nothing: mail waits in their queues and bounces in the "
	"end.\"}";

static const char *write_sample(const char *name, int64_t now, struct sts_arena *arena, struct sts_message *m)
{
	const char *why;
	struct sts_alert_part part = {
		.domain = "example.com",
		.tags = ",",
		.kind = STS_EVENT_NEW,
		.severity = STS_ERROR,
		.at = now,
		.since = now,
		.look = sts_json_read(STS_STR(sample), arena, &why),
	};
	const struct sts_alert alert = {
		.name = name,
		.thread = m->thread,
		.cause = "mx mx.example.com",
		.at = now,
		.parts = &part,
		.count = 1,
		.test = true,
	};
	struct sts_buf doc;
	const char *copy = NULL;

	sts_buf_init(&doc, 0);
	if (alert_write_fitting(&alert, arena, &doc))
		copy = sts_strndup(arena, doc.ptr, doc.len);
	sts_buf_clear(&doc);
	return copy;
}

/* Straight to the receiver: in the outbox it would be anybody's, and a daemon could send it, or fail to, unseen. */
static enum sts_err send_sample(const struct sts_alerts_config *c, const struct sts_route *route, int64_t now,
	struct sts_arena *arena, const char **why)
{
	char name[40];
	char thread[40];
	struct sts_message m = {.name = name,
		.thread = thread,
		.route = route->name,
		.kind = STS_EVENT_NEW,
		.severity = STS_ERROR,
		.made_at = now,
		.due_at = now};
	struct sts_delivery d = {.route = route, .message = &m, .sent_at = sts_now_s(), .arena = arena, .routes = c->routes};
	const char *doc;
	const char *bad;

	sts_outbox_name("msg_", name);
	sts_outbox_name("alert_", thread);
	doc = write_sample(name, now, arena, &m);
	*why = sts_strerror(STS_ENOMEM);
	if (doc == NULL)
		return STS_ENOMEM;
	m.doc = sts_str_of(doc);
	d.alert = sts_json_read(m.doc, arena, &bad);
	return sts_deliver(&d, why);
}

static void tell_failure(const struct sts_alerts_config *c, const char *route, const char *why)
{
	char line[1200];

	snprintf(line, sizeof line, "the sample to route %s: %s", route, why);
	if (c->say != NULL)
		c->say(c->say_arg, line);
}

enum sts_err sts_alerts_test(const struct sts_alerts_config *config, int64_t now, struct sts_delivery_counts *counts)
{
	struct sts_arena *arena = sts_arena_new();
	enum sts_err err = arena == NULL ? STS_ENOMEM : sts_post_init();

	*counts = (struct sts_delivery_counts){0};
	for (size_t i = 0; config->routes != NULL && i < config->routes->count && err == STS_OK; i++) {
		const struct sts_route *route = &config->routes->items[i];
		const char *why = "";

		if (send_sample(config, route, now, arena, &why) == STS_OK) {
			counts->sent++;
		} else {
			counts->failed++;
			tell_failure(config, route->name, why);
		}
	}
	sts_arena_free(arena);
	return err;
}
