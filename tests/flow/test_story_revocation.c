/* Revocation by each way and reason, whose it may be, and how soon relying parties see it. */
#include "suite.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "flow_csr.h"
#include "flow_ocsp.h"
#include "signet/clock.h"
#include "signet/file.h"

enum { SOON_MS = 10000, CRL_MS = 20000 };

static struct flow *flow;

static struct answer
revoke(const char *cert, const char *body)
{
    return flow_call(flow, &(struct call){"POST", "/v1/revocations", .cert = cert, .text = body});
}

static json_int_t
number_of(const struct answer *answer, const char *member)
{
    return json_integer_value(json_object_get(answer->json, member));
}

/* The one entry of an answer about one certificate. */
static void
check_single(const struct answer *answer, int fresh, const char *serial, const char *reason)
{
    const json_t *entry = json_array_get(json_object_get(answer->json, "certificates"), 0);

    if (!flow_expect(answer, 200, serial))
        return;
    CU_ASSERT_EQUAL(number_of(answer, "revoked"), fresh);
    CU_ASSERT_EQUAL(number_of(answer, "already_revoked"), 1 - fresh);
    CU_ASSERT_EQUAL(json_array_size(json_object_get(answer->json, "certificates")), 1);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(entry, "serial")), serial);
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(entry, "reason")), reason);
}

