/* Bodies that are no request: limits, syntax, members. Each is told which member, and nothing is
 * written. */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "flow_csr.h"
#include "signet/limits.h"

static struct flow *flow;
static char token[CA_TOKEN_TEXT];
static struct party workload;

enum by { BY_TOKEN, BY_WORKLOAD, BY_ADMIN };

/* Every route with a body, by a caller who may. */
static const struct door {
    const char *method, *path;
    enum by by;
    const char *known; /* a text member that it has, first of those it needs */
} doors[] = {
    {"POST", "/v1/certificates", BY_TOKEN, "csr"},
    {"POST", "/v1/certificates/renew", BY_WORKLOAD, "csr"},
    {"POST", "/v1/revocations", BY_ADMIN, "serial"},
    {"POST", "/v1/tokens", BY_ADMIN, "identity"},
    {"POST", "/v1/identities", BY_ADMIN, "name"},
    {"PATCH", "/v1/identities/bad/json", BY_ADMIN, "owner"},
};

static const char *
certificate_of(const struct door *door)
{
    static const char admin[] = "admin";

    return door->by == BY_TOKEN ? NULL : door->by == BY_ADMIN ? admin : workload.file;
}

static void
refused(const struct door *door, struct bytes body, const char *content_type,
        const struct refusal *refusal, const char *row)
{
    char what[160];

    snprintf(what, sizeof(what), "%s %s: %s", door->method, door->path, row);
    flow_refused(flow,
                 &(struct call){door->method, door->path, .cert = certificate_of(door),
                                .token = door->by == BY_TOKEN ? token : NULL, .octets = body,
                                .content_type = content_type},
                 refusal, what);
}

static void
refused_text(const struct door *door, const char *body, const struct refusal *refusal)
{
    refused(door, bytes_of_text(body), NULL, refusal, body);
}

static void
bodies_over_the_limit(void)
{
    size_t len = LIMIT_BODY_OCTETS + 1;
    uint8_t *body = malloc(len);

    CU_ASSERT_PTR_NOT_NULL_FATAL(body);
    memset(body, ' ', len);
    for (size_t i = 0; i < ARRAY_LEN(doors); i++) {
        char limit[16];

        snprintf(limit, sizeof(limit), "%d", LIMIT_BODY_OCTETS);
        refused(&doors[i], bytes_of(body, len), NULL,
                &(struct refusal){413, "body-too-large", limit, NULL}, "one octet too many");
        /* As many as are taken are only no JSON. */
        refused(&doors[i], bytes_of(body, len - 1), NULL,
                &(struct refusal){400, "json-syntax", "line", NULL}, "as many as are taken");
    }
    free(body);
}

/* Without a length the limit is met while it comes. */
static void
a_chunked_body_over_the_limit(void)
{
    AUTO_BUFFER body = {.max = 1024 * 1024};
    uint8_t *data = buffer_extend(&body, 300 * 1024);

    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    memset(data, 'x', body.len);
    flow_refused(flow,
                 &(struct call){"POST", "/v1/tokens", .cert = "admin",
                                .octets = buffer_bytes(&body),
                                .header = "Transfer-Encoding: chunked"},
                 &(struct refusal){413, "body-too-large", "65536", NULL}, "chunked");
}

static void
too_deep(void)
{
    char body[64];
    const struct refusal refusal = {400, "json-depth", "8", NULL};

    for (size_t i = 0; i < ARRAY_LEN(doors); i++) {
        snprintf(body, sizeof(body), "{\"%s\": [[[[[[[[[1]]]]]]]]]}", doors[i].known);
        refused_text(&doors[i], body, &refusal);
    }
    refused_text(&doors[3], "[[[[[[[[[[[[[[[[[[[[[[[[", &refusal);
}

static void
broken_syntax(void)
{
    static const char *const bodies[] = {
        "{",
        "}",
        "null",
        "[]",
        "\"text\"",
        "17",
        "{\"csr\"}",
        "{\"csr\": }",
        "{'csr': 1}",
        "{\"csr\": \"a\",}",
        "{\"csr\": \"a\"} {}",
        "{\"csr\": \"\\q\"}",
        "{\"csr\": \"\\ud800\"}",
        "{\"csr\": 01}",
        "{\"csr\": NaN}",
        "/* */ {}",
        "\xef\xbb\xbf{}",
    };

    for (size_t i = 0; i < ARRAY_LEN(doors); i++)
        for (size_t j = 0; j < ARRAY_LEN(bodies); j++)
            refused_text(&doors[i], bodies[j], &(struct refusal){400, "json-syntax", "", NULL});
}

static void
an_empty_body(void)
{
    for (size_t i = 0; i < ARRAY_LEN(doors); i++)
        flow_refused(flow,
                     &(struct call){doors[i].method, doors[i].path,
                                    .cert = certificate_of(&doors[i]),
                                    .token = doors[i].by == BY_TOKEN ? token : NULL, .text = ""},
                     &(struct refusal){400, "json-syntax", "", NULL}, doors[i].path);
}

