#include "serve/call.h"

#include "base/clock.h"
#include "proto/domain.h"
#include "serve/page.h"

#define CSP_API "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
#define CSP_PAGE                                                                                                       \
	"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action "    \
	"'self'; "                                                                                                     \
	"frame-ancestors 'none'; base-uri 'none'"

static void rate_headers(struct call *call);

/* ---- headers of every answer
 * ---------------------------------------------------------------------------------------------- */

static void cors_headers(struct call *call)
{
	struct sts_str origin = sts_req_field(call->request, "Origin");

	if (call->origin != STS_ORIGIN_ALLOWED || origin.ptr == NULL)
		return;
	sts_exchange_header(call->x, "Access-Control-Allow-Origin", sts_strndup(call->arena, origin.ptr, origin.len));
	sts_exchange_header(call->x, "Access-Control-Expose-Headers",
		"RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, ETag, Age");
}

static void common_headers(struct call *call)
{
	struct sts_exchange *x = call->x;

	sts_exchange_header(x, "X-Request-Id", call->id);
	sts_exchange_header(x, "X-Content-Type-Options", "nosniff");
	sts_exchange_header(x, "Content-Security-Policy", call->is_page ? CSP_PAGE : CSP_API);
	/* with no-referrer browsers hide the origin of our own forms */
	sts_exchange_header(x, "Referrer-Policy", call->is_page ? "same-origin" : "no-referrer");
	sts_exchange_header(
		x, "Cross-Origin-Resource-Policy", call->origin == STS_ORIGIN_ALLOWED ? "cross-origin" : "same-origin");
	if (sts_exchange_is_tls(x))
		sts_exchange_header(x, "Strict-Transport-Security", "max-age=31536000");
	sts_exchange_header(x, "Vary", "Authorization, Accept, Origin");
	cors_headers(call);
	rate_headers(call);
	if (!call->has_cache_control)
		sts_exchange_header(x, "Cache-Control", "no-store");
}

void call_cacheable(struct call *call, const char *cache_control)
{
	sts_exchange_header(call->x, "Cache-Control", cache_control);
	call->has_cache_control = true;
}

void call_send(struct call *call, unsigned status, const char *type, struct sts_str body)
{
	common_headers(call);
	sts_exchange_send(call->x, status, type, body);
}

void call_begin(struct call *call, const char *type)
{
	common_headers(call);
	sts_exchange_header(call->x, "X-Accel-Buffering", "no");
	sts_exchange_begin(call->x, 200, type);
}

void call_json(struct call *call, struct sts_str json)
{
	call_send(call, 200, "application/json", json);
}

void call_json_line(struct call *call, struct sts_str json)
{
	struct sts_buf b;

	sts_buf_init(&b, json.len + 1);
	sts_buf_add(&b, json.ptr, json.len);
	sts_buf_addc(&b, '\n');
	call_json(call, sts_buf_str(&b));
	sts_buf_clear(&b);
}

/* ---- problems
 * ---------------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *type;
	const char *title;
} problems[] = {
	{"invalid-domain", "Not a domain that can be checked"},
	{"invalid-parameter", "A parameter makes no sense"},
	{"refused-target", "This domain is not checked here"},
	{"foreign-host", "The request is meant for another host"},
	{"foreign-origin", "Web pages of this origin may not call"},
	{"key-needed", "A key is needed"},
	{"key-unknown", "The key is not known here"},
	{"scope-missing", "The key does not extend to this"},
	{"local-only", "Only clients on the server's own machine may do this"},
	{"overloaded", "Too many checks are under way"},
	{"never-seen", "This was never seen here"},
	{"no-history", "No history is kept"},
	{"history-failed", "The history cannot be read"},
	{"unusable-policy", "Senders cannot use this policy"},
	{"check-failed", "The check could not be made"},
	{"unknown-code", "No finding has this code"},
};

static const char *title_of(unsigned status, const char *type)
{
	for (size_t i = 0; type != NULL && i < sizeof problems / sizeof *problems; i++)
		if (strcmp(problems[i].type, type) == 0)
			return problems[i].title;
	return sts_http_phrase(status);
}

static const char *type_uri(struct sts_arena *arena, unsigned status, const char *type)
{
	if (status == 429)
		return "https://iana.org/assignments/http-problem-types#quota-exceeded";
	return type == NULL ? "about:blank" : sts_sprintf(arena, "urn:mtasts:problem:%s", type);
}

void call_problem_json(struct sts_buf *out, const struct call *call, unsigned status, const char *type,
	const char *detail, struct sts_str members)
{
	struct sts_jsonw w = sts_jsonw(out, false);

	sts_jw_object(&w, NULL);
	sts_jw_cstr(&w, "type", type_uri(call->arena, status, type));
	sts_jw_cstr(&w, "title", title_of(status, type));
	sts_jw_int(&w, "status", status);
	sts_jw_cstr(&w, "detail", detail);
	sts_jw_cstr(&w, "request_id", call->id);
	sts_buf_add(out, members.ptr, members.len);
	sts_jw_end_object(&w);
}

void call_problem_with(struct call *call, unsigned status, const char *type, const char *detail, struct sts_str members)
{
	struct sts_buf b;

	if (page_wanted(call)) {
		page_problem(call, status, title_of(status, type), detail);
		return;
	}
	sts_buf_init(&b, 65536);
	call_problem_json(&b, call, status, type, detail, members);
	sts_buf_addc(&b, '\n');
	call_send(call, status, "application/problem+json", sts_buf_str(&b));
	sts_buf_clear(&b);
}

void call_problem(struct call *call, unsigned status, const char *type, const char *detail)
{
	call_problem_with(call, status, type, detail, STS_STR(""));
}

/* ---- reading requests
 * ---------------------------------------------------------------------------------------------------------- */

