#include "fixture.h"

#include <openssl/x509v3.h>

static void
make_certificate(struct test_key *key, const struct tbs_cert *tbs, struct buffer *out)
{
    AUTO_BUFFER der = {.max = TEST_ROOM};
    uint8_t room[1024];
    struct error err;

    ASSERT_OK(tbs_cert_build(tbs, &der, &err), &err);
    ASSERT_OK(certificate_assemble(buffer_bytes(&der), tbs->algorithm,
                                   key_sign(key, buffer_bytes(&der), room), out, &err),
              &err);
}

static void
parses_what_was_assembled(void)
{
    AUTO_KEY key = key_make("P-256");
    struct tbs_cert tbs = leaf_tbs(key_spki(&key));
    AUTO_BUFFER der = {.max = TEST_ROOM};
    AUTO_PUBLIC_KEY issuer = NULL;
    struct certificate certificate;
    struct bytes peeked_tbs, serial;
    struct error err;

    make_certificate(&key, &tbs, &der);
    if (!ASSERT_OK(certificate_parse(buffer_bytes(&der), &certificate, &err), &err))
        return;
    CU_ASSERT_TRUE(bytes_equal(certificate.tbs.serial, tbs.serial));
    ASSERT_OK(public_key_parse(certificate.tbs.spki, &issuer, &err), &err);
    ASSERT_OK(public_key_verify(issuer, certificate.tbs.algorithm, certificate.tbs_der,
                                certificate.signature, &err),
              &err);
    ASSERT_OK(certificate_peek(buffer_bytes(&der), &peeked_tbs, &serial, &err), &err);
    CU_ASSERT_TRUE(bytes_equal(peeked_tbs, certificate.tbs_der));
    CU_ASSERT_TRUE(bytes_equal(serial, tbs.serial));
}

static void
refuses_anything_changed(void)
{
    AUTO_KEY key = key_make("P-256");
    struct tbs_cert tbs = leaf_tbs(key_spki(&key));
    AUTO_BUFFER der = {.max = TEST_ROOM};
    struct certificate certificate;
    uint8_t *algorithm;
    struct error err;

    make_certificate(&key, &tbs, &der);
    for (size_t len = 0; len < der.len; len++)
        ASSERT_REFUSED(certificate_parse(bytes_of(der.data, len), &certificate, &err), &err,
                       ERROR_PERMIT);
    ASSERT_OK(certificate_parse(buffer_bytes(&der), &certificate, &err), &err);
    /* C-03: the outer algorithm says SHA-384, the inner one SHA-256 */
    algorithm = (uint8_t *)(uintptr_t)(certificate.tbs_der.data + certificate.tbs_der.len);
    CU_ASSERT_EQUAL_FATAL(algorithm[11], 2);
    algorithm[11] = 3;
    ASSERT_REFUSED(certificate_parse(buffer_bytes(&der), &certificate, &err), &err, ERROR_PERMIT);
    algorithm[11] = 2;
    CU_ASSERT_EQUAL_FATAL(algorithm[12], 0x03);
    algorithm[14] = 1; /* unused bits in the signature */
    ASSERT_REFUSED(certificate_parse(buffer_bytes(&der), &certificate, &err), &err, ERROR_PERMIT);
    algorithm[14] = 0;
    CU_ASSERT_TRUE_FATAL(buffer_put_u8(&der, 0));
    ASSERT_REFUSED(certificate_parse(buffer_bytes(&der), &certificate, &err), &err, ERROR_PERMIT);
}

static void
assemble_refuses_missing_parts(void)
{
    struct bytes some = bytes_of("\x30\x00", 2), none = bytes_of(NULL, 0);
    AUTO_BUFFER out = {.max = TEST_ROOM};
    AUTO_BUFFER small = {.max = 8};
    struct error err;

    ASSERT_REFUSED(certificate_assemble(none, SIGNATURE_ED25519, some, &out, &err), &err,
                   ERROR_INTERNAL);
    ASSERT_REFUSED(certificate_assemble(some, SIGNATURE_ED25519, none, &out, &err), &err,
                   ERROR_INTERNAL);
    ASSERT_REFUSED(certificate_assemble(some, (enum signature_algorithm)77, some, &out, &err), &err,
                   ERROR_INTERNAL);
    ASSERT_REFUSED(certificate_assemble(some, SIGNATURE_ED25519, some, &small, &err), &err,
                   ERROR_MEMORY);
    CU_ASSERT_EQUAL(out.len + small.len, 0);
}

