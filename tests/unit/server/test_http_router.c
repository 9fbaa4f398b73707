#include "http/router.h"
#include "suite.h"

#include <stdlib.h>

static const char *const list_query[] = {"owner", "limit", NULL};

static const struct route routes[] = {
    {"GET", "/v1/things", CALLER_ANY, NULL, 0, list_query, "list"},
    {"POST", "/v1/things", CALLER_ANY, NULL, 10, NULL, "create"},
    {"GET", "/v1/things/{serial}", CALLER_ANY, NULL, 0, NULL, "get"},
    {"POST", "/v1/things/renew", CALLER_ANY, NULL, 10, NULL, "renew"},
    {"GET", "/v1/names/{name...}", CALLER_ANY, NULL, 0, NULL, "name"},
    {"PATCH", "/v1/names/{name...}", CALLER_ANY, NULL, 10, NULL, "change"},
    {"GET", "/crl/{issuer}.crl", CALLER_ANY, NULL, 0, NULL, "crl"},
    {"GET", "/pair/{a}/and/{b}", CALLER_ANY, NULL, 0, NULL, "pair"},
    {NULL, NULL, 0, NULL, 0, NULL, NULL},
};

struct found {
    struct request request;
    const struct route *route;
    char allow[ROUTER_ALLOW_OCTETS];
    char text[3 * LIMIT_TARGET_OCTETS];
    struct error err;
};

static bool
find(struct found *found, const char *method, const char *target)
{
    memset(found, 0, sizeof(*found));
    found->request.method = method;
    found->request.target = target;
    return router_find(routes, &found->request, found->text, &found->route, found->allow,
                       &found->err);
}

static struct found found;

static void
finds_by_method_and_segments(void)
{
    ASSERT_OK(find(&found, "GET", "/v1/things"), &found.err);
    CU_ASSERT_STRING_EQUAL(found.route->label, "list");
    ASSERT_OK(find(&found, "POST", "/v1/things"), &found.err);
    CU_ASSERT_STRING_EQUAL(found.route->label, "create");
    ASSERT_OK(find(&found, "HEAD", "/v1/things"), &found.err);
    CU_ASSERT_STRING_EQUAL(found.route->label, "list");
    ASSERT_OK(find(&found, "GET", "/v1/things/0a1b"), &found.err);
    CU_ASSERT_STRING_EQUAL(found.route->label, "get");
    CU_ASSERT_STRING_EQUAL(found.request.param[0], "0a1b");
    CU_ASSERT_STRING_EQUAL(found.request.path, "/v1/things/0a1b");
    ASSERT_OK(find(&found, "GET", "/pair/1/and/2"), &found.err);
    CU_ASSERT_STRING_EQUAL(found.request.param[0], "1");
    CU_ASSERT_STRING_EQUAL(found.request.param[1], "2");
}

static void
takes_slashes_in_a_tail(void)
{
    ASSERT_OK(find(&found, "GET", "/v1/names/payments/api"), &found.err);
    CU_ASSERT_STRING_EQUAL(found.request.param[0], "payments/api");
    ASSERT_OK(find(&found, "GET", "/v1/names/payments%2Fapi"), &found.err);
    CU_ASSERT_STRING_EQUAL(found.request.param[0], "payments/api");
    ASSERT_OK(find(&found, "GET", "/v1/names//double"), &found.err);
    CU_ASSERT_STRING_EQUAL(found.request.param[0], "/double");
    ASSERT_REFUSED(find(&found, "GET", "/v1/names/"), &found.err, ERROR_ROUTE_UNKNOWN);
    ASSERT_REFUSED(find(&found, "GET", "/v1/names"), &found.err, ERROR_ROUTE_UNKNOWN);
}

static void
takes_an_ending(void)
{
    ASSERT_OK(find(&found, "GET", "/crl/issuing-1.crl"), &found.err);
    CU_ASSERT_STRING_EQUAL(found.request.param[0], "issuing-1");
    ASSERT_OK(find(&found, "GET", "/crl/a.crl.crl"), &found.err);
    CU_ASSERT_STRING_EQUAL(found.request.param[0], "a.crl");
    ASSERT_REFUSED(find(&found, "GET", "/crl/.crl"), &found.err, ERROR_ROUTE_UNKNOWN);
    ASSERT_REFUSED(find(&found, "GET", "/crl/issuing-1.crx"), &found.err, ERROR_ROUTE_UNKNOWN);
    ASSERT_REFUSED(find(&found, "GET", "/crl/issuing-1"), &found.err, ERROR_ROUTE_UNKNOWN);
}

static void
refuses_what_is_not_in_the_table(void)
{
    static const char *const targets[] = {"",
                                          "/",
                                          "*",
                                          "/v1",
                                          "/v1/things/",
                                          "/v1//things",
                                          "/v2/things",
                                          "/V1/things",
                                          "v1/things",
                                          "/v1/things/a/b",
                                          "/v1/./things",
                                          "/v1/../v1/things",
                                          "http://host/v1/things"};

    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        ASSERT_REFUSED(find(&found, "GET", targets[i]), &found.err, ERROR_ROUTE_UNKNOWN);
        CU_ASSERT_STRING_EQUAL(found.allow, "");
        CU_ASSERT_PTR_NULL(found.route);
    }
}

