#include "http/limiter.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

static struct config *config;

static struct limiter *
limiter_of(uint32_t per_s, uint32_t burst)
{
    struct limiter *limiter = NULL;
    struct error err;

    config = calloc(1, sizeof(*config));
    config->rate.address_per_s = per_s;
    config->rate.address_burst = burst;
    config->rate.identity_per_s = 1;
    config->rate.identity_burst = 1;
    ASSERT_OK(limiter_new(config, &limiter, &err), &err);
    free(config);
    return limiter;
}

static struct error err;
static uint32_t wait_s;

static bool
admit(struct limiter *limiter, const char *key, int64_t now_ms)
{
    wait_s = 0;
    return limiter_admit(limiter, LIMITER_ADDRESS, bytes_of_text(key), now_ms, &wait_s, &err);
}

static void
gives_a_burst_and_then_the_rate(void)
{
    struct limiter *limiter = limiter_of(2, 5);

    for (int i = 0; i < 5; i++)
        CU_ASSERT(admit(limiter, "a", 1000));
    ASSERT_REFUSED(admit(limiter, "a", 1000), &err, ERROR_RATE_LIMITED);
    CU_ASSERT_EQUAL(wait_s, 1);
    CU_ASSERT_STRING_EQUAL(err.rule, "rate.address");
    CU_ASSERT_FALSE(admit(limiter, "a", 1400));
    CU_ASSERT(admit(limiter, "a", 1500));
    CU_ASSERT_FALSE(admit(limiter, "a", 1500));
    CU_ASSERT(admit(limiter, "a", 2000));
    /* It fills to the burst and no further. */
    for (int i = 0; i < 5; i++)
        CU_ASSERT(admit(limiter, "a", 1000000));
    CU_ASSERT_FALSE(admit(limiter, "a", 1000000));
    limiter_free(limiter);
}

static void
keeps_keys_and_kinds_apart(void)
{
    struct limiter *limiter = limiter_of(1, 1);

    CU_ASSERT(admit(limiter, "a", 0));
    CU_ASSERT_FALSE(admit(limiter, "a", 0));
    CU_ASSERT(admit(limiter, "b", 0));
    CU_ASSERT(limiter_admit(limiter, LIMITER_IDENTITY, bytes_of_text("a"), 0, &wait_s, &err));
    ASSERT_REFUSED(limiter_admit(limiter, LIMITER_IDENTITY, bytes_of_text("a"), 0, &wait_s, &err),
                   &err, ERROR_RATE_LIMITED);
    CU_ASSERT_STRING_EQUAL(err.rule, "rate.identity");
    limiter_free(limiter);
}

static void
is_off_at_zero(void)
{
    struct limiter *limiter = limiter_of(0, 0);

    for (int i = 0; i < 1000; i++)
        CU_ASSERT(admit(limiter, "a", 0));
    limiter_free(limiter);
}

static void
survives_a_clock_that_stands_or_steps_back(void)
{
    struct limiter *limiter = limiter_of(1, 2);

    CU_ASSERT(admit(limiter, "a", 10000));
    CU_ASSERT(admit(limiter, "a", 5000));
    CU_ASSERT_FALSE(admit(limiter, "a", 5000));
    CU_ASSERT_FALSE(admit(limiter, "a", 5000));
    limiter_free(limiter);
}

/* A crowd far larger than the table must not free the one that is over its rate at once. */
static void
remembers_the_greedy_in_a_crowd(void)
{
    struct limiter *limiter = limiter_of(1, 10);
    char key[32];
    int refused = 0;

    for (int i = 0; i < 10; i++)
        CU_ASSERT(admit(limiter, "greedy", 0));
    for (int i = 0; i < 200000; i++) {
        snprintf(key, sizeof(key), "crowd %d", i);
        CU_ASSERT(admit(limiter, key, 0));
        if (i % 1000 == 0)
            refused += !admit(limiter, "greedy", 0);
    }
    CU_ASSERT_EQUAL(refused, 200);
    limiter_free(limiter);
}

int
main(void)
{
    return RUN_SUITE("limiter", TEST(gives_a_burst_and_then_the_rate),
                     TEST(keeps_keys_and_kinds_apart), TEST(is_off_at_zero),
                     TEST(survives_a_clock_that_stands_or_steps_back),
                     TEST(remembers_the_greedy_in_a_crowd));
}
