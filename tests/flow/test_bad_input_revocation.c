/* Revocations that are not carried out. */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "flow_csr.h"
#include "flow_forge.h"
#include "signet/file.h"

static struct flow *flow;
static struct party party;

static void
refused(const char *body, const struct refusal *refusal)
{
    flow_refused(flow, &(struct call){"POST", "/v1/revocations", .cert = "admin", .text = body},
                 refusal, body);
}

static void
unknown_objects(void)
{
    refused("{\"serial\": \"515132000000000000000000000000000000ff\"}",
            &(struct refusal){404, "certificate-not-found",
                              "515132000000000000000000000000000000ff", NULL});
    refused("{\"serial\": \"01\"}",
            &(struct refusal){404, "certificate-not-found", "no certificate", NULL});
    refused("{\"identity\": \"bad/nobody\"}",
            &(struct refusal){404, "identity-not-found", "bad/nobody", NULL});
}

static void
malformed_selectors(void)
{
    static const struct {
        const char *body, *names;
    } rows[] = {
        {"{\"serial\": \"xyz1\"}", "serial"},
        {"{\"serial\": \"123\"}", "serial"},
        {"{\"serial\": \"\"}", "serial"},
        {"{\"serial\": \"51:51\"}", "serial"},
        {"{\"serial\": \"5151320000000000000000000000000000000000000000\"}", "serial"},
        {"{\"spki_sha256\": \"00\"}", "spki_sha256"},
        {"{\"spki_sha256\": \"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\"}",
         "spki_sha256"},
        {"{\"certificate\": \"nothing\"}", "certificate"},
        {"{\"certificate\": \"MAA=\"}", "certificate"},
        {"{\"identity\": \"\"}", "identity"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        refused(rows[i].body, &(struct refusal){400, "member-invalid", rows[i].names, NULL});
}

static void
none_or_two_selectors(void)
{
    char body[256];

    refused("{\"reason\": \"superseded\"}",
            &(struct refusal){400, "member-missing", "serial", NULL});
    snprintf(body, sizeof(body), "{\"serial\": \"%s\", \"identity\": \"%s\"}", party.serial,
             party.identity);
    refused(body, &(struct refusal){400, "member-invalid", "identity", NULL});
}

static void
reasons_that_are_not_taken(void)
{
    static const char *const reasons[] = {
        "\"certificateHold\"",
        "\"removeFromCRL\"",
        "\"cACompromise\"",
        "\"aACompromise\"",
        "\"KEYCOMPROMISE\"",
        "\"keycompromise\"",
        "\"stolen\"",
        "\"\"",
        "1",
        "null",
        "\"1\"",
    };

    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        char body[256];

        snprintf(body, sizeof(body), "{\"serial\": \"%s\", \"reason\": %s}", party.serial,
                 reasons[i]);
        refused(body, &(struct refusal){400, "member-invalid", "reason", NULL});
    }
}

static void
invalidity_dates_that_are_none(void)
{
    static const char *const dates[] = {"2126-01-01T00:00:00Z", "yesterday",
                                        "2026-02-30T00:00:00Z", "2026-01-01 00:00:00",
                                        "1767225600",           ""};

    for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
        char body[256];

        snprintf(body, sizeof(body), "{\"serial\": \"%s\", \"invalidity_date\": \"%s\"}",
                 party.serial, dates[i]);
        refused(body, &(struct refusal){400, "member-invalid", "invalidity_date", NULL});
    }
}

static void
refused_certificate(const char *pem, const struct refusal *refusal)
{
    json_t *body = json_pack("{s:s}", "certificate", pem);
    char *text = json_dumps(body, 0);

    refused(text, refusal);
    free(text);
    json_decref(body);
}

/* The serial is ours and the rest is not: the real one stays as it is. */
static void
forged_certificates_with_our_serial(void)
{
    static const enum forge kinds[] = {FORGE_COPY, FORGE_FOREIGN, FORGE_SELF};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        AUTO_BUFFER pem = {.max = 0};

        flow_forge(flow, kinds[i], &party, "forged", &pem);
        refused_certificate(buffer_text(&pem),
                            &(struct refusal){404, "certificate-not-found", party.serial, NULL});
    }
}

static void
certificates_of_authorities(void)
{
    const char *const paths[] = {flow_ca(flow)->root_pem, flow_ca(flow)->issuing_pem};

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        AUTO_BUFFER pem = {.max = 65536};
        struct error err = {0};

        CU_ASSERT_TRUE_FATAL(ASSERT_OK(file_read(paths[i], &pem, &err), &err));
        refused_certificate(buffer_text(&pem), &(struct refusal){404, "certificate-not-found",
                                                                 "no certificate", NULL});
    }
}

static void
two_certificates_in_one(void)
{
    char path[160];
    AUTO_BUFFER pem = {.max = 65536};
    struct error err = {0};

    snprintf(path, sizeof(path), "%s/%s.pem", flow_ca(flow)->work, party.file); /* with its chain */
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(file_read(path, &pem, &err), &err));
    refused_certificate(buffer_text(&pem),
                        &(struct refusal){400, "member-invalid", "certificate", "pem.trailing"});
}

static void
the_authoritys_own_identities(void)
{
    refused("{\"identity\": \"signet/server\"}",
            &(struct refusal){409, "state-conflict", "signet/server", "identity.own"});
    refused("{\"identity\": \"signet/ocsp\"}",
            &(struct refusal){409, "state-conflict", "signet/ocsp", "identity.own"});
}

static void
the_second_time_writes_nothing(void)
{
    char body[256], before[FLOW_COUNTS_TEXT], after[FLOW_COUNTS_TEXT];

    snprintf(body, sizeof(body), "{\"serial\": \"%s\", \"reason\": \"superseded\"}", party.serial);
    flow_revoke(flow, "serial", party.serial, "superseded");
    flow_counts(flow, before);
    AUTO_ANSWER again =
        flow_call(flow, &(struct call){"POST", "/v1/revocations", .cert = "admin", .text = body});
    flow_counts(flow, after);
    flow_expect(&again, 200, "twice");
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(again.json, "revoked")), 0);
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(again.json, "already_revoked")), 1);
    CU_ASSERT_STRING_EQUAL(before, after);
}

static void
refusals_are_recorded(void)
{
    CU_ASSERT_TRUE(flow_number(flow, "SELECT count(*) FROM audit_event WHERE action = "
                                     "'revocation.create' AND outcome = 'refused' AND actor = "
                                     "'admin/alice' AND rule = 'certificate-not-found'") >= 7);
    CU_ASSERT_TRUE(flow_number(flow, "SELECT count(*) FROM audit_event WHERE action = "
                                     "'revocation.create' AND outcome = 'refused' AND rule = "
                                     "'identity.own'") == 2);
}

int
main(void)
{
    int status;

    flow = flow_start(NULL);
    flow_enrol(flow, "bad/revocation", &party);
    status = RUN_SUITE("bad revocations", TEST(unknown_objects), TEST(malformed_selectors),
                       TEST(none_or_two_selectors), TEST(reasons_that_are_not_taken),
                       TEST(invalidity_dates_that_are_none),
                       TEST(forged_certificates_with_our_serial), TEST(certificates_of_authorities),
                       TEST(two_certificates_in_one), TEST(the_authoritys_own_identities),
                       TEST(the_second_time_writes_nothing), TEST(refusals_are_recorded));
    party_done(&party);
    flow_stop(flow);
    return status;
}