static bool
crl_lists(const char *serial)
{
    char url[128];
    AUTO_ANSWER answer = {.status = 0};
    const unsigned char *der;
    X509_CRL *crl;
    X509_REVOKED *entry = NULL;
    BIGNUM *number = NULL;
    ASN1_INTEGER *wanted;
    bool found;

    snprintf(url, sizeof(url), "%s/crl/issuing-1.crl", flow_ca(flow)->publish_url);
    answer = flow_call(flow, &(struct call){.method = "GET", .path = url});
    der = answer.body.data;
    crl = d2i_X509_CRL(NULL, &der, (long)answer.body.len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(crl);
    BN_hex2bn(&number, serial);
    wanted = BN_to_ASN1_INTEGER(number, NULL);
    found = X509_CRL_get0_by_serial(crl, &entry, wanted) == 1;
    ASN1_INTEGER_free(wanted);
    BN_free(number);
    X509_CRL_free(crl);
    return found;
}

static void
wait_crl(const char *serial)
{
    int64_t start_ms = clock_monotonic_ms();

    while (!crl_lists(serial) && clock_monotonic_ms() - start_ms < CRL_MS)
        ca_run(flow_ca(flow), NULL, NULL, "sleep", "0.05", NULL);
    CU_ASSERT_TRUE(crl_lists(serial));
}

static void
ocsp_and_crl_tell_it_soon(void)
{
    int worst_ms = 0;

    for (int i = 0; i < 10; i++) {
        AUTO_PARTY party = {.key = NULL};
        struct ocsp_said said;
        int ms;

        flow_enrol(flow, "revoke/soon", &party);
        ocsp_ask(flow, party.serial, &said); /* so that `good` is in the cache */
        CU_ASSERT_EQUAL(said.status, V_OCSP_CERTSTATUS_GOOD);
        CU_ASSERT_TRUE(said.verified);
        flow_revoke(flow, "serial", party.serial, "keyCompromise");
        ms = ocsp_wait_revoked(flow, party.serial, SOON_MS);
        CU_ASSERT_TRUE(ms >= 0);
        worst_ms = ms > worst_ms ? ms : worst_ms;
        if (i == 9)
            wait_crl(party.serial);
    }
    printf("\n    OCSP told a revocation after %d ms at most (limit of the promise: 100) ",
           worst_ms);
}

static void
each_reason_is_told_by_ocsp(void)
{
    static const struct {
        const char *name;
        int code;
    } rows[] = {
        {"unspecified", -1},
        {"keyCompromise", OCSP_REVOKED_STATUS_KEYCOMPROMISE},
        {"affiliationChanged", OCSP_REVOKED_STATUS_AFFILIATIONCHANGED},
        {"superseded", OCSP_REVOKED_STATUS_SUPERSEDED},
        {"cessationOfOperation", OCSP_REVOKED_STATUS_CESSATIONOFOPERATION},
        {"privilegeWithdrawn", 9},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_PARTY party = {.key = NULL};
        char body[256];
        struct ocsp_said said;

        flow_enrol(flow, "revoke/reasons", &party);
        snprintf(body, sizeof(body), "{\"serial\": \"%s\", \"reason\": \"%s\"}", party.serial,
                 rows[i].name);
        AUTO_ANSWER answer = revoke("admin", body);
        check_single(&answer, 1, party.serial, rows[i].name);
        CU_ASSERT_TRUE(ocsp_wait_revoked(flow, party.serial, SOON_MS) >= 0);
        ocsp_ask(flow, party.serial, &said);
        CU_ASSERT_EQUAL(said.reason, rows[i].code);
    }
}

static void
by_certificate_as_pem_and_without_a_reason(void)
{
    AUTO_PARTY party = {.key = NULL};
    char path[160];
    AUTO_BUFFER pem = {.max = 65536};
    AUTO_ANSWER answer = {.status = 0};
    json_t *request;
    char *text;
    struct error err = {0};

    flow_enrol(flow, "revoke/pem", &party);
    snprintf(path, sizeof(path), "%s/%s.pem", flow_ca(flow)->work, party.file);
    CU_ASSERT_TRUE_FATAL(ASSERT_OK(file_read(path, &pem, &err), &err));
    /* The leaf alone: the chain follows in the file. */
    *(strstr(buffer_text(&pem), "-----END CERTIFICATE-----") + 26) = '\0';
    request = json_pack("{s:s}", "certificate", (const char *)pem.data);
    text = json_dumps(request, 0);
    answer = revoke("admin", text);
    check_single(&answer, 1, party.serial, "unspecified");
    free(text);
    json_decref(request);
}

static void
twice_changes_nothing_but_a_rise_to_key_compromise(void)
{
    AUTO_PARTY party = {.key = NULL};
    char body[256], first[64], second[64];
    static const struct {
        const char *asked, *stands;
        int fresh;
    } rows[] = {
        {"superseded", "superseded", 1},           {"superseded", "superseded", 0},
        {"cessationOfOperation", "superseded", 0}, {"keyCompromise", "keyCompromise", 0},
        {"unspecified", "keyCompromise", 0},
    };

    flow_enrol(flow, "revoke/twice", &party);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        snprintf(body, sizeof(body), "{\"serial\": \"%s\", \"reason\": \"%s\"}", party.serial,
                 rows[i].asked);
        AUTO_ANSWER answer = revoke("admin", body);
        check_single(&answer, rows[i].fresh, party.serial, rows[i].stands);
        flow_text(flow, second, sizeof(second),
                  "SELECT revoked_at FROM revocation WHERE serial = '\\x%s'", party.serial);
        if (i > 0)
            CU_ASSERT_STRING_EQUAL(first, second);
        memcpy(first, second, sizeof(first));
    }
}

static void
invalidity_date_is_kept(void)
{
    AUTO_PARTY party = {.key = NULL};
    char body[256], text[64];

    flow_enrol(flow, "revoke/invalidity", &party);
    snprintf(body, sizeof(body),
             "{\"serial\": \"%s\", \"reason\": \"keyCompromise\", \"invalidity_date\": "
             "\"2026-01-02T03:04:05Z\"}",
             party.serial);
    AUTO_ANSWER answer = revoke("admin", body);
    check_single(&answer, 1, party.serial, "keyCompromise");
    flow_text(flow, text, sizeof(text),
              "SELECT to_char(invalid_at AT TIME ZONE 'UTC', "
              "'YYYY-MM-DD HH24:MI:SS') FROM revocation WHERE serial = "
              "'\\x%s'",
              party.serial);
    CU_ASSERT_STRING_EQUAL(text, "2026-01-02 03:04:05");
}

