#include "authority.h"

#include "signet/ocsp.h"

/* The status role: what it signs is what the rows say. */

static void
no_responder_no_answer(void)
{
    struct ocsp_request_message ask = {.count = 1, .query = {{CERTID_SHA1, true, {0x51, 1}, 2}}};
    struct ocsp_reply reply;
    struct error err = {0};

    ASSERT_REFUSED(signer_ocsp(client(&authority.status, 0), &ask, AUTHORITY_CALL_MS, &reply, &err),
                   &err, ERROR_SIGNER_UNAVAILABLE);
}

static void
issue(const char *identity, uint8_t serial[SERIAL_OCTETS])
{
    struct test_request *request = request_make(identity);
    struct issue_reply reply;
    struct error err = {0};

    if (ASSERT_OK(signer_issue(client(&authority.issuing, 0), &request->request, AUTHORITY_CALL_MS,
                               &reply, &err),
                  &err))
        assert_certificate(&reply);
    memcpy(serial, request->leaf.serial, SERIAL_OCTETS);
    request_free(request);
}

static void
revoke_at(const uint8_t serial[SERIAL_OCTETS], int64_t time_s)
{
    struct db_revocation revocation = {.issuer = authority.issuer_id,
                                       .serial_len = SERIAL_OCTETS,
                                       .revoked_s = time_s,
                                       .not_after_s = clock_now_s() + 86400,
                                       .reason = REASON_KEY_COMPROMISE,
                                       .by = "tests"};
    struct db_revocation standing;
    struct error err = {0};
    bool is_new;

    memcpy(revocation.serial, serial, SERIAL_OCTETS);
    ASSERT_OK(db_revocation_insert(authority.server, &revocation, &standing, &is_new, &err), &err);
}

static void
revoke_serial(const uint8_t serial[SERIAL_OCTETS])
{
    revoke_at(serial, clock_now_s());
}

static void
ask_for(struct ocsp_request_message *ask, const uint8_t serial[SERIAL_OCTETS])
{
    struct ocsp_query *query = &ask->query[ask->count++];

    query->hash = CERTID_SHA256;
    query->serial_len = SERIAL_OCTETS;
    memcpy(query->serial, serial, SERIAL_OCTETS);
}

static enum ocsp_status
worst_of(const struct ocsp_request_message *ask)
{
    struct ocsp_reply reply = {.worst = 99};
    struct error err = {0};

    ASSERT_OK(signer_ocsp(client(&authority.status, 0), ask, AUTHORITY_CALL_MS, &reply, &err),
              &err);
    CU_ASSERT_TRUE(clock_now_s() - reply.this_update_s <= 2);
    CU_ASSERT_EQUAL(reply.next_update_s - reply.this_update_s, 3600);
    CU_ASSERT_TRUE(reply.response.len > 200);
    return (enum ocsp_status)reply.worst;
}

static void
tells_good_revoked_unknown(void)
{
    struct ocsp_request_message ask = {0};
    uint8_t serial[SERIAL_OCTETS], responder[SERIAL_OCTETS];

    issue("signet/ocsp", responder);
    issue("flow/one", serial);
    /* A missing responder is looked for again every two seconds. */
    usleep(2100000);
    ask_for(&ask, serial);
    CU_ASSERT_EQUAL(worst_of(&ask), OCSP_GOOD);
    revoke_serial(serial);
    CU_ASSERT_EQUAL(worst_of(&ask), OCSP_REVOKED);
    ask.query[0].serial[10] ^= 1;
    CU_ASSERT_EQUAL(worst_of(&ask), OCSP_UNKNOWN);
}

/* A row that was recorded and never signed could exist as a certificate: answered as any other. */
static void
tells_of_recorded_rows(void)
{
    struct ocsp_request_message ask = {0};
    uint8_t serial[SERIAL_OCTETS];
    char statement[128], hex[64];

    issue("flow/one", serial);
    hex_encode(bytes_of(serial, sizeof(serial)), hex, sizeof(hex));
    snprintf(statement, sizeof(statement), "DELETE FROM signature WHERE serial = '\\x%s'", hex);
    sql(statement);
    ask_for(&ask, serial);
    CU_ASSERT_EQUAL(worst_of(&ask), OCSP_GOOD);
    revoke_serial(serial);
    CU_ASSERT_EQUAL(worst_of(&ask), OCSP_REVOKED);
}

