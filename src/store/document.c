#include "store/document.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <stdio.h>

#define SCHEMA "mtasts.observation/1"

/* ---- writing --------------------------------------------------------------------------------------------------- */

static void write_texts(struct sts_jsonw *w, const char *key, const char *const *texts, size_t count)
{
	sts_jw_array(w, key);
	for (size_t i = 0; i < count; i++)
		sts_jw_cstr(w, NULL, texts[i]);
	sts_jw_end_array(w);
}

static void write_record(struct sts_jsonw *w, const struct sts_observed_record *r)
{
	sts_jw_object(w, "record");
	sts_jw_cstr(w, "state", sts_standing_name(r->standing));
	sts_jw_bool(w, "usable", r->usable);
	sts_jw_cstr(w, "id", r->id);
	write_texts(w, "texts", r->texts, r->text_count);
	sts_jw_end_object(w);
}

static void write_policy(struct sts_jsonw *w, const struct sts_observed_policy *p)
{
	sts_jw_object(w, "policy");
	sts_jw_cstr(w, "state", sts_standing_name(p->standing));
	sts_jw_cstr(w, "sha256", p->sha256[0] != '\0' ? p->sha256 : NULL);
	sts_jw_bool(w, "served", p->served);
	sts_jw_bool(w, "usable", p->usable);
	sts_jw_cstr(w, "mode", sts_mode_name(p->mode));
	if (p->max_age_s >= 0)
		sts_jw_int(w, "max_age", p->max_age_s);
	else
		sts_jw_null(w, "max_age");
	write_texts(w, "mx", p->mx, p->mx_count);
	sts_jw_end_object(w);
}

static void write_mx(struct sts_jsonw *w, const struct sts_observation *o)
{
	sts_jw_object(w, "mx");
	sts_jw_cstr(w, "state", sts_standing_name(o->mx_standing));
	sts_jw_array(w, "hosts");
	for (size_t i = 0; i < o->mx_count; i++) {
		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "host", o->mx[i].host);
		sts_jw_int(w, "preference", o->mx[i].preference);
		sts_jw_bool(w, "implicit", o->mx[i].implicit);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
	sts_jw_end_object(w);
}

static void write_certs(struct sts_jsonw *w, const struct sts_observation *o)
{
	sts_jw_array(w, "certificates");
	for (size_t i = 0; i < o->cert_count; i++) {
		const struct sts_observed_cert *c = &o->certs[i];

		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "role", c->policy_host ? "policy-host" : "mx");
		sts_jw_cstr(w, "host", c->host);
		write_texts(w, "addresses", c->addresses, c->address_count);
		sts_jw_cstr(w, "sha256", c->sha256);
		sts_jw_cstr(w, "spki_sha256", c->spki_sha256);
		sts_jw_cstr(w, "subject", c->subject);
		sts_jw_cstr(w, "issuer", c->issuer);
		sts_jw_time(w, "not_before", c->not_before);
		sts_jw_time(w, "not_after", c->not_after);
		sts_jw_cstr(w, "problems", c->problems);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
}

static void write_judgement(struct sts_jsonw *w, const struct sts_observation *o)
{
	sts_jw_array(w, "findings");
	for (size_t i = 0; i < o->finding_count; i++) {
		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "code", o->findings[i].code);
		sts_jw_cstr(w, "severity", sts_severity_name(o->findings[i].severity));
		sts_jw_cstr(w, "subject", o->findings[i].subject);
		sts_jw_cstr(w, "cause", o->findings[i].cause);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
	sts_jw_array(w, "not_tested");
	for (size_t i = 0; i < o->not_tested_count; i++) {
		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "what", o->not_tested[i].what);
		sts_jw_cstr(w, "reason", o->not_tested[i].reason);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
	sts_jw_array(w, "unseen");
	for (size_t i = 0; i < o->unseen_count; i++) {
		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "codes", o->unseen[i].codes);
		sts_jw_cstr(w, "name", o->unseen[i].name);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
}

