#include "fixture.h"

#include <openssl/ocsp.h>

#include "signet/ocsp.h"

/* A CA and a responder below it, and what a response needs of them. */
struct authority {
    struct test_key ca_key, responder_key;
    X509 *ca;
    struct buffer responder; /* certificate, DER */
    struct ocsp_issuer issuer;
    uint8_t responder_key_sha1[20];
};

static void
authority_make(struct authority *authority)
{
    struct tbs_cert tbs;
    AUTO_BUFFER ca = {.max = TEST_ROOM};
    AUTO_BUFFER der = {.max = TEST_ROOM};
    AUTO_BUFFER subject = {.max = 256};
    AUTO_PUBLIC_KEY key = NULL;
    AUTO_PUBLIC_KEY responder = NULL;
    const unsigned char *at;
    uint8_t room[1024];
    struct error err;

    buffer_init(&authority->responder, TEST_ROOM);
    authority->ca_key = key_make("P-256");
    authority->responder_key = key_make("P-256");
    tbs = ca_tbs(key_spki(&authority->ca_key));
    tbs.not_before_s = TEST_NOW - 864000;
    tbs.not_after_s = TEST_NOW + 864000;
    ASSERT_OK(tbs_cert_build(&tbs, &der, &err), &err);
    ASSERT_OK(certificate_assemble(buffer_bytes(&der), tbs.algorithm,
                                   key_sign(&authority->ca_key, buffer_bytes(&der), room), &ca,
                                   &err),
              &err);
    at = ca.data;
    authority->ca = d2i_X509(NULL, &at, (long)ca.len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(authority->ca);
    ASSERT_OK(name_build(NULL, "Signet OCSP responder", &subject, &err), &err);
    tbs.subject = buffer_bytes(&subject);
    tbs.spki = key_spki(&authority->responder_key);
    tbs.ca = false;
    tbs.path_len = -1;
    tbs.key_usage = KU_DIGITAL_SIGNATURE;
    tbs.extended_key_usage = EKU_OCSP_SIGNING;
    tbs.ocsp_nocheck = true;
    tbs.crl_url = tbs.ocsp_url = tbs.ca_issuers_url = bytes_of(NULL, 0);
    buffer_clear(&der);
    ASSERT_OK(tbs_cert_build(&tbs, &der, &err), &err);
    ASSERT_OK(certificate_assemble(buffer_bytes(&der), tbs.algorithm,
                                   key_sign(&authority->ca_key, buffer_bytes(&der), room),
                                   &authority->responder, &err),
              &err);
    ASSERT_OK(public_key_parse(key_spki(&authority->ca_key), &key, &err), &err);
    ASSERT_OK(public_key_parse(tbs.spki, &responder, &err), &err);
    ocsp_issuer_init(&authority->issuer, tbs.issuer, public_key_bits_octets(key));
    digest_sha1(public_key_bits_octets(responder), authority->responder_key_sha1);
}

static void
authority_done(struct authority *authority)
{
    X509_free(authority->ca);
    key_done(&authority->ca_key);
    key_done(&authority->responder_key);
    buffer_done(&authority->responder);
}
#define AUTO_AUTHORITY CLEANUP(authority_done) struct authority

static struct ocsp_single
single(enum certid_hash hash, enum ocsp_status status, int reason)
{
    struct ocsp_single made = {.status = status, .reason = reason, .revoked_s = TEST_NOW - 77};

    made.query.hash = hash;
    memcpy(made.query.serial, test_serial, sizeof(test_serial));
    made.query.serial_len = sizeof(test_serial);
    return made;
}

static struct ocsp_response
response_of(const struct authority *authority, const struct ocsp_single *singles, size_t count)
{
    struct ocsp_response response = {.issuer = &authority->issuer,
                                     .produced_at_s = TEST_NOW + 5,
                                     .this_update_s = TEST_NOW,
                                     .next_update_s = TEST_NOW + 3600,
                                     .count = count,
                                     .single = singles};

    memcpy(response.responder_key_sha1, authority->responder_key_sha1, 20);
    return response;
}

/* Built, signed, decoded by OpenSSL, verified up to the CA, encoded afresh. Gives. */
static OCSP_BASICRESP *
witness(const struct authority *authority, const struct ocsp_response *response)
{
    AUTO_BUFFER data = {.max = TEST_ROOM};
    AUTO_BUFFER der = {.max = TEST_ROOM};
    X509_STORE *store = X509_STORE_new();
    unsigned char *again = NULL;
    const unsigned char *at;
    OCSP_RESPONSE *whole;
    OCSP_BASICRESP *basic;
    uint8_t room[1024];
    struct error err;
    int len;

    ASSERT_OK(ocsp_response_data_build(response, &data, &err), &err);
    ASSERT_OK(ocsp_response_assemble(buffer_bytes(&data), SIGNATURE_ECDSA_SHA256,
                                     key_sign(&authority->responder_key, buffer_bytes(&data), room),
                                     buffer_bytes(&authority->responder), &der, &err),
              &err);
    ASSERT_OK(der_check(buffer_bytes(&der), "response", &err), &err);
    at = der.data;
    whole = d2i_OCSP_RESPONSE(NULL, &at, (long)der.len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
    CU_ASSERT_EQUAL(OCSP_response_status(whole), OCSP_RESPONSE_STATUS_SUCCESSFUL);
    basic = OCSP_response_get1_basic(whole);
    CU_ASSERT_PTR_NOT_NULL_FATAL(basic);
    X509_STORE_add_cert(store, authority->ca);
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), TEST_NOW + 10);
    CU_ASSERT_EQUAL(OCSP_basic_verify(basic, NULL, store, 0), 1);
    X509_STORE_free(store);
    len = i2d_OCSP_BASICRESP(basic, &again);
    CU_ASSERT_PTR_NOT_NULL(memmem(der.data, der.len, again, (size_t)len));
    OPENSSL_free(again);
    OCSP_RESPONSE_free(whole);
    return basic;
}

