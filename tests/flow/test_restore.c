/* A database restored from a dump that is older than what was published: it is not used until an
 * operator accepts it, and what follows contradicts nothing that was published. */
#include "suite.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "flow_crl.h"
#include "flow_ocsp.h"
#include "signet/clock.h"

enum { WAIT_MS = 30000, STEP_MS = 50 };

static struct flow *flow;
static struct party revoked; /* in the dump; its revocation is not */
static struct party lost;    /* issued after the dump */
static long long published;  /* number of the last CRL before the restore */

/* --- programs --- */

static bool
run(struct buffer *out, const char *const *argv)
{
    AUTO_BUFFER said = {.max = 262144};
    struct buffer *to = out ? out : &said;
    int status = ca_run_argv(flow_ca(flow), NULL, to, NULL, NULL, argv);

    if (status != 0)
        printf("\n    %s: status %d: %s\n", argv[0], status, buffer_text(to));
    return status == 0;
}

/* As PostgreSQL's superuser, in the database postgres. */
static bool
super_sql(const char *sql)
{
    char host[128];

    snprintf(host, sizeof(host), "--host=%s", flow_ca(flow)->socket);
    return run(NULL, (const char *const[]){"psql", "--no-psqlrc", host, "--username=postgres",
                                           "--dbname=postgres", "--quiet", "--set=ON_ERROR_STOP=1",
                                           "--command", sql, NULL});
}

static bool
wait_readyz(const char *text, int wanted)
{
    struct ca *ca = flow_ca(flow);
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    char url[96];

    snprintf(url, sizeof(url), "%s/readyz", ca->health_url);
    while (clock_monotonic_ms() < end_ms) {
        AUTO_BUFFER body = {.max = 65536};
        int status = ca_http(ca, "GET", url, NULL, NULL, NULL, &body);

        if (status == wanted && strstr(buffer_text(&body), text))
            return true;
        poll(NULL, 0, STEP_MS);
    }
    return false;
}

/* --- before --- */

static void
dumped_then_more_happens(void)
{
    char host[128];
    struct ocsp_said said;

    snprintf(host, sizeof(host), "--host=%s", flow_ca(flow)->socket);
    flow_enrol(flow, "restore/kept", &revoked);
    CU_ASSERT_TRUE_FATAL(
        run(NULL, (const char *const[]){"pg_dump", host, "--username=signet_owner",
                                        "--dbname=signet", "--schema=signet", "--format=custom",
                                        "--file=signet.dump", NULL}));
    flow_enrol(flow, "restore/lost", &lost);
    flow_revoke(flow, "serial", revoked.serial, "keyCompromise");
    flow_revoke(flow, "serial", lost.serial, "superseded");
    CU_ASSERT_TRUE(crl_wait_has(flow, revoked.serial, WAIT_MS) >= 0);
    CU_ASSERT_TRUE(crl_wait_has(flow, lost.serial, WAIT_MS) >= 0);
    CU_ASSERT_TRUE(ocsp_wait_revoked(flow, revoked.serial, WAIT_MS) >= 0);
    ocsp_ask(flow, revoked.serial, &said);
    published = crl_published_number(flow);
    CU_ASSERT_TRUE(published > 0);
}

static void
last_crl_is_kept(void)
{
    char url[96];

    snprintf(url, sizeof(url), "%s/crl/issuing-1.crl", flow_ca(flow)->publish_url);
    CU_ASSERT_TRUE(run(NULL, (const char *const[]){"curl", "--silent", "--fail", "--output",
                                                   "last.crl", url, NULL}));
}

