/* A policy body, against the grammar written as regular expressions, line by line; then as every sender reads it. */
#include "fuzz.h"

#include "mtasts/policy.h"
#include "proto/readers.h"

#include <regex.h>
#include <stdio.h>

#define DOMAIN "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"

enum { VERSION, MODE, MAX_AGE, MX, OTHER, KINDS };

static const struct {
	const char *name;
	const char *line; /* a whole line, final blanks included */
} rules[KINDS] = {
	{"version:", "^version:[ \t]*STSv1[ \t]*$"},
	{"mode:", "^mode:[ \t]*(enforce|testing|none)[ \t]*$"},
	{"max_age:", "^max_age:[ \t]*[0-9]{1,10}[ \t]*$"},
	{"mx:", "^mx:[ \t]*(\\*\\.)?" DOMAIN "[ \t]*$"},
	{"", "^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}:[ \t]*[!-~]([ -~]*[!-~])?[ \t]*$"},
};
static regex_t compiled[KINDS];

static void compile(void)
{
	static bool done;

	for (size_t i = 0; i < KINDS && !done; i++)
		must(regcomp(&compiled[i], rules[i].line, REG_EXTENDED | REG_NOSUB) == 0);
	done = true;
}

/* The length rules of DNS, which the grammar lacks. */
static bool short_enough(const char *line)
{
	struct sts_str value = sts_str_trim(sts_str_of(line + strlen("mx:")));
	size_t run = 0;

	for (size_t i = 0; i < value.len; i++) {
		run = value.ptr[i] == '.' ? 0 : run + 1;
		if (run > 63)
			return false;
	}
	return value.len <= 253;
}

static bool fits(int kind, const char *line)
{
	return regexec(&compiled[kind], line, 0, NULL, 0) == 0 && (kind != MX || short_enough(line));
}

static int kind_of(const char *line)
{
	int kind = VERSION;

	while (kind < OTHER && strncmp(line, rules[kind].name, strlen(rules[kind].name)) != 0)
		kind++;
	return kind;
}

/* The strict reading of an ASCII body without CR other than in CRLF, zero octets and blank lines, said a second time in
 * another way. */
static bool oracle(struct sts_str body, struct sts_arena *arena)
{
	unsigned count[KINDS] = {0};
	bool none = false;
	bool ok = body.len > 0;

	while (body.len > 0 && ok) {
		struct sts_str s = fuzz_take(&body, '\n');
		const char *line;
		int kind;

		if (s.len > 0 && s.ptr[s.len - 1] == '\r' && s.ptr + s.len < body.ptr)
			s.len--;
		line = sts_strndup(arena, s.ptr, s.len);
		kind = kind_of(line);
		count[kind]++;
		none = none || (kind == MODE && count[MODE] == 1 && strstr(line, "none") != NULL);
		/* a repetition is ignored, but has to be a field */
		ok = fits(kind == MX || kind == OTHER || count[kind] == 1 ? kind : OTHER, line);
		if (ok && kind == MAX_AGE && count[MAX_AGE] == 1)
			ok = strtoul(line + strlen("max_age:"), NULL, 10) <= STS_MAX_AGE_MAX;
	}
	return ok && count[VERSION] > 0 && count[MODE] > 0 && count[MAX_AGE] > 0 && (count[MX] > 0 || none);
}

static bool is_plain(struct sts_str body)
{
	for (size_t i = 0; i < body.len; i++)
		if ((unsigned char)body.ptr[i] >= 0x7F || body.ptr[i] == '\0')
			return false;
	return true;
}

static void check(const struct sts_policy *p, size_t size)
{
	fuzz_faults(&p->faults, size, STS_POLICY_EXTENSION_MALFORMED + 1);
	must(!p->strict || p->usable);
	must(p->strict || p->faults.count > 0);
	must(!p->usable || (sts_str_is(p->version, "STSv1") && p->mode != STS_MODE_UNKNOWN && p->has_max_age));
	must(!p->usable || p->mx_count > 0 || p->mode == STS_MODE_NONE);
	must(p->max_age_s >= 0 && p->max_age_s <= STS_MAX_AGE_MAX);
	for (size_t i = 0; i < p->mx_count; i++)
		must(p->mx[i].valid == sts_mx_pattern_valid(sts_str(p->mx[i].text, p->mx[i].len)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_str body = sts_str((const char *)data, size);
	struct sts_reading readings[STS_SENDER_COUNT];
	struct sts_policy p;

	compile();
	sts_policy_parse(body, arena, &p);
	check(&p, size);
	if (size < STS_POLICY_MAX && is_plain(body))
		must(p.strict == oracle(body, arena));
	sts_readers_policy(body, NULL, arena, readings);
	for (size_t i = 0; i < STS_SENDER_COUNT; i++)
		must(!readings[i].known ||
			(readings[i].accepts ? readings[i].mode != STS_MODE_UNKNOWN : readings[i].why != NULL));
	sts_arena_free(arena);
	return 0;
}
