#include "publish/responder.h"

#include "signet/clock.h"
#include "signet/log.h"

enum { SIGN_TIMEOUT_MS = LIMIT_OCSP_WAIT_MS - 500 /* before those who wait for it give up */ };

bool
responder_takes(const struct request *request)
{
    return strcmp(request->target, "/ocsp") == 0 && request->content_type &&
           strcmp(request->content_type, "application/ocsp-request") == 0;
}

static struct published *
try_later(struct publisher *publisher)
{
    atomic_fetch_add(&publisher->try_later, 1);
    return publisher_error_answer(publisher, OCSP_TRY_LATER);
}

/* One line when the status signer goes away and one when it is back. */
static void
signer_note(struct publisher *publisher, const struct request *request, const struct error *err)
{
    bool away = err->kind != ERROR_NONE;
    const struct log_field fields[] = {LOG_TEXT("request", request->id), {NULL, NULL, 0}};

    if (atomic_exchange(&publisher->signer_away, away) == away)
        return;
    if (away)
        log_error("OCSP answers cannot be signed; what is cached goes on being served", err,
                  fields);
    else
        log_line(LOG_LEVEL_NOTICE, "OCSP answers are signed again");
}

/* Has the status signer sign. Only an answer that another asker may be given too is cacheable:
 * without a nonce, for one certificate that exists. */
static bool
answer_sign(struct publisher *publisher, struct signer_channel *channel,
            const struct request *request, const struct ocsp_request_message *message,
            struct published **ret_published, enum ocsp_status *ret_status)
{
    struct error err = {0};
    struct ocsp_reply reply = {0};
    struct publication publication = {.content_type = RESPONDER_CONTENT_TYPE};
    bool signed_well;

    if (!channel) {
        error_set(&err, ERROR_SIGNER_UNAVAILABLE,
                  "this worker has no channel to the status signer");
        signer_note(publisher, request, &err);
        return false;
    }
    signed_well = signer_ocsp(channel, message, SIGN_TIMEOUT_MS, &reply, &err);
    signer_note(publisher, request, &err);
    if (!signed_well)
        return false;
    publication.modified_s = reply.this_update_s;
    publication.expires_s = reply.next_update_s;
    if (message->count == 1 && message->nonce_len == 0 && reply.worst != OCSP_UNKNOWN)
        publication.max_age_s = (reply.next_update_s - reply.this_update_s) / 2;
    if (!published_new(&publication, reply.response, ret_published, &err))
        return false;
    *ret_status = (enum ocsp_status)reply.worst;
    return true;
}

/* Computes for all who wait. A revocation that comes meanwhile makes the answer useless. */
static struct published *
answer_fill(struct publisher *publisher, struct signer_channel *channel,
            const struct request *request, const struct ocsp_request_message *message,
            struct answer_fill *fill)
{
    struct published *older = NULL;
    enum ocsp_status status = OCSP_UNKNOWN;

    for (int round = 0; round < LIMIT_OCSP_REFILLS; round++) {
        AUTO_PUBLISHED fresh = NULL;

        if (!answer_sign(publisher, channel, request, message, &fresh, &status))
            break;
        if (fresh->max_age_s > 0) {
            if (answer_cache_publish(publisher->cache, fill, fresh, status))
                return steal(&fresh);
            continue;
        }
        answer_cache_abandon(publisher->cache, fill, clock_now_s(), &older);
        published_unref(older);
        return steal(&fresh);
    }
    answer_cache_abandon(publisher->cache, fill, clock_now_s(), &older);
    return older ? older : try_later(publisher);
}

static struct published *
answer_single(struct publisher *publisher, struct signer_channel *channel,
              const struct request *request, const struct ask *ask)
{
    struct ocsp_request_message message = {.count = 1, .query = {ask->message.query[0]}};
    struct published *published = NULL;
    struct answer_fill fill;

    switch (answer_cache_acquire(publisher->cache, &message.query[0], clock_now_s(),
                                 LIMIT_OCSP_WAIT_MS, &published, &fill)) {
    case ANSWER_HIT:
        return published;
    case ANSWER_FILL:
        return answer_fill(publisher, channel, request, &message, &fill);
    case ANSWER_BUSY:
        break;
    }
    return try_later(publisher);
}

/* Signed for this request alone, within the share. Past it a nonce is left out; a request for
 * several certificates has to come again. */
static struct published *
answer_live(struct publisher *publisher, struct signer_channel *channel,
            const struct request *request, const struct ask *ask)
{
    struct published *published = NULL;
    enum ocsp_status status;

    if (!share_take(&publisher->live, clock_monotonic_us()))
        atomic_fetch_add(&publisher->nonce_refused, 1);
    else if (answer_sign(publisher, channel, request, &ask->message, &published, &status))
        return published;
    if (ask->message.count == 1)
        return answer_single(publisher, channel, request, ask);
    return try_later(publisher);
}

struct published *
responder_answer(struct publisher *publisher, struct signer_channel *channel,
                 const struct request *request)
{
    AUTO_CATALOGUE catalogue = publisher_catalogue(publisher);
    AUTO_BUFFER der = {.max = LIMIT_OCSP_REQUEST_OCTETS};
    struct ask ask = {.kind = ASK_ERROR, .error = OCSP_MALFORMED_REQUEST};

    if (!catalogue)
        return try_later(publisher);
    if (ask_request_bytes(request, &der))
        ask_parse(buffer_bytes(&der), catalogue->issuing ? &catalogue->issuing->ocsp : NULL, &ask);
    switch (ask.kind) {
    case ASK_ERROR:
        break;
    case ASK_SINGLE:
        return answer_single(publisher, channel, request, &ask);
    case ASK_LIVE:
        return answer_live(publisher, channel, request, &ask);
    }
    return publisher_error_answer(publisher, ask.error);
}
