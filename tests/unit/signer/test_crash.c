#include "authority.h"

/*
 * Killed at every fault point of a request and started again: the same request gets a certificate,
 * there is one row, and what was answered is what is stored. Needs a build with fault points.
 */

static void
fault(const char *lines)
{
    write_text("faults", lines);
}

static bool
issue(struct test_request *request, struct issue_reply *reply, struct error *err)
{
    return signer_issue(client(&authority.issuing, 0), &request->request, AUTHORITY_CALL_MS, reply,
                        err);
}

static void
killed_at(const char *point, long rows_then)
{
    struct test_request *request = request_make("flow/one");
    long rows = sql_number("SELECT count(*) FROM certificate");
    struct issue_reply reply;
    struct error err = {0};
    char line[64];

    snprintf(line, sizeof(line), "%s kill\n", point);
    signer_start(&authority.issuing, "issuing");
    fault(line);
    ASSERT_REFUSED(issue(request, &reply, &err), &err, ERROR_SIGNER_UNAVAILABLE);
    CU_ASSERT_EQUAL(signer_wait(&authority.issuing), 128 + SIGKILL);
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM certificate"), rows + rows_then);
    fault("");
    signer_start(&authority.issuing, "issuing");
    if (ASSERT_OK(issue(request, &reply, &err), &err)) {
        CU_ASSERT_EQUAL(reply.replayed, rows_then == 1);
        assert_certificate(&reply);
    }
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM certificate"), rows + 1);
    CU_ASSERT_EQUAL(signer_stop(&authority.issuing), 0);
    request_free(request);
}

static void
before_the_record(void)
{
    killed_at("before-record", 0);
}

static void
after_the_record(void)
{
    killed_at("after-record", 1);
}

static void
after_the_signature(void)
{
    killed_at("after-sign", 1);
}

static void
after_the_store(void)
{
    killed_at("after-store", 1);
}

static void
before_the_reply(void)
{
    killed_at("before-reply", 1);
}

/* A fault that is answered: the caller is told to try again, and the program starts anew. */
static void
fails_without_being_killed(void)
{
    static const char *const points[] = {"before-record", "after-record", "after-store",
                                         "before-reply"};

    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        struct test_request *request = request_make("flow/one");
        struct issue_reply reply;
        struct error err = {0};
        char line[64];

        snprintf(line, sizeof(line), "%s fail\n", points[i]);
        signer_start(&authority.issuing, "issuing");
        fault(line);
        ASSERT_REFUSED(issue(request, &reply, &err), &err, ERROR_DATABASE_UNAVAILABLE);
        CU_ASSERT_EQUAL(signer_wait(&authority.issuing), 75);
        fault("");
        signer_start(&authority.issuing, "issuing");
        if (ASSERT_OK(issue(request, &reply, &err), &err))
            assert_certificate(&reply);
        CU_ASSERT_EQUAL(signer_stop(&authority.issuing), 0);
        request_free(request);
    }
}

static void
crl_killed_at(const char *point)
{
    struct crl_request ask = {0};
    struct crl_reply before, after;
    struct error err = {0};
    char line[64];

    signer_start(&authority.issuing, "issuing");
    ASSERT_OK(
        signer_build_crl(client(&authority.issuing, 0), &ask, AUTHORITY_CALL_MS, &before, &err),
        &err);
    snprintf(line, sizeof(line), "%s kill\n", point);
    fault(line);
    ASSERT_REFUSED(
        signer_build_crl(client(&authority.issuing, 0), &ask, AUTHORITY_CALL_MS, &after, &err),
        &err, ERROR_SIGNER_UNAVAILABLE);
    CU_ASSERT_EQUAL(signer_wait(&authority.issuing), 128 + SIGKILL);
    fault("");
    signer_start(&authority.issuing, "issuing");
    ASSERT_OK(
        signer_build_crl(client(&authority.issuing, 0), &ask, AUTHORITY_CALL_MS, &after, &err),
        &err);
    /* The number of the list that was never stored is not used again. */
    CU_ASSERT_EQUAL(after.number, before.number + 2);
    CU_ASSERT_EQUAL(signer_stop(&authority.issuing), 0);
}

static void
with_a_crl_recorded_or_signed(void)
{
    crl_killed_at("crl-recorded");
    crl_killed_at("crl-signed");
}

/* Signed twice by two lives of the program, released once: what is stored first stands. */
static void
keeps_the_signature_that_was_stored(void)
{
    struct test_request *request = request_make("flow/one");
    struct issue_reply reply;
    struct error err = {0};
    uint8_t first[LIMIT_CERTIFICATE_OCTETS];
    size_t first_len;

    signer_start(&authority.issuing, "issuing");
    if (!ASSERT_OK(issue(request, &reply, &err), &err))
        return;
    memcpy(first, reply.certificate.data, reply.certificate.len);
    first_len = reply.certificate.len;
    CU_ASSERT_TRUE(kill(authority.issuing.pid, SIGKILL) == 0);
    CU_ASSERT_EQUAL(signer_wait(&authority.issuing), 128 + SIGKILL);
    signer_start(&authority.issuing, "issuing");
    if (ASSERT_OK(issue(request, &reply, &err), &err))
        CU_ASSERT_TRUE(bytes_equal(reply.certificate, bytes_of(first, first_len)));
    CU_ASSERT_EQUAL(signer_stop(&authority.issuing), 0);
    request_free(request);
}

int
main(void)
{
    int status;

#ifndef SIGNET_FAULTS
    printf("built without fault points: skipped\n");
    return 77;
#endif
    authority_make();
    identity_make("flow/one", "workload", NULL);
    status = RUN_SUITE("crashes of the signer", TEST(before_the_record), TEST(after_the_record),
                       TEST(after_the_signature), TEST(after_the_store), TEST(before_the_reply),
                       TEST(fails_without_being_killed), TEST(with_a_crl_recorded_or_signed),
                       TEST(keeps_the_signature_that_was_stored));
    return authority_end(status);
}
