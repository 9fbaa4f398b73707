/* The responder over a status signer of the test's own, which counts what it is asked. */
#include "suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publish/responder.h"
#include "signet/clock.h"
#include "signet/file.h"
#include "signet/frame.h"

enum { ASKERS = 8 };

struct stand {
    struct publisher *publisher;
    struct ocsp_issuer issuer;
    struct signer_channel *channel;
    int fd; /* the signer's end */
    pthread_t signer;
    atomic_int asked;
    enum ocsp_status status; /* what it says of every certificate */
    int64_t age_s, left_s;   /* thisUpdate before now, nextUpdate after */
    bool revokes;            /* a revocation is committed while the first answer is signed */
    uint8_t serial[8];
};

/* An answer says which one it was and whether it has a nonce: "3 nonce". */
static bool
signer_answer(struct stand *stand, const struct frame *frame, struct error *err)
{
    struct ocsp_request_message message;
    AUTO_BUFFER body = {.max = LIMIT_FRAME_OCTETS};
    char text[32];
    int number = atomic_fetch_add(&stand->asked, 1) + 1;
    struct ocsp_reply reply = {.this_update_s = clock_now_s() - stand->age_s,
                               .next_update_s = clock_now_s() + stand->left_s,
                               .worst = (uint8_t)stand->status};

    if (!ocsp_request_message_get(frame->body, &message, err))
        return false;
    if (stand->revokes && number == 1)
        publisher_revoked(stand->publisher, 1, bytes_of(stand->serial, sizeof(stand->serial)));
    snprintf(text, sizeof(text), "%d%s", number, message.nonce_len ? " nonce" : "");
    reply.response = bytes_of_text(text);
    return ocsp_reply_put(&body, &reply) &&
           frame_send(stand->fd, FRAME_OCSP_SIGNED, frame->id, buffer_bytes(&body), err);
}

static void *
signer_run(void *context)
{
    struct stand *stand = context;
    AUTO_BUFFER in = {.max = LIMIT_FRAME_OCTETS};
    struct error err = {0};
    struct frame frame;

    while (frame_receive(stand->fd, -1, &in, &frame, &err) == FRAME_OK)
        if (!signer_answer(stand, &frame, &err))
            break;
    fd_close(&stand->fd);
    return NULL;
}

static void
catalogue_put(struct stand *stand)
{
    struct catalogue *catalogue = calloc(1, sizeof(*catalogue));

    CU_ASSERT_PTR_NOT_NULL_FATAL(catalogue);
    atomic_init(&catalogue->references, 1);
    catalogue->issuer_count = 1;
    catalogue->issuer[0].ocsp = stand->issuer;
    catalogue->issuing = &catalogue->issuer[0];
    stand->publisher->catalogue = catalogue;
}

static struct stand *
stand_new(void)
{
    struct stand *stand = calloc(1, sizeof(*stand));
    struct error err = {0};
    int fds[2];

    CU_ASSERT_PTR_NOT_NULL_FATAL(stand);
    memcpy(stand->serial, "Qserial1", sizeof(stand->serial));
    stand->left_s = 3600;
    ocsp_issuer_init(&stand->issuer, bytes_of_text("subject"), bytes_of_text("key"));
    ASSERT_OK(publisher_new(NULL, &stand->publisher, &err), &err);
    catalogue_put(stand);
    ASSERT_OK(frame_pair(fds, &err), &err);
    stand->channel = signer_channel_new(fds[0]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stand->channel);
    stand->fd = fds[1];
    CU_ASSERT_EQUAL_FATAL(pthread_create(&stand->signer, NULL, signer_run, stand), 0);
    return stand;
}

static void
signer_stop(struct stand *stand)
{
    if (!stand->channel)
        return;
    signer_channel_free(stand->channel);
    stand->channel = NULL;
    pthread_join(stand->signer, NULL);
}

static void
stand_free(struct stand *stand)
{
    signer_stop(stand);
    publisher_free(stand->publisher);
    free(stand);
}

static void
request_make(struct stand *stand, size_t count, const char *nonce, struct buffer *der,
             struct request *request)
{
    struct ocsp_request ocsp = {
        .count = count, .has_nonce = nonce != NULL, .nonce = bytes_of_text(nonce)};

    for (size_t i = 0; i < count; i++)
        ocsp.certid[i] =
            (struct ocsp_certid){.hash = CERTID_SHA1,
                                 .issuer_name_hash = bytes_of(stand->issuer.name_sha1, 20),
                                 .issuer_key_hash = bytes_of(stand->issuer.key_sha1, 20),
                                 .serial = bytes_of(stand->serial, sizeof(stand->serial))};
    CU_ASSERT_TRUE_FATAL(ocsp_request_build(&ocsp, der));
    *request = (struct request){.id = "test",
                                .method = "POST",
                                .target = "/ocsp",
                                .path = "/ocsp",
                                .content_type = "application/ocsp-request",
                                .body = buffer_bytes(der)};
}