/* The clock of the host that revoked was ahead: relying parties are told at once all the same. */
static void
tells_of_a_revocation_in_the_future(void)
{
    struct ocsp_request_message ask = {0};
    uint8_t serial[SERIAL_OCTETS], other[SERIAL_OCTETS];

    issue("flow/one", serial);
    issue("flow/one", other);
    revoke_at(serial, clock_now_s() + 3600);
    ask_for(&ask, serial);
    ask_for(&ask, other);
    CU_ASSERT_EQUAL(worst_of(&ask), OCSP_REVOKED);
}

static void
answers_many_at_once(void)
{
    struct ocsp_request_message ask = {0};
    uint8_t serial[SERIAL_OCTETS];
    struct error err = {0};
    int lanes = AUTHORITY_CHANNELS - 1;

    issue("flow/one", serial);
    for (int i = 0; i < LIMIT_OCSP_REQUESTS; i++)
        ask_for(&ask, serial);
    ask.nonce_len = 32;
    for (int i = 0; i < 10 * lanes; i++) {
        AUTO_BUFFER body;

        buffer_init(&body, LIMIT_FRAME_OCTETS);
        CU_ASSERT_TRUE(ocsp_request_message_put(&body, &ask));
        ASSERT_OK(frame_send(authority.status.fd[1 + i % lanes], FRAME_OCSP, (uint32_t)i,
                             buffer_bytes(&body), &err),
                  &err);
    }
    for (int i = 0; i < 10 * lanes; i++) {
        struct frame frame;
        struct ocsp_reply reply = {0};
        AUTO_BUFFER in;

        buffer_init(&in, LIMIT_FRAME_OCTETS);
        CU_ASSERT_EQUAL_FATAL(
            frame_receive(authority.status.fd[1 + i % lanes], AUTHORITY_CALL_MS, &in, &frame, &err),
            FRAME_OK);
        CU_ASSERT_EQUAL(frame.kind, FRAME_OCSP_SIGNED);
        ASSERT_OK(ocsp_reply_get(frame.body, &reply, &err), &err);
        CU_ASSERT_EQUAL(reply.worst, OCSP_GOOD);
    }
}

static void
tells_how_it_is(void)
{
    struct probe_reply reply;
    struct error err = {0};

    ASSERT_OK(signer_probe(client(&authority.status, 0), AUTHORITY_CALL_MS, &reply, &err), &err);
    CU_ASSERT_TRUE(reply.certificate_end_s > clock_now_s());
    CU_ASSERT_TRUE(reply.signatures >= 190);
}

/* The role reads only, and takes no frame of the issuing role. */
static void
takes_no_other_frames(void)
{
    struct crl_request crl = {0};
    struct crl_reply reply;
    struct error err = {0};
    long audits = sql_number("SELECT count(*) FROM audit_event WHERE rule = 'frame.kind'");

    ASSERT_REFUSED(
        signer_build_crl(client(&authority.status, 0), &crl, AUTHORITY_CALL_MS, &reply, &err), &err,
        ERROR_FRAME);
    CU_ASSERT_STRING_EQUAL(err.rule, "frame.kind");
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM audit_event WHERE rule = 'frame.kind'"),
                    audits + 1);
}

static void
ends_when_the_database_is_lost(void)
{
    struct ocsp_request_message ask = {0};
    struct ocsp_reply reply;
    struct error err = {0};
    uint8_t serial[SERIAL_OCTETS];

    issue("flow/one", serial);
    ask_for(&ask, serial);
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'signet_status'");
    CU_ASSERT_FALSE(
        signer_ocsp(client(&authority.status, 0), &ask, AUTHORITY_CALL_MS, &reply, &err));
    CU_ASSERT_EQUAL(error_row(err.kind)->status, 503);
    CU_ASSERT_EQUAL(signer_wait(&authority.status), 75);
    signer_start(&authority.status, "status");
    CU_ASSERT_EQUAL(worst_of(&ask), OCSP_GOOD);
}

static void
stops_on_request(void)
{
    CU_ASSERT_EQUAL(signer_stop(&authority.status), 0);
    CU_ASSERT_EQUAL(signer_stop(&authority.issuing), 0);
}

int
main(void)
{
    int status;

    authority_make();
    identity_make("flow/one", "workload", NULL);
    identity_make("signet/ocsp", "responder", NULL);
    signer_start(&authority.issuing, "issuing");
    signer_start(&authority.status, "status");
    status =
        RUN_SUITE("status", TEST(no_responder_no_answer), TEST(tells_good_revoked_unknown),
                  TEST(tells_of_recorded_rows), TEST(tells_of_a_revocation_in_the_future),
                  TEST(answers_many_at_once), TEST(tells_how_it_is), TEST(takes_no_other_frames),
                  TEST(ends_when_the_database_is_lost), TEST(stops_on_request));
    return authority_end(status);
}
