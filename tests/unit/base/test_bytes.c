#include "signet/bytes.h"
#include "suite.h"

static void
order_is_by_content_then_length(void)
{
    static const char *const ordered[] = {"", "a", "aa", "ab", "b", "\xff"};

    for (size_t i = 0; i < ARRAY_LEN(ordered); i++)
        for (size_t j = 0; j < ARRAY_LEN(ordered); j++) {
            struct bytes a = bytes_of_text(ordered[i]), b = bytes_of_text(ordered[j]);

            CU_ASSERT_EQUAL(bytes_compare(a, b) < 0, i < j);
            CU_ASSERT_EQUAL(bytes_compare(a, b) > 0, i > j);
            CU_ASSERT_EQUAL(bytes_equal(a, b), i == j);
            CU_ASSERT_EQUAL(bytes_equal_secret(a, b), i == j);
        }
}

static void
nothing_is_equal_to_nothing(void)
{
    CU_ASSERT_TRUE(bytes_equal(bytes_of(NULL, 0), bytes_of_text("")));
    CU_ASSERT_TRUE(bytes_equal(bytes_of_text(NULL), bytes_of("x", 0)));
    CU_ASSERT_TRUE(bytes_equal_secret(bytes_of(NULL, 0), bytes_of(NULL, 0)));
    CU_ASSERT_EQUAL(bytes_compare(bytes_of(NULL, 0), bytes_of(NULL, 0)), 0);
}

static void
wiping_leaves_zeros(void)
{
    char secret[] = "1234";

    bytes_wipe(secret, sizeof(secret));
    for (size_t i = 0; i < sizeof(secret); i++)
        CU_ASSERT_EQUAL(secret[i], 0);
    bytes_wipe(NULL, 5);
}

int
main(void)
{
    return RUN_SUITE("bytes", TEST(order_is_by_content_then_length),
                     TEST(nothing_is_equal_to_nothing), TEST(wiping_leaves_zeros));
}
