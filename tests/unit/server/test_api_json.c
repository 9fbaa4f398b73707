#include "suite.h"

#include <stdio.h>

#include "api/json.h"

static const struct json_member members[] = {
    {"text", JSON_MEMBER_TEXT, true, 1, 8},   {"number", JSON_MEMBER_INTEGER, false, 1, 100},
    {"list", JSON_MEMBER_TEXTS, false, 0, 2}, {"time", JSON_MEMBER_TIME, false, 0, 0},
    {NULL, JSON_MEMBER_TEXT, false, 0, 0},
};

static struct request
request_of(const char *body)
{
    return (struct request){.content_type = "application/json", .body = bytes_of_text(body)};
}

static void
reads_what_the_table_names(void)
{
    struct request request = request_of("{\"text\": \"abc\", \"number\": 100, \"list\": [\"a\"],"
                                        " \"time\": \"2026-11-22T07:30:00Z\"}");
    AUTO_JSON body = NULL;
    struct error err = {0};

    if (!ASSERT_OK(json_body(&request, members, &body, &err), &err))
        return;
    CU_ASSERT_STRING_EQUAL(json_text(body, "text"), "abc");
    CU_ASSERT_EQUAL(json_number(body, "number"), 100);
    CU_ASSERT_EQUAL(json_time(body, "time"), 1795332600);
    CU_ASSERT_PTR_NULL(json_text(body, "absent"));
    CU_ASSERT_EQUAL(json_number(body, "absent"), 0);
}

static void
refuses_everything_else(void)
{
    static const struct {
        const char *body;
        enum error_kind refused;
    } cases[] = {
        {"", ERROR_JSON_SYNTAX},
        {"null", ERROR_JSON_SYNTAX},
        {"[]", ERROR_JSON_SYNTAX},
        {"\"text\"", ERROR_JSON_SYNTAX},
        {"{\"text\": \"a\"", ERROR_JSON_SYNTAX},
        {"{\"text\": \"a\"} x", ERROR_JSON_SYNTAX},
        {"{\"text\": \"a\"}{}", ERROR_JSON_SYNTAX},
        {"{\"text\": \"a\", \"text\": \"a\"}", ERROR_JSON_SYNTAX},
        {"{\"text\": \"a\", \"te\\u0078t\": \"b\"}", ERROR_JSON_SYNTAX},
        {"{\"text\": \"\xff\"}", ERROR_JSON_SYNTAX},
        {"{\"text\": \"\xc0\xaf\"}", ERROR_JSON_SYNTAX},
        {"{\"text\": \"a\\u0000b\"}", ERROR_JSON_SYNTAX},
        {"{'text': 'a'}", ERROR_JSON_SYNTAX},
        {"{\"text\": \"a\", \"list\": [[[[[[[[\"a\"]]]]]]]]}", ERROR_JSON_DEPTH},
        {"[[[[[[[[[[[[[[[[[[[[[", ERROR_JSON_DEPTH},
        {"{}", ERROR_MEMBER_MISSING},
        {"{\"number\": 1}", ERROR_MEMBER_MISSING},
        {"{\"text\": \"a\", \"other\": 1}", ERROR_MEMBER_UNKNOWN},
        {"{\"text\": \"a\", \"Text\": \"a\"}", ERROR_MEMBER_UNKNOWN},
        {"{\"text\": 1}", ERROR_MEMBER_INVALID},
        {"{\"text\": null}", ERROR_MEMBER_INVALID},
        {"{\"text\": \"\"}", ERROR_MEMBER_INVALID},
        {"{\"text\": \"123456789\"}", ERROR_MEMBER_INVALID},
        {"{\"text\": \"a\\u001bb\"}", ERROR_MEMBER_INVALID},
        {"{\"text\": \"a\", \"number\": 0}", ERROR_MEMBER_INVALID},
        {"{\"text\": \"a\", \"number\": -1}", ERROR_MEMBER_INVALID},
        {"{\"text\": \"a\", \"number\": 101}", ERROR_MEMBER_INVALID},
        {"{\"text\": \"a\", \"number\": 1.0}", ERROR_MEMBER_INVALID},
        {"{\"text\": \"a\", \"number\": \"1\"}", ERROR_MEMBER_INVALID},
        {"{\"text\": \"a\", \"number\": true}", ERROR_MEMBER_INVALID},
        {"{\"text\": \"a\", \"number\": 99999999999999999999}", ERROR_JSON_SYNTAX},
        {"{\"text\": \"a\", \"list\": \"a\"}", ERROR_MEMBER_INVALID},
        {"{\"text\": \"a\", \"list\": [1]}", ERROR_MEMBER_INVALID},
        {"{\"text\": \"a\", \"list\": [\"\"]}", ERROR_MEMBER_INVALID},
        {"{\"text\": \"a\", \"list\": [\"a\", \"b\", \"c\"]}", ERROR_MEMBER_INVALID},
        {"{\"text\": \"a\", \"time\": \"tomorrow\"}", ERROR_MEMBER_INVALID},
        {"{\"text\": \"a\", \"time\": 5}", ERROR_MEMBER_INVALID},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct request request = request_of(cases[i].body);
        json_t *body = NULL;
        struct error err = {0};

        if (!ASSERT_REFUSED(json_body(&request, members, &body, &err), &err, cases[i].refused))
            printf("    case %zu: %s\n", i, cases[i].body);
        CU_ASSERT_PTR_NULL(body);
    }
}

/* Eight deep is taken, nine is not; brackets inside texts do not count. */
static void
depth_is_counted_outside_texts(void)
{
    struct request deep = request_of("{\"list\": [[[[[[[0]]]]]]]}");
    struct request quoted = request_of("{\"text\": \"[[{[\\\"[\"}");
    AUTO_JSON body = NULL;
    struct error err = {0};

    ASSERT_REFUSED(json_body(&deep, members, &body, &err), &err, ERROR_MEMBER_INVALID);
    ASSERT_OK(json_body(&quoted, members, &body, &err), &err);
}

static void
content_type_is_json_alone(void)
{
    static const char *const types[] = {NULL, "", "text/json", "application/jsonp",
                                        "application/x-www-form-urlencoded"};

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct request request = request_of("{\"text\": \"a\"}");
        json_t *body = NULL;
        struct error err = {0};

        request.content_type = types[i];
        ASSERT_REFUSED(json_body(&request, members, &body, &err), &err, ERROR_MEDIA_TYPE);
    }
}

static void
replies_compactly(void)
{
    struct response response = {.status = 0};
    AUTO_JSON object = json_object();
    struct error err = {0};

    CU_ASSERT_TRUE(json_put_time(object, "time", 1795332600));
    CU_ASSERT_TRUE(json_put_hex(object, "hex", bytes_of("\x01\xab", 2)));
    CU_ASSERT_TRUE(json_put_number(object, "number", -5));
    CU_ASSERT_FALSE(json_put_text(object, "text", NULL));
    CU_ASSERT_FALSE(json_put_text(object, "text", "\xff"));
    if (ASSERT_OK(json_reply(&response, 201, object, &err), &err)) {
        CU_ASSERT_EQUAL(response.status, 201);
        CU_ASSERT_STRING_EQUAL(
            buffer_text(&response.body),
            "{\"time\":\"2026-11-22T07:30:00Z\",\"hex\":\"01ab\",\"number\":-5}");
    }
    buffer_done(&response.body);
}

int
main(void)
{
    return RUN_SUITE("json", TEST(reads_what_the_table_names), TEST(refuses_everything_else),
                     TEST(depth_is_counted_outside_texts), TEST(content_type_is_json_alone),
                     TEST(replies_compactly));
}
