/* Who empties the outbox: once, or again and again in a thread of its own. */
#include "monitor/alerts.h"

#include "base/clock.h"
#include "monitor/deliver.h"
#include "monitor/post.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Other daemons put messages into the outbox, too: how often it is looked at, seconds. */
#define LOOK_S 20
#define PRUNE_S 86400

enum sts_err sts_deliver(const struct sts_delivery *d, const char **why)
{
	switch (d->route->target) {
	case STS_TARGET_WEBHOOK:
		return sts_deliver_webhook(d, why);
	case STS_TARGET_MAIL:
		return sts_deliver_mail(d, why);
	case STS_TARGET_COMMAND:
		return sts_deliver_command(d, why);
	case STS_TARGET_STDOUT:
		return sts_deliver_stdout(d, why);
	case STS_TARGET_NONE:
		break;
	}
	*why = "the route has no target";
	return STS_EINVAL;
}

/* ---- one message ----------------------------------------------------------------------------------------------- */

struct sending {
	struct sts_store *store;
	const struct sts_alerts_config *config;
	struct sts_arena *arena;
	struct sts_delivery_counts counts;
};

static void STS_PRINTF(2, 3) say(const struct sts_alerts_config *c, const char *fmt, ...)
{
	char line[1200];
	va_list ap;

	if (c->say == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	c->say(c->say_arg, line);
}

static const struct sts_route *route_of(const struct sts_alerts_config *c, const char *name)
{
	for (size_t i = 0; c->routes != NULL && i < c->routes->count; i++)
		if (strcmp(c->routes->items[i].name, name) == 0)
			return &c->routes->items[i];
	return NULL;
}

static enum sts_err attempt(struct sending *s, const struct sts_message *m, const char **why)
{
	struct sts_delivery d = {
		.route = route_of(s->config, m->route),
		.message = m,
		.sent_at = sts_now_s(),
		.arena = s->arena,
		.routes = s->config->routes,
	};
	const char *bad;

	d.alert = sts_json_read(m->doc, s->arena, &bad);
	*why = "no route is called so";
	return d.route == NULL ? STS_EINVAL : sts_deliver(&d, why);
}

static enum sts_err note_failure(struct sending *s, const struct sts_message *m, const char *why, int64_t now)
{
	bool given_up = false;
	enum sts_err err = sts_outbox_failed(s->store, m, why, now, &given_up);

	s->counts.given_up += given_up;
	s->counts.failed += !given_up;
	say(s->config, "alert %s to route %s: %s; %s", m->name, m->route, why,
		given_up ? "given up after three days" : "it will be tried again");
	return err;
}

static enum sts_err send_one(struct sending *s, const struct sts_message *m, int64_t now)
{
	const char *why = "";

	if (attempt(s, m, &why) != STS_OK)
		return note_failure(s, m, why, now);
	s->counts.sent++;
	return sts_outbox_sent(s->store, m, now);
}

/* ---- all that is due ------------------------------------------------------------------------------------------- */

static const char *route_names(const struct sts_alerts_config *c, struct sts_arena *arena)
{
	const char *names = ",";

	for (size_t i = 0; c->routes != NULL && i < c->routes->count; i++)
		names = sts_sprintf(arena, "%s%s,", names, c->routes->items[i].name);
	return names;
}

static const char *own_name(struct sts_arena *arena)
{
	char host[65] = "";

	if (gethostname(host, sizeof host - 1) != 0)
		host[0] = '\0';
	return sts_sprintf(arena, "%s:%ld", host, (long)getpid());
}

/* One of those due, in an arena of its own. @return also STS_ENOENT */
static enum sts_err send_next(struct sending *s, int64_t now)
{
	struct sts_message m;
	enum sts_err err;

	s->arena = sts_arena_new();
	if (s->arena == NULL)
		return STS_ENOMEM;
	err = sts_outbox_take(s->store, own_name(s->arena), route_names(s->config, s->arena), now, s->arena, &m);
	if (err == STS_OK)
		err = send_one(s, &m, now);
	sts_arena_free(s->arena);
	return err;
}

enum sts_err sts_deliverer_once(struct sts_store *store, const struct sts_alerts_config *config, int64_t now,
	struct sts_delivery_counts *counts)
{
	struct sending s = {.store = store, .config = config};
	enum sts_err err = sts_post_init();

	while (err == STS_OK)
		err = send_next(&s, now);
	if (counts != NULL)
		*counts = s.counts;
	return err == STS_ENOENT ? STS_OK : err;
}

/* ---- the thread ------------------------------------------------------------------------------------------------ */

struct sts_deliverer {
	struct sts_store *store;
	struct sts_alerts_config config;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool woken; /* under mutex, as the next */
	bool stop;
	int64_t pruned_at;
};

static bool is_stopped(struct sts_deliverer *d)
{
	bool stop;

	pthread_mutex_lock(&d->mutex);
	stop = d->stop;
	pthread_mutex_unlock(&d->mutex);
	return stop;
}

/* @return false: stop */
static bool wait_for(struct sts_deliverer *d, int64_t seconds)
{
	struct timespec until;
	int rc = 0;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)seconds;
	pthread_mutex_lock(&d->mutex);
	while (!d->woken && !d->stop && rc == 0)
		rc = pthread_cond_timedwait(&d->changed, &d->mutex, &until);
	d->woken = false;
	stop = d->stop;
	pthread_mutex_unlock(&d->mutex);
	return !stop;
}

