#include "world.h"

static void
enrols_once(void)
{
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    struct sample first, again, other;
    struct db_certificate row;
    struct error err = {0};

    world_identity("once/api");
    world_token("once/api", 3600, grant);
    sample_init(&first, "once/api", grant);
    CU_ASSERT_EQUAL(sample_record(&first), RECORD_DONE);
    CU_ASSERT_EQUAL(first.record.ret_serial_len, 19);
    CU_ASSERT_EQUAL(db_certificate_get(world.server, 0, first.record.serial, &row, &err), DB_FOUND);
    CU_ASSERT_STRING_EQUAL(row.identity, "once/api");
    CU_ASSERT_STRING_EQUAL(row.names, first.names);
    CU_ASSERT_EQUAL(row.signature_len, 0);
    CU_ASSERT_EQUAL(row.tbs_len, sizeof(first.tbs));
    CU_ASSERT_EQUAL(memcmp(row.tbs, first.tbs, sizeof(first.tbs)), 0);
    CU_ASSERT_EQUAL(memcmp(row.request_hash, first.request, 32), 0);
    CU_ASSERT_EQUAL(row.not_after_s, first.record.not_after_s);
    sample_init(&again, "once/api", grant);
    memcpy(again.request, first.request, sizeof(again.request));
    CU_ASSERT_EQUAL(sample_record(&again), RECORD_REPLAY);
    CU_ASSERT_EQUAL(memcmp(again.record.ret_serial, first.serial, 19), 0);
    sample_init(&other, "once/api", grant);
    CU_ASSERT_EQUAL(sample_record(&other), RECORD_GRANT_USED);
    CU_ASSERT_EQUAL(db_certificate_get(world.server, 0, other.record.serial, &row, &err),
                    DB_MISSING);
    CU_ASSERT_EQUAL(db_certificate_by_grant(world.server, grant, &row, &err), DB_FOUND);
    CU_ASSERT_EQUAL(memcmp(row.serial, first.serial, 19), 0);
}

static void
set_state(const char *name, const char *state)
{
    struct db_identity identity;
    struct error err = {0};

    ASSERT_OK(db_begin(world.server, &err), &err);
    CU_ASSERT_EQUAL(db_identity_lock(world.server, name, &identity, &err), DB_FOUND);
    snprintf(identity.state, sizeof(identity.state), "%s", state);
    ASSERT_OK(db_identity_update(world.server, &identity, &err), &err);
    ASSERT_OK(db_commit(world.server, &err), &err);
}

static void
judges_the_identity(void)
{
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    struct sample sample;
    long before;

    world_identity("judged/api");
    world_token("judged/api", 3600, grant);
    before = world_count("SELECT count(*) FROM certificate");
    sample_init(&sample, "nobody/api", grant);
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_IDENTITY_MISSING);
    sample_init(&sample, "judged/api", grant);
    sample.record.identity_kind = "admin";
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_NAME_MISMATCH);
    sample_init(&sample, "judged/api", grant);
    sample.record.own_name = "other/api";
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_NAME_MISMATCH);
    sample_init(&sample, "judged/api", grant);
    sample.record.own_name = NULL;
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_NAME_MISMATCH);
    sample_init(&sample, "judged/api", grant);
    sample.record.grant_kind = GRANT_SERVER;
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_NAME_MISMATCH);
    set_state("judged/api", "suspended");
    sample_init(&sample, "judged/api", grant);
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_IDENTITY_SUSPENDED);
    set_state("judged/api", "revoked");
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_IDENTITY_REVOKED);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM certificate"), before);
}

static void
judges_names(void)
{
    static const char *const beyond[] = {
        "uri:spiffe://example.internal/names/api\ndns:b.example.internal",
        "uri:spiffe://other.internal/names/api",
        "uri:spiffe://example.internal/names/api\nip:10.0.0.1",
        "uri:spiffe://example.internal/names/api\nuri:spiffe://example.internal/names/other"};
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    struct sample sample;

    world_identity("names/api");
    world_token("names/api", 3600, grant);
    for (size_t i = 0; i < ARRAY_LEN(beyond); i++) {
        sample_init(&sample, "names/api", grant);
        sample.record.names = beyond[i];
        CU_ASSERT_EQUAL(sample_record(&sample), RECORD_NAMES_BEYOND);
    }
    sample_init(&sample, "names/api", grant);
    sample.record.names = "uri:spiffe://example.internal/names/api";
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_DONE);
}

