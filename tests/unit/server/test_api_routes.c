#include "suite.h"

#include <stdio.h>

#include "http/http.h"

enum { CALLERS = 7 };
static const char callers[CALLERS + 1] = "NTWARED"; /* the bits in order, as in the table below */

/* Who may call what, written a second time: a change of the route table must be made here, too. */
static const struct {
    const char *label, *may;
} expected[] = {
    {"certificate.issue", "T"},  {"certificate.renew", "WARED"}, {"certificate.list", "WARD"},
    {"certificate.get", "WARD"}, {"revocation.create", "WAR"},   {"token.create", "AE"},
    {"identity.list", "AED"},    {"identity.create", "A"},       {"identity.get", "AED"},
    {"identity.change", "A"},    {"issuer.list", "NTWARED"},     {"root.list", "NTWARED"},
    {"audit.list", "AD"},        {"policy.get", "ARED"},         {"policy.apply", "A"},
    {"policy.list", "ARED"},     {"policy.check", "AD"},
};

static void
every_route_with_every_caller(void)
{
    size_t count = 0;

    for (const struct route *route = api_routes; route->method; route++, count++) {
        if (count >= ARRAY_LEN(expected)) {
            CU_FAIL("a route that this table does not have");
            return;
        }
        CU_ASSERT_STRING_EQUAL(route->label, expected[count].label);
        for (int bit = 0; bit < CALLERS; bit++) {
            bool may = route->callers & 1U << bit;

            if (may != (strchr(expected[count].may, callers[bit]) != NULL)) {
                printf("\n    %s, caller %c", route->label, callers[bit]);
                CU_FAIL("a caller that this table does not have");
            }
        }
        CU_ASSERT_EQUAL(route->callers >> CALLERS, 0);
    }
    CU_ASSERT_EQUAL(count, ARRAY_LEN(expected));
}

/* What changes something takes a body and is never open to nobody. */
static void
what_writes_is_authenticated(void)
{
    for (const struct route *route = api_routes; route->method; route++) {
        bool writes = strcmp(route->method, "GET") != 0;

        CU_ASSERT_PTR_NOT_NULL(route->handler);
        CU_ASSERT_EQUAL(writes, route->max_body > 0);
        CU_ASSERT_FALSE(writes && route->callers & CALLER_NOBODY);
    }
}

int
main(void)
{
    return RUN_SUITE("routes", TEST(every_route_with_every_caller),
                     TEST(what_writes_is_authenticated));
}