/* Every certificate of the key, of whichever identity, and the key is refused from then on. */
static void
by_key_blocks_it_for_ever(void)
{
    AUTO_PARTY one = {.key = NULL};
    AUTO_PARTY two = {.key = NULL};
    char hash[65], body[256], token[CA_TOKEN_TEXT];
    AUTO_BUFFER csr = {.max = 0};
    AUTO_ANSWER answer = {.status = 0};

    flow_enrol(flow, "revoke/key", &one);
    CU_ASSERT_EQUAL_FATAL(flow_renew(flow, &one, one.key, &two), 201);
    key_hash(one.key, hash);
    snprintf(body, sizeof(body), "{\"spki_sha256\": \"%s\", \"reason\": \"keyCompromise\"}", hash);
    answer = revoke("admin", body);
    CU_ASSERT_TRUE(flow_expect(&answer, 200, "by key"));
    CU_ASSERT_EQUAL(number_of(&answer, "revoked"), 2);
    CU_ASSERT_TRUE(ocsp_wait_revoked(flow, one.serial, SOON_MS) >= 0);
    CU_ASSERT_TRUE(ocsp_wait_revoked(flow, two.serial, SOON_MS) >= 0);
    flow_token(flow, "revoke/elsewhere", 0, token);
    csr_plain_body(one.key, "", &csr);
    flow_refused(
        flow, &(struct call){"POST", "/v1/certificates", .token = token, .text = buffer_text(&csr)},
        &(struct refusal){403, "key-blocked", "key", NULL}, "blocked key");
}

/* A key nobody has a certificate for yet can be blocked as well. */
static void
a_key_is_blocked_before_it_comes(void)
{
    AUTO_KEY key = key_make();
    AUTO_PARTY party = {.key = NULL};
    char hash[65], body[256];
    AUTO_BUFFER csr = {.max = 0};
    AUTO_ANSWER answer = {.status = 0};

    key_hash(key, hash);
    snprintf(body, sizeof(body), "{\"spki_sha256\": \"%s\"}", hash);
    answer = revoke("admin", body);
    CU_ASSERT_TRUE(flow_expect(&answer, 200, "unseen key"));
    CU_ASSERT_EQUAL(number_of(&answer, "revoked"), 0);
    flow_enrol(flow, "revoke/unseen", &party);
    csr_plain_body(key, "", &csr);
    flow_refused(flow,
                 &(struct call){"POST", "/v1/certificates/renew", .cert = party.file,
                                .text = buffer_text(&csr)},
                 &(struct refusal){403, "key-blocked", "key", NULL}, "renewal with it");
}

static void
by_identity_ends_everything_of_it(void)
{
    AUTO_PARTY one = {.key = NULL};
    AUTO_PARTY two = {.key = NULL};
    AUTO_KEY key = key_make();
    AUTO_BUFFER csr = {.max = 0};
    char token[CA_TOKEN_TEXT];
    AUTO_ANSWER answer = {.status = 0};
    AUTO_ANSWER again = {.status = 0};

    flow_enrol(flow, "revoke/identity", &one);
    flow_enrol(flow, "revoke/identity", &two);
    flow_token(flow, "revoke/identity", 0, token);
    answer = revoke("admin", "{\"identity\": \"revoke/identity\", \"reason\": "
                             "\"privilegeWithdrawn\"}");
    CU_ASSERT_TRUE(flow_expect(&answer, 200, "identity"));
    CU_ASSERT_EQUAL(number_of(&answer, "revoked"), 2);
    CU_ASSERT_TRUE(ocsp_wait_revoked(flow, one.serial, SOON_MS) >= 0);
    CU_ASSERT_TRUE(ocsp_wait_revoked(flow, two.serial, SOON_MS) >= 0);
    wait_crl(one.serial);
    wait_crl(two.serial);
    csr_plain_body(key, "", &csr);
    flow_refused(
        flow, &(struct call){"POST", "/v1/certificates", .token = token, .text = buffer_text(&csr)},
        &(struct refusal){403, "identity-revoked", "revoke/identity", NULL}, "its token");
    flow_refused(flow,
                 &(struct call){"POST", "/v1/certificates/renew", .cert = one.file,
                                .text = buffer_text(&csr)},
                 &(struct refusal){403, "certificate-revoked", one.serial, NULL}, "its renewal");
    flow_refused(flow,
                 &(struct call){"POST", "/v1/tokens", .cert = "admin",
                                .text = "{\"identity\": \"revoke/identity\"}"},
                 &(struct refusal){403, "identity-revoked", "revoke/identity", NULL},
                 "a new token");
    flow_refused(flow,
                 &(struct call){"PATCH", "/v1/identities/revoke/identity", .cert = "admin",
                                .text = "{\"state\": \"active\"}"},
                 &(struct refusal){409, "state-conflict", "revoke/identity", NULL}, "back again");
    again = revoke("admin", "{\"identity\": \"revoke/identity\"}");
    CU_ASSERT_TRUE(flow_expect(&again, 200, "identity twice"));
    CU_ASSERT_EQUAL(number_of(&again, "revoked"), 0);
    CU_ASSERT_EQUAL(number_of(&again, "already_revoked"), 0);
}