static void
judges_tokens(void)
{
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    struct sample sample;

    world_identity("tokens/api");
    world_identity("tokens/other");
    world_digest(grant);
    sample_init(&sample, "tokens/api", grant);
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_TOKEN_MISSING);
    world_token("tokens/api", -1, grant);
    sample_init(&sample, "tokens/api", grant);
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_TOKEN_EXPIRED);
    world_token("tokens/other", 3600, grant);
    sample_init(&sample, "tokens/api", grant);
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_TOKEN_IDENTITY);
}

static void
judges_who_made_the_token(void)
{
    static const struct {
        const char *state;
        enum record_verdict verdict;
        enum db_found found;
    } rows[] = {
        {"suspended", RECORD_TOKEN_MISSING, DB_MISSING},
        {"active", RECORD_DONE, DB_FOUND},
        {"revoked", RECORD_TOKEN_MISSING, DB_MISSING},
    };
    struct db_token token = {.created_s = clock_now_s() - 100,
                             .expires_s = clock_now_s() + 3600,
                             .identity = "tokens/api",
                             .created_by = "admin/thief+token:1a2b3c4d"};
    struct sample sample;
    struct error err = {0};
    char sql[128];

    world_identity_kind("admin/thief", "admin");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct db_token standing;

        world_digest(token.hash);
        ASSERT_OK(db_token_insert(world.server, &token, &err), &err);
        snprintf(sql, sizeof(sql),
                 "UPDATE signet.identity SET state = '%s' WHERE name = 'admin/thief'",
                 rows[i].state);
        world_sql(sql);
        CU_ASSERT_EQUAL(db_token_get(world.server, token.hash, &standing, &err), rows[i].found);
        sample_init(&sample, "tokens/api", token.hash);
        CU_ASSERT_EQUAL(sample_record(&sample), rows[i].verdict);
    }
}

static void
judges_blocked_keys(void)
{
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    struct sample sample;
    struct error err = {0};

    world_identity("blocked/api");
    world_token("blocked/api", 3600, grant);
    sample_init(&sample, "blocked/api", grant);
    ASSERT_REFUSED(db_blocked_key_insert(world.server, sample.record.spki_hash, 1, "admin/a", &err),
                   &err, ERROR_INTERNAL);
    CU_ASSERT_EQUAL(db_blocked_key_get(world.server, sample.record.spki_hash, &err), DB_MISSING);
    ASSERT_OK(db_begin(world.server, &err), &err);
    ASSERT_OK(db_blocked_key_insert(world.server, sample.record.spki_hash, 1, "admin/a", &err),
              &err);
    ASSERT_OK(db_blocked_key_insert(world.server, sample.record.spki_hash, 1, "admin/a", &err),
              &err);
    ASSERT_OK(db_commit(world.server, &err), &err);
    CU_ASSERT_EQUAL(db_blocked_key_get(world.server, sample.record.spki_hash, &err), DB_FOUND);
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_KEY_BLOCKED);
}

static void
judges_predecessors(void)
{
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    struct sample enrolled, unsigned_one, next, other;

    world_identity("line/api");
    world_identity("line/other");
    sample_enrol(&enrolled, "line/api");
    sample_enrol(&other, "line/other");
    sample_renewal(&next, &other, 0);
    snprintf(next.identity, sizeof(next.identity), "line/api");
    next.record.names = "uri:spiffe://example.internal/line/api";
    CU_ASSERT_EQUAL(sample_record(&next), RECORD_PREDECESSOR_IDENTITY);
    sample_init(&unsigned_one, "line/api", grant);
    sample_renewal(&next, &unsigned_one, 0);
    CU_ASSERT_EQUAL(sample_record(&next), RECORD_PREDECESSOR_MISSING);
    world_token("line/api", 3600, grant);
    sample_init(&unsigned_one, "line/api", grant);
    CU_ASSERT_EQUAL(sample_record(&unsigned_one), RECORD_DONE);
    sample_renewal(&next, &unsigned_one, 0);
    CU_ASSERT_EQUAL(sample_record(&next), RECORD_PREDECESSOR_MISSING);
    sample_renewal(&next, &enrolled, 0);
    next.record.line_limit = 0;
    CU_ASSERT_EQUAL(sample_record(&next), RECORD_LINE_LIMIT);
    sample_renewal(&next, &enrolled, 0);
    world_digest(next.grant); /* a grant of its own invention */
    CU_ASSERT_EQUAL(sample_record(&next), RECORD_ATTEMPT);
    sample_renewal(&next, &enrolled, 0);
    CU_ASSERT_EQUAL(sample_record(&next), RECORD_DONE);
    sample_revoke(&enrolled);
    sample_renewal(&next, &enrolled, 0);
    CU_ASSERT_EQUAL(sample_record(&next), RECORD_PREDECESSOR_REVOKED);
}