static struct published *
ask(struct stand *stand, size_t count, const char *nonce)
{
    AUTO_BUFFER der = {.max = LIMIT_OCSP_REQUEST_OCTETS};
    struct request request;

    request_make(stand, count, nonce, &der, &request);
    return responder_answer(stand->publisher, stand->channel, &request);
}

static bool
answers(struct stand *stand, const char *nonce, const char *text)
{
    AUTO_PUBLISHED answer = ask(stand, 1, nonce);

    return bytes_equal(answer->body, bytes_of_text(text));
}

static bool
answers_error(struct stand *stand, size_t count, enum ocsp_response_status status)
{
    AUTO_PUBLISHED answer = ask(stand, count, NULL);

    return bytes_equal(answer->body, ocsp_error_response(status)) && answer->max_age_s == 0;
}

static bool
cached(struct stand *stand, const char *text)
{
    AUTO_BUFFER der = {.max = LIMIT_OCSP_REQUEST_OCTETS};
    AUTO_PUBLISHED answer = NULL;
    struct request request;

    request_make(stand, 1, NULL, &der, &request);
    return publisher_cached(stand->publisher, &request, &answer) &&
           bytes_equal(answer->body, bytes_of_text(text));
}

static void
signs_once_and_serves_from_memory(void)
{
    struct stand *stand = stand_new();

    CU_ASSERT_FALSE(cached(stand, "1"));
    CU_ASSERT_TRUE(answers(stand, NULL, "1"));
    CU_ASSERT_TRUE(answers(stand, NULL, "1"));
    CU_ASSERT_TRUE(cached(stand, "1"));
    CU_ASSERT_EQUAL(stand->asked, 1);
    stand_free(stand);
}

/* A revocation is seen by the very next asker. */
static void
a_revocation_empties_the_cache(void)
{
    struct stand *stand = stand_new();

    CU_ASSERT_TRUE(answers(stand, NULL, "1"));
    publisher_revoked(stand->publisher, 1, bytes_of(stand->serial, sizeof(stand->serial)));
    CU_ASSERT_FALSE(cached(stand, "1"));
    CU_ASSERT_TRUE(answers(stand, NULL, "2"));
    publisher_forget_all(stand->publisher);
    CU_ASSERT_TRUE(answers(stand, NULL, "3"));
    stand_free(stand);
}

static void
an_answer_overtaken_by_a_revocation_is_made_again(void)
{
    struct stand *stand = stand_new();

    stand->revokes = true;
    CU_ASSERT_TRUE(answers(stand, NULL, "2"));
    CU_ASSERT_TRUE(cached(stand, "2"));
    CU_ASSERT_EQUAL(stand->asked, 2);
    stand_free(stand);
}

/* O-04: what we have no record of is not remembered, so that nobody can fill the cache with it. */
static void
unknown_is_not_kept(void)
{
    struct stand *stand = stand_new();

    stand->status = OCSP_UNKNOWN;
    CU_ASSERT_TRUE(answers(stand, NULL, "1"));
    CU_ASSERT_FALSE(cached(stand, "1"));
    CU_ASSERT_TRUE(answers(stand, NULL, "2"));
    stand_free(stand);
}

/* O-12: a nonce is answered live within the share, and past it from the cache without one. */
static void
nonces_have_a_bounded_share(void)
{
    struct stand *stand = stand_new();
    struct publisher_facts facts;

    share_done(&stand->publisher->live);
    share_init(&stand->publisher->live, 1, clock_monotonic_us());
    CU_ASSERT_TRUE(answers(stand, "0123456789abcdef", "1 nonce"));
    CU_ASSERT_FALSE(cached(stand, "1 nonce"));
    CU_ASSERT_TRUE(answers(stand, "0123456789abcdef", "2"));
    CU_ASSERT_TRUE(answers(stand, "0123456789abcdef", "2"));
    CU_ASSERT_TRUE(answers_error(stand, 2, OCSP_TRY_LATER));
    publisher_facts(stand->publisher, &facts);
    CU_ASSERT_EQUAL(facts.nonce_refused, 3);
    CU_ASSERT_EQUAL(facts.try_later, 1);
    stand_free(stand);
}

static void
without_a_signer_it_is_try_later(void)
{
    struct stand *stand = stand_new();

    signer_stop(stand);
    CU_ASSERT_TRUE(answers_error(stand, 1, OCSP_TRY_LATER));
    CU_ASSERT_TRUE(answers_error(stand, 2, OCSP_TRY_LATER));
    stand_free(stand);
}

