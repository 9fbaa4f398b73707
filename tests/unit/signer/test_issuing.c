#include "authority.h"

/* The issuing role on a real token and a real database. */

static void
issues_and_stores(void)
{
    struct test_request *request = request_make("flow/one");
    struct issue_reply reply;
    struct error err = {0};

    if (ASSERT_OK(signer_issue(client(&authority.issuing, 0), &request->request, AUTHORITY_CALL_MS,
                               &reply, &err),
                  &err)) {
        CU_ASSERT_FALSE(reply.replayed);
        CU_ASSERT_TRUE(bytes_equal(reply.serial, request->leaf.tbs.serial));
        assert_certificate(&reply);
    }
    request_free(request);
}

static void
gives_the_same_certificate_again(void)
{
    struct test_request *request = request_make("flow/one");
    struct signer_channel *channel = client(&authority.issuing, 0);
    struct issue_reply reply;
    struct error err = {0};
    uint8_t first[LIMIT_CERTIFICATE_OCTETS];
    size_t first_len;

    if (!ASSERT_OK(signer_issue(channel, &request->request, AUTHORITY_CALL_MS, &reply, &err), &err))
        return;
    first_len = reply.certificate.len;
    memcpy(first, reply.certificate.data, first_len);
    /* The retry of a server has a serial of its own. */
    leaf_make(&request->leaf, &authority.issuer, "flow/one", &request->key, clock_now_s(), false);
    CU_ASSERT_TRUE(request_build(request));
    if (ASSERT_OK(signer_issue(channel, &request->request, AUTHORITY_CALL_MS, &reply, &err),
                  &err)) {
        CU_ASSERT_TRUE(reply.replayed);
        CU_ASSERT_TRUE(bytes_equal(reply.certificate, bytes_of(first, first_len)));
        CU_ASSERT_FALSE(bytes_equal(reply.serial, request->leaf.tbs.serial));
        assert_certificate(&reply);
    }
    fresh_digest(request->request.request_hash);
    ASSERT_REFUSED(signer_issue(channel, &request->request, AUTHORITY_CALL_MS, &reply, &err), &err,
                   ERROR_GRANT_USED);
    CU_ASSERT_STRING_EQUAL(err.rule, "record.grant_used");
    request_free(request);
}

/* What a crash between record and signature leaves behind is signed when its grant comes again. */
static void
signs_a_recorded_row_later(void)
{
    struct test_request *request = request_make("flow/one");
    struct signer_channel *channel = client(&authority.issuing, 0);
    struct issue_reply reply;
    struct error err = {0};
    char statement[256];
    char hex[64];

    if (!ASSERT_OK(signer_issue(channel, &request->request, AUTHORITY_CALL_MS, &reply, &err), &err))
        return;
    hex_encode(reply.serial, hex, sizeof(hex));
    snprintf(statement, sizeof(statement), "DELETE FROM signature WHERE serial = '\\x%s'", hex);
    sql(statement);
    if (ASSERT_OK(signer_issue(channel, &request->request, AUTHORITY_CALL_MS, &reply, &err),
                  &err)) {
        CU_ASSERT_TRUE(reply.replayed);
        assert_certificate(&reply);
    }
    request_free(request);
}

