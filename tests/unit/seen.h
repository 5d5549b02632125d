/* Hand-made observations for tests of what is remembered. */
#ifndef STS_TESTS_SEEN_H
#define STS_TESTS_SEEN_H

#include "check/observe.h"

/** What was seen; in every text "?" stands for a look-up that told nothing, NULL for gone. */
struct seen {
	const char *domain; /* NULL: example.test */
	int64_t at;
	const char *id;     /* of the record */
	const char *policy; /* body */
	const char *hosts;  /* MX hosts, parted by blanks */
	const char *cert;   /* one letter or digit that its digest is made of; seen at the first MX host; NULL: none was
			       seen */
	const char *findings; /* "code severity subject", parted by commas; NULL: none */
	const char *unseen;   /* beginning of codes that could not be seen; NULL: none */
};

/** An observation of it. */
struct sts_observation *seen_make(struct sts_arena *arena, const struct seen *s);

/** A policy body. patterns are parted by blanks; static until the 8th call after this one. */
const char *seen_policy(const char *mode, long max_age, const char *patterns);

#endif
