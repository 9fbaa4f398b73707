#include "hostile.h"

static void
raw(int fd, const void *data, size_t len)
{
    CU_ASSERT_EQUAL(send(fd, data, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void
refused_with_frame_error(int fd)
{
    struct frame frame;
    struct error refusal, err = {0};
    AUTO_BUFFER in;

    buffer_init(&in, LIMIT_FRAME_OCTETS);
    CU_ASSERT_EQUAL_FATAL(frame_receive(fd, AUTHORITY_CALL_MS, &in, &frame, &err), FRAME_OK);
    CU_ASSERT_EQUAL(frame.kind, FRAME_REFUSED);
    if (ASSERT_OK(error_get(frame.body, &refusal, &err), &err))
        CU_ASSERT_EQUAL(refusal.kind, ERROR_FRAME);
}

static void
breaks_no_signer_with_frames(struct running *running)
{
    static const uint8_t wrong_version[] = {9, 1, 0, 0, 0, 0, 0, 1};
    static const uint8_t reserved[] = {1, 1, 0, 1, 0, 0, 0, 1};
    static const uint8_t unknown[] = {1, 77, 0, 0, 0, 0, 0, 1};
    static const uint8_t issued[] = {1, 2, 0, 0, 0, 0, 0, 1};
    static const uint8_t channels[] = {1, 10, 0, 0, 0, 0, 0, 1};
    static const uint8_t empty_issue[] = {1, 1, 0, 0, 0, 0, 0, 1};
    static const uint8_t empty_ocsp[] = {1, 5, 0, 0, 0, 0, 0, 1};
    static const uint8_t fat_probe[] = {1, 7, 0, 0, 0, 0, 0, 1, 1};
    static const struct bytes frames[] = {
        {wrong_version, 8}, {reserved, 8},   {unknown, 8},   {issued, 8},  {channels, 8},
        {empty_issue, 8},   {empty_ocsp, 8}, {fat_probe, 9}, {unknown, 3},
    };
    uint8_t *huge = calloc(1, LIMIT_FRAME_OCTETS);
    long before = audits();

    for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
        raw(running->fd[2], frames[i].data, frames[i].len);
        refused_with_frame_error(running->fd[2]);
    }
    memcpy(huge, empty_issue, 8);
    raw(running->fd[2], huge, LIMIT_FRAME_OCTETS);
    refused_with_frame_error(running->fd[2]);
    free(huge);
    CU_ASSERT_EQUAL(audits(), before + (long)ARRAY_LEN(frames) + 1);
    /* An empty message looks like the end, and that channel ends. */
    CU_ASSERT_EQUAL(send(running->fd[3], "", 0, MSG_NOSIGNAL), 0);
    is_alive(running);
}

static void
breaks_no_issuing_signer(void)
{
    breaks_no_signer_with_frames(&authority.issuing);
}

static void
breaks_no_status_signer(void)
{
    breaks_no_signer_with_frames(&authority.status);
}

static void
survives_random_frames(void)
{
    struct running *both[] = {&authority.issuing, &authority.status};
    struct error err = {0};

    for (size_t which = 0; which < 2; which++)
        for (int i = 0; i < 600; i++) {
            uint8_t octets[256] = {1, 0, 0, 0, 0, 0, 0, 1};
            struct frame frame;
            AUTO_BUFFER in;

            buffer_init(&in, LIMIT_FRAME_OCTETS);
            must(random_bytes(octets + 8, sizeof(octets) - 8, &err), &err);
            octets[1] = (uint8_t)(i % 14);
            raw(both[which]->fd[4], octets, 8 + (size_t)octets[8] % 240);
            CU_ASSERT_EQUAL_FATAL(
                frame_receive(both[which]->fd[4], AUTHORITY_CALL_MS, &in, &frame, &err), FRAME_OK);
            /* A probe and the question for the permit have no body: some are asked by chance. */
            CU_ASSERT_TRUE(frame.kind == FRAME_REFUSED || frame.kind == FRAME_PROBED ||
                           frame.kind == FRAME_PERMITTED);
        }
    is_alive(&authority.issuing);
    is_alive(&authority.status);
}

enum { FLOOD = 3000 };

/* One channel floods and never reads; another gets its certificates all the same, and the audit
 * trail does not grow without bound. */
static void
starves_nobody(void)
{
    static const uint8_t unknown[] = {1, 77, 0, 0, 0, 0, 0, 1};
    long rows = sql_number("SELECT count(*) FROM audit_event");
    int fd = authority.issuing.fd[5];
    int sent = 0;

    for (int i = 0; i < FLOOD; i++)
        sent += send(fd, unknown, sizeof(unknown), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(unknown);
    CU_ASSERT_TRUE(sent > 100);
    for (int i = 0; i < 5; i++) {
        struct test_request *request = request_make("flow/one");
        struct issue_reply reply;
        struct error err = {0};

        if (ASSERT_OK(
                signer_issue(client(&authority.issuing, 0), &request->request, 3000, &reply, &err),
                &err))
            assert_certificate(&reply);
        request_free(request);
    }
    CU_ASSERT_TRUE(sql_number("SELECT count(*) FROM audit_event") < rows + 400);
}

int
main(void)
{
    int status;

    hostile_start();
    status = RUN_SUITE("hostile server: frames", TEST(breaks_no_issuing_signer),
                       TEST(breaks_no_status_signer), TEST(survives_random_frames),
                       TEST(starves_nobody), TEST(leaves_both_signers_running));
    return authority_end(status);
}
