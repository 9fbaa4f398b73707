#include "fixture.h"

static void
builds_what_openssl_reads(void)
{
    AUTO_BUFFER name = {.max = 1024};
    const unsigned char *at;
    char text[256];
    X509_NAME *parsed;
    struct error err;

    ASSERT_OK(name_build("Example, Inc.", "Signet Root \xC3\xA9", &name, &err), &err);
    at = name.data;
    parsed = d2i_X509_NAME(NULL, &at, (long)name.len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(parsed);
    CU_ASSERT_EQUAL(X509_NAME_entry_count(parsed), 2);
    X509_NAME_get_text_by_NID(parsed, NID_commonName, text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "Signet Root \xC3\xA9");
    X509_NAME_free(parsed);
    name_common_name(buffer_bytes(&name), text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "Signet Root \xC3\xA9");
    name_text(buffer_bytes(&name), text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "CN=Signet Root \xC3\xA9,O=Example\\, Inc.");
}

static void
refuses_texts_that_are_no_names(void)
{
    static const char *const bad[] = {
        "", "line\nbreak", "\x7F", "\xFF",
        "0123456789012345678901234567890123456789012345678901234567890123456789"};
    AUTO_BUFFER name = {.max = 1024};
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ASSERT_REFUSED(name_build(NULL, bad[i], &name, &err), &err, ERROR_INTERNAL);
        ASSERT_REFUSED(name_build(bad[i], "good", &name, &err), &err, ERROR_INTERNAL);
    }
    ASSERT_REFUSED(name_build(NULL, NULL, &name, &err), &err, ERROR_INTERNAL);
    CU_ASSERT_EQUAL(name.len, 0);
}

static void
shows_every_kind_of_name(void)
{
    static const struct {
        const char *hex;
        const char *common_name;
        const char *text;
    } rows[] = {
        {"3000", "", ""},
        /* CN=a, CN=b: the last one counts */
        {"3018310a300806035504030c0161310a300806035504030c0162", "b", "CN=b,CN=a"},
        /* C=DE + O=x in one RDN */
        {"30173115300806035504"
         "0a0c01783009060355040613024445",
         "", "C=DE+O=x"},
        /* a space at each end, a hash in front, an escape, a control */
        {"300e310c300a06035504030c03202220", " \" ", "CN=\\ \\\"\\ "},
        {"300d310b300906035504030c022378", "#x", "CN=\\#x"},
        {"300d310b300906035504030c02"
         "0a78",
         "", "CN=\\0Ax"},
        /* an attribute nobody has a word for; a BMPString */
        {"300c310a3008060355047f0c0161", "", "2.5.4.127=a"},
        {"300d310b300906035504031e020061", "", "CN=#1E020061"},
        /* NUL in the middle: never a common name */
        {"300e310c300a06035504030c03610062", "", "CN=a\\00b"},
        /* malformed */
        {"30023100", "", ""},
        {"3005", "", ""},
        {"0400", "", ""},
    };
    uint8_t room[128];
    char text[128];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bytes name = octets(rows[i].hex, room, sizeof(room));
        name_common_name(name, text, sizeof(text));
        CU_ASSERT_STRING_EQUAL(text, rows[i].common_name);
        name_text(name, text, sizeof(text));
        if (strcmp(text, rows[i].text) != 0)
            printf("    %s: \"%s\", wanted \"%s\"\n", rows[i].hex, text, rows[i].text);
        CU_ASSERT_STRING_EQUAL(text, rows[i].text);
    }
}

static void
keeps_within_the_room(void)
{
    char text[8];

    name_common_name(bytes_of(issuer_name, sizeof(issuer_name)), text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, ""); /* a name cut short would be another name */
    name_text(bytes_of(issuer_name, sizeof(issuer_name)), text, sizeof(text));
    CU_ASSERT_STRING_EQUAL(text, "CN=Sign");
}

int
main(void)
{
    return RUN_SUITE("name", TEST(builds_what_openssl_reads), TEST(refuses_texts_that_are_no_names),
                     TEST(shows_every_kind_of_name), TEST(keeps_within_the_room));
}
