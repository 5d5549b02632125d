#include "check/unseen.h"

#include "check/view.h"

struct collector {
	struct sts_arena *arena;
	struct sts_observation *out;
	const char *whole[16]; /* groups that are not seen at all */
	size_t whole_count;
};

static bool is_whole(const struct collector *c, const char *codes)
{
	for (size_t i = 0; i < c->whole_count; i++)
		if (strcmp(c->whole[i], codes) == 0)
			return true;
	return false;
}

static void add(struct collector *c, const char *codes, const char *name)
{
	struct sts_observation *o = c->out;
	const char *shown;

	if (is_whole(c, codes))
		return;
	/* Too many to tell apart: then nothing of the group counts as seen. */
	if (o->unseen_count >= STS_UNSEEN_MAX)
		name = "";
	shown = sts_observe_text(c->arena, sts_str_of(name));
	for (size_t i = 0; i < o->unseen_count; i++)
		if (strcmp(o->unseen[i].codes, codes) == 0 && strcmp(o->unseen[i].name, shown) == 0)
			return;
	if (name[0] == '\0' && c->whole_count < sizeof c->whole / sizeof *c->whole)
		c->whole[c->whole_count++] = codes;
	*STS_PUSH(c->arena, o->unseen, o->unseen_count) = (struct sts_unseen){codes, shown};
}

/* An address could not be seen; neither could what is told of its host as a whole. */
static void add_spot(struct collector *c, const char *codes, const char *host, const char *address)
{
	add(c, codes, host);
	add(c, codes, address);
}

/* ---- record and policy host ------------------------------------------------------------------------------------ */

static bool servers_asked(const struct sts_facts *f)
{
	size_t asked = 0;

	for (size_t i = 0; i < f->nameserver_count; i++)
		asked += !f->nameservers[i].not_tested;
	return asked > 0;
}

static void collect_record(struct collector *c, const struct sts_facts *f)
{
	if (!sts_answer_certain(&f->record)) {
		add(c, "record.", "");
		add(c, "deleg.", "");
		add(c, "policy.without-record", "");
	} else if (!servers_asked(f)) {
		add(c, "record.servers-differ", "");
	}
}

static void collect_fetch(struct collector *c, const char *host, const struct sts_fetch *f)
{
	bool asked = f->end != STS_FETCH_NOT_TRIED && f->end != STS_FETCH_NO_FAMILY && f->end != STS_FETCH_CANCELLED &&
		     f->end != STS_FETCH_PRIVATE;

	if (!asked)
		add_spot(c, "host.tcp.", host, f->address.text);
	if (f->reached < STS_AT_TCP)
		add_spot(c, "host.tls.", host, f->address.text);
	if (f->tls.chain_count == 0)
		add_spot(c, "host.cert.", host, f->address.text);
	if (f->reached < STS_AT_HTTP)
		add_spot(c, "host.http.", host, f->address.text);
	if (!asked) {
		add(c, "host.address", "");
		add(c, "deleg.orphan", "");
	}
}

static void collect_host(struct collector *c, const struct sts_facts *f)
{
	if (sts_policy_standing(f) == STS_GONE)
		return;
	if (!sts_answer_certain(&f->policy_host.a) || !sts_answer_certain(&f->policy_host.aaaa)) {
		add(c, "host.", "");
		add(c, "deleg.", "");
	}
	for (size_t i = 0; i < f->fetch_count; i++)
		collect_fetch(c, f->policy_host.name, &f->fetches[i]);
	if (sts_policy_state(f) == STS_POLICY_UNKNOWN)
		add(c, "record.without-policy", "");
	if (f->policy == NULL) {
		add(c, "policy.", "");
		add(c, "mode.", "");
	}
}

/* ---- mail hosts ------------------------------------------------------------------------------------------------ */

static bool smtp_answered(const struct sts_smtp *s)
{
	switch (s->end) {
	case STS_SMTP_NOT_TRIED:
	case STS_SMTP_PRIVATE:
	case STS_SMTP_NO_FAMILY:
	case STS_SMTP_TCP_REFUSED:
	case STS_SMTP_TCP_TIMEOUT:
	case STS_SMTP_TCP_UNREACHABLE:
	case STS_SMTP_GREETING_4XX:
	case STS_SMTP_CANCELLED:
		return false;
	default:
		return true;
	}
}

