/* Token buckets by table: what is left, when to come back, and that a full table forgets only what says nothing. */
#include "test.h"

#include "serve/limits.h"

static void bucket(void)
{
	struct sts_rate rate = {.quota = 4, .window_s = 60};
	struct sts_bucket b = {0};
	struct sts_allowance a = {0};
	int64_t t = 1000000;

	CASE("a full bucket gives its quota at once, then nothing");
	for (unsigned left = 4; left > 0; left--) {
		a = sts_bucket_take(&b, rate, 1, t);
		EXPECT(a.allowed);
		EXPECT_INT(a.left, left - 1);
	}
	EXPECT_INT(a.reset_s, 60);
	a = sts_bucket_take(&b, rate, 1, t);
	EXPECT(!a.allowed);
	EXPECT_INT(a.retry_after_s, 15);
	CASE("a token is back after its share of the window, to the millisecond");
	EXPECT(!sts_bucket_take(&b, rate, 1, t + 14999).allowed);
	EXPECT(sts_bucket_take(&b, rate, 1, t + 15000).allowed);
	EXPECT(!sts_bucket_take(&b, rate, 1, t + 15000).allowed);
	CASE("several tokens are taken together or not at all");
	b = (struct sts_bucket){0};
	EXPECT(sts_bucket_take(&b, rate, 3, t).allowed);
	EXPECT(!sts_bucket_take(&b, rate, 2, t).allowed);
	EXPECT(sts_bucket_take(&b, rate, 1, t).allowed);
	CASE("looking takes nothing");
	b = (struct sts_bucket){0};
	EXPECT_INT(sts_bucket_look(&b, rate, t).left, 4);
	EXPECT_INT(sts_bucket_look(&b, rate, t).left, 4);
	CASE("a long rest fills it, and no further");
	EXPECT(sts_bucket_take(&b, rate, 4, t).allowed);
	EXPECT_INT(sts_bucket_look(&b, rate, t + 1000000).left, 4);
	CASE("quota 0 is no limit");
	rate.quota = 0;
	for (int i = 0; i < 1000; i++)
		EXPECT(sts_bucket_take(&b, rate, 1, t).allowed);
}

static void table(void)
{
	struct sts_limiter l = {.rate = {.quota = 2, .window_s = 10}, .max = 3};
	int64_t t = 5000;

	CASE("names have buckets of their own");
	EXPECT(sts_limiter_take(&l, STS_STR("a"), 2, t).allowed);
	EXPECT(!sts_limiter_take(&l, STS_STR("a"), 1, t).allowed);
	EXPECT(sts_limiter_take(&l, STS_STR("b"), 1, t).allowed);
	EXPECT_INT(sts_limiter_look(&l, STS_STR("b"), t).left, 1);
	EXPECT_INT(sts_limiter_look(&l, STS_STR("new"), t).left, 2);
	CASE("a full table forgets the bucket with least to lose, and stays as small as it was");
	EXPECT(sts_limiter_take(&l, STS_STR("c"), 2, t).allowed);
	EXPECT(sts_limiter_take(&l, STS_STR("d"), 1, t).allowed);
	EXPECT_INT(l.map.count, 3);
	EXPECT(!sts_limiter_take(&l, STS_STR("a"), 1, t).allowed);
	EXPECT(!sts_limiter_take(&l, STS_STR("c"), 1, t).allowed);
	CASE("a thousand names fit into three places");
	for (int i = 0; i < 1000; i++) {
		char name[16];

		EXPECT(sts_limiter_take(&l, sts_str(name, (size_t)snprintf(name, sizeof name, "n%d", i)), 1, t)
				.allowed);
	}
	EXPECT_INT(l.map.count, 3);
	sts_limiter_clear(&l);
}

int main(void)
{
	bucket();
	table();
	return test_done();
}
