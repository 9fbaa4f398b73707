/* Real answers of every operation against docs/openapi.yaml: each documented success and, by way of
 * a refusal, the problem document. Whatever an answer has and the document has not is a fault as
 * well. */
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "flow_csr.h"
#include "flow_schema.h"
#include "flow_yaml.h"

static struct flow *flow;
static json_t *document;
static json_t *seen; /* "post /v1/tokens 201": true */
static struct party party;

static const char pem_chain[] = "application/pem-certificate-chain";

/* `operation` is the path as documented, `call` what is asked. */
static void
conforms(const char *operation, int status, const struct call *call)
{
    char method[8] = "", fault[SCHEMA_FAULT] = "", key[160];
    AUTO_ANSWER answer = flow_call(flow, call);

    for (size_t i = 0; call->method[i] && i + 1 < sizeof(method); i++)
        method[i] = (char)(call->method[i] | 0x20);
    if (!flow_expect(&answer, status, operation))
        return;
    snprintf(key, sizeof(key), "%s %s %s", method, operation,
             status >= 400   ? "default"
             : status == 201 ? "201"
                             : "200");
    json_object_set_new(seen, key, json_true());
    if (schema_check_answer(document, operation, method, &answer, fault))
        return;
    printf("\n    %s %d: %s\n", key, status, fault);
    CU_FAIL("the answer is not as documented");
}

/* Both representations, first with 201, then the same again with 200. */
static void
issuing(const char *operation, const struct call *call)
{
    struct call pem = *call;

    pem.accept = pem_chain;
    conforms(operation, 201, call);
    conforms(operation, 200, call);
    conforms(operation, 200, &pem);
}

static void
enrolment_and_renewal(void)
{
    char token[CA_TOKEN_TEXT];
    AUTO_KEY key = key_make();
    AUTO_BUFFER body = {.max = 0};

    flow_token(flow, "openapi/enrol", 0, token);
    csr_plain_body(key, ", \"ttl_s\": 3600", &body);
    issuing("/v1/certificates", &(struct call){.method = "POST",
                                               .path = "/v1/certificates",
                                               .token = token,
                                               .text = buffer_text(&body)});
    issuing("/v1/certificates/renew", &(struct call){.method = "POST",
                                                     .path = "/v1/certificates/renew",
                                                     .cert = party.file,
                                                     .text = buffer_text(&body)});
    conforms("/v1/certificates", 409,
             &(struct call){.method = "POST",
                            .path = "/v1/certificates",
                            .token = token,
                            .text = buffer_text(&party.csr)});
    conforms("/v1/certificates/renew", 401,
             &(struct call){
                 .method = "POST", .path = "/v1/certificates/renew", .text = buffer_text(&body)});
}

static void
certificates(void)
{
    char path[128];

    snprintf(path, sizeof(path), "/v1/certificates/%s", party.serial);
    conforms("/v1/certificates/{serial}", 200,
             &(struct call){.method = "GET", .path = path, .cert = "admin"});
    conforms("/v1/certificates/{serial}", 200,
             &(struct call){.method = "GET", .path = path, .cert = "admin", .accept = pem_chain});
    conforms("/v1/certificates/{serial}", 404,
             &(struct call){.method = "GET", .path = "/v1/certificates/00", .cert = "admin"});
    conforms("/v1/certificates", 200,
             &(struct call){.method = "GET", .path = "/v1/certificates", .cert = "admin"});
    conforms("/v1/certificates", 200,
             &(struct call){.method = "GET", .path = "/v1/certificates?limit=1", .cert = "admin"});
    conforms("/v1/certificates", 400,
             &(struct call){.method = "GET", .path = "/v1/certificates?x=1", .cert = "admin"});
}