static void
openssl_verifies_every_status(void)
{
    AUTO_AUTHORITY authority;
    OCSP_BASICRESP *basic;

    authority_make(&authority);
    for (int status = OCSP_GOOD; status <= OCSP_UNKNOWN; status++)
        for (int hash = CERTID_SHA1; hash <= CERTID_SHA256; hash++)
            for (int reason = 0; reason <= 10; reason++) {
                struct ocsp_single one =
                    single((enum certid_hash)hash, (enum ocsp_status)status, reason);
                struct ocsp_response response = response_of(&authority, &one, 1);
                int found_reason = -1, found;
                if (reason == 7 || reason == 8)
                    continue;
                basic = witness(&authority, &response);
                CU_ASSERT_EQUAL(OCSP_resp_count(basic), 1);
                found = OCSP_single_get0_status(OCSP_resp_get0(basic, 0), &found_reason, NULL, NULL,
                                                NULL);
                CU_ASSERT_EQUAL(found, status);
                CU_ASSERT_EQUAL(found_reason, status == OCSP_REVOKED && reason ? reason : -1);
                OCSP_BASICRESP_free(basic);
            }
}

static void
times_nonce_and_responder_are_as_given(void)
{
    AUTO_AUTHORITY authority;
    struct ocsp_single many[3];
    struct ocsp_response response;
    ASN1_GENERALIZEDTIME *this_update = NULL, *next_update = NULL;
    const ASN1_OCTET_STRING *id = NULL;
    const X509_NAME *name = NULL;
    OCSP_BASICRESP *basic;
    X509_EXTENSION *nonce;

    authority_make(&authority);
    many[0] = single(CERTID_SHA1, OCSP_GOOD, 0);
    many[1] = single(CERTID_SHA256, OCSP_REVOKED, REASON_SUPERSEDED);
    many[2] = single(CERTID_SHA1, OCSP_UNKNOWN, 0);
    many[2].query.null_parameters = true;
    response = response_of(&authority, many, 3);
    response.nonce = bytes_of_text("0123456789abcdef");
    basic = witness(&authority, &response);
    CU_ASSERT_EQUAL(OCSP_resp_count(basic), 3); /* O-06 */
    OCSP_single_get0_status(OCSP_resp_get0(basic, 0), NULL, NULL, &this_update, &next_update);
    CU_ASSERT_EQUAL(memcmp(ASN1_STRING_get0_data(this_update), "20261126000000Z", 15), 0);
    CU_ASSERT_EQUAL(memcmp(ASN1_STRING_get0_data(next_update), "20261126010000Z", 15), 0);
    CU_ASSERT_EQUAL(
        memcmp(ASN1_STRING_get0_data(OCSP_resp_get0_produced_at(basic)), "20261126000005Z", 15), 0);
    CU_ASSERT_EQUAL(OCSP_resp_get0_id(basic, &id, &name), 1);
    CU_ASSERT_TRUE(id && !name); /* O-07 */
    CU_ASSERT_EQUAL(memcmp(ASN1_STRING_get0_data(id), authority.responder_key_sha1, 20), 0);
    nonce = OCSP_BASICRESP_get_ext(
        basic, OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1));
    CU_ASSERT_PTR_NOT_NULL_FATAL(nonce);
    /* O-12: an OCTET STRING in an OCTET STRING */
    CU_ASSERT_EQUAL(memcmp(ASN1_STRING_get0_data(X509_EXTENSION_get_data(nonce)),
                           "\x04\x10"
                           "0123456789abcdef",
                           18),
                    0);
    OCSP_BASICRESP_free(basic);
}

