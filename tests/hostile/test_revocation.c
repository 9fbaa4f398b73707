#include "hostile.h"

#include "signet/ocsp.h"

static void
revoke_at(const uint8_t serial[SERIAL_OCTETS], int64_t time_s, int reason, bool *ret_new)
{
    struct db_revocation revocation = {.issuer = authority.issuer_id,
                                       .serial_len = SERIAL_OCTETS,
                                       .revoked_s = time_s,
                                       .not_after_s = clock_now_s() + 86400,
                                       .reason = reason,
                                       .by = "mallory"};
    struct db_revocation standing;
    struct error err = {0};

    memcpy(revocation.serial, serial, SERIAL_OCTETS);
    ASSERT_OK(db_revocation_insert(authority.server, &revocation, &standing, ret_new, &err), &err);
}

/* What OpenSSL reads in the answer. */
static void
response_text(struct bytes response, struct buffer *out)
{
    char path[128];
    const char *argv[] = {"openssl", "ocsp", "-respin", path, "-noverify", "-resp_text", NULL};
    struct spawn spawn = {.path = "/usr/bin/openssl", .argv = argv};
    struct error err = {0};
    int status = -1;

    snprintf(path, sizeof(path), "%s/answer.der", authority.folder);
    ASSERT_OK(file_write_atomic(path, response, 0644, (uid_t)-1, (gid_t)-1, &err), &err);
    ASSERT_OK(spawn_run(&spawn, bytes_of(NULL, 0), out, 10000, &status, &err), &err);
    CU_ASSERT_EQUAL(status, 0);
}

static void
gets_no_good_answer_for_a_revoked_serial(void)
{
    struct ocsp_request_message ask = {.count = 1};
    struct ocsp_reply reply;
    struct error err = {0};
    uint8_t serial[SERIAL_OCTETS];
    bool is_new;
    AUTO_BUFFER text;

    buffer_init(&text, 64 * 1024);
    issue_one(serial);
    revoke_at(serial, clock_now_s(), REASON_KEY_COMPROMISE, &is_new);
    CU_ASSERT_TRUE(is_new);
    ask.query[0].hash = CERTID_SHA1;
    ask.query[0].serial_len = SERIAL_OCTETS;
    memcpy(ask.query[0].serial, serial, SERIAL_OCTETS);
    for (int i = 0; i < 20; i++) {
        if (!ASSERT_OK(
                signer_ocsp(client(&authority.status, 0), &ask, AUTHORITY_CALL_MS, &reply, &err),
                &err))
            return;
        CU_ASSERT_EQUAL(reply.worst, OCSP_REVOKED);
    }
    response_text(reply.response, &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&text), "Cert Status: revoked"));
    CU_ASSERT_PTR_NULL(strstr(buffer_text(&text), "Cert Status: good"));
}

/* Neither a later nor an earlier time nor a milder reason takes the place of the first. */
static void
changes_no_first_revocation(void)
{
    static const char *const what = "SELECT extract(epoch FROM revoked_at)::bigint || ' ' || reason"
                                    " FROM revocation ORDER BY changed_at DESC LIMIT 1";
    int64_t first_s = clock_now_s() - 100;
    uint8_t serial[SERIAL_OCTETS];
    char standing[64];
    bool is_new;
    long before = sql_number("SELECT count(*) FROM audit_event"
                             " WHERE rule = 'revocation.first_stands'");

    issue_one(serial);
    revoke_at(serial, first_s, REASON_KEY_COMPROMISE, &is_new);
    snprintf(standing, sizeof(standing), "%s", sql(what));
    revoke_at(serial, first_s + 3600, REASON_KEY_COMPROMISE, &is_new);
    CU_ASSERT_FALSE(is_new);
    revoke_at(serial, first_s - 3600, REASON_KEY_COMPROMISE, &is_new);
    CU_ASSERT_FALSE(is_new);
    revoke_at(serial, first_s, REASON_SUPERSEDED, &is_new);
    CU_ASSERT_FALSE(is_new);
    CU_ASSERT_STRING_EQUAL(sql(what), standing);
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM audit_event"
                               " WHERE rule = 'revocation.first_stands'"),
                    before + 3);
}

/* The list is made from the rows: the frame has no say in its content. */
static void
gets_no_list_without_a_revoked_serial(void)
{
    struct crl_request ask = {.shard = 1};
    struct crl_reply reply;
    struct error err = {0};
    long before = audits_of("permit.shard");
    long revoked = sql_number("SELECT count(*) FROM revocation");

    ASSERT_REFUSED(
        signer_build_crl(client(&authority.issuing, 0), &ask, AUTHORITY_CALL_MS, &reply, &err),
        &err, ERROR_PERMIT);
    CU_ASSERT_EQUAL(audits_of("permit.shard"), before + 1);
    ask.shard = 0;
    ASSERT_OK(
        signer_build_crl(client(&authority.issuing, 0), &ask, AUTHORITY_CALL_MS, &reply, &err),
        &err);
    CU_ASSERT_EQUAL(reply.entries, revoked);
    CU_ASSERT_TRUE(revoked >= 2);
}

/* A list that lost an entry is not signed, even when somebody above all roles took the row away. */
static void
gets_no_list_that_lost_an_entry(void)
{
    struct crl_request ask = {0};
    struct crl_reply reply;
    struct error err = {0};
    long before = audits_of("crl.loss");

    sql("CREATE TABLE kept AS SELECT * FROM revocation");
    sql("DELETE FROM revocation");
    ASSERT_REFUSED(
        signer_build_crl(client(&authority.issuing, 0), &ask, AUTHORITY_CALL_MS, &reply, &err),
        &err, ERROR_PERMIT);
    CU_ASSERT_STRING_EQUAL(err.rule, "crl.loss");
    CU_ASSERT_EQUAL(audits_of("crl.loss"), before + 1);
    sql("ALTER TABLE revocation DISABLE TRIGGER USER");
    sql("INSERT INTO revocation SELECT * FROM kept");
    sql("ALTER TABLE revocation ENABLE TRIGGER USER");
    sql("DROP TABLE kept");
    ASSERT_OK(
        signer_build_crl(client(&authority.issuing, 0), &ask, AUTHORITY_CALL_MS, &reply, &err),
        &err);
}

int
main(void)
{
    int status;

    hostile_start();
    status =
        RUN_SUITE("hostile server: revocation", TEST(gets_no_good_answer_for_a_revoked_serial),
                  TEST(changes_no_first_revocation), TEST(gets_no_list_without_a_revoked_serial),
                  TEST(gets_no_list_that_lost_an_entry), TEST(leaves_both_signers_running));
    return authority_end(status);
}