static void
revocations(void)
{
    AUTO_PARTY victim = {.key = NULL};
    char body[256], path[128];

    flow_enrol(flow, "openapi/victim", &victim);
    snprintf(body, sizeof(body), "{\"serial\": \"%s\", \"reason\": \"superseded\"}", victim.serial);
    conforms(
        "/v1/revocations", 200,
        &(struct call){.method = "POST", .path = "/v1/revocations", .cert = "admin", .text = body});
    conforms(
        "/v1/revocations", 400,
        &(struct call){.method = "POST", .path = "/v1/revocations", .cert = "admin", .text = "{}"});
    /* A revoked certificate shows more than another. */
    snprintf(path, sizeof(path), "/v1/certificates/%s", victim.serial);
    conforms("/v1/certificates/{serial}", 200,
             &(struct call){.method = "GET", .path = path, .cert = "admin"});
}

static void
tokens(void)
{
    conforms("/v1/tokens", 201,
             &(struct call){.method = "POST",
                            .path = "/v1/tokens",
                            .cert = "admin",
                            .text = "{\"identity\": \"openapi/party\"}"});
    conforms("/v1/tokens", 404,
             &(struct call){.method = "POST",
                            .path = "/v1/tokens",
                            .cert = "admin",
                            .text = "{\"identity\": \"openapi/nobody\"}"});
}

static void
identities(void)
{
    static const char made[] = "{\"name\": \"admin/openapi\", \"owner\": \"tests\", \"kind\": "
                               "\"admin\", \"roles\": [\"auditor\", \"revoker\"]}";
    static const char path[] = "/v1/identities/admin/openapi";

    conforms(
        "/v1/identities", 201,
        &(struct call){.method = "POST", .path = "/v1/identities", .cert = "admin", .text = made});
    conforms(
        "/v1/identities", 409,
        &(struct call){.method = "POST", .path = "/v1/identities", .cert = "admin", .text = made});
    conforms("/v1/identities", 200,
             &(struct call){.method = "GET", .path = "/v1/identities", .cert = "admin"});
    conforms("/v1/identities", 200,
             &(struct call){.method = "GET", .path = "/v1/identities?limit=1", .cert = "admin"});
    conforms("/v1/identities", 403,
             &(struct call){.method = "GET", .path = "/v1/identities", .cert = party.file});
    conforms("/v1/identities/{name}", 200,
             &(struct call){.method = "GET", .path = path, .cert = "admin"});
    conforms(
        "/v1/identities/{name}", 404,
        &(struct call){.method = "GET", .path = "/v1/identities/openapi/nobody", .cert = "admin"});
    conforms("/v1/identities/{name}", 200,
             &(struct call){.method = "PATCH",
                            .path = path,
                            .cert = "admin",
                            .text = "{\"state\": \"suspended\"}"});
    conforms("/v1/identities/{name}", 400,
             &(struct call){.method = "PATCH", .path = path, .cert = "admin", .text = "{}"});
}

static void
issuers_and_roots(void)
{
    static const char *const paths[] = {"/v1/issuers", "/v1/roots"};

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        conforms(paths[i], 200, &(struct call){.method = "GET", .path = paths[i]});
        conforms(paths[i], 200,
                 &(struct call){.method = "GET", .path = paths[i], .accept = pem_chain});
        conforms(paths[i], 406,
                 &(struct call){.method = "GET", .path = paths[i], .accept = "image/png"});
    }
}

static void
audit(void)
{
    conforms("/v1/audit", 200,
             &(struct call){.method = "GET", .path = "/v1/audit", .cert = "admin"});
    conforms("/v1/audit", 200,
             &(struct call){.method = "GET", .path = "/v1/audit?limit=1", .cert = "admin"});
    conforms("/v1/audit", 401, &(struct call){.method = "GET", .path = "/v1/audit"});
}