static void
judges_expired_predecessors(void)
{
    struct sample enrolled, next;
    uint8_t grant[LIMIT_DIGEST_OCTETS];

    world_identity("late/api");
    world_token("late/api", 3600, grant);
    sample_init(&enrolled, "late/api", grant);
    sample_serial(&enrolled, clock_now_s() - 1);
    enrolled.record.not_before_s = clock_now_s() - 3600;
    CU_ASSERT_EQUAL(sample_record(&enrolled), RECORD_DONE);
    sample_sign(&enrolled);
    sample_renewal(&next, &enrolled, 0);
    CU_ASSERT_EQUAL(sample_record(&next), RECORD_PREDECESSOR_EXPIRED);
}

static void
judges_attempts(void)
{
    struct sample enrolled, first, second, third;
    struct db_certificate row;
    struct error err = {0};

    world_identity("retry/api");
    sample_enrol(&enrolled, "retry/api");
    sample_renewal(&second, &enrolled, 1);
    CU_ASSERT_EQUAL(sample_record(&second), RECORD_ATTEMPT); /* no attempt 0 yet */
    sample_renewal(&first, &enrolled, 0);
    CU_ASSERT_EQUAL(sample_record(&first), RECORD_DONE);
    sample_sign(&first);
    CU_ASSERT_EQUAL(sample_record(&second), RECORD_ATTEMPT); /* attempt 0 is not revoked */
    sample_revoke(&first);
    CU_ASSERT_EQUAL(sample_record(&second), RECORD_DONE);
    CU_ASSERT_EQUAL(db_certificate_get(world.server, 0, second.record.serial, &row, &err),
                    DB_FOUND);
    CU_ASSERT_EQUAL(row.line_seq, 2);
    CU_ASSERT_EQUAL(row.predecessor_len, 19);
    sample_sign(&second);
    ASSERT_OK(db_certificate_used(world.server, world.issuer, second.record.serial, &err), &err);
    ASSERT_OK(db_certificate_used(world.server, world.issuer, second.record.serial, &err), &err);
    sample_revoke(&second);
    sample_renewal(&third, &enrolled, 2);
    CU_ASSERT_EQUAL(sample_record(&third), RECORD_ATTEMPT); /* attempt 1 was used */
    sample_renewal(&third, &enrolled, LIMIT_RENEWAL_ATTEMPTS + 1);
    CU_ASSERT_EQUAL(sample_record(&third), RECORD_ATTEMPT);
}

static void
refuses_a_taken_serial(void)
{
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    struct sample samples[3];
    struct record records[3];
    struct error err = {0};

    world_identity("serial/api");
    for (size_t i = 0; i < 3; i++) {
        world_token("serial/api", 3600, grant);
        sample_init(&samples[i], "serial/api", grant);
    }
    memcpy(samples[1].serial, samples[0].serial, 19);
    for (size_t i = 0; i < 3; i++)
        records[i] = samples[i].record;
    ASSERT_OK(db_record(world.signer, records, 3, NULL, 0, &err), &err);
    CU_ASSERT_EQUAL(records[0].verdict, RECORD_DONE);
    CU_ASSERT_EQUAL(records[1].verdict, RECORD_SERIAL_TAKEN);
    CU_ASSERT_EQUAL(records[2].verdict, RECORD_DONE);
    world_token("serial/api", 3600, grant);
    sample_init(&samples[1], "serial/api", grant);
    memcpy(samples[1].serial, samples[0].serial, 19);
    CU_ASSERT_EQUAL(sample_record(&samples[1]), RECORD_SERIAL_TAKEN);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM certificate c JOIN identity i ON i.id = "
                                "c.identity WHERE i.name = 'serial/api'"),
                    2);
}

static void
judges_each_of_a_batch(void)
{
    uint8_t grant[LIMIT_DIGEST_OCTETS], refused[LIMIT_DIGEST_OCTETS];
    struct sample samples[4];
    struct record records[4];
    struct error err = {0};

    world_identity("batch/api");
    world_token("batch/api", 3600, grant);
    world_digest(refused);
    sample_init(&samples[0], "batch/api", grant);
    sample_init(&samples[1], "batch/api", grant); /* another request of the same grant */
    sample_init(&samples[2], "batch/api", grant); /* the same request again */
    memcpy(samples[2].request, samples[0].request, 32);
    sample_init(&samples[3], "batch/api", refused);
    for (size_t i = 0; i < 4; i++)
        records[i] = samples[i].record;
    ASSERT_OK(db_record(world.signer, records, 4, NULL, 0, &err), &err);
    CU_ASSERT_EQUAL(records[0].verdict, RECORD_DONE);
    CU_ASSERT_EQUAL(records[1].verdict, RECORD_GRANT_USED);
    CU_ASSERT_EQUAL(records[2].verdict, RECORD_REPLAY);
    CU_ASSERT_EQUAL(memcmp(records[2].ret_serial, samples[0].serial, 19), 0);
    CU_ASSERT_EQUAL(records[3].verdict, RECORD_TOKEN_MISSING);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM certificate c JOIN identity i ON i.id = "
                                "c.identity WHERE i.name = 'batch/api'"),
                    1);
}

