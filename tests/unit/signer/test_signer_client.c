#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "signet/file.h"
#include "signet/frame.h"
#include "signet/signer_client.h"
#include "suite.h"

/* This program answers its own calls from a second thread. */
struct answer {
    int fd;
    enum frame_kind kind;
    uint32_t id_offset;
    bool silent, hang_up;
    struct buffer body;
};

static void *
answer_one(void *argument)
{
    struct answer *answer = argument;
    struct frame frame;
    struct error err;
    AUTO_BUFFER in;

    buffer_init(&in, LIMIT_FRAME_OCTETS);
    if (frame_receive(answer->fd, 5000, &in, &frame, &err) != FRAME_OK)
        return NULL;
    if (answer->hang_up)
        fd_close(&answer->fd);
    else if (!answer->silent && !frame_send(answer->fd, answer->kind, frame.id + answer->id_offset,
                                            buffer_bytes(&answer->body), &err))
        return NULL;
    return NULL;
}

static bool
probe_against(struct signer_channel *channel, struct answer *answer, int timeout_ms,
              struct probe_reply *reply, struct error *err)
{
    pthread_t thread;
    bool ok;

    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, answer_one, answer), 0);
    ok = signer_probe(channel, timeout_ms, reply, err);
    pthread_join(thread, NULL);
    return ok;
}

static struct signer_channel *
open_channel(struct answer *answer, enum frame_kind kind)
{
    struct error err = {0};
    int fds[2] = {-1, -1};

    CU_ASSERT_TRUE_FATAL(frame_pair(fds, &err));
    *answer = (struct answer){.fd = fds[1], .kind = kind};
    buffer_init(&answer->body, LIMIT_FRAME_OCTETS);
    return signer_channel_new(fds[0]);
}

static void
close_channel(struct signer_channel *channel, struct answer *answer)
{
    signer_channel_free(channel);
    fd_close(&answer->fd);
    buffer_done(&answer->body);
}

static const struct probe_reply good = {
    .last_signature_s = 5, .sessions = 2, .signatures = 7, .module = "m"};

static void
calls_and_gets(void)
{
    struct answer answer;
    struct signer_channel *channel = open_channel(&answer, FRAME_PROBED);
    struct probe_reply reply;
    struct error err = {0};

    CU_ASSERT_TRUE(probe_reply_put(&answer.body, &good));
    for (int i = 0; i < 3; i++) {
        ASSERT_OK(probe_against(channel, &answer, 5000, &reply, &err), &err);
        CU_ASSERT_EQUAL(reply.signatures, 7);
    }
    CU_ASSERT_TRUE(signer_channel_alive(channel));
    close_channel(channel, &answer);
}

/* The signer's error comes out as it was, and the channel goes on. */
static void
passes_refusals_on(void)
{
    struct answer answer;
    struct signer_channel *channel = open_channel(&answer, FRAME_REFUSED);
    struct probe_reply reply;
    struct error why = {0}, err = {0};

    error_refuse(&why, ERROR_PERMIT, "permit.names", "not this name");
    CU_ASSERT_TRUE(error_put(&answer.body, &why));
    ASSERT_REFUSED(probe_against(channel, &answer, 5000, &reply, &err), &err, ERROR_PERMIT);
    CU_ASSERT_STRING_EQUAL(err.rule, "permit.names");
    CU_ASSERT_STRING_EQUAL(err.detail, "not this name");
    CU_ASSERT_TRUE(signer_channel_alive(channel));
    close_channel(channel, &answer);
}

static void
spoils(void (*change)(struct answer *answer), enum error_kind wanted)
{
    struct answer answer;
    struct signer_channel *channel = open_channel(&answer, FRAME_PROBED);
    struct probe_reply reply;
    struct error err = {0};

    CU_ASSERT_TRUE(probe_reply_put(&answer.body, &good));
    change(&answer);
    ASSERT_REFUSED(probe_against(channel, &answer, 100, &reply, &err), &err, wanted);
    CU_ASSERT_FALSE(signer_channel_alive(channel));
    ASSERT_REFUSED(signer_probe(channel, 100, &reply, &err), &err, ERROR_SIGNER_UNAVAILABLE);
    close_channel(channel, &answer);
}

static void
hang_up(struct answer *answer)
{
    answer->hang_up = true;
}

static void
answer_another_call(struct answer *answer)
{
    answer->id_offset = 1;
}

static void
answer_in_another_kind(struct answer *answer)
{
    answer->kind = FRAME_ISSUED;
}

static void
refuse_without_an_error(struct answer *answer)
{
    answer->kind = FRAME_REFUSED;
    buffer_clear(&answer->body);
}

