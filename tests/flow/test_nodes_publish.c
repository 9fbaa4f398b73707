/* Two nodes on one database, each with its own servers, signers and tokens: what one does, relying
 * parties see at the other, and CRLs built by both stay one sequence. */
#include "suite.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "flow_crl.h"
#include "flow_csr.h"
#include "flow_ocsp.h"
#include "signet/clock.h"

enum {
    ROUNDS_OCSP = 20,
    ROUNDS_CRL = 12,
    ROUNDS_TOKEN = 40,
    PROMISED_MS = 1000,
    WAIT_MS = 20000,
    STEP_MS = 20
};

static struct flow *node[2];

/* --- revocation --- */

static void
revocation_is_seen_at_the_other_node(void)
{
    int worst_ms = 0, over = 0;

    for (int i = 0; i < ROUNDS_OCSP; i++) {
        struct flow *here = node[i % 2], *there = node[(i + 1) % 2];
        AUTO_PARTY party = {.key = NULL};
        struct ocsp_said said;
        int ms;

        flow_enrol(here, "nodes/seen", &party);
        ocsp_ask(there, party.serial, &said); /* `good` is in the other's memory */
        CU_ASSERT_EQUAL(said.status, V_OCSP_CERTSTATUS_GOOD);
        CU_ASSERT_TRUE(said.verified);
        flow_revoke(here, "serial", party.serial, "keyCompromise");
        ms = ocsp_wait_revoked(there, party.serial, WAIT_MS);
        CU_ASSERT_TRUE(ms >= 0);
        worst_ms = ms > worst_ms ? ms : worst_ms;
        over += ms > PROMISED_MS;
    }
    printf("\n    OCSP at the other node told a revocation after %d ms at most; %d of %d later than"
           " the %d ms promised ",
           worst_ms, over, ROUNDS_OCSP, PROMISED_MS);
}

/* --- both build --- */

struct builder {
    struct flow *flow;
    pthread_barrier_t *start;
    char serial[ROUNDS_CRL][FLOW_SERIAL_TEXT];
    bool fell; /* a published number was lower than one before */
    long long highest;
};

static void *
revoke_again_and_again(void *argument)
{
    struct builder *builder = argument;
    char body[160];

    pthread_barrier_wait(builder->start);
    for (int i = 0; i < ROUNDS_CRL; i++) {
        snprintf(body, sizeof(body), "{\"serial\": \"%s\", \"reason\": \"superseded\"}",
                 builder->serial[i]);
        AUTO_ANSWER answer =
            flow_call(builder->flow,
                      &(struct call){"POST", "/v1/revocations", .cert = "admin", .text = body});

        for (int j = 0; j < 8; j++) {
            long long number = crl_published_number(builder->flow);

            builder->fell = builder->fell || number < builder->highest;
            builder->highest = number > builder->highest ? number : builder->highest;
            poll(NULL, 0, STEP_MS);
        }
    }
    return NULL;
}

static long long
builds_of(struct flow *flow)
{
    char text[32] = "";
    AUTO_BUFFER out = {.max = 4096};

    ca_run(flow_ca(flow), NULL, &out, "grep", "-c", "CRL built", flow_ca(flow)->log, NULL);
    snprintf(text, sizeof(text), "%.30s", buffer_text(&out));
    return strtoll(text, NULL, 10);
}

