#include "fixture.h"

static void
text_goes_round(void)
{
    static const char *const good[] = {"dns:a",
                                       "dns:localhost",
                                       "dns:a.example.internal",
                                       "dns:x-1.Example.internal",
                                       "dns:1.example",
                                       "uri:spiffe://example.internal/payments/api",
                                       "uri:urn:x:y",
                                       "uri:https://a.example/b?c=d&e=%20#f",
                                       "ip:10.0.0.1",
                                       "ip:::1",
                                       "ip:2001:db8::1",
                                       "email:ops@example.internal",
                                       "email:a.b+c@example"};
    uint8_t storage[16];
    char text[512];
    struct error err;
    struct san san;

    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (!ASSERT_OK(san_parse_text(good[i], storage, &san, &err), &err))
            continue;
        ASSERT_OK(san_check(&san, ERROR_PERMIT, &err), &err);
        CU_ASSERT_TRUE(san_text(&san, text, sizeof(text)));
        CU_ASSERT_STRING_EQUAL(text, good[i]);
        CU_ASSERT_FALSE(san_text(&san, text, strlen(good[i])));
    }
}

static void
refuses_texts(void)
{
    static const char *const bad[] = {
        "",
        "a.example",
        "DNS:a",
        "dns:",
        "dns:.",
        "dns:a.",
        "dns:.a",
        "dns:a..b",
        "dns:*.example",
        "dns:*",
        "dns:-a",
        "dns:a-",
        "dns:a_b",
        "dns:a b",
        "dns:10.0.0.1",
        "dns:a.1",
        "dns:\xC3\xA9",
        "dns:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 64 */
        "uri:",
        "uri:/relative",
        "uri:relative",
        "uri:a:",
        "uri::x",
        "uri:1a:x",
        "uri:a b:c",
        "uri:http://a b",
        "uri:http://a\"b",
        "uri:http://\xC3\xA9",
        "uri:http://a\x7F",
        "ip:",
        "ip:10.0.0",
        "ip:010.0.0.1",
        "ip:10.0.0.256",
        "ip:10.0.0.1/8",
        "ip:::g",
        "ip: 1.2.3.4",
        "email:",
        "email:a",
        "email:@a",
        "email:a@",
        "email:a@b@c",
        "email:a b@c",
        "email:a@*.b"};
    uint8_t storage[16];
    struct error err;
    struct san san;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (!ASSERT_REFUSED(san_parse_text(bad[i], storage, &san, &err), &err,
                            ERROR_MEMBER_INVALID))
            printf("    at \"%s\"\n", bad[i]);
}

static void
refuses_values(void)
{
    static const struct {
        struct san san;
        const char *rule;
    } rows[] = {
        {{SAN_DNS, {(const uint8_t *)"a\0b", 3}}, "san.dns"},
        {{SAN_DNS, {NULL, 0}}, "san.dns"},
        {{SAN_URI, {(const uint8_t *)"spiffe://a/b\0", 13}}, "san.uri"},
        {{SAN_EMAIL, {(const uint8_t *)"a\0@b", 4}}, "san.email"},
        {{SAN_IP, {(const uint8_t *)"12345", 5}}, "san.ip"},
        {{SAN_IP, {NULL, 0}}, "san.ip"},
        {{(enum san_type)4, {(const uint8_t *)"x", 1}}, "san.type"},
    };
    char text[64];
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ASSERT_REFUSED(san_check(&rows[i].san, ERROR_CSR_MALFORMED, &err), &err,
                       ERROR_CSR_MALFORMED);
        CU_ASSERT_STRING_EQUAL(err.rule, rows[i].rule);
        CU_ASSERT_FALSE(san_text(&rows[i].san, text, sizeof(text)));
    }
}

static void
knows_spiffe_ids(void)
{
    static const char *const good[] = {"spiffe://a/b", "spiffe://example.internal/payments/api",
                                       "spiffe://1.2.3.4/x", "spiffe://a_b-c.d/X/..x/-._"};
    static const char *const bad[] = {"spiffe://",
                                      "spiffe://a",
                                      "spiffe://a/",
                                      "spiffe:///b",
                                      "spiffe://a//b",
                                      "spiffe://a/b/",
                                      "spiffe://a/./b",
                                      "spiffe://a/../b",
                                      "spiffe://a/b?c",
                                      "spiffe://a/b#c",
                                      "spiffe://A/b",
                                      "Spiffe://a/b",
                                      "spiffe://a:80/b",
                                      "spiffe://u@a/b",
                                      "spiffe://a/b%20c",
                                      "https://a/b",
                                      "spiffe://a/b c",
                                      "spiffe:/a/b",
                                      ""};
    char longest[2050];

    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        CU_ASSERT_TRUE(spiffe_id_fits(bytes_of_text(good[i])));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CU_ASSERT_FALSE(spiffe_id_fits(bytes_of_text(bad[i])));
    }
    memset(longest, 'a', sizeof(longest));
    memcpy(longest, "spiffe://a/", 11);
    CU_ASSERT_TRUE(spiffe_id_fits(bytes_of(longest, 2048))); /* ID-4 */
    CU_ASSERT_FALSE(spiffe_id_fits(bytes_of(longest, 2049)));
    memset(longest, 'a', sizeof(longest));
    memcpy(longest, "spiffe://", 9);
    memcpy(longest + 9 + 255, "/b", 2);
    CU_ASSERT_TRUE(spiffe_id_fits(bytes_of(longest, 9 + 255 + 2))); /* ID-2 */
    memcpy(longest + 9 + 255, "a/b", 3);
    CU_ASSERT_FALSE(spiffe_id_fits(bytes_of(longest, 9 + 256 + 2)));
}

int
main(void)
{
    return RUN_SUITE("san", TEST(text_goes_round), TEST(refuses_texts), TEST(refuses_values),
                     TEST(knows_spiffe_ids));
}
