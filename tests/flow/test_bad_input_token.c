/* Enrolment tokens that must not lead to a certificate. */
#include "suite.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "flow_csr.h"
#include "signet/encode.h"

static struct flow *flow;
static EVP_PKEY *key;
static struct buffer request; /* a right one */

static struct call
enrolment(const char *token)
{
    return (struct call){.method = "POST",
                         .path = "/v1/certificates",
                         .token = token,
                         .text = buffer_text(&request)};
}

static void
refused(const char *token, const struct refusal *refusal, const char *row)
{
    const struct call call = enrolment(token);

    flow_refused(flow, &call, refusal, row);
}

static void
unknown_and_malformed(void)
{
    static const char *const tokens[] = {
        "sgt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* right in form */
        "sgt_",
        "sgt_AAAA",
        "sgt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* one more */
        "sgt_+/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",  /* the other alphabet */
        "SGT_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "x",
    };

    for (size_t i = 0; i < ARRAY_LEN(tokens); i++)
        refused(tokens[i], &(struct refusal){401, "token-unknown", "token", NULL}, tokens[i]);
}

/* The token that was nearly right is not told back, and no answer tells how near it was. */
static void
a_changed_character(void)
{
    char token[CA_TOKEN_TEXT];
    AUTO_ANSWER answer = {.status = 0};
    struct call call;

    flow_token(flow, "bad/token", 0, token);
    token[20] = token[20] == 'A' ? 'B' : 'A';
    call = enrolment(token);
    answer = flow_call(flow, &call);
    flow_expect_refused(&answer, &(struct refusal){401, "token-unknown", "token", NULL}, "changed");
    CU_ASSERT_PTR_NULL(strstr(buffer_text(&answer.body), token + 4));
}

static void
another_scheme(void)
{
    static const char *const headers[] = {"Authorization: Basic YWxpY2U6c2VjcmV0",
                                          "Authorization: Digest x", "Authorization: sgt_x"};

    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        struct call call = enrolment(NULL);

        call.header = headers[i];
        flow_refused(flow, &call, &(struct refusal){401, "unauthenticated", "", NULL}, headers[i]);
    }
}

static void
expire(const char *token)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    char hash[2 * sizeof(digest) + 1];

    SHA256((const unsigned char *)token, strlen(token), digest);
    hex_encode(bytes_of(digest, sizeof(digest)), hash, sizeof(hash));
    CU_ASSERT_EQUAL(flow_number(flow,
                                "WITH x AS (UPDATE enrol_token SET created_at = now() - interval "
                                "'2 hours', expires_at = now() - interval '1 second' WHERE hash "
                                "= '\\x%s' RETURNING 1) SELECT count(*) FROM x",
                                hash),
                    1);
}

static void
expired(void)
{
    char token[CA_TOKEN_TEXT];

    flow_token(flow, "bad/token", 0, token);
    expire(token);
    refused(token, &(struct refusal){401, "token-expired", "token", NULL}, "expired");
}

static void
expired_after_its_use(void)
{
    char token[CA_TOKEN_TEXT];
    AUTO_ANSWER answer = {.status = 0};
    struct call call;

    flow_token(flow, "bad/token", 0, token);
    call = enrolment(token);
    answer = flow_call(flow, &call);
    flow_expect(&answer, 201, "in time");
    expire(token);
    refused(token, &(struct refusal){401, "token-expired", "token", NULL}, "the same, too late");
}

static void
used_with_another_request(void)
{
    char token[CA_TOKEN_TEXT];
    AUTO_KEY other = key_make();
    AUTO_BUFFER body = {.max = 0};
    AUTO_ANSWER first = {.status = 0};
    AUTO_ANSWER again = {.status = 0};
    struct call call;

    flow_token(flow, "bad/token", 0, token);
    call = enrolment(token);
    first = flow_call(flow, &call);
    flow_expect(&first, 201, "first");
    csr_plain_body(other, "", &body);
    call.text = buffer_text(&body);
    flow_refused(flow, &call,
                 &(struct refusal){409, "grant-used", answer_text(&first, "serial"), NULL},
                 "another");
    call = enrolment(token);
    again = flow_call(flow, &call);
    flow_expect(&again, 200, "the first again");
    CU_ASSERT_TRUE(json_equal(first.json, again.json));
}

/* Revoking the certificate does not free its token. */
static void
used_for_a_certificate_that_is_revoked_since(void)
{
    char token[CA_TOKEN_TEXT];
    AUTO_ANSWER first = {.status = 0};
    struct call call;

    flow_token(flow, "bad/token", 0, token);
    call = enrolment(token);
    first = flow_call(flow, &call);
    CU_ASSERT_TRUE_FATAL(flow_expect(&first, 201, "first"));
    flow_revoke(flow, "serial", answer_text(&first, "serial"), "superseded");
    refused(token,
            &(struct refusal){403, "certificate-revoked", answer_text(&first, "serial"), NULL},
            "revoked since");
}

