/* Tables of facts and what must be found in them; for tests of rules. Include once a program. */
#ifndef STS_TESTS_ROWS_H
#define STS_TESTS_ROWS_H

#include "facts.h"
#include "test.h"

/** One row of a table: what is changed, and what must be found. */
struct facts_row {
	const char *name;
	void (*edit)(struct sts_facts *f);
	const char *want;    /* all codes at notice or above, and infos that must be there; blank-separated, any order;
				"code:severity" and "code=cause" where    that is to be looked at */
	const char *verdict; /* NULL: not looked at */
	const char *status;  /* as above */
	const char *not_tested; /* reasons that must be there, blank-separated; NULL: none but needs-history and
				   not-applicable */
};

/* The next blank-separated word, or an empty one. */
static inline struct sts_str next_word(struct sts_str *rest)
{
	size_t end;
	struct sts_str word;

	while (rest->len > 0 && rest->ptr[0] == ' ')
		*rest = sts_str_from(*rest, 1);
	end = sts_str_find(*rest, ' ', 0);
	word = sts_str(rest->ptr, end);
	*rest = sts_str_from(*rest, end);
	return word;
}

/* "code", "code:severity", "code=cause" */
static inline bool fits(struct sts_str word, const struct sts_finding *f)
{
	size_t code = sts_str_find(word, ':', 0);
	size_t cause = sts_str_find(word, '=', 0);
	size_t end = code < cause ? code : cause;

	if (!sts_str_is(sts_str(word.ptr, end), f->code))
		return false;
	if (code < word.len)
		return sts_str_is(sts_str_from(word, code + 1), sts_severity_name(f->severity));
	return cause == word.len || (f->cause != NULL && sts_str_is(sts_str_from(word, cause + 1), f->cause));
}

static inline void expect_findings(const struct sts_report *r, const char *want)
{
	bool *met = sts_alloc_array(r->arena, r->finding_count + 1, sizeof *met);
	struct sts_str rest = sts_str_of(want);
	struct sts_str word;

	while ((word = next_word(&rest)).len > 0) {
		bool found = false;

		for (size_t i = 0; i < r->finding_count && !found; i++) {
			found = !met[i] && fits(word, &r->findings[i]);
			met[i] = met[i] || found;
		}
		test_expect(found, TEST_HERE, "%.*s is not found", STS_FMT(word));
	}
	for (size_t i = 0; i < r->finding_count; i++) {
		const struct sts_finding *f = &r->findings[i];

		test_expect(met[i] || f->severity == STS_INFO, TEST_HERE, "found %s:%s (%s) cause %s: %s", f->code,
			sts_severity_name(f->severity), f->subject, f->cause == NULL ? "-" : f->cause, f->detail);
	}
}

static inline void expect_reasons(const struct sts_report *r, const char *want)
{
	struct sts_str rest = sts_str_of(want);
	struct sts_str word;

	while ((word = next_word(&rest)).len > 0) {
		bool found = false;

		for (size_t i = 0; i < r->not_tested_count; i++)
			found = found || sts_str_is(word, r->not_tested[i].reason);
		test_expect(found, TEST_HERE, "nothing is not tested for %.*s", STS_FMT(word));
	}
	for (size_t i = 0; i < r->not_tested_count && want == NULL; i++)
		test_expect(strcmp(r->not_tested[i].reason, "needs-history") == 0 ||
				    strcmp(r->not_tested[i].reason, "not-applicable") == 0,
			TEST_HERE, "not tested: %s (%s)", r->not_tested[i].what, r->not_tested[i].reason);
}

/* What every report must hold, whatever the facts. */
static inline void expect_sound(const struct sts_report *r)
{
	EXPECT(r->summary != NULL && r->summary[0] != '\0');
	EXPECT(r->protected_.reason != NULL && r->enforcing.reason != NULL && r->would_know.reason != NULL);
	for (size_t i = 0; i < STS_PART_COUNT; i++)
		EXPECT(r->parts[i].summary != NULL);
	for (size_t i = 0; i < STS_STATE_COUNT; i++)
		EXPECT(r->outlook.text[i] != NULL);
	for (size_t i = 0; i < r->finding_count; i++) {
		const struct sts_finding *f = &r->findings[i];

		test_expect(
			f->detail != NULL && f->detail[0] != '\0' && f->subject != NULL && f->severity < STS_BY_MODE,
			TEST_HERE, "%s is not told whole", f->code);
	}
	for (size_t i = 0; i < r->not_tested_count; i++) {
		struct sts_explanation e;

		test_expect(sts_explain(r->not_tested[i].reason, &e) == STS_OK, TEST_HERE, "reason %s is not explained",
			r->not_tested[i].reason);
	}
}

/** Judge every row and compare. */
static inline void facts_run(const struct facts_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sts_arena *own = sts_arena_new();
		struct sts_facts *f = facts_healthy(own);
		const struct sts_report *r;

		CASE("%s", rows[i].name);
		if (rows[i].edit != NULL)
			rows[i].edit(f);
		r = sts_judge(f, own);
		expect_sound(r);
		expect_findings(r, rows[i].want);
		if (rows[i].verdict != NULL)
			EXPECT_CSTR(sts_verdict_name(r->verdict), rows[i].verdict);
		if (rows[i].status != NULL)
			EXPECT_CSTR(sts_status_name(r->status), rows[i].status);
		expect_reasons(r, rows[i].not_tested);
		sts_arena_free(own);
	}
}

#endif