static void
refuses_malformed_records(void)
{
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    struct record records[LIMIT_BATCH + 1] = {0};
    struct sample sample;
    struct error err = {0};

    world_digest(grant);
    sample_init(&sample, "any/api", grant);
    sample.record.grant_kind = 9;
    ASSERT_REFUSED(db_record(world.signer, &sample.record, 1, NULL, 0, &err), &err, ERROR_INTERNAL);
    sample_init(&sample, "any/api", grant);
    sample.record.grant_kind = GRANT_RENEWAL;
    ASSERT_REFUSED(db_record(world.signer, &sample.record, 1, NULL, 0, &err), &err, ERROR_INTERNAL);
    sample_init(&sample, "any/api", grant);
    sample.record.serial.len = 18;
    ASSERT_REFUSED(db_record(world.signer, &sample.record, 1, NULL, 0, &err), &err, ERROR_INTERNAL);
    ASSERT_REFUSED(db_record(world.signer, records, LIMIT_BATCH + 1, NULL, 0, &err), &err,
                   ERROR_INTERNAL);
    sample_init(&sample, "any/api", grant);
    ASSERT_OK(db_begin(world.signer, &err), &err);
    ASSERT_REFUSED(db_record(world.signer, &sample.record, 1, NULL, 0, &err), &err, ERROR_INTERNAL);
    db_rollback(world.signer);
    ASSERT_REFUSED(db_record(world.server, &sample.record, 1, NULL, 0, &err), &err, ERROR_DATABASE);
    CU_ASSERT_STRING_EQUAL(err.sqlstate, "42501");
}

/* A serial whose day is not that of notAfter, or one without a partition, is refused whole. */
static void
refuses_days_that_do_not_fit(void)
{
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    struct sample sample;
    struct error err = {0};

    world_identity("days/api");
    world_token("days/api", 3600, grant);
    sample_init(&sample, "days/api", grant);
    sample.record.not_after_s += 86400;
    ASSERT_REFUSED(db_record(world.signer, &sample.record, 1, NULL, 0, &err), &err, ERROR_DATABASE);
    CU_ASSERT_STRING_EQUAL(err.sqlstate, "23514");
    sample_init(&sample, "days/api", grant);
    sample_serial(&sample, clock_now_s() + 86400 * 60);
    ASSERT_REFUSED(db_record(world.signer, &sample.record, 1, NULL, 0, &err), &err, ERROR_DATABASE);
    sample_init(&sample, "days/api", grant);
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_DONE);
}

static void
records_the_authority_itself(void)
{
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    struct sample sample;
    struct db_certificate row;
    struct error err = {0};

    world_identity_kind("signet/ocsp", "responder");
    world_digest(grant);
    sample_init(&sample, "signet/ocsp", grant);
    sample.record.grant_kind = GRANT_RESPONDER;
    sample.record.identity_kind = "responder";
    sample.record.own_name = NULL;
    sample.record.names = "";
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_DONE);
    CU_ASSERT_EQUAL(db_certificate_newest(world.status, "responder", sample.record.spki_hash,
                                          clock_now_s(), &row, &err),
                    DB_MISSING);
    sample_sign(&sample);
    CU_ASSERT_EQUAL(db_certificate_newest(world.status, "responder", sample.record.spki_hash,
                                          clock_now_s(), &row, &err),
                    DB_FOUND);
    CU_ASSERT_EQUAL(row.signature_len, 70);
}

int
main(void)
{
    int status;

    world_start();
    status = RUN_SUITE(
        "record", TEST(enrols_once), TEST(judges_the_identity), TEST(judges_names),
        TEST(judges_tokens), TEST(judges_who_made_the_token), TEST(judges_blocked_keys),
        TEST(judges_predecessors), TEST(judges_expired_predecessors), TEST(judges_attempts),
        TEST(refuses_a_taken_serial), TEST(judges_each_of_a_batch), TEST(refuses_malformed_records),
        TEST(refuses_days_that_do_not_fit), TEST(records_the_authority_itself));
    world_stop();
    return status;
}
