#include "world.h"

static const uint8_t tbs_hash[LIMIT_DIGEST_OCTETS] = {7};

/* One CRL from begin to store at `now_s`; its number, 0 when it failed. *ret_count its entries. */
static uint64_t
make_crl(int64_t now_s, size_t *ret_count)
{
    struct db_crl_row *rows = NULL;
    struct error err = {0};
    uint64_t number = 0;

    ASSERT_OK(db_crl_begin(world.signer, world.issuer, 0, now_s, &number, &rows, ret_count, &err),
              &err);
    ASSERT_OK(db_crl_record(world.signer, world.issuer, 0, number, tbs_hash, now_s, now_s + 3600,
                            (uint32_t)*ret_count, &err),
              &err);
    ASSERT_OK(db_crl_store(world.signer, world.issuer, 0, number, bytes_of("DER", 3), &err), &err);
    free(rows);
    return number;
}

static void
numbers_rise(void)
{
    struct db_crl crl = {0};
    struct error err = {0};
    AUTO_BUFFER der;
    size_t count;

    buffer_init(&der, 1024);
    CU_ASSERT_EQUAL(db_crl_get(world.server, world.issuer, 0, &crl, &der, &err), DB_MISSING);
    CU_ASSERT_EQUAL(make_crl(clock_now_s(), &count), 1);
    CU_ASSERT_EQUAL(make_crl(clock_now_s(), &count), 2);
    CU_ASSERT_EQUAL(db_crl_get(world.server, world.issuer, 0, &crl, &der, &err), DB_FOUND);
    CU_ASSERT_EQUAL(crl.number, 2);
    CU_ASSERT_EQUAL(der.len, 3);
    CU_ASSERT_EQUAL(crl.next_update_s - crl.this_update_s, 3600);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM crl WHERE der IS NOT NULL"), 1);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM crl"), 2);
    CU_ASSERT_EQUAL(db_crl_get(world.server, world.issuer, 1, &crl, &der, &err), DB_MISSING);
}

static void
abandoned_numbers_are_free(void)
{
    struct db_crl_row *rows = NULL;
    struct error err = {0};
    uint64_t number;
    size_t count;

    ASSERT_OK(
        db_crl_begin(world.signer, world.issuer, 0, clock_now_s(), &number, &rows, &count, &err),
        &err);
    free(rows);
    CU_ASSERT_EQUAL(number, 3);
    db_crl_abandon(world.signer);
    ASSERT_REFUSED(db_crl_record(world.signer, world.issuer, 0, number, tbs_hash, 1, 2, 0, &err),
                   &err, ERROR_INTERNAL);
    CU_ASSERT_EQUAL(make_crl(clock_now_s(), &count), 3);
}

/* Recorded and never signed: the number stays taken, the CRL before it stays the published one. */
static void
recorded_numbers_are_taken(void)
{
    struct db_crl_row *rows = NULL;
    struct db_crl crl = {0};
    struct error err = {0};
    int64_t now_s = clock_now_s();
    AUTO_BUFFER der;
    uint64_t number;
    size_t count;

    buffer_init(&der, 1024);
    ASSERT_OK(db_crl_begin(world.signer, world.issuer, 0, now_s, &number, &rows, &count, &err),
              &err);
    free(rows);
    ASSERT_OK(
        db_crl_record(world.signer, world.issuer, 0, number, tbs_hash, now_s, now_s + 1, 0, &err),
        &err);
    db_crl_abandon(world.signer);
    CU_ASSERT_EQUAL(db_crl_get(world.server, world.issuer, 0, &crl, &der, &err), DB_FOUND);
    CU_ASSERT_EQUAL(crl.number, number - 1);
    CU_ASSERT_EQUAL(make_crl(now_s, &count), number + 1);
    ASSERT_REFUSED(
        db_crl_store(world.signer, world.issuer, 0, number + 9, bytes_of("DER", 3), &err), &err,
        ERROR_DATABASE);
    ASSERT_REFUSED(
        db_crl_store(world.signer, world.issuer, 0, number + 1, bytes_of("OTHER", 5), &err), &err,
        ERROR_DATABASE);
}

static void
one_at_a_time(void)
{
    struct db *other = world_connect("signet_signer");
    struct db_crl_row *rows = NULL;
    struct error err = {0};
    uint64_t number, second = 0;
    size_t count;

    ASSERT_OK(
        db_crl_begin(world.signer, world.issuer, 0, clock_now_s(), &number, &rows, &count, &err),
        &err);
    free(rows);
    rows = NULL;
    ASSERT_REFUSED(
        db_crl_begin(other, world.issuer, 0, clock_now_s(), &second, &rows, &count, &err), &err,
        ERROR_DATABASE_UNAVAILABLE);
    CU_ASSERT_EQUAL(second, 0);
    CU_ASSERT_PTR_NULL(rows);
    db_crl_abandon(world.signer);
    ASSERT_OK(db_crl_begin(other, world.issuer, 0, clock_now_s(), &second, &rows, &count, &err),
              &err);
    CU_ASSERT_EQUAL(second, number);
    free(rows);
    db_close(other);
}

