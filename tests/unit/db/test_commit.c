#include "two.h"

/* The other end of a commit that hangs: waits for a backend in `wait_event` SyncRep and ends it. */
struct breaker {
    PGconn *conn;
    const char *act; /* "pg_terminate_backend" | "pg_cancel_backend" */
    bool found;
};

static void
run_breaker(void *context)
{
    struct breaker *breaker = context;
    const struct timespec wait = {.tv_nsec = 2000000};
    char sql[256];

    snprintf(sql, sizeof(sql), "SELECT %s(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
             breaker->act);
    breaker->found = false;
    for (int i = 0; i < 2000 && !breaker->found; i++) {
        PGresult *result = PQexec(breaker->conn, sql);

        breaker->found = PQntuples(result) > 0;
        PQclear(result);
        nanosleep(&wait, NULL);
    }
    PQclear(PQexec(breaker->conn, "ALTER SYSTEM RESET synchronous_standby_names"));
    PQclear(PQexec(breaker->conn, "SELECT pg_reload_conf()"));
}

struct recording {
    struct db *db;
    struct sample sample;
    struct error err;
    bool ok;
};

static void
run_recording(void *context)
{
    struct recording *recording = context;

    recording->ok =
        db_record(recording->db, &recording->sample.record, 1, NULL, 0, &recording->err);
}

/* Commits wait for a standby that there is not. */
static void
hold_commits(void)
{
    const struct timespec wait = {.tv_nsec = 10000000};

    world_sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    world_sql("SELECT pg_reload_conf()");
    for (int i = 0; i < 500; i++) {
        if (strcmp(world_sql("SHOW synchronous_standby_names"), "nobody") == 0)
            break;
        nanosleep(&wait, NULL);
    }
    nanosleep(&wait, NULL);
    nanosleep(&wait, NULL);
}

static void
fresh_sample(struct sample *sample, const char *identity)
{
    uint8_t grant[LIMIT_DIGEST_OCTETS];

    world_identity(identity);
    world_token(identity, 3600, grant);
    sample_init(sample, identity, grant);
}

static void
commit_is_cut(const char *act, const char *identity)
{
    static struct recording recording;
    struct breaker breaker = {.conn = world.root, .act = act};
    struct db_certificate row;

    recording.db = world.signer;
    fresh_sample(&recording.sample, identity);
    hold_commits();
    two_at_once((struct act){.run = run_recording, .context = &recording},
                (struct act){.run = run_breaker, .context = &breaker}, 0);
    CU_ASSERT_TRUE(breaker.found);
    ASSERT_OK(recording.ok, &recording.err);
    CU_ASSERT_EQUAL(recording.sample.record.verdict, RECORD_DONE);
    CU_ASSERT_EQUAL(memcmp(recording.sample.record.ret_serial, recording.sample.serial, 19), 0);
    CU_ASSERT_EQUAL(db_certificate_get(world.server, 0, recording.sample.record.serial, &row, NULL),
                    DB_FOUND);
    /* Only the run that lost its answer may call the row its own. */
    CU_ASSERT_EQUAL(sample_record(&recording.sample), RECORD_REPLAY);
}

static void
recognises_its_row_after_a_lost_answer(void)
{
    commit_is_cut("pg_terminate_backend", "commit/terminated");
}

static void
runs_again_after_a_cancelled_wait(void)
{
    commit_is_cut("pg_cancel_backend", "commit/cancelled");
}

static void
says_unknown_when_it_may_not_reconnect(void)
{
    static struct recording recording;
    struct breaker breaker = {.conn = world.root, .act = "pg_terminate_backend"};
    struct error err = {0};

    recording.db = world_connect("signet_signer");
    db_forbid_reconnect(recording.db);
    fresh_sample(&recording.sample, "commit/forbidden");
    hold_commits();
    two_at_once((struct act){.run = run_recording, .context = &recording},
                (struct act){.run = run_breaker, .context = &breaker}, 0);
    ASSERT_REFUSED(recording.ok, &recording.err, ERROR_COMMIT_UNKNOWN);
    CU_ASSERT_EQUAL(db_socket(recording.db), -1);
    ASSERT_REFUSED(db_ping(recording.db, &err), &err, ERROR_DATABASE_UNAVAILABLE);
    db_close(recording.db);
}

struct commit {
    struct db *db;
    struct error err;
    bool ok;
};

static void
run_commit(void *context)
{
    struct commit *commit = context;

    commit->ok = db_commit(commit->db, &commit->err);
}

