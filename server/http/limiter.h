/*
 * Token buckets by client address and by identity, in a table of fixed size: a set of
 * LIMITER_WAYS places for each hash; a newcomer takes the place of the bucket that is fullest,
 * which forgets least.
 */
#ifndef SIGNET_LIMITER_H
#define SIGNET_LIMITER_H

#include "signet/bytes.h"
#include "signet/config.h"

enum limiter_kind { LIMITER_ADDRESS, LIMITER_IDENTITY, LIMITER_KINDS };

struct limiter;

/* A rate of 0 in the configuration switches that kind off. Gives. */
MUST_USE bool limiter_new(const struct config *config, struct limiter **ret_limiter,
                          struct error *err);
void limiter_free(struct limiter *limiter);

/*
 * Takes one token of this key at `now_ms` (monotonic). ERROR_RATE_LIMITED, with the seconds until
 * there is one in *ret_wait_s, which otherwise is untouched. From any thread.
 */
MUST_USE bool limiter_admit(struct limiter *limiter, enum limiter_kind kind, struct bytes key,
                            int64_t now_ms, uint32_t *ret_wait_s, struct error *err);

#endif
