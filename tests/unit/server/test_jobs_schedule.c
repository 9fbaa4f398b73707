#include "suite.h"

#include "jobs/schedule.h"

enum { NOW = 1790000000, MS = 5000000, DAY = 86400 };

/* Everything was done just now and lives for a day. */
static struct schedule
settled(void)
{
    struct schedule schedule = {
        .crl_this_update_s = NOW,
        .crl_next_update_s = NOW + DAY,
        .responder = {NOW, NOW + DAY - 1},
        .tls = {NOW, NOW + DAY - 1},
    };

    for (enum job job = 0; job < JOB_COUNT; job++)
        schedule.tried_ms[job] = MS;
    return schedule;
}

static void
everything_is_looked_at_in_the_beginning(void)
{
    const struct schedule fresh = {.crl_stale = false};

    for (enum job job = 0; job < JOB_COUNT; job++) {
        CU_ASSERT_TRUE(schedule_due(&fresh, job, NOW, MS));
        CU_ASSERT_PTR_NOT_NULL(job_name(job));
    }
    CU_ASSERT_EQUAL(schedule_sleep_ms(&fresh, NOW, MS), 0);
}

static void
nothing_is_due_at_once_after_it_was_done(void)
{
    const struct schedule schedule = settled();

    for (enum job job = 0; job < JOB_COUNT; job++)
        CU_ASSERT_FALSE(schedule_due(&schedule, job, NOW, MS));
    CU_ASSERT_EQUAL(schedule_sleep_ms(&schedule, NOW, MS), 1000);
    CU_ASSERT_EQUAL(schedule_sleep_ms(&schedule, NOW, MS + 900), 100);
}

static void
crl_at_half_its_life(void)
{
    const struct schedule schedule = settled();

    CU_ASSERT_FALSE(schedule_due(&schedule, JOB_CRL, NOW + DAY / 2 - 1, MS + 40000000));
    CU_ASSERT_TRUE(schedule_due(&schedule, JOB_CRL, NOW + DAY / 2, MS + 40000000));
    CU_ASSERT_TRUE(schedule_due(&schedule, JOB_CRL, NOW + 9 * DAY, MS + 40000000));
}

static void
crl_after_a_revocation_once_a_second(void)
{
    struct schedule schedule = settled();

    schedule.crl_stale = true;
    CU_ASSERT_FALSE(schedule_due(&schedule, JOB_CRL, NOW, MS + 999));
    CU_ASSERT_EQUAL(schedule_sleep_ms(&schedule, NOW, MS + 990), 10);
    CU_ASSERT_TRUE(schedule_due(&schedule, JOB_CRL, NOW, MS + 1000));
    schedule.crl_stale = false;
    CU_ASSERT_FALSE(schedule_due(&schedule, JOB_CRL, NOW, MS + 1000));
}

static void
crl_that_does_not_exist_is_wanted(void)
{
    struct schedule schedule = settled();

    schedule.crl_next_update_s = schedule.crl_this_update_s = 0;
    CU_ASSERT_TRUE(schedule_due(&schedule, JOB_CRL, NOW, MS + 1000));
}

static void
certificates_at_two_thirds_of_their_life(void)
{
    struct schedule schedule = settled();

    schedule.responder.not_after_s = NOW + 299;
    CU_ASSERT_FALSE(schedule_due(&schedule, JOB_RESPONDER, NOW + 199, MS + 200000));
    CU_ASSERT_TRUE(schedule_due(&schedule, JOB_RESPONDER, NOW + 200, MS + 200000));
    CU_ASSERT_TRUE(schedule_due(&schedule, JOB_RESPONDER, NOW + 5 * DAY, MS + 200000));
    CU_ASSERT_FALSE(schedule_due(&schedule, JOB_TLS, NOW + 200, MS + 200000));
    schedule.tls.not_after_s = 0;
    CU_ASSERT_TRUE(schedule_due(&schedule, JOB_TLS, NOW, MS + 200000));
}

/* A renewal that succeeds and yet changes nothing must not fill the database with certificates. */
static void
renewals_keep_a_distance(void)
{
    struct schedule schedule = settled();

    schedule.tls.not_after_s = 0;
    CU_ASSERT_FALSE(schedule_due(&schedule, JOB_TLS, NOW, MS + 9999));
    CU_ASSERT_TRUE(schedule_due(&schedule, JOB_TLS, NOW, MS + 10000));
}

static void
failures_are_tried_again(void)
{
    struct schedule schedule = settled();

    schedule.failed[JOB_PARTITIONS] = true;
    schedule.failed[JOB_AUTHORITY] = true;
    CU_ASSERT_FALSE(schedule_due(&schedule, JOB_PARTITIONS, NOW, MS + 59999));
    CU_ASSERT_TRUE(schedule_due(&schedule, JOB_PARTITIONS, NOW, MS + 60000));
    CU_ASSERT_FALSE(schedule_due(&schedule, JOB_AUTHORITY, NOW, MS + 999));
    CU_ASSERT_TRUE(schedule_due(&schedule, JOB_AUTHORITY, NOW, MS + 1000));
}

static void
notices_are_read_soon(void)
{
    struct schedule schedule = settled();

    schedule.noticed = true;
    CU_ASSERT_FALSE(schedule_due(&schedule, JOB_AUTHORITY, NOW, MS + 5));
    CU_ASSERT_TRUE(schedule_due(&schedule, JOB_AUTHORITY, NOW, MS + 20));
    CU_ASSERT_TRUE(schedule_sleep_ms(&schedule, NOW, MS + 5) <= 20);
}

static void
partitions_daily_and_when_the_policy_grows(void)
{
    struct schedule schedule = settled();

    CU_ASSERT_FALSE(schedule_due(&schedule, JOB_PARTITIONS, NOW, MS + 86399999));
    CU_ASSERT_TRUE(schedule_due(&schedule, JOB_PARTITIONS, NOW, MS + 86400000));
    schedule.partitions_short = true;
    CU_ASSERT_TRUE(schedule_due(&schedule, JOB_PARTITIONS, NOW, MS + 1000));
}

int
main(void)
{
    return RUN_SUITE("schedule", TEST(everything_is_looked_at_in_the_beginning),
                     TEST(nothing_is_due_at_once_after_it_was_done), TEST(crl_at_half_its_life),
                     TEST(crl_after_a_revocation_once_a_second),
                     TEST(crl_that_does_not_exist_is_wanted),
                     TEST(certificates_at_two_thirds_of_their_life), TEST(renewals_keep_a_distance),
                     TEST(failures_are_tried_again), TEST(notices_are_read_soon),
                     TEST(partitions_daily_and_when_the_policy_grows));
}