/* OpenSSL computes the CertID by itself and finds its answer in our response (O-05). */
static void
certids_are_those_of_openssl(void)
{
    AUTO_AUTHORITY authority;
    struct ocsp_single both[2];
    struct ocsp_response response;
    OCSP_BASICRESP *basic;

    authority_make(&authority);
    both[0] = single(CERTID_SHA1, OCSP_GOOD, 0);
    both[1] = single(CERTID_SHA256, OCSP_GOOD, 0);
    both[0].query.null_parameters = both[1].query.null_parameters = true;
    response = response_of(&authority, both, 2);
    basic = witness(&authority, &response);
    for (int i = 0; i < 2; i++) {
        ASN1_INTEGER *serial = ASN1_INTEGER_new();
        BIGNUM *number = BN_bin2bn(test_serial, sizeof(test_serial), NULL);
        OCSP_CERTID *id;
        BN_to_ASN1_INTEGER(number, serial);
        id = OCSP_cert_id_new(i ? EVP_sha256() : EVP_sha1(), X509_get_subject_name(authority.ca),
                              X509_get0_pubkey_bitstr(authority.ca), serial);
        CU_ASSERT_EQUAL(OCSP_resp_find(basic, id, -1), i);
        OCSP_CERTID_free(id);
        ASN1_INTEGER_free(serial);
        BN_free(number);
    }
    OCSP_BASICRESP_free(basic);
}

static void
issuer_matches_its_own_hashes_alone(void)
{
    AUTO_AUTHORITY authority;
    struct ocsp_certid id = {.hash = CERTID_SHA1};
    uint8_t other[32];

    authority_make(&authority);
    id.issuer_name_hash = bytes_of(authority.issuer.name_sha1, 20);
    id.issuer_key_hash = bytes_of(authority.issuer.key_sha1, 20);
    CU_ASSERT_TRUE(ocsp_issuer_matches(&authority.issuer, &id));
    id.hash = CERTID_SHA256;
    CU_ASSERT_FALSE(ocsp_issuer_matches(&authority.issuer, &id));
    id.hash = (enum certid_hash)0;
    CU_ASSERT_FALSE(ocsp_issuer_matches(&authority.issuer, &id));
    id.hash = CERTID_SHA256;
    id.issuer_name_hash = bytes_of(authority.issuer.name_sha256, 32);
    id.issuer_key_hash = bytes_of(authority.issuer.key_sha256, 32);
    CU_ASSERT_TRUE(ocsp_issuer_matches(&authority.issuer, &id));
    memcpy(other, authority.issuer.key_sha256, 32);
    other[31] ^= 1;
    id.issuer_key_hash = bytes_of(other, 32);
    CU_ASSERT_FALSE(ocsp_issuer_matches(&authority.issuer, &id));
}

