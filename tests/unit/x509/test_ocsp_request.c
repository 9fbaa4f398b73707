#include "fixture.h"

#include <openssl/ocsp.h>

#include "signet/ocsp.h"

static const uint8_t hash20[20] = {1, 2, 3}, hash32[32] = {4, 5, 6};

static struct ocsp_certid
certid(enum certid_hash hash)
{
    size_t len = hash == CERTID_SHA1 ? 20 : 32;
    const uint8_t *data = hash == CERTID_SHA1 ? hash20 : hash32;
    struct ocsp_certid made = {.hash = hash,
                               .issuer_name_hash = bytes_of(data, len),
                               .issuer_key_hash = bytes_of(data, len),
                               .serial = bytes_of(test_serial, sizeof(test_serial))};
    return made;
}

/* --- requests made by OpenSSL
 * --------------------------------------------------------------------- */

static void
ask(OCSP_REQUEST *request, const EVP_MD *md, long serial)
{
    AUTO_KEY key = key_make("P-256");
    const unsigned char *at = issuer_name;
    X509_NAME *name = d2i_X509_NAME(NULL, &at, sizeof(issuer_name));
    ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
    ASN1_INTEGER *number = ASN1_INTEGER_new();

    ASN1_BIT_STRING_set(bits, key.spki, 65);
    ASN1_INTEGER_set(number, serial);
    CU_ASSERT_PTR_NOT_NULL_FATAL(
        OCSP_request_add0_id(request, OCSP_cert_id_new(md, name, bits, number)));
    ASN1_INTEGER_free(number);
    ASN1_BIT_STRING_free(bits);
    X509_NAME_free(name);
}

static bool
parse_openssl(OCSP_REQUEST *request, struct ocsp_request *ret, struct buffer *der)
{
    enum ocsp_response_status status;
    unsigned char *out = NULL;
    int len = i2d_OCSP_REQUEST(request, &out);

    buffer_clear(der);
    CU_ASSERT_TRUE_FATAL(len > 0 && buffer_put(der, out, (size_t)len));
    OPENSSL_free(out);
    OCSP_REQUEST_free(request);
    return ocsp_request_parse(buffer_bytes(der), ret, &status);
}

static void
parses_what_openssl_makes(void)
{
    AUTO_BUFFER der = {.max = TEST_ROOM};
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    struct ocsp_request parsed;
    unsigned char nonce[32] = "0123456789abcdef0123456789abcde";

    ask(request, EVP_sha1(), 258);
    ask(request, EVP_sha256(), 0);
    ask(request, EVP_sha256(), -5);
    ask(request, EVP_sha384(), 7);
    OCSP_request_add1_nonce(request, nonce, sizeof(nonce));
    if (!parse_openssl(request, &parsed, &der)) {
        CU_FAIL("parse");
        return;
    }
    CU_ASSERT_EQUAL_FATAL(parsed.count, 4);
    CU_ASSERT_EQUAL(parsed.certid[0].hash, CERTID_SHA1);
    CU_ASSERT_TRUE(parsed.certid[0].null_parameters); /* OpenSSL writes NULL; to be echoed */
    CU_ASSERT_EQUAL(parsed.certid[0].issuer_key_hash.len, 20);
    CU_ASSERT_TRUE(bytes_equal(parsed.certid[0].serial, bytes_of("\x01\x02", 2)));
    CU_ASSERT_EQUAL(parsed.certid[1].hash, CERTID_SHA256);
    CU_ASSERT_TRUE(bytes_equal(parsed.certid[2].serial, bytes_of("\xFB", 1)));
    CU_ASSERT_EQUAL(parsed.certid[3].hash, 0); /* O-05: known to nobody here */
    CU_ASSERT_TRUE(parsed.has_nonce);
    CU_ASSERT_TRUE(bytes_equal(parsed.nonce, bytes_of(nonce, sizeof(nonce))));
}

