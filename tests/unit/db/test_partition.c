#include "world.h"

enum { DAY = 86400 };

static long
partitions(void)
{
    return world_count(
        "SELECT count(*) FROM pg_inherits WHERE inhparent = 'signet.certificate'::regclass");
}

static void
made_ahead_once(void)
{
    struct error err = {0};
    int made = -1, removed = -1;
    long before = partitions();

    CU_ASSERT_TRUE(before >= 6); /* more than were asked for: lives of 30 days must find theirs */
    ASSERT_OK(db_partitions_maintain(world.server, clock_now_s(), 14, 30, &made, &removed, &err),
              &err);
    CU_ASSERT_EQUAL(made, 0);
    CU_ASSERT_EQUAL(removed, 0);
    ASSERT_OK(db_partitions_maintain(world.server, clock_now_s(), 60, 30, &made, &removed, &err),
              &err);
    CU_ASSERT_EQUAL(partitions(), before + made);
    CU_ASSERT_TRUE(made == 2 || made == 3);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM pg_inherits WHERE inhparent = "
                                "'signet.signature'::regclass"),
                    partitions());
}

static void
partitions_have_every_index_and_check(void)
{
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM pg_inherits h WHERE inhparent = "
                                "'signet.certificate'::regclass AND (SELECT count(*) FROM pg_index "
                                "WHERE indrelid = h.inhrelid) <> 4"),
                    0);
    CU_ASSERT_EQUAL(
        world_count("SELECT count(*) FROM pg_inherits h WHERE inhparent = "
                    "'signet.certificate'::regclass AND (SELECT count(*) FROM pg_constraint "
                    "WHERE contype = 'c' AND conrelid = h.inhrelid) <> (SELECT count(*) "
                    "FROM pg_constraint WHERE contype = 'c' AND conrelid = h.inhparent)"),
        0);
    CU_ASSERT_EQUAL(
        world_count("SELECT count(*) FROM pg_class WHERE relname LIKE 'certificate_w%names%' "
                    "AND reloptions @> '{fastupdate=off}'"),
        partitions());
}

/* An expired certificate with all that belongs to it, `days` ago. */
static void
old_certificate(struct sample *sample, int days)
{
    uint8_t grant[LIMIT_DIGEST_OCTETS];
    struct error err = {0};
    int made, removed;

    ASSERT_OK(db_partitions_maintain(world.server, clock_now_s() - days * (int64_t)DAY, 1, 4000,
                                     &made, &removed, &err),
              &err);
    world_token("old/api", 3600, grant);
    sample_init(sample, "old/api", grant);
    sample_serial(sample, clock_now_s() - days * (int64_t)DAY);
    sample->record.not_before_s = sample->record.not_after_s - DAY;
    CU_ASSERT_EQUAL(sample_record(sample), RECORD_DONE);
    sample_sign(sample);
    sample_revoke(sample);
    ASSERT_OK(db_certificate_used(world.server, world.issuer, sample->record.serial, &err), &err);
}

static void
publish_crl(void)
{
    static const uint8_t digest[LIMIT_DIGEST_OCTETS];
    struct db_crl_row *rows = NULL;
    struct error err = {0};
    int64_t now_s = clock_now_s();
    uint64_t number = 0;
    size_t count = 0;

    ASSERT_OK(db_crl_begin(world.signer, world.issuer, 0, now_s, &number, &rows, &count, &err),
              &err);
    free(rows);
    ASSERT_OK(db_crl_record(world.signer, world.issuer, 0, number, digest, now_s, now_s + 60,
                            (uint32_t)count, &err),
              &err);
    ASSERT_OK(db_crl_store(world.signer, world.issuer, 0, number, bytes_of("DER", 3), &err), &err);
}

/* And not before what is revoked in it was on a CRL after its end. */
static void
removed_after_the_retention(void)
{
    struct sample old, kept;
    struct db_certificate row;
    struct error err = {0};
    int made, removed, of_the_rest;

    world_identity("old/api");
    old_certificate(&old, 44);
    old_certificate(&kept, 20);
    ASSERT_OK(
        db_partitions_maintain(world.server, clock_now_s(), 14, 30, &made, &of_the_rest, &err),
        &err);
    CU_ASSERT_EQUAL(db_certificate_get(world.server, 0, old.record.serial, &row, &err), DB_FOUND);
    publish_crl();
    ASSERT_OK(db_partitions_maintain(world.server, clock_now_s(), 14, 30, &made, &removed, &err),
              &err);
    CU_ASSERT_EQUAL(removed, 1);
    CU_ASSERT_TRUE(of_the_rest <= 2);
    CU_ASSERT_EQUAL(db_certificate_get(world.server, 0, old.record.serial, &row, &err), DB_MISSING);
    CU_ASSERT_EQUAL(db_certificate_get(world.server, 0, kept.record.serial, &row, &err), DB_FOUND);
    CU_ASSERT_TRUE(row.revoked && row.used);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM revocation"), 1);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM certificate_use"), 1);
}

