#include "suite.h"

#include "signet/policy.h"

static void
validity_is_inclusive_at_both_ends(void)
{
    CU_ASSERT_EQUAL(validity_at(1000, 1999, 999), VALIDITY_NOT_YET);
    CU_ASSERT_EQUAL(validity_at(1000, 1999, 1000), VALIDITY_VALID);
    CU_ASSERT_EQUAL(validity_at(1000, 1999, 1999), VALIDITY_RENEW);
    CU_ASSERT_EQUAL(validity_at(1000, 1999, 2000), VALIDITY_EXPIRED);
}

static void
renewal_begins_at_two_thirds(void)
{
    CU_ASSERT_EQUAL(renew_after(1000, 1000 + 86400 - 1), 1000 + 57600);
    CU_ASSERT_EQUAL(renew_after(0, 99), 66);
    CU_ASSERT_EQUAL(renew_after(0, 0), 0);
    CU_ASSERT_EQUAL(validity_at(0, 99, 65), VALIDITY_VALID);
    CU_ASSERT_EQUAL(validity_at(0, 99, 66), VALIDITY_RENEW);
    for (int64_t life = 1; life < 5000; life += 7) {
        CU_ASSERT_TRUE(renew_after(50, 50 + life - 1) >= 50);
        CU_ASSERT_TRUE(renew_after(50, 50 + life - 1) <= 50 + life - 1);
    }
}

int
main(void)
{
    return RUN_SUITE("key_schedule", TEST(validity_is_inclusive_at_both_ends),
                     TEST(renewal_begins_at_two_thirds));
}
