/* The shared vectors, read as data. MTASTS_VECTORS names their folder; else tests/vectors of the tree. */
#include "test.h"

#include "mtasts/policy.h"
#include "mtasts/record.h"
#include "mtasts/tlsrpt.h"

#include <jansson.h>

#define STRINGS_MAX 32

static json_t *load(const char *name)
{
	const char *folder = getenv("MTASTS_VECTORS");
	char path[4096];
	json_error_t why;
	json_t *root;

	snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : VECTORS_FOLDER, name);
	root = json_load_file(path, JSON_ALLOW_NUL, &why);
	if (root == NULL) {
		CASE("%s can be read", path);
		test_expect(false, TEST_HERE, "%s", why.text);
	}
	return root;
}

static const char *text_of(const json_t *entry, const char *key)
{
	const char *text = json_string_value(json_object_get(entry, key));

	return text == NULL ? "" : text;
}

static unsigned sextet(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? 64 : (unsigned)(at - digits);
}

static struct sts_str from_base64(struct sts_arena *arena, const char *text)
{
	char *out = sts_alloc(arena, strlen(text) + 1);
	size_t len = 0;
	unsigned bits = 0;
	unsigned held = 0;

	for (; sextet(*text) < 64; text++) {
		bits = bits << 6 | sextet(*text);
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[len++] = (char)(bits >> held & 0xFF);
		}
	}
	return sts_str(out, len);
}

/* A string, or {"base64": ...} where the octets are not UTF-8. */
static struct sts_str octets(struct sts_arena *arena, const json_t *value)
{
	if (json_is_object(value))
		return from_base64(arena, text_of(value, "base64"));
	return sts_str(json_string_value(value), json_string_length(value));
}

static struct sts_str join(struct sts_arena *arena, const json_t *strings)
{
	struct sts_str joined = {"", 0};
	size_t i;
	json_t *part;

	json_array_foreach(strings, i, part)
	{
		struct sts_str s = octets(arena, part);

		joined = sts_str_of(sts_sprintf(arena, "%.*s%.*s", STS_FMT(joined), STS_FMT(s)));
	}
	return joined;
}

static size_t records_of(struct sts_arena *arena, const json_t *entry, struct sts_str out[STRINGS_MAX])
{
	const json_t *records = json_object_get(entry, "records");
	size_t count = 0;
	size_t i;
	json_t *record;

	json_array_foreach(records, i, record) if (count < STRINGS_MAX) out[count++] = join(arena, record);
	return count;
}

/* ---- one kind each ---- */

static void try_record(struct sts_arena *arena, const json_t *entry)
{
	static const char *const words[] = {"accept", "absent", "invalid", "multiple"};
	struct sts_str texts[STRINGS_MAX];
	size_t count = records_of(arena, entry, texts);
	struct sts_record_set set;
	const char *got;

	sts_record_set_parse(texts, count, arena, &set);
	got = words[set.verdict];
	if (set.verdict == STS_RECORD_ACCEPT)
		got = sts_sprintf(arena, "accept, id %.*s", STS_FMT(set.chosen->id));
	EXPECT_CSTR(got, text_of(entry, "verdict"));
}

static void try_policy(struct sts_arena *arena, const json_t *entry)
{
	struct sts_policy p;
	const char *got = "reject";

	sts_policy_parse(octets(arena, json_object_get(entry, "body")), arena, &p);
	if (p.strict)
		got = sts_sprintf(
			arena, "accept: %s, %" PRIi64 ", %zu mx", sts_mode_name(p.mode), p.max_age_s, p.mx_count);
	EXPECT_CSTR(got, text_of(entry, "verdict"));
	EXPECT(p.strict || p.faults.count > 0);
}

static void try_match(struct sts_arena *arena, const json_t *entry)
{
	struct sts_str host = octets(arena, json_object_get(entry, "mx"));
	const json_t *patterns = json_object_get(entry, "patterns");
	bool match = false;
	size_t i;
	json_t *pattern;

	json_array_foreach(patterns, i, pattern) match = sts_mx_match(octets(arena, pattern), host) || match;
	EXPECT_CSTR(match ? "yes" : "no", text_of(entry, "match"));
}

static void try_tlsrpt(struct sts_arena *arena, const json_t *entry)
{
	static const char *const words[] = {"accept", "absent", "invalid", "unusable", "multiple"};
	struct sts_str texts[STRINGS_MAX];
	size_t count = records_of(arena, entry, texts);
	struct sts_tlsrpt rpt;

	sts_tlsrpt_parse(texts, count, arena, &rpt);
	EXPECT_CSTR(words[rpt.verdict], text_of(entry, "verdict"));
}

static void run(const char *file, void (*try)(struct sts_arena *, const json_t *))
{
	json_t *root = load(file);
	size_t i;
	json_t *entry;

	json_array_foreach(root, i, entry)
	{
		struct sts_arena *arena = sts_arena_new();

		CASE("%s %s: %s", file, text_of(entry, "name"), text_of(entry, "why"));
		try(arena, entry);
		sts_arena_free(arena);
	}
	json_decref(root);
}

int main(void)
{
	run("record.json", try_record);
	run("policy.json", try_policy);
	run("match.json", try_match);
	run("tlsrpt.json", try_tlsrpt);
	return test_done();
}