static enum sts_err send_due(struct sts_deliverer *d)
{
	struct sending s = {.store = d->store, .config = &d->config};
	enum sts_err err = STS_OK;

	while (err == STS_OK && !is_stopped(d))
		err = send_next(&s, sts_now_s());
	return err == STS_ENOENT ? STS_OK : err;
}

static enum sts_err prune(struct sts_deliverer *d)
{
	int64_t now = sts_now_s();

	if (now - d->pruned_at < PRUNE_S)
		return STS_OK;
	d->pruned_at = now;
	return sts_outbox_prune(d->store, now);
}

static int64_t pause_s(struct sts_deliverer *d)
{
	struct sts_arena *arena = sts_arena_new();
	int64_t at = INT64_MAX;
	int64_t now = sts_now_s();

	if (arena == NULL || sts_outbox_next(d->store, route_names(&d->config, arena), &at) != STS_OK)
		at = INT64_MAX;
	sts_arena_free(arena);
	return at <= now ? 1 : at - now < LOOK_S ? at - now : LOOK_S;
}

static void *work(void *arg)
{
	struct sts_deliverer *d = arg;

	do {
		enum sts_err err = send_due(d);

		if (err == STS_OK)
			err = prune(d);
		if (err != STS_OK)
			say(&d->config, "the outbox: %s", d->store->why[0] != '\0' ? d->store->why : sts_strerror(err));
	} while (wait_for(d, pause_s(d)));
	return NULL;
}

static bool make_condition(struct sts_deliverer *d)
{
	pthread_condattr_t attr;
	bool made;

	if (pthread_condattr_init(&attr) != 0)
		return false;
	/* The wall clock may jump. */
	made = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&d->changed, &attr) == 0;
	pthread_condattr_destroy(&attr);
	return made;
}

static void release(struct sts_deliverer *d)
{
	sts_store_close(d->store);
	pthread_mutex_destroy(&d->mutex);
	free(d);
}

enum sts_err sts_deliverer_start(
	const char *where, const struct sts_alerts_config *config, struct sts_deliverer **out, char why[static 512])
{
	struct sts_deliverer *d;
	enum sts_err err = sts_post_init();

	snprintf(why, 512, "libcurl cannot be set up");
	d = err == STS_OK ? calloc(1, sizeof *d) : NULL;
	if (d == NULL)
		return err == STS_OK ? STS_ENOMEM : err;
	d->config = *config;
	pthread_mutex_init(&d->mutex, NULL);
	err = sts_store_open(where, &d->store, why);
	if (err != STS_OK) {
		release(d);
		return err;
	}
	if (!make_condition(d)) {
		release(d);
		return STS_ENOMEM;
	}
	if (pthread_create(&d->thread, NULL, work, d) != 0) {
		snprintf(why, 512, "no thread for the deliverer");
		pthread_cond_destroy(&d->changed);
		release(d);
		return STS_ESYSTEM;
	}
	*out = d;
	return STS_OK;
}

void sts_deliverer_wake(struct sts_deliverer *d)
{
	pthread_mutex_lock(&d->mutex);
	d->woken = true;
	pthread_cond_signal(&d->changed);
	pthread_mutex_unlock(&d->mutex);
}

void sts_deliverer_stop(struct sts_deliverer *d)
{
	if (d == NULL)
		return;
	pthread_mutex_lock(&d->mutex);
	d->stop = true;
	pthread_cond_signal(&d->changed);
	pthread_mutex_unlock(&d->mutex);
	pthread_join(d->thread, NULL);
	pthread_cond_destroy(&d->changed);
	release(d);
}
