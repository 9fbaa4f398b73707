#include "world.h"

#include "signet/encode.h"

static struct sample first_sample;
static int64_t first_s; /* when it was revoked */

static void
keeps_the_first(void)
{
    struct db_revocation standing;
    struct error err = {0};
    int64_t at = clock_now_s();
    bool is_new;

    world_identity("revoke/api");
    sample_enrol(&first_sample, "revoke/api");
    ASSERT_OK(sample_revoke_on(world.server, &first_sample, 4, at - 50, &standing, &is_new, &err),
              &err);
    first_s = at - 50;
    CU_ASSERT_TRUE(is_new);
    CU_ASSERT_EQUAL(standing.revoked_s, first_s);
    CU_ASSERT_EQUAL(standing.reason, 4);
    CU_ASSERT_EQUAL(standing.not_after_s, first_sample.record.not_after_s);
    ASSERT_OK(sample_revoke_on(world.server, &first_sample, 5, at - 1000, &standing, &is_new, &err),
              &err);
    CU_ASSERT_FALSE(is_new);
    CU_ASSERT_EQUAL(standing.revoked_s, first_s);
    CU_ASSERT_EQUAL(standing.reason, 4);
    CU_ASSERT_EQUAL(
        world_count("SELECT count(*) FROM audit_event WHERE action = 'revocation.repeat' "
                    "AND outcome = 'refused' AND written_by = 'signet_server'"),
        1);
}

static void
repeats_quietly(void)
{
    struct db_revocation standing;
    struct error err = {0};
    long before = world_count("SELECT count(*) FROM audit_event");
    int64_t at =
        strtoll(world_sql("SELECT extract(epoch FROM revoked_at)::int8 FROM revocation"), NULL, 10);
    bool is_new;

    ASSERT_OK(sample_revoke_on(world.server, &first_sample, 4, at, &standing, &is_new, &err), &err);
    CU_ASSERT_FALSE(is_new);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM audit_event"), before);
}

static void
rises_to_key_compromise_only(void)
{
    struct db_revocation standing;
    struct error err = {0};
    int64_t at = clock_now_s();
    bool is_new;

    ASSERT_OK(sample_revoke_on(world.server, &first_sample, 1, at, &standing, &is_new, &err), &err);
    CU_ASSERT_FALSE(is_new);
    CU_ASSERT_EQUAL(standing.reason, 1);
    CU_ASSERT_EQUAL(standing.revoked_s, first_s);
    for (int reason = 0; reason <= 10; reason++) {
        if (reason >= 6 && reason <= 8)
            continue;
        ASSERT_OK(
            sample_revoke_on(world.server, &first_sample, reason, at, &standing, &is_new, &err),
            &err);
        CU_ASSERT_EQUAL(standing.reason, 1);
    }
}

static void
refuses_reasons_that_do_not_exist(void)
{
    static const int reasons[] = {-1, 6, 7, 8, 11};
    struct db_revocation standing;
    struct sample sample;
    struct error err = {0};
    bool is_new;

    sample_enrol(&sample, "revoke/api");
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        ASSERT_REFUSED(sample_revoke_on(world.server, &sample, reasons[i], clock_now_s(), &standing,
                                        &is_new, &err),
                       &err, ERROR_DATABASE);
}

/* It could never be changed, and no CRL could be built with it. */
static void
refuses_times_that_cannot_be_published(void)
{
    static const char *const times[] = {
        "'infinity', NULL",   "'-infinity', NULL", "'20000-01-01', NULL",
        "'0900-01-01', NULL", "now(), 'infinity'", "now(), '20000-01-01'",
    };
    struct sample sample;
    char hex[2 * LIMIT_SERIAL_OCTETS + 1], sql[512];

    sample_enrol(&sample, "revoke/api");
    hex_encode(sample.record.serial, hex, sizeof(hex));
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        PGresult *result;

        snprintf(sql, sizeof(sql),
                 "INSERT INTO signet.revocation (serial, issuer, shard, not_after, changed_at, "
                 "reason, revoked_by, revoked_at, invalid_at) SELECT '\\x%s', issuer, 0, now(), "
                 "now(), 1, 'x', %s FROM signet.certificate WHERE serial = '\\x%s'",
                 hex, times[i], hex);
        result = PQexec(world.root, sql);
        CU_ASSERT_STRING_EQUAL(PQresultErrorField(result, PG_DIAG_SQLSTATE), "23514");
        PQclear(result);
    }
}

