#include "refusals.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

/* The flush needs a database; here is what comes before it. */

static struct error
refusal_by(const char *rule)
{
    struct error err = {0};

    error_refuse(&err, ERROR_PERMIT, rule, "no");
    return err;
}

static void
each_gets_a_row_of_its_own(void)
{
    struct refusals *refusals = refusals_new(0);
    struct issue_request request = {
        .identity = "payments/api", .requester = "token:1a2b", .request_id = "r1"};
    struct error why = refusal_by("permit.names");

    CU_ASSERT_TRUE(refusals_add(refusals, &request, &why, 0));
    CU_ASSERT_EQUAL_FATAL(refusals->pending_count, 1);
    CU_ASSERT_STRING_EQUAL(refusals->pending[0].action, "signer.refuse");
    CU_ASSERT_STRING_EQUAL(refusals->pending[0].outcome, "refused");
    CU_ASSERT_STRING_EQUAL(refusals->pending[0].rule, "permit.names");
    CU_ASSERT_STRING_EQUAL(refusals->pending[0].actor, "token:1a2b");
    CU_ASSERT_STRING_EQUAL(refusals->pending[0].object, "payments/api");
    CU_ASSERT_STRING_EQUAL(refusals->pending[0].request_id, "r1");
    CU_ASSERT_EQUAL(refusals->pending[0].count, 1);
    refusals_free(refusals);
}

/* Without a readable frame there is nobody but the server to name; without a rule, the kind. */
static void
names_the_server_and_the_kind(void)
{
    struct refusals *refusals = refusals_new(0);
    struct error why = {0};

    error_set(&why, ERROR_FRAME, "too short");
    CU_ASSERT_TRUE(refusals_add(refusals, NULL, &why, 0));
    CU_ASSERT_STRING_EQUAL(refusals->pending[0].actor, "server");
    CU_ASSERT_STRING_EQUAL(refusals->pending[0].rule, "frame");
    refusals_free(refusals);
}

static void
keeps_octets_that_are_no_text_out(void)
{
    struct refusals *refusals = refusals_new(0);
    struct issue_request request = {.identity = "a\xff\n", .requester = "\x01"};
    struct error why = refusal_by("permit.text");

    CU_ASSERT_TRUE(refusals_add(refusals, &request, &why, 0));
    CU_ASSERT_STRING_EQUAL(refusals->pending[0].object, "a??");
    CU_ASSERT_STRING_EQUAL(refusals->pending[0].actor, "?");
    refusals_free(refusals);
}

/* A flood: rows up to what waits and up to the burst, the rest counted by rule. */
static void
counts_what_is_too_much(void)
{
    struct refusals *refusals = refusals_new(0);
    struct error names = refusal_by("permit.names"), ca = refusal_by("permit.ca");
    int rows = 0;
    int64_t counted = 0;

    for (int i = 0; i < 10000; i++) {
        rows += refusals_add(refusals, NULL, i % 2 ? &names : &ca, 0);
        if (refusals->pending_count == REFUSALS_PENDING)
            refusals->pending_count = 0; /* as a flush does */
    }
    CU_ASSERT_EQUAL(rows, REFUSALS_BURST);
    CU_ASSERT_EQUAL(refusals->rule_count, 2);
    for (size_t i = 0; i < refusals->rule_count; i++)
        counted += refusals->rule[i].count;
    CU_ASSERT_EQUAL(counted, 10000 - REFUSALS_BURST);
    /* A second later there is room for as many as come in the long run. */
    refusals->pending_count = 0;
    for (int i = 0, more = 0; i < 100; i++) {
        more += refusals_add(refusals, NULL, &names, 1000);
        if (i == 99)
            CU_ASSERT_EQUAL(more, REFUSALS_PER_S);
    }
    refusals_free(refusals);
}

static void
has_room_for_any_number_of_rules(void)
{
    struct refusals *refusals = refusals_new(0);
    int64_t counted = 0;

    refusals->tokens_milli = 0;
    for (int i = 0; i < 3 * REFUSALS_RULES; i++) {
        char rule[32];
        struct error why;

        snprintf(rule, sizeof(rule), "rule.%d", i);
        why = refusal_by(rule);
        CU_ASSERT_FALSE(refusals_add(refusals, NULL, &why, 0));
    }
    CU_ASSERT_EQUAL(refusals->rule_count, REFUSALS_RULES);
    for (size_t i = 0; i < refusals->rule_count; i++)
        counted += refusals->rule[i].count;
    CU_ASSERT_EQUAL(counted, 3 * REFUSALS_RULES);
    refusals_free(refusals);
}

int
main(void)
{
    return RUN_SUITE("refusals", TEST(each_gets_a_row_of_its_own),
                     TEST(names_the_server_and_the_kind), TEST(keeps_octets_that_are_no_text_out),
                     TEST(counts_what_is_too_much), TEST(has_room_for_any_number_of_rules));
}
