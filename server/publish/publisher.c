#include "publish/publisher.h"

#include <stdlib.h>

#include "publish/answer_cache.h"
#include "publish/ask.h"
#include "publish/responder.h"
#include "publish/target.h"
#include "signet/clock.h"

enum {
    CACHE_SHARDS = 16,
    REVOCATION_OVERLAP_S = 60, /* rows commit out of order */
    SECOND_US = 1000000
};

static void
constants_done(struct publisher *publisher)
{
    for (size_t i = 0; i < ARRAY_LEN(publisher->error_answer); i++)
        published_unref(publisher->error_answer[i]);
}

static bool
constants_init(struct publisher *publisher, struct error *err)
{
    static const enum ocsp_response_status statuses[] = {
        OCSP_MALFORMED_REQUEST, OCSP_INTERNAL_ERROR, OCSP_TRY_LATER, OCSP_UNAUTHORIZED};
    const struct publication publication = {.content_type = RESPONDER_CONTENT_TYPE};

    for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
        if (!published_new(&publication, ocsp_error_response(statuses[i]),
                           &publisher->error_answer[statuses[i]], err))
            return false;
    return true;
}

bool
publisher_new(struct server *server, struct publisher **ret_publisher, struct error *err)
{
    struct publisher *publisher = calloc(1, sizeof(*publisher));

    if (!publisher)
        return error_set(err, ERROR_MEMORY, "no memory for the publisher");
    publisher->server = server;
    pthread_mutex_init(&publisher->lock, NULL);
    share_init(&publisher->live, LIMIT_OCSP_NONCES_PER_S, clock_monotonic_us());
    if (!constants_init(publisher, err) ||
        !answer_cache_new(LIMIT_OCSP_CACHE, CACHE_SHARDS, &publisher->cache, err)) {
        publisher_free(publisher);
        return false;
    }
    *ret_publisher = publisher;
    return true;
}

void
publisher_free(struct publisher *publisher)
{
    if (!publisher)
        return;
    constants_done(publisher);
    answer_cache_free(publisher->cache);
    catalogue_unref(publisher->catalogue);
    share_done(&publisher->live);
    pthread_mutex_destroy(&publisher->lock);
    free(publisher);
}

struct catalogue *
publisher_catalogue(struct publisher *publisher)
{
    struct catalogue *catalogue = NULL;

    pthread_mutex_lock(&publisher->lock);
    if (publisher->catalogue)
        catalogue = catalogue_ref(publisher->catalogue);
    pthread_mutex_unlock(&publisher->lock);
    return catalogue;
}

struct published *
publisher_error_answer(struct publisher *publisher, enum ocsp_response_status status)
{
    struct published *answer = publisher->error_answer[status];

    return published_ref(answer ? answer : publisher->error_answer[OCSP_INTERNAL_ERROR]);
}

static bool
ocsp_cached(struct publisher *publisher, const struct catalogue *catalogue,
            const struct request *request, struct published **ret_published)
{
    AUTO_BUFFER der = {.max = LIMIT_OCSP_REQUEST_OCTETS};
    struct ask ask = {.kind = ASK_ERROR, .error = OCSP_MALFORMED_REQUEST};

    if (ask_request_bytes(request, &der))
        ask_parse(buffer_bytes(&der), catalogue->issuing ? &catalogue->issuing->ocsp : NULL, &ask);
    switch (ask.kind) {
    case ASK_ERROR:
        *ret_published = publisher_error_answer(publisher, ask.error);
        return true;
    case ASK_SINGLE:
        return answer_cache_get(publisher->cache, &ask.message.query[0], clock_now_s(),
                                ret_published);
    case ASK_LIVE:
        return false;
    }
    return false;
}

bool
publisher_cached(struct publisher *publisher, const struct request *request,
                 struct published **ret_published)
{
    AUTO_CATALOGUE catalogue = publisher_catalogue(publisher);
    bool post = strcmp(request->method, "POST") == 0;
    struct published *found;

    if (!catalogue)
        return false;
    if (post ? responder_takes(request) : target_is_ocsp(request->target))
        return ocsp_cached(publisher, catalogue, request, ret_published);
    if (post || (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0))
        return false;
    found = catalogue_find(catalogue, request->target);
    if (!found)
        return false;
    *ret_published = published_ref(found);
    return true;
}

void
publisher_revoked(struct publisher *publisher, int32_t issuer, struct bytes serial)
{
    /* Serials carry 128 random bits: the answers of one issuer are all that can be meant. */
    (void)issuer;
    answer_cache_drop(publisher->cache, serial, false);
}

void
publisher_forget_all(struct publisher *publisher)
{
    answer_cache_clear(publisher->cache);
}

static bool
revocation_seen(void *context, const struct db_revocation *row)
{
    struct publisher *publisher = context;

    answer_cache_drop(publisher->cache, bytes_of(row->serial, row->serial_len), true);
    return true;
}

static void
catalogue_swap(struct publisher *publisher, struct catalogue *fresh)
{
    struct catalogue *old;

    pthread_mutex_lock(&publisher->lock);
    old = publisher->catalogue;
    publisher->catalogue = fresh;
    pthread_mutex_unlock(&publisher->lock);
    catalogue_unref(old);
}

bool
publisher_poll(struct publisher *publisher, struct db *db, struct error *err)
{
    AUTO_CATALOGUE old = publisher_catalogue(publisher);
    int64_t now_s = clock_now_s(), database_us, since_s;
    struct catalogue *fresh = NULL;

    /* By the clock that dates the rows: were ours ahead, no revocation of another node were seen.
     */
    if (!db_time(db, &database_us, err))
        return false;
    since_s = publisher->read_s ? publisher->read_s : database_us / SECOND_US;
    if (!db_revocation_since(db, since_s - REVOCATION_OVERLAP_S, revocation_seen, publisher, err) ||
        !catalogue_load(db, old, &fresh, err))
        return false;
    catalogue_swap(publisher, fresh);
    publisher->read_s = database_us / SECOND_US;
    atomic_store(&publisher->polled_s, now_s);
    return true;
}

void
publisher_facts(struct publisher *publisher, struct publisher_facts *ret_facts)
{
    AUTO_CATALOGUE catalogue = publisher_catalogue(publisher);
    struct answer_cache_counts counts;

    answer_cache_counts(publisher->cache, &counts);
    *ret_facts = (struct publisher_facts){.polled_s = atomic_load(&publisher->polled_s),
                                          .cache_entries = counts.entries,
                                          .cache_hits = counts.hits,
                                          .cache_fills = counts.fills,
                                          .cache_thrown_away = counts.thrown_away,
                                          .try_later = atomic_load(&publisher->try_later),
                                          .nonce_refused = atomic_load(&publisher->nonce_refused)};
    for (size_t i = 0; catalogue && i < catalogue->issuer_count; i++)
        ret_facts->issuer[ret_facts->issuer_count++] = catalogue->issuer[i].facts;
}
