/* What is remembered of unsigned names. */
#include "test.h"

#include "probe/unsigned.h"

static struct sts_unsigned *u;

static void remembers(void)
{
	EXPECT(sts_unsigned_get(u, "example.org", 0) == STS_SIGNING_UNKNOWN);
	sts_unsigned_note(u, "example.org", STS_SIGNING_NONE, 1000);
	EXPECT(sts_unsigned_get(u, "example.org", 999) == STS_SIGNING_NONE);
	EXPECT(sts_unsigned_get(u, "xample.org", 999) == STS_SIGNING_UNKNOWN);
	EXPECT(sts_unsigned_get(u, "example.org", 1000) == STS_SIGNING_UNKNOWN); /* its time is over */
	sts_unsigned_note(u, "example.org", STS_SIGNING_MAYBE, 3000);
	EXPECT(sts_unsigned_get(u, "example.org", 1000) == STS_SIGNING_MAYBE); /* the last word counts */
	sts_unsigned_forget(u);
	EXPECT(sts_unsigned_get(u, "example.org", 1000) == STS_SIGNING_UNKNOWN);
}

static void is_bounded(void)
{
	size_t known = 0, wrong = 0;
	char name[32];

	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof name, "d%d.example", i);
		sts_unsigned_note(u, name, i % 2 == 0 ? STS_SIGNING_NONE : STS_SIGNING_MAYBE, 1000);
	}
	for (int i = 0; i < 100000; i++) {
		enum sts_signing found;

		snprintf(name, sizeof name, "d%d.example", i);
		found = sts_unsigned_get(u, name, 1);
		known += found != STS_SIGNING_UNKNOWN;
		wrong += found == (i % 2 == 0 ? STS_SIGNING_MAYBE : STS_SIGNING_NONE);
	}
	EXPECT(known > 1000 && known <= 4096);
	EXPECT(wrong == 0);
}

static void long_names_are_not_kept(void)
{
	char name[STS_UNSIGNED_NAME_MAX + 1];

	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	sts_unsigned_note(u, name, STS_SIGNING_NONE, 1000);
	EXPECT(sts_unsigned_get(u, name, 1) == STS_SIGNING_UNKNOWN);
	name[sizeof name - 2] = '\0';
	sts_unsigned_note(u, name, STS_SIGNING_NONE, 1000);
	EXPECT(sts_unsigned_get(u, name, 1) == STS_SIGNING_NONE);
}

static void knows_what_was_asked(void)
{
	EXPECT(!sts_unsigned_asked(u, "mx.example.org", 1));
	EXPECT(!sts_unsigned_asked(u, "mx.example.org", 28)); /* another type is another question */
	EXPECT(sts_unsigned_asked(u, "mx.example.org", 1));
	EXPECT(!sts_unsigned_asked(u, "mx2.example.org", 1));
}

int main(void)
{
	u = sts_unsigned_new();
	EXPECT(u != NULL);
	CASE("what was noted last is known until its time is over");
	remembers();
	CASE("however many are noted: what is displaced is unknown, never taken for another");
	is_bounded();
	CASE("longer names are not kept");
	long_names_are_not_kept();
	CASE("questions asked before");
	knows_what_was_asked();
	sts_unsigned_free(u);
	return test_done();
}
