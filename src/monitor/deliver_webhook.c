#include "monitor/deliver.h"

#include "base/base64.h"
#include "net/hmac.h"
#include "monitor/post.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SECRET_MAX 4096

enum sts_err sts_secret_read(const char *path, struct sts_arena *arena, const char **out, const char **why)
{
	char text[SECRET_MAX + 1];
	FILE *f = fopen(path, "re");
	size_t n;

	if (f == NULL) {
		*why = sts_sprintf(arena, "%s: %s", path, strerror(errno));
		return STS_EIO;
	}
	n = fread(text, 1, sizeof text, f);
	fclose(f);
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	if (n == 0 || n > SECRET_MAX || memchr(text, '\0', n) != NULL) {
		*why = sts_sprintf(arena, "%s: not a secret of 1 to %d octets on one line", path, SECRET_MAX);
		return STS_EINVAL;
	}
	*out = sts_strndup(arena, text, n);
	explicit_bzero(text, sizeof text);
	return STS_OK;
}

/* "whsec_" and base64, or the octets as they are. */
static bool key_of(const char *secret, struct sts_buf *key)
{
	struct sts_str s = sts_str_of(secret);

	if (sts_str_starts(s, "whsec_"))
		return sts_base64_take(key, sts_str_from(s, 6)) && key->len > 0;
	sts_buf_add(key, s.ptr, s.len);
	return !key->failed;
}

const char *sts_webhook_sign(
	const char *secret, const char *id, int64_t at, struct sts_str body, struct sts_arena *arena)
{
	unsigned char digest[32];
	struct sts_buf key;
	struct sts_buf signed_text;
	struct sts_buf out;
	const char *signature = NULL;

	sts_buf_init(&key, SECRET_MAX);
	sts_buf_init(&signed_text, body.len + 200);
	sts_buf_init(&out, 200);
	sts_buf_printf(&signed_text, "%s.%" PRId64 ".", id, at);
	sts_buf_add(&signed_text, body.ptr, body.len);
	if (key_of(secret, &key) && !signed_text.failed &&
		sts_hmac_sha256(sts_buf_str(&key), sts_buf_str(&signed_text), digest)) {
		sts_buf_puts(&out, "v1,");
		sts_base64_put(&out, sts_str((const char *)digest, sizeof digest));
		signature = sts_strndup(arena, out.ptr, out.len);
	}
	sts_buf_clear(&key);
	sts_buf_clear(&signed_text);
	sts_buf_clear(&out);
	return signature;
}

static enum sts_err secret_of(const struct sts_delivery *d, const char **secret, const char **why)
{
	*secret = NULL;
	if (d->route->secret_file != NULL)
		return sts_secret_read(d->route->secret_file, d->arena, secret, why);
	if (d->route->secret_env == NULL)
		return STS_OK;
	*secret = getenv(d->route->secret_env);
	*why = sts_sprintf(d->arena, "the environment has no %s", d->route->secret_env);
	return *secret != NULL && (*secret)[0] != '\0' ? STS_OK : STS_EINVAL;
}

enum sts_err sts_deliver_webhook(const struct sts_delivery *d, const char **why)
{
	const struct sts_message *m = d->message;
	const char *headers[4] = {"content-type: application/json", sts_sprintf(d->arena, "webhook-id: %s", m->name),
		sts_sprintf(d->arena, "webhook-timestamp: %" PRId64, d->sent_at)};
	struct sts_post_http post = {
		.url = d->route->address,
		.headers = headers,
		.header_count = 3,
		.body = m->doc,
		.ca_file = d->route->ca_file,
		.timeout_s = sts_delivery_timeout(d->route),
	};
	const char *secret;
	const char *signature;
	enum sts_err err = secret_of(d, &secret, why);

	if (err != STS_OK)
		return err;
	if (secret != NULL) {
		signature = sts_webhook_sign(secret, m->name, d->sent_at, m->doc, d->arena);
		if (signature == NULL) {
			*why = "the secret is not base64 after \"whsec_\"";
			return STS_EINVAL;
		}
		headers[post.header_count++] = sts_sprintf(d->arena, "webhook-signature: %s", signature);
	}
	return sts_post_http(&post, d->arena, why);
}
