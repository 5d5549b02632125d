#include "scan/keys.h"

#include "monitor/cause.h"
#include "render/words.h"

/* Keys of one report are few; one that is there already is not added again. */
struct keys {
	struct sts_buf *out;
	size_t from;
};

static void add(struct keys *k, const char *kind, const char *name, const char *more)
{
	size_t before = k->out->len;
	size_t len;

	sts_buf_printf(k->out, "%s%s%s\n", kind, name, more);
	len = k->out->len - before;
	if (before > k->from && memmem(k->out->ptr + k->from, before - k->from, k->out->ptr + before, len) != NULL)
		k->out->len = before;
}

/* Layers in which a field study counts misconfigured domains.  [Ashiq, Fiebig, Chung, IMC 2025] */
static const struct {
	const char *code; /* begins with */
	const char *layer;
} layers[] = {
	{"record.", "record"},
	{"host.dns.", "host.dns"},
	{"host.tcp.", "host.tcp"},
	{"host.tls.", "host.tls"},
	{"host.cert.", "host.tls"},
	{"host.http.", "host.http"},
	{"policy.", "policy.syntax"},
	{"mx.dns.", "mx.dns"},
	{"mx.starttls.", "mx.starttls"},
	{"mx.smtp.", "mx.starttls"},
	{"mx.tls.", "mx.starttls"},
	{"mx.cert.", "mx.pkix"},
	{"dane.", "dane"},
	{"deleg.", "deleg.orphan"},
	{"rpt.rua-", "rpt.destination"},
	{"rpt.", "rpt.record"},
	{"time.", "time"},
};

static void add_layer(struct keys *k, const struct sts_finding *f)
{
	if (strcmp(f->code, "record.without-policy") == 0)
		return; /* tells the consequence of one below */
	if (strcmp(f->code, "match.mx-uncovered") == 0) {
		add(k, "l:match.", f->cause != NULL ? f->cause : "other", "");
		return;
	}
	for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
		if (strncmp(f->code, layers[i].code, strlen(layers[i].code)) == 0) {
			add(k, "l:", layers[i].layer, "");
			return;
		}
	}
}

/* A fault whatever the policy's mode makes of it. */
static bool is_fault(const struct sts_report *r, size_t i)
{
	return r->findings[i].severity == STS_ERROR || sts_catalogue(r->ids[i])->severity == STS_BY_MODE;
}

void sts_report_keys(const struct sts_report *r, struct sts_arena *arena, struct sts_buf *out)
{
	struct keys k = {out, out->len};

	if (r->has_mta_sts)
		add(&k, "s:", "record", "");
	if (sts_report_incomplete(r))
		add(&k, "s:", "incomplete", "");
	if (r->finding_count > 0)
		add(&k, "s:", sts_severity_name(r->findings[0].severity), "");
	for (size_t i = 0; i < r->finding_count; i++) {
		const struct sts_finding *f = &r->findings[i];

		/* the writer counts this one, by verdict */
		if (strcmp(f->code, "record.absent") != 0)
			add(&k, "f:", f->code, "");
		if (is_fault(r, i))
			add_layer(&k, f);
		if (f->severity >= STS_WARNING && r->has_mta_sts) {
			const char *cause = sts_cause_of(r, i, arena);

			if (sts_cause_is_shared(cause))
				add(&k, "c:", cause, "");
		}
	}
}