static void
policy(void)
{
    static const struct call get = {.method = "GET", .path = "/v1/policy", .cert = "admin"};
    AUTO_ANSWER now = flow_call(flow, &get);
    json_int_t version = json_integer_value(json_object_get(now.json, "version"));
    json_t *check = json_pack("{s:O}", "document", json_object_get(now.json, "document"));
    char apply[96], *text = json_dumps(check, 0);

    conforms("/v1/policy", 200, &get);
    conforms("/v1/policy", 401, &(struct call){.method = "GET", .path = "/v1/policy"});
    conforms("/v1/policy/versions", 200,
             &(struct call){.method = "GET", .path = "/v1/policy/versions", .cert = "admin"});
    conforms("/v1/policy/versions", 401,
             &(struct call){.method = "GET", .path = "/v1/policy/versions"});
    conforms("/v1/policy/check", 200,
             &(struct call){
                 .method = "POST", .path = "/v1/policy/check", .cert = "admin", .text = text});
    conforms("/v1/policy/check", 400,
             &(struct call){
                 .method = "POST", .path = "/v1/policy/check", .cert = "admin", .text = "{}"});
    snprintf(apply, sizeof(apply), "{\"from_version\": %lld, \"expected_version\": %lld}",
             (long long)version, (long long)version);
    conforms(
        "/v1/policy", 200,
        &(struct call){.method = "POST", .path = "/v1/policy", .cert = "admin", .text = apply});
    conforms("/v1/policy", 400,
             &(struct call){.method = "POST", .path = "/v1/policy", .cert = "admin", .text = "{}"});
    free(text);
    json_decref(check);
}

/* What is documented and was not met by any call above would go unnoticed when it changes. */
static void
every_documented_answer_was_met(void)
{
    const char *path, *method, *status;
    json_t *item, *operation, *response;

    json_object_foreach((json_t *)(uintptr_t)json_object_get(document, "paths"), path, item)
    {
        json_object_foreach(item, method, operation)
        {
            json_object_foreach(json_object_get(operation, "responses"), status, response)
            {
                char key[160];

                snprintf(key, sizeof(key), "%s %s %s", method, path, status);
                if (!json_object_get(seen, key))
                    printf("\n    not met: %s\n", key);
                CU_ASSERT_PTR_NOT_NULL(json_object_get(seen, key));
            }
        }
    }
}

/* The checker itself: it must find what is wrong. */
static void
the_checker_finds_faults(void)
{
    static const struct {
        const char *schema, *value;
        bool good;
    } rows[] = {
        {"Token",
         "{\"token\": \"a\", \"identity\": \"b\", \"expires_at\": \"2026-01-02T03:04:05Z\"}", true},
        {"Token", "{\"token\": \"a\", \"identity\": \"b\"}", false},
        {"Token", "{\"token\": 1, \"identity\": \"b\", \"expires_at\": \"2026-01-02T03:04:05Z\"}",
         false},
        {"Token", "{\"token\": \"a\", \"identity\": \"b\", \"expires_at\": \"soon\"}", false},
        {"Token",
         "{\"token\": \"a\", \"identity\": \"b\", \"expires_at\": \"2026-01-02T03:04:05Z\", "
         "\"more\": 1}",
         false},
        {"IdentityState", "\"active\"", true},
        {"IdentityState", "\"asleep\"", false},
        {"Revocations",
         "{\"revoked\": 1, \"already_revoked\": 0, \"certificates\": [{\"serial\": "
         "\"00\"}]}",
         false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_t *value = json_loads(rows[i].value, JSON_DECODE_ANY, NULL);
        char fault[SCHEMA_FAULT];

        CU_ASSERT_EQUAL(
            schema_check(document,
                         schema_at(document, "components", "schemas", rows[i].schema, NULL), value,
                         fault),
            rows[i].good);
        json_decref(value);
    }
}

int
main(void)
{
    int status;

    document = yaml_load(SIGNET_SOURCE "/docs/openapi.yaml");
    seen = json_object();
    flow = flow_start(NULL);
    flow_enrol(flow, "openapi/party", &party);
    status = RUN_SUITE("answers as documented", TEST(the_checker_finds_faults),
                       TEST(enrolment_and_renewal), TEST(certificates), TEST(revocations),
                       TEST(tokens), TEST(identities), TEST(issuers_and_roots), TEST(audit),
                       TEST(policy), TEST(every_documented_answer_was_met));
    party_done(&party);
    json_decref(document);
    json_decref(seen);
    flow_stop(flow);
    return status;
}