const char *sts_percent_decode(struct sts_arena *arena, struct sts_str text, bool plus)
{
	char *out = sts_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		unsigned high, low;

		if (c == '%') {
			if (text.len - i < 3 || !sts_hex_value(text.ptr[i + 1], &high) || !sts_hex_value(text.ptr[i + 2], &low))
				return NULL;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (c == '\0')
			return NULL;
		out[len++] = c;
	}
	return sts_utf8_valid(sts_str(out, len)) ? out : NULL;
}

/* The next pair of the query; false at its end. */
static bool next_pair(struct sts_str *rest, struct sts_str *name, struct sts_str *value)
{
	size_t end = sts_str_find(*rest, '&', 0);
	struct sts_str pair = sts_str(rest->ptr, end);
	size_t equals = sts_str_find(pair, '=', 0);

	if (rest->len == 0)
		return false;
	*name = sts_str(pair.ptr, equals);
	*value = sts_str_from(pair, equals + 1);
	*rest = sts_str_from(*rest, end + 1);
	return true;
}

bool call_query_list(struct call *call, const char *name, const char **values, size_t max, size_t *count)
{
	struct sts_str rest = call->request->query;
	struct sts_str key, value;

	*count = 0;
	while (next_pair(&rest, &key, &value)) {
		if (!sts_str_is(key, name))
			continue;
		if (*count == max)
			return false;
		values[*count] = sts_percent_decode(call->arena, value, true);
		if (values[(*count)++] == NULL)
			return false;
	}
	return true;
}

int call_query(struct call *call, const char *name, const char **value)
{
	struct sts_str rest = call->request->query;
	struct sts_str key, text;
	int found = 0;

	while (next_pair(&rest, &key, &text)) {
		if (!sts_str_is(key, name))
			continue;
		*value = sts_percent_decode(call->arena, text, true);
		if (++found > 1 || *value == NULL)
			return 2;
	}
	return found;
}

static bool range_covers(struct sts_str range, struct sts_str type)
{
	size_t slash = sts_str_find(type, '/', 0);

	if (sts_str_is(range, "*/*") || sts_str_eqi(range, type))
		return true;
	return range.len == slash + 2 && range.ptr[slash + 1] == '*' &&
	       sts_str_eqi(sts_str(range.ptr, slash + 1), sts_str(type.ptr, slash + 1));
}

/* ";q=0" with any number of zeros: not this one */
static bool weighs_nothing(struct sts_str parameters)
{
	size_t q = sts_str_findi(parameters, "q=");
	struct sts_str weight = sts_str_from(parameters, q + 2);

	if (q == parameters.len || weight.len == 0 || weight.ptr[0] != '0')
		return false;
	for (size_t i = 1; i < weight.len && !sts_is_wsp(weight.ptr[i]) && weight.ptr[i] != ';'; i++)
		if (weight.ptr[i] != '.' && weight.ptr[i] != '0')
			return false;
	return true;
}

static bool list_accepts(struct sts_str rest, struct sts_str type)
{
	while (rest.len > 0) {
		size_t comma = sts_str_find(rest, ',', 0);
		struct sts_str item = sts_str(rest.ptr, comma);
		size_t semicolon = sts_str_find(item, ';', 0);

		rest = sts_str_from(rest, comma + 1);
		if (range_covers(sts_str_trim(sts_str(item.ptr, semicolon)), type) &&
			!weighs_nothing(sts_str_from(item, semicolon)))
			return true;
	}
	return false;
}

bool sts_accepts(const struct sts_request *q, const char *type)
{
	bool said = false;

	for (size_t i = 0; i < q->field_count; i++) {
		if (!sts_str_eqi(q->fields[i].name, STS_STR("Accept")) || q->fields[i].value.len == 0)
			continue;
		said = true;
		if (list_accepts(q->fields[i].value, sts_str_of(type)))
			return true;
	}
	return !said;
}