static void
refuses_by_permit_and_record(void)
{
    struct test_request *request = request_make("flow/one");
    struct signer_channel *channel = client(&authority.issuing, 0);
    struct issue_reply reply;
    struct error err = {0};
    long rows = sql_number("SELECT count(*) FROM certificate");
    long audits = sql_number("SELECT count(*) FROM audit_event WHERE action = 'signer.refuse'");

    request->leaf.tbs.crl_url = bytes_of(NULL, 0);
    CU_ASSERT_TRUE(request_build(request));
    ASSERT_REFUSED(signer_issue(channel, &request->request, AUTHORITY_CALL_MS, &reply, &err), &err,
                   ERROR_PERMIT);
    CU_ASSERT_STRING_EQUAL(err.rule, "permit.crl_url");
    request->leaf.tbs.crl_url = bytes_of_text(TEST_CRL_URL);
    fresh_digest(request->request.grant_key);
    CU_ASSERT_TRUE(request_build(request));
    ASSERT_REFUSED(signer_issue(channel, &request->request, AUTHORITY_CALL_MS, &reply, &err), &err,
                   ERROR_TOKEN_UNKNOWN);
    CU_ASSERT_STRING_EQUAL(err.rule, "record.token_missing");
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM certificate"), rows);
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM audit_event WHERE action = 'signer.refuse'"),
                    audits + 2);
    request_free(request);
}

enum { MANY = 200 };

/* All channels at once, good and bad mixed: each gets its own answer. */
static void
answers_each_of_many(void)
{
    struct test_request *request[MANY];
    struct error err = {0};
    int base = 1, lanes = AUTHORITY_CHANNELS - 1;
    long before = sql_number("SELECT count(*) FROM signature");

    for (int i = 0; i < MANY; i++) {
        AUTO_BUFFER body;

        buffer_init(&body, LIMIT_FRAME_OCTETS);
        request[i] = request_make("flow/many");
        if (i % 10 == 9) {
            request[i]->leaf.tbs.ca = true;
            CU_ASSERT_TRUE(request_build(request[i]));
        }
        CU_ASSERT_TRUE(issue_request_put(&body, &request[i]->request));
        ASSERT_OK(frame_send(authority.issuing.fd[base + i % lanes], FRAME_ISSUE, (uint32_t)i + 1,
                             buffer_bytes(&body), &err),
                  &err);
    }
    for (int i = 0; i < MANY; i++) {
        struct frame frame;
        struct issue_reply reply;
        AUTO_BUFFER in;

        buffer_init(&in, LIMIT_FRAME_OCTETS);
        CU_ASSERT_EQUAL_FATAL(frame_receive(authority.issuing.fd[base + i % lanes],
                                            AUTHORITY_CALL_MS, &in, &frame, &err),
                              FRAME_OK);
        if (frame.kind == FRAME_REFUSED) {
            CU_ASSERT_EQUAL((frame.id - 1) % 10, 9);
            continue;
        }
        CU_ASSERT_EQUAL(frame.kind, FRAME_ISSUED);
        ASSERT_OK(issue_reply_get(frame.body, &reply, &err), &err);
        CU_ASSERT_TRUE(bytes_equal(reply.serial, request[frame.id - 1]->leaf.tbs.serial));
        assert_certificate(&reply);
    }
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM signature"), before + MANY * 9 / 10);
    for (int i = 0; i < MANY; i++)
        request_free(request[i]);
}

/* One token on two channels in one breath: one certificate. */
static void
one_grant_one_certificate(void)
{
    struct test_request *first = request_make("flow/one");
    struct test_request *second = request_make("flow/one");
    struct error err = {0};
    long before = sql_number("SELECT count(*) FROM certificate");
    int issued = 0, refused = 0;

    memcpy(second->request.grant_key, first->request.grant_key, LIMIT_DIGEST_OCTETS);
    for (int i = 0; i < 2; i++) {
        AUTO_BUFFER body;

        buffer_init(&body, LIMIT_FRAME_OCTETS);
        CU_ASSERT_TRUE(issue_request_put(&body, i ? &second->request : &first->request));
        ASSERT_OK(
            frame_send(authority.issuing.fd[1 + i], FRAME_ISSUE, 1, buffer_bytes(&body), &err),
            &err);
    }
    for (int i = 0; i < 2; i++) {
        struct frame frame;
        AUTO_BUFFER in;

        buffer_init(&in, LIMIT_FRAME_OCTETS);
        CU_ASSERT_EQUAL_FATAL(
            frame_receive(authority.issuing.fd[1 + i], AUTHORITY_CALL_MS, &in, &frame, &err),
            FRAME_OK);
        issued += frame.kind == FRAME_ISSUED;
        refused += frame.kind == FRAME_REFUSED;
    }
    CU_ASSERT_EQUAL(issued, 1);
    CU_ASSERT_EQUAL(refused, 1);
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM certificate"), before + 1);
    request_free(first);
    request_free(second);
}

