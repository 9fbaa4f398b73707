/* Enrolment from the identity to the certificate in hand, and the answers' documented shapes. */
#include "suite.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "flow_csr.h"
#include "signet/clock.h"
#include "signet/encode.h"

static struct flow *flow;

static struct answer
enrol(const char *token, const char *accept, const char *body)
{
    return flow_call(flow, &(struct call){"POST", "/v1/certificates", .token = token,
                                          .accept = accept, .text = body});
}

static X509 *
certificate_of(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return certificate;
}

static int64_t
time_of(const struct answer *answer, const char *member)
{
    int64_t time_s = 0;

    CU_ASSERT_TRUE(clock_parse(answer_text(answer, member), &time_s));
    return time_s;
}

static void
the_answer_has_all_that_is_promised(void)
{
    char token[CA_TOKEN_TEXT], location[128], wanted[128];
    AUTO_KEY key = key_make();
    AUTO_BUFFER body = {.max = 0};
    AUTO_ANSWER answer = {.status = 0};

    flow_token(flow, "payments/api", 0, token);
    csr_plain_body(key, "", &body);
    answer = enrol(token, NULL, buffer_text(&body));
    CU_ASSERT_TRUE_FATAL(flow_expect(&answer, 201, "enrol"));
    CU_ASSERT_STRING_EQUAL(answer.content_type, "application/json");
    CU_ASSERT_STRING_EQUAL(answer_text(&answer, "identity"), "payments/api");
    CU_ASSERT_STRING_EQUAL(answer_text(&answer, "spiffe_id"),
                           "spiffe://" CA_TRUST_DOMAIN "/payments/api");
    CU_ASSERT_STRING_EQUAL(answer_text(&answer, "profile"), "workload");
    CU_ASSERT_STRING_EQUAL(answer_text(&answer, "issuer"), "issuing-1");
    CU_ASSERT_EQUAL(json_array_size(json_object_get(answer.json, "chain")), 1);
    CU_ASSERT_EQUAL(time_of(&answer, "not_after") - time_of(&answer, "not_before") + 1, 86400);
    CU_ASSERT_TRUE(time_of(&answer, "renew_after") > time_of(&answer, "not_before"));
    CU_ASSERT_TRUE(time_of(&answer, "renew_after") < time_of(&answer, "not_after"));
    snprintf(wanted, sizeof(wanted), "/v1/certificates/%s", answer_text(&answer, "serial"));
    CU_ASSERT_TRUE(answer_header(&answer, "Location", location, sizeof(location)));
    CU_ASSERT_STRING_EQUAL(location, wanted);
    CU_ASSERT_EQUAL(flow_number(flow, "SELECT count(*) FROM signature WHERE serial = '\\x%s'",
                                answer_text(&answer, "serial")),
                    1);
}

