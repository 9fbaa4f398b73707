#include <string.h>

#include "signet/encode.h"
#include "suite.h"

static const struct {
    const char *plain;
    const char *base64; /* RFC 4648 §10 */
    const char *base64url;
} vectors[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xfe", "+//+", "-__-"},
};

static void
knows_the_vectors_of_the_rfc(void)
{
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        AUTO_BUFFER out;

        buffer_init(&out, 100);
        CU_ASSERT_TRUE(base64_encode(bytes_of_text(vectors[i].plain), &out));
        CU_ASSERT_STRING_EQUAL(buffer_text(&out), vectors[i].base64);
        buffer_clear(&out);
        CU_ASSERT_TRUE(base64url_encode(bytes_of_text(vectors[i].plain), &out));
        CU_ASSERT_STRING_EQUAL(buffer_text(&out), vectors[i].base64url);
        buffer_clear(&out);
        CU_ASSERT_TRUE(base64_decode(bytes_of_text(vectors[i].base64), &out));
        CU_ASSERT_STRING_EQUAL(buffer_text(&out), vectors[i].plain);
        buffer_clear(&out);
        CU_ASSERT_TRUE(base64url_decode(bytes_of_text(vectors[i].base64url), &out));
        CU_ASSERT_STRING_EQUAL(buffer_text(&out), vectors[i].plain);
    }
}

static void
every_octet_survives(void)
{
    uint8_t octets[256];
    char hex[2 * sizeof(octets) + 1];
    uint8_t back[sizeof(octets)];
    size_t len = 0;

    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (uint8_t)(i * 167 + 13);
    for (size_t take = 0; take <= sizeof(octets); take++) {
        AUTO_BUFFER text, plain;

        buffer_init(&text, 1000);
        buffer_init(&plain, 1000);
        CU_ASSERT_TRUE(base64url_encode(bytes_of(octets, take), &text));
        CU_ASSERT_TRUE(base64url_decode(buffer_bytes(&text), &plain));
        CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&plain), bytes_of(octets, take)));
    }
    hex_encode(bytes_of(octets, sizeof(octets)), hex, sizeof(hex));
    CU_ASSERT_TRUE(hex_decode(hex, back, sizeof(back), &len));
    CU_ASSERT_EQUAL(len, sizeof(octets));
    CU_ASSERT_EQUAL(memcmp(back, octets, sizeof(octets)), 0);
}

static void
base64_refuses(void)
{
    static const char *const wrong[] = {
        "Z",    "Zg",   "Zg=",  "Zh==",  "Zm9=", "Zm9v\n", "Zg==Zg==",
        "=Zg=", "Z===", "====", "Zm 9v", "Zm9-", "Zg==\n", "Zm9v="};
    AUTO_BUFFER out;

    buffer_init(&out, 100);
    CU_ASSERT_TRUE(buffer_put(&out, "kept", 4));
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CU_ASSERT_FALSE(base64_decode(bytes_of_text(wrong[i]), &out));
        CU_ASSERT_STRING_EQUAL(buffer_text(&out), "kept");
    }
    CU_ASSERT_FALSE(base64_decode(bytes_of("Zm9\0", 4), &out));
}

static void
base64url_refuses(void)
{
    static const char *const wrong[] = {"Z", "Zg==", "Zh", "Zm9", "Zm9+", "Zm9/", "Zm9v ", "Zm9vY"};
    AUTO_BUFFER out;

    buffer_init(&out, 100);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CU_ASSERT_FALSE(base64url_decode(bytes_of_text(wrong[i]), &out));
        CU_ASSERT_EQUAL(out.len, 0);
    }
}

static void
the_limit_of_the_buffer_holds(void)
{
    AUTO_BUFFER out;

    buffer_init(&out, 7);
    CU_ASSERT_FALSE(base64_encode(bytes_of_text("foobar"), &out));
    CU_ASSERT_EQUAL(out.len, 0);
    CU_ASSERT_FALSE(base64_decode(bytes_of_text("Zm9vYmFyZm9v"), &out));
    CU_ASSERT_EQUAL(out.len, 0);
}

static void
hex_refuses(void)
{
    uint8_t data[4] = {9, 9, 9, 9};
    size_t len = 77;
    char text[5];

    CU_ASSERT_FALSE(hex_decode("0", data, sizeof(data), &len));
    CU_ASSERT_FALSE(hex_decode("0g", data, sizeof(data), &len));
    CU_ASSERT_FALSE(hex_decode("00 0", data, sizeof(data), &len));
    CU_ASSERT_FALSE(hex_decode("0011223344", data, sizeof(data), &len));
    CU_ASSERT_EQUAL(len, 77);
    CU_ASSERT_EQUAL(data[0], 9);
    CU_ASSERT_TRUE(hex_decode("aBCd", data, sizeof(data), &len));
    CU_ASSERT_TRUE(len == 2 && data[0] == 0xab && data[1] == 0xcd);
    hex_encode(bytes_of("\x01\x02\x03", 3), text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "0102");
}

static void
hex_value_of_each_octet(void)
{
    static const char digits[] = "0123456789abcdefABCDEF";

    for (int c = 0; c < 256; c++) {
        const char *at = c ? strchr(digits, c) : NULL;
        int wanted = !at ? -1 : at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;

        CU_ASSERT_EQUAL(hex_value((char)c), wanted);
    }
}

int
main(void)
{
    return RUN_SUITE("encode", TEST(knows_the_vectors_of_the_rfc), TEST(every_octet_survives),
                     TEST(base64_refuses), TEST(base64url_refuses),
                     TEST(the_limit_of_the_buffer_holds), TEST(hex_value_of_each_octet),
                     TEST(hex_refuses));
}
