/* Health and metrics: each part is named, what is away is told and comes back by itself. */
#include "suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "flow_csr.h"
#include "flow_ocsp.h"
#include "signet/clock.h"

enum { AWAY_MS = 60000 };

static struct flow *flow;
static struct party party;

static struct answer
health(const char *path)
{
    char url[128];

    snprintf(url, sizeof(url), "%s%s", flow_ca(flow)->health_url, path);
    return flow_call(flow, &(struct call){.method = "GET", .path = url});
}

static bool
part_ready(const struct answer *answer, const char *name)
{
    const json_t *part = json_object_get(json_object_get(answer->json, "parts"), name);

    CU_ASSERT_PTR_NOT_NULL(part);
    return json_is_true(json_object_get(part, "ready"));
}

/* Until /readyz is `ready`, or not because of `part`. */
static bool
wait_health(bool ready, const char *part)
{
    int64_t start_ms = clock_monotonic_ms();

    while (clock_monotonic_ms() - start_ms < AWAY_MS) {
        AUTO_ANSWER answer = health("/readyz");

        if (answer.status == (ready ? 200 : 503) && part_ready(&answer, part) == ready)
            return true;
        ca_run(flow_ca(flow), NULL, NULL, "sleep", "0.1", NULL);
    }
    return false;
}

static void
every_part_is_named(void)
{
    static const char *const parts[] = {"https",
                                        "database",
                                        "clock",
                                        "issuing_signer",
                                        "status_signer",
                                        "responder_certificate",
                                        "tls_certificate",
                                        "publisher",
                                        "ca_certificate:issuing-1",
                                        "ca_certificate:root",
                                        "crl:issuing-1",
                                        "crl:root"};
    AUTO_ANSWER answer = health("/readyz");
    AUTO_ANSWER live = health("/livez");

    CU_ASSERT_TRUE(flow_expect(&answer, 200, "ready"));
    CU_ASSERT_TRUE(json_is_true(json_object_get(answer.json, "ready")));
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        CU_ASSERT_TRUE(part_ready(&answer, parts[i]));
    CU_ASSERT_TRUE(flow_expect(&live, 200, "live"));
    CU_ASSERT_TRUE(json_is_true(json_object_get(live.json, "live")));
}

/* --- metrics --- */

/* The value of the line that begins so; -1 when there is none. */
static double
metric(const struct answer *answer, const char *line)
{
    struct buffer *body = (struct buffer *)(uintptr_t)&answer->body;
    const char *found = strstr(buffer_text(body), line);

    return found ? strtod(found + strlen(line), NULL) : -1;
}

static void
check_histogram(const struct answer *answer, const char *route, const char *stage)
{
    char labels[128], line[256];
    double count, last = 0;
    static const char *const bounds[] = {"0.0001", "0.001", "0.01", "0.1", "1", "5", "+Inf"};

    snprintf(labels, sizeof(labels), "{route=\"%s\",method=\"POST\",stage=\"%s\"", route, stage);
    snprintf(line, sizeof(line), "signet_stage_seconds_count%s} ", labels);
    count = metric(answer, line);
    if (count < 1)
        printf("\n    no histogram of %s %s\n", route, stage);
    CU_ASSERT_TRUE(count >= 1);
    for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
        double value;

        snprintf(line, sizeof(line), "signet_stage_seconds_bucket%s,le=\"%s\"} ", labels,
                 bounds[i]);
        value = metric(answer, line);
        CU_ASSERT_TRUE(value >= last);
        last = value;
    }
    CU_ASSERT_EQUAL(last, count);
    snprintf(line, sizeof(line), "signet_stage_seconds_sum%s} ", labels);
    CU_ASSERT_TRUE(metric(answer, line) > 0);
}

static void
metrics_have_histograms_per_route_and_stage(void)
{
    static const char *const stages[] = {"queue", "authenticate", "decide", "signer", "total"};
    AUTO_PARTY next = {.key = NULL};
    AUTO_ANSWER refused = flow_call(flow, &(struct call){.method = "GET", .path = "/v1/audit"});

    CU_ASSERT_EQUAL(refused.status, 401);
    CU_ASSERT_EQUAL(flow_renew(flow, &party, NULL, &next), 201);
    AUTO_ANSWER answer = health("/metrics");
    CU_ASSERT_TRUE(flow_expect(&answer, 200, "metrics"));
    CU_ASSERT_EQUAL(strncmp(answer.content_type, "text/plain", 10), 0);
    for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
        check_histogram(&answer, "certificate.issue", stages[i]);
        check_histogram(&answer, "certificate.renew", stages[i]);
    }
    CU_ASSERT_EQUAL(metric(&answer, "signet_requests_total{route=\"audit.list\",method=\"GET\","
                                    "status=\"401\"} "),
                    1);
    CU_ASSERT_TRUE(metric(&answer, "\nsignet_tls_handshakes_total ") >= 1);
    CU_ASSERT_TRUE(metric(&answer, "\nsignet_crl_number ") >= 1);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(buffer_text(&answer.body), "# TYPE signet_stage_seconds histogram"));
}

