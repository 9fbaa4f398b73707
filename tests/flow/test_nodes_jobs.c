/* Two nodes on one database: jobs run on one of them, are taken over when it dies, clocks that
 * differ are noticed, and each node remembers for itself what was published. */
#include "suite.h"

#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "flow.h"
#include "flow_crl.h"
#include "signet/clock.h"

enum {
    WAIT_MS = 30000,
    QUIET_MS = 3000, /* several rounds of the jobs of both nodes */
    STEP_MS = 50,
    TWO_MINUTES_S = 120,
    /* Of a CRL, by the default configuration; one was made by a clock two minutes ahead. */
    HALF_LIFE_S = 86400 / 2 + 600
};

static struct flow *node[2];
static struct party late; /* enrolled while the clocks are right */

static bool
wait_logged(struct flow *flow, const char *text)
{
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;

    while (ca_run(flow_ca(flow), NULL, NULL, "grep", "-q", text, flow_ca(flow)->log, NULL) != 0) {
        if (clock_monotonic_ms() >= end_ms)
            return false;
        poll(NULL, 0, STEP_MS);
    }
    return true;
}

static long long
last_number(void)
{
    return flow_number(node[0], "SELECT number FROM crl_shard WHERE issuer = "
                                "(SELECT id FROM issuer WHERE kind = 'issuing')");
}

static bool
wait_last_number(long long wanted)
{
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;

    while (last_number() < wanted) {
        if (clock_monotonic_ms() >= end_ms)
            return false;
        poll(NULL, 0, STEP_MS);
    }
    return true;
}

/* --- what a node has of its own --- */

static long long
anchor_number(const struct flow *flow)
{
    char path[128], line[128] = "";
    long long number = -1;
    FILE *file;

    snprintf(path, sizeof(path), "%.64s/signer/issuing/anchor", flow_ca(flow)->folder);
    file = fopen(path, "re");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    if (!fgets(line, sizeof(line), file) || sscanf(line, "signet-anchor-v1 crl %lld", &number) != 1)
        number = -1;
    fclose(file);
    return number;
}

/* It is written after the list was stored. */
static bool
wait_anchor(const struct flow *flow, long long wanted)
{
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;

    while (anchor_number(flow) < wanted) {
        if (clock_monotonic_ms() >= end_ms)
            return false;
        poll(NULL, 0, STEP_MS);
    }
    return true;
}

static void
each_node_has_its_own_anchor(void)
{
    AUTO_PARTY party = {.key = NULL};

    flow_enrol(node[0], "nodes/late", &late);
    flow_enrol(node[1], "nodes/anchor", &party);
    flow_revoke(node[1], "serial", party.serial, "superseded");
    CU_ASSERT_TRUE(crl_wait_has(node[0], party.serial, WAIT_MS) >= 0);
    /* The second published it; the first knows what it published itself. */
    CU_ASSERT_TRUE(wait_anchor(node[1], anchor_number(node[0]) + 1));
    CU_ASSERT_TRUE(anchor_number(node[0]) > 0);
}

static void
each_node_has_its_own_tls_certificate(void)
{
    CU_ASSERT_EQUAL(flow_number(node[0],
                                "SELECT count(*) FROM certificate c JOIN identity i ON i.id = "
                                "c.identity WHERE i.name = 'signet/server'"),
                    2);
}

/* --- clocks --- */

static void
two_minutes_are_noticed(void)
{
    struct ca *second = flow_ca(node[1]);
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    bool told = false;

    ca_signetd_stop(second);
    ca_clock(second, TWO_MINUTES_S);
    ca_signetd_launch(second);
    CU_ASSERT_TRUE(wait_logged(node[1], "our clock and the database's differ by 1[12]"));
    while (!told && clock_monotonic_ms() < end_ms) {
        char url[96];
        AUTO_BUFFER body = {.max = 65536};

        snprintf(url, sizeof(url), "%s/readyz", second->health_url);
        told =
            ca_http(second, "GET", url, NULL, NULL, NULL, &body) == 503 &&
            strstr(buffer_text(&body), "\"clock\":{\"ready\":false,\"detail\":\"differs from the "
                                       "database's by 1");
        poll(NULL, 0, STEP_MS);
    }
    CU_ASSERT_TRUE(told);
    CU_ASSERT_TRUE(ca_wait_ready(flow_ca(node[0]), WAIT_MS)); /* the other one is right */
    ca_clock(second, 0);
    CU_ASSERT_TRUE(ca_wait_ready(second, WAIT_MS));
    CU_ASSERT_TRUE(wait_logged(node[1], "job works again"));
}

/* --- jobs --- */

/* A node that works on the job: what db_job_lock does, from a session of the test's. */
static PGconn *
hold_job(const char *job)
{
    char conninfo[256], sql[128];
    PGconn *holder;
    PGresult *result;

    ca_conninfo(flow_ca(node[0]), "signet_server", conninfo, sizeof(conninfo));
    holder = PQconnectdb(conninfo);
    CU_ASSERT_EQUAL_FATAL(PQstatus(holder), CONNECTION_OK);
    snprintf(sql, sizeof(sql), "SELECT pg_advisory_lock(hashtextextended('signet job %s', 0))",
             job);
    result = PQexec(holder, sql);
    CU_ASSERT_EQUAL(PQresultStatus(result), PGRES_TUPLES_OK);
    PQclear(result);
    return holder;
}

/* Half of the CRL's life is over for both at once. */
static void
one_node_works_and_another_takes_over(void)
{
    long long number = last_number();
    PGconn *holder = hold_job("crl");

    ca_clock(flow_ca(node[0]), HALF_LIFE_S);
    ca_clock(flow_ca(node[1]), HALF_LIFE_S);
    poll(NULL, 0, QUIET_MS);
    CU_ASSERT_EQUAL(last_number(), number);
    PQfinish(holder);
    CU_ASSERT_TRUE(wait_last_number(number + 1));
    poll(NULL, 0, QUIET_MS);
    CU_ASSERT_EQUAL(last_number(), number + 1); /* by one of them, for both */
}

/* After a revocation nobody waits for a lock. */
static void
revocations_do_not_wait_for_the_job(void)
{
    long long number = last_number();
    PGconn *holder = hold_job("crl");

    flow_revoke(node[0], "serial", late.serial, "superseded");
    CU_ASSERT_TRUE(wait_last_number(number + 1));
    PQfinish(holder);
}

static void
survivor_does_the_work(void)
{
    struct ca *dead = flow_ca(node[1]);
    long long number;

    CU_ASSERT_TRUE(ca_kill(dead, CA_SIGNETD, SIGKILL));
    ca_signetd_stop(dead);
    number = last_number();
    ca_clock(flow_ca(node[0]), 2LL * HALF_LIFE_S);
    CU_ASSERT_TRUE(wait_last_number(number + 1));
    CU_ASSERT_TRUE(wait_anchor(node[0], number + 1));
}

int
main(void)
{
    int status;

    node[0] = flow_start(NULL);
    node[1] = flow_node_make(node[0], 2);
    ca_signetd_start(flow_ca(node[1]));
    status = RUN_SUITE("jobs of two nodes", TEST(each_node_has_its_own_tls_certificate),
                       TEST(each_node_has_its_own_anchor), TEST(two_minutes_are_noticed),
                       TEST(one_node_works_and_another_takes_over),
                       TEST(revocations_do_not_wait_for_the_job), TEST(survivor_does_the_work));
    party_done(&late);
    flow_node_stop(node[1]);
    flow_stop(node[0]);
    return status;
}
