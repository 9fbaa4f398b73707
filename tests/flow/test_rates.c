/* Rate limits: who comes too often is told when to come again, and nobody else notices. */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"

enum { TRIES = 400 };

static struct flow *flow;
static struct party busy, calm;

/* Asks until it is refused; the calls that were served before, or -1 when none was refused. */
static int
until_refused(const struct call *call, const char *rule, int *ret_wait_s)
{
    for (int served = 0; served < TRIES; served++) {
        char wait[16] = "";
        AUTO_ANSWER answer = flow_call(flow, call);

        if (answer.status == 200)
            continue;
        flow_expect_refused(&answer, &(struct refusal){429, "rate-limited", "come again in", rule},
                            rule);
        CU_ASSERT_TRUE(answer_header(&answer, "Retry-After", wait, sizeof(wait)));
        *ret_wait_s = (int)strtol(wait, NULL, 10);
        return served;
    }
    return -1;
}

static void
wait_s(int seconds)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", seconds);
    ca_run(flow_ca(flow), NULL, NULL, "sleep", text, NULL);
}

static int
status_of(const struct call *call)
{
    AUTO_ANSWER answer = flow_call(flow, call);

    return answer.status;
}

static void
one_identity_is_held_back_alone(void)
{
    const struct call call = {.method = "GET", .path = "/v1/certificates", .cert = busy.file};
    int seconds = 0, served;

    served = until_refused(&call, "rate.identity", &seconds);
    CU_ASSERT_TRUE(served >= 20);
    CU_ASSERT_TRUE(seconds >= 1 && seconds < 60);
    /* At the same moment, from the same address. */
    CU_ASSERT_EQUAL(
        status_of(&(struct call){.method = "GET", .path = "/v1/certificates", .cert = calm.file}),
        200);
    wait_s(seconds);
    CU_ASSERT_EQUAL(status_of(&call), 200);
}

static void
one_address_is_held_back_alone(void)
{
    const struct call call = {.method = "GET", .path = "/v1/roots"};
    const struct call other = {
        .method = "GET", .path = "/v1/roots", .from = "127.0.0.2", .alone = true};
    char url[128];
    int seconds = 0;

    CU_ASSERT_TRUE(until_refused(&call, "rate.address", &seconds) >= 0);
    CU_ASSERT_TRUE(seconds >= 1 && seconds < 60);
    CU_ASSERT_EQUAL(status_of(&other), 200);
    /* Relying parties are not limited by it. */
    snprintf(url, sizeof(url), "%s/roots.pem", flow_ca(flow)->publish_url);
    for (int i = 0; i < 200; i++)
        CU_ASSERT_EQUAL(status_of(&(struct call){.method = "GET", .path = url}), 200);
    wait_s(seconds);
    CU_ASSERT_EQUAL(status_of(&call), 200);
}

/* Gathered, or a flood would fill the trail. */
static void
refusals_are_counted_in_the_trail(void)
{
    for (int i = 0; i < 400; i++) {
        if (flow_number(flow, "SELECT count(DISTINCT rule) FROM audit_event WHERE rule IN "
                              "('rate.identity', 'rate.address')") == 2)
            return;
        ca_run(flow_ca(flow), NULL, NULL, "sleep", "0.1", NULL);
    }
    CU_FAIL("429 is not in the audit trail");
}

int
main(void)
{
    static const struct ca_options options = {
        .config = "rate {\n  address_per_s = 5\n  address_burst = 150\n  identity_per_s = 2\n"
                  "  identity_burst = 20\n}\n"};
    int status;

    flow = flow_start(&options);
    flow_enrol(flow, "rates/busy", &busy);
    flow_enrol(flow, "rates/calm", &calm);
    status =
        RUN_SUITE("rate limits", TEST(one_identity_is_held_back_alone),
                  TEST(one_address_is_held_back_alone), TEST(refusals_are_counted_in_the_trail));
    party_done(&busy);
    party_done(&calm);
    flow_stop(flow);
    return status;
}
