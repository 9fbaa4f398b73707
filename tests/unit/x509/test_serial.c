#include "fixture.h"

#include <stdlib.h>

enum { SERIALS = 100000, RANDOM_FROM = 3, RANDOM_BITS = 128 };

static int
compare(const void *a, const void *b)
{
    return memcmp(a, b, SERIAL_OCTETS);
}

/* C-02 over 10^5 numbers: shape, day, no number twice, every random bit balanced. */
static void
has_its_properties_over_many(void)
{
    static uint8_t serials[SERIALS][SERIAL_OCTETS];
    static unsigned ones[RANDOM_BITS];
    struct error err;
    bool shape = true, differ = true;

    for (size_t i = 0; i < SERIALS; i++) {
        int64_t end = TEST_NOW + (int64_t)i * 3600;
        if (!serial_new(end, serials[i], &err)) {
            CU_FAIL("serial_new");
            return;
        }
        shape = shape && serials[i][0] == 0x51 &&
                serial_fits(bytes_of(serials[i], SERIAL_OCTETS), end) &&
                (serials[i][1] << 8 | serials[i][2]) == end / 86400;
        for (size_t bit = 0; bit < RANDOM_BITS; bit++)
            ones[bit] += serials[i][RANDOM_FROM + bit / 8] >> (bit % 8) & 1u;
    }
    CU_ASSERT_TRUE(shape);
    /* six standard deviations (158) either way: fails by chance once in 10^6 runs at most */
    for (size_t bit = 0; bit < RANDOM_BITS; bit++)
        CU_ASSERT_TRUE(abs((int)ones[bit] - SERIALS / 2) < 950);
    qsort(serials, SERIALS, SERIAL_OCTETS, compare);
    for (size_t i = 1; i < SERIALS; i++)
        differ = differ && compare(serials[i - 1], serials[i]) != 0;
    CU_ASSERT_TRUE(differ);
}

static void
orders_by_day_of_expiry(void)
{
    uint8_t early[SERIAL_OCTETS], late[SERIAL_OCTETS];
    struct error err;

    ASSERT_OK(serial_new(TEST_NOW, early, &err), &err);
    ASSERT_OK(serial_new(TEST_NOW + 86400, late, &err), &err);
    CU_ASSERT_TRUE(memcmp(early, late, SERIAL_OCTETS) < 0);
}

static void
refuses_days_it_cannot_carry(void)
{
    uint8_t serial[SERIAL_OCTETS] = {0};
    struct error err;

    ASSERT_REFUSED(serial_new(-1, serial, &err), &err, ERROR_INTERNAL);
    ASSERT_REFUSED(serial_new(65536ll * 86400, serial, &err), &err, ERROR_INTERNAL);
    CU_ASSERT_EQUAL(serial[0], 0);
    ASSERT_OK(serial_new(65536ll * 86400 - 1, serial, &err), &err);
    ASSERT_OK(serial_new(0, serial, &err), &err);
}

static void
fits_only_its_own_shape(void)
{
    uint8_t serial[SERIAL_OCTETS + 1] = {0};
    struct error err;

    ASSERT_OK(serial_new(TEST_NOW, serial, &err), &err);
    CU_ASSERT_TRUE(serial_fits(bytes_of(serial, SERIAL_OCTETS), TEST_NOW));
    CU_ASSERT_TRUE(serial_fits(bytes_of(serial, SERIAL_OCTETS), TEST_NOW + 86399));
    CU_ASSERT_FALSE(serial_fits(bytes_of(serial, SERIAL_OCTETS), TEST_NOW + 86400));
    CU_ASSERT_FALSE(serial_fits(bytes_of(serial, SERIAL_OCTETS), TEST_NOW - 1));
    CU_ASSERT_FALSE(serial_fits(bytes_of(serial, SERIAL_OCTETS - 1), TEST_NOW));
    CU_ASSERT_FALSE(serial_fits(bytes_of(serial, SERIAL_OCTETS + 1), TEST_NOW));
    CU_ASSERT_FALSE(serial_fits(bytes_of(serial, 0), TEST_NOW));
    serial[0] = 0x52;
    CU_ASSERT_FALSE(serial_fits(bytes_of(serial, SERIAL_OCTETS), TEST_NOW));
}

int
main(void)
{
    return RUN_SUITE("serial", TEST(has_its_properties_over_many), TEST(orders_by_day_of_expiry),
                     TEST(refuses_days_it_cannot_carry), TEST(fits_only_its_own_shape));
}
