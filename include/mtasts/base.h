/* Base types of libmtasts: errors, borrowed strings, arenas. */
#ifndef MTASTS_BASE_H
#define MTASTS_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define STS_MUST_CHECK __attribute__((warn_unused_result))
#define STS_API __attribute__((visibility("default")))
#define STS_PRINTF(a, b) __attribute__((format(printf, a, b)))
#else
#define STS_MUST_CHECK
#define STS_API
#define STS_PRINTF(a, b)
#endif

/**
 * What kept the program from doing its work. What the other side did wrong is a finding, never one of these.
 */
enum sts_err {
	STS_OK = 0,
	STS_ENOMEM,   /* out of memory, or a bound of ours was reached while storing */
	STS_EINVAL,   /* an argument makes no sense; see the message that goes with it */
	STS_ENOENT,   /* what was asked for is not there */
	STS_EIO,      /* a file or socket of ours failed; errno says more */
	STS_ETIMEOUT, /* our own deadline passed */
	STS_ESYSTEM,  /* a library or the system refused something it should grant */
};

/** One short English sentence for an error; static storage. */
STS_API const char *sts_strerror(enum sts_err err);

/** A borrowed slice of octets. Not NUL-terminated, may hold NUL; ptr may be NULL when len is 0. */
struct sts_str {
	const char *ptr;
	size_t len;
};

/** Memory that lives and dies with one check. Not thread-safe. */
struct sts_arena;

/** A new, empty arena; NULL when out of memory. Free it with sts_arena_free(). */
STS_API struct sts_arena *sts_arena_new(void);

/** Release the arena and everything allocated from it; NULL is fine. */
STS_API void sts_arena_free(struct sts_arena *arena);

#ifdef __cplusplus
}
#endif
#endif