static void collect_smtp(struct collector *c, const char *host, const struct sts_smtp *s)
{
	if (!smtp_answered(s)) {
		add_spot(c, "mx.smtp.", host, s->address.text);
		add(c, "mx.addresses-differ", host);
	}
	if (!smtp_answered(s) || s->end < STS_SMTP_NO_STARTTLS)
		if (s->end != STS_SMTP_OK)
			add_spot(c, "mx.starttls.", host, s->address.text);
	if (s->tls.state == STS_TLS_NOT_TRIED)
		add_spot(c, "mx.tls.", host, s->address.text);
	if (s->tls.chain_count == 0) {
		add_spot(c, "mx.cert.", host, s->address.text);
		add_spot(c, "dane.mismatch", host, s->address.text);
	}
}

static void collect_mx_host(struct collector *c, const struct sts_mx *mx)
{
	if (!sts_answer_certain(&mx->host.a) || !sts_answer_certain(&mx->host.aaaa)) {
		add(c, "mx.", mx->name);
		add(c, "dane.mismatch", mx->name);
	}
	if (!sts_answer_certain(&mx->tlsa))
		add(c, "dane.", mx->name);
	for (size_t i = 0; i < mx->smtp_count; i++)
		collect_smtp(c, mx->name, &mx->smtp[i]);
}

static void collect_mx(struct collector *c, const struct sts_facts *f)
{
	if (!sts_answer_certain(&f->mx_answer)) {
		add(c, "mx.", "");
		add(c, "dane.", "");
	}
	if (!sts_answer_certain(&f->mx_answer) || (f->policy == NULL && sts_policy_standing(f) != STS_GONE))
		add(c, "match.", "");
	for (size_t i = 0; i < f->mx_count; i++)
		if (!f->mx[i].null_mx)
			collect_mx_host(c, &f->mx[i]);
}

/* ---- the rest -------------------------------------------------------------------------------------------------- */

static void collect_rpt(struct collector *c, const struct sts_facts *f)
{
	if (!sts_answer_certain(&f->rpt)) {
		add(c, "rpt.", "");
		add(c, "mode.testing-without-reports", "");
	}
	for (size_t i = 0; i < f->rua_count; i++)
		if (f->rua[i].state == STS_RUA_NOT_TESTED)
			add(c, "rpt.rua-", "");
}

static void collect_time(struct collector *c, const struct sts_facts *f)
{
	if (f->past == NULL || sts_record_standing(f) == STS_UNSEEN || sts_policy_standing(f) == STS_UNSEEN ||
		!sts_answer_certain(&f->mx_answer))
		add(c, "time.", "");
}

void sts_unseen_collect(const struct sts_facts *facts, struct sts_arena *arena, struct sts_observation *out)
{
	struct collector c = {.arena = arena, .out = out};

	out->unseen = NULL;
	out->unseen_count = 0;
	collect_record(&c, facts);
	collect_host(&c, facts);
	collect_mx(&c, facts);
	collect_rpt(&c, facts);
	collect_time(&c, facts);
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

static bool is_name_char(char c)
{
	return sts_is_alnum(c) || c == '-' || c == '.' || c == ':' || c == '_';
}

/* The name stands in the subject, not as a part of a longer name. */
static bool holds_name(const char *subject, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = subject; (at = strstr(at, name)) != NULL; at++)
		if ((at == subject || !is_name_char(at[-1])) && !is_name_char(at[len]))
			return true;
	return false;
}

bool sts_finding_visible(const struct sts_observation *o, const char *code, const char *subject)
{
	for (size_t i = 0; i < o->unseen_count; i++) {
		const struct sts_unseen *u = &o->unseen[i];

		if (strncmp(code, u->codes, strlen(u->codes)) == 0 &&
			(u->name[0] == '\0' || holds_name(subject, u->name)))
			return false;
	}
	return true;
}
