#include "fixture.h"

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

int
main(void)
{
    return RUN_SUITE("certificate", TEST(parses_what_was_assembled), TEST(refuses_anything_changed),
                     TEST(assemble_refuses_missing_parts),
                     TEST(peek_reads_strangers_that_parse_refuses));
}
