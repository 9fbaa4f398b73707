/* Renewal with certificates that are not good for it, over connections that were made with them. */
#include "suite.h"

#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "flow_csr.h"
#include "flow_forge.h"

static struct flow *flow;
static struct buffer request;
static struct party model; /* whom the forgers imitate */

static void
refused(const char *cert, const struct refusal *refusal, const char *row)
{
    flow_refused(flow,
                 &(struct call){"POST", "/v1/certificates/renew", .cert = cert,
                                .text = buffer_text(&request)},
                 refusal, row);
    /* Nor for anything else. */
    flow_refused(flow, &(struct call){"GET", "/v1/certificates", .cert = cert}, refusal, row);
    flow_refused(flow, &(struct call){"GET", "/v1/roots", .cert = cert}, refusal, row);
}

static void
without_a_certificate(void)
{
    flow_refused(
        flow, &(struct call){"POST", "/v1/certificates/renew", .text = buffer_text(&request)},
        &(struct refusal){401, "unauthenticated", "client certificate", "route.callers"}, "nobody");
}

/* One second of life is left to it when it is made. */
static void
expired(void)
{
    char token[CA_TOKEN_TEXT];
    AUTO_KEY key = key_make();
    AUTO_BUFFER body = {.max = 0};
    AUTO_PARTY party = {.key = NULL};
    AUTO_ANSWER answer = {.status = 0};

    flow_token(flow, "bad/expired", 0, token);
    csr_plain_body(key, ", \"ttl_s\": 61", &body);
    answer = flow_call(flow, &(struct call){"POST", "/v1/certificates", .token = token,
                                            .text = buffer_text(&body)});
    CU_ASSERT_TRUE_FATAL(flow_expect(&answer, 201, "a short life"));
    party_take(flow, "bad/expired", key, buffer_text(&body), &answer, &party);
    ca_run(flow_ca(flow), NULL, NULL, "sleep", "2", NULL);
    refused(party.file, &(struct refusal){401, "certificate-expired", party.serial, NULL},
            "expired");
}

static void
revoked(void)
{
    AUTO_PARTY party = {.key = NULL};

    flow_enrol(flow, "bad/revoked", &party);
    flow_revoke(flow, "serial", party.serial, "keyCompromise");
    refused(party.file, &(struct refusal){403, "certificate-revoked", party.serial, NULL},
            "revoked");
}

/* Revoked while the connection stands: the next request on it is refused. */
static void
revoked_on_a_kept_connection(void)
{
    AUTO_PARTY party = {.key = NULL};
    AUTO_ANSWER before = {.status = 0};

    flow_enrol(flow, "bad/kept", &party);
    before = flow_call(flow, &(struct call){"GET", "/v1/certificates", .cert = party.file});
    flow_expect(&before, 200, "before");
    flow_revoke(flow, "serial", party.serial, "keyCompromise");
    refused(party.file, &(struct refusal){403, "certificate-revoked", party.serial, NULL}, "kept");
}

static void
foreign_and_forged(void)
{
    static const struct {
        enum forge kind;
        const char *stem;
    } rows[] = {
        {FORGE_COPY, "forged-copy"},
        {FORGE_SIGNATURE, "forged-signature"},
        {FORGE_FOREIGN, "foreign"},
        {FORGE_SELF, "self-signed"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        flow_forge(flow, rows[i].kind, &model, rows[i].stem, NULL);
        refused(rows[i].stem,
                &(struct refusal){401, "certificate-unknown", "client certificate", NULL},
                rows[i].stem);
    }
}

/* The right one is none the worse for it. */
static void
the_model_is_not_harmed(void)
{
    AUTO_PARTY next = {.key = NULL};

    CU_ASSERT_EQUAL(flow_renew(flow, &model, NULL, &next), 201);
}

/* The authority's own certificates open no door. */
static void
the_servers_own_certificate(void)
{
    struct ca *ca = flow_ca(flow);
    AUTO_BUFFER out = {.max = 4096};

    CU_ASSERT_EQUAL_FATAL(ca_run(ca, NULL, &out, "sh", "-c",
                                 "cp \"$0/tls/server.pem\" own.pem && cp \"$0/tls/server.pem\" "
                                 "own.key && chmod 600 own.key",
                                 ca->folder, NULL),
                          0);
    refused("own", &(struct refusal){403, "forbidden", "signet/server", NULL}, "own certificate");
}

static void
of_a_suspended_identity(void)
{
    AUTO_PARTY party = {.key = NULL};
    AUTO_ANSWER change = {.status = 0};

    flow_enrol(flow, "bad/suspended", &party);
    change = flow_call(flow, &(struct call){"PATCH", "/v1/identities/bad/suspended",
                                            .cert = "admin", .text = "{\"state\": \"suspended\"}"});
    flow_expect(&change, 200, "suspend");
    refused(party.file, &(struct refusal){403, "identity-suspended", "bad/suspended", NULL},
            "suspended");
}

static void
refusals_of_known_and_unknown_callers_are_recorded(void)
{
    /* Those of callers who are not known are gathered before they are written. */
    for (int i = 0; i < 300; i++) {
        if (flow_number(flow,
                        "SELECT count(DISTINCT rule) FROM audit_event WHERE outcome = 'refused' "
                        "AND action = 'certificate.renew' AND rule IN ('certificate-unknown', "
                        "'certificate-expired', 'certificate-revoked', 'identity-suspended')") == 4)
            return;
        ca_run(flow_ca(flow), NULL, NULL, "sleep", "0.1", NULL);
    }
    CU_FAIL("a refusal is not in the audit trail");
}

int
main(void)
{
    AUTO_KEY key = key_make();
    int status;

    flow = flow_start(NULL);
    csr_plain_body(key, "", &request);
    flow_enrol(flow, "bad/model", &model);
    status = RUN_SUITE("bad renewals", TEST(without_a_certificate), TEST(expired), TEST(revoked),
                       TEST(revoked_on_a_kept_connection), TEST(foreign_and_forged),
                       TEST(the_model_is_not_harmed), TEST(the_servers_own_certificate),
                       TEST(of_a_suspended_identity),
                       TEST(refusals_of_known_and_unknown_callers_are_recorded));
    party_done(&model);
    buffer_done(&request);
    flow_stop(flow);
    return status;
}