static void write_yes_no(struct sts_jsonw *w, const char *key, enum sts_yes_no v)
{
	if (v == STS_YN_UNKNOWN)
		sts_jw_null(w, key);
	else
		sts_jw_bool(w, key, v == STS_YES);
}

static void write_vantage(struct sts_jsonw *w, const struct sts_observed_vantage *v)
{
	sts_jw_object(w, "vantage");
	sts_jw_cstr(w, "resolver", v->resolver);
	sts_jw_bool(w, "dnssec_validation", v->validated);
	write_yes_no(w, "ipv4", v->ipv4);
	write_yes_no(w, "ipv6", v->ipv6);
	write_yes_no(w, "smtp", v->smtp);
	sts_jw_cstr(w, "version", v->version);
	sts_jw_end_object(w);
}

void sts_document_write(struct sts_jsonw *w, const char *key, const struct sts_observation *o)
{
	sts_jw_object(w, key);
	sts_jw_cstr(w, "schema", SCHEMA);
	sts_jw_cstr(w, "domain", o->domain);
	sts_jw_cstr(w, "verdict", o->verdict);
	sts_jw_cstr(w, "status", o->status);
	write_record(w, &o->record);
	write_policy(w, &o->policy);
	write_mx(w, o);
	write_certs(w, o);
	sts_jw_object(w, "tls_rpt");
	sts_jw_cstr(w, "state", sts_standing_name(o->rpt_standing));
	write_texts(w, "texts", o->rpt, o->rpt_count);
	sts_jw_end_object(w);
	write_judgement(w, o);
	write_vantage(w, &o->vantage);
	sts_jw_end_object(w);
}

/* ---- reading: members ------------------------------------------------------------------------------------------ */

/* A document being read; remembers its first fault. */
struct reading {
	struct sts_arena *arena;
	const char *why;
};

static void refuse(struct reading *r, const char *name, const char *fault)
{
	if (r->why == NULL)
		r->why = sts_sprintf(r->arena, "member \"%s\" %s", name, fault);
}

static bool is_clean(struct sts_str s)
{
	uint32_t cp;
	size_t step;

	for (; s.len > 0; s = sts_str_from(s, step)) {
		step = sts_utf8_take(s, &cp);
		if (step == 0 || sts_char_unsafe(cp))
			return false;
	}
	return true;
}

/* A string of a member; NULL for null where that is allowed. */
static const char *text(struct reading *r, const struct sts_json *object, const char *name, bool optional)
{
	const struct sts_json *v = sts_json_get(object, name);

	if (sts_json_is(v, STS_JSON_NULL) && optional)
		return NULL;
	if (!sts_json_is(v, STS_JSON_STRING)) {
		refuse(r, name, "is not a string");
		return "";
	}
	if (!is_clean(v->text)) {
		refuse(r, name, "holds a control character");
		return "";
	}
	return sts_strndup(r->arena, v->text.ptr, v->text.len);
}

static bool boolean(struct reading *r, const struct sts_json *object, const char *name)
{
	const struct sts_json *v = sts_json_get(object, name);

	if (!sts_json_is(v, STS_JSON_TRUE) && !sts_json_is(v, STS_JSON_FALSE))
		refuse(r, name, "is neither true nor false");
	return sts_json_is(v, STS_JSON_TRUE);
}

static enum sts_yes_no yes_no(struct reading *r, const struct sts_json *object, const char *name)
{
	if (sts_json_is(sts_json_get(object, name), STS_JSON_NULL))
		return STS_YN_UNKNOWN;
	return boolean(r, object, name) ? STS_YES : STS_NO;
}

static int64_t integer(struct reading *r, const struct sts_json *object, const char *name, int64_t min, int64_t max)
{
	const struct sts_json *v = sts_json_get(object, name);

	if (sts_json_is(v, STS_JSON_INT) && v->integer >= min && v->integer <= max)
		return v->integer;
	refuse(r, name, "is not a whole number in range");
	return min;
}

