/* Certification requests that must not become certificates: each is told what is wrong, and the
 * token stays good for a right one. */
#include "suite.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "flow_csr.h"
#include "signet/encode.h"

static struct flow *flow;
static EVP_PKEY *key;
static char token[CA_TOKEN_TEXT];

static const struct refusal malformed = {400, "csr-malformed", "certification request", NULL};

/* One refused request; `csr` as text. */
static void
refused(const char *csr, const struct refusal *refusal, const char *row)
{
    AUTO_BUFFER body = {.max = 0};

    csr_body(csr, "", &body);
    flow_refused(
        flow,
        &(struct call){"POST", "/v1/certificates", .token = token, .text = buffer_text(&body)},
        refusal, row);
}

static void
refused_der(struct bytes der, const struct refusal *refusal, const char *row)
{
    AUTO_BUFFER text = {.max = 256 * 1024};

    CU_ASSERT_TRUE_FATAL(base64_encode(der, &text));
    refused(buffer_text(&text), refusal, row);
}

static void
refused_wish(const struct csr_wish *wish, const struct refusal *refusal, const char *row)
{
    AUTO_BUFFER pem = {.max = 0};

    csr_pem_make(wish, &pem);
    refused(buffer_text(&pem), refusal, row);
}

static void
right_der(struct buffer *der)
{
    csr_der_make(&(struct csr_wish){.key = key}, der);
}

/* --- not a CSR at all --- */