static void
unknown_members_are_named(void)
{
    char body[128];

    for (size_t i = 0; i < ARRAY_LEN(doors); i++) {
        snprintf(body, sizeof(body), "{\"%s\": \"51\", \"colour\": \"red\"}", doors[i].known);
        refused_text(&doors[i], body, &(struct refusal){400, "member-unknown", "colour", NULL});
        /* Names are compared as they are. */
        snprintf(body, sizeof(body), "{\"%s \": \"x\"}", doors[i].known);
        refused_text(&doors[i], body,
                     &(struct refusal){400, "member-unknown", doors[i].known, NULL});
    }
}

static void
members_of_a_wrong_type_are_named(void)
{
    static const char *const values[] = {"1", "true", "null", "[\"a\"]", "{\"a\": 1}", "1.5"};
    char body[128];

    for (size_t i = 0; i < ARRAY_LEN(doors); i++)
        for (size_t j = 0; j < ARRAY_LEN(values); j++) {
            snprintf(body, sizeof(body), "{\"%s\": %s}", doors[i].known, values[j]);
            refused_text(&doors[i], body,
                         &(struct refusal){400, "member-invalid", doors[i].known, NULL});
        }
}

static void
missing_members_are_named(void)
{
    static const char *const names[] = {"csr", "csr", "serial", "identity", "name", "owner"};

    for (size_t i = 0; i < ARRAY_LEN(doors); i++)
        refused_text(&doors[i], "{}", &(struct refusal){400, "member-missing", names[i], NULL});
    refused_text(&doors[4], "{\"name\": \"bad/ownerless\"}",
                 &(struct refusal){400, "member-missing", "owner", NULL});
}

static void
duplicate_members_are_named(void)
{
    char body[128];

    for (size_t i = 0; i < ARRAY_LEN(doors); i++) {
        snprintf(body, sizeof(body), "{\"%s\": \"x\", \"%s\": \"y\"}", doors[i].known,
                 doors[i].known);
        refused_text(&doors[i], body, &(struct refusal){400, "json-syntax", doors[i].known, NULL});
    }
}

static void
invalid_utf8(void)
{
    static const char *const sequences[] = {
        "\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"};
    char body[128];

    for (size_t i = 0; i < ARRAY_LEN(doors); i++)
        for (size_t j = 0; j < ARRAY_LEN(sequences); j++) {
            snprintf(body, sizeof(body), "{\"%s\": \"a%sb\"}", doors[i].known, sequences[j]);
            refused(&doors[i], bytes_of_text(body), NULL,
                    &(struct refusal){400, "json-syntax", "", NULL}, "invalid UTF-8");
        }
}

static void
control_characters(void)
{
    char body[128];

    for (size_t i = 0; i < ARRAY_LEN(doors); i++) {
        snprintf(body, sizeof(body), "{\"%s\": \"a\\u0007b\"}", doors[i].known);
        refused_text(&doors[i], body,
                     &(struct refusal){400, "member-invalid", doors[i].known, NULL});
        snprintf(body, sizeof(body), "{\"%s\": \"a\\u0000b\"}", doors[i].known);
        refused_text(&doors[i], body, &(struct refusal){400, "json-syntax", "", NULL});
    }
}

static void
wrong_content_types(void)
{
    static const char *const types[] = {"text/plain", "application/x-www-form-urlencoded",
                                        "application/jsonx", "text/json", "application/pkcs10"};

    for (size_t i = 0; i < ARRAY_LEN(doors); i++)
        for (size_t j = 0; j < ARRAY_LEN(types); j++)
            refused(&doors[i], bytes_of_text("{}"), types[j],
                    &(struct refusal){415, "media-type", types[j], NULL}, types[j]);
}

static void
a_parameter_of_the_content_type_is_fine(void)
{
    AUTO_ANSWER answer =
        flow_call(flow, &(struct call){"POST", "/v1/tokens", .cert = "admin",
                                       .content_type = "Application/JSON; charset=utf-8",
                                       .text = "{\"identity\": \"bad/json\"}"});

    flow_expect(&answer, 201, "charset");
}

static void
lifetimes_that_are_not_granted(void)
{
    static const struct {
        const char *ttl, *type;
        int status;
    } rows[] = {
        {"0", "member-invalid", 400},
        {"-1", "member-invalid", 400},
        {"-9223372036854775808", "member-invalid", 400},
        {"4294967296", "member-invalid", 400},
        {"1.5", "member-invalid", 400},
        {"\"3600\"", "member-invalid", 400},
        {"1e3", "member-invalid", 400},
        {"604801", "lifetime", 403},
        {"4294967295", "lifetime", 403},
        {"1", "lifetime", 403},
        {"60", "lifetime", 403},
        {"99999999999999999999", "json-syntax", 400},
    };
    AUTO_KEY key = key_make();

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char more[64];
        AUTO_BUFFER body = {.max = 0};

        snprintf(more, sizeof(more), ", \"ttl_s\": %s", rows[i].ttl);
        csr_plain_body(key, more, &body);
        for (int door = 0; door < 2; door++)
            refused(&doors[door], buffer_bytes(&body), NULL,
                    &(struct refusal){rows[i].status, rows[i].type,
                                      strcmp(rows[i].type, "json-syntax") == 0 ? "" : "ttl_s",
                                      NULL},
                    more);
    }
}