static void
ignores_signature_requestor_and_strangers(void)
{
    AUTO_KEY key = key_make("P-256");
    AUTO_BUFFER der = {.max = TEST_ROOM};
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    X509 *certificate = X509_new();
    struct ocsp_request parsed;

    ask(request, EVP_sha1(), 1);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 60);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               (const unsigned char *)"asker", -1, -1, 0);
    X509_set_pubkey(certificate, key.pkey);
    X509_sign(certificate, key.pkey, EVP_sha256());
    CU_ASSERT_EQUAL_FATAL(OCSP_request_sign(request, certificate, key.pkey, EVP_sha256(), NULL, 0),
                          1);
    X509_free(certificate);
    CU_ASSERT_TRUE(parse_openssl(request, &parsed, &der)); /* O-14 */
    CU_ASSERT_EQUAL(parsed.count, 1);
    CU_ASSERT_FALSE(parsed.has_nonce);
}

static bool
parse_extended(bool single, bool critical, const char *oid)
{
    AUTO_BUFFER der = {.max = TEST_ROOM};
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension;
    struct ocsp_request parsed;

    ask(request, EVP_sha1(), 1);
    ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05\x00", 2);
    extension = X509_EXTENSION_create_by_OBJ(NULL, object, critical, value);
    if (single)
        OCSP_ONEREQ_add_ext(OCSP_request_onereq_get0(request, 0), extension, -1);
    else
        OCSP_REQUEST_add_ext(request, extension, -1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
    return parse_openssl(request, &parsed, &der);
}

/* O-13 */
static void
unknown_extensions_matter_when_critical(void)
{
    CU_ASSERT_TRUE(parse_extended(false, false, "1.2.3.4"));
    CU_ASSERT_FALSE(parse_extended(false, true, "1.2.3.4"));
    CU_ASSERT_TRUE(parse_extended(true, false, "1.2.3.4"));
    CU_ASSERT_FALSE(parse_extended(true, true, "1.2.3.4"));
    CU_ASSERT_TRUE(parse_extended(false, false, "1.3.6.1.5.5.7.48.1.4")); /* acceptable responses */
    CU_ASSERT_FALSE(parse_extended(false, false, "1.3.6.1.5.5.7.48.1.2")); /* NULL as nonce */
}

/* --- our own
 * --------------------------------------------------------------------------------------- */

static void
build_and_parse_are_inverse(void)
{
    AUTO_BUFFER der = {.max = TEST_ROOM};
    enum ocsp_response_status status;
    struct ocsp_request request = {.count = 2,
                                   .certid = {certid(CERTID_SHA1), certid(CERTID_SHA256)}};
    struct ocsp_request parsed;
    const unsigned char *at;
    OCSP_REQUEST *witness;

    request.certid[1].null_parameters = true;
    request.has_nonce = true;
    request.nonce = bytes_of_text("nonce");
    CU_ASSERT_TRUE_FATAL(ocsp_request_build(&request, &der));
    at = der.data;
    witness = d2i_OCSP_REQUEST(NULL, &at, (long)der.len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(witness);
    CU_ASSERT_EQUAL(OCSP_request_onereq_count(witness), 2);
    OCSP_REQUEST_free(witness);
    CU_ASSERT_TRUE_FATAL(ocsp_request_parse(buffer_bytes(&der), &parsed, &status));
    CU_ASSERT_EQUAL(parsed.count, 2);
    CU_ASSERT_FALSE(parsed.certid[0].null_parameters);
    CU_ASSERT_TRUE(parsed.certid[1].null_parameters);
    CU_ASSERT_TRUE(bytes_equal(parsed.certid[1].issuer_key_hash, bytes_of(hash32, 32)));
    CU_ASSERT_TRUE(bytes_equal(parsed.nonce, bytes_of_text("nonce")));
}

static bool
nonce_of(size_t len)
{
    static const uint8_t zeros[200];
    AUTO_BUFFER der = {.max = TEST_ROOM};
    enum ocsp_response_status status = OCSP_SUCCESSFUL;
    struct ocsp_request request = {.count = 1,
                                   .certid = {certid(CERTID_SHA1)},
                                   .has_nonce = true,
                                   .nonce = bytes_of(zeros, len)};
    struct ocsp_request parsed = {.count = 99};
    bool ok;

    CU_ASSERT_TRUE_FATAL(ocsp_request_build(&request, &der));
    ok = ocsp_request_parse(buffer_bytes(&der), &parsed, &status);
    CU_ASSERT_EQUAL(parsed.count, ok ? 1 : 99);
    CU_ASSERT_EQUAL(status, ok ? OCSP_SUCCESSFUL : OCSP_MALFORMED_REQUEST);
    CU_ASSERT_TRUE(!ok || (parsed.has_nonce && parsed.nonce.len == len));
    return ok;
}

/* O-12 */
static void
nonces_have_1_to_128_octets(void)
{
    CU_ASSERT_FALSE(nonce_of(0));
    CU_ASSERT_TRUE(nonce_of(1));
    CU_ASSERT_TRUE(nonce_of(32));
    CU_ASSERT_TRUE(nonce_of(127));
    CU_ASSERT_TRUE(nonce_of(128));
    CU_ASSERT_FALSE(nonce_of(129));
    CU_ASSERT_FALSE(nonce_of(200));
}

/* O-06: thirty-two are answered, thirty-three are not. */
static void
requests_have_1_to_32_certids(void)
{
    AUTO_BUFFER der = {.max = TEST_ROOM};
    AUTO_BUFFER list = {.max = TEST_ROOM};
    AUTO_BUFFER tbs = {.max = TEST_ROOM};
    AUTO_BUFFER content = {.max = TEST_ROOM};
    enum ocsp_response_status status = OCSP_SUCCESSFUL;
    struct ocsp_request request = {.count = LIMIT_OCSP_REQUESTS}, parsed;
    struct bytes one;

    for (size_t i = 0; i < LIMIT_OCSP_REQUESTS; i++)
        request.certid[i] = certid(CERTID_SHA256);
    CU_ASSERT_TRUE_FATAL(ocsp_request_build(&request, &der));
    CU_ASSERT_TRUE(ocsp_request_parse(buffer_bytes(&der), &parsed, &status));
    CU_ASSERT_EQUAL(parsed.count, LIMIT_OCSP_REQUESTS);
    list.len = 0;
    one = content_of(content_of(content_of(buffer_bytes(&der)))); /* the Requests themselves */
    CU_ASSERT_TRUE_FATAL(buffer_put(&list, one.data, one.len));
    CU_ASSERT_TRUE_FATAL(buffer_put(&list, one.data, one.len / LIMIT_OCSP_REQUESTS));
    tlv(&tbs, 0x30, buffer_bytes(&list));
    tlv(&content, 0x30, buffer_bytes(&tbs));
    buffer_clear(&der);
    tlv(&der, 0x30, buffer_bytes(&content));
    CU_ASSERT_FALSE(ocsp_request_parse(buffer_bytes(&der), &parsed, &status));
    CU_ASSERT_EQUAL(status, OCSP_MALFORMED_REQUEST);
    request.count = 0;
    CU_ASSERT_FALSE(ocsp_request_build(&request, &der));
    request.count = LIMIT_OCSP_REQUESTS + 1;
    CU_ASSERT_FALSE(ocsp_request_build(&request, &der));
}

#define SHA1_ID                                                                                    \
    "3009"                                                                                         \
    "06052b0e03021a"                                                                               \
    "0500"
#define HASH20                                                                                     \
    "0414"                                                                                         \
    "0102030405060708090a0b0c0d0e0f1011121314"
#define CERTID_HEAD "303a" SHA1_ID HASH20 HASH20

static void
refuses_malformed_requests(void)
{
    static const char *const bad[] = {
        "",
        "00",
        "3000",
        "30023000",
        "300430023000", /* empty request list */
        "3006300430023000",
        "0500",
        "474554202f", /* "GET /" */
        /* CertID whose name hash is 19 octets */
        "30423040303e303c303a" SHA1_ID "04130102030405060708090a0b0c0d0e0f10111213" HASH20 "020101",
        /* serial of 21 octets, serial of none, serial not minimal */
        "3056305430523050304e" SHA1_ID HASH20 HASH20
        "0215010203040506070809101112131415161718192021",
        "3041303f303d303b3039" SHA1_ID HASH20 HASH20 "0200",
        "30433041303f303d303b" SHA1_ID HASH20 HASH20 "02020001",
        /* version 1 spelled out, which DEFAULT forbids */
        "30473045a003020100303e303c" CERTID_HEAD "020101",
        /* a hash whose parameters are not NULL */
        "30423040303e303c303a300906052b0e03021a3000" HASH20 HASH20 "020101",
        /* something behind the CertID, the list, the TBSRequest */
        "304430423040303e" CERTID_HEAD "0201010500",
        "30443042303e303c" CERTID_HEAD "0201010500",
        "30443040303e303c" CERTID_HEAD "0201010500",
        /* an empty list of extensions */
        "30463044303e303c" CERTID_HEAD "020101a2023000",
    };
    static const char good[] = "30423040303e303c" CERTID_HEAD "020101";
    enum ocsp_response_status status;
    struct ocsp_request parsed;
    uint8_t room[256];

    CU_ASSERT_TRUE(ocsp_request_parse(octets(good, room, sizeof(room)), &parsed, &status));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        bool ok = ocsp_request_parse(octets(bad[i], room, sizeof(room)), &parsed, &status);
        if (ok)
            printf("    at %s\n", bad[i]);
        CU_ASSERT_FALSE(ok);
        CU_ASSERT_EQUAL(status, OCSP_MALFORMED_REQUEST);
    }
}

static void
refuses_what_is_cut_or_continued(void)
{
    AUTO_BUFFER der = {.max = TEST_ROOM};
    enum ocsp_response_status status;
    struct ocsp_request request = {.count = 1,
                                   .certid = {certid(CERTID_SHA1)},
                                   .has_nonce = true,
                                   .nonce = bytes_of_text("n")};
    struct ocsp_request parsed;

    CU_ASSERT_TRUE_FATAL(ocsp_request_build(&request, &der));
    for (size_t len = 0; len < der.len; len++)
        CU_ASSERT_FALSE(ocsp_request_parse(bytes_of(der.data, len), &parsed, &status));
    CU_ASSERT_TRUE_FATAL(buffer_put_u8(&der, 0));
    CU_ASSERT_FALSE(ocsp_request_parse(buffer_bytes(&der), &parsed, &status));
}

static void
refuses_two_nonces(void)
{
    static const char two[] =
        "306a3068303e303c" CERTID_HEAD
        "020101a2263024301006092b06010505073001020403040161301006092b06010505073001020403040162";
    enum ocsp_response_status status;
    struct ocsp_request parsed;
    uint8_t room[256];

    CU_ASSERT_FALSE(ocsp_request_parse(octets(two, room, sizeof(room)), &parsed, &status));
}

int
main(void)
{
    return RUN_SUITE("ocsp_request", TEST(parses_what_openssl_makes),
                     TEST(ignores_signature_requestor_and_strangers),
                     TEST(unknown_extensions_matter_when_critical),
                     TEST(build_and_parse_are_inverse), TEST(nonces_have_1_to_128_octets),
                     TEST(requests_have_1_to_32_certids), TEST(refuses_malformed_requests),
                     TEST(refuses_what_is_cut_or_continued), TEST(refuses_two_nonces));
}
