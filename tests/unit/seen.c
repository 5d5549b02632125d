#include "seen.h"

#include "net/cert.h"

#include <stdio.h>
#include <stdlib.h>

static bool unknown(const char *s)
{
	return s != NULL && strcmp(s, "?") == 0;
}

static enum sts_standing standing(const char *s)
{
	return unknown(s) ? STS_UNSEEN : s == NULL ? STS_GONE : STS_PRESENT;
}

/* The next word of *s, or NULL. */
static char *word(struct sts_arena *arena, const char **s, const char *separators)
{
	size_t len;
	char *out;

	*s += strspn(*s, separators);
	len = strcspn(*s, separators);
	if (len == 0)
		return NULL;
	out = sts_strndup(arena, *s, len);
	*s += len;
	return out;
}

static void make_record(struct sts_arena *arena, const char *id, struct sts_observed_record *out)
{
	out->standing = standing(id);
	out->ttl_s = -1;
	if (out->standing != STS_PRESENT)
		return;
	out->usable = true;
	out->id = id;
	out->ttl_s = 300;
	*STS_PUSH(arena, out->texts, out->text_count) = sts_sprintf(arena, "v=STSv1; id=%s;", id);
}

static void make_policy(struct sts_arena *arena, const char *body, struct sts_observed_policy *out)
{
	struct sts_policy p;

	out->standing = standing(body);
	out->max_age_s = -1;
	if (out->standing != STS_PRESENT)
		return;
	sts_policy_parse(sts_str_of(body), arena, &p);
	sts_sha256_hex(body, strlen(body), out->sha256);
	out->body = sts_str_of(sts_strdup(arena, body));
	out->served = true;
	out->usable = p.usable;
	out->mode = p.mode;
	if (p.has_max_age)
		out->max_age_s = p.max_age_s;
	for (size_t i = 0; i < p.mx_count; i++)
		if (p.mx[i].valid)
			*STS_PUSH(arena, out->mx, out->mx_count) =
				sts_observe_text(arena, sts_str(p.mx[i].text, p.mx[i].len));
}

static void make_mx(struct sts_arena *arena, const char *hosts, struct sts_observation *out)
{
	char *host;

	out->mx_standing = unknown(hosts) ? STS_UNSEEN : STS_PRESENT;
	if (hosts == NULL || unknown(hosts))
		return;
	while ((host = word(arena, &hosts, " ")) != NULL) {
		struct sts_observed_mx *mx = STS_PUSH(arena, out->mx, out->mx_count);

		mx->host = host;
		mx->preference = (uint16_t)(10 * out->mx_count);
	}
}

static void make_cert(struct sts_arena *arena, const char *letter, struct sts_observation *out)
{
	struct sts_observed_cert *c;
	char *digest;

	if (letter == NULL || out->mx_count == 0)
		return;
	digest = sts_alloc(arena, 65);
	memset(digest, letter[0], 64);
	c = STS_PUSH(arena, out->certs, out->cert_count);
	c->host = out->mx[0].host;
	*STS_PUSH(arena, c->addresses, c->address_count) = "192.0.2.1";
	c->sha256 = digest;
	c->spki_sha256 = digest;
	c->subject = sts_sprintf(arena, "CN=%s", c->host);
	c->issuer = "CN=Test CA";
	c->not_before = 1767225600;
	c->not_after = 1798761600;
	c->problems = "";
}

static enum sts_severity severity(const char *name)
{
	for (int s = STS_INFO; s < STS_ERROR; s++)
		if (strcmp(sts_severity_name((enum sts_severity)s), name) == 0)
			return (enum sts_severity)s;
	return STS_ERROR;
}

static void make_findings(struct sts_arena *arena, const char *text, struct sts_observation *out)
{
	char *item;

	if (text == NULL)
		return;
	while ((item = word(arena, &text, ",")) != NULL) {
		const char *rest = item;
		struct sts_observed_finding *f = STS_PUSH(arena, out->findings, out->finding_count);

		f->code = word(arena, &rest, " ");
		f->severity = severity(word(arena, &rest, " "));
		f->subject = sts_strdup(arena, rest + strspn(rest, " "));
	}
}

struct sts_observation *seen_make(struct sts_arena *arena, const struct seen *s)
{
	struct sts_observation *o = STS_NEW(arena, struct sts_observation);

	o->domain = s->domain != NULL ? s->domain : "example.test";
	o->at = s->at;
	o->duration_ms = 321;
	o->verdict = s->policy == NULL ? "absent" : unknown(s->policy) ? "unknown" : "enforced";
	o->status = "WARNING";
	make_record(arena, s->id, &o->record);
	make_policy(arena, s->policy, &o->policy);
	make_mx(arena, s->hosts, o);
	make_cert(arena, s->cert, o);
	o->rpt_standing = STS_UNSEEN;
	make_findings(arena, s->findings, o);
	if (s->unseen != NULL)
		*STS_PUSH(arena, o->unseen, o->unseen_count) = (struct sts_unseen){s->unseen, ""};
	o->vantage = (struct sts_observed_vantage){"192.0.2.53", true, STS_YES, STS_NO, STS_YES, "0.1.0"};
	return o;
}

const char *seen_policy(const char *mode, long max_age, const char *patterns)
{
	static char texts[8][2048];
	static unsigned next;
	char *out = texts[next++ % 8];
	char copy[1024];
	size_t len;

	len = (size_t)snprintf(out, sizeof texts[0], "version: STSv1\nmode: %s\n", mode);
	snprintf(copy, sizeof copy, "%s", patterns);
	for (char *p = strtok(copy, " "); p != NULL; p = strtok(NULL, " "))
		len += (size_t)snprintf(out + len, sizeof texts[0] - len, "mx: %s\n", p);
	snprintf(out + len, sizeof texts[0] - len, "max_age: %ld\n", max_age);
	return out;
}
