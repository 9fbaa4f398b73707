#include "fixture.h"

static bool
check_hex(const char *hex, struct error *err)
{
    uint8_t room[256];

    return der_check(octets(hex, room, sizeof(room)), "test", err);
}

static void
accepts_der(void)
{
    static const char *const good[] = {
        "3000",
        "0500",
        "0101ff",
        "010100",
        "020100",
        "02020080",
        "0201ff",
        "0202ff7f",
        "0A0101",
        "0400",
        "030100",
        "03020780",
        "0603551d0f",
        "06022a03",
        "0c03c3a441",
        "30030101ff",
        "3106020101020102", /* ascending SET */
        "a003020102",
        "8000",
        "300a30083006300430023000",
    };
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        if (!ASSERT_OK(check_hex(good[i], &err), &err))
            printf("    at %s\n", good[i]);
}

static void
refuses_what_is_only_ber(void)
{
    static const char *const bad[] = {
        "",                   /* nothing */
        "30",                 /* no length */
        "3001",               /* cut short */
        "30800000",           /* indefinite length */
        "308100",             /* length 0 in two octets */
        "3081050001020304",   /* long form below 128 */
        "308200050500050005", /* leading zero in the length */
        "3085000000000100",   /* five octets of length */
        "30ff",               /* reserved length */
        "0101",               /* cut short */
        "010101",             /* TRUE that is not FF */
        "01020000",           /* BOOLEAN of two octets */
        "0200",               /* INTEGER of none */
        "02020001",           /* INTEGER not minimal */
        "0202ff80",           /* the same, negative */
        "0a020001",           /* ENUMERATED not minimal */
        "0300",               /* BIT STRING without count */
        "030108",             /* unused bits of nothing */
        "03020801",           /* eight unused bits */
        "03020701",           /* unused bits that are not zero */
        "050100",             /* NULL with content */
        "0600",               /* OID of nothing */
        "0602802a",           /* arc with leading zeros */
        "0602550f00",         /* something follows */
        "060255ff",           /* arc that does not end */
        "0c01ff",             /* not UTF-8 */
        "0c02c080",           /* overlong */
        "0c03eda080",         /* surrogate */
        "0c04f4908080",       /* past U+10FFFF */
        "0c02c3",             /* cut short inside */
        "2400",               /* constructed OCTET STRING */
        "2304030100",         /* constructed BIT STRING */
        "1000",               /* primitive SEQUENCE */
        "1100",               /* primitive SET */
        "3106020102020101",   /* SET out of order */
        "1f810100",           /* tag in several octets */
        "0000",               /* end of contents */
        "30020000",           /* the same inside */
        "3003020100ff",       /* trailing octet */
        "300502010002",       /* length beyond the end */
        "300430020201",       /* inner length beyond the outer */
    };
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (!ASSERT_REFUSED(check_hex(bad[i], &err), &err, ERROR_REQUEST_MALFORMED))
            printf("    at %s\n", bad[i]);
}

static void
refuses_deep_nesting(void)
{
    AUTO_BUFFER der = {.max = TEST_ROOM};
    struct error err;

    for (unsigned depth = 0; depth < 60; depth++) {
        AUTO_BUFFER outer = {.max = TEST_ROOM};
        bool ok = der_check(buffer_bytes(&der), "test", &err);
        if (depth >= 1 && depth <= 24)
            ASSERT_OK(ok, &err);
        if (depth > 26)
            ASSERT_REFUSED(ok, &err, ERROR_REQUEST_MALFORMED);
        tlv(&outer, 0x30, buffer_bytes(&der));
        buffer_clear(&der);
        CU_ASSERT_TRUE_FATAL(buffer_put(&der, outer.data, outer.len));
    }
}

static void
get_moves_only_on_success(void)
{
    static const uint8_t two[] = {0x02, 0x01, 0x05, 0x04, 0x02, 0x07};
    struct reader reader = reader_of(bytes_of(two, sizeof(two)));
    struct bytes content, whole;
    uint8_t tag = 0;

    CU_ASSERT_TRUE(der_get(&reader, &tag, &content, &whole));
    CU_ASSERT_EQUAL(tag, 0x02);
    CU_ASSERT_TRUE(content.len == 1 && content.data[0] == 5);
    CU_ASSERT_TRUE(whole.len == 3 && whole.data == two);
    CU_ASSERT_FALSE(der_get(&reader, &tag, NULL, NULL));
    CU_ASSERT_EQUAL(tag, 0x02);
    CU_ASSERT_EQUAL(reader.rest.len, 3);
}

static void
writes_object_identifiers(void)
{
    char text[64];
    uint8_t room[16];

    der_oid_text(octets("551d11", room, sizeof(room)), text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "2.5.29.17");
    der_oid_text(octets("2a8648ce3d030107", room, sizeof(room)), text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "1.2.840.10045.3.1.7");
    der_oid_text(octets("2a8648ce3d030107", room, sizeof(room)), text, 6);
    CU_ASSERT_STRING_EQUAL(text, "1.2.8");
    der_oid_text(bytes_of(NULL, 0), text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "");
}

int
main(void)
{
    return RUN_SUITE("der", TEST(accepts_der), TEST(refuses_what_is_only_ber),
                     TEST(refuses_deep_nesting), TEST(get_moves_only_on_success),
                     TEST(writes_object_identifiers));
}
