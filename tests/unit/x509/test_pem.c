#include "fixture.h"

#define LABEL "CERTIFICATE REQUEST"
#define BEGIN "-----BEGIN " LABEL "-----\n"
#define END "-----END " LABEL "-----\n"
/* SEQUENCE { INTEGER 5 } */
#define BODY "MAMCAQU="

static bool
read_text(const char *text, struct buffer *out, struct error *err)
{
    return pem_or_der(bytes_of_text(text), LABEL, ERROR_CSR_MALFORMED, out, err);
}

static void
reads_every_form(void)
{
    static const uint8_t der[] = {0x30, 0x03, 0x02, 0x01, 0x05};
    static const char *const forms[] = {
        BEGIN BODY "\n" END,
        BEGIN BODY "\n-----END " LABEL "-----",
        "\n" BEGIN BODY "\n" END,
        BEGIN "MAMC\nAQU=\n" END,
        BODY,
        BODY "\n",
        "MAMC\r\nAQU=\r\n",
        "-----BEGIN " LABEL "-----\r\n" BODY "\r\n" END "\r\n",
    };
    AUTO_BUFFER out = {.max = 64};
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        ASSERT_OK(read_text(forms[i], &out, &err), &err);
        CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&out), bytes_of(der, sizeof(der))));
    }
    ASSERT_OK(pem_or_der(bytes_of(der, sizeof(der)), LABEL, ERROR_CSR_MALFORMED, &out, &err), &err);
    CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&out), bytes_of(der, sizeof(der))));
}

static void
refuses_everything_else(void)
{
    static const char *const bad[] = {
        "",
        " ",
        "hello",
        "{\"csr\": 1}",
        "0",
        "0\x03",
        BEGIN,
        BEGIN END,
        BEGIN BODY,
        BEGIN BODY "\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n" BODY "\n-----END CERTIFICATE-----\n",
        "-----BEGIN " LABEL "-----" BODY "\n" END,
        BEGIN "MAMCAQU\n" END,  /* padding missing */
        BEGIN "MAMCAQV=\n" END, /* bits left over */
        BEGIN "MAMC*QU=\n" END, /* outside the alphabet */
        BEGIN "Proc-Type: 4,ENCRYPTED\n\n" BODY "\n" END,
        "text before\n" BEGIN BODY "\n" END,
        BEGIN BODY "\n" END "text after\n",
        BEGIN BODY "\n" END BEGIN BODY "\n" END,
        BEGIN "MAMCAQUA\n" END,     /* DER with a trailing octet */
        BEGIN "MIADAgEFAAA=\n" END, /* indefinite length */
        BEGIN "MIEDAgEF\n" END,     /* length not minimal */
    };
    AUTO_BUFFER out = {.max = 64};
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (!ASSERT_REFUSED(read_text(bad[i], &out, &err), &err, ERROR_CSR_MALFORMED))
            printf("    at \"%s\"\n", bad[i]);
}

static void
refuses_more_than_fits(void)
{
    AUTO_BUFFER out = {.max = 3};
    struct error err;

    ASSERT_REFUSED(read_text(BODY, &out, &err), &err, ERROR_CSR_MALFORMED);
    ASSERT_REFUSED(
        pem_or_der(bytes_of_text("0\x03\x02\x01\x05"), LABEL, ERROR_CSR_MALFORMED, &out, &err),
        &err, ERROR_CSR_MALFORMED);
}

static void
walks_a_bundle(void)
{
    static const char bundle[] =
        "some text\n-----BEGIN OTHER-----\nAAAA\n-----END OTHER-----\n" BEGIN BODY "\n" END
        "between\n" BEGIN "MAMCAQY=\n" END "after\n";
    struct reader text = reader_of(bytes_of_text(bundle));
    AUTO_BUFFER out = {.max = 64};

    CU_ASSERT_TRUE(pem_next(&text, LABEL, &out));
    CU_ASSERT_TRUE(out.len == 5 && out.data[4] == 5);
    CU_ASSERT_TRUE(pem_next(&text, LABEL, &out));
    CU_ASSERT_TRUE(out.len == 5 && out.data[4] == 6);
    CU_ASSERT_FALSE(pem_next(&text, LABEL, &out));
    CU_ASSERT_TRUE(reader_at_end(&text));
}

static void
tells_a_broken_bundle_from_its_end(void)
{
    struct reader text = reader_of(bytes_of_text(BEGIN "????\n" END));
    AUTO_BUFFER out = {.max = 64};

    CU_ASSERT_FALSE(pem_next(&text, LABEL, &out));
    CU_ASSERT_FALSE(reader_at_end(&text));
}

static void
encodes_lines_of_64(void)
{
    AUTO_BUFFER pem = {.max = TEST_ROOM};
    AUTO_BUFFER der = {.max = TEST_ROOM};
    AUTO_BUFFER again = {.max = TEST_ROOM};
    uint8_t content[300] = {0};
    struct error err;

    tlv(&der, 0x04, bytes_of(content, sizeof(content)));
    CU_ASSERT_TRUE_FATAL(pem_encode(buffer_bytes(&der), LABEL, &pem));
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_text(&pem), BEGIN "BIIBLAAA"));
    CU_ASSERT_EQUAL(pem.data[strlen(BEGIN) + 64], '\n');
    ASSERT_OK(pem_or_der(buffer_bytes(&pem), LABEL, ERROR_CSR_MALFORMED, &again, &err), &err);
    CU_ASSERT_TRUE(bytes_equal(buffer_bytes(&der), buffer_bytes(&again)));
}

int
main(void)
{
    return RUN_SUITE("pem", TEST(reads_every_form), TEST(refuses_everything_else),
                     TEST(refuses_more_than_fits), TEST(walks_a_bundle),
                     TEST(tells_a_broken_bundle_from_its_end), TEST(encodes_lines_of_64));
}