static void
both_build_one_sequence(void)
{
    struct builder builder[2];
    pthread_barrier_t start;
    pthread_t thread[2];

    pthread_barrier_init(&start, NULL, 2);
    for (int n = 0; n < 2; n++) {
        builder[n] = (struct builder){.flow = node[n], .start = &start};
        for (int i = 0; i < ROUNDS_CRL; i++) {
            AUTO_PARTY party = {.key = NULL};

            flow_enrol(node[n], "nodes/built", &party);
            memcpy(builder[n].serial[i], party.serial, sizeof(party.serial));
        }
    }
    for (int n = 0; n < 2; n++)
        pthread_create(&thread[n], NULL, revoke_again_and_again, &builder[n]);
    for (int n = 0; n < 2; n++)
        pthread_join(thread[n], NULL);
    pthread_barrier_destroy(&start);
    for (int n = 0; n < 2; n++) {
        CU_ASSERT_FALSE(builder[n].fell);
        CU_ASSERT_TRUE(builds_of(node[n]) > 1);
        for (int i = 0; i < ROUNDS_CRL; i++)
            CU_ASSERT_TRUE(crl_wait_has(node[1 - n], builder[n].serial[i], WAIT_MS) >= 0);
    }
    /* A later number never speaks of an earlier time, and no entry left on the way. */
    CU_ASSERT_EQUAL(flow_number(node[0],
                                "SELECT count(*) FROM crl a JOIN crl b USING (issuer, shard) "
                                "WHERE a.number < b.number AND (a.this_update > b.this_update "
                                "OR a.entries > b.entries)"),
                    0);
    CU_ASSERT_EQUAL(flow_number(node[0],
                                "SELECT count(*) FROM crl WHERE der IS NOT NULL AND issuer = "
                                "(SELECT id FROM issuer WHERE kind = 'issuing')"),
                    1);
    printf("\n    CRLs built: %lld by one node, %lld by the other ", builds_of(node[0]),
           builds_of(node[1]));
}

/* --- one token, two nodes --- */

struct enrolment {
    struct flow *flow;
    pthread_barrier_t *start;
    const char *token;
    struct buffer body;
    int status;
    char serial[FLOW_SERIAL_TEXT];
};

static void *
enrol_at_once(void *argument)
{
    struct enrolment *enrolment = argument;

    pthread_barrier_wait(enrolment->start);
    AUTO_ANSWER answer = flow_call(
        enrolment->flow, &(struct call){"POST", "/v1/certificates", .token = enrolment->token,
                                        .text = buffer_text(&enrolment->body)});
    enrolment->status = answer.status;
    snprintf(enrolment->serial, sizeof(enrolment->serial), "%s", answer_text(&answer, "serial"));
    return NULL;
}

/* Two keys: one is served. The same request twice: the same certificate twice. */
static void
token_round(bool same, int *ret_first_won)
{
    char token[CA_TOKEN_TEXT];
    struct enrolment enrolment[2];
    pthread_barrier_t start;
    pthread_t thread[2];
    long long before = flow_number(node[0], "SELECT count(*) FROM certificate");
    AUTO_KEY key = key_make();
    AUTO_KEY other = key_make();

    pthread_barrier_init(&start, NULL, 2);
    flow_token(node[0], "nodes/token", 0, token);
    for (int n = 0; n < 2; n++) {
        enrolment[n] = (struct enrolment){.flow = node[n], .start = &start, .token = token};
        buffer_init(&enrolment[n].body, 65536);
        csr_plain_body(n && !same ? other : key, "", &enrolment[n].body);
    }
    if (same) {
        buffer_clear(&enrolment[1].body);
        CU_ASSERT_TRUE(
            buffer_put(&enrolment[1].body, enrolment[0].body.data, enrolment[0].body.len));
    }
    for (int n = 0; n < 2; n++)
        pthread_create(&thread[n], NULL, enrol_at_once, &enrolment[n]);
    for (int n = 0; n < 2; n++)
        pthread_join(thread[n], NULL);
    pthread_barrier_destroy(&start);
    if (same)
        CU_ASSERT_STRING_EQUAL(enrolment[0].serial, enrolment[1].serial);
    CU_ASSERT_EQUAL((enrolment[0].status / 100 == 2) + (enrolment[1].status / 100 == 2),
                    same ? 2 : 1);
    CU_ASSERT_TRUE(enrolment[0].status < 500 && enrolment[1].status < 500);
    CU_ASSERT_EQUAL(flow_number(node[0], "SELECT count(*) FROM certificate"), before + 1);
    *ret_first_won += enrolment[0].status == 201;
    buffer_done(&enrolment[0].body);
    buffer_done(&enrolment[1].body);
}

static void
one_token_is_good_once(void)
{
    int first_won = 0, ignored = 0;

    for (int i = 0; i < ROUNDS_TOKEN; i++) {
        token_round(false, &first_won);
        token_round(true, &ignored);
    }
    printf("\n    of %d tokens used on both nodes at once %d went to the first ", ROUNDS_TOKEN,
           first_won);
}