/* A certificate of somebody else, made by OpenSSL with extensions that we never issue. */
static void
peek_reads_strangers_that_parse_refuses(void)
{
    AUTO_KEY key = key_make("RSA");
    X509 *x509 = X509_new();
    unsigned char *der = NULL;
    struct certificate certificate;
    struct bytes tbs, serial;
    struct error err;
    int len;

    ASN1_INTEGER_set(X509_get_serialNumber(x509), 258);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 60);
    X509_set_pubkey(x509, key.pkey);
    CU_ASSERT_TRUE_FATAL(X509_sign(x509, key.pkey, EVP_sha256()) > 0); /* version 1 */
    len = i2d_X509(x509, &der);
    X509_free(x509);
    if (ASSERT_OK(certificate_peek(bytes_of(der, (size_t)len), &tbs, &serial, &err), &err))
        CU_ASSERT_TRUE(bytes_equal(serial, bytes_of("\x01\x02", 2)));
    ASSERT_REFUSED(certificate_parse(bytes_of(der, (size_t)len), &certificate, &err), &err,
                   ERROR_PERMIT);
    for (int cut = 0; cut < len; cut++)
        ASSERT_REFUSED(certificate_peek(bytes_of(der, (size_t)cut), &tbs, &serial, &err), &err,
                       ERROR_CERTIFICATE_UNKNOWN);
    OPENSSL_free(der);
}

/* --- CA certificates that OpenSSL made ----------------------------------------------------------
 */

struct foreign {
    const char *extension[6]; /* name and value in turn, as in openssl.cnf */
    const char *rule;         /* null: it is taken */
};

static struct bytes
foreign_make(const struct foreign *wish, uint8_t **ret_der)
{
    AUTO_KEY key = key_make("P-384");
    X509 *x509 = X509_new();
    X509V3_CTX context;
    int len;

    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 258);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 60);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                               (const unsigned char *)"Other root", -1, -1, 0);
    X509_set_issuer_name(x509, X509_get_subject_name(x509));
    X509_set_pubkey(x509, key.pkey);
    X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
    for (size_t i = 0; i < 6 && wish->extension[i]; i += 2) {
        X509_EXTENSION *made =
            X509V3_EXT_nconf(NULL, &context, wish->extension[i], wish->extension[i + 1]);

        CU_ASSERT_PTR_NOT_NULL_FATAL(made);
        X509_add_ext(x509, made, -1);
        X509_EXTENSION_free(made);
    }
    CU_ASSERT_TRUE_FATAL(X509_sign(x509, key.pkey, EVP_sha384()) > 0);
    *ret_der = NULL;
    len = i2d_X509(x509, ret_der);
    X509_free(x509);
    return bytes_of(*ret_der, (size_t)len);
}

static void
certificates_of_other_cas(void)
{
    static const struct foreign rows[] = {
        {{"subjectKeyIdentifier", "hash", "keyUsage", "critical,keyCertSign", "basicConstraints",
          "critical,CA:TRUE,pathlen:1"},
         NULL},
        {{"basicConstraints", "CA:TRUE", "1.3.6.1.4.1.99999.1", "ASN1:NULL",
          "crlDistributionPoints", "URI:http://a.example/a.crl,URI:http://b.example/b.crl"},
         NULL},
        {{"basicConstraints", "critical,CA:TRUE", "1.2.3.4", "critical,ASN1:NULL"},
         "tbs.extension.unknown"},
        {{"basicConstraints", "critical,CA:TRUE", "keyUsage", "keyCertSign", "keyUsage",
          "keyCertSign"},
         "tbs.extension.order"},
        {{"keyUsage", "critical,keyCertSign"}, "tbs.extension.missing"},
        {{"keyUsage", "critical,keyCertSign", "basicConstraints", "critical,CA:FALSE"},
         "tbs.extension.missing"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t *der = NULL;
        struct bytes bytes = foreign_make(&rows[i], &der), tbs, serial;
        struct certificate certificate;
        struct tbs_cert parsed;
        struct error err = {0};

        ASSERT_OK(certificate_peek(bytes, &tbs, &serial, &err), &err);
        if (!rows[i].rule) {
            ASSERT_OK(tbs_cert_parse_foreign_ca(tbs, &parsed, &err), &err);
            ASSERT_OK(certificate_parse(bytes, &certificate, &err), &err);
            CU_ASSERT_TRUE(certificate.tbs.ca);
            /* What the guard parses stays closed */
            ASSERT_REFUSED(tbs_cert_parse(tbs, &parsed, &err), &err, ERROR_PERMIT);
        } else if (ASSERT_REFUSED(tbs_cert_parse_foreign_ca(tbs, &parsed, &err), &err,
                                  ERROR_PERMIT)) {
            CU_ASSERT_STRING_EQUAL(err.rule, rows[i].rule);
            ASSERT_REFUSED(certificate_parse(bytes, &certificate, &err), &err, ERROR_PERMIT);
        }
        OPENSSL_free(der);
    }
}

int
main(void)
{
    return RUN_SUITE("certificate", TEST(parses_what_was_assembled), TEST(refuses_anything_changed),
                     TEST(assemble_refuses_missing_parts),
                     TEST(peek_reads_strangers_that_parse_refuses),
                     TEST(certificates_of_other_cas));
}
