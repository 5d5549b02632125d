#include "serve/limits.h"

#include <stdlib.h>

/*
 * A bucket is the moment at which it will be full again: taking n tokens moves it n token times into the future. It
 * never lies further ahead than the window, which is an empty bucket.
 */
static int64_t token_ms_times(struct sts_rate rate, unsigned tokens)
{
	return (int64_t)tokens * rate.window_s * 1000 / rate.quota;
}

static unsigned seconds_up(int64_t ms)
{
	return ms <= 0 ? 0 : (unsigned)((ms + 999) / 1000);
}

struct sts_allowance sts_bucket_look(const struct sts_bucket *bucket, struct sts_rate rate, int64_t now_ms)
{
	int64_t missing_ms = bucket->full_at_ms > now_ms ? bucket->full_at_ms - now_ms : 0;
	int64_t window_ms = (int64_t)rate.window_s * 1000;

	if (rate.quota == 0)
		return (struct sts_allowance){.allowed = true, .left = UINT32_MAX};
	if (missing_ms > window_ms)
		missing_ms = window_ms;
	return (struct sts_allowance){
		.allowed = true,
		.left = (unsigned)((window_ms - missing_ms) * rate.quota / window_ms),
		.reset_s = seconds_up(missing_ms),
	};
}

struct sts_allowance sts_bucket_take(struct sts_bucket *bucket, struct sts_rate rate, unsigned tokens, int64_t now_ms)
{
	struct sts_allowance a = sts_bucket_look(bucket, rate, now_ms);
	int64_t start_ms = bucket->full_at_ms > now_ms ? bucket->full_at_ms : now_ms;
	int64_t end_ms;

	if (rate.quota == 0)
		return a;
	end_ms = start_ms + token_ms_times(rate, tokens);
	if (end_ms > now_ms + (int64_t)rate.window_s * 1000) {
		a.allowed = false;
		a.retry_after_s = seconds_up(end_ms - now_ms - (int64_t)rate.window_s * 1000);
		return a;
	}
	bucket->full_at_ms = end_ms;
	return sts_bucket_look(bucket, rate, now_ms);
}

/* Buckets that are full again say nothing; if all are in use the fullest one has least to lose. */
static void make_room(struct sts_limiter *l, int64_t now_ms)
{
	struct sts_str key;
	struct sts_str fullest = {0};
	int64_t soonest_ms = INT64_MAX;
	const struct sts_bucket *b;
	size_t at = 0;

	while ((b = sts_map_next(&l->map, &at, &key)) != NULL) {
		if (b->full_at_ms < soonest_ms) {
			soonest_ms = b->full_at_ms;
			fullest = key;
		}
		if (soonest_ms <= now_ms)
			break;
	}
	if (fullest.ptr != NULL)
		free(sts_map_remove(&l->map, fullest));
}

static struct sts_bucket *bucket_of(struct sts_limiter *l, struct sts_str name, int64_t now_ms)
{
	struct sts_bucket *b = sts_map_get(&l->map, name);

	if (b != NULL)
		return b;
	if (l->map.count >= l->max)
		make_room(l, now_ms);
	b = calloc(1, sizeof *b);
	if (b == NULL || !sts_map_put(&l->map, name, b)) {
		free(b);
		return NULL;
	}
	return b;
}

struct sts_allowance sts_limiter_take(struct sts_limiter *l, struct sts_str name, unsigned tokens, int64_t now_ms)
{
	struct sts_bucket *b;

	if (l->rate.quota == 0)
		return sts_limiter_look(l, name, now_ms);
	b = bucket_of(l, name, now_ms);
	if (b == NULL)
		return (struct sts_allowance){.retry_after_s = 1};
	return sts_bucket_take(b, l->rate, tokens, now_ms);
}

struct sts_allowance sts_limiter_look(const struct sts_limiter *l, struct sts_str name, int64_t now_ms)
{
	static const struct sts_bucket full;
	const struct sts_bucket *b = sts_map_get(&l->map, name);

	return sts_bucket_look(b != NULL ? b : &full, l->rate, now_ms);
}

void sts_limiter_clear(struct sts_limiter *l)
{
	void *bucket;
	size_t at = 0;

	while ((bucket = sts_map_next(&l->map, &at, NULL)) != NULL)
		free(bucket);
	sts_map_clear(&l->map);
}
