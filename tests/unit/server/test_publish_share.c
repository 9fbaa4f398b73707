#include "suite.h"

#include "publish/share.h"

enum { SECOND_US = 1000000 };

static int
take_all(struct share *share, int64_t now_us)
{
    int taken = 0;

    while (taken < 1000 && share_take(share, now_us))
        taken++;
    return taken;
}

static void
gives_a_second_at_once_and_then_its_rate(void)
{
    struct share share;

    share_init(&share, 10, 5 * SECOND_US);
    CU_ASSERT_EQUAL(take_all(&share, 5 * SECOND_US), 10);
    CU_ASSERT_EQUAL(take_all(&share, 5 * SECOND_US + SECOND_US / 20), 0);
    CU_ASSERT_EQUAL(take_all(&share, 5 * SECOND_US + SECOND_US / 10), 1);
    CU_ASSERT_EQUAL(take_all(&share, 6 * SECOND_US), 9);
    share_done(&share);
}

static void
does_not_save_up(void)
{
    struct share share;

    share_init(&share, 10, 0);
    CU_ASSERT_EQUAL(take_all(&share, 1000 * (int64_t)SECOND_US), 10);
    CU_ASSERT_EQUAL(take_all(&share, 1000 * (int64_t)SECOND_US), 0);
    share_done(&share);
}

int
main(void)
{
    return RUN_SUITE("publish/share", TEST(gives_a_second_at_once_and_then_its_rate),
                     TEST(does_not_save_up));
}
