#include "check/timeline.h"

#include "base/buf.h"
#include "base/clock.h"
#include "check/unseen.h"

#include <inttypes.h>
#include <stdlib.h>

const char *sts_item_kind_name(enum sts_item_kind kind)
{
	static const char *const names[] = {
		NULL, "verdict", "record", "policy", "mode", "mx", "certificate", "tls_rpt", "finding"};

	return kind <= STS_ITEM_FINDING ? names[kind] : NULL;
}

static struct sts_item *find(const struct sts_memory *m, enum sts_item_kind kind, const char *key)
{
	for (size_t i = 0; i < m->item_count; i++)
		if (m->items[i].kind == kind && strcmp(m->items[i].key, key) == 0)
			return &m->items[i];
	return NULL;
}

const struct sts_item *sts_memory_find(const struct sts_memory *m, enum sts_item_kind kind, const char *key)
{
	return find(m, kind, key);
}

static struct sts_item *add(
	struct sts_memory *m, enum sts_item_kind kind, const char *key, const char *value, int64_t at)
{
	struct sts_item *item = STS_PUSH(m->arena, m->items, m->item_count);

	*item = (struct sts_item){kind, sts_strdup(m->arena, key), sts_strdup(m->arena, value), at, at, true};
	return item;
}

static void tell(struct sts_memory *m, const struct sts_change *change)
{
	*STS_PUSH(m->arena, m->changes, m->change_count) = *change;
}

static void seen_again(struct sts_item *item, int64_t at)
{
	item->last_at = at;
	item->dirty = true;
}

/* A value is so at a time: told when it was another one. */
static void set(struct sts_memory *m, enum sts_item_kind kind, const char *key, const char *value, int64_t at)
{
	struct sts_item *item = find(m, kind, key);
	struct sts_change change = {.at = at, .kind = kind};

	if (item != NULL && strcmp(item->value, value) == 0) {
		seen_again(item, at);
		return;
	}
	if (item != NULL) {
		change.old_value = item->value;
		change.before_at = item->last_at;
		item->value = sts_strdup(m->arena, value);
		item->since_at = at;
		seen_again(item, at);
	} else {
		item = add(m, kind, key, value, at);
	}
	change.key = item->key;
	change.new_value = item->value;
	tell(m, &change);
}

/* Something is there at a time, whatever else is. */
static void see(struct sts_memory *m, enum sts_item_kind kind, const char *key, int64_t at)
{
	struct sts_item *item = find(m, kind, key);

	if (item == NULL) {
		add(m, kind, key, "", at);
		return;
	}
	item->value = "";
	seen_again(item, at);
}

/* Of what was ever seen only this one (or none, when key is NULL) is there now. */
static void others_are_gone(struct sts_memory *m, enum sts_item_kind kind, const char *key, int64_t at)
{
	for (size_t i = 0; i < m->item_count; i++) {
		struct sts_item *item = &m->items[i];

		if (item->kind != kind || item->value[0] != '\0' || (key != NULL && strcmp(item->key, key) == 0))
			continue;
		item->value = sts_sprintf(m->arena, "%" PRId64, at);
		item->dirty = true;
	}
}

/* ---- record and policy ----------------------------------------------------------------------------------------- */

static const char *lines(struct sts_arena *arena, const char *const *texts, size_t count)
{
	struct sts_buf b;
	const char *out;

	sts_buf_init(&b, 1024 * 1024);
	for (size_t i = 0; i < count; i++)
		sts_buf_printf(&b, "%s%s", i > 0 ? "\n" : "", texts[i]);
	out = sts_strndup(arena, b.ptr == NULL ? "" : b.ptr, b.len);
	sts_buf_clear(&b);
	return out;
}

static void fold_record(struct sts_memory *m, const struct sts_observation *o)
{
	const struct sts_observed_record *r = &o->record;

	if (r->standing == STS_UNSEEN)
		return;
	set(m, STS_ITEM_RECORD, "", lines(m->scratch, r->texts, r->text_count), o->at);
	if (r->usable)
		see(m, STS_SEEN_ID, r->id, o->at);
	others_are_gone(m, STS_SEEN_ID, r->usable ? r->id : NULL, o->at);
}

static void fold_policy(struct sts_memory *m, const struct sts_observation *o)
{
	const struct sts_observed_policy *p = &o->policy;
	const char *mode;

	if (p->standing == STS_UNSEEN)
		return;
	set(m, STS_ITEM_POLICY, "", p->sha256, o->at);
	mode = p->usable ? sts_mode_name(p->mode) : NULL;
	set(m, STS_ITEM_MODE, "", p->standing == STS_GONE ? "" : mode != NULL ? mode : "unusable", o->at);
	if (p->served && p->usable)
		see(m, STS_SEEN_POLICY, p->sha256, o->at);
	others_are_gone(m, STS_SEEN_POLICY, p->sha256[0] != '\0' ? p->sha256 : NULL, o->at);
	if (p->served && p->usable && o->record.usable)
		see(m, STS_SEEN_PAIR, sts_sprintf(m->scratch, "%s %s", o->record.id, p->sha256), o->at);
}

/* ---- mail hosts and certificates ------------------------------------------------------------------------------- */

static void fold_mx(struct sts_memory *m, const struct sts_observation *o)
{
	struct sts_buf b;

	if (o->mx_standing == STS_UNSEEN)
		return;
	sts_buf_init(&b, 65536);
	for (size_t i = 0; i < o->mx_count; i++) {
		const struct sts_observed_mx *mx = &o->mx[i];

		if (i > 0)
			sts_buf_addc(&b, '\n');
		if (mx->implicit)
			sts_buf_printf(&b, "implicit %s", mx->host);
		else
			sts_buf_printf(&b, "%u %s", (unsigned)mx->preference, mx->host);
		if (strcmp(mx->host, ".") != 0)
			see(m, STS_SEEN_MX, mx->host, o->at);
	}
	set(m, STS_ITEM_MX, "", b.ptr == NULL ? "" : b.ptr, o->at);
	sts_buf_clear(&b);
}