/* --- the database is away --- */

static void
without_the_database(void)
{
    struct ca *ca = flow_ca(flow);
    char wait[16] = "", url[128];
    struct ocsp_said said;

    ocsp_ask(flow, party.serial, &said);
    CU_ASSERT_EQUAL(said.status, V_OCSP_CERTSTATUS_GOOD);
    ca_postgres_stop(ca, false);
    AUTO_ANSWER refused = flow_call(
        flow, &(struct call){.method = "GET", .path = "/v1/certificates", .cert = "admin"});
    flow_expect_refused(&refused, &(struct refusal){503, "database-unavailable", "", NULL}, "API");
    CU_ASSERT_TRUE(answer_header(&refused, "Retry-After", wait, sizeof(wait)));
    CU_ASSERT_TRUE(strtol(wait, NULL, 10) >= 1);
    CU_ASSERT_TRUE(wait_health(false, "database"));
    AUTO_ANSWER live = health("/livez");
    flow_expect(&live, 200, "live without database");
    /* What relying parties need goes on. */
    snprintf(url, sizeof(url), "%s/crl/issuing-1.crl", ca->publish_url);
    AUTO_ANSWER crl = flow_call(flow, &(struct call){.method = "GET", .path = url});
    flow_expect(&crl, 200, "CRL");
    ocsp_ask(flow, party.serial, &said);
    CU_ASSERT_EQUAL(said.status, V_OCSP_CERTSTATUS_GOOD);
    ca_postgres_start(ca);
    CU_ASSERT_TRUE(wait_health(true, "database"));
    AUTO_ANSWER again = flow_call(
        flow, &(struct call){.method = "GET", .path = "/v1/certificates", .cert = "admin"});
    flow_expect(&again, 200, "API again");
}

/* --- the signers are silent --- */

static void
signal_signers(int signal_number)
{
    CU_ASSERT_TRUE(ca_kill(flow_ca(flow), CA_ISSUING, signal_number));
    CU_ASSERT_TRUE(ca_kill(flow_ca(flow), CA_STATUS, signal_number));
}

/* They ended with the database and are started again. */
static void
wait_signers(void)
{
    for (int i = 0; i < 200; i++) {
        AUTO_PARTY next = {.key = NULL};

        if (ca_pid(flow_ca(flow), CA_ISSUING) && ca_pid(flow_ca(flow), CA_STATUS) &&
            flow_renew(flow, &party, NULL, &next) < 300)
            return;
        ca_run(flow_ca(flow), NULL, NULL, "sleep", "0.1", NULL);
    }
    CU_FAIL_FATAL("the signers are not back");
}

static void
while_both_signers_are_silent(void)
{
    char token[CA_TOKEN_TEXT];
    AUTO_KEY key = key_make();
    AUTO_BUFFER body = {.max = 0};
    const struct call call = {
        .method = "POST", .path = "/v1/certificates", .token = token, .text = NULL};
    struct call enrol = call;
    struct ocsp_said said;

    wait_signers();
    flow_token(flow, "health/silent", 0, token);
    csr_plain_body(key, "", &body);
    enrol.text = buffer_text(&body);
    signal_signers(SIGSTOP);
    AUTO_ANSWER refused = flow_call(flow, &enrol);
    CU_ASSERT_EQUAL(refused.status, 503);
    CU_ASSERT_TRUE(strstr(answer_text(&refused, "type"), "signer-unavailable") ||
                   strstr(answer_text(&refused, "type"), "deadline"));
    ocsp_ask(flow, "5151320102030405060708090a0b0c0d0e0f10", &said);
    CU_ASSERT_EQUAL(said.response_status, OCSP_RESPONSE_STATUS_TRYLATER);
    CU_ASSERT_TRUE(wait_health(false, "issuing_signer"));
    CU_ASSERT_TRUE(wait_health(false, "status_signer"));
    AUTO_ANSWER unready = health("/readyz");
    CU_ASSERT_TRUE(part_ready(&unready, "database"));
    CU_ASSERT_TRUE(part_ready(&unready, "publisher"));
    signal_signers(SIGCONT);
    CU_ASSERT_TRUE(wait_health(true, "issuing_signer"));
    CU_ASSERT_TRUE(wait_health(true, "status_signer"));
    /* The token was not lost by it. */
    AUTO_ANSWER answer = flow_call(flow, &enrol);
    CU_ASSERT_TRUE(answer.status == 201 || answer.status == 200);
    CU_ASSERT_EQUAL(flow_number(flow,
                                "SELECT count(*) FROM certificate c JOIN identity i ON i.id = "
                                "c.identity WHERE i.name = 'health/silent'"),
                    1);
}

int
main(void)
{
    int status;

    flow = flow_start(NULL);
    flow_enrol(flow, "health/party", &party);
    status = RUN_SUITE("health", TEST(every_part_is_named),
                       TEST(metrics_have_histograms_per_route_and_stage),
                       TEST(without_the_database), TEST(while_both_signers_are_silent));
    party_done(&party);
    flow_stop(flow);
    return status;
}