/* The restored database takes the place of the other while the authority runs. */
static void
restored_database_is_refused(void)
{
    char host[128];

    snprintf(host, sizeof(host), "--host=%s", flow_ca(flow)->socket);
    CU_ASSERT_TRUE_FATAL(super_sql("CREATE DATABASE restored OWNER signet_owner"));
    CU_ASSERT_TRUE_FATAL(super_sql(
        "REVOKE ALL ON DATABASE restored FROM PUBLIC; "
        "GRANT CONNECT ON DATABASE restored TO signet_server, signet_signer, signet_status"));
    CU_ASSERT_TRUE_FATAL(run(
        NULL, (const char *const[]){"pg_restore", host, "--username=signet_owner",
                                    "--dbname=restored", "--exit-on-error", "signet.dump", NULL}));
    CU_ASSERT_TRUE_FATAL(super_sql("ALTER DATABASE signet ALLOW_CONNECTIONS false"));
    CU_ASSERT_TRUE_FATAL(super_sql(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'signet'"));
    CU_ASSERT_TRUE_FATAL(super_sql("ALTER DATABASE signet RENAME TO behind"));
    CU_ASSERT_TRUE_FATAL(super_sql("ALTER DATABASE restored RENAME TO signet"));
    CU_ASSERT_TRUE(wait_readyz("\"issuing_signer\":{\"ready\":false,\"detail\":\"stopped for good, "
                               "status 79: database-rewound",
                               503));
    CU_ASSERT_EQUAL(ca_run(flow_ca(flow), NULL, NULL, "grep", "-q",
                           "\"error\":\"database-rewound\"", flow_ca(flow)->log, NULL),
                    0);
}

/* --- while it is refused --- */

static void
what_is_published_stays(void)
{
    struct ocsp_said said;

    CU_ASSERT_EQUAL(crl_published_number(flow), published);
    CU_ASSERT_TRUE(crl_published_has(flow, revoked.serial));
    ocsp_ask(flow, revoked.serial, &said);
    CU_ASSERT_TRUE(said.verified && said.status == V_OCSP_CERTSTATUS_REVOKED);
}

static void
nothing_is_issued(void)
{
    AUTO_ANSWER answer = {.status = 0};
    char token[CA_TOKEN_TEXT], body[8192];

    flow_token(flow, "restore/kept", 0, token);
    snprintf(body, sizeof(body), "%s", buffer_text(&revoked.csr));
    answer =
        flow_call(flow, &(struct call){"POST", "/v1/certificates", .token = token, .text = body});
    CU_ASSERT_EQUAL(answer.status, 503);
    CU_ASSERT_EQUAL(ca_sql_number(flow_ca(flow),
                                  "SELECT count(*) FROM certificate c JOIN identity i "
                                  "ON i.id = c.identity WHERE i.name = 'restore/kept'"),
                    1);
}

/* --- the operator --- */

static void
operator_accepts(void)
{
    struct ca *ca = flow_ca(flow);
    char crl[128];
    AUTO_BUFFER out = {.max = 65536};

    snprintf(crl, sizeof(crl), "%s/last.crl", ca->work);
    CU_ASSERT_TRUE_FATAL(
        run(&out, (const char *const[]){"signet-ceremony", "accept-database", "--state", ca->folder,
                                        "--crl", crl, NULL}));
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), "lost, and maybe others before it"));
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), "taken over from the CRL"));
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), lost.serial));
    CU_ASSERT_TRUE(ca_kill(ca, CA_SIGNETD, SIGHUP));
    CU_ASSERT_TRUE_FATAL(ca_wait_ready(ca, WAIT_MS));
    CU_ASSERT_EQUAL(ca_sql_number(ca, "SELECT count(*) FROM audit_event WHERE action = "
                                      "'ceremony.accept_database'"),
                    1);
}

static void
numbers_go_on_above(void)
{
    AUTO_PARTY fresh = {.key = NULL};
    struct ocsp_said said;

    CU_ASSERT_TRUE(ca_sql_number(flow_ca(flow), "SELECT max(number) FROM crl_shard") > published);
    flow_enrol(flow, "restore/after", &fresh);
    flow_revoke(flow, "serial", fresh.serial, "superseded");
    CU_ASSERT_TRUE(crl_wait_has(flow, fresh.serial, WAIT_MS) >= 0);
    CU_ASSERT_TRUE(crl_published_number(flow) > published);
    CU_ASSERT_TRUE(crl_published_has(flow, revoked.serial));
    ocsp_ask(flow, revoked.serial, &said);
    CU_ASSERT_TRUE(said.verified && said.status == V_OCSP_CERTSTATUS_REVOKED);
}

/* A signer that works has nothing to be accepted. */
static void
not_while_a_signer_works(void)
{
    struct ca *ca = flow_ca(flow);
    AUTO_BUFFER out = {.max = 65536};

    CU_ASSERT_EQUAL(
        ca_run(ca, NULL, &out, "signet-ceremony", "accept-database", "--state", ca->folder, NULL),
        1);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&out), "a signer works in"));
    CU_ASSERT_EQUAL(ca_run(ca, NULL, NULL, "signet-ceremony", "accept-database", "--state",
                           ca->folder, "--crl", ca->root_pem, NULL),
                    1);
}

int
main(void)
{
    int status;

    flow = flow_start(NULL);
    status = RUN_SUITE("restore", TEST(dumped_then_more_happens), TEST(last_crl_is_kept),
                       TEST(restored_database_is_refused), TEST(what_is_published_stays),
                       TEST(nothing_is_issued), TEST(operator_accepts), TEST(numbers_go_on_above),
                       TEST(not_while_a_signer_works));
    party_done(&revoked);
    party_done(&lost);
    flow_stop(flow);
    return status;
}