/* --- a builder that hangs --- */

static bool
wait_number(const char *sql, long long wanted)
{
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;

    while (flow_number(node[0], "%s", sql) < wanted) {
        if (clock_monotonic_ms() >= end_ms)
            return false;
        poll(NULL, 0, STEP_MS);
    }
    return true;
}

static bool
wait_logged(struct flow *flow, const char *text)
{
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;

    while (ca_run(flow_ca(flow), NULL, NULL, "grep", "-q", text, flow_ca(flow)->log, NULL) != 0) {
        if (clock_monotonic_ms() >= end_ms)
            return false;
        poll(NULL, 0, STEP_MS);
    }
    return true;
}

#define ISSUING "(SELECT id FROM issuer WHERE kind = 'issuing')"

/* Signed, not yet stored, then stopped: the other node goes on, and the old list stays away. */
static void
paused_builder_publishes_nothing_older(void)
{
    struct ca *slow = flow_ca(node[1]);
    AUTO_PARTY early = {.key = NULL};
    AUTO_PARTY late = {.key = NULL};
    long long number;

    flow_enrol(node[1], "nodes/paused", &early);
    flow_enrol(node[0], "nodes/paused", &late);
    number = flow_number(node[0], "SELECT number FROM crl_shard WHERE issuer = " ISSUING);
    ca_fault(slow, "crl-signed wait:5000 1\n");
    flow_revoke(node[1], "serial", early.serial, "superseded");
    CU_ASSERT_TRUE_FATAL(
        wait_number("SELECT number FROM crl_shard WHERE issuer = " ISSUING, number + 1));
    CU_ASSERT_TRUE_FATAL(ca_kill(slow, CA_ISSUING, SIGSTOP));
    flow_revoke(node[0], "serial", late.serial, "superseded");
    CU_ASSERT_TRUE(crl_wait_has(node[0], late.serial, WAIT_MS) >= 0);
    CU_ASSERT_TRUE(crl_published_has(node[0], early.serial));
    number = crl_published_number(node[0]);
    CU_ASSERT_TRUE(ca_kill(slow, CA_ISSUING, SIGCONT));
    CU_ASSERT_TRUE(wait_logged(node[1], "a later CRL of another node stands"));
    for (int n = 0; n < 2; n++) {
        CU_ASSERT_TRUE(crl_wait_has(node[n], late.serial, WAIT_MS) >= 0);
        CU_ASSERT_TRUE(crl_published_number(node[n]) >= number);
    }
    CU_ASSERT_TRUE(ca_wait_ready(slow, WAIT_MS));
}

/* The node that took the revocation cannot build: another notices. */
static void
other_node_builds_instead(void)
{
    struct ca *hung = flow_ca(node[1]);
    AUTO_PARTY party = {.key = NULL};
    int ms;

    flow_enrol(node[1], "nodes/instead", &party);
    CU_ASSERT_TRUE_FATAL(ca_kill(hung, CA_ISSUING, SIGSTOP));
    flow_revoke(node[1], "serial", party.serial, "keyCompromise");
    ms = crl_wait_has(node[0], party.serial, 2 * WAIT_MS);
    CU_ASSERT_TRUE(ms >= 0);
    CU_ASSERT_TRUE(crl_wait_has(node[1], party.serial, WAIT_MS) >= 0);
    CU_ASSERT_TRUE(ca_kill(hung, CA_ISSUING, SIGCONT));
    CU_ASSERT_TRUE(ca_wait_ready(hung, 2 * WAIT_MS));
    printf("\n    with its own node's signer stopped a revocation was on the CRL after %d ms ", ms);
}

int
main(void)
{
    int status;

    node[0] = flow_start(NULL);
    node[1] = flow_node_make(node[0], 2);
    ca_signetd_start(flow_ca(node[1]));
    status =
        RUN_SUITE("two nodes publish", TEST(revocation_is_seen_at_the_other_node),
                  TEST(both_build_one_sequence), TEST(one_token_is_good_once),
                  TEST(paused_builder_publishes_nothing_older), TEST(other_node_builds_instead));
    flow_node_stop(node[1]);
    flow_stop(node[0]);
    return status;
}
