/* TXT records parted by "|", against the grammar written as a regular expression. */
#include "fuzz.h"

#include "mtasts/record.h"
#include "proto/readers.h"

#include <regex.h>

#define DELIM "[ \t]*;[ \t]*"
#define FIELD "[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[!-:<>-~]+"
#define TEXTS_MAX 8

static regex_t whole, first_id, good_id;

static void compile(void)
{
	static bool done;

	if (done)
		return;
	must(regcomp(&whole, "^v=STSv1(" DELIM FIELD ")+(" DELIM ")?$", REG_EXTENDED | REG_NOSUB) == 0);
	must(regcomp(&first_id, ";[ \t]*id=", REG_EXTENDED) == 0);
	must(regcomp(&good_id, "^[A-Za-z0-9]{1,32}[ \t]*(;|$)", REG_EXTENDED | REG_NOSUB) == 0);
	done = true;
}

static bool fits(const char *text)
{
	regmatch_t at;

	return regexec(&whole, text, 0, NULL, 0) == 0 && regexec(&first_id, text, 1, &at, 0) == 0 &&
	       regexec(&good_id, text + at.rm_eo, 0, NULL, 0) == 0;
}

static void check_sole(const struct sts_record_set *set, struct sts_arena *arena)
{
	struct sts_str text = set->records[0].text;

	if (sts_str_find(text, '\0', 0) == text.len)
		must((set->verdict == STS_RECORD_ACCEPT) == fits(sts_strndup(arena, text.ptr, text.len)));
	else
		must(set->verdict != STS_RECORD_ACCEPT);
}

static void check(const struct sts_record_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct sts_record *r = &set->records[i];

		fuzz_faults(&r->faults, r->text.len, STS_RECORD_UNKNOWN_FIELD + 1);
		must(!r->strict || r->usable);
		must(!r->candidate || r->begins_with_version);
		must(!r->candidate || !r->almost);
		must(r->strict || !r->candidate || r->faults.count > 0);
	}
	must((set->verdict == STS_RECORD_MULTIPLE) == (set->candidates > 1));
	must((set->verdict == STS_RECORD_ABSENT) == (set->candidates == 0));
	must(set->candidates != 1 || (set->verdict == STS_RECORD_ACCEPT) == set->chosen->strict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_str rest = sts_str((const char *)data, size);
	struct sts_reading readings[STS_SENDER_COUNT];
	struct sts_str texts[TEXTS_MAX];
	struct sts_record_set set;
	size_t count = 0;

	compile();
	do
		texts[count++] = fuzz_take(&rest, '|');
	while (rest.len > 0 && count < TEXTS_MAX);
	sts_record_set_parse(texts, count, arena, &set);
	check(&set);
	if (count == 1)
		check_sole(&set, arena);
	sts_readers_record(texts, count, arena, readings);
	for (size_t i = 0; i < STS_SENDER_COUNT; i++)
		must(!readings[i].known || (readings[i].accepts ? readings[i].id != NULL : readings[i].why != NULL));
	sts_arena_free(arena);
	return 0;
}
