#include "http/audit.h"
#include "signet/clock.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

static const struct route route = {"POST", "/v1/things", CALLER_ADMIN, NULL, 0, NULL, "thing.make"};

static struct audit *
fresh(void)
{
    struct audit *audit = NULL;
    struct error err;

    ASSERT_OK(audit_new(&audit, &err), &err);
    return audit;
}

static void
refuse(struct audit *audit, const char *address, enum error_kind kind)
{
    struct request request = {.id = "id", .caller = {.kinds = CALLER_NOBODY, .name = "nobody"}};
    struct error refusal;

    snprintf(request.peer_text, sizeof(request.peer_text), "%s", address);
    error_set(&refusal, kind, "refused");
    audit_noise(audit, &request, &route, &refusal);
}

static void
joins_what_is_alike(void)
{
    struct audit *audit = fresh();
    struct db_audit *events;
    size_t count = 0;

    for (int i = 0; i < 1000; i++)
        refuse(audit, "10.0.0.1", ERROR_TOKEN_UNKNOWN);
    for (int i = 0; i < 3; i++)
        refuse(audit, "10.0.0.2", ERROR_TOKEN_UNKNOWN);
    refuse(audit, "10.0.0.2", ERROR_RATE_LIMITED);
    events = audit_take(audit, &count);
    CU_ASSERT_EQUAL_FATAL(count, 3);
    CU_ASSERT_EQUAL(events[0].count, 1000);
    CU_ASSERT_STRING_EQUAL(events[0].address, "10.0.0.1");
    CU_ASSERT_STRING_EQUAL(events[0].rule, "token-unknown");
    CU_ASSERT_STRING_EQUAL(events[0].action, "thing.make");
    CU_ASSERT_STRING_EQUAL(events[0].outcome, "refused");
    CU_ASSERT_STRING_EQUAL(events[0].actor, "nobody");
    CU_ASSERT_EQUAL(events[1].count, 3);
    CU_ASSERT_EQUAL(events[2].count, 1);
    free(events);
    CU_ASSERT_PTR_NULL(audit_take(audit, &count));
    audit_free(audit);
}

/* A stolen certificate and an expired one from the same place are two things to know. */
static void
keeps_different_credentials_apart(void)
{
    struct request request = {.id = "id", .caller = {.kinds = CALLER_NOBODY, .name = "nobody"}};
    struct audit *audit = fresh();
    struct db_audit *events;
    struct error refusal;
    size_t count = 0;

    for (int i = 0; i < 6; i++) {
        error_set(&refusal, ERROR_CERTIFICATE_REVOKED, "client certificate %d is revoked", i % 2);
        audit_noise(audit, &request, &route, &refusal);
        error_set(&refusal, ERROR_RATE_LIMITED, "come again in %d s", i);
        audit_noise(audit, &request, &route, &refusal);
    }
    events = audit_take(audit, &count);
    CU_ASSERT_EQUAL_FATAL(count, 3);
    CU_ASSERT_STRING_EQUAL(events[0].detail, "client certificate 0 is revoked");
    CU_ASSERT_EQUAL(events[0].count, 3);
    CU_ASSERT_EQUAL(events[1].count, 6);
    CU_ASSERT_STRING_EQUAL(events[1].detail, "");
    free(events);
    audit_free(audit);
}

static void
leaves_mere_mistakes_out(void)
{
    struct audit *audit = fresh();
    size_t count = 0;

    refuse(audit, "10.0.0.1", ERROR_ROUTE_UNKNOWN);
    refuse(audit, "10.0.0.1", ERROR_JSON_SYNTAX);
    CU_ASSERT_PTR_NULL(audit_take(audit, &count));
    audit_free(audit);
}

static void
is_bounded(void)
{
    struct audit *audit = fresh();
    struct db_audit *events;
    size_t count = 0;
    int64_t total = 0;
    char address[32];

    for (int i = 0; i < 5000; i++) {
        snprintf(address, sizeof(address), "10.0.%d.%d", i / 256, i % 256);
        refuse(audit, address, ERROR_UNAUTHENTICATED);
    }
    events = audit_take(audit, &count);
    CU_ASSERT_EQUAL_FATAL(count, AUDIT_ENTRIES);
    for (size_t i = 0; i < count; i++)
        total += events[i].count;
    CU_ASSERT_EQUAL(total, 5000);
    CU_ASSERT_STRING_EQUAL(events[count - 1].address, "");
    CU_ASSERT_STRING_EQUAL(events[count - 1].rule, "audit.aggregate");
    free(events);
    audit_free(audit);
}

static void
is_due_after_an_interval(void)
{
    struct audit *audit = fresh();
    int64_t now_ms = clock_monotonic_ms();

    CU_ASSERT_FALSE(audit_due(audit, now_ms + 2 * AUDIT_INTERVAL_MS));
    refuse(audit, "10.0.0.1", ERROR_UNAUTHENTICATED);
    CU_ASSERT_FALSE(audit_due(audit, now_ms));
    CU_ASSERT(audit_due(audit, now_ms + 2 * AUDIT_INTERVAL_MS));
    audit_free(audit);
}

int
main(void)
{
    return RUN_SUITE("audit", TEST(joins_what_is_alike), TEST(keeps_different_credentials_apart),
                     TEST(leaves_mere_mistakes_out), TEST(is_bounded),
                     TEST(is_due_after_an_interval));
}
