/* PostgreSQL dies while the signer stands at each point, under load. */
#include "suite.h"

#include <signal.h>
#include <stdio.h>

#include "signet/clock.h"
#include "storm.h"

static struct storm storm;

static const char *const points[] = {"before-record", "after-record", "after-sign", "after-store",
                                     "before-reply"};

/* One backend that dies makes the postmaster end them all and recover. */
static void
a_backend_killed(void)
{
    char action[32];

    snprintf(action, sizeof(action), "wait:%d", STORM_WAIT_MS);
    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        pid_t backend = (pid_t)ca_sql_number(
            storm.ca, "SELECT pid FROM pg_stat_activity WHERE usename = '%s' ORDER BY pid LIMIT 1",
            i % 2 ? "signet_server" : "signet_signer");
        int64_t instant_us = storm_fire(&storm, points[i], action);

        CU_ASSERT_TRUE(backend > 0 && kill(backend, SIGKILL) == 0);
        storm_back(&storm, i % 2 ? "server's backend killed" : "signer's backend killed", points[i],
                   instant_us);
    }
}

static void
an_immediate_shutdown(void)
{
    char action[32];

    snprintf(action, sizeof(action), "wait:%d", STORM_WAIT_MS);
    for (size_t i = 1; i < ARRAY_LEN(points); i += 2) {
        int64_t instant_us = storm_fire(&storm, points[i], action);

        CU_ASSERT_NOT_EQUAL(instant_us, 0);
        ca_postgres_stop(storm.ca, true);
        ca_postgres_start(storm.ca);
        storm_back(&storm, "database started again", points[i], clock_monotonic_us());
    }
}

static void
nothing_is_lost_or_served_twice(void)
{
    storm_check(&storm);
}

int
main(void)
{
    int status;

    storm_begin(&storm);
    status = RUN_SUITE("PostgreSQL killed", TEST(a_backend_killed), TEST(an_immediate_shutdown),
                       TEST(nothing_is_lost_or_served_twice));
    storm_end(&storm);
    return status;
}
