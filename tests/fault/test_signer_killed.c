/* The issuing signer dies at each point of an issuance and of a CRL, under load. */
#include "suite.h"

#include "storm.h"

static struct storm storm;

static void
comes_back_from_each_point(void)
{
    static const char *const points[] = {"before-record", "after-record", "after-sign",
                                         "after-store",   "before-reply", "crl-recorded",
                                         "crl-signed"};

    for (size_t i = 0; i < ARRAY_LEN(points); i++)
        storm_back(&storm, "signer killed", points[i], storm_fire(&storm, points[i], "kill"));
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
    status = RUN_SUITE("signer killed", TEST(comes_back_from_each_point),
                       TEST(nothing_is_lost_or_served_twice));
    storm_end(&storm);
    return status;
}