static void
refuses_an_unknown_serial(void)
{
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    struct db_revocation standing;
    struct sample sample;
    struct error err = {0};
    bool is_new;

    world_digest(grant);
    sample_init(&sample, "revoke/api", grant);
    ASSERT_REFUSED(
        sample_revoke_on(world.server, &sample, 1, clock_now_s(), &standing, &is_new, &err), &err,
        ERROR_CERTIFICATE_NOT_FOUND);
}

/* Whatever end the server claims, the row has the certificate's: no way off the CRL. */
static void
takes_the_end_from_the_certificate(void)
{
    struct sample sample;

    sample_enrol(&sample, "revoke/api");
    sample_revoke(&sample);
    CU_ASSERT_EQUAL(
        world_count("SELECT count(*) FROM revocation r JOIN certificate c USING (serial, "
                    "issuer) WHERE r.not_after IS DISTINCT FROM c.not_after OR "
                    "r.shard <> c.shard"),
        0);
}

/* Also the owner cannot turn one back by accident. */
static void
first_time_stands_for_all(void)
{
    PGresult *result = PQexec(world.root, "UPDATE revocation SET revoked_at = now()");

    CU_ASSERT_STRING_EQUAL(PQresultErrorField(result, PG_DIAG_SQLSTATE), "23000");
    PQclear(result);
    result = PQexec(world.root, "UPDATE revocation SET reason = 9");
    CU_ASSERT_STRING_EQUAL(PQresultErrorField(result, PG_DIAG_SQLSTATE), "23000");
    PQclear(result);
}

static bool
count_row(void *context, const struct db_revocation *row)
{
    (void)row;
    ++*(int *)context;
    return true;
}

static bool
stop_at_once(void *context, const struct db_revocation *row)
{
    count_row(context, row);
    return false;
}

static void
lists_what_can_be_revoked(void)
{
    struct sample samples[3];
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    struct error err = {0};
    const struct db_revocable now = {clock_now_s(), 0}, compromise = {clock_now_s(), 1},
                              later = {clock_now_s() + 86400 * 2, 0};
    int64_t id = world_identity("revoke/all");
    int count = 0;

    sample_enrol(&samples[0], "revoke/all");
    sample_enrol(&samples[1], "revoke/all");
    world_token("revoke/all", 3600, grant);
    sample_init(&samples[2], "revoke/all", grant); /* recorded only */
    memcpy(samples[2].record.spki_hash, samples[1].record.spki_hash, LIMIT_DIGEST_OCTETS);
    CU_ASSERT_EQUAL(sample_record(&samples[2]), RECORD_DONE);
    ASSERT_OK(db_revocable_by_identity(world.server, id, &now, count_row, &count, &err), &err);
    CU_ASSERT_EQUAL(count, 3);
    count = 0;
    ASSERT_OK(db_revocable_by_key(world.server, samples[1].record.spki_hash, &now, count_row,
                                  &count, &err),
              &err);
    CU_ASSERT_EQUAL(count, 2);
    sample_revoke(&samples[0]);
    count = 0;
    ASSERT_OK(db_revocable_by_identity(world.server, id, &now, count_row, &count, &err), &err);
    CU_ASSERT_EQUAL(count, 2);
    count = 0;
    ASSERT_OK(db_revocable_by_identity(world.server, id, &compromise, count_row, &count, &err),
              &err);
    CU_ASSERT_EQUAL(count, 3);
    count = 0;
    ASSERT_OK(db_revocable_by_identity(world.server, id, &later, count_row, &count, &err), &err);
    CU_ASSERT_EQUAL(count, 0);
    CU_ASSERT_FALSE(db_revocable_by_identity(world.server, id, &now, stop_at_once, &count, &err));
    CU_ASSERT_EQUAL(count, 1);
}