static void
plain_commit_says_unknown(void)
{
    struct commit commit = {.db = world.server};
    struct breaker breaker = {.conn = world.root, .act = "pg_cancel_backend"};
    uint64_t version;
    struct error err = {0};

    ASSERT_OK(db_begin(world.server, &err), &err);
    ASSERT_OK(db_policy_insert(world.server, "{}", "admin/alice", &version, &err), &err);
    hold_commits();
    two_at_once((struct act){.run = run_commit, .context = &commit},
                (struct act){.run = run_breaker, .context = &breaker}, 0);
    ASSERT_REFUSED(commit.ok, &commit.err, ERROR_COMMIT_UNKNOWN);
}

/* The backend dies inside the commit, before it took place: the rerun is the first that counts. */
static void
records_after_a_commit_that_was_not(void)
{
    struct sample sample;

    world_sql(
        "CREATE SEQUENCE death; GRANT USAGE ON SEQUENCE death TO signet_signer;"
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
        "nextval('signet.death') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); "
        "END IF; RETURN NULL; END $$;"
        "GRANT EXECUTE ON FUNCTION die() TO PUBLIC;"
        "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON grant_use DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION die()");
    fresh_sample(&sample, "commit/aborted");
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_DONE);
    CU_ASSERT_EQUAL(world_count("SELECT last_value FROM death"), 2);
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_REPLAY);
    world_sql("DROP TRIGGER die ON grant_use");
}

static void
survives_an_idle_connection_that_died(void)
{
    struct sample sample;

    fresh_sample(&sample, "commit/idle");
    world_sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'signet_signer'");
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_DONE);
}

static void
failed_transactions_do_not_commit(void)
{
    struct error err = {0};
    uint64_t version;

    ASSERT_OK(db_begin(world.server, &err), &err);
    ASSERT_REFUSED(db_policy_insert(world.server, "no json", "admin/alice", &version, &err), &err,
                   ERROR_DATABASE);
    ASSERT_REFUSED(db_commit(world.server, &err), &err, ERROR_DATABASE);
    error_clear(&err);
    ASSERT_OK(db_ping(world.server, &err), &err);
}

/* The whole server goes away and comes back; the connection heals by db_ping and listens again. */
static void
comes_back_after_a_crash(void)
{
    struct sample sample;
    struct db_certificate row;
    struct error err = {0};
    char payload[64];
    uint64_t version;

    fresh_sample(&sample, "commit/crash");
    CU_ASSERT_EQUAL(sample_record(&sample), RECORD_DONE);
    ASSERT_OK(db_listen(world.server, "signet_policy", &err), &err);
    cluster_kill(&world.cluster);
    ASSERT_REFUSED(db_ping(world.server, &err), &err, ERROR_DATABASE_UNAVAILABLE);
    ASSERT_REFUSED(db_ping(world.server, &err), &err, ERROR_DATABASE_UNAVAILABLE);
    CU_ASSERT_TRUE_FATAL(cluster_restart(&world.cluster));
    ASSERT_OK(db_ping(world.server, &err), &err);
    CU_ASSERT_EQUAL(db_certificate_get(world.server, 0, sample.record.serial, &row, &err),
                    DB_FOUND);
    ASSERT_OK(db_policy_insert(world.server, "{}", "admin/alice", &version, &err), &err);
    ASSERT_OK(db_ping(world.server, &err), &err);
    CU_ASSERT_TRUE(db_notification(world.server, payload, sizeof(payload)));
    CU_ASSERT_EQUAL(strtoull(payload, NULL, 10), version);
    CU_ASSERT_FALSE(db_notification(world.server, payload, sizeof(payload)));
    PQreset(world.root);
    world_sql("SET search_path = signet");
}

/* Nothing was asked while it was away: the connection looks whole until somebody uses it. */
static void
comes_back_after_a_crash_nobody_noticed(void)
{
    struct error err = {0};

    ASSERT_OK(db_ping(world.server, &err), &err);
    cluster_kill(&world.cluster);
    CU_ASSERT_TRUE_FATAL(cluster_restart(&world.cluster));
    ASSERT_OK(db_ping(world.server, &err), &err);
    PQreset(world.root);
    world_sql("SET search_path = signet");
}

int
main(void)
{
    int status;

    world_start();
    status = RUN_SUITE(
        "commit", TEST(recognises_its_row_after_a_lost_answer),
        TEST(runs_again_after_a_cancelled_wait), TEST(says_unknown_when_it_may_not_reconnect),
        TEST(plain_commit_says_unknown), TEST(records_after_a_commit_that_was_not),
        TEST(survives_an_idle_connection_that_died), TEST(failed_transactions_do_not_commit),
        TEST(comes_back_after_a_crash), TEST(comes_back_after_a_crash_nobody_noticed));
    world_stop();
    return status;
}