static void
tells_how_it_is(void)
{
    struct probe_reply reply;
    struct error err = {0};

    if (!ASSERT_OK(signer_probe(client(&authority.issuing, 0), AUTHORITY_CALL_MS, &reply, &err),
                   &err))
        return;
    CU_ASSERT_TRUE(clock_now_s() - reply.last_signature_s <= 2);
    CU_ASSERT_EQUAL(reply.certificate_end_s, authority.issuer.not_after_s);
    CU_ASSERT_EQUAL(reply.sessions, 2);
    CU_ASSERT_TRUE(reply.signatures >= MANY * 9 / 10);
    CU_ASSERT_TRUE(reply.refusals >= MANY / 10);
}

static void
revoke_serial(struct bytes serial, int reason)
{
    struct db_revocation revocation = {.issuer = authority.issuer_id,
                                       .serial_len = (uint8_t)serial.len,
                                       .revoked_s = clock_now_s(),
                                       .not_after_s = clock_now_s() + 86400,
                                       .reason = reason,
                                       .by = "tests"};
    struct db_revocation standing;
    struct error err = {0};
    bool is_new;

    memcpy(revocation.serial, serial.data, serial.len);
    ASSERT_OK(db_revocation_insert(authority.server, &revocation, &standing, &is_new, &err), &err);
}

static void
builds_the_crl_from_the_rows(void)
{
    struct test_request *request = request_make("flow/one");
    struct signer_channel *channel = client(&authority.issuing, 0);
    struct issue_reply issued;
    struct crl_reply first, second;
    struct crl_request ask = {0};
    struct db_crl row;
    struct crl crl;
    struct crl_entry *entries = NULL;
    struct bytes tbs, signature;
    struct public_key *key = NULL;
    struct error err = {0};
    AUTO_BUFFER der;

    buffer_init(&der, LIMIT_CRL_OCTETS);
    ASSERT_OK(signer_build_crl(channel, &ask, AUTHORITY_CALL_MS, &first, &err), &err);
    CU_ASSERT_EQUAL(first.entries, 0);
    ASSERT_OK(signer_issue(channel, &request->request, AUTHORITY_CALL_MS, &issued, &err), &err);
    revoke_serial(issued.serial, REASON_KEY_COMPROMISE);
    ASSERT_OK(signer_build_crl(channel, &ask, AUTHORITY_CALL_MS, &second, &err), &err);
    CU_ASSERT_EQUAL(second.entries, 1);
    CU_ASSERT_TRUE(second.number > first.number);
    CU_ASSERT_EQUAL_FATAL(db_crl_get(authority.server, authority.issuer_id, 0, &row, &der, &err),
                          DB_FOUND);
    CU_ASSERT_EQUAL(row.number, second.number);
    ASSERT_OK(crl_parse(buffer_bytes(&der), &crl, &entries, &tbs, &signature, &err), &err);
    CU_ASSERT_EQUAL_FATAL(crl.entry_count, 1);
    CU_ASSERT_TRUE(bytes_equal(bytes_of(crl.entries[0].serial, crl.entries[0].serial_len),
                               request->leaf.tbs.serial));
    CU_ASSERT_EQUAL(crl.entries[0].reason, REASON_KEY_COMPROMISE);
    CU_ASSERT_EQUAL(crl.next_update_s - crl.this_update_s, 86400);
    ASSERT_OK(public_key_parse(spki_bytes(&authority.issuer.key), &key, &err), &err);
    ASSERT_OK(public_key_verify(key, crl.algorithm, tbs, signature, &err), &err);
    public_key_free(key);
    free(entries);
    request_free(request);
}

