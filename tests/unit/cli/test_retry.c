#include "suite.h"

#include "retry.h"

static void
waits_grow_and_end(void)
{
    struct retry retry = {0};
    int wait_ms = 0, longest_ms = RETRY_FIRST_MS, times = 0;

    while (retry_next(&retry, -1, 0xffffffff, &wait_ms)) {
        CU_ASSERT_TRUE(wait_ms >= longest_ms / 2);
        CU_ASSERT_TRUE(wait_ms <= longest_ms);
        longest_ms *= 2;
        times++;
    }
    CU_ASSERT_EQUAL(times, RETRY_TIMES - 1);
}

static void
never_earlier_than_the_server_asks(void)
{
    struct retry retry = {0};
    int wait_ms = 0;

    CU_ASSERT_TRUE(retry_next(&retry, 7, 0, &wait_ms));
    CU_ASSERT_TRUE(wait_ms >= 7000);
}

static void
a_wait_past_the_budget_is_not_begun(void)
{
    struct retry retry = {0};
    int wait_ms = 42;

    CU_ASSERT_FALSE(retry_next(&retry, RETRY_BUDGET_MS / 1000 + 1, 0, &wait_ms));
    CU_ASSERT_FALSE(retry_next(&retry, INT64_MAX, 0, &wait_ms));
    CU_ASSERT_EQUAL(wait_ms, 42);
    retry = (struct retry){0};
    CU_ASSERT_TRUE(retry_next(&retry, 20, 0, &wait_ms));
    CU_ASSERT_FALSE(retry_next(&retry, 20, 0, &wait_ms));
}

static void
reads_retry_after(void)
{
    CU_ASSERT_EQUAL(retry_after_parse("0", 1000000000), 0);
    CU_ASSERT_EQUAL(retry_after_parse("120", 1000000000), 120);
    CU_ASSERT_EQUAL(retry_after_parse("Sun, 09 Sep 2001 01:46:45 GMT", 1000000000), 5);
    CU_ASSERT_EQUAL(retry_after_parse("Sun, 09 Sep 2001 01:46:35 GMT", 1000000000), 0);
    CU_ASSERT_EQUAL(retry_after_parse("", 1000000000), -1);
    CU_ASSERT_EQUAL(retry_after_parse("-5", 1000000000), -1);
    CU_ASSERT_EQUAL(retry_after_parse("soon", 1000000000), -1);
    CU_ASSERT_EQUAL(retry_after_parse("99999999999", 1000000000), -1);
}

int
main(void)
{
    return RUN_SUITE("cli/retry", TEST(waits_grow_and_end),
                     TEST(never_earlier_than_the_server_asks),
                     TEST(a_wait_past_the_budget_is_not_begun), TEST(reads_retry_after));
}
