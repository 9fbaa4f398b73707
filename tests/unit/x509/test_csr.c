#include "fixture.h"

#include <openssl/x509v3.h>

#include "signet/csr.h"

/* --- requests made by OpenSSL
 * --------------------------------------------------------------------- */

static X509_REQ *
request_new(const struct test_key *key)
{
    X509_REQ *request = X509_REQ_new();

    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    X509_REQ_set_version(request, 0);
    CU_ASSERT_EQUAL_FATAL(X509_REQ_set_pubkey(request, key->pkey), 1);
    return request;
}

/* One extension in the words of openssl.cnf. */
static void
request_extend(X509_REQ *request, const char *name, const char *value)
{
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    X509V3_CTX ctx;
    X509_EXTENSION *extension;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, NULL, NULL, request, NULL, 0);
    extension = X509V3_EXT_nconf(NULL, &ctx, name, value);
    if (!extension)
        printf("    OpenSSL cannot make %s=%s\n", name, value);
    CU_ASSERT_PTR_NOT_NULL_FATAL(extension);
    sk_X509_EXTENSION_push(list, extension);
    CU_ASSERT_EQUAL_FATAL(X509_REQ_add_extensions(request, list), 1);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

/* Signs, encodes, frees. */
static void
request_finish(X509_REQ *request, const struct test_key *key, struct buffer *out)
{
    const EVP_MD *md = key->algorithm == SIGNATURE_ED25519 ? NULL : EVP_sha256();
    unsigned char *der = NULL;
    int len;

    CU_ASSERT_TRUE_FATAL(X509_REQ_sign(request, key->pkey, md) > 0);
    len = i2d_X509_REQ(request, &der);
    CU_ASSERT_TRUE_FATAL(len > 0 && buffer_put(out, der, (size_t)len));
    OPENSSL_free(der);
    X509_REQ_free(request);
}

static bool
parse(const struct buffer *der, struct error *err)
{
    AUTO_CSR csr = NULL;

    return csr_parse(buffer_bytes(der), &csr, err);
}

/* A P-256 request with one extension. */
static bool
parse_extended(const char *name, const char *value, struct error *err)
{
    AUTO_KEY key = key_make("P-256");
    AUTO_BUFFER der = {.max = TEST_ROOM};
    X509_REQ *request = request_new(&key);

    request_extend(request, name, value);
    request_finish(request, &key, &der);
    return parse(&der, err);
}

static void
parses_what_openssl_makes(void)
{
    static const char *const kinds[] = {"P-256", "P-384", "RSA", "ED25519"};
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        AUTO_KEY key = key_make(kinds[i]);
        AUTO_BUFFER der = {.max = TEST_ROOM};
        AUTO_CSR csr = NULL;
        X509_REQ *request = request_new(&key);
        X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8,
                                   (const unsigned char *)"api", -1, -1, 0);
        X509_REQ_add1_attr_by_NID(request, NID_pkcs9_challengePassword, MBSTRING_ASC,
                                  (const unsigned char *)"secret", -1);
        request_extend(request, "subjectAltName",
                       "URI:spiffe://example.internal/a,DNS:a.example,IP:10.1.2.3");
        request_finish(request, &key, &der);
        if (!ASSERT_OK(csr_parse(buffer_bytes(&der), &csr, &err), &err))
            continue;
        CU_ASSERT_TRUE(bytes_equal(public_key_spki(csr_key(csr)), key_spki(&key)));
        CU_ASSERT_TRUE(bytes_equal(csr_der(csr), buffer_bytes(&der)));
        CU_ASSERT_STRING_EQUAL(csr_common_name(csr), "api");
        CU_ASSERT_EQUAL_FATAL(csr_names(csr)->count, 3);
        CU_ASSERT_EQUAL(csr_names(csr)->item[0].type, SAN_URI);
        CU_ASSERT_TRUE(bytes_equal(csr_names(csr)->item[1].value, bytes_of_text("a.example")));
        CU_ASSERT_TRUE(
            bytes_equal(csr_names(csr)->item[2].value, bytes_of_text("\x0A\x01\x02\x03")));
    }
}