/* The caller's clock and retention may lie: the function has its own. */
static void
retention_is_enforced_by_the_database(void)
{
    struct error err = {0};
    long before = partitions(), oldest;
    int made, removed = -1;

    ASSERT_OK(db_partitions_maintain(world.server, clock_now_s() + 60 * (int64_t)DAY, 1, 0, &made,
                                     &removed, &err),
              &err);
    CU_ASSERT_TRUE(removed >= 1 && removed <= 4); /* those past the least retention of seven days */
    CU_ASSERT_EQUAL(partitions(), before - removed + made);
    oldest =
        world_count("SELECT min(substring(relname FROM 'w([0-9]+)$')::int) FROM pg_class WHERE "
                    "relname ~ '^certificate_w[0-9]+$'");
    CU_ASSERT_TRUE(oldest * 7 + 6 + 7 >= clock_now_s() / DAY);
    CU_ASSERT_TRUE((oldest - 1) * 7 + 6 + 7 < clock_now_s() / DAY);
}

static const char *
refusal(const char *role, const char *sql)
{
    static char sqlstate[6];
    char conninfo[160];
    PGconn *conn = PQconnectdb(cluster_conninfo(&world.cluster, role, conninfo, sizeof(conninfo)));
    PGresult *result = PQexec(conn, sql);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    snprintf(sqlstate, sizeof(sqlstate), "%s", state ? state : "");
    PQclear(result);
    PQfinish(conn);
    return sqlstate;
}

static void
functions_refuse_directly(void)
{
    char sql[128];

    snprintf(sql, sizeof(sql), "SELECT signet.partition_remove(%d, 0)",
             (int)(clock_now_s() / DAY / 7));
    CU_ASSERT_STRING_EQUAL(refusal("signet_server", sql), "55000");
    CU_ASSERT_STRING_EQUAL(
        refusal("signet_server", "SELECT signet.partition_remove(1000000, -99999999)"), "55000");
    CU_ASSERT_STRING_EQUAL(refusal("signet_server", "SELECT signet.partition_make(-1)"), "22023");
    CU_ASSERT_STRING_EQUAL(refusal("signet_server", "SELECT signet.partition_make(65000)"),
                           "22023");
    CU_ASSERT_STRING_EQUAL(refusal("signet_signer", sql), "42501");
}

/* A reader in a long transaction delays a removal; nobody else waits, and the next run does it. */
static void
reader_in_the_way_is_no_error(void)
{
    struct sample old;
    struct error err = {0};
    int made, removed;
    int64_t start;

    old_certificate(&old, 60);
    world_sql("BEGIN");
    world_sql("SELECT count(*) FROM certificate");
    start = clock_monotonic_ms();
    ASSERT_OK(db_partitions_maintain(world.server, clock_now_s(), 14, 40, &made, &removed, &err),
              &err);
    CU_ASSERT_EQUAL(removed, 0);
    CU_ASSERT_TRUE(clock_monotonic_ms() - start < 30000);
    world_sql("COMMIT");
    ASSERT_OK(db_partitions_maintain(world.server, clock_now_s(), 14, 40, &made, &removed, &err),
              &err);
    CU_ASSERT_TRUE(removed > 0);
}

/* Making partitions goes on beside a reader, which PARTITION OF would not. */
static void
made_beside_a_reader(void)
{
    struct error err = {0};
    int made, removed;

    world_sql("BEGIN");
    world_sql("SELECT count(*) FROM certificate");
    ASSERT_OK(db_partitions_maintain(world.server, clock_now_s(), 150, 3000, &made, &removed, &err),
              &err);
    CU_ASSERT_TRUE(made > 0);
    world_sql("COMMIT");
}

static void
purges_what_ended(void)
{
    struct error err = {0};
    int64_t rows = -1;

    world_sql(
        "INSERT INTO enrol_token SELECT sha256('old'), min(id), 'a', now() - interval '30 days', "
        "now() - interval '29 days' FROM identity");
    world_sql("INSERT INTO enrol_token SELECT sha256('new'), min(id), 'a', now(), now() + interval "
              "'1 day' FROM identity");
    world_sql(
        "INSERT INTO grant_use VALUES (sha256('g1'), sha256('r'), 1, '\\x51"
        "000000000000000000000000000000000000', now() - interval '8 days'), (sha256('g2'), "
        "sha256('r'), 1, '\\x51000000000000000000000000000000000000', now() - interval '6 days')");
    world_sql(
        "INSERT INTO audit_event (at, actor, action, object, outcome, rule, request_id, address, "
        "detail, count) SELECT now() - make_interval(days => d), 'a', 'b', '', 'done', '', '', '', "
        "'', 1 FROM unnest('{10,100,500}'::int[]) d");
    ASSERT_OK(db_purge(world.server, clock_now_s(), 400, &rows, &err), &err);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM enrol_token WHERE hash = sha256('old')"), 0);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM enrol_token WHERE hash = sha256('new')"), 1);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM grant_use WHERE grant_key = sha256('g1')"),
                    0);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM grant_use WHERE grant_key = sha256('g2')"),
                    1);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM audit_event WHERE action = 'b'"), 2);
    /* A shorter time than the least, at a time to come: the row of ten days ago stays. */
    ASSERT_OK(db_purge(world.server, clock_now_s() + 1000 * (int64_t)DAY, 1, &rows, &err), &err);
    CU_ASSERT_EQUAL(world_count("SELECT count(*) FROM audit_event WHERE action = 'b'"), 1);
}

int
main(void)
{
    int status;

    world_start();
    status =
        RUN_SUITE("partition", TEST(made_ahead_once), TEST(partitions_have_every_index_and_check),
                  TEST(removed_after_the_retention), TEST(retention_is_enforced_by_the_database),
                  TEST(functions_refuse_directly), TEST(reader_in_the_way_is_no_error),
                  TEST(made_beside_a_reader), TEST(purges_what_ended));
    world_stop();
    return status;
}