bool sts_content_is(const struct sts_request *q, const char *type)
{
	struct sts_str value = sts_req_field(q, "Content-Type");

	return sts_req_field_count(q, "Content-Type") == 1 &&
	       sts_str_eqi(sts_str_trim(sts_str(value.ptr, sts_str_find(value, ';', 0))), sts_str_of(type));
}

/* ---- allowances
 * ------------------------------------------------------------------------------------------------------------------ */

static struct sts_rate times(struct sts_rate rate, unsigned factor)
{
	rate.quota *= factor;
	return rate;
}

/* Allowances are kept with the key itself, which may have been revoked while a check was under way. */
static struct sts_key *allowances_of(const struct call *call)
{
	struct sts_key *key = sts_keys_again(&call->server->keys, call->key);

	return key != NULL ? key : call->key;
}

static struct sts_allowance take_check(struct call *call)
{
	struct sts_server *s = call->server;
	char client[48];

	if (call->key != NULL)
		return sts_bucket_take(
			&allowances_of(call)->checks, times(s->options.checks, s->options.key_factor), 1, sts_now_ms());
	sts_client_key(&call->client.address, client);
	return sts_limiter_take(&s->client_checks, sts_str_of(client), 1, sts_now_ms());
}

static struct sts_allowance look_at_checks(const struct call *call)
{
	const struct sts_server *s = call->server;
	char client[48];

	if (call->key != NULL)
		return sts_bucket_look(
			&allowances_of(call)->checks, times(s->options.checks, s->options.key_factor), sts_now_ms());
	sts_client_key(&call->client.address, client);
	return sts_limiter_look(&s->client_checks, sts_str_of(client), sts_now_ms());
}

/* Being on this machine is a right of programs, of this server's own pages, and of nobody else's: a browser here shows the
 * whole web. */
bool call_may_monitor(const struct call *call)
{
	if (call->key != NULL && (call->key->scopes & STS_SCOPE_MONITOR) != 0)
		return true;
	return call->client.local && call->origin == STS_ORIGIN_SAME;
}

enum sts_admission call_admit(struct call *call, const char *domain, unsigned *retry_after_s)
{
	struct sts_server *s = call->server;
	const char *base = sts_domain_registrable(domain);
	struct sts_allowance a = take_check(call);
	bool of_client = !a.allowed;

	/* the client pays first, so that nobody can use up a domain's allowance for the others beyond his own */
	if (a.allowed)
		a = sts_limiter_take(&s->domain_checks, sts_str_of(base != NULL ? base : domain), 1, sts_now_ms());
	if (a.allowed)
		return STS_ADMIT;
	s->metrics.limits[of_client ? STS_LIMIT_CHECKS : STS_LIMIT_DOMAIN]++;
	*retry_after_s = a.retry_after_s;
	return of_client ? STS_ADMIT_CLIENT_LIMIT : STS_ADMIT_DOMAIN_LIMIT;
}

struct sts_allowance call_take_request(struct call *call)
{
	struct sts_server *s = call->server;
	char client[48];

	if (call->key != NULL)
		return sts_bucket_take(&allowances_of(call)->requests,
			times(s->options.requests, s->options.key_factor), 1, sts_now_ms());
	sts_client_key(&call->client.address, client);
	return sts_limiter_take(&s->client_requests, sts_str_of(client), 1, sts_now_ms());
}

static void add_rate(
	struct sts_buf *policy, struct sts_buf *state, const char *name, struct sts_rate rate, struct sts_allowance a)
{
	if (rate.quota == 0)
		return;
	sts_buf_printf(policy, "%s\"%s\";q=%u;w=%u", policy->len > 0 ? ", " : "", name, rate.quota, rate.window_s);
	sts_buf_printf(state, "%s\"%s\";r=%u;t=%u", state->len > 0 ? ", " : "", name, a.left, a.reset_s);
}

/* [draft-ietf-httpapi-ratelimit-headers-10] */
static void rate_headers(struct call *call)
{
	const struct sts_server_options *o = &call->server->options;
	unsigned factor = call->key != NULL ? o->key_factor : 1;
	struct sts_buf policy, state;

	if (!call->counted)
		return;
	sts_buf_init(&policy, 256);
	sts_buf_init(&state, 256);
	add_rate(&policy, &state, "requests", times(o->requests, factor), call->requests);
	if (call->makes_checks)
		add_rate(&policy, &state, "checks", times(o->checks, factor), look_at_checks(call));
	if (policy.len > 0) {
		sts_exchange_header(call->x, "RateLimit-Policy", policy.ptr);
		sts_exchange_header(call->x, "RateLimit", state.ptr);
	}
	sts_buf_clear(&policy);
	sts_buf_clear(&state);
}