static void
tells_what_is_new(void)
{
    struct error err = {0};
    struct sample sample;
    char payload[64];
    int64_t since = clock_now_s();
    int before = 0, after = 0;

    ASSERT_OK(db_listen(world.signer, "signet_revocation", &err), &err);
    ASSERT_OK(db_revocation_since(world.server, since - 1, count_row, &before, &err), &err);
    sample_enrol(&sample, "revoke/api");
    ASSERT_OK(db_begin(world.server, &err), &err);
    sample_revoke(&sample);
    ASSERT_OK(db_revocation_notify(world.server, &err), &err);
    CU_ASSERT_FALSE(db_notification(world.signer, payload, sizeof(payload)));
    ASSERT_OK(db_commit(world.server, &err), &err);
    ASSERT_OK(db_ping(world.signer, &err), &err);
    CU_ASSERT_TRUE(db_notification(world.signer, payload, sizeof(payload)));
    ASSERT_OK(db_revocation_since(world.server, since - 1, count_row, &after, &err), &err);
    CU_ASSERT_EQUAL(after, before + 1);
    after = 0;
    ASSERT_OK(db_revocation_since(world.server, since + 3600, count_row, &after, &err), &err);
    CU_ASSERT_EQUAL(after, 0);
}

static void
answers_states(void)
{
    struct sample good, revoked, only_recorded, unknown;
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    struct db_status status[4];
    struct error err = {0};

    sample_enrol(&good, "revoke/api");
    sample_enrol(&revoked, "revoke/api");
    sample_revoke(&revoked);
    world_token("revoke/api", 3600, grant);
    sample_init(&only_recorded, "revoke/api", grant);
    CU_ASSERT_EQUAL(sample_record(&only_recorded), RECORD_DONE);
    sample_init(&unknown, "revoke/api", grant);
    status[0].serial = good.record.serial;
    status[1].serial = unknown.record.serial;
    status[2].serial = revoked.record.serial;
    status[3].serial = only_recorded.record.serial;
    ASSERT_OK(db_status_get(world.status, world.issuer, status, 4, &err), &err);
    CU_ASSERT_TRUE(status[0].found && !status[0].revoked);
    CU_ASSERT_FALSE(status[1].found || status[1].revoked);
    CU_ASSERT_TRUE(status[2].found && status[2].revoked);
    CU_ASSERT_EQUAL(status[2].reason, 4);
    CU_ASSERT_TRUE(llabs(status[2].revoked_s - clock_now_s()) <= 5);
    CU_ASSERT_TRUE(status[3].found && !status[3].revoked);
    status[0].serial = bytes_of("\x01", 1);
    ASSERT_OK(db_status_get(world.status, world.issuer + 1, status, 3, &err), &err);
    CU_ASSERT_FALSE(status[0].found || status[1].found || status[2].found);
}

int
main(void)
{
    int status;

    world_start();
    status =
        RUN_SUITE("revocation", TEST(keeps_the_first), TEST(repeats_quietly),
                  TEST(rises_to_key_compromise_only), TEST(refuses_reasons_that_do_not_exist),
                  TEST(refuses_times_that_cannot_be_published), TEST(refuses_an_unknown_serial),
                  TEST(takes_the_end_from_the_certificate), TEST(first_time_stands_for_all),
                  TEST(lists_what_can_be_revoked), TEST(tells_what_is_new), TEST(answers_states));
    world_stop();
    return status;
}