static void
accepts_what_a_workload_gets_anyway(void)
{
    static const char *const rows[][2] = {
        {"basicConstraints", "CA:FALSE"},
        {"basicConstraints", "critical,CA:FALSE"},
        {"keyUsage", "critical,digitalSignature"},
        {"extendedKeyUsage", "clientAuth"},
        {"extendedKeyUsage", "clientAuth,serverAuth"},
        {"subjectKeyIdentifier", "hash"},
        {"1.2.3.4", "ASN1:NULL"},         /* unknown, not critical: dropped (C-10) */
        {"tlsfeature", "status_request"}, /* the same */
        {"certificatePolicies", "DER:3007300506032a0304"}, /* the same */
    };
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (!ASSERT_OK(parse_extended(rows[i][0], rows[i][1], &err), &err))
            printf("    at %s=%s\n", rows[i][0], rows[i][1]);
}

static void
refuses_extensions_that_are_not_granted(void)
{
    static const struct {
        const char *name, *value;
        enum error_kind kind;
        const char *rule;
    } rows[] = {
        {"basicConstraints", "CA:TRUE", ERROR_CSR_EXTENSION, "csr.ca"},
        {"basicConstraints", "critical,CA:TRUE,pathlen:0", ERROR_CSR_EXTENSION, "csr.ca"},
        {"keyUsage", "keyCertSign", ERROR_CSR_EXTENSION, "csr.key-usage"},
        {"keyUsage", "digitalSignature,cRLSign", ERROR_CSR_EXTENSION, "csr.key-usage"},
        {"keyUsage", "digitalSignature,keyEncipherment", ERROR_CSR_EXTENSION, "csr.key-usage"},
        {"keyUsage", "decipherOnly", ERROR_CSR_EXTENSION, "csr.key-usage"},
        {"extendedKeyUsage", "OCSPSigning", ERROR_CSR_EXTENSION, "csr.extended-key-usage"},
        {"extendedKeyUsage", "serverAuth,codeSigning", ERROR_CSR_EXTENSION,
         "csr.extended-key-usage"},
        {"extendedKeyUsage", "anyExtendedKeyUsage", ERROR_CSR_EXTENSION, "csr.extended-key-usage"},
        {"1.2.3.4", "critical,ASN1:NULL", ERROR_CSR_EXTENSION, "csr.extension.critical"},
        {"nameConstraints", "critical,permitted;DNS:a", ERROR_CSR_EXTENSION,
         "csr.extension.critical"},
        {"subjectAltName", "RID:1.2.3.4", ERROR_CSR_EXTENSION, "csr.names"},
        {"subjectAltName", "otherName:1.2.3.4;UTF8:x", ERROR_CSR_EXTENSION, "csr.names"},
        {"subjectAltName", "DNS:*.example", ERROR_CSR_MALFORMED, "san.dns"},
        {"subjectAltName", "DNS:a b", ERROR_CSR_MALFORMED, "san.dns"},
        {"subjectAltName", "DER:30028200", ERROR_CSR_MALFORMED, "san.dns"},
        {"subjectAltName", "URI:relative", ERROR_CSR_MALFORMED, "san.uri"},
        {"subjectAltName", "email:nobody", ERROR_CSR_MALFORMED, "san.email"},
        {"subjectAltName", "DER:3000", ERROR_CSR_EXTENSION, "csr.names"},
        {"subjectAltName",
         "DER:30068204610062"
         "61",
         ERROR_CSR_MALFORMED, "san.dns"},
        {"subjectAltName", "DER:0500", ERROR_CSR_EXTENSION, "csr.names"},
        {"keyUsage", "DER:0500", ERROR_CSR_MALFORMED, "csr.extension.syntax"},
        {"keyUsage", "DER:03020080", ERROR_CSR_MALFORMED, "csr.extension.syntax"},
        {"basicConstraints", "DER:0500", ERROR_CSR_MALFORMED, "csr.extension.syntax"},
        {"basicConstraints", "DER:3003010100", ERROR_CSR_MALFORMED, "csr.extension.syntax"},
        {"basicConstraints",
         "DER:3080"
         "0000",
         ERROR_CSR_MALFORMED, "csr.extension.syntax"},
    };
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!ASSERT_REFUSED(parse_extended(rows[i].name, rows[i].value, &err), &err,
                            rows[i].kind) ||
            strcmp(err.rule, rows[i].rule) != 0)
            printf("    at %s=%s: %s %s\n", rows[i].name, rows[i].value, err.rule, err.detail);
        CU_ASSERT_STRING_EQUAL(err.rule, rows[i].rule);
    }
}

