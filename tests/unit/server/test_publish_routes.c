#include "suite.h"

#include <string.h>

#include "http/router.h"
#include "publish/publisher.h"

/* The label of the route that takes the request, or the type of the refusal. */
static const char *
route_label(const char *method, const char *target)
{
    struct request request = {.method = method, .target = target};
    const struct route *route = NULL;
    char text[2048], allow[ROUTER_ALLOW_OCTETS];
    struct error err = {0};

    CU_ASSERT_TRUE_FATAL(router_room(strlen(target)) <= sizeof(text));
    if (!router_find(publish_routes, &request, text, &route, allow, &err))
        return error_row(err.kind)->type;
    return route->label;
}

static void
takes_what_is_published(void)
{
    static const struct {
        const char *method, *target, *label;
    } cases[] = {
        {"POST", "/ocsp", "ocsp.post"},
        {"GET", "/ocsp/MFE=", "ocsp.get"},
        {"GET", "/ocsp//MFE=", "ocsp.get"},
        {"GET", "/ocspMFE=", "ocsp.get"},
        {"GET", "/ocspMF/E/+=", "ocsp.get"},
        {"GET", "/ocsp/MF%2FE//x%2B%3D", "ocsp.get"},
        {"HEAD", "/ocsp/MFE=", "ocsp.get"},
        {"GET", "/crl/root.crl", "crl.get"},
        {"HEAD", "/crl/issuing-1.crl", "crl.get"},
        {"GET", "/issuers/issuing-1.cer", "issuer.get"},
        {"GET", "/roots.pem", "roots.get"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CU_ASSERT_STRING_EQUAL(route_label(cases[i].method, cases[i].target), cases[i].label);
}

/* Plain HTTP: nothing else may ever be there. */
static void
offers_nothing_else(void)
{
    static const struct {
        const char *method, *target, *type;
    } cases[] = {
        {"GET", "/", "route-unknown"},
        {"GET", "/v1/certificates", "route-unknown"},
        {"GET", "/v1/roots", "route-unknown"},
        {"GET", "/metrics", "route-unknown"},
        {"GET", "/crl/root", "route-unknown"},
        {"GET", "/crl/.crl", "route-unknown"},
        {"GET", "/crl/a/root.crl", "route-unknown"},
        {"GET", "/roots.pem/", "route-unknown"},
        {"GET", "/ocs", "route-unknown"},
        {"GET", "/OCSP/MFE=", "route-unknown"},
        {"GET", "/ocsp", "method-not-allowed"},
        {"POST", "/ocsp/MFE=", "method-not-allowed"},
        {"POST", "/roots.pem", "method-not-allowed"},
        {"PUT", "/crl/root.crl", "method-not-allowed"},
        {"DELETE", "/issuers/root.cer", "method-not-allowed"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        CU_ASSERT_STRING_EQUAL(route_label(cases[i].method, cases[i].target), cases[i].type);
}

int
main(void)
{
    return RUN_SUITE("publish/routes", TEST(takes_what_is_published), TEST(offers_nothing_else));
}