static void
tells_the_methods_allowed(void)
{
    ASSERT_REFUSED(find(&found, "DELETE", "/v1/things"), &found.err, ERROR_METHOD_NOT_ALLOWED);
    CU_ASSERT_STRING_EQUAL(found.allow, "GET, HEAD, POST");
    ASSERT_REFUSED(find(&found, "POST", "/v1/names/a"), &found.err, ERROR_METHOD_NOT_ALLOWED);
    CU_ASSERT_STRING_EQUAL(found.allow, "GET, HEAD, PATCH");
    ASSERT_REFUSED(find(&found, "get", "/v1/things"), &found.err, ERROR_METHOD_NOT_ALLOWED);
}

static void
keeps_a_written_path_from_parameters(void)
{
    ASSERT_OK(find(&found, "POST", "/v1/things/renew"), &found.err);
    CU_ASSERT_STRING_EQUAL(found.route->label, "renew");
    ASSERT_REFUSED(find(&found, "GET", "/v1/things/renew"), &found.err, ERROR_METHOD_NOT_ALLOWED);
    CU_ASSERT_STRING_EQUAL(found.allow, "POST");
    ASSERT_OK(find(&found, "GET", "/v1/things/%72enew"), &found.err);
    CU_ASSERT_STRING_EQUAL(found.route->label, "get");
    ASSERT_OK(find(&found, "GET", "/v1/things/{serial}"), &found.err);
    CU_ASSERT_STRING_EQUAL(found.route->label, "get");
}

static void
reads_the_query(void)
{
    ASSERT_OK(find(&found, "GET", "/v1/things?owner=a%26b&limit=5"), &found.err);
    CU_ASSERT_STRING_EQUAL(request_query(&found.request, "owner"), "a&b");
    CU_ASSERT_STRING_EQUAL(request_query(&found.request, "limit"), "5");
    CU_ASSERT_PTR_NULL(request_query(&found.request, "state"));
    ASSERT_OK(find(&found, "GET", "/v1/things?"), &found.err);
    CU_ASSERT_EQUAL(found.request.query_count, 0);
    ASSERT_OK(find(&found, "GET", "/v1/things?owner&&limit=a=b"), &found.err);
    CU_ASSERT_STRING_EQUAL(request_query(&found.request, "owner"), "");
    CU_ASSERT_STRING_EQUAL(request_query(&found.request, "limit"), "a=b");
}

static void
refuses_queries(void)
{
    ASSERT_REFUSED(find(&found, "GET", "/v1/things?colour=red"), &found.err,
                   ERROR_PARAMETER_INVALID);
    CU_ASSERT_STRING_EQUAL(found.err.rule, "query.unknown");
    ASSERT_REFUSED(find(&found, "GET", "/v1/things?owner=a&owner=b"), &found.err,
                   ERROR_PARAMETER_INVALID);
    CU_ASSERT_STRING_EQUAL(found.err.rule, "query.twice");
    ASSERT_REFUSED(find(&found, "GET", "/v1/things/1?owner=a"), &found.err,
                   ERROR_PARAMETER_INVALID);
    ASSERT_REFUSED(find(&found, "GET", "/v1/things?owner=%zz"), &found.err,
                   ERROR_REQUEST_MALFORMED);
    ASSERT_REFUSED(find(&found, "GET", "/v1/things?%6Fwner=a&owner=b"), &found.err,
                   ERROR_PARAMETER_INVALID);
}

static void
refuses_long_targets(void)
{
    static char target[LIMIT_TARGET_OCTETS + 2];

    memset(target, 'a', sizeof(target) - 1);
    memcpy(target, "/v1/names/", 10);
    target[LIMIT_TARGET_OCTETS] = '\0';
    ASSERT_OK(find(&found, "GET", target), &found.err);
    CU_ASSERT_EQUAL(strlen(found.request.param[0]), LIMIT_TARGET_OCTETS - 10);
    target[LIMIT_TARGET_OCTETS] = 'a';
    ASSERT_REFUSED(find(&found, "GET", target), &found.err, ERROR_TARGET_TOO_LONG);
}

/* The room that router_room tells is enough for the worst target of each length. */
static void
stays_within_its_room(void)
{
    static const char *const targets[] = {"/v1/names/payments/api",
                                          "/pair/1/and/2",
                                          "/v1/things?owner=a&limit=b",
                                          "/crl/a.crl",
                                          "/v1/things?owner&limit",
                                          "/v1/things/a",
                                          "/v1/names/a?"};

    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        size_t room = router_room(strlen(targets[i]));
        char *text = malloc(room + 16);
        struct request request = {.method = "GET", .target = targets[i]};
        const struct route *route;
        char allow[ROUTER_ALLOW_OCTETS];
        struct error err;

        memset(text, '#', room + 16);
        ASSERT_OK(router_find(routes, &request, text, &route, allow, &err), &err);
        for (size_t j = room; j < room + 16; j++)
            CU_ASSERT_EQUAL(text[j], '#');
        free(text);
    }
}

int
main(void)
{
    return RUN_SUITE("router", TEST(finds_by_method_and_segments), TEST(takes_slashes_in_a_tail),
                     TEST(takes_an_ending), TEST(refuses_what_is_not_in_the_table),
                     TEST(tells_the_methods_allowed), TEST(keeps_a_written_path_from_parameters),
                     TEST(reads_the_query), TEST(refuses_queries), TEST(refuses_long_targets),
                     TEST(stays_within_its_room));
}