/* The certificate of the same host that was seen last before now. */
static const struct sts_item *cert_before(const struct sts_memory *m, const char *prefix, int64_t at)
{
	const struct sts_item *latest = NULL;

	for (size_t i = 0; i < m->item_count; i++) {
		const struct sts_item *item = &m->items[i];

		if (item->kind == STS_ITEM_CERT && item->last_at < at &&
			strncmp(item->key, prefix, strlen(prefix)) == 0 &&
			(latest == NULL || item->last_at > latest->last_at))
			latest = item;
	}
	return latest;
}

/* Hosts behind one name take turns: only a certificate that was never seen there is a change. */
static void fold_cert(struct sts_memory *m, const struct sts_observed_cert *c, int64_t at)
{
	const char *prefix = sts_sprintf(m->scratch, "%s %s ", c->policy_host ? "policy-host" : "mx", c->host);
	const char *key = sts_sprintf(m->scratch, "%s%s", prefix, c->sha256);
	struct sts_item *item = find(m, STS_ITEM_CERT, key);
	const struct sts_item *before;
	struct sts_change change = {.at = at, .kind = STS_ITEM_CERT};
	char not_after[21];

	if (item != NULL) {
		seen_again(item, at);
		return;
	}
	before = cert_before(m, prefix, at);
	if (before != NULL) {
		change.before_at = before->last_at;
		change.old_value = before->value;
	}
	sts_format_time(c->not_after, not_after);
	item = add(m, STS_ITEM_CERT, key, sts_sprintf(m->scratch, "%s %s", not_after, c->subject), at);
	change.key = item->key;
	change.new_value = item->value;
	tell(m, &change);
}

/* ---- findings -------------------------------------------------------------------------------------------------- */

/* The same fault at one more address of a host is the same fault: "host [address]" counts as "host". */
static const char *finding_key(struct sts_arena *arena, const char *code, const char *subject)
{
	const char *bracket = strstr(subject, " [");
	size_t len = bracket == NULL ? strlen(subject) : (size_t)(bracket - subject);

	return sts_sprintf(arena, "%s %.*s", code, (int)len, subject);
}

static const char *finding_value(struct sts_arena *arena, enum sts_severity severity, const char *cause)
{
	return cause == NULL ? sts_severity_name(severity)
			     : sts_sprintf(arena, "%s %s", sts_severity_name(severity), cause);
}

struct present {
	const char *key;
	const char *cause;
	enum sts_severity severity;
};

/* Findings by key, the worst of each. A first visit is told once and is no state of the domain. */
static struct present *gather(struct sts_memory *m, const struct sts_observation *o, size_t *count)
{
	struct present *list = sts_alloc_array(m->scratch, o->finding_count + 1, sizeof *list);

	*count = 0;
	for (size_t i = 0; i < o->finding_count; i++) {
		const struct sts_observed_finding *f = &o->findings[i];
		const char *key = finding_key(m->scratch, f->code, f->subject);
		size_t k = 0;

		if (strcmp(f->code, "time.first-visit") == 0)
			continue;
		while (k < *count && strcmp(list[k].key, key) != 0)
			k++;
		if (k == *count)
			list[(*count)++] = (struct present){key, f->cause, f->severity};
		else if (f->severity > list[k].severity)
			list[k] = (struct present){key, f->cause, f->severity};
	}
	return list;
}

static bool is_present(const struct present *list, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].key, key) == 0)
			return true;
	return false;
}

static void fold_findings(struct sts_memory *m, const struct sts_observation *o)
{
	size_t count;
	struct present *list = gather(m, o, &count);

	for (size_t i = 0; i < m->item_count; i++) {
		const struct sts_item *item = &m->items[i];
		const char *blank = strchr(item->key, ' ');

		if (item->kind != STS_ITEM_FINDING || item->value[0] == '\0' || blank == NULL ||
			is_present(list, count, item->key))
			continue;
		if (sts_finding_visible(o, sts_strndup(m->scratch, item->key, (size_t)(blank - item->key)), blank + 1))
			set(m, STS_ITEM_FINDING, item->key, "", o->at);
	}
	for (size_t i = 0; i < count; i++)
		set(m, STS_ITEM_FINDING, list[i].key, finding_value(m->scratch, list[i].severity, list[i].cause),
			o->at);
}

/* ---- the whole ------------------------------------------------------------------------------------------------- */

void sts_memory_fold(struct sts_memory *m, const struct sts_observation *o)
{
	m->scratch = sts_arena_new();
	if (m->scratch == NULL)
		abort(); /* as every allocation that fails half-way */
	if (strcmp(o->verdict, "unknown") != 0)
		set(m, STS_ITEM_VERDICT, "", o->verdict, o->at);
	fold_record(m, o);
	fold_policy(m, o);
	fold_mx(m, o);
	for (size_t i = 0; i < o->cert_count; i++)
		fold_cert(m, &o->certs[i], o->at);
	if (o->rpt_standing != STS_UNSEEN)
		set(m, STS_ITEM_RPT, "", lines(m->scratch, o->rpt, o->rpt_count), o->at);
	fold_findings(m, o);
	if (m->first_at == 0)
		m->first_at = o->at;
	m->last_at = o->at;
	sts_arena_free(m->scratch);
	m->scratch = NULL;
}