static void
refuses_too_many_names(void)
{
    char many[33 * 20] = "";
    struct error err;

    for (int i = 0; i < 33; i++)
        snprintf(many + strlen(many), sizeof(many) - strlen(many), "%sDNS:h%d.example",
                 i ? "," : "", i);
    ASSERT_REFUSED(parse_extended("subjectAltName", many, &err), &err, ERROR_CSR_EXTENSION);
    CU_ASSERT_STRING_EQUAL(err.rule, "csr.names");
}

/* --- requests put together by hand
 * ------------------------------------------------------------------ */

/* CertificationRequestInfo of these parts, signed by the key. */
static void
assemble(const struct test_key *key, const char *version, struct bytes subject, struct bytes spki,
         const char *rest, struct buffer *out)
{
    AUTO_BUFFER content = {.max = TEST_ROOM};
    AUTO_BUFFER info = {.max = TEST_ROOM};
    uint8_t room[1024], version_room[16], rest_room[512];
    struct bytes version_der = octets(version, version_room, sizeof(version_room));
    struct bytes rest_der = octets(rest, rest_room, sizeof(rest_room));
    struct error err;

    CU_ASSERT_TRUE_FATAL(buffer_put(&content, version_der.data, version_der.len) &&
                         buffer_put(&content, subject.data, subject.len) &&
                         buffer_put(&content, spki.data, spki.len) &&
                         buffer_put(&content, rest_der.data, rest_der.len));
    if (content.len >= 0x80 && content.len < 0x100) {
        CU_ASSERT_TRUE_FATAL(buffer_put_u8(&info, 0x30) && buffer_put_u8(&info, 0x81) &&
                             buffer_put_u8(&info, (uint8_t)content.len) &&
                             buffer_put(&info, content.data, content.len));
    } else {
        tlv(&info, 0x30, buffer_bytes(&content));
    }
    buffer_clear(out);
    ASSERT_OK(certificate_assemble(buffer_bytes(&info), key->algorithm,
                                   key_sign(key, buffer_bytes(&info), room), out, &err),
              &err);
}

#define BASIC "30090603551d1304023000"

static void
refuses_malformed_requests(void)
{
    static const struct {
        const char *version, *subject, *rest, *rule;
    } rows[] = {
        {"020100", "3000", "a000", NULL}, /* good: the table itself works */
        {"020100", "3000", "", NULL},     /* good: attributes left out */
        {"020101", "3000", "a000", "csr.version"},
        {"", "3000", "a000", "csr.version"},
        {"020100", "0500", "a000", "csr.subject"},
        {"020100", "30023100", "a000", "csr.subject"},
        {"020100", "300e310c300a06035504030c03610062", "a000", "csr.subject"}, /* NUL */
        {"020100", "300c310a3008060355040313012a", "a000", "csr.subject"},     /* "*" */
        {"020100", "3000", "a0020500", "csr.attributes"},
        {"020100", "3000", "a0023000", "csr.attributes"},
        {"020100", "3000", "a0000500", "csr.attributes"},
        {"020100", "3000", "0500", "csr.attributes"},
        {"020100", "3000", "a1020500", "csr.attributes"},
        /* extensionRequest without a value, with an OCTET STRING, twice */
        {"020100", "3000", "a00f300d06092a864886f70d01090e3100", "csr.attributes"},
        {"020100", "3000", "a011300f06092a864886f70d01090e31020400", "csr.attributes"},
        {"020100", "3000",
         "a022"
         "300f06092a864886f70d01090e31023000"
         "300f06092a864886f70d01090e31023000",
         "csr.attributes"},
        /* one extension twice; an extension that is none; critical FALSE spelled out */
        {"020100", "3000",
         "a027"
         "3025"
         "06092a864886f70d01090e"
         "3118"
         "3016" BASIC BASIC,
         "csr.extension.syntax"},
        {"020100", "3000",
         "a0133011"
         "06092a864886f70d01090e"
         "310430020500",
         "csr.extension.syntax"},
        {"020100", "3000",
         "a01f"
         "301d"
         "06092a864886f70d01090e"
         "3110"
         "300e"
         "300c0603551d1301010004023000",
         "csr.extension.syntax"},
    };
    AUTO_KEY key = key_make("P-256");
    AUTO_BUFFER der = {.max = TEST_ROOM};
    uint8_t room[64];
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bytes subject = octets(rows[i].subject, room, sizeof(room));
        assemble(&key, rows[i].version, subject, key_spki(&key), rows[i].rest, &der);
        if (!rows[i].rule) {
            ASSERT_OK(parse(&der, &err), &err);
            continue;
        }
        if (!ASSERT_REFUSED(parse(&der, &err), &err, ERROR_CSR_MALFORMED) ||
            strcmp(err.rule, rows[i].rule) != 0)
            printf("    at row %zu: %s %s\n", i, err.rule, err.detail);
        CU_ASSERT_STRING_EQUAL(err.rule, rows[i].rule);
    }
}

