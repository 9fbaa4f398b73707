#include "suite.h"

#include "api/query.h"

static struct request
request_with(const char *name, const char *value)
{
    return (struct request){.query = {{name, value}}, .query_count = value ? 1 : 0};
}

static void
limits(void)
{
    static const struct {
        const char *value;
        int limit; /* 0: refused */
    } cases[] = {
        {NULL, QUERY_LIMIT_DEFAULT},
        {"1", 1},
        {"500", 500},
        {"501", 0},
        {"0", 0},
        {"-1", 0},
        {"01", 0},
        {"", 0},
        {"1.5", 0},
        {" 1", 0},
        {"1x", 0},
        {"99999999999999999999", 0},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct request request = request_with("limit", cases[i].value);
        struct error err = {0};
        int limit = -7;
        bool ok = query_limit(&request, &limit, &err);

        if (cases[i].limit == 0) {
            ASSERT_REFUSED(ok, &err, ERROR_PARAMETER_INVALID);
            CU_ASSERT_EQUAL(limit, -7);
        } else if (ASSERT_OK(ok, &err)) {
            CU_ASSERT_EQUAL(limit, cases[i].limit);
        }
    }
}

static void
times_octets_and_choices(void)
{
    static const char *const choices[] = {"valid", "revoked", NULL};
    struct request request = request_with("x", "2026-11-22T07:30:00Z");
    uint8_t data[4];
    size_t len = 9;
    int64_t time_s = -1;
    const char *choice = "none";
    struct error err = {0};

    ASSERT_OK(query_time(&request, "x", &time_s, &err), &err);
    CU_ASSERT_EQUAL(time_s, 1795332600);
    ASSERT_OK(query_time(&request, "absent", &time_s, &err), &err);
    CU_ASSERT_EQUAL(time_s, 0);
    ASSERT_REFUSED(query_hex(&request, "x", data, sizeof(data), &len, &err), &err,
                   ERROR_PARAMETER_INVALID);
    ASSERT_REFUSED(query_choice(&request, "x", choices, &choice, &err), &err,
                   ERROR_PARAMETER_INVALID);
    request = request_with("x", "00FF");
    ASSERT_OK(query_hex(&request, "x", data, sizeof(data), &len, &err), &err);
    CU_ASSERT_EQUAL(len, 2);
    ASSERT_REFUSED(query_time(&request, "x", &time_s, &err), &err, ERROR_PARAMETER_INVALID);
    request = request_with("x", "0011223344");
    ASSERT_REFUSED(query_hex(&request, "x", data, sizeof(data), &len, &err), &err,
                   ERROR_PARAMETER_INVALID);
    request = request_with("x", "revoked");
    ASSERT_OK(query_choice(&request, "x", choices, &choice, &err), &err);
    CU_ASSERT_STRING_EQUAL(choice, "revoked");
    ASSERT_OK(query_choice(&request, "absent", choices, &choice, &err), &err);
    CU_ASSERT_PTR_NULL(choice);
}

static void
accept_fields(void)
{
    static const struct {
        const char *field;
        enum accept wanted;
        bool refused;
    } cases[] = {
        {NULL, ACCEPT_JSON, false},
        {"", ACCEPT_JSON, false},
        {"*/*", ACCEPT_JSON, false},
        {"application/*", ACCEPT_JSON, false},
        {"application/json", ACCEPT_JSON, false},
        {"application/pem-certificate-chain", ACCEPT_PEM_CHAIN, false},
        {"Application/PEM-Certificate-Chain", ACCEPT_PEM_CHAIN, false},
        {"application/pem-certificate-chain, */*;q=0.5", ACCEPT_PEM_CHAIN, false},
        {"application/pem-certificate-chain;q=0.2, application/json;q=0.9", ACCEPT_JSON, false},
        {"application/json; q=0, application/pem-certificate-chain", ACCEPT_PEM_CHAIN, false},
        {"text/html, application/json;q=0.1", ACCEPT_JSON, false},
        {"text/html", ACCEPT_JSON, true},
        {"text/*", ACCEPT_JSON, true},
        {"*/*;q=0", ACCEPT_JSON, true},
        {"application/jsonx", ACCEPT_JSON, true},
        {",,;", ACCEPT_JSON, true},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = {0};
        enum accept accept = ACCEPT_JSON;
        bool ok = accept_choose(cases[i].field, &accept, &err);

        if (cases[i].refused)
            ASSERT_REFUSED(ok, &err, ERROR_NOT_ACCEPTABLE);
        else if (ASSERT_OK(ok, &err))
            CU_ASSERT_EQUAL(accept, cases[i].wanted);
    }
}

int
main(void)
{
    return RUN_SUITE("query", TEST(limits), TEST(times_octets_and_choices), TEST(accept_fields));
}
