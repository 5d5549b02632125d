/* A policy that came packed although nobody asked. Most senders unpack it, so it is looked at as they see it.
 * [checklist row 70] */
#ifndef STS_CHECK_UNPACK_H
#define STS_CHECK_UNPACK_H

#include "proto/seen.h"

/**
 * Where the body of a whole response is gzip or deflate and says so, put what is in it in its place: body, digest and
 * policy; decoded is set. Bounded by STS_POLICY_MAX: more makes the fetch end in STS_FETCH_HTTP_TOO_LARGE. What does
 * not unpack stays as it is.
 */
void sts_fetch_unpack(struct sts_fetch *fetch, struct sts_arena *arena);

#endif