static void
the_certificate_has_the_key_and_the_names_of_the_identity(void)
{
    char token[CA_TOKEN_TEXT];
    AUTO_KEY key = key_make();
    AUTO_BUFFER body = {.max = 0};
    AUTO_ANSWER answer = {.status = 0};
    GENERAL_NAMES *names;
    X509 *leaf;

    flow_identity(flow, "payments/named",
                  ", \"names\": [\"dns:pay.example.internal\", \"ip:10.1.2.3\"]");
    flow_token(flow, "payments/named", 0, token);
    csr_plain_body(key, "", &body);
    answer = enrol(token, NULL, buffer_text(&body));
    CU_ASSERT_TRUE_FATAL(flow_expect(&answer, 201, "enrol with names"));
    leaf = certificate_of(answer_text(&answer, "certificate"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(leaf);
    CU_ASSERT_EQUAL(EVP_PKEY_eq(X509_get0_pubkey(leaf), key), 1);
    names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    CU_ASSERT_EQUAL(sk_GENERAL_NAME_num(names), 3);
    CU_ASSERT_EQUAL(X509_check_host(leaf, "pay.example.internal", 0, 0, NULL), 1);
    CU_ASSERT_EQUAL(X509_check_ip_asc(leaf, "10.1.2.3", 0), 1);
    CU_ASSERT_EQUAL(X509_NAME_entry_count(X509_get_subject_name(leaf)), 0);
    GENERAL_NAMES_free(names);
    X509_free(leaf);
}

/* What the request may ask for: nothing, some of its names, all of them, in any of the two codings.
 */
static void
asking_for_granted_names_is_allowed(void)
{
    static const struct csr_wish wishes[] = {
        {.extension = {{"subjectAltName", "DNS:pay.example.internal"}}},
        {.extension = {{"subjectAltName", "URI:spiffe://" CA_TRUST_DOMAIN
                                          "/payments/named,DNS:PAY.example.internal,IP:10.1.2.3"}}},
        {.common_name = "payments/named"},
        {.common_name = "pay.example.internal"},
        {.extension = {{"keyUsage", "critical,digitalSignature"},
                       {"extendedKeyUsage", "serverAuth,clientAuth"},
                       {"basicConstraints", "critical,CA:FALSE"},
                       {"1.3.6.1.4.1.99999.1", "ASN1:UTF8String:stranger"}}},
    };

    for (size_t i = 0; i < ARRAY_LEN(wishes); i++) {
        struct csr_wish wish = wishes[i];
        char token[CA_TOKEN_TEXT];
        AUTO_KEY key = key_make();
        AUTO_BUFFER der = {.max = 0};
        AUTO_BUFFER text = {.max = 65536};
        AUTO_BUFFER body = {.max = 0};
        AUTO_ANSWER answer = {.status = 0};

        wish.key = key;
        csr_der_make(&wish, &der);
        CU_ASSERT_TRUE(base64_encode(buffer_bytes(&der), &text));
        csr_body(buffer_text(&text), "", &body);
        flow_token(flow, "payments/named", 0, token);
        answer = enrol(token, NULL, buffer_text(&body));
        flow_expect(&answer, 201, "granted names");
    }
}

static void
ttl_is_kept_to_the_second(void)
{
    static const int ttls[] = {61, 3600, 604800};

    for (size_t i = 0; i < ARRAY_LEN(ttls); i++) {
        char token[CA_TOKEN_TEXT], more[32];
        AUTO_KEY key = key_make();
        AUTO_BUFFER body = {.max = 0};
        AUTO_ANSWER answer = {.status = 0};

        flow_token(flow, "payments/ttl", 0, token);
        snprintf(more, sizeof(more), ", \"ttl_s\": %d", ttls[i]);
        csr_plain_body(key, more, &body);
        answer = enrol(token, NULL, buffer_text(&body));
        if (flow_expect(&answer, 201, more))
            CU_ASSERT_EQUAL(time_of(&answer, "not_after") - time_of(&answer, "not_before") + 1,
                            ttls[i]);
    }
}

/* Only PEM blocks, leaf first, root left out; the same token and request in the other form. */
static void
pem_chain_alone_when_it_is_wanted(void)
{
    char token[CA_TOKEN_TEXT];
    AUTO_KEY key = key_make();
    AUTO_BUFFER body = {.max = 0};
    AUTO_BUFFER joined = {.max = 65536};
    AUTO_ANSWER pem = {.status = 0};
    AUTO_ANSWER json = {.status = 0};

    flow_token(flow, "payments/pem", 0, token);
    csr_plain_body(key, "", &body);
    pem = enrol(token, "application/pem-certificate-chain", buffer_text(&body));
    CU_ASSERT_TRUE(flow_expect(&pem, 201, "PEM"));
    CU_ASSERT_STRING_EQUAL(pem.content_type, "application/pem-certificate-chain");
    json = enrol(token, "application/json;q=1, application/pem-certificate-chain;q=0.5",
                 buffer_text(&body));
    CU_ASSERT_TRUE_FATAL(flow_expect(&json, 200, "JSON of the same"));
    CU_ASSERT_TRUE(
        buffer_printf(&joined, "%s%s", answer_text(&json, "certificate"),
                      json_string_value(json_array_get(json_object_get(json.json, "chain"), 0))));
    CU_ASSERT_STRING_EQUAL(buffer_text(&pem.body), buffer_text(&joined));
}

static void
other_representations_are_refused(void)
{
    char token[CA_TOKEN_TEXT];
    AUTO_KEY key = key_make();
    AUTO_BUFFER body = {.max = 0};

    flow_token(flow, "payments/pem", 0, token);
    csr_plain_body(key, "", &body);
    flow_refused(flow,
                 &(struct call){"POST", "/v1/certificates", .token = token, .accept = "text/html",
                                .text = buffer_text(&body)},
                 &(struct refusal){406, "not-acceptable", "application/json", NULL}, "html");
}

static void
the_same_request_gets_the_same_certificate(void)
{
    char token[CA_TOKEN_TEXT];
    AUTO_KEY key = key_make();
    AUTO_BUFFER body = {.max = 0};
    AUTO_ANSWER first = {.status = 0};

    flow_token(flow, "payments/again", 0, token);
    csr_plain_body(key, "", &body);
    first = enrol(token, NULL, buffer_text(&body));
    CU_ASSERT_TRUE_FATAL(flow_expect(&first, 201, "first"));
    for (int i = 0; i < 3; i++) {
        AUTO_ANSWER again = enrol(token, NULL, buffer_text(&body));

        CU_ASSERT_TRUE(flow_expect(&again, 200, "again"));
        CU_ASSERT_STRING_EQUAL(answer_text(&again, "certificate"),
                               answer_text(&first, "certificate"));
        CU_ASSERT_TRUE(json_equal(again.json, first.json));
    }
    CU_ASSERT_EQUAL(flow_number(flow,
                                "SELECT count(*) FROM certificate c JOIN identity i ON i.id = "
                                "c.identity WHERE i.name = 'payments/again'"),
                    1);
}

/* A CSR that was signed anew, another key, another lifetime: each is another request. */
static void
another_request_is_refused_and_names_the_certificate(void)
{
    char token[CA_TOKEN_TEXT];
    AUTO_KEY key = key_make();
    AUTO_KEY other = key_make();
    AUTO_BUFFER body = {.max = 0};
    AUTO_ANSWER first = {.status = 0};
    const struct {
        EVP_PKEY *key;
        const char *more;
    } rows[] = {{other, ""}, {key, ""}, {key, ", \"ttl_s\": 86400"}};

    flow_token(flow, "payments/other", 0, token);
    csr_plain_body(key, "", &body);
    first = enrol(token, NULL, buffer_text(&body));
    CU_ASSERT_TRUE_FATAL(flow_expect(&first, 201, "first"));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_BUFFER changed = {.max = 0};

        csr_plain_body(rows[i].key, rows[i].more, &changed);
        flow_refused(flow,
                     &(struct call){"POST", "/v1/certificates", .token = token,
                                    .text = buffer_text(&changed)},
                     &(struct refusal){409, "grant-used", answer_text(&first, "serial"), NULL},
                     "another request");
    }
}

static void
the_certificate_is_shown_to_its_holder(void)
{
    AUTO_PARTY party = {.key = NULL};
    char path[128];
    AUTO_ANSWER json = {.status = 0};
    AUTO_ANSWER pem = {.status = 0};
    X509 *leaf;

    flow_enrol(flow, "payments/shown", &party);
    snprintf(path, sizeof(path), "/v1/certificates/%s", party.serial);
    json = flow_call(flow, &(struct call){"GET", path, .cert = party.file});
    CU_ASSERT_TRUE_FATAL(flow_expect(&json, 200, "show"));
    CU_ASSERT_STRING_EQUAL(answer_text(&json, "serial"), party.serial);
    CU_ASSERT_STRING_EQUAL(answer_text(&json, "status"), "valid");
    CU_ASSERT_STRING_EQUAL(answer_text(&json, "identity"), "payments/shown");
    CU_ASSERT_STRING_EQUAL(answer_text(&json, "grant"), "token");
    CU_ASSERT_PTR_NULL(json_object_get(json.json, "revocation"));
    CU_ASSERT_PTR_NULL(json_object_get(json.json, "predecessor"));
    leaf = certificate_of(answer_text(&json, "certificate"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(leaf);
    CU_ASSERT_EQUAL(EVP_PKEY_eq(X509_get0_pubkey(leaf), party.key), 1);
    X509_free(leaf);
    pem = flow_call(flow, &(struct call){"GET", path, .cert = "admin",
                                         .accept = "application/pem-certificate-chain"});
    CU_ASSERT_TRUE(flow_expect(&pem, 200, "show as PEM"));
    CU_ASSERT_EQUAL(strncmp(buffer_text(&pem.body), answer_text(&json, "certificate"),
                            strlen(answer_text(&json, "certificate"))),
                    0);
}

static void
openssl_verifies_what_was_given(void)
{
    AUTO_PARTY party = {.key = NULL};
    char pem[64];
    AUTO_BUFFER out = {.max = 65536};
    struct ca *ca = flow_ca(flow);

    flow_enrol(flow, "payments/verified", &party);
    snprintf(pem, sizeof(pem), "%s.pem", party.file);
    CU_ASSERT_EQUAL(ca_run(ca, NULL, &out, "openssl", "verify", "-x509_strict", "-purpose",
                           "sslclient", "-CAfile", ca->root_pem, "-untrusted", pem, pem, NULL),
                    0);
    CU_ASSERT_EQUAL(ca_run(ca, NULL, &out, "openssl", "verify", "-x509_strict", "-purpose",
                           "sslserver", "-CAfile", ca->root_pem, "-untrusted", pem, pem, NULL),
                    0);
}

int
main(void)
{
    int status;

    flow = flow_start(NULL);
    status = RUN_SUITE(
        "story of an enrolment", TEST(the_answer_has_all_that_is_promised),
        TEST(the_certificate_has_the_key_and_the_names_of_the_identity),
        TEST(asking_for_granted_names_is_allowed), TEST(ttl_is_kept_to_the_second),
        TEST(pem_chain_alone_when_it_is_wanted), TEST(other_representations_are_refused),
        TEST(the_same_request_gets_the_same_certificate),
        TEST(another_request_is_refused_and_names_the_certificate),
        TEST(the_certificate_is_shown_to_its_holder), TEST(openssl_verifies_what_was_given));
    flow_stop(flow);
    return status;
}