static void
refuses_bad_keys(void)
{
    static const char *const bad[][2] = {
        /* off the curve; another curve; compressed; infinity */
        {"3059301306072a8648ce3d020106082a8648ce3d03010703420004"
         "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
         "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f4",
         "key.point"},
        {"3056301006072a8648ce3d020106052b8104000a03420004"
         "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
         "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
         "key.curve"},
        {"3039301306072a8648ce3d020106082a8648ce3d03010703220003"
         "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
         "key.point"},
        {"3019301306072a8648ce3d020106082a8648ce3d03010703020000", "key.point"},
        {"302a300506032b6570032100"
         "0100000000000000000000000000000000000000000000000000000000000000",
         "key.point"},
        {"302a300506032b656e032100"
         "0900000000000000000000000000000000000000000000000000000000000000",
         "key.type"},
    };
    AUTO_KEY key = key_make("P-256");
    AUTO_BUFFER der = {.max = TEST_ROOM};
    uint8_t room[128];
    struct error err;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assemble(&key, "020100", bytes_of(empty_name, 2), octets(bad[i][0], room, sizeof(room)),
                 "a000", &der);
        ASSERT_REFUSED(parse(&der, &err), &err, ERROR_CSR_KEY);
        CU_ASSERT_STRING_EQUAL(err.rule, bad[i][1]);
    }
}

static void
refuses_bad_signatures(void)
{
    AUTO_KEY key = key_make("P-256");
    AUTO_KEY other = key_make("P-256");
    AUTO_KEY rsa = key_make("RSA");
    AUTO_BUFFER der = {.max = TEST_ROOM};
    struct bytes subject = bytes_of(empty_name, 2);
    struct error err;

    assemble(&other, "020100", subject, key_spki(&key), "a000", &der); /* somebody else's */
    ASSERT_REFUSED(parse(&der, &err), &err, ERROR_CSR_SIGNATURE);
    CU_ASSERT_STRING_EQUAL(err.rule, "csr.signature.value");
    assemble(&rsa, "020100", subject, key_spki(&key), "a000", &der); /* another algorithm */
    ASSERT_REFUSED(parse(&der, &err), &err, ERROR_CSR_SIGNATURE);
    CU_ASSERT_STRING_EQUAL(err.rule, "csr.signature.algorithm");
    assemble(&key, "020100", subject, key_spki(&key), "a000", &der);
    ASSERT_OK(parse(&der, &err), &err);
    der.data[der.len - 1] ^= 1;
    ASSERT_REFUSED(parse(&der, &err), &err, ERROR_CSR_SIGNATURE);
}

static void
refuses_sha1(void)
{
    AUTO_KEY key = key_make("RSA");
    X509_REQ *request = request_new(&key);
    AUTO_CSR csr = NULL;
    unsigned char *der = NULL;
    struct error err;
    int len;

    if (X509_REQ_sign(request, key.pkey, EVP_sha1()) > 0) {
        len = i2d_X509_REQ(request, &der);
        ASSERT_REFUSED(csr_parse(bytes_of(der, (size_t)len), &csr, &err), &err,
                       ERROR_CSR_SIGNATURE);
        OPENSSL_free(der);
    }
    X509_REQ_free(request);
}

static void
refuses_what_is_cut_or_continued(void)
{
    AUTO_KEY key = key_make("P-256");
    AUTO_BUFFER der = {.max = TEST_ROOM};
    AUTO_BUFFER large = {.max = TEST_ROOM};
    AUTO_CSR csr = NULL;
    struct error err;
    static const uint8_t zeros[LIMIT_CSR_OCTETS];

    assemble(&key, "020100", bytes_of(empty_name, 2), key_spki(&key), "a000", &der);
    for (size_t len = 0; len < der.len; len++)
        ASSERT_REFUSED(csr_parse(bytes_of(der.data, len), &csr, &err), &err, ERROR_CSR_MALFORMED);
    CU_ASSERT_TRUE_FATAL(buffer_put_u8(&der, 0));
    ASSERT_REFUSED(parse(&der, &err), &err, ERROR_CSR_MALFORMED);
    CU_ASSERT_STRING_EQUAL(err.rule, "der.trailing");
    tlv(&large, 0x04, bytes_of(zeros, sizeof(zeros)));
    ASSERT_REFUSED(parse(&large, &err), &err, ERROR_CSR_MALFORMED);
    CU_ASSERT_STRING_EQUAL(err.rule, "csr.size");
    CU_ASSERT_PTR_NULL(csr);
}