/* What was revoked for less before follows when the whole key turns out to be lost. */
static void
by_key_raises_what_was_revoked_before(void)
{
    AUTO_PARTY one = {.key = NULL};
    AUTO_PARTY two = {.key = NULL};
    char hash[65], body[256];
    struct ocsp_said said;
    AUTO_ANSWER answer = {.status = 0};

    flow_enrol(flow, "revoke/raised", &one);
    CU_ASSERT_EQUAL_FATAL(flow_renew(flow, &one, one.key, &two), 201);
    flow_revoke(flow, "serial", one.serial, "superseded");
    key_hash(one.key, hash);
    snprintf(body, sizeof(body), "{\"spki_sha256\": \"%s\", \"reason\": \"keyCompromise\"}", hash);
    answer = revoke("admin", body);
    CU_ASSERT_TRUE(flow_expect(&answer, 200, "by key"));
    CU_ASSERT_EQUAL(number_of(&answer, "revoked"), 1);
    CU_ASSERT_EQUAL(number_of(&answer, "already_revoked"), 1);
    for (int64_t start_ms = clock_monotonic_ms(); clock_monotonic_ms() - start_ms < SOON_MS;) {
        ocsp_ask(flow, one.serial, &said);
        if (said.reason == OCSP_REVOKED_STATUS_KEYCOMPROMISE)
            break;
    }
    CU_ASSERT_EQUAL(said.reason, OCSP_REVOKED_STATUS_KEYCOMPROMISE);
}

static void
a_workload_revokes_its_own(void)
{
    AUTO_PARTY caller = {.key = NULL};
    AUTO_PARTY other = {.key = NULL};
    char body[256];

    flow_enrol(flow, "revoke/own", &other);
    flow_enrol(flow, "revoke/own", &caller);
    snprintf(body, sizeof(body), "{\"serial\": \"%s\", \"reason\": \"superseded\"}", other.serial);
    AUTO_ANSWER answer = revoke(caller.file, body);
    check_single(&answer, 1, other.serial, "superseded");
    /* Even the one it calls with; the next call is refused. */
    snprintf(body, sizeof(body), "{\"serial\": \"%s\", \"reason\": \"keyCompromise\"}",
             caller.serial);
    AUTO_ANSWER self = revoke(caller.file, body);
    check_single(&self, 1, caller.serial, "keyCompromise");
    flow_refused(flow, &(struct call){"GET", "/v1/certificates", .cert = caller.file},
                 &(struct refusal){403, "certificate-revoked", caller.serial, NULL}, "afterwards");
}

