/* Rates: how much one client, one key, one domain may ask for. Token buckets, in bounded memory. */
#ifndef STS_SERVE_LIMITS_H
#define STS_SERVE_LIMITS_H

#include "base/map.h"

/** quota tokens, coming back evenly within window_s seconds. quota 0: no limit. */
struct sts_rate {
	unsigned quota;
	unsigned window_s;
};

struct sts_bucket {
	int64_t full_at_ms; /* when all tokens will be back; in the past: they are */
};

/** What became of a request for tokens. */
struct sts_allowance {
	bool allowed;
	unsigned left;          /* tokens */
	unsigned reset_s;       /* until all tokens are back, rounded up */
	unsigned retry_after_s; /* not allowed: until there are enough; at least 1 */
};

/** Take tokens if there are enough of them; otherwise none is taken. */
struct sts_allowance sts_bucket_take(struct sts_bucket *bucket, struct sts_rate rate, unsigned tokens, int64_t now_ms);
/** How it stands, without taking. */
struct sts_allowance sts_bucket_look(const struct sts_bucket *bucket, struct sts_rate rate, int64_t now_ms);

/** Buckets by name. Zeroed memory with rate and max set is an empty table. */
struct sts_limiter {
	struct sts_rate rate;
	size_t max; /* names remembered; past it full buckets are forgotten, then the one that is full soonest */
	struct sts_map map;
};

struct sts_allowance sts_limiter_take(
	struct sts_limiter *limiter, struct sts_str name, unsigned tokens, int64_t now_ms);
struct sts_allowance sts_limiter_look(const struct sts_limiter *limiter, struct sts_str name, int64_t now_ms);
void sts_limiter_clear(struct sts_limiter *limiter);

#endif
