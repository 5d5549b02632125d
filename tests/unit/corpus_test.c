/*
 * Real policy files and their strict verdicts. They carry no licence and are not part of the tree: MTASTS_SHARED names
 * the folder that holds corpus/policies, else ../shared; where it is absent one line says so.
 */
#include "test.h"

#include "mtasts/policy.h"

#include <jansson.h>

static char folder[3000];

static bool find_folder(void)
{
	const char *shared = getenv("MTASTS_SHARED");
	char path[4096];
	FILE *f;

	snprintf(folder, sizeof folder, "%s/corpus/policies", shared != NULL ? shared : SHARED_FOLDER);
	snprintf(path, sizeof path, "%s/verdicts.json", folder);
	f = fopen(path, "rb");
	if (f != NULL)
		fclose(f);
	return f != NULL;
}

static size_t read_file(const char *name, char *out, size_t room)
{
	char path[4096];
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "rb");
	if (f == NULL)
		return 0;
	n = fread(out, 1, room, f);
	fclose(f);
	return n;
}

static void try_file(const char *name, const json_t *verdict)
{
	static char body[STS_POLICY_MAX];
	struct sts_arena *arena = sts_arena_new();
	size_t n = read_file(name, body, sizeof body);
	struct sts_policy p;

	CASE("corpus %s", name);
	sts_policy_parse(sts_str(body, n), arena, &p);
	EXPECT_INT(p.strict, json_is_true(json_object_get(verdict, "usable")));
	EXPECT(p.usable || p.faults.count > 0);
	EXPECT(!p.strict || p.usable);
	sts_arena_free(arena);
}

int main(void)
{
	char path[4096];
	json_error_t why;
	json_t *verdicts;
	const char *name;
	json_t *verdict;

	if (!find_folder()) {
		printf("SKIP corpus: %s is not here\n", folder);
		CASE("the absence of the corpus was noticed");
		EXPECT(folder[0] != '\0');
		return test_done();
	}
	snprintf(path, sizeof path, "%s/verdicts.json", folder);
	verdicts = json_load_file(path, 0, &why);
	CASE("verdicts.json can be read");
	EXPECT(json_is_object(verdicts));
	json_object_foreach(verdicts, name, verdict) try_file(name, verdict);
	json_decref(verdicts);
	return test_done();
}