/* The long form of a length that fits the short one, inside: OpenSSL takes it, we do not. */
static void
refuses_ber_that_openssl_takes(void)
{
    AUTO_KEY key = key_make("P-256");
    AUTO_BUFFER der = {.max = TEST_ROOM};
    AUTO_BUFFER ber = {.max = TEST_ROOM};
    const unsigned char *at;
    X509_REQ *request;
    struct bytes part[4];
    struct error err;

    assemble(&key, "020100", bytes_of(empty_name, 2), key_spki(&key), "a000", &der);
    CU_ASSERT_EQUAL_FATAL(split(content_of(buffer_bytes(&der)), part, 4), 3);
    CU_ASSERT_TRUE_FATAL(buffer_put_u16(&ber, 0x3080)); /* indefinite */
    for (size_t i = 0; i < 3; i++)
        CU_ASSERT_TRUE_FATAL(buffer_put(&ber, part[i].data, part[i].len));
    CU_ASSERT_TRUE_FATAL(buffer_put_u16(&ber, 0));
    at = ber.data;
    request = d2i_X509_REQ(NULL, &at, (long)ber.len);
    CU_ASSERT_PTR_NOT_NULL(request);
    X509_REQ_free(request);
    ASSERT_REFUSED(parse(&ber, &err), &err, ERROR_CSR_MALFORMED);
    CU_ASSERT_STRING_EQUAL(err.rule, "der.syntax");
}

/* The request of a CA asks for what a CA is, and OpenSSL reads it so. */
static void
a_ca_asks_for_its_certificate(void)
{
    AUTO_KEY key = key_make("P-256");
    struct tbs_cert wanted = ca_tbs(key_spki(&key));
    AUTO_BUFFER info = {.max = TEST_ROOM};
    AUTO_BUFFER der = {.max = TEST_ROOM};
    uint8_t room[1024];
    const unsigned char *at;
    STACK_OF(X509_EXTENSION) * extensions;
    BASIC_CONSTRAINTS *constraints;
    X509_REQ *request;
    struct error err;

    wanted.crl_url = wanted.ocsp_url = wanted.ca_issuers_url = bytes_of_text("");
    ASSERT_OK(csr_info_build(&wanted, &info, &err), &err);
    ASSERT_OK(certificate_assemble(buffer_bytes(&info), SIGNATURE_ECDSA_SHA256,
                                   key_sign(&key, buffer_bytes(&info), room), &der, &err),
              &err);
    at = der.data;
    request = d2i_X509_REQ(NULL, &at, (long)der.len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    CU_ASSERT_EQUAL(X509_REQ_verify(request, key.pkey), 1);
    extensions = X509_REQ_get_extensions(request);
    constraints = X509V3_get_d2i(extensions, NID_basic_constraints, NULL, NULL);
    CU_ASSERT_TRUE_FATAL(constraints != NULL);
    CU_ASSERT_TRUE(constraints->ca);
    CU_ASSERT_EQUAL(ASN1_INTEGER_get(constraints->pathlen), 0);
    BASIC_CONSTRAINTS_free(constraints);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(request);
    /* And no workload gets it */
    ASSERT_REFUSED(parse(&der, &err), &err, ERROR_CSR_EXTENSION);
}

int
main(void)
{
    return RUN_SUITE(
        "csr", TEST(parses_what_openssl_makes), TEST(accepts_what_a_workload_gets_anyway),
        TEST(refuses_extensions_that_are_not_granted), TEST(refuses_too_many_names),
        TEST(refuses_malformed_requests), TEST(refuses_bad_keys), TEST(refuses_bad_signatures),
        TEST(refuses_sha1), TEST(refuses_what_is_cut_or_continued),
        TEST(refuses_ber_that_openssl_takes), TEST(a_ca_asks_for_its_certificate));
}