static void
refused(const struct ocsp_response *response)
{
    AUTO_BUFFER out = {.max = TEST_ROOM};
    struct error err;

    ASSERT_REFUSED(ocsp_response_data_build(response, &out, &err), &err, ERROR_INTERNAL);
    CU_ASSERT_EQUAL(out.len, 0);
}

static void
build_refuses_answers_that_lie(void)
{
    AUTO_AUTHORITY authority;
    struct ocsp_single one = single(CERTID_SHA1, OCSP_REVOKED, 1);
    struct ocsp_response good, bad;
    static const uint8_t zeros[129];

    authority_make(&authority);
    good = bad = response_of(&authority, &one, 1);
    bad.count = 0;
    refused(&bad);
    bad.count = LIMIT_OCSP_REQUESTS + 1;
    refused(&bad);
    bad = good;
    bad.produced_at_s = bad.this_update_s - 1; /* O-08 */
    refused(&bad);
    bad = good;
    bad.next_update_s = bad.this_update_s;
    refused(&bad);
    bad = good;
    bad.nonce = bytes_of(zeros, sizeof(zeros));
    refused(&bad);
    one.reason = 7;
    refused(&good);
    one.reason = 1;
    one.revoked_s = good.produced_at_s + 1;
    refused(&good);
    one.revoked_s = TEST_NOW;
    one.status = (enum ocsp_status)3;
    refused(&good);
    one.status = OCSP_GOOD;
    one.query.serial_len = 21;
    refused(&good);
    one.query.serial_len = 0;
    refused(&good);
    one.query.serial_len = 1;
    one.query.hash = (enum certid_hash)0;
    refused(&good);
}

static void
errors_are_five_octets(void)
{
    static const enum ocsp_response_status statuses[] = {
        OCSP_MALFORMED_REQUEST, OCSP_INTERNAL_ERROR, OCSP_TRY_LATER, OCSP_UNAUTHORIZED};

    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        struct bytes der = ocsp_error_response(statuses[i]);
        const unsigned char *at = der.data;
        OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)der.len);
        CU_ASSERT_PTR_NOT_NULL_FATAL(response);
        CU_ASSERT_EQUAL(OCSP_response_status(response), (int)statuses[i]);
        CU_ASSERT_PTR_NULL(OCSP_response_get1_basic(response));
        OCSP_RESPONSE_free(response);
    }
    /* success without an answer does not exist: it is an internal error */
    CU_ASSERT_EQUAL(ocsp_error_response(OCSP_SUCCESSFUL).data[4], OCSP_INTERNAL_ERROR);
}

static void
assemble_refuses_missing_parts(void)
{
    struct bytes some = bytes_of("\x30\x00", 2), none = bytes_of(NULL, 0);
    AUTO_BUFFER out = {.max = TEST_ROOM};
    AUTO_BUFFER small = {.max = 10};
    struct error err;

    ASSERT_REFUSED(ocsp_response_assemble(none, SIGNATURE_ED25519, some, none, &out, &err), &err,
                   ERROR_INTERNAL);
    ASSERT_REFUSED(ocsp_response_assemble(some, SIGNATURE_ED25519, none, none, &out, &err), &err,
                   ERROR_INTERNAL);
    ASSERT_REFUSED(
        ocsp_response_assemble(some, (enum signature_algorithm)0, some, none, &out, &err), &err,
        ERROR_INTERNAL);
    ASSERT_REFUSED(ocsp_response_assemble(some, SIGNATURE_ED25519, some, none, &small, &err), &err,
                   ERROR_MEMORY);
    CU_ASSERT_EQUAL(out.len + small.len, 0);
}

int
main(void)
{
    return RUN_SUITE("ocsp_response", TEST(openssl_verifies_every_status),
                     TEST(times_nonce_and_responder_are_as_given),
                     TEST(certids_are_those_of_openssl), TEST(issuer_matches_its_own_hashes_alone),
                     TEST(build_refuses_answers_that_lie), TEST(errors_are_five_octets),
                     TEST(assemble_refuses_missing_parts));
}