static int64_t moment(struct reading *r, const struct sts_json *object, const char *name)
{
	int64_t at = 0;

	if (!sts_parse_time(text(r, object, name, false), &at))
		refuse(r, name, "is not a date and time");
	return at;
}

/* An array or object of a member; an empty one after a fault. */
static const struct sts_json *nested(
	struct reading *r, const struct sts_json *object, const char *name, enum sts_json_type type)
{
	static const struct sts_json empty;
	const struct sts_json *v = sts_json_get(object, name);

	if (sts_json_is(v, type))
		return v;
	refuse(r, name, type == STS_JSON_ARRAY ? "is not an array" : "is not an object");
	return &empty;
}

/* Index of a string in words (count of them). */
static size_t word(
	struct reading *r, const struct sts_json *object, const char *name, const char *const *words, size_t count)
{
	const char *s = text(r, object, name, false);

	for (size_t i = 0; i < count; i++)
		if (strcmp(s, words[i]) == 0)
			return i;
	refuse(r, name, "is not a word known here");
	return 0;
}

static const char **texts(struct reading *r, const struct sts_json *object, const char *name, size_t *count)
{
	const struct sts_json *list = nested(r, object, name, STS_JSON_ARRAY);
	const char **out = sts_alloc_array(r->arena, list->count + 1, sizeof *out);

	for (size_t i = 0; i < list->count; i++) {
		const struct sts_json *v = &list->items[i];

		if (!sts_json_is(v, STS_JSON_STRING) || !is_clean(v->text)) {
			refuse(r, name, "holds something that is no clean text");
			return out;
		}
		out[(*count)++] = sts_strndup(r->arena, v->text.ptr, v->text.len);
	}
	return out;
}

static bool is_digest(const char *s)
{
	size_t len = strspn(s, "0123456789abcdef");

	return len == 64 && s[len] == '\0';
}

static bool is_host(const char *s)
{
	size_t len = strlen(s);

	if (len == 0 || len > 253)
		return false;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || *s == '/' || (*s >= 'A' && *s <= 'Z'))
			return false;
	return true;
}

static const char *host(struct reading *r, const struct sts_json *object, const char *name)
{
	const char *s = text(r, object, name, false);

	/* Escaped octets of a strange name may make it longer and stand there in capitals. */
	if (!is_host(s) && strchr(s, '\\') == NULL)
		refuse(r, name, "is no host name in lower case");
	return s;
}

static const char *digest(struct reading *r, const struct sts_json *object, const char *name)
{
	const char *s = text(r, object, name, false);

	if (!is_digest(s))
		refuse(r, name, "is no SHA-256 in lower-case hex");
	return s;
}

static enum sts_standing standing(struct reading *r, const struct sts_json *object)
{
	static const char *const words[] = {"unseen", "present", "gone"};

	return (enum sts_standing)word(r, object, "state", words, 3);
}

/* ---- reading: parts -------------------------------------------------------------------------------------------- */

static void read_record(struct reading *r, const struct sts_json *doc, struct sts_observed_record *out)
{
	const struct sts_json *o = nested(r, doc, "record", STS_JSON_OBJECT);

	out->standing = standing(r, o);
	out->usable = boolean(r, o, "usable");
	out->id = text(r, o, "id", true);
	out->texts = texts(r, o, "texts", &out->text_count);
	out->ttl_s = -1;
	if (out->usable != (out->id != NULL))
		refuse(r, "id", "is there without a usable record, or lacks");
}