static void
identities_that_are_not_made(void)
{
    static const struct {
        const char *members, *type, *names;
        int status;
    } rows[] = {
        {"\"name\": \"Upper/Case\", \"owner\": \"o\", \"names\": [\"dns:\"]", NULL, "", 0},
        {"\"name\": \"/bad\", \"owner\": \"o\"", NULL, "", 0},
        {"\"name\": \"bad/\", \"owner\": \"o\"", NULL, "", 0},
        {"\"name\": \"bad//x\", \"owner\": \"o\"", NULL, "", 0},
        {"\"name\": \"bad/../x\", \"owner\": \"o\"", NULL, "", 0},
        {"\"name\": \"bad/x y\", \"owner\": \"o\"", NULL, "", 0},
        {"\"name\": \"signet/server2\", \"owner\": \"o\"", NULL, "", 0},
        {"\"name\": \"admin/x\", \"owner\": \"o\"", NULL, "", 0},
        {"\"name\": \"bad/x\", \"owner\": \"   \"", "member-invalid", "owner", 400},
        {"\"name\": \"bad/x\", \"owner\": \"a\\nb\"", "member-invalid", "owner", 400},
        {"\"name\": \"bad/x\", \"owner\": \"o\", \"kind\": \"server\"", "member-invalid", "kind",
         400},
        {"\"name\": \"bad/x\", \"owner\": \"o\", \"profile\": \"gold\"", "profile-unknown", "gold",
         403},
        {"\"name\": \"bad/x\", \"owner\": \"o\", \"profile\": \"admin\"", "profile-unknown",
         "admin", 403},
        {"\"name\": \"bad/x\", \"owner\": \"o\", \"roles\": [\"admin\"]", "member-invalid", "roles",
         400},
        {"\"name\": \"bad/x\", \"owner\": \"o\", \"names\": [\"dns:a.example.com\"]", NULL,
         "a.example.com", 0},
        {"\"name\": \"bad/x\", \"owner\": \"o\", \"names\": [\"ip:8.8.8.8\"]", NULL, "8.8.8.8", 0},
        {"\"name\": \"bad/x\", \"owner\": \"o\", \"names\": [\"dns:*.example.internal\"]", NULL,
         "*", 0},
        {"\"name\": \"bad/x\", \"owner\": \"o\", \"names\": [\"dns:a.example.internal\", "
         "\"dns:a.example.internal\"]",
         "member-invalid", "a.example.internal", 400},
        {"\"name\": \"bad/json\", \"owner\": \"o\"", "identity-exists", "bad/json", 409},
        {"\"name\": \"admin/x\", \"owner\": \"o\", \"kind\": \"admin\"", "member-invalid", "roles",
         400},
        {"\"name\": \"admin/x\", \"owner\": \"o\", \"kind\": \"admin\", \"roles\": [\"king\"]",
         "member-invalid", "roles", 400},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char body[512], before[FLOW_COUNTS_TEXT], after[FLOW_COUNTS_TEXT];
        AUTO_ANSWER answer = {.status = 0};

        snprintf(body, sizeof(body), "{%s}", rows[i].members);
        flow_counts(flow, before);
        answer = flow_call(flow,
                           &(struct call){"POST", "/v1/identities", .cert = "admin", .text = body});
        flow_counts(flow, after);
        CU_ASSERT_STRING_EQUAL(before, after);
        if (rows[i].type)
            flow_expect_refused(
                &answer, &(struct refusal){rows[i].status, rows[i].type, rows[i].names, NULL},
                rows[i].members);
        else if (answer.status < 400 || answer.status >= 500)
            flow_expect(&answer, 400, rows[i].members);
        CU_ASSERT_PTR_NOT_NULL(strstr(answer_text(&answer, "detail"), rows[i].names));
    }
}

int
main(void)
{
    int status;

    flow = flow_start(NULL);
    flow_token(flow, "bad/json", 0, token);
    flow_enrol(flow, "bad/json", &workload);
    status = RUN_SUITE(
        "bad bodies", TEST(bodies_over_the_limit), TEST(a_chunked_body_over_the_limit),
        TEST(too_deep), TEST(broken_syntax), TEST(an_empty_body), TEST(unknown_members_are_named),
        TEST(members_of_a_wrong_type_are_named), TEST(missing_members_are_named),
        TEST(duplicate_members_are_named), TEST(invalid_utf8), TEST(control_characters),
        TEST(wrong_content_types), TEST(a_parameter_of_the_content_type_is_fine),
        TEST(lifetimes_that_are_not_granted), TEST(identities_that_are_not_made));
    party_done(&workload);
    flow_stop(flow);
    return status;
}
