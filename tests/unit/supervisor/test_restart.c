#include "restart.h"
#include "suite.h"

enum { KILLED = 9, EXIT_0 = 0, EXIT_1 = 1 << 8, EXIT_75 = 75 << 8, EXIT_78 = 78 << 8 };

static void
delays_grow_to_a_bound(void)
{
    static const int64_t wanted_ms[] = {50, 100, 200, 400, 800, 1000, 1000, 1000, 1000};
    struct restart restart = {0};

    for (size_t i = 0; i < ARRAY_LEN(wanted_ms); i++) {
        int64_t delay_ms = 0;

        CU_ASSERT_EQUAL(restart_decide(&restart, EXIT_75, 10, &delay_ms), RESTART_LATER);
        CU_ASSERT_EQUAL(delay_ms, wanted_ms[i]);
    }
}

static void
every_other_end_is_temporary(void)
{
    static const int statuses[] = {EXIT_0, EXIT_1, EXIT_75, KILLED, 127 << 8};

    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        struct restart restart = {0};
        int64_t delay_ms = 0;

        CU_ASSERT_EQUAL(restart_decide(&restart, statuses[i], 10, &delay_ms), RESTART_LATER);
        CU_ASSERT_EQUAL(delay_ms, 50);
    }
}

static void
calm_forgets(void)
{
    struct restart restart = {0};
    int64_t delay_ms = 0;

    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(restart_decide(&restart, KILLED, 9999, &delay_ms), RESTART_LATER);
    CU_ASSERT_EQUAL(delay_ms, 800);
    CU_ASSERT_EQUAL(restart_decide(&restart, KILLED, 10000, &delay_ms), RESTART_LATER);
    CU_ASSERT_EQUAL(delay_ms, 50);
}

static void
a_permanent_end_is_final(void)
{
    struct restart restart = {.delay_ms = 400};
    int64_t delay_ms = 77;

    CU_ASSERT_EQUAL(restart_decide(&restart, EXIT_78, 100000, &delay_ms), RESTART_NEVER);
    CU_ASSERT_EQUAL(restart_decide(&restart, 79 << 8, 100000, &delay_ms), RESTART_NEVER);
    CU_ASSERT_EQUAL(delay_ms, 77);
    /* killed by signal 78 is not the same as exit status 78 */
    CU_ASSERT_EQUAL(restart_decide(&restart, 78, 10, &delay_ms), RESTART_LATER);
}

int
main(void)
{
    return RUN_SUITE("restart", TEST(delays_grow_to_a_bound), TEST(every_other_end_is_temporary),
                     TEST(calm_forgets), TEST(a_permanent_end_is_final));
}