static void read_policy(struct reading *r, const struct sts_json *doc, struct sts_observed_policy *out)
{
	static const char *const modes[] = {"", "enforce", "testing", "none"};
	const struct sts_json *o = nested(r, doc, "policy", STS_JSON_OBJECT);

	out->standing = standing(r, o);
	if (out->standing == STS_PRESENT)
		snprintf(out->sha256, sizeof out->sha256, "%s", digest(r, o, "sha256"));
	out->served = boolean(r, o, "served");
	out->usable = boolean(r, o, "usable");
	if (!sts_json_is(sts_json_get(o, "mode"), STS_JSON_NULL))
		out->mode = (enum sts_mode)word(r, o, "mode", modes, 4);
	out->max_age_s = -1;
	if (!sts_json_is(sts_json_get(o, "max_age"), STS_JSON_NULL))
		out->max_age_s = integer(r, o, "max_age", 0, STS_MAX_AGE_MAX);
	out->mx = texts(r, o, "mx", &out->mx_count);
	if (out->standing != STS_PRESENT && (out->served || out->usable))
		refuse(r, "policy", "is usable without being there");
}

static void read_mx(struct reading *r, const struct sts_json *doc, struct sts_observation *out)
{
	const struct sts_json *o = nested(r, doc, "mx", STS_JSON_OBJECT);
	const struct sts_json *list = nested(r, o, "hosts", STS_JSON_ARRAY);

	out->mx_standing = standing(r, o);
	out->mx = sts_alloc_array(r->arena, list->count + 1, sizeof *out->mx);
	for (size_t i = 0; i < list->count && r->why == NULL; i++) {
		struct sts_observed_mx *mx = &out->mx[out->mx_count++];

		mx->host = host(r, &list->items[i], "host");
		mx->preference = (uint16_t)integer(r, &list->items[i], "preference", 0, UINT16_MAX);
		mx->implicit = boolean(r, &list->items[i], "implicit");
	}
}

static void read_cert(struct reading *r, const struct sts_json *o, struct sts_observed_cert *out)
{
	static const char *const roles[] = {"mx", "policy-host"};

	out->policy_host = word(r, o, "role", roles, 2) == 1;
	out->host = host(r, o, "host");
	out->addresses = texts(r, o, "addresses", &out->address_count);
	out->sha256 = digest(r, o, "sha256");
	out->spki_sha256 = text(r, o, "spki_sha256", false);
	out->subject = text(r, o, "subject", false);
	out->issuer = text(r, o, "issuer", false);
	out->not_before = moment(r, o, "not_before");
	out->not_after = moment(r, o, "not_after");
	out->problems = text(r, o, "problems", false);
}

static void read_certs(struct reading *r, const struct sts_json *doc, struct sts_observation *out)
{
	const struct sts_json *list = nested(r, doc, "certificates", STS_JSON_ARRAY);

	out->certs = sts_alloc_array(r->arena, list->count + 1, sizeof *out->certs);
	for (size_t i = 0; i < list->count && r->why == NULL; i++)
		read_cert(r, &list->items[i], &out->certs[out->cert_count++]);
}

static bool is_code(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-");

	return len > 0 && len <= 64 && s[len] == '\0';
}

static void read_findings(struct reading *r, const struct sts_json *doc, struct sts_observation *out)
{
	static const char *const severities[] = {"info", "notice", "warning", "error"};
	const struct sts_json *list = nested(r, doc, "findings", STS_JSON_ARRAY);

	out->findings = sts_alloc_array(r->arena, list->count + 1, sizeof *out->findings);
	for (size_t i = 0; i < list->count && r->why == NULL; i++) {
		struct sts_observed_finding *f = &out->findings[out->finding_count++];

		f->code = text(r, &list->items[i], "code", false);
		f->severity = (enum sts_severity)word(r, &list->items[i], "severity", severities, 4);
		f->subject = text(r, &list->items[i], "subject", false);
		f->cause = text(r, &list->items[i], "cause", true);
		if (!is_code(f->code))
			refuse(r, "code", "is no code of a finding");
	}
}

