#include "suite.h"

#include "http.h"
#include "query.h"

static void
encodes_what_people_type(void)
{
    AUTO_BUFFER target = {.max = QUERY_OCTETS};
    struct error err = {0};

    ASSERT_OK(query_path(&target, "/v1/identities/", &err), &err);
    ASSERT_OK(query_path(&target, "a b/../c?d#e%\xc3\xa4", &err), &err);
    ASSERT_OK(query_add(&target, "owner", "me & you=all/+", &err), &err);
    ASSERT_OK(query_add(&target, "state", NULL, &err), &err);
    ASSERT_OK(query_add(&target, "limit", "5", &err), &err);
    CU_ASSERT_STRING_EQUAL(buffer_text(&target), "/v1/identities/a%20b/../c%3Fd%23e%25%C3%A4"
                                                 "?owner=me%20%26%20you%3Dall%2F%2B&limit=5");
}

static void
refuses_what_is_too_long(void)
{
    AUTO_BUFFER target = {.max = 16};
    struct error err = {0};

    ASSERT_REFUSED(query_path(&target, "/v1/certificates/5150", &err), &err, ERROR_USAGE);
}

static void
the_server_is_https(void)
{
    static const char *const right[] = {"https://ca.example:8443", "HTTPS://ca.example:8443/",
                                        "ca.example:8443", "ca.example:8443/"};
    static const char *const wrong[] = {"",
                                        "/",
                                        "https://",
                                        "http://ca.example",
                                        "ftp://ca.example",
                                        "https://ca.example/v1",
                                        "ca.example?x",
                                        "user@ca.example",
                                        "ca.example\r\nX: y"};

    for (size_t i = 0; i < ARRAY_LEN(right); i++) {
        AUTO_BUFFER base = {.max = QUERY_OCTETS};
        struct error err = {0};

        ASSERT_OK(http_base(right[i], &base, &err), &err);
        CU_ASSERT_STRING_EQUAL(buffer_text(&base), "https://ca.example:8443");
    }
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        AUTO_BUFFER base = {.max = QUERY_OCTETS};
        struct error err = {0};

        ASSERT_REFUSED(http_base(wrong[i], &base, &err), &err, ERROR_USAGE);
    }
}

int
main(void)
{
    return RUN_SUITE("cli/query", TEST(encodes_what_people_type), TEST(refuses_what_is_too_long),
                     TEST(the_server_is_https));
}
