#include "check/catalogue.h"

#include "base/str.h"

#define EXPLAIN(id, what, why, fix)                                                                                    \
	static const char what_##id[] = what;                                                                          \
	static const char why_##id[] = why;                                                                            \
	static const char fix_##id[] = fix;
#include "check/explain.def"
#undef EXPLAIN

#define FINDING(id, code, number, severity, layer, source, title)                                                      \
	{code, number, severity, layer, source, title, what_##id, why_##id, fix_##id},
static const struct sts_catalogue_entry entries[] = {
#include "check/catalogue.def"
};
#undef FINDING

/* Reasons of not_tested can be explained, too; they are no findings and have no number. */
#define REASON(word, title, what, why, fix) {word, "not tested", "practice", title, what, why, fix},
static const struct sts_explanation reasons[] = {
#include "check/reason.def"
};
#undef REASON

#define REASON_COUNT (sizeof reasons / sizeof reasons[0])

const struct sts_catalogue_entry *sts_catalogue(enum sts_finding_id id)
{
	return &entries[id];
}

enum sts_finding_id sts_catalogue_find(const char *code)
{
	int id = 0;

	while (id < STS_F_COUNT && strcmp(entries[id].code, code) != 0)
		id++;
	return (enum sts_finding_id)id;
}

/* ---- the code most like a misspelt one -------------------------------------------------------------------------- */

const char *sts_catalogue_nearest(const char *code)
{
	const char *nearest = NULL;
	size_t best = 4; /* at most 3 edits */

	if (code[0] == '\0')
		return NULL;
	for (size_t i = 0; i < STS_F_COUNT + REASON_COUNT; i++) {
		const char *candidate = i < STS_F_COUNT ? entries[i].code : reasons[i - STS_F_COUNT].code;
		size_t d = sts_str_distance(sts_str_of(code), sts_str_of(candidate));

		if (d < best) {
			best = d;
			nearest = candidate;
		}
	}
	return nearest;
}

/* ---- explanations ------------------------------------------------------------------------------------------------ */

const char *sts_severity_name(enum sts_severity severity)
{
	static const char *const names[] = {"info", "notice", "warning", "error", "by mode"};

	return names[severity];
}

const char *sts_fix_type_name(enum sts_fix_type type)
{
	static const char *const names[] = {"none", "dns", "policy", "server"};

	return names[type];
}

enum sts_err sts_explain_at(size_t index, struct sts_explanation *out)
{
	const struct sts_catalogue_entry *entry;

	if (index >= STS_F_COUNT + REASON_COUNT)
		return STS_ENOENT;
	if (index >= STS_F_COUNT) {
		*out = reasons[index - STS_F_COUNT];
		return STS_OK;
	}
	entry = &entries[index];
	*out = (struct sts_explanation){
		.code = entry->code,
		.severity = sts_severity_name(entry->severity),
		.source = entry->source,
		.title = entry->title,
		.what = entry->what,
		.why = entry->why,
		.fix = entry->fix,
	};
	return STS_OK;
}

enum sts_err sts_explain(const char *code, struct sts_explanation *out)
{
	struct sts_explanation e;

	for (size_t i = 0; sts_explain_at(i, &e) == STS_OK; i++) {
		if (strcmp(e.code, code) != 0)
			continue;
		*out = e;
		return STS_OK;
	}
	return STS_ENOENT;
}
