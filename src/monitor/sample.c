/* A sample of an alert, to try routes with. */
#include "monitor/alerts_inside.h"
#include "monitor/outbox.h"

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

static enum sts_err post_samples(struct sts_alerts *a, int64_t now, struct sts_arena *arena)
{
	const struct sts_routes *routes = a->config.routes;
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
	char thread[40];
	enum sts_err err = sts_store_begin(a->store, STS_BEGIN_WRITE);

	sts_outbox_name("alert_", thread);
	for (size_t i = 0; routes != NULL && i < routes->count && err == STS_OK; i++) {
		struct sts_alert alert = {
			.thread = thread,
			.cause = "mx mx.example.com",
			.at = now,
			.parts = &part,
			.count = 1,
			.test = true,
		};

		err = alert_post(a, &routes->items[i], &alert);
	}
	return sts_store_end(a->store, err);
}

enum sts_err sts_alerts_test(struct sts_alerts *a, int64_t now)
{
	struct sts_arena *arena = sts_arena_new();
	enum sts_err err;

	if (arena == NULL)
		return STS_ENOMEM;
	err = post_samples(a, now, arena);
	sts_arena_free(arena);
	return err;
}
