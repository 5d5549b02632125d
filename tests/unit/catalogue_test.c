/* src/check/catalogue.c: the list, its explanations, and finding the way in it. */
#include "check/catalogue.h"
#include "test.h"

/* First and last number of each layer. */
static const struct {
	const char *layer;
	int first, last;
} ranges[] = {
	{"record", 101, 200},
	{"host", 201, 250},
	{"deleg", 251, 300},
	{"policy", 301, 350},
	{"mode", 351, 400},
	{"match", 401, 450},
	{"mx", 451, 550},
	{"dane", 551, 600},
	{"rpt", 601, 650},
	{"time", 651, 700},
};

static bool in_range(const struct sts_catalogue_entry *e)
{
	for (size_t i = 0; i < COUNT_OF(ranges); i++)
		if (strcmp(e->layer, ranges[i].layer) == 0)
			return e->number >= ranges[i].first && e->number <= ranges[i].last;
	return false;
}

static void entries(void)
{
	for (int i = 0; i < STS_F_COUNT; i++) {
		const struct sts_catalogue_entry *e = sts_catalogue((enum sts_finding_id)i);

		CASE("entry %s", e->code);
		EXPECT(in_range(e));
		EXPECT(e->title[0] != '\0' && e->title[strlen(e->title) - 1] != '.');
		EXPECT(strlen(e->what) > 20 && strlen(e->why) > 5 && strlen(e->fix) > 5);
		EXPECT_INT(sts_catalogue_find(e->code), i);
		for (int k = 0; k < i; k++) {
			EXPECT(sts_catalogue((enum sts_finding_id)k)->number != e->number);
			EXPECT(strcmp(sts_catalogue((enum sts_finding_id)k)->code, e->code) != 0);
		}
	}
}

/* Numbers stand in histories: these never change. */
static void numbers(void)
{
	static const struct {
		const char *code;
		int number;
	} fixed[] = {
		{"record.absent", 101},
		{"host.cert.expired", 212},
		{"policy.blank-line", 306},
		{"match.mx-uncovered", 401},
		{"mx.starttls.missing", 461},
		{"dane.mismatch", 551},
		{"rpt.absent", 601},
		{"time.first-visit", 658},
	};

	for (size_t i = 0; i < COUNT_OF(fixed); i++) {
		CASE("number of %s", fixed[i].code);
		EXPECT_INT(sts_catalogue(sts_catalogue_find(fixed[i].code))->number, fixed[i].number);
	}
}

static void explanations(void)
{
	static const char *const reasons[] = {"resolver-failed", "timeout", "port25-blocked", "mx-unreachable",
		"greylisted", "no-ipv6-here", "private-denied", "switched-off", "needs-history", "not-applicable"};
	struct sts_explanation e;
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(reasons); i++) {
		CASE("reason %s", reasons[i]);
		EXPECT(sts_explain(reasons[i], &e) == STS_OK);
		EXPECT_CSTR(e.code, reasons[i]);
		EXPECT_CSTR(e.severity, "not tested");
	}
	CASE("every index explains itself");
	while (sts_explain_at(count, &e) == STS_OK) {
		struct sts_explanation same;

		EXPECT(sts_explain(e.code, &same) == STS_OK);
		EXPECT_CSTR(same.what, e.what);
		count++;
	}
	EXPECT(count > (size_t)STS_F_COUNT);
	CASE("an unknown code");
	e.code = "untouched";
	EXPECT(sts_explain("no.such-code", &e) == STS_ENOENT);
	EXPECT_CSTR(e.code, "untouched");
	EXPECT_INT(sts_catalogue_find("no.such-code"), STS_F_COUNT);
	CASE("severities");
	EXPECT(sts_explain("match.mx-uncovered", &e) == STS_OK);
	EXPECT_CSTR(e.severity, "by mode");
	EXPECT_CSTR(sts_severity_name(STS_ERROR), "error");
	EXPECT_CSTR(sts_fix_type_name(STS_FIX_POLICY), "policy");
}

static void nearest(void)
{
	static const struct {
		const char *typed, *meant;
	} cases[] = {
		{"policy.blankline", "policy.blank-line"},
		{"record.abset", "record.absent"},
		{"port25-bloked", "port25-blocked"},
		{"mx.starttls.mising", "mx.starttls.missing"},
		{"something else entirely", NULL},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CASE("nearest to %s", cases[i].typed);
		EXPECT_CSTR(sts_catalogue_nearest(cases[i].typed), cases[i].meant);
	}
	CASE("nearest to nothing");
	EXPECT(sts_catalogue_nearest("") == NULL);
}

int main(void)
{
	entries();
	numbers();
	explanations();
	nearest();
	return test_done();
}