static void read_untested(struct reading *r, const struct sts_json *doc, struct sts_observation *out)
{
	const struct sts_json *list = nested(r, doc, "not_tested", STS_JSON_ARRAY);
	const struct sts_json *unseen = nested(r, doc, "unseen", STS_JSON_ARRAY);

	out->not_tested = sts_alloc_array(r->arena, list->count + 1, sizeof *out->not_tested);
	for (size_t i = 0; i < list->count && r->why == NULL; i++) {
		struct sts_not_tested *n = &out->not_tested[out->not_tested_count++];

		n->what = text(r, &list->items[i], "what", false);
		n->reason = text(r, &list->items[i], "reason", false);
	}
	out->unseen = sts_alloc_array(r->arena, unseen->count + 1, sizeof *out->unseen);
	for (size_t i = 0; i < unseen->count && r->why == NULL; i++) {
		struct sts_unseen *u = &out->unseen[out->unseen_count++];

		u->codes = text(r, &unseen->items[i], "codes", false);
		u->name = text(r, &unseen->items[i], "name", false);
	}
}

static void read_vantage(struct reading *r, const struct sts_json *doc, struct sts_observed_vantage *out)
{
	const struct sts_json *o = nested(r, doc, "vantage", STS_JSON_OBJECT);

	out->resolver = text(r, o, "resolver", false);
	out->validated = boolean(r, o, "dnssec_validation");
	out->ipv4 = yes_no(r, o, "ipv4");
	out->ipv6 = yes_no(r, o, "ipv6");
	out->smtp = yes_no(r, o, "smtp");
	out->version = text(r, o, "version", false);
}

static void read_head(struct reading *r, const struct sts_json *doc, struct sts_observation *out)
{
	static const char *const verdicts[] = {
		"unknown", "absent", "broken", "blocking", "none", "testing", "enforced"};
	static const char *const statuses[] = {"SUCCESS", "WARNING", "FAIL", "ERROR"};

	if (!sts_str_is(sts_json_text(doc, "schema"), SCHEMA))
		refuse(r, "schema", "is not " SCHEMA);
	out->domain = host(r, doc, "domain");
	if (!is_host(out->domain))
		refuse(r, "domain", "is no domain");
	out->verdict = verdicts[word(r, doc, "verdict", verdicts, 7)];
	out->status = statuses[word(r, doc, "status", statuses, 4)];
}

enum sts_err sts_document_read(
	const struct sts_json *doc, struct sts_arena *arena, struct sts_observation *out, const char **why)
{
	struct reading r = {.arena = arena};
	struct sts_observation o = {0};
	const struct sts_json *rpt;

	read_head(&r, doc, &o);
	read_record(&r, doc, &o.record);
	read_policy(&r, doc, &o.policy);
	read_mx(&r, doc, &o);
	read_certs(&r, doc, &o);
	rpt = nested(&r, doc, "tls_rpt", STS_JSON_OBJECT);
	o.rpt_standing = standing(&r, rpt);
	o.rpt = texts(&r, rpt, "texts", &o.rpt_count);
	read_findings(&r, doc, &o);
	read_untested(&r, doc, &o);
	read_vantage(&r, doc, &o.vantage);
	if (r.why != NULL) {
		*why = r.why;
		return STS_EINVAL;
	}
	*out = o;
	return STS_OK;
}

void sts_document_reread_policy(struct sts_observation *o, struct sts_str body, struct sts_arena *arena)
{
	struct sts_observed_policy *p = &o->policy;
	struct sts_policy parsed;

	sts_policy_parse(body, arena, &parsed);
	p->body = body;
	p->usable = parsed.usable;
	p->mode = parsed.mode;
	p->max_age_s = parsed.has_max_age ? parsed.max_age_s : -1;
	p->mx = NULL;
	p->mx_count = 0;
	for (size_t i = 0; i < parsed.mx_count; i++)
		if (parsed.mx[i].valid)
			*STS_PUSH(arena, p->mx, p->mx_count) =
				sts_observe_text(arena, sts_str(parsed.mx[i].text, parsed.mx[i].len));
}