static void
of_an_identity_out_of_service(void)
{
    char suspended[CA_TOKEN_TEXT], revoked[CA_TOKEN_TEXT];

    flow_token(flow, "bad/suspended", 0, suspended);
    flow_token(flow, "bad/revoked", 0, revoked);
    AUTO_ANSWER change =
        flow_call(flow, &(struct call){"PATCH", "/v1/identities/bad/suspended", .cert = "admin",
                                       .text = "{\"state\": \"suspended\"}"});
    flow_expect(&change, 200, "suspend");
    flow_revoke(flow, "identity", "bad/revoked", "cessationOfOperation");
    refused(suspended, &(struct refusal){403, "identity-suspended", "bad/suspended", NULL},
            "suspended");
    refused(revoked, &(struct refusal){403, "identity-revoked", "bad/revoked", NULL}, "revoked");
}

static void
tokens_that_are_not_made(void)
{
    static const struct {
        const char *body;
        struct refusal refusal;
    } rows[] = {
        {"{\"identity\": \"bad/nobody\"}", {404, "identity-not-found", "bad/nobody", NULL}},
        {"{\"identity\": \"bad/suspended\"}", {403, "identity-suspended", "bad/suspended", NULL}},
        {"{\"identity\": \"bad/revoked\"}", {403, "identity-revoked", "bad/revoked", NULL}},
        {"{\"identity\": \"signet/server\"}", {403, "forbidden", "signet/server", "token.own"}},
        {"{\"identity\": \"signet/ocsp\"}", {403, "forbidden", "signet/ocsp", "token.own"}},
        {"{\"identity\": \"bad/token\", \"ttl_s\": 0}", {400, "member-invalid", "ttl_s", NULL}},
        {"{\"identity\": \"bad/token\", \"ttl_s\": -5}", {400, "member-invalid", "ttl_s", NULL}},
        {"{\"identity\": \"bad/token\", \"ttl_s\": 2592001}",
         {400, "member-invalid", "ttl_s", NULL}},
        {"{\"identity\": \"\"}", {400, "member-invalid", "identity", NULL}},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        flow_refused(flow,
                     &(struct call){"POST", "/v1/tokens", .cert = "admin", .text = rows[i].body},
                     &rows[i].refusal, rows[i].body);
}

/* The hash alone is kept, and neither it nor the token can be read from any answer. */
static void
the_token_is_stored_as_a_hash(void)
{
    char token[CA_TOKEN_TEXT];

    flow_token(flow, "bad/token", 0, token);
    CU_ASSERT_EQUAL(flow_number(flow,
                                "SELECT count(*) FROM enrol_token WHERE hash = "
                                "sha256(convert_to('%s', 'UTF8'))",
                                token),
                    1);
}

/*
 * The clock of the authority is moved to the last week of the issuing certificate, which no client
 * certificate outlives; so the token is put there by hand.
 */
static void
a_life_past_the_issuers_end(void)
{
#ifdef SIGNET_FAULTS
    static const char token[] = "sgt_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA";
    AUTO_BUFFER body = {.max = 0};
    struct call call;
    long long left_s = flow_number(
        flow, "SELECT floor(extract(epoch FROM not_after - now())) FROM issuer WHERE kind "
              "= 'issuing'");

    CU_ASSERT_EQUAL(flow_number(flow,
                                "INSERT INTO enrol_token SELECT sha256('%s'), id, 'tests', "
                                "now(), now() + interval '1000 days' FROM identity WHERE name = "
                                "'bad/token' RETURNING 1",
                                token),
                    1);
    ca_clock(flow_ca(flow), left_s - 3 * 86400);
    csr_plain_body(key, ", \"ttl_s\": 345600", &body);
    call = enrolment(token);
    call.text = buffer_text(&body);
    call.any_server = true;
    flow_refused(flow, &call, &(struct refusal){403, "lifetime", "ends after the issuer", "C-07"},
                 "four days, three are left");
    ca_clock(flow_ca(flow), 0);
#endif
}

int
main(void)
{
    int status;

    flow = flow_start(NULL);
    key = key_make();
    csr_plain_body(key, "", &request);
    status = RUN_SUITE("bad tokens", TEST(unknown_and_malformed), TEST(a_changed_character),
                       TEST(another_scheme), TEST(expired), TEST(expired_after_its_use),
                       TEST(used_with_another_request),
                       TEST(used_for_a_certificate_that_is_revoked_since),
                       TEST(of_an_identity_out_of_service), TEST(tokens_that_are_not_made),
                       TEST(the_token_is_stored_as_a_hash), TEST(a_life_past_the_issuers_end));
    buffer_done(&request);
    EVP_PKEY_free(key);
    flow_stop(flow);
    return status;
}
