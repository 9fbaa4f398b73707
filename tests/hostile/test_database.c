#include "hostile.h"

/* Its own connection, behind the signer's back. */

static const char *const writes[] = {
    "INSERT INTO certificate SELECT * FROM certificate LIMIT 1",
    "UPDATE certificate SET tbs = '\\x00'",
    "DELETE FROM certificate",
    "INSERT INTO signature SELECT * FROM signature LIMIT 1",
    "UPDATE signature SET signature = '\\x00'",
    "DELETE FROM signature",
    "INSERT INTO grant_use SELECT * FROM grant_use LIMIT 1",
    "DELETE FROM grant_use",
    "INSERT INTO crl SELECT * FROM crl LIMIT 1",
    "UPDATE crl SET der = '\\x00'",
    "DELETE FROM crl",
    "UPDATE crl_shard SET number = 0",
    "UPDATE audit_event SET outcome = 'done'",
    "DELETE FROM audit_event",
    "TRUNCATE audit_event",
    "UPDATE revocation SET revoked_at = now()",
    "UPDATE revocation SET reason = 0",
    "DELETE FROM revocation",
    "UPDATE enrol_token SET expires_at = now() + interval '1 year'",
    "DELETE FROM blocked_key",
    "INSERT INTO issuer (name) VALUES ('x')",
    "UPDATE issuer SET state = 'active'",
    "DROP TABLE certificate",
    "ALTER TABLE revocation DISABLE TRIGGER ALL",
    "SET SESSION AUTHORIZATION signet_signer",
    "SET ROLE signet_owner",
};

static bool
log_holds(const char *text)
{
    char path[128];
    struct error err = {0};
    AUTO_BUFFER content;

    buffer_init(&content, 4 * 1024 * 1024);
    snprintf(path, sizeof(path), "%s/log", authority.cluster.folder);
    return ASSERT_OK(file_read(path, &content, &err), &err) &&
           strstr(buffer_text(&content), text) != NULL;
}

static void
writes_nothing_of_the_signers(void)
{
    char conninfo[160];
    PGconn *server = PQconnectdb(
        cluster_conninfo(&authority.cluster, "signet_server", conninfo, sizeof(conninfo)));

    CU_ASSERT_EQUAL_FATAL(PQstatus(server), CONNECTION_OK);
    PQclear(PQexec(server, "SET search_path = signet"));
    for (size_t i = 0; i < ARRAY_LEN(writes); i++) {
        PGresult *result = PQexec(server, writes[i]);
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

        /* insufficient_privilege */
        if (!state || strcmp(state, "42501") != 0)
            printf("\n    %s: %s\n", writes[i], state ? PQresultErrorMessage(result) : "accepted");
        CU_ASSERT_TRUE(state && strcmp(state, "42501") == 0);
        PQclear(result);
        CU_ASSERT_TRUE(log_holds(writes[i]));
    }
    PQfinish(server);
}

/* It may add to the audit trail, but not in the name of another role. */
static void
forges_no_audit_rows(void)
{
    char conninfo[160];
    PGconn *server = PQconnectdb(
        cluster_conninfo(&authority.cluster, "signet_server", conninfo, sizeof(conninfo)));

    CU_ASSERT_EQUAL_FATAL(PQstatus(server), CONNECTION_OK);
    PQclear(PQexec(server, "SET search_path = signet"));
    PQclear(PQexec(server,
                   "INSERT INTO audit_event (at, actor, action, object, outcome, rule, request_id,"
                   " address, detail, count, written_by) VALUES (now(), 'forged', 'forged', '',"
                   " 'done', '', '', '', '', 1, 'signet_signer')"));
    PQclear(PQexec(server,
                   "INSERT INTO audit_event (at, actor, action, object, outcome, rule, request_id,"
                   " address, detail, count) VALUES (now(), 'forged', 'forged', '',"
                   " 'done', '', '', '', '', 1)"));
    PQfinish(server);
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM audit_event WHERE actor = 'forged'"), 1);
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM audit_event WHERE actor = 'forged'"
                               " AND written_by <> 'signet_server'"),
                    0);
}

int
main(void)
{
    int status;

    hostile_start();
    status = RUN_SUITE("hostile server: database", TEST(writes_nothing_of_the_signers),
                       TEST(forges_no_audit_rows), TEST(leaves_both_signers_running));
    return authority_end(status);
}
