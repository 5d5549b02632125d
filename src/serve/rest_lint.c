/* POST /v1/lint: a policy or records judged offline. */
#include "serve/lint.h"
#include "serve/routes.h"

#include "base/clock.h"
#include "proto/domain.h"
#include "render/lint.h"

#define HOSTS_MAX 50
#define TEXTS_MAX 50

/* Lines of the body, without their ends; empty ones do not count. */
static size_t split_lines(struct sts_str body, struct sts_str texts[static TEXTS_MAX])
{
	size_t count = 0;

	while (body.len > 0 && count < TEXTS_MAX) {
		size_t end = sts_str_find(body, '\n', 0);
		struct sts_str line = sts_str(body.ptr, end);

		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (line.len > 0)
			texts[count++] = line;
		body = sts_str_from(body, end + 1);
	}
	return count;
}

void sts_serve_lint(struct sts_str body, enum sts_lint_kind kind, const struct sts_lint_params *params,
	struct sts_arena *arena, struct sts_lint *out)
{
	struct sts_str texts[TEXTS_MAX];
	size_t count;

	if (kind == STS_LINT_POLICY) {
		sts_lint_policy(body, params, arena, out);
		return;
	}
	count = split_lines(body, texts);
	if (kind == STS_LINT_RECORD)
		sts_lint_record(texts, count, params, arena, out);
	else
		sts_lint_tlsrpt(texts, count, params, arena, out);
}

bool sts_lint_kind_parse(const char *word, enum sts_lint_kind *out)
{
	for (int i = STS_LINT_POLICY; i <= STS_LINT_TLSRPT; i++) {
		if (strcmp(word, sts_lint_kind_name((enum sts_lint_kind)i)) == 0) {
			*out = (enum sts_lint_kind)i;
			return true;
		}
	}
	return false;
}

static bool bad_parameter(struct call *call, const char *detail)
{
	call_problem(call, 400, "invalid-parameter", detail);
	return false;
}

static bool read_hosts(struct call *call, struct sts_lint_params *params)
{
	const char **hosts = sts_alloc_array(call->arena, HOSTS_MAX, sizeof *hosts);

	params->hosts = hosts;
	return call_query_list(call, "mx", hosts, HOSTS_MAX, &params->host_count) ||
	       bad_parameter(call, "The parameter mx is a host name in UTF-8 and percent-encoding, at most 50 times.");
}

/* False: answered already. */
static bool read_query(struct call *call, enum sts_lint_kind *kind, struct sts_lint_params *params)
{
	const char *word = "policy";
	const char *domain = NULL;
	struct sts_domain d;
	const char *why = NULL;

	if (call_query(call, "kind", &word) > 1 || !sts_lint_kind_parse(word, kind))
		return bad_parameter(call, "The parameter kind is policy, record or tlsrpt, once.");
	switch (call_query(call, "domain", &domain)) {
	case 0:
		break;
	case 1:
		if (sts_domain_parse(sts_str_of(domain), call->arena, &d, &why) != STS_OK) {
			call_problem(call, 400, "invalid-domain", why);
			return false;
		}
		params->domain = d.ascii;
		break;
	default:
		return bad_parameter(
			call, "The parameter domain is there twice, or is no UTF-8 text in percent-encoding.");
	}
	return read_hosts(call, params);
}

void rest_lint(struct call *call)
{
	struct sts_lint_params params = {.judged_at = sts_now_s()};
	enum sts_lint_kind kind = STS_LINT_POLICY;
	struct sts_lint *lint = STS_NEW(call->arena, struct sts_lint);
	struct sts_buf b;
	struct sts_jsonw w;

	if (!sts_content_is(call->request, "text/plain")) {
		call_problem(call, 415, NULL, "The body is to be text/plain, and to say so in Content-Type.");
		return;
	}
	if (!sts_accepts(call->request, "application/json")) {
		call_problem(call, 406, NULL, "The answer is application/json, which the Accept header does not take.");
		return;
	}
	if (!read_query(call, &kind, &params))
		return;
	sts_serve_lint(sts_exchange_body(call->x), kind, &params, call->arena, lint);
	sts_buf_init(&b, STS_LINT_JSON_MAX);
	w = sts_jsonw(&b, false);
	sts_json_lint(&w, NULL, lint);
	sts_buf_addc(&b, '\n');
	call_json(call, sts_buf_str(&b));
	sts_buf_clear(&b);
}