static void
a_workload_revokes_nobody_elses(void)
{
    AUTO_PARTY caller = {.key = NULL};
    AUTO_PARTY other = {.key = NULL};
    char hash[65], bodies[3][256];
    const struct refusal refusal = {403, "forbidden", "own", "revocation.own"};

    flow_enrol(flow, "revoke/thief", &caller);
    flow_enrol(flow, "revoke/victim", &other);
    key_hash(other.key, hash);
    snprintf(bodies[0], sizeof(bodies[0]), "{\"serial\": \"%s\"}", other.serial);
    snprintf(bodies[1], sizeof(bodies[1]), "{\"spki_sha256\": \"%s\"}", hash);
    snprintf(bodies[2], sizeof(bodies[2]), "{\"identity\": \"revoke/victim\"}");
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
        flow_refused(
            flow, &(struct call){"POST", "/v1/revocations", .cert = caller.file, .text = bodies[i]},
            &refusal, bodies[i]);
}

static void
state_set(const char *identity, const char *state)
{
    char path[128], body[64];

    snprintf(path, sizeof(path), "/v1/identities/%s", identity);
    snprintf(body, sizeof(body), "{\"state\": \"%s\"}", state);
    AUTO_ANSWER answer =
        flow_call(flow, &(struct call){"PATCH", path, .cert = "admin", .text = body});
    flow_expect(&answer, 200, state);
    CU_ASSERT_STRING_EQUAL(answer_text(&answer, "state"), state);
}

/* Nothing is revoked by it, and all of it comes back. */
static void
suspension_stops_and_resuming_lets_go(void)
{
    AUTO_PARTY party = {.key = NULL};
    AUTO_PARTY next = {.key = NULL};
    char token[CA_TOKEN_TEXT];
    AUTO_BUFFER csr = {.max = 0};
    AUTO_KEY key = key_make();
    const struct refusal refusal = {403, "identity-suspended", "revoke/suspended", NULL};
    struct ocsp_said said;

    flow_enrol(flow, "revoke/suspended", &party);
    flow_token(flow, "revoke/suspended", 0, token);
    csr_plain_body(key, "", &csr);
    state_set("revoke/suspended", "suspended");
    flow_refused(
        flow, &(struct call){"POST", "/v1/certificates", .token = token, .text = buffer_text(&csr)},
        &refusal, "token");
    flow_refused(flow,
                 &(struct call){"POST", "/v1/certificates/renew", .cert = party.file,
                                .text = buffer_text(&csr)},
                 &refusal, "renewal");
    flow_refused(flow, &(struct call){"GET", "/v1/certificates", .cert = party.file}, &refusal,
                 "call");
    flow_refused(flow,
                 &(struct call){"POST", "/v1/tokens", .cert = "admin",
                                .text = "{\"identity\": \"revoke/suspended\"}"},
                 &refusal, "new token");
    ocsp_ask(flow, party.serial, &said);
    CU_ASSERT_EQUAL(said.status, V_OCSP_CERTSTATUS_GOOD);
    state_set("revoke/suspended", "active");
    CU_ASSERT_EQUAL(flow_renew(flow, &party, NULL, &next), 201);
    AUTO_ANSWER answer = flow_call(flow, &(struct call){"POST", "/v1/certificates", .token = token,
                                                        .text = buffer_text(&csr)});
    flow_expect(&answer, 201, "the token of before");
}

int
main(void)
{
    int status;

    flow = flow_start(NULL);
    status = RUN_SUITE(
        "story of revocations", TEST(ocsp_and_crl_tell_it_soon), TEST(each_reason_is_told_by_ocsp),
        TEST(by_certificate_as_pem_and_without_a_reason),
        TEST(twice_changes_nothing_but_a_rise_to_key_compromise), TEST(invalidity_date_is_kept),
        TEST(by_key_blocks_it_for_ever), TEST(by_key_raises_what_was_revoked_before),
        TEST(a_key_is_blocked_before_it_comes), TEST(by_identity_ends_everything_of_it),
        TEST(a_workload_revokes_its_own), TEST(a_workload_revokes_nobody_elses),
        TEST(suspension_stops_and_resuming_lets_go));
    flow_stop(flow);
    return status;
}