static void
what_is_neither_pem_nor_der(void)
{
    static const struct {
        const char *text, *names;
    } rows[] = {
        {"hello", "CERTIFICATE REQUEST"},
        {"    ", "CERTIFICATE REQUEST"},
        {"-----BEGIN CERTIFICATE REQUEST-----", "CERTIFICATE REQUEST"},
        {"-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n",
         "CERTIFICATE REQUEST"},
        {"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "CERTIFICATE REQUEST"},
        {"-----BEGIN CERTIFICATE REQUEST-----\n!!!!\n-----END CERTIFICATE REQUEST-----\n",
         "CERTIFICATE REQUEST"},
        {"MAA=", "certification request"},     /* an empty SEQUENCE */
        {"BAIBAg==", "certification request"}, /* an OCTET STRING */
        {"MIAAAA==", "CERTIFICATE REQUEST"},   /* indefinite length */
        {"MIEB", "CERTIFICATE REQUEST"},       /* cut off, length not minimal */
        {"MAA", "CERTIFICATE REQUEST"},        /* padding is missing */
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        refused(rows[i].text, &(struct refusal){400, "csr-malformed", rows[i].names, NULL},
                rows[i].text);
}

static void
trailing_octets(void)
{
    const struct refusal refusal = {400, "csr-malformed", "octets follow", "pem.trailing"};
    AUTO_BUFFER der = {.max = 0};
    AUTO_BUFFER pem = {.max = 0};
    AUTO_BUFFER twice = {.max = 65536};

    right_der(&der);
    CU_ASSERT_TRUE(buffer_put_u8(&der, 0));
    refused_der(buffer_bytes(&der),
                &(struct refusal){400, "csr-malformed", "CERTIFICATE REQUEST", NULL},
                "an octet after the DER");
    csr_pem_make(&(struct csr_wish){.key = key}, &pem);
    CU_ASSERT_TRUE(buffer_put(&twice, pem.data, pem.len) && buffer_put(&twice, pem.data, pem.len));
    refused(buffer_text(&twice), &refusal, "two requests");
    CU_ASSERT_TRUE(buffer_put(&pem, "x", 1));
    refused(buffer_text(&pem), &refusal, "an octet after the PEM");
}

/* Every beginning of a right request is a wrong one. */
static void
each_cut_is_refused(void)
{
    AUTO_BUFFER der = {.max = 0};

    right_der(&der);
    for (size_t len = 1; len < der.len; len += 7)
        refused_der(bytes_of(der.data, len),
                    &(struct refusal){400, "csr-malformed", "CERTIFICATE REQUEST", NULL}, "cut");
}

static void
too_large(void)
{
    AUTO_BUFFER der = {.max = 65536};
    static const uint8_t head[] = {0x30, 0x82, 0x24, 0x00}; /* SEQUENCE of 9 KiB */
    uint8_t *content;

    CU_ASSERT_TRUE(buffer_put(&der, head, sizeof(head)));
    content = buffer_extend(&der, 0x2400);
    CU_ASSERT_PTR_NOT_NULL_FATAL(content);
    memset(content, 0, 0x2400);
    refused_der(buffer_bytes(&der),
                &(struct refusal){400, "csr-malformed", "CERTIFICATE REQUEST", NULL}, "9 KiB");
}

/* --- signature and key --- */

static void
a_wrong_signature(void)
{
    AUTO_BUFFER der = {.max = 0};
    AUTO_BUFFER other = {.max = 0};
    AUTO_KEY stranger = key_make();
    const uint8_t *spki;
    unsigned char *ours = NULL, *theirs = NULL;
    int len = i2d_PUBKEY(key, &ours);

    /* Somebody else's key in a request that was signed with ours: no proof of possession. */
    CU_ASSERT_EQUAL_FATAL(i2d_PUBKEY(stranger, &theirs), len);
    right_der(&der);
    spki = memmem(der.data, der.len, ours, (size_t)len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(spki);
    memcpy(der.data + (spki - der.data), theirs, (size_t)len);
    refused_der(buffer_bytes(&der),
                &(struct refusal){400, "csr-signature", "signature", "csr.signature.value"},
                "another's key");
    OPENSSL_free(ours);
    OPENSSL_free(theirs);
    right_der(&other);
    other.data[other.len - 5] ^= 1;
    refused_der(buffer_bytes(&other),
                &(struct refusal){400, "csr-signature", "signature", "csr.signature.value"},
                "a bit of it");
}

/* Looks for the point in the request and hands it over to be changed. */
static uint8_t *
point_in(struct buffer *der)
{
    static const uint8_t start[] = {0x03, 0x42, 0x00, 0x04}; /* BIT STRING, uncompressed point */
    uint8_t *found = memmem(der->data, der->len, start, sizeof(start));

    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    return found + 3;
}

static void
a_point_off_its_curve(void)
{
    const struct refusal refusal = {400, "csr-key", "point", "key.point"};
    AUTO_BUFFER off = {.max = 0};
    AUTO_BUFFER zero = {.max = 0};
    AUTO_BUFFER hybrid = {.max = 0};
    AUTO_BUFFER field = {.max = 0};

    right_der(&off);
    point_in(&off)[64] ^= 1;
    refused_der(buffer_bytes(&off), &refusal, "off the curve");
    right_der(&zero);
    memset(point_in(&zero) + 1, 0, 64);
    refused_der(buffer_bytes(&zero), &refusal, "x and y zero");
    right_der(&hybrid);
    point_in(&hybrid)[0] = 0x06 | (point_in(&hybrid)[64] & 1);
    refused_der(buffer_bytes(&hybrid), &refusal, "hybrid form");
    right_der(&field);
    memset(point_in(&field) + 1, 0xff, 64);
    refused_der(buffer_bytes(&field), &refusal, "beyond the field");
}

static void
keys_that_are_not_taken(void)
{
    AUTO_KEY p521 = key_make_ec("P-521");
    AUTO_KEY koblitz = key_make_ec("secp256k1");
    AUTO_KEY brainpool = key_make_ec("brainpoolP256r1");
    AUTO_KEY rsa = key_make_rsa(2048);
    AUTO_KEY weak = key_make_rsa(1024);
    AUTO_KEY ed25519 = key_make_ed25519();
    const struct {
        EVP_PKEY *key;
        const char *names, *row;
    } rows[] = {
        {p521, "1.3.132.0.35", "P-521"},
        {koblitz, "1.3.132.0.10", "secp256k1"},
        {brainpool, "1.3.36.3.3.2.8.1.1.7", "brainpool"},
        {rsa, "RSA", "RSA 2048"},
        {weak, "RSA", "RSA 1024"},
        {ed25519, "Ed25519", "Ed25519"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        refused_wish(&(struct csr_wish){.key = rows[i].key},
                     &(struct refusal){400, "csr-key", rows[i].names, NULL}, rows[i].row);
}

/* --- what it asks for --- */

static void
names_beyond_the_grant(void)
{
    static const struct {
        const char *san, *names, *type;
        int status;
    } rows[] = {
        {"DNS:other.example.internal", "dns:other.example.internal", "name-not-granted", 403},
        {"DNS:*.example.internal", "wildcards", "csr-malformed", 400},
        {"DNS:api.example.internal,DNS:evil.example.com", "dns:evil.example.com",
         "name-not-granted", 403},
        {"email:a@example.internal", "email:a@example.internal", "name-not-granted", 403},
        {"IP:10.9.9.9", "ip:10.9.9.9", "name-not-granted", 403},
        {"URI:spiffe://" CA_TRUST_DOMAIN "/admin/alice", "admin/alice", "name-not-granted", 403},
        {"URI:spiffe://other.domain/bad/csr", "other.domain", "name-not-granted", 403},
        {"URI:spiffe://" CA_TRUST_DOMAIN "/bad/csr/../../admin/alice", "admin/alice",
         "name-not-granted", 403},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        refused_wish(&(struct csr_wish){.key = key, .extension = {{"subjectAltName", rows[i].san}}},
                     &(struct refusal){rows[i].status, rows[i].type, rows[i].names, NULL},
                     rows[i].san);
}

static void
a_common_name_beyond_the_grant(void)
{
    static const char *const names[] = {"other.example.internal", "admin/alice", "payments/api",
                                        "*"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        refused_wish(&(struct csr_wish){.key = key, .common_name = names[i]},
                     &(struct refusal){403, "name-not-granted", names[i], "csr.common_name"},
                     names[i]);
}

static void
other_kinds_of_names(void)
{
    static const char *const sans[] = {"RID:1.2.3.4", "otherName:1.2.3.4;UTF8:x"};

    for (size_t i = 0; i < ARRAY_LEN(sans); i++)
        refused_wish(&(struct csr_wish){.key = key, .extension = {{"subjectAltName", sans[i]}}},
                     &(struct refusal){403, "csr-extension", "subjectAltName", "csr.names"},
                     sans[i]);
}

static void
extensions_that_are_not_granted(void)
{
    static const struct {
        const char *name, *value, *names, *rule;
    } rows[] = {
        {"basicConstraints", "critical,CA:TRUE", "CA", "csr.ca"},
        {"basicConstraints", "CA:TRUE,pathlen:0", "CA", "csr.ca"},
        {"keyUsage", "critical,keyCertSign", "key usage", "csr.key-usage"},
        {"keyUsage", "critical,digitalSignature,cRLSign", "key usage", "csr.key-usage"},
        {"extendedKeyUsage", "OCSPSigning", "OCSPSigning", "csr.extended-key-usage"},
        {"extendedKeyUsage", "serverAuth,codeSigning", "extended key usage",
         "csr.extended-key-usage"},
        {"extendedKeyUsage", "anyExtendedKeyUsage", "extended key usage", "csr.extended-key-usage"},
        {"1.2.3.4.5", "critical,ASN1:UTF8String:hello", "1.2.3.4.5", "csr.extension.critical"},
        {"nameConstraints", "critical,permitted;DNS:example.internal", "2.5.29.30",
         "csr.extension.critical"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        refused_wish(&(struct csr_wish){.key = key, .extension = {{rows[i].name, rows[i].value}}},
                     &(struct refusal){403, "csr-extension", rows[i].names, rows[i].rule},
                     rows[i].value);
}

static void
an_extension_twice(void)
{
    refused_wish(&(struct csr_wish){.key = key,
                                    .extension = {{"keyUsage", "digitalSignature"},
                                                  {"keyUsage", "digitalSignature"}}},
                 &malformed, "keyUsage twice");
}

/* --- and after all of it --- */

static void
the_token_is_still_good(void)
{
    AUTO_BUFFER body = {.max = 0};
    AUTO_ANSWER answer = {.status = 0};

    csr_plain_body(key, "", &body);
    answer = flow_call(flow, &(struct call){"POST", "/v1/certificates", .token = token,
                                            .text = buffer_text(&body)});
    flow_expect(&answer, 201, "a right request");
}

static void
each_refusal_is_in_the_audit_trail(void)
{
    static const char *const rules[] = {
        "csr.signature.value",    "key.point",   "csr.names", "csr.common_name", "csr.ca",
        "csr.extension.critical", "pem.trailing"};

    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        CU_ASSERT_TRUE(flow_number(flow,
                                   "SELECT count(*) FROM audit_event WHERE action = "
                                   "'certificate.issue' AND outcome = 'refused' AND rule = '%s' "
                                   "AND actor LIKE 'token:%%' AND request_id <> ''",
                                   rules[i]) > 0);
}

int
main(void)
{
    int status;

    flow = flow_start(NULL);
    key = key_make();
    flow_policy(flow, "profiles,workload,key_types", "[\"P-256\"]");
    flow_identity(flow, "bad/csr", ", \"names\": [\"dns:api.example.internal\"]");
    flow_token(flow, "bad/csr", 0, token);
    status = RUN_SUITE("bad certification requests", TEST(what_is_neither_pem_nor_der),
                       TEST(trailing_octets), TEST(each_cut_is_refused), TEST(too_large),
                       TEST(a_wrong_signature), TEST(a_point_off_its_curve),
                       TEST(keys_that_are_not_taken), TEST(names_beyond_the_grant),
                       TEST(a_common_name_beyond_the_grant), TEST(other_kinds_of_names),
                       TEST(extensions_that_are_not_granted), TEST(an_extension_twice),
                       TEST(the_token_is_still_good), TEST(each_refusal_is_in_the_audit_trail));
    EVP_PKEY_free(key);
    flow_stop(flow);
    return status;
}
