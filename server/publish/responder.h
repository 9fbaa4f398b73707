/* The OCSP responder on a worker thread, and the inside of struct publisher that it shares. */
#ifndef SIGNET_RESPONDER_H
#define SIGNET_RESPONDER_H

#include "publish/answer_cache.h"
#include "publish/ask.h"
#include "publish/catalogue.h"
#include "publish/share.h"

#define RESPONDER_CONTENT_TYPE "application/ocsp-response"

struct publisher {
    struct server *server;
    pthread_mutex_t lock; /* held only to swap or reference the catalogue */
    struct catalogue *catalogue;
    struct answer_cache *cache;
    struct share live;
    struct published *error_answer[OCSP_UNAUTHORIZED + 1];
    _Atomic int64_t polled_s;
    int64_t read_s; /* revocations are known up to here, by the database's clock; of the poller */
    atomic_uint_fast64_t try_later, nonce_refused;
    atomic_bool signer_away; /* so that the log tells the change, not every request */
};

/* A reference; null before the first poll. */
struct catalogue *publisher_catalogue(struct publisher *publisher);
/* A reference to the constant answer. */
struct published *publisher_error_answer(struct publisher *publisher,
                                         enum ocsp_response_status status);
/* Whether a POST has the media type of an OCSP request and the path for it. */
bool responder_takes(const struct request *request);

/*
 * Answers an OCSP request; blocks on the status signer when the cache has no answer. Always gives a
 * reference: what cannot be answered is tryLater, never good.
 */
struct published *responder_answer(struct publisher *publisher, struct signer_channel *channel,
                                   const struct request *request);

#endif
