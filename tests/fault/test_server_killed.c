/* The server dies while the signer stands at each point, and at its own, under load. */
#include "suite.h"

#include <signal.h>
#include <stdio.h>

#include "storm.h"

static struct storm storm;

static void
killed_while_the_signer_waits(void)
{
    static const char *const points[] = {"before-record", "after-record", "after-sign",
                                         "after-store", "before-reply"};
    char action[32];

    snprintf(action, sizeof(action), "wait:%d", STORM_WAIT_MS);
    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        int64_t instant_us = storm_fire(&storm, points[i], action);

        CU_ASSERT_TRUE(ca_kill(storm.ca, CA_SERVER, SIGKILL));
        storm_back(&storm, "server killed", points[i], instant_us);
    }
}

static void
killed_at_its_own_points(void)
{
    static const char *const points[] = {"server-before-signer", "server-after-signer"};

    for (size_t i = 0; i < ARRAY_LEN(points); i++)
        storm_back(&storm, "server killed", points[i], storm_fire(&storm, points[i], "kill"));
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
    status = RUN_SUITE("server killed", TEST(killed_while_the_signer_waits),
                       TEST(killed_at_its_own_points), TEST(nothing_is_lost_or_served_twice));
    storm_end(&storm);
    return status;
}
