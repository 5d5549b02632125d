/* Sending over HTTP and SMTP. libcurl lives here: its SMTP client and its handling of proxies are what a notifier
 * needs; the probes, which must see every detail, have their own. Any thread; each call has its own handle. */
#ifndef STS_MONITOR_POST_H
#define STS_MONITOR_POST_H

#include "base/arena.h"
#include "base/buf.h"

/** Once, before threads start. */
STS_MUST_CHECK enum sts_err sts_post_init(void);

struct sts_post_http {
	const char *url;
	const char *const *headers; /* "name: value" */
	size_t header_count;
	struct sts_str body;
	const char *ca_file; /* or NULL */
	unsigned timeout_s;
};

/**
 * POST. No redirect is followed: a signed body goes to whom it is meant for.
 *
 * @param why  on failure a sentence, the arena's, escaped
 * @return STS_OK: answered 2xx; STS_EIO: anything else
 */
STS_MUST_CHECK enum sts_err sts_post_http(const struct sts_post_http *p, struct sts_arena *arena, const char **why);

struct sts_post_mail {
	const char *url; /* smtp://… or smtps://… */
	const char *from;
	const char *const *to;
	size_t to_count;
	struct sts_str message; /* CRLF line ends */
	const char *user;       /* or NULL */
	const char *password;
	const char *ca_file; /* or NULL */
	bool plain;          /* TLS is not demanded; where it is to be had, it is used without asking who is there */
	unsigned timeout_s;
};

/** @return STS_OK: every recipient was taken; STS_EIO: nothing was sent */
STS_MUST_CHECK enum sts_err sts_post_mail(const struct sts_post_mail *p, struct sts_arena *arena, const char **why);

#endif
