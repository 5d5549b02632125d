/* An alert becomes messages in the outbox: to each route what it may know of. */
#include "monitor/alerts_inside.h"
#include "monitor/outbox.h"

#define MESSAGE_MAX ((size_t)1024 * 1024)

/* The parts that a route may know of. */
static size_t choose(const struct sts_route *route, const struct sts_alert *all, struct sts_alert_part *out)
{
	size_t n = 0;

	for (size_t i = 0; i < all->count; i++)
		if (sts_route_wants_tags(route, all->parts[i].tags) &&
			sts_route_wants(route, all->parts[i].kind, all->parts[i].severity))
			out[n++] = all->parts[i];
	return n;
}

bool alert_write_fitting(const struct sts_alert *alert, struct sts_arena *arena, struct sts_buf *doc)
{
	static const size_t shown[] = {0, 10, 1};

	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		struct sts_alert a = *alert;

		a.shown = shown[i];
		sts_buf_clear(doc);
		sts_buf_init(doc, MESSAGE_MAX);
		sts_alert_write(&a, arena, doc);
		if (!doc->failed)
			return true;
	}
	return false;
}

static enum sts_err put(
	struct sts_alerts *a, const struct sts_route *route, const struct sts_alert *alert, struct sts_str doc)
{
	int64_t when = sts_route_when(route, sts_alert_severity(alert), alert->at);
	struct sts_message m = {
		.name = alert->name,
		.thread = alert->thread,
		.route = route->name,
		.kind = sts_alert_kind(alert),
		.severity = sts_alert_severity(alert),
		.made_at = alert->at,
		.due_at = when,
		.doc = doc,
	};

	return sts_outbox_put(a->store, &m, when > alert->at ? STS_OUTBOX_HELD : STS_OUTBOX_WAITING);
}

static enum sts_err post(struct sts_alerts *a, const struct sts_route *route, struct sts_alert *alert)
{
	char name[40];
	struct sts_arena *arena = sts_arena_new();
	struct sts_buf doc;
	enum sts_err err = STS_ENOMEM;

	if (arena == NULL)
		return STS_ENOMEM;
	sts_outbox_name("msg_", name);
	alert->name = name;
	sts_buf_init(&doc, MESSAGE_MAX);
	if (alert_write_fitting(alert, arena, &doc))
		err = put(a, route, alert, sts_buf_str(&doc));
	alert->name = NULL;
	sts_buf_clear(&doc);
	sts_arena_free(arena);
	return err;
}

enum sts_err alert_post_to_all(struct sts_alerts *a, const struct sts_alert *all, struct sts_arena *arena)
{
	const struct sts_routes *routes = a->config.routes;
	struct sts_alert_part *chosen = sts_alloc_array(arena, all->count + 1, sizeof *chosen);
	enum sts_err err = STS_OK;

	for (size_t i = 0; routes != NULL && i < routes->count && err == STS_OK; i++) {
		struct sts_alert alert = *all;

		alert.parts = chosen;
		alert.count = choose(&routes->items[i], all, chosen);
		if (alert.count > 0)
			err = post(a, &routes->items[i], &alert);
	}
	return err;
}
