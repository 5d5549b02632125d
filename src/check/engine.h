/* For faces that keep an engine running: its loop, cancelling, how much at once. Everything in the engine's thread. */
#ifndef STS_CHECK_ENGINE_H
#define STS_CHECK_ENGINE_H

#include "check/share.h"
#include "mtasts/check.h"
#include "net/loop.h"

struct sts_stub;

/** The loop the engine's checks run on. */
struct sts_loop *sts_engine_loop(struct sts_engine *engine);

/** Share with other engines from now on (before the first check); borrowed until the engine is freed. */
void sts_engine_set_share(struct sts_engine *engine, struct sts_share *share);

/** How many checks run at once; more wait in the order they came. 24 unless set. */
void sts_engine_set_concurrency(struct sts_engine *engine, size_t checks);

/**
 * For a scan: no question is asked for the sake of speed alone (half as many questions, an answer some round trips later), and no finding
 * comes of the engine's own load: none of slowness, and a timeout while the loop was held up is not tested. The loop has something to
 * wait for from now on.
 */
void sts_engine_be_thrifty(struct sts_engine *engine);

/**
 * Ask the stub what validation can prove nothing of (sts_resolver_set_stub()).
 *
 * @return STS_OK; STS_ENOMEM
 */
STS_MUST_CHECK enum sts_err sts_engine_set_stub(struct sts_engine *engine, struct sts_stub *stub);

/**
 * Forget the check that was started with this arg: its connections are closed, no callback follows. Not to be called
 * from a callback of the same check.
 *
 * @return false: there is no such check (any more)
 */
bool sts_check_cancel(struct sts_engine *engine, const void *arg);

#endif