static void
spoils_after_each_fault(void)
{
    spoils(hang_up, ERROR_SIGNER_UNAVAILABLE);
    spoils(answer_another_call, ERROR_FRAME);
    spoils(answer_in_another_kind, ERROR_FRAME);
    spoils(refuse_without_an_error, ERROR_FRAME);
}

/* Nothing is sent while the answer is owed; the late one is not taken for that of another call. */
static void
serves_again_after_a_late_answer(void)
{
    struct answer answer;
    struct signer_channel *channel = open_channel(&answer, FRAME_PROBED);
    struct probe_reply late = good, reply;
    struct error err = {0};
    AUTO_BUFFER body;

    buffer_init(&body, LIMIT_FRAME_OCTETS);
    late.signatures = 1;
    CU_ASSERT_TRUE(probe_reply_put(&answer.body, &good) && probe_reply_put(&body, &late));
    answer.silent = true;
    ASSERT_REFUSED(probe_against(channel, &answer, 50, &reply, &err), &err,
                   ERROR_SIGNER_UNAVAILABLE);
    CU_ASSERT_TRUE(signer_channel_alive(channel));
    for (int i = 0; i < 3; i++)
        ASSERT_REFUSED(signer_probe(channel, 60000, &reply, &err), &err, ERROR_SIGNER_UNAVAILABLE);
    ASSERT_OK(frame_send(answer.fd, FRAME_PROBED, 1, buffer_bytes(&body), &err), &err);
    answer.silent = false;
    ASSERT_OK(probe_against(channel, &answer, 5000, &reply, &err), &err);
    CU_ASSERT_EQUAL(reply.signatures, 7);
    close_channel(channel, &answer);
}

static void
ends_when_the_late_answer_never_comes(void)
{
    struct answer answer;
    struct signer_channel *channel = open_channel(&answer, FRAME_PROBED);
    struct probe_reply reply;
    struct error err = {0};

    answer.silent = true;
    ASSERT_REFUSED(probe_against(channel, &answer, 50, &reply, &err), &err,
                   ERROR_SIGNER_UNAVAILABLE);
    fd_close(&answer.fd);
    ASSERT_REFUSED(signer_probe(channel, 5000, &reply, &err), &err, ERROR_SIGNER_UNAVAILABLE);
    CU_ASSERT_FALSE(signer_channel_alive(channel));
    close_channel(channel, &answer);
}

static void
lives_again_when_replaced(void)
{
    struct answer first, second;
    struct signer_channel *channel = open_channel(&first, FRAME_PROBED);
    struct signer_channel *other = open_channel(&second, FRAME_PROBED);
    struct probe_reply reply;
    struct error err = {0};
    int fds[2] = {-1, -1};

    CU_ASSERT_TRUE(probe_reply_put(&second.body, &good));
    first.hang_up = true;
    ASSERT_REFUSED(probe_against(channel, &first, 1000, &reply, &err), &err,
                   ERROR_SIGNER_UNAVAILABLE);
    CU_ASSERT_FALSE(signer_channel_alive(channel));
    CU_ASSERT_TRUE_FATAL(frame_pair(fds, &err));
    fd_close(&second.fd);
    second.fd = fds[1];
    signer_channel_replace(channel, fds[0]);
    CU_ASSERT_TRUE(signer_channel_alive(channel));
    ASSERT_OK(probe_against(channel, &second, 5000, &reply, &err), &err);
    signer_channel_free(other);
    close_channel(channel, &second);
    buffer_done(&first.body);
}

static void
has_no_channel_yet(void)
{
    struct signer_channel *channel = signer_channel_new(-1);
    struct probe_reply reply;
    struct error err = {0};

    CU_ASSERT_FALSE(signer_channel_alive(channel));
    ASSERT_REFUSED(signer_probe(channel, 100, &reply, &err), &err, ERROR_SIGNER_UNAVAILABLE);
    signer_channel_free(channel);
    signer_channel_free(NULL);
}

static void
refuses_what_no_frame_holds(void)
{
    static uint8_t large[LIMIT_FRAME_OCTETS];
    struct answer answer;
    struct signer_channel *channel = open_channel(&answer, FRAME_ISSUED);
    struct issue_request request = {.tbs = {large, sizeof(large)}};
    struct issue_reply reply;
    struct error err = {0};

    ASSERT_REFUSED(signer_issue(channel, &request, 100, &reply, &err), &err, ERROR_FRAME);
    CU_ASSERT_TRUE(signer_channel_alive(channel));
    close_channel(channel, &answer);
}

int
main(void)
{
    return RUN_SUITE("signer client", TEST(calls_and_gets), TEST(passes_refusals_on),
                     TEST(spoils_after_each_fault), TEST(serves_again_after_a_late_answer),
                     TEST(ends_when_the_late_answer_never_comes), TEST(lives_again_when_replaced),
                     TEST(has_no_channel_yet), TEST(refuses_what_no_frame_holds));
}