/* A builder that hung after its number was taken: no lock of it is in the way, and what it stores
 * when it comes back does not count. */
static void
later_number_fences_off(void)
{
    struct db *other = world_connect("signet_signer");
    struct db_crl_row *rows = NULL;
    struct db_crl crl = {0};
    struct error err = {0};
    int64_t now_s = clock_now_s();
    uint64_t slow = 0, fast;
    size_t count;
    AUTO_BUFFER der;

    buffer_init(&der, 1024);
    ASSERT_OK(db_crl_begin(other, world.issuer, 0, now_s - 9, &slow, &rows, &count, &err), &err);
    free(rows);
    ASSERT_OK(db_crl_record(other, world.issuer, 0, slow, tbs_hash, now_s - 9, now_s + 60, 0, &err),
              &err);
    fast = make_crl(now_s, &count);
    CU_ASSERT_EQUAL(fast, slow + 1);
    ASSERT_REFUSED(db_crl_store(other, world.issuer, 0, slow, bytes_of("OLD", 3), &err), &err,
                   ERROR_STATE_CONFLICT);
    CU_ASSERT_EQUAL(db_crl_get(world.server, world.issuer, 0, &crl, &der, &err), DB_FOUND);
    CU_ASSERT_EQUAL(crl.number, fast);
    CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&der), bytes_of("DER", 3)));
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM crl WHERE der IS NOT NULL"), 1);
    CU_ASSERT_EQUAL(world_count("SELECT extract(epoch FROM published_at)::bigint FROM crl_shard"),
                    now_s);
    db_close(other);
}

static void
lists_revoked_until_one_after_the_end(void)
{
    struct sample sample, other;
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    int64_t now_s = clock_now_s(), end_s = now_s + 86400;
    size_t count;

    world_identity("crl/api");
    world_token("crl/api", 3600, grant);
    sample_init(&sample, "crl/api", grant);
    sample_serial(&sample, end_s);
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_DONE);
    sample_enrol(&other, "crl/api");
    CU_ASSERT_TRUE(make_crl(now_s, &count) > 0);
    CU_ASSERT_EQUAL(count, 0);
    sample_revoke(&sample); /* recorded, never signed: listed all the same */
    make_crl(now_s, &count);
    CU_ASSERT_EQUAL(count, 1);
    make_crl(end_s, &count); /* the last second of its life */
    CU_ASSERT_EQUAL(count, 1);
    make_crl(end_s + 7200, &count); /* expired: once more */
    CU_ASSERT_EQUAL(count, 1);
    make_crl(end_s + 10800, &count);
    CU_ASSERT_EQUAL(count, 0);
    make_crl(end_s - 3600, &count); /* a clock that went back loses nothing */
    CU_ASSERT_EQUAL(count, 1);
}

static void
entries_carry_what_was_said(void)
{
    struct db_revocation revocation = {.issuer = world.issuer,
                                       .serial_len = 19,
                                       .reason = 1,
                                       .revoked_s = clock_now_s() - 10,
                                       .invalidity_s = clock_now_s() - 500};
    struct db_revocation standing;
    struct db_crl_row *rows = NULL;
    struct error err = {0};
    struct sample sample;
    uint64_t number;
    size_t count = 0;
    bool first, found = false;

    sample_enrol(&sample, "crl/api");
    memcpy(revocation.serial, sample.serial, 19);
    snprintf(revocation.by, sizeof(revocation.by), "admin/alice");
    ASSERT_OK(db_revocation_insert(world.server, &revocation, &standing, &first, &err), &err);
    ASSERT_OK(
        db_crl_begin(world.signer, world.issuer, 0, clock_now_s(), &number, &rows, &count, &err),
        &err);
    for (size_t i = 0; i < count; i++)
        if (memcmp(rows[i].serial, sample.serial, 19) == 0) {
            found = true;
            CU_ASSERT_EQUAL(rows[i].serial_len, 19);
            CU_ASSERT_EQUAL(rows[i].reason, 1);
            CU_ASSERT_EQUAL(rows[i].revoked_s, revocation.revoked_s);
            CU_ASSERT_EQUAL(rows[i].invalidity_s, revocation.invalidity_s);
        }
    CU_ASSERT_TRUE(found);
    free(rows);
    db_crl_abandon(world.signer);
}

static void
numbers_never_fall(void)
{
    PGresult *result = PQexec(world.root, "UPDATE crl_shard SET number = 1");

    CU_ASSERT_STRING_EQUAL(PQresultErrorField(result, PG_DIAG_SQLSTATE), "23000");
    PQclear(result);
}

int
main(void)
{
    int status;

    world_start();
    status = RUN_SUITE("crl_row", TEST(numbers_rise), TEST(abandoned_numbers_are_free),
                       TEST(recorded_numbers_are_taken), TEST(one_at_a_time),
                       TEST(later_number_fences_off), TEST(lists_revoked_until_one_after_the_end),
                       TEST(entries_carry_what_was_said), TEST(numbers_never_fall));
    world_stop();
    return status;
}