/* Whether it serves. */
static bool
is_ready(struct running *running)
{
    struct probe_reply reply;
    struct error err = {0};

    return ASSERT_OK(signer_probe(client(running, 0), AUTHORITY_CALL_MS, &reply, &err), &err);
}

static void
stops_on_request(void)
{
    CU_ASSERT_EQUAL(signer_stop(&authority.issuing), 0);
}

/* The anchor knows what the database must have. */
static void
refuses_a_rewound_database(void)
{
    char path[160];

    sql("CREATE TABLE kept AS SELECT * FROM crl");
    sql("DELETE FROM crl");
    signer_start(&authority.issuing, "issuing");
    CU_ASSERT_EQUAL(signer_wait(&authority.issuing), 79);
    sql("INSERT INTO crl SELECT * FROM kept");
    sql("DROP TABLE kept");
    signer_start(&authority.issuing, "issuing");
    CU_ASSERT_TRUE(is_ready(&authority.issuing));
    CU_ASSERT_EQUAL(signer_stop(&authority.issuing), 0);
    snprintf(path, sizeof(path), "%s/issuing/anchor", authority.folder);
    CU_ASSERT_TRUE(file_exists(path));
}

/* One wrong PIN, and no second attempt however often the supervisor starts it. */
static void
tries_a_wrong_pin_once(void)
{
    char path[160];

    snprintf(path, sizeof(path), "%s/issuing/pin.latch", authority.folder);
    signer_start_with(&authority.issuing, "issuing", "000000", NULL);
    CU_ASSERT_EQUAL(signer_wait(&authority.issuing), 78);
    CU_ASSERT_TRUE(file_exists(path));
    signer_start(&authority.issuing, "issuing");
    CU_ASSERT_EQUAL(signer_wait(&authority.issuing), 78);
    CU_ASSERT_EQUAL(unlink(path), 0);
    signer_start(&authority.issuing, "issuing");
    CU_ASSERT_TRUE(is_ready(&authority.issuing));
    CU_ASSERT_FALSE(file_exists(path));
}

/* A lost database ends the program with the status that asks for a restart. */
static void
ends_when_the_database_is_lost(void)
{
    struct test_request *request = request_make("flow/one");
    struct issue_reply reply;
    struct error err = {0};

    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'signet_signer'");
    CU_ASSERT_FALSE(signer_issue(client(&authority.issuing, 0), &request->request,
                                 AUTHORITY_CALL_MS, &reply, &err));
    CU_ASSERT_EQUAL(error_row(err.kind)->status, 503);
    CU_ASSERT_EQUAL(signer_wait(&authority.issuing), 75);
    signer_start(&authority.issuing, "issuing");
    ASSERT_OK(signer_issue(client(&authority.issuing, 0), &request->request, AUTHORITY_CALL_MS,
                           &reply, &err),
              &err);
    assert_certificate(&reply);
    CU_ASSERT_EQUAL(signer_stop(&authority.issuing), 0);
    request_free(request);
}

int
main(void)
{
    int status;

    authority_make();
    identity_make("flow/one", "workload", NULL);
    identity_make("flow/many", "workload", NULL);
    signer_start(&authority.issuing, "issuing");
    status = RUN_SUITE("issuing", TEST(issues_and_stores), TEST(gives_the_same_certificate_again),
                       TEST(signs_a_recorded_row_later), TEST(refuses_by_permit_and_record),
                       TEST(answers_each_of_many), TEST(one_grant_one_certificate),
                       TEST(tells_how_it_is), TEST(builds_the_crl_from_the_rows),
                       TEST(stops_on_request), TEST(refuses_a_rewound_database),
                       TEST(tries_a_wrong_pin_once), TEST(ends_when_the_database_is_lost));
    return authority_end(status);
}
