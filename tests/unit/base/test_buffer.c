#include "suite.h"

#include "signet/buffer.h"

static void
keeps_what_was_put(void)
{
    AUTO_BUFFER buffer = {.max = 64};
    struct reader reader;
    struct bytes vector;
    uint32_t number;

    CU_ASSERT_TRUE_FATAL(buffer_put_u32(&buffer, 0x01020304));
    CU_ASSERT_TRUE_FATAL(buffer_put_text(&buffer, "abc"));
    reader = reader_of(buffer_bytes(&buffer));
    CU_ASSERT_TRUE(reader_get_u32(&reader, &number));
    CU_ASSERT_EQUAL(number, 0x01020304);
    CU_ASSERT_TRUE(reader_get_vector(&reader, 3, &vector));
    CU_ASSERT_TRUE(bytes_equal(vector, bytes_of_text("abc")));
    CU_ASSERT_TRUE(reader_at_end(&reader));
}

static void
refuses_past_its_maximum(void)
{
    AUTO_BUFFER buffer = {.max = 4};

    CU_ASSERT_TRUE(buffer_put(&buffer, "abcd", 4));
    CU_ASSERT_FALSE(buffer_put_u8(&buffer, 1));
    CU_ASSERT_FALSE(buffer_put_vector(&buffer, bytes_of("", 0)));
    CU_ASSERT_FALSE(buffer_printf(&buffer, "%d", 5));
    CU_ASSERT_STRING_EQUAL(buffer_text(&buffer), "abcd");
}

static void
reader_refuses_short_and_long_vectors(void)
{
    static const uint8_t claims_five[] = {0, 0, 0, 5, 'a', 'b', 'c'};
    static const uint8_t with_nul[] = {0, 0, 0, 2, 'a', 0};
    struct reader reader = reader_of(bytes_of(claims_five, sizeof(claims_five)));
    struct bytes vector;
    char text[8];

    CU_ASSERT_FALSE(reader_get_vector(&reader, 8, &vector));
    CU_ASSERT_EQUAL(reader.rest.len, sizeof(claims_five));
    reader = reader_of(bytes_of(claims_five, 2));
    CU_ASSERT_FALSE(reader_get_vector(&reader, 8, &vector));
    reader = reader_of(bytes_of(with_nul, sizeof(with_nul)));
    CU_ASSERT_FALSE(reader_get_text(&reader, text, sizeof(text)));
    reader = reader_of(bytes_of(with_nul, sizeof(with_nul)));
    CU_ASSERT_FALSE(reader_get_vector(&reader, 1, &vector));
}

int
main(void)
{
    return RUN_SUITE("buffer", TEST(keeps_what_was_put), TEST(refuses_past_its_maximum),
                     TEST(reader_refuses_short_and_long_vectors));
}
