#include "check/past.h"

#include <stdlib.h>

/* ---- policies -------------------------------------------------------------------------------------------------- */

static bool has_pattern(const struct sts_policy *p, const struct sts_mx_pattern *wanted)
{
	for (size_t i = 0; i < p->mx_count; i++)
		if (p->mx[i].valid &&
			sts_str_eqi(sts_str(p->mx[i].text, p->mx[i].len), sts_str(wanted->text, wanted->len)))
			return true;
	return false;
}

static bool has_all_patterns(const struct sts_policy *p, const struct sts_policy *of)
{
	for (size_t i = 0; i < of->mx_count; i++)
		if (of->mx[i].valid && !has_pattern(p, &of->mx[i]))
			return false;
	return true;
}

bool sts_policy_same(const struct sts_policy *a, const struct sts_policy *b)
{
	return a->usable == b->usable && a->mode == b->mode && a->has_max_age == b->has_max_age &&
	       a->max_age_s == b->max_age_s && has_all_patterns(a, b) && has_all_patterns(b, a);
}

static int64_t max_age_of(const struct sts_past_policy *p)
{
	return p->policy.has_max_age ? p->policy.max_age_s : 0;
}

int64_t sts_past_until(const struct sts_past_policy *p)
{
	return p->last_at + max_age_of(p);
}

bool sts_past_held(const struct sts_past_policy *p, int64_t now)
{
	return p->gone_at != 0 && sts_past_until(p) > now;
}

int64_t sts_past_surely_gone(const struct sts_past_policy *p, int64_t now)
{
	return (p->gone_at > 0 ? p->gone_at : now) + max_age_of(p);
}

/* ---- building -------------------------------------------------------------------------------------------------- */

static int newest_first(const void *a, const void *b)
{
	const struct sts_item *x = *(const struct sts_item *const *)a;
	const struct sts_item *y = *(const struct sts_item *const *)b;

	if (x->last_at != y->last_at)
		return x->last_at > y->last_at ? -1 : 1;
	if (x->since_at != y->since_at)
		return x->since_at > y->since_at ? -1 : 1;
	return strcmp(x->key, y->key);
}

/* Items of a kind, last seen first. */
static const struct sts_item **of_kind(
	const struct sts_memory *m, enum sts_item_kind kind, struct sts_arena *arena, size_t *count)
{
	const struct sts_item **list = sts_alloc_array(arena, m->item_count + 1, sizeof(struct sts_item *));

	*count = 0;
	for (size_t i = 0; i < m->item_count; i++)
		if (m->items[i].kind == kind)
			list[(*count)++] = &m->items[i];
	if (*count > 1)
		qsort(list, *count, sizeof(struct sts_item *), newest_first);
	return list;
}

static int64_t number(const char *s)
{
	uint64_t v = 0;

	return sts_str_u64(sts_str_of(s), &v) ? (int64_t)v : 0;
}

static void build_policies(
	struct sts_past *past, const struct sts_memory *m, sts_body_fn *body, void *arg, struct sts_arena *arena)
{
	size_t count;
	size_t octets = 0;
	const struct sts_item **items = of_kind(m, STS_SEEN_POLICY, arena, &count);

	past->policies = sts_alloc_array(arena, count + 1, sizeof *past->policies);
	for (size_t i = 0; i < count && past->policy_count < STS_PAST_POLICIES; i++) {
		struct sts_str text = body(items[i]->key, arg);
		struct sts_past_policy *p = &past->policies[past->policy_count];

		if (text.ptr == NULL || text.len > STS_PAST_OCTETS - octets)
			continue;
		octets += text.len;
		*p = (struct sts_past_policy){.sha256 = sts_strdup(arena, items[i]->key),
			.first_at = items[i]->since_at,
			.last_at = items[i]->last_at,
			.gone_at = number(items[i]->value)};
		sts_policy_parse(text, arena, &p->policy);
		past->policy_count++;
	}
}

static const struct sts_past_policy *policy_by_digest(const struct sts_past *past, const char *sha256)
{
	for (size_t i = 0; i < past->policy_count; i++)
		if (strcmp(past->policies[i].sha256, sha256) == 0)
			return &past->policies[i];
	return NULL;
}

static void build_pairs(struct sts_past *past, const struct sts_memory *m, struct sts_arena *arena)
{
	size_t count;
	const struct sts_item **items = of_kind(m, STS_SEEN_PAIR, arena, &count);

	past->pairs = sts_alloc_array(arena, count + 1, sizeof *past->pairs);
	for (size_t i = 0; i < count; i++) {
		const char *blank = strchr(items[i]->key, ' ');
		const struct sts_past_policy *policy = blank == NULL ? NULL : policy_by_digest(past, blank + 1);

		if (policy != NULL)
			past->pairs[past->pair_count++] = (struct sts_past_pair){
				sts_strndup(arena, items[i]->key, (size_t)(blank - items[i]->key)), policy,
				items[i]->since_at, items[i]->last_at};
	}
}

static struct sts_past_name *build_names(
	const struct sts_memory *m, enum sts_item_kind kind, struct sts_arena *arena, size_t *count)
{
	const struct sts_item **items = of_kind(m, kind, arena, count);
	struct sts_past_name *names = sts_alloc_array(arena, *count + 1, sizeof *names);

	for (size_t i = 0; i < *count; i++)
		names[i] = (struct sts_past_name){sts_strdup(arena, items[i]->key), items[i]->since_at,
			items[i]->last_at, number(items[i]->value)};
	return names;
}

struct sts_past *sts_past_build(const struct sts_memory *memory, sts_body_fn *body, void *arg, struct sts_arena *arena)
{
	struct sts_past *past = STS_NEW(arena, struct sts_past);
	const struct sts_item *mode = sts_memory_find(memory, STS_ITEM_MODE, "");

	past->first_at = memory->first_at;
	past->last_at = memory->last_at;
	if (mode != NULL) {
		past->mode = sts_strdup(arena, mode->value);
		past->mode_since_at = mode->since_at;
		past->mode_last_at = mode->last_at;
	}
	build_policies(past, memory, body, arg, arena);
	build_pairs(past, memory, arena);
	past->ids = build_names(memory, STS_SEEN_ID, arena, &past->id_count);
	past->mx = build_names(memory, STS_SEEN_MX, arena, &past->mx_count);
	return past;
}