/* Past half of its life an answer is renewed; while nobody can sign, the old one is served. */
static void
what_is_valid_outlives_the_signer(void)
{
    struct stand *stand = stand_new();

    stand->age_s = 3000;
    stand->left_s = 600;
    CU_ASSERT_TRUE(answers(stand, NULL, "1"));
    CU_ASSERT_TRUE(answers(stand, NULL, "2"));
    signer_stop(stand);
    CU_ASSERT_TRUE(answers(stand, NULL, "2"));
    CU_ASSERT_TRUE(answers(stand, "0123456789abcdef", "2"));
    CU_ASSERT_TRUE(cached(stand, "2"));
    publisher_revoked(stand->publisher, 1, bytes_of(stand->serial, sizeof(stand->serial)));
    CU_ASSERT_TRUE(answers_error(stand, 1, OCSP_TRY_LATER));
    stand_free(stand);
}

static void
before_the_first_poll_it_is_try_later(void)
{
    struct stand *stand = stand_new();

    catalogue_unref(stand->publisher->catalogue);
    stand->publisher->catalogue = NULL;
    CU_ASSERT_TRUE(answers_error(stand, 1, OCSP_TRY_LATER));
    CU_ASSERT_FALSE(cached(stand, ""));
    CU_ASSERT_EQUAL(stand->asked, 0);
    stand_free(stand);
}

/* Errors of OCSP's own need neither worker nor signer (O-02, O-03). */
static void
garbage_is_answered_from_memory(void)
{
    struct stand *stand = stand_new();
    struct request request = {.method = "POST",
                              .target = "/ocsp",
                              .content_type = "application/ocsp-request",
                              .body = bytes_of_text("garbage")};
    struct published *answer = NULL;

    CU_ASSERT_TRUE_FATAL(publisher_cached(stand->publisher, &request, &answer));
    CU_ASSERT_TRUE(bytes_equal(answer->body, ocsp_error_response(OCSP_MALFORMED_REQUEST)));
    CU_ASSERT_EQUAL(answer->status, 200);
    published_unref(answer);
    request.content_type = "text/plain";
    CU_ASSERT_FALSE(publisher_cached(stand->publisher, &request, &answer));
    CU_ASSERT_EQUAL(stand->asked, 0);
    stand_free(stand);
}

static void *
ask_from_thread(void *context)
{
    struct stand *stand = context;
    AUTO_BUFFER der = {.max = LIMIT_OCSP_REQUEST_OCTETS};
    struct request request;
    struct published *answer;

    /* without a channel of its own: only the first asker may compute */
    request_make(stand, 1, NULL, &der, &request);
    answer = responder_answer(stand->publisher, NULL, &request);
    return answer;
}

static void
many_askers_share_one_answer(void)
{
    struct stand *stand = stand_new();
    struct answer_fill fill;
    struct published *published = NULL, *older = NULL;
    struct ocsp_query key = {.hash = CERTID_SHA1, .serial_len = sizeof(stand->serial)};
    const struct publication publication = {.content_type = RESPONDER_CONTENT_TYPE,
                                            .modified_s = clock_now_s(),
                                            .expires_s = clock_now_s() + 3600,
                                            .max_age_s = 1800};
    pthread_t thread[ASKERS];
    struct error err = {0};

    memcpy(key.serial, stand->serial, sizeof(stand->serial));
    CU_ASSERT_EQUAL_FATAL(
        answer_cache_acquire(stand->publisher->cache, &key, clock_now_s(), 0, &older, &fill),
        ANSWER_FILL);
    for (size_t i = 0; i < ASKERS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, ask_from_thread, stand), 0);
    ASSERT_OK(published_new(&publication, bytes_of_text("one"), &published, &err), &err);
    CU_ASSERT_TRUE(answer_cache_publish(stand->publisher->cache, &fill, published, OCSP_GOOD));
    for (size_t i = 0; i < ASKERS; i++) {
        void *answer = NULL;

        pthread_join(thread[i], &answer);
        CU_ASSERT_PTR_EQUAL(answer, published);
        published_unref(answer);
    }
    published_unref(published);
    stand_free(stand);
}

int
main(void)
{
    return RUN_SUITE(
        "publish/responder", TEST(signs_once_and_serves_from_memory),
        TEST(a_revocation_empties_the_cache),
        TEST(an_answer_overtaken_by_a_revocation_is_made_again), TEST(unknown_is_not_kept),
        TEST(nonces_have_a_bounded_share), TEST(without_a_signer_it_is_try_later),
        TEST(what_is_valid_outlives_the_signer), TEST(before_the_first_poll_it_is_try_later),
        TEST(garbage_is_answered_from_memory), TEST(many_askers_share_one_answer));
}
