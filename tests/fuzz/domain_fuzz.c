/* What a user may type. What is accepted is a plain name, and stays itself when it is typed again. */
#include "fuzz.h"

#include "proto/domain.h"

static void check_name(const char *name)
{
	size_t run = 0;

	must(strlen(name) <= 242 && strchr(name, '.') != NULL);
	for (const char *c = name; *c != '\0'; c++) {
		must(sts_is_digit(*c) || (*c >= 'a' && *c <= 'z') || *c == '-' || *c == '.');
		run = *c == '.' ? 0 : run + 1;
		must(run <= 63 && (*c != '.' || (c > name && c[-1] != '.' && c[1] != '\0')));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sts_arena *arena = sts_arena_new();
	struct sts_str typed = sts_str((const char *)data, size);
	struct sts_domain again = {0};
	struct sts_domain d = {0};
	const char *why = NULL;

	if (sts_domain_parse(typed, arena, &d, &why) == STS_OK) {
		check_name(d.ascii);
		must(sts_domain_parse(sts_str_of(d.ascii), arena, &again, &why) == STS_OK);
		must(strcmp(again.ascii, d.ascii) == 0);
		must(d.unicode == NULL || sts_utf8_valid(sts_str_of(d.unicode)));
		must(sts_domain_parent(d.ascii) != NULL);
	} else {
		must(why != NULL && sts_utf8_valid(sts_str_of(why)));
		for (const char *c = why; *c != '\0'; c++)
			must((unsigned char)*c >= 0x20 && *c != 0x7F);
	}
	(void)sts_domain_decodes(typed);
	sts_arena_free(arena);
	return 0;
}
