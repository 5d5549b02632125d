#include "monitor/post.h"

#include <curl/curl.h>
#include <pthread.h>

#define CONNECT_MAX_S 10L

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global_state;

static void init_global(void)
{
	global_state = curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum sts_err sts_post_init(void)
{
	pthread_once(&once, init_global);
	return global_state == CURLE_OK ? STS_OK : STS_ESYSTEM;
}

static void free_handle(CURL **h)
{
	curl_easy_cleanup(*h);
}

static void free_list(struct curl_slist **l)
{
	curl_slist_free_all(*l);
}

#define AUTO_HANDLE __attribute__((cleanup(free_handle))) CURL *
#define AUTO_LIST __attribute__((cleanup(free_list))) struct curl_slist *

/* What the other side has to say is of no interest, but it has to be read for the connection to end well. */
static size_t discard(char *data, size_t size, size_t count, void *arg)
{
	(void)data;
	(void)arg;
	return size * count;
}

static enum sts_err fail(struct sts_arena *arena, const char *text, const char **why)
{
	struct sts_buf b;

	sts_buf_init(&b, 4096);
	sts_buf_escape(&b, sts_str_of(text), 400);
	*why = sts_strndup(arena, b.ptr == NULL ? "" : b.ptr, b.len);
	sts_buf_clear(&b);
	return STS_EIO;
}

static enum sts_err fail_curl(struct sts_arena *arena, CURLcode rc, const char *text, const char **why)
{
	return fail(arena, text[0] != '\0' ? text : curl_easy_strerror(rc), why);
}

static bool set_common(CURL *h, const char *url, const char *ca_file, unsigned timeout_s, char *error)
{
	CURLcode rc = curl_easy_setopt(h, CURLOPT_URL, url);

	error[0] = '\0';
	/* Signals are the program's; without them name resolution is still bounded, by its own thread. */
	rc = rc != CURLE_OK ? rc : curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	rc = rc != CURLE_OK ? rc : curl_easy_setopt(h, CURLOPT_ERRORBUFFER, error);
	rc = rc != CURLE_OK ? rc : curl_easy_setopt(h, CURLOPT_TIMEOUT, (long)timeout_s);
	rc = rc != CURLE_OK ? rc
			    : curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT,
				      (long)timeout_s < CONNECT_MAX_S ? (long)timeout_s : CONNECT_MAX_S);
	rc = rc != CURLE_OK ? rc : curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, discard);
	rc = rc != CURLE_OK ? rc : curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (rc == CURLE_OK && ca_file != NULL)
		rc = curl_easy_setopt(h, CURLOPT_CAINFO, ca_file);
	return rc == CURLE_OK;
}

/* ---- HTTP ------------------------------------------------------------------------------------------------------ */

static struct curl_slist *append(struct curl_slist *list, const char *text, bool *failed)
{
	struct curl_slist *longer = curl_slist_append(list, text);

	*failed = *failed || longer == NULL;
	return longer == NULL ? list : longer;
}

static bool set_http(CURL *h, const struct sts_post_http *p, struct curl_slist *headers)
{
	return curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_POST, 1L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)p->body.len) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_POSTFIELDS, p->body.ptr) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_USERAGENT, "mtasts/" STS_VERSION) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
}

enum sts_err sts_post_http(const struct sts_post_http *p, struct sts_arena *arena, const char **why)
{
	AUTO_HANDLE h = curl_easy_init();
	AUTO_LIST headers = NULL;
	char error[CURL_ERROR_SIZE];
	bool failed = false;
	long status = 0;
	CURLcode rc;

	for (size_t i = 0; i < p->header_count; i++)
		headers = append(headers, p->headers[i], &failed);
	/* No pause for "100 Continue". */
	headers = append(headers, "Expect:", &failed);
	if (h == NULL || failed || !set_common(h, p->url, p->ca_file, p->timeout_s, error) || !set_http(h, p, headers))
		return fail(arena, "libcurl refuses the request", why);
	rc = curl_easy_perform(h);
	if (rc != CURLE_OK)
		return fail_curl(arena, rc, error, why);
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200 && status <= 299)
		return STS_OK;
	return fail(arena,
		sts_sprintf(arena, "the receiver answered %ld%s", status,
			status >= 300 && status <= 399 ? ": redirects are not followed" : ""),
		why);
}

/* ---- SMTP ------------------------------------------------------------------------------------------------------ */

static size_t hand_out(char *to, size_t size, size_t count, void *arg)
{
	struct sts_str *rest = arg;
	size_t n = size * count < rest->len ? size * count : rest->len;

	if (n > 0)
		memcpy(to, rest->ptr, n);
	*rest = sts_str_from(*rest, n);
	return n;
}

static bool set_tls(CURL *h, const struct sts_post_mail *p)
{
	bool asks = !p->plain || p->ca_file != NULL;

	return curl_easy_setopt(h, CURLOPT_USE_SSL, (long)(p->plain ? CURLUSESSL_TRY : CURLUSESSL_ALL)) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, asks ? 1L : 0L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, asks ? 2L : 0L) == CURLE_OK;
}

static bool set_mail(CURL *h, const struct sts_post_mail *p, struct curl_slist *to, struct sts_str *rest)
{
	if (p->user != NULL && (curl_easy_setopt(h, CURLOPT_USERNAME, p->user) != CURLE_OK ||
				       curl_easy_setopt(h, CURLOPT_PASSWORD, p->password) != CURLE_OK))
		return false;
	return curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK && set_tls(h, p) &&
	       curl_easy_setopt(h, CURLOPT_MAIL_FROM, p->from) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_MAIL_RCPT, to) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_READFUNCTION, hand_out) == CURLE_OK &&
	       curl_easy_setopt(h, CURLOPT_READDATA, rest) == CURLE_OK;
}

enum sts_err sts_post_mail(const struct sts_post_mail *p, struct sts_arena *arena, const char **why)
{
	AUTO_HANDLE h = curl_easy_init();
	AUTO_LIST to = NULL;
	struct sts_str rest = p->message;
	char error[CURL_ERROR_SIZE];
	bool failed = false;
	CURLcode rc;

	for (size_t i = 0; i < p->to_count; i++)
		to = append(to, p->to[i], &failed);
	if (h == NULL || failed || !set_common(h, p->url, p->ca_file, p->timeout_s, error) ||
		!set_mail(h, p, to, &rest))
		return fail(arena, "libcurl refuses the message", why);
	rc = curl_easy_perform(h);
	return rc == CURLE_OK ? STS_OK : fail_curl(arena, rc, error, why);
}
