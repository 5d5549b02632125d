/* API keys: what a file may hold, whose key it is, revocation, and that no key stands in a file. */
#include "test.h"

#include "serve/keys.h"

#include <unistd.h>

#define ALICE "alice check,monitor 2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90\n" /* "alice" */
#define BOB "bob check 81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9\n"             /* "bob" */

static char path[] = "/tmp/mtasts-keys-XXXXXX";

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	EXPECT(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void good_file(void)
{
	struct sts_keys keys = {0};
	struct sts_key *alice;
	const char *why = NULL;

	CASE("keys are found by what hashes to their digest, whoever else is in the file");
	write_file("# who may call\n\n" ALICE "  \t" BOB);
	EXPECT(sts_keys_load(path, &keys, &why) == STS_OK);
	EXPECT_INT(keys.count, 2);
	alice = sts_keys_find(&keys, STS_STR("alice"));
	EXPECT(alice != NULL && strcmp(alice->name, "alice") == 0);
	EXPECT_INT(alice == NULL ? 0 : alice->scopes, STS_SCOPE_CHECK | STS_SCOPE_MONITOR);
	EXPECT(sts_keys_find(&keys, STS_STR("bob")) == &keys.items[1]);
	EXPECT(sts_keys_find(&keys, STS_STR("alic")) == NULL);
	EXPECT(sts_keys_find(&keys, STS_STR("")) == NULL);
	CASE("reading again keeps allowances, and a key that is gone is revoked");
	if (alice != NULL) {
		struct sts_key copy = *alice;

		alice->checks.full_at_ms = 77;
		keys.items[1].checks.full_at_ms = 88;
		write_file(ALICE);
		EXPECT(sts_keys_load(path, &keys, &why) == STS_OK);
		EXPECT(sts_keys_find(&keys, STS_STR("bob")) == NULL);
		EXPECT(sts_keys_again(&keys, &copy) == &keys.items[0]);
		EXPECT_INT(keys.items[0].checks.full_at_ms, 77);
	}
	CASE("a file that makes no sense leaves the keys as they were");
	write_file(ALICE "bob all\n");
	EXPECT(sts_keys_load(path, &keys, &why) == STS_EINVAL);
	EXPECT(strstr(why, "line 2") != NULL);
	EXPECT(sts_keys_find(&keys, STS_STR("alice")) != NULL);
	EXPECT(sts_keys_load("/nonexistent/keys", &keys, &why) == STS_EIO);
	EXPECT_INT(keys.count, 1);
	sts_keys_clear(&keys);
}

static void bad_lines(void)
{
	static const char *const lines[] = {"alice", "alice check", "alice check 12",
		"a/b check 2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90",
		"alice write 2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90",
		"alice check,check 2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90",
		"alice check 2BD806C97F0E00AF1A1FC3328FA763A9269723C8DB8FAC4F93AF71DB186D6E90",
		"alice check 2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90 x",
		"alice check 2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e9g"};
	struct sts_keys keys = {0};
	const char *why = NULL;

	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		CASE("refused: %s", lines[i]);
		write_file(lines[i]);
		EXPECT(sts_keys_load(path, &keys, &why) == STS_EINVAL);
		EXPECT_INT(keys.count, 0);
	}
}

static void new_keys(void)
{
	struct sts_keys keys = {0};
	const char *why = NULL;
	struct sts_buf line;
	char a[64], b[64];

	CASE("a new key is long, unlike the last one, and found by the line made for it");
	sts_buf_init(&line, 1000);
	EXPECT(sts_key_new("carol", STS_SCOPE_REPORTS, a, &line) == STS_OK);
	EXPECT(strncmp(a, "mtasts_", 7) == 0);
	EXPECT_INT(strlen(a), 50);
	EXPECT(strstr(line.ptr, a) == NULL);
	write_file(line.ptr);
	EXPECT(sts_keys_load(path, &keys, &why) == STS_OK);
	EXPECT(sts_keys_find(&keys, sts_str_of(a)) != NULL);
	sts_buf_reset(&line);
	EXPECT(sts_key_new("carol", STS_SCOPE_CHECK, b, &line) == STS_OK);
	EXPECT(strcmp(a, b) != 0);
	EXPECT(sts_keys_find(&keys, sts_str_of(b)) == NULL);
	sts_buf_clear(&line);
	sts_keys_clear(&keys);
}

int main(void)
{
	int fd = mkstemp(path);

	CASE("a file can be made");
	EXPECT(fd >= 0);
	good_file();
	bad_lines();
	new_keys();
	close(fd);
	unlink(path);
	return test_done();
}
